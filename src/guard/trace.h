/*
 * trace.h - what a statement really does to relations: it is run, watched and rolled back (sf_trace()).
 */
#ifndef SF_TRACE_H
#define SF_TRACE_H

#include "schemaflow.h"
#include "nodes/parsenodes.h"
#include "storage/lockdefs.h"

/* A relation that was there before. */
typedef struct SfTraced
{
	Oid			oid;
	char	   *schema;
	char	   *name;
	bool		index;
	LOCKMODE	lock;			/* strongest that the statement took; NoLock: none above ACCESS SHARE */
	LOCKMODE	held;			/* strongest that the transaction has by then */
	bool		rewritten;		/* it has another file now */
	int64		scans;			/* from end to end */
	int64		rows;			/* read in these and by index */
} SfTraced;

typedef struct SfTrace
{
	List	   *relations;		/* of SfTraced, in order of name */
	double		ms;
} SfTrace;

/*
 * Run the statements one after the other in a subtransaction that is rolled back: of SfTrace.  Before each of them
 * "allowed" may raise.  An error of a statement is raised as it is, with its number in the context.  Each is cancelled
 * after max_ms, unless the session's own statement_timeout is at work.
 */
typedef void (*SfTraceCheck) (RawStmt *statement, const char *text, void *arg);
extern List *sf_trace_run(List *statements, const char *source, SfTraceCheck allowed, void *arg,
						  int max_ms);

/* Who would wait for the lock: "everybody", "writes", "DDL". */
extern const char *sf_trace_waits(LOCKMODE lock);

#endif
