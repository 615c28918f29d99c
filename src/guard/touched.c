/*
 * touched.c - what a statement would change of the migration that is half done (active.c).
 *
 * From the parse tree before anything is locked: names are looked up as the statement will look them up.  What it
 * drops is not worked out here, since the server itself says so when it is done, cascades included (event.c), except
 * for the drop of the extension, which takes the guard with it.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "nodes/value.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "guard/sentry.h"
#include "risk/risk.h"
#include "server/owner.h"

/* What an ALTER TABLE command names; those that are not here name a column. */
typedef enum Target
{
	A_WHOLE_TABLE,
	A_CONSTRAINT,
	A_TRIGGER,
	NOTHING_OF_OURS				/* whatever it names may change in the middle */
} Target;

static const struct
{
	AlterTableType type;
	Target		target;
}			targets[] = {
	{AT_SetTableSpace, A_WHOLE_TABLE},
	{AT_SetLogged, A_WHOLE_TABLE},
	{AT_SetUnLogged, A_WHOLE_TABLE},
	{AT_SetAccessMethod, A_WHOLE_TABLE},
	{AT_AttachPartition, A_WHOLE_TABLE},
	{AT_DetachPartition, A_WHOLE_TABLE},
	{AT_DetachPartitionFinalize, A_WHOLE_TABLE},
	{AT_AddInherit, A_WHOLE_TABLE},
	{AT_DropInherit, A_WHOLE_TABLE},
	{AT_DisableTrigAll, A_WHOLE_TABLE},
	{AT_DisableTrigUser, A_WHOLE_TABLE},
	{AT_EnableTrigAll, A_WHOLE_TABLE},
	{AT_EnableTrigUser, A_WHOLE_TABLE},
	{AT_DropConstraint, A_CONSTRAINT},
	{AT_AlterConstraint, A_CONSTRAINT},
	{AT_ValidateConstraint, A_CONSTRAINT},
	{AT_DisableTrig, A_TRIGGER},
	{AT_EnableTrig, A_TRIGGER},
	{AT_EnableAlwaysTrig, A_TRIGGER},
	{AT_EnableReplicaTrig, A_TRIGGER},
	{AT_SetStatistics, NOTHING_OF_OURS},
	{AT_SetOptions, NOTHING_OF_OURS},
	{AT_ResetOptions, NOTHING_OF_OURS},
	{AT_SetStorage, NOTHING_OF_OURS},
	{AT_SetCompression, NOTHING_OF_OURS},
	{AT_EnableRule, NOTHING_OF_OURS},
	{AT_EnableAlwaysRule, NOTHING_OF_OURS},
	{AT_EnableReplicaRule, NOTHING_OF_OURS},
	{AT_DisableRule, NOTHING_OF_OURS},
	{AT_ClusterOn, NOTHING_OF_OURS}
};

static SfTouched *
named(const char *type, const char *identity)
{
	SfTouched  *touched = palloc(sizeof(SfTouched));

	touched->type = pstrdup(type);
	touched->identity = pstrdup(identity);
	return touched;
}

SfTouched *
sf_touched(const ObjectAddress *object)
{
	return named(getObjectTypeDescription(object, false), getObjectIdentity(object, false));
}

static SfTouched *
label(const SfActive *active, Oid class, Oid oid, int32 part)
{
	ObjectAddress object;

	ObjectAddressSubSet(object, class, oid, part);
	return OidIsValid(oid) && sf_active_has(active, &object) ? sf_touched(&object) : NULL;
}

static SfTouched *
of_relation(const SfActive *active, const RangeVar *relation)
{
	return relation ? label(active, RelationRelationId, RangeVarGetRelid(relation, NoLock, true), 0) : NULL;
}

static SfTouched *
of_column(const SfActive *active, Oid relation, const char *name)
{
	AttrNumber	column = get_attnum(relation, name);

	return column > 0 ? label(active, RelationRelationId, relation, column) : NULL;
}

static SfTouched *
of_part(const SfActive *active, Oid relation, const char *name, Target target)
{
	if (!OidIsValid(relation) || name == NULL)
		return NULL;
	if (target == A_CONSTRAINT)
		return label(active, ConstraintRelationId, get_relation_constraint_oid(relation, name, true), 0);
	if (target == A_TRIGGER)
		return label(active, TriggerRelationId, get_trigger_oid(relation, name, true), 0);
	return of_column(active, relation, name);
}

static SfTouched *
by_alter_table(const SfActive *active, const AlterTableStmt *statement)
{
	Oid			relation = RangeVarGetRelid(statement->relation, NoLock, true);
	ListCell   *lc;

	foreach(lc, statement->cmds)
	{
		const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);
		int			i = 0;
		SfTouched  *touched;

		while (i < lengthof(targets) && targets[i].type != cmd->subtype)
			i++;
		if (i == lengthof(targets))
			touched = OidIsValid(relation) && cmd->name ? of_column(active, relation, cmd->name) : NULL;
		else if (targets[i].target == A_WHOLE_TABLE)
			touched = label(active, RelationRelationId, relation, 0);
		else if (targets[i].target == NOTHING_OF_OURS)
			touched = NULL;
		else
			touched = of_part(active, relation, cmd->name, targets[i].target);
		if (touched)
			return touched;
	}
	return NULL;
}

