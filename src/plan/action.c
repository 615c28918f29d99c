/*
 * action.c - items -> actions, and what each must come after.
 *
 * A fact that folds is created by its parent's action; one that the server drops with something else has that one's
 * drop.  Both are undone (SfItem.apart) where they would close a cycle.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "plan/build.h"
#include "plan/names.h"

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
	if (fact->kind->folds && !item->apart && parent && sf_item_made(parent) &&
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

bool
sf_needs(const SfFact *fact, const SfFact *other)
{
	ListCell   *lc;

	foreach(lc, fact->needs)
		if (((SfEdge *) lfirst(lc))->to == other)
			return true;
	return false;
}

/* What takes this fact along when it is dropped, or NULL. */
static SfItem *
dropped_with(const SfItem *item)
{
	const SfFact *fact = item->old;
	ListCell   *lc;

	if (fact->kind->drops_with_parent && fact->parent && sf_item(fact->parent) && sf_item_gone(sf_item(fact->parent)))
		return sf_item(fact->parent);
	foreach(lc, fact->needs)
	{
		const SfEdge *edge = lfirst(lc);
		SfItem	   *other = sf_item(edge->to);

		if (other == NULL || !sf_item_gone(other) || sf_item_swaps(other))
			continue;
		/* Let go of before: its parent, which would be taken along, stays. */
		if (edge->type == DEPENDENCY_AUTO && fact->parent && sf_item(fact->parent) &&
			!sf_item_gone(sf_item(fact->parent)) && sf_needs(fact->parent, edge->to))
			continue;
		/* Dropped ONLY there: the server forgets about the copies of what it drops with it. */
		if (edge->type == DEPENDENCY_AUTO && sf_copies_stay(edge->to))
			continue;
		if (edge->to->kind->takes_partners && sf_needs(other->old, fact))
			return other;
		if (edge->type == SF_EDGE_DROP || edge->type == DEPENDENCY_INTERNAL ||
			(edge->type == DEPENDENCY_AUTO && fact->kind->drops_with_parent))
			return other;
	}
	return NULL;
}

static SfAction *
drop_action(SfBuild *build, SfItem *item)
{
	SfItem	   *with;

	if (item->drop)
		return item->drop;
	with = item->apart && item->old->kind->drop ? NULL : dropped_with(item);
	if (with)
		item->drop = drop_action(build, with);
	/* Nobody drops what it would go with: that is a mere place for it (a constraint's index for its comment). */
	if (item->drop == NULL && item->old->kind->drop)
		item->drop = new_action(build, SF_VERB_DROP, item);
	if (item->stub_last)
	{
		item->hollow = new_action(build, SF_VERB_ALTER, item);
		item->hollow->part = SF_PART_STUB;
	}
	return item->drop;
}

/* ---- edges ---- */

static void
after(SfAction *later, SfAction *earlier, SfItem *because)
{
	SfAfter    *link;

	if (later == NULL || earlier == NULL || later == earlier)
		return;
	link = palloc(sizeof(SfAfter));
	link->action = earlier;
	link->because = because;
	later->after = lappend(later->after, link);
}

/* Goes when an old type goes that was put aside: the new one, and what belongs to it, is made before. */
static bool
goes_with_swapped(const SfItem *item)
{
	const SfFact *parent = item->old ? item->old->parent : NULL;

	return item->drop && parent && sf_item(parent) && sf_item(parent)->stash && sf_item(parent)->drop == item->drop;
}

/* Rows find their place when all that is attached below is there. */
static void
link_attached(SfAction *refill, const SfFact *relation, SfItem *because)
{
	ListCell   *lc;

	foreach(lc, relation->needed_by)
	{
		const SfFact *attachment = ((SfEdge *) lfirst(lc))->from;
		const SfFact *child = sf_relation_of(attachment);
		SfItem	   *item = sf_item(child);

		if (!attachment->kind->attaches || sf_item(attachment) == NULL || item == NULL)
			continue;
		after(refill, sf_item(attachment)->create, because);
		after(refill, item->refill, because);
		if (item->refill)
			continue;
		item->refill = refill;
		link_attached(refill, child, because);
	}
}

/* Who acts on rows comes when they are back: not what the relations that get them are made of, nor who only names them. */
static SfAction *
refill_before(const SfItem *item, const SfFact *need)
{
	const SfItem *filled = sf_item(sf_relation_of(need));
	const SfItem *own = sf_item(sf_relation_of(item->new));

	if (filled == NULL || filled->refill == NULL || item->new->kind->body)
		return NULL;
	return item->new->kind->folds && own && own->refill == filled->refill ? NULL : filled->refill;
}

