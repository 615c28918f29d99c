/*
 * fate.c - what happens to each fact.
 *
 * First what the differences say; then what follows from it: whoever needs a fact that is replaced is replaced
 * too, whoever stands in the way of an alteration is taken down and put back.  A worklist runs until nothing
 * changes.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "diff/diff.h"
#include "miscadmin.h"
#include "plan/build.h"
#include "plan/names.h"

bool
sf_item_rebuilds(const SfItem *item)
{
	const SfKind *kind = item->new ? item->new->kind : NULL;

	if (item->fate != SF_FATE_ALTER)
		return false;
	for (int i = 0; i < kind->nattrs; i++)
		if (item->changed[i] && (kind->attrs[i].flags & SF_ATTR_REBUILDS))
			return true;
	return false;
}

static void
set_fate(SfItem *item, SfFate fate, List **work)
{
	if (item->fate == fate)
		return;
	item->fate = fate;
	*work = lappend(*work, item);
}

/* A pair that differs: altered in place if every attribute can be, else replaced. */
static void
judge_pair(SfItem *item, List **work)
{
	const SfKind *kind = item->new->kind;
	bool	   *changed = sf_diff_attributes(item->old, item->new);
	SfFate		fate = SF_FATE_ALTER;

	item->renamed = sf_diff_renamed(item->old, item->new);
	if (changed == NULL)
		return;
	item->changed = changed;
	for (int i = 0; i < kind->nattrs; i++)
	{
		const SfAttr *attr = &kind->attrs[i];

		if (!changed[i])
			continue;
		if (attr->how == SF_REPLACE_PARENT && item->new->parent && sf_item(item->new->parent)->old)
			set_fate(sf_item(item->new->parent), SF_FATE_REPLACE, work);
		else if (attr->how == SF_REPLACE || (attr->in_place && !attr->in_place(item->old, item->new)))
			fate = SF_FATE_REPLACE;
	}
	if (item->fate == SF_FATE_KEEP)
		set_fate(item, fate, work);
}

/* The attribute that names a type and can be altered when that type is swapped; -1 when there is none. */
static int
type_attribute(const SfKind *kind)
{
	for (int i = 0; i < kind->nattrs; i++)
		if ((kind->attrs[i].flags & SF_ATTR_TYPE) && kind->attrs[i].how == SF_ALTER)
			return i;
	return -1;
}

static void
replace(SfItem *item, List **work)
{
	if (item->new && item->old && (item->fate == SF_FATE_KEEP || item->fate == SF_FATE_ALTER))
		set_fate(item, SF_FATE_REPLACE, work);
}

/* A dependent of a swapped type moves over to the new one, if it can. */
static void
move_over(SfItem *item, List **work)
{
	int			i = item->new && item->old ? type_attribute(item->new->kind) : -1;

	if (i < 0)
		replace(item, work);
	else if (item->new->kind->attrs[i].in_place && !item->new->kind->attrs[i].in_place(item->old, item->new))
	{
		/* The part of a type that is stored: the whole type is swapped as well. */
		replace(item, work);
		if (item->new->parent && item->new->parent->kind->swaps && sf_item(item->new->parent))
			replace(sf_item(item->new->parent), work);
	}
	else if (item->fate == SF_FATE_KEEP || item->fate == SF_FATE_ALTER)
	{
		if (item->changed == NULL)
			item->changed = palloc0(item->new->kind->nattrs * sizeof(bool));
		if (!item->changed[i] || item->fate == SF_FATE_KEEP)
		{
			item->changed[i] = true;
			item->fate = SF_FATE_ALTER;
			*work = lappend(*work, item);
		}
	}
}

/* Its text is altered by itself in the same plan: the server would try to carry the old one over. */
static bool
changes_expression(const SfItem *item)
{
	const SfKind *kind = item->new->kind;

	if (item->fate == SF_FATE_ALTER)
		for (int i = 0; i < kind->nattrs; i++)
			if (item->changed[i] && (kind->attrs[i].flags & SF_ATTR_EXPRESSION))
				return true;
	return false;
}

/* Ties altered facts of two tables together (a foreign key whose both ends change their type). */
static bool
ties_alterations(const SfFact *fact)
{
	const SfFact *parent = NULL;
	ListCell   *lc;

	foreach(lc, fact->needs)
	{
		const SfFact *need = ((SfEdge *) lfirst(lc))->to;

		if (sf_item(need) == NULL || !sf_item_rebuilds(sf_item(need)))
			continue;
		if (parent && parent != need->parent)
			return true;
		parent = need->parent;
	}
	return false;
}

