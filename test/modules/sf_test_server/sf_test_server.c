/*
 * sf_test_server.c - lets SQL run jobs of server/, and handlers that use its API as other rooms do.
 *
 * The symbols of schemaflow's library are found because it is loaded before, globally (tests do LOAD 'schemaflow').
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "parser/parser.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "server/owner.h"
#include "server/server.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(sf_test_job);
PG_FUNCTION_INFO_V1(sf_test_call);
PG_FUNCTION_INFO_V1(sf_test_leftovers);
PG_FUNCTION_INFO_V1(sf_test_drop);
PG_FUNCTION_INFO_V1(sf_test_owner);

extern PGDLLEXPORT void sf_test_try(SfJobContext *job);
extern PGDLLEXPORT void sf_test_block(SfJobContext *job);
extern PGDLLEXPORT void sf_test_roles(SfJobContext *job);
extern PGDLLEXPORT void sf_test_settings(SfJobContext *job);
extern PGDLLEXPORT void sf_test_extension(SfJobContext *job);

static void
append_row(int n, char **values, void *arg)
{
	StringInfo	out = arg;

	if (out->len > 0)
		appendStringInfoChar(out, '\n');
	for (int i = 0; i < n; i++)
		appendStringInfo(out, "%s%s", i > 0 ? "|" : "", values[i] ? values[i] : "NULL");
}

static void
run_job(FunctionCallInfo fcinfo, StringInfo out)
{
	char	   *handler = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *payload = text_to_cstring(PG_GETARG_TEXT_PP(2));
	char	   *library = strchr(handler, ':');
	SfJob		job;

	memset(&job, 0, sizeof(job));
	if (library)				/* handler:library */
		*library++ = '\0';
	job.handler = handler;
	job.library = library;
	job.place = (SfJobPlace) PG_GETARG_INT32(1);
	job.role = PG_GETARG_OID(3);
	job.database = PG_GETARG_OID(4);
	job.payload = payload;
	job.payload_len = strlen(payload);
	job.activity = "a test's job";
	job.on_row = append_row;
	job.arg = out;
	sf_job_run(&job);
}

/* sf_test_job(handler text, place int, payload text, role oid, database oid): the rows, a line each. */
Datum
sf_test_job(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	initStringInfo(&out);
	run_job(fcinfo, &out);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/* The same as a procedure that commits first, so that it waits without a snapshot; the rows are dropped. */
Datum
sf_test_call(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	initStringInfo(&out);
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	SPI_commit();
	run_job(fcinfo, &out);
	SPI_finish();
	PG_RETURN_VOID();
}

Datum
sf_test_leftovers(PG_FUNCTION_ARGS)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, sf_scratch_leftovers())
	{
		SfLeftover *leftover = lfirst(lc);

		appendStringInfo(&out, "%s: %s\n", leftover->database, leftover->why);
	}
	PG_RETURN_TEXT_P(cstring_to_text(out.data));
}

Datum
sf_test_drop(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(sf_scratch_drop(PG_GETARG_BOOL(0)));
}

/* Run a statement between sf_owner_enter() and sf_owner_leave(); returns its first value. */
Datum
sf_test_owner(PG_FUNCTION_ARGS)
{
	char	   *sql = text_to_cstring(PG_GETARG_TEXT_PP(0));
	text	   *result;
	char	   *value = NULL;
	SfOwnerState state;
	MemoryContext mine = CurrentMemoryContext;

	SPI_connect();
	sf_owner_enter(&state);
	if (SPI_execute(sql, false, 1) < 0)
		elog(ERROR, "SPI_execute failed");	/* cannot happen */
	if (SPI_processed > 0 && SPI_tuptable)
		value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	sf_owner_leave(&state);
	MemoryContextSwitchTo(mine);
	result = cstring_to_text(value ? value : "");
	SPI_finish();
	PG_RETURN_TEXT_P(result);
}

static char *
source_of(SfJobContext *job)
{
	return pnstrdup(job->payload, job->payload_len);
}

/* Every statement by sf_worker_try_statement(): a row (SQLSTATE or ok, message, position). */
void
sf_test_try(SfJobContext *job)
{
	char	   *source = source_of(job);
	ListCell   *lc;

	foreach(lc, raw_parser(source, RAW_PARSE_DEFAULT))
	{
		ErrorData  *error = sf_worker_try_statement(lfirst(lc), source);
		char		position[16] = "";
		const char *row[3] = {"ok", NULL, position};

		if (error)
		{
			row[0] = unpack_sql_state(error->sqlerrcode);
			row[1] = error->message;
			snprintf(position, sizeof(position), "%d", error->cursorpos);
		}
		sf_worker_send(3, row);
	}
}

/* All statements in one block. */
void
sf_test_block(SfJobContext *job)
{
	char	   *source = source_of(job);
	ListCell   *lc;

	sf_worker_begin();
	foreach(lc, raw_parser(source, RAW_PARSE_DEFAULT))
		sf_worker_statement(lfirst(lc), source);
	sf_worker_commit();
}

/* Statements in order; COMMENT ON ... IS 'bootstrap' and SET test.role = x switch identity before the next one. */
void
sf_test_roles(SfJobContext *job)
{
	char	   *source = source_of(job);
	ListCell   *lc;

	foreach(lc, raw_parser(source, RAW_PARSE_DEFAULT))
	{
		RawStmt    *raw = lfirst(lc);

		sf_worker_statement(raw, source);
		if (IsA(raw->stmt, VariableSetStmt) && strcmp(((VariableSetStmt *) raw->stmt)->name, "test.role") == 0)
		{
			const char *role = GetConfigOption("test.role", false, false);

			if (strcmp(role, "bootstrap") == 0)
				sf_worker_become_bootstrap();
			else
			{
				bool		in_transaction = IsTransactionState();
				Oid			oid;

				if (!in_transaction)
					sf_worker_begin();
				oid = get_role_oid(role, false);
				if (!in_transaction)
					sf_worker_commit();
				sf_worker_become(oid);
			}
		}
	}
}

/* Values of the settings that the payload names, separated by commas. */
void
sf_test_settings(SfJobContext *job)
{
	char	   *name = strtok(source_of(job), ",");

	for (; name; name = strtok(NULL, ","))
	{
		const char *row[2] = {name, GetConfigOption(name, true, false)};

		sf_worker_send(2, row);
	}
}

/* First line: an extension; the rest: SQL text. */
void
sf_test_extension(SfJobContext *job)
{
	char	   *source = source_of(job);
	char	   *end = strchr(source, '\n');
	const char *row[1];
	ListCell   *lc;

	*end++ = '\0';
	row[0] = sf_worker_extension(source, NULL) ? "made schema" : "schema was there";
	sf_worker_send(1, row);
	foreach(lc, raw_parser(end, RAW_PARSE_DEFAULT))
		sf_worker_statement(lfirst(lc), end);
}
