/*
 * other.c - the facts of another database of this server (other.h).
 *
 * Protocol: a worker connects there as the session user and reads as anybody may; nothing is written and no user's
 * table is locked.  Bypassing ALLOW_CONNECTIONS is the worker's right, not the caller's, so that is checked here.
 */
#include "postgres.h"

#include "catalog/catalog.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "compat.h"
#include "facts/elaborate.h"
#include "facts/facts.h"
#include "facts/other.h"
#include "facts/secrets.h"
#include "facts/wire.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/server.h"

PGDLLEXPORT void sf_job_read(SfJobContext *job);

/* Where facts go, and how their bytes are to be read. */
typedef struct SfOtherReading
{
	SfFactBase *base;
	int			encoding;		/* of the other database */
} SfOtherReading;

static Oid	database_oid(const char *name, int *encoding);
static void take_fact(int n, char **values, void *arg);
static List *schemas_besides(List *wanted);

SfFactBase *
sf_other_facts(const char *database, List *schemas)
{
	SfFactBase *base = sf_base_new("another database");
	StringInfoData payload;
	SfOtherReading reading = {base, 0};
	SfJob		job = {.handler = "sf_job_read", .place = SF_JOB_LIVE, .on_row = take_fact, .arg = &reading};
	ListCell   *lc;

	job.database = database_oid(database, &reading.encoding);
	initStringInfo(&payload);
	sf_wire_put_int(&payload, list_length(schemas));
	foreach(lc, schemas)
		sf_wire_put(&payload, pg_server_to_any(lfirst(lc), strlen(lfirst(lc)), reading.encoding));
	job.activity = psprintf("read the schema of database %s", database);
	job.payload = payload.data;
	job.payload_len = payload.len;
	sf_job_run(&job);
	sf_base_finish(base);
	sf_secrets_hide(base);
	return base;
}

void
sf_mark_baseline(SfFactBase *base, const SfFactBase *empty)
{
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc),
				   *same = sf_base_find(empty, fact->key);

		fact->baseline = same != NULL && sf_same_fact(fact, same);
	}
}

static Oid
database_oid(const char *name, int *encoding)
{
	const char *args[] = {name};
	SfRows	   *rows;
	int			pins = sf_pins_enter();

	rows = sf_query("SELECT oid, CASE WHEN datallowconn AND NOT datistemplate THEN 't' END, "
					"CASE WHEN has_database_privilege(session_user, oid, 'CONNECT') THEN 't' END, encoding "
					"FROM pg_database WHERE datname = $1::name", 1, args);
	sf_pins_leave(pins);
	if (rows->nrows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_DATABASE),
				 errmsg("database \"%s\" does not exist", name),
				 errhint("SELECT datname FROM pg_database WHERE datallowconn lists the databases.")));
	if (sf_cell(rows, 0, 1) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("database \"%s\" cannot be a model", name),
				 errdetail("It is a template, or it accepts no connections."),
				 errhint("Make an own database for the model: CREATE DATABASE my_model TEMPLATE template0.")));
	if (sf_cell(rows, 0, 2) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for database \"%s\"", name),
				 errdetail("User \"%s\" does not have CONNECT privilege.",
						   GetUserNameFromId(GetSessionUserId(), false)),
				 errhint("GRANT CONNECT ON DATABASE %s TO %s.", sf_ident(name),
						 sf_ident(GetUserNameFromId(GetSessionUserId(), false)))));
	*encoding = atoi(sf_cell(rows, 0, 3));
	return atooid(sf_cell(rows, 0, 0));
}

static void
take_fact(int n, char **values, void *arg)
{
	const SfOtherReading *reading = arg;

	/* What this database cannot store is an error here. */
	sf_fact_decode(reading->base, pg_any_to_server(values[0], strlen(values[0]), reading->encoding));
}

/* ---- in the worker ---- */

void
sf_job_read(SfJobContext *job)
{
	SfWire		in = {job->payload, job->payload_len, 0};
	MemoryContext context = CurrentMemoryContext;
	List	   *wanted = NIL;
	SfFactBase *base;
	StringInfoData line;
	ListCell   *lc;

	for (int i = sf_wire_int(&in); i > 0; i--)
		wanted = lappend(wanted, unconstify(char *, sf_wire_text(&in)));
	initStringInfo(&line);
	sf_worker_begin();
	MemoryContextSwitchTo(context);
	base = sf_facts_read(schemas_besides(wanted));
	foreach(lc, base->facts)
	{
		const char *values[1];

		resetStringInfo(&line);
		sf_fact_encode(lfirst(lc), &line);
		values[0] = line.data;
		sf_worker_send(1, values);
	}
	sf_worker_commit();
	MemoryContextSwitchTo(context);
}

/* The users' own, for a message. */
static char *
names_of(const SfRows *rows)
{
	List	   *names = NIL;

	for (int i = 0; i < rows->nrows; i++)
		if (!IsReservedName(sf_cell(rows, i, 0)) && strcmp(sf_cell(rows, i, 0), "information_schema") != 0)
			names = lappend(names, sf_cell(rows, i, 0));
	return names ? sf_join(names, ", ") : pstrdup("none of its own");
}

/* What the reader has to leave out so that the wanted schemas remain; ours is never part of a model. */
static List *
schemas_besides(List *wanted)
{
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query("SELECT nspname::text FROM pg_namespace ORDER BY 1", 0, NULL);
	List	   *others = sf_own_schemas();
	ListCell   *lc;

	sf_pins_leave(pins);
	if (wanted == NIL)
		return others;
	foreach(lc, wanted)
	{
		const char *name = lfirst(lc);
		bool		exists = false;

		for (int i = 0; i < rows->nrows; i++)
			exists = exists || strcmp(sf_cell(rows, i, 0), name) == 0;
		if (!exists)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_SCHEMA),
					 errmsg("schema \"%s\" does not exist in that database", name),
					 errdetail("It has %s.", names_of(rows)),
					 errhint("Name one of these, or none to take them all.")));
	}
	for (int i = 0; i < rows->nrows; i++)
	{
		bool		is_wanted = false;

		foreach(lc, wanted)
			is_wanted = is_wanted || strcmp(sf_cell(rows, i, 0), lfirst(lc)) == 0;
		if (!is_wanted)
			others = lappend(others, sf_cell(rows, i, 0));
	}
	return others;
}
