/*
 * archive.h - the schema in which contents wait for the way back, from outside: what runs and purges asks.
 */
#ifndef SF_APPLY_ARCHIVE_H
#define SF_APPLY_ARCHIVE_H

#include "apply/history.h"

/* Before the first step of a way up that archives: the schema is there, and whose tables go into it may use it. */
extern void sf_archive_open(const SfMigration *migration);

/* Behind the steps of a transaction, in it: what they have filled is whole again. */
extern void sf_archive_filled(const SfMigration *migration, SfDirection direction, int transaction);

/* relation: as SfStep.archive has it. */
extern bool sf_archive_exists(const char *relation);

/*
 * Why it cannot give back what it was given: "purged", or "not followed": nothing has kept the values to their
 * rows since a restore, or since their table was made anew.  NULL: it can.
 */
extern char *sf_archive_doubt(const char *relation);

/*
 * Empty what was archived longer ago than an interval (as text), with the caller's rights; what gave it values
 * follows it no longer.  Returns how many relations.
 */
extern int	sf_archive_purge(const char *older_than);

#endif
