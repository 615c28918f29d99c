/*
 * run.c - the runner: the worker that takes a database to a revision.
 *
 * Protocol: it becomes the runner (runner.h) or goes away; finds the way; refuses what can be refused before anything
 * is run; runs one migration after the other (perform.h).  It needs nobody: when its caller leaves, it goes on.  An
 * error is written into the row of the run and then raised.  Whatever ends the process at any point leaves the journal
 * true, and the next runner goes on from it; so there is no recovery here.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "utils/memutils.h"

#include "apply/archive.h"
#include "apply/journal.h"
#include "apply/perform.h"
#include "apply/runner.h"
#include "apply/sessions.h"
#include "apply/undo.h"
#include "apply/violators.h"
#include "apply/way.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"
#include "server/server.h"

#define ALLOW_DATA_LOSS	"data_loss"
#define MAX_NAMED		8

/* Handler of the job. */
extern PGDLLEXPORT void sf_apply_handler(SfJobContext *job);

/* The role that made the call. */
static Oid	caller;

/* The migration at hand, when this process began it from its start. */
static const SfMigration *begun_here = NULL;

/* A migration to run. */
typedef struct Task
{
	SfMigration *migration;
	int			done;			/* transactions of it that are done in this direction */
} Task;

/* ---- before anything runs ---- */

/* Nothing is here, though rows of another database are: a copy that nobody has adopted. */
static void
check_restored(void)
{
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	int			pins = sf_pins_enter();
	char	   *others = sf_query_text("SELECT count(*) FROM schemaflow.migration WHERE NOT (" SF_ORIGIN_IS_OURS ")",
									   lengthof(args), args);

	sf_pins_leave(pins);
	if (strcmp(others, "0") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the migrations that are here belong to another database"),
				 errdetail("This database is a restored or copied one; nothing of its history runs by itself."),
				 errhint("To go on with it here: SELECT * FROM sf_adopt_restored().")));
}

/* Is the loss allowed: as such, by the object, or for the migration? */
static bool
is_allowed(const char *allow, const SfMigration *m, const SfStep *step)
{
	char	  **words;
	int			n = sf_text_array_in(allow, &words);

	for (int i = 0; i < n; i++)
		if (words[i] && (strcmp(words[i], ALLOW_DATA_LOSS) == 0 || strcmp(words[i], step->object) == 0 ||
						 strcmp(words[i], m->revision) == 0))
			return true;
	return false;
}

static void
check_losses(List *tasks, const SfRunRequest *request)
{
	List	   *lost = NIL;
	int			n = 0;
	ListCell   *lc,
			   *ls;

	foreach(lc, tasks)
	{
		const Task *task = lfirst(lc);

		foreach(ls, task->migration->steps[request->direction])
		{
			const SfStep *step = lfirst(ls);
			const char *doubt = NULL;

			if (step->archive && request->direction == SF_DOWN)
				doubt = sf_archive_doubt(step->archive);
			if ((!step->loses_data && doubt == NULL) || step->transaction <= task->done ||
				is_allowed(request->allow, task->migration, step))
				continue;
			if (++n <= MAX_NAMED)
				lost = lappend(lost, psprintf("Step %d of %s (%s)%s%s.", step->n, task->migration->revision,
											  step->object, doubt ? ", whose archive was " : "",
											  doubt ? doubt : ""));
		}
	}
	if (n > MAX_NAMED)
		lost = lappend(lost, psprintf("And %d more.", n - MAX_NAMED));
	if (lost)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg_plural("%d step loses data that cannot come back; nothing was run",
							   "%d steps lose data that cannot come back; nothing was run", n, n),
				 errdetail("%s", sf_join(lost, "\n")),
				 errhint("If that is wanted: %s; or name single objects as they stand above in brackets.",
						 request->abort ? "CALL sf_abort('{" ALLOW_DATA_LOSS "}')" :
						 request->gates != SF_GATES_STOP ? "CALL sf_contract(allow => '{" ALLOW_DATA_LOSS "}')" :
						 psprintf("CALL %s('%s', allow => '{" ALLOW_DATA_LOSS "}')",
								  request->direction == SF_UP ? "sf_upgrade" : "sf_downgrade", request->to))));
}

