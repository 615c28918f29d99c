/*
 * links_attach.c - what attachments (partitions, inheritance) come after, and what comes after them.  See links.c.
 */
#include "postgres.h"

#include "plan/build.h"

bool
sf_relation_goes(const SfFact *fact)
{
	const SfItem *item = sf_item(sf_relation_of(fact));

	return item && sf_item_gone(item);
}

/*
 * A child that is detached and attached to the same parent (other bounds) is off only when what its copies follow has
 * changed: the server changes them with their originals.
 */
bool
sf_moves_in_place(const SfItem *item)
{
	return item->old->kind->attaches && item->new && item->fate == SF_FATE_REPLACE &&
		!sf_other_parent(item->old, item->new) && !sf_relation_goes(item->old);
}

/* Is it what the child has of another parent, which stays? */
bool
sf_has_of_other(const SfFact *attachment, const SfFact *copy)
{
	return attachment->kind->attaches && sf_implied_by(copy) && !sf_reattached(copy);
}

/* Rows find their place when all partitions below are there; an inheriting table has its own. */
void
sf_link_refill(SfAction *refill, const SfFact *relation, SfItem *because)
{
	ListCell   *lc;

	foreach(lc, relation->needed_by)
	{
		const SfFact *attachment = ((SfEdge *) lfirst(lc))->from;
		const SfFact *child = sf_relation_of(attachment);
		SfItem	   *item = sf_item(child);

		if (!attachment->kind->place || sf_item(attachment) == NULL || item == NULL)
			continue;
		sf_build_after(refill, sf_item(attachment)->create, because);
		sf_build_after(refill, item->refill, because);
		if (item->refill)
			continue;
		item->refill = refill;
		sf_link_refill(refill, child, because);
	}
}

/* Are copies that the table has of a parent that comes or goes anything but kept? */
static bool
copies_change(const SfFact *relation)
{
	ListCell   *lc;

	foreach(lc, relation->children)
	{
		const SfFact *copy = lfirst(lc);

		if (sf_implied_by(copy) && sf_reattached(copy) && sf_item(copy)->fate != SF_FATE_KEEP)
			return true;
	}
	return false;
}

/*
 * A table that changes from one parent to another has both for a moment, so that what it has of them stays a copy;
 * but not if those copies change, nor if either is a whole that it is a part of: a partition has one parent, and that
 * alone.
 */
void
sf_link_reattached(SfItem *item)
{
	SfFact	   *relation = item->old->parent;
	ListCell   *lc;

	if (relation == NULL || relation->twin == NULL || item->new || item->old->kind->place)
		return;
	if (copies_change(relation) || copies_change(relation->twin))
		return;
	foreach(lc, relation->twin->children)
	{
		SfFact	   *other = lfirst(lc);

		if (other->kind->attaches && other->kind->place == NULL && other->twin == NULL)
			sf_build_after(item->drop, sf_item(other)->create, item);
	}
}

/* What is made or renamed in the whole comes behind the detachment. */
static void
detach_before(SfItem *item, const SfFact *whole)
{
	ListCell   *lc;

	foreach(lc, whole->needed_by)
	{
		const SfFact *part = ((SfEdge *) lfirst(lc))->from;

		if (sf_item(part) == NULL || part->kind->attaches || (sf_relation_of(part) != whole && !part->kind->backs))
			continue;
		sf_build_after(sf_item(part)->create, item->drop, item);
		sf_build_after(sf_item(part)->rename, item->drop, item);
	}
}

/* What is made or renamed above would be so in the child, too, as long as that is one; and copies stay. */
void
sf_link_detached(SfItem *item)
{
	const SfFact *whole = sf_attached_to(item->old);
	ListCell   *lc;

	if (item->old->parent->twin == NULL || sf_moves_in_place(item))
		return;
	/* What is a copy until then cannot go before. */
	foreach(lc, item->old->parent->children)
	{
		const SfFact *copy = lfirst(lc);
		const SfFact *original = sf_implied_by(copy);

		if (original == NULL || sf_item(copy) == NULL || sf_relation_of(original) != sf_attached_to(item->old))
			continue;
		if (sf_goes_around(copy))
			sf_build_after(sf_item(copy)->create, item->drop, item);
		else
			sf_build_after(sf_item(copy)->drop, item->drop, item);
	}
	/* A part of a whole, as a partition is, gets nothing that the whole does not have. */
	foreach(lc, item->old->kind->place ? item->old->parent->twin->children : NIL)
	{
		const SfFact *part = lfirst(lc);

		if (part->kind->merges && sf_item(part))
			sf_build_after(sf_item(part)->create, item->drop, item);
	}
	for (; whole && whole->twin; whole = sf_whole_of(whole))
		detach_before(item, whole->twin);
}

static void
after_part(SfItem *item, const SfItem *part)
{
	sf_build_after(item->create, part->create, item);
	sf_build_after(item->create, part->alter, item);
	sf_build_after(item->create, part->rename, item);
}

/* What it will have as copies stands on its own before, as the originals are: else the server would make it. */
static void
after_copies(SfItem *item, const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, fact->children)
	{
		const SfFact *copy = lfirst(lc);

		if (sf_implied_by(copy) && sf_reattached(copy) && sf_item(copy) && !sf_goes_around(copy))
			after_part(item, sf_item(copy));
		after_copies(item, copy);
	}
}

static void
after_drops(SfItem *item, const SfFact *relation)
{
	ListCell   *lc;

	foreach(lc, relation && relation->twin ? relation->twin->children : NIL)
	{
		const SfFact *part = lfirst(lc);

		if (part->kind->merges && sf_item(part))
			sf_build_after(item->create, sf_item(part)->drop, item);
	}
}

