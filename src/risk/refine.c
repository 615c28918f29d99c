/*
 * refine.c - what depends on the case: the functions that the entries of the table name.
 *
 * Facts of the plan's two states tell what is named and what surrounds it.  Whatever is not known leaves the entry's
 * own, cautious answer.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "facts/transforms.h"
#include "kinds/kind.h"
#include "parser/parser.h"
#include "risk/refine.h"
#include "utils/lsyscache.h"

void
sf_risk_add_lock(SfRisk *risk, char *schema, char *name, LOCKMODE mode)
{
	ListCell   *lc;

	if (mode == NoLock || name == NULL)
		return;
	foreach(lc, risk->locks)
	{
		SfRiskLock *lock = lfirst(lc);

		if (!lock->index && sf_streq(lock->schema, schema) && strcmp(lock->name, name) == 0)
		{
			lock->mode = Max(lock->mode, mode);
			return;
		}
	}
	{
		SfRiskLock *lock = palloc0(sizeof(SfRiskLock));

		lock->schema = schema;
		lock->name = name;
		lock->mode = mode;
		risk->locks = lappend(risk->locks, lock);
	}
}

void
sf_risk_add_range(SfRisk *risk, const RangeVar *relation, LOCKMODE mode)
{
	if (relation)
		sf_risk_add_lock(risk, sf_risk_schema(relation), relation->relname, mode);
}

const SfFact *
sf_risk_table_of(const SfFact *fact)
{
	while (fact && strcmp(fact->kind->name, "table") != 0)
		fact = fact->parent;
	return fact;
}

const SfFact *
sf_risk_find_relation(const SfFactBase *base, char *schema, char *name)
{
	static const char *const kinds[] = {"table", "materialized view", "foreign table", "view"};
	char	   *names[2] = {schema, name};
	const SfFact *fact = NULL;

	for (int i = 0; i < lengthof(kinds) && fact == NULL && schema; i++)
		fact = sf_base_find_named(base, kinds[i], 2, names);
	return fact;
}

const SfFact *
sf_risk_fact(const SfRiskCase *it, const char *kind)
{
	const SfOperation *op = it->operation;
	char	   *names[3] = {op->schema, op->relation, op->part};
	int			n = op->part && strcmp(kind, "table") != 0 ? 3 : 2;
	const SfFact *old = it->context->old;

	if (old && sf_is_kind(old, kind))
		return old;
	if (it->context->before == NULL || op->schema == NULL || op->relation == NULL)
		return NULL;
	return sf_base_find_named(it->context->before, kind, n, names);
}

/* A generated column has its values from its row, and again when it comes back or is made anew in the same plan. */
void
sf_refine_column_drop(SfRisk *risk, const SfRiskCase *it)
{
	const SfFact *column = sf_risk_fact(it, "column");

	sf_refine_partners(risk, it);
	if (column && sf_is_generated(column) && (column->twin == NULL || sf_is_generated(column->twin)))
	{
		risk->why = column->twin ? "its values are computed anew" : "its values were computed from the rest of the row";
		risk->effects &= ~SF_RISK_LOSES;
	}
}

static bool
is_serial(const TypeName *type)
{
	static const char *const serials[] = {"serial", "serial2", "serial4", "serial8", "smallserial", "bigserial"};

	for (int i = 0; i < lengthof(serials); i++)
		if (strcmp(strVal(llast(type->names)), serials[i]) == 0)
			return true;
	return false;
}

