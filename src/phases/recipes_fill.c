/*
 * recipes_fill.c - what is done to the rows of a table, for all its columns at once.
 *
 * Each column that gets values, or is proved to have no NULL, is a *filling* (recipes_fill_column.c).  Those of a table
 * that can go together do: the columns are added, one trigger writes what the application that does not know them
 * leaves out, one UPDATE goes through the rows in batches, and one check proves all that are to be NOT NULL.
 */
#include "postgres.h"

#include "phases/archive.h"
#include "phases/recipes_fill.h"
#include "phases/recipes_parts.h"
#include "plan/emit.h"

List *
sf_place(List *placed, const SfAction *action, List *statements)
{
	ListCell   *lc;

	foreach(lc, statements)
	{
		SfPlaced   *one = palloc(sizeof(SfPlaced));

		one->action = action;
		one->statement = *(SfStatement *) lfirst(lc);
		placed = lappend(placed, one);
	}
	return placed;
}

/* ---- triggers ---- */

/* Of SfFilling: those whose trigger stays until the gate, or goes when the column is full, or when it is generated. */
static List *
with_trigger(List *fillings, bool stays, bool computed)
{
	List	   *found = NIL;
	ListCell   *lc;

	foreach(lc, fillings)
	{
		const SfFilling *filling = lfirst(lc);

		if (filling->fill && filling->stays == stays && filling->dual.computed == computed)
			found = lappend(found, lfirst(lc));
	}
	return found;
}

static List *
add_triggers(List *placed, List *fillings)
{
	const SfFilling *first = fillings ? linitial(fillings) : NULL;
	List	   *duals = NIL;
	ListCell   *lc;

	foreach(lc, fillings)
		duals = lappend(duals, &((SfFilling *) lfirst(lc))->dual);
	foreach(lc, first ? sf_dual_tables(first->action->new) : NIL)
	{
		List	   *texts = sf_dual_create(lfirst(lc), first->action->new, duals);

		texts = lappend(texts, sf_dual_fits(lfirst(lc), first->action->new, &first->dual));
		placed = sf_place(placed, first->action, sf_add_statements(NIL, texts, 0, false));
	}
	return placed;
}

/* When the other version of the application is gone, or when the columns are full: nobody waits for that. */
static List *
drop_triggers(List *placed, List *fillings)
{
	const SfFilling *first = fillings ? linitial(fillings) : NULL;
	ListCell   *lc;

	foreach(lc, first ? sf_dual_tables(first->action->new) : NIL)
	{
		List	   *statements = sf_add_statement(NIL, sf_dual_drop(lfirst(lc), first->action->new, &first->dual),
												  false, !first->stays);
		SfStatement *statement = linitial(statements);

		statement->closing = first->stays;
		statement->joined = !first->stays && foreach_current_index(lc) > 0;
		placed = sf_place(placed, first->action, statements);
	}
	return placed;
}

/* ---- all together ---- */

/* Types that an explicit cast would cut to a length without a word, and what casts to them without one. */
static const struct
{
	const char *type;
	const char *any_length;
}			lengths[] =
{
	{"character varying(", "character varying"}, {"character(", "bpchar"}, {"bit varying(", "bit varying"},
	{"bit(", "\"bit\""},
};

/*
 * The column's type, or what the domain is made of, for an expression that is going to be assigned to it: that says
 * whether it is too long, and whether the domain takes it.
 */
static char *
type_of(const SfFact *column)
{
	const char *type = sf_base_type(column);

	for (int i = 0; i < lengthof(lengths); i++)
		if (strncmp(type, lengths[i].type, strlen(lengths[i].type)) == 0)
			return psprintf("%s%s", lengths[i].any_length, strchr(type, ')') + 1);
	return pstrdup(type);
}

/*
 * Rows that have a value keep it, but of a column that is going to be generated when it is another.  Where the types
 * differ it is assigned: the triggers have proved that it can be.
 */
static char *
fill_all(List *fillings)
{
	const SfFilling *first = linitial(fillings);
	List	   *values = NIL,
			   *missing = NIL;
	ListCell   *lc;

	if (list_length(fillings) == 1 && !first->dual.computed)
		return first->fill;
	foreach(lc, fillings)
	{
		const SfFilling *filling = lfirst(lc);
		const char *name = sf_ident(filling->dual.column);

		values = lappend(values, filling->dual.computed ? psprintf("%s = (%s)", name, filling->dual.expression) :
						 psprintf("%s = COALESCE(%s, (%s)::%s)", name, name, filling->dual.expression,
								  type_of(filling->action->new)));
		missing = lappend(missing, filling->dual.computed ? psprintf("NOT %s", sf_is_computed(filling)) :
						  psprintf("%s IS NULL", name));
	}
	return psprintf("UPDATE %s SET %s WHERE %s", sf_rel(first->action->new), sf_join(values, ", "),
					sf_join(missing, " OR "));
}

