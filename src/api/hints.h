/*
 * hints.h - what is recorded, as the planner wants it.
 */
#ifndef SF_HINTS_H
#define SF_HINTS_H

#include "facts/factbase.h"

/* Those that apply between the two bases: of SfHint (diff/diff.h); *back has them for the way back. */
extern List *sf_hints_load(SfFactBase *live, SfFactBase *model, List **back);

/* After hints or the model have changed: binds what is ambiguous (hints.c) to the live objects as they are now. */
extern void sf_hints_bind(const SfFactBase *model);

/* The recorded model; raises when there is none. */
extern SfFactBase *sf_recorded_model(void);

/* The same without edges (facts/stored.h). */
extern SfFactBase *sf_recorded_model_apart(void);

#endif
