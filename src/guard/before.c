/*
 * before.c - definitions of what a statement is about to change or drop (definition.c), for the log.
 *
 * Locking: nothing may be locked before the statement itself does so, or two of the same could wait for each other.
 * Names are looked up without locks.  The server reads queries (of views, rules, functions) with locks on what these
 * name; so they are read only when nobody stands in the way, and the locks are given back at once.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/policy.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "parser/parse_type.h"
#include "rewrite/rewriteSupport.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "guard/sentry.h"
#include "lib/spi.h"
#include "server/owner.h"

/* ---- locks ---- */

/* Adds the relations that an object depends on: of Oid. */
static List *
add_relations_of(List *relations, Oid class, Oid object)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(class));
	ScanKeyInit(&key[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object));
	scan = systable_beginscan(depend, DependDependerIndexId, true, NULL, lengthof(key), key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		if (((Form_pg_depend) GETSTRUCT(tuple))->refclassid == RelationRelationId)
			relations = list_append_unique_oid(relations, ((Form_pg_depend) GETSTRUCT(tuple))->refobjid);
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return relations;
}

/* Relations that the server locks to print the object's query: of Oid.  A view's is that of its rule. */
static List *
relations_of_query(const ObjectAddress *object)
{
	List	   *relations = add_relations_of(NIL, object->classId, object->objectId);
	Relation	rules;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (object->classId != RelationRelationId)
		return relations;
	rules = table_open(RewriteRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_rewrite_ev_class, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object->objectId));
	scan = systable_beginscan(rules, RewriteRelRulenameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		relations = add_relations_of(relations, RewriteRelationId, ((Form_pg_rewrite) GETSTRUCT(tuple))->oid);
	systable_endscan(scan);
	table_close(rules, AccessShareLock);
	return relations;
}

static bool
has_query(const ObjectAddress *object)
{
	char		relkind = object->classId == RelationRelationId ? get_rel_relkind(object->objectId) : '\0';

	return relkind == RELKIND_VIEW || relkind == RELKIND_MATVIEW || object->classId == ProcedureRelationId ||
		object->classId == RewriteRelationId;
}

static char *
definition_unless_locked(const ObjectAddress *object)
{
	List	   *relations,
			   *taken = NIL;
	SfOwnerState owner;
	bool		free = true;
	char	   *text;
	ListCell   *lc;

	sf_owner_enter(&owner);
	relations = has_query(object) ? relations_of_query(object) : NIL;
	foreach(lc, relations)
	{
		LOCKTAG		tag;

		SET_LOCKTAG_RELATION(tag, MyDatabaseId, lfirst_oid(lc));
		if (sf_lock_held(&tag, AccessShareLock))
			continue;			/* the transaction's own: it stays */
		free = ConditionalLockRelationOid(lfirst_oid(lc), AccessShareLock);
		if (!free)
			break;
		taken = lappend_oid(taken, lfirst_oid(lc));
	}
	text = free ? sf_definition(object) : NULL;
	foreach(lc, taken)
	{
		LOCKTAG		tag;

		SET_LOCKTAG_RELATION(tag, MyDatabaseId, lfirst_oid(lc));
		while (sf_lock_held(&tag, AccessShareLock))
			(void) LockRelease(&tag, AccessShareLock, false);
	}
	sf_owner_leave(&owner);
	return text;
}

/* ---- the objects ---- */

static List *
add(List *definitions, Oid class, Oid oid, int32 part)
{
	SfDefinition *definition;

	if (!OidIsValid(oid))
		return definitions;
	definition = palloc0(sizeof(SfDefinition));
	ObjectAddressSubSet(definition->object, class, oid, part);
	definition->text = definition_unless_locked(&definition->object);
	return lappend(definitions, definition);
}

static Oid
relation_of(const RangeVar *name)
{
	return name ? RangeVarGetRelid(name, NoLock, true) : InvalidOid;
}

/* The table, and each column or constraint that is named. */
static List *
of_alter_table(const AlterTableStmt *statement)
{
	Oid			relation = relation_of(statement->relation);
	List	   *definitions = add(NIL, RelationRelationId, relation, 0);
	ListCell   *lc;

	foreach(lc, statement->cmds)
	{
		const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);
		AttrNumber	column;

		if (definitions == NIL || cmd->name == NULL)
			continue;
		if (cmd->subtype == AT_DropConstraint)
			definitions = add(definitions, ConstraintRelationId,
							  get_relation_constraint_oid(relation, cmd->name, true), 0);
		else if (cmd->subtype == AT_DropColumn && (column = get_attnum(relation, cmd->name)) > 0)
			definitions = add(definitions, RelationRelationId, relation, column);
	}
	return definitions;
}

