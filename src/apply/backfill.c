/*
 * backfill.c - one statement, cut into batches (backfill.h).
 *
 * A pass goes over the blocks of one table, some at a time: that which an UPDATE writes, or the one that an INSERT, or
 * the FROM of an UPDATE, takes its rows from.  Batches are sized by time, not by rows, and are halved
 * when others wait for rows that we hold.  A range in which rows are locked by others is left for later, so that we do
 * not hold rows while we wait for others.
 *
 * A full page has no room for new versions of its rows.  So rows take turns: those of the first move to other pages,
 * and what they leave behind is, when nobody sees it any more, room for the next ones on their own pages, where they
 * need neither new index entries nor much WAL.  A window of some ranges is gone over in one turn after the other, so
 * that snapshots from before the last turn are gone by then.  Now and then the table is vacuumed, so that those that
 * move go to where others left.  With that the table hardly grows, for less work than one UPDATE has.
 *
 * VACUUM FULL, CLUSTER or TRUNCATE move the rows: seen by the file's number in the batch that comes next, and the pass
 * begins anew.  Users' triggers and rules do not fire, for the rows say nothing new; unless a column filled is
 * part of a foreign key that stands, which is checked by triggers.
 *
 * Commits are asynchronous: the place in the pass is lost together with the rows.  Memory: a context for each pass, and
 * in it one for each batch.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "apply/backfill.h"
#include "apply/dual_write.h"
#include "apply/pass.h"
#include "apply/throttle.h"
#include "apply/wires.h"
#include "facts/transforms.h"
#include "guc.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"
#include "server/server.h"

PG_FUNCTION_INFO_V1(sf_turn);

#define FIRST_BLOCKS	1		/* of the first batch, whose time is not known */
#define TURNS			8		/* in which the rows of a page are written again */
#define WINDOW			4		/* ranges, each a batch in each turn */
#define VACUUM_PARTS	10		/* how often in a pass */
#define VACUUM_BLOCKS	256	/* and not for less than this */
#define AGAIN_MS		200		/* before locked ranges are tried again */

/* Over one table. */
typedef struct Pass
{
	SfPass		at;
	const SfStep *step;
	char	   *wires;			/* the triggers, as this run found them (wires.h) */
	Oid			target;			/* the table that it writes: the same, or another */
	char	   *target_name;
	RawStmt    *statement;		/* the step's, on this table alone */
	RangeVar   *source;			/* in it: the table that the pass is over */
	Node	  **where;			/* in it: which of its rows */
	Node	   *which;			/* its own WHERE */
	int			turns;			/* in which the rows of a page are taken */
	bool		checked;		/* by triggers of the server's own */
	bool		waited_for;		/* others needed rows of the batches since it was last looked at */
	MemoryContext context;
} Pass;

typedef enum Outcome
{
	DONE,
	LOCKED,						/* rows, by others: nothing was done */
	UNWIRED,					/* the triggers are not those that it began with: nothing was done */
	ANEW						/* the table is another one: the pass is at its beginning */
} Outcome;

void
sf_backfill_forget(const char *revision)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), revision};
	SfOwnerState owner;

	sf_owner_enter(&owner);
	sf_execute("DELETE FROM schemaflow.backfill WHERE " SF_ORIGIN_IS_OURS " AND revision OPERATOR(pg_catalog.=) $3",
			   lengthof(args), args);
	sf_owner_leave(&owner);
}

/* ---- the statement ---- */

/* The query that gives the statement its rows; NULL: they are those that it writes. */
static SelectStmt *
query_of(const RawStmt *statement)
{
	const UpdateStmt *update;

	if (IsA(statement->stmt, InsertStmt))
		return castNode(SelectStmt, ((InsertStmt *) statement->stmt)->selectStmt);
	update = castNode(UpdateStmt, statement->stmt);
	return update->fromClause == NIL ? NULL :
		castNode(SelectStmt, linitial_node(RangeSubselect, update->fromClause)->subquery);
}

static RangeVar *
target_of(const RawStmt *statement)
{
	return IsA(statement->stmt, InsertStmt) ? ((InsertStmt *) statement->stmt)->relation :
		castNode(UpdateStmt, statement->stmt)->relation;
}

static RangeVar *
source_of(const RawStmt *statement)
{
	const SelectStmt *query = query_of(statement);

	return query ? linitial_node(RangeVar, query->fromClause) : target_of(statement);
}

