/*
 * follow_make.c - triggers that keep an archive in step with a live table are made (follow.h).
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"

#include "apply/dual_write.h"
#include "apply/follow.h"
#include "lib/text.h"
#include "server/owner.h"

bool
sf_follow_calls(const Trigger *trigger, Relation archive, const char *function)
{
	return sf_trigger_is_ours(trigger, function) && atooid(trigger->tgargs[0]) == RelationGetRelid(archive);
}

void
sf_follow_check(Relation relation, const char *schema)
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

static char *
number_text(AttrNumber number)
{
	return psprintf("%d", number);
}

List *
sf_follow_names(ArrayType *key)
{
	List	   *names = NIL;
	Datum	   *elements;
	int			n;

	deconstruct_array(key, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &elements, NULL, &n);
	for (int i = 0; i < n; i++)
		names = lappend(names, NameStr(*DatumGetName(elements[i])));
	return names;
}

List *
sf_follow_tables(Relation live, ArrayType *key)
{
	List	   *names = sf_follow_names(key);
	bool		several = names && strcmp(linitial(names), "tableoid") == 0;
	List	   *oids = several ? find_all_inheritors(RelationGetRelid(live), ShareRowExclusiveLock, NULL) :
		list_make1_oid(RelationGetRelid(live));
	List	   *tables = NIL;
	ListCell   *lc;

	foreach(lc, oids)
	{
		Relation	table = relation_open(lfirst_oid(lc), NoLock);

		if (several && table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		{
			relation_close(table, NoLock);
			continue;
		}
		sf_follow_check(table, NULL);
		tables = lappend(tables, table);
	}
	return tables;
}

/* The archive has to begin with as many columns. */
List *
sf_follow_key(List *args, Relation live, Relation archive, ArrayType *key)
{
	List	   *names = sf_follow_names(key);
	int			n = list_length(names);
	ListCell   *lc;

	if (n == 0 || n > INDEX_MAX_KEYS || n > RelationGetNumberOfAttributes(archive))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the key has %d columns", n),
				 errdetail("It must be those that the archive begins with."),
				 errhint("SELECT sql FROM sf_steps() shows how a migration calls this.")));
	foreach(lc, names)
	{
		const char *name = lfirst(lc);
		AttrNumber	number = get_attnum(RelationGetRelid(live), name);

		if (number == SelfItemPointerAttributeNumber && lc == list_tail(names))
			return lappend(lappend(args, makeString(number_text(number))),
						   makeString(psprintf("%u", live->rd_rel->relfilenode)));
		if (number <= 0 && number != TableOidAttributeNumber)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of table \"%s\" does not exist", name, RelationGetRelationName(live)),
					 errhint("Name the columns of its key.")));
		args = lappend(args, makeString(number_text(number)));
	}
	return args;
}

void
sf_follow_trigger(Relation live, Relation archive, const char *name, const char *function, List *args, int16 type,
				  char fires, AttrNumber column)
{
	CreateTrigStmt *stmt = makeNode(CreateTrigStmt);
	Oid			called = LookupFuncName(list_make2(makeString("schemaflow"), makeString(pstrdup(function))), 0, NULL,
										false);
	Oid			extension = get_extension_oid("schemaflow", true);
	ObjectAddress trigger,
				other;

	stmt->trigname = pstrdup(name);
	stmt->args = args;
	stmt->row = TRIGGER_FOR_ROW(type);
	stmt->timing = type & TRIGGER_TYPE_TIMING_MASK;
	stmt->events = type & TRIGGER_TYPE_EVENT_MASK;
	trigger = CreateTriggerFiringOn(stmt, NULL, RelationGetRelid(live), InvalidOid, InvalidOid, InvalidOid, called,
									InvalidOid, NULL, true, false, fires);
	ObjectAddressSet(other, RelationRelationId, RelationGetRelid(archive));
	recordDependencyOn(&trigger, &other, DEPENDENCY_AUTO);
	if (column)
	{
		ObjectAddressSubSet(other, RelationRelationId, RelationGetRelid(live), column);
		recordDependencyOn(&trigger, &other, DEPENDENCY_AUTO);
	}
	/* In a scratch there is none. */
	if (OidIsValid(extension))
	{
		ObjectAddressSet(other, ExtensionRelationId, extension);
		recordDependencyOn(&trigger, &other, DEPENDENCY_AUTO_EXTENSION);
	}
}

/* The arguments of one of these triggers, with another file as the last one; NULL: it is of another archive. */
static bytea *
arguments_anew(const Trigger *trigger, Relation live, Relation archive)
{
	StringInfoData args;

	if (!sf_follow_calls(trigger, archive, "sf_archive_keep") &&
		!sf_follow_calls(trigger, archive, "sf_archive_mirrored"))
		return NULL;
	initStringInfo(&args);
	appendStringInfoSpaces(&args, VARHDRSZ);
	for (int i = 0; i < trigger->tgnargs - 1; i++)
		appendBinaryStringInfo(&args, trigger->tgargs[i], strlen(trigger->tgargs[i]) + 1);
	appendStringInfo(&args, "%u", live->rd_rel->relfilenode);
	appendStringInfoChar(&args, '\0');
	SET_VARSIZE(args.data, args.len);
	return (bytea *) args.data;
}

void
sf_follow_anew(Relation live, Relation archive)
{
	Relation	triggers = table_open(TriggerRelationId, RowExclusiveLock);

	for (int i = 0; i < live->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &live->trigdesc->triggers[i];
		bytea	   *args = arguments_anew(trigger, live, archive);
		Datum		values[Natts_pg_trigger] = {0};
		bool		nulls[Natts_pg_trigger] = {0},
					replaces[Natts_pg_trigger] = {0};
		ScanKeyData key;
		SysScanDesc scan;
		HeapTuple	tuple;

		if (args == NULL)
			continue;
		values[Anum_pg_trigger_tgargs - 1] = PointerGetDatum(args);
		replaces[Anum_pg_trigger_tgargs - 1] = true;
		ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(trigger->tgoid));
		scan = systable_beginscan(triggers, TriggerOidIndexId, true, NULL, 1, &key);
		tuple = systable_getnext(scan);
		CatalogTupleUpdate(triggers, &tuple->t_self,
						   heap_modify_tuple(tuple, RelationGetDescr(triggers), values, nulls, replaces));
		systable_endscan(scan);
	}
	CacheInvalidateRelcache(live);
	table_close(triggers, RowExclusiveLock);
}