/* For a script that has come to this transaction: NIL if it is done already. */
static List *
only_one(List *revisions, const SfRunRequest *request)
{
	SfRevision *r = sf_revision_named(revisions, request->to);
	int			done = sf_done_of(r, request->direction);

	if (!sf_journal_pending(r->revision, request->only, request->direction))
		return NIL;
	if (request->only != done + 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("transaction %d of revision \"%s\" is not the next one", request->only, r->revision),
				 errdetail("The next one is %d.", done + 1),
				 errhint("Run the script from its beginning; what is done is left out.")));
	return list_make1(r);
}

/*
 * The way as tasks, all of them looked at: in one transaction.  Of those behind the first only what does not depend on
 * the schema; sf_perform()'s caller looks at the rest when it is their turn.
 */
static List *
prepare(const SfRunRequest *request)
{
	List	   *revisions = sf_revisions();
	List	   *tasks = NIL;
	ListCell   *lc;

	if (revisions == NIL)
	{
		check_restored();
		/* Nothing was ever planned: these two are where the database is. */
		if (strcmp(request->to, "head") == 0 || strcmp(request->to, "base") == 0)
			return NIL;
	}
	foreach(lc, request->only ? only_one(revisions, request) : sf_way(revisions, request->to, request->direction))
	{
		SfRevision *r = lfirst(lc);
		Task	   *task = palloc0(sizeof(Task));

		task->migration = sf_migration_load(r->revision);
		sf_migration_check_owner(r->revision, r->owner);
		task->done = sf_done_of(r, request->direction);
		tasks = lappend(tasks, task);
	}
	/* Who runs a script has read it. */
	if (request->only == 0)
		check_losses(tasks, request);
	if (tasks)
		(void) sf_journal_check_start(((Task *) linitial(tasks))->migration->revision, request->direction);
	return tasks;
}

static List *
prepare_all(const SfRunRequest *request)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *tasks;

	sf_worker_begin();
	MemoryContextSwitchTo(context);
	tasks = prepare(request);
	if (tasks)
	{
		SfRunRequest all = *request;

		/* Who goes on with it by sf_resume() goes on with the migration. */
		if (request->only && request->direction == SF_DOWN)
			all.to = psprintf("%s-1", request->to);
		sf_run_begin(&all);
	}
	sf_worker_commit();
	return tasks;
}

/* ---- the run ---- */

static void
check_start(const Task *task, SfDirection direction)
{
	/* The caller's right to run it, not that of the owner of the migration before. */
	sf_worker_become(caller);
	sf_worker_begin();
	(void) sf_journal_check_start(task->migration->revision, direction);
	sf_worker_commit();
}

static void
end_run(const char *status, const ErrorData *error)
{
	MemoryContext old = CurrentMemoryContext;

	sf_worker_reset();
	sf_worker_begin();
	sf_run_end(status, error);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
}

static void
run_tasks(const SfRunRequest *request, List *tasks)
{
	ListCell   *lc;
	bool		finished = true;

	foreach(lc, tasks)
	{
		Task	   *task = lfirst(lc);

		if (lc != list_head(tasks))
			check_start(task, request->direction);
		begun_here = task->done == 0 && request->only == 0 ? task->migration : NULL;
		finished = sf_perform(task->migration, request);
		if (!finished)
			break;
	}
	end_run(finished ? "done" : "ready", NULL);
}

/* The error as the caller gets it: where it was, and how to go on. */
static void
complete_error(ErrorData *error, const SfRunRequest *request)
{
	const char *where = sf_perform_where();
	const char *again = request->abort ? "CALL sf_abort()" : request->only ? "the script, run again," :
		psprintf("CALL %s('%s')", request->direction == SF_UP ? "sf_upgrade" : "sf_downgrade", request->to);
	char	   *hint;

	if (where == NULL)
		return;
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
	{
		error->message = psprintf("the migration is paused at %s", where);
		error->detail = pstrdup("The running statement was cancelled; what was done before stays done.");
		error->hint = request->abort ? psprintf("%s goes on.", again) :
			psprintf("%s goes on; CALL sf_abort() undoes what was done.", again);
		return;
	}
	error->context = psprintf("%s%s%s", error->context ? error->context : "", error->context ? "\n" : "", where);
	/* The server's own hint says what to repair (a full disk), and no more. */
	if (error->hint != NULL && ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_INSUFFICIENT_RESOURCES)
		return;
	if (request->abort)
		hint = psprintf("What was undone before stays undone. Repair the cause, then %s goes on.", again);
	else
		hint = psprintf("What was done before stays done. Repair the cause, then %s goes on; CALL sf_abort() undoes "
						"what was done.", again);
	error->hint = error->hint ? psprintf("%s %s", error->hint, hint) : hint;
}

