/*
 * event.c - the guard's event triggers.
 *
 * A statement is met at its start, before it has locked anything, and is remembered until its end, where its rows are
 * logged.  Statements nest (a function's DDL within a statement); CREATE INDEX CONCURRENTLY commits in between.  So
 * what is remembered is a stack in memory of the session's: each entry has a context of its own, which goes at the
 * statement's end, or when the (sub)transaction that it began in rolls back.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/event_trigger.h"
#include "fmgr.h"
#include "tcop/cmdtag.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "guard/sentry.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"

PG_FUNCTION_INFO_V1(sf_guard);

/* ---- what has begun ---- */

typedef struct Begun
{
	struct Begun *below;
	MemoryContext context;		/* of the entry itself */
	SubTransactionId begun_in;
	SfSentry   *sentry;
} Begun;

static Begun *top = NULL;
static bool listening = false;

static void
pop(void)
{
	Begun	   *begun = top;

	top = begun->below;
	MemoryContextDelete(begun->context);
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT)
		while (top)
			pop();
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		while (top && top->begun_in >= mine)
			pop();
}

/* The entry of a statement that has begun; NULL: the guard did not look then. */
static SfSentry *
begun(Node *statement)
{
	for (Begun *entry = top; entry; entry = entry->below)
		if (entry->sentry->statement == statement)
			return entry->sentry;
	return NULL;
}

/* ---- the events ---- */

