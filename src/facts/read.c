/*
 * read.c - catalog -> facts.
 *
 * Each kind's query is run once, set-based, under the pins (rows.c); then one pass over pg_depend makes the edges.  No
 * user table is locked.  The queries and the server's deparse functions look at different snapshots, so the whole
 * reading is repeated when the catalogs changed under it (stamp.c).
 *
 * What has no fact of its own resolves to the fact that it is part of: pg_depend's internal dependencies lead from an
 * index to its constraint, from a rule to its view, from a row type to its table; 'e' leads from a member to its
 * extension.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_depend.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "facts/facts.h"
#include "facts/reading.h"
#include "facts/stamp.h"
#include "facts/unmodelled.h"
#include "guc.h"
#include "lib/pins.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

typedef struct SfOwnerSlot		/* address -> the address it is part of */
{
	ObjectAddress address;
	ObjectAddress owner;
	bool		member;			/* of an extension */
	char		status;
} SfOwnerSlot;

#define SH_PREFIX sf_owners
#define SH_ELEMENT_TYPE SfOwnerSlot
#define SH_KEY_TYPE ObjectAddress
#define SH_KEY address
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) &(k), sizeof(ObjectAddress))
#define SH_EQUAL(tb, a, b)                                                                                           \
	((a).classId == (b).classId && (a).objectId == (b).objectId && (a).objectSubId == (b).objectSubId)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* ---- pg_depend ---- */

static void
note_owner(SfReading *reading, const SfDepend *d)
{
	bool		found;
	SfOwnerSlot *slot;

	/* A clone of a partition (deptype P) is a fact of its own, or none at all. */
	if (strchr("ie", d->type) == NULL)
		return;
	slot = sf_owners_insert(reading->owners, d->from, &found);
	/* A member of an extension is that before anything else. */
	if (found && d->type != DEPENDENCY_EXTENSION)
		return;
	slot->owner = d->to;
	slot->member = d->type == DEPENDENCY_EXTENSION;
}

/* The catalog with the most rows, read without a query: as one, it would be copied twice. */
static void
load_depends(SfReading *reading)
{
	Relation	catalog = table_open(DependRelationId, AccessShareLock);
	Snapshot	snapshot;
	TableScanDesc scan;
	HeapTuple	tuple;
	int			room = 8192;

	CommandCounterIncrement();
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	scan = table_beginscan(catalog, snapshot, 0, NULL);
	reading->depends = MemoryContextAllocHuge(reading->scratch, room * sizeof(SfDepend));
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		const FormData_pg_depend *row = (const FormData_pg_depend *) GETSTRUCT(tuple);
		SfDepend   *d;

		CHECK_FOR_INTERRUPTS();
		if (row->objid < FirstNormalObjectId)
			continue;
		if (reading->ndepends == room)
			reading->depends = repalloc_huge(reading->depends, (room *= 2) * sizeof(SfDepend));
		d = &reading->depends[reading->ndepends++];
		ObjectAddressSubSet(d->from, row->classid, row->objid, row->objsubid);
		ObjectAddressSubSet(d->to, row->refclassid, row->refobjid, row->refobjsubid);
		d->type = row->deptype;
		note_owner(reading, d);
	}
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(catalog, AccessShareLock);
}

/* The slot of the whole object that holds an address (a column's relation), or NULL. */
static SfOwnerSlot *
owner_slot(const SfReading *reading, ObjectAddress address)
{
	SfOwnerSlot *slot = sf_owners_lookup(reading->owners, address);

	if (slot == NULL && address.objectSubId != 0)
	{
		address.objectSubId = 0;
		slot = sf_owners_lookup(reading->owners, address);
	}
	return slot;
}

/* The fact at an address, else at the object it is a part of. */
static SfFact *
resolve(const SfReading *reading, ObjectAddress address)
{
	for (int depth = 0; depth < 10; depth++)
	{
		SfFact	   *fact = sf_base_find_address(reading->base, address.classId, address.objectId, address.objectSubId);
		SfOwnerSlot *slot;

		if (fact == NULL && address.objectSubId != 0)
			fact = sf_base_find_address(reading->base, address.classId, address.objectId, 0);
		if (fact)
			return fact;
		slot = owner_slot(reading, address);
		if (slot == NULL)
			return NULL;
		address = slot->owner;
	}
	return NULL;
}

bool
sf_reading_is_member(const SfReading *reading, ObjectAddress address)
{
	for (int depth = 0; depth < 10; depth++)
	{
		SfOwnerSlot *slot = owner_slot(reading, address);

		if (slot == NULL || slot->member)
			return slot != NULL;
		address = slot->owner;
	}
	return false;
}