/* ---- undoing ---- */

/* By a request with its consent (raises without), or by ourselves (request is NULL) where nobody loses anything. */
static bool
may_undo(const SfMigration *migration, SfMigration *back, SfDirection direction, const SfRunRequest *request)
{
	Task		task = {back, 0};
	SfRunRequest losses;

	if (request == NULL)
		return direction == SF_DOWN && sf_undo_is_harmless(migration, SF_UP, back);
	losses = *request;
	losses.direction = direction;
	check_losses(list_make1(&task), &losses);
	return true;
}

/* Those who use what will not be there any more. */
static void
check_mirror_gate(const SfMigration *migration, const SfRunRequest *request)
{
	const SfRevision *half = sf_revision_partly(sf_revisions());
	SfDirection back = half->undoing ? half->direction : half->direction == SF_UP ? SF_DOWN : SF_UP;

	if (request->gates != SF_GATES_FORCE)
		sf_session_gate(sf_migration_version(migration, back), "CALL sf_abort(force => true)");
}

/* Returns false when it must not be. */
static bool
undo(const SfMigration *migration, const SfRunRequest *request)
{
	MemoryContext context = CurrentMemoryContext;

	/* Names first; what is left to do then is planned from what the server has made of them. */
	for (int round = 0; round < 2; round++)
	{
		SfMigration *back,
				   *names;
		SfDirection direction;
		bool		may;

		sf_worker_become(caller);
		sf_worker_begin();
		MemoryContextSwitchTo(context);
		/* What went wrong may be that we are gone: says so. */
		(void) sf_owner_id();
		back = sf_undo_make(migration, &direction, &names);
		may = may_undo(migration, back, direction, request);
		/* In the transaction that ends the version: none comes in between. */
		if (request && round == 0)
			check_mirror_gate(migration, request);
		if (names == NULL)
			round = 1;
		else if (round == 0)
			back = names;
		if (may)
			sf_undo_mark(back, direction, 0, round == 0);
		sf_worker_commit();
		MemoryContextSwitchTo(context);
		if (!may)
			return false;
		sf_perform_undo(back, direction, round == 0);
	}
	return true;
}

/* The migration that is half done; NULL: there is none. */
static SfMigration *
half_done(void)
{
	List	   *revisions = sf_revisions();
	SfRevision *half = sf_revision_partly(revisions);

	if (revisions == NIL)
		check_restored();
	return half ? sf_migration_load(half->revision) : NULL;
}

/* In PG_CATCH: the error as it is; nothing is open any more. */
static ErrorData *
take_error(MemoryContext context)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	sf_worker_rollback();
	MemoryContextSwitchTo(context);
	return error;
}

/* The way back once it is known: an error in it is told in the row of the run, too. */
static void
undo_or_report(const SfRunRequest *request, const SfMigration *migration)
{
	MemoryContext old = CurrentMemoryContext;

	PG_TRY();
	{
		(void) undo(migration, request);
		end_run("aborted", NULL);
	}
	PG_CATCH();
	{
		ErrorData  *error = take_error(old);

		complete_error(error, request);
		end_run(error->sqlerrcode == ERRCODE_QUERY_CANCELED ? "paused" : "failed", error);
		ReThrowError(error);
	}
	PG_END_TRY();
}

static void
run_abort(const SfRunRequest *request)
{
	MemoryContext context = CurrentMemoryContext;
	SfMigration *migration,
			   *names;

	sf_worker_begin();
	MemoryContextSwitchTo(context);
	migration = half_done();
	if (migration)
	{
		SfDirection direction;
		SfMigration *back;

		sf_migration_check_owner(migration->revision, migration->owner);
		check_mirror_gate(migration, request);
		back = sf_undo_make(migration, &direction, &names);
		(void) may_undo(migration, back, direction, request);
		sf_run_begin(request);
	}
	sf_worker_commit();
	MemoryContextSwitchTo(context);
	if (migration == NULL)
	{
		ereport(NOTICE, (errmsg("nothing to undo: no migration is half done")));
		return;
	}
	undo_or_report(request, migration);
}

/* Classes of errors that another try would meet again: rows, rights or schema are not what the step needs. */
static const int lasting[] = {ERRCODE_DATA_EXCEPTION, ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION,
	ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION, ERRCODE_FEATURE_NOT_SUPPORTED,
ERRCODE_DEPENDENT_PRIVILEGE_DESCRIPTORS_STILL_EXIST};

