/*
 * sort.c - facts in the order of their keys.  See sort.h.
 *
 * Keys have long heads in common (column:public.) and are all over the memory.  Most comparisons here are of two
 * numbers that stand beside each other: the rank of the kind and what comes behind the head that its keys share.
 */
#include "postgres.h"

#include "facts/sort.h"
#include "kinds/kind.h"

/* What a fact is sorted by: its kind, then what is behind the head that the keys of its kind have in common. */
typedef struct SfSortKey
{
	uint64		start;			/* the kind's rank, seven bytes of the key */
	SfFact	   *fact;
} SfSortKey;

static int
by_key_order(const void *a, const void *b)
{
	const SfSortKey *left = a,
			   *right = b;

	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	return strcmp(left->fact->key, right->fact->key);
}

/* How many kinds' keys sort before those of this one: a key starts with the kind's name and a colon. */
static int
rank_of(const SfKind *kind)
{
	char	   *head = psprintf("%s:", kind->name);
	int			rank = 0;

	for (int i = 0; i < sf_nkinds; i++)
	{
		char	   *other = psprintf("%s:", sf_kinds[i]->name);

		rank += strcmp(other, head) < 0;
		pfree(other);
	}
	pfree(head);
	return rank;
}

typedef struct SfKeyHead		/* of the keys of a kind */
{
	const SfKind *kind;
	const char *key;			/* one of them */
	int			length;			/* of what they have in common */
	int			rank;
} SfKeyHead;

static SfKeyHead *
find_head(SfKeyHead *heads, SfKeyHead *last, const SfFact *fact)
{
	SfKeyHead  *head = last && last->kind == fact->kind ? last : heads;

	while (head->kind && head->kind != fact->kind)
		head++;
	if (head->kind == NULL)
		*head = (SfKeyHead) {fact->kind, fact->key, strlen(fact->key), rank_of(fact->kind)};
	return head;
}

static uint64
sort_start(const SfKeyHead *head, const char *key)
{
	uint64		start = head->rank;

	key += head->length;
	for (int i = 0; i < sizeof(start) - 1; i++)
		start = start << 8 | (unsigned char) (*key ? *key++ : '\0');
	return start;
}

void
sf_facts_sort(List *facts)
{
	SfKeyHead  *heads = palloc0((sf_nkinds + 1) * sizeof(SfKeyHead));
	SfKeyHead  *head = NULL;
	SfSortKey  *keys = palloc_extended(Max(list_length(facts), 1) * sizeof(SfSortKey), MCXT_ALLOC_HUGE);
	ListCell   *lc;

	foreach(lc, facts)
	{
		const char *key = ((SfFact *) lfirst(lc))->key;
		int			same = 0;

		head = find_head(heads, head, lfirst(lc));
		while (same < head->length && key[same] == head->key[same])
			same++;
		head->length = same;
	}
	foreach(lc, facts)
	{
		SfSortKey  *at = &keys[foreach_current_index(lc)];

		head = find_head(heads, head, lfirst(lc));
		at->fact = lfirst(lc);
		at->start = sort_start(head, at->fact->key);
	}
	qsort(keys, list_length(facts), sizeof(SfSortKey), by_key_order);
	foreach(lc, facts)
		lfirst(lc) = keys[foreach_current_index(lc)].fact;
	pfree(keys);
	pfree(heads);
}
