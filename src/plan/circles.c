/*
 * circles.c - foreign keys that hold parts which come and go together.
 *
 * A part leaves a whole only when no rows refer to its rows, and comes only when what its rows refer to is there: rows
 * of its own, too.  Where wholes refer to each other, or one to itself, and parts of all of them move with their rows,
 * there is no order for that: the foreign key goes before and comes back behind (SfItem.around), and with it what it
 * has on those parts.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "plan/build.h"

typedef struct SfMoves
{
	int			leave;			/* parts of the whole, theirs counted */
	int			come;			/* with rows */
} SfMoves;

/* relation: on the starting side when parts leave, on the wanted one when they come. */
static void
count_moves(const SfBuild *build, const SfFact *relation, bool come, SfMoves *moves)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, relation->needed_by)
	{
		const SfFact *attachment = ((SfEdge *) lfirst(lc))->from;
		const SfFact *part = attachment->parent;
		const SfItem *item = sf_item(attachment);

		if (!attachment->kind->place || item == NULL || sf_attached_to(attachment) != relation)
			continue;
		if (come)
			moves->come += sf_item_made(item) && (part->twin || sf_plan_keeps(build->plan, part));
		else
			moves->leave += sf_item_gone(item);
		count_moves(build, part, come, moves);
	}
}

static SfMoves
moves_of(const SfBuild *build, const SfFact *relation)
{
	SfMoves		moves = {0};

	if (relation->twin && sf_item(relation) && !sf_item_made(sf_item(relation)))
	{
		count_moves(build, relation->twin, false, &moves);
		count_moves(build, relation, true, &moves);
	}
	return moves;
}

/* A binding of the relation's own, on both sides. */
static bool
is_own_binding(const SfFact *fact)
{
	return fact->kind->binds && fact->twin && sf_item(fact) && sf_implied_by(fact) == NULL &&
		sf_implied_by(fact->twin) == NULL;
}

static bool
is_part_of(const SfFact *relation, const SfFact *whole)
{
	const SfFact *attachment;

	while (relation && relation != whole)
	{
		attachment = sf_attachment(relation);
		relation = attachment && attachment->kind->place ? sf_attached_to(attachment) : NULL;
	}
	return relation != NULL;
}

/* What it refers to; it needs the parts of that, too. */
static const SfFact *
bound_relation(const SfFact *binding)
{
	const SfFact *own = sf_relation_of(binding);
	const SfFact *bound = own;
	ListCell   *lc;

	foreach(lc, binding->needs)
	{
		const SfFact *relation = sf_relation_of(((SfEdge *) lfirst(lc))->to);

		if (relation->kind == own->kind && !is_part_of(relation, own) && (bound == own || is_part_of(bound, relation)))
			bound = relation;
	}
	return bound;
}

/* Do bindings lead from one to the other, by way of relations whose parts move? */
static bool
leads_to(const SfBuild *build, const SfFact *from, const SfFact *to, List **seen)
{
	SfMoves		moves = moves_of(build, from);
	ListCell   *lc;

	check_stack_depth();
	if (moves.leave + moves.come == 0 || list_member_ptr(*seen, from))
		return false;
	if (from == to)
		return true;
	*seen = lappend(*seen, unconstify(SfFact *, from));
	foreach(lc, from->children)
		if (is_own_binding(lfirst(lc)) && leads_to(build, bound_relation(lfirst(lc)), to, seen))
			return true;
	return false;
}

List *
sf_circular_bindings(const SfBuild *build)
{
	List	   *circular = NIL;
	ListCell   *lc;

	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);
		const SfFact *own = item->new ? sf_relation_of(item->new) : NULL;
		SfMoves		moves;
		const SfFact *bound;
		List	   *seen = NIL;

		if (own == NULL || !is_own_binding(item->new))
			continue;
		bound = bound_relation(item->new);
		moves = moves_of(build, own);
		/* Rows of one that comes may refer to each other. */
		if (bound == own ? moves.leave > 0 || moves.come > 1 :
			moves.leave + moves.come > 0 && leads_to(build, bound, own, &seen))
			circular = lappend(circular, item);
	}
	return circular;
}

SfItem *
sf_goes_around(const SfFact *copy)
{
	const SfFact *original = copy;

	while (original->kind->binds && sf_implied_by(original))
		original = sf_implied_by(original);
	return original != copy && sf_item(original) && sf_item(original)->around ? sf_item(original) : NULL;
}

SfItem *
sf_comes_with(const SfFact *copy)
{
	const SfFact *original = copy->kind->binds ? sf_implied_by(copy) : NULL;
	const SfFact *attachment = original ? sf_attachment(sf_relation_of(copy)) : NULL;

	if (sf_goes_around(copy))
		return sf_goes_around(copy);
	/* Rows may refer to each other, which are in the whole only when the part is. */
	if (attachment && attachment->kind->place && sf_item(attachment) && sf_item_made(sf_item(attachment)) &&
		sf_relation_of(original) == sf_attached_to(attachment) && sf_stands(sf_relation_of(original)) &&
		sf_stands(sf_relation_of(copy)) && bound_relation(original) == sf_relation_of(original) &&
		strcmp(sf_last(copy), sf_last(original)) == 0)
		return sf_item(attachment);
	return NULL;
}

static void
link_parts_around(SfItem *item, const SfFact *relation, bool come)
{
	ListCell   *lc;

	foreach(lc, relation->needed_by)
	{
		const SfFact *attachment = ((SfEdge *) lfirst(lc))->from;
		SfItem	   *part = sf_item(attachment);

		if (!attachment->kind->place || part == NULL || sf_attached_to(attachment) != relation)
			continue;
		if (come)
		{
			sf_build_after(part->create, item->drop, item);
			sf_build_after(item->create, part->create, item);
		}
		else
		{
			sf_build_after(part->drop, item->drop, item);
			sf_build_after(item->create, part->drop, item);
		}
		link_parts_around(item, attachment->parent, come);
	}
}

void
sf_link_around(SfItem *item)
{
	const SfFact *ends[] = {sf_relation_of(item->new), bound_relation(item->new)};

	for (int i = 0; i < (ends[0] == ends[1] ? 1 : 2); i++)
	{
		link_parts_around(item, ends[i], true);
		link_parts_around(item, ends[i]->twin, false);
	}
}
