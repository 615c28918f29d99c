/*
 * classify.c - which keys of the table a parsed statement has.
 *
 * Parse trees are read; facts are asked for one thing, the kind of a constraint that a statement merely names, and the
 * catalogs for the schema of a name without one.
 * Statements that work on no table in use (functions, roles...) have no key: an operation without a kind.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "kinds/kind.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "risk/added.h"
#include "risk/risk.h"
#include "utils/lsyscache.h"

/* ALTER TABLE's commands. */
static const struct
{
	AlterTableType type;
	const char *kind;
	SfRiskVerb	verb;
	const char *attr;
}			commands[] =
{
	{AT_AddColumn, "column", SF_RISK_CREATE, NULL},
	{AT_DropColumn, "column", SF_RISK_DROP, NULL},
	{AT_AlterColumnType, "column", SF_RISK_ALTER, "type"},
	{AT_SetNotNull, "column", SF_RISK_ALTER, "not_null"},
	{AT_DropNotNull, "column", SF_RISK_UNSET, "not_null"},
	{AT_SetStorage, "column", SF_RISK_ALTER, "storage"},
	{AT_SetCompression, "column", SF_RISK_ALTER, "compression"},
	{AT_SetStatistics, "column", SF_RISK_ALTER, "statistics"},
	{AT_SetOptions, "column", SF_RISK_ALTER, "options"},
	{AT_ResetOptions, "column", SF_RISK_ALTER, "options"},
	{AT_AlterColumnGenericOptions, "column", SF_RISK_ALTER, "fdw_options"},
	{AT_DropExpression, "generated", SF_RISK_DROP, NULL},
	{AT_AddIdentity, "identity", SF_RISK_CREATE, NULL},
	{AT_SetIdentity, "identity", SF_RISK_ALTER, NULL},
	{AT_DropIdentity, "identity", SF_RISK_DROP, NULL},
	{AT_ChangeOwner, "owner", SF_RISK_ALTER, "table"},
	{AT_ClusterOn, "index", SF_RISK_ALTER, "clustered"},
	{AT_DropCluster, "index", SF_RISK_ALTER, "clustered"},
	{AT_SetLogged, "table", SF_RISK_ALTER, "persistence"},
	{AT_SetUnLogged, "table", SF_RISK_ALTER, "persistence"},
	{AT_SetAccessMethod, "table", SF_RISK_ALTER, "access_method"},
	{AT_SetTableSpace, "table", SF_RISK_ALTER, "tablespace"},
	{AT_SetRelOptions, "table", SF_RISK_ALTER, "options"},
	{AT_ResetRelOptions, "table", SF_RISK_ALTER, "options"},
	{AT_GenericOptions, "table", SF_RISK_ALTER, "fdw_options"},
	{AT_ReplicaIdentity, "table", SF_RISK_ALTER, "replica_identity"},
	{AT_EnableRowSecurity, "table", SF_RISK_ALTER, "row_security"},
	{AT_DisableRowSecurity, "table", SF_RISK_UNSET, "row_security"},
	{AT_ForceRowSecurity, "table", SF_RISK_ALTER, "force_row_security"},
	{AT_NoForceRowSecurity, "table", SF_RISK_UNSET, "force_row_security"},
	{AT_AddOf, "table", SF_RISK_ALTER, "of_type"},
	{AT_DropOf, "table", SF_RISK_ALTER, "of_type"},
	{AT_EnableTrig, "trigger", SF_RISK_ALTER, NULL},
	{AT_EnableAlwaysTrig, "trigger", SF_RISK_ALTER, NULL},
	{AT_EnableReplicaTrig, "trigger", SF_RISK_ALTER, NULL},
	{AT_DisableTrig, "trigger", SF_RISK_ALTER, NULL},
	{AT_EnableTrigAll, "trigger", SF_RISK_ALTER, NULL},
	{AT_DisableTrigAll, "trigger", SF_RISK_ALTER, NULL},
	{AT_EnableTrigUser, "trigger", SF_RISK_ALTER, NULL},
	{AT_DisableTrigUser, "trigger", SF_RISK_ALTER, NULL},
	{AT_EnableRule, "rule", SF_RISK_ALTER, NULL},
	{AT_EnableAlwaysRule, "rule", SF_RISK_ALTER, NULL},
	{AT_EnableReplicaRule, "rule", SF_RISK_ALTER, NULL},
	{AT_DisableRule, "rule", SF_RISK_ALTER, NULL},
};

