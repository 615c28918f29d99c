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
#include "plan/extensions.h"
#include "plan/names.h"

bool
sf_item_alters(const SfItem *item, int flags)
{
	const SfKind *kind = item->new ? item->new->kind : NULL;

	if (item->fate != SF_FATE_ALTER)
		return false;
	for (int i = 0; i < kind->nattrs; i++)
		if (item->changed[i] && (kind->attrs[i].flags & flags))
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

static void
replace(SfItem *item, List **work)
{
	if (item->new && item->old && (item->fate == SF_FATE_KEEP || item->fate == SF_FATE_ALTER))
		set_fate(item, SF_FATE_REPLACE, work);
}

/* An attribute that cannot be altered in place. */
static void
replace_for(SfItem *item, const SfAttr *attr, List **work)
{
	SfFact	   *whole = item->new->kind->attaches ? sf_attached_to(item->new) : item->new->parent;

	replace(item, work);
	if ((attr->flags & SF_ATTR_PARENT) && whole && sf_item(whole))
		replace(sf_item(whole), work);
}

/* Does another column take its place, or that of all that it is a copy of? */
static bool
is_exchanged(const SfBuild *build, const SfFact *column)
{
	bool		exchanged = false;
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, build->plan->shadows)
		if (((SfShadow *) lfirst(lc))->new == column)
			return true;
	foreach(lc, build->plan->shadows ? column->needs : NIL)
	{
		const SfEdge *edge = lfirst(lc);

		if (edge->type != SF_EDGE_IMPLIED)
			continue;
		if (!is_exchanged(build, edge->to))
			return false;
		exchanged = true;
	}
	return exchanged;
}

/* A pair that differs: altered in place if every attribute can be, else replaced. */
static void
judge_pair(const SfBuild *build, SfItem *item, List **work)
{
	const SfKind *kind = item->new->kind;
	bool	   *changed = sf_diff_attributes(item->old, item->new);
	SfFate		fate = SF_FATE_KEEP;

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
		else if (attr->in_place && !attr->in_place(item->old, item->new) && !is_exchanged(build, item->new))
			replace_for(item, attr, work);
		else if (attr->how == SF_REPLACE || sf_extension_comes_anew(item->old, item->new, i))
			fate = SF_FATE_REPLACE;
		/* What has no words follows from what is done to others. */
		else if (attr->alter && fate == SF_FATE_KEEP && !(attr->follows && attr->follows(item->old, item->new)))
			fate = SF_FATE_ALTER;
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

/* A dependent of a swapped type moves over to the new one, if it can. */
static void
move_over(SfItem *item, List **work)
{
	int			i = item->new && item->old ? type_attribute(item->new->kind) : -1;

	if (i < 0)
		replace(item, work);
	else if (item->new->kind->attrs[i].in_place && !item->new->kind->attrs[i].in_place(item->old, item->new))
		replace_for(item, &item->new->kind->attrs[i], work);
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
	return sf_item_alters(item, SF_ATTR_EXPRESSION);
}

/* Ties altered facts together (a foreign key whose both ends change their type, also within a table). */
static bool
ties_alterations(const SfFact *fact)
{
	const SfFact *parent = NULL;
	ListCell   *lc;

	foreach(lc, fact->needs)
	{
		const SfEdge *edge = lfirst(lc);
		const SfFact *need = edge->to;

		/* A copy's original is altered with the copy, by one statement. */
		if (edge->type == SF_EDGE_IMPLIED || edge->type == SF_EDGE_ORDER)
			continue;
		if (sf_item(need) == NULL || !sf_item_alters(sf_item(need), SF_ATTR_REBUILDS))
			continue;
		if (parent && (parent != need->parent || fact->kind->binds))
			return true;
		parent = need->parent;
	}
	return false;
}

/*
 * Has a copy on a partition anything of its own (a name, options, a comment)?  The server makes the original and its
 * copies anew as it made them at first.
 */
static bool
has_own(const SfFact *copy)
{
	SfEmit		out = {0};

	/* A clause is a part of what has it. */
	if (!sf_comes_along(copy) || copy->kind->create == NULL)
		return false;
	copy->kind->create(&out, copy, NIL);
	if (copy->kind->after)
		copy->kind->after(&out, copy);
	return out.statements != NIL || copy->children != NIL;
}

static void
step_aside(SfItem *item, const SfEdge *edge, List **work)
{
	const SfFact *fact = item->old;

	if (edge->type == SF_EDGE_DROP || item->new == NULL)
		return;
	if (has_own(item->new) && sf_goes_along(fact) && sf_item(sf_dropped_by(fact)))
		replace(sf_item(sf_dropped_by(fact)), work);
	if (!fact->kind->survives_alter || changes_expression(item) || ties_alterations(fact))
		replace(item, work);
}

/*
 * What goes with the drop of something that is replaced is let go of instead (a sequence, a partition that becomes a
 * table of its own), unless it comes back as a part of that: its rows by way of the whole's, or none (a foreign table).
 */
static bool
is_let_go(const SfItem *dependent, const SfItem *replaced)
{
	return dependent->new && !(sf_attachment(dependent->new) && sf_needs(dependent->new, replaced->new));
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

bool
sf_binds_to_other(const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, fact->kind->binds ? fact->needs : NIL)
		if (sf_relation_of(((SfEdge *) lfirst(lc))->to) != sf_relation_of(fact))
			return true;
	return false;
}

/* Both ends are altered so that neither way round would do while it is there. */
static bool
ends_unbound(const SfFact *binding)
{
	ListCell   *lc;

	if (!sf_item(sf_relation_of(binding)) || !sf_item_alters(sf_item(sf_relation_of(binding)), SF_ATTR_UNBOUND))
		return false;
	foreach(lc, binding->needs)
	{
		const SfFact *end = sf_relation_of(((SfEdge *) lfirst(lc))->to);

		if (end != sf_relation_of(binding) && sf_item(end) && sf_item_alters(sf_item(end), SF_ATTR_UNBOUND))
			return true;
	}
	return false;
}

/* What binds an object to others, from its side or theirs, is taken down. */
static void
unbind(const SfFact *fact, List **work)
{
	ListCell   *lc;

	foreach(lc, fact->needed_by)
	{
		const SfFact *binding = ((SfEdge *) lfirst(lc))->from;

		if (sf_item(binding) && sf_binds_to_other(binding) && ends_unbound(binding))
			replace(sf_item(binding), work);
	}
	foreach(lc, fact->children)
		unbind(lfirst(lc), work);
}

bool
sf_moves_away(const SfItem *item)
{
	return item->renamed && sf_diff_moved(item->old, item->new);
}

/* The server refuses it while rows of the table are stored in columns elsewhere, whatever is in these. */
static void
check_stored_rows(const SfItem *item)
{
	const SfFact *table = item->old->parent;
	ListCell   *lc;

	foreach(lc, table && table->kind->refill ? table->needed_by : NIL)
	{
		const SfFact *column = ((SfEdge *) lfirst(lc))->from;

		if (column->kind != item->old->kind || column->parent == table || sf_item(column) == NULL ||
			sf_item(column)->fate != SF_FATE_KEEP)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s cannot be altered: %s stores rows of %s", sf_fact_label(item->old), sf_fact_label(column),
						sf_fact_label(table)),
				 errdetail("The server changes no type in a table whose row type another table's column has."),
				 errhint("Do it in two migrations: give %s another type first, as jsonb, and this one again behind "
						 "the change.", sf_fact_label(column))));
	}
}

