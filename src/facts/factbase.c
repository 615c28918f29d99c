/*
 * factbase.c - the container of facts: lookup by key and by catalog address, edges, order, encoding, hashes.
 *
 * Memory: everything belongs to base->context; functions that add switch to it themselves.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "common/hashfn.h"
#include "common/sha2.h"
#include "common/cryptohash.h"
#include "facts/factbase.h"
#include "facts/sort.h"
#include "kinds/kind.h"
#include "lib/text.h"
#include "miscadmin.h"
#include "utils/memutils.h"

typedef struct SfKeySlot
{
	const char *key;
	SfFact	   *fact;
	uint32		hash;
	char		status;
} SfKeySlot;

#define SH_PREFIX sf_keys
#define SH_ELEMENT_TYPE SfKeySlot
#define SH_KEY_TYPE const char *
#define SH_KEY key
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) (k), strlen(k))
#define SH_EQUAL(tb, a, b) (strcmp(a, b) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) ((a)->hash)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct SfAddressSlot
{
	ObjectAddress address;
	SfFact	   *fact;
	char		status;
} SfAddressSlot;

#define SH_PREFIX sf_addresses
#define SH_ELEMENT_TYPE SfAddressSlot
#define SH_KEY_TYPE ObjectAddress
#define SH_KEY address
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) &(k), sizeof(ObjectAddress))
#define SH_EQUAL(tb, a, b)                                                                                           \
	((a).classId == (b).classId && (a).objectId == (b).objectId && (a).objectSubId == (b).objectSubId)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

SfFactBase *
sf_base_new(const char *name)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "schemaflow facts", ALLOCSET_DEFAULT_SIZES);
	SfFactBase *base = MemoryContextAllocZero(context, sizeof(SfFactBase));

	MemoryContextSetIdentifier(context, MemoryContextStrdup(context, name));
	base->context = context;
	base->by_key = sf_keys_create(context, 1024, NULL);
	base->by_address = sf_addresses_create(context, 1024, NULL);
	return base;
}

/* In a chunk of its own size: a base holds one for each fact. */
char *
sf_fact_key(const char *kind, int nname, char *const *name)
{
	const char *quoted[8];
	Size		size = strlen(kind) + 1;
	char	   *key,
			   *to;

	for (int i = 0; i < nname; i++)
	{
		const char *text = sf_ident(name[i]);

		size += strlen(text) + 1;
		if (i < lengthof(quoted))
			quoted[i] = text;
	}
	to = key = palloc(size);
	to = stpcpy(to, kind);
	for (int i = 0; i < nname; i++)
	{
		*to++ = i == 0 ? ':' : '.';
		to = stpcpy(to, i < lengthof(quoted) ? quoted[i] : sf_ident(name[i]));
	}
	return key;
}

#define ROOM_SIZE	(64 * 1024)

/* Zeroed, in the base's memory for good: chunks of palloc's own would take half as much again. */
static void *
place(SfFactBase *base, Size size)
{
	char	   *at;

	size = MAXALIGN(size);
	if (size > ROOM_SIZE / 16)
		return MemoryContextAllocZero(base->context, size);
	if (size > base->room)
	{
		base->free = MemoryContextAllocZero(base->context, ROOM_SIZE);
		base->room = ROOM_SIZE;
	}
	at = base->free;
	base->free += size;
	base->room -= size;
	return at;
}

static char *
place_text(SfFactBase *base, const char *text)
{
	Size		size = strlen(text) + 1;

	return memcpy(place(base, size), text, size);
}

/* Texts in one chunk, behind the pointers to them: a base holds a dozen short ones for each fact. */
static char **
copy_texts(SfFactBase *base, int n, char *const *texts)
{
	Size		size = Max(n, 1) * sizeof(char *);
	char	  **copies;
	char	   *to;

	for (int i = 0; i < n; i++)
		size += texts[i] ? strlen(texts[i]) + 1 : 0;
	copies = place(base, size);
	to = (char *) (copies + Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		copies[i] = texts[i] ? to : NULL;
		if (texts[i])
			to = stpcpy(to, texts[i]) + 1;
	}
	return copies;
}

