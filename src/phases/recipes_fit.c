/*
 * recipes_fit.c - will the rows be in the way? (recipes_fit.h)
 *
 * Those of a table that becomes another may have no partition there; those of one that gets a column may have no value
 * for it.  They are met when they are brought back, or when the column is made, long after the migration has begun.
 * What was done can be undone, mostly; asked for at the beginning, there is nothing to undo.  The answer is that of the
 * moment: rows that are written later are met later.  Where a bound is not understood, all rows are taken to fit.
 */
#include "postgres.h"

#include "lib/text.h"
#include "miscadmin.h"
#include "phases/bounds.h"
#include "phases/recipes_fit.h"
#include "phases/recipes_archive.h"
#include "phases/recipes_parts.h"
#include "phases/recipes_retype.h"
#include "phases/shadow_text.h"
#include "plan/emit.h"

/* ---- what a row has to be ---- */

/* Has the column the values that it had?  Then the old name of it. */
static const char *
old_name(const SfPlan *plan, const SfFact *column)
{
	SfEmit		out = {.fills = plan->fills};

	if (!sf_is_kind(column, "column") || column->twin == NULL || sf_is_users_type(column) ||
		sf_changed(column->twin, column, "type") || sf_child_of(column, "generated") ||
		sf_child_of(column->twin, "generated") || sf_fill(&out, column))
		return NULL;
	return sf_ident(sf_last(column->twin));
}

typedef struct FitState
{
	const SfPlan *plan;
	const SfFact *root;
	List	   *keys;			/* of SfFact: its columns that tell the partitions, at any level */
} FitState;

/* Is the key of that level a column of the whole whose values are known now? */
static bool
is_known(FitState *state, const SfFact *level)
{
	const SfFact *key = sf_bound_column(level);
	ListCell   *lc;

	foreach(lc, key ? state->root->children : NIL)
	{
		if (old_name(state->plan, lfirst(lc)) == NULL || strcmp(sf_last((SfFact *) lfirst(lc)), sf_last(key)) != 0)
			continue;
		state->keys = list_append_unique_ptr(state->keys, lfirst(lc));
		return true;
	}
	return false;
}

/* An expression over the new columns; NULL: all rows fit. */
static const char *
rows_that_fit(FitState *state, const SfFact *level)
{
	const char *rest = "false"; /* of what is in no bound */
	bool		all = true;		/* of what is in one */
	List	   *bounds = NIL,
			   *ways = NIL;
	ListCell   *lc;

	check_stack_depth();
	if (!sf_is_partitioned(level) || !is_known(state, level))
		return NULL;
	foreach(lc, level->needed_by)
	{
		const SfFact *part = ((SfEdge *) lfirst(lc))->from;
		const char *bound,
				   *fit;

		if (!sf_is_kind(part, "partition") || sf_attached_to(part) != level)
			continue;
		fit = rows_that_fit(state, part->parent);
		if (sf_is_default_bound(sf_attr(part, "bound")))
		{
			rest = fit;
			continue;
		}
		bound = sf_bound_own_expression(level, sf_attr(part, "bound"));
		if (bound == NULL)
			return NULL;
		all = all && fit == NULL;
		bounds = lappend(bounds, psprintf("(%s)", bound));
		ways = lappend(ways, fit ? psprintf("(%s) AND (%s)", bound, fit) : llast(bounds));
	}
	if (rest && strcmp(rest, "false") == 0)
		return ways ? sf_join(ways, " OR ") : rest;
	if (rest == NULL && all)
		return NULL;
	if (bounds == NIL)
		return rest;
	ways = lappend(ways, psprintf("NOT (%s)%s", sf_join(bounds, " OR "), rest ? psprintf(" AND (%s)", rest) : ""));
	return sf_join(ways, " OR ");
}

/* ---- the statement ---- */

/* What tells the partitions, as it is now, by the new names. */
static char *
keys_now(const FitState *state, const SfFact *old)
{
	List	   *values = NIL;
	ListCell   *lc;

	foreach(lc, state->keys)
		values = lappend(values, psprintf("%s AS %s", old_name(state->plan, lfirst(lc)),
										  sf_ident(sf_last((SfFact *) lfirst(lc)))));
	return psprintf("SELECT %s FROM %s%s", sf_join(values, ", "), sf_is_partitioned(old) ? "" : "ONLY ",
					sf_name(old));
}

