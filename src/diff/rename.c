/*
 * rename.c - renames that nobody told us of: those that are none of our guessing, and those that we ask about.
 *
 * Two tables that take the same place of one whole, a partition's bounds, hold the same rows: that is a rename.  The
 * whole may be renamed itself.
 *
 * A fact that goes and one of the same kind and place that comes, with the same content: that is worth a question.
 * Of several that are alike, those are asked about whose names are the closest; as many as come, in their order.  There
 * the plan goes on with what the model says literally; nothing is guessed.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "diff/diff.h"
#include "kinds/kind.h"
#include "miscadmin.h"
#include "utils/formatting.h"
#include "utils/varlena.h"

#define MAX_ALIKE	50			/* of more nobody knows who is who */

/* A fact that has no partner, where something of its kind may have come, or gone. */
typedef struct SfLost
{
	SfFact	   *fact;
	const char *place;			/* key of the place on the new side */
	uint64		hash;
	struct SfLost *other;		/* what it looks like under another name */
} SfLost;

/* How much has to be alike, the closest first: a default may name what is renamed as well (a sequence). */
enum
{
	WITH_CLAUSES,
	BARE,
	LEVELS
};

static uint64
named_hash(const SfFact *fact)
{
	return hash_bytes_extended((const unsigned char *) sf_last(fact), strlen(sf_last(fact)), 1);
}

/*
 * Content of a fact and of what is said in its own CREATE, without its own name.  Names below count, their texts may
 * hold the old name; what is known by its content (a constraint) is mostly named after the whole, so it does not count.
 * A schema is what is in it.
 */
static uint64
content_hash(const SfFact *fact, int level)
{
	uint64		hash = sf_fact_hash(sf_diff_text(fact));
	ListCell   *lc;

	foreach(lc, fact->children)
	{
		const SfFact *child = lfirst(lc);

		if (child->kind->rename == NULL)
			hash += child->kind->folds && level == WITH_CLAUSES ? sf_fact_hash(sf_diff_text(child)) * 37 : 0;
		else if (child->kind->match == NULL && (child->kind->folds || fact->parent == NULL))
			hash += (child->kind->folds ? sf_fact_hash(sf_diff_text(child)) * 31 : 0) + named_hash(child);
	}
	return hash;
}

/* Where it stands, as the new side calls the place; NULL: that comes or goes itself. */
static const char *
standing_place(const SfFact *fact, bool is_old)
{
	const SfFact *parent = fact->parent;

	if (parent == NULL)
		return "";
	if (parent->twin)
		return is_old ? parent->twin->key : parent->key;
	return parent->unmanaged ? parent->key : NULL;
}

/* Renames of what is known by its content lose nothing when missed.  A copy is renamed with its original. */
static bool
worth_asking(const SfFact *fact)
{
	const SfKind *kind = fact->kind;

	return !fact->unmanaged && fact->twin == NULL && kind->rename && sf_implied_by(fact) == NULL &&
		(kind->match == NULL || kind->match(sf_diff_text(fact)) == NULL);
}

static List *
lost_facts(const SfFactBase *base, bool is_old)
{
	List	   *found = NIL;
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);
		const char *place = worth_asking(fact) ? standing_place(fact, is_old) : NULL;
		SfLost	   *lost;

		if (place == NULL)
			continue;
		lost = palloc0(sizeof(SfLost));
		lost->fact = fact;
		lost->place = place;
		found = lappend(found, lost);
	}
	return found;
}

static int
by_content(const ListCell *a, const ListCell *b)
{
	const SfLost *x = lfirst(a);
	const SfLost *y = lfirst(b);
	int			order = strcmp(x->fact->kind->name, y->fact->kind->name);

	if (order == 0)
		order = strcmp(x->place, y->place);
	return order ? order : x->hash < y->hash ? -1 : x->hash > y->hash;
}

