/*
 * recipes_shadow.c - a bracket that exchanges columns: what comes ahead of the gate, and the transaction behind it.
 */
#include "postgres.h"

#include "phases/dual.h"
#include "phases/recipes_shadow.h"

SfShadow *
sf_shadow_exchanged(const SfPlan *plan, const SfAction *action)
{
	ListCell   *lc;

	foreach(lc, action->verb == SF_VERB_CREATE ? plan->shadows : NIL)
		if (((SfShadow *) lfirst(lc))->new == action->new)
			return lfirst(lc);
	return NULL;
}

SfShadow *
sf_shadow_ends(const SfPlan *plan, const SfAction *action)
{
	ListCell   *lc;

	foreach(lc, action->verb == SF_VERB_DROP ? plan->shadows : NIL)
		if (((SfShadow *) lfirst(lc))->old == action->old)
			return lfirst(lc);
	return NULL;
}

bool
sf_shadow_within(const SfPlan *plan, List *actions)
{
	ListCell   *lc;

	foreach(lc, plan->shadows ? actions : NIL)
		if (sf_shadow_exchanged(plan, lfirst(lc)))
			return true;
	return false;
}

static SfShadowBracket *
bracket_of(const SfPlan *plan, List *actions)
{
	SfShadowBracket *bracket = palloc0(sizeof(SfShadowBracket));
	ListCell   *lc;

	bracket->plan = plan;
	bracket->actions = actions;
	foreach(lc, actions)
	{
		SfShadow   *shadow = sf_shadow_exchanged(plan, lfirst(lc));

		if (shadow == NULL)
			continue;
		bracket->shadows = lappend(bracket->shadows, shadow);
		if (shadow->whole == NULL)
			bracket->tables = list_append_unique_ptr(bracket->tables, shadow->new->parent);
	}
	return bracket;
}

/* ---- in order ---- */

/* The action that gives the table its first shadow: what is done for all of them is told of it. */
static const SfAction *
first_of(const SfShadowBracket *bracket, const SfFact *table)
{
	ListCell   *lc;

	foreach(lc, bracket->actions)
	{
		const SfShadow *shadow = sf_shadow_exchanged(bracket->plan, lfirst(lc));

		if (shadow && shadow->new->parent == table && shadow->whole == NULL)
			return lfirst(lc);
	}
	return NULL;
}

/*
 * The planner has to know the new columns' values before they are read by their names.  Those of partitions are
 * read with the whole, those of inheriting tables are not.
 */
static List *
analyze(const SfFact *column)
{
	List	   *statements = NIL;
	ListCell   *lc;

	foreach(lc, sf_dual_tables(column))
	{
		const SfFact *table = sf_shadow_table(lfirst(lc));

		statements = sf_add_statement(statements, psprintf("ANALYZE %s", sf_name(table)), false, true);
		((SfStatement *) llast(statements))->alone = true;
	}
	return statements;
}

/* A table's new columns and their trigger in one transaction: no row is written between them. */
static List *
add_columns(const SfShadowBracket *bracket, const SfFact *table)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, bracket->actions)
	{
		const SfShadow *shadow = sf_shadow_exchanged(bracket->plan, lfirst(lc));

		if (shadow && sf_shadow_whole(shadow)->new->parent == table)
			result = sf_place(result, lfirst(lc), sf_shadow_add_column(bracket, shadow));
	}
	result = sf_place(result, first_of(bracket, table), sf_shadow_tie(bracket, table));
	foreach(lc, result)
		((SfPlaced *) lfirst(lc))->statement.joined = lc != list_head(result);
	return result;
}

/* What is made for the columns: their types before them, the rest when they are filled. */
static List *
parts(SfShadowBracket *bracket, List *result, bool types)
{
	ListCell   *lc;

	foreach(lc, bracket->actions)
	{
		const SfAction *action = lfirst(lc);
		SfShadowPart *part = action->kind->swaps == types ? sf_shadow_part(bracket, action) : NULL;

		if (part)
			result = sf_place(result, action, part->needed);
	}
	return result;
}

