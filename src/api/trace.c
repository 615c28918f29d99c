/*
 * trace.c - SQL entry point that runs statements to see what they do: sf_trace().
 *
 * Beside what was seen stands what risk/ says of the same statement, so that either can be doubted.  The locks are
 * real ones; so a relation that is big is not read or rewritten here, but refused.
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"
#include "parser/parser.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "api/define.h"
#include "api/result.h"
#include "facts/facts.h"
#include "guard/trace.h"
#include "guc.h"
#include "lib/text.h"
#include "risk/risk.h"

PG_FUNCTION_INFO_V1(sf_trace);

/* For so long its locks may be held against others. */
#define MAX_TIME	USECS_PER_HOUR

/* What risk/ says of the statements, in order: of SfRisk. */
typedef struct Declared
{
	SfRiskContext context;
	List	   *risks;
} Declared;

static void
refuse_if_big(const char *schema, const char *name)
{
	int64		rows = sf_risk_rows(schema, name);

	if (rows > sf_guc_online_rows())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s has too many rows to try this on it", sf_ident(name)),
				 errdetail("About " INT64_FORMAT " rows would be read or written under its lock; the limit is "
												 "%d.", rows,
						   sf_guc_online_rows()),
				 errhint("SELECT * FROM sf_risk('...') says what is known without running it. Or try it in a "
						 "copy; or "
						 "SET schemaflow.online_rows = %d.", (int) Min(rows, INT_MAX))));
}

/* The relation that is read or written as a whole by a statement that risk/ does not know. */
static RangeVar *
whole_relation(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_ClusterStmt:
			return ((ClusterStmt *) statement)->relation;
		case T_ReindexStmt:
			return ((ReindexStmt *) statement)->relation;
		case T_RefreshMatViewStmt:
			return ((RefreshMatViewStmt *) statement)->relation;
		case T_DeleteStmt:
			return ((DeleteStmt *) statement)->relation;
		default:
			return NULL;
	}
}

static void
declare(RawStmt *statement, const char *text, void *arg)
{
	Declared   *declared = arg;
	SfRisk	   *risk;
	RangeVar   *whole = whole_relation(statement->stmt);
	ListCell   *lc;

	/* A statement before it may have set it. */
	declared->context.time_zone = pstrdup(GetConfigOption("TimeZone", false, false));
	risk = sf_risk_assess(text, &declared->context);
	declared->risks = lappend(declared->risks, risk);
	if (whole && sf_risk_schema(whole))
		refuse_if_big(sf_risk_schema(whole), whole->relname);
	if ((risk->effects & (SF_RISK_SCANS | SF_RISK_REWRITES | SF_RISK_FILLS)) == 0)
		return;
	foreach(lc, risk->locks)
	{
		const SfRiskLock *lock = lfirst(lc);

		if (!lock->index && lock->schema)
			refuse_if_big(lock->schema, lock->name);
	}
}

/* "ACCESS EXCLUSIVE, rewrite, scan"; effects are of the first relation only. */
static char *
text_of(LOCKMODE lock, bool rewrite, bool scan)
{
	List	   *words = NIL;

	if (lock != NoLock)
		words = lappend(words, pstrdup(sf_risk_lock_name(lock)));
	if (rewrite)
		words = lappend(words, "rewrite");
	if (scan)
		words = lappend(words, "scan");
	return words ? sf_join(words, ", ") : "nothing";
}

static bool
is_known(const SfRisk *risk)
{
	ListCell   *lc;

	foreach(lc, risk->operations)
		if (((SfOperation *) lfirst(lc))->entry == NULL)
			return false;
	return true;
}

/* NULL: risk/ says nothing of it; indexes follow their table. */
static char *
declared_for(const SfRisk *risk, const SfTraced *traced)
{
	ListCell   *lc;

	foreach(lc, risk->locks)
	{
		const SfRiskLock *lock = lfirst(lc);

		if (strcmp(lock->name, traced->name) == 0 && (lock->schema == NULL || strcmp(lock->schema,
			traced->schema) == 0))
			return text_of(lock->mode, lc == list_head(risk->locks) && (risk->effects & SF_RISK_REWRITES),
						   traced->scans > 0 ? (risk->effects & SF_RISK_SCANS) != 0 :
						   lc == list_head(risk->locks) && (risk->effects & SF_RISK_SCANS) != 0);
	}
	return traced->index || !is_known(risk) ? NULL : "nothing";
}

static void
put(SfResult *result, int n, const SfTrace *trace, const SfTraced *traced, const SfRisk *risk)
{
	char	   *declared = traced ? declared_for(risk, traced) : NULL;
	char	   *names[] = {traced ? traced->schema : NULL, traced ? traced->name : NULL};
	char	   *values[8] = {psprintf("%d", n), NULL, NULL, NULL, NULL, NULL, psprintf("%.1f", trace->ms), NULL};

	if (traced)
	{
		char	   *work = text_of(NoLock, traced->rewritten, traced->scans > 0);

		values[1] = sf_qualified(2, names);
		values[2] = traced->lock == NoLock ? NULL : pstrdup(sf_risk_lock_name(traced->lock));
		values[3] = unconstify(char *, sf_trace_waits(traced->lock));
		values[4] = strcmp(work, "nothing") == 0 ? NULL : work;
		values[5] = traced->scans > 0 ? psprintf(INT64_FORMAT, traced->rows) : NULL;
		/* A table's own rewrite reads it; only the rewrite is told of in advance. */
		if (declared && strcmp(declared, text_of(traced->held, traced->rewritten, traced->scans > 0)) == 0)
			declared = "same";
		values[7] = declared;
	}
	sf_result_put(result, values);
}

Datum
sf_trace(PG_FUNCTION_ARGS)
{
	char	   *source = sf_text_arg(fcinfo, 0, "sql");
	SfResult   *result = sf_result_begin(fcinfo);
	List	   *statements = raw_parser(source, RAW_PARSE_DEFAULT);
	Declared	declared = {0};
	int64		max_time = sf_interval_arg(fcinfo, 1, "max_time");
	List	   *traces;
	int			n = 0;
	ListCell   *lc,
			   *lr;

	if (max_time < 1000 || max_time > MAX_TIME)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a statement is tried for a millisecond at least, and for an hour at most"),
				 errhint("SELECT * FROM sf_trace('...', '1 minute').")));
	declared.context.before = sf_facts_read(NIL);
	declared.context.after = declared.context.before;
	traces = sf_trace_run(statements, source, declare, &declared, (int) (max_time / 1000));
	foreach(lc, traces)
	{
		const SfTrace *trace = lfirst(lc);
		const SfRisk *risk = list_nth(declared.risks, n++);

		foreach(lr, trace->relations)
			put(result, n, trace, lfirst(lr), risk);
		if (trace->relations == NIL)
			put(result, n, trace, NULL, risk);
	}
	return (Datum) 0;
}
