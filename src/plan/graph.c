/*
 * graph.c - the order of actions: topological, deterministic, with what belongs together close together.
 *
 * Actions are visited in order of (rank, weight, key); each is preceded by what it must come after, so that a take-down
 * stands right before the alteration that needs it; puts back follow as soon as they can.  Drops come last unless
 * somebody waits for them; who waits for contents to go comes behind all others, so that what may fail on the data
 * fails before anything is lost.
 *
 * A cycle is broken where a fact was folded into its parent, or its drop left to something else: the fact with the
 * greatest weight on the cycle is set apart, and the graph is built again.  So foreign keys leave CREATE TABLE before
 * defaults do.  Where nothing can be set apart, names that change places go by way of a third one, a function steps
 * aside for its successor, a kind that knows stubs (views) stands in as one for a while, or an index does not wait for
 * its table's rows.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "plan/build.h"

enum
{
	NEW, OPEN, DONE
};

typedef struct SfSort
{
	SfBuild    *build;
	List	   *path;			/* of SfAction: those being visited */
	List	   *causes;			/* of SfItem: why the next one on the path comes before */
	List	   *order;
	SfItem	   *apart;			/* found on a cycle: to be set apart */
	bool		cycle;
	int			probe;			/* number of looks ahead, for SfAction.probe */
} SfSort;

static const SfFact *
subject(const SfAction *action)
{
	return action->new ? action->new : action->old;
}

/* Is it about what fires at the rest of the plan, or about what is said of that? */
static bool
watches(const SfFact *fact)
{
	for (; fact; fact = fact->parent)
		if (fact->kind->watches)
			return true;
	return false;
}

/* Does something go that rows may contradict? */
static bool
goes_unproved(const SfFact *old)
{
	for (int i = 0; i < old->kind->nattrs; i++)
		if ((old->kind->attrs[i].flags & SF_ATTR_UNPROVED) && old->attr[i])
			return sf_item(old) && sf_item(old)->fate == SF_FATE_DROP;
	return false;
}

/*
 * Does it end such?  While that stands, nothing can be written to the rows.  NOT NULL ends with its column's own
 * statement.
 */
static bool
frees_rows(const SfAction *action)
{
	ListCell   *lc;

	foreach(lc, action->verb == SF_VERB_ALTER && action->old && action->kind->folds ? action->old->children : NIL)
		if (goes_unproved(lfirst(lc)))
			return true;
	return action->verb == SF_VERB_DROP && goes_unproved(action->old);
}

static int
rank(const SfAction *action)
{
	if (watches(subject(action)))
		return action->verb == SF_VERB_DROP ? 0 : 5;
	switch (action->verb)
	{
		case SF_VERB_RENAME:
			return 0;
		case SF_VERB_CREATE:
			/* A table becomes a child when all is done that would be refused on one. */
			if (action->kind->attaches)
				return 4;
			return action->kind->weight >= 900 ? 2 : 1;
		case SF_VERB_ALTER:
			if (frees_rows(action))
				return 0;
			return action->kind->weight >= 900 ? 2 : 1;
		case SF_VERB_DROP:
			/* A table is no child of another any more before that one changes. */
			if ((action->kind->attaches && !action->rebuild) || frees_rows(action))
				return 0;
			return action->kind->weight >= 900 ? 2 : 3;
	}
	return 3;
}

/* Do contents go before the action, or by it? */
static bool
follows_loss(SfAction *action)
{
	ListCell   *lc;

	check_stack_depth();
	if (action->loss != SF_LOSS_UNKNOWN)
		return action->loss == SF_LOSS_YES;
	/* Round a cycle, which is going to be cut, there is nothing new. */
	action->loss = action->verb == SF_VERB_DROP && action->kind->contents && !action->rebuild ?
		SF_LOSS_YES : SF_LOSS_NO;
	foreach(lc, action->after)
		if (follows_loss(((SfAfter *) lfirst(lc))->action))
			action->loss = SF_LOSS_YES;
	return action->loss == SF_LOSS_YES;
}

/* What is dropped cannot fail on the data. */
static int
waits_for_loss(const SfAction *action)
{
	return action->verb != SF_VERB_DROP && action->loss == SF_LOSS_YES;
}

