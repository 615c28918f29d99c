/*
 * follow.c - archived values stay with the rows that they belong to.
 *
 * A value in the archive belongs to a row, by its key.  When the row gets another key, so does the value; when the row
 * goes, the value goes: whoever gets the key later must not get it (and who asked for his data to be erased must not
 * find it here).  Triggers on the live table see to it.  They are the server's internal ones, as a foreign key's are:
 * the table looks to everybody as its model says.  They depend on the archive and go with it, or with the extension.
 * A dump does not have them, and what a session_replication_role of replica does is not seen.
 *
 * Where a table has no key, the key is the place of the row (ctid), which a VACUUM FULL or another rewrite changes
 * without a word: then there is no telling any more.  schemaflow.sf_archive_follows() says whether they are there, and
 * the places are those of the file that they were made for.
 *
 * Their arguments are the archive's OID and the numbers of the key's columns, which no ALTER TABLE changes (behind
 * that of ctid, the number of the file); the archive has the same columns in the same order.  What is done there is
 * done as its owner, who must be one whose rights the table's owner has: a trigger on somebody's own table gives him
 * nobody else's archive.  Plans are kept for the session.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/heap.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "lib/text.h"
#include "phases/archive.h"
#include "server/owner.h"

PG_FUNCTION_INFO_V1(sf_archive_follow);
PG_FUNCTION_INFO_V1(sf_archive_keep);

/* As an argument of the triggers: the number of ctid. */
static const char key_of_places[] = "-1";

typedef enum Deed
{
	FORGET,						/* $1...: the key of the row that went */
	MOVE,						/* $1... the old key, then the new one */
	EMPTY
} Deed;

#define NDEEDS	(EMPTY + 1)

typedef struct Follower
{
	Oid			archive;		/* hash key */
	SPIPlanPtr	plans[NDEEDS];
	Oid			types[INDEX_MAX_KEYS];	/* of the live key's columns, for which they are made */
} Follower;

/* The live table's side of a call. */
typedef struct Change
{
	const TriggerData *data;
	int			n;				/* of columns */
	AttrNumber	key[INDEX_MAX_KEYS];
	Datum		values[2 * INDEX_MAX_KEYS]; /* the old key, the new key */
} Change;

static HTAB *followers = NULL;

static const FormData_pg_attribute *
key_column(TupleDesc desc, AttrNumber number)
{
	return number < 0 ? SystemAttributeDefinition(number) : TupleDescAttr(desc, number - 1);
}

/* ---- statements on the archive ---- */

/* The parameter as a value of the archive's column; the live one may have got another type since. */
static char *
parameter(Form_pg_attribute column, Oid type, int number)
{
	if (column->atttypid == type)
		return psprintf("$%d", number);
	return psprintf("$%d::pg_catalog.text::%s", number, format_type_be_qualified(column->atttypid));
}

static SPIPlanPtr
prepare(Relation archive, Deed deed, const Follower *follower, int n)
{
	char	   *names[] = {get_namespace_name(RelationGetNamespace(archive)), RelationGetRelationName(archive)};
	const char *relation = sf_qualified(2, names);
	List	   *is = NIL,
			   *becomes = NIL;
	Oid			types[2 * INDEX_MAX_KEYS];
	char	   *sql;
	SPIPlanPtr	plan;

	for (int i = 0; i < n; i++)
	{
		Form_pg_attribute column = TupleDescAttr(RelationGetDescr(archive), i);
		const char *name = sf_ident(NameStr(column->attname));

		types[i] = types[n + i] = follower->types[i];
		is = lappend(is, psprintf("%s OPERATOR(pg_catalog.=) %s", name, parameter(column, types[i], i + 1)));
		becomes = lappend(becomes, psprintf("%s = %s", name, parameter(column, types[i], n + i + 1)));
	}
	if (deed == EMPTY)
		sql = psprintf("DELETE FROM ONLY %s", relation);
	else if (deed == FORGET)
		sql = psprintf("DELETE FROM ONLY %s WHERE %s", relation, sf_join(is, " AND "));
	else
		sql = psprintf("UPDATE ONLY %s SET %s WHERE %s", relation, sf_join(becomes, ", "), sf_join(is, " AND "));
	plan = SPI_prepare(sql, deed == MOVE ? 2 * n : deed == FORGET ? n : 0, types);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "cannot happen: %s", SPI_result_code_string(SPI_result));
	return plan;
}

