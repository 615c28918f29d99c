/*
 * recipes_partition.c - partitions come and go while the whole is used.
 *
 * ATTACH reads the table under its strongest lock, and the default partition, too, unless valid checks prove what it
 * would look for: so they are made and validated before, and go with it.  CREATE TABLE ... PARTITION OF locks the
 * whole; made by itself and attached, the table does not.  DETACH CONCURRENTLY does not either, but leaves a check
 * behind under a name of its own, unless it finds one; so that is made, and dropped afterwards.
 *
 * Rows of the default partition that are the new one's stand in its way.  From one that is not big they move to it in
 * the transaction that attaches it; in a big one the proof finds them, before anything is done.
 */
#include "postgres.h"

#include "phases/bounds.h"
#include "phases/recipes_archive.h"
#include "phases/recipes_parts.h"
#include "plan/emit.h"

/* A check that is made, validated, and has done its duty. */
typedef struct SfProof
{
	List	   *make;			/* of SfStatement */
	char	   *drop;
} SfProof;

static SfProof *
prove(const SfPlan *plan, const SfFact *table, const char *expression)
{
	SfProof    *proof = palloc(sizeof(SfProof));
	char	   *name = sf_plan_free_name(plan, sf_last(table), "proof");
	const char *alter = psprintf("ALTER TABLE %s", sf_name(table));

	proof->make = sf_add_statement(NIL, psprintf("%s ADD CONSTRAINT %s CHECK (%s) NOT VALID", alter, sf_ident(name),
												 expression), false, false);
	proof->make = sf_add_statement(proof->make, psprintf("%s VALIDATE CONSTRAINT %s", alter, sf_ident(name)), false,
								   true);
	proof->drop = psprintf("%s DROP CONSTRAINT %s", alter, sf_ident(name));
	return proof;
}

/* The default partition of a table that stands, if it stands and stays; else NULL. */
static const SfFact *
standing_default(const SfFact *whole)
{
	const SfFact *part = sf_default_partition(whole);

	return part && sf_attachment(part)->twin ? part : NULL;
}

/* The table that a partition is attached to, if it stands. */
static const SfFact *
standing_whole(const SfFact *partition)
{
	const SfFact *whole = sf_attached_to(partition);

	return whole && whole->twin && sf_is_partitioned(whole) ? whole : NULL;
}

/* The texts, and what proves them; NIL: nothing has to be, or can be.  table: that of the rows; NULL: it is empty. */
static List *
attach_proven(const SfPlan *plan, const SfFact *partition, const SfFact *table, List *attach)
{
	const SfFact *whole = standing_whole(partition);
	const char *bound = sf_attr(partition, "bound");
	const SfFact *others = standing_default(whole);
	List	   *proofs = NIL;
	List	   *statements = NIL;
	ListCell   *lc;

	if (sf_is_default_bound(bound) || sf_bound_expression(whole, bound) == NULL)
		return NIL;
	if (table && sf_is_big(table))
		proofs = lappend(proofs, prove(plan, table, sf_bound_expression(whole, bound)));
	if (others && sf_is_big(others))
		proofs = lappend(proofs, prove(plan, others, psprintf("NOT (%s)", sf_bound_own_expression(whole, bound))));
	if (proofs == NIL)
		return NIL;
	foreach(lc, proofs)
		statements = list_concat(statements, ((SfProof *) lfirst(lc))->make);
	foreach(lc, attach)
	{
		statements = sf_add_statement(statements, lfirst(lc), true, false);
		((SfStatement *) llast(statements))->joined = foreach_current_index(lc) > 0;
	}
	foreach(lc, proofs)
	{
		statements = sf_add_statement(statements, ((SfProof *) lfirst(lc))->drop, false, false);
		((SfStatement *) llast(statements))->joined = true;
	}
	return statements;
}

List *
sf_recipe_attach(const SfPlan *plan, const SfAction *action)
{
	if (standing_whole(action->new) == NULL || !sf_is_kind(action->table, "table"))
		return NIL;
	return attach_proven(plan, action->new, action->table, action->statements);
}

/* ---- a table that is made as a partition ---- */

static const SfFact *
folded_partition(const SfAction *action)
{
	ListCell   *lc;

	foreach(lc, action->folded)
		if (sf_is_kind(lfirst(lc), "partition") && ((SfFact *) lfirst(lc))->parent == action->new)
			return lfirst(lc);
	return NULL;
}