/* What the new side needs has to be there. */
static void
link_needs(SfItem *item)
{
	ListCell   *lc;

	foreach(lc, item->new->needs)
	{
		const SfEdge *edge = lfirst(lc);
		SfItem	   *need = sf_item(edge->to);

		SfAction   *maker = item->complete && edge->type != 'p' ? item->complete : item->create;

		if (need == NULL || edge->type == SF_EDGE_DROP)
			continue;
		after(maker, need->create, item);
		after(maker, refill_before(item, edge->to), item);
		after(maker, need->alter, item);
		after(maker, need->rename, item);
		after(item->alter, need->create, item);
		after(item->alter, need->alter, item);
		after(item->alter, need->rename, item);
		after(item->rename, need->rename, item);
		after(item->rename, need->create, item);
		if (item->rename && edge->type == 'p')
			after(item->stash, need->rename, item);
	}
}

static bool
relation_goes(const SfFact *fact)
{
	const SfItem *item = sf_item(sf_relation_of(fact));

	return item && sf_item_gone(item);
}

/*
 * A child that is detached and attached to the same parent (other bounds) is off only when what its copies follow has
 * changed: the server changes them with their originals.
 */
static bool
moves_in_place(const SfItem *item)
{
	return item->old->kind->attaches && item->new && item->fate == SF_FATE_REPLACE &&
		!sf_changed(item->old, item->new, "of") && !relation_goes(item->old);
}

static void
link_originals(SfItem *item, const SfItem *copy)
{
	SfFact	   *original[] = {copy->old ? sf_implied_by(copy->old) : NULL, copy->new ? sf_implied_by(copy->new) : NULL};

	for (int i = 0; i < lengthof(original); i++)
		if (original[i] && sf_item(original[i]) && !relation_goes(original[i]))
		{
			after(item->drop, sf_item(original[i])->drop, item);
			after(item->drop, sf_item(original[i])->alter, item);
			after(item->drop, sf_item(original[i])->create, item);
		}
}

/* What the old side needed stays until this is gone or changed. */
static void
link_needed(SfItem *item)
{
	ListCell   *lc;

	foreach(lc, item->old->needs)
	{
		const SfEdge *edge = lfirst(lc);
		SfItem	   *need = sf_item(edge->to);

		if (need == NULL || edge->type == SF_EDGE_DROP)
			continue;
		if (edge->type == SF_EDGE_ORDER && moves_in_place(item))
		{
			link_originals(item, need);
			continue;
		}
		after(need->drop, item->hollow && edge->type != 'p' ? item->hollow : item->drop, item);
		/*
		 * What is dropped by a name that this one's is part of (a function's arguments) goes before; not what was put
		 * aside itself, nor what goes with that.
		 */
		if (item->drop && sf_item(item->drop->old)->stash == NULL)
			after(need->stash, item->drop, item);
		after(need->rename, item->drop, item);
		after(need->drop, item->alter, item);
		/* A copy that comes to stand on its own is made when the server has dropped the old one with its original. */
		if (edge->type == SF_EDGE_IMPLIED)
			after(item->create, need->drop, item);
		/* Below an object, what is altered may have been held by what goes (NOT NULL by a primary key). */
		if (edge->to->parent && edge->to->parent->parent)
			after(need->alter, item->drop, item);
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
			after(bound->alter, item->drop, item);
			after(item->create, bound->alter, item);
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
				after(item->create, sf_item(other)->drop, item);
		}
	}
}

/*
 * A table that changes from one parent to another has both for a moment, so that what it has of them stays a copy;
 * but not if its copies change.
 */
static void
link_attachments(SfItem *item)
{
	SfFact	   *relation = item->old->parent;
	ListCell   *lc;

	if (relation == NULL || relation->twin == NULL || item->new)
		return;
	foreach(lc, relation->children)
		if (sf_implied_by(lfirst(lc)) && sf_item((SfFact *) lfirst(lc))->fate != SF_FATE_KEEP)
			return;
	foreach(lc, relation->twin->children)
		if (sf_implied_by(lfirst(lc)) && sf_item((SfFact *) lfirst(lc))->fate != SF_FATE_KEEP)
			return;
	foreach(lc, relation->twin->children)
	{
		SfFact	   *other = lfirst(lc);

		if (other->kind->attaches && other->twin == NULL)
			after(item->drop, sf_item(other)->create, item);
	}
}