/* The step's statement on this table alone. */
static void
prepare(Pass *pass)
{
	SelectStmt *query;

	pass->statement = linitial_node(RawStmt, raw_parser(pass->step->sql, RAW_PARSE_DEFAULT));
	query = query_of(pass->statement);
	pass->source = source_of(pass->statement);
	if (pass->source->alias == NULL)
		pass->source->alias = makeAlias(pass->source->relname, NIL);
	pass->source->schemaname = get_namespace_name(get_rel_namespace(pass->at.relid));
	pass->source->relname = get_rel_name(pass->at.relid);
	pass->source->inh = false;
	pass->where = query ? &query->whereClause : &castNode(UpdateStmt, pass->statement->stmt)->whereClause;
	pass->which = *pass->where;
	pass->turns = IsA(pass->statement->stmt, UpdateStmt) ? TURNS : 1;
	pass->target = RangeVarGetRelid(target_of(pass->statement), NoLock, false);
}

/* Only the rows of the range whose turn it is.  A row's turn goes by its place, which it keeps until it is written. */
static void
narrow(Pass *pass, SfRange range, int turn)
{
	const char *name = sf_ident(pass->source->alias->aliasname);
	char	   *rows = psprintf("%s.ctid OPERATOR(pg_catalog.>=) '(" INT64_FORMAT ",0)'::pg_catalog.tid "
								"AND %s.ctid OPERATOR(pg_catalog.<) '(" INT64_FORMAT ",0)'::pg_catalog.tid",
								name, range.from, name, range.until);
	Node	   *which;

	if (pass->turns > 1)
		rows = psprintf("%s AND schemaflow.sf_turn(%s.ctid, %d) OPERATOR(pg_catalog.=) %d", rows, name, pass->turns,
						turn);
	which = sf_transform_parse(rows);
	*pass->where = pass->which ? (Node *) makeBoolExpr(AND_EXPR, list_make2(which, pass->which), -1) : which;
}

/* Of char *: the columns of standing rows that it sets. */
static List *
columns_of(const Pass *pass)
{
	List	   *names = NIL;
	ListCell   *lc;

	if (!IsA(pass->statement->stmt, UpdateStmt))
		return NIL;
	foreach(lc, ((UpdateStmt *) pass->statement->stmt)->targetList)
		names = lappend(names, lfirst_node(ResTarget, lc)->name);
	return names;
}

/*
 * In which of so many turns, from 0, is the row at this place?  A page has about as many rows for each, as a hash would
 * not give it: what one turn leaves room for is what the next one needs.
 */
Datum
sf_turn(PG_FUNCTION_ARGS)
{
	ItemPointer place = (ItemPointer) PG_GETARG_POINTER(0);
	int32		turns = PG_GETARG_INT32(1);

	if (turns < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there must be at least one turn"),
				 errhint("Backfills call this function; it is not for calling.")));
	PG_RETURN_INT32(ItemPointerGetOffsetNumberNoCheck(place) % turns);
}

/* ---- one batch ---- */

static void
begin_anew(Pass *pass, Oid file, int64 blocks)
{
	if (pass->at.next > 0)
		ereport(INFO, (errmsg("%s: the table has been rewritten, the backfill begins anew", pass->at.table)));
	pass->at.file = file;
	pass->at.blocks = blocks;
	pass->at.next = 0;
	pass->at.skipped = NIL;
}

/* Behind a range's last turn: how far we are. */
static void
advance(Pass *pass, SfRange range)
{
	if (pass->at.next == range.from)
		pass->at.next = range.until;
	else
		pass->at.skipped = list_delete_first(pass->at.skipped);
}

/* The triggers of either table, as they are now. */
static char *
wires_of(const Pass *pass)
{
	char	   *wires = sf_wires_state(pass->at.relid);

	return pass->target == pass->at.relid ? wires : psprintf("%s %s", wires, sf_wires_state(pass->target));
}

typedef struct Batch
{
	Pass	   *pass;
	SfRange		range;
	int			turn;
	Outcome		outcome;		/* the result */
} Batch;

/* Argument of sf_pass_attempt(): a turn of a range, and how far we are. */
static void
write_batch(void *arg)
{
	Batch	   *batch = arg;
	Pass	   *pass = batch->pass;
	MemoryContext old = CurrentMemoryContext;
	Oid			file;
	int64		blocks;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	sf_pass_settings(pass->checked);
	sf_pass_look(pass->at.relid, &file, &blocks);
	if (!sf_streq(wires_of(pass), pass->wires))
		batch->outcome = UNWIRED;
	else if (file != pass->at.file)
	{
		begin_anew(pass, file, blocks);
		batch->outcome = ANEW;
	}
	else
	{
		narrow(pass, batch->range, batch->turn);
		sf_dual_write_suspend(SF_SUSPEND_ALL);
		pass->at.rows += (int64) sf_worker_statement(pass->statement, pass->step->sql);
		sf_dual_write_suspend(SF_SUSPEND_NONE);
		if (batch->turn == pass->turns - 1)
			advance(pass, batch->range);
	}
	/* A range that is stopped between its turns is done again: nothing is left to do of those that had been. */
	if (batch->outcome != UNWIRED)
		sf_pass_note(&pass->at);
	pass->waited_for |= sf_pass_is_waited_for();
	sf_worker_commit();
}