/* As one that is like the whole; NULL: the statement says more than the bound. */
static char *
create_alike(const SfAction *action, const SfFact *partition)
{
	const char *create = linitial(action->statements);
	char	   *head = psprintf("CREATE TABLE %s PARTITION OF %s %s", sf_name(action->new), sf_attr(partition, "of"),
								sf_attr(partition, "bound"));

	if (strncmp(create, head, strlen(head)) != 0)
		return NULL;
	return psprintf("CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED "
					"INCLUDING STORAGE INCLUDING COMPRESSION)%s", sf_name(action->new), sf_attr(partition, "of"),
					create + strlen(head));
}

static char *
attach(const SfFact *partition)
{
	return psprintf("ALTER TABLE %s ATTACH PARTITION %s %s", sf_attr(partition, "of"), sf_rel(partition),
					sf_attr(partition, "bound"));
}

/*
 * What is made like the whole proves checks that the whole has not proved: rows that break them would not come in.  So
 * they go, by texts that are appended to "create", and come back unproved before it is attached: by those returned.
 */
static List *
leave_unproved(const SfPlan *plan, const SfAction *action, const SfFact *whole, List **create)
{
	SfEmit		gone,
				back;
	ListCell   *lc;

	sf_plan_emit_init(&gone, plan);
	sf_plan_emit_init(&back, plan);
	gone.flags = SF_EMIT_APART;
	back.flags = SF_EMIT_APART | SF_EMIT_NOT_VALID;
	foreach(lc, action->new->children)
	{
		const SfFact *copy = lfirst(lc);
		const SfFact *original = sf_implied_by(copy);

		if (!sf_is_kind(copy, "check") || original == NULL || sf_relation_of(original) != whole ||
			sf_attr(original, "not_valid") == NULL || !sf_is_made_by(plan, action, original))
			continue;
		copy->kind->drop(&gone, copy);
		copy->kind->create(&back, copy, NIL);
	}
	*create = list_concat(*create, gone.statements);
	return back.statements;
}

/* Would rows that are taken out of it be missed: by a trigger or rule, or by rows that refer to them? */
static bool
minds_deletion(const SfFact *table)
{
	ListCell   *lc,
			   *ln;

	for (; table; table = sf_whole_of(table))
		foreach(lc, table->children)
		{
			const SfFact *child = lfirst(lc);

			if (sf_is_kind(child, "trigger") || sf_is_kind(child, "rule"))
				return true;
			foreach(ln, child->kind->backs ? child->needed_by : NIL)
				if (((SfEdge *) lfirst(ln))->from->kind->binds)
					return true;
		}
	return false;
}

/* The statement that takes them over; NULL: there are none, or they had better stay. */
static char *
move_from_default(const SfFact *partition, const SfFact *whole)
{
	const SfFact *others = standing_default(whole);
	const char *bound = sf_attr(partition, "bound");
	List	   *columns = NIL;
	char	   *belongs,
			   *list;
	ListCell   *lc;

	if (others == NULL || sf_is_default_bound(bound) || sf_is_partitioned(partition->parent) || sf_is_big(others) ||
		sf_risk_rows(others->name[0], others->name[1]) <= 0 || minds_deletion(others) ||
		(belongs = sf_bound_own_expression(whole, bound)) == NULL)
		return NULL;
	foreach(lc, whole->children)
		if (sf_is_kind(lfirst(lc), "column") && !sf_is_generated(lfirst(lc)))
			columns = lappend(columns, unconstify(char *, sf_ident(sf_last((SfFact *) lfirst(lc)))));
	list = sf_join(columns, ", ");
	return psprintf("WITH moved AS (DELETE FROM %s WHERE %s RETURNING %s) INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE "
					"SELECT * FROM moved", sf_name(others), belongs, list, sf_rel(partition), list);
}

/* In one transaction, with the rows that are taken over; move: NULL for none. */
static List *
attach_with_rows(List *create, char *move, List *attach)
{
	List	   *statements = sf_add_statements(NIL, create, 0, false);
	ListCell   *lc;

	if (move)
	{
		SfStatement *moving;

		statements = sf_add_statement(statements, move, false, false);
		moving = llast(statements);
		moving->keeps = true;
		moving->why = "rows of the default partition that are this one's move to it";
	}
	statements = sf_add_statements(statements, attach, 0, false);
	for_each_from(lc, statements, 1)
		((SfStatement *) lfirst(lc))->joined = true;
	return statements;
}

/* In one transaction: parents that are there for a while are seen by nobody. */
List *
sf_recipe_inherit(const SfPlan *plan, const SfAction *action)
{
	return attach_with_rows(action->statements, NULL, NIL);
}

