/*
 * worker.c - the worker's side of a job: attach, connect, settings, handler.
 *
 * Order matters.  The queue is attached and protocol messages redirected to it before the connection is made, so
 * that even a FATAL of the connection reaches the caller as it is.  Then come the caller's settings, ours for
 * running text over them and the role; then the handler.
 *
 * Memory: the handler runs in a context that lives as long as the worker.  Errors: reported to the queue, transaction
 * aborted, process ends; nothing is retried here.  The caller's leaving is a SIGTERM for us (job.c).
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "libpq/pqmq.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"
#include "storage/shm_toc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "server/internal.h"

/* Places that a setting is for. */
#define ANYWHERE	0
#define SCRATCHES	1			/* only where nothing is kept */
#define LIVE_ONLY	2

/*
 * Our settings for running text.  They make a text mean the same whoever runs it: what a role, a database or a
 * session has set does not matter.  The search_path is not here: it is the database's own (see below).
 */
static const struct
{
	const char *name;
	const char *value;
	int			where;
}			text_settings[] = {
	{"application_name", "schemaflow", ANYWHERE},
	{"array_nulls", "on", ANYWHERE},
	{"bytea_output", "hex", ANYWHERE},
	{"check_function_bodies", "off", ANYWHERE},
	{"DateStyle", "ISO, MDY", ANYWHERE},
	{"default_table_access_method", "heap", ANYWHERE},
	{"default_tablespace", "", ANYWHERE},
	{"default_toast_compression", "pglz", ANYWHERE},
	{"default_transaction_deferrable", "off", ANYWHERE},
	{"default_transaction_isolation", "read committed", ANYWHERE},
	{"default_transaction_read_only", "off", ANYWHERE},
	{"event_triggers", "off", SCRATCHES},	/* from 17 */
	{"extra_float_digits", "1", ANYWHERE},
	{"idle_in_transaction_session_timeout", "0", ANYWHERE},
	{"idle_session_timeout", "0", ANYWHERE},
	{"IntervalStyle", "postgres", ANYWHERE},
	{"jit", "off", SCRATCHES},
	{"lock_timeout", "2s", SCRATCHES},
	{"lock_timeout", "0", LIVE_ONLY},	/* steps set their own */
	{"max_parallel_maintenance_workers", "0", SCRATCHES},
	{"max_parallel_workers_per_gather", "0", SCRATCHES},
	{"quote_all_identifiers", "off", ANYWHERE},
	{"row_security", "off", ANYWHERE},
	{"session_replication_role", "origin", ANYWHERE},
	{"standard_conforming_strings", "on", ANYWHERE},
	{"statement_timeout", "0", ANYWHERE},
	{"synchronous_commit", "off", SCRATCHES},
	{"TimeZone", "UTC", ANYWHERE},
	{"transaction_timeout", "0", ANYWHERE}, /* from 17 */
	{"transform_null_equals", "off", ANYWHERE},
	{"xmloption", "content", ANYWHERE}
};

/* Of the one job of this process. */
static shm_toc *toc;
static const SfRequest *request;
static MemoryContext job_context;

const SfRequest *
sf_worker_request(void)
{
	return request;
}

bool
sf_is_worker(void)
{
	return request != NULL;
}

MemoryContext
sf_worker_context(void)
{
	return job_context;
}

/* Version and schema of an extension in live; NULL when it is not installed there. */
const char *
sf_worker_live_extension(const char *name, const char **schema)
{
	const char *p = shm_toc_lookup(toc, SF_KEY_EXTENSIONS, false);

	while (request->place != SF_JOB_LIVE && *p)
	{
		const char *version = p + strlen(p) + 1;

		*schema = version + strlen(version) + 1;
		if (strcmp(p, name) == 0)
			return version;
		p = *schema + strlen(*schema) + 1;
	}
	return NULL;
}

const char *
sf_worker_live_collations(void)
{
	return shm_toc_lookup(toc, SF_KEY_COLLATIONS, false);
}

void
sf_worker_send(int n, const char *const *values)
{
	StringInfoData msg;

	pq_beginmessage(&msg, 'D');
	pq_sendint16(&msg, n);
	for (int i = 0; i < n; i++)
	{
		Size		len = values[i] ? strlen(values[i]) : 0;

		pq_sendint32(&msg, values[i] ? (int) len : -1);
		if (len > 0)
			pq_sendbytes(&msg, values[i], len);
	}
	pq_endmessage(&msg);
	CHECK_FOR_INTERRUPTS();
}

/*
 * Set a value now and for RESET, whatever has been set before.  Its own rights: the worker is ours, not the user's.
 */
