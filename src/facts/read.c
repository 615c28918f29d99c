/*
 * read.c - catalog -> facts.
 *
 * Each kind's query is run once, set-based, under the pins; then one pass over pg_depend makes the edges.  No user
 * table is locked.  The queries and the server's deparse functions look at different snapshots, so the whole
 * reading is repeated when the catalogs changed under it (stamp.c).
 *
 * What has no fact of its own resolves to the fact that it is part of: pg_depend's internal dependencies lead from an
 * index to its constraint, from a rule to its view, from a row type to its table; 'e' leads from a member to its
 * extension.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/dependency.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "facts/canon.h"
#include "facts/facts.h"
#include "facts/stamp.h"
#include "facts/unmodelled.h"
#include "kinds/kind.h"
#include "lib/pins.h"
#include "lib/text.h"
#include "miscadmin.h"
#include "utils/memutils.h"

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

typedef struct SfDepend
{
	ObjectAddress from;
	ObjectAddress to;
	char		type;
} SfDepend;

typedef struct SfPromise		/* an edge to a fact that may not have been read yet */
{
	SfFact	   *from;
	char	   *to;
	char		type;
} SfPromise;

typedef struct SfReading
{
	SfFactBase *base;
	List	   *excluded;		/* schemas and extensions left out */
	sf_owners_hash *owners;
	SfDepend   *depends;
	int			ndepends;
	List	   *promised;		/* of SfPromise */
	MemoryContext scratch;		/* dies with the reading */
} SfReading;

/* ---- pg_depend ---- */

static const char *const depend_query = "SELECT classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype "
										"FROM pg_catalog.pg_depend WHERE objid >= 16384";

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

static void
load_depends(SfReading *reading)
{
	if (SPI_execute(depend_query, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot happen: pg_depend does not answer");
	reading->ndepends = SPI_processed;
	reading->depends = MemoryContextAllocHuge(reading->scratch, Max(1, SPI_processed) * sizeof(SfDepend));
	for (int i = 0; i < reading->ndepends; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		SfDepend   *d = &reading->depends[i];
		bool		isnull;

		d->from.classId = DatumGetObjectId(SPI_getbinval(tuple, desc, 1, &isnull));
		d->from.objectId = DatumGetObjectId(SPI_getbinval(tuple, desc, 2, &isnull));
		d->from.objectSubId = DatumGetInt32(SPI_getbinval(tuple, desc, 3, &isnull));
		d->to.classId = DatumGetObjectId(SPI_getbinval(tuple, desc, 4, &isnull));
		d->to.objectId = DatumGetObjectId(SPI_getbinval(tuple, desc, 5, &isnull));
		d->to.objectSubId = DatumGetInt32(SPI_getbinval(tuple, desc, 6, &isnull));
		d->type = DatumGetChar(SPI_getbinval(tuple, desc, 7, &isnull));
		note_owner(reading, d);
	}
	SPI_freetuptable(SPI_tuptable);
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

/* Part of an extension, directly or as a part of a part? */
static SfOwnerSlot *
membership(const SfReading *reading, ObjectAddress address)
{
	for (int depth = 0; depth < 10; depth++)
	{
		SfOwnerSlot *slot = owner_slot(reading, address);

		if (slot == NULL || slot->member)
			return slot;
		address = slot->owner;
	}
	return NULL;
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
		char		type = d->type;

		CHECK_FOR_INTERRUPTS();
		if (to == NULL || to == from)
			continue;
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
			}
		}
		sf_base_add_edge(reading->base, from, to, type);
		for (SfFact *original = original_of(to); original; original = original_of(original))
			sf_base_add_edge(reading->base, from, original, SF_EDGE_ORDER);
	}
}

/* ---- the kinds' queries ---- */

typedef struct SfColumns		/* where a query's columns are, 1-based; 0 = not there */
{
	int			kind,
				classid,
				objid,
				objsubid,
				identity,
				suffix,
				parent,
				implied,
				requires;
} SfColumns;

static int
column_of(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			return i + 1;
	return 0;
}

static ObjectAddress
row_address(HeapTuple tuple, TupleDesc desc, const SfColumns *at)
{
	ObjectAddress address;
	bool		isnull;

	address.classId = DatumGetObjectId(SPI_getbinval(tuple, desc, at->classid, &isnull));
	address.objectId = DatumGetObjectId(SPI_getbinval(tuple, desc, at->objid, &isnull));
	address.objectSubId = at->objsubid ? DatumGetInt32(SPI_getbinval(tuple, desc, at->objsubid, &isnull)) : 0;
	return address;
}

