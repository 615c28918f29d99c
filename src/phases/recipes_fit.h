/*
 * recipes_fit.h - private to phases/: will the rows be in the way? What is asked before anything is done.
 */
#ifndef SF_RECIPES_FIT_H
#define SF_RECIPES_FIT_H

#include "plan/plan.h"

/*
 * For an action that brings a table's rows back: the statement that raises, before anything is done, when a partition
 * for some is missing.  NULL: all fit, or it cannot be said ahead; then bringing them back finds out.
 */
extern char *sf_fit_check(const SfPlan *plan, const SfAction *action);

/*
 * For an action that can be done only as long as the table, so called before the plan, has no rows: the statement that
 * raises when it has.  NULL: there is none for such an action.
 */
extern char *sf_empty_check(const SfAction *action, const SfFact *table);

#endif
