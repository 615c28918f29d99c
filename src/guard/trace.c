/*
 * trace.c - what a statement really does to relations (trace.h).
 *
 * Everything is looked at from within the session: its own entries of the lock table, the file of each relation, and
 * the session's counters of scans.  Before and after each statement; what differs is what it did.  Locks are real, so
 * others wait for them meanwhile: lock_timeout is schemaflow.lock_wait, and a statement has its time.  The guard looks
 * away.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timeout.h"

#include "guard/sentry.h"
#include "guard/trace.h"
#include "guc.h"
#include "lib/pins.h"
#include "lib/spi.h"

/* A relation at one moment. */
typedef struct Seen
{
	Oid			oid;			/* hash key */
	char		relkind;
	Oid			file;
	int64		scans;
	int64		rows;
	LOCKMODE	lock;
} Seen;

const char *
sf_trace_waits(LOCKMODE lock)
{
	static const char *const waits[] = {NULL, NULL, "DDL", "DDL", "DDL", "writes", "writes", "row locks",
		"everybody"};

	return waits[lock];
}

/* ---- looking ---- */

/* Locks of this session on relations of this database; of each relation the strongest. */
static void
look_at_locks(HTAB *seen)
{
	LockData   *locks = GetLockStatusData();

	for (int i = 0; i < locks->nelements; i++)
	{
		const LockInstanceData *lock = &locks->locks[i];
		Oid			oid = lock->locktag.locktag_field2;
		Seen	   *entry;

		if (lock->pid != MyProcPid || lock->locktag.locktag_type != LOCKTAG_RELATION ||
			lock->locktag.locktag_field1 != MyDatabaseId)
			continue;
		entry = hash_search(seen, &oid, HASH_FIND, NULL);
		for (LOCKMODE mode = RowShareLock; entry && mode <= AccessExclusiveLock; mode++)
			if (lock->holdMask & LOCKBIT_ON(mode))
				entry->lock = Max(entry->lock, mode);
	}
}

static HTAB *
look(void)
{
	HASHCTL		control = {.keysize = sizeof(Oid),.entrysize = sizeof(Seen),.hcxt = CurrentMemoryContext};
	HTAB	   *seen = hash_create("schemaflow trace", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	const char *first[] = {psprintf("%u", FirstNormalObjectId)};
	SfRows	   *rows = sf_query("SELECT oid::pg_catalog.int4, relkind, relfilenode::pg_catalog.int4, "
								"pg_catalog.pg_stat_get_xact_numscans(oid), "
								"pg_catalog.pg_stat_get_xact_tuples_returned(oid) "
								"FROM pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.>=) $1::pg_catalog.oid "
								"AND relkind OPERATOR(pg_catalog.<>) 'c' "
								"AND relnamespace OPERATOR(pg_catalog.<>) 'pg_toast'::pg_catalog.regnamespace",
														   lengthof(first), first);

	for (int i = 0; i < rows->nrows; i++)
	{
		Oid			oid = (Oid) pg_strtoint32(sf_cell(rows, i, 0));
		Seen	   *entry = hash_search(seen, &oid, HASH_ENTER, NULL);

		entry->relkind = sf_cell(rows, i, 1)[0];
		entry->file = (Oid) pg_strtoint32(sf_cell(rows, i, 2));
		entry->scans = pg_strtoint64(sf_cell(rows, i, 3));
		entry->rows = pg_strtoint64(sf_cell(rows, i, 4));
		entry->lock = NoLock;
	}
	look_at_locks(seen);
	return seen;
}

/* ---- comparing ---- */

static int
compare_names(const ListCell *a, const ListCell *b)
{
	const SfTraced *x = lfirst(a),
			   *y = lfirst(b);
	int			by_schema = strcmp(x->schema, y->schema);

	return by_schema ? by_schema : strcmp(x->name, y->name);
}

static bool
is_index(char relkind)
{
	return relkind == RELKIND_INDEX || relkind == RELKIND_PARTITIONED_INDEX;
}

/* Of relations that are there afterwards; the names come later, when they are what they were. */
static List *
differences(HTAB *before, HTAB *after)
{
	List	   *traced = NIL;
	HASH_SEQ_STATUS all;
	Seen	   *old;

	hash_seq_init(&all, before);
	while ((old = hash_seq_search(&all)) != NULL)
	{
		Seen	   *new = hash_search(after, &old->oid, HASH_FIND, NULL);
		SfTraced   *t = palloc0(sizeof(SfTraced));

		t->oid = old->oid;
		t->index = is_index(old->relkind);
		if (new == NULL)		/* dropped: nothing stronger could be had */
			t->lock = t->held = AccessExclusiveLock;
		else
		{
			t->lock = new->lock > old->lock ? new->lock : NoLock;
			t->held = new->lock;
			t->rewritten = new->file != old->file;
			t->scans = t->index ? 0 : new->scans - old->scans;
			t->rows = new->rows - old->rows;
		}
		if (t->lock != NoLock || t->rewritten || t->scans > 0)
			traced = lappend(traced, t);
	}
	return traced;
}

/*
 * After the rollback.  What the statements themselves have made is not there any more: nobody else could wait for it.
 */
static void
give_names(SfTrace *trace)
{
	List	   *named = NIL;
	ListCell   *lc;

	foreach(lc, trace->relations)
	{
		SfTraced   *t = lfirst(lc);

		t->name = get_rel_name(t->oid);
		if (t->name == NULL)
			continue;
		t->schema = get_namespace_name(get_rel_namespace(t->oid));
		named = lappend(named, t);
	}
	list_sort(named, compare_names);
	trace->relations = named;
}

/* ---- running ---- */

static void
statement_callback(void *arg)
{
	errcontext("statement %d of sf_trace()", *(int *) arg);
}

static void
run_statement(const char *text)
{
	int			rc;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "cannot happen: SPI_connect failed");
	rc = SPI_execute(text, false, 0);
	if (rc < 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("sf_trace() cannot run this statement"),
				 errdetail("It is run within a transaction that is rolled back: %s.", SPI_result_code_string(rc)),
				 errhint("SELECT * FROM sf_risk('...') says what is known of it.")));
	SPI_finish();
}

