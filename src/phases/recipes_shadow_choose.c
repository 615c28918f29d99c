/*
 * recipes_shadow_choose.c - which columns are replaced by others, and which would be but cannot.
 *
 * What looks possible is planned; then each statement that the plan would run is asked what it does to the tables that
 * stand.  Where one would read or write a table under a lock that stops others, the column that it is about keeps the
 * plain form, with the reason, and the rest is planned again.  So nothing is assumed to be harmless.
 */
#include "postgres.h"

#include "guc.h"
#include "miscadmin.h"
#include "phases/bracket.h"
#include "phases/recipes_archive.h"
#include "phases/recipes_shadow.h"
#include "phases/shadow_text.h"
#include "plan/emit.h"
#include "risk/risk.h"
#include "utils/guc.h"

#define MAKE_VIEW	"CREATE MATERIALIZED VIEW "

/* ---- what the expressions are ---- */

/* What the user said becomes of the column, by either of its names. */
static const char *
given_fill(List *fills, const SfFact *column, const SfFact *twin)
{
	SfEmit		out = {0};
	const char *fill;

	out.fills = fills;
	fill = sf_fill(&out, column);
	return fill ? fill : sf_fill(&out, twin);
}

const SfShadow *
sf_shadow_of(List *shadows, const SfFact *column)
{
	ListCell   *lc;

	for (; column; column = sf_implied_by(column))
		foreach(lc, shadows)
			if (((SfShadow *) lfirst(lc))->new == column)
				return lfirst(lc);
	return NULL;
}

List *
sf_shadow_renames(List *shadows, const SfFact *relation)
{
	List	   *renames = NIL;
	ListCell   *lc;

	foreach(lc, relation->children)
	{
		const SfShadow *shadow = sf_is_kind(lfirst(lc), "column") ? sf_shadow_of(shadows, lfirst(lc)) : NULL;
		SfRenamed  *renamed;

		if (shadow == NULL)
			continue;
		renamed = palloc(sizeof(SfRenamed));
		renamed->from = sf_last((SfFact *) lfirst(lc));
		renamed->to = shadow->name;
		renames = lappend(renames, renamed);
	}
	return renames;
}

/* NULL: both expressions are known; else why not. */
static char *
find_expressions(const SfPlanOptions *options, List *shadows, SfShadow *shadow)
{
	SfRenames	types = {.types = sf_shadow_types(shadows)},
				columns = {.columns = sf_shadow_renames(shadows, shadow->new->parent)};
	const char *up = given_fill(options->fills, shadow->new, shadow->old),
			   *down = given_fill(options->back, shadow->old, shadow->new);
	bool		given = up != NULL;
	char	   *why;

	if (shadow->computed)
	{
		const char *expression = sf_attr(sf_child_of(shadow->new, "generated"), "expression");

		shadow->up = sf_expression_renamed(expression, &columns);
		shadow->above = shadow->up && strcmp(shadow->up, expression) != 0;
		return shadow->up ? NULL : pstrdup("its expression names columns in a way that is not understood");
	}
	up = up ? up : sf_shadow_conversion(sf_ident(sf_last(shadow->old)), shadow->old, shadow->new);
	shadow->up = up ? sf_expression_renamed(up, &types) : NULL;
	if (shadow->up == NULL)
		return pstrdup("what gives the new values is not understood");
	if ((why = sf_shadow_refusal_of_default(shadow, given)) != NULL)
		return why;
	if (down)
	{
		shadow->down = sf_expression_renamed(down, &columns);
		return shadow->down ? NULL : pstrdup("what gives the old values names columns in a way that is not understood");
	}
	shadow->down = sf_shadow_conversion(sf_ident(shadow->name), shadow->new, shadow->old);
	if (shadow->down == NULL)
		return pstrdup("what gives the old values is not understood: say it with @down");
	if (sf_shadow_casts(shadow->new, shadow->old))
		return NULL;
	return psprintf("no cast leads from %s back to %s: say with @down what the old version of the application sees",
					sf_attr(shadow->new, "type"), sf_attr(shadow->old, "type"));
}

/* ---- which columns should be ---- */

