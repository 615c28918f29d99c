/*
 * run.c - SQL entry points that run migrations.
 *
 * Protocol: the procedures commit first and then hold neither a lock nor a snapshot while the runner (apply/runner.h),
 * a worker, does everything; otherwise what it runs CONCURRENTLY would wait for its own caller.  While another runner
 * is at it they look at shared memory only.
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "tcop/pquery.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#include "api/define.h"
#include "api/print.h"
#include "apply/runner.h"
#include "apply/trial.h"
#include "compat.h"
#include "server/server.h"

#define LOOK_AGAIN_MS	200

PG_FUNCTION_INFO_V1(sf_upgrade);
PG_FUNCTION_INFO_V1(sf_downgrade);
PG_FUNCTION_INFO_V1(sf_abort);
PG_FUNCTION_INFO_V1(sf_contract);
PG_FUNCTION_INFO_V1(sf_pause);
PG_FUNCTION_INFO_V1(sf_resume);
PG_FUNCTION_INFO_V1(sf_test);
PG_FUNCTION_INFO_V1(sf_run_transaction);

/* ---- may we commit? ---- */

static void
check_context(FunctionCallInfo fcinfo, const char *name)
{
	if (IsSubTransaction())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("%s cannot run inside a subtransaction", name),
				 errdetail("Blocks with an EXCEPTION clause and savepoints are subtransactions: nothing in them "
						   "can commit."),
				 errhint("CALL %s by itself.", name)));
	if (!IsA(fcinfo->context, CallContext) || ((CallContext *) fcinfo->context)->atomic)
	{
		if (IsTransactionBlock())
			ereport(ERROR,
					(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
					 errmsg("%s cannot run inside a transaction block", name),
					 errdetail("It commits after each transaction of the migration."),
					 errhint("CALL it by itself, in autocommit mode; many drivers begin a transaction by default: "
							 "psycopg: conn.autocommit = True; SQLAlchemy: "
							 "engine.connect().execution_options(isolation_level=\"AUTOCOMMIT\"); "
							 "psql -c 'a; b' is one, too: psql -c 'a' -c 'b'.")));
		if (ActivePortal && ActivePortal->commandTag == CMDTAG_CALL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
					 errmsg("%s cannot run inside a procedure with SET or SECURITY DEFINER, nor in a function", name),
					 errdetail("Such a procedure cannot commit, nor can what it calls."),
					 errhint("Remove the SET clause or SECURITY DEFINER from the procedure, or CALL %s by itself.",
							 name)));
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("%s cannot run inside a function", name),
				 errdetail("A function cannot commit."),
				 errhint("CALL %s by itself.", name)));
	}
}

/* ---- waiting for another runner ---- */

/* What the runner says of itself in its application_name; NULL: it is gone. */
static const char *
runner_says(int pid)
{
	int			n;

	pgstat_clear_backend_activity_snapshot();
	n = pgstat_fetch_stat_numbackends();
	for (int i = 1; i <= n; i++)
	{
		LocalPgBackendStatus *local = pgstat_get_local_beentry_by_index(i);

		if (local && local->backendStatus.st_procpid == pid)
			return local->backendStatus.st_appname;
	}
	return NULL;
}

static void
wait_for_runner(void)
{
	char		told[NAMEDATALEN] = "";
	int			pid;

	while ((pid = sf_runner_pid()) != 0)
	{
		const char *says = runner_says(pid);

		if (says && strcmp(says, told) != 0)
		{
			strlcpy(told, says, sizeof(told));
			ereport(INFO, (errmsg("waiting for the runner, process %d: %s", pid, told)));
		}
		InvalidateCatalogSnapshot();
		sf_wait_a_little(LOOK_AGAIN_MS);
	}
}

/* ---- the run ---- */

static void
take_word(int n, char **values, void *arg)
{
	*(bool *) arg = strcmp(values[0], SF_RUN_BUSY) == 0;
}

/* Returns false when another runner was faster. */
static bool
run_job(const SfRunRequest *request, bool no_wait)
{
	SfJob		job = {.handler = "sf_apply_handler",.place = SF_JOB_LIVE,.detached = true,.no_wait = no_wait};
	bool		busy = false;

	job.payload = sf_run_request_pack(request, &job.payload_len);
	job.activity = psprintf("schemaflow: %s to %s", sf_direction_name(request->direction), request->to);
	job.on_row = take_word;
	job.arg = &busy;
	(void) sf_job_run(&job);
	return !busy;
}

static void
refuse_busy(int pid)
{
	const char *says = runner_says(pid);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("another run is at work in this database"),
			 errdetail("It is process %d: %s.", pid, says ? says : "about to end"),
			 errhint("SELECT * FROM sf_progress shows it; without wait => false the call waits for it.")));
}

static char *
array_arg(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? pstrdup("{}") : OidOutputFunctionCall(F_ARRAY_OUT, PG_GETARG_DATUM(n));
}

static Datum
run(FunctionCallInfo fcinfo, SfRunRequest *request, bool wait)
{
	int			pid;

	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "cannot happen: SPI_connect failed");
	SPI_commit();
	do
	{
		pid = sf_runner_pid();
		if (pid != 0 && !wait)
			refuse_busy(pid);
		wait_for_runner();
	} while (!run_job(request, false));
	SPI_finish();
	return (Datum) 0;
}