/* What several ask for is done once. */
static List *
place_once(List *placed, const SfAction *action, List *statements)
{
	ListCell   *lc,
			   *lp;

	foreach(lc, statements)
	{
		bool		found = false;

		foreach(lp, placed)
			found = found || strcmp(((SfPlaced *) lfirst(lp))->statement.sql, ((SfStatement *) lfirst(lc))->sql) == 0;
		if (!found)
			placed = sf_place(placed, action, list_make1(lfirst(lc)));
	}
	return placed;
}

List *
sf_fill_statements(const SfPlan *plan, List *fillings)
{
	List	   *stay = with_trigger(fillings, true, false),
			   *go = with_trigger(fillings, false, false),
			   *computed = with_trigger(fillings, false, true),
			   *filled = NIL,
			   *behind = NIL,
			   *proofs = NIL,
			   *placed = NIL;
	ListCell   *lc;

	foreach(lc, fillings)
	{
		SfFilling  *filling = lfirst(lc);

		placed = place_once(placed, filling->action, filling->before);
		placed = sf_place(placed, filling->action, filling->restore);
		behind = place_once(behind, filling->action, filling->behind);
		if (filling->fill)
			filled = lappend(filled, filling);
		if (filling->proof.set)
			proofs = lappend(proofs, &filling->proof);
	}
	placed = add_triggers(add_triggers(add_triggers(placed, stay), go), computed);
	if (filled)
		placed = sf_place(placed, ((SfFilling *) linitial(filled))->action,
						  sf_add_statement(NIL, fill_all(filled), false, false));
	placed = sf_claim_computed(placed, plan, computed);
	placed = sf_prove_not_null(list_concat(placed, behind), plan, proofs);
	placed = sf_generate_all(drop_triggers(placed, go), plan, computed);
	foreach(lc, fillings)
	{
		const SfFilling *filling = lfirst(lc);

		placed = sf_place(placed, filling->action, filling->after);
	}
	return drop_triggers(placed, stay);
}

List *
sf_recipe_fill(const SfPlan *plan, const SfAction *action)
{
	SfFilling  *filling = sf_filling(plan, action);
	List	   *statements = NIL;
	ListCell   *lc;

	foreach(lc, filling ? sf_fill_statements(plan, list_make1(filling)) : NIL)
		statements = lappend(statements, &((SfPlaced *) lfirst(lc))->statement);
	return statements;
}

/* ---- which go together ---- */

/*
 * NULL also for what has statements of its own around it.  What waits for a loss stays behind all that may fail on the
 * rows before it.
 */
static SfFilling *
filling_of(const SfPlan *plan, const SfAction *action)
{
	if (action->new == NULL || action->table == NULL || !sf_is_kind(action->new, "column") || action->rebuild ||
		action->statements == NIL || action->loss == SF_LOSS_YES || sf_archive_statements(plan, action, true) ||
		(action->verb == SF_VERB_CREATE ? sf_comes_along(action->new) :
		 action->verb != SF_VERB_ALTER || sf_changed(action->old, action->new, "type")))
		return NULL;
	return sf_filling(plan, action);
}

const SfFact *
sf_filled_table(const SfPlan *plan, const SfAction *action)
{
	const SfFilling *filling = filling_of(plan, action);

	return filling && filling->dual.level == 0 ? action->new->parent : NULL;
}

static bool
same_tables(const SfFilling *a, const SfFilling *b)
{
	List	   *x = sf_dual_tables(a->action->new),
			   *y = sf_dual_tables(b->action->new);

	return list_difference_ptr(x, y) == NIL && list_difference_ptr(y, x) == NIL;
}

List *
sf_fillings(const SfPlan *plan, List *actions, int first, const int *until)
{
	List	   *fillings = NIL;

	for (int i = first; i < list_length(actions) && until[i] == i; i++)
	{
		SfFilling  *filling = filling_of(plan, list_nth(actions, i));
		const SfFilling *leader = fillings ? linitial(fillings) : filling;

		if (filling == NULL || filling->action->new->parent != leader->action->new->parent ||
			filling->action->late != leader->action->late || filling->dual.level != leader->dual.level ||
			!same_tables(leader, filling))
			break;
		fillings = lappend(fillings, filling);
	}
	return fillings;
}
