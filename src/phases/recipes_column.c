/*
 * recipes_column.c - columns get values in batches, and NOT NULL by a proof.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "phases/dual.h"
#include "phases/recipes_parts.h"
#include "plan/emit.h"
#include "risk/risk.h"

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

/* A name that no constraint of the table has, before or after. */
static char *
free_name(const SfPlan *plan, const SfFact *column)
{
	for (int i = 0;; i++)
	{
		char	   *label = i ? psprintf("not_null_proof%d", i) : pstrdup("not_null_proof");
		char	   *name = makeObjectName(column->name[1], sf_last(column), label);
		const SfFact *was = column->parent->twin;

		if (!name_is_taken(plan->to, column->parent, name) && !(was && name_is_taken(plan->from, was, name)))
			return name;
	}
}

static const SfFact *
not_null_constraint(const SfFact *column)
{
	ListCell   *lc;

	foreach(lc, column->children)
		if (sf_is_kind(lfirst(lc), "not null"))
			return lfirst(lc);
	return NULL;
}

/*
 * SET NOT NULL reads the table under the strongest lock unless something proves it while others write.  From 18 on
 * it is a constraint, and can be made unproved and validated like others; before, a valid check is a proof: make
 * one, set, and drop it.
 */
List *
sf_prove_not_null(List *statements, const SfPlan *plan, const SfFact *column, char *set, char *unproved)
{
	const SfFact *constraint = not_null_constraint(column);
	const char *table = psprintf("ALTER TABLE %s", sf_rel(column));
	const char *name;

	if (constraint)
	{
		SfEmit		out;

		sf_plan_emit_init(&out, plan);
		constraint->kind->validate(&out, constraint);
		return sf_add_statements(sf_add_statement(statements, unproved, false, false), out.statements, 0, true);
	}
	name = sf_ident(free_name(plan, column));
	statements = sf_add_statement(
		statements,
		psprintf("%s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID", table, name, sf_ident(sf_last(column))),
		false, false);
	statements = sf_add_statement(statements, psprintf("%s VALIDATE CONSTRAINT %s", table, name), false, true);
	statements = sf_add_statement(statements, set, true, true);
	return sf_add_statement(statements, psprintf("%s DROP CONSTRAINT %s", table, name), false, true);
}

/* The statement that makes the column NOT NULL; NULL when it is none of a table's. */
static char *
render_not_null(const SfPlan *plan, const SfAction *action, int flags)
{
	const SfFact *column = action->new;
	bool	   *only = palloc0(column->kind->nattrs * sizeof(bool));
	int			i = sf_kind_attr(column->kind, "not_null");
	SfEmit		out;

	if (sf_attr(column, "not_null") == NULL || column->parent == NULL || !sf_is_kind(column->parent, "table"))
		return NULL;
	only[i] = true;
	sf_plan_emit_init(&out, plan);
	out.fills = NIL;
	out.flags = SF_EMIT_EXISTING | flags;
	column->kind->attrs[i].alter(&out, action->old, column, only);
	return list_length(out.statements) == 1 ? linitial(out.statements) : NULL;
}

/* Is there nothing to be proved, because something valid says it, or because nobody wants the proof? */
static bool
needs_no_proof(const SfFact *old, const SfFact *column)
{
	const SfFact *constraint = not_null_constraint(column);

	if (constraint && sf_attr(constraint, "not_valid"))
		return true;
	return old->parent && sf_risk_proves_not_null(old->parent, sf_last(old)) &&
		sf_risk_proves_not_null(column->parent, sf_last(column));
}

List *
sf_recipe_set_not_null(const SfPlan *plan, const SfAction *action)
{
	char	   *set = render_not_null(plan, action, 0);
	List	   *statements = NIL;
	ListCell   *lc;

	if (set == NULL || needs_no_proof(action->old, action->new))
		return NIL;
	foreach(lc, action->statements)
		if (strcmp(lfirst(lc), set) == 0)
			statements = sf_prove_not_null(statements, plan, action->new, set,
										   render_not_null(plan, action, SF_EMIT_NOT_VALID));
		else
			statements = sf_add_statement(statements, lfirst(lc), false, false);
	return statements;
}

/*
 * A column that the rows get values for: filled in batches, while a trigger fills what is written meanwhile, also by an
 * application that does not know the column.
 */
List *
sf_recipe_create_filled_column(const SfPlan *plan, const SfAction *action)
{
	const SfFact *column = action->new;
	List	   *plain = sf_render_create(plan, action, 0);
	List	   *statements = NIL;
	SfDual		dual = {true, sf_last(column)};
	SfEmit		out;
	ListCell   *lc,
			   *lt;

	sf_plan_emit_init(&out, plan);
	dual.expression = sf_fill(&out, column);
	if (dual.expression == NULL || !sf_is_kind(column->parent, "table") || !sf_begins_with(action, 0, plain) ||
		!sf_is_big(action->table))
		return NIL;
	foreach(lc, plain)
	{
		if (strncmp(lfirst(lc), "UPDATE ", 7) == 0)
			foreach(lt, sf_dual_tables(column))
				statements = sf_add_statements(statements, sf_dual_create(lfirst(lt), column, list_make1(&dual)), 0,
											   false);
		if (lnext(plain, lc) == NULL && sf_attr(column, "not_null"))
			statements = sf_prove_not_null(statements, plan, column, lfirst(lc),
										llast(sf_render_create(plan, action, SF_EMIT_NOT_VALID)));
		else
			statements = sf_add_statement(statements, lfirst(lc), false, false);
	}
	statements = sf_add_statements(statements, action->statements, list_length(plain), false);
	foreach(lt, sf_dual_tables(column))
	{
		statements = sf_add_statement(statements, sf_dual_drop(lfirst(lt), column), false, false);
		((SfStatement *) llast(statements))->closing = true;
	}
	return statements;
}
