/*
 * locks.h - how a migration gets its locks without making others wait (phases.md D2).
 *
 * Look first: while an old transaction, or a queue, is in the way, do not even ask, since whoever comes later for the
 * table would wait behind us.  Then ask for all locks of the transaction at once, in the order of OIDs, the strongest
 * first, with one short time limit for the whole set.  One deadline ends it all.
 */
#ifndef SF_LOCKS_H
#define SF_LOCKS_H

#include "facts/factbase.h"

typedef struct SfLockSet SfLockSet;

/*
 * What the steps (of SfStep) will lock of what is there now.  before: the facts that the migration starts from.  Needs
 * a transaction; memory: current context.
 */
extern SfLockSet *sf_locks_of(List *steps, const SfFactBase *before);

/* Outside of transactions: returns when nobody is in the way.  Raises at the deadline, naming who is. */
extern void sf_locks_look(SfLockSet *set);

/*
 * The same for what runs outside of transactions, and so waits without a limit: for old snapshots of this database, and
 * for locks of the youngest transaction, which may become old.
 */
extern void sf_locks_look_outside(SfLockSet *set);

/* In the transaction that will run the steps: take them.  Raises 55P03 when they were not to be had in time. */
extern void sf_locks_take(SfLockSet *set);

/*
 * Behind the steps: a stronger lock taken late is how two who hold what the other wants meet.  Each that blocks writers
 * and was not in the set is told at DEBUG1; test/run takes the message for a failure.
 */
extern void sf_locks_tell_unforeseen(const SfLockSet *set);

/* The error says that somebody else has what was asked for. */
extern bool sf_locks_were_taken(const ErrorData *error);

/*
 * After a transaction failed: true when it is worth another try, after a pause that leaves others four times as long
 * as they may have waited.
 */
extern bool sf_locks_again(SfLockSet *set, const ErrorData *error);

#endif