static bool
is_part_of(const SfFact *table, const SfFact *whole)
{
	while (table && table != whole)
		table = sf_whole_of(table);
	return table != NULL;
}

/* Has the old whole a partition that stays as a table of its own, with its rows, or one whose rows are elsewhere? */
static bool
is_left(const SfFact *old, const SfFact *new)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, sf_is_partitioned(old) ? old->needed_by : NIL)
	{
		const SfFact *part = ((SfEdge *) lfirst(lc))->from;

		if (sf_is_kind(part, "partition") && sf_attached_to(part) == old &&
			(part->parent->kind != old->kind || (part->parent->twin && !is_part_of(part->parent->twin, new)) ||
			 is_left(part->parent, new)))
			return true;
	}
	return false;
}

/* For an action that brings a table's rows back; NULL: all fit, or bringing them back finds out. */
static char *
fit_check(const SfPlan *plan, const SfAction *action)
{
	FitState	state = {plan, action->new};
	const char *fit;

	if (action->part != SF_PART_CONTENTS || !sf_is_kind(action->new, "table") ||
		is_left(action->old, action->new))
		return NULL;
	fit = rows_that_fit(&state, action->new);
	return fit ? psprintf("SELECT schemaflow.sf_rows_fit(%s, %s, %s)", sf_literal(sf_name(action->old)),
						  sf_literal(keys_now(&state, action->old)), sf_literal(fit)) : NULL;
}

/* For an action that can be done only as long as the table has no rows; NULL: there is none for such an action. */
static char *
empty_check(const SfAction *action, const SfFact *table)
{
	/* The hint is about the model, which may have another name for the table. */
	const char *model = strcmp(sf_name(table), sf_rel(action->new)) == 0 ? "" :
		psprintf(", %s", sf_literal(sf_name(action->new)));

	return sf_is_kind(action->new, "column") ?
		psprintf("SELECT schemaflow.sf_no_rows(%s, %s%s)", sf_literal(sf_name(table)),
				 sf_literal(sf_last(action->new)), model) : NULL;
}

/* ---- what rows are to pass ---- */

/* Is the fact of the old side now what it is going to be, with all that is said of it by any other action? */
static bool
is_steady(const SfPlan *plan, const SfFact *fact, const SfAction *except)
{
	ListCell   *lc;

	if (fact->twin == NULL || strcmp(fact->twin->key, fact->key) != 0)
		return false;
	foreach(lc, plan->actions)
	{
		const SfAction *action = lfirst(lc);

		/* What has nothing to say is said by another (a NOT NULL that is a constraint, by its column's action). */
		if (action != except && action->statements != NIL &&
			((action->new && (action->new == fact || action->new->parent == fact)) ||
			 (action->old && (action->old == fact->twin || action->old->parent == fact->twin))))
			return false;
	}
	return true;
}

/* Has a row in it now what it will have when it is looked at? */
static bool
has_its_values(const SfPlan *plan, const SfFact *column, const SfAction *except)
{
	return is_steady(plan, column, except) && old_name(plan, column) != NULL;
}

/* The column that the action makes NOT NULL, where nothing gives those that are NULL a value before; NULL: none. */
static const SfFact *
made_not_null(const SfAction *action)
{
	const SfFact *new = action->new,
			   *column = sf_is_kind(new, "not null") ? new->parent : new;

	if (!sf_is_kind(column, "column") || column->twin == NULL || sf_attr(column->twin, "not_null") ||
		sf_attr(column, "not_null") == NULL || sf_child_of(column, "default") ||
		(column != new && sf_attr(new, "not_valid")))
		return NULL;
	return column;
}

/* What a check that is to be proved says; NULL: it is none, or says it of whole rows. */
static const char *
checked(const SfFact *check)
{
	const char *definition = sf_is_kind(check, "check") && !sf_attr(check, "not_valid") &&
		!sf_attr(check, "not_enforced") ? sf_attr(check, "definition") : NULL;
	const char *expression;

	/* Not one with NO INHERIT behind it. */
	if (definition == NULL || strncmp(definition, "CHECK (", 7) != 0 || definition[strlen(definition) - 1] != ')')
		return NULL;
	expression = definition + strlen("CHECK ");
	return sf_reads_any(sf_text_parse(psprintf("SELECT %s", expression)), NIL) ? NULL : expression;
}

