/*
 * links.c - what each action must come after.
 *
 * The edges of both sides, as far as an action comes of their ends; names that are given up before they are taken; and
 * what the server wants of owners, keys and rows, said by the kinds' flags.
 * Attachments: links_attach.c; what merges with its parent's: links_merged.c; row security: links_guards.c.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "plan/build.h"
#include "plan/names.h"

static List *
add_link(List *links, SfAction *earlier, SfItem *because)
{
	SfAfter    *link = palloc(sizeof(SfAfter));

	link->action = earlier;
	link->because = because;
	return lappend(links, link);
}

void
sf_build_after(SfAction *later, SfAction *earlier, SfItem *because)
{
	if (later && earlier && later != earlier)
		later->after = add_link(later->after, earlier, because);
}

void
sf_build_wish(SfAction *later, SfAction *earlier, SfItem *because)
{
	if (later && earlier && later != earlier)
		later->wishes = add_link(later->wishes, earlier, because);
}

/* Goes when an old type goes that was put aside: the new one, and what belongs to it, is made before. */
static bool
goes_with_swapped(const SfItem *item)
{
	const SfFact *parent = item->old ? item->old->parent : NULL;

	return item->drop && parent && sf_item(parent) && sf_item(parent)->stash && sf_item(parent)->drop == item->drop;
}

/*
 * Who acts on rows comes when they are back: not what the relations are made of, nor who only names them.  A part comes
 * before, with its copies: the whole's rows may be its.
 */
static SfAction *
refill_before(const SfItem *item, const SfEdge *edge)
{
	const SfItem *filled = sf_item(sf_relation_of(edge->to));
	const SfItem *own = sf_item(sf_relation_of(item->new));

	if (filled == NULL || filled->refill == NULL || item->early || item->new->kind->body || sf_reattached(item->new) ||
		item->new->kind->attaches || edge->type == SF_EDGE_IMPLIED || edge->type == SF_EDGE_ORDER)
		return NULL;
	return item->new->kind->folds && own && own->refill == filled->refill ? NULL : filled->refill;
}

/* Who calls a routine that gives rows of a table sees all its columns, by name. */
static void
link_row_types(SfItem *item, SfAction *maker, const SfFact *routine)
{
	ListCell   *lc,
			   *lk;

	foreach(lc, routine->kind->body ? routine->needs : NIL)
		foreach(lk, ((SfEdge *) lfirst(lc))->to->children)
		{
			const SfFact *part = lfirst(lk);

			if (!part->kind->folds || sf_kind_attr(part->kind, "position") < 0)
				continue;
			if (sf_item(part))
			{
				sf_build_after(maker, sf_item(part)->create, item);
				sf_build_after(maker, sf_item(part)->rename, item);
			}
		}
}

/*
 * Is it made, perhaps inside another, before the original that it will merge with?  Or be attached to, with rows that
 * the original waits for.
 */
static bool
comes_before(const SfItem *item, const SfEdge *edge)
{
	const SfFact *made = item->create ? item->create->new : item->new;
	const SfItem *whole = sf_item(sf_relation_of(edge->to));

	return (edge->type == SF_EDGE_IMPLIED || edge->type == SF_EDGE_ORDER) &&
		(sf_merges(made) || (sf_reattached(made) && whole && whole->refill));
}

/* Made with its table behind a check of the whole that nobody has proved, the copy of that would be proved. */
static bool
comes_unproved(const SfItem *item, const SfEdge *edge)
{
	const SfItem *check = sf_item(edge->to);

	return edge->type == SF_EDGE_IMPLIED && sf_is_kind(edge->to, "check") && sf_attr(edge->to, "not_valid") &&
		check->create && check->create->new == edge->to && item->create && item->create->new != item->new;
}

static bool
alters_first(const SfItem *item, const SfFact *need)
{
	const SfKind *kind = item->new->kind;

	return item->alter && need == item->new->parent && kind->alters_first && kind->alters_first(item->old, item->new);
}

