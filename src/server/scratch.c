/*
 * scratch.c - the pool of scratch databases: names, taking, making, dropping.
 *
 * All state is in names and locks, so there is nothing to repair after a crash:
 *	 schemaflow_scratch_<live oid>_<n>	kept, n in 1..schemaflow.scratch_pool; whatever was done in it was rolled back
 *	 schemaflow_fresh_<live oid>_<n>	used once, or retired: nobody uses it unless its advisory lock is held
 * Both belong to the bootstrap superuser when they are taken and allow no connections; a database of such a name
 * that does not is somebody else's and is never touched.
 *
 * Locks: taking a scratch takes an advisory lock of our own class on (live, kind, n) for the transaction, released
 * at the job's end.  Making and dropping are bootstrap jobs that run before, one after the other; making one checks
 * again under the caller's lock.  DROP DATABASE forces a checkpoint, so retired ones are dropped DROP_BATCH at a
 * time.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/indexing.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "catalog/pg_subscription.h"
#include "commands/dbcommands.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "replication/origin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guc.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/internal.h"

#define KEPT_PREFIX		"schemaflow_scratch_"
#define FRESH_PREFIX	"schemaflow_fresh_"
#define DROP_BATCH		8
#define LOOK_AGAIN_MS	5

/* Rolled back work leaves dead rows; an empty database has about 60 pages of pg_attribute. */
#define BLOATED_PAGES	4096

/* Columns of pg_database that a scratch shares with its live database; those that this major lacks do not matter. */
static const char *const shared_properties[] = {
	"encoding", "datlocprovider", "datcollate", "datctype", "daticulocale", "datlocale", "daticurules", "dattablespace"
};

typedef struct ScratchRow
{
	NameData	name;
	Oid			oid;
	Oid			live;
	SfScratchLock lock;
	uint32		number;
	bool		ours;			/* as we make them */
	bool		live_exists;
	bool		suits;			/* same properties as live */
} ScratchRow;

static char *
scratch_name(Oid live, SfScratchLock lock, uint32 number)
{
	return psprintf("%s%u_%u", lock == SF_LOCK_KEPT ? KEPT_PREFIX : FRESH_PREFIX, live, number);
}

/* Does name follow our pattern exactly? */
static bool
parse_name(const char *name, ScratchRow *row)
{
	const char *prefix = strncmp(name, KEPT_PREFIX, strlen(KEPT_PREFIX)) == 0 ? KEPT_PREFIX : FRESH_PREFIX;
	unsigned int live;
	unsigned int number;

	if (strncmp(name, prefix, strlen(prefix)) != 0 || sscanf(name + strlen(prefix), "%u_%u", &live, &number) != 2)
		return false;
	row->live = live;
	row->number = number;
	row->lock = prefix[strlen("schemaflow_")] == 's' ? SF_LOCK_KEPT : SF_LOCK_FRESH;
	return strcmp(name, scratch_name(live, row->lock, number)) == 0;
}

/* Do two rows of pg_database agree in what a scratch shares? */
static bool
same_properties(TupleDesc desc, HeapTuple a, HeapTuple b)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		bool		wanted = false;
		bool		a_null;
		bool		b_null;
		Datum		a_value;
		Datum		b_value;

		for (int j = 0; j < lengthof(shared_properties); j++)
			wanted |= strcmp(NameStr(att->attname), shared_properties[j]) == 0;
		if (!wanted)
			continue;
		a_value = heap_getattr(a, i + 1, desc, &a_null);
		b_value = heap_getattr(b, i + 1, desc, &b_null);
		if (a_null != b_null)
			return false;
		if (a_null)
			continue;
		/* Texts may differ in their headers. */
		if (att->atttypid == TEXTOID ?
			strcmp(TextDatumGetCString(a_value), TextDatumGetCString(b_value)) != 0 :
			!datumIsEqual(a_value, b_value, att->attbyval, att->attlen))
			return false;
	}
	return true;
}

/*
 * All scratch databases of the server: of ScratchRow.  Catalog snapshots, so that what other transactions have
 * committed is seen even when ours is serializable.
 */
