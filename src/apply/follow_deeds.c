/*
 * follow_deeds.c - what a trigger on a live table does in the archive: statements, and whose rights they have
 * (follow.h).
 *
 * Plans are kept for the session.  Each statement sees the archive as it is now: under an older snapshot of the
 * transaction a value that was copied since would stay behind when its row goes.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/heap.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "apply/follow.h"
#include "lib/text.h"
#include "phases/archive.h"

/* The numbers of the columns for which an archive's plans were made are as good as their types. */
typedef struct Follower
{
	Oid			archive;		/* hash key */
	SPIPlanPtr	plans[SF_NDEEDS];
	Oid			types[INDEX_MAX_KEYS];	/* of the live key's columns */
	Oid			value_type;		/* of the live column; 0: none was looked at */
	int32		typmod;
} Follower;

static HTAB *followers = NULL;

static const FormData_pg_attribute *
live_column(const SfChange *change, AttrNumber number)
{
	return number < 0 ? SystemAttributeDefinition(number) :
		TupleDescAttr(RelationGetDescr(change->data->tg_relation), number - 1);
}

/* ---- statements ---- */

/* Has it the values of several tables? */
static bool
is_of_tables(Relation archive)
{
	return strcmp(NameStr(TupleDescAttr(RelationGetDescr(archive), 0)->attname), SF_ARCHIVE_TABLE_COLUMN) == 0;
}

/* The parameter as a value of the archive's column; the live one may have got another type since. */
static char *
parameter(Form_pg_attribute column, Oid type, int number)
{
	if (column->atttypid == type)
		return psprintf("$%d", number);
	return psprintf("$%d::pg_catalog.text::%s", number, format_type_be_qualified(column->atttypid));
}