/* A relation's dependency that a fact of its own stands for: OWNED BY, PARTITION OF, INHERITS. */
static bool
is_owned_apart(const SfDepend *d, const SfFact *from, const SfFact *to)
{
	if (!from->kind->owned_apart || d->from.objectSubId != 0)
		return false;
	return d->type == DEPENDENCY_AUTO ||
		   (d->type == DEPENDENCY_NORMAL && to->kind->owned_apart && d->to.objectSubId == 0);
}

static SfFact *
original_of(const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, fact->needs)
		if (((SfEdge *) lfirst(lc))->type == SF_EDGE_IMPLIED)
			return ((SfEdge *) lfirst(lc))->to;
	return NULL;
}

/* A child is attached when its own columns and checks are as its parent's, and detached before they go other ways. */
static void
order_attachment(SfReading *reading, SfFact *copy)
{
	SfFact	   *relation = copy->parent_key ? sf_base_find(reading->base, copy->parent_key) : NULL;
	SfFact	   *attachment;

	if (relation == NULL || relation->addr.objectSubId != 0 || !copy->kind->folds ||
		(copy->kind->may_fold && !copy->kind->may_fold(copy)))
		return;
	attachment = sf_base_find_address(reading->base, relation->addr.classId, relation->addr.objectId, SF_OWNED_SUBID);
	if (attachment && attachment->kind->attaches)
		sf_base_add_edge(reading->base, attachment, copy, SF_EDGE_ORDER);
}

static void
keep_promises(SfReading *reading)
{
	ListCell   *lc;

	foreach(lc, reading->promised)
	{
		SfPromise  *promise = lfirst(lc);
		SfFact	   *to = sf_base_find(reading->base, promise->to);

		if (to)
			sf_base_add_edge(reading->base, promise->from, to, promise->type);
	}
	foreach(lc, reading->promised)
		if (((SfPromise *) lfirst(lc))->type == SF_EDGE_IMPLIED)
			order_attachment(reading, ((SfPromise *) lfirst(lc))->from);
}

static void
make_edges(SfReading *reading)
{
	keep_promises(reading);
	for (int i = 0; i < reading->ndepends; i++)
	{
		SfDepend   *d = &reading->depends[i];
		SfFact	   *from = resolve(reading, d->from);
		SfFact	   *to = from ? resolve(reading, d->to) : NULL;
		SfFact	   *user = from;
		char		type = d->type;

		CHECK_FOR_INTERRUPTS();
		if (to == NULL || to == from)
			continue;
		/* A part of it would go with that, which the server refuses: a constraint's index, for its predicate. */
		if (type == DEPENDENCY_AUTO &&
			(from->addr.classId != d->from.classId || from->addr.objectId != d->from.objectId))
			type = DEPENDENCY_NORMAL;
		/*
		 * A sequence goes with the column that owns it, but is made before it (the column's default needs it); a
		 * partition goes before its parent, and is a table without it.
		 */
		if (is_owned_apart(d, from, to))
		{
			SfFact	   *owning = sf_base_find_address(reading->base, d->from.classId, d->from.objectId, SF_OWNED_SUBID);

			if (owning && owning->kind->attaches)
				type = type == DEPENDENCY_AUTO ? SF_EDGE_DROP : SF_EDGE_ORDER;
			else if (owning)
			{
				sf_base_add_edge(reading->base, owning, to, type);
				type = SF_EDGE_DROP;
				user = owning;
			}
		}
		/* The index of a partition's own key is no copy: it was there when the parent's took it in. */
		if (type == DEPENDENCY_PARTITION_PRI && from->kind->backs && to->kind->backs && from->kind != to->kind)
		{
			sf_base_add_edge(reading->base, to, from, SF_EDGE_ORDER);
			continue;
		}
		sf_base_add_edge(reading->base, from, to, type);
		for (SfFact *original = original_of(to); original; original = original_of(original))
			sf_base_add_edge(reading->base, user, original, SF_EDGE_ORDER);
	}
}

/*
 * Whole objects that need something, and are neither facts nor parts of facts or extensions.  What goes with something
 * else by itself is a part of it.
 */
