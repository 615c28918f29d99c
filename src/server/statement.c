/*
 * statement.c - run one statement in a worker as a simple query would.
 *
 * Memory: the statement's trees live in a context of their own below the worker's, because statements that commit
 * inside (CONCURRENTLY) would lose them with the transaction's.  It is reset by the next statement.
 * Transactions: a scratch is in one block from start to end; elsewhere a statement gets a block of its own unless
 * the handler has opened one.  In a block COMMIT within DO or CALL fails, which is what we want: a step is all or
 * nothing. Only the statements listed in top_level run without a block.
 */
#include "postgres.h"

#include "access/xact.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "pgstat.h"
#include "tcop/cmdtag.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/ps_status.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "server/internal.h"

static MemoryContext statement_context = NULL;
static bool has_run = false;
static bool in_block = false;

/* ---- what statements are, as data ---- */

/* Where a node keeps its CONCURRENTLY. */
static bool *
index_concurrently(Node *node)
{
	return &((IndexStmt *) node)->concurrent;
}

static bool *
drop_concurrently(Node *node)
{
	return &((DropStmt *) node)->concurrent;
}

static bool *
detach_concurrently(Node *node)
{
	ListCell   *lc;

	foreach(lc, ((AlterTableStmt *) node)->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (cmd->subtype == AT_DetachPartition && cmd->def)
			return &castNode(PartitionCmd, cmd->def)->concurrent;
	}
	return NULL;
}

/*
 * Statements that commit inside, or that refuse a block for what they do outside of the transaction.  concurrently:
 * only with that option; it is what a scratch leaves out.
 */
static const struct
{
	NodeTag		tag;
	bool	   *(*concurrently) (Node *node);
}			top_level[] = {
	{T_IndexStmt, index_concurrently},
	{T_DropStmt, drop_concurrently},
	{T_AlterTableStmt, detach_concurrently},
	{T_ReindexStmt, NULL},
	{T_VacuumStmt, NULL},
	{T_ClusterStmt, NULL},
	{T_CreateSubscriptionStmt, NULL},
	{T_AlterSubscriptionStmt, NULL},
	{T_DropSubscriptionStmt, NULL},
	{T_CreatedbStmt, NULL},
	{T_DropdbStmt, NULL},
	{T_AlterDatabaseStmt, NULL}
};

static bool
runs_at_top_level(Node *node, bool clear_concurrently)
{
	for (int i = 0; i < lengthof(top_level); i++)
	{
		bool	   *flag;

		if (top_level[i].tag != nodeTag(node))
			continue;
		if (!top_level[i].concurrently)
			return true;
		flag = top_level[i].concurrently(node);
		if (flag && clear_concurrently)
			*flag = false;
		return flag && *flag;
	}
	return false;
}

/* What sf_worker_become_bootstrap() is for: these run no code of a user. */
static const NodeTag bootstrap_statements[] = {
	T_AlterOwnerStmt, T_GrantStmt, T_AlterDefaultPrivilegesStmt, T_CommentStmt, T_SecLabelStmt, T_RenameStmt,
	T_AlterObjectSchemaStmt, T_AlterEnumStmt
};

static void
check_bootstrap(Node *node)
{
	for (int i = 0; i < lengthof(bootstrap_statements); i++)
		if (bootstrap_statements[i] == nodeTag(node))
			return;
	if (IsA(node, CreateSchemaStmt) && ((CreateSchemaStmt *) node)->schemaElts == NIL)
		return;
	if (IsA(node, AlterTableStmt))
	{
		ListCell   *lc;
		bool		owner_only = true;

		foreach(lc, ((AlterTableStmt *) node)->cmds)
			owner_only &= lfirst_node(AlterTableCmd, lc)->subtype == AT_ChangeOwner;
		if (owner_only)
			return;
	}
	/* cannot happen: callers choose */
	elog(ERROR, "statement of type %d must not run as the bootstrap superuser", (int) nodeTag(node));
}

static void
refuse_transaction_control(Node *node)
{
	if (IsA(node, TransactionStmt))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s is not allowed here", GetCommandTagName(CreateCommandTag(node))),
				 errdetail("Transactions are begun and ended around statements by schemaflow itself."),
				 errhint("Leave out BEGIN, COMMIT, ROLLBACK, SAVEPOINT and the like.")));
}

/* ---- transactions ---- */

