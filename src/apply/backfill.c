/*
 * backfill.c - one UPDATE, cut into batches (backfill.h).
 *
 * A pass goes over the blocks of one table.  Batches are sized by time, not by rows.  A range in which rows are
 * locked by others is left for later, so that we do not hold rows while we wait for others.  Now and then the
 * table is vacuumed, so that new versions of rows go where old ones were.
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
#include "guc.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"
#include "server/server.h"

#define FIRST_BLOCKS	1		/* of the first batch, whose time is not known */
#define VACUUM_PARTS	20		/* how often in a pass */
#define VACUUM_BLOCKS	1024	/* and not for less than this */
#define AGAIN_MS		200		/* before locked ranges are tried again */

/* Over one table. */
typedef struct Pass
{
	SfPass		at;
	const SfStep *step;
	char	   *wires;			/* the triggers, as this run found them (wires.h) */
	RawStmt    *statement;		/* the UPDATE with a range of blocks */
	A_Const    *from,
			   *until;			/* in it */
	bool		checked;		/* by triggers of the server's own */
	MemoryContext context;
} Pass;

typedef enum Outcome
{
	DONE,
	LOCKED,						/* rows, by others: nothing was done */
	UNWIRED						/* the triggers are not those that it began with: nothing was done */
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

static Node *
bound(const char *op, RangeVar *table, A_Const *value)
{
	ColumnRef  *ctid = makeNode(ColumnRef);
	TypeCast   *tid = makeNode(TypeCast);

	ctid->fields = list_make2(makeString(pstrdup(table->alias ? table->alias->aliasname : table->relname)),
							  makeString("ctid"));
	ctid->location = -1;
	tid->arg = (Node *) value;
	tid->typeName = makeTypeNameFromNameList(list_make2(makeString("pg_catalog"), makeString("tid")));
	tid->location = -1;
	return (Node *) makeA_Expr(AEXPR_OP, list_make2(makeString("pg_catalog"), makeString(unconstify(char *, op))),
							   (Node *) ctid, (Node *) tid, -1);
}

static A_Const *
text_constant(void)
{
	A_Const    *constant = makeNode(A_Const);

	constant->val.sval.type = T_String;
	constant->location = -1;
	return constant;
}

/* The step's UPDATE on this table alone, with a range of blocks that batches fill in. */
static void
prepare(Pass *pass)
{
	UpdateStmt *update;
	List	   *range;

	pass->statement = linitial_node(RawStmt, raw_parser(pass->step->sql, RAW_PARSE_DEFAULT));
	update = castNode(UpdateStmt, pass->statement->stmt);
	if (update->relation->alias == NULL)
		update->relation->alias = makeAlias(update->relation->relname, NIL);
	update->relation->schemaname = get_namespace_name(get_rel_namespace(pass->at.relid));
	update->relation->relname = get_rel_name(pass->at.relid);
	update->relation->inh = false;
	pass->from = text_constant();
	pass->until = text_constant();
	range = list_make2(bound(">=", update->relation, pass->from), bound("<", update->relation, pass->until));
	if (update->whereClause)
		range = lappend(range, update->whereClause);
	update->whereClause = (Node *) makeBoolExpr(AND_EXPR, range, -1);
}

/* Of char *: the columns that it sets. */
static List *
columns_of(const Pass *pass)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, castNode(UpdateStmt, pass->statement->stmt)->targetList)
		names = lappend(names, lfirst_node(ResTarget, lc)->name);
	return names;
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