/* Each row gets a value of its own: the table is written anew.  Else the value is noted once, in the catalog. */
void
sf_refine_column_create(SfRisk *risk, const SfRiskCase *it)
{
	ColumnDef  *column = (ColumnDef *) ((AlterTableCmd *) it->operation->node)->def;
	bool		has_default = false;
	bool		not_null = false;
	bool		each_its_own;
	bool		by_domain = sf_domain_gives(it->context->after, column->typeName, &each_its_own);
	const char *rewrites = NULL;
	ListCell   *lc;

	sf_risk_lock_referenced(risk, column->constraints, it->entry->partner);
	foreach(lc, column->constraints)
	{
		Constraint *constraint = lfirst_node(Constraint, lc);

		switch (constraint->contype)
		{
			case CONSTR_DEFAULT:
				has_default = true;
				if (sf_default_volatile(constraint->raw_expr) &&
					!(it->alone && sf_default_inlined(constraint->raw_expr)))
					rewrites = "the default gives each row a value of its own";
				break;
			case CONSTR_IDENTITY:
				rewrites = "each row gets a number";
				break;
			case CONSTR_GENERATED:
				if (!sf_is_virtual(constraint))
					rewrites = "the value is computed for each row";
				break;
			case CONSTR_NOTNULL:
				not_null = true;
				break;
			case CONSTR_CHECK:
			case CONSTR_UNIQUE:
			case CONSTR_PRIMARY:
				risk->effects |= SF_RISK_SCANS;
				break;
			case CONSTR_FOREIGN:
				/* Checked at once when the rows get a value. */
				break;
			default:
				break;
		}
	}
	if (is_serial(column->typeName))
		rewrites = "each row gets a number";
	else if (!has_default && each_its_own)
		rewrites = "the domain's default gives each row a value of its own";
	else if (it->entry->verb != SF_RISK_CREATE_TRIED &&
			 sf_domain_constrained(it->context->after, column->typeName))
		rewrites = "the domain's constraints are checked for each row";
	if (rewrites)
	{
		risk->effects |= SF_RISK_REWRITES | SF_RISK_SCANS;
		risk->why = rewrites;
	}
	else if (not_null && !has_default && !by_domain)
	{
		risk->effects |= SF_RISK_NEEDS_EMPTY;
		risk->why = "fails when the table has rows: they have no value for it";
	}
	if (has_default)
		foreach(lc, column->constraints)
			if (((Constraint *) lfirst(lc))->contype == CONSTR_FOREIGN)
				risk->effects |= SF_RISK_SCANS;
}

/* Does an index, a constraint's perhaps, have an expression or a predicate?  The server never keeps those. */
static bool
is_computed(const SfFact *index)
{
	const char *text = sf_is_kind(index, "index") ? sf_attr(index, "definition") : NULL;
	const char *columns = text ? strchr(text, '(') : NULL;

	if (columns == NULL)
		return sf_is_kind(index, "exclusion");
	for (const char *p = columns + 1; (p = strchr(p, '(')) != NULL; p++)
		if (p - text < 8 || strncmp(p - 8, "INCLUDE ", 8) != 0)
			return true;
	return sf_attr(index, "predicate") != NULL;
}

/* Rows stay as they are; are they read for what depends on the column?  proven: not for its checks. */
static bool
dependents_read(const SfFact *column, bool sorts, bool proven)
{
	static const char *const indexes[] = {"index", "primary key", "unique", "exclusion"};
	ListCell   *lc;

	foreach(lc, column->needed_by)
	{
		const SfFact *from = ((SfEdge *) lfirst(lc))->from;

		if (sf_is_kind(from, "check") && !proven)
			return true;
		for (int i = 0; i < lengthof(indexes); i++)
			if (sf_is_kind(from, indexes[i]) && (sorts || is_computed(from)))
				return true;
	}
	return false;
}

static const SfFact *
find_enum(const SfFactBase *base, const TypeName *type)
{
	char	   *names[2];

	if (base == NULL || type == NULL || list_length(type->names) != 2)
		return NULL;
	names[0] = strVal(linitial(type->names));
	names[1] = strVal(lsecond(type->names));
	return sf_base_find_named(base, "enum", 2, names);
}

static bool
has_value(const SfFact *enumeration, const SfFact *value)
{
	ListCell   *lc;

	foreach(lc, enumeration->children)
	{
		const SfFact *other = lfirst(lc);

		if (other->kind == value->kind && (other == value->twin || strcmp(sf_last(other), sf_last(value)) == 0))
			return true;
	}
	return false;
}

/* Does it become an enum that has not all the values?  The catalogs do not know one that the plan makes. */
static bool
lacks_values(const SfRiskContext *context, const char *old_type, const TypeName *type)
{
	const SfFact *new = find_enum(context->after, type);
	const SfFact *old = new ? find_enum(context->before, sf_type_name(old_type)) : NULL;
	ListCell   *lc;

	foreach(lc, old ? old->children : NIL)
		if (sf_is_kind(lfirst(lc), "enum value") && !has_value(new, lfirst(lc)))
			return true;
	return new && old == NULL;
}

void
sf_refine_column_type(SfRisk *risk, const SfRiskCase *it)
{
	AlterTableCmd *cmd = (AlterTableCmd *) it->operation->node;
	ColumnDef  *definition = (ColumnDef *) cmd->def;
	const SfFact *column = sf_risk_fact(it, "column");
	SfTypeChange change;

	if (column == NULL)
		return;
	sf_risk_lock_keys_of(risk, column, it->entry->partner);
	change = sf_type_change(sf_attr(column, "type"), definition->typeName, cmd->name, definition->raw_default,
							it->context->time_zone);
	if (lacks_values(it->context, sf_attr(column, "type"), definition->typeName))
		change.may_fail = true;
	if (change.known && !change.rewrites)
	{
		risk->effects &= ~(SF_RISK_REWRITES | SF_RISK_SCANS);
		if (dependents_read(column, change.sorts || definition->collClause || sf_attr(column, "collation"),
							it->context->proven))
			risk->effects |= SF_RISK_SCANS;
	}
	if (change.loses)
	{
		risk->effects |= SF_RISK_LOSES;
		risk->why = "values that do not fit the new type are rounded or cut";
	}
	else if (change.may_fail)
		risk->why = "fails when a value does not fit the new type";
}