static void
open_block(void)
{
	StartTransactionCommand();
	BeginTransactionBlock();
	CommitTransactionCommand();
	StartTransactionCommand();
	/* The handler's own queries need an outer snapshot, as they have in a function. */
	PushActiveSnapshot(GetTransactionSnapshot());
	in_block = true;
}

void
sf_worker_open_scratch(void)
{
	open_block();
}

void
sf_worker_close_scratch(void)
{
	AbortOutOfAnyTransaction();
	in_block = false;
}

void
sf_worker_begin(void)
{
	MemoryContext old = CurrentMemoryContext;

	if (in_block)
		elog(ERROR, "a transaction is open already");	/* cannot happen */
	open_block();
	MemoryContextSwitchTo(old);
}

/*
 * Deferred triggers and constraints run here, so this is under the statements' security context.
 */
void
sf_worker_commit(void)
{
	MemoryContext old = CurrentMemoryContext;

	if (!in_block || sf_worker_request()->place == SF_JOB_SCRATCH)
		elog(ERROR, "no transaction of the handler is open");	/* cannot happen */
	sf_identity_enter(SF_FOR_COMMIT);
	PopActiveSnapshot();
	EndTransactionBlock(false);
	CommitTransactionCommand();
	sf_identity_leave();
	in_block = false;
	MemoryContextSwitchTo(old);
}

void
sf_worker_rollback(void)
{
	AbortOutOfAnyTransaction();
	in_block = false;
	MemoryContextSwitchTo(sf_worker_context());
}

ErrorData *
sf_worker_attempt(void (*body) (void *arg), void *arg)
{
	MemoryContext old = CurrentMemoryContext;
	ErrorData  *volatile error = NULL;

	PG_TRY();
	{
		body(arg);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(old);
		error = CopyErrorData();
		FlushErrorState();
		sf_worker_rollback();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	return error;
}

/* ---- running ---- */

bool
sf_worker_has_run(void)
{
	return has_run;
}

/* The statement's own text, at most limit bytes of it. */
static char *
statement_text(const RawStmt *raw, const char *source, Size limit)
{
	const char *start = source + Max(raw->stmt_location, 0);
	Size		len = raw->stmt_len > 0 ? (Size) raw->stmt_len : strnlen(start, limit);

	return pnstrdup(start, pg_mbcliplen(start, len, Min(len, limit)));
}

typedef struct ErrorPlace
{
	const RawStmt *raw;
	const char *source;
} ErrorPlace;

/*
 * A position counts within the source, which may be megabytes and which the caller's client has not typed: give it
 * as one within an internal query, the statement.
 */
static void
error_place_callback(void *arg)
{
	ErrorPlace *place = arg;
	int			position = geterrposition();
	int			start = Max(place->raw->stmt_location, 0);
	char	   *text;

	if (position <= 0)
		return;
	position -= pg_mbstrlen_with_len(place->source, start);
	text = statement_text(place->raw, place->source, 65536);
	errposition(0);
	if (position > pg_mbstrlen(text) + 1)
		return;					/* past what is shown of it */
	internalerrposition(position);
	internalerrquery(text);
}

static uint64
run_portal(RawStmt *raw, const char *source)
{
	CommandTag	tag = CreateCommandTag(raw->stmt);
	bool		snapshot_set = false;
	List	   *plans;
	Portal		portal;
	QueryCompletion qc;

	set_ps_display(GetCommandTagName(tag));
	if (analyze_requires_snapshot(raw))
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		snapshot_set = true;
	}
	plans = pg_plan_queries(pg_analyze_and_rewrite_fixedparams(raw, source, NULL, 0, NULL),
							source, CURSOR_OPT_PARALLEL_OK, NULL);
	if (snapshot_set)
		PopActiveSnapshot();
	CHECK_FOR_INTERRUPTS();

	portal = CreatePortal("", true, true);
	portal->visible = false;
	PortalDefineQuery(portal, NULL, source, tag, plans, NULL);
	PortalStart(portal, NULL, 0, InvalidSnapshot);
	(void) sf_portal_run(portal, FETCH_ALL, true, None_Receiver, None_Receiver, &qc);
	PortalDrop(portal, false);
	return qc.nprocessed;
}

/*
 * Prepare a copy of the statement (analysis scribbles on trees, and it may have to be run again) and run it under the
 * right identity in the right kind of transaction.
 */