static void
set_firmly(const char *name, const char *value)
{
	SetConfigOption(name, value, PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption(name, value, PGC_SUSET, PGC_S_SESSION);
}

/*
 * The caller's settings, then ours.  In a transaction without a snapshot, as some settings demand.
 */
static void
set_up_session(void)
{
	const char *search_path = shm_toc_lookup(toc, SF_KEY_SEARCH_PATH, false);

	StartTransactionCommand();
	/* The bootstrap superuser takes nothing from a caller; and to restore would make it the caller's session user. */
	if (OidIsValid(request->session_user))
	{
		sf_identity_check(request->role);
		RestoreGUCState(shm_toc_lookup(toc, SF_KEY_GUCS, false));
		SetConfigOption("role", "none", PGC_SUSET, PGC_S_SESSION);
	}
	/* The queue carries the database's encoding: the caller's client is not ours. */
	set_firmly("client_encoding", GetDatabaseEncodingName());
	/* Text names things as the database's applications do; every name that we write ourselves is qualified. */
	set_firmly("search_path", OidIsValid(request->session_user) ? search_path : "pg_catalog, pg_temp");
	for (int i = 0; i < lengthof(text_settings); i++)
	{
		if (text_settings[i].where != ANYWHERE &&
			(text_settings[i].where == LIVE_ONLY) != (request->place == SF_JOB_LIVE))
			continue;
		if (GetConfigOption(text_settings[i].name, true, false) == NULL)
			continue;			/* not of this major */
		set_firmly(text_settings[i].name, text_settings[i].value);
	}
	CommitTransactionCommand();
}

void
sf_worker_reset(void)
{
	MemoryContext old = CurrentMemoryContext;

	StartTransactionCommand();
	/* Restoring settings needs the rights that they were first restored with. */
	SetConfigOption("role", "none", PGC_SUSET, PGC_S_SESSION);
	ResetTempTableNamespace();
	CommitTransactionCommand();
	set_up_session();
	sf_identity_apply();
	MemoryContextSwitchTo(old);
}

/*
 * One process at a time works in a kept scratch.  The caller's own lock says which scratch is whose; this one waits for
 * a worker of a caller that has left and that has not ended yet.
 */
static void
lock_scratch(void)
{
	LOCKTAG		tag;

	if (request->scratch.lock != SF_LOCK_KEPT)
		return;
	StartTransactionCommand();
	sf_lock_tag(&tag, request->live_database, SF_LOCK_WORKER, request->scratch.number);
	(void) LockAcquire(&tag, ExclusiveLock, true, false);
	CommitTransactionCommand();
}

static void
run_handler(void)
{
	SfJobContext job;
	SfJobHandler handler;
	bool		bootstrap = !OidIsValid(request->session_user);

	set_up_session();
	pgstat_report_appname("schemaflow");
	debug_query_string = shm_toc_lookup(toc, SF_KEY_ACTIVITY, false);
	SetCurrentStatementStartTimestamp();
	pgstat_report_activity(STATE_RUNNING, debug_query_string);

	handler = (SfJobHandler) load_external_function(request->library, request->handler, true, NULL);
	if (request->place != SF_JOB_LIVE)
	{
		lock_scratch();
		sf_allow_install();
	}
	if (request->place == SF_JOB_SCRATCH)
		sf_worker_open_scratch();
	sf_identity_start(bootstrap ? InvalidOid : request->role);
	if (request->place != SF_JOB_LIVE)
		sf_worker_make_collations();

	job.payload = shm_toc_lookup(toc, SF_KEY_PAYLOAD, false);
	job.payload_len = request->payload_len;
	job.place = request->place;
	job.role = request->role;
	job.live_database = request->live_database;
	MemoryContextSwitchTo(job_context);
	if (request->nice > 0)
		sf_priority_lower(request->nice);
	handler(&job);

	if (request->place == SF_JOB_SCRATCH)
	{
		/* A fresh one in place of a kept one is not used again anyway. */
		if (request->scratch.lock == SF_LOCK_KEPT && sf_scratch_bloated())
			pq_putemptymessage('B');
		sf_worker_close_scratch();
	}
	else if (IsTransactionState())
		elog(ERROR, "handler %s left a transaction open", request->handler);	/* cannot happen */
	if (request->place == SF_JOB_FRESH)
		sf_scratch_forget_subscriptions(MyDatabaseId);
}

void
sf_worker_main(Datum segment)
{
	dsm_segment *seg;
	shm_mq	   *mq;
	shm_mq_handle *queue;

	/* The usual handler of a backend: at the next safe place, not in the midst of anything. */
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	CurrentResourceOwner = ResourceOwnerCreate(NULL, "schemaflow worker");
	job_context = AllocSetContextCreate(TopMemoryContext, "schemaflow job", ALLOCSET_DEFAULT_SIZES);
	CurrentMemoryContext = job_context;

	seg = dsm_attach(DatumGetUInt32(segment));
	if (seg == NULL)
		return;					/* the caller has left */
	toc = shm_toc_attach(SF_REQUEST_MAGIC, dsm_segment_address(seg));
	if (toc == NULL)
		elog(ERROR, "bad magic number in a request's segment"); /* cannot happen */
	request = shm_toc_lookup(toc, SF_KEY_REQUEST, false);
	mq = shm_toc_lookup(toc, SF_KEY_QUEUE, false);
	shm_mq_set_sender(mq, MyProc);
	queue = shm_mq_attach(mq, seg, NULL);
	pq_redirect_to_shm_mq(seg, queue);
	/* Transactions come and go; the segment stays until we exit. */
	dsm_pin_mapping(seg);

	/* Scratches allow no connections but ours; any other database has its own say. */
	BackgroundWorkerInitializeConnectionByOid(request->database, request->session_user,
											  request->place == SF_JOB_LIVE ? 0 : BGWORKER_BYPASS_ALLOWCONN);

	PG_TRY();
	{
		run_handler();
		pgstat_report_activity(STATE_IDLE, NULL);
		pq_putemptymessage('X');
	}
	PG_CATCH();
	{
		error_context_stack = NULL;
		HOLD_INTERRUPTS();
		(void) SetClientEncoding(GetDatabaseEncoding());
		EmitErrorReport();
		AbortOutOfAnyTransaction();
		FlushErrorState();
	}
	PG_END_TRY();
}
