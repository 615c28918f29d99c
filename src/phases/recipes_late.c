/*
 * recipes_late.c - which actions wait for the gate (recipes_late.h).
 *
 * A name that is taken over from what goes there is taken late, too, and pulls along what needs it: by its links, and
 * by the user's expressions, whose names are those of the model.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "phases/bracket.h"
#include "phases/recipes_late.h"
#include "phases/recipes.h"
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
is_late(const SfPlan *plan, const SfAction *action, bool alone)
{
	ListCell   *lc;

	foreach(lc, action->after)
		if (((SfAfter *) lfirst(lc))->action->late)
			return true;
	return sf_shadow_exchanged(plan, action) || (alone && sf_recipe_is_late(plan, action)) ||
		is_filled_late(plan, action);
}

void
sf_find_late(const SfPlan *plan, List *actions, const int *until)
{
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
	}
}
