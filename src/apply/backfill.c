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

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "apply/backfill.h"
#include "apply/dual_write.h"
#include "apply/throttle.h"
#include "guc.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"
#include "server/server.h"

#define FIRST_BLOCKS	1		/* of the first batch, whose time is not known */
#define MOST_BLOCKS		8192
#define VACUUM_PARTS	20		/* how often in a pass */
#define VACUUM_BLOCKS	1024	/* and not for less than this */
#define AGAIN_MS		200		/* before locked ranges are tried again */

/* Over one table. */
typedef struct Pass
{
	const char *revision;
	SfDirection direction;
	const SfStep *step;
	Oid			relid;
	char	   *table;			/* as SQL */
	Oid			file;
	int64		blocks;			/* that the table had when it began */
	int64		next;
	List	   *skipped;		/* of Range */
	int64		rows;
	RawStmt    *statement;		/* the UPDATE with a range of blocks */
	A_Const    *from,
			   *until;			/* in it */
	bool		checked;		/* by triggers of the server's own */
	MemoryContext context;
} Pass;

typedef struct Range
{
	int64		from;
	int64		until;
} Range;

/* ---- the row that says how far a pass is ---- */

static char *
skipped_text(const Pass *pass)
{
	List	   *ranges = NIL;
	ListCell   *lc;

	foreach(lc, pass->skipped)
	{
		const Range *range = lfirst(lc);

		ranges = lappend(ranges, psprintf("[" INT64_FORMAT "," INT64_FORMAT ")", range->from, range->until));
	}
	return psprintf("{%s}", sf_join(ranges, ","));
}

/* In the batch's transaction. */
static void
note(const Pass *pass)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), pass->revision,
		sf_direction_name(pass->direction), psprintf("%d", pass->step->n), pass->table, psprintf("%u", pass->file),
		psprintf(INT64_FORMAT, pass->blocks), psprintf(INT64_FORMAT, pass->next), skipped_text(pass),
	psprintf(INT64_FORMAT, pass->rows)};
	SfOwnerState owner;

	sf_owner_enter(&owner);
	sf_execute("INSERT INTO schemaflow.backfill (system_identifier, database_oid, revision, direction, step, "
			   "table_name, file, blocks, next_block, skipped, rows_done, started_at, changed_at) "
			   "VALUES ($1::bigint, $2::oid, $3, $4, $5::integer, $6, $7::oid, $8::bigint, $9::bigint, "
			   "$10::int8multirange, $11::bigint, clock_timestamp(), clock_timestamp()) "
			   "ON CONFLICT (system_identifier, database_oid, revision, direction, step, table_name) "
			   "DO UPDATE SET file = excluded.file, blocks = excluded.blocks, next_block = excluded.next_block, "
			   "skipped = excluded.skipped, rows_done = excluded.rows_done, changed_at = excluded.changed_at",
			   lengthof(args), args);
	sf_owner_leave(&owner);
}

/* Go on behind an earlier run, when the table's file is still the one that it went over. */
static void
recall(Pass *pass)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), pass->revision,
		sf_direction_name(pass->direction), psprintf("%d", pass->step->n), pass->table, psprintf("%u", pass->file)};
	SfRows	   *rows = sf_query("SELECT b.blocks, b.next_block, b.rows_done, lower(s), upper(s) "
								"FROM schemaflow.backfill b LEFT JOIN LATERAL unnest(b.skipped) s ON true "
								"WHERE " SF_ORIGIN_IS_OURS " AND revision OPERATOR(pg_catalog.=) $3 "
								"AND direction OPERATOR(pg_catalog.=) $4 "
								"AND step OPERATOR(pg_catalog.=) $5::pg_catalog.int4 "
								"AND table_name OPERATOR(pg_catalog.=) $6 "
								"AND file OPERATOR(pg_catalog.=) $7::pg_catalog.oid", lengthof(args), args);

	for (int r = 0; r < rows->nrows; r++)
	{
		pass->blocks = strtoll(sf_cell(rows, r, 0), NULL, 10);
		pass->next = strtoll(sf_cell(rows, r, 1), NULL, 10);
		pass->rows = strtoll(sf_cell(rows, r, 2), NULL, 10);
		if (sf_cell(rows, r, 3))
		{
			Range	   *range = palloc(sizeof(Range));

			range->from = strtoll(sf_cell(rows, r, 3), NULL, 10);
			range->until = strtoll(sf_cell(rows, r, 4), NULL, 10);
			pass->skipped = lappend(pass->skipped, range);
		}
	}
}

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
	update->relation->schemaname = get_namespace_name(get_rel_namespace(pass->relid));
	update->relation->relname = get_rel_name(pass->relid);
	update->relation->inh = false;
	pass->from = text_constant();
	pass->until = text_constant();
	range = list_make2(bound(">=", update->relation, pass->from), bound("<", update->relation, pass->until));
	if (update->whereClause)
		range = lappend(range, update->whereClause);
	update->whereClause = (Node *) makeBoolExpr(AND_EXPR, range, -1);
}

