/*
 * journal.h - migrations that somebody runs by script: may it start, what is left to do, it is done.
 *
 * A migration is done transaction by transaction, in order.  What is done is marked in the same transaction; what
 * cannot run in one (CONCURRENTLY) is marked afterwards, when the catalog shows it.
 */
#ifndef SF_JOURNAL_H
#define SF_JOURNAL_H

#include "apply/history.h"

typedef enum SfStart
{
	SF_START_READY,				/* the schema is the one that the direction starts from */
	SF_START_PARTLY,			/* go on behind what is marked */
	SF_START_DONE				/* nothing to do */
} SfStart;

/* Raises, naming the objects that differ, when the migration cannot be run in this direction here and now. */
extern SfStart sf_journal_check_start(const char *name, SfDirection direction);

/* Has its first statement, outside of a transaction, been at work, so that nothing is marked yet? */
extern bool sf_journal_has_begun(const SfMigration *migration, SfDirection direction);

/*
 * Warns, naming the objects that differ, when the schema is not the one that the direction leads to. Returns how
 * many.
 */
extern int	sf_journal_check_end(const char *name, SfDirection direction);

/* How the schema differs from one end of a migration: "table public.users is missing, ..."; NULL: it does not. */
extern char *sf_journal_differs(const SfMigration *migration, bool to_side);

/* Is this transaction still to be run? For one outside of transactions the catalog is asked, too. */
extern bool sf_journal_pending(const char *name, int transaction, SfDirection direction);

/* Statements that clear away what a failed attempt at it left: of char *. */
extern List *sf_journal_leftovers(const char *name, int transaction, SfDirection direction);

/* A statement outside of transactions is about to run: if nothing is marked, say that it has begun. */
extern void sf_journal_begin(const SfMigration *migration, SfDirection direction);

/* It is done. Returns where the migration stands: "applied", "partly up, 1 of 3". */
extern char *sf_journal_mark(const char *name, int transaction, SfDirection direction);

/* Say that this database stands at the revision (NULL: base). Raises when the schema differs, unless forced. */
extern void sf_journal_stamp(List *revisions, SfRevision *target, bool force);

#endif
