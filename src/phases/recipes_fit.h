/*
 * recipes_fit.h - private to phases/: will the rows be in the way? What is asked before anything is done.
 */
#ifndef SF_RECIPES_FIT_H
#define SF_RECIPES_FIT_H

#include "phases/steps.h"
#include "plan/plan.h"

/* A step of an action that makes something of a table, which the rows may be in the way of. */
typedef struct SfNeed
{
	const SfStep *step;
	const SfAction *action;
	const SfFact *table;		/* as it is before the plan */
	bool		empty;			/* fails when it has rows at all */
} SfNeed;

/*
 * Of SfPlaced: the statements that raise, before anything is done, when rows are in the way of the actions, or of what
 * is needed (of SfNeed).  Without those where it cannot be said ahead: then they are met in the middle.
 */
extern List *sf_checks_before(const SfPlan *plan, List *actions, List *needs, List *steps);

#endif
