/*
 * refine_nothing.c - statements that find what they want, and do nothing but take their lock.  See refine.h.
 *
 * The live catalogs are asked, as the server does.  Within a plan, or behind another part of the same statement, that
 * would be the state of another moment.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "commands/defrem.h"
#include "commands/tablespace.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "risk/refine.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

static Oid
relation_of(const SfOperation *op)
{
	return op->relation ? RangeVarGetRelid(makeRangeVar(op->schema, op->relation, -1), NoLock, true) : InvalidOid;
}

static bool
is_validated(Oid relation, const char *name)
{
	Oid			constraint = get_relation_constraint_oid(relation, name, true);
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	bool		valid;

	if (!HeapTupleIsValid(tuple))
		return false;
	valid = ((Form_pg_constraint) GETSTRUCT(tuple))->convalidated;
	ReleaseSysCache(tuple);
	return valid;
}

/* What is added with it is made in any case: a sequence, a constraint. */
static bool
adds_column_alone(const ColumnDef *column)
{
	const char *type = strVal(llast(column->typeName->names));
	ListCell   *lc;

	if (strstr(type, "serial"))
		return false;
	foreach(lc, column->constraints)
	{
		ConstrType	constraint = lfirst_node(Constraint, lc)->contype;

		if (constraint != CONSTR_DEFAULT && constraint != CONSTR_NULL && constraint != CONSTR_NOTNULL)
			return false;
	}
	return true;
}

static bool
command_finds_it(const AlterTableCmd *cmd, Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	FormData_pg_class form;
	Oid			space;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = *(Form_pg_class) GETSTRUCT(tuple);
	ReleaseSysCache(tuple);
	switch (cmd->subtype)
	{
		case AT_ValidateConstraint:
			return is_validated(relation, cmd->name);
		case AT_SetTableSpace:
			space = get_tablespace_oid(cmd->name, true);
			return OidIsValid(space) &&
				space == (OidIsValid(form.reltablespace) ? form.reltablespace : MyDatabaseTableSpace);
		case AT_SetLogged:
			return form.relpersistence == RELPERSISTENCE_PERMANENT;
		case AT_SetUnLogged:
			return form.relpersistence == RELPERSISTENCE_UNLOGGED;
		case AT_SetAccessMethod:
			return cmd->name && form.relam == get_table_am_oid(cmd->name, true);
		case AT_AddColumn:
			return cmd->missing_ok && adds_column_alone((ColumnDef *) cmd->def) &&
				get_attnum(relation, ((ColumnDef *) cmd->def)->colname) != InvalidAttrNumber;
		case AT_DropColumn:
			return cmd->missing_ok && get_attnum(relation, cmd->name) == InvalidAttrNumber;
		case AT_DropConstraint:
			return cmd->missing_ok && !OidIsValid(get_relation_constraint_oid(relation, cmd->name, true));
		default:
			return false;
	}
}

/* An index's name is one of its table's schema. */
static bool
index_is_there(const IndexStmt *statement, Oid relation)
{
	return statement->if_not_exists && statement->idxname &&
		OidIsValid(get_relname_relid(statement->idxname, get_rel_namespace(relation)));
}

void
sf_refine_nothing(SfRisk *risk, const SfRiskCase *it)
{
	const Node *node = it->operation->node;
	Oid			relation = relation_of(it->operation);
	bool		found;

	if (IsA(node, AlterTableCmd))
		found = OidIsValid(relation) && command_finds_it((const AlterTableCmd *) node, relation);
	else if (IsA(node, IndexStmt))
		found = OidIsValid(relation) && index_is_there((const IndexStmt *) node, relation);
	else
		return;
	if (!found)
		return;
	/* Nobody else's table is come to. */
	risk->locks = list_truncate(risk->locks, 1);
	risk->effects &= SF_RISK_TOP_LEVEL | SF_RISK_ON_INDEX;
	risk->why = "it is so already: nothing is done";
}