static void
at_start(Node *statement)
{
	MemoryContext context,
				old;
	SfSentry   *sentry;
	Begun	   *entry;

	if (sf_sentry_aside())
		return;
	if (!listening)
	{
		RegisterXactCallback(at_transaction_end, NULL);
		RegisterSubXactCallback(at_subtransaction_end, NULL);
		listening = true;
	}
	/* The transaction's until it is complete: an error on the way leaves nothing. */
	context = AllocSetContextCreate(CurTransactionContext, "schemaflow guard", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	sentry = sf_sentry_meet(statement, NULL);
	entry = palloc(sizeof(Begun));
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(context, TopMemoryContext);
	entry->below = top;
	entry->context = context;
	entry->begun_in = GetCurrentSubTransactionId();
	entry->sentry = sentry;
	top = entry;
}

/*
 * Rows for the parts of a statement are left out: the sequence, the index that CREATE TABLE makes is in the table's
 * definition.  These two make things in their own right.
 */
static bool
has_statements_within(const Node *statement)
{
	return IsA(statement, CreateSchemaStmt) || IsA(statement, ImportForeignSchemaStmt);
}

/* What a statement does to an object in several steps is one row. */
static bool
is_repeated(const SfRows *rows, int n)
{
	for (int i = 0; i < n && sf_cell(rows, n, 1); i++)
		if (sf_streq(sf_cell(rows, i, 0), sf_cell(rows, n, 0)) && sf_streq(sf_cell(rows, i, 1), sf_cell(rows, n, 1)) &&
			sf_streq(sf_cell(rows, i, 2), sf_cell(rows, n, 2)))
			return true;
	return false;
}

static void
at_end(Node *statement)
{
	static SfKeptPlan kept = NULL;
	SfSentry   *sentry = begun(statement);
	SfOwnerState owner;
	SfRows	   *rows;

	if (sentry == NULL)
		return;
	sf_owner_enter(&owner);
	rows = sf_query_kept(&kept,
						 "SELECT classid::int4, objid::int4, objsubid, command_tag, object_type, object_identity "
						 "FROM pg_event_trigger_ddl_commands() "
						 "WHERE NOT in_extension AND schema_name IS DISTINCT FROM 'pg_temp'", 0, NULL);
	for (int i = 0; i < rows->nrows; i++)
	{
		SfLogRow	row = {
			.command = sf_cell(rows, i, 3),
			.object_type = sf_cell(rows, i, 4),
			.object = sf_cell(rows, i, 5),
		};
		ObjectAddress object = {InvalidOid, InvalidOid, 0};

		if ((strcmp(row.command, sentry->command) != 0 && !has_statements_within(statement)) || is_repeated(rows, i))
			continue;
		if (sf_cell(rows, i, 1))
		{
			object.classId = (Oid) pg_strtoint32(sf_cell(rows, i, 0));
			object.objectId = (Oid) pg_strtoint32(sf_cell(rows, i, 1));
			object.objectSubId = pg_strtoint32(sf_cell(rows, i, 2));
			row.before = sf_definition_before(sentry, &object);
			row.after = sf_definition(&object);
		}
		sf_log_row(sentry, &row);
	}
	sf_owner_leave(&owner);
	while (top->sentry != sentry)
		pop();
	pop();
}

static void
at_drop(Node *statement)
{
	static SfKeptPlan kept = NULL;
	SfSentry   *sentry = begun(statement);
	SfOwnerState owner;
	SfRows	   *rows;

	if (sentry == NULL)
		return;
	sf_owner_enter(&owner);
	rows = sf_query_kept(&kept, "SELECT classid::int4, objid::int4, objsubid, object_type, object_identity, "
						 "original OR normal AND classid <> 'pg_attrdef'::regclass "
						 "AND object_identity NOT LIKE '\"_RETURN\" on %' "
						 "FROM pg_event_trigger_dropped_objects() WHERE NOT is_temporary", 0, NULL);
	sf_owner_leave(&owner);
	for (int i = 0; i < rows->nrows; i++)
	{
		SfLogRow	row = {
			.command = sentry->command,
			.object_type = sf_cell(rows, i, 3),
			.object = sf_cell(rows, i, 4),
		};
		ObjectAddress object = {(Oid) pg_strtoint32(sf_cell(rows, i, 0)), (Oid) pg_strtoint32(sf_cell(rows, i, 1)),
		pg_strtoint32(sf_cell(rows, i, 2))};

		if (sentry->active && sf_active_has(sentry->active, &object))
			sf_sentry_protect(sentry, &(SfTouched) {sf_cell(rows, i, 3), sf_cell(rows, i, 4)});
		if (sf_cell(rows, i, 5)[0] != 't')
			continue;
		row.before = sf_definition_before(sentry, &object);
		sf_log_row(sentry, &row);
	}
}

/* A migration's batches count blocks: in a new file they begin anew. */
static void
at_rewrite(Node *statement)
{
	SfSentry   *sentry = begun(statement);
	ObjectAddress table = {RelationRelationId, InvalidOid, 0};

	if (sentry == NULL || sentry->active == NULL)
		return;
	table.objectId = (Oid) pg_strtoint32(sf_query_text("SELECT pg_catalog.pg_event_trigger_table_rewrite_oid()"
													   "::pg_catalog.int4", 0, NULL));
	if (sf_active_has(sentry->active, &table))
		sf_sentry_protect(sentry, sf_touched(&table));
}

const SfGuardTrigger sf_guard_triggers[] = {
	{SF_GUARD_START, "ddl_command_start", at_start},
	{"schemaflow_guard_end", "ddl_command_end", at_end},
	{"schemaflow_guard_drop", "sql_drop", at_drop},
	{"schemaflow_guard_rewrite", "table_rewrite", at_rewrite}
};

const int	sf_guard_ntriggers = lengthof(sf_guard_triggers);

Datum
sf_guard(PG_FUNCTION_ARGS)
{
	EventTriggerData *data = (EventTriggerData *) fcinfo->context;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("sf_guard() is for event triggers"),
				 errhint("SELECT sf_guard_install() makes them.")));
	for (int i = 0; i < sf_guard_ntriggers; i++)
		if (strcmp(sf_guard_triggers[i].event, data->event) == 0)
			sf_guard_triggers[i].fire(data->parsetree);
	PG_RETURN_NULL();
}
