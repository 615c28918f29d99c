/*
 * links_bound.c - what the actions on a binding (a foreign key) must come after: those on what it binds to its table.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "miscadmin.h"
#include "plan/build.h"

bool
sf_plan_refills(const SfPlan *plan, const SfFact *table)
{
	ListCell   *lc;

	foreach(lc, plan->kept)
		if (((SfKept *) lfirst(lc))->big)
			for (const SfFact *part = ((SfKept *) lfirst(lc))->fact; part; part = sf_whole_of(part))
				if (part == table)
					return true;
	return false;
}

/* A copy comes with its original. */
bool
sf_plan_binds_behind(const SfPlan *plan, const SfFact *binding)
{
	const SfFact *table = binding->kind->binds && sf_implied_by(binding) == NULL ? sf_relation_of(binding) : NULL;
	ListCell   *lc;

	if (table == NULL || table->twin || !sf_plan_refills(plan, table))
		return false;
	foreach(lc, binding->needs)
		if (sf_relation_of(((SfEdge *) lfirst(lc))->to)->kind == table->kind &&
			sf_stands(sf_relation_of(((SfEdge *) lfirst(lc))->to)))
			return true;
	return false;
}

void
sf_bind_behind(const SfBuild *build)
{
	ListCell   *lc;

	foreach(lc, build->plan->kept ? build->items : NIL)
	{
		SfItem	   *item = lfirst(lc);

		if (item->new && sf_item_made(item) && sf_plan_binds_behind(build->plan, item->new))
			item->behind = item->apart = true;
	}
}

/* Some alterations of the objects that it binds are made while it is not there. */
static void
link_unbound(SfItem *item, const SfFact *binding)
{
	ListCell   *lc;

	foreach(lc, sf_binds_to_other(binding) ? binding->needs : NIL)
	{
		SfItem	   *bound = sf_item(sf_relation_of(((SfEdge *) lfirst(lc))->to));

		if (bound && sf_item_alters(bound, SF_ATTR_UNBOUND))
		{
			sf_build_after(bound->alter, item->drop, item);
			sf_build_after(item->create, bound->alter, item);
		}
	}
}

/* It would hold the parts of what it binds, when they go in the same plan. */
static void
link_held(SfItem *item)
{
	ListCell   *lc,
			   *lp;

	foreach(lc, item->create && sf_binds_to_other(item->new) ? item->new->needs : NIL)
	{
		const SfFact *bound = sf_relation_of(((SfEdge *) lfirst(lc))->to)->twin;

		foreach(lp, bound ? bound->needed_by : NIL)
		{
			const SfFact *part = ((SfEdge *) lfirst(lp))->from;
			SfItem	   *child = sf_item(sf_relation_of(part));

			if (part->kind->attaches && child)
				sf_build_after(item->create, child->drop, item);
		}
	}
}

/* A foreign key that is made anew must not find the key that goes, or that would not go any more. */
static void
link_binding(SfItem *item)
{
	ListCell   *lc,
			   *lk;

	foreach(lc, item->new->needs)
	{
		const SfFact *key = ((SfEdge *) lfirst(lc))->to;
		const SfFact *table = key->kind->backs && key->parent ? key->parent->twin : NULL;

		foreach(lk, table ? table->children : NIL)
		{
			const SfFact *other = lfirst(lk);

			if (other->kind->backs && sf_item(other))
				sf_build_after(item->create, sf_item(other)->drop, item);
		}
	}
}

static void
wish_parts(SfItem *item, const SfFact *whole, bool made)
{
	ListCell   *lc;

	foreach(lc, whole->needed_by)
	{
		const SfFact *part = ((SfEdge *) lfirst(lc))->from;

		if (!part->kind->attaches || sf_item(part) == NULL || sf_attached_to(part) != whole)
			continue;
		if (made)
			sf_build_wish(item->create, sf_item(part)->create, item);
		else
			sf_build_wish(sf_item(part)->drop, item->drop, item);
		wish_parts(item, sf_relation_of(part), made);
	}
}

/*
 * The rows that a foreign key refers to may be in parts that come, or leave, in the same plan: it is made when these
 * are there, and gone before they leave.
 */
static void
link_parts_of_bound(SfItem *item)
{
	const SfFact *sides[] = {item->drop ? item->old : NULL, item->create ? item->new : NULL};
	ListCell   *lc;

	for (int made = 0; made <= 1; made++)
		foreach(lc, sides[made] && sides[made]->kind->binds ? sides[made]->needs : NIL)
		{
			const SfFact *bound = sf_relation_of(((SfEdge *) lfirst(lc))->to);

			/* A copy needs the table of its original, too, and follows that. */
			if (bound != sf_relation_of(sides[made]) && sf_implied_by(sides[made]) == NULL)
				wish_parts(item, bound, made);
		}
}

void
sf_link_bound(SfItem *item)
{
	if (item->new && item->new->kind->binds && item->create)
		link_binding(item);
	link_parts_of_bound(item);
	/* Rows come with the parts. */
	if (item->behind)
		wish_parts(item, sf_relation_of(item->new), true);
	if (item->old)
		link_unbound(item, item->old);
	if (item->new)
	{
		link_unbound(item, item->new);
		link_held(item);
	}
}
