/*
 * partitions.c - partitioned tables get indexes, keys and foreign keys leaf by leaf (partitions.h).
 *
 * The model knows the copies that the server would make on the partitions, with their names.  Each is made by
 * itself, then attached: an index by a statement; a key or foreign key by the server, when it finds that the partition
 * has an equal one, and this is proved.
 */
#include "postgres.h"

#include "compat.h"
#include "kinds/kind.h"
#include "miscadmin.h"
#include "phases/partitions.h"
#include "phases/recipes_archive.h"
#include "phases/recipes_parts.h"
#include "plan/emit.h"

/* The copies on the partitions, those below a copy behind it. */
static List *
copies_below(List *copies, const SfFact *fact)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, sf_copies_of(fact))
		copies = copies_below(lappend(copies, lfirst(lc)), lfirst(lc));
	return copies;
}

/* Partitions that the plan makes get theirs with the whole. */
static bool
can_be_apart(List *copies)
{
	ListCell   *lc;

	foreach(lc, copies)
	{
		const SfFact *copy = lfirst(lc);

		if (sf_relation_of(copy)->twin == NULL || sf_reattached(copy))
			return false;
	}
	return copies != NIL;
}

bool
sf_named_afterwards(List *family)
{
	ListCell   *lc;

	foreach(lc, family)
		if (sf_attr((const SfFact *) lfirst(lc), "born_as"))
			return true;
	return false;
}

static List *
render(const SfPlan *plan, const SfFact *fact, int flags)
{
	SfEmit		out;

	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING | SF_EMIT_APART | flags;
	fact->kind->create(&out, fact, NIL);
	return out.statements;
}

static List *
add(List *statements, List *texts, bool proven)
{
	ListCell   *lc;

	foreach(lc, texts)
		statements = sf_add_statement(statements, lfirst(lc), proven, false);
	return statements;
}

/* Has the partition it already, of its own, under whatever name?  What is said of it then makes it a copy. */
static bool
is_there(const SfFact *copy)
{
	return copy->twin && !copy->anew;
}

/* The whole of nothing, then the parts: each is attached when it is there, those of a part that has parts before it. */
static List *
index_below(List *statements, const SfPlan *plan, const SfFact *index)
{
	List	   *texts = render(plan, index, SF_EMIT_CONCURRENTLY);
	ListCell   *lc;

	statements = add(statements, list_make1(linitial(texts)), false);
	if (sf_is_partitioned(sf_relation_of(index)))
		foreach(lc, sf_copies_of(index))
			if (!is_there(lfirst(lc)))
				statements = index_below(statements, plan, lfirst(lc));
	return add(statements, list_copy_tail(texts, 1), false);
}

List *
sf_index_by_leaves(const SfPlan *plan, const SfAction *action)
{
	List	   *copies = copies_below(NIL, action->new);

	if (list_length(action->statements) != 1 || !can_be_apart(copies) || sf_named_afterwards(copies))
		return NIL;
	return index_below(NIL, plan, action->new);
}

List *
sf_index_family(SfFact *index)
{
	return copies_below(list_make1(index), index);
}

/* The facts are, for as long as they are rendered, what those beside them are. */
static void
exchange(List *facts, List *beside)
{
	ListCell   *lc,
			   *lb;

	forboth(lc, facts, lb, beside)
	{
		SfFact	   *fact = lfirst(lc),
				   *other = lfirst(lb),
					was = *fact;

		fact->name = other->name;
		fact->attr = other->attr;
		other->name = was.name;
		other->attr = was.attr;
	}
}

List *
sf_index_beside_by_leaves(const SfPlan *plan, List *family, List *beside, List **renames)
{
	List	   *statements,
			   *sql = NIL;
	SfFact	   *index = linitial(family);
	SfEmit		out;
	ListCell   *lc,
			   *lb;

	if (!can_be_apart(list_copy_tail(family, 1)))
		return NIL;
	exchange(family, beside);
	statements = index_below(NIL, plan, index);
	exchange(family, beside);
	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING;
	forboth(lc, family, lb, beside)
		index->kind->rename(&out, lfirst(lb), lfirst(lc));
	*renames = out.statements;
	foreach(lc, statements)
		sql = lappend(sql, ((SfStatement *) lfirst(lc))->sql);
	return sql;
}

/*
 * From 18 on the primary key of a leaf makes the NOT NULL of its columns the leaf's own, so that they would stay NOT
 * NULL when the whole is so no more.
 */
static bool
leaves_mark(const SfFact *key)
{
	return SF_MAJOR >= 18 && sf_is_kind(key, "primary key");
}

/* The server takes for its own what a partition has already. */
List *
sf_key_by_leaves(const SfPlan *plan, const SfAction *action)
{
	List	   *copies = copies_below(NIL, action->new),
			   *statements = NIL;
	ListCell   *lc;

	if (list_length(action->statements) != 1 || !can_be_apart(copies) || sf_named_afterwards(copies) ||
		leaves_mark(action->new))
		return NIL;
	foreach(lc, copies)
	{
		const SfFact *copy = lfirst(lc);
		char	   *index = sf_key_index(copy, sf_last(copy));

		if (index == NULL)
			return NIL;
		if (sf_is_partitioned(sf_relation_of(copy)) || is_there(copy))
			continue;
		statements = add(statements, list_make1(index), false);
		statements = add(statements, list_make1(sf_key_adopts(copy, sf_last(copy))), true);
	}
	return add(statements, action->statements, true);
}

List *
sf_keys_of_leaves(List *family)
{
	List	   *leaves = NIL;
	ListCell   *lc;

	if (!can_be_apart(list_copy_tail(family, 1)) || leaves_mark(linitial(family)))
		return NIL;
	for_each_from(lc, family, 1)
	{
		const SfFact *copy = lfirst(lc);

		if (!sf_is_partitioned(sf_relation_of(copy)))
			leaves = lappend(leaves, lfirst(lc));
		else if (sf_attr(copy, "born_as"))
			return NIL;
	}
	return leaves;
}

/* Of a whole that comes back: have its parts their rows by now, and is nothing said of the copies themselves? */
static bool
have_come_back(const SfPlan *plan, const SfAction *action, List *copies)
{
	ListCell   *lc;

	if (!sf_plan_refills(plan, sf_relation_of(action->new)))
		return false;
	foreach(lc, copies)
	{
		const SfFact *copy = lfirst(lc);
		SfEmit		out;

		sf_plan_emit_init(&out, plan);
		copy->kind->create(&out, copy, NIL);
		if (!sf_is_made_by(plan, action, sf_relation_of(copy)) || out.statements)
			return false;
	}
	return copies != NIL;
}

List *
sf_foreign_key_by_leaves(const SfPlan *plan, const SfAction *action)
{
	List	   *copies = copies_below(NIL, action->new);
	List	   *statements = NIL;
	ListCell   *lc;

	if (list_length(action->statements) != 1 || sf_named_afterwards(copies) ||
		!(can_be_apart(copies) || have_come_back(plan, action, copies)))
		return NIL;
	foreach(lc, copies)
	{
		const SfFact *copy = lfirst(lc);
		SfEmit		out;

		if (sf_is_partitioned(sf_relation_of(copy)) || is_there(copy))
			continue;
		sf_plan_emit_init(&out, plan);
		out.flags = SF_EMIT_APART;
		copy->kind->validate(&out, copy);
		if (out.statements == NIL)
			return NIL;
		statements = add(statements, render(plan, copy, SF_EMIT_NOT_VALID), false);
		statements = add(statements, out.statements, false);
		((SfStatement *) llast(statements))->validates = true;
	}
	return add(statements, action->statements, true);
}