/* Things on a table: DROP TRIGGER tr ON s.t has the name ("s", "t", "tr"). */
static List *
of_drop_on_table(List *definitions, ObjectType type, List *name)
{
	List	   *table = list_copy_head(name, list_length(name) - 1);
	Oid			relation = list_length(name) > 1 ? relation_of(makeRangeVarFromNameList(table)) : InvalidOid;
	const char *own = strVal(llast(name));

	if (!OidIsValid(relation))
		return definitions;
	if (type == OBJECT_TRIGGER)
		return add(definitions, TriggerRelationId, get_trigger_oid(relation, own, true), 0);
	if (type == OBJECT_RULE)
		return add(definitions, RewriteRelationId, get_rewrite_oid(relation, own, true), 0);
	return add(definitions, PolicyRelationId, get_relation_policy_oid(relation, own, true), 0);
}

static List *
of_drop(const DropStmt *statement)
{
	List	   *definitions = NIL;
	ListCell   *lc;

	foreach(lc, statement->objects)
		switch (statement->removeType)
		{
			case OBJECT_TABLE:
			case OBJECT_FOREIGN_TABLE:
			case OBJECT_INDEX:
			case OBJECT_SEQUENCE:
			case OBJECT_VIEW:
			case OBJECT_MATVIEW:
				definitions = add(definitions, RelationRelationId,
								  relation_of(makeRangeVarFromNameList(lfirst_node(List, lc))), 0);
				break;
			case OBJECT_FUNCTION:
			case OBJECT_PROCEDURE:
			case OBJECT_ROUTINE:
				definitions = add(definitions, ProcedureRelationId,
								  LookupFuncWithArgs(statement->removeType, lfirst_node(ObjectWithArgs, lc),
								  	true), 0);
				break;
			case OBJECT_TYPE:
			case OBJECT_DOMAIN:
				definitions = add(definitions, TypeRelationId,
								  LookupTypeNameOid(NULL, lfirst_node(TypeName, lc), true), 0);
				break;
			case OBJECT_TRIGGER:
			case OBJECT_RULE:
			case OBJECT_POLICY:
				definitions = of_drop_on_table(definitions, statement->removeType, lfirst_node(List, lc));
				break;
			default:
				break;
		}
	return definitions;
}

/* CREATE OR REPLACE FUNCTION: the one with these arguments. */
static List *
of_create_function(const CreateFunctionStmt *statement)
{
	ObjectWithArgs *function;
	ListCell   *lc;

	if (!statement->replace)
		return NIL;
	function = makeNode(ObjectWithArgs);
	function->objname = statement->funcname;
	foreach(lc, statement->parameters)
	{
		const FunctionParameter *parameter = lfirst_node(FunctionParameter, lc);

		if (parameter->mode == FUNC_PARAM_OUT || parameter->mode == FUNC_PARAM_TABLE)
			continue;
		if (!OidIsValid(LookupTypeNameOid(NULL, parameter->argType, true)))
			return NIL;
		function->objargs = lappend(function->objargs, parameter->argType);
	}
	return add(NIL, ProcedureRelationId, LookupFuncWithArgs(OBJECT_ROUTINE, function, true), 0);
}

List *
sf_definitions_before(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_AlterTableStmt:
			return of_alter_table((AlterTableStmt *) statement);
		case T_DropStmt:
			return of_drop((DropStmt *) statement);
		case T_CreateFunctionStmt:
			return of_create_function((CreateFunctionStmt *) statement);
		case T_AlterFunctionStmt:
			return add(NIL, ProcedureRelationId,
					   LookupFuncWithArgs(OBJECT_ROUTINE, ((AlterFunctionStmt *) statement)->func, true), 0);
		case T_ViewStmt:
			return ((ViewStmt *) statement)->replace ?
				add(NIL, RelationRelationId, relation_of(((ViewStmt *) statement)->view), 0) : NIL;
		case T_AlterSeqStmt:
			return add(NIL, RelationRelationId, relation_of(((AlterSeqStmt *) statement)->sequence), 0);
		case T_AlterEnumStmt:
			return add(NIL, TypeRelationId,
					   LookupTypeNameOid(NULL,
										 makeTypeNameFromNameList(((AlterEnumStmt *) statement)->typeName), true), 0);
		case T_AlterDomainStmt:
			return add(NIL, TypeRelationId,
					   LookupTypeNameOid(NULL,
										 makeTypeNameFromNameList(((AlterDomainStmt *) statement)->typeName), true), 0);
		case T_AlterPolicyStmt:
			{
				Oid			relation = relation_of(((AlterPolicyStmt *) statement)->table);

				return OidIsValid(relation) ?
					add(NIL, PolicyRelationId,
						get_relation_policy_oid(relation, ((AlterPolicyStmt *) statement)->policy_name, true), 0) : NIL;
			}
		default:
			return NIL;
	}
}

char *
sf_definition_before(const SfSentry *sentry, const ObjectAddress *object)
{
	ListCell   *lc;

	foreach(lc, sentry->before)
	{
		const SfDefinition *definition = lfirst(lc);

		if (definition->object.classId == object->classId && definition->object.objectId == object->objectId &&
			definition->object.objectSubId == object->objectSubId)
			return definition->text;
	}
	return NULL;
}