static Outcome
try_batch(Pass *pass, SfRange range, int turn)
{
	Pass		before = *pass;
	Batch		batch = {pass, range, turn, DONE};

	CHECK_FOR_INTERRUPTS();
	if (sf_pass_attempt(write_batch, &batch))
		return batch.outcome;
	*pass = before;
	return LOCKED;
}

static void
skip(Pass *pass, SfRange range)
{
	MemoryContext old = MemoryContextSwitchTo(pass->context);
	SfRange	   *copy = palloc(sizeof(SfRange));

	*copy = range;
	pass->at.skipped = lappend(pass->at.skipped, copy);
	pass->at.next = range.until;
	sf_worker_begin();
	sf_pass_note(&pass->at);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
}

/* How large the next batches may be, by these: half of it when others had to wait, so that they wait less. */
static int64
next_size(const Pass *pass, int64 size, long ms)
{
	if (!pass->waited_for)
		return sf_pass_size(size, ms);
	size = Max(1, size / 2);
	ereport(DEBUG1, (errmsg_internal("rows of %s were waited for, batches of " INT64_FORMAT " blocks are next",
									 pass->at.table, size)));
	return size;
}

/*
 * n ranges of *size blocks from where we are, in all turns; what is locked in one of them is left out.  DONE, UNWIRED
 * or ANEW; when done, *size is that for the next ones.
 */
static Outcome
try_window(Pass *pass, int n, int64 *size)
{
	SfRange		window = {pass->at.next, Min(pass->at.next + *size * n, pass->at.blocks)};
	bool		locked[WINDOW] = {false};
	int			batches = 0;
	long		all_ms = 0;

	pass->waited_for = false;
	for (int turn = 0; turn < pass->turns; turn++)
		for (int i = 0; window.from + i * *size < window.until; i++)
		{
			SfRange		range = {window.from + i * *size, Min(window.from + (i + 1) * *size, window.until)};
			TimestampTz start = GetCurrentTimestamp();
			Outcome		outcome = locked[i] ? LOCKED : try_batch(pass, range, turn);
			long		ms;

			if (outcome == UNWIRED || outcome == ANEW)
				return outcome;
			locked[i] = outcome == LOCKED;
			if (locked[i] && turn == pass->turns - 1)
				skip(pass, range);
			ms = TimestampDifferenceMilliseconds(start, GetCurrentTimestamp());
			all_ms += ms;
			batches++;
			sf_throttle(ms);
		}
	*size = next_size(pass, *size, all_ms / batches);
	return DONE;
}

/* ---- a pass ---- */

/* Old versions of rows make room for new ones.  At the end the planner gets to know what has been filled in. */
static void
vacuum(const Pass *pass, bool at_end)
{
	List	   *names = NIL;
	char	   *sql;
	ListCell   *lc;

	foreach(lc, at_end ? columns_of(pass) : NIL)
		names = lappend(names, unconstify(char *, sf_ident(lfirst(lc))));
	sql = psprintf("VACUUM (SKIP_LOCKED, TRUNCATE false, ANALYZE %s) %s%s", at_end ? "true" : "false",
				   pass->target_name, names ? psprintf(" (%s)", sf_join(names, ", ")) : "");
	sf_worker_statement(linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT)), sql);
}

/* Over all blocks, leaving out what is locked.  Returns false when the triggers have changed. */
static bool
go_over(Pass *pass, MemoryContext batch)
{
	int64		size = FIRST_BLOCKS;
	int64		vacuumed = pass->at.next;
	bool		growing = true;	/* batches are far too small still: no more of them than needed */

	while (pass->at.next < pass->at.blocks)
	{
		Outcome		outcome;
		int64		before = size;

		MemoryContextReset(batch);
		outcome = try_window(pass, growing ? 1 : WINDOW, &size);
		if (outcome == UNWIRED)
			return false;
		if (outcome == ANEW)
			vacuumed = 0;
		growing = size >= before * 2;
		if (pass->turns > 1 && pass->at.next - vacuumed >= Max(pass->at.blocks / VACUUM_PARTS, VACUUM_BLOCKS))
		{
			vacuum(pass, false);
			vacuumed = pass->at.next;
		}
	}
	return true;
}

/* Who has locked rows of the table, as far as one can see. */
static char *
holders(const Pass *pass)
{
	const char *args[] = {psprintf("%u", pass->at.relid)};
	MemoryContext old = CurrentMemoryContext;
	char	   *names;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	names = sf_query_text("SELECT pg_catalog.string_agg(DISTINCT coalesce('process ' || l.pid, "
						  "'a prepared transaction'), ', ') FROM pg_catalog.pg_locks l "
						  "WHERE l.locktype OPERATOR(pg_catalog.=) 'relation' "
						  "AND l.relation OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
						  "AND l.mode OPERATOR(pg_catalog.<>) 'AccessShareLock'", lengthof(args), args);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	return names;
}