static SfTrace *
trace_statement(const char *text, int max_ms)
{
	SfTrace    *trace = palloc0(sizeof(SfTrace));
	HTAB	   *before = look();
	bool		bounded = get_timeout_active(STATEMENT_TIMEOUT);
	instr_time	start,
				spent;

	INSTR_TIME_SET_CURRENT(start);
	if (!bounded)
		enable_timeout_after(STATEMENT_TIMEOUT, max_ms);
	run_statement(text);
	CommandCounterIncrement();
	if (!bounded)
		disable_timeout(STATEMENT_TIMEOUT, false);
	INSTR_TIME_SET_CURRENT(spent);
	INSTR_TIME_SUBTRACT(spent, start);
	trace->ms = INSTR_TIME_GET_MILLISEC(spent);
	trace->relations = differences(before, look());
	return trace;
}

static List *
trace_all(List *statements, const char *source, SfTraceCheck allowed, void *arg, int max_ms)
{
	List	   *traces = NIL;
	int			n = 0;
	ErrorContextCallback callback = {error_context_stack, statement_callback, &n};
	ListCell   *lc;

	sf_set_local("lock_timeout", psprintf("%d", sf_guc_lock_wait()));
	error_context_stack = &callback;
	foreach(lc, statements)
	{
		RawStmt    *statement = lfirst_node(RawStmt, lc);
		char	   *text = pnstrdup(source + Max(statement->stmt_location, 0),
									statement->stmt_len > 0 ? statement->stmt_len : strlen(source));

		CHECK_FOR_INTERRUPTS();
		n++;
		allowed(statement, text, arg);
		traces = lappend(traces, trace_statement(text, max_ms));
	}
	error_context_stack = callback.previous;
	return traces;
}

List *
sf_trace_run(List *statements, const char *source, SfTraceCheck allowed, void *arg, int max_ms)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	bool		bounded = get_timeout_active(STATEMENT_TIMEOUT);
	List	   *volatile traces = NIL;
	ErrorData  *volatile error = NULL;
	ListCell   *lc;

	BeginInternalSubTransaction("sf_trace");
	MemoryContextSwitchTo(context);
	sf_sentry_quiet(true);
	PG_TRY();
	{
		traces = trace_all(statements, source, allowed, arg, max_ms);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	sf_sentry_quiet(false);
	if (!bounded)
		disable_timeout(STATEMENT_TIMEOUT, false);
	/* Who catches an error further up knows nothing of this subtransaction. */
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (error)
		ReThrowError(error);
	foreach(lc, traces)
		give_names(lfirst(lc));
	return traces;
}
