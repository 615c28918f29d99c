/*
 * recipes_replace.c - what is replaced is never missing, and nothing is read while others wait.
 *
 * A bracket (bracket.h) is one transaction, whose locks are strong.  So the successor of a big table's index or
 * constraint is built and proved before it, beside the old one and under another name; inside, the old one goes and the
 * successor gets its name; what is left of the old one goes behind it.  Where the successor needs what the bracket
 * changes, a constraint is made unproved inside, which holds for all that is written from then on, and proved behind
 * it.
 */
#include "postgres.h"

#include "phases/bracket.h"
#include "phases/partitions.h"
#include "phases/recipes_parts.h"
#include "plan/emit.h"

static List *
add(List *statements, char *sql, SfStage stage, bool proven)
{
	SfStatement *statement;

	statements = sf_add_statement(statements, sql, proven, false);
	statement = llast(statements);
	statement->stage = stage;
	return statements;
}

static List *
add_all(List *statements, List *texts, SfStage stage)
{
	ListCell   *lc;

	foreach(lc, texts)
		statements = add(statements, lfirst(lc), stage, false);
	return statements;
}

static SfEmit
emit(const SfPlan *plan, int flags)
{
	SfEmit		out;

	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING | flags;
	return out;
}

static SfFact *
renamed(const SfFact *fact, char *name)
{
	SfFact	   *copy = sf_fact_copy(fact);

	sf_own_name(copy) = name;
	return copy;
}

static List *
rename_to(List *statements, const SfPlan *plan, const SfFact *old, const SfFact *new)
{
	SfEmit		out = emit(plan, 0);

	old->kind->rename(&out, old, new);
	return add_all(statements, out.statements, SF_INSIDE);
}

/* ---- the kinds ---- */

/* An index of a partitioned table, under that name, with its copies; NIL: not possible. */
static List *
build_by_leaves(const SfPlan *plan, const SfFact *new, char *name, List **renames)
{
	List	   *family = sf_index_family(unconstify(SfFact *, new)),
			   *beside = NIL;
	ListCell   *lc,
			   *lb;

	if (sf_named_afterwards(family))
		return NIL;
	foreach(lc, family)
	{
		const SfFact *fact = lfirst(lc);
		char	   *other = fact == new ? name : sf_plan_free_name(plan, sf_last(fact), "new");

		/* Long names may be the same when they are cut. */
		foreach(lb, beside)
			if (strcmp(sf_last((SfFact *) lfirst(lb)), other) == 0)
				return NIL;
		beside = lappend(beside, renamed(fact, other));
	}
	return sf_index_beside_by_leaves(plan, family, beside, renames);
}

static List *
build_index(const SfPlan *plan, const SfFact *new, char *name)
{
	SfEmit		out = emit(plan, SF_EMIT_CONCURRENTLY);
	List	   *renames;

	if (sf_is_partitioned(new->parent))
		return build_by_leaves(plan, new, name, &renames);
	new->kind->create(&out, renamed(new, name), NIL);
	return out.statements;
}

/*
 * It steps aside: dropped in a transaction it would lock its table.  That of a partitioned table cannot go otherwise.
 */
static List *
retire_index(const SfPlan *plan, const SfFact *old)
{
	SfFact	   *aside = renamed(old, sf_plan_free_name(plan, sf_last(old), "old"));
	SfEmit		out = emit(plan, SF_EMIT_CONCURRENTLY);

	old->kind->drop(&out, aside);
	return add_all(rename_to(NIL, plan, old, aside), out.statements, SF_AFTER);
}

static List *
enthrone(const SfPlan *plan, const SfFact *new, char *name)
{
	return rename_to(NIL, plan, renamed(new, name), new);
}

static List *
enthrone_index(const SfPlan *plan, const SfFact *new, char *name)
{
	List	   *renames;

	if (!sf_is_partitioned(new->parent))
		return enthrone(plan, new, name);
	(void) build_by_leaves(plan, new, name, &renames);
	return add_all(NIL, renames, SF_INSIDE);
}

static List *
prove_constraint(const SfPlan *plan, const SfFact *new, char *name)
{
	SfFact	   *beside = renamed(new, name);
	SfEmit		out = emit(plan, SF_EMIT_NOT_VALID);

	new->kind->validate(&out, beside);
	if (out.statements == NIL)
		return NIL;
	out.statements = NIL;
	new->kind->create(&out, beside, NIL);
	new->kind->validate(&out, beside);
	return out.statements;
}

