/*
 * undo.h - back from the middle of a migration to where it started.
 *
 * The way back is planned from what is there now to the facts that were kept when the migration began, so it is right
 * however far the migration came; and when it is stopped itself, it is planned again.  What has got another name is
 * known by its OID, and gets its name back first: then the server has put the old names into every text, and the rest
 * is planned.
 */
#ifndef SF_UNDO_H
#define SF_UNDO_H

#include "apply/history.h"

/* Keep the facts that a migration starts from.  In a transaction. */
extern void sf_undo_keep(const SfMigration *migration, SfDirection direction, const SfFactBase *before);

/* They, finished, with the addresses that they had; NULL: they were not kept.  In a transaction. */
extern SfFactBase *sf_undo_start(const SfMigration *migration);

/* What an object was when the migration began, whatever it is called now; NULL: it was not there, or is not known. */
extern SfFact *sf_undo_earlier(const SfFactBase *start, const SfFact *now);

/*
 * The way back from the middle of a migration, as a migration of one direction: the opposite one of what runs.
 * Raises when the migration was not begun by the runner.  *direction: of the steps.  *names: only its renames, to be
 * run first, and then this is called again; NULL: there are none.  In a transaction, memory: current context.
 */
extern SfMigration *sf_undo_make(const SfMigration *migration, SfDirection *direction, SfMigration **names);

/*
 * May the runner undo by itself what it has just done?  Only when nothing that was there before has lost data, nor
 * would lose data by it.
 */
extern bool sf_undo_is_harmless(const SfMigration *migration, SfDirection ran, const SfMigration *undo);

/*
 * Transaction of the way back is done: written in it; 0: from here on the migration can only be undone.  more: there
 * is more to do behind the last one.
 */
extern void sf_undo_mark(const SfMigration *undo, SfDirection direction, int transaction, bool more);

#endif
