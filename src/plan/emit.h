/*
 * emit.h - for the rooms that render actions anew (recipes).
 */
#ifndef SF_EMIT_H
#define SF_EMIT_H

#include "plan/plan.h"

/* Prepare out as the plan's own rendering does. */
extern void sf_plan_emit_init(SfEmit *out, const SfPlan *plan);

#endif