static List *
build_key(const SfPlan *plan, const SfFact *new, char *name)
{
	char	   *sql = sf_key_index(new, name);

	return sql ? list_make1(sql) : NIL;
}

static List *
adopt_index(const SfPlan *plan, const SfFact *new, char *name)
{
	return add(NIL, sf_key_adopts(new, name), SF_INSIDE, true);
}

typedef struct SfSuccession
{
	const char *kind;
	/* Texts that make the successor under the name; NIL: it cannot be made beside the old one. */
	List	   *(*build) (const SfPlan *plan, const SfFact *new, char *name);
	/* Statements that put it in the place of the old one, and those by which that goes (NULL: the plan's own). */
	List	   *(*enthrone) (const SfPlan *plan, const SfFact *new, char *name);
	List	   *(*retire) (const SfPlan *plan, const SfFact *old);
	bool		copied;			/* partitions get theirs, and its name, with it, or build and enthrone see to it */
} SfSuccession;

static const SfSuccession successions[] = {
	{"index", build_index, enthrone_index, retire_index, true},
	{"check", prove_constraint, enthrone, NULL, true},
	{"foreign key", prove_constraint, enthrone, NULL, false},
	{"primary key", build_key, adopt_index, NULL, false},
	{"unique", build_key, adopt_index, NULL, false},
};

static const SfSuccession *
succession(const SfKind *kind)
{
	for (int i = 0; i < lengthof(successions); i++)
		if (strcmp(successions[i].kind, kind->name) == 0)
			return &successions[i];
	return NULL;
}

/* ---- may it be? ---- */

/* Does another action of the bracket work on the fact? */
static bool
is_touched(List *bracket, const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, bracket)
	{
		const SfAction *action = lfirst(lc);

		if (action->new == fact || (fact->twin && action->old == fact->twin))
			return true;
	}
	return false;
}

/* Stands all that the successor needs before the bracket? */
static bool
stands_before(List *bracket, const SfFact *new)
{
	ListCell   *lc;

	for (const SfFact *above = new->parent; above; above = above->parent)
		if (is_touched(bracket, above))
			return false;
	foreach(lc, new->needs)
		if (((SfEdge *) lfirst(lc))->to != new && is_touched(bracket, ((SfEdge *) lfirst(lc))->to))
			return false;
	return true;
}

static bool
is_key(const SfFact *fact)
{
	return sf_is_kind(fact, "primary key") || sf_is_kind(fact, "unique") ||
		(sf_is_kind(fact, "index") && sf_attr(fact, "unique"));
}

/*
 * Would a foreign key take a key that goes in the bracket?  The server chooses the oldest over the same columns, and
 * that could not go then.
 */
static bool
takes_what_goes(List *bracket, const SfFact *new)
{
	ListCell   *lc,
			   *le;

	foreach(lc, sf_is_kind(new, "foreign key") ? bracket : NIL)
	{
		const SfAction *action = lfirst(lc);
		bool		takes = action->verb == SF_VERB_DROP && is_key(action->old);

		foreach(le, takes ? action->old->needs : NIL)
		{
			const SfFact *column = ((SfEdge *) lfirst(le))->to;

			if (sf_is_kind(column, "column"))
				takes = takes && sf_needs(new, column->twin);
		}
		if (takes)
			return true;
	}
	return false;
}

/* A partition that comes wants the constraints of the whole proved. */
static bool
attaches(List *bracket)
{
	ListCell   *lc;

	foreach(lc, bracket)
		if (((SfAction *) lfirst(lc))->kind->attaches)
			return true;
	return false;
}

static const SfAction *
creation(List *bracket, const SfFact *new)
{
	ListCell   *lc;

	foreach(lc, bracket)
		if (((SfAction *) lfirst(lc))->verb == SF_VERB_CREATE && ((SfAction *) lfirst(lc))->new == new)
			return lfirst(lc);
	return NULL;
}

/* Is it replaced for its own sake or others', on a big table that stands, and as the kind's writer has it? */
static bool
is_replaced(const SfPlan *plan, const SfAction *create, List *bracket)
{
	return create && create->table && ((create->rebuild && create->new->twin) || sf_successor(plan, create)) &&
		sf_is_kind(create->table, "table") && sf_is_big(create->table) && !attaches(bracket) &&
		sf_implied_by(create->new) == NULL && sf_begins_with(create, 0, sf_render_create(plan, create, 0));
}

