/*
 * action.c - items -> actions; what each must come after is in links.c.
 *
 * A fact that folds is created by its parent's action; one that the server drops with something else has that one's
 * drop.  Both are undone (SfItem.apart) where they would close a cycle.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "miscadmin.h"
#include "plan/build.h"

static SfAction *
new_action(SfBuild *build, SfVerb verb, SfItem *item)
{
	SfAction   *action = palloc0(sizeof(SfAction));
	SfFact	   *fact = item->new ? item->new : item->old;

	action->verb = verb;
	action->kind = fact->kind;
	action->old = verb == SF_VERB_CREATE ? NULL : item->old;
	action->new = verb == SF_VERB_DROP ? NULL : item->new;
	action->rebuild = item->fate == SF_FATE_REPLACE;
	action->changed = verb == SF_VERB_ALTER ? item->changed : NULL;
	build->actions = lappend(build->actions, action);
	return action;
}

/* The standing object that an item belongs to: its outermost ancestor below the schema, if that stays. */
static SfFact *
standing_object(const SfItem *item)
{
	SfFact	   *fact = item->old ? item->old : item->new;

	while (fact->parent && fact->parent->parent)
		fact = fact->parent;
	if (sf_item(fact) && (sf_item_made(sf_item(fact)) || sf_item_gone(sf_item(fact))))
		return NULL;
	return fact;
}

static SfAction *
create_action(SfBuild *build, SfItem *item)
{
	const SfFact *fact = item->new;
	SfItem	   *parent = fact->parent ? sf_item(fact->parent) : NULL;

	if (item->create)
		return item->create;
	if (item->old == NULL && sf_comes_with(fact))
		return item->create = create_action(build, sf_comes_with(fact));
	/* What its parent is made anew for is part of that, whatever is said of its old self. */
	if (fact->kind->folds && parent && sf_item_made(parent) &&
		(!item->apart || (fact->kind->create_replaces_parent && fact->kind->create_replaces_parent(fact))) &&
		(fact->kind->may_fold == NULL || fact->kind->may_fold(fact)))
	{
		item->create = create_action(build, parent);
		item->create->folded = lappend(item->create->folded, unconstify(SfFact *, fact));
	}
	else if (fact->kind->create)
		item->create = new_action(build, SF_VERB_CREATE, item);
	if (item->stub_first)
	{
		item->create->part = SF_PART_STUB;
		item->complete = new_action(build, SF_VERB_ALTER, item);
		item->complete->part = SF_PART_REST;
	}
	return item->create;
}

static bool
is_bound(const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, fact->needed_by)
		if (sf_binds_to_other(((SfEdge *) lfirst(lc))->from) &&
			sf_relation_of(((SfEdge *) lfirst(lc))->from) != sf_relation_of(fact))
			return true;
	foreach(lc, fact->children)
		if (is_bound(lfirst(lc)))
			return true;
	return false;
}

/* Something that binds (a foreign key) to what it is attached to binds to the child as well, and lets go when that is
 * detached only. */
static bool
holds_child(const SfFact *attachment)
{
	const SfFact *whole = attachment->kind->attaches ? sf_attached_to(attachment) : NULL;

	if (whole == NULL || sf_item(whole) == NULL || sf_item_gone(sf_item(whole)))
		return false;
	while (whole && !is_bound(whole))
	{
		attachment = sf_attachment(whole);
		whole = attachment ? sf_attached_to(attachment) : NULL;
	}
	return whole != NULL;
}

/* Can neither go before nor after the other (a base type's input function)? */
static bool
goes_as_partner(const SfFact *fact, const SfFact *other)
{
	return other->kind->takes_partners && sf_needs(other, fact);
}

/* The index that goes and has taken in this key's, or NULL. */
static SfItem *
goes_with_taker(const SfFact *key)
{
	ListCell   *lc;

	foreach(lc, key->kind->backs ? key->needed_by : NIL)
	{
		SfFact	   *index = ((SfEdge *) lfirst(lc))->from;

		if (sf_item(index) && sf_item_gone(sf_item(index)) && list_member_ptr(sf_taken_in(index), key))
			return sf_item(index);
	}
	return NULL;
}

/* The original whose drop takes a copy along, or NULL: until then the copy is there. */
static SfItem *
original_taking(const SfFact *fact)
{
	const SfFact *original = sf_implied_by(fact);

	if (original == NULL || sf_item(original) == NULL || !sf_item_gone(sf_item(original)) ||
		sf_item_outlasts(sf_item(original)) || !sf_goes_along(fact) || sf_copies_stay(original))
		return NULL;
	return sf_item(original);
}

/* Is its drop left to something that it could go without?  A copy is left to its original then, not to its table. */
bool
sf_drop_is_separable(const SfItem *item)
{
	SfItem	   *original;

	if (item->drop == NULL || item->drop->old == item->old || item->old->kind->drop == NULL ||
		(item->drop->old && goes_as_partner(item->old, item->drop->old)) || goes_with_taker(item->old))
		return false;
	original = original_taking(item->old);
	return original == NULL || original->drop != item->drop;
}

