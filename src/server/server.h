/*
 * server.h - what a function cannot do itself: other databases, commits, CONCURRENTLY.
 *
 * A *job* runs in a dynamic background worker.  The caller names a handler (a function exported by this library), hands
 * it a payload and receives rows of texts; errors and notices of the worker reach the caller verbatim.  The worker
 * connects as the caller's session user and does SET ROLE to the job's role.  server/ knows nothing of models.
 */
#ifndef SF_SERVER_H
#define SF_SERVER_H

#include "postgres.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

/* Where a job runs. */
typedef enum SfJobPlace
{
	SF_JOB_LIVE,				/* in the caller's database */
	SF_JOB_SCRATCH,				/* in a kept scratch of it, in one transaction that is rolled back */
	SF_JOB_FRESH				/* in a fresh scratch database; the handler commits as it likes; dropped later */
} SfJobPlace;

/* One row of n texts (NULL = SQL NULL) from the handler; valid during the call only. */
typedef void (*SfRowCallback) (int n, char **values, void *arg);

typedef struct SfJob
{
	const char *handler;		/* exported C function: void handler(SfJobContext *) */
	SfJobPlace	place;
	Oid			role;			/* runs as this role (SET ROLE); InvalidOid: the caller's current role */
	const char *payload;		/* any bytes, copied to the worker */
	Size		payload_len;
	const char *activity;		/* shown in pg_stat_activity, e.g. "elaborate unit main" */
	SfRowCallback on_row;		/* may be NULL; must not commit, nor run another job */
	void		(*on_notice) (ErrorData *notice, void *arg); /* NULL: shown; the notice does not outlive the call */
	void	   *arg;
	const char *library;		/* library of the handler; NULL: this one */
	Oid			database;		/* SF_JOB_LIVE: in this database; InvalidOid: in the caller's */
	bool		detached;		/* the worker goes on when the caller leaves; takes_cancel, too */
	bool		takes_cancel;	/* a cancel is passed on to the worker, and its error waited for */
	bool		no_wait;		/* detached: return as soon as the worker has begun */
	bool		if_free;		/* when no worker is free, return at once, with no row: nothing was done */
	int			nice;			/* so much lower a priority for the CPU, 0 to 19, than the caller's */
} SfJob;

/*
 * Run a job and wait for it (with CHECK_FOR_INTERRUPTS; leaving for any reason ends the worker).  Rows go to on_row
 * as they arrive.  Raises the worker's error as it was, with its SQLSTATE, detail, hint and context.  Refuses on a
 * standby, in single-user mode and in binary upgrade.  Returns the number of rows.  A worker may run one as well, also
 * outside of transactions: what a process gives away of its priority it does not get back.
 */
extern PGDLLEXPORT uint64 sf_job_run(const SfJob *job);

/* ---- inside the worker ---- */

typedef struct SfJobContext
{
	const char *payload;
	Size		payload_len;
	SfJobPlace	place;
	Oid			role;			/* the role that statements run as unless sf_worker_become() says otherwise */
	Oid			live_database;	/* of the caller */
} SfJobContext;

typedef void (*SfJobHandler) (SfJobContext *job);

/* Is this process one of ours? What runs in it was planned, and nobody else can run anything in it. */
extern PGDLLEXPORT bool sf_is_worker(void);

/* Send a row to the caller. */
extern PGDLLEXPORT void sf_worker_send(int n, const char *const *values);

/*
 * Switch the role that following statements run as (members only, unless the session user is a superuser).  SET ROLE
 * semantics: the text runs with that role's rights, superuser or not, and cannot leave the role.  In a scratch the role
 * owns the database, so that it may create schemas and use schema public, as its text does in live if it may there.
 * sf_worker_become_bootstrap() is for statements that run no user code (owner, grants, comments; statement.c lists
 * them) and for scratches only; sf_worker_become(role) ends it.
 */
extern PGDLLEXPORT void sf_worker_become(Oid role);
extern PGDLLEXPORT void sf_worker_become_bootstrap(void);

/*
 * Make an extension in the scratch as the bootstrap superuser, those that it requires first.  The version is live's;
 * the default one with a notice when live's has no script any more, or when live has not got the extension and the
 * current role could create it.  schema NULL: live's, else public.  To be called before the first statement: the
 * extension's script must not meet objects of the caller.  Returns true when the schema had to be made for it, too
 * (then CREATE SCHEMA of the text is to be skipped).  Nothing happens when the extension is there already.
 */
