/*
 * ddl_log.c - the log of DDL: rows of schemaflow.ddl_log.
 *
 * Protocol: a row is written in the transaction of its statement, as the extension's owner, so it is there exactly
 * when the statement's effect is.  A refused statement has no effect and its transaction is rolled back: its row is
 * written by a worker before the error is raised.  Where no worker is to be had at once, the error in the server's
 * log is all that stays.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "guard/sentry.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"
#include "server/server.h"

/* Handler of the job. */
extern PGDLLEXPORT void sf_guard_log_handler(SfJobContext *job);

#define NFIELDS	19

static const char insert[] =
"INSERT INTO schemaflow.ddl_log (system_identifier, database_oid, logged_at, pid, n, xid, session_role, role, "
"application, "
"client, command, object_type, object, statement, definition_before, definition_after, outcome, rules, reason, "
"revision) "
"VALUES ($1::int8, $2::oid, clock_timestamp(), $3::int4, $4::int4, $5::int8, $6, $7, $8, $9, $10, $11, $12, "
"$13, $14, $15, "
"$16, $17::text[], $18, $19)";

static void
write_row(const char *const *fields)
{
	static SfKeptPlan kept = NULL;
	SfOwnerState owner;

	sf_owner_enter(&owner);
	(void) sf_query_kept(&kept, insert, NFIELDS, fields);
	sf_owner_leave(&owner);
}

static char *
array_of(List *rules)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, rules)
		appendStringInfo(&out, "%s%s", out.len ? "," : "", (char *) lfirst(lc));	/* names of rules are words */
	return psprintf("{%s}", out.data);
}

/* NULL for a local connection.  Asked for once: it is the session's. */
static const char *
client_address(void)
{
	static bool asked = false;
	static char *address = NULL;

	if (!asked)
	{
		char	   *text = sf_query_text("SELECT pg_catalog.host(pg_catalog.inet_client_addr())", 0, NULL);

		address = text ? MemoryContextStrdup(TopMemoryContext, text) : NULL;
		asked = true;
	}
	return address;
}

/* As who, from where; of this session and its current role. */
static void
fill(const SfSentry *sentry, const SfLogRow *row, const char **fields)
{
	static int	n = 0;
	FullTransactionId xid = GetTopFullTransactionIdIfAny();
	const char *all[NFIELDS] = {sf_origin_system(), sf_origin_database(), psprintf("%d", MyProcPid),
		psprintf("%d", ++n),
		FullTransactionIdIsValid(xid) ? psprintf(UINT64_FORMAT, U64FromFullTransactionId(xid)) : NULL,
		GetUserNameFromId(GetSessionUserId(), true), sentry->role,
		GetConfigOption("application_name", true, false), client_address(),
	row->command, row->object_type, row->object, sentry->text, row->before, row->after, sentry->outcome,
	array_of(sentry->rules), sentry->reason, sentry->revision};

	memcpy(fields, all, sizeof(all));
}

void
sf_log_row(const SfSentry *sentry, const SfLogRow *row)
{
	const char *fields[NFIELDS];

	(void) GetTopTransactionId();
	fill(sentry, row, fields);
	write_row(fields);
}

/* ---- refused ---- */

static void
run_job(const char *const *fields)
{
	SfJob		job = {.handler = "sf_guard_log_handler",.place = SF_JOB_LIVE,.activity = "log of what the "
																						  "guard refused"};
	StringInfoData payload;

	initStringInfo(&payload);
	for (int i = 0; i < NFIELDS; i++)
	{
		appendStringInfoChar(&payload, fields[i] ? '=' : '-');
		appendBinaryStringInfo(&payload, fields[i] ? fields[i] : "", (fields[i] ? strlen(fields[i]) : 0) + 1);
	}
	job.payload = payload.data;
	job.payload_len = payload.len;
	(void) sf_job_run(&job);
}

void
sf_guard_log_handler(SfJobContext *job)
{
	const char *fields[NFIELDS];
	const char *at = job->payload;

	for (int i = 0; i < NFIELDS; i++)
	{
		fields[i] = *at == '=' ? at + 1 : NULL;
		at += strlen(at) + 1;
	}
	sf_worker_begin();
	write_row(fields);
	sf_worker_commit();
}

/*
 * The caller raises an error right behind it, so whatever goes wrong here needs no cleaning up but the user id.  A
 * role that a function lends cannot be had in a worker: it connects as who the session is outside of it.
 */
void
sf_log_refused(SfSentry *sentry)
{
	MemoryContext old = CurrentMemoryContext;
	SfLogRow	row = {.command = sentry->command,.object = sentry->object};
	const char *fields[NFIELDS];
	Oid			user;
	int			context;

	sentry->outcome = SF_OUTCOME_REFUSED;
	fill(sentry, &row, fields);
	GetUserIdAndSecContext(&user, &context);
	PG_TRY();
	{
		int			level = NewGUCNestLevel();

		sf_set_here("schemaflow.worker_wait", "0");
		SetUserIdAndSecContext(GetOuterUserId(), 0);
		run_job(fields);
		SetUserIdAndSecContext(user, context);
		AtEOXact_GUC(true, level);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		SetUserIdAndSecContext(user, context);
		MemoryContextSwitchTo(old);
		error = CopyErrorData();
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
			PG_RE_THROW();
		FlushErrorState();
		ereport(LOG,
				(errmsg("what the guard refused could not be written into its log: %s", error->message),
				 errdetail("%s by \"%s\".", sentry->command, fields[5] ? fields[5] : "")));
	}
	PG_END_TRY();
}
