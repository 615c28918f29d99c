/*
 * trial.h - run a migration in a scratch: up, down and up again, from where the live schema stands.
 */
#ifndef SF_TRIAL_H
#define SF_TRIAL_H

#include "apply/history.h"

/*
 * Raises when a step fails, or when the schema after a direction is not the one that it leads to (with the objects that
 * differ).  The live schema must stand at one end of the migration.  Nothing is done in the live database.
 */
extern void sf_trial(const SfMigration *migration);

#endif
