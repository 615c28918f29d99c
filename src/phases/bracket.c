/*
 * bracket.c - what has to happen in one transaction.  See bracket.h.
 *
 * Only the actions' links are read; the order that results obeys them, and grants the wishes that the plan's does.
 */
#include "postgres.h"

#include <limits.h>

#include "common/hashfn.h"
#include "kinds/kind.h"
#include "miscadmin.h"
#include "phases/bracket.h"
#include "phases/recipes_fill.h"
#include "phases/recipes_retype.h"
#include "phases/shadow.h"

#define ROUNDS	2				/* of drawing together */

/* The bracket of a fact: what must be in it. */
typedef struct SfMark
{
	const SfFact *fact;
	List	   *members;		/* indexes of actions, ascending */
	char		status;
} SfMark;

#define SH_PREFIX sf_marks
#define SH_ELEMENT_TYPE SfMark
#define SH_KEY_TYPE const SfFact *
#define SH_KEY fact
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) &(k), sizeof(k))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

const SfFact *
sf_successor(const SfPlan *plan, const SfAction *action)
{
	ListCell   *lc;

	foreach(lc, action->verb == SF_VERB_CREATE || action->verb == SF_VERB_DROP ? plan->successors : NIL)
	{
		const SfHeir *successor = lfirst(lc);

		if (action->new ? action->new == successor->new : action->old == successor->old)
			return successor->new;
	}
	return NULL;
}

/* One fact for both sides of a pair. */
static const SfFact *
pair_of(const SfPlan *plan, const SfAction *action)
{
	const SfFact *successor = sf_successor(plan, action);

	return successor ? successor : action->new ? action->new : action->old->twin ? action->old->twin : action->old;
}

/* All columns that others take the place of are exchanged at once: in the bracket of the first. */
static const SfFact *
leader(const SfPlan *plan)
{
	return ((SfShadow *) linitial(plan->shadows))->new;
}

/* A column that is exchanged, or a type that is together with columns. */
static bool
is_shadowed(const SfPlan *plan, const SfFact *fact)
{
	ListCell   *lc,
			   *lt;

	foreach(lc, plan->shadows)
	{
		const SfShadow *shadow = lfirst(lc);

		if (shadow->new == fact)
			return true;
		foreach(lt, shadow->types)
			if (((SfShadowType *) lfirst(lt))->new == fact)
				return true;
	}
	return false;
}

/* The end of a type whose place another has taken: nobody uses it any more, it may go at any time. */
static bool
drops_swapped(const SfPlan *plan, const SfAction *action)
{
	return action->verb == SF_VERB_DROP && action->kind->swaps && !is_shadowed(plan, pair_of(plan, action));
}

/* What is replaced, or taken down and put back; and what is renamed by way of a name of nobody's. */
static bool
opens(const SfPlan *plan, const SfAction *action)
{
	return sf_successor(plan, action) || (action->rebuild && !drops_swapped(plan, action)) ||
		(action->verb == SF_VERB_RENAME && action->new == NULL);
}

/* Whose bracket is the fact's. */
static const SfFact *
mark_of(const SfPlan *plan, const SfFact *fact)
{
	return is_shadowed(plan, fact) ? leader(plan) : fact;
}

/*
 * The fact whose bracket the action opens, or is the first of; NULL: none.  A spare column goes together with the
 * trigger that fills it, and all else of its table that goes.
 */
static const SfFact *
bracket_key(const SfPlan *plan, const SfAction *action)
{
	if (!opens(plan, action))
		return sf_shadow_spare_table(plan, action);
	return mark_of(plan, pair_of(plan, action));
}

static void
open_mark(sf_marks_hash *marks, const SfFact *fact, int index)
{
	bool		found;
	SfMark	   *mark = sf_marks_insert(marks, fact, &found);

	if (!found)
		mark->members = NIL;
	mark->members = lappend_int(mark->members, index);
}

static void
extend_mark(sf_marks_hash *marks, const SfFact *fact, int index)
{
	SfMark	   *mark = sf_marks_lookup(marks, fact);

	if (mark && llast_int(mark->members) != index)
		mark->members = lappend_int(mark->members, index);
}

/*
 * What comes with the new columns, too: what was there and went with the old ones; what is new where it is made on a
 * table that stands, or binds it.  followers: of SfFact, those that do by now.
 */
