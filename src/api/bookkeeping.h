/*
 * bookkeeping.h - tables in which other tools note what they have run.
 */
#ifndef SF_BOOKKEEPING_H
#define SF_BOOKKEEPING_H

#include "plan/plan.h"

/* Of char *: those that the plan drops, with the call that leaves them to their tool. */
extern List *sf_bookkeeping_dropped(const SfPlan *plan);

#endif
