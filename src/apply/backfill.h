/*
 * backfill.h - fill columns of tables that are in use, or copy what they have: one statement, cut into batches
 * (phases.md D1).
 *
 * A batch is a range of blocks in a transaction of its own, short enough that nobody waits long for a row of it.  The
 * blocks that the table had when the pass began are enough: whoever writes later fills the columns himself (a default,
 * or a dual-write trigger).  So it needs no key, and ends under any load.  How far it came is written in the batch's
 * own transaction.
 */
#ifndef SF_BACKFILL_H
#define SF_BACKFILL_H

#include "apply/history.h"

/*
 * Run a step of class B; go on where an earlier run was stopped.  It is an UPDATE of one table, whose WHERE leaves out
 * the rows that are done; or one from a query of another table; or an INSERT of what a query of one table gives.  In
 * the runner, outside of transactions.  Raises when rows stay locked past schemaflow.lock_deadline, or when an
 * expression fails; what was done stays done.  Returns false, to be called again, when the triggers of a table have
 * changed meanwhile (wires.h).
 */
extern bool sf_backfill(const char *revision, SfDirection direction, const SfStep *step);

/* The same in this process, whatever schemaflow.backfill_nice says. */
extern bool sf_backfill_here(const char *revision, SfDirection direction, const SfStep *step);

/* The migration has ended: in its last transaction. */
extern void sf_backfill_forget(const char *revision);

#endif
