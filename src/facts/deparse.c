/*
 * deparse.c - the text of stored expressions.  See deparse.h.
 *
 * To deparse a tree costs much more than to read it: it is parsed, and for its columns the server opens the relation,
 * which a session that has not used it pays for with a dozen catalog lookups.  Yet a schema says a few things many
 * times: DEFAULT now(), CHECK (price >= 0), WHERE deleted_at IS NULL.  Two trees have the same text when they are
 * equal apart from the places in the statement that they came from, and the columns that they mention by number have
 * the same names.  That, with the names beside the numbers, is the key of the texts kept here.
 *
 * Everything else that a text depends on (names of types, operators, functions) stands in the tree by OID, and is the
 * same for the length of a reading.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "common/hashfn.h"
#include "facts/deparse.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

typedef struct SfTextSlot
{
	const char *key;
	char	   *text;
	uint32		hash;
	char		status;
} SfTextSlot;

#define SH_PREFIX sf_texts
#define SH_ELEMENT_TYPE SfTextSlot
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

struct SfDeparser
{
	const SfFactBase *base;
	MemoryContext context;
	sf_texts_hash *texts;
	StringInfoData key;
};

/* Fields of nodes as the server prints them; in a name that it prints, spaces are escaped. */
static const char location_field[] = " :location ";
static const char column_field[] = " :varattno ";

SfDeparser *
sf_deparser_new(const SfFactBase *base, MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	SfDeparser *deparser = palloc0(sizeof(SfDeparser));

	deparser->base = base;
	deparser->context = context;
	deparser->texts = sf_texts_create(context, 256, NULL);
	initStringInfo(&deparser->key);
	MemoryContextSwitchTo(caller);
	return deparser;
}

/* Leave out places, put the names of columns beside their numbers.  False: a column without a name, or a whole row. */
static bool
make_key(StringInfo key, const char *tree, const SfFactBase *base, Oid relation)
{
	const char *from = tree;

	resetStringInfo(key);
	for (const char *p = tree; (p = strchr(p, ':')) != NULL; p++)
	{
		const char *field = p - 1;
		char	   *end;

		if (p == tree)
			continue;
		if (strncmp(field, location_field, strlen(location_field)) == 0)
		{
			appendBinaryStringInfo(key, from, field - from);
			(void) strtol(field + strlen(location_field), &end, 10);
			from = end;
		}
		else if (strncmp(field, column_field, strlen(column_field)) == 0)
		{
			long		number = strtol(field + strlen(column_field), &end, 10);
			const SfFact *column =
				number == 0 ? NULL : sf_base_find_address(base, RelationRelationId, relation, number);
			const char *name;

			if (column == NULL)
				return false;
			name = column->name[column->nname - 1];
			appendBinaryStringInfo(key, from, end - from);
			appendStringInfo(key, " %zu ", strlen(name));
			appendStringInfoString(key, name);
			from = end;
		}
	}
	appendStringInfoString(key, from);
	return true;
}

/* NULL when the relation is gone, which the reader will notice. */
static char *
deparse(const char *tree, Oid relation)
{
	LOCAL_FCINFO(call, 2);
	Datum		result;

	InitFunctionCallInfoData(*call, NULL, 2, InvalidOid, NULL, NULL);
	call->args[0].value = CStringGetTextDatum(tree);
	call->args[0].isnull = false;
	call->args[1].value = ObjectIdGetDatum(relation);
	call->args[1].isnull = false;
	result = pg_get_expr(call);
	return call->isnull ? NULL : TextDatumGetCString(result);
}

char *
sf_deparse(SfDeparser *deparser, const char *tree, Oid relation)
{
	SfTextSlot *slot;
	char	   *text;
	bool		found;

	if (!make_key(&deparser->key, tree, deparser->base, relation))
		return deparse(tree, relation);
	slot = sf_texts_lookup(deparser->texts, deparser->key.data);
	if (slot)
		return slot->text;
	text = deparse(tree, relation);
	if (text == NULL)
		return NULL;
	slot = sf_texts_insert(deparser->texts, MemoryContextStrdup(deparser->context, deparser->key.data), &found);
	slot->text = MemoryContextStrdup(deparser->context, text);
	return slot->text;
}