static int
visiting_order(const ListCell *a, const ListCell *b)
{
	const SfAction *x = lfirst(a);
	const SfAction *y = lfirst(b);
	int			position;

	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	if (waits_for_loss(x) != waits_for_loss(y))
		return waits_for_loss(x) - waits_for_loss(y);
	/* Drops of what is made early come late. */
	if (x->kind->weight != y->kind->weight)
		return x->verb == SF_VERB_DROP ? y->kind->weight - x->kind->weight : x->kind->weight - y->kind->weight;
	/* The outer first: a REVOKE on a table takes those on its columns along. */
	if (subject(x)->nname != subject(y)->nname)
		return subject(x)->nname - subject(y)->nname;
	position = x->kind == y->kind ? sf_kind_attr(x->kind, "position") : -1;
	if (position >= 0 && subject(x)->parent == subject(y)->parent && subject(x)->attr[position] &&
		subject(y)->attr[position])
		return strcmp(subject(x)->attr[position], subject(y)->attr[position]);
	return strcmp(subject(x)->key, subject(y)->key);
}

static bool
can_be_set_apart(const SfItem *item)
{
	if (item->apart || item->heir)
		return false;
	if (item->create && item->create->new != item->new && item->new->kind->create)
		return true;
	return sf_drop_is_separable(item);
}

/* Names change places: one of them steps aside first. */
static bool
step_aside(SfSort *sort, int start)
{
	for (int i = start; i < list_length(sort->path); i++)
	{
		SfItem	   *item = sf_item(subject(list_nth(sort->path, i)));

		if (item->rename == NULL || item->rename != list_nth(sort->path, i) || item->aside)
			continue;
		item->aside = true;
		sort->cycle = true;
		return true;
	}
	return false;
}

static bool
needs_swapped(const SfFact *old)
{
	ListCell   *lc;

	foreach(lc, old->needs)
	{
		const SfItem *need = sf_item(((SfEdge *) lfirst(lc))->to);

		if (need && sf_item_swaps(need))
			return true;
	}
	return false;
}

/*
 * The old one of a swap is held by its users until the new one is there, and holds what it needs itself: where that is
 * replaced, it gives up its name, too.  Not if types that are swapped are part of the name.
 */
static bool
put_aside(SfSort *sort, int start)
{
	bool		swapped = false;

	for (int i = start; i < list_length(sort->path); i++)
	{
		const SfItem *item = sf_item(subject(list_nth(sort->path, i)));

		swapped = swapped || (item->old && sf_item_swaps(item));
	}
	for (int i = start; swapped && i < list_length(sort->path); i++)
	{
		SfItem	   *item = sf_item(subject(list_nth(sort->path, i)));

		if (item->fate != SF_FATE_REPLACE || !item->old->kind->steps_aside || item->outlasts ||
			item->drop->old != item->old || needs_swapped(item->old))
			continue;
		item->outlasts = sort->cycle = true;
		return true;
	}
	return false;
}

/* Nothing to set apart: one that can be a stub for a while. */
static bool
make_stub(SfSort *sort, int start)
{
	for (int i = start; i < list_length(sort->path); i++)
	{
		const SfAction *action = list_nth(sort->path, i);
		SfItem	   *item = sf_item(subject(action));

		if (action->kind->stub == NULL || action->part != SF_PART_ALL)
			continue;
		if (action->verb == SF_VERB_CREATE && !item->stub_first)
			item->stub_first = true;
		else if (action->verb != SF_VERB_CREATE && item->old && !item->stub_last)
			item->stub_last = true;
		else
			continue;
		sort->cycle = true;
		return true;
	}
	return false;
}

/* Rows come back into an index that is there. */
static bool
come_early(SfSort *sort, int start)
{
	for (int i = start; i < list_length(sort->path); i++)
	{
		const SfAction *action = list_nth(sort->path, i);
		SfItem	   *item = sf_item(subject(action));
		SfItem	   *filled = sf_item(sf_relation_of(subject(action)));

		if (action->verb != SF_VERB_CREATE || !action->kind->backs || item->early || !filled || !filled->refill)
			continue;
		item->early = sort->cycle = true;
		return true;
	}
	return false;
}

