/*
 * perform.c - the steps of a migration, run by the worker that is the runner (perform.h).
 *
 * Transactions: a T transaction is a block of its steps with the mark written last, so that state and effect commit
 * together or not at all.  An N step runs at top level between two transactions: before it the row of the run says what
 * is about to run (the intent), afterwards the mark is written when the catalog shows the effect.  What a failed
 * attempt left is dropped before; what succeeded without its mark is only marked.  IF NOT EXISTS has no part in
 * it.  A B step is many transactions, each with its place in it (backfill.h).
 *
 * Identity: statements run as the migration's owner under the migration's search_path; our own rows are written as the
 * extension's owner (server/owner.h).  Memory: a context for each transaction of the migration.
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "apply/backfill.h"
#include "apply/journal.h"
#include "apply/locks.h"
#include "apply/perform.h"
#include "apply/prove.h"
#include "apply/runner.h"
#include "apply/taken.h"
#include "apply/undo.h"
#include "apply/version_schema.h"
#include "apply/wires.h"
#include "facts/live.h"
#include "facts/secrets.h"
#include "kinds/kind.h"
#include "guc.h"
#include "lib/pins.h"
#include "lib/text.h"
#include "server/server.h"

#define STEP_WIDTH	72			/* of a step's text in a line */

/* The migration at hand. */
typedef struct Performance
{
	const SfMigration *migration;
	SfDirection direction;
	int			nsteps;
	SfFactBase *before;			/* for the locks of foreign keys' partners */
	bool		undo;			/* the steps were made for this run: apply/undo.h */
	bool		more;			/* and are not all that is to be undone */
} Performance;

static char *where = NULL;
static bool at_gate = false;

const char *
sf_perform_where(void)
{
	return where;
}

bool
sf_perform_at_gate(void)
{
	return at_gate;
}

/* ---- telling ---- */

/* Where we are, for other sessions (sf_progress) and for errors. */
static void
enter_step(const Performance *p, const SfStep *step)
{
	where = MemoryContextStrdup(TopMemoryContext,
								psprintf("step %d of %d of revision \"%s\", %s%s%s", step->n, p->nsteps,
										 p->migration->revision, sf_direction_name(p->direction),
										 step->object ? ": " : "", step->object ? step->object : ""));
	pgstat_report_appname(psprintf("schemaflow %s %s %d/%d", p->migration->revision,
								   sf_direction_name(p->direction), step->n, p->nsteps));
}

/* "(12 ms)", "(3.4 s)" */
static void
leave_step(const Performance *p, const SfStep *step, TimestampTz start)
{
	long		ms = TimestampDifferenceMilliseconds(start, GetCurrentTimestamp());
	char	   *took = ms < 10000 ? psprintf("%ld ms", ms) : psprintf("%.1f s", ms / 1000.0);

	ereport(INFO, (errmsg("%d of %d: %s (%s)", step->n, p->nsteps, sf_one_line(step->sql, STEP_WIDTH), took)));
}

/* The setting for tests: stand still until somebody ends us. */
static void
stand_still(const Performance *p, const SfStep *step)
{
	if (sf_guc_pause_after_step() != step->n)
		return;
	pgstat_report_appname(psprintf("schemaflow %s %s %d/%d stands still", p->migration->revision,
								   sf_direction_name(p->direction), step->n, p->nsteps));
	for (;;)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, 0, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/* ---- one statement, one transaction ---- */

static void
run_sql(const char *sql)
{
	List	   *statements = raw_parser(sql, RAW_PARSE_DEFAULT);

	if (list_length(statements) != 1)
		elog(ERROR, "a step has %d statements", list_length(statements));	/* cannot happen: checked when stored */
	if (sf_mentions_secret(sql))
		sf_secrets_reveal(linitial_node(RawStmt, statements)->stmt);
	sf_worker_statement(linitial_node(RawStmt, statements), sql);
}

static void
run_step(const Performance *p, const SfStep *step)
{
	TimestampTz start = GetCurrentTimestamp();

	enter_step(p, step);
	run_sql(step->sql);
	stand_still(p, step);
	leave_step(p, step, start);
}

/*
 * Settings as at the start, then those of the migration.
 */
static void
set_up(const Performance *p)
{
	MemoryContext old = CurrentMemoryContext;
	Oid			owner;

	sf_worker_reset();
	if (!sf_runner_become())
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("a step let go of the lock of the runner, and another runner has taken it"),
				 errhint("Call again when it has finished; a step must not call pg_advisory_unlock_all().")));
	sf_worker_begin();
	owner = get_role_oid(p->migration->owner, false);
	sf_worker_commit();
	sf_worker_become(owner);
	sf_worker_begin();
	SetConfigOption("search_path", p->migration->search_path, PGC_USERSET, PGC_S_SESSION);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
}