static uint64
run_statement(RawStmt *statement, const char *source)
{
	bool		scratch = sf_worker_request()->place != SF_JOB_LIVE;
	bool		block_before = in_block;
	bool		commits_inside;
	RawStmt    *raw;
	const char *query_before = debug_query_string;
	uint64		rows;

	if (!statement_context)
		statement_context = AllocSetContextCreate(sf_worker_context(), "schemaflow statement", ALLOCSET_DEFAULT_SIZES);
	MemoryContextReset(statement_context);
	MemoryContextSwitchTo(statement_context);

	raw = copyObject(statement);
	refuse_transaction_control(raw->stmt);
	commits_inside = runs_at_top_level(raw->stmt, scratch) && !in_block;
	if (sf_identity_is_bootstrap())
		check_bootstrap(raw->stmt);
	has_run = true;

	SetCurrentStatementStartTimestamp();
	debug_query_string = statement_text(raw, source, 65536);
	pgstat_report_activity(STATE_RUNNING, debug_query_string);

	if (commits_inside)
		StartTransactionCommand();
	else if (!in_block)
		sf_worker_begin();
	sf_identity_enter(commits_inside ? SF_FOR_COMMITTING_STATEMENT : SF_FOR_STATEMENT);
	MemoryContextSwitchTo(statement_context);
	if (IsA(raw->stmt, GrantStmt) && ((GrantStmt *) raw->stmt)->grantor)
		sf_identity_enter_grantor(((GrantStmt *) raw->stmt)->grantor);
	rows = run_portal(raw, source);
	if (commits_inside)
	{
		CommitTransactionCommand();
		sf_identity_leave();
	}
	else
	{
		sf_identity_leave();
		CommandCounterIncrement();
		if (!block_before)
			sf_worker_commit();
	}
	debug_query_string = query_before;
	return rows;
}

uint64
sf_worker_statement(RawStmt *statement, const char *source)
{
	MemoryContext old = CurrentMemoryContext;
	ErrorPlace	place = {statement, source};
	ErrorContextCallback callback;
	uint64		rows;

	callback.callback = error_place_callback;
	callback.arg = &place;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	rows = run_statement(statement, source);
	error_context_stack = callback.previous;
	MemoryContextSwitchTo(old);
	return rows;
}

/* Cancel, shutdown, out of memory: not the statement's fault. */
static bool
is_not_the_statements(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION ||
		error->sqlerrcode == ERRCODE_OUT_OF_MEMORY || error->sqlerrcode == ERRCODE_DISK_FULL;
}

struct ErrorData *
sf_worker_try_statement(RawStmt *statement, const char *source)
{
	MemoryContext old = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	const char *query = debug_query_string;
	bool		subtransaction = in_block;
	ErrorData  *volatile error = NULL;

	if (subtransaction)
		BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		(void) run_statement(statement, source);
		if (subtransaction)
			ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(old);
		error = CopyErrorData();
		if (is_not_the_statements(error))
			PG_RE_THROW();
		FlushErrorState();
		if (subtransaction)
			RollbackAndReleaseCurrentSubTransaction();
		else
		{
			AbortOutOfAnyTransaction();
			in_block = false;
		}
	}
	PG_END_TRY();
	debug_query_string = query;
	MemoryContextSwitchTo(old);
	if (subtransaction)
		CurrentResourceOwner = owner;
	return error;
}

/*
 * The plainest handler: all statements of a text in order.
 */
void
sf_job_text(SfJobContext *job)
{
	char	   *source = pnstrdup(job->payload, job->payload_len);
	RawStmt    *whole = makeNode(RawStmt);	/* a syntax error's place is in the whole text */
	ErrorPlace	place = {whole, source};
	ErrorContextCallback callback;
	List	   *statements;
	ListCell   *lc;
	int			n = 0;

	callback.callback = error_place_callback;
	callback.arg = &place;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	statements = raw_parser(source, RAW_PARSE_DEFAULT);
	error_context_stack = callback.previous;

	foreach(lc, statements)
	{
		RawStmt    *raw = lfirst_node(RawStmt, lc);
		char		number[16];
		const char *row[2];

		sf_worker_statement(raw, source);
		snprintf(number, sizeof(number), "%d", ++n);
		row[0] = number;
		row[1] = GetCommandTagName(CreateCommandTag(raw->stmt));
		sf_worker_send(2, row);
	}
}
