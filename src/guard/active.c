/*
 * active.c - objects of the migration that is half done: nobody else may change them (phases.md, D6).
 *
 * Which they are is what its steps name: relations, columns, constraints, indexes, triggers, and what the expressions
 * of the dual write read and call.  A migration never changes, so this is worked out once for a revision and kept;
 * the names become objects each time, since its steps make and drop them.  While none is half done, a statement costs
 * one look into an index.
 *
 * Reads the journal as apply/ writes it; nothing is locked.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xlog.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "guard/sentry.h"
#include "lib/origin.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "risk/risk.h"
#include "server/owner.h"

/* ---- what the steps name ---- */

/* A relation, or a part of it: a column, a constraint. */
typedef struct Named
{
	char	   *schema;
	char	   *relation;
	char	   *part;			/* or NULL */
} Named;

static MemoryContext names_context = NULL;
static char *names_revision = NULL;
static List *names = NIL;		/* of Named */
static List *functions = NIL;	/* of List of String */

static void
add_name(char *schema, char *relation, char *part)
{
	Named	   *named;

	if (schema == NULL || relation == NULL)
		return;
	named = palloc(sizeof(Named));
	named->schema = pstrdup(schema);
	named->relation = pstrdup(relation);
	named->part = part ? pstrdup(part) : NULL;
	names = lappend(names, named);
}

/* Columns and functions of an expression of the dual write. */
static bool
expression_walker(Node *node, void *relation)
{
	if (node == NULL)
		return false;
	if (IsA(node, ColumnRef) && IsA(llast(((ColumnRef *) node)->fields), String))
		add_name(((RangeVar *) relation)->schemaname, ((RangeVar *) relation)->relname,
				 strVal(llast(((ColumnRef *) node)->fields)));
	if (IsA(node, FuncCall))
		functions = lappend(functions, copyObject(((FuncCall *) node)->funcname));
	return raw_expression_tree_walker(node, expression_walker, relation);
}

/* Arguments: version, search_path, then "up" or "down", column, expression for each (apply/dual_write.c). */
static void
add_trigger(CreateTrigStmt *trigger)
{
	for (int i = 2; i + 2 < list_length(trigger->args); i += 3)
	{
		List	   *parsed = raw_parser(strVal(list_nth(trigger->args, i + 2)), RAW_PARSE_PLPGSQL_EXPR);

		add_name(trigger->relation->schemaname, trigger->relation->relname, strVal(list_nth(trigger->args, i + 1)));
		(void) expression_walker(linitial_node(RawStmt, parsed)->stmt, trigger->relation);
	}
}

static void
add_step(Node *statement)
{
	SfRiskContext nothing = {0};
	ListCell   *lc;

	foreach(lc, sf_risk_classify(statement, &nothing))
	{
		SfOperation *op = lfirst(lc);

		add_name(op->schema, op->relation, NULL);
		if (op->part)
			add_name(op->schema, op->relation, op->part);
	}
	if (IsA(statement, IndexStmt))
		add_name(sf_risk_schema(((IndexStmt *) statement)->relation), ((IndexStmt *) statement)->idxname, NULL);
	else if (IsA(statement, ViewStmt))
		add_name(sf_risk_schema(((ViewStmt *) statement)->view), ((ViewStmt *) statement)->view->relname, NULL);
	else if (IsA(statement, CreateTrigStmt))
		add_trigger((CreateTrigStmt *) statement);
}

static void
learn(const char *revision)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), revision};
	SfRows	   *steps;
	MemoryContext old;

	if (names_revision && strcmp(names_revision, revision) == 0)
		return;
	names_revision = NULL;
	names = functions = NIL;
	if (names_context == NULL)
		names_context = AllocSetContextCreate(TopMemoryContext, "schemaflow names", ALLOCSET_DEFAULT_SIZES);
	MemoryContextReset(names_context);
	steps = sf_query("SELECT sql FROM schemaflow.step WHERE " SF_ORIGIN_IS_OURS
					 " AND revision OPERATOR(pg_catalog.=) $3", lengthof(args), args);
	old = MemoryContextSwitchTo(names_context);
	for (int i = 0; i < steps->nrows; i++)
		add_step(linitial_node(RawStmt, raw_parser(sf_cell(steps, i, 0), RAW_PARSE_DEFAULT))->stmt);
	names_revision = pstrdup(revision);
	MemoryContextSwitchTo(old);
}