/* Is a column that it sets part of a foreign key that stands? */
static bool
sets_foreign_key(const Pass *pass)
{
	List	   *names = NIL;
	const char *args[2];
	ListCell   *lc;

	foreach(lc, castNode(UpdateStmt, pass->statement->stmt)->targetList)
		names = lappend(names, sf_literal(lfirst_node(ResTarget, lc)->name));
	args[0] = psprintf("%u", pass->relid);
	return sf_query_text(psprintf("SELECT 1 FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_attribute a "
								  "ON a.attrelid OPERATOR(pg_catalog.=) c.conrelid "
								  "AND a.attnum OPERATOR(pg_catalog.=) ANY (c.conkey) "
								  "WHERE c.conrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
								  "AND c.contype OPERATOR(pg_catalog.=) 'f' "
								  "AND a.attname OPERATOR(pg_catalog.=) ANY (ARRAY[%s]::pg_catalog.name[]) LIMIT 1",
								  sf_join(names, ", ")), 1, args) != NULL;
}

/* ---- one batch ---- */

/* Held locks keep the file as it is until the transaction ends. */
static void
look_at_file(Oid relid, Oid *file, int64 *blocks)
{
	Relation	rel = relation_open(relid, AccessShareLock);

	*file = rel->rd_rel->relfilenode;
	*blocks = RelationGetNumberOfBlocks(rel);
	relation_close(rel, NoLock);
}

static void
begin_anew(Pass *pass, Oid file, int64 blocks)
{
	if (pass->next > 0)
		ereport(INFO, (errmsg("%s: the table has been rewritten, the backfill begins anew", pass->table)));
	pass->file = file;
	pass->blocks = blocks;
	pass->next = 0;
	pass->skipped = NIL;
}

/*
 * The range, and how far we are.  Returns false, with nothing done, when rows of it are locked by others.  Another
 * error is raised.
 */
static bool
try_batch(Pass *pass, Range range, bool first)
{
	MemoryContext old = CurrentMemoryContext;
	Pass		before = *pass;
	volatile bool locked = false;

	PG_TRY();
	{
		Oid			file;
		int64		blocks;

		sf_worker_begin();
		MemoryContextSwitchTo(old);
		sf_set_local("lock_timeout", psprintf("%d", sf_guc_lock_wait()));
		sf_set_local("deadlock_timeout", psprintf("%d", Max(1, sf_guc_lock_wait() / 4)));
		sf_set_local("synchronous_commit", "off");
		if (!pass->checked)
			sf_set_local("session_replication_role", "replica");
		look_at_file(pass->relid, &file, &blocks);
		if (file != pass->file)
			begin_anew(pass, file, blocks);
		else
		{
			pass->from->val.sval.sval = psprintf("(" INT64_FORMAT ",0)", range.from);
			pass->until->val.sval.sval = psprintf("(" INT64_FORMAT ",0)", range.until);
			sf_dual_write_suspend(true);
			pass->rows += (int64) sf_worker_statement(pass->statement, pass->step->sql);
			sf_dual_write_suspend(false);
			if (first)
				pass->next = range.until;
			else
				pass->skipped = list_delete_first(pass->skipped);
		}
		note(pass);
		sf_worker_commit();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(old);
		sf_dual_write_suspend(false);
		error = CopyErrorData();
		locked = error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
			error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED;
		if (!locked)
			PG_RE_THROW();
		FlushErrorState();
		sf_worker_rollback();
		*pass = before;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	return !locked;
}

static void
skip(Pass *pass, Range range)
{
	MemoryContext old = MemoryContextSwitchTo(pass->context);
	Range	   *copy = palloc(sizeof(Range));

	*copy = range;
	pass->skipped = lappend(pass->skipped, copy);
	pass->next = range.until;
	sf_worker_begin();
	note(pass);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
}

/* ---- a pass ---- */

static int64
next_size(int64 size, long ms)
{
	int64		wanted = size * sf_guc_batch_time() / Max(ms, 1);

	return Max(1, Min(Min(wanted, size * 2), MOST_BLOCKS));
}

/* Old versions of rows make room for new ones. */
static void
vacuum(const Pass *pass)
{
	char	   *sql = psprintf("VACUUM (SKIP_LOCKED, TRUNCATE false) %s", pass->table);

	sf_worker_statement(linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT)), sql);
}