static bool
is_excluded(const SfReading *reading, const char *name)
{
	ListCell   *lc;

	foreach(lc, reading->excluded)
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	return false;
}

/*
 * The identity and parent of a row.  A query without the column identity reads satellites: their object is the fact at
 * the address, and they are named after it.  Returns the number of names, 0 when the row is not ours.
 */
static int
row_identity(SfReading *reading, HeapTuple tuple, TupleDesc desc, const SfColumns *at, char ***name, char **parent_key)
{
	ObjectAddress address = row_address(tuple, desc, at);
	int			n;
	char	  **more;

	if (at->identity)
	{
		SfOwnerSlot *member;
		char	   *parent = at->parent ? SPI_getvalue(tuple, desc, at->parent) : NULL;

		n = sf_text_array_in(SPI_getvalue(tuple, desc, at->identity), name);
		*parent_key = NULL;
		if (address.objectSubId == 0 && (member = membership(reading, address)) != NULL &&
			address.classId != ExtensionRelationId)
			return 0;
		if (parent)
		{
			int			np = sf_text_array_in(parent, &more);

			*parent_key = sf_fact_key(more[0], np - 1, more + 1);
			if (sf_base_find(reading->base, *parent_key) == NULL)
			{
				/* The parent is left out; so is this, unless an extension made the schema that it stands in. */
				ObjectAddress schema;

				if (np != 2)
					return 0;
				ObjectAddressSet(schema, NamespaceRelationId, get_namespace_oid(more[1], true));
				if (!OidIsValid(schema.objectId) || is_excluded(reading, more[1]) ||
					membership(reading, schema) == NULL)
					return 0;
			}
		}
		else if (is_excluded(reading, (*name)[0]))
			return 0;
		return n;
	}
	else
	{
		SfFact *object = sf_base_find_address(reading->base, address.classId, address.objectId, address.objectSubId);
		int			nmore = 0;

		if (object == NULL)
			return 0;
		if (at->suffix)
			nmore = sf_text_array_in(SPI_getvalue(tuple, desc, at->suffix), &more);
		n = 1 + object->nname + nmore;
		*name = palloc(n * sizeof(char *));
		(*name)[0] = pstrdup(object->kind->name);
		for (int i = 0; i < object->nname; i++)
			(*name)[1 + i] = object->name[i];
		for (int i = 0; i < nmore; i++)
			(*name)[1 + object->nname + i] = more[i];
		*parent_key = object->key;
		return n;
	}
}

/* For each attribute of the kind, the query's column. */
static int *
map_attributes(const SfKind *kind, TupleDesc desc, const char *reader)
{
	int		   *map = palloc(Max(kind->nattrs, 1) * sizeof(int));

	for (int i = 0; i < kind->nattrs; i++)
	{
		map[i] = column_of(desc, kind->attrs[i].name);
		if (map[i] == 0)
			elog(ERROR, "cannot happen: %s.sql has no column %s", reader, kind->attrs[i].name);
	}
	return map;
}

static void
promise(SfReading *reading, SfFact *from, char *to, char type)
{
	MemoryContext caller;
	char	  **names;
	int			n;

	if (to == NULL)
		return;
	n = sf_text_array_in(to, &names);
	caller = MemoryContextSwitchTo(reading->scratch);
	reading->promised = lappend(reading->promised, palloc(sizeof(SfPromise)));
	*(SfPromise *) llast(reading->promised) = (SfPromise) {from, sf_fact_key(names[0], n - 1, names + 1), type};
	MemoryContextSwitchTo(caller);
}

/* A satellite that needs another one of the same object, which differs in as many last names. */
static void
promise_sibling(SfReading *reading, SfFact *from, char *suffix)
{
	MemoryContext caller;
	SfPromise  *promise;
	char	  **more;
	char	  **name;
	int			n;

	if (suffix == NULL)
		return;
	n = sf_text_array_in(suffix, &more);
	name = palloc(from->nname * sizeof(char *));
	for (int i = 0; i < from->nname; i++)
		name[i] = i < from->nname - n ? from->name[i] : more[i - (from->nname - n)];
	caller = MemoryContextSwitchTo(reading->scratch);
	promise = palloc(sizeof(SfPromise));
	promise->from = from;
	promise->to = sf_fact_key(from->kind->name, from->nname, name);
	promise->type = DEPENDENCY_NORMAL;
	reading->promised = lappend(reading->promised, promise);
	MemoryContextSwitchTo(caller);
}

