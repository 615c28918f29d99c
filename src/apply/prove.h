/*
 * prove.h - before the gate: no row is unfilled, and none says one thing to the old version and another to the new.
 */
#ifndef SF_PROVE_H
#define SF_PROVE_H

#include "apply/history.h"

/*
 * Compare all rows of the tables whose triggers the transaction comes behind, in small transactions, and repair those
 * that were written while a trigger was missing, which is put back first.  What has been proved and has had its
 * triggers since is not read again.  In the runner, outside of transactions.  Raises, naming rows, what cannot be
 * repaired.
 */
extern void sf_prove(const SfMigration *migration, SfDirection direction, int transaction, const SfFactBase *before);

/* In the transaction that drops the triggers, under its locks: raises when they are not those of the proof. */
extern void sf_prove_check(const SfMigration *migration, SfDirection direction, int transaction);

#endif
