/*
 * pass.c - a pass over the blocks of a table in small transactions (pass.h).
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "storage/bufmgr.h"
#include "storage/lock.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "apply/dual_write.h"
#include "apply/locks.h"
#include "apply/pass.h"
#include "guc.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"
#include "server/server.h"

#define MOST_BLOCKS		8192

/* ---- the row that says how far it is ---- */

static char *
skipped_text(const SfPass *pass)
{
	List	   *ranges = NIL;
	ListCell   *lc;

	foreach(lc, pass->skipped)
	{
		const SfRange *range = lfirst(lc);

		ranges = lappend(ranges, psprintf("[" INT64_FORMAT "," INT64_FORMAT ")", range->from, range->until));
	}
	return psprintf("{%s}", sf_join(ranges, ","));
}

void
sf_pass_note(const SfPass *pass)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), pass->revision,
		sf_direction_name(pass->direction), psprintf("%d", pass->step), pass->table, psprintf("%u", pass->file),
		psprintf(INT64_FORMAT, pass->blocks), psprintf(INT64_FORMAT, pass->next), skipped_text(pass),
	psprintf(INT64_FORMAT, pass->rows), pass->wires};
	static SfKeptPlan kept;
	SfOwnerState owner;

	sf_owner_enter(&owner);
	(void) sf_query_kept(&kept, "INSERT INTO schemaflow.backfill (system_identifier, database_oid, revision, "
						 "direction, step, table_name, file, blocks, next_block, skipped, rows_done, started_at, "
						 "changed_at, wires) "
						 "VALUES ($1::bigint, $2::oid, $3, $4, $5::integer, $6, $7::oid, $8::bigint, $9::bigint, "
						 "$10::int8multirange, $11::bigint, clock_timestamp(), clock_timestamp(), $12) "
						 "ON CONFLICT (system_identifier, database_oid, revision, direction, step, table_name) "
						 "DO UPDATE SET file = excluded.file, blocks = excluded.blocks, "
						 "next_block = excluded.next_block, skipped = excluded.skipped, "
						 "rows_done = excluded.rows_done, changed_at = excluded.changed_at, wires = excluded.wires",
						 lengthof(args), args);
	sf_owner_leave(&owner);
}

bool
sf_pass_recall(SfPass *pass)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), pass->revision,
		sf_direction_name(pass->direction), psprintf("%d", pass->step), pass->table};
	SfRows	   *rows = sf_query("SELECT b.file, b.blocks, b.next_block, b.rows_done, b.wires, lower(s), upper(s) "
								"FROM schemaflow.backfill b LEFT JOIN LATERAL unnest(b.skipped) s ON true "
								"WHERE " SF_ORIGIN_IS_OURS " AND revision OPERATOR(pg_catalog.=) $3 "
								"AND direction OPERATOR(pg_catalog.=) $4 "
								"AND step OPERATOR(pg_catalog.=) $5::pg_catalog.int4 "
								"AND table_name OPERATOR(pg_catalog.=) $6", lengthof(args), args);

	for (int r = 0; r < rows->nrows; r++)
	{
		pass->file = strtoul(sf_cell(rows, r, 0), NULL, 10);
		pass->blocks = strtoll(sf_cell(rows, r, 1), NULL, 10);
		pass->next = strtoll(sf_cell(rows, r, 2), NULL, 10);
		pass->rows = strtoll(sf_cell(rows, r, 3), NULL, 10);
		pass->wires = pstrdup(sf_cell(rows, r, 4));
		if (sf_cell(rows, r, 5))
		{
			SfRange    *range = palloc(sizeof(SfRange));

			range->from = strtoll(sf_cell(rows, r, 5), NULL, 10);
			range->until = strtoll(sf_cell(rows, r, 6), NULL, 10);
			pass->skipped = lappend(pass->skipped, range);
		}
	}
	return rows->nrows > 0;
}

/* ---- the table ---- */

char *
sf_pass_table(Oid relid)
{
	char	   *names[2] = {get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid)};

	return names[0] && names[1] ? sf_qualified(2, names) : NULL;
}

void
sf_pass_look(Oid relid, Oid *file, int64 *blocks)
{
	Relation	rel = relation_open(relid, AccessShareLock);

	*file = rel->rd_rel->relfilenode;
	*blocks = RelationGetNumberOfBlocks(rel);
	relation_close(rel, NoLock);
}

bool
sf_pass_attempt(void (*batch) (void *arg), void *arg)
{
	ErrorData  *error = sf_worker_attempt(batch, arg);

	if (error == NULL)
		return true;
	sf_dual_write_suspend(SF_SUSPEND_NONE);
	/* A row that we waited for has gone to another partition. */
	if (!sf_locks_were_taken(error) && error->sqlerrcode != ERRCODE_T_R_SERIALIZATION_FAILURE)
		ReThrowError(error);
	return false;
}

bool
sf_pass_is_waited_for(void)
{
	TransactionId xid = GetTopTransactionIdIfAny();
	LOCKTAG		tag;

	if (!TransactionIdIsValid(xid))
		return false;
	SET_LOCKTAG_TRANSACTION(tag, xid);
	return LockHasWaiters(&tag, ExclusiveLock, false);
}

int64
sf_pass_size(int64 size, long ms)
{
	int64		wanted = size * sf_guc_batch_time() / Max(ms, 1);

	return Max(1, Min(Min(wanted, size * 2), MOST_BLOCKS));
}

void
sf_pass_settings(bool checked)
{
	sf_set_local("lock_timeout", psprintf("%d", sf_guc_lock_wait()));
	sf_set_local("deadlock_timeout", psprintf("%d", Max(1, sf_guc_lock_wait() / 4)));
	sf_set_local("synchronous_commit", "off");
	if (!checked)
		sf_set_local("session_replication_role", "replica");
}

bool
sf_pass_sets_foreign_key(Oid relid, List *names)
{
	List	   *literals = NIL;
	const char *args[] = {psprintf("%u", relid)};
	ListCell   *lc;

	foreach(lc, names)
		literals = lappend(literals, sf_literal(lfirst(lc)));
	return sf_query_text(psprintf("SELECT 1 FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_attribute a "
								  "ON a.attrelid OPERATOR(pg_catalog.=) c.conrelid "
								  "AND a.attnum OPERATOR(pg_catalog.=) ANY (c.conkey) "
								  "WHERE c.conrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
								  "AND c.contype OPERATOR(pg_catalog.=) 'f' "
								  "AND a.attname OPERATOR(pg_catalog.=) ANY (ARRAY[%s]::pg_catalog.name[]) LIMIT 1",
								  sf_join(literals, ", ")), lengthof(args), args) != NULL;
}
