/*
 * recipes_late.h - private to phases/: which actions wait for the gate.
 */
#ifndef SF_RECIPES_LATE_H
#define SF_RECIPES_LATE_H

#include "plan/plan.h"

/*
 * Notes it at the actions (SfAction.late): those that take away what the other version of the application needs, or
 * exchange columns (shadow.h), with their brackets, and all that wait for them; and where there are such, what can wait
 * with them.  until: as sf_brackets() gives it.
 */
extern void sf_find_late(const SfPlan *plan, List *actions, const int *until);

/*
 * Is there a column of the table, or the table itself, that gets its name only behind the gate?  By what the model
 * calls it nothing of it can be named before, and the new version of the application cannot work on it either.
 */
extern bool sf_is_named_late(const SfPlan *plan, const SfFact *table);

#endif
