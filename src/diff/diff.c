/*
 * diff.c - pairing and comparing.  See diff.h.
 */
#include "postgres.h"

#include "diff/diff.h"
#include "kinds/kind.h"
#include "miscadmin.h"

/* Where the names of a fact go on behind those of its parent. */
static int
own_names(const SfFact *fact)
{
	const SfFact *parent = fact->parent;
	int			skip = 0;

	if (parent == NULL)
		return 0;
	/* Satellites are named {kind of the object, its names...}. */
	if (fact->nname > parent->nname && strcmp(fact->name[0], parent->kind->name) == 0 &&
		strcmp(fact->name[parent->nname], parent->name[parent->nname - 1]) == 0 && parent->nname + 1 <= fact->nname)
	{
		bool		satellite = true;

		for (int i = 0; i < parent->nname; i++)
			satellite = satellite && strcmp(fact->name[i + 1], parent->name[i]) == 0;
		if (satellite)
			return parent->nname + 1;
	}
	while (skip < parent->nname && skip < fact->nname && strcmp(fact->name[skip], parent->name[skip]) == 0)
		skip++;
	/* An index is named in its table's schema, not below its table: the schema alone is shared. */
	return skip == parent->nname ? skip : Min(1, fact->nname);
}

static char *
relative_key(const SfFact *fact)
{
	int			skip = own_names(fact);

	return sf_fact_key(fact->kind->name, fact->nname - skip, fact->name + skip);
}

static void
couple(SfFact *old, SfFact *new)
{
	old->twin = new;
	new->twin = old;
}

static SfHint *
hint_for(List *hints, const SfFact *new)
{
	ListCell   *lc;

	foreach(lc, hints)
		if (strcmp(((SfHint *) lfirst(lc))->new_key, new->key) == 0)
			return lfirst(lc);
	return NULL;
}

static int
by_relative_key(const ListCell *a, const ListCell *b)
{
	return strcmp(((SfFact *) lfirst(a))->note, ((SfFact *) lfirst(b))->note);
}

static List *
sorted_by_relative_key(List *facts)
{
	List	   *sorted = NIL;
	ListCell   *lc;

	foreach(lc, facts)
	{
		SfFact	   *fact = lfirst(lc);

		if (fact->unmanaged || fact->twin)
			continue;
		fact->note = relative_key(fact);
		sorted = lappend(sorted, fact);
	}
	list_sort(sorted, by_relative_key);
	return sorted;
}

static char *
match_text(const SfFact *fact)
{
	fact = sf_diff_text(fact);
	return fact->kind->match ? fact->kind->match(fact) : NULL;
}

/* Unpaired facts of the same kind with the same match() text, one on each side: the same thing under another name. */
static void
pair_by_match(List *olds, List *news)
{
	ListCell   *lo,
			   *ln;

	foreach(ln, news)
	{
		SfFact	   *new = lfirst(ln);
		char	   *text = new->twin ? NULL : match_text(new);

		if (text == NULL)
			continue;
		foreach(lo, olds)
		{
			SfFact	   *old = lfirst(lo);

			if (old->twin == NULL && old->kind == new->kind && sf_streq(match_text(old), text))
			{
				couple(old, new);
				break;
			}
		}
	}
}

/* The same name in the same place: by far the most. */
static void
pair_by_key(List *news, const SfFactBase *from)
{
	ListCell   *lc;

	foreach(lc, news)
	{
		SfFact	   *new = lfirst(lc);
		SfFact	   *old = new->twin || new->unmanaged ? NULL : sf_base_find(from, new->key);

		if (old && old->twin == NULL && !old->unmanaged && sf_streq(old->parent_key, new->parent_key))
			couple(old, new);
	}
}

static void pair_children(SfFact *old, SfFact *new, const SfFactBase *from, List *hints);

static void
pair_lists(List *olds, List *news, const SfFactBase *from, List *hints)
{
	List	   *all_news = news;
	ListCell   *lo,
			   *ln;

	CHECK_FOR_INTERRUPTS();
	/* Hints first: what they name is spoken for, and so is what else goes by those names. */
	foreach(ln, hints ? news : NIL)
	{
		SfFact	   *new = lfirst(ln);
		SfHint	   *hint = hint_for(hints, new);
		SfFact	   *old = hint ? sf_base_find(from, hint->old_key) : NULL;

		if (old && old->twin == NULL && new->twin == NULL && !old->unmanaged && !new->unmanaged &&
			old->kind == new->kind)
			couple(old, new);
	}
	pair_by_key(news, from);
	olds = sorted_by_relative_key(olds);
	news = sorted_by_relative_key(news);
	lo = list_head(olds);
	ln = list_head(news);
	while (lo && ln)
	{
		SfFact	   *old = lfirst(lo);
		SfFact	   *new = lfirst(ln);
		int			order = strcmp(old->note, new->note);

		if (order == 0)
			couple(old, new);
		if (order <= 0)
			lo = lnext(olds, lo);
		if (order >= 0)
			ln = lnext(news, ln);
	}
	pair_by_match(olds, news);
	foreach(ln, all_news)
	{
		SfFact	   *new = lfirst(ln);

		if (new->twin)
			pair_children(new->twin, new, from, hints);
	}
}

static void
pair_children(SfFact *old, SfFact *new, const SfFactBase *from, List *hints)
{
	if (old->children && new->children)
		pair_lists(old->children, new->children, from, hints);
}

static List *
roots(SfFactBase *base)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);

		fact->twin = NULL;
		fact->note = NULL;
		if (fact->parent == NULL)
			result = lappend(result, fact);
	}
	return result;
}

/* An unmanaged object has managed children when the model says something about them (a grant on schema public). */
static void
pair_below_unmanaged(SfFactBase *from, SfFactBase *to, List *hints)
{
	ListCell   *lc;

	foreach(lc, to->facts)
	{
		SfFact	   *new = lfirst(lc);
		SfFact	   *old = new->unmanaged ? sf_base_find(from, new->key) : NULL;

		if (old && old->unmanaged)
			pair_children(old, new, from, hints);
	}
}

void
sf_diff_pair(SfFactBase *from, SfFactBase *to, List *hints)
{
	sf_base_finish(from);
	sf_base_finish(to);
	pair_lists(roots(from), roots(to), from, hints);
	pair_below_unmanaged(from, to, hints);
}

bool *
sf_diff_attributes(const SfFact *old, const SfFact *new)
{
	const SfKind *kind = old->kind;
	bool	   *changed = NULL;

	old = sf_diff_text(old);
	new = sf_diff_text(new);
	for (int i = 0; i < kind->nattrs; i++)
		if (kind->attrs[i].how != SF_IGNORE && !sf_streq(old->attr[i], new->attr[i]))
		{
			if (changed == NULL)
				changed = palloc0(kind->nattrs * sizeof(bool));
			changed[i] = true;
		}
	return changed;
}

bool
sf_diff_renamed(const SfFact *old, const SfFact *new)
{
	return old->kind->rename && strcmp(old->key, new->key) != 0 && strcmp(relative_key(old), relative_key(new)) != 0;
}