/* Made like the whole, then attached to it. */
List *
sf_recipe_create_partition(const SfPlan *plan, const SfAction *action)
{
	const SfFact *partition = folded_partition(action);
	const SfFact *whole = partition ? standing_whole(partition) : NULL;
	char	   *move = whole ? move_from_default(partition, whole) : NULL;
	char	   *alike = whole && (move || sf_is_big(whole->twin)) ? create_alike(action, partition) : NULL;
	List	   *create,
			   *attachment,
			   *statements = NIL;

	if (alike == NULL)
		return NIL;
	create = list_make1(alike);
	attachment = lappend(leave_unproved(plan, action, whole, &create), attach(partition));
	if (move == NULL)
		statements = attach_proven(plan, partition, NULL, list_concat_copy(create, attachment));
	if (statements == NIL)
		statements = attach_with_rows(create, move, attachment);
	return sf_add_statements(statements, action->statements, 1, false);
}

/* Does a trigger of the whole, or of what that is a part of, have clones on what is made as its partition? */
static bool
has_triggers(const SfPlan *plan, const SfAction *action, const SfFact *whole)
{
	ListCell   *lc;

	for (; whole; whole = sf_whole_of(whole))
		foreach(lc, whole->children)
			if (sf_is_kind(lfirst(lc), "trigger") && sf_is_made_by(plan, action, lfirst(lc)))
				return true;
	return false;
}

bool
sf_partition_apart(const SfPlan *plan, const SfAction *action, List **create, List **attachment)
{
	const SfFact *partition = folded_partition(action);
	const SfFact *whole = partition ? sf_attached_to(partition) : NULL;
	char	   *alike;
	List	   *texts = NIL,
			   *proven;

	if (whole == NULL || (standing_whole(partition) == NULL && !has_triggers(plan, action, whole)))
		return false;
	alike = create_alike(action, partition);
	*create = alike ? list_make1(alike) :
		list_make2(linitial(action->statements), psprintf("ALTER TABLE %s DETACH PARTITION %s",
														  sf_attr(partition, "of"), sf_rel(partition)));
	if (alike)
		texts = leave_unproved(plan, action, whole, create);
	texts = lappend(texts, attach(partition));
	proven = standing_whole(partition) ? attach_proven(plan, partition, action->new, texts) : NIL;
	*attachment = proven ? proven : sf_add_statements(NIL, texts, 0, false);
	return true;
}

/* ---- those that go ---- */

/* The statement; NULL: it is not worth it, or not possible: not where there is a default partition, or was. */
static char *
detach_concurrently(const SfFact *partition)
{
	const SfFact *whole = sf_attached_to(partition);

	if (whole == NULL || whole->twin == NULL || !sf_is_partitioned(whole) || !sf_is_big(whole) ||
		sf_default_partition(whole) || sf_default_partition(whole->twin) || sf_attr(partition, "detaching"))
		return NULL;
	return psprintf("ALTER TABLE %s DETACH PARTITION %s CONCURRENTLY", sf_attr(partition, "of"),
					sf_rel(partition));
}

/* The check that the server would leave behind is made before, and dropped. */
List *
sf_recipe_detach(const SfPlan *plan, const SfAction *action)
{
	const SfFact *partition = action->old;
	char	   *detach = detach_concurrently(partition);
	char	   *expression = NULL;
	SfProof    *proof;
	List	   *statements;

	if (detach)
		expression = sf_bound_expression(sf_attached_to(partition), sf_attr(partition, "bound"));
	if (expression == NULL || list_length(action->statements) != 1 || !sf_is_kind(action->table, "table"))
		return NIL;
	proof = prove(plan, partition->parent, expression);
	statements = sf_add_statement(proof->make, detach, true, false);
	return sf_add_statement(statements, proof->drop, false, false);
}

/* The check that the server leaves behind may stay where it needs nothing but what the server has. */
char *
sf_detach_for_good(const SfFact *partition)
{
	char	   *detach = detach_concurrently(partition);

	if (detach == NULL || sf_bound_expression(sf_attached_to(partition), sf_attr(partition, "bound")) == NULL)
		return NULL;
	for (const SfFact *part = partition; part; part = sf_attachment(sf_attached_to(part)))
		if (sf_is_users_type(sf_bound_column(sf_attached_to(part))))
			return NULL;
	return detach;
}

/*
 * A partition is detached before it is dropped.  Foreign keys to big tables go one by one before: a drop locks all of
 * them.
 */
List *
sf_recipe_drop_table(const SfPlan *plan, const SfAction *action)
{
	const SfFact *partition = sf_child_of(action->old, "partition");
	char	   *detach = partition ? detach_concurrently(partition) : NULL;
	List	   *statements;

	if (detach)
		statements = sf_add_statement(NIL, detach, false, false);
	else
		statements = sf_untie(plan, action->old);
	return statements ? sf_add_statements(statements, action->statements, 0, false) : NIL;
}