/* Those of one content in the order that they have. */
static int
by_position(const ListCell *a, const ListCell *b)
{
	const SfFact *x = ((const SfLost *) lfirst(a))->fact;
	const SfFact *y = ((const SfLost *) lfirst(b))->fact;
	int			order = by_content(a, b);
	int			position = sf_kind_attr(x->kind, "position");

	if (order == 0 && position >= 0 && x->attr[position] && y->attr[position])
		order = strcmp(x->attr[position], y->attr[position]);
	return order ? order : strcmp(x->key, y->key);
}

/* Those without an answer yet, in the order of their content. */
static List *
sorted_by_content(List *lost, int level)
{
	List	   *sorted = NIL;
	ListCell   *lc;

	foreach(lc, lost)
	{
		SfLost	   *one = lfirst(lc);

		if (one->other)
			continue;
		one->hash = content_hash(one->fact, level);
		sorted = lappend(sorted, one);
	}
	list_sort(sorted, by_position);
	return sorted;
}

/* How many from here on have the same content? */
static int
alike(List *sorted, int from)
{
	int			n = 1;

	while (from + n < list_length(sorted) &&
		   by_content(list_nth_cell(sorted, from), list_nth_cell(sorted, from + n)) == 0)
		n++;
	return n;
}

/* How many words, of those between underscores, has the name more than the other, which is in it?  -1: it is not. */
static int
words_more(const char *name, const char *other)
{
	int			words = 0;

	if (strstr(psprintf("_%s_", name), psprintf("_%s_", other)) == NULL)
		return -1;
	for (const char *p = name; *p; p++)
		words += *p == '_';
	for (const char *p = other; *p; p++)
		words -= *p == '_';
	return words;
}

/*
 * How far is one name from the other, whatever their case?  A word more counts like a letter: "name" has become
 * "name_cached" rather than "state".
 */
static int
distance(const SfLost *old, const SfLost *new)
{
	char	   *x = asc_tolower(sf_last(old->fact), strlen(sf_last(old->fact)));
	char	   *y = asc_tolower(sf_last(new->fact), strlen(sf_last(new->fact)));
	int			words = Max(words_more(x, y), words_more(y, x));

	return words >= 0 ? words : varstr_levenshtein(x, strlen(x), y, strlen(y), 1, 1, 1, true);
}

/* The closest two without an answer; strictly: neither is as close to any other.  Is there one? */
static bool
couple_closest(SfLost **olds, int n, SfLost **news, int m, const int *distances, bool strictly)
{
	int			best = -1;
	bool		rivals = false;

	for (int i = 0; i < n * m; i++)
	{
		if (olds[i / m]->other || news[i % m]->other)
			continue;
		if (best < 0 || distances[i] < distances[best])
		{
			best = i;
			rivals = false;
		}
		else if (distances[i] == distances[best])
			rivals = rivals || i / m == best / m || i % m == best % m;
	}
	if (best < 0 || (strictly && rivals))
		return false;
	olds[best / m]->other = news[best % m];
	news[best % m]->other = olds[best / m];
	return true;
}

/* Who is who among n and m that are alike? */
static void
couple_alike(List *olds, int from, int n, List *news, int start, int m)
{
	SfLost	  **old = palloc(n * sizeof(SfLost *)),
			  **new = palloc(m * sizeof(SfLost *));
	int		   *distances;

	if (Max(n, m) > MAX_ALIKE)
		return;
	for (int i = 0; i < n; i++)
		old[i] = list_nth(olds, from + i);
	for (int k = 0; k < m; k++)
		new[k] = list_nth(news, start + k);
	distances = palloc(n * m * sizeof(int));
	for (int i = 0; i < n * m; i++)
		distances[i] = distance(old[i / m], new[i % m]);
	while (couple_closest(old, n, new, m, distances, n != m))
		CHECK_FOR_INTERRUPTS();
}

static void
match_lost(List *olds, List *news, int level)
{
	int			i = 0,
				k = 0;

	olds = sorted_by_content(olds, level);
	news = sorted_by_content(news, level);
	while (i < list_length(olds) && k < list_length(news))
	{
		int			order = by_content(list_nth_cell(olds, i), list_nth_cell(news, k));
		int			n = order <= 0 ? alike(olds, i) : 0;
		int			m = order >= 0 ? alike(news, k) : 0;

		CHECK_FOR_INTERRUPTS();
		if (order == 0)
			couple_alike(olds, i, n, news, k, m);
		i += n;
		k += m;
	}
}

