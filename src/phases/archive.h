/*
 * archive.h - what a migration would destroy is put aside in a schema of its own, and comes back on the way down.
 *
 * Which contents a migration keeps is decided once, when its way up is planned (SfKept); both ways are then written
 * with the same list.  Statements are plain SQL: what is archived needs nothing of ours but the trigger that follows
 * the live table's keys (apply/follow.c).
 */
#ifndef SF_ARCHIVE_H
#define SF_ARCHIVE_H

#include "phases/steps.h"

#define SF_ARCHIVE_SCHEMA	"schemaflow_archive"
/* What an archive of column values calls those that say where a row is: in which table, at which place. */
#define SF_ARCHIVE_TABLE_COLUMN	"~tableoid"
#define SF_ARCHIVE_PLACE_COLUMN	"~ctid"
/* From then on the archive follows a live table's keys (apply/follow.c); a step has the same text everywhere. */
#define SF_ARCHIVE_FOLLOW	"schemaflow.sf_archive_follow"
/* While the column is there, too, the archive has its values. */
#define SF_ARCHIVE_MIRROR	"schemaflow.sf_archive_mirror"
/* Before the column goes: it has all of them. */
#define SF_ARCHIVE_COMPLETE	"schemaflow.sf_archive_complete"
/* Has it done so all the time?  By the archive. */
#define SF_ARCHIVE_FOLLOWS	"schemaflow.sf_archive_follows"

/*
 * Of SfKept: what the plan would destroy and can be kept.  The tag ends the names in the archive: it tells apart the
 * migrations of a history.
 */
extern List *sf_archive_choose(const SfPlan *up, const char *tag);

/*
 * The contents of a fact of one side of a plan, which are in that relation, or go there again; up: of SfStep, those
 * that put them there first.  NULL: they cannot be.
 */
extern SfKept *sf_archive_entry(const SfFactBase *base, List *up, const char *label, const char *relation);

/* Of a way down that is under way: has the live table the column already, so that its values are in both? */
extern bool sf_archive_is_coming_back(const SfKept *kept);

/*
 * Takes out of the list (of SfKept) and returns those of columns that are still there: what had been copied ahead of
 * the drop is no more than a copy.  And the steps that drop such.
 */
extern List *sf_archives_begun(List **kept);
extern List *sf_archive_ends(const SfPlan *plan);

/*
 * The action's statements (of SfStatement) when its plan keeps what it destroys, or has kept what it makes; else
 * NIL.  alone: it is in no bracket (bracket.h).
 */
extern List *sf_archive_statements(const SfPlan *plan, const SfAction *action, bool alone);

/* The statements of an action that changes contents, with those that keep them, or bring back what was kept. */
extern List *sf_archive_around(const SfPlan *plan, const SfAction *action, List *statements);

#endif