SfFact *
sf_base_add(SfFactBase *base, const SfKind *kind, int nname, char **name, const char *parent_key, char **attr)
{
	MemoryContext caller = MemoryContextSwitchTo(base->context);
	SfFact	   *fact = place(base, sizeof(SfFact));
	SfKeySlot  *slot;
	bool		found;

	fact->kind = kind;
	fact->nname = nname;
	fact->name = copy_texts(base, nname, name);
	fact->key = sf_fact_key(kind->name, nname, name);
	fact->parent_key = parent_key ? place_text(base, parent_key) : NULL;
	fact->attr = copy_texts(base, kind->nattrs, attr);
	slot = sf_keys_insert(base->by_key, fact->key, &found);
	if (found)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("two facts have the identity %s", fact->key)));
	slot->fact = fact;
	base->facts = lappend(base->facts, fact);
	MemoryContextSwitchTo(caller);
	return fact;
}

void
sf_base_set_address(SfFactBase *base, SfFact *fact, Oid classid, Oid objid, int32 objsubid)
{
	SfAddressSlot *slot;
	ObjectAddress address;
	bool		found;

	ObjectAddressSubSet(address, classid, objid, objsubid);
	if (!OidIsValid(fact->addr.classId))
		fact->addr = address;
	slot = sf_addresses_insert(base->by_address, address, &found);
	if (!found)
		slot->fact = fact;
}

SfFact *
sf_base_find(const SfFactBase *base, const char *key)
{
	SfKeySlot  *slot = sf_keys_lookup(base->by_key, key);

	return slot ? slot->fact : NULL;
}

SfFact *
sf_base_find_named(const SfFactBase *base, const char *kind, int nname, char *const *name)
{
	char	   *key = sf_fact_key(kind, nname, name);
	SfFact	   *fact = sf_base_find(base, key);

	pfree(key);
	return fact;
}

SfFact *
sf_base_find_address(const SfFactBase *base, Oid classid, Oid objid, int32 objsubid)
{
	ObjectAddress address;
	SfAddressSlot *slot;

	ObjectAddressSubSet(address, classid, objid, objsubid);
	slot = sf_addresses_lookup(base->by_address, address);
	return slot ? slot->fact : NULL;
}

void
sf_base_add_edge(SfFactBase *base, SfFact *from, SfFact *to, char type)
{
	MemoryContext caller;
	SfEdge	   *edge;
	ListCell   *lc;

	if (from == to)
		return;
	foreach(lc, from->needs)
	{
		edge = lfirst(lc);
		if (edge->to == to)
		{
			/* One edge a pair: a mere order says less than a normal one, an automatic or internal one more. */
			if (edge->type == SF_EDGE_ORDER || (edge->type == DEPENDENCY_NORMAL && type != SF_EDGE_ORDER))
				edge->type = type;
			return;
		}
	}
	caller = MemoryContextSwitchTo(base->context);
	edge = palloc(sizeof(SfEdge));
	edge->from = from;
	edge->to = to;
	edge->type = type;
	from->needs = lappend(from->needs, edge);
	to->needed_by = lappend(to->needed_by, edge);
	MemoryContextSwitchTo(caller);
}

static void link_stored(SfFactBase *base, SfFact *fact);

void
sf_base_link(SfFactBase *base)
{
	ListCell   *lc;

	foreach(lc, base->linked ? NIL : base->facts)
	{
		SfFact	   *fact = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		link_stored(base, fact);
		if (fact->parent)
			sf_base_add_edge(base, fact, fact->parent, 'p');
	}
	base->linked = true;
}

void
sf_base_finish(SfFactBase *base)
{
	MemoryContext caller;
	ListCell   *lc;

	if (base->finished)
		return;
	caller = MemoryContextSwitchTo(base->context);
	sf_facts_sort(base->facts);
	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (fact->parent_key)
			fact->parent = sf_base_find(base, fact->parent_key);
		if (fact->parent)
			fact->parent->children = lappend(fact->parent->children, fact);
	}
	base->finished = true;
	MemoryContextSwitchTo(caller);
	if (!base->apart)
		sf_base_link(base);
}

const char *
sf_attr(const SfFact *fact, const char *attr)
{
	int			i = sf_kind_attr(fact->kind, attr);

	if (i < 0)
		elog(ERROR, "cannot happen: kind %s has no attribute %s", fact->kind->name, attr);
	return fact->attr[i];
}