/* What is owned goes into another schema with its owner, and gets its new name there. */
static void
link_owned(SfItem *item)
{
	ListCell   *lc,
			   *le;

	foreach(lc, item->new->children)
		foreach(le, ((SfFact *) lfirst(lc))->needs)
		{
			SfItem	   *owner = sf_item(sf_relation_of(((SfEdge *) lfirst(le))->to));

			if (owner == NULL || owner == item)
				continue;
			after(item->rename, owner->rename, item);
			after(item->stash, owner->rename, item);
		}
}

/* An owner changes when all else that is made with the object is there. */
static void
link_late(SfItem *item)
{
	const SfFact *object = item->new->parent;
	ListCell   *lc;

	foreach(lc, object ? object->needed_by : NIL)
	{
		const SfFact *fact = ((SfEdge *) lfirst(lc))->from;
		SfItem	   *other = sf_item(fact);

		if (other == NULL || other == item || fact->kind->late)
			continue;
		/* Other satellites come after it: what they say is said by the new owner. */
		if (fact->parent == object && fact->kind->weight > item->new->kind->weight)
			after(other->create, item->create, other);
		else if (fact->kind->weight < item->new->kind->weight)
			after(item->create, other->create, item);
	}
}

/* ---- names ---- */

typedef struct SfNameSlot
{
	const char *name;
	List	   *released_by;	/* of SfAction */
	char		status;
} SfNameSlot;

#define SH_PREFIX sf_names
#define SH_ELEMENT_TYPE SfNameSlot
#define SH_KEY_TYPE const char *
#define SH_KEY name
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) (k), strlen(k))
#define SH_EQUAL(tb, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A name is given up before it is taken again. */
static void
link_names(SfBuild *build)
{
	sf_names_hash *names = sf_names_create(CurrentMemoryContext, 256, NULL);
	ListCell   *lc,
			   *ln,
			   *lr;

	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);
		SfAction   *release = item->stash ? item->stash : item->drop ? item->drop : item->rename;

		/* Names below one that is put aside are out of the way with it. */
		if (goes_with_swapped(item))
			release = sf_item(item->old->parent)->stash;

		if (release == NULL)
			continue;
		foreach(ln, sf_names_taken(sf_in_place(item->old)))
		{
			bool		found;
			SfNameSlot *slot = sf_names_insert(names, lfirst(ln), &found);

			slot->released_by = lappend(found ? slot->released_by : NIL, release);
		}
	}
	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);
		SfAction   *taker = item->create ? item->create : item->rename;

		if (taker == NULL)
			continue;
		foreach(ln, sf_names_taken(item->new))
		{
			SfNameSlot *slot = sf_names_lookup(names, lfirst(ln));

			foreach(lr, slot ? slot->released_by : NIL)
				after(taker, lfirst(lr), item);
		}
	}
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
		if (item->renamed && !sf_item_gone(item))
			item->rename = new_action(build, SF_VERB_RENAME, item);
		if ((item->rename && item->aside) ||
			(item->old && sf_item_swaps(item) && item->drop && item->drop->old == item->old))
		{
			item->stash = new_action(build, SF_VERB_RENAME, item);
			item->stash->new = NULL;
			item->stash->rebuild = item->rename == NULL;
		}
		if (sf_item_refills(item))
		{
			item->refill = new_action(build, SF_VERB_ALTER, item);
			item->refill->part = SF_PART_CONTENTS;
			after(item->refill, item->create, item);
		}
	}
	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);

		if (item->refill && item->refill->new == item->new)
			link_attached(item->refill, item->new, item);
	}
	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);

		if (item->new)
			link_needs(item);
		if (item->old)
			link_needed(item);
		if (item->old && item->old->kind->attaches && item->drop && item->drop->old == item->old)
			link_attachments(item);
		if (item->new && item->new->kind->binds && item->create)
			link_binding(item);
		if (item->rename && sf_moves_with_owner(item->new->kind))
			link_owned(item);
		if (item->old)
			link_unbound(item, item->old);
		if (item->new)
			link_unbound(item, item->new);
		if (item->new && item->new->kind->late && item->create)
			link_late(item);
		after(item->alter, item->rename, item);
		after(item->complete, item->create, item);
		after(item->drop, item->hollow, item);
		if (item->stash)
		{
			after(item->rename, item->stash, item);
			after(item->create, item->stash, item);
			after(item->drop, item->create, item);
		}
		else if (!goes_with_swapped(item))
			after(item->create, item->drop, item);
	}
	link_names(build);
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
