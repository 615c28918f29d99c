/*
 * runner.h - the one process of a database that runs migrations, and what is known of its run.
 *
 * The runner is a worker; it holds an advisory lock of our own class (architecture.md) as long as it lives, so that who
 * runs is known without asking any table.  How its run stands is one row of schemaflow.run, written by it.
 */
#ifndef SF_RUNNER_H
#define SF_RUNNER_H

#include "apply/history.h"

/* The rows that the runner sends to its caller are one of these words. */
#define SF_RUN_BUSY		"busy"	/* another one is at it */
#define SF_RUN_DONE		"done"

/* What to do at a gate (class G): whether the other version of the application is gone only people know. */
typedef enum SfGates
{
	SF_GATES_STOP,
	SF_GATES_CHECK,				/* go on when the gate's own check says so */
	SF_GATES_FORCE				/* go on in any case */
} SfGates;

/* What a call asks for. */
typedef struct SfRunRequest
{
	SfDirection direction;
	const char *to;
	const char *through;		/* a phase, or NULL */
	const char *allow;			/* text[] in output form */
	SfGates		gates;
	int			only;			/* this transaction of the revision "to", for a script that does the others; 0: all */
	bool		abort;			/* undo what was done of the migration that is half done; the rest does not matter */
} SfRunRequest;

/* To and from a job's payload. */
extern char *sf_run_request_pack(const SfRunRequest *request, Size *len);
extern void sf_run_request_unpack(const char *payload, SfRunRequest *request);

/* Process of the runner; 0: there is none.  Looks at shared memory only. */
extern int	sf_runner_pid(void);

/*
 * In the worker: become the runner until the process ends.  false: another one is.  Waits for a helper of an earlier
 * one to end.
 */
extern bool sf_runner_become(void);

/* In a worker that a runner has started to do a part of its work: nobody becomes the runner before we have ended. */
extern void sf_runner_help(void);

/* Before the caller hears of the end: his next call finds no runner. */
extern void sf_runner_leave(void);

/*
 * The row of the run.  Each in a transaction that the caller has opened: begin forgets the last run.  statement: what
 * is about to run outside of a transaction, else NULL.
 */
extern void sf_run_begin(const SfRunRequest *request);
extern void sf_run_at(const char *revision, SfDirection direction, int step, int steps, const char *phase,
					  const char *statement);
extern void sf_run_end(const char *status, const ErrorData *error);

/* The last run's request, to go on with it; false: there is none. */
extern bool sf_run_last(SfRunRequest *request, char **status);

#endif