/* What is about to run, for everybody to see and for whoever comes after a crash. */
static void
note_step(const Performance *p, const SfStep *step, bool intent)
{
	sf_worker_begin();
	sf_run_at(p->migration->revision, p->direction, step->n, p->nsteps, step->phase, intent ? step->sql : NULL);
	sf_worker_commit();
}

static SfLockSet *
locks_of(const Performance *p, List *steps)
{
	MemoryContext old = CurrentMemoryContext;
	SfLockSet  *set;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	set = sf_locks_of(steps, p->before);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	return set;
}

/* In the transaction that did it. */
static void
mark(const Performance *p, int transaction)
{
	if (p->undo)
		sf_undo_mark(p->migration, p->direction, transaction, p->more);
	else
		sf_journal_mark(p->migration->revision, transaction, p->direction);
	sf_versions_settle(p->migration, p->direction, transaction);
	if (transaction == sf_transactions(p->migration, p->direction))
		sf_backfill_forget(p->migration->revision);
}

typedef struct Attempt
{
	const Performance *performance;
	List	   *steps;			/* of one transaction */
	SfLockSet  *locks;			/* or NULL */
	SfTaken    *taken;			/* or NULL */
} Attempt;

/* Argument of sf_worker_attempt(): the steps of a T transaction and their mark. */
static void
attempt_transaction(void *arg)
{
	const Attempt *attempt = arg;
	const Performance *p = attempt->performance;
	const SfStep *first = linitial(attempt->steps);
	MemoryContext old = CurrentMemoryContext;
	ListCell   *lc;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	enter_step(p, first);
	sf_set_local("lock_timeout", psprintf("%d", sf_guc_lock_wait()));
	sf_versions_aside(attempt->steps);
	if (attempt->locks)
		sf_locks_take(attempt->locks);
	if (!p->undo)
		sf_prove_check(p->migration, p->direction, first->transaction);
	if (attempt->taken)
		sf_taken_check(attempt->taken);
	foreach(lc, attempt->steps)
		run_step(p, lfirst(lc));
	if (attempt->locks)
		sf_locks_tell_unforeseen(attempt->locks);
	mark(p, first->transaction);
	sf_worker_commit();
}

static void
run_transaction(const Performance *p, List *steps)
{
	Attempt		attempt;
	SfLockSet  *locks;
	ErrorData  *error;

	note_step(p, linitial(steps), false);
	locks = locks_of(p, steps);
	attempt = (Attempt) {p, steps, locks, p->undo ? NULL : sf_taken_look(p->migration, p->direction, steps)};
	do
	{
		sf_locks_look(locks);
		error = sf_worker_attempt(attempt_transaction, &attempt);
		if (error && !sf_locks_again(locks, error))
			ReThrowError(error);
	} while (error);
}

/* ---- outside of transactions ---- */

static bool
is_pending(const Performance *p, int transaction)
{
	bool		pending;

	/* Made from what is there now. */
	if (p->undo)
		return true;
	sf_worker_begin();
	pending = sf_journal_pending(p->migration->revision, transaction, p->direction);
	sf_worker_commit();
	return pending;
}

static void
clear_leftovers(const Performance *p, int transaction)
{
	MemoryContext old = CurrentMemoryContext;
	List	   *statements;
	ListCell   *lc;

	if (p->undo)
		return;
	sf_worker_begin();
	MemoryContextSwitchTo(old);
	statements = sf_journal_leftovers(p->migration->revision, transaction, p->direction);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	foreach(lc, statements)
	{
		ereport(INFO, (errmsg("an earlier attempt was stopped: %s", sf_one_line(lfirst(lc), STEP_WIDTH))));
		run_sql(lfirst(lc));
	}
}

/* From here on it is half done, though nothing is marked yet. */
static void
begin(const Performance *p)
{
	sf_worker_begin();
	sf_journal_begin(p->migration, p->direction);
	sf_worker_commit();
}