/* Does the action alter a column that others could take the place of? */
static bool
alters_column(const SfAction *action)
{
	return action->verb == SF_VERB_ALTER && action->part == SF_PART_ALL && sf_is_kind(action->new, "column") &&
		action->table && sf_is_kind(action->new->parent, "table") && !sf_attr(action->new->parent, "of_type") &&
		!sf_comes_along(action->new);
}

/*
 * Does it make a generated column anew, because the expression or the type is another one?  One that an inheriting
 * table declares, too, goes with its parent's.
 */
static bool
is_recomputed(const SfAction *action)
{
	const SfFact *new = action->new;

	return action->verb == SF_VERB_CREATE && action->rebuild && sf_is_kind(new, "column") && new->twin &&
		action->table && sf_is_kind(new->parent, "table") && !sf_comes_along(new) &&
		sf_shadow_both_computed(new->twin, new) && !(sf_merges(new) && sf_implied_by(new)->anew) &&
		sf_is_big(action->table);
}

/* Does the action rewrite a big table, or read all of it under the strongest lock? */
static bool
is_heavy(const SfPlan *plan, const SfAction *action)
{
	ListCell   *lc;

	if (!alters_column(action))
		return false;
	/* What is read for checks only has a cheaper form: they are proved behind it. */
	foreach(lc, sf_is_big(action->old->parent) ? action->statements : NIL)
		if (sf_recipe_risk(plan, action, lfirst(lc), true) & (SF_RISK_REWRITES | SF_RISK_SCANS))
			return true;
	return false;
}

/* Does it retype a column, which no row is written for, that a generated column reads, for which all are? */
static bool
is_under_computed(const SfPlan *plan, const SfAction *action)
{
	ListCell   *lc;

	if (!alters_column(action) ||
		!(sf_changed(action->old, action->new, "type") || sf_changed(action->old, action->new, "collation")))
		return false;
	foreach(lc, plan->actions)
		if (is_recomputed(lfirst(lc)) &&
			sf_needs(sf_child_of(((SfAction *) lfirst(lc))->new, "generated"), action->new))
			return true;
	return false;
}

static bool
loses_values(const SfPlan *plan, const SfAction *action)
{
	ListCell   *lc;

	foreach(lc, action->statements)
		if (sf_recipe_risk(plan, action, lfirst(lc), false) & SF_RISK_LOSES)
			return true;
	return false;
}

static void
refuse(List **refusals, const SfFact *new, char *why)
{
	SfRefusal  *refusal = palloc(sizeof(SfRefusal));

	refusal->new = new;
	refusal->why = why;
	*refusals = lappend(*refusals, refusal);
}

/*
 * Of SfShadow, without one and those that cannot stay then: of inheriting tables, of a type that it has, or computed
 * from it.
 */
static List *
without(List *shadows, const SfShadow *one, List **refusals)
{
	List	   *rest = NIL,
			   *also = NIL;
	ListCell   *lc;

	foreach(lc, shadows)
	{
		SfShadow   *other = lfirst(lc);

		if (other == one || other->whole == one)
			continue;
		if (sf_shadow_shares_type(other, one) || sf_shadow_is_computed_from(other, one))
			also = lappend(also, other);
		else
			rest = lappend(rest, other);
	}
	foreach(lc, also)
	{
		SfShadow   *other = lfirst(lc);

		if (other->whole == NULL)
			refuse(refusals, other->new, psprintf(sf_shadow_is_computed_from(other, one) ?
												  "%s, which it is computed from, keeps the plain form" :
												  "%s has a type in common with it, and keeps the plain form",
												  sf_fact_label(one->new)));
		rest = without(rest, other, refusals);
	}
	return rest;
}

/* Does the column have a type that goes with others' columns? */
static bool
needs_type_of(List *shadows, const SfFact *column)
{
	ListCell   *lc;

	foreach(lc, column->needs)
		if (sf_shadow_type_of(shadows, ((SfEdge *) lfirst(lc))->to))
			return true;
	return false;
}

static SfShadow *
new_shadow(const SfPlan *plan, List *shadows, const SfAction *action)
{
	SfShadow   *shadow = palloc0(sizeof(SfShadow));
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, shadows)
		names = lappend(names, ((SfShadow *) lfirst(lc))->name);
	shadow->old = action->old ? action->old : action->new->twin;
	shadow->new = action->new;
	shadow->computed = sf_shadow_both_computed(shadow->old, shadow->new);
	shadow->name = sf_shadow_name(plan, names, sf_last(action->new), NULL);
	shadow->loses = loses_values(plan, action);
	return shadow;
}

