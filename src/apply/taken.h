/*
 * taken.h - what goes with a dropped column, and nobody planned.
 *
 * An index, a constraint, a grant that somebody makes on a column while a migration is half done goes silently with
 * the column when that is dropped: another column has taken its place by then, without it.  So what depends on the
 * column then must be what depended on it when the migration began.
 */
#ifndef SF_TAKEN_H
#define SF_TAKEN_H

#include "apply/history.h"

typedef struct SfTaken SfTaken;

/*
 * Look at what the steps (of SfStep) would take along, without locks; raises when that is not what was planned.
 * Outside of transactions; memory: current context.  NULL: there is nothing to look at.
 */
extern SfTaken *sf_taken_look(const SfMigration *migration, SfDirection direction, List *steps);

/* The same under the locks of the transaction that has the steps: looks again only where something was changed. */
extern void sf_taken_check(const SfTaken *taken);

#endif
