/*
 * diff.c - pairing and comparing.  See diff.h.
 */
#include "postgres.h"

#include "diff/diff.h"
#include "facts/canon.h"
#include "kinds/kind.h"
#include "miscadmin.h"

int
sf_diff_own_names(const SfFact *fact)
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

/* The key from what it has from its parent to what qualifies its name, if that is to be left out. */
static char *
own_key(const SfFact *fact, int qualifiers)
{
	int			skip = sf_diff_own_names(fact);

	return sf_fact_key(fact->kind->name, fact->nname - qualifiers - skip, fact->name + skip);
}

static char *
relative_key(const SfFact *fact)
{
	return own_key(fact, 0);
}

/* What its key would be had nothing been renamed: a type that is part of it may be called otherwise. */
static char *
key_before(const SfFact *fact)
{
	return relative_key(sf_diff_text(fact));
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

/* What the fact is known by, its name apart; NULL: nothing. */
static char *
match_key(const SfFact *fact)
{
	const SfFact *read = sf_diff_text(fact);
	char	   *text = fact->kind->match ? fact->kind->match(read) : NULL;

	return text ? psprintf("%s %s", fact->kind->name, sf_restored(text)) : NULL;
}

static int
by_note(const ListCell *a, const ListCell *b)
{
	const SfFact *x = lfirst(a);
	const SfFact *y = lfirst(b);
	int			order = strcmp(x->note, y->note);

	return order ? order : strcmp(x->key, y->key);
}

static List *
sorted_by(List *facts, char *(*key_of) (const SfFact *))
{
	List	   *sorted = NIL;
	ListCell   *lc;

	foreach(lc, facts)
	{
		SfFact	   *fact = lfirst(lc);

		if (fact->unmanaged || fact->twin)
			continue;
		fact->note = key_of(fact);
		if (fact->note)
			sorted = lappend(sorted, fact);
	}
	list_sort(sorted, by_note);
	return sorted;
}

/* Those without a partner, one on each side, that have the same key. */
static void
pair_by(List *olds, List *news, char *(*key_of) (const SfFact *))
{
	ListCell   *lo,
			   *ln;

	olds = sorted_by(olds, key_of);
	news = sorted_by(news, key_of);
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
}

static bool
same_place(const SfFact *old, const SfFact *new)
{
	if (new->parent && new->parent->twin)
		return old->parent == new->parent->twin;
	return sf_streq(old->parent_key, new->parent_key);
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

		if (old && old->twin == NULL && !old->unmanaged && same_place(old, new))
			couple(old, new);
	}
}

static void pair_children(SfFact *old, SfFact *new, const SfFactBase *from, List *hints);

/* What a hint says that it was.  A hint for a column is one for its copies: the server renames them with it. */
static SfFact *
hinted_old(const SfFactBase *from, List *hints, const SfFact *new)
{
	SfHint	   *hint = hint_for(hints, new);
	const SfFact *original = hint || new->parent == NULL || new->parent->twin == NULL ? NULL : sf_implied_by(new);
	SfFact	   *old = original ? hinted_old(from, hints, original) : NULL;
	ListCell   *lc;

	if (hint)
		return sf_base_find(from, hint->old_key);
	foreach(lc, old ? sf_copies_of(old) : NIL)
		if (((SfFact *) lfirst(lc))->parent == new->parent->twin)
			return lfirst(lc);
	return NULL;
}

/* Did hints name any of them? */
static bool
pair_hinted(List *news, const SfFactBase *from, List *hints)
{
	bool		hinted = false;
	ListCell   *ln;

	foreach(ln, hints ? news : NIL)
	{
		SfFact	   *new = lfirst(ln);
		SfFact	   *old = hinted_old(from, hints, new);

		if (old && old->twin == NULL && new->twin == NULL && !old->unmanaged && !new->unmanaged &&
			old->kind == new->kind)
		{
			couple(old, new);
			hinted = true;
		}
	}
	return hinted;
}

/* Objects that move into a schema which is made for them. */
static void
pair_moved(List *roots, const SfFactBase *from, List *hints)
{
	ListCell   *lr,
			   *lc;

	foreach(lr, hints ? roots : NIL)
	{
		SfFact	   *root = lfirst(lr);

		if (root->twin || root->unmanaged || !pair_hinted(root->children, from, hints))
			continue;
		foreach(lc, root->children)
			if (((SfFact *) lfirst(lc))->twin)
				pair_children(((SfFact *) lfirst(lc))->twin, lfirst(lc), from, hints);
	}
}

static void
pair_lists(List *olds, List *news, const SfFactBase *from, List *hints)
{
	bool		hinted;
	ListCell   *ln;

	CHECK_FOR_INTERRUPTS();
	/* Hints first: what they name is spoken for, and so is what else goes by those names. */
	hinted = pair_hinted(news, from, hints);
	/* Where names have changed, content says more than a name: that may have changed places as well. */
	if (hinted)
		pair_by(olds, news, match_key);
	pair_by_key(news, from);
	pair_by(olds, news, relative_key);
	pair_by(olds, news, key_before);
	pair_by(olds, news, match_key);
	if (news && ((SfFact *) linitial(news))->parent == NULL)
		pair_moved(news, from, hints);
	foreach(ln, news)
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
		fact->anew = false;
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

/* What another fact owns goes where that goes, into another schema as well. */
static char *
owned_key(const SfFact *fact)
{
	return sf_moves_with_owner(fact->kind) ? match_key(fact) : NULL;
}

static void
pair_owned(SfFactBase *from, SfFactBase *to, List *hints)
{
	List	   *loose = sorted_by(to->facts, owned_key);
	ListCell   *lc;

	pair_by(from->facts, to->facts, owned_key);
	foreach(lc, loose)
	{
		SfFact	   *new = lfirst(lc);

		if (new->twin)
			pair_children(new->twin, new, from, hints);
	}
}

void
sf_diff_pair(SfFactBase *from, SfFactBase *to, List *hints)
{
	sf_base_finish(from);
	sf_base_finish(to);
	pair_lists(roots(from), roots(to), from, hints);
	pair_below_unmanaged(from, to, hints);
	if (hints)
		pair_owned(from, to, hints);
}

bool *
sf_diff_attributes(const SfFact *old, const SfFact *new)
{
	const SfKind *kind = old->kind;
	bool	   *changed = NULL;

	old = sf_diff_text(old);
	new = sf_diff_text(new);
	for (int i = 0; i < kind->nattrs; i++)
		if (kind->attrs[i].how != SF_IGNORE && !sf_same_attr(old, new, i))
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
	int			qualifiers = old->kind->qualifiers;

	return old->kind->rename && strcmp(old->key, new->key) != 0 &&
		(sf_diff_moved(old, new) || strcmp(own_key(old, qualifiers), own_key(new, qualifiers)) != 0);
}

bool
sf_diff_moved(const SfFact *old, const SfFact *new)
{
	return !same_place(old, new);
}