static Follower *
follower_of(Relation archive, const Change *change)
{
	Oid			oid = RelationGetRelid(archive);
	TupleDesc	desc = RelationGetDescr(change->data->tg_relation);
	Follower   *follower;
	bool		found,
				same = true;

	if (followers == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(Oid),.entrysize = sizeof(Follower),.hcxt = TopMemoryContext};

		followers = hash_create("schemaflow archives", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	follower = hash_search(followers, &oid, HASH_ENTER, &found);
	if (!found)
		memset(follower->plans, 0, sizeof(follower->plans));
	for (int i = 0; i < change->n; i++)
	{
		Oid			type = key_column(desc, change->key[i])->atttypid;

		same = same && found && follower->types[i] == type;
		follower->types[i] = type;
	}
	for (int i = 0; i < NDEEDS && !same; i++)
	{
		if (follower->plans[i])
			SPI_freeplan(follower->plans[i]);
		follower->plans[i] = NULL;
	}
	return follower;
}

static void
run(Relation archive, Deed deed, Change *change, int from)
{
	Follower   *follower = follower_of(archive, change);
	int			result;

	if (follower->plans[deed] == NULL)
		follower->plans[deed] = prepare(archive, deed, follower, change->n);
	result = SPI_execute_plan(follower->plans[deed], change->values + from, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "cannot happen: %s", SPI_result_code_string(result));
}

/* ---- the row ---- */

/* False: a part of the key is NULL, so that nothing can belong to the row. */
static bool
get_key(Change *change, HeapTuple row, int from)
{
	bool		is_null;

	for (int i = 0; i < change->n; i++)
	{
		change->values[from + i] = heap_getattr(row, change->key[i], RelationGetDescr(change->data->tg_relation),
												&is_null);
		if (is_null)
			return false;
	}
	return true;
}

static bool
same_key(const Change *change)
{
	for (int i = 0; i < change->n; i++)
	{
		const FormData_pg_attribute *column = key_column(RelationGetDescr(change->data->tg_relation), change->key[i]);

		if (!datum_image_eq(change->values[i], change->values[change->n + i], column->attbyval, column->attlen))
			return false;
	}
	return true;
}

/* Does it matter to the archive? Gets the keys. */
static bool
matters(Change *change)
{
	TriggerEvent event = change->data->tg_event;

	if (TRIGGER_FIRED_BY_TRUNCATE(event))
		return true;
	if (!get_key(change, change->data->tg_trigtuple, 0))
		return false;
	return !TRIGGER_FIRED_BY_UPDATE(event) || !get_key(change, change->data->tg_newtuple, change->n) ||
		!same_key(change);
}

static void
follow(Change *change, Relation archive)
{
	TriggerEvent event = change->data->tg_event;

	if (TRIGGER_FIRED_BY_TRUNCATE(event))
		run(archive, EMPTY, change, 0);
	else if (TRIGGER_FIRED_BY_DELETE(event) || !get_key(change, change->data->tg_newtuple, change->n))
		run(archive, FORGET, change, 0);
	else
	{
		/* Only where the key is none any more can a value have the new one: then nobody knows whose it is. */
		run(archive, FORGET, change, change->n);
		run(archive, MOVE, change, 0);
	}
}

/* ---- the trigger ---- */

/* The arguments; false: a column of the key is gone, or the places are others, and with it what values belong to. */
static bool
read_arguments(Change *change, const TriggerData *data)
{
	const Trigger *trigger = data->tg_trigger;
	TupleDesc	desc = RelationGetDescr(data->tg_relation);

	change->data = data;
	change->n = trigger->tgnargs - 1;
	if (strcmp(trigger->tgargs[1], key_of_places) == 0)
	{
		change->n = 1;
		change->key[0] = SelfItemPointerAttributeNumber;
		return atooid(trigger->tgargs[2]) == data->tg_relation->rd_rel->relfilenode;
	}
	for (int i = 0; i < change->n; i++)
	{
		change->key[i] = pg_strtoint16(trigger->tgargs[i + 1]);
		if (change->key[i] > desc->natts || TupleDescAttr(desc, change->key[i] - 1)->attisdropped)
			return false;
	}
	return true;
}

static Relation
open_archive(const TriggerData *data)
{
	Oid			oid = atooid(data->tg_trigger->tgargs[0]);
	Relation	archive = try_relation_open(oid, RowExclusiveLock);
	const char *owner;

	if (archive == NULL || has_privs_of_role(data->tg_relation->rd_rel->relowner, archive->rd_rel->relowner))
		return archive;
	owner = sf_ident(GetUserNameFromId(data->tg_relation->rd_rel->relowner, false));
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("the owner of table \"%s\" has no right to what was archived of it",
					RelationGetRelationName(data->tg_relation)),
			 errdetail(SF_ARCHIVE_SCHEMA ".%s belongs to role \"%s\".", RelationGetRelationName(archive),
					   GetUserNameFromId(archive->rd_rel->relowner, false)),
			 errhint("ALTER TABLE " SF_ARCHIVE_SCHEMA ".%s OWNER TO %s.", sf_ident(RelationGetRelationName(archive)),
					 owner)));
	return NULL;				/* not reached */
}