/* It is made and altered by the new names of all that the fact belongs to, also where one in between has no action. */
static void
link_new_names(SfItem *item, const SfFact *fact)
{
	for (const SfFact *whole = fact->parent; whole; whole = whole->parent)
	{
		SfItem	   *named = sf_item(whole);

		if (named == NULL || named->rename == NULL)
			continue;
		sf_build_after(item->create, named->rename, item);
		sf_build_after(item->alter, named->rename, item);
	}
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
		SfAction   *altered;

		if (need == NULL || edge->type == SF_EDGE_DROP || comes_before(item, edge))
			continue;
		if (comes_unproved(item, edge))
		{
			sf_build_after(need->create, item->create, item);
			continue;
		}
		altered = sf_turns_guards(need) && !item->new->kind->late ? NULL : need->alter;
		link_row_types(item, maker, edge->to);
		link_row_types(item, item->alter, edge->to);
		sf_build_after(maker, need->create, item);
		/* A shell will do for its partners alone. */
		if (edge->to->kind->takes_partners && !sf_needs(edge->to, item->new))
		{
			sf_build_after(maker, need->complete, item);
			sf_build_after(item->alter, need->complete, item);
		}
		sf_build_after(maker, refill_before(item, edge), item);
		sf_build_after(maker, altered, item);
		sf_build_after(maker, need->rename, item);
		sf_build_after(item->alter, need->create, item);
		if (alters_first(item, edge->to))
			sf_build_after(altered, item->alter, item);
		else
			sf_build_after(item->alter, altered, item);
		sf_build_after(item->alter, need->rename, item);
		link_new_names(item, edge->to);
		sf_build_after(item->rename, need->rename, item);
		sf_build_after(item->rename, need->create, item);
		if (item->rename && edge->type == 'p')
			sf_build_after(item->stash, need->rename, item);
	}
}

static void
link_originals(SfItem *item, const SfItem *copy)
{
	SfFact	   *original[] = {copy->old ? sf_implied_by(copy->old) : NULL, copy->new ? sf_implied_by(copy->new) : NULL};

	for (int i = 0; i < lengthof(original); i++)
		if (original[i] && sf_item(original[i]) && !sf_relation_goes(original[i]))
		{
			sf_build_after(item->drop, sf_item(original[i])->drop, item);
			sf_build_after(item->drop, sf_item(original[i])->alter, item);
			sf_build_after(item->drop, sf_item(original[i])->create, item);
		}
}

/* May the types of arguments be part of its name? */
#define named_by_types(fact) ((fact)->kind->qualifiers > 0 || (fact)->kind->rename == NULL)

/* What gives another name to the fact, or to members of it that may be part of the user's name. */
static SfAction *
renaming(const SfItem *item, const SfFact *user)
{
	if (item->alter && item->changed && named_by_types(user))
		for (int i = 0; i < item->old->kind->nattrs; i++)
			if (item->changed[i] && (item->old->kind->attrs[i].flags & SF_ATTR_MEMBERS))
				return item->alter;
	return item->rename;
}

/*
 * It is dropped by the names that it and all that it belongs to have until then, or put aside by them; what goes within
 * a creation is called as that is, by the new ones.
 */