/* What was made for a detachment goes when that has come to its end: until then the table cannot be altered. */
static void
drops_after(SfItem *item)
{
	ListCell   *lc;

	foreach(lc, item->old->parent->children)
	{
		const SfItem *part = sf_item((SfFact *) lfirst(lc));

		if (part && part->fate == SF_FATE_DROP && part->old->kind->merges && sf_implied_by(part->old) == NULL)
			sf_build_after(part->drop, item->drop, item);
	}
}

/* A table that stands becomes a child when the parent has the columns and checks that the model says. */
void
sf_link_whole(SfItem *item)
{
	const SfFact *whole = sf_attached_to(item->new);
	ListCell   *lc;

	foreach(lc, whole ? whole->children : NIL)
	{
		const SfFact *part = lfirst(lc);

		if (part->kind->merges && sf_item(part))
			after_part(item, sf_item(part));
	}
	after_copies(item, item->new->parent);
	after_drops(item, whole);
	/* A part of a whole, as a partition is, has no more columns than that. */
	if (item->new->kind->place)
		after_drops(item, item->new->parent);
	if (item->new->kind->place && item->drop)
		drops_after(item);
}

/* Parents come, or go behind the others, in the order that the model has them in. */
void
sf_link_in_order(SfItem *item)
{
	int			position = sf_kind_attr(item->new->kind, "position");
	ListCell   *lc;

	foreach(lc, item->new->parent->children)
	{
		const SfFact *other = lfirst(lc);

		if (other->kind != item->new->kind || strcmp(other->attr[position], item->new->attr[position]) >= 0)
			continue;
		sf_build_after(item->create, sf_item(other)->create, item);
		sf_build_after(item->create, sf_item(other)->alter, item);
		sf_build_after(item->alter, sf_item(other)->create, item);
		sf_build_after(item->alter, sf_item(other)->alter, item);
	}
}

/* What the whole says of itself alone (that a trigger is disabled) would be the new child's, too. */
static void
link_cloned(SfItem *item, const SfFact *whole)
{
	ListCell   *lc;

	foreach(lc, whole->twin ? whole->twin->needed_by : NIL)
	{
		const SfFact *said = ((SfEdge *) lfirst(lc))->from;

		if (said->kind->cloned && sf_item(said))
			sf_build_after(item->create, sf_item(said)->drop, item);
	}
	foreach(lc, whole->needed_by)
	{
		const SfFact *said = ((SfEdge *) lfirst(lc))->from;

		if (said->kind->cloned && sf_item(said))
			sf_build_after(sf_item(said)->create, item->create, item);
	}
}

/* The server gives copies that an attachment makes the names that their originals have then, and no new ones later. */
void
sf_link_copied(SfItem *item)
{
	const SfFact *whole = sf_attached_to(item->new);
	ListCell   *lc;

	if (whole)
		link_cloned(item, whole);
	foreach(lc, sf_relation_of(item->new)->children)
	{
		const SfFact *copy = lfirst(lc);
		const SfFact *original = sf_implied_by(copy);

		if (original == NULL || sf_item(original) == NULL || sf_relation_of(original) != whole)
			continue;
		if (sf_comes_along(copy) && strcmp(sf_last(copy), sf_last(original)) == 0)
			sf_build_after(item->create, sf_item(original)->rename, item);
	}
}

/* The server names the copies that come along after what they belong to, as that is called then. */
void
sf_link_born(SfItem *item, const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, sf_copies_of(fact))
	{
		const SfFact *copy = lfirst(lc);
		const SfItem *relation = sf_item(sf_relation_of(copy));

		if (relation && sf_comes_along(copy))
			sf_build_after(item->create, relation->rename, item);
		sf_link_born(item, copy);
	}
}

/*
 * A copy is called as it is until the server makes it anew, with its original, when a column is altered: by the names
 * that the columns have then, which are those that it was renamed for.
 */
void
sf_link_renamed_copy(SfItem *item)
{
	ListCell   *lc;

	for (const SfFact *fact = sf_implied_by(item->new) ? item->new : NULL; fact; fact = sf_implied_by(fact))
		foreach(lc, fact->needs)
		{
			const SfItem *need = sf_item(((SfEdge *) lfirst(lc))->to);

			if (need && sf_item_alters(need, SF_ATTR_REBUILDS))
				sf_build_after(need->alter, item->rename, item);
		}
}

/* What stands in the way of a copy goes before the copy comes with its original. */
void
sf_link_in_the_way(SfItem *item)
{
	SfItem	   *maker;

	if (!sf_comes_along(item->new) || sf_goes_along(item->old))
		return;
	maker = sf_item(sf_made_by(item->new));
	if (maker)
		sf_build_after(maker->create, item->drop, item);
}

/* The server takes in what says the same, a unique constraint for a primary key, too: what is to go goes before. */
void
sf_link_not_taken_in(SfItem *item)
{
	const SfFact *relation = sf_relation_of(item->old)->twin;
	char	   *says = item->old->kind->backs && relation ? sf_index_says(item->old) : NULL;
	ListCell   *lc;

	for (const SfFact *whole = relation && says ? sf_whole_of(relation) : NULL; whole; whole = sf_whole_of(whole))
		foreach(lc, whole->children)
		{
			const SfFact *index = lfirst(lc);

			if (index->kind->backs && sf_item(index) && sf_item_made(sf_item(index)) &&
				sf_streq(sf_index_says(index), says))
				sf_build_after(sf_item(index)->create, item->drop, item);
		}
}