static void
note_not_modelled(SfReading *reading)
{
	sf_owners_hash *parts = sf_owners_create(reading->scratch, 256, NULL);
	List	   *classes = NIL;
	List	   *objects = NIL;
	bool		found;

	for (int i = 0; i < reading->ndepends; i++)
		if (strchr("aiPSe", reading->depends[i].type))
			(void) sf_owners_insert(parts, reading->depends[i].from, &found);
	for (int i = 0; i < reading->ndepends; i++)
	{
		const SfDepend *d = &reading->depends[i];

		if (d->from.objectSubId != 0 || d->type != DEPENDENCY_NORMAL || sf_owners_lookup(parts, d->from) ||
			resolve(reading, d->from) || sf_reading_is_member(reading, d->from))
			continue;
		classes = lappend_oid(classes, d->from.classId);
		objects = lappend_oid(objects, d->from.objectId);
	}
	reading->base->not_modelled = sf_unmodelled(reading->base, classes, objects, reading->excluded);
}

/* The base stays in the caller's context; all else goes with SPI's, by SPI_finish(). */
static SfReading
open_reading(const char *name, long nowners)
{
	SfReading	reading = {.base = sf_base_new(name)};

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "cannot happen: SPI_connect failed");
	reading.scratch = AllocSetContextCreate(CurrentMemoryContext, "schemaflow reading", ALLOCSET_DEFAULT_SIZES);
	reading.owners = sf_owners_create(reading.scratch, nowners, NULL);
	return reading;
}

static SfFactBase *
read_once(List *excluded, bool apart)
{
	SfReading	reading = open_reading("catalog", 4096);
	bool	   *which;

	reading.base->apart = apart;
	reading.excluded = excluded;
	reading.deparser = sf_deparser_new(reading.base, reading.scratch);
	load_depends(&reading);
	which = sf_read_which();
	for (int i = 0; i < sf_nreaders; i++)
		if (which[i])
			sf_read_rows(&reading, &sf_readers[i]);
	if (!apart)
		make_edges(&reading);
	sf_base_finish(reading.base);
	if (!apart)
		note_not_modelled(&reading);
	SPI_finish();
	return reading.base;
}

static SfFactBase *
read_unchanged(List *excluded, bool apart)
{
	for (int attempt = 1;; attempt++)
	{
		SfStamp    *before = sf_stamp_take();
		SfFactBase *base = read_once(excluded, apart);
		SfStamp    *after = sf_stamp_take();

		if (sf_stamp_equal(before, after))
			return base;
		if (attempt == 3)
			sf_stamp_report(before, after);
		MemoryContextDelete(base->context);
	}
}

/*
 * The server prints a view or a rule with ACCESS SHARE locks on what it reads, so a reading waits behind whoever holds
 * one of these relations for himself.  Not for ever.
 */
static void
limit_waits(void)
{
	int			most = sf_guc_read_wait();

	if (most > 0 && (LockTimeout == 0 || LockTimeout > most))
		sf_set_here("lock_timeout", psprintf("%d", most));
}

static void
rethrow(MemoryContext caller)
{
	ErrorData  *error;

	MemoryContextSwitchTo(caller);
	error = CopyErrorData();
	FlushErrorState();
	if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE)
		ReThrowError(error);
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("the schema cannot be read while others hold relations for themselves"),
			 errdetail("The definition of a view or rule is read with a lock on what it reads: %s.", error->message),
			 errhint("SELECT pid, relation::regclass FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted; "
					 "shows who they are. Call again when they have finished, or wait for longer: "
					 "SET schemaflow.read_wait = '5min'.")));
}

static SfFactBase *
read_pinned(List *excluded, bool apart)
{
	MemoryContext caller = CurrentMemoryContext;
	SfFactBase *base = NULL;
	int			level = sf_pins_enter();

	limit_waits();
	PG_TRY();
	{
		base = read_unchanged(excluded, apart);
	}
	PG_CATCH();
	{
		rethrow(caller);
	}
	PG_END_TRY();
	sf_pins_leave(level);
	return base;
}

SfFactBase *
sf_facts_read_given(void)
{
	int			level = sf_pins_enter();
	SfReading	reading = open_reading("given", 16);

	for (int i = 0; i < sf_nreaders; i++)
		if (sf_readers[i].given)
			sf_read_rows(&reading, &sf_readers[i]);
	SPI_finish();
	sf_pins_leave(level);
	return reading.base;
}

List *
sf_own_schemas(void)
{
	return list_make2("schemaflow", "schemaflow_archive");
}

SfFactBase *
sf_facts_read(List *excluded)
{
	return read_pinned(excluded, false);
}

SfFactBase *
sf_facts_read_apart(List *excluded)
{
	return read_pinned(excluded, true);
}