static List *
ahead(SfShadowBracket *bracket)
{
	List	   *result = NIL;
	ListCell   *lc;

	result = parts(bracket, result, true);
	foreach(lc, bracket->tables)
		result = list_concat(result, add_columns(bracket, lfirst(lc)));
	foreach(lc, bracket->tables)
		result = sf_place(result, first_of(bracket, lfirst(lc)), sf_shadow_fill(bracket, lfirst(lc)));
	result = sf_shadow_prove(result, bracket);
	result = parts(bracket, result, false);
	foreach(lc, bracket->tables)
		result = sf_place(result, first_of(bracket, lfirst(lc)), analyze(first_of(bracket, lfirst(lc))->new));
	return result;
}

/* What is made ahead: the fact, or what it is a copy of. */
static const SfShadowPart *
part_of(const SfShadowBracket *bracket, const SfAction *action)
{
	const SfFact *fact = action->new;
	ListCell   *lc;

	for (; fact; fact = sf_comes_along(fact) ? sf_implied_by(fact) : NULL)
		foreach(lc, action->verb == SF_VERB_CREATE ? bracket->parts : NIL)
			if (((SfShadowPart *) lfirst(lc))->fact == fact)
				return lfirst(lc);
	return NULL;
}

/* The part's new name (a copy's comes with it) instead of the plan's CREATE, and what the plan says behind that. */
static List *
give_name(const SfShadowBracket *bracket, const SfAction *action, const SfShadowPart *part)
{
	List	   *statements = part->fact == action->new ? list_copy(part->given) : NIL;
	int			said = list_length(sf_render_create(bracket->plan, action, 0));

	return sf_add_statements(statements, action->statements, said, false);
}

static List *
exchange_one(const SfShadowBracket *bracket, const SfAction *action)
{
	const SfShadow *begun = sf_shadow_exchanged(bracket->plan, action),
			   *ended = sf_shadow_ends(bracket->plan, action);
	const SfShadowPart *part = part_of(bracket, action);

	if (begun)
		return sf_shadow_take_place(bracket, begun);
	if (ended)
		return sf_shadow_drop_old(bracket, ended, action);
	if (part)
		return give_name(bracket, action, part);
	return sf_recipe_statements(bracket->plan, action, bracket->actions);
}

/* Those of a stage; closing: one transaction behind the gate, or what comes after it. */
static List *
of_stage(List *all, SfStage stage, bool closing)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, all)
	{
		SfPlaced *one = lfirst(lc);

		if (one->statement.stage != stage)
			continue;
		one->statement.closing = closing;
		one->statement.validates = one->statement.validates && !closing;
		/* What else waits for the gate may read a table: not while all these are locked. */
		one->statement.alone = one->statement.alone || stage == SF_INSIDE;
		if (stage == SF_INSIDE)
			one->statement.joined = result != NIL;
		result = lappend(result, one);
	}
	return result;
}

/* Each by itself, behind the gate. */
static List *
again(const SfShadowBracket *bracket)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, bracket->actions)
	{
		const SfShadowPart *part = part_of(bracket, lfirst(lc));

		if (part && part->fact == ((SfAction *) lfirst(lc))->new)
			result = sf_place(result, lfirst(lc), part->again);
	}
	foreach(lc, result)
	{
		SfStatement *statement = &((SfPlaced *) lfirst(lc))->statement;

		statement->closing = statement->alone = true;
	}
	return result;
}

List *
sf_shadow_statements(const SfPlan *plan, List *actions)
{
	SfShadowBracket *bracket = bracket_of(plan, actions);
	List	   *result = ahead(bracket),
			   *exchange = NIL;
	ListCell   *lc;

	foreach(lc, bracket->tables)
		exchange = sf_place(exchange, first_of(bracket, lfirst(lc)), sf_shadow_untie(bracket, lfirst(lc)));
	foreach(lc, actions)
		exchange = sf_place(exchange, lfirst(lc), exchange_one(bracket, lfirst(lc)));
	result = list_concat(result, of_stage(exchange, SF_BEFORE, false));
	result = list_concat(result, again(bracket));
	result = list_concat(result, of_stage(exchange, SF_INSIDE, true));
	return list_concat(result, of_stage(exchange, SF_AFTER, true));
}