/* The range, and how far we are.  An error that is not of locks is raised. */
static Outcome
try_batch(Pass *pass, SfRange range, bool first)
{
	MemoryContext old = CurrentMemoryContext;
	Pass		before = *pass;
	volatile Outcome outcome = DONE;

	PG_TRY();
	{
		Oid			file;
		int64		blocks;

		sf_worker_begin();
		MemoryContextSwitchTo(old);
		sf_pass_settings(pass->checked);
		sf_pass_look(pass->at.relid, &file, &blocks);
		if (!sf_streq(sf_wires_state(pass->at.relid), pass->wires))
			outcome = UNWIRED;
		else if (file != pass->at.file)
			begin_anew(pass, file, blocks);
		else
		{
			pass->from->val.sval.sval = psprintf("(" INT64_FORMAT ",0)", range.from);
			pass->until->val.sval.sval = psprintf("(" INT64_FORMAT ",0)", range.until);
			sf_dual_write_suspend(true);
			pass->at.rows += (int64) sf_worker_statement(pass->statement, pass->step->sql);
			sf_dual_write_suspend(false);
			if (first)
				pass->at.next = range.until;
			else
				pass->at.skipped = list_delete_first(pass->at.skipped);
		}
		if (outcome == DONE)
			sf_pass_note(&pass->at);
		sf_worker_commit();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(old);
		sf_dual_write_suspend(false);
		error = CopyErrorData();
		if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE && error->sqlerrcode != ERRCODE_T_R_DEADLOCK_DETECTED)
			PG_RE_THROW();
		outcome = LOCKED;
		FlushErrorState();
		sf_worker_rollback();
		*pass = before;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	return outcome;
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

/* ---- a pass ---- */

/* Old versions of rows make room for new ones. */
static void
vacuum(const Pass *pass)
{
	char	   *sql = psprintf("VACUUM (SKIP_LOCKED, TRUNCATE false) %s", pass->at.table);

	sf_worker_statement(linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT)), sql);
}

/* Over all blocks, leaving out what is locked.  Returns false when the triggers have changed. */
static bool
go_over(Pass *pass, MemoryContext batch)
{
	int64		size = FIRST_BLOCKS;
	int64		vacuumed = pass->at.next;

	while (pass->at.next < pass->at.blocks)
	{
		TimestampTz start = GetCurrentTimestamp();
		SfRange		range = {pass->at.next, Min(pass->at.next + size, pass->at.blocks)};
		Outcome		outcome;

		MemoryContextReset(batch);
		CHECK_FOR_INTERRUPTS();
		outcome = try_batch(pass, range, true);
		if (outcome == UNWIRED)
			return false;
		if (outcome == LOCKED)
			skip(pass, range);
		size = sf_pass_size(size, TimestampDifferenceMilliseconds(start, GetCurrentTimestamp()));
		if (pass->at.next - vacuumed >= Max(pass->at.blocks / VACUUM_PARTS, VACUUM_BLOCKS))
		{
			vacuum(pass);
			vacuumed = pass->at.next;
		}
		sf_throttle();
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
		Outcome		outcome;

		MemoryContextReset(batch);
		outcome = try_batch(pass, *(SfRange *) linitial(pass->at.skipped), false);
		if (outcome == UNWIRED)
			return false;
		if (outcome == DONE)
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
	pass->wires = sf_wires_state(pass->at.relid);
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
	recall(&pass);
	prepare(&pass);
	pass.checked = sf_pass_sets_foreign_key(relid, columns_of(&pass));
	sf_worker_commit();
	MemoryContextSwitchTo(batch);
	do
		wired = go_over(&pass, batch) && go_back_to_skipped(&pass, batch);
	while (wired && (pass.at.next < pass.at.blocks || pass.at.skipped != NIL));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(pass.context);
	return wired;
}

/* The tables with rows below the one that the UPDATE names, as OIDs. */
static List *
tables_of(const SfStep *step)
{
	MemoryContext old = CurrentMemoryContext;
	RawStmt    *raw = linitial_node(RawStmt, raw_parser(step->sql, RAW_PARSE_DEFAULT));
	RangeVar   *name = castNode(UpdateStmt, raw->stmt)->relation;
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
sf_backfill(const char *revision, SfDirection direction, const SfStep *step)
{
	ListCell   *lc;

	sf_throttle_start();
	foreach(lc, tables_of(step))
		if (!pass_over(revision, direction, step, lfirst_oid(lc)))
			return false;
	return true;
}