/* Argument of sf_worker_attempt(): a statement that commits by itself. */
static void
attempt_outside(void *arg)
{
	const Attempt *attempt = arg;
	const Performance *p = attempt->performance;
	const SfStep *step = linitial(attempt->steps);
	MemoryContext old = CurrentMemoryContext;

	if (!p->undo)
		begin(p);
	MemoryContextSwitchTo(old);
	clear_leftovers(p, step->transaction);
	/* What was left of a detachment is all but the end of it. */
	if (is_pending(p, step->transaction))
		run_step(p, step);
}

static void
run_outside(const Performance *p, const SfStep *step)
{
	enter_step(p, step);
	if (is_pending(p, step->transaction))
	{
		Attempt		attempt = {p, list_make1(unconstify(SfStep *, step)), NULL};
		SfLockSet  *locks;
		ErrorData  *error;

		note_step(p, step, true);
		locks = locks_of(p, attempt.steps);
		do
		{
			sf_locks_look_outside(locks);
			error = sf_worker_attempt(attempt_outside, &attempt);
			if (error && !sf_locks_again(locks, error))
				ReThrowError(error);
		} while (error);
	}
	else
	{
		ereport(INFO, (errmsg("%d of %d: %s (was there already)", step->n, p->nsteps,
							  sf_one_line(step->sql, STEP_WIDTH))));
		stand_still(p, step);
	}
	sf_worker_begin();
	mark(p, step->transaction);
	sf_run_at(p->migration->revision, p->direction, step->n, p->nsteps, step->phase, NULL);
	sf_worker_commit();
}

/* ---- in batches ---- */

static void
run_batches(const Performance *p, const SfStep *step)
{
	TimestampTz start = GetCurrentTimestamp();

	enter_step(p, step);
	note_step(p, step, false);
	sf_locks_look(locks_of(p, list_make1(unconstify(SfStep *, step))));
	do
	{
		if (!p->undo)
			(void) sf_wires_mend(p->migration, p->direction, step->transaction, p->before);
	} while (!sf_backfill(p->migration->revision, p->direction, step));
	stand_still(p, step);
	sf_worker_begin();
	mark(p, step->transaction);
	sf_worker_commit();
	leave_step(p, step, start);
}

/* ---- gates ---- */

#define GATE_AGAIN_MS	500

/* Ask it again and again, as long as we may wait. */
static void
run_gate(const Performance *p, List *steps)
{
	TimestampTz start = GetCurrentTimestamp();
	Attempt		attempt = {p, steps, NULL};
	bool		told = false;
	ErrorData  *error;

	note_step(p, linitial(steps), false);
	at_gate = true;
	while ((error = sf_worker_attempt(attempt_transaction, &attempt)) != NULL)
	{
		if (error->sqlerrcode != ERRCODE_OBJECT_IN_USE ||
			TimestampDifferenceExceeds(start, GetCurrentTimestamp(), sf_guc_gate_wait()))
			ReThrowError(error);
		if (!told)
			ereport(INFO, (errmsg("the gate waits: %s", error->message), errdetail_internal("%s", error->detail)));
		told = true;
		sf_wait_a_little(GATE_AGAIN_MS);
	}
	at_gate = false;
}

/* Who has passed it does not come back: what stops the steps behind it is told before, while both versions work. */
static void
look_behind_gate(const Performance *p)
{
	at_gate = true;
	(void) sf_taken_look(p->migration, p->direction, p->migration->steps[p->direction]);
	at_gate = false;
}

/* Without asking it. */
static void
pass_gate(const Performance *p, const SfStep *step)
{
	note_step(p, step, false);
	sf_worker_begin();
	mark(p, step->transaction);
	sf_worker_commit();
	ereport(INFO, (errmsg("%d of %d: the gate is passed by force", step->n, p->nsteps)));
}

/* ---- the migration ---- */

static bool
is_beyond(List *steps, const char *through)
{
	ListCell   *lc;

	if (through)
		foreach(lc, steps)
			if (sf_phase_number(((SfStep *) lfirst(lc))->phase) > sf_phase_number(through))
				return true;
	return false;
}

/* Done already: the journal's word, not the catalog's. */
static int
done_before(const Performance *p)
{
	SfRevision *r;
	int			done;

	sf_worker_begin();
	r = sf_revision_find(sf_revisions(), p->migration->revision);
	done = r ? sf_done_of(r, p->direction) : 0;
	sf_worker_commit();
	return done;
}