/* An archived value as one of the live column. */
static char *
live_value(Form_pg_attribute column, const Follower *follower)
{
	const char *name = sf_ident(NameStr(column->attname));

	if (column->atttypid == follower->value_type)
		return pstrdup(name);
	return psprintf("%s::%s", name, format_type_extended(follower->value_type, follower->typmod,
														 FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
}

static char *
statement(Relation archive, SfDeed deed, const Follower *follower, int n)
{
	char	   *names[] = {get_namespace_name(RelationGetNamespace(archive)), RelationGetRelationName(archive)};
	const char *relation = sf_qualified(2, names);
	Form_pg_attribute value = RelationGetNumberOfAttributes(archive) > n ?
		TupleDescAttr(RelationGetDescr(archive), n) : NULL;
	List	   *key = NIL,
			   *is = NIL,
			   *becomes = NIL,
			   *given = NIL;
	const char *conflict = "NOTHING";

	for (int i = 0; i < n; i++)
	{
		Form_pg_attribute column = TupleDescAttr(RelationGetDescr(archive), i);
		const char *name = sf_ident(NameStr(column->attname));

		key = lappend(key, unconstify(char *, name));
		given = lappend(given, parameter(column, follower->types[i], i + 1));
		is = lappend(is, psprintf("%s OPERATOR(pg_catalog.=) %s", name, (char *) llast(given)));
		becomes = lappend(becomes, psprintf("%s = %s", name, parameter(column, follower->types[i], n + i + 1)));
	}
	switch (deed)
	{
		case SF_DEED_FORGET:
			return psprintf("DELETE FROM ONLY %s WHERE %s", relation, sf_join(is, " AND "));
		case SF_DEED_MOVE:
			return psprintf("UPDATE ONLY %s SET %s WHERE %s", relation, sf_join(becomes, ", "), sf_join(is, " AND "));
		case SF_DEED_EMPTY:
			if (is_of_tables(archive))
				return psprintf("DELETE FROM ONLY %s WHERE %s", relation, (char *) linitial(is));
			return psprintf("DELETE FROM ONLY %s", relation);
		case SF_DEED_PUT:
			conflict = psprintf("UPDATE SET %s = excluded.%s", sf_ident(NameStr(value->attname)),
								sf_ident(NameStr(value->attname)));
			/* FALLTHROUGH */
		case SF_DEED_ADD:
			given = lappend(given, parameter(value, follower->value_type, n + 1));
			return psprintf("INSERT INTO %s VALUES (%s) ON CONFLICT (%s) DO %s", relation, sf_join(given, ", "),
							sf_join(key, ", "), conflict);
		case SF_DEED_GET:
			return psprintf("SELECT %s FROM ONLY %s WHERE %s", live_value(value, follower), relation,
							sf_join(is, " AND "));
	}
	return NULL;				/* not reached */
}

/* How many parameters it has. */
static int
nparameters(Relation archive, SfDeed deed, int n)
{
	switch (deed)
	{
		case SF_DEED_EMPTY:
			return is_of_tables(archive) ? 1 : 0;
		case SF_DEED_MOVE:
			return 2 * n;
		case SF_DEED_PUT:
		case SF_DEED_ADD:
			return n + 1;
		case SF_DEED_FORGET:
		case SF_DEED_GET:
			break;
	}
	return n;
}

static SPIPlanPtr
prepare(Relation archive, SfDeed deed, const Follower *follower, int n)
{
	Oid			types[2 * INDEX_MAX_KEYS + 1];
	SPIPlanPtr	plan;

	for (int i = 0; i < n; i++)
		types[i] = types[n + i] = follower->types[i];
	if (deed == SF_DEED_PUT || deed == SF_DEED_ADD)
		types[n] = follower->value_type;
	plan = SPI_prepare(statement(archive, deed, follower, n), nparameters(archive, deed, n), types);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "cannot happen: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/* Notes the type; returns whether it was that already. */
static bool
note_type(Oid *noted, Oid type)
{
	bool		same = *noted == type;

	*noted = type;
	return same;
}

static Follower *
follower_of(Relation archive, const SfChange *change)
{
	Oid			oid = RelationGetRelid(archive);
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
		memset((char *) follower + sizeof(Oid), 0, sizeof(Follower) - sizeof(Oid));
	for (int i = 0; i < change->n; i++)
		same &= note_type(&follower->types[i], live_column(change, change->key[i])->atttypid);
	if (change->value)
	{
		same &= note_type(&follower->value_type, live_column(change, change->value)->atttypid);
		follower->typmod = live_column(change, change->value)->atttypmod;
	}
	for (int i = 0; i < SF_NDEEDS && !same; i++)
	{
		if (follower->plans[i])
			SPI_freeplan(follower->plans[i]);
		follower->plans[i] = NULL;
	}
	return follower;
}

void
sf_deed(Relation archive, SfDeed deed, SfChange *change, int from)
{
	Follower   *follower = follower_of(archive, change);
	char		nulls[2 * INDEX_MAX_KEYS + 1];
	Snapshot	snapshot = InvalidSnapshot;
	int			result;

	if (follower->plans[deed] == NULL)
		follower->plans[deed] = prepare(archive, deed, follower, change->n);
	for (int i = 0; i < nparameters(archive, deed, change->n); i++)
		nulls[i] = change->is_null[from + i] ? 'n' : ' ';
	if (IsolationUsesXactSnapshot())
	{
		CommandCounterIncrement();
		snapshot = GetLatestSnapshot();
	}
	result = SPI_execute_snapshot(follower->plans[deed], change->values + from, nulls, snapshot, InvalidSnapshot, false,
								  true, 0);
	if (result < 0)
		elog(ERROR, "cannot happen: %s", SPI_result_code_string(result));
}

/* ---- the row ---- */

bool
sf_change_key(SfChange *change, HeapTuple row, int from)
{
	Relation	live = change->data->tg_relation;

	for (int i = 0; i < change->n; i++)
	{
		/* A row that is not stored yet does not know its table. */
		if (change->key[i] == TableOidAttributeNumber)
		{
			change->values[from + i] = ObjectIdGetDatum(RelationGetRelid(live));
			change->is_null[from + i] = false;
			continue;
		}
		change->values[from + i] = heap_getattr(row, change->key[i], RelationGetDescr(live),
												&change->is_null[from + i]);
		if (change->is_null[from + i])
			return false;
	}
	return true;
}

void
sf_change_copy_key(const SfChange *change, Datum *key)
{
	for (int i = 0; i < change->n; i++)
	{
		const FormData_pg_attribute *column = live_column(change, change->key[i]);

		key[i] = datumCopy(change->values[i], column->attbyval, column->attlen);
	}
}

bool
sf_change_same_key(const SfChange *change)
{
	for (int i = 0; i < change->n; i++)
	{
		const FormData_pg_attribute *column = live_column(change, change->key[i]);

		if (!datum_image_eq(change->values[i], change->values[change->n + i], column->attbyval, column->attlen))
			return false;
	}
	return true;
}

/* ---- the trigger ---- */

bool
sf_change_of(SfChange *change, const TriggerData *data, int first)
{
	const Trigger *trigger = data->tg_trigger;
	TupleDesc	desc = RelationGetDescr(data->tg_relation);

	change->data = data;
	change->value = 0;
	change->n = 0;
	for (int i = first; i < trigger->tgnargs; i++)
	{
		AttrNumber	number = pg_strtoint16(trigger->tgargs[i]);

		change->key[change->n++] = number;
		if (number == SelfItemPointerAttributeNumber)
			return TRIGGER_FIRED_BY_TRUNCATE(data->tg_event) ||
				atooid(trigger->tgargs[i + 1]) == data->tg_relation->rd_rel->relfilenode;
		if (number > desc->natts || (number > 0 && TupleDescAttr(desc, number - 1)->attisdropped))
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

void
sf_change_archive(SfChange *change, void (*work) (SfChange *change, Relation archive))
{
	Relation	archive = open_archive(change->data);
	Oid			user;
	int			context;

	if (archive == NULL)
		return;
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(archive->rd_rel->relowner,
						   context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "cannot happen: SPI_connect failed");
	work(change, archive);
	SPI_finish();
	SetUserIdAndSecContext(user, context);
	relation_close(archive, NoLock);
}
