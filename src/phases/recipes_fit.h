/*
 * recipes_fit.h - private to phases/: do the rows of a table that becomes another have a partition there?
 */
#ifndef SF_RECIPES_FIT_H
#define SF_RECIPES_FIT_H

#include "plan/plan.h"

/*
 * For an action that brings a table's rows back: the statement that raises, before anything is done, when a partition
 * for some is missing.  NULL: all fit, or it cannot be said ahead; then bringing them back finds out.
 */
extern char *sf_fit_check(const SfPlan *plan, const SfAction *action);

#endif
