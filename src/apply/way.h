/*
 * way.h - from where this database stands to a revision: which migrations to run, in which order.
 */
#ifndef SF_WAY_H
#define SF_WAY_H

#include "apply/history.h"
#include "compat.h"

/*
 * Of SfRevision; NIL: it is there already.  Raises when there is no way, or when a migration that is not on it is half
 * done.
 */
extern List *sf_way(List *revisions, const char *to, SfDirection direction);

/* What to type, for hints and plans: the call that runs it, and the query that prints it as a script. */
extern char *sf_call_to_run(const SfRevision *revision, SfDirection direction);
extern char *sf_script_of(const SfRevision *revision, SfDirection direction);

/* Raise: it is half done, and something else is wanted; the hint says how to get out of it. */
pg_noreturn extern void sf_refuse_half_done(const SfRevision *revision);

#endif