static void
mark_follower(const SfPlan *plan, sf_marks_hash *marks, List **followers, const SfAction *action, int index)
{
	bool		follows = is_shadowed(plan, action->new);
	ListCell   *lc;

	foreach(lc, action->rebuild || action->table || action->kind->binds ? action->new->needs : NIL)
	{
		const SfFact *need = ((SfEdge *) lfirst(lc))->to;

		follows = follows || is_shadowed(plan, need) || list_member_ptr(*followers, need);
	}
	if (!follows)
		return;
	extend_mark(marks, leader(plan), index);
	*followers = list_concat(lappend(*followers, action->new), action->folded);
}

/* Note where the action stands in brackets that it opens, extends or closes. */
static void
mark_action(const SfPlan *plan, sf_marks_hash *marks, List **followers, const SfAction *action, int index)
{
	const SfFact *key = bracket_key(plan, action);
	ListCell   *lc;

	if (key)
		open_mark(marks, key, index);
	if (action->verb == SF_VERB_RENAME)
		extend_mark(marks, pair_of(plan, action), index);
	if (action->verb == SF_VERB_CREATE && plan->shadows)
		mark_follower(plan, marks, followers, action, index);
	/* Put back inside its parent's CREATE. */
	if (action->verb == SF_VERB_CREATE)
		foreach(lc, action->folded)
			extend_mark(marks, lfirst(lc), index);
	/* Moves over to the new type.  (What goes may be altered before: a view of a cycle becomes a stub.) */
	if (action->verb == SF_VERB_ALTER && action->new)
		foreach(lc, action->new->needs)
		{
			const SfFact *need = ((SfEdge *) lfirst(lc))->to;

			if (need->kind->swaps)
				extend_mark(marks, mark_of(plan, need), index);
		}
}

static sf_marks_hash *
mark_actions(const SfPlan *plan, List *actions)
{
	sf_marks_hash *marks = sf_marks_create(CurrentMemoryContext, 64, NULL);
	List	   *followers = NIL;
	ListCell   *lc;

	foreach(lc, actions)
		mark_action(plan, marks, &followers, lfirst(lc), foreach_current_index(lc));
	return marks;
}

int *
sf_brackets(const SfPlan *plan, List *actions)
{
	int			n = list_length(actions);
	int		   *until = palloc(Max(n, 1) * sizeof(int));
	sf_marks_hash *marks = mark_actions(plan, actions);
	sf_marks_iterator i;
	SfMark	   *mark;

	for (int p = 0; p < n; p++)
		until[p] = p;
	sf_marks_start_iterate(marks, &i);
	while ((mark = sf_marks_iterate(marks, &i)) != NULL)
	{
		int			first = linitial_int(mark->members);

		until[first] = Max(until[first], llast_int(mark->members));
	}
	/* Brackets that overlap are one. */
	for (int p = 1; p < n; p++)
		if (until[p - 1] >= p)
			until[p] = Max(until[p], until[p - 1]);
	sf_marks_destroy(marks);
	return until;
}

int
sf_bracket_end(const int *until, int first)
{
	while (until[first] > first)
		first++;
	return first;
}

/* ---- drawing together ---- */

/* Where each action stands, by SfAction.position of the plan. */
typedef struct SfOrder
{
	SfAction  **actions;		/* in the present order */
	int		   *place;			/* by SfAction.position: index in actions */
} SfOrder;

/* Add those of the actions that come before action i, from "first" on; both are distances from there. */
static List *
add_links(List *links, const SfOrder *order, List *earlier, int first, int i)
{
	ListCell   *lc;

	foreach(lc, earlier)
	{
		int			j = order->place[((SfAfter *) lfirst(lc))->action->position] - first;

		if (j >= 0 && j < i)
			links = lappend_int(links, j);
	}
	return links;
}

/* What the action waits for; wishes too, if they have been granted. */
static List *
links_of(const SfOrder *order, const SfAction *action, int first, int i)
{
	return add_links(add_links(NIL, order, action->after, first, i), order, action->wishes, first, i);
}

/*
 * Draw actions [first, last] together around "members" (by index): what no member must wait for, or that waits for
 * none, leaves the range.
 */
