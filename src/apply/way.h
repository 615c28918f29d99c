/*
 * way.h - from where this database stands to a revision: which migrations to run, in which order.
 */
#ifndef SF_WAY_H
#define SF_WAY_H

#include "apply/history.h"

/*
 * Of SfRevision; NIL: it is there already.  Raises when there is no way, or when a migration that is not on it is half
 * done.
 */
extern List *sf_way(List *revisions, const char *to, SfDirection direction);

#endif