Datum
sf_upgrade(PG_FUNCTION_ARGS)
{
	SfRunRequest request = {.direction = SF_UP};

	check_context(fcinfo, "sf_upgrade");
	request.to = sf_text_arg(fcinfo, 0, "to");
	request.through = PG_ARGISNULL(1) ? NULL : sf_text_arg(fcinfo, 1, "through");
	request.allow = array_arg(fcinfo, 2);
	return run(fcinfo, &request, PG_ARGISNULL(3) || PG_GETARG_BOOL(3));
}

Datum
sf_downgrade(PG_FUNCTION_ARGS)
{
	SfRunRequest request = {.direction = SF_DOWN};

	check_context(fcinfo, "sf_downgrade");
	request.to = sf_text_arg(fcinfo, 0, "to");
	request.allow = array_arg(fcinfo, 1);
	return run(fcinfo, &request, PG_ARGISNULL(2) || PG_GETARG_BOOL(2));
}

Datum
sf_abort(PG_FUNCTION_ARGS)
{
	SfRunRequest request = {.direction = SF_DOWN,.abort = true};

	check_context(fcinfo, "sf_abort");
	request.to = "current";
	request.allow = array_arg(fcinfo, 0);
	/* 0.1.0 had two arguments. */
	request.gates = PG_NARGS() > 2 && !PG_ARGISNULL(2) && PG_GETARG_BOOL(2) ? SF_GATES_FORCE : SF_GATES_CHECK;
	return run(fcinfo, &request, PG_ARGISNULL(1) || PG_GETARG_BOOL(1));
}

/* The migration that is half done, and the way that it goes; raises when it is another one, or there is none. */
static void
half_done(const char *name, SfRunRequest *request)
{
	List	   *revisions = sf_revisions();
	SfRevision *wanted = name ? sf_revision_resolve(revisions, name) : NULL;
	SfRevision *half = sf_revision_partly(revisions);

	if (half == NULL || (name && wanted != half))
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 name ? errmsg("revision \"%s\" does not wait at a gate", name) : errmsg("no migration waits at a gate"),
			 half ? errdetail("Revision \"%s\" is %s.", half->revision, sf_revision_state(half)) : 0,
			 errhint("CALL sf_upgrade() goes on up to the gate; SELECT * FROM sf_status shows how it stands.")));
	request->direction = half->direction;
	request->to = half->direction == SF_UP ? half->revision : psprintf("%s-1", half->revision);
}

Datum
sf_contract(PG_FUNCTION_ARGS)
{
	SfRunRequest request = {0};

	check_context(fcinfo, "sf_contract");
	half_done(PG_ARGISNULL(0) ? NULL : sf_text_arg(fcinfo, 0, "revision"), &request);
	request.gates = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1) ? SF_GATES_FORCE : SF_GATES_CHECK;
	request.allow = array_arg(fcinfo, 2);
	return run(fcinfo, &request, PG_ARGISNULL(3) || PG_GETARG_BOOL(3));
}

/* ---- for a script ---- */

/* One transaction of a migration, the next one: what no statement of a script can do, batches and proofs. */
Datum
sf_run_transaction(PG_FUNCTION_ARGS)
{
	SfRunRequest request = {.allow = "{}",.gates = SF_GATES_CHECK};
	SfRevision *r;

	check_context(fcinfo, "sf_run_transaction");
	r = sf_revision_named(sf_revisions(), sf_text_arg(fcinfo, 0, "revision"));
	sf_migration_check_owner(r->revision, r->owner);
	request.to = r->revision;
	request.only = sf_transaction_arg(fcinfo, 1);
	request.direction = sf_direction_arg(fcinfo, 2);
	if (request.only < 1 || request.only > r->transactions[request.direction])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("revision \"%s\" has no transaction %d", r->revision, request.only),
				 errdetail("Its way %s has %d.", sf_direction_name(request.direction),
						   r->transactions[request.direction]),
				 errhint("Scripts call this; sf_script('%s', '%s') prints one.", r->revision,
						 sf_direction_name(request.direction))));
	return run(fcinfo, &request, true);
}

/* ---- from another session ---- */

Datum
sf_pause(PG_FUNCTION_ARGS)
{
	int			pid = sf_runner_pid();

	if (pid == 0)
		PG_RETURN_BOOL(false);
	/* The server's own rules on who may cancel whom. */
	PG_RETURN_DATUM(DirectFunctionCall1(pg_cancel_backend, Int32GetDatum(pid)));
}

Datum
sf_resume(PG_FUNCTION_ARGS)
{
	SfRunRequest request;
	char	   *status;

	if (sf_runner_pid() != 0 || !sf_run_last(&request, &status) || strcmp(status, "done") == 0 ||
		strcmp(status, "aborted") == 0)
		PG_RETURN_BOOL(false);
	(void) run_job(&request, true);
	PG_RETURN_BOOL(true);
}

/* ---- in a scratch ---- */

Datum
sf_test(PG_FUNCTION_ARGS)
{
	SfRevision *r = sf_revision_named(sf_revisions(), sf_text_arg(fcinfo, 0, "revision"));
	SfMigration *m = sf_migration_load(r->revision);

	sf_migration_check_owner(m->revision, m->owner);
	sf_trial(m);
	return (Datum) 0;
}
