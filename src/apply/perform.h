/*
 * perform.h - run one migration in one direction, in the runner.
 */
#ifndef SF_PERFORM_H
#define SF_PERFORM_H

#include "apply/history.h"
#include "apply/runner.h"

/*
 * Run what is still to be done of it and is asked for, each transaction marked in itself.  Outside of transactions;
 * raises with everything that is done marked as such.  Returns whether all of that is done; it is not when it has come
 * to the end of the phase, or to a gate.
 */
extern bool sf_perform(const SfMigration *migration, const SfRunRequest *request);

/* Run steps that were made to undo what was done of a migration (undo.h); more: it is not undone by these alone. */
extern void sf_perform_undo(const SfMigration *undo, SfDirection direction, bool more);

/* Is it a gate that has not opened? Then the migration is as ready as before. */
extern bool sf_perform_at_gate(void);

/* Where the runner stands, for the error of what stops it; NULL: in no step. */
extern const char *sf_perform_where(void);

#endif