/* Kinds by the server's object types; those of tables also say what owners and comments are keyed by. */
static const struct
{
	ObjectType	type;
	const char *kind;
}			objects[] =
{
	{OBJECT_TABLE, "table"}, {OBJECT_FOREIGN_TABLE, "table"}, {OBJECT_MATVIEW, "materialized view"},
	{OBJECT_COLUMN, "column"}, {OBJECT_INDEX, "index"}, {OBJECT_TABCONSTRAINT, "constraint"},
	{OBJECT_DOMCONSTRAINT, "domain constraint"}, {OBJECT_SEQUENCE, "sequence"}, {OBJECT_VIEW, "view"},
	{OBJECT_TYPE, "type"}, {OBJECT_DOMAIN, "domain"}, {OBJECT_SCHEMA, "schema"}, {OBJECT_EXTENSION, "extension"},
	{OBJECT_TRIGGER, "trigger"}, {OBJECT_POLICY, "policy"}, {OBJECT_RULE, "rule"},
	{OBJECT_STATISTIC_EXT, "statistics"}, {OBJECT_ATTRIBUTE, "attribute"},
};

/* The kinds behind ALTER TABLE ... CONSTRAINT. */
static const char *const constraint_kinds[] = {"primary key", "unique", "exclusion", "check", "foreign key"};

static const char *
kind_of(ObjectType type)
{
	for (int i = 0; i < lengthof(objects); i++)
		if (objects[i].type == type)
			return objects[i].kind;
	return NULL;
}

static const SfRiskEntry *
find_entry(const char *kind, SfRiskVerb verb, const char *attr)
{
	const SfRiskEntry *general = NULL;

	for (int i = 0; i < sf_risk_nentries; i++)
	{
		const SfRiskEntry *entry = &sf_risk_entries[i];

		if (entry->verb != verb || strcmp(entry->kind, kind) != 0)
			continue;
		if (entry->attr && attr && strcmp(entry->attr, attr) == 0)
			return entry;
		if (entry->attr == NULL)
			general = entry;
	}
	return general;
}

static bool
is_constraint(const char *kind)
{
	for (int i = 0; i < lengthof(constraint_kinds); i++)
		if (strcmp(constraint_kinds[i], kind) == 0)
			return true;
	return false;
}

static SfOperation *
operation(const char *kind, SfRiskVerb verb, const char *attr, Node *node)
{
	SfOperation *op = palloc0(sizeof(SfOperation));

	op->kind = kind;
	op->verb = verb;
	op->attr = attr;
	op->node = node;
	if (kind)
		op->entry = find_entry(kind, verb, attr);
	if (kind && op->entry == NULL && is_constraint(kind))
		op->entry = find_entry("constraint", verb, attr);
	return op;
}

/* A name without schema is looked up as the statement would. */
char *
sf_risk_schema(const RangeVar *relation)
{
	Oid			oid;

	if (relation->schemaname)
		return relation->schemaname;
	oid = RangeVarGetRelid(relation, NoLock, true);
	return OidIsValid(oid) ? get_namespace_name(get_rel_namespace(oid)) : NULL;
}

static SfOperation *
on_relation(SfOperation *op, const RangeVar *relation)
{
	if (relation)
	{
		op->schema = sf_risk_schema(relation);
		op->relation = relation->relname;
	}
	return op;
}

/* names: schema (perhaps), relation, then "parts" more names of which the last is the part. */
static SfOperation *
on_names(SfOperation *op, List *names, int parts)
{
	int			n = list_length(names);

	if (n > parts)
		op->relation = strVal(list_nth(names, n - parts - 1));
	if (n > parts + 1)
		op->schema = strVal(list_nth(names, n - parts - 2));
	else if (op->relation)
		op->schema = sf_risk_schema(makeRangeVar(NULL, op->relation, -1));
	if (parts > 0)
		op->part = strVal(llast(names));
	return op;
}

/* What kind of constraint has that name? */
static const char *
constraint_kind(const RangeVar *relation, const char *name, const SfRiskContext *context)
{
	const SfFact *facts[] = {context->old, context->new};
	const SfFactBase *bases[] = {context->before, context->after};
	char	   *names[] = {sf_risk_schema(relation), relation->relname, unconstify(char *, name)};

	for (int i = 0; i < lengthof(facts); i++)
		if (facts[i] && is_constraint(facts[i]->kind->name))
			return facts[i]->kind->name;
	for (int i = 0; i < lengthof(bases) && names[0]; i++)
		for (int k = 0; k < lengthof(constraint_kinds) && bases[i]; k++)
			if (sf_base_find_named(bases[i], constraint_kinds[k], 3, names))
				return constraint_kinds[k];
	return "constraint";
}

