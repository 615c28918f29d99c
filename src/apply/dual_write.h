/*
 * dual_write.h - old and new columns of a table, kept in step while both versions of an application write it.
 */
#ifndef SF_DUAL_WRITE_H
#define SF_DUAL_WRITE_H

#include "apply/expressions.h"

/*
 * Which dual-write triggers statements that this backend starts leave out: the backfill fills new columns and is
 * neither version of the application.  Not a setting, so that no user can have it.
 */
typedef enum SfSuspend
{
	SF_SUSPEND_NONE,
	SF_SUSPEND_ALL,				/* the statement gives all new columns their values */
	SF_SUSPEND_WAYS				/* but for those that only compute columns, from what the statement repairs */
} SfSuspend;

extern void sf_dual_write_suspend(SfSuspend suspend);

extern bool sf_is_dual_write(const Trigger *trigger);
/* An internal one that calls this function of ours? */
extern bool sf_trigger_is_ours(const Trigger *trigger, const char *name);

/* Is a column what the others say, in a row that is stored? */
typedef enum SfHold
{
	SF_HOLDS,
	SF_HOLDS_OWN,				/* it differs, and has nothing that goes back: the new version may have its own */
	SF_HOLDS_NOT				/* not filled, or neither way gives the other */
} SfHold;

/* What changes with time or session cannot be compared: then a column that is NULL is all that is found. */
extern SfHold sf_dual_write_holds(const SfDualWrite *dual, const SfAssignment *assignment, TupleTableSlot *row);

#endif
