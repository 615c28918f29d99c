/*
 * old_names.c - the model as it would read had nothing been renamed.  See old_names.h.
 */
#include "postgres.h"

#include "diff/diff.h"
#include "facts/elaborate.h"
#include "facts/factbase.h"
#include "kinds/kind.h"
#include "lib/spi.h"
#include "miscadmin.h"
#include "model/unit.h"
#include "plan/extensions.h"
#include "plan/names.h"
#include "plan/old_names.h"

/* A fact of the model that had another name before. */
typedef struct Rename
{
	SfFact	   *new;
	SfFact	   *old;			/* by its old name, while what it is inside of still has the new one; NULL: it is
								 * in the way of another's old name */
} Rename;

/* What moves with its owner comes when that has moved. */
static int
innermost_first(const ListCell *a, const ListCell *b)
{
	const SfFact *x = ((Rename *) lfirst(a))->new;
	const SfFact *y = ((Rename *) lfirst(b))->new;

	if (x->nname != y->nname)
		return y->nname - x->nname;
	if (sf_moves_with_owner(x->kind) != sf_moves_with_owner(y->kind))
		return sf_moves_with_owner(x->kind) ? 1 : -1;
	return strcmp(x->key, y->key);
}

static const SfHint *
hint_for(List *hints, const char *new_key)
{
	ListCell   *lc;

	foreach(lc, hints)
		if (strcmp(((SfHint *) lfirst(lc))->new_key, new_key) == 0)
			return lfirst(lc);
	return NULL;
}

static bool
same_parent(const SfFact *old, const SfFact *new, List *hints)
{
	const SfHint *hint = new->parent ? hint_for(hints, new->parent->key) : NULL;

	if (hint)
		return sf_streq(old->parent_key, hint->old_key);
	return sf_streq(old->parent_key, new->parent_key);
}

/* What a schema that gets another name is called in the model; NULL: it gets none. */
static const SfFact *
place_renamed(const SfFactBase *model, const char *old_key, List *hints)
{
	ListCell   *lc;

	foreach(lc, hints)
		if (sf_streq(((SfHint *) lfirst(lc))->old_key, old_key))
			return sf_base_find(model, ((SfHint *) lfirst(lc))->new_key);
	return NULL;
}

/* Under its old name; below its parent's new one, unless it was in another: below the new name of that. */
static SfFact *
back_in_place(const SfFactBase *model, const SfFact *new, const SfFact *old, List *hints)
{
	SfFact	   *fact = sf_fact_copy(new);
	int			shared = same_parent(old, new, hints) ? sf_diff_own_names(new) : 0;
	const SfFact *place = shared == 0 ? place_renamed(model, old->parent_key, hints) : NULL;

	for (int i = shared; i < new->nname; i++)
		fact->name[i] = old->name[i];
	if (place)
		fact->name[0] = place->name[0];
	return fact;
}

static void
add_rename(List **renames, SfFact *new, SfFact *old)
{
	Rename	   *rename = palloc(sizeof(Rename));

	rename->new = new;
	rename->old = old;
	*renames = lappend(*renames, rename);
}

static bool
is_renamed(List *renames, const SfFact *new)
{
	ListCell   *lc;

	foreach(lc, renames)
		if (((Rename *) lfirst(lc))->new == new)
			return true;
	return false;
}

/* With them, what the model has under their old names. */
static List *
with_those_in_the_way(const SfFactBase *model, List *renames)
{
	List	   *all = list_copy(renames),
			   *names = NIL;
	ListCell   *lc;

	foreach(lc, renames)
		names = list_concat(names, sf_names_taken(((Rename *) lfirst(lc))->old));
	foreach(lc, names ? model->facts : NIL)
	{
		SfFact	   *fact = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (fact->kind->rename && sf_takes_any(fact, names) && !is_renamed(renames, fact))
			add_rename(&all, fact, NULL);
	}
	return all;
}

static List *
renames_of(SfFactBase *live, SfFactBase *model, List *hints)
{
	List	   *renames = NIL;
	ListCell   *lc;

	foreach(lc, hints)
	{
		SfHint	   *hint = lfirst(lc);
		SfFact	   *old = sf_base_find(live, hint->old_key);
		SfFact	   *new = sf_base_find(model, hint->new_key);

		if (old && new && new->kind->rename && old->nname == new->nname)
			add_rename(&renames, new, back_in_place(model, new, old, hints));
	}
	renames = with_those_in_the_way(model, renames);
	list_sort(renames, innermost_first);
	return renames;
}

/* Names may have changed places: all of one depth get names of nobody's before they get their old ones. */
static List *
inverse_renames(List *renames)
{
	SfEmit		out = {0};

	for (int i = 0, next; i < list_length(renames); i = next)
	{
		int			depth = ((Rename *) list_nth(renames, i))->new->nname;
		SfFact	  **aside = palloc(list_length(renames) * sizeof(SfFact *));

		for (next = i; next < list_length(renames); next++)
		{
			Rename	   *rename = list_nth(renames, next);

			if (rename->new->nname != depth)
				break;
			aside[next] = sf_fact_copy(rename->new);
			sf_own_name(aside[next]) = psprintf("schemaflow aside %d", next);
			rename->new->kind->rename(&out, rename->new, aside[next]);
		}
		for (int k = i; k < next; k++)
			if (((Rename *) list_nth(renames, k))->old)
				aside[k]->kind->rename(&out, aside[k], ((Rename *) list_nth(renames, k))->old);
	}
	return out.statements;
}

