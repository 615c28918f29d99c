/*
 * emit.h - for the rooms that render actions anew (recipes).
 */
#ifndef SF_EMIT_H
#define SF_EMIT_H

#include "plan/plan.h"

/* Prepare out as the plan's own rendering does. */
extern void sf_plan_emit_init(SfEmit *out, const SfPlan *plan);

/* Has nothing on either side the name? */
extern bool sf_plan_is_free_name(const SfPlan *plan, const char *name);

/* A name like the old one, for the time being, that nothing on either side has: users_idx__old. */
extern char *sf_plan_free_name(const SfPlan *plan, const char *old, const char *label);

#endif
