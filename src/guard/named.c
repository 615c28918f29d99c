/*
 * named.c - the objects that a statement is about to change or drop, by the names in it.  Nothing is locked.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "commands/policy.h"
#include "commands/trigger.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "parser/parse_type.h"
#include "rewrite/rewriteSupport.h"
#include "utils/lsyscache.h"

#include "guard/guard.h"

static List *
add(List *objects, Oid class, Oid oid, int32 part)
{
	ObjectAddress *object;

	if (!OidIsValid(oid))
		return objects;
	object = palloc(sizeof(ObjectAddress));
	ObjectAddressSubSet(*object, class, oid, part);
	return lappend(objects, object);
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
	List	   *objects = add(NIL, RelationRelationId, relation, 0);
	ListCell   *lc;

	foreach(lc, statement->cmds)
	{
		const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);
		AttrNumber	column;

		if (objects == NIL || cmd->name == NULL)
			continue;
		if (cmd->subtype == AT_DropConstraint)
			objects = add(objects, ConstraintRelationId, get_relation_constraint_oid(relation, cmd->name, true), 0);
		else if (cmd->subtype == AT_DropColumn && (column = get_attnum(relation, cmd->name)) > 0)
			objects = add(objects, RelationRelationId, relation, column);
	}
	return objects;
}

/* Things on a table: DROP TRIGGER tr ON s.t has the name ("s", "t", "tr"). */
static List *
of_drop_on_table(List *objects, ObjectType type, List *name)
{
	List	   *table = list_copy_head(name, list_length(name) - 1);
	Oid			relation = list_length(name) > 1 ? relation_of(makeRangeVarFromNameList(table)) : InvalidOid;
	const char *own = strVal(llast(name));

	if (!OidIsValid(relation))
		return objects;
	if (type == OBJECT_TRIGGER)
		return add(objects, TriggerRelationId, get_trigger_oid(relation, own, true), 0);
	if (type == OBJECT_RULE)
		return add(objects, RewriteRelationId, get_rewrite_oid(relation, own, true), 0);
	return add(objects, PolicyRelationId, get_relation_policy_oid(relation, own, true), 0);
}

static List *
of_drop(const DropStmt *statement)
{
	List	   *objects = NIL;
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
				objects = add(objects, RelationRelationId,
							  relation_of(makeRangeVarFromNameList(lfirst_node(List, lc))), 0);
				break;
			case OBJECT_FUNCTION:
			case OBJECT_PROCEDURE:
			case OBJECT_ROUTINE:
				objects = add(objects, ProcedureRelationId,
							  LookupFuncWithArgs(statement->removeType, lfirst_node(ObjectWithArgs, lc), true), 0);
				break;
			case OBJECT_TYPE:
			case OBJECT_DOMAIN:
				objects = add(objects, TypeRelationId, LookupTypeNameOid(NULL, lfirst_node(TypeName, lc), true), 0);
				break;
			case OBJECT_SCHEMA:
				objects = add(objects, NamespaceRelationId, get_namespace_oid(strVal(lfirst(lc)), true), 0);
				break;
			case OBJECT_EXTENSION:
				objects = add(objects, ExtensionRelationId, get_extension_oid(strVal(lfirst(lc)), true), 0);
				break;
			case OBJECT_TRIGGER:
			case OBJECT_RULE:
			case OBJECT_POLICY:
				objects = of_drop_on_table(objects, statement->removeType, lfirst_node(List, lc));
				break;
			default:
				break;
		}
	return objects;
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
sf_named_objects(Node *statement)
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
