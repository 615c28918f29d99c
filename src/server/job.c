/*
 * job.c - the caller's side of a job: checks, request, worker, pump of its messages.
 *
 * Shared memory: one segment per job holds the request and a queue from the worker to us.  We let go of it when we
 * return, at an error, and when this process exits; a callback of the segment then terminates a worker that has not
 * said that it is done.  There is no other cleaning up.
 *
 * Locks: a taken scratch is an advisory lock of this transaction (scratch.c).  Waits are on our latch, with
 * CHECK_FOR_INTERRUPTS.  At most one worker at a time; making a scratch is a job of its own before.
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "commands/dbcommands.h"
#include "libpq/pqformat.h"
#include "libpq/pqmq.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/procarray.h"
#include "storage/shm_mq.h"
#include "storage/shm_toc.h"
#include "storage/sinvaladt.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guc.h"
#include "server/internal.h"

/* How often the pump looks whether the worker is stuck on us. */
#define LOOK_FOR_BLOCK_MS	200

/* The caller's half of a running job. */
typedef struct SfRun
{
	const SfJob *job;			/* in the caller's memory: not for the segment's callback */
	bool		job_is_detached;
	bool		takes_cancel;
	dsm_segment *segment;
	shm_mq_handle *queue;
	BackgroundWorkerHandle *worker;
	MemoryContext row_context;	/* reset after each row */
	uint64		nrows;
	bool		done;			/* the worker has said so */
	bool		bloated;		/* the scratch should be made anew */
	bool		cancelling;		/* a cancel was passed on; the worker's own error is awaited */
} SfRun;

/*
 * What cannot have a worker at all.
 */
static void
check_server(void)
{
	if (!IsUnderPostmaster)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schemaflow cannot work in single-user mode"),
				 errdetail("Models are elaborated in background workers, which a single-user server does not have."),
				 errhint("Start the server normally and call again.")));
	if (IsBinaryUpgrade)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schemaflow cannot work while the server is being upgraded"),
				 errdetail("The server runs in binary upgrade mode."),
				 errhint("Call again when pg_upgrade has finished.")));
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("schemaflow cannot work on a standby"),
				 errdetail("The server is in recovery, and a scratch database has to be written to."),
				 errhint("Make the same call on the primary.")));
}

/*
 * The role that the job runs as.  The worker connects as the session user, so a role that a SECURITY DEFINER function
 * lends us cannot be had there.
 */
static Oid
check_role(const SfJob *job)
{
	bool		own_transaction = !IsTransactionState();
	MemoryContext old = CurrentMemoryContext;
	Oid			role = OidIsValid(job->role) ? job->role : GetUserId();

	if (own_transaction)
		StartTransactionCommand();

	if (InSecurityRestrictedOperation())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("schemaflow cannot work within a security-restricted operation"),
				 errhint("Call it by itself, not from an index expression or a materialized view.")));
	if (!OidIsValid(job->role) && GetUserId() != GetOuterUserId())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot run as role \"%s\", which a SECURITY DEFINER function has lent",
						GetUserNameFromId(role, false)),
				 errdetail("A background worker does the work; it becomes what session user \"%s\" may become.",
						   GetUserNameFromId(GetSessionUserId(), false)),
				 errhint("Call it outside of SECURITY DEFINER functions, after SET ROLE \"%s\" where that is wanted.",
						 GetUserNameFromId(role, false))));
	if (!sf_may_set_role(GetUserId(), role) || !sf_may_set_role(GetSessionUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to run as role \"%s\"", GetUserNameFromId(role, false)),
				 errdetail("Text runs with its owner's rights, and role \"%s\" is not a member of that role.",
						   GetUserNameFromId(sf_may_set_role(GetUserId(), role) ? GetSessionUserId() : GetUserId(),
											 false)),
				 errhint("Have a member of role \"%s\" or a superuser make this call.",
						 GetUserNameFromId(role, false))));
	if (own_transaction)
		CommitTransactionCommand();
	MemoryContextSwitchTo(old);
	return role;
}

/* Milliseconds of schemaflow.worker_wait that are left. */
long
sf_wait_left(TimestampTz start)
{
	long		spent = TimestampDifferenceMilliseconds(start, GetCurrentTimestamp());

	return Max(0, (long) sf_guc_worker_wait() - spent);
}

void
sf_wait_a_little(long ms)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

void
sf_lock_tag(LOCKTAG *tag, Oid live_database, SfScratchLock lock, uint32 number)
{
	SET_LOCKTAG_ADVISORY(*tag, live_database, (uint32) lock, number, SF_LOCK_CLASS);
}