/* What rows are to pass, as it can be asked now; NULL: nothing, or it cannot be. */
static const char *
condition_now(const SfPlan *plan, const SfAction *action)
{
	const SfFact *column = made_not_null(action);
	const char *condition = column ? psprintf("(%s IS NOT NULL)", sf_ident(sf_last(column))) : checked(action->new);
	ListCell   *lc;

	if (column)
		return has_its_values(plan, column, action) ? condition : NULL;
	foreach(lc, condition ? action->new->needs : NIL)
	{
		const SfFact *needed = ((SfEdge *) lfirst(lc))->to;

		if (needed != action->new->parent &&
			!(sf_is_kind(needed, "column") ? has_its_values(plan, needed, NULL) : is_steady(plan, needed, NULL)))
			return NULL;
	}
	return condition;
}

/* Neither part of another table nor made of others: its rows are its own, and all in it. */
static bool
stands_alone(const SfFact *table)
{
	ListCell   *lc;

	if (!sf_is_kind(table, "table") || sf_attr(table, "partition_key") || sf_attr(table, "of_type") ||
		sf_attachment(table))
		return false;
	foreach(lc, table->needed_by)
		if (((SfEdge *) lfirst(lc))->from->kind->attaches)
			return false;
	return true;
}

/*
 * For a check or NOT NULL of a table that stands: the statement that raises when rows do not pass it; NULL: there is
 * none, or it cannot be asked now.  Rows of others, which may leave, are not looked at.
 */
static char *
pass_check(const SfPlan *plan, const SfAction *action, const SfFact *table)
{
	const char *condition = stands_alone(table) && !sf_attr(table, "force_row_security") ?
		condition_now(plan, action) : NULL;

	return condition ? psprintf("SELECT schemaflow.sf_rows_pass(%s, %s, %s)", sf_literal(sf_name(table)),
								sf_literal(psprintf("%s%s", made_not_null(action) ? "NOT NULL of " : "",
													sf_fact_label(action->new))), sf_literal(condition)) : NULL;
}

/* ---- what is asked ---- */

static List *
place_check(List *checks, const SfAction *action, char *sql, const SfFact *read)
{
	SfStatement statement = {sql, .why = "before anything is done"};
	SfPlaced   *placed = palloc(sizeof(SfPlaced));

	if (sql == NULL)
		return checks;
	if (read)
	{
		statement.on = read;
		statement.lock = sf_risk_lock_name(AccessShareLock);
		statement.reads = true;
		/* What comes behind it may lock others out. */
		statement.alone = true;
	}
	*placed = (SfPlaced) {action, statement};
	return lappend(checks, placed);
}

/* The first transaction that takes something with it for good; 0: none does. */
static int
first_loss(List *steps)
{
	ListCell   *lc;

	foreach(lc, steps)
		if (((SfStep *) lfirst(lc))->loses_data)
			return ((SfStep *) lfirst(lc))->transaction;
	return 0;
}

List *
sf_checks_before(const SfPlan *plan, List *actions, List *needs, List *steps)
{
	int			loss = first_loss(steps);
	List	   *checks = NIL;
	const SfAction *asked = NULL;
	ListCell   *lc;

	foreach(lc, actions)
		checks = place_check(checks, lfirst(lc), fit_check(plan, lfirst(lc)), NULL);
	foreach(lc, needs)
	{
		const SfNeed *need = lfirst(lc);

		if (need->empty && need->step->transaction > 1)
			checks = place_check(checks, need->action, empty_check(need->action, need->table), NULL);
		/* What is met in the middle is undone, but for this: then it is worth to read the rows twice. */
		else if (loss && need->step->transaction > loss && need->action != asked)
		{
			checks = place_check(checks, need->action, pass_check(plan, need->action, need->table), need->table);
			asked = need->action;
		}
	}
	return checks;
}