bool
sf_is_kind(const SfFact *fact, const char *kind)
{
	return fact && strcmp(fact->kind->name, kind) == 0;
}

bool
sf_needs(const SfFact *fact, const SfFact *other)
{
	ListCell   *lc;

	foreach(lc, fact->needs)
		if (((SfEdge *) lfirst(lc))->to == other)
			return true;
	return false;
}

SfFact *
sf_fact_copy(const SfFact *fact)
{
	SfFact	   *copy = palloc(sizeof(SfFact));

	*copy = *fact;
	copy->name = palloc(fact->nname * sizeof(char *));
	memcpy(copy->name, fact->name, fact->nname * sizeof(char *));
	return copy;
}

char *
sf_fact_label(const SfFact *fact)
{
	if (fact->kind->label)
		return fact->kind->label(fact);
	return psprintf("%s %s", fact->kind->name, sf_name(fact));
}

char *
sf_fact_name(const SfFact *fact)
{
	char	   *label = sf_fact_label(fact);
	Size		n = strlen(fact->kind->name);

	return strncmp(label, fact->kind->name, n) == 0 && label[n] == ' ' ? label + n + 1 : label;
}

/* ---- encoding: fields separated by tabs, escaped as in COPY ---- */

static void
put(StringInfo out, const char *field)
{
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		appendStringInfoChar(out, '\t');
	if (field == NULL)
	{
		appendStringInfoString(out, "\\N");
		return;
	}
	for (const char *p = field; *p; p++)
		switch (*p)
		{
			case '\t':
				appendStringInfoString(out, "\\t");
				break;
			case '\n':
				appendStringInfoString(out, "\\n");
				break;
			case '\\':
				appendStringInfoString(out, "\\\\");
				break;
			default:
				appendStringInfoChar(out, *p);
		}
}

static void
put_int(StringInfo out, int n)
{
	char		digits[16];

	snprintf(digits, sizeof(digits), "%d", n);
	put(out, digits);
}

static void
raise_cut_short(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("a stored fact is cut short")));
}

/* Takes the next field off *rest, unescaped in place; NULL for \N; sets *rest to NULL after the last. */
static char *
take(char **rest)
{
	char	   *start = *rest,
			   *to = start;
	bool		null = start && start[0] == '\\' && start[1] == 'N';

	if (start == NULL)
		raise_cut_short();
	for (char *p = start;; p++)
	{
		if (*p == '\t' || *p == '\0')
		{
			*rest = *p ? p + 1 : NULL;
			*to = '\0';
			return null ? NULL : start;
		}
		if (*p == '\\' && p[1])
		{
			p++;
			*to++ = *p == 't' ? '\t' : *p == 'n' ? '\n' : *p;
		}
		else
			*to++ = *p;
	}
}

static bool
encodes(const SfFact *fact, int i, bool all)
{
	return fact->attr[i] && (all || fact->kind->attrs[i].how != SF_IGNORE);
}

/* all: also what makes no difference (column positions), and the tokens of secrets. */
static void
encode_content(const SfFact *fact, StringInfo out, bool all)
{
	int			n = 0;

	put(out, fact->kind->name);
	put_int(out, fact->nname);
	for (int i = 0; i < fact->nname; i++)
		put(out, fact->name[i]);
	put(out, fact->parent_key);
	for (int i = 0; i < fact->kind->nattrs; i++)
		n += encodes(fact, i, all);
	put_int(out, n);
	for (int i = 0; i < fact->kind->nattrs; i++)
		if (encodes(fact, i, all))
		{
			put(out, fact->kind->attrs[i].name);
			put(out, all ? fact->attr[i] : sf_fact_attr_compared(fact, i));
		}
}

void
sf_fact_encode(const SfFact *fact, StringInfo out)
{
	ListCell   *lc;

	encode_content(fact, out, true);
	put_int(out, list_length(fact->needs));
	foreach(lc, fact->needs)
	{
		SfEdge	   *edge = lfirst(lc);

		put(out, psprintf("%c%s", edge->type, edge->to->key));
	}
}