/* "12345, 12346": who holds a lock, for messages. */
char *
sf_lock_holders(const LOCKTAG *tag)
{
	StringInfoData out;
	int			n;
	VirtualTransactionId *holders = GetLockConflicts(tag, ExclusiveLock, &n);

	initStringInfo(&out);
	for (int i = 0; i < n; i++)
	{
		PGPROC	   *proc = sf_proc_of(holders[i]);

		if (proc)
			appendStringInfo(&out, "%s%d", out.len ? ", " : "", proc->pid);
	}
	return out.data;
}

/* Callback of the segment: we leave.  A worker that is still at work has nobody to work for. */
static void
caller_leaves(dsm_segment *segment, Datum arg)
{
	SfRun	   *run = (SfRun *) DatumGetPointer(arg);

	if (run->worker && !run->done && !run->job_is_detached)
		TerminateBackgroundWorker(run->worker);
}

static void
put_bytes(shm_toc *toc, uint64 key, const void *bytes, Size len)
{
	char	   *space = shm_toc_allocate(toc, Max(len, 1));

	if (len > 0)
		memcpy(space, bytes, len);
	shm_toc_insert(toc, key, space);
}

/*
 * Lay out the segment.  It is filled before the worker exists, so nothing in it needs a lock but the queue, which has
 * its own.
 */
static void
make_request(SfRun *run, const SfRequest *request)
{
	const char *search_path = GetConfigOptionResetString("search_path");
	const char *activity = run->job->activity ? run->job->activity : run->job->handler;
	Size		guc_size = EstimateGUCStateSpace();
	StringInfoData extensions,
				collations;
	shm_toc_estimator estimator;
	shm_toc    *toc;
	shm_mq	   *mq;
	Size		size;

	if (!search_path)
		search_path = "";
	initStringInfo(&extensions);
	initStringInfo(&collations);
	if (request->place != SF_JOB_LIVE)
	{
		sf_list_extensions(&extensions);
		sf_list_collations(&collations);
	}

	shm_toc_initialize_estimator(&estimator);
	shm_toc_estimate_chunk(&estimator, sizeof(SfRequest));
	shm_toc_estimate_chunk(&estimator, guc_size);
	shm_toc_estimate_chunk(&estimator, strlen(search_path) + 1);
	shm_toc_estimate_chunk(&estimator, strlen(activity) + 1);
	shm_toc_estimate_chunk(&estimator, Max(extensions.len, 1));
	shm_toc_estimate_chunk(&estimator, collations.len + 1);
	shm_toc_estimate_chunk(&estimator, Max(run->job->payload_len, 1));
	shm_toc_estimate_chunk(&estimator, SF_QUEUE_SIZE);
	shm_toc_estimate_keys(&estimator, SF_KEY_QUEUE);
	size = shm_toc_estimate(&estimator);

	run->segment = dsm_create(size, 0);
	toc = shm_toc_create(SF_REQUEST_MAGIC, dsm_segment_address(run->segment), size);
	put_bytes(toc, SF_KEY_REQUEST, request, sizeof(SfRequest));
	{
		char	   *gucs = shm_toc_allocate(toc, guc_size);

		SerializeGUCState(guc_size, gucs);
		shm_toc_insert(toc, SF_KEY_GUCS, gucs);
	}
	put_bytes(toc, SF_KEY_SEARCH_PATH, search_path, strlen(search_path) + 1);
	put_bytes(toc, SF_KEY_ACTIVITY, activity, strlen(activity) + 1);
	put_bytes(toc, SF_KEY_EXTENSIONS, extensions.data, extensions.len);
	put_bytes(toc, SF_KEY_COLLATIONS, collations.data, collations.len + 1);
	put_bytes(toc, SF_KEY_PAYLOAD, run->job->payload, run->job->payload_len);
	mq = shm_mq_create(shm_toc_allocate(toc, SF_QUEUE_SIZE), SF_QUEUE_SIZE);
	shm_toc_insert(toc, SF_KEY_QUEUE, mq);
	shm_mq_set_receiver(mq, MyProc);
	run->queue = shm_mq_attach(mq, run->segment, NULL);
	on_dsm_detach(run->segment, caller_leaves, PointerGetDatum(run));
	pfree(extensions.data);
	pfree(collations.data);
}