/* A copy is dropped with its original, and with it what is the copy's own: a comment, a default, its name. */
static bool
would_go_with_original(const SfItem *copy)
{
	return copy->old && sf_goes_along(copy->old) && !sf_copies_stay(sf_implied_by(copy->old));
}

static void
follow(SfItem *item, List **work)
{
	ListCell   *lc;
	bool		swaps = item->old && sf_item_swaps(item);
	bool		rebuilds = sf_item_alters(item, SF_ATTR_REBUILDS);

	if (item->new && sf_item_made(item) && item->new->parent && sf_item(item->new->parent) &&
		item->new->kind->create_replaces_parent && item->new->kind->create_replaces_parent(item->new))
		replace(sf_item(item->new->parent), work);
	if (item->fate == SF_FATE_DROP && item->old->kind->drop_replaces_parent && item->old->parent &&
		sf_item(item->old->parent) && item->old->kind->drop_replaces_parent(item->old))
		replace(sf_item(item->old->parent), work);
	if (item->fate == SF_FATE_DROP && item->old->kind->drop_replaces_whole &&
		item->old->kind->drop_replaces_whole(item->old))
		replace(sf_item(sf_attached_to(item->old)), work);
	if (item->fate == SF_FATE_REPLACE && !swaps)
		follow_children(item, work);
	foreach(lc, item->old && sf_item_gone(item) ? sf_taken_in(item->old) : NIL)
		if (sf_item((SfFact *) lfirst(lc)))
			replace(sf_item((SfFact *) lfirst(lc)), work);
	if (sf_item_alters(item, SF_ATTR_UNBOUND))
		unbind(item->old, work);
	foreach(lc, item->old ? item->old->needed_by : NIL)
	{
		const SfEdge *edge = lfirst(lc);
		SfItem	   *dependent = sf_item(edge->from);

		if (dependent && edge->type == SF_EDGE_IMPLIED && would_go_with_original(dependent) &&
			(item->fate == SF_FATE_REPLACE || (item->fate == SF_FATE_DROP && dependent->fate == SF_FATE_KEEP)))
			replace(dependent, work);
		if (dependent == NULL || edge->type == SF_EDGE_IMPLIED || edge->type == SF_EDGE_ORDER)
			continue;
		if (edge->type == SF_EDGE_DROP && item->fate == SF_FATE_REPLACE && is_let_go(dependent, item))
			continue;
		/* It has moved elsewhere by then. */
		if (edge->type == 'p' && item->fate == SF_FATE_DROP && sf_moves_away(dependent))
			continue;
		if (swaps && edge->type != 'p')
			move_over(dependent, work);
		else if (item->fate == SF_FATE_REPLACE)
			replace(dependent, work);
		else if (item->fate == SF_FATE_DROP && edge->type != SF_EDGE_DROP &&
				 (dependent->fate == SF_FATE_KEEP || dependent->old->kind->binds || goes_with_replaced(item)))
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

/* Another column takes its place.  A new table that binds itself to it does not wait for that: its binding does. */
static void
replace_shadowed(SfBuild *build, List **work)
{
	ListCell   *lc,
			   *le;

	foreach(lc, build->plan->shadows)
	{
		const SfFact *column = ((SfShadow *) lfirst(lc))->new;

		replace(sf_item(column), work);
		foreach(le, column->needed_by)
		{
			const SfFact *user = ((SfEdge *) lfirst(le))->from;

			if (sf_item(user) && sf_binds_to_other(user))
				sf_item(user)->apart = true;
		}
	}
}

/* What a part that leaves keeps of the binding is made anew when it has left. */
static void
replace_copies(const SfFact *binding, List **work)
{
	ListCell   *lc;

	foreach(lc, sf_copies_of(binding))
	{
		if (sf_item((SfFact *) lfirst(lc)))
			replace(sf_item((SfFact *) lfirst(lc)), work);
		replace_copies(lfirst(lc), work);
	}
}

static void
replace_around(SfItem *item, List **work)
{
	replace(item, work);
	item->around = item->fate == SF_FATE_REPLACE;
	if (item->around)
		replace_copies(item->old, work);
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

/* An index goes with a column that is made anew: there is nothing to take over. */
static bool
goes_with_a_column(const SfFact *old)
{
	ListCell   *lc;

	foreach(lc, old->needs)
	{
		const SfFact *column = ((SfEdge *) lfirst(lc))->to;

		if (column->parent && column->parent == old->parent && sf_item(column) && sf_item_gone(sf_item(column)))
			return true;
	}
	return false;
}

/* Who takes another's place: one that goes by itself, while what both belong to stays. */
static void
find_predecessor(SfBuild *build, SfItem *item)
{
	SfHeir	   *heir;
	SfFact	   *old = sf_item_made(item) && item->new->kind->predecessor ?
		item->new->kind->predecessor(item->new) : NULL;

	if (old == NULL || sf_item(old) == NULL || sf_item(old)->fate != SF_FATE_DROP || sf_item(old)->heir ||
		(old->parent && sf_item(old->parent) && sf_item_gone(sf_item(old->parent))) || goes_with_a_column(old) ||
		(item->new->parent && sf_item(item->new->parent) && sf_item_made(sf_item(item->new->parent))))
		return;
	sf_item(old)->heir = item;
	heir = palloc(sizeof(SfHeir));
	heir->old = old;
	heir->new = item->new;
	build->plan->heirs = lappend(build->plan->heirs, heir);
}

/*
 * A unique index that comes under the name of a key that goes, or the other way round: it says something else, or a key
 * cannot be had without; still the table is not to be without both.
 */
static void
find_successor(SfBuild *build, const SfItem *item)
{
	const SfFact *table = item->fate == SF_FATE_CREATE && item->new->kind->backs && item->new->parent ?
		item->new->parent->twin : NULL;
	ListCell   *lc;

	foreach(lc, table && !item->new->parent->anew ? table->children : NIL)
	{
		SfFact	   *old = lfirst(lc);
		SfHeir	   *successor;

		if (!old->kind->backs || sf_item(old) == NULL || sf_item(old)->fate != SF_FATE_DROP || sf_item(old)->heir ||
			!sf_take_same_name(old, item->new))
			continue;
		successor = palloc(sizeof(SfHeir));
		successor->old = old;
		successor->new = item->new;
		build->plan->successors = lappend(build->plan->successors, successor);
		sf_item(old)->succeeded = true;
	}
}

/* For the kinds, which see facts only. */
static void
mark_anew(const SfItem *item)
{
	if (item->fate == SF_FATE_REPLACE)
		item->old->anew = item->new->anew = true;
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
			judge_pair(build, item, &work);
	}
	replace_shadowed(build, &work);
	foreach(lc, sf_circular_bindings(build))
		replace_around(lfirst(lc), &work);
	while (work)
	{
		SfItem	   *item = linitial(work);

		CHECK_FOR_INTERRUPTS();
		work = list_delete_first(work);
		follow(item, &work);
	}
	foreach(lc, build->items)
	{
		find_predecessor(build, lfirst(lc));
		if (sf_item_alters(lfirst(lc), SF_ATTR_REBUILDS))
			check_stored_rows(lfirst(lc));
		mark_anew(lfirst(lc));
	}
	foreach(lc, build->items)
		find_successor(build, lfirst(lc));
	sf_bind_behind(build);
}