/* Over all blocks, leaving out what is locked. */
static void
go_over(Pass *pass, MemoryContext batch)
{
	int64		size = FIRST_BLOCKS;
	int64		vacuumed = pass->next;

	while (pass->next < pass->blocks)
	{
		TimestampTz start = GetCurrentTimestamp();
		Range		range = {pass->next, Min(pass->next + size, pass->blocks)};

		MemoryContextReset(batch);
		CHECK_FOR_INTERRUPTS();
		if (!try_batch(pass, range, true))
			skip(pass, range);
		size = next_size(size, TimestampDifferenceMilliseconds(start, GetCurrentTimestamp()));
		if (pass->next - vacuumed >= Max(pass->blocks / VACUUM_PARTS, VACUUM_BLOCKS))
		{
			vacuum(pass);
			vacuumed = pass->next;
		}
		sf_throttle();
	}
}

/* Who has locked rows of the table, as far as one can see. */
static char *
holders(const Pass *pass)
{
	const char *args[] = {psprintf("%u", pass->relid)};
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
	const Range *range = linitial(pass->skipped);
	char	   *names = holders(pass);

	ereport(
		ERROR,
		(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
		 errmsg("rows of %s stay locked for more than %d ms", pass->table, sf_guc_lock_deadline()),
		 errdetail("In blocks " INT64_FORMAT " to " INT64_FORMAT ". Locks on the table are held by %s.", range->from,
				   range->until - 1, names ? names : "nobody any more"),
		 errhint(
			 "End what holds them, or SET schemaflow.lock_deadline to more; then make the call again, it goes on.")));
}

static void
go_back_to_skipped(Pass *pass, MemoryContext batch)
{
	TimestampTz start = GetCurrentTimestamp();

	while (pass->skipped != NIL && pass->next >= pass->blocks)
	{
		MemoryContextReset(batch);
		if (try_batch(pass, *(Range *) linitial(pass->skipped), false))
		{
			start = GetCurrentTimestamp();
			continue;
		}
		if (TimestampDifferenceExceeds(start, GetCurrentTimestamp(), sf_guc_lock_deadline()))
			give_up(pass);
		sf_wait_a_little(AGAIN_MS);
	}
}

static void
pass_over(const char *revision, SfDirection direction, const SfStep *step, Oid relid)
{
	MemoryContext old = CurrentMemoryContext;
	Pass		pass = {revision, direction, step, relid};
	char	   *names[2];
	MemoryContext batch;

	pass.context = AllocSetContextCreate(old, "schemaflow pass", ALLOCSET_DEFAULT_SIZES);
	batch = AllocSetContextCreate(pass.context, "schemaflow batch", ALLOCSET_DEFAULT_SIZES);
	sf_worker_begin();
	MemoryContextSwitchTo(pass.context);
	names[0] = get_namespace_name(get_rel_namespace(relid));
	names[1] = get_rel_name(relid);
	if (names[1] == NULL)
	{
		sf_worker_commit();		/* a partition that has gone meanwhile */
		MemoryContextSwitchTo(old);
		return;
	}
	pass.table = sf_qualified(2, names);
	look_at_file(relid, &pass.file, &pass.blocks);
	recall(&pass);
	prepare(&pass);
	pass.checked = sets_foreign_key(&pass);
	sf_worker_commit();
	MemoryContextSwitchTo(batch);
	do
	{
		go_over(&pass, batch);
		go_back_to_skipped(&pass, batch);
	} while (pass.next < pass.blocks || pass.skipped != NIL);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(pass.context);
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

void
sf_backfill(const char *revision, SfDirection direction, const SfStep *step)
{
	ListCell   *lc;

	sf_throttle_start();
	foreach(lc, tables_of(step))
		pass_over(revision, direction, step, lfirst_oid(lc));
}