Datum
sf_archive_keep(PG_FUNCTION_ARGS)
{
	Change		change;
	Relation	archive;
	Oid			user;
	int			context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !((TriggerData *) fcinfo->context)->tg_trigger->tgisinternal)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("sf_archive_keep() is for triggers that sf_archive_follow() makes"),
				 errhint("SELECT sql FROM sf_steps() shows how a migration calls it.")));
	if (!read_arguments(&change, (TriggerData *) fcinfo->context) || !matters(&change))
		return PointerGetDatum(NULL);
	archive = open_archive(change.data);
	if (archive == NULL)
		return PointerGetDatum(NULL);
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(archive->rd_rel->relowner,
						   context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "cannot happen: SPI_connect failed");
	follow(&change, archive);
	SPI_finish();
	SetUserIdAndSecContext(user, context);
	relation_close(archive, NoLock);
	return PointerGetDatum(NULL);
}

/* ---- making them ---- */

/* An ordinary table of the caller's, in the schema if one is named. */
static void
check_table(Relation relation, const char *schema)
{
	char	   *names[] = {get_namespace_name(RelationGetNamespace(relation)), RelationGetRelationName(relation)};

	if (relation->rd_rel->relkind != RELKIND_RELATION || (schema && strcmp(names[0], schema) != 0))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s is not a table%s%s", sf_qualified(2, names), schema ? " of schema " : "",
						schema ? schema : ""),
				 errhint("SELECT sql FROM sf_steps() shows how a migration calls this.")));
	sf_must_own_table(RelationGetRelid(relation));
}

/* The key's columns as numbers, and the archive has to begin with as many. */
static List *
trigger_arguments(Relation live, Relation archive, ArrayType *key)
{
	List	   *args = list_make1(makeString(psprintf("%u", RelationGetRelid(archive))));
	Datum	   *names;
	int			n;

	deconstruct_array(key, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &names, NULL, &n);
	if (n == 0 || n > INDEX_MAX_KEYS || n > RelationGetNumberOfAttributes(archive))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the key has %d columns", n),
				 errdetail("It must be those that the archive begins with."),
				 errhint("SELECT sql FROM sf_steps() shows how a migration calls this.")));
	for (int i = 0; i < n; i++)
	{
		const char *name = NameStr(*DatumGetName(names[i]));
		AttrNumber	number = get_attnum(RelationGetRelid(live), name);

		if (number == SelfItemPointerAttributeNumber && n == 1)
			return lappend(lappend(args, makeString(pstrdup(key_of_places))),
						   makeString(psprintf("%u", live->rd_rel->relfilenode)));
		if (number <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of table \"%s\" does not exist", name, RelationGetRelationName(live)),
					 errhint("Name the columns of its key.")));
		args = lappend(args, makeString(psprintf("%d", number)));
	}
	return args;
}

static void
make_trigger(Relation live, Relation archive, List *args, bool row, int16 events)
{
	CreateTrigStmt *stmt = makeNode(CreateTrigStmt);
	Oid			function = LookupFuncName(list_make2(makeString("schemaflow"), makeString("sf_archive_keep")), 0, NULL,
										  false);
	Oid			extension = get_extension_oid("schemaflow", true);
	ObjectAddress trigger,
				other;

	stmt->trigname = pstrdup("sf_archive");
	stmt->args = args;
	stmt->row = row;
	stmt->timing = TRIGGER_TYPE_AFTER;
	stmt->events = events;
	trigger = CreateTrigger(stmt, NULL, RelationGetRelid(live), InvalidOid, InvalidOid, InvalidOid, function,
							InvalidOid, NULL, true, false);
	ObjectAddressSet(other, RelationRelationId, RelationGetRelid(archive));
	recordDependencyOn(&trigger, &other, DEPENDENCY_AUTO);
	/* In a scratch there is none. */
	if (OidIsValid(extension))
	{
		ObjectAddressSet(other, ExtensionRelationId, extension);
		recordDependencyOn(&trigger, &other, DEPENDENCY_AUTO_EXTENSION);
	}
}

Datum
sf_archive_follow(PG_FUNCTION_ARGS)
{
	Relation	live = relation_open(PG_GETARG_OID(0), ShareRowExclusiveLock);
	Relation	archive = relation_open(PG_GETARG_OID(1), AccessExclusiveLock);
	List	   *args;

	check_table(live, NULL);
	check_table(archive, SF_ARCHIVE_SCHEMA);
	args = trigger_arguments(live, archive, PG_GETARG_ARRAYTYPE_P(2));
	make_trigger(live, archive, args, true, TRIGGER_TYPE_DELETE | TRIGGER_TYPE_UPDATE);
	make_trigger(live, archive, args, false, TRIGGER_TYPE_TRUNCATE);
	relation_close(archive, NoLock);
	relation_close(live, NoLock);
	PG_RETURN_VOID();
}
