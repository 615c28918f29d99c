/*
 * trial.c - a migration's steps in a fresh scratch database (trial.h).
 *
 * The caller reads the live facts and sends them with the migration's file; the worker makes them in the scratch, by a
 * plan from what an empty database has, and runs the steps in their transactions.  Tables are empty there: what depends
 * on rows is not seen.  The scratch is dropped afterwards, whatever happens.
 *
 * What the way up has put aside is no fact.  When the way down comes first, it is made there, too, as empty as the
 * rest.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/acl.h"

#include "apply/archive.h"
#include "apply/journal.h"
#include "apply/state.h"
#include "apply/trial.h"
#include "facts/live.h"
#include "facts/wire.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "phases/archive.h"
#include "plan/plan.h"
#include "server/server.h"

/* Handler of the job. */
extern PGDLLEXPORT void sf_trial_handler(SfJobContext *job);

/* ---- the caller ---- */

/* Where the live schema stands: the direction that leads away from there. */
static SfDirection
first_direction(const SfMigration *m)
{
	char	   *from_start = sf_journal_differs(m, false);

	if (from_start == NULL)
		return SF_UP;
	if (sf_journal_differs(m, true) == NULL)
		return SF_DOWN;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the live schema is at neither end of revision \"%s\"", m->revision),
			 errdetail("Compared with its start, here %s.", from_start),
			 errhint("Try a migration that starts or ends at what is here: SELECT * FROM sf_history() lists them.")));
	return SF_UP;				/* not reached */
}

/* $1: a relation of the archive. */
static const char archive_query[] =
"SELECT pg_catalog.format('CREATE TABLE %s (%s)', $1, pg_catalog.string_agg(pg_catalog.format('%I %s', attname, "
"pg_catalog.format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)) FROM pg_catalog.pg_attribute "
"WHERE attrelid = pg_catalog.to_regclass($1) AND attnum > 0 AND NOT attisdropped";

/* Of char *: what makes those that the way down gives back from, and that are here. */
static List *
archives_for(const SfMigration *m)
{
	int			pins = sf_pins_enter();
	List	   *done = NIL,
			   *statements = NIL;
	ListCell   *lc;

	foreach(lc, m->steps[SF_DOWN])
	{
		const char *archive = ((const SfStep *) lfirst(lc))->archive;
		char	   *create;

		if (archive == NULL || sf_list_has(done, archive))
			continue;
		done = lappend(done, unconstify(char *, archive));
		create = sf_archive_exists(archive) ? sf_query_text(archive_query, 1, &archive) : NULL;
		if (create)
			statements = lappend(statements, create);
	}
	sf_pins_leave(pins);
	return statements;
}

void
sf_trial(const SfMigration *m)
{
	SfJob		job = {.handler = "sf_trial_handler",.place = SF_JOB_FRESH};
	SfDirection first = first_direction(m);
	SfFactBase *live = sf_live_facts();
	List	   *archives = first == SF_DOWN ? archives_for(m) : NIL;
	StringInfoData payload,
				facts;
	ListCell   *lc;

	sf_base_finish(live);
	initStringInfo(&payload);
	initStringInfo(&facts);
	foreach(lc, live->facts)
	{
		CHECK_FOR_INTERRUPTS();
		sf_fact_encode(lfirst(lc), &facts);
		appendStringInfoChar(&facts, '\n');
	}
	sf_wire_put_int(&payload, first);
	sf_wire_put(&payload, sf_migration_export(m));
	sf_wire_put(&payload, facts.data);
	sf_wire_put_int(&payload, list_length(archives));
	foreach(lc, archives)
		sf_wire_put(&payload, lfirst(lc));
	job.role = get_role_oid(m->owner, false);
	job.payload = payload.data;
	job.payload_len = payload.len;
	job.activity = psprintf("try revision %s", m->revision);
	(void) sf_job_run(&job);
}

/* ---- the worker ---- */

static RawStmt *
parse_one(const char *sql)
{
	return linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT));
}

/* Of char *: the statements that make the live schema of what the scratch has. */
static List *
statements_for(const char *facts, const SfMigration *m)
{
	SfFactBase *wanted = sf_base_new("live"),
			   *empty = sf_live_facts();
	char	   *rest = pstrdup(facts);
	List	   *statements = NIL;
	ListCell   *lc;

	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		if (*line)
			(void) sf_fact_decode(wanted, line);
	sf_base_finish(wanted);
	sf_base_finish(empty);
	sf_state_scope(m->state, wanted);
	sf_state_scope(m->state, empty);
	foreach(lc, sf_plan_make(empty, wanted, NULL)->actions)
		statements = list_concat(statements, ((SfAction *) lfirst(lc))->statements);
	return statements;
}

/* Extensions come first, made by the server's own means; the rest in order. */
static void
run_all(List *statements)
{
	ListCell   *lc;

	foreach(lc, statements)
	{
		Node	   *statement = parse_one(lfirst(lc))->stmt;

		if (IsA(statement, CreateExtensionStmt))
			(void) sf_worker_extension(((CreateExtensionStmt *) statement)->extname, NULL);
	}
	foreach(lc, statements)
		if (!IsA(parse_one(lfirst(lc))->stmt, CreateExtensionStmt))
			sf_worker_statement(parse_one(lfirst(lc)), lfirst(lc));
}