/* Is pid waiting, directly or through others, for a lock of ours? */
static bool
waits_for_us(int pid, int depth)
{
	ArrayType  *pids = DatumGetArrayTypeP(DirectFunctionCall1(pg_blocking_pids, Int32GetDatum(pid)));
	int			n = ARR_NDIM(pids) == 0 ? 0 : ARR_DIMS(pids)[0];
	int32	   *blockers = (int32 *) ARR_DATA_PTR(pids);

	for (int i = 0; i < n; i++)
		if (blockers[i] == MyProcPid || (depth < 8 && blockers[i] != 0 && waits_for_us(blockers[i], depth + 1)))
			return true;
	return false;
}

/*
 * The server's deadlock detector does not see that we wait for the worker.  As we hold our locks until the job's end, a
 * worker that waits for one of them waits for ever.
 */
static void
check_not_blocking(SfRun *run)
{
	pid_t		pid;

	if (GetBackgroundWorkerPid(run->worker, &pid) == BGWH_STARTED && waits_for_us(pid, 0))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("the transaction that makes this call holds a lock that the call itself needs"),
				 errdetail("The call works in background worker %d, which waits for a lock of this session (PID %d).",
						   (int) pid, MyProcPid),
				 run->job->place == SF_JOB_LIVE ?
				 errhint("Commit or roll back first; what runs CONCURRENTLY needs CALL, outside of a transaction.") :
				 errhint("Commit or roll back the transaction, then make the call by itself.")));
}

/* A row: int16 number of fields, then each int32 length (-1 NULL) and bytes. */
static void
receive_row(SfRun *run, StringInfo msg)
{
	MemoryContext old = MemoryContextSwitchTo(run->row_context);
	int			n = pq_getmsgint(msg, 2);
	char	  **values = palloc0(sizeof(char *) * Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		int			len = (int) pq_getmsgint(msg, 4);

		if (len >= 0)
			values[i] = pnstrdup(pq_getmsgbytes(msg, len), len);
	}
	MemoryContextSwitchTo(old);
	run->nrows++;
	if (run->job->on_row)
		run->job->on_row(n, values, run->job->arg);
	MemoryContextReset(run->row_context);
}

static void
receive_message(SfRun *run, char *data, Size len)
{
	StringInfoData msg;
	ErrorData	edata;

	msg.data = data;
	msg.len = len;
	msg.maxlen = len;
	msg.cursor = 0;
	switch (pq_getmsgbyte(&msg))
	{
		case 'D':
			receive_row(run, &msg);
			break;
		case 'E':
		case 'N':
			pq_parse_errornotice(&msg, &edata);
			/* The worker's end is not ours. */
			edata.elevel = Min(edata.elevel, ERROR);
			/* It counts in a text that our client does not know. */
			edata.cursorpos = 0;
			if (edata.elevel == ERROR)
				run->done = true;	/* it leaves by itself */
			if (edata.elevel < ERROR && run->job->on_notice)
				run->job->on_notice(&edata, run->job->arg);
			else
				ThrowErrorData(&edata);
			break;
		case 'B':
			run->bloated = true;
			break;
		case 'X':
			run->done = true;
			break;
		default:
			/* Parameter status and the like: nothing for us. */
			break;
	}
}

/*
 * A user who cancels such a job means its work, not only the call.  We then wait for the worker's own error, which
 * says how far it came.  Timeouts, a terminated session and a lost client only end the call.  So cancels are held off
 * while we wait, and looked at here.
 */
static void
pass_on_cancel(SfRun *run)
{
	pid_t		pid;

	if (!QueryCancelPending || run->cancelling)
		return;
	if (get_timeout_indicator(STATEMENT_TIMEOUT, false))
	{
		RESUME_CANCEL_INTERRUPTS();
		CHECK_FOR_INTERRUPTS();
		HOLD_CANCEL_INTERRUPTS();
	}
	else if (GetBackgroundWorkerPid(run->worker, &pid) == BGWH_STARTED)
	{
		(void) kill(pid, SIGINT);
		run->cancelling = true;
		/* It is the worker's now: who cleans up behind its error is not to be cancelled once more. */
		QueryCancelPending = false;
	}
}

/* The worker has got hold of the segment: it does not need us any more. */
static void
wait_for_begin(SfRun *run)
{
	pid_t		pid;

	while (shm_mq_get_sender(shm_mq_get_queue(run->queue)) == NULL &&
		   GetBackgroundWorkerPid(run->worker, &pid) != BGWH_STOPPED)
		sf_wait_a_little(SF_LOOK_AGAIN_MS);
}

