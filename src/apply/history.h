/*
 * history.h - migrations as they are stored, and where this database stands among them.
 *
 * A migration is immutable: its revision is a hash of its content, checked each time it is loaded.  What happened to
 * it is in the journal.  Only rows of this database (lib/origin.h) are seen.
 */
#ifndef SF_HISTORY_H
#define SF_HISTORY_H

#include "facts/factbase.h"
#include "phases/steps.h"

#define SF_REVISION_LEN	12

/* What comes before the first migration, as a version of the application. */
#define SF_VERSION_BASE	"base"

typedef enum SfDirection
{
	SF_UP,
	SF_DOWN
} SfDirection;

extern const char *sf_direction_name(SfDirection direction);

/* The way back, of names that we have written ourselves. */
extern SfDirection sf_direction_named(const char *name);

/* ---- one migration with all it says ---- */

typedef struct SfMigration
{
	char	   *revision;
	int			nparents;
	char	  **parents;		/* revisions; none: it starts from base */
	char	   *message;
	char	   *summary;		/* "creates table public.tasks; alters column public.users.name" */
	char	   *owner;
	char	   *search_path;
	char	   *from_hash;
	char	   *to_hash;
	char	   *state;			/* apply/state.h */
	int			format;
	int			major;
	bool		imported;
	bool		superseded;
	List	   *steps[2];		/* of SfStep, by SfDirection */
} SfMigration;

/* The revision that the content gives. */
extern char *sf_migration_revision(const SfMigration *migration);

/*
 * Replace the placeholders in the steps' texts (phases/steps.h).  Load and import have done so.
 */
extern void sf_migration_resolve(SfMigration *migration);

/* Raises when it is not there, or is not what its revision says. */
extern SfMigration *sf_migration_load(const char *revision);

/* Is its content what its revision says? */
extern bool sf_migration_is_intact(const char *revision);

/*
 * Store, or do nothing when it is there already; revive: it is not superseded any more then.  Returns whether
 * it was new.  The caller holds sf_history_lock().
 */
extern bool sf_migration_store(const SfMigration *migration, bool revive);
extern void sf_migration_supersede(const char *revision);

/* The version of the application that a direction leads to: a revision, or "base". */
extern const char *sf_migration_version(const SfMigration *migration, SfDirection direction);

/* How many transactions the steps of a direction are cut into. */
extern int	sf_transactions(const SfMigration *migration, SfDirection direction);

/* Of SfStep: those of a transaction. */
extern List *sf_transaction_steps(const SfMigration *migration, SfDirection direction, int transaction);

/* May the current user run it? Raises when not: steps run with the rights of the migration's owner. */
extern void sf_migration_check_owner(const char *revision, const char *owner);

/* The text of a file, and back (hash-checked; not stored yet). */
extern char *sf_migration_export(const SfMigration *migration);
extern SfMigration *sf_migration_import(const char *text);

/* ---- all migrations as a graph ---- */

typedef struct SfRevision
{
	char	   *revision;
	char	   *message;
	char	   *owner;
	bool		imported;
	bool		superseded;
	char	   *planned_at;
	char	   *planned_by;
	int			transactions[2];
	int			nparent_names;
	char	  **parent_names;
	List	   *parents;		/* of SfRevision: those that are known here */
	List	   *children;		/* of SfRevision */
	/* the last entry of the journal; done_at is NULL when there is none */
	SfDirection direction;
	int			done;
	int			of;
	char	   *done_at;
	char	   *done_by;
	bool		undoing;		/* sf_abort() wrote it: see apply/undo.h */
	bool		visited;		/* scratch for walks */
} SfRevision;

/* All of this database, parents before children, else in the order of planning. */
extern List *sf_revisions(void);

extern SfRevision *sf_revision_find(List *revisions, const char *revision); /* NULL when there is none */
extern bool sf_is_applied(const SfRevision *revision);	/* all up, or not all down again */
extern SfRevision *sf_revision_partly(List *revisions);	/* the one that is; NULL: none */
extern bool sf_is_partly(const SfRevision *revision);	/* in the middle of up or down */
/* Transactions done in this direction; those of a finished direction count as done, those of the other as not. */
extern int	sf_done_of(const SfRevision *revision, SfDirection direction);
extern bool sf_is_half_undone(const SfRevision *revision);	/* of these: on the way back */
extern char *sf_revision_state(const SfRevision *revision); /* "applied", "partly up, 1 of 3"... */
extern List *sf_revisions_current(List *revisions); /* applied, and no child is */
extern List *sf_revisions_heads(List *revisions);	/* not superseded, and no child that is not */
extern bool sf_is_ancestor(SfRevision *ancestor, SfRevision *of);	/* of itself, too */

/*
 * "head", "base", "current", a revision or a unique prefix of one, each with "+n" or "-n" behind it; "+n" and "-n"
 * alone count from the current one.  NULL is base.  Raises with the candidates when unknown or ambiguous.
 */
extern SfRevision *sf_revision_resolve(List *revisions, const char *name);
extern SfRevision *sf_revision_named(List *revisions, const char *name);	/* base is an error, too */

/* ---- the journal ---- */

/* One who plans or marks at a time, to the end of the transaction. */
extern void sf_history_lock(void);

/* How an entry came about, where somebody asks for it. */
#define SF_HOW_ABORT	"abort"
#define SF_HOW_BEGIN	"begin"

/*
 * An entry's hash, as SQL: of its content and of the hash before it, so that none but the last ones can be changed or
 * taken away without a trace.  The origin is no part of it: a copy that is adopted keeps its history.
 */
#define SF_JOURNAL_HASH(before, entry) \
	"encode(sha256(convert_to(jsonb_build_array(" before ", " entry ".entry, " entry ".revision, " \
	entry ".direction, " entry ".transaction, " entry ".transactions, " entry ".how, " \
	"(extract(epoch FROM " entry ".done_at) * 1000000)::int8, " entry ".done_by)::text, 'UTF8')), 'hex')"

extern void sf_journal_add(const char *revision, SfDirection direction, int done, int of, const char *how);

#endif
