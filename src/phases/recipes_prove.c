/*
 * recipes_prove.c - NOT NULL by a proof: columns of a table that have none are found out while others write.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "phases/recipes_fill.h"
#include "phases/recipes_parts.h"
#include "plan/emit.h"

static bool
name_is_taken(const SfFactBase *base, const SfFact *table, char *name)
{
	static const char *const kinds[] = {"primary key", "unique", "exclusion", "check", "foreign key"};
	char	   *names[3] = {table->name[0], table->name[1], name};

	for (int i = 0; i < lengthof(kinds); i++)
		if (sf_base_find_named(base, kinds[i], 3, names))
			return true;
	return false;
}

char *
sf_free_constraint(const SfPlan *plan, const SfFact *table, const char *column, const char *label)
{
	for (int i = 0;; i++)
	{
		char	   *name = makeObjectName(table->name[1], column, i ? psprintf("%s%d", label, i) : label);
		const SfFact *was = table->twin;

		if (!name_is_taken(plan->to, table, name) && !(was && name_is_taken(plan->from, was, name)))
			return name;
	}
}

/* NOT NULL as a constraint of its own, from 18 on; NULL: as a mark of the column. */
static const SfFact *
constraint_of(const SfProof *proof)
{
	return sf_child_of(proof->column, "not null");
}

/* A constraint can be made unproved and validated like others. */
static List *
prove_constraints(List *placed, const SfPlan *plan, List *proofs)
{
	SfEmit		out;
	ListCell   *lc;

	foreach(lc, proofs)
	{
		const SfProof *proof = lfirst(lc);

		placed = sf_place(placed, proof->action, sf_add_statement(NIL, proof->unproved, false, false));
	}
	foreach(lc, proofs)
	{
		const SfProof *proof = lfirst(lc);

		sf_plan_emit_init(&out, plan);
		constraint_of(proof)->kind->validate(&out, constraint_of(proof));
		placed = sf_place(placed, proof->action, sf_add_statements(NIL, out.statements, 0, true));
	}
	return placed;
}

/* A valid check is a proof: make one, set, and drop it. */
static List *
prove_by_check(List *placed, const SfPlan *plan, List *proofs)
{
	const SfProof *first = linitial(proofs);
	const char *table = psprintf("ALTER TABLE %s", sf_rel(first->column));
	const char *name = sf_ident(sf_free_constraint(plan, first->column->parent,
												   list_length(proofs) == 1 ? sf_last(first->column) : NULL,
												   "not_null_proof"));
	List	   *conditions = NIL,
			   *statements;
	ListCell   *lc;

	foreach(lc, proofs)
	{
		const SfProof *proof = lfirst(lc);

		conditions = lappend(conditions, psprintf("%s IS NOT NULL", sf_ident(sf_last(proof->column))));
	}
	statements = sf_add_statement(NIL, psprintf("%s ADD CONSTRAINT %s CHECK (%s) NOT VALID", table, name,
												sf_join(conditions, " AND ")), false, false);
	statements = sf_add_statement(statements, psprintf("%s VALIDATE CONSTRAINT %s", table, name), false, true);
	placed = sf_place(placed, first->action, statements);
	foreach(lc, proofs)
	{
		const SfProof *proof = lfirst(lc);

		placed = sf_place(placed, proof->action, sf_add_statement(NIL, proof->set, true, true));
	}
	statements = sf_add_statement(NIL, psprintf("%s DROP CONSTRAINT %s", table, name), false, true);
	return sf_place(placed, first->action, statements);
}

/* Those of the first one's table, of "proofs", which loses them. */
static List *
of_one_table(List **proofs)
{
	const SfFact *table = ((SfProof *) linitial(*proofs))->column->parent;
	List	   *found = NIL;
	ListCell   *lc;

	foreach(lc, *proofs)
		if (((SfProof *) lfirst(lc))->column->parent == table)
		{
			found = lappend(found, lfirst(lc));
			*proofs = foreach_delete_current(*proofs, lc);
		}
	return found;
}

List *
sf_prove_not_null(List *placed, const SfPlan *plan, List *proofs)
{
	proofs = list_copy(proofs);
	while (proofs)
	{
		List	   *together = of_one_table(&proofs);

		placed = constraint_of(linitial(together)) ? prove_constraints(placed, plan, together) :
			prove_by_check(placed, plan, together);
	}
	return placed;
}