/* As sf_rename_hint() takes it. */
static char *
hint_name(const SfFact *fact)
{
	const char *last = sf_last(fact);
	char	   *head;

	if (fact->kind->qualifiers == 0 || last[0] != '(')
		return sf_name(fact);
	head = sf_qualified(fact->nname - 1, fact->name);
	return strchr(head, '"') ? sf_name(fact) : psprintf("%s%s", head, last);
}

List *
sf_diff_questions(SfFactBase *from, SfFactBase *to)
{
	List	   *olds = lost_facts(from, true);
	List	   *news = lost_facts(to, false);
	List	   *questions = NIL;
	ListCell   *lc;

	for (int level = 0; level < LEVELS; level++)
		match_lost(olds, news, level);
	foreach(lc, olds)
	{
		const SfLost *lost = lfirst(lc);
		const SfFact *old = lost->fact;
		const SfFact *new = lost->other ? lost->other->fact : NULL;

		if (new)
			questions = lappend(
				questions,
				psprintf("Is %s the old %s under a new name? As it stands the old one is dropped. To keep it, "
						 "and plan again:\nSELECT sf_rename_hint(%s, %s, %s);",
						 sf_fact_label(new), sf_fact_label(old), sf_literal(old->kind->name),
						 sf_literal(hint_name(old)), sf_literal(hint_name(new))));
	}
	return questions;
}

/* Those that take a place and are not on the other side under their name. */
static List *
placed(const SfFactBase *base, const SfFactBase *other)
{
	List	   *found = NIL;
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);

		if (fact->kind->place && sf_base_find(other, fact->parent_key) == NULL)
			found = lappend(found, fact);
	}
	return found;
}

/* The name that what it takes a place of goes by on the other side; NULL: the same. */
static const char *
renamed_whole(const SfFact *fact, List *hints, const SfFactBase *to)
{
	const SfFact *whole = hints ? sf_attached_to(fact) : NULL;
	ListCell   *lc;

	foreach(lc, whole ? hints : NIL)
	{
		const SfHint *hint = lfirst(lc);
		const SfFact *new = strcmp(hint->old_key, whole->key) == 0 ? sf_base_find(to, hint->new_key) : NULL;

		if (new)
			return sf_name(new);
	}
	return NULL;
}

static SfHint *
hint_of(const SfFact *old, const SfFact *new)
{
	SfHint	   *hint = palloc(sizeof(SfHint));

	hint->old_key = old->parent_key;
	hint->new_key = new->parent_key;
	return hint;
}

List *
sf_diff_same_places(const SfFactBase *from, const SfFactBase *to, List *given)
{
	List	   *olds = placed(from, to),
			   *news = olds ? placed(to, from) : NIL,
			   *known = list_copy(given),
			   *hints = NIL;
	int			before;
	ListCell   *lo,
			   *ln;

	foreach(ln, news)
		((SfFact *) lfirst(ln))->note = ((SfFact *) lfirst(ln))->kind->place(lfirst(ln), NULL);
	/* The parts of what is found to have another name take their places there. */
	do
	{
		before = list_length(hints);
		foreach(lo, olds)
			((SfFact *) lfirst(lo))->note = ((SfFact *) lfirst(lo))->kind->place(lfirst(lo),
																				renamed_whole(lfirst(lo), known, to));
		foreach(ln, news)
		{
			const SfFact *new = lfirst(ln);

			CHECK_FOR_INTERRUPTS();
			foreach(lo, olds)
			{
				const SfFact *old = lfirst(lo);

				if (old->kind != new->kind || strcmp(old->note, new->note) != 0)
					continue;
				hints = lappend(hints, hint_of(old, new));
				olds = foreach_delete_current(olds, lo);
				news = foreach_delete_current(news, ln);
				break;
			}
		}
		known = list_concat_copy(given, hints);
	} while (list_length(hints) > before);
	return hints;
}