extern PGDLLEXPORT bool sf_worker_extension(const char *name, const char *schema);

/*
 * Run statements of ours in a scratch as the bootstrap superuser, before the first of the text: what steps find in a
 * live database with our extension.  No text of a caller may reach it.
 */
extern PGDLLEXPORT void sf_worker_install(int n, const char *const *statements);

/*
 * A superuser's CREATE EXTENSION runs in its place in the text, with his own rights: nobody else's objects are in
 * its way. Without VERSION it gets the one that sf_worker_extension() would take.  Returns an error instead of
 * raising it, or NULL.
 */
extern PGDLLEXPORT struct ErrorData *sf_worker_try_extension(RawStmt *statement, const char *source);

/*
 * Run one parsed statement of "source" as a simple query would: analysed, rewritten, planned, run through a
 * portal, under the allow-list of statement tags when the place is a scratch.  In SF_JOB_SCRATCH a surrounding
 * transaction is open already; in SF_JOB_FRESH and SF_JOB_LIVE the statement runs in a transaction of its own,
 * unless the handler has begun a block by sf_worker_begin().  Rows that the statement returns are thrown
 * away, and counted: the result is the number of rows that it worked on.  Statements that commit inside
 * (CONCURRENTLY, VACUUM...) run at top level; all others in a block, where COMMIT in DO or CALL fails.  In a
 * scratch CONCURRENTLY is left out.  "statement" is not modified.  A position in an error is given within the
 * statement.
 */
extern PGDLLEXPORT uint64 sf_worker_statement(RawStmt *statement, const char *source);

/*
 * A transaction block around several statements (not in SF_JOB_SCRATCH, which is in one from start to
 * end).  Between the two the handler may run queries of its own; outside it has no transaction.
 */
extern PGDLLEXPORT void sf_worker_begin(void);
extern PGDLLEXPORT void sf_worker_commit(void);

/* After an error that the handler has caught: no transaction is open any more.  Not in SF_JOB_SCRATCH. */
extern PGDLLEXPORT void sf_worker_rollback(void);

/*
 * Runs body(arg), which begins and commits what it needs.  Returns NULL, or its error, allocated in the current
 * context, after everything that was open has been rolled back.  The caller throws on what is no answer to it.  Not
 * in SF_JOB_SCRATCH.
 */
extern PGDLLEXPORT struct ErrorData *sf_worker_attempt(void (*body) (void *arg), void *arg);

/*
 * Settings, temporary objects and role as at the worker's start, whatever statements have left.  Outside of
 * transactions only.
 */
extern PGDLLEXPORT void sf_worker_reset(void);

/*
 * Run a statement in a subtransaction (or its own transaction) and return its error instead of raising it, or
 * NULL.  For the caller's retry of statements that came too early.  The error is allocated in the current context;
 * its cursorpos counts from the start of "source".  Cancel and shutdown are raised, not returned.
 */
struct ErrorData;
extern PGDLLEXPORT struct ErrorData *sf_worker_try_statement(RawStmt *statement, const char *source);

/*
 * Event triggers that a text makes in a scratch are disabled there.  Around a reading of the catalogs: show them as the
 * text said (true), and then disable them again (false), before anything else runs.  In a transaction.
 */
extern PGDLLEXPORT void sf_worker_show_event_triggers(bool as_said);

/* Sleep, and answer to interrupts.  Any backend; holds what the caller holds. */
extern PGDLLEXPORT void sf_wait_a_little(long ms);

/* Handler: the payload is SQL text, its statements are run one by one; a row (number, command tag) for each. */
extern PGDLLEXPORT void sf_job_text(SfJobContext *job);

/* ---- scratch databases, from any backend ---- */

typedef struct SfLeftover
{
	char	   *database;
	char	   *why;			/* a sentence for DETAIL */
	bool		due;			/* nobody will drop it; else it goes with the next ones, several at a time */
} SfLeftover;

/* Scratch databases that nobody will use again: of SfLeftover.  Those in use by a job are left out. */
extern PGDLLEXPORT List *sf_scratch_leftovers(void);

/* Drop them (by a worker; forces one checkpoint or more).  all: this database's kept ones, too.  Returns how many. */
extern PGDLLEXPORT int sf_scratch_drop(bool all);

#endif