/* Those that stay when it is looked at what computed ones are computed from. */
static List *
with_sources(const SfPlan *plan, List *shadows, List **refusals)
{
	List	   *known = shadows;
	ListCell   *lc;

	foreach(lc, shadows)
	{
		SfShadow   *shadow = lfirst(lc);
		char	   *why = shadow->computed && list_member_ptr(known, shadow) ?
			sf_shadow_refusal_of_sources(plan, known, shadow) : NULL;

		if (why == NULL)
			continue;
		refuse(refusals, shadow->new, why);
		known = without(known, shadow, refusals);
	}
	return known;
}

/* Those that should be replaced; with a type, all columns of it. */
static List *
candidates(const SfPlan *plan, List **refusals)
{
	List	   *shadows = NIL,
			   *seen = NIL;
	ListCell   *lc;

	/* Begins anew where a column makes others follow, or go, that stand before it. */
	for (lc = list_head(plan->actions); lc;)
	{
		SfAction   *action = lfirst(lc);
		SfShadow   *shadow;
		char	   *why;

		lc = lnext(plan->actions, lc);
		if (list_member_ptr(seen, action) || !(alters_column(action) || is_recomputed(action)) ||
			!(needs_type_of(shadows, action->new) || is_recomputed(action) || is_heavy(plan, action) ||
			  is_under_computed(plan, action)))
			continue;
		seen = lappend(seen, action);
		shadow = new_shadow(plan, shadows, action);
		why = sf_shadow_find_types(plan, shadows, shadow);
		if (why == NULL)
			why = sf_shadow_refusal(plan, shadow);
		if (why)
		{
			refuse(refusals, action->new, why);
			shadows = without(shadows, shadow, refusals);
			continue;
		}
		shadows = lappend(shadows, shadow);
		if (shadow->types)
			lc = list_head(plan->actions);
	}
	return with_sources(plan, shadows, refusals);
}

/* Says a table of itself that it has the column? Then that neither comes nor goes with its parent's. */
static bool
declares(const SfFact *copy)
{
	return sf_attr(copy, "local") != NULL;
}

/* The columns that inheriting tables declare, too, are exchanged with that of the parent. */
static List *
add_declared(List *shadows, SfShadow *whole, const SfFact *column)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, sf_copies_of(column))
	{
		SfFact	   *copy = lfirst(lc);
		SfShadow   *shadow;

		/* A partition that is new has only the new column. */
		if (copy->twin && (declares(copy) || declares(copy->twin)))
		{
			shadow = palloc(sizeof(SfShadow));
			*shadow = *whole;
			shadow->old = copy->twin;
			shadow->new = copy;
			shadow->whole = whole;
			shadows = lappend(shadows, shadow);
		}
		shadows = add_declared(shadows, whole, copy);
	}
	return shadows;
}

/* Those whose expressions are known. */
static List *
with_expressions(const SfPlanOptions *options, List *shadows, List **refusals)
{
	List	   *known = shadows,
			   *all = NIL;
	ListCell   *lc;

	foreach(lc, shadows)
	{
		SfShadow   *shadow = lfirst(lc);
		char	   *why = find_expressions(options, shadows, shadow);

		if (why == NULL || !list_member_ptr(known, shadow))
			continue;
		refuse(refusals, shadow->new, why);
		known = without(known, shadow, refusals);
	}
	foreach(lc, known)
		all = add_declared(lappend(all, lfirst(lc)), lfirst(lc), ((SfShadow *) lfirst(lc))->new);
	return all;
}

/* ---- which of them can be ---- */

/* Did the relation stand before the plan, and is it there after it? */
static bool
stands(const SfPlan *plan, const SfRiskLock *lock)
{
	const SfFact *fact = sf_risk_find_relation(plan->to, lock->schema, lock->name);

	return lock->index || (fact ? fact->twin != NULL :
						   sf_risk_find_relation(plan->from, lock->schema, lock->name) != NULL);
}

