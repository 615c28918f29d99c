/*
 * diff.h - facts x facts -> pairs and deltas; knows no kind by name.
 *
 * Pairing goes down the trees of both sides: roots by key, children of a pair by their kind and by their name
 * relative to the parent.  So everything below a renamed object pairs by itself.  Pairs point at each other by
 * SfFact.twin.
 */
#ifndef SF_DIFF_H
#define SF_DIFF_H

#include "facts/factbase.h"

typedef struct SfHint
{
	char	   *old_key;		/* key on the starting side: "column:public.users.fone" */
	char	   *new_key;		/* key on the wanted side */
} SfHint;

/*
 * Pair the facts of two finished bases.  hints: of SfHint, renames that the user told us of.  Facts of one kind and
 * parent whose kind gives them the same match() text are the same thing under another name (a constraint with its
 * definition): renamed without being asked.  Unmanaged facts get no twin and are no delta.
 */
extern void sf_diff_pair(SfFactBase *from, SfFactBase *to, List *hints);

/* Renames that are told by the places that tables take in others (SfKind.place): of SfHint. */
extern List *sf_diff_same_places(const SfFactBase *from, const SfFactBase *to, List *given);

/* The fact whose texts are compared: what it would be under the other side's names. */
#define sf_diff_text(fact) ((fact)->alias ? (fact)->alias : (fact))

/* Which attributes of a pair differ (palloc'ed bool per attribute)?  NULL when none does. */
extern bool *sf_diff_attributes(const SfFact *old, const SfFact *new);

/* How many of a fact's names it has from its parent, or from what that stands in. */
extern int	sf_diff_own_names(const SfFact *fact);

/* A pair whose own name differs, its parent's renames apart. */
extern bool sf_diff_renamed(const SfFact *old, const SfFact *new);
/* Does it belong to something else from now on (another schema)? */
extern bool sf_diff_moved(const SfFact *old, const SfFact *new);

/*
 * Dropped and created facts that look like a rename nobody hinted at: each a question with the call that answers
 * it (List of char *).  Never decides.
 */
extern List *sf_diff_questions(SfFactBase *from, SfFactBase *to);

#endif