static List *
list_scratches(void)
{
	List	   *rows = NIL;
	List	   *tuples = NIL;
	ListCell   *lc;
	Relation	rel = table_open(DatabaseRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		tuples = lappend(tuples, heap_copytuple(tuple));
	systable_endscan(scan);

	foreach(lc, tuples)
	{
		HeapTuple	mine = lfirst(lc);
		Form_pg_database form = (Form_pg_database) GETSTRUCT(mine);
		ScratchRow *row = palloc0(sizeof(ScratchRow));
		ListCell   *lc2;

		if (!parse_name(NameStr(form->datname), row))
			continue;
		row->name = form->datname;
		row->oid = form->oid;
		row->ours = !form->datallowconn && !form->datistemplate &&
			(form->datdba == BOOTSTRAP_SUPERUSERID || row->lock == SF_LOCK_FRESH);
		foreach(lc2, tuples)
		{
			HeapTuple	other = lfirst(lc2);

			if (((Form_pg_database) GETSTRUCT(other))->oid != row->live)
				continue;
			row->live_exists = true;
			row->suits = same_properties(RelationGetDescr(rel), mine, other);
		}
		rows = lappend(rows, row);
	}
	table_close(rel, AccessShareLock);
	return rows;
}

static ScratchRow *
find_scratch(Oid live, SfScratchLock lock, uint32 number)
{
	ListCell   *lc;

	foreach(lc, list_scratches())
	{
		ScratchRow *row = lfirst(lc);

		if (row->live == live && row->lock == lock && row->number == number)
			return row;
	}
	return NULL;
}

/* A job has it.  Our own lock counts, too. */
static bool
in_use(const ScratchRow *row)
{
	LOCKTAG		tag;

	sf_lock_tag(&tag, row->live, row->lock, row->number);
	if (sf_lock_held(&tag, ExclusiveLock))
		return true;
	if (LockAcquire(&tag, ExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, ExclusiveLock, false);
	return false;
}

/* ---- taking ---- */

static bool
try_lock(SfScratch *scratch, SfScratchLock lock, uint32 number)
{
	LOCKTAG		tag;

	sf_lock_tag(&tag, MyDatabaseId, lock, number);
	if (sf_lock_held(&tag, ExclusiveLock) || LockAcquire(&tag, ExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	scratch->lock = lock;
	scratch->number = number;
	return true;
}

/* The pool is taken: wait for one of it, up to schemaflow.worker_wait. */
static void
lock_kept(SfScratch *scratch)
{
	TimestampTz start = GetCurrentTimestamp();
	int			pool = sf_guc_scratch_pool();
	LOCKTAG		tag;
	StringInfoData holders;

	for (;;)
	{
		for (int n = 1; n <= pool; n++)
			if (try_lock(scratch, SF_LOCK_KEPT, n))
				return;
		if (sf_wait_left(start) == 0)
			break;
		sf_wait_a_little(LOOK_AGAIN_MS);
	}
	initStringInfo(&holders);
	for (int n = 1; n <= pool; n++)
	{
		sf_lock_tag(&tag, MyDatabaseId, SF_LOCK_KEPT, n);
		appendStringInfo(&holders, "%s%s", n > 1 ? ", " : "", sf_lock_holders(&tag));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
			 errmsg("no scratch database became free within %d ms", sf_guc_worker_wait()),
			 errdetail("All %d of them are in use, by PID %s.", pool, holders.data),
			 errhint("Call again later, or SET schemaflow.scratch_pool or schemaflow.worker_wait to more.")));
}

static void
take_database_oid(int n, char **values, void *arg)
{
	*(Oid *) arg = (Oid) strtoul(values[0], NULL, 10);
}

/*
 * Take a scratch: lock it, make it when it is not there or when live's properties have changed.
 */
void
sf_scratch_take(SfJobPlace place, SfScratch *scratch)
{
	ScratchRow *row;

	/* A pool of none: every job has a fresh one. */
	if (place == SF_JOB_SCRATCH && sf_guc_scratch_pool() > 0)
		lock_kept(scratch);
	else
		while (!try_lock(scratch, SF_LOCK_FRESH, pg_prng_uint32(&pg_global_prng_state) >> 1))
			CHECK_FOR_INTERRUPTS();

	row = find_scratch(MyDatabaseId, scratch->lock, scratch->number);
	if (row && !row->ours)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_DATABASE),
				 errmsg("database \"%s\" is in the way", NameStr(row->name)),
				 errdetail("A scratch database is kept under this name, but this one is not as schemaflow makes them."),
				 errhint("ALTER DATABASE %s RENAME TO another name, or drop it.", sf_ident(NameStr(row->name)))));
	if (row && row->suits && scratch->lock == SF_LOCK_KEPT)
		scratch->database = row->oid;
	else
		sf_scratch_remake(scratch);
}

/*
 * Make the database of a scratch that we hold the lock of, retiring one that is there.
 */