static bool
is_the_steps_own(const ErrorData *error)
{
	for (int i = 0; i < lengthof(lasting); i++)
		if (ERRCODE_TO_CATEGORY(lasting[i]) == ERRCODE_TO_CATEGORY(error->sqlerrcode))
			return true;
	return false;
}

/* What this run has begun is undone.  A second error there is told instead, with the first one's message. */
static bool
undo_own(const SfRunRequest *request, const char *because)
{
	MemoryContext old = CurrentMemoryContext;
	volatile bool undone = false;

	PG_TRY();
	{
		undone = undo(begun_here, NULL);
	}
	PG_CATCH();
	{
		ErrorData  *error = take_error(old);
		SfRunRequest again = *request;

		again.abort = true;
		complete_error(error, &again);
		error->context = psprintf("%s%sundoing what was done, after: %s", error->context ? error->context : "",
								  error->context ? "\n" : "", because);
		end_run(error->sqlerrcode == ERRCODE_QUERY_CANCELED ? "paused" : "failed", error);
		ReThrowError(error);
	}
	PG_END_TRY();
	return undone;
}

/* A query for all rows that are in the way; NULL: there is none. */
static char *
violators_of(const ErrorData *error)
{
	MemoryContext old = CurrentMemoryContext;
	char	   *violators;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	violators = sf_violators(error);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	return violators;
}

/* What to do about an error that has no hint. */
static char *
advice_on(const ErrorData *error, const char *violators)
{
	if (error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE)
		return psprintf("The steps run with the rights of role \"%s\": give it what it lacks, mostly the tables that "
						"it alters, then call again; or have a role that owns them record the model.",
						begun_here->owner);
	return violators ? psprintf("%s lists the rows. Repair them or the model, then call again.", violators) :
		pstrdup("Repair the data or the model, then call again.");
}

/*
 * Errors are caught once, here; all that is open is rolled back.
 */
static void
run_or_report(const SfRunRequest *request, List *tasks)
{
	MemoryContext old = CurrentMemoryContext;

	PG_TRY();
	{
		run_tasks(request, tasks);
	}
	PG_CATCH();
	{
		ErrorData  *error = take_error(old);
		bool		own = begun_here && sf_perform_where() && is_the_steps_own(error);
		char	   *violators = own && error->hint == NULL ? violators_of(error) : NULL;
		const char *advice = own && error->hint == NULL ? advice_on(error, violators) : error->hint;

		complete_error(error, request);
		/* It turned out in the middle: back to where we began. */
		if (own && undo_own(request, error->message))
		{
			error->hint = psprintf("What was done before has been undone: the schema is as it was. %s", advice);
			ereport(INFO, (errmsg("the schema is as it was before the call")));
		}
		else if (violators)
			error->hint = psprintf("%s lists the rows. %s", violators, error->hint);
		end_run(sf_perform_at_gate() ? "ready" : error->sqlerrcode == ERRCODE_QUERY_CANCELED ? "paused" : "failed",
				error);
		ReThrowError(error);
	}
	PG_END_TRY();
}

static void
say(const char *word)
{
	const char *row[] = {word};

	sf_worker_send(1, row);
}

static void
run_request(const SfRunRequest *request)
{
	List	   *tasks;

	if (request->abort)
	{
		run_abort(request);
		return;
	}
	tasks = prepare_all(request);
	if (tasks == NIL)
		ereport(NOTICE,
				(request->only ? errmsg("nothing to do: transaction %d is done already", request->only) :
				 errmsg("nothing to do: the database is at \"%s\" already", request->to)),
				request->only || strcmp(request->to, "head") != 0 ? 0 :
				errhint("What the model wants besides is planned first: SELECT sf_plan_migration('what it is for')."));
	else
		run_or_report(request, tasks);
}

void
sf_apply_handler(SfJobContext *job)
{
	SfRunRequest request;

	caller = job->role;
	sf_session_gate_except(MyBgworkerEntry->bgw_notify_pid);
	sf_run_request_unpack(job->payload, &request);
	sf_worker_begin();
	if (!sf_runner_become())
	{
		sf_worker_commit();
		say(SF_RUN_BUSY);
		return;
	}
	sf_worker_commit();
	PG_TRY();
	{
		run_request(&request);
	}
	PG_CATCH();
	{
		sf_runner_leave();
		PG_RE_THROW();
	}
	PG_END_TRY();
	sf_runner_leave();
	say(SF_RUN_DONE);
}
