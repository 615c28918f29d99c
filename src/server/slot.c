/*
 * slot.c - one of the server's slots for background workers.
 *
 * They are the server's own, max_worker_processes of them, for parallel queries and replication as well.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "utils/backend_status.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guc.h"
#include "server/internal.h"

/* Who has them, for the error that says that they are all taken. */
static char *
worker_holders(void)
{
	StringInfoData out;
	int			n;

	initStringInfo(&out);
	pgstat_clear_backend_activity_snapshot();
	n = pgstat_fetch_stat_numbackends();
	for (int i = 1; i <= n; i++)
	{
		LocalPgBackendStatus *local = pgstat_get_local_beentry_by_index(i);
		const char *type;

		if (!local || local->backendStatus.st_backendType != B_BG_WORKER)
			continue;
		type = GetBackgroundWorkerTypeByPid(local->backendStatus.st_procpid);
		appendStringInfo(&out, "%s%d (%s)", out.len ? ", " : "", local->backendStatus.st_procpid,
						 type ? type : "background worker");
	}
	return out.data;
}

/* The handle outlives the transaction's memory: the callback of the job's segment uses it. */
static BackgroundWorkerHandle *
try_slot(BackgroundWorker *worker)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	BackgroundWorkerHandle *handle = NULL;
	bool		registered = RegisterDynamicBackgroundWorker(worker, &handle);

	MemoryContextSwitchTo(old);
	return registered ? handle : NULL;
}

BackgroundWorkerHandle *
sf_slot_take(dsm_segment *segment, bool if_free)
{
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;
	TimestampTz start = GetCurrentTimestamp();

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, SF_LIBRARY, sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "sf_worker_main", sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, BGW_MAXLEN, "schemaflow worker for PID %d", MyProcPid);
	strlcpy(worker.bgw_type, "schemaflow worker", BGW_MAXLEN);
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(segment));
	worker.bgw_notify_pid = MyProcPid;

	while ((handle = try_slot(&worker)) == NULL && !if_free)
	{
		if (sf_wait_left(start) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("no background worker became free within %d ms", sf_guc_worker_wait()),
					 errdetail("All max_worker_processes slots are taken; workers now running: %s.", worker_holders()),
					 errhint("Call again later, raise max_worker_processes, or SET schemaflow.worker_wait to more.")));
		sf_wait_a_little(SF_LOOK_AGAIN_MS);
	}
	return handle;
}
