/*
 * prove.c - the rows that both versions of an application see, compared before the gate (prove.h).
 *
 * The triggers' own compiled expressions are the measure, so that what an assignment does to a value (its length,
 * its scale) is no difference.  A row is as it should be when the new column is what the old ones give, or the old
 * ones are what the new one gives.  Where nothing goes back, the new version may have a value of its own: that is
 * taken for a fault only when a trigger was missing before the first proof, thus before the new version was told to
 * come; after that it is told.
 *
 * A range of blocks is a transaction with a snapshot of its own: read, the rows found repaired, read again.  A table in
 * which rows were found is gone over once more: one could have moved behind our back.  The place is kept as that of a
 * backfill (pass.h), by the step of the gate.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "apply/dual_write.h"
#include "apply/pass.h"
#include "apply/prove.h"
#include "apply/throttle.h"
#include "apply/wires.h"
#include "guc.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/server.h"

#define ROUNDS			3		/* of repair, for a range or a table */
#define MAX_NAMED		5
#define AGAIN_MS		200		/* before a range with locked rows is tried again */

/* Rows of a trigger's table in which the same columns are not as they should be. */
typedef struct Fault
{
	List	   *columns;		/* of SfAssignment */
	List	   *tids;			/* of char *: '(0,1)' */
} Fault;

typedef struct Proof
{
	SfPass		at;
	bool		strict;			/* a column that nothing goes back from has no value of its own yet */
	bool		first;			/* nothing of the table has been proved */
	int64		found;			/* in this pass */
	int64		own;			/* rows that differ, and may do so */
	char		sample[256];	/* of what was found last */
	MemoryContext batch;
} Proof;

/* ---- reading ---- */

static Fault *
fault_of(List **faults, List *columns)
{
	ListCell   *lc;
	Fault	   *fault;

	foreach(lc, *faults)
		if (equal(((Fault *) lfirst(lc))->columns, columns))
			return lfirst(lc);
	fault = palloc0(sizeof(Fault));
	fault->columns = columns;
	*faults = lappend(*faults, fault);
	return fault;
}

/* The columns of the row that are not as they should be, by name. */
static List *
wrong_columns(Proof *proof, SfDualWrite *dual, TupleTableSlot *row)
{
	List	   *columns = NIL;

	ResetExprContext(dual->context);
	for (int i = 0; i < dual->n; i++)
	{
		SfAssignment *a = &dual->assignments[i];
		SfHold		hold = sf_dual_write_holds(dual, a, row);

		if (hold == SF_HOLDS_OWN && !proof->strict)
			proof->own++;
		else if (hold != SF_HOLDS)
			columns = lappend(columns, makeString(psprintf("%s = (%s)", sf_ident(a->column), a->expression)));
	}
	return columns;
}

/* Of Fault. */
static List *
read_range(Proof *proof, Relation rel, SfDualWrite *dual, SfRange range)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan;
	ItemPointerData first,
				last;
	List	   *faults = NIL;

	ItemPointerSet(&first, range.from, FirstOffsetNumber);
	ItemPointerSet(&last, range.until - 1, MaxOffsetNumber);
	PushActiveSnapshot(snapshot);
	scan = table_beginscan_tidrange(rel, snapshot, &first, &last);
	while (table_scan_getnextslot_tidrange(scan, ForwardScanDirection, slot))
	{
		List	   *columns = wrong_columns(proof, dual, slot);

		CHECK_FOR_INTERRUPTS();
		if (columns)
		{
			Fault	   *fault = fault_of(&faults, columns);

			fault->tids = lappend(fault->tids, psprintf("\"(%u,%u)\"", ItemPointerGetBlockNumber(&slot->tts_tid),
														ItemPointerGetOffsetNumber(&slot->tts_tid)));
		}
	}
	table_endscan(scan);
	PopActiveSnapshot();
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	return faults;
}

/* ---- repairing ---- */

static char *
assignments_of(const Fault *fault)
{
	List	   *texts = NIL;
	ListCell   *lc;

	foreach(lc, fault->columns)
		texts = lappend(texts, strVal(lfirst(lc)));
	return sf_join(texts, ", ");
}

/* "v = (f(w)) in 20 rows, as (0,1), (0,2)" */
static char *
describe(const Fault *fault)
{
	List	   *some = list_truncate(list_copy(fault->tids), MAX_NAMED);

	return psprintf("%d where %s, as ctid %s", list_length(fault->tids), assignments_of(fault), sf_join(some, ", "));
}

static void
repair(Proof *proof, List *faults)
{
	ListCell   *lc;

	strlcpy(proof->sample, describe(linitial(faults)), sizeof(proof->sample));
	foreach(lc, faults)
	{
		const Fault *fault = lfirst(lc);
		char	   *sql = psprintf("UPDATE ONLY %s SET %s WHERE ctid = ANY ('{%s}'::pg_catalog.tid[])", proof->at.table,
								   assignments_of(fault), sf_join(fault->tids, ","));

		sf_dual_write_suspend(SF_SUSPEND_WAYS);
		proof->found += (int64) sf_worker_statement(linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT)), sql);
		sf_dual_write_suspend(SF_SUSPEND_NONE);
	}
}