/* By itself, or as one of those that AND joins: the server believes both. */
static bool
says_not_null(const Node *node, const char *column)
{
	const NullTest *test = (const NullTest *) node;
	ListCell   *lc;

	if (IsA(node, BoolExpr) && ((const BoolExpr *) node)->boolop == AND_EXPR)
		foreach(lc, ((const BoolExpr *) node)->args)
			if (says_not_null(lfirst(lc), column))
				return true;
	return IsA(node, NullTest) && test->nulltesttype == IS_NOT_NULL && IsA(test->arg, ColumnRef) &&
		strcmp(strVal(llast(((const ColumnRef *) test->arg)->fields)), column) == 0;
}

bool
sf_risk_proves_not_null(const SfFact *table, const char *column)
{
	ListCell   *lc;

	foreach(lc, table->children)
	{
		const SfFact *check = lfirst(lc);
		const char *text = sf_is_kind(check, "check") && sf_attr(check, "not_valid") == NULL ?
			sf_attr(check, "definition") : NULL;

		/* Not one with NO INHERIT behind it. */
		if (text && strncmp(text, "CHECK (", 7) == 0 && text[strlen(text) - 1] == ')' && strstr(text, " IS NOT NULL") &&
			says_not_null(sf_transform_parse(text + 6), column))
			return true;
	}
	return false;
}

/* The original's DROP NOT NULL took it from all copies, just before. */
static bool
was_dropped(const SfRiskContext *context)
{
	return context->old && context->new && sf_is_kind(context->old, "column") &&
		sf_attr(context->old, "not_null") && sf_attr(context->new, "not_null") == NULL;
}

void
sf_refine_not_null(SfRisk *risk, const SfRiskCase *it)
{
	const SfFact *column = sf_risk_fact(it, "column");

	if (it->context->proven)
		risk->why = "a valid check proves it, nothing is read";
	else if (column && sf_attr(column, "not_null") && !was_dropped(it->context))
		risk->why = "it is so already";
	else if (column && column->parent && sf_risk_proves_not_null(column->parent, sf_last(column)))
		risk->why = "a valid check proves it, nothing is read";
	else
		return;
	risk->effects &= ~SF_RISK_SCANS;
}

/* That of a column that the plan makes: nobody relies on it. */
void
sf_refine_default_drop(SfRisk *risk, const SfRiskCase *it)
{
	const SfOperation *op = it->operation;
	const SfFactBase *before = it->context->before;
	char	   *names[3] = {op->schema, op->relation, op->part};

	if (before && op->schema && op->part && sf_risk_find_relation(before, op->schema, op->relation) &&
		!sf_base_find_named(before, "column", 3, names))
		risk->effects &= ~SF_RISK_NARROWS;
}

/* That of an index: nobody says it. */
void
sf_refine_column_name(SfRisk *risk, const SfRiskCase *it)
{
	const SfOperation *op = it->operation;
	const SfFactBase *before = it->context->before,
			   *after = it->context->after;

	if (before && after && op->schema && !sf_risk_find_relation(before, op->schema, op->relation) &&
		!sf_risk_find_relation(after, op->schema, op->relation))
	{
		risk->why = NULL;
		risk->effects &= ~SF_RISK_NARROWS;
	}
}

/* The lock that counts is on the index's table. */
void
sf_refine_index_drop(SfRisk *risk, const SfRiskCase *it)
{
	const SfFact *index = sf_risk_fact(it, "index");

	if (index && index->parent)
	{
		risk->locks = NIL;
		sf_risk_add_lock(risk, index->parent->name[0], index->parent->name[1], it->entry->lock);
	}
}

/* Rows that are done are left out, and nothing but the row is looked at: so it may be done piece by piece. */
void
sf_refine_rows(SfRisk *risk, const SfRiskCase *it)
{
	const UpdateStmt *update = (const UpdateStmt *) it->operation->node;

	if (update->whereClause && update->fromClause == NIL && !sf_returns(update) && update->withClause == NULL)
		risk->effects |= SF_RISK_FILLS;
}