void
sf_scratch_remake(SfScratch *scratch)
{
	SfJob		make;
	char	   *payload;

	memset(&make, 0, sizeof(make));
	payload = psprintf("%d %u", (int) scratch->lock, scratch->number);
	make.handler = "sf_scratch_make_handler";
	make.place = SF_JOB_LIVE;
	make.payload = payload;
	make.payload_len = strlen(payload) + 1;
	make.activity = "make a scratch database";
	make.on_row = take_database_oid;
	make.arg = &scratch->database;
	sf_job_run_bootstrap(&make);
}

void
sf_scratch_release(const SfScratch *scratch)
{
	LOCKTAG		tag;

	sf_lock_tag(&tag, MyDatabaseId, scratch->lock, scratch->number);
	LockRelease(&tag, ExclusiveLock, false);
}

/* ---- making and dropping: in a bootstrap worker ---- */

static void
run_utility(const char *sql)
{
	sf_worker_statement(linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT)), sql);
}

/* CREATE DATABASE with live's properties, for any major: a column that it lacks is NULL here. */
static const char create_query[] =
"SELECT pg_catalog.concat_ws(' ', "
"  pg_catalog.format('CREATE DATABASE %s TEMPLATE template0 ALLOW_CONNECTIONS false ENCODING %L"
" LC_COLLATE %L LC_CTYPE %L TABLESPACE %I', $1, pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,"
"   t.spcname), "
"  CASE d.datlocprovider WHEN 'i' THEN 'LOCALE_PROVIDER icu' WHEN 'b' THEN 'LOCALE_PROVIDER builtin' END, "
"  pg_catalog.format(CASE d.datlocprovider WHEN 'i' THEN 'ICU_LOCALE %L' WHEN 'b' THEN 'BUILTIN_LOCALE %L' END, "
"   coalesce(j.j OPERATOR(pg_catalog.->>) 'datlocale', j.j OPERATOR(pg_catalog.->>) 'daticulocale')), "
"  'ICU_RULES ' OPERATOR(pg_catalog.||) pg_catalog.quote_literal(j.j OPERATOR(pg_catalog.->>) 'daticurules')) "
"FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid OPERATOR(pg_catalog.=) d.dattablespace, "
"  pg_catalog.to_jsonb(d) AS j(j) "
"WHERE d.oid OPERATOR(pg_catalog.=) $2::pg_catalog.oid";

static char *
create_statement(Oid live, const char *name)
{
	MemoryContext old = CurrentMemoryContext;
	const char *args[2];
	int			level;
	char	   *sql;

	sf_worker_begin();
	level = sf_pins_enter();
	args[0] = sf_ident(name);
	args[1] = psprintf("%u", live);
	sql = sf_query_text(create_query, 2, args);
	if (!sql)
		elog(ERROR, "database %u is gone", live);	/* cannot happen: we are in it */
	sql = MemoryContextStrdup(old, sql);
	sf_pins_leave(level);
	sf_worker_commit();
	return sql;
}

/*
 * Drop what is nobody's, at most "most" of them.  One that cannot be dropped (somebody is in it) stays for the next
 * time.
 */
static int
drop_rows(List *rows, int most)
{
	int			dropped = 0;
	ListCell   *lc;

	foreach(lc, rows)
	{
		ScratchRow *row = lfirst(lc);
		char	   *sql = psprintf("DROP DATABASE IF EXISTS %s", sf_ident(NameStr(row->name)));
		ErrorData  *error;

		CHECK_FOR_INTERRUPTS();
		if (dropped >= most)
			break;
		sf_worker_begin();
		sf_scratch_forget_subscriptions(row->oid);
		sf_worker_commit();
		error = sf_worker_try_statement(linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT)), sql);
		if (error)
			ereport(WARNING,
					(errcode(error->sqlerrcode),
					 errmsg("could not drop scratch database \"%s\"", NameStr(row->name)),
					 errdetail("%s.", error->message)));
		else
			dropped++;
	}
	return dropped;
}

/* What may be dropped: of ScratchRow.  live InvalidOid: of all databases.  kept: kept ones of live, too. */
static List *
droppable(Oid live, bool kept)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, list_scratches())
	{
		ScratchRow *row = lfirst(lc);
		bool		wanted = row->lock == SF_LOCK_FRESH || !row->live_exists || (kept && row->live == MyDatabaseId);

		if (row->ours && wanted && (!OidIsValid(live) || row->live == live) && !in_use(row))
			result = lappend(result, row);
	}
	return result;
}