static void
check_end(const Performance *p)
{
	MemoryContext old = CurrentMemoryContext;
	char	   *differs;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	differs = sf_journal_differs(p->migration, p->direction == SF_UP);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	if (differs)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("all steps of revision \"%s\" ran, but the schema is not the one that they lead %s to",
						p->migration->revision, sf_direction_name(p->direction)),
				 errdetail("Here %s.", differs),
				 errhint("They are recorded as done. SELECT * FROM sf_diff() shows what differs from the model; "
						 "SELECT sf_plan_migration('...') plans the rest.")));
}

/* The facts that the migration starts from, kept as long as it is half done: what sf_abort() goes back to. */
static void
read_before(Performance *p, int done)
{
	MemoryContext old = CurrentMemoryContext;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	p->before = sf_live_facts();
	sf_base_finish(p->before);
	if (done == 0 && !p->undo && !sf_journal_has_begun(p->migration, p->direction))
		sf_undo_keep(p->migration, p->direction, p->before);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
}

/* What is asked for of the transactions behind "done"; false: stopped before one that is past the phase. */
static bool
run_from(const Performance *p, int done, const SfRunRequest *request)
{
	MemoryContext old = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(old, "schemaflow transaction", ALLOCSET_DEFAULT_SIZES);
	int			of = sf_transactions(p->migration, p->direction);

	for (int transaction = done + 1; transaction <= (request->only ? request->only : of); transaction++)
	{
		List	   *steps = sf_transaction_steps(p->migration, p->direction, transaction);

		CHECK_FOR_INTERRUPTS();
		if (is_beyond(steps, request->through))
		{
			ereport(INFO, (errmsg("stops before step %d: it is past phase %s", ((SfStep *) linitial(steps))->n,
								  request->through)));
			return false;
		}
		set_up(p);
		MemoryContextSwitchTo(context);
		if (!p->undo)
			sf_prove(p->migration, p->direction, transaction, p->before);
		if (((SfStep *) linitial(steps))->class == 'G' && request->gates == SF_GATES_STOP)
		{
			/* It waits here from now on, even if it is where it starts. */
			begin(p);
			note_step(p, linitial(steps), false);
			ereport(INFO, (errmsg("ready: both versions of the application can work; when the other one is gone, "
								  "CALL sf_contract('%s') goes on", p->migration->revision)));
			MemoryContextSwitchTo(old);
			return false;
		}
		switch (((SfStep *) linitial(steps))->class)
		{
			case 'N':
				run_outside(p, linitial(steps));
				break;
			case 'B':
				run_batches(p, linitial(steps));
				break;
			case 'G':
				if (!p->undo)
					look_behind_gate(p);
				if (request->gates == SF_GATES_FORCE)
					pass_gate(p, linitial(steps));
				else
					run_gate(p, steps);
				break;
			default:
				run_transaction(p, steps);
		}
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
	if (of == 0)
	{
		/* It has no steps, and still is to be marked. */
		set_up(p);
		sf_worker_begin();
		mark(p, 0);
		sf_worker_commit();
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return true;
}

bool
sf_perform(const SfMigration *migration, const SfRunRequest *request)
{
	SfDirection direction = request->direction;
	Performance p = {migration, direction, list_length(migration->steps[direction])};
	MemoryContext old = CurrentMemoryContext;
	int			done = done_before(&p);

	MemoryContextSwitchTo(old);
	ereport(INFO, (errmsg("revision %s %s: %s", migration->revision, sf_direction_name(direction),
						  sf_one_line(migration->message, STEP_WIDTH))));
	if (request->through)
		(void) sf_phase_number(request->through);
	read_before(&p, done);
	if (!run_from(&p, done, request))
		return false;
	/* Of a script that is its own. */
	if (request->only == 0)
		check_end(&p);
	where = NULL;
	return true;
}

void
sf_perform_undo(const SfMigration *undo, SfDirection direction, bool more)
{
	Performance p = {undo, direction, list_length(undo->steps[direction])};
	SfRunRequest all = {.direction = direction,.gates = SF_GATES_FORCE};

	p.undo = true;
	p.more = more;
	ereport(INFO, (errmsg("revision %s: %s", undo->revision,
						  more ? "giving back the names that it changed" :
						  p.nsteps > 0 ? "undoing what was done of it" : "nothing of it stands")));
	read_before(&p, 0);
	(void) run_from(&p, 0, &all);
	if (!more)
		check_end(&p);
	where = NULL;
}
