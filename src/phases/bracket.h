/*
 * bracket.h - private to phases/: what has to happen in one transaction.
 *
 * A *bracket* runs from the drop of something to its create (replaced, or taken down and put back to let something else
 * change); for a type that is put in the place of its old self, up to the last column that moves over; where names
 * change places, from the first that steps aside until it has its new one.  Nobody may see the state in between.
 * Columns that others take the place of (SfShadow) are exchanged together, with all that goes with the old ones and
 * comes for the new ones.
 */
#ifndef SF_BRACKET_H
#define SF_BRACKET_H

#include "plan/plan.h"

/* What comes under the name of what goes, where the action makes the one or drops the other (SfPlan.successors). */
extern const SfFact *sf_successor(const SfPlan *plan, const SfAction *action);

/*
 * The actions in an order in which each bracket holds only what has to be in it: the rest goes before or behind, as the
 * actions' own dependencies allow.  So it keeps its online form.
 */
extern List *sf_draw_together(const SfPlan *plan);

/* For each action the position of the last one that must be in the same transaction; its own when there is none. */
extern int *sf_brackets(const SfPlan *plan, List *actions);

/* Where the bracket ends that an action opens: at itself when it opens none. */
extern int	sf_bracket_end(const int *until, int first);

#endif