/*
 * Take messages until the worker has said that it is done.
 */
static void
pump(SfRun *run)
{
	TimestampTz looked = GetCurrentTimestamp();

	if (run->takes_cancel)
		HOLD_CANCEL_INTERRUPTS();
	while (!run->done)
	{
		Size		len;
		void	   *data;
		shm_mq_result result;

		/* What runs CONCURRENTLY in the worker would wait for a snapshot of ours; looking at catalogs leaves one. */
		if (run->takes_cancel)
		{
			InvalidateCatalogSnapshot();
			pass_on_cancel(run);
		}
		CHECK_FOR_INTERRUPTS();
		result = shm_mq_receive(run->queue, &len, &data, true);
		if (result == SHM_MQ_SUCCESS)
			receive_message(run, data, len);
		else if (result == SHM_MQ_DETACHED)
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("the background worker ended without finishing its work"),
					 errdetail("Handler %s did not report an end, nor an error.", run->job->handler),
					 errhint("See the server log for the reason, then call again; nothing has to be cleaned up.")));
		else
		{
			sf_wait_a_little(LOOK_FOR_BLOCK_MS);
			if (TimestampDifferenceExceeds(looked, GetCurrentTimestamp(), LOOK_FOR_BLOCK_MS))
			{
				MemoryContext old = MemoryContextSwitchTo(run->row_context);

				check_not_blocking(run);
				MemoryContextSwitchTo(old);
				MemoryContextReset(run->row_context);
				looked = GetCurrentTimestamp();
			}
		}
	}
	if (run->takes_cancel)
		RESUME_CANCEL_INTERRUPTS();
}

/*
 * Run a job against a request that is complete but for the job's own parts.
 */
static uint64
perform(const SfJob *job, SfRequest *request, bool *bloated)
{
	SfRun	   *run = MemoryContextAllocZero(TopMemoryContext, sizeof(SfRun));
	uint64		nrows;

	request->live_database = MyDatabaseId;
	request->place = job->place;
	request->payload_len = job->payload_len;
	request->nice = job->nice;
	strlcpy(request->handler, job->handler, sizeof(request->handler));
	strlcpy(request->library, job->library ? job->library : SF_LIBRARY, sizeof(request->library));

	/*
	 * "run" is in TopMemoryContext for the segment's callback.  An error leaks it and the handle: a hundred bytes.
	 */
	run->job = job;
	run->job_is_detached = job->detached;
	run->takes_cancel = job->detached || job->takes_cancel;
	run->row_context = AllocSetContextCreate(CurrentMemoryContext, "schemaflow row", ALLOCSET_DEFAULT_SIZES);
	make_request(run, request);
	/* Outside of transactions, where a worker may call, it belongs to no resource owner. */
	PG_TRY();
	{
		run->worker = sf_slot_take(run->segment, job->if_free);
		if (run->worker)
		{
			shm_mq_set_handle(run->queue, run->worker);
			if (job->detached && job->no_wait)
				wait_for_begin(run);
			else
				pump(run);
		}
	}
	PG_FINALLY();
	{
		dsm_detach(run->segment);
	}
	PG_END_TRY();
	nrows = run->nrows;
	if (bloated)
		*bloated = run->bloated;
	MemoryContextDelete(run->row_context);
	if (run->worker)
		pfree(run->worker);
	pfree(run);
	return nrows;
}

uint64
sf_job_run(const SfJob *job)
{
	SfRequest	request;
	uint64		nrows;
	bool		bloated;

	check_server();
	memset(&request, 0, sizeof(request));
	request.role = check_role(job);
	request.session_user = GetSessionUserId();
	request.database = OidIsValid(job->database) ? job->database : MyDatabaseId;
	if (job->place != SF_JOB_LIVE)
	{
		sf_scratch_take(job->place, &request.scratch);
		request.database = request.scratch.database;
	}
	nrows = perform(job, &request, &bloated);
	if (job->place != SF_JOB_LIVE)
	{
		if (bloated)
			sf_scratch_remake(&request.scratch);
		sf_scratch_release(&request.scratch);
	}
	return nrows;
}

/*
 * A job of server/ itself, as the bootstrap superuser in the live database.  No text of a caller may reach it.
 */
uint64
sf_job_run_bootstrap(const SfJob *job)
{
	SfRequest	request;

	check_server();
	memset(&request, 0, sizeof(request));
	request.role = BOOTSTRAP_SUPERUSERID;
	request.database = MyDatabaseId;
	return perform(job, &request, NULL);
}