static void
step_aside(SfItem *item, const SfEdge *edge, List **work)
{
	const SfFact *fact = item->old;

	if (edge->type == SF_EDGE_DROP || item->new == NULL)
		return;
	if (!fact->kind->survives_alter || changes_expression(item) || ties_alterations(fact))
		replace(item, work);
}

/* It goes with what is made anew: who needs it cannot move off it in place, for what it moves to is not there yet. */
static bool
goes_with_replaced(const SfItem *item)
{
	const SfFact *parent = item->old->parent;

	return item->fate == SF_FATE_DROP && item->old->kind->drops_with_parent && parent && sf_item(parent) &&
		sf_item(parent)->fate == SF_FATE_REPLACE;
}

static void
follow_children(const SfItem *item, List **work)
{
	ListCell   *lc;

	foreach(lc, item->old->children)
	{
		SfItem	   *child = sf_item((SfFact *) lfirst(lc));

		if (child && goes_with_replaced(child))
			*work = lappend(*work, child);
	}
}

static void
follow(SfItem *item, List **work)
{
	ListCell   *lc;
	bool		swaps = item->old && sf_item_swaps(item);
	bool		rebuilds = sf_item_rebuilds(item);

	if (item->new && item->new->kind->create_replaces_parent && sf_item_made(item) && item->new->parent &&
		sf_item(item->new->parent))
		replace(sf_item(item->new->parent), work);
	if (item->fate == SF_FATE_REPLACE && !swaps)
		follow_children(item, work);
	foreach(lc, item->old ? item->old->needed_by : NIL)
	{
		const SfEdge *edge = lfirst(lc);
		SfItem	   *dependent = sf_item(edge->from);

		if (dependent == NULL || edge->type == SF_EDGE_IMPLIED || edge->type == SF_EDGE_ORDER)
			continue;
		if (swaps && edge->type != 'p')
			move_over(dependent, work);
		else if (item->fate == SF_FATE_REPLACE)
			replace(dependent, work);
		else if (item->fate == SF_FATE_DROP && edge->type != SF_EDGE_DROP &&
				 (dependent->fate == SF_FATE_KEEP || goes_with_replaced(item)))
			replace(dependent, work);
		else if (rebuilds)
			step_aside(dependent, edge, work);
	}
}

/* Has a type that goes users that stay, and a successor of another kind under its name (an enum becomes a domain)? */
static bool
is_displaced(const SfBuild *build, const SfItem *item)
{
	bool		used = false;
	ListCell   *lc;

	if (!item->old->kind->swaps)
		return false;
	foreach(lc, item->old->needed_by)
	{
		const SfEdge *edge = lfirst(lc);

		used = used || (edge->type != 'p' && edge->from->twin);
	}
	for (int i = 0; used && i < sf_nkinds; i++)
	{
		const SfFact *new = sf_kinds[i]->takes ?
			sf_base_find(build->plan->to, sf_fact_key(sf_kinds[i]->name, item->old->nname, item->old->name)) : NULL;

		if (new && new->twin == NULL && sf_item(new) && sf_take_same_name(item->old, new))
			return true;
	}
	return false;
}

static void
add_items(SfBuild *build, SfFactBase *base, bool wanted)
{
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);
		SfItem	   *item;

		if (fact->unmanaged)
			fact->note = NULL;
		else if (!wanted && fact->twin)
			fact->note = fact->twin->note;
		else
		{
			item = palloc0(sizeof(SfItem));
			item->new = wanted ? fact : NULL;
			item->old = wanted ? fact->twin : fact;
			fact->note = item;
			build->items = lappend(build->items, item);
		}
	}
}

void
sf_build_items(SfBuild *build)
{
	List	   *work = NIL;
	ListCell   *lc;

	add_items(build, build->plan->to, true);
	add_items(build, build->plan->from, false);
	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);

		if (item->old == NULL)
			set_fate(item, SF_FATE_CREATE, &work);
		else if (item->new == NULL)
		{
			item->displaced = is_displaced(build, item);
			set_fate(item, SF_FATE_DROP, &work);
		}
		else
			judge_pair(item, &work);
	}
	while (work)
	{
		SfItem	   *item = linitial(work);

		CHECK_FOR_INTERRUPTS();
		work = list_delete_first(work);
		follow(item, &work);
	}
}