static void
refuse(const Proof *proof)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("rows of %s contradict what gives them their values", proof->at.table),
			 errdetail("They are %s. They were given these values, and still have others: the expression's value "
					   "changes, though it says that it is immutable.", proof->sample),
			 errhint("CALL sf_abort() takes the migration back; repair the function, then call again.")));
}

static SfDualWrite *
dual_of(Relation rel, int n)
{
	for (int i = 0; rel->trigdesc && i < rel->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &rel->trigdesc->triggers[i];

		if (sf_is_dual_write(trigger) && n-- == 0)
			return sf_dual_write_of(rel, trigger);
	}
	return NULL;
}

/* Each trigger of the table by itself: what one repairs moves rows out of what the other has read. */
static void
prove_range(Proof *proof, SfRange range)
{
	for (int n = 0;; n++)
		for (int round = 0;; round++)
		{
			Relation	rel = relation_open(proof->at.relid, AccessShareLock);
			SfDualWrite *dual = dual_of(rel, n);
			List	   *faults = dual ? read_range(proof, rel, dual, range) : NIL;

			relation_close(rel, NoLock);
			if (dual == NULL)
				return;
			if (faults == NIL)
				break;
			if (round == ROUNDS)
				refuse(proof);
			repair(proof, faults);
			CommandCounterIncrement();
		}
}

/* ---- a batch ---- */

typedef struct Batch
{
	Proof	   *proof;
	SfRange		range;
} Batch;

/* Argument of sf_pass_attempt(). */
static void
prove_batch(void *arg)
{
	Batch	   *batch = arg;
	Proof	   *proof = batch->proof;
	int64		found = proof->found;
	MemoryContext old = CurrentMemoryContext;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	sf_pass_settings(false);
	prove_range(proof, batch->range);
	proof->at.next = batch->range.until;
	proof->at.rows += proof->found - found;
	sf_pass_note(&proof->at);
	sf_worker_commit();
}

/* Returns false when rows were locked: nothing was done. */
static bool
try_range(Proof *proof, SfRange range)
{
	Proof		before = *proof;
	Batch		batch = {proof, range};
	bool		done = sf_pass_attempt(prove_batch, &batch);

	if (!done)
		*proof = before;
	return done;
}

static void
prove_range_at_last(Proof *proof, SfRange range)
{
	TimestampTz start = GetCurrentTimestamp();

	while (!try_range(proof, range))
	{
		if (TimestampDifferenceExceeds(start, GetCurrentTimestamp(), sf_guc_lock_deadline()))
			ereport(ERROR,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("rows of %s stay locked for more than %d ms", proof->at.table, sf_guc_lock_deadline()),
					 errdetail("In blocks " INT64_FORMAT " to " INT64_FORMAT ", in which rows are to be repaired.",
							   range.from, range.until - 1),
					 errhint("End what holds them, or SET schemaflow.lock_deadline to more; then make the call again, "
							 "it goes on.")));
		sf_wait_a_little(AGAIN_MS);
	}
}

/* ---- a table ---- */

/* The file and the triggers as they are; in transactions of its own. */
static char *
look(Oid relid, Oid *file, int64 *blocks)
{
	MemoryContext old = CurrentMemoryContext;
	char	   *wires;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	sf_pass_look(relid, file, blocks);
	wires = sf_wires_state(relid);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	return wires;
}

static void
begin(Proof *proof)
{
	MemoryContext old = CurrentMemoryContext;

	proof->at.wires = look(proof->at.relid, &proof->at.file, &proof->at.blocks);
	proof->at.next = 0;
	proof->found = proof->own = 0;
	/* A table without blocks, as that which others inherit from may be, has no batch that says so. */
	sf_worker_begin();
	sf_pass_note(&proof->at);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
}

/* To the end of the table as it is by then: what is found may have moved there. */
static void
go_over(Proof *proof)
{
	int64		size = 1;

	while (proof->at.next < proof->at.blocks)
	{
		TimestampTz start = GetCurrentTimestamp();
		SfRange		range = {proof->at.next, Min(proof->at.next + size, proof->at.blocks)};
		long		ms;
		MemoryContext old = MemoryContextSwitchTo(proof->batch);

		CHECK_FOR_INTERRUPTS();
		prove_range_at_last(proof, range);
		MemoryContextSwitchTo(old);
		MemoryContextReset(proof->batch);
		ms = TimestampDifferenceMilliseconds(start, GetCurrentTimestamp());
		size = sf_pass_size(size, ms);
		sf_throttle(ms);
	}
}

static bool
is_unchanged(const Proof *proof)
{
	Oid			file;
	int64		blocks;

	return sf_streq(look(proof->at.relid, &file, &blocks), proof->at.wires) && file == proof->at.file;
}