static SfOperation *
new_constraint(const Constraint *constraint, Node *node)
{
	const char *kind = NULL;
	SfRiskVerb	verb = constraint->skip_validation ? SF_RISK_CREATE_NOT_VALID : SF_RISK_CREATE;

	if (constraint->indexname)
		verb = SF_RISK_ADOPT;
	switch (constraint->contype)
	{
		case CONSTR_PRIMARY:
			kind = "primary key";
			break;
		case CONSTR_UNIQUE:
			kind = "unique";
			break;
		case CONSTR_EXCLUSION:
			kind = "exclusion";
			break;
		case CONSTR_CHECK:
			kind = "check";
			break;
		case CONSTR_FOREIGN:
			kind = "foreign key";
			break;
		case CONSTR_NOTNULL:	/* from 18; not valid it is as cheap as a check */
			if (verb == SF_RISK_CREATE)
				return operation("column", SF_RISK_ALTER, "not_null", node);
			kind = "check";
			break;
		default:
			kind = "constraint";
			break;
	}
	return operation(kind, verb, NULL, node);
}

static SfOperation *
alter_command(const AlterTableStmt *statement, AlterTableCmd *cmd, const SfRiskContext *context)
{
	bool		index = statement->objtype == OBJECT_INDEX;

	/* Owners and options of what is not a table; an index's own parameters have its own attributes. */
	if (cmd->subtype == AT_ChangeOwner)
		return operation("owner", SF_RISK_ALTER, kind_of(statement->objtype), (Node *) cmd);
	if (statement->objtype == OBJECT_TYPE)
		return operation("attribute", cmd->subtype == AT_AddColumn ? SF_RISK_CREATE :
						 cmd->subtype == AT_DropColumn ? SF_RISK_DROP : SF_RISK_ALTER, NULL, (Node *) cmd);
	if (statement->objtype == OBJECT_SEQUENCE || statement->objtype == OBJECT_VIEW)
		return operation(kind_of(statement->objtype), SF_RISK_ALTER, NULL, (Node *) cmd);
	switch (cmd->subtype)
	{
		case AT_ColumnDefault:
			return operation("default", cmd->def ? SF_RISK_ALTER : SF_RISK_DROP, NULL, (Node *) cmd);
		case AT_AddConstraint:
			return new_constraint(castNode(Constraint, cmd->def), (Node *) cmd);
		case AT_AlterConstraint:
			/* Until 17 no other kind can be altered. */
			return operation("foreign key", SF_RISK_ALTER, NULL, (Node *) cmd);
		case AT_AttachPartition:
			return index ? operation("index", SF_RISK_ALTER, "attached", (Node *) cmd) :
				operation("partition", SF_RISK_CREATE, NULL, (Node *) cmd);
		case AT_DetachPartition:
			return operation("partition", castNode(PartitionCmd, cmd->def)->concurrent ?
							 SF_RISK_DROP_CONCURRENTLY : SF_RISK_DROP, NULL, (Node *) cmd);
		case AT_DetachPartitionFinalize:
			return operation("partition", SF_RISK_ALTER, NULL, (Node *) cmd);
		case AT_AddInherit:
			return operation("inheritance", SF_RISK_CREATE, NULL, (Node *) cmd);
		case AT_DropInherit:
			return operation("inheritance", SF_RISK_DROP, NULL, (Node *) cmd);
		case AT_ValidateConstraint:
		case AT_DropConstraint:
			return operation(constraint_kind(statement->relation, cmd->name, context),
							 cmd->subtype == AT_DropConstraint ? SF_RISK_DROP : SF_RISK_VALIDATE, NULL, (Node *) cmd);
		default:
			break;
	}
	for (int i = 0; i < lengthof(commands); i++)
		if (commands[i].type == cmd->subtype)
			return operation(index ? "index" : commands[i].kind, commands[i].verb, commands[i].attr, (Node *) cmd);
	return operation("table", SF_RISK_ALTER, "other", (Node *) cmd);	/* has no entry: the strongest is taken */
}

