/*
 * follow_make.c - triggers that keep an archive in step with a live table are made (follow.h).
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "apply/follow.h"
#include "lib/text.h"
#include "server/owner.h"

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

/* The archive has to begin with as many columns. */
List *
sf_follow_key(List *args, Relation live, Relation archive, ArrayType *key)
{
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
			return lappend(lappend(args, makeString(number_text(number))),
						   makeString(psprintf("%u", live->rd_rel->relfilenode)));
		if (number <= 0)
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