static void
give_up(const Pass *pass)
{
	const SfRange *range = linitial(pass->at.skipped);
	char	   *names = holders(pass);

	ereport(
		ERROR,
		(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
		 errmsg("rows of %s stay locked for more than %d ms", pass->at.table, sf_guc_lock_deadline()),
		 errdetail("In blocks " INT64_FORMAT " to " INT64_FORMAT ". Locks on the table are held by %s.", range->from,
				   range->until - 1, names ? names : "nobody any more"),
		 errhint(
			 "End what holds them, or SET schemaflow.lock_deadline to more; then make the call again, it goes on.")));
}

static bool
go_back_to_skipped(Pass *pass, MemoryContext batch)
{
	TimestampTz start = GetCurrentTimestamp();

	while (pass->at.skipped != NIL && pass->at.next >= pass->at.blocks)
	{
		SfRange		range = *(SfRange *) linitial(pass->at.skipped);
		Outcome		outcome = DONE;

		MemoryContextReset(batch);
		for (int turn = 0; turn < pass->turns && outcome == DONE; turn++)
			outcome = try_batch(pass, range, turn);
		if (outcome == UNWIRED)
			return false;
		if (outcome != LOCKED)
		{
			start = GetCurrentTimestamp();
			continue;
		}
		if (TimestampDifferenceExceeds(start, GetCurrentTimestamp(), sf_guc_lock_deadline()))
			give_up(pass);
		sf_wait_a_little(AGAIN_MS);
	}
	return true;
}

/* Go on where an earlier run has come to in the table's file as it is now. */
static void
recall(Pass *pass)
{
	Oid			file;
	int64		blocks;

	sf_pass_look(pass->at.relid, &file, &blocks);
	pass->wires = wires_of(pass);
	pass->at.wires = pass->wires;
	if (!sf_pass_recall(&pass->at) || pass->at.file != file)
		begin_anew(pass, file, blocks);
}

/* Returns false when the triggers have changed. */
static bool
pass_over(const char *revision, SfDirection direction, const SfStep *step, Oid relid)
{
	MemoryContext old = CurrentMemoryContext;
	Pass		pass = {{revision, direction, step->n, relid}, step};
	MemoryContext batch;
	bool		wired;

	pass.context = AllocSetContextCreate(old, "schemaflow pass", ALLOCSET_DEFAULT_SIZES);
	batch = AllocSetContextCreate(pass.context, "schemaflow batch", ALLOCSET_DEFAULT_SIZES);
	sf_worker_begin();
	MemoryContextSwitchTo(pass.context);
	pass.at.table = sf_pass_table(relid);
	if (pass.at.table == NULL)
	{
		sf_worker_commit();		/* a partition that has gone meanwhile */
		MemoryContextSwitchTo(old);
		return true;
	}
	prepare(&pass);
	pass.target_name = sf_pass_table(pass.target);
	recall(&pass);
	pass.checked = sf_pass_sets_foreign_key(pass.target, columns_of(&pass));
	sf_worker_commit();
	MemoryContextSwitchTo(batch);
	do
		wired = go_over(&pass, batch) && go_back_to_skipped(&pass, batch);
	while (wired && (pass.at.next < pass.at.blocks || pass.at.skipped != NIL));
	if (wired && pass.at.rows > 0)
		vacuum(&pass, true);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(pass.context);
	return wired;
}

/* The tables with rows below the one that the statement takes them from, as OIDs. */
static List *
tables_of(const SfStep *step)
{
	MemoryContext old = CurrentMemoryContext;
	RawStmt    *raw = linitial_node(RawStmt, raw_parser(step->sql, RAW_PARSE_DEFAULT));
	RangeVar   *name = source_of(raw);
	List	   *tables = NIL;
	ListCell   *lc;
	Oid			root;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	root = RangeVarGetRelid(name, NoLock, false);
	foreach(lc, name->inh ? find_all_inheritors(root, NoLock, NULL) : list_make1_oid(root))
		if (get_rel_relkind(lfirst_oid(lc)) == RELKIND_RELATION)
			tables = lappend_oid(tables, lfirst_oid(lc));
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	return tables;
}

bool
sf_backfill_here(const char *revision, SfDirection direction, const SfStep *step)
{
	ListCell   *lc;

	sf_throttle_start();
	foreach(lc, tables_of(step))
		if (!pass_over(revision, direction, step, lfirst_oid(lc)))
			return false;
	return true;
}