/* A function that the expressions of the dual write call. */
static SfTouched *
of_function(const SfActive *active, List *name)
{
	ListCell   *lc;

	foreach(lc, active->functions)
	{
		List	   *mine = lfirst(lc);

		if (strcmp(strVal(llast(mine)), strVal(llast(name))) != 0)
			continue;
		if (list_length(mine) < 2 || list_length(name) < 2 || equal(mine, name))
			return named("function", NameListToString(name));	/* not a kind */
	}
	return NULL;
}

static bool
is_function(ObjectType type)
{
	return type == OBJECT_FUNCTION || type == OBJECT_PROCEDURE || type == OBJECT_ROUTINE;
}

/* A schema in which one of the relations is. */
static SfTouched *
of_schema(const SfActive *active, const char *schema)
{
	ListCell   *lc;

	foreach(lc, active->objects)
	{
		const ObjectAddress *mine = lfirst(lc);

		if (mine->classId == RelationRelationId && mine->objectSubId == 0 &&
			get_rel_namespace(mine->objectId) == get_namespace_oid(schema, true))
			return sf_touched(mine);
	}
	return NULL;
}

static SfTouched *
by_rename(const SfActive *active, const RenameStmt *statement)
{
	Oid			relation;

	if (is_function(statement->renameType))
		return of_function(active, castNode(ObjectWithArgs, statement->object)->objname);
	if (statement->renameType == OBJECT_SCHEMA)
		return of_schema(active, statement->subname);
	if (statement->relation == NULL)
		return NULL;
	relation = RangeVarGetRelid(statement->relation, NoLock, true);
	switch (statement->renameType)
	{
		case OBJECT_COLUMN:
			return of_part(active, relation, statement->subname, NOTHING_OF_OURS);
		case OBJECT_TABCONSTRAINT:
			return of_part(active, relation, statement->subname, A_CONSTRAINT);
		case OBJECT_TRIGGER:
			return of_part(active, relation, statement->subname, A_TRIGGER);
		case OBJECT_POLICY:
		case OBJECT_RULE:
			return NULL;
		default:
			return label(active, RelationRelationId, relation, 0);
	}
}

static SfTouched *
of_relations(const SfActive *active, List *relations)
{
	SfTouched  *touched = NULL;
	ListCell   *lc;

	foreach(lc, relations)
		if (touched == NULL)
			touched = of_relation(active, lfirst(lc));
	return touched;
}

/* Without a name every table is meant. */
static SfTouched *
of_all(const SfActive *active)
{
	return active->objects ? sf_touched(linitial(active->objects)) : NULL;
}

static SfTouched *
by_vacuum_full(const SfActive *active, const VacuumStmt *statement)
{
	SfTouched  *touched = NULL;
	ListCell   *lc;

	if (statement->rels == NIL)
		return of_all(active);
	foreach(lc, statement->rels)
		if (touched == NULL)
			touched = of_relation(active, lfirst_node(VacuumRelation, lc)->relation);
	return touched;
}

/* Our own extension, and with it triggers and guard; or whose owner's things all go. */
static SfTouched *
by_drop(const DropStmt *statement)
{
	ListCell   *lc;

	if (statement->removeType == OBJECT_EXTENSION)
		foreach(lc, statement->objects)
			if (strcmp(strVal(lfirst(lc)), "schemaflow") == 0)
				return named("extension", "schemaflow"); /* not a kind */
	return NULL;
}

static SfTouched *
by_drop_owned(const DropOwnedStmt *statement)
{
	ListCell   *lc;

	foreach(lc, statement->roles)
		if (get_rolespec_oid(lfirst(lc), true) == sf_owner_id())
			return named("extension", "schemaflow"); /* not a kind */
	return NULL;
}

SfTouched *
sf_active_touched(const SfActive *active, Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_AlterTableStmt:
			return by_alter_table(active, (AlterTableStmt *) statement);
		case T_RenameStmt:
			return by_rename(active, (RenameStmt *) statement);
		case T_AlterObjectSchemaStmt:
			if (is_function(((AlterObjectSchemaStmt *) statement)->objectType))
				return of_function(active, castNode(ObjectWithArgs,
													((AlterObjectSchemaStmt *) statement)->object)->objname);
			return of_relation(active, ((AlterObjectSchemaStmt *) statement)->relation);
		case T_AlterFunctionStmt:
			return of_function(active, ((AlterFunctionStmt *) statement)->func->objname);
		case T_CreateFunctionStmt:
			if (((CreateFunctionStmt *) statement)->replace)
				return of_function(active, ((CreateFunctionStmt *) statement)->funcname);
			return NULL;
		case T_ViewStmt:
			if (((ViewStmt *) statement)->replace)
				return of_relation(active, ((ViewStmt *) statement)->view);
			return NULL;
		case T_CreateTrigStmt:
			{
				CreateTrigStmt *trigger = (CreateTrigStmt *) statement;

				return of_part(active, RangeVarGetRelid(trigger->relation, NoLock, true), trigger->trigname,
														A_TRIGGER);
			}
		case T_CreateStmt:
			if (((CreateStmt *) statement)->partbound)
				return of_relations(active, ((CreateStmt *) statement)->inhRelations);
			return NULL;
		case T_VacuumStmt:
			return by_vacuum_full(active, (VacuumStmt *) statement);
		case T_ClusterStmt:
			if (((ClusterStmt *) statement)->relation == NULL)
				return of_all(active);
			return of_relation(active, ((ClusterStmt *) statement)->relation);
		case T_DropStmt:
			return by_drop((DropStmt *) statement);
		case T_DropOwnedStmt:
			return by_drop_owned((DropOwnedStmt *) statement);
		default:
			return NULL;
	}
}
