/*
 * partitions.c - partitioned tables get indexes and foreign keys leaf by leaf (partitions.h).
 *
 * The model knows the copies that the server would make on the partitions, with their names.  Each is made by
 * itself, then attached: an index by a statement; a foreign key by the server, when it finds that the partition has an
 * equal one that is proved.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "miscadmin.h"
#include "phases/partitions.h"
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

/* Partitions that the plan makes get theirs with the whole; a copy with a name of its own gets that afterwards. */
static bool
can_be_apart(List *copies)
{
	ListCell   *lc;

	foreach(lc, copies)
	{
		const SfFact *copy = lfirst(lc);

		if (sf_relation_of(copy)->twin == NULL || sf_attr(copy, "born_as") || sf_reattached(copy))
			return false;
	}
	return copies != NIL;
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

/* The whole of nothing, then the parts: each is attached when it is there, those of a part that has parts before it. */
static List *
index_below(List *statements, const SfPlan *plan, const SfFact *index)
{
	List	   *texts = render(plan, index, SF_EMIT_CONCURRENTLY);
	ListCell   *lc;

	statements = add(statements, list_make1(linitial(texts)), false);
	if (sf_is_partitioned(sf_relation_of(index)))
		foreach(lc, sf_copies_of(index))
			statements = index_below(statements, plan, lfirst(lc));
	return add(statements, list_copy_tail(texts, 1), false);
}

List *
sf_index_by_leaves(const SfPlan *plan, const SfAction *action)
{
	if (list_length(action->statements) != 1 || !can_be_apart(copies_below(NIL, action->new)))
		return NIL;
	return index_below(NIL, plan, action->new);
}

/* The index and its copies go by these names for as long as they are rendered; returns those that they had. */
static List *
call_them(List *facts, List *names)
{
	List	   *had = NIL;
	ListCell   *lc,
			   *ln;

	forboth(lc, facts, ln, names)
	{
		had = lappend(had, sf_own_name((SfFact *) lfirst(lc)));
		sf_own_name((SfFact *) lfirst(lc)) = lfirst(ln);
	}
	return had;
}

List *
sf_index_beside_by_leaves(const SfPlan *plan, SfFact *index, char *name, List **renames)
{
	List	   *copies = copies_below(NIL, index),
			   *facts = lcons(index, list_copy(copies)),
			   *names = list_make1(name),
			   *had,
			   *statements,
			   *sql = NIL;
	SfEmit		out;
	ListCell   *lc,
			   *ln;

	if (!can_be_apart(copies))
		return NIL;
	foreach(lc, copies)
	{
		char	   *other = sf_plan_free_name(plan, sf_last((SfFact *) lfirst(lc)), "new");

		/* Long names may be the same when they are cut. */
		foreach(ln, names)
			if (strcmp(lfirst(ln), other) == 0)
				return NIL;
		names = lappend(names, other);
	}
	had = call_them(facts, names);
	statements = index_below(NIL, plan, index);
	(void) call_them(facts, had);
	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING;
	forboth(lc, facts, ln, names)
	{
		SfFact	   *beside = sf_fact_copy(lfirst(lc));

		sf_own_name(beside) = lfirst(ln);
		index->kind->rename(&out, beside, lfirst(lc));
	}
	*renames = out.statements;
	foreach(lc, statements)
		sql = lappend(sql, ((SfStatement *) lfirst(lc))->sql);
	return sql;
}

List *
sf_foreign_key_by_leaves(const SfPlan *plan, const SfAction *action)
{
	List	   *copies = copies_below(NIL, action->new);
	List	   *statements = NIL;
	ListCell   *lc;

	if (list_length(action->statements) != 1 || !can_be_apart(copies))
		return NIL;
	foreach(lc, copies)
	{
		const SfFact *copy = lfirst(lc);
		SfEmit		out;

		if (sf_is_partitioned(sf_relation_of(copy)))
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