static void
tell(const Proof *proof)
{
	if (proof->at.rows > 0)
		ereport(INFO, (errmsg("%s: " INT64_FORMAT " rows said one thing to the old version and another to "
							  "the new, they are repaired",
							  proof->at.table, proof->at.rows)));
	if (!proof->first && proof->own > 0)
		ereport(WARNING,
				(errmsg("%s: " INT64_FORMAT " rows have values that others of the row do not give", proof->at.table,
						proof->own),
				 errdetail("A trigger was missing for a time. They may be the new version's own values, or have been "
						   "left behind by the old one.")));
}

/* Was a trigger missing at any time since the backfill began? Its rows have other steps. */
static bool
was_unwired(const Proof *proof, const SfMigration *migration)
{
	MemoryContext old = CurrentMemoryContext;
	bool		was = false;
	ListCell   *lc;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	foreach(lc, migration->steps[proof->at.direction])
	{
		const SfStep *step = lfirst(lc);
		SfPass		backfill = {proof->at.revision, proof->at.direction, step->n, proof->at.relid, proof->at.table};

		if (step->class == 'B' && sf_pass_recall(&backfill) &&
			!sf_wires_still(backfill.wires, proof->at.wires))
			was = true;
	}
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	return was;
}

/* Goes on where an earlier run was stopped, unless the rows or the triggers are others. */
static void
prove_table(Proof *proof, const SfMigration *migration)
{
	MemoryContext old = CurrentMemoryContext;
	bool		known;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	proof->at.table = sf_pass_table(proof->at.relid);
	known = proof->at.table && sf_pass_recall(&proof->at);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	if (proof->at.table == NULL)
		return;
	proof->first = !known || proof->at.next < proof->at.blocks;
	if (!known || !is_unchanged(proof))
	{
		proof->at.rows = 0;
		begin(proof);
	}
	else if (!proof->first)
		return;
	proof->strict = proof->first && was_unwired(proof, migration);
	go_over(proof);
	for (int round = 1; proof->found > 0; round++)
	{
		if (round == ROUNDS)
			refuse(proof);
		begin(proof);
		go_over(proof);
	}
	tell(proof);
}

/* ---- the migration ---- */

/* The step of the gate that comes before, or is, the transaction; NULL: none. */
static const SfStep *
gate_of(const SfMigration *migration, SfDirection direction, int transaction)
{
	ListCell   *lc;
	const SfStep *gate = NULL;

	foreach(lc, migration->steps[direction])
		if (((SfStep *) lfirst(lc))->class == 'G' && ((SfStep *) lfirst(lc))->transaction <= transaction)
			gate = lfirst(lc);
	return gate;
}

/* Their tables with rows, that the gate is about: OIDs.  What is tied behind it has one version only. */
static List *
tables_of(List *wires, const SfStep *gate, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	List	   *tables = NIL;
	ListCell   *lc,
			   *lt;

	foreach(lc, wires)
	{
		const SfWire *wire = lfirst(lc);
		bool		partitioned = get_rel_relkind(wire->relid) == RELKIND_PARTITIONED_TABLE;

		if (wire->create->transaction > gate->transaction)
			continue;
		foreach(lt, partitioned ? find_all_inheritors(wire->relid, NoLock, NULL) : list_make1_oid(wire->relid))
			if (get_rel_relkind(lfirst_oid(lt)) == RELKIND_RELATION)
				tables = list_append_unique_oid(tables, lfirst_oid(lt));
	}
	MemoryContextSwitchTo(old);
	return tables;
}

void
sf_prove(const SfMigration *migration, SfDirection direction, int transaction, const SfFactBase *before)
{
	MemoryContext old = CurrentMemoryContext;
	const SfStep *gate = gate_of(migration, direction, transaction);
	List	   *tables;
	ListCell   *lc;

	if (gate == NULL)
		return;
	(void) sf_wires_mend(migration, direction, transaction, before);
	sf_worker_begin();
	tables = tables_of(sf_wires(migration, direction, transaction), gate, old);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	sf_throttle_start();
	foreach(lc, tables)
	{
		Proof		proof = {{migration->revision, direction, gate->n, lfirst_oid(lc)}};

		proof.batch = AllocSetContextCreate(old, "schemaflow proof", ALLOCSET_DEFAULT_SIZES);
		prove_table(&proof, migration);
		MemoryContextDelete(proof.batch);
	}
}

void
sf_prove_check(const SfMigration *migration, SfDirection direction, int transaction)
{
	const SfStep *gate = gate_of(migration, direction, transaction);
	ListCell   *lc;

	if (gate == NULL)
		return;
	foreach(lc, tables_of(sf_wires(migration, direction, transaction), gate, CurrentMemoryContext))
	{
		SfPass		proof = {migration->revision, direction, gate->n, lfirst_oid(lc)};
		bool		proved;

		proof.table = sf_pass_table(proof.relid);
		proved = sf_pass_recall(&proof) && proof.next >= proof.blocks;
		if (!proved || !sf_streq(proof.wires, sf_wires_state(proof.relid)))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the triggers of %s are not those that were there when its rows were compared",
							proof.table),
					 errdetail("Somebody has changed them since."),
					 errhint("CALL sf_contract() puts them back and compares again.")));
	}
}
