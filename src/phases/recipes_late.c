/*
 * recipes_late.c - which actions wait for the gate (recipes_late.h).
 *
 * In a migration that has a gate all that ends something waits for it, unless what comes before needs it gone.
 * A name that is taken over from what goes there is taken late, too, and pulls along what needs it: by its links, and
 * by the user's expressions, whose names are those of the model.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "phases/bracket.h"
#include "phases/recipes_late.h"
#include "phases/recipes_parts.h"
#include "phases/shadow.h"

bool
sf_is_named_late(const SfPlan *plan, const SfFact *table)
{
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		const SfAction *action = lfirst(lc);

		if (action->late && action->verb == SF_VERB_RENAME && action->new &&
			(action->new == table || (action->new->parent == table && sf_is_kind(action->new, "column"))))
			return true;
	}
	return false;
}

/* Is its column filled by an expression that goes by names which are not there yet? */
static bool
is_filled_late(const SfPlan *plan, const SfAction *action)
{
	SfEmit		out = {.fills = plan->fills};

	return action->new && sf_is_kind(action->new, "column") && action->verb != SF_VERB_RENAME &&
		sf_fill(&out, action->new) && sf_is_named_late(plan, action->new->parent);
}

static bool
follows_late(const SfAction *action)
{
	ListCell   *lc;

	foreach(lc, action->after)
		if (((SfAfter *) lfirst(lc))->action->late)
			return true;
	return false;
}

static bool
is_late(const SfPlan *plan, const SfAction *action, bool alone)
{
	return follows_late(action) || sf_shadow_exchanged(plan, action) || (alone && sf_recipe_is_late(plan, action)) ||
		is_filled_late(plan, action);
}

static bool
is_alone(const int *until, int i)
{
	return until[i] == i && (i == 0 || until[i - 1] < i);
}

/* What hears of statements, and may refuse them, is made when the last one of the plan has run, behind the gate too. */
static void
let_hear(List *actions, const int *until)
{
	ListCell   *lc;

	foreach(lc, actions)
	{
		SfAction   *action = lfirst(lc);

		if (action->verb != SF_VERB_CREATE || !is_alone(until, foreach_current_index(lc)))
			continue;
		if (sf_is_kind(action->new, "event trigger") ||
			(action->new->parent && sf_is_kind(action->new->parent, "event trigger") && follows_late(action)))
			action->late = true;
	}
}

/*
 * What works by itself does so twice while it and what comes for it are both there; partitions come and go with time,
 * not with versions.
 */
static const char *const never_wait[] = {"trigger", "rule", "event trigger", "partition", "inheritance"};

/* Does it take away what the old version may use, and may it do so at any time? */
static bool
can_wait(const SfPlan *plan, const SfAction *action)
{
	ListCell   *lc;

	if (action->verb != SF_VERB_DROP || action->rebuild || sf_recipe_goes_with_time(action->old))
		return false;
	for (int i = 0; i < lengthof(never_wait); i++)
		if (sf_is_kind(action->old, never_wait[i]))
			return false;
	/* Nobody works on it as the new version does before that. */
	if (action->table && action->table->twin && sf_is_named_late(plan, action->table->twin))
		return true;
	foreach(lc, action->statements)
		if (sf_recipe_narrows(sf_recipe_assess(plan, action, lfirst(lc), false), action))
			return true;
	return false;
}

/* Where there is a gate, all that can wait for it does: what nothing waits for that comes before. */
static void
let_wait(const SfPlan *plan, List *actions, const int *until)
{
	bool	   *needed = palloc0(list_length(actions) * sizeof(bool));	/* by SfAction.position */
	ListCell   *lc;

	for (int i = list_length(actions) - 1; i >= 0; i--)
	{
		SfAction   *action = list_nth(actions, i);

		if (!action->late && is_alone(until, i) && !needed[action->position] && can_wait(plan, action))
			action->late = true;
		foreach(lc, action->late ? NIL : action->after)
			needed[((SfAfter *) lfirst(lc))->action->position] = true;
	}
	pfree(needed);
}

void
sf_find_late(const SfPlan *plan, List *actions, const int *until)
{
	bool		gate = plan->two_versions;
	ListCell   *lc;

	foreach(lc, actions)
		((SfAction *) lfirst(lc))->late = false;
	for (int first = 0, last; first < list_length(actions); first = last + 1)
	{
		bool		any = false;

		last = sf_bracket_end(until, first);
		for (int i = first; i <= last && !any; i++)
			any = is_late(plan, list_nth(actions, i), last == first);
		for (int i = first; i <= last; i++)
			((SfAction *) list_nth(actions, i))->late = any;
		gate = gate || any;
	}
	if (!gate)
		return;
	let_hear(actions, until);
	let_wait(plan, actions, until);
}