/* The path from "back" to its end is a cycle: choose what to set apart. */
static void
found_cycle(SfSort *sort, SfAction *back, SfItem *cause)
{
	int			start = list_length(sort->path) - 1;
	SfItem	   *best = NULL;
	List	   *causes = list_make1(cause);
	ListCell   *lc;

	while (list_nth(sort->path, start) != back)
		start--;
	for (int i = start + 1; i < list_length(sort->path); i++)
		causes = lappend(causes, list_nth(sort->causes, i));
	foreach(lc, causes)
	{
		SfItem	   *item = lfirst(lc);

		if (item && can_be_set_apart(item) &&
			(best == NULL ||
			 (item->new ? item->new : item->old)->kind->weight > (best->new ? best->new : best->old)->kind->weight))
			best = item;
	}
	if (best == NULL && (step_aside(sort, start) || put_aside(sort, start) || make_stub(sort, start) ||
						 come_early(sort, start)))
		return;
	if (best == NULL)
	{
		StringInfoData names;

		initStringInfo(&names);
		for (int i = start; i < list_length(sort->path); i++)
			appendStringInfo(&names, "%s%s", names.len ? ", " : "", sf_fact_label(subject(list_nth(sort->path, i))));
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot order the changes: they wait for each other"),
				 errdetail("The cycle: %s.", names.data),
				 errhint("Split the change: record and plan a part of it first.")));
	}
	sort->cycle = true;
	sort->apart = best;
}

static void visit(SfSort *sort, SfAction *action, SfItem *cause);

/*
 * Puts back what waited for this action alone, so that little time passes between a take-down and its put-back; but
 * what watches the plan stays away until its end.
 */
static void
release(SfSort *sort, SfAction *action)
{
	ListCell   *lc;

	foreach(lc, action->releases)
	{
		SfAction   *waiting = lfirst(lc);

		if (--waiting->waits == 0 && waiting->state == NEW && waiting->rebuild && waiting->verb == SF_VERB_CREATE &&
			!watches(subject(waiting)))
			visit(sort, waiting, NULL);
	}
}

static int
link_order(const ListCell *a, const ListCell *b)
{
	ListCell	x,
				y;

	x.ptr_value = ((SfAfter *) lfirst(a))->action;
	y.ptr_value = ((SfAfter *) lfirst(b))->action;
	return visiting_order(&x, &y);
}

/* Must something that is being visited come before this action? */
static bool
leads_back(SfSort *sort, SfAction *action)
{
	ListCell   *lc;

	check_stack_depth();
	if (action->state != NEW || action->probe == sort->probe)
		return action->state == OPEN;
	action->probe = sort->probe;
	foreach(lc, action->after)
		if (leads_back(sort, ((SfAfter *) lfirst(lc))->action))
			return true;
	return false;
}

/* A granted wish binds who moves actions later (phases/bracket.c). */
static void
grant_wishes(SfSort *sort, SfAction *action)
{
	ListCell   *lc;

	list_sort(action->wishes, link_order);
	foreach(lc, action->wishes)
	{
		SfAfter    *link = lfirst(lc);

		sort->probe++;
		if (leads_back(sort, link->action))
			continue;
		visit(sort, link->action, link->because);
		action->after = lappend(action->after, link);
	}
}

static void
visit(SfSort *sort, SfAction *action, SfItem *cause)
{
	ListCell   *lc;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (action->state == DONE || sort->cycle)
		return;
	if (action->state == OPEN)
	{
		found_cycle(sort, action, cause);
		return;
	}
	action->state = OPEN;
	sort->path = lappend(sort->path, action);
	sort->causes = lappend(sort->causes, cause);
	list_sort(action->after, link_order);
	foreach(lc, action->after)
	{
		SfAfter    *link = lfirst(lc);

		visit(sort, link->action, link->because);
	}
	grant_wishes(sort, action);
	if (sort->cycle)
		return;
	sort->path = list_delete_last(sort->path);
	sort->causes = list_delete_last(sort->causes);
	action->state = DONE;
	action->position = list_length(sort->order);
	sort->order = lappend(sort->order, action);
	release(sort, action);
}

static void
count_waits(List *actions)
{
	ListCell   *lc,
			   *la;

	foreach(lc, actions)
	{
		SfAction   *action = lfirst(lc);

		action->state = NEW;
		foreach(la, action->after)
		{
			SfAction   *earlier = ((SfAfter *) lfirst(la))->action;

			action->waits++;
			earlier->releases = lappend(earlier->releases, action);
		}
	}
}

void
sf_build_sort(SfBuild *build)
{
	for (;;)
	{
		SfSort		sort = {build};
		ListCell   *lc;

		sf_build_actions(build);
		sf_build_wishes(build);
		count_waits(build->actions);
		foreach(lc, build->actions)
			(void) follows_loss(lfirst(lc));
		list_sort(build->actions, visiting_order);
		foreach(lc, build->actions)
			visit(&sort, lfirst(lc), NULL);
		if (!sort.cycle)
		{
			build->plan->actions = sort.order;
			return;
		}
		if (sort.apart)
			sort.apart->apart = true;
	}
}