static void
link_old_names(SfItem *item, const SfFact *need)
{
	SfAction   *stash = item->drop->old ? sf_item(item->drop->old)->stash : NULL;
	SfAction   *leaves = stash ? stash : item->drop;
	ListCell   *lc;

	/* On a function, by the names of its arguments' types. */
	foreach(lc, need == item->old->parent && named_by_types(need) ? need->needs : NIL)
	{
		const SfItem *type = sf_item(((SfEdge *) lfirst(lc))->to);

		if (type && item->drop->verb == SF_VERB_DROP)
			sf_build_after(renaming(type, need), item->drop, item);
	}
	for (; need; need = need->parent)
	{
		SfItem	   *named = sf_item(need);

		if (named && item->drop->verb == SF_VERB_CREATE)
			sf_build_after(item->drop, renaming(named, item->old), item);
		else if (named)
			sf_build_after(renaming(named, item->old), leaves, item);
		if (named && named->rename && item->drop->verb == SF_VERB_DROP)
			sf_build_after(named->stash, leaves, item);
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
		/* As a shell it goes without its partners alone. */
		bool		hollow = item->hollow && edge->type != 'p' &&
			(!item->old->kind->takes_partners || sf_needs(edge->to, item->old));

		if (need == NULL || edge->type == SF_EDGE_DROP ||
			(edge->type == SF_EDGE_ORDER && sf_needs_what_outlasts(item->old, edge->to)))
			continue;
		/* What is its own, too, is altered as such when the original is gone. */
		if (edge->type == SF_EDGE_IMPLIED && sf_merges(item->old))
		{
			sf_build_after(item->alter, need->drop, item);
			continue;
		}
		if (edge->type == SF_EDGE_IMPLIED && sf_goes_with_merged(item))
			continue;
		if (edge->type == SF_EDGE_ORDER && sf_moves_in_place(item))
		{
			link_originals(item, need);
			continue;
		}
		sf_build_after(need->drop, hollow ? item->hollow : item->drop, item);
		/*
		 * What is dropped by a name that this one's is part of (a function's arguments) goes before; not what was put
		 * aside itself, nor what goes with that.
		 */
		if (item->drop && item->drop->old && sf_item(item->drop->old)->stash == NULL)
			sf_build_after(need->stash, item->drop, item);
		/* A range's constructors have its name, and that of its subtype as an argument. */
		if (sf_item_swaps(item) && sf_item_swaps(need))
			sf_build_after(need->stash, item->stash, item);
		sf_build_after(need->drop, hollow ? item->hollow : item->alter, item);
		if (edge->type == 'p' && sf_moves_away(item))
		{
			sf_build_after(need->drop, item->rename, item);
			sf_build_after(item->rename, need->rename, item);
		}
		/* A copy that comes to stand on its own is made when the server has dropped the old one with its original. */
		if (edge->type == SF_EDGE_IMPLIED && sf_item(sf_dropped_by(item->old)))
			sf_build_after(item->create, sf_item(sf_dropped_by(item->old))->drop, item);
		if (item->drop)
			link_old_names(item, edge->to);
		/* Below an object, what is altered may have been held by what goes (NOT NULL by a primary key; a right). */
		if ((edge->type != SF_EDGE_IMPLIED || sf_relation_goes(item->old)) && edge->to->parent &&
			(edge->to->parent->parent || edge->to->kind->role_names) && !sf_has_of_other(item->old, edge->to) &&
			item->drop && item->drop->verb == SF_VERB_DROP)
			sf_build_after(need->alter, item->drop, item);
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
			sf_build_after(item->rename, owner->rename, item);
			sf_build_after(item->stash, owner->rename, item);
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
			sf_build_after(other->create, item->create, other);
		else if (fact->kind->weight < item->new->kind->weight)
			sf_build_after(item->create, other->create, item);
	}
}

/* What goes is said by the old owner: a right of the new one's would be lost in all that an owner has. */
static void
link_before_late(SfItem *item, const SfFact *object)
{
	ListCell   *lc;

	foreach(lc, object ? object->children : NIL)
	{
		const SfFact *fact = lfirst(lc);
		const SfItem *other = sf_item(fact);

		if (other && other != item && other->fate == SF_FATE_DROP && fact->kind->weight > item->old->kind->weight)
			sf_build_after(item->alter, other->drop, item);
		/* Rights on columns are the owner's to give as well. */
		if (fact->kind->acl_class == 'c')
			link_before_late(item, fact);
	}
}

/* What comes, or is said otherwise, is said by the new one. */
static void
link_behind_late(SfItem *item, const SfFact *object)
{
	ListCell   *lc;

	foreach(lc, object ? object->children : NIL)
	{
		const SfFact *fact = lfirst(lc);
		SfItem	   *other = sf_item(fact);

		if (other && other != item && fact->kind->weight > item->new->kind->weight)
		{
			sf_build_after(other->create, item->alter, item);
			sf_build_after(other->alter, item->alter, item);
		}
		if (fact->kind->acl_class == 'c')
			link_behind_late(item, fact);
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
		List	   *kept = NIL;

		/* Names below one that is put aside are out of the way with it. */
		if (goes_with_swapped(item))
			release = sf_item(item->old->parent)->stash;

		/* A name that is no more than an attribute. */
		if (release == NULL && item->alter)
		{
			release = item->alter;
			kept = sf_names_needed(item->new);
		}
		if (release == NULL)
			continue;
		foreach(ln, sf_names_needed(sf_in_place(item->old)))
		{
			bool		found;
			SfNameSlot *slot;

			if (sf_list_has(kept, lfirst(ln)))
				continue;
			slot = sf_names_insert(names, lfirst(ln), &found);
			slot->released_by = lappend(found ? slot->released_by : NIL, release);
		}
	}
	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);
		SfAction   *taker = item->create ? item->create : item->rename;
		List	   *kept = NIL;

		if (taker == NULL && item->alter)
		{
			taker = item->alter;
			kept = sf_names_taken(item->old);
		}
		if (taker == NULL)
			continue;
		foreach(ln, item->create ? sf_names_needed(item->new) : sf_names_taken(item->new))
		{
			SfNameSlot *slot = sf_list_has(kept, lfirst(ln)) ? NULL : sf_names_lookup(names, lfirst(ln));

			foreach(lr, slot ? slot->released_by : NIL)
				sf_build_after(taker, lfirst(lr), item);
		}
	}
}

