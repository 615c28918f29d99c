/*
 * build.h - private to plan/: from pairs of facts to a graph of actions.
 *
 * Every managed fact belongs to an item (SfFact.note), a pair to one item.  fate.c decides what happens to each item,
 * action.c makes the actions, links.c says what each comes after, graph.c orders them.
 */
#ifndef SF_BUILD_H
#define SF_BUILD_H

#include "plan/plan.h"

typedef enum SfFate
{
	SF_FATE_KEEP,
	SF_FATE_CREATE,
	SF_FATE_DROP,
	SF_FATE_ALTER,
	SF_FATE_REPLACE				/* dropped and created; or, when its kind swaps, put beside the old one */
} SfFate;

typedef struct SfItem
{
	SfFact	   *old;
	SfFact	   *new;
	SfFate		fate;
	bool	   *changed;		/* attributes, for ALTER */
	bool		renamed;
	bool		succeeded;		/* another of its table takes its place (SfPlan.successors) */
	bool		apart;			/* create not folded, drop not implied: a cycle was broken here */
	bool displaced; /* a dropped type whose name a new one of another kind takes: its users move over to that */
	struct SfItem *heir;		/* dropped within the creation of this one (SfKind.predecessor) */
	bool		aside;			/* a cycle was broken here: renamed by way of a name that nobody has */
	bool		outlasts;		/* a cycle was broken here: put aside until nobody needs the old one */
	bool		early;			/* a cycle was broken here: made before the rows are back */
	bool		behind;			/* a binding that is made when rows are back (sf_plan_binds_behind()) */
	bool		stub_first;		/* a cycle was broken here: made as a stub, completed later */
	bool		around;			/* replaced so that parts that it binds can move meanwhile */
	bool		stub_last;		/* likewise: made a stub before what it needs is dropped */
	SfAction   *create;			/* its own or its host's */
	SfAction   *drop;			/* its own or what implies it */
	SfAction   *alter;
	SfAction   *rename;
	SfAction   *stash;			/* gives up its name: the old one of a swap, or one whose new name is still taken */
	SfAction   *complete;		/* stub_first: the rest */
	SfAction   *hollow;			/* stub_last */
	SfAction   *refill;			/* brings back what a drop has put aside: its own, or that of what it is attached to */
} SfItem;

typedef struct SfBuild
{
	SfPlan	   *plan;
	const SfPlanOptions *options;
	List	   *items;			/* of SfItem, in order of keys */
	List	   *actions;		/* of SfAction, unordered */
} SfBuild;

#define sf_item(fact) ((SfItem *) (fact)->note)
#define sf_item_swaps(item) (((item)->fate == SF_FATE_REPLACE || (item)->displaced) && (item)->old->kind->swaps)
#define sf_item_outlasts(item) (sf_item_swaps(item) || (item)->outlasts)
#define sf_item_made(item) ((item)->fate == SF_FATE_CREATE || (item)->fate == SF_FATE_REPLACE)
#define sf_item_gone(item) ((item)->fate == SF_FATE_DROP || (item)->fate == SF_FATE_REPLACE)

/* Replaced by a drop of its own, and its contents come back. */
#define sf_item_refills(item) ((item)->fate == SF_FATE_REPLACE && (item)->old->kind->refill && (item)->drop && \
							   (item)->drop->old == (item)->old)

/* Is it altered, an attribute with one of these flags among others? */
extern bool sf_item_alters(const SfItem *item, int flags);

/* Does it bind its object to another one (a foreign key that is not to its own table)? */
extern bool sf_binds_to_other(const SfFact *fact);

/* Is it renamed out of what it belonged to (into another schema)? */
extern bool sf_moves_away(const SfItem *item);

extern bool sf_drop_is_separable(const SfItem *item);

extern void sf_build_items(SfBuild *build);
extern void sf_build_actions(SfBuild *build);

/* What each action must come after (SfAction.after).  One link, or wish (below), of none or with itself is none. */
extern void sf_build_links(SfBuild *build);
extern void sf_build_after(SfAction *later, SfAction *earlier, SfItem *because);
extern void sf_build_wish(SfAction *later, SfAction *earlier, SfItem *because);

/* Of guards (links_guards.c). */
extern bool sf_turns_guards(const SfItem *item);
extern void sf_link_guards(SfItem *item);

/* Of what merges with its original (links_merged.c). */
extern void sf_link_merged(SfItem *item, const SfFact *fact);
/* Does it need the original by way of copies alone that outlast it? */
extern bool sf_needs_what_outlasts(const SfFact *fact, const SfFact *original);
/* It goes with a copy that outlasts its original. */
extern bool sf_goes_with_merged(const SfItem *item);
extern void sf_link_exchanged(const SfBuild *build);

/* Of attachments (links_attach.c). */
extern bool sf_relation_goes(const SfFact *fact);
extern bool sf_moves_in_place(const SfItem *item);
extern bool sf_has_of_other(const SfFact *attachment, const SfFact *copy);
extern void sf_link_refill(SfAction *refill, const SfFact *relation, SfItem *because);
extern void sf_link_reattached(SfItem *item);
extern void sf_link_detached(SfItem *item);
extern void sf_link_whole(SfItem *item);
extern void sf_link_in_order(SfItem *item);
extern void sf_link_copied(SfItem *item);
extern void sf_link_born(SfItem *item, const SfFact *fact);
extern void sf_link_renamed_copy(SfItem *item);
extern void sf_link_in_the_way(SfItem *item);
extern void sf_link_not_taken_in(SfItem *item);

/* Of what bindings bind (links_bound.c). */
extern void sf_link_bound(SfItem *item);
/* Bindings that are not made with their tables, as rows come back into those first. */
extern void sf_bind_behind(const SfBuild *build);

/* Of bindings that are in the way of parts which move together (circles.c): of SfItem. */
extern List *sf_circular_bindings(const SfBuild *build);
extern void sf_link_around(SfItem *item);
/* The one that a copy comes and goes with, also on a part that moves; NULL: it has not to. */
extern SfItem *sf_goes_around(const SfFact *copy);
/* The one that makes a new copy of a binding, also on a part that stands: that, or what makes it a part. */
extern SfItem *sf_comes_with(const SfFact *copy);

/* What the bodies of functions name comes before them, where it can (SfAction.wishes). */
extern void sf_build_wishes(SfBuild *build);

/* Orders build->actions into plan->actions; breaks cycles by taking a fact out of its host and building again. */
extern void sf_build_sort(SfBuild *build);

/* The old fact below what its parent is called when it is renamed itself. */
extern SfFact *sf_in_place(const SfFact *old);

extern void sf_action_render(SfBuild *build, SfAction *action);

#endif