static void
draw(SfOrder *order, int first, int last, const bool *members)
{
	int			n = last - first + 1;
	bool	   *waits = palloc0(n * sizeof(bool));	/* for a member */
	bool	   *needed = palloc0(n * sizeof(bool)); /* by a member */
	SfAction  **was = palloc(n * sizeof(SfAction *));
	int			at = first;
	ListCell   *lc;

	memcpy(was, order->actions + first, n * sizeof(SfAction *));
	for (int i = 0; i < n; i++)
		foreach(lc, links_of(order, was[i], first, i))
			if (members[lfirst_int(lc)] || waits[lfirst_int(lc)])
				waits[i] = true;
	for (int i = n - 1; i >= 0; i--)
		foreach(lc, members[i] || needed[i] ? links_of(order, was[i], first, i) : NIL)
			needed[lfirst_int(lc)] = true;
	for (int pass = 0; pass < 3; pass++)
		for (int i = 0; i < n; i++)
		{
			int			goes = members[i] || (waits[i] && needed[i]) ? 1 : waits[i] ? 2 : 0;

			if (goes == pass)
			{
				order->place[was[i]->position] = at;
				order->actions[at++] = was[i];
			}
		}
	pfree(waits);
	pfree(needed);
	pfree(was);
}

/* What is drawn together, in the order as it is by now. */
static void
draw_mark(SfOrder *order, List *actions, const SfMark *mark)
{
	int			first = INT_MAX,
				last = -1;
	bool	   *members;
	ListCell   *lc;

	foreach(lc, mark->members)
	{
		int			place = order->place[((SfAction *) list_nth(actions, lfirst_int(lc)))->position];

		first = Min(first, place);
		last = Max(last, place);
	}
	if (last - first < list_length(mark->members))
		return;					/* nothing between them */
	members = palloc0((last - first + 1) * sizeof(bool));
	foreach(lc, mark->members)
		members[order->place[((SfAction *) list_nth(actions, lfirst_int(lc)))->position] - first] = true;
	draw(order, first, last, members);
	pfree(members);
}

/* What one recipe, or one statement, does for several columns of a table: table_of says whose the action is. */
static void
draw_columns(SfOrder *order, const SfPlan *plan, List *actions,
			 const SfFact *(*table_of) (const SfPlan *plan, const SfAction *action))
{
	sf_marks_hash *marks = sf_marks_create(CurrentMemoryContext, 64, NULL);
	List	   *tables = NIL;
	ListCell   *lc;

	foreach(lc, actions)
	{
		const SfFact *table = table_of(plan, lfirst(lc));

		if (table == NULL)
			continue;
		open_mark(marks, table, foreach_current_index(lc));
		tables = list_append_unique_ptr(tables, unconstify(SfFact *, table));
	}
	foreach(lc, tables)
		draw_mark(order, actions, sf_marks_lookup(marks, lfirst(lc)));
	sf_marks_destroy(marks);
}

List *
sf_draw_together(const SfPlan *plan)
{
	List	   *actions = plan->actions;
	int			n = list_length(actions);
	SfOrder		order = {palloc(Max(n, 1) * sizeof(SfAction *)), palloc0(Max(n, 1) * sizeof(int))};
	sf_marks_hash *marks = mark_actions(plan, actions);
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, actions)
	{
		SfAction   *action = lfirst(lc);

		order.actions[foreach_current_index(lc)] = action;
		order.place[action->position] = foreach_current_index(lc);
	}
	draw_columns(&order, plan, actions, sf_filled_table);
	draw_columns(&order, plan, actions, sf_retyped_table);
	/* In order of the brackets' beginnings.  What left one may have come into another that overlaps with it. */
	for (int round = 0; round < ROUNDS; round++)
		foreach(lc, actions)
		{
			const SfAction *action = lfirst(lc);
			const SfFact *key = bracket_key(plan, action);
			SfMark	   *mark = key ? sf_marks_lookup(marks, key) : NULL;

			CHECK_FOR_INTERRUPTS();
			if (mark && linitial_int(mark->members) == foreach_current_index(lc))
				draw_mark(&order, actions, mark);
		}
	for (int i = 0; i < n; i++)
		result = lappend(result, order.actions[i]);
	sf_marks_destroy(marks);
	return result;
}