/*
 * Payload: kind and number.  Answers with the database's OID.  A kept one that does not suit any more is retired:
 * renamed to be dropped with others.  The caller holds the scratch's lock.
 */
PGDLLEXPORT void
sf_scratch_make_handler(SfJobContext *job)
{
	int			lock;
	uint32		number;
	char	   *name;
	List	   *old;
	ScratchRow *row;
	char		oid[16];
	const char *answer[1] = {oid};

	if (sscanf(job->payload, "%d %u", &lock, &number) != 2)
		elog(ERROR, "bad payload");		/* cannot happen */
	name = scratch_name(MyDatabaseId, (SfScratchLock) lock, number);

	sf_worker_begin();
	row = find_scratch(MyDatabaseId, (SfScratchLock) lock, number);
	sf_worker_commit();
	if (row)
		run_utility(psprintf("ALTER DATABASE %s RENAME TO %s", sf_ident(name),
							 sf_ident(scratch_name(MyDatabaseId, SF_LOCK_FRESH,
												   pg_prng_uint32(&pg_global_prng_state) >> 1))));

	sf_worker_begin();
	old = droppable(MyDatabaseId, false);
	sf_worker_commit();
	if (list_length(old) >= DROP_BATCH)
		drop_rows(old, list_length(old));

	run_utility(create_statement(MyDatabaseId, name));

	sf_worker_begin();
	snprintf(oid, sizeof(oid), "%u", get_database_oid(name, false));
	sf_worker_commit();
	sf_worker_send(1, answer);
}

/* Payload: "1" for all of this database's, "0" for leftovers only.  Answers with how many were dropped. */
PGDLLEXPORT void
sf_scratch_drop_handler(SfJobContext *job)
{
	List	   *rows;
	char		count[16];
	const char *answer[1] = {count};

	sf_worker_begin();
	rows = droppable(InvalidOid, job->payload[0] == '1');
	sf_worker_commit();
	snprintf(count, sizeof(count), "%d", drop_rows(rows, list_length(rows)));
	sf_worker_send(1, answer);
}

static void
take_count(int n, char **values, void *arg)
{
	*(int *) arg = atoi(values[0]);
}

int
sf_scratch_drop(bool all)
{
	SfJob		job;
	int			count = 0;

	if (list_length(droppable(InvalidOid, all)) == 0)
		return 0;
	memset(&job, 0, sizeof(job));
	job.handler = "sf_scratch_drop_handler";
	job.place = SF_JOB_LIVE;
	job.payload = all ? "1" : "0";
	job.payload_len = 2;
	job.activity = "drop scratch databases";
	job.on_row = take_count;
	job.arg = &count;
	sf_job_run_bootstrap(&job);
	return count;
}

List *
sf_scratch_leftovers(void)
{
	List	   *result = NIL;
	List	   *rows = droppable(InvalidOid, false);
	ListCell   *lc;

	foreach(lc, rows)
	{
		ScratchRow *row = lfirst(lc);
		SfLeftover *leftover = palloc(sizeof(SfLeftover));

		leftover->database = pstrdup(NameStr(row->name));
		leftover->why = psprintf(row->live_exists ? "It was used once, for database %u, and waits to be dropped." :
								 "Its database (OID %u) does not exist any more.", row->live);
		leftover->due = !row->live_exists || list_length(rows) > DROP_BATCH;
		result = lappend(result, leftover);
	}
	return result;
}

/*
 * A database with a subscription cannot be dropped.  Ours were never connected: no slot, no worker, an origin only.
 */
void
sf_scratch_forget_subscriptions(Oid database)
{
	bool		own_transaction = !IsTransactionState();
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (own_transaction)
		StartTransactionCommand();
	rel = table_open(SubscriptionRelationId, RowExclusiveLock);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_subscription form = (Form_pg_subscription) GETSTRUCT(tuple);

		if (form->subdbid != database)
			continue;
		replorigin_drop_by_name(psprintf("pg_%u", form->oid), true, false);
		CatalogTupleDelete(rel, &tuple->t_self);
	}
	systable_endscan(scan);
	table_close(rel, RowExclusiveLock);
	if (own_transaction)
		CommitTransactionCommand();
}

/*
 * In a worker in a kept scratch: has it gathered so many dead rows that it should be made anew?
 */
bool
sf_scratch_bloated(void)
{
	Relation	rel = table_open(AttributeRelationId, AccessShareLock);
	BlockNumber pages = RelationGetNumberOfBlocks(rel);

	table_close(rel, AccessShareLock);
	return pages > BLOATED_PAGES;
}