/* ---- the objects that these are now ---- */

static void
add_object(SfActive *active, Oid class, Oid oid, int32 part)
{
	ObjectAddress *object = palloc(sizeof(ObjectAddress));

	ObjectAddressSubSet(*object, class, oid, part);
	if (!sf_active_has(active, object))
		active->objects = lappend(active->objects, object);
}

static void
add_rows(SfActive *active, const char *sql, Oid relation, int part)
{
	const char *args[] = {psprintf("%u", relation), psprintf("%d", part)};
	SfRows	   *rows = sf_query(sql, lengthof(args), args);

	for (int i = 0; i < rows->nrows; i++)
		add_object(active, pg_strtoint32(sf_cell(rows, i, 0)), pg_strtoint32(sf_cell(rows, i, 1)), 0);
}

/* A column with its constraints and indexes; a constraint. */
static void
add_part(SfActive *active, Oid relation, const char *part)
{
	AttrNumber	column = get_attnum(relation, part);
	Oid			constraint = get_relation_constraint_oid(relation, part, true);

	if (OidIsValid(constraint))
		add_object(active, ConstraintRelationId, constraint, 0);
	if (column <= 0)
		return;
	add_object(active, RelationRelationId, relation, column);
	add_rows(active, "SELECT classid::int4, objid::int4 FROM pg_catalog.pg_depend "
			 "WHERE refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass "
			 "AND refobjid OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
			 "AND refobjsubid OPERATOR(pg_catalog.=) $2::pg_catalog.int4 AND classid OPERATOR(pg_catalog.=) ANY "
			 "(ARRAY['pg_catalog.pg_class', 'pg_catalog.pg_constraint']::pg_catalog.regclass[]::pg_catalog.oid[])",
			 relation, column);
}

/* A table with its partitions and children, and the triggers of ours on it. */
static void
add_relation(SfActive *active, Oid relation)
{
	ListCell   *lc;

	foreach(lc, find_all_inheritors(relation, NoLock, NULL))
	{
		add_object(active, RelationRelationId, lfirst_oid(lc), 0);
		add_rows(active, "SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass::oid::int4, oid::int4 FROM "
						 "pg_catalog.pg_trigger "
				 "WHERE tgrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND $2 IS NOT NULL AND tgfoid "
				 "OPERATOR(pg_catalog.=) ANY (SELECT oid FROM pg_catalog.pg_proc WHERE pronamespace "
				 "OPERATOR(pg_catalog.=) 'schemaflow'::pg_catalog.regnamespace)", lfirst_oid(lc), 0);
	}
}

static void
find_objects(SfActive *active)
{
	ListCell   *lc;

	foreach(lc, names)
	{
		Named	   *named = lfirst(lc);
		Oid			schema = get_namespace_oid(named->schema, true);
		Oid			relation = OidIsValid(schema) ? get_relname_relid(named->relation, schema) : InvalidOid;

		if (!OidIsValid(relation))
			continue;			/* not made yet, or dropped */
		if (named->part == NULL)
			add_relation(active, relation);
		else
			add_part(active, relation, named->part);
	}
}

/* The schemas of versions, with the views that the versions' applications use. */
static void
add_versions(SfActive *active)
{
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	SfRows	   *rows = sf_query("SELECT 'pg_namespace'::regclass::oid::int4, n.oid::int4 FROM pg_namespace n "
								"JOIN schemaflow.version_schema ON nspname = schema_name WHERE " SF_ORIGIN_IS_OURS
								" UNION ALL SELECT 'pg_class'::regclass::oid::int4, c.oid::int4 FROM pg_class c "
								"JOIN pg_namespace n ON n.oid = relnamespace "
								"JOIN schemaflow.version_schema ON nspname = schema_name WHERE " SF_ORIGIN_IS_OURS,
								lengthof(args), args);

	for (int i = 0; i < rows->nrows; i++)
		add_object(active, pg_strtoint32(sf_cell(rows, i, 0)), pg_strtoint32(sf_cell(rows, i, 1)), 0);
}