static bool
is_harmful(const SfPlan *plan, const SfPlaced *one)
{
	SfRiskContext context = {plan->from, plan->to, one->action->old, one->action->new, NULL, one->statement.proven};
	SfRisk	   *risk = sf_risk_assess(one->statement.sql, &context);
	ListCell   *lc;

	/* Filled with rows at once, which are read for it. */
	if (one->statement.closing && strncmp(one->statement.sql, MAKE_VIEW, strlen(MAKE_VIEW)) == 0)
		return true;
	if ((risk->effects & (SF_RISK_REWRITES | SF_RISK_SCANS)) == 0)
		return false;
	foreach(lc, risk->locks)
		if (((SfRiskLock *) lfirst(lc))->mode >= ShareLock && stands(plan, lfirst(lc)))
			return true;
	return false;
}

/* What has no online form at all, and what can be done instead. */
static const struct
{
	const char *kind;
	const char *choice;
}			choices[] =
{
	{"exclusion", "drop it in a migration before and make it again behind, or change the type in a quiet hour"},
	{"materialized view", "drop it in a migration before and make it again behind, or change the type in a quiet hour"},
	{"column", "all rows are written anew for it"},
};

static char *
describe(const SfFact *fact)
{
	const char *choice = NULL;

	for (int i = 0; i < lengthof(choices); i++)
		if (sf_is_kind(fact, choices[i].kind))
			choice = choices[i].choice;
	return psprintf("%s would have to be made while others wait%s%s", sf_fact_label(fact), choice ? ": " : "",
					choice ? choice : "");
}

/* Does the fact need the column, by way of others (a view) too?  seen: of SfFact, those that do not. */
static bool
leads_to(const SfFact *fact, const SfFact *column, List **seen)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, fact->needs)
	{
		SfFact	   *need = ((SfEdge *) lfirst(lc))->to;

		if (need == column)
			return true;
		if (list_member_ptr(*seen, need))
			continue;
		*seen = lappend(*seen, need);
		if (leads_to(need, column, seen))
			return true;
	}
	return false;
}

/* Of the bracket's columns the one that the statement is about: its own, one that it needs, else any. */
static SfShadow *
who_asks(const SfPlan *plan, const SfAction *action, List *actions)
{
	SfShadow   *any = sf_shadow_exchanged(plan, action);
	ListCell   *la;

	foreach(la, any ? NIL : actions)
	{
		SfShadow   *shadow = sf_shadow_exchanged(plan, lfirst(la));
		List	   *seen = NIL;

		any = shadow ? shadow : any;
		if (shadow && action->new && leads_to(action->new, shadow->new, &seen))
			return shadow;
	}
	return any;
}

/* Is there a bracket that cannot do without reading a table under a lock?  Then the column that has to leave it. */
static SfShadow *
find_obstacle(const SfPlan *plan, char **why)
{
	List	   *actions = sf_draw_together(plan);
	int		   *until = sf_brackets(plan, actions);
	ListCell   *lc;

	for (int first = 0, last; first < list_length(actions); first = last + 1)
	{
		List	   *bracket;

		last = sf_bracket_end(until, first);
		bracket = list_copy_tail(list_copy_head(actions, last + 1), first);
		if (!sf_shadow_within(plan, bracket))
			continue;
		foreach(lc, sf_shadow_statements(plan, bracket))
		{
			const SfPlaced *one = lfirst(lc);
			const SfAction *action = one->action;
			SfShadow   *obstacle;

			if (!is_harmful(plan, one))
				continue;
			*why = describe(action->new ? action->new : action->old);
			obstacle = who_asks(plan, action, bracket);
			return sf_shadow_whole(obstacle);
		}
	}
	return NULL;
}

SfPlan *
sf_shadow_plan(SfPlan *plan, const SfPlanOptions *options)
{
	SfPlanOptions with = *options;
	List	   *refusals = NIL;
	List	   *shadows = candidates(plan, &refusals);

	shadows = with_expressions(options, shadows, &refusals);
	while (shadows)
	{
		SfShadow   *obstacle;
		char	   *why;

		CHECK_FOR_INTERRUPTS();
		with.shadows = shadows;
		plan = sf_plan_make(plan->from, plan->to, &with);
		obstacle = find_obstacle(plan, &why);
		if (obstacle == NULL)
			break;
		refuse(&refusals, obstacle->new, why);
		shadows = without(shadows, obstacle, &refusals);
		if (shadows == NIL)
			plan = sf_plan_make(plan->from, plan->to, options);
	}
	plan->refusals = refusals;
	return plan;
}
