/*
 * state.h - the schema that a migration starts from and the one that it leads to, as a short text.
 *
 * The text says which facts of a database belong to that schema, so that any database can be compared with it
 * whatever its model or settings say, and has a hash for each object on either side, so that a difference has a name.
 */
#ifndef SF_STATE_H
#define SF_STATE_H

#include "facts/factbase.h"

/*
 * Of two finished bases whose unmanaged flags are set; all: every other fact of a database belongs to the schema,
 * too.
 */
extern char *sf_state_text(SfFactBase *from, SfFactBase *to, bool all);

/* Set the unmanaged flags of a finished base as the text says. */
extern void sf_state_scope(const char *state, SfFactBase *live);

/* How an object is not what the text says of one side. */
typedef struct SfStateDifference
{
	char	   *label;			/* "table public.users" */
	char	   *name;			/* "public.users" */
	const char *change;			/* "made", "altered", "dropped": since then */
} SfStateDifference;

/* After sf_state_scope(): of SfStateDifference. keys_only: as below. */
extern List *sf_state_compare(const char *state, SfFactBase *live, bool to_side, bool keys_only);

/*
 * After sf_state_scope(): the objects that differ from the "from" (or "to") side, as "table public.users is missing".
 * keys_only: do not look at the content (written by another server major).
 */
extern List *sf_state_differences(const char *state, SfFactBase *live, bool to_side, bool keys_only);

#endif