/*
 * The one whose last entry in the journal is not its last transaction; or the one that a runner has just begun.
 */
static const char half_done[] =
"SELECT j.revision, m.message, j.direction, j.transaction || ' of ' || j.transactions || ' transactions are done', "
"j.how, coalesce(r.status, 'stopped'), coalesce(m.parents[1], 'base') "
"FROM (SELECT * FROM schemaflow.journal WHERE " SF_ORIGIN_IS_OURS " ORDER BY entry DESC LIMIT 1) j "
"JOIN schemaflow.migration m USING (system_identifier, database_oid, revision) "
"LEFT JOIN schemaflow.run r USING (system_identifier, database_oid, revision) "
"WHERE j.transaction OPERATOR(pg_catalog.<) j.transactions "
"UNION ALL "
"SELECT r.revision, m.message, r.running, 'it has just begun', '', r.status, coalesce(m.parents[1], 'base') "
"FROM (SELECT * FROM schemaflow.run WHERE " SF_ORIGIN_IS_OURS " AND status OPERATOR(pg_catalog.=) 'running') r "
"JOIN schemaflow.migration m USING (system_identifier, database_oid, revision) "
"WHERE EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' "
"AND l.objsubid OPERATOR(pg_catalog.=) 24322 AND l.granted AND l.database OPERATOR(pg_catalog.=) $2::pg_catalog.oid) "
"LIMIT 1";

/* What finishes it, or takes it back. */
static char *
call_for(const SfRows *rows)
{
	const char *revision = sf_cell(rows, 0, 0);
	bool		up = strcmp(sf_cell(rows, 0, 2), "up") == 0;

	if (strcmp(sf_cell(rows, 0, 4), "abort") == 0)
		return pstrdup("CALL sf_abort() goes on with undoing it.");
	if (strcmp(sf_cell(rows, 0, 5), "ready") == 0)
		return psprintf("CALL sf_contract('%s') finishes it, CALL sf_abort() undoes it.", revision);
	return psprintf("CALL %s('%s') finishes it, CALL sf_abort() undoes it.", up ? "sf_upgrade" : "sf_downgrade",
					up ? revision : sf_cell(rows, 0, 6));
}

/*
 * May there be one at all?  For every statement that comes, so it is the newest row of each table by its key, and no
 * query.
 */