/* The texts that build the successor beside the old one, under the name; NIL: it cannot be so. */
static List *
built_beside(const SfPlan *plan, const SfAction *create, List *bracket, char *name)
{
	const SfSuccession *way = create ? succession(create->kind) : NULL;
	SfEmit		out = emit(plan, 0);

	/* There is nothing to build where an index that goes becomes the key's. */
	if (way == NULL || sf_predecessor(&out, create->new) || !is_replaced(plan, create, bracket) ||
		!stands_before(bracket, create->new) || takes_what_goes(bracket, create->new))
		return NIL;
	if (!way->copied && (sf_copies_of(create->new) || (create->new->twin && sf_copies_of(create->new->twin)) ||
						 sf_is_partitioned(create->table)))
		return NIL;
	return way->build(plan, create->new, name);
}

/* ---- the statements ---- */

static List *
successor(const SfPlan *plan, const SfAction *create, List *bracket)
{
	char	   *name = sf_plan_free_name(plan, sf_last(create->new), "new");
	List	   *texts = built_beside(plan, create, bracket, name);
	int			said = list_length(sf_render_create(plan, create, 0));
	List	   *statements;

	if (texts == NIL)
		return NIL;
	statements = add_all(NIL, texts, SF_BEFORE);
	statements = list_concat(statements, succession(create->kind)->enthrone(plan, create->new, name));
	return add_all(statements, list_copy_tail(create->statements, said), SF_INSIDE);
}

/* A partitioned table's own cannot be unproved before 18: those of its leaves are, and it takes them in when proved. */
static List *
unproved_by_leaves(const SfPlan *plan, const SfAction *create)
{
	List	   *statements = sf_is_kind(create->new, "foreign key") && sf_is_partitioned(create->table) ?
		sf_foreign_key_by_leaves(plan, create) : NIL;
	ListCell   *lc;

	foreach(lc, statements)
	{
		SfStatement *statement = lfirst(lc);

		if (statement->validates || lc == list_tail(statements))
			statement->stage = SF_AFTER;
	}
	return statements;
}

/* It holds for what is written from now on; what is there is proved behind the bracket. */
static List *
unproved(const SfPlan *plan, const SfAction *create, List *bracket)
{
	SfEmit		out = emit(plan, 0);
	List	   *statements;

	if (create->kind->validate == NULL || !is_replaced(plan, create, bracket))
		return NIL;
	create->kind->validate(&out, create->new);
	if (out.statements == NIL)
		return unproved_by_leaves(plan, create);
	statements = add_all(NIL, sf_render_create(plan, create, SF_EMIT_NOT_VALID), SF_INSIDE);
	statements = add_all(statements, list_copy_tail(create->statements, list_length(statements)), SF_INSIDE);
	return add_all(statements, out.statements, SF_AFTER);
}

/* A column whose checks are all made anew: the server reads no row for them. */
static List *
without_checks(const SfAction *action, List *bracket)
{
	List	   *statements;
	ListCell   *lc;

	if (!action->changed[sf_kind_attr(action->kind, "type")])
		return NIL;
	foreach(lc, action->old->needed_by)
	{
		const SfFact *check = ((SfEdge *) lfirst(lc))->from;

		if (sf_is_kind(check, "check") && !(check->twin && creation(bracket, check->twin)))
			return NIL;
	}
	statements = sf_add_statements(NIL, action->statements, 0, false);
	((SfStatement *) linitial(statements))->proven = true;
	return statements;
}

List *
sf_replace_statements(const SfPlan *plan, const SfAction *action, List *bracket)
{
	const SfSuccession *way = succession(action->kind);
	const SfFact *new = sf_successor(plan, action);
	List	   *statements;

	if (action->verb == SF_VERB_ALTER && action->part == SF_PART_ALL && sf_is_kind(action->new, "column") &&
		action->statements)
		return without_checks(action, bracket);
	if (way == NULL)
		return NIL;
	if (action->verb == SF_VERB_CREATE)
	{
		statements = successor(plan, action, bracket);
		return statements ? statements : unproved(plan, action, bracket);
	}
	if (new == NULL)
		new = action->old ? action->old->twin : NULL;
	if (action->verb == SF_VERB_DROP && way->retire && new && !sf_is_partitioned(action->table) &&
		built_beside(plan, creation(bracket, new), bracket, sf_last(action->old)))
		return way->retire(plan, action->old);
	return NIL;
}