/* Is the place there in the model's scratch, under its own name and no other?  One that goes is made there. */
static bool
place_stands(const SfFactBase *live, const SfFactBase *model, const char *key, List *hints, SfEmit *out, List **made)
{
	SfFact	   *place = sf_base_find(live, key);

	if (place_renamed(model, key, hints))
		return false;
	if (sf_base_find(model, key) || list_member_ptr(*made, place))
		return true;
	if (place == NULL)
		return false;
	place->kind->create(out, place, NIL);
	*made = lappend(*made, place);
	return true;
}

/* The places that what has moved was in, as far as the model has them no more: statements that make them. */
static List *
places_of(const SfFactBase *live, const SfFactBase *model, List *hints, List **made)
{
	SfEmit		out = {0};
	ListCell   *lc;

	foreach(lc, hints)
	{
		const SfFact *old = sf_base_find(live, ((SfHint *) lfirst(lc))->old_key);
		const SfFact *new = sf_base_find(model, ((SfHint *) lfirst(lc))->new_key);

		if (old && new && new->kind->rename && old->nname == 2 && !same_parent(old, new, hints))
			place_stands(live, model, old->parent_key, hints, &out, made);
	}
	return out.statements;
}

/*
 * What belongs to an extension is renamed as well when that goes into another schema, and texts name it: to *inverse,
 * the statements that put it back in the model's scratch, where its old place stands.  Returns what of the model has
 * moved so.
 */
static List *
moved_members(const SfFactBase *live, const SfFactBase *model, List *hints, List **made, List **inverse)
{
	SfEmit		out = {.statements = *inverse};
	List	   *moved = NIL;
	ListCell   *lc;

	foreach(lc, model->facts)
	{
		SfFact	   *new = lfirst(lc);
		const SfFact *old;

		for (int i = 0; i < new->kind->nattrs; i++)
		{
			const SfAttr *attr = &new->kind->attrs[i];
			char	   *was;
			const char *is;

			if (!(attr->flags & SF_ATTR_MEMBERS) || (old = sf_base_find(live, new->key)) == NULL)
				continue;
			was = unconstify(char *, sf_attr(old, attr->name));
			is = sf_attr(new, attr->name);
			if (was == NULL || is == NULL || strcmp(was, is) == 0 || !sf_extension_moves(old) ||
				!place_stands(live, model, sf_fact_key(attr->name, 1, &was), hints, &out, made))
				continue;
			attr->alter(&out, new, old, NULL);
			moved = lappend(moved, new);
		}
	}
	*inverse = out.statements;
	return moved;
}

/* Does a text that names the fact differ? */
static bool
is_named_by_difference(SfFactBase *model, const SfFact *new)
{
	ListCell   *lc;

	sf_base_link(model);
	foreach(lc, new->needed_by)
	{
		const SfFact *user = ((SfEdge *) lfirst(lc))->from;
		bool	   *changed = user->twin ? sf_diff_attributes(user->twin, user) : NULL;

		for (int i = 0; changed && i < user->kind->nattrs; i++)
			if (changed[i] && (user->kind->attrs[i].flags & SF_ATTR_EXPRESSION))
				return true;
	}
	return false;
}

/*
 * Renames that nobody hinted at because what is renamed is known by its content (a column's sequence), as far as
 * other texts name it (the column's default).
 */
static List *
known_by_content(SfFactBase *live, SfFactBase *model, List *hints)
{
	List	   *found = NIL;
	ListCell   *lc;

	sf_diff_pair(live, model, hints);
	foreach(lc, model->facts)
	{
		SfFact	   *new = lfirst(lc);
		SfHint	   *hint;

		if (new->twin == NULL || new->kind->match == NULL || !sf_diff_renamed(new->twin, new) ||
			hint_for(hints, new->key) || !is_named_by_difference(model, new))
			continue;
		hint = palloc(sizeof(SfHint));
		hint->old_key = new->twin->key;
		hint->new_key = new->key;
		found = lappend(found, hint);
	}
	return found;
}

static SfFactBase *
read_under_old_names(SfFactBase *live, SfFactBase *model, List *hints)
{
	List	   *found,
			   *made = NIL,
			   *moved,
			   *renames;
	SfFactBase *again;
	SfFactBase *under_old_names;
	ListCell   *lc;

	sf_base_link(model);
	found = hints ? renames_of(live, model, hints) : NIL;
	renames = list_concat(places_of(live, model, hints, &made), inverse_renames(found));
	moved = moved_members(live, model, hints, &made, &renames);
	if (renames == NIL)
		return NULL;
	again = sf_elaborate(sf_units_load(), renames, &under_old_names);
	foreach(lc, again->facts)
	{
		SfFact	   *fact = lfirst(lc);
		SfFact	   *recorded = sf_base_find(model, fact->key);

		if (recorded && !list_member_ptr(moved, recorded))
			recorded->alias = fact->twin;
	}
	foreach(lc, found)
		if (((Rename *) lfirst(lc))->old == NULL)
			return NULL;
	return found ? under_old_names : NULL;
}

SfFactBase *
sf_plan_old_names(SfFactBase *live, SfFactBase *model, List *hints)
{
	SfFactBase *under_old_names = read_under_old_names(live, model, hints);
	List	   *more = known_by_content(live, model, hints);

	if (more)
		under_old_names = read_under_old_names(live, model, list_concat_copy(hints, more));
	return under_old_names;
}
