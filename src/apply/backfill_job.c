/*
 * backfill_job.c - who does the backfill: the runner itself, or with schemaflow.backfill_nice a worker of the runner's.
 *
 * A process gets back nothing of the priority that it has given away (server/priority.c), and what the runner does next
 * may be done under locks that others wait for.  So the worker does this one step and ends.  The runner meanwhile is in
 * no transaction; when it is stopped so is the worker, and nobody becomes the runner before it has ended (runner.h).
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/backend_status.h"
#include "utils/guc.h"

#include "apply/backfill.h"
#include "apply/runner.h"
#include "guc.h"
#include "lib/text.h"
#include "server/server.h"

/* Handler of the job. */
extern PGDLLEXPORT void sf_backfill_handler(SfJobContext *job);

/* The one row that it sends: are the triggers still those that it began with? */
#define WIRED	"wired"
#define UNWIRED	"unwired"

/* Texts of the payload. */
enum
{
	REVISION, DIRECTION, STEP, SQL, SEARCH_PATH, NTEXTS
};

static void
take_word(int n, char **values, void *arg)
{
	*(bool *) arg = strcmp(values[0], WIRED) == 0;
}

/* Was there a worker for it? */
static bool
run_job(const char *revision, SfDirection direction, const SfStep *step, bool *wired)
{
	const char *texts[NTEXTS] = {revision, sf_direction_name(direction), psprintf("%d", step->n), step->sql,
	GetConfigOption("search_path", false, false)};
	SfJob		job = {.handler = "sf_backfill_handler",.place = SF_JOB_LIVE,.takes_cancel = true,.if_free = true};

	job.payload = sf_texts_pack(NTEXTS, texts, &job.payload_len);
	job.activity = step->sql;
	job.nice = sf_guc_backfill_nice();
	job.on_row = take_word;
	job.arg = wired;
	return sf_job_run(&job) > 0;
}

bool
sf_backfill(const char *revision, SfDirection direction, const SfStep *step)
{
	bool		wired;

	if (sf_guc_backfill_nice() > 0)
	{
		if (run_job(revision, direction, step, &wired))
			return wired;
		ereport(NOTICE,
				(errmsg("no background worker is free for the backfill: it is not given a lower priority"),
				 errhint("SELECT sf_pause() and later CALL sf_upgrade() go on with one; max_worker_processes says how "
						 "many there are.")));
	}
	return sf_backfill_here(revision, direction, step);
}

void
sf_backfill_handler(SfJobContext *job)
{
	const char *texts[NTEXTS];
	SfStep		step = {0};
	const char *word;

	sf_texts_unpack(job->payload, NTEXTS, texts);
	sf_runner_help();
	pgstat_report_appname(psprintf("schemaflow %s %s backfill", texts[REVISION], texts[DIRECTION]));
	sf_worker_begin();
	SetConfigOption("search_path", texts[SEARCH_PATH], PGC_USERSET, PGC_S_SESSION);
	sf_worker_commit();
	step.n = atoi(texts[STEP]);
	step.sql = unconstify(char *, texts[SQL]);
	word = sf_backfill_here(texts[REVISION], sf_direction_named(texts[DIRECTION]), &step) ? WIRED : UNWIRED;
	sf_worker_send(1, &word);
}