static List *
classify_alter_table(AlterTableStmt *statement, const SfRiskContext *context)
{
	List	   *operations = NIL;
	ListCell   *lc;

	foreach(lc, statement->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);
		SfOperation *op = on_relation(alter_command(statement, cmd, context), statement->relation);

		op->part = cmd->name;
		if (cmd->subtype == AT_AddColumn)
			op->part = ((ColumnDef *) cmd->def)->colname;
		if (cmd->subtype == AT_AddConstraint && castNode(Constraint, cmd->def)->contype == CONSTR_NOTNULL)
			op->part = strVal(linitial(castNode(Constraint, cmd->def)->keys));
		operations = lappend(operations, op);
	}
	return operations;
}

/* A call of ours that does what ALTER TABLE does. */
static List *
classify_select(Node *statement, const SfRiskContext *context)
{
	AlterTableStmt *added = sf_added_statement(statement);
	List	   *operations = added ? classify_alter_table(added, context) : NIL;
	ListCell   *lc;

	foreach(lc, operations)
	{
		SfOperation *op = lfirst(lc);

		op->verb = SF_RISK_CREATE_TRIED;
		op->entry = find_entry(op->kind, op->verb, NULL);
	}
	return operations ? operations : list_make1(operation(NULL, SF_RISK_CREATE, NULL, statement));
}

static List *
classify_rename(RenameStmt *statement, const SfRiskContext *context)
{
	ObjectType	type = statement->renameType;
	const char *kind = kind_of(type);
	SfOperation *op;

	if (type == OBJECT_TABCONSTRAINT && statement->relation)
		kind = constraint_kind(statement->relation, statement->subname, context);
	/* ALTER TABLE is taken for any relation. */
	if (type == OBJECT_COLUMN && statement->relationType != OBJECT_TABLE && statement->relationType != OBJECT_MATVIEW)
		kind = NULL;
	op = on_relation(operation(kind, SF_RISK_RENAME, NULL, (Node *) statement), statement->relation);
	op->part = statement->subname;
	if (statement->relation == NULL && statement->object && IsA(statement->object, List))
		on_names(op, (List *) statement->object, 0);
	return list_make1(op);
}

static List *
classify_drop(DropStmt *statement)
{
	List	   *operations = NIL;
	const char *kind = kind_of(statement->removeType);
	SfRiskVerb	verb = statement->concurrent ? SF_RISK_DROP_CONCURRENTLY : SF_RISK_DROP;
	int			parts = statement->removeType == OBJECT_TRIGGER || statement->removeType == OBJECT_POLICY ||
		statement->removeType == OBJECT_RULE;
	ListCell   *lc;

	foreach(lc, statement->objects)
	{
		SfOperation *op = operation(kind, verb, NULL, (Node *) statement);

		if (IsA(lfirst(lc), List))
			on_names(op, lfirst(lc), parts);
		else if (IsA(lfirst(lc), TypeName))
			on_names(op, ((TypeName *) lfirst(lc))->names, 0);
		operations = lappend(operations, op);
	}
	return operations;
}

static List *
classify_domain(AlterDomainStmt *statement)
{
	static const struct
	{
		char		subtype;
		const char *kind;
		SfRiskVerb	verb;
		const char *attr;
	}			subtypes[] =
	{
		{'T', "domain", SF_RISK_ALTER, "default"},
		{'N', "domain", SF_RISK_UNSET, "not_null"},
		{'O', "domain", SF_RISK_ALTER, "not_null"},
		{'C', "domain constraint", SF_RISK_CREATE, NULL},
		{'X', "domain constraint", SF_RISK_DROP, NULL},
		{'V', "domain constraint", SF_RISK_VALIDATE, NULL},
	};

	for (int i = 0; i < lengthof(subtypes); i++)
		if (subtypes[i].subtype == (char) statement->subtype)
		{
			bool		not_valid = subtypes[i].subtype == 'C' && ((Constraint *) statement->def)->skip_validation;
			SfOperation *op = operation(subtypes[i].kind, not_valid ? SF_RISK_CREATE_NOT_VALID : subtypes[i].verb,
										subtypes[i].attr, (Node *) statement);

			return list_make1(on_names(op, statement->typeName, 0));
		}
	return NIL;
}

/* COMMENT ON a constraint is keyed by "constraint", on a table's column by "column". */
static List *
classify_comment(CommentStmt *statement)
{
	const char *what = kind_of(statement->objtype);
	SfOperation *op = operation("comment", SF_RISK_ALTER, what, (Node *) statement);
	bool		part = statement->objtype == OBJECT_COLUMN || statement->objtype == OBJECT_TABCONSTRAINT;

	if (IsA(statement->object, List))
		on_names(op, (List *) statement->object, part);
	return list_make1(op);
}