static void
run_reader(SfReading *reading, const SfReader *reader)
{
	MemoryContext row_context;
	SPITupleTable *table;
	uint64		nrows;
	TupleDesc	desc;
	SfColumns	at;
	const SfKind *kind = NULL;
	int		   *map = NULL;

	if (SPI_execute(reader->sql, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot happen: %s.sql is no query", reader->name);
	table = SPI_tuptable;
	nrows = SPI_processed;
	desc = table->tupdesc;
	at.kind = column_of(desc, "kind");
	at.classid = column_of(desc, "classid");
	at.objid = column_of(desc, "objid");
	at.objsubid = column_of(desc, "objsubid");
	at.identity = column_of(desc, "identity"); /* a column of the query, not a kind */
	at.suffix = column_of(desc, "suffix");
	at.parent = column_of(desc, "parent");
	at.implied = column_of(desc, "implied");
	at.requires = column_of(desc, "requires");
	row_context = AllocSetContextCreate(reading->scratch, "schemaflow row", ALLOCSET_SMALL_SIZES);
	for (uint64 r = 0; r < nrows; r++)
	{
		MemoryContext caller = MemoryContextSwitchTo(row_context);
		HeapTuple	tuple = table->vals[r];
		const char *kind_name = at.kind ? SPI_getvalue(tuple, desc, at.kind) : reader->name;
		char	  **name;
		char	   *parent_key;
		int			n = row_identity(reading, tuple, desc, &at, &name, &parent_key);

		if (n > 0)
		{
			ObjectAddress address = row_address(tuple, desc, &at);
			char	  **attr;
			SfFact	   *fact;

			if (kind == NULL || strcmp(kind->name, kind_name) != 0)
			{
				kind = sf_kind(kind_name);
				MemoryContextSwitchTo(reading->scratch);
				map = map_attributes(kind, desc, reader->name);
				MemoryContextSwitchTo(row_context);
			}
			attr = palloc0(Max(kind->nattrs, 1) * sizeof(char *));
			for (int i = 0; i < kind->nattrs; i++)
			{
				attr[i] = SPI_getvalue(tuple, desc, map[i]);
				if (kind->attrs[i].flags & SF_ATTR_EXPRESSION)
					attr[i] = sf_canonical(attr[i]);
			}
			fact = sf_base_add(reading->base, kind, n, name, parent_key, attr);
			if (at.identity)
				sf_base_set_address(reading->base, fact, address.classId, address.objectId, address.objectSubId);
			promise(reading, fact, SPI_getvalue(tuple, desc, at.implied), SF_EDGE_IMPLIED);
			if (at.identity)
				promise(reading, fact, SPI_getvalue(tuple, desc, at.requires), DEPENDENCY_NORMAL);
			else
				promise_sibling(reading, fact, SPI_getvalue(tuple, desc, at.requires));
		}
		MemoryContextSwitchTo(caller);
		MemoryContextReset(row_context);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_freetuptable(table);
	MemoryContextDelete(row_context);
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
			resolve(reading, d->from) || membership(reading, d->from))
			continue;
		classes = lappend_oid(classes, d->from.classId);
		objects = lappend_oid(objects, d->from.objectId);
	}
	reading->base->not_modelled = sf_unmodelled(reading->base, classes, objects, reading->excluded);
}

static SfFactBase *
read_once(List *excluded)
{
	SfReading	reading = {0};

	reading.base = sf_base_new("catalog");
	reading.excluded = excluded;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "cannot happen: SPI_connect failed");
	reading.scratch = AllocSetContextCreate(CurrentMemoryContext, "schemaflow reading", ALLOCSET_DEFAULT_SIZES);
	reading.owners = sf_owners_create(reading.scratch, 4096, NULL);
	load_depends(&reading);
	for (int i = 0; i < sf_nreaders; i++)
		run_reader(&reading, &sf_readers[i]);
	make_edges(&reading);
	sf_base_finish(reading.base);
	note_not_modelled(&reading);
	SPI_finish();
	return reading.base;
}

SfFactBase *
sf_facts_read(List *excluded)
{
	SfFactBase *base = NULL;
	int			level = sf_pins_enter();

	for (int attempt = 1; base == NULL; attempt++)
	{
		SfStamp    *before = sf_stamp_take();
		SfStamp    *after;

		base = read_once(excluded);
		after = sf_stamp_take();
		if (sf_stamp_equal(before, after))
			break;
		if (attempt == 3)
			sf_stamp_report(before, after);
		MemoryContextDelete(base->context);
		base = NULL;
	}
	sf_pins_leave(level);
	return base;
}