/* What stands in the way of what is altered with it goes before; all that waits for those waits for it. */
static void
link_followers(SfItem *item, const SfFact *fact)
{
	List	   *followers = list_copy(sf_copies_of(fact));
	ListCell   *lc,
			   *le;

	check_stack_depth();
	if (fact->kind->followers)
		followers = list_concat(followers, fact->kind->followers(fact));
	foreach(lc, followers)
	{
		const SfFact *follower = lfirst(lc);

		if (sf_item(follower) == NULL)
			continue;
		sf_build_after(sf_item(follower)->alter, item->alter, sf_item(follower));
		foreach(le, follower->needed_by)
		{
			const SfEdge *edge = lfirst(le);
			SfItem	   *dependent = sf_item(edge->from);

			/* An index that a constraint takes over does not go. */
			if (dependent && dependent->drop && dependent->drop->verb == SF_VERB_DROP &&
				edge->type != SF_EDGE_IMPLIED && edge->type != SF_EDGE_ORDER)
				sf_build_after(item->alter, dependent->drop, item);
		}
		/* One statement changes them all, at whatever depth. */
		link_followers(item, follower);
	}
}

/* What has no statements of its own is said by its whole, under its new name. */
static void
link_parts(SfItem *item)
{
	ListCell   *lc;

	foreach(lc, item->new->children)
	{
		const SfFact *part = lfirst(lc);

		if (part->kind->create == NULL && sf_item(part))
			sf_build_after(item->alter, sf_item(part)->rename, item);
	}
}

static void
link_item(SfItem *item)
{
	if (item->new)
	{
		link_needs(item);
		link_new_names(item, item->new);
	}
	if (item->new && item->create && sf_merges(item->new))
		sf_link_merged(item, item->new);
	if (item->old && item->drop && sf_merges(item->old))
		sf_link_merged(item, item->old);
	if (item->old)
		link_needed(item);
	if (item->old && item->old->kind->attaches && item->drop && item->drop->old == item->old)
	{
		sf_link_reattached(item);
		sf_link_detached(item);
	}
	if (item->old && item->drop && item->drop->old == item->old)
		sf_link_not_taken_in(item);
	if (item->old && item->new && item->fate == SF_FATE_REPLACE)
		sf_link_in_the_way(item);
	if (item->new && item->new->kind->attaches && item->create && item->create->new == item->new)
		sf_link_whole(item);
	if (item->new && item->new->kind->attaches)
		sf_link_in_order(item);
	sf_link_bound(item);
	if (item->new && item->new->kind->attaches && item->create)
		sf_link_copied(item);
	if (item->new && item->create && item->create->new == item->new)
		sf_link_born(item, item->new);
	if (item->rename)
		sf_link_renamed_copy(item);
	if (item->rename && sf_moves_with_owner(item->new->kind))
		link_owned(item);
	if (item->new && item->new->kind->late && item->create)
		link_late(item);
	if (item->new && item->new->kind->late && item->alter)
	{
		link_before_late(item, item->old->parent);
		link_behind_late(item, item->new->parent);
	}
	sf_build_after(item->alter, item->rename, item);
	if (item->alter)
		link_parts(item);
	if (item->alter && item->old)
		link_followers(item, item->old);
	if (sf_turns_guards(item))
		sf_link_guards(item);
	if (item->around)
		sf_link_around(item);
	sf_build_after(item->complete, item->create, item);
	sf_build_after(item->drop, item->hollow, item);
	sf_build_after(item->alter, item->hollow, item);
	if (item->stash)
	{
		sf_build_after(item->rename, item->stash, item);
		sf_build_after(item->create, item->stash, item);
		sf_build_after(item->drop, item->create, item);
	}
	else if (!goes_with_swapped(item))
		sf_build_after(item->create, item->drop, item);
}

void
sf_build_links(SfBuild *build)
{
	ListCell   *lc;

	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);

		if (item->refill && item->refill->new == item->new)
		{
			sf_build_after(item->refill, item->create, item);
			sf_link_refill(item->refill, item->new, item);
		}
	}
	foreach(lc, build->items)
	{
		CHECK_FOR_INTERRUPTS();
		link_item(lfirst(lc));
	}
	sf_link_exchanged(build);
	link_names(build);
}