static bool
newest_says(const char *table, bool (*says) (HeapTuple row, TupleDesc columns))
{
	Oid			schema = get_namespace_oid("schemaflow", false);
	Relation	rel = table_open(get_relname_relid(table, schema), AccessShareLock);
	Relation	key = index_open(get_relname_relid(psprintf("%s_pkey", table), schema), AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	ScanKeyData origin[2];
	SysScanDesc scan;
	HeapTuple	row;
	bool		said = false;

	ScanKeyInit(&origin[0], get_attnum(RelationGetRelid(rel), "system_identifier"), BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum((int64) GetSystemIdentifier()));
	ScanKeyInit(&origin[1], get_attnum(RelationGetRelid(rel), "database_oid"), BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(MyDatabaseId));
	scan = systable_beginscan_ordered(rel, key, snapshot, lengthof(origin), origin);
	if (HeapTupleIsValid(row = systable_getnext_ordered(scan, BackwardScanDirection)))
		said = says(row, RelationGetDescr(rel));
	systable_endscan_ordered(scan);
	UnregisterSnapshot(snapshot);
	index_close(key, AccessShareLock);
	table_close(rel, AccessShareLock);
	return said;
}

static Datum
column(HeapTuple row, TupleDesc columns, const char *name)
{
	int			n = 0;
	bool		isnull;

	while (strcmp(NameStr(TupleDescAttr(columns, n)->attname), name) != 0)
		n++;
	return heap_getattr(row, n + 1, columns, &isnull);
}

static bool
is_partly_done(HeapTuple row, TupleDesc columns)
{
	return DatumGetInt32(column(row, columns, "transaction")) < DatumGetInt32(column(row, columns, "transactions"));
}

static bool
is_running(HeapTuple row, TupleDesc columns)
{
	return strcmp(TextDatumGetCString(column(row, columns, "status")), "running") == 0;
}

SfActive *
sf_active(void)
{
	static SfKeptPlan kept = NULL;
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	SfActive   *active = NULL;
	SfOwnerState owner;
	SfRows	   *rows;

	if (!newest_says("journal", is_partly_done) && !newest_says("run", is_running))
		return NULL;
	sf_owner_enter(&owner);
	rows = sf_query_kept(&kept, half_done, lengthof(args), args);
	if (rows->nrows > 0)
	{
		active = palloc0(sizeof(SfActive));
		active->revision = sf_cell(rows, 0, 0);
		active->where = psprintf("Migration \"%s\" (%s) goes %s: %s; its run is \"%s\".", sf_cell(rows, 0, 1),
								 active->revision, sf_cell(rows, 0, 2), sf_cell(rows, 0, 3), sf_cell(rows, 0, 5));
		active->call = call_for(rows);
		learn(active->revision);
		find_objects(active);
		add_versions(active);
		active->functions = functions;
	}
	sf_owner_leave(&owner);
	return active;
}

bool
sf_active_has(const SfActive *active, const ObjectAddress *object)
{
	ListCell   *lc;

	foreach(lc, active->objects)
	{
		const ObjectAddress *mine = lfirst(lc);

		if (mine->classId == object->classId && mine->objectId == object->objectId &&
			mine->objectSubId == object->objectSubId)
			return true;
	}
	return false;
}

/* ---- steps that are run by script ---- */

/* Steps of the transactions that may come next, with what their placeholders stand for. */
static const char next_steps[] =
"SELECT s.revision, s.sql, CASE s.direction WHEN 'up' THEN s.revision ELSE coalesce(m.parents[1], 'base') END, "
"m.search_path "
"FROM (SELECT * FROM schemaflow.step WHERE " SF_ORIGIN_IS_OURS ") s "
"JOIN schemaflow.migration m USING (system_identifier, database_oid, revision) "
"LEFT JOIN LATERAL (SELECT j.direction, j.transaction, j.transactions FROM schemaflow.journal j "
"WHERE j.trusted AND j.system_identifier OPERATOR(pg_catalog.=) s.system_identifier "
"AND j.database_oid OPERATOR(pg_catalog.=) s.database_oid AND j.revision OPERATOR(pg_catalog.=) s.revision "
"ORDER BY j.entry DESC LIMIT 1) j ON true "
"WHERE m.superseded_at IS NULL AND s.transaction OPERATOR(pg_catalog.=) (1 OPERATOR(pg_catalog.+) CASE "
"WHEN j.direction IS NULL AND s.direction OPERATOR(pg_catalog.=) 'up' THEN 0 "
"WHEN j.direction OPERATOR(pg_catalog.=) s.direction AND j.transaction OPERATOR(pg_catalog.<) j.transactions "
"THEN j.transaction "
"WHEN j.direction OPERATOR(pg_catalog.<>) s.direction AND j.transaction OPERATOR(pg_catalog.=) j.transactions THEN 0 "
"END)";

char *
sf_active_step(Node *statement)
{
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	SfOwnerState owner;
	SfRows	   *steps;
	char	   *revision = NULL;

	sf_owner_enter(&owner);
	steps = sf_query(next_steps, lengthof(args), args);
	for (int i = 0; i < steps->nrows && revision == NULL; i++)
	{
		char	   *sql = sf_replaced(sf_cell(steps, i, 1), "'@version@'", sf_literal(sf_cell(steps, i, 2)));

		sql = sf_replaced(sql, "'@search_path@'", sf_literal(sf_cell(steps, i, 3)));
		if (equal(linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT))->stmt, statement))
			revision = sf_cell(steps, i, 0);
	}
	sf_owner_leave(&owner);
	return revision;
}