/* What steps find in live: the schema of the archive, and our functions; at the gate nobody waits. */
static const char *const own_statements[] = {
	"CREATE SCHEMA " SF_ARCHIVE_SCHEMA,
	"GRANT USAGE, CREATE ON SCHEMA " SF_ARCHIVE_SCHEMA " TO PUBLIC",
	"CREATE SCHEMA schemaflow",
	"GRANT USAGE ON SCHEMA schemaflow TO PUBLIC",
	"CREATE FUNCTION schemaflow.sf_archive_keep() RETURNS trigger "
	"LANGUAGE c AS '$libdir/schemaflow', 'sf_archive_keep'",
	"CREATE FUNCTION " SF_ARCHIVE_FOLLOW "(regclass, regclass, name[]) RETURNS void "
	"LANGUAGE c STRICT AS '$libdir/schemaflow', 'sf_archive_follow'",
	"CREATE FUNCTION schemaflow.sf_archive_mirrored() RETURNS trigger "
	"LANGUAGE c AS '$libdir/schemaflow', 'sf_archive_mirrored'",
	"CREATE FUNCTION " SF_ARCHIVE_MIRROR "(regclass, regclass, name[], name, boolean) RETURNS void "
	"LANGUAGE c STRICT AS '$libdir/schemaflow', 'sf_archive_mirror'",
	"CREATE FUNCTION " SF_ARCHIVE_COMPLETE "(regclass, regclass, name[], name) RETURNS void "
	"LANGUAGE c STRICT AS '$libdir/schemaflow', 'sf_archive_complete'",
	"CREATE FUNCTION " SF_ARCHIVE_FOLLOWS "(regclass) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
	"CREATE FUNCTION schemaflow.sf_dual_write() RETURNS trigger LANGUAGE c AS '$libdir/schemaflow', 'sf_dual_write'",
	"CREATE FUNCTION schemaflow.sf_dual_check(regclass, name) RETURNS void "
	"LANGUAGE c STRICT AS '$libdir/schemaflow', 'sf_dual_check'",
	"CREATE FUNCTION schemaflow.sf_generate(regclass, name, text) RETURNS void "
	"LANGUAGE c STRICT AS '$libdir/schemaflow', 'sf_generate'",
	"CREATE FUNCTION schemaflow.sf_add_column(regclass, text) RETURNS void "
	"LANGUAGE c STRICT AS '$libdir/schemaflow', 'sf_add_column'",
	"CREATE FUNCTION schemaflow.sf_rows_fit(text, text, text) RETURNS void LANGUAGE sql AS ''",
	"CREATE FUNCTION schemaflow.sf_rows_pass(text, text, text) RETURNS void LANGUAGE sql AS ''",
	"CREATE FUNCTION schemaflow.sf_no_rows(regclass, name, text DEFAULT '') RETURNS void LANGUAGE sql AS ''",
	"CREATE FUNCTION schemaflow.sf_gate(text) RETURNS void LANGUAGE sql AS ''",
	"CREATE FUNCTION schemaflow.sf_version_make(text, text) RETURNS text LANGUAGE sql AS 'SELECT ''''::text'",
};

/* Raises when the schema is not the one at that end. */
static void
check_side(const SfMigration *m, bool to_side, const char *after)
{
	MemoryContext old = CurrentMemoryContext;
	char	   *differs;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	differs = sf_journal_differs(m, to_side);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	if (differs)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("revision \"%s\" fails its test: after %s the schema is not the expected one", m->revision,
						after),
				 errdetail("In the scratch %s.", differs)));
	ereport(INFO, (errmsg("%s: the schema is the expected one", after)));
}

/* The step of the migration that runs, for errors. */
typedef struct Where
{
	const SfMigration *migration;
	SfDirection direction;
	const SfStep *step;
} Where;

static void
say_where(void *arg)
{
	const Where *where = arg;

	if (where->step)
		errcontext("step %d of %d of revision \"%s\", %s, in a scratch database", where->step->n,
				   list_length(where->migration->steps[where->direction]), where->migration->revision,
				   sf_direction_name(where->direction));
}

static void
run_direction(const SfMigration *m, SfDirection direction)
{
	Where		where = {m, direction};
	ErrorContextCallback callback = {error_context_stack, say_where, &where};
	int			transaction = 0;
	ListCell   *lc;

	error_context_stack = &callback;
	foreach(lc, m->steps[direction])
	{
		const SfStep *step = lfirst(lc);
		RawStmt    *statement = parse_one(step->sql);

		/* ANALYZE: there are no rows, and a scratch runs nothing that is no part of a schema. */
		if (IsA(statement->stmt, VacuumStmt))
			continue;
		if (step->transaction != transaction)
		{
			if (transaction != 0)
				sf_worker_commit();
			sf_worker_begin();
			transaction = step->transaction;
		}
		/* In a scratch CONCURRENTLY is left out, so that a block is right for all classes. */
		where.step = step;
		sf_worker_statement(statement, step->sql);
	}
	if (transaction != 0)
		sf_worker_commit();
	error_context_stack = callback.previous;
	check_side(m, direction == SF_UP, direction == SF_UP ? "up" : "down");
}

void
sf_trial_handler(SfJobContext *job)
{
	MemoryContext context = CurrentMemoryContext;
	SfWire		in = {job->payload, job->payload_len, 0};
	SfDirection direction = (SfDirection) sf_wire_int(&in);
	const char *file = sf_wire_text(&in);
	const char *facts = sf_wire_text(&in);
	SfMigration *m;
	List	   *statements;

	sf_worker_begin();
	MemoryContextSwitchTo(context);
	m = sf_migration_import(file);
	statements = statements_for(facts, m);
	for (int i = sf_wire_int(&in); i > 0; i--)
		statements = lappend(statements, unconstify(char *, sf_wire_text(&in)));
	sf_worker_commit();
	MemoryContextSwitchTo(context);
	sf_worker_install(lengthof(own_statements), own_statements);
	run_all(statements);
	check_side(m, direction == SF_DOWN, "the start");
	for (int i = 0; i < 3; i++)
	{
		run_direction(m, direction);
		direction = direction == SF_UP ? SF_DOWN : SF_UP;
	}
}