/* Are its rows none of those that the whole puts aside?  It comes back elsewhere, or they are (a foreign table's). */
static bool
leaves_with_rows(const SfItem *part, const SfItem *whole)
{
	const SfFact *attachment = part->new ? sf_attachment(part->new) : NULL;

	if (part->old->kind->save == NULL)
		return whole->fate == SF_FATE_REPLACE && whole->old->kind->save;
	return part->new && !(attachment && attachment->kind->place && sf_attached_to(attachment) == whole->new);
}

/* Has it copies, and do some of what is said to take it along stay?  The server forgets about its copies there. */
static bool
leaves_copies(const SfFact *fact, const SfFact *with)
{
	ListCell   *lc;

	if (sf_copies_stay(with))
		return true;
	foreach(lc, sf_copies_of(fact) ? sf_copies_of(with) : NIL)
		if (((SfFact *) lfirst(lc))->twin)
			return true;
	return false;
}

/* What takes this fact along when it is dropped, or NULL. */
static SfItem *
dropped_with(const SfItem *item)
{
	const SfFact *fact = item->old;
	SfItem	   *original = original_taking(fact);
	ListCell   *lc;

	if (original && (item->apart || original->apart))
		return original;
	if (sf_goes_around(fact))
		return sf_goes_around(fact);
	if (fact->kind->drops_with_parent && fact->parent && sf_item(fact->parent) && sf_item_gone(sf_item(fact->parent)) &&
		!holds_child(fact))
		return sf_item(fact->parent);
	if (goes_with_taker(fact))
		return goes_with_taker(fact);
	if (original)
		return original;
	foreach(lc, fact->needs)
	{
		const SfEdge *edge = lfirst(lc);
		SfItem	   *other = sf_item(edge->to);

		if (other == NULL || !sf_item_gone(other) || sf_item_outlasts(other))
			continue;
		/* Let go of before: its parent, which would be taken along, stays. */
		if (edge->type == DEPENDENCY_AUTO && fact->parent && sf_item(fact->parent) &&
			!sf_item_gone(sf_item(fact->parent)) && sf_needs(fact->parent, edge->to))
			continue;
		if (edge->type == DEPENDENCY_AUTO && leaves_copies(fact, edge->to))
			continue;
		if (edge->type == SF_EDGE_DROP && sf_attachment(fact) && leaves_with_rows(item, other))
			continue;
		if (goes_as_partner(fact, other->old))
			return other;
		if (edge->type == SF_EDGE_DROP || edge->type == DEPENDENCY_INTERNAL ||
			(edge->type == DEPENDENCY_AUTO && (fact->kind->drops_with_parent || fact->kind->drops_with_needs)))
			return other;
	}
	return NULL;
}

/*
 * What comes again, or in its place, may fail on the data (an index of fewer columns): it does not wait for contents to
 * go.
 */
static bool
comes_again_without(const SfItem *item, const SfItem *with)
{
	return ((sf_item_made(item) && item->new) || item->succeeded) && with->fate == SF_FATE_DROP &&
		with->old->kind->contents;
}

static SfAction *
drop_action(SfBuild *build, SfItem *item)
{
	SfItem	   *with;

	if (item->drop)
		return item->drop;
	if (item->heir)
		return item->drop = create_action(build, item->heir);
	with = dropped_with(item);
	if (with && (item->apart || comes_again_without(item, with)) && item->old->kind->drop &&
		!goes_as_partner(item->old, with->old) && with != original_taking(item->old) &&
		with != goes_with_taker(item->old))
		with = NULL;
	if (with)
		item->drop = drop_action(build, with);
	/* Nobody drops what it would go with: that is a mere place for it (a constraint's index for its comment). */
	if (item->drop == NULL && item->old->kind->drop)
		item->drop = new_action(build, SF_VERB_DROP, item);
	return item->drop;
}

void
sf_build_actions(SfBuild *build)
{
	ListCell   *lc;

	build->actions = NIL;
	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);

		item->create = item->drop = item->alter = item->rename = item->stash = item->complete = item->hollow =
			item->refill = NULL;
	}
	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (sf_item_made(item))
			create_action(build, item);
		if (sf_item_gone(item))
			drop_action(build, item);
		if (item->fate == SF_FATE_ALTER)
			item->alter = new_action(build, SF_VERB_ALTER, item);
		if (item->stub_last)
		{
			item->hollow = new_action(build, SF_VERB_ALTER, item);
			item->hollow->part = SF_PART_STUB;
		}
		if (item->renamed && !sf_item_gone(item))
			item->rename = new_action(build, SF_VERB_RENAME, item);
		if ((item->rename && item->aside) ||
			(item->old && sf_item_outlasts(item) && item->drop && item->drop->old == item->old))
		{
			item->stash = new_action(build, SF_VERB_RENAME, item);
			item->stash->new = NULL;
			item->stash->rebuild = item->rename == NULL;
		}
		if (sf_item_refills(item))
		{
			item->refill = new_action(build, SF_VERB_ALTER, item);
			item->refill->part = SF_PART_CONTENTS;
		}
	}
	sf_build_links(build);
	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);
		SfFact	   *object = standing_object(item);
		SfAction   *own[] = {item->create, item->drop, item->alter, item->rename, item->stash};

		for (int i = 0; i < lengthof(own); i++)
			if (own[i] && own[i]->table == NULL && (own[i]->new == item->new || own[i]->old == item->old))
				own[i]->table = object;
	}
}