List *
sf_risk_classify(Node *statement, const SfRiskContext *context)
{
	switch (nodeTag(statement))
	{
		case T_AlterTableStmt:
			return classify_alter_table((AlterTableStmt *) statement, context);
		case T_SelectStmt:
			return classify_select(statement, context);
		case T_RenameStmt:
			return classify_rename((RenameStmt *) statement, context);
		case T_DropStmt:
			return classify_drop((DropStmt *) statement);
		case T_CommentStmt:
			return classify_comment((CommentStmt *) statement);
		case T_AlterDomainStmt:
			return classify_domain((AlterDomainStmt *) statement);
		case T_CreateStmt:
			return list_make1(on_relation(operation("table", SF_RISK_CREATE, NULL, statement),
										  ((CreateStmt *) statement)->relation));
		case T_IndexStmt:
			return list_make1(on_relation(operation("index", ((IndexStmt *) statement)->concurrent ?
													SF_RISK_CREATE_CONCURRENTLY : SF_RISK_CREATE, NULL, statement),
										  ((IndexStmt *) statement)->relation));
		case T_AlterObjectSchemaStmt:
			{
				AlterObjectSchemaStmt *move = (AlterObjectSchemaStmt *) statement;
				SfOperation *op = operation(kind_of(move->objectType), SF_RISK_RENAME, NULL, statement);

				return list_make1(on_relation(op, move->relation));
			}
		case T_AlterOwnerStmt:
			return list_make1(operation("owner", SF_RISK_ALTER, NULL, statement));
		case T_AlterEnumStmt:
			if (((AlterEnumStmt *) statement)->oldVal)
				return list_make1(operation("type", SF_RISK_RENAME, NULL, statement));
			return list_make1(operation("enum", SF_RISK_ALTER, "labels", statement));
		case T_CreateEnumStmt:
			return list_make1(operation("enum", SF_RISK_CREATE, NULL, statement));
		case T_CreateDomainStmt:
			return list_make1(operation("domain", SF_RISK_CREATE, NULL, statement));
		case T_CreateSeqStmt:
			return list_make1(operation("sequence", SF_RISK_CREATE, NULL, statement));
		case T_AlterSeqStmt:
			return list_make1(operation("sequence", SF_RISK_ALTER, NULL, statement));
		case T_CreateFunctionStmt:
			return list_make1(operation("function", ((CreateFunctionStmt *) statement)->replace ? SF_RISK_ALTER :
										SF_RISK_CREATE, NULL, statement));
		case T_CreateTrigStmt:
			return list_make1(on_relation(operation("trigger", SF_RISK_CREATE, NULL, statement),
										  ((CreateTrigStmt *) statement)->relation));
		case T_CreatePolicyStmt:
			return list_make1(on_relation(operation("policy", SF_RISK_CREATE, NULL, statement),
										  ((CreatePolicyStmt *) statement)->table));
		case T_AlterPolicyStmt:
			return list_make1(on_relation(operation("policy", SF_RISK_ALTER, NULL, statement),
										  ((AlterPolicyStmt *) statement)->table));
		case T_RuleStmt:
			return list_make1(on_relation(operation("rule", SF_RISK_CREATE, NULL, statement),
										  ((RuleStmt *) statement)->relation));
		case T_CreateStatsStmt:
			{
				List	   *from = ((CreateStatsStmt *) statement)->relations;
				SfOperation *op = operation("statistics", SF_RISK_CREATE, NULL, statement);

				return list_make1(on_relation(op, from && IsA(linitial(from), RangeVar) ? linitial(from) : NULL));
			}
		case T_UpdateStmt:
			return list_make1(on_relation(operation("rows", SF_RISK_ALTER, NULL, statement),
										  ((UpdateStmt *) statement)->relation));
		case T_DeleteStmt:
			return list_make1(on_relation(operation(NULL, SF_RISK_DROP, NULL, statement),
										  ((DeleteStmt *) statement)->relation));
		case T_GrantStmt:
			return list_make1(operation("grant", ((GrantStmt *) statement)->is_grant ? SF_RISK_CREATE : SF_RISK_DROP,
										NULL, statement));
		default:
			return list_make1(operation(NULL, SF_RISK_CREATE, NULL, statement));
	}
}
