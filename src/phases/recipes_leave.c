/*
 * recipes_leave.c - a column that goes, of a big table: in two phases.
 *
 * When the new version of the application comes, it does not know the column any more, and the old one needs it still.
 * So rows without it are let in: with what @down says that the old version sees there, else with its default, else with
 * NULL.  The column itself goes behind the gate.
 *
 * A table that goes lets go of the big ones that its foreign keys name, one by one.
 */
#include "postgres.h"

#include "phases/bracket.h"
#include "phases/dual.h"
#include "phases/recipes_archive.h"
#include "phases/recipes_parts.h"
#include "plan/emit.h"

/* What the user says that the old version sees in a row of the new one. */
static const char *
value_back(const SfPlan *plan, const SfFact *column)
{
	SfEmit		out = {.fills = plan->back};

	return sf_fill(&out, column);
}

/* Does a row need a value for it that nobody else gives? */
static bool
needs_value(const SfFact *column)
{
	return sf_attr(column, "not_null") && !sf_child_of(column, "default") && !sf_child_of(column, "identity") &&
		!sf_child_of(column, "generated");
}

/* The primary key that it is a column of, or NULL. */
static const SfFact *
primary_key_of(const SfFact *column)
{
	ListCell   *lc;

	foreach(lc, column->needed_by)
		if (sf_is_kind(((SfEdge *) lfirst(lc))->from, "primary key"))
			return ((SfEdge *) lfirst(lc))->from;
	return NULL;
}

/* What drops the key so that another one takes its place, without the column; NULL: none does. */
static const SfAction *
replaced_by(const SfPlan *plan, const SfFact *key)
{
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		const SfAction *action = lfirst(lc);

		if (action->verb == SF_VERB_DROP && action->old == key && (action->rebuild || sf_successor(plan, action)))
			return action;
	}
	return NULL;
}

/* Columns of a primary key cannot be made NULL while that stands. */
bool
sf_can_be_left_out(const SfPlan *plan, const SfFact *column)
{
	const SfFact *key = needs_value(column) && value_back(plan, column) == NULL ? primary_key_of(column) : NULL;

	return key == NULL || replaced_by(plan, key);
}

/* Of one that can be left out: the other key may come only behind the gate. */
static bool
can_be_null(const SfPlan *plan, const SfFact *column)
{
	const SfFact *key = primary_key_of(column);

	return key == NULL || !replaced_by(plan, key)->late;
}

static SfDual *
new_dual(bool up, bool fill, const SfFact *column, const char *expression)
{
	SfDual	   *dual = palloc0(sizeof(SfDual));

	dual->up = up;
	dual->fill = fill;
	dual->column = sf_last(column);
	dual->expression = expression;
	return dual;
}

/*
 * Which way a row goes is said by the new columns of the table that have an expression.  Where there is none, whoever
 * leaves the old one out is the new version.
 */
static List *
duals_of(const SfPlan *plan, const SfFact *column, const char *expression)
{
	SfEmit		out = {.fills = plan->fills};
	List	   *duals = NIL;
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		const SfAction *action = lfirst(lc);
		const SfFact *new = action->verb == SF_VERB_CREATE && sf_is_kind(action->new, "column") ? action->new : NULL;

		if (new && new->parent->twin == column->parent && sf_fill(&out, new))
			duals = lappend(duals, new_dual(true, false, new, sf_fill(&out, new)));
	}
	return lappend(duals, new_dual(false, duals == NIL, column, expression));
}

List *
sf_leave_out(const SfPlan *plan, const SfFact *column)
{
	const char *expression = value_back(plan, column);
	const SfFact *table = column->parent->twin;
	List	   *duals = expression ? duals_of(plan, column, expression) : NIL,
			   *statements = NIL;
	ListCell   *lc;

	if (duals)
		foreach(lc, sf_dual_create(table, column, duals))
			statements = sf_add_statement(statements, lfirst(lc), false, false);
	else if (needs_value(column) && can_be_null(plan, column))
		statements = sf_add_statement(NIL, psprintf("ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL", sf_name(table),
													sf_ident(sf_last(column))), false, false);
	foreach(lc, statements)
		((SfStatement *) lfirst(lc))->ready = true;
	if (duals)
		statements = sf_add_statement(statements, sf_dual_drop(table, column, linitial(duals)), false, false);
	return statements;
}

bool
sf_holds_big(const SfFact *foreign_key)
{
	ListCell   *lc;

	foreach(lc, sf_is_kind(foreign_key, "foreign key") ? foreign_key->needs : NIL)
	{
		const SfFact *other = sf_relation_of(((SfEdge *) lfirst(lc))->to);

		if (other != sf_relation_of(foreign_key) && other->twin && sf_is_kind(other, "table") && sf_is_big(other))
			return true;
	}
	return false;
}

List *
sf_untie(const SfPlan *plan, const SfFact *table)
{
	List	   *statements = NIL;
	SfEmit		out;
	ListCell   *lc;

	foreach(lc, table->children)
	{
		const SfFact *fact = lfirst(lc);

		if (!sf_holds_big(fact) || sf_goes_along(fact) || sf_plan_drops(plan, fact))
			continue;
		sf_plan_emit_init(&out, plan);
		fact->kind->drop(&out, fact);
		statements = sf_add_statements(statements, out.statements, 0, false);
	}
	return statements;
}
