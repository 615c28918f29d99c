/*
 * versions.h - which versions of the application may be at work now.
 *
 * A version is named by the revision of the migration that made it; what was before the first one is "base".  Two are
 * at work while a migration is half done: the one that it comes from and the one that it leads to; else the current
 * one.  A version ends at a gate; migrations without one take nothing from it.
 */
#ifndef SF_VERSIONS_H
#define SF_VERSIONS_H

#include "apply/history.h"

typedef enum SfVersionState
{
	SF_VERSION_AHEAD,			/* its migration has not begun, or is not known */
	SF_VERSION_NEXT,			/* the migration that is half done leads to it */
	SF_VERSION_LAST,			/* that migration comes from it */
	SF_VERSION_CURRENT,			/* no migration is half done, and none with a gate came after it */
	SF_VERSION_OVER				/* it was one of these once */
} SfVersionState;

typedef struct SfVersions
{
	List	   *revisions;		/* of SfRevision */
	List	   *gated;			/* of String: revisions that have a gate on their way up */
	SfRevision *half;			/* the one that is half done; NULL: none */
	SfMigration *migration;		/* the same with its steps */
	SfDirection direction;		/* of it */
} SfVersions;

/* From the journal, this transaction's own entries among it.  Memory: current context. */
extern SfVersions *sf_versions_read(void);

/*
 * In the first transaction of a migration, which nothing says is half done yet: the one that leads to the version is.
 */
extern void sf_versions_begin(SfVersions *versions, const char *version);

extern SfVersionState sf_version_state(const SfVersions *versions, const char *version);

/* Of SfStep: those of the migration behind the first "done" transactions; or these. */
extern List *sf_steps_behind(List *steps, int done);
extern List *sf_steps_through(List *steps, int done);

/* Is the migration past its gate: the version that it comes from has been asked for and is not waited for any more? */
extern bool sf_version_gate_passed(const SfVersions *versions);

#endif