/* Facts mostly come sorted, kind by kind. */
static const SfKind *
decode_kind(const char *name)
{
	static const SfKind *last = NULL;

	if (last == NULL || strcmp(last->name, name) != 0)
		last = sf_kind(name);
	return last;
}

/* Attributes come in the order of the kind's: the next one mostly stands at "from" or behind it. */
static int
decode_attr(const SfKind *kind, const char *name, int from)
{
	for (int i = 0; i < kind->nattrs; i++)
	{
		int			k = (from + i) % kind->nattrs;

		if (strcmp(kind->attrs[k].name, name) == 0)
			return k;
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("a stored fact of kind %s has an unknown attribute \"%s\"", kind->name, name)));
}

/* What decoding one line needs lives until the next one. */
static MemoryContext
decode_context(SfFactBase *base)
{
	if (base->scratch == NULL)
		base->scratch = AllocSetContextCreate(base->context, "schemaflow decode", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(base->scratch);
	return base->scratch;
}

SfFact *
sf_fact_decode(SfFactBase *base, const char *line)
{
	MemoryContext caller = MemoryContextSwitchTo(decode_context(base));
	char	   *rest = pstrdup(line);
	const SfKind *kind = decode_kind(take(&rest));
	int			nname = atoi(take(&rest));
	char	  **name = palloc(Max(nname, 1) * sizeof(char *));
	char	  **attr = palloc0(Max(kind->nattrs, 1) * sizeof(char *));
	char	   *parent_key;
	SfFact	   *fact;

	for (int i = 0; i < nname; i++)
		name[i] = take(&rest);
	parent_key = take(&rest);
	for (int i = atoi(take(&rest)), k = 0; i > 0; i--, k++)
	{
		k = decode_attr(kind, take(&rest), k);
		attr[k] = take(&rest);
	}
	fact = sf_base_add(base, kind, nname, name, parent_key, attr);
	if (rest == NULL)
		raise_cut_short();
	fact->unlinked = place_text(base, rest);
	MemoryContextSwitchTo(caller);
	return fact;
}

/* The end of a decoded line: how many edges, and of each "type+key". */
static void
link_stored(SfFactBase *base, SfFact *fact)
{
	char	   *rest = fact->unlinked;

	for (int i = rest ? atoi(take(&rest)) : 0; i > 0; i--)
	{
		const char *edge = take(&rest);
		SfFact	   *to = sf_base_find(base, edge + 1);

		if (to)
			sf_base_add_edge(base, fact, to, edge[0]);
	}
	fact->unlinked = NULL;
}

/* ---- hashes ---- */

char *
sf_base_hash(const SfFactBase *base)
{
	pg_cryptohash_ctx *sha = pg_cryptohash_create(PG_SHA256);
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	StringInfoData line;
	char	   *hex = palloc(2 * PG_SHA256_DIGEST_LENGTH + 1);
	ListCell   *lc;

	Assert(base->finished);
	initStringInfo(&line);
	if (sha == NULL || pg_cryptohash_init(sha) < 0)
		elog(ERROR, "cannot happen: no SHA-256");
	foreach(lc, base->facts)
	{
		if (((SfFact *) lfirst(lc))->unmanaged)
			continue;
		resetStringInfo(&line);
		encode_content(lfirst(lc), &line, false);
		appendStringInfoChar(&line, '\n');
		if (pg_cryptohash_update(sha, (uint8 *) line.data, line.len) < 0)
			elog(ERROR, "cannot happen: SHA-256 update");
	}
	if (pg_cryptohash_final(sha, digest, sizeof(digest)) < 0)
		elog(ERROR, "cannot happen: SHA-256 final");
	pg_cryptohash_free(sha);
	for (int i = 0; i < PG_SHA256_DIGEST_LENGTH; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return hex;
}

uint64
sf_fact_hash(const SfFact *fact)
{
	StringInfoData text;
	uint64		hash;

	initStringInfo(&text);
	put(&text, fact->kind->name);
	for (int i = 0; i < fact->kind->nattrs; i++)
		if (fact->kind->attrs[i].how != SF_IGNORE)
			put(&text, sf_fact_attr_compared(fact, i));
	hash = hash_bytes_extended((unsigned char *) text.data, text.len, 0);
	pfree(text.data);
	return hash;
}
