/*
 * recipes_generated.c - a stored generated column of a big table: a plain one becomes it when it has its values.
 *
 * The server would compute them for all rows under the strongest lock.  A plain column gets them from a trigger, and in
 * batches; a check is made that says so, and proved while others write; then one short transaction makes it generated
 * (apply/generate.c), which believes nothing but the check.  Both versions of the application are served all the time,
 * as none has written the column or is going to: it waits for no gate.
 */
#include "postgres.h"

#include "compat.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "phases/generated.h"
#include "phases/recipes_fill.h"
#include "phases/recipes_parts.h"
#include "phases/recipes_shadow.h"
#include "phases/steps.h"
#include "utils/regproc.h"

#define NOT_ONLINE	"computed for each row under the lock: "

/* ---- where it is not so ---- */

/* While it is plain, those who subscribe to the table would be sent it. */
static bool
is_published(const SfFact *table)
{
	const SfFact *was = table->twin ? table->twin : table;
	const char *args[] = {was->name[0], was->name[1]};
	ListCell   *lc;

	foreach(lc, table->needed_by)
	{
		const SfFact *published = ((SfEdge *) lfirst(lc))->from;

		if (sf_is_kind(published, "publication table") && sf_attr(published, "columns") == NULL)
			return true;
	}
	return sf_query_text("SELECT 't' FROM pg_catalog.pg_class c "
						 "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) relnamespace "
						 "WHERE nspname OPERATOR(pg_catalog.=) $1 AND relname OPERATOR(pg_catalog.=) $2 AND (EXISTS "
						 "(SELECT FROM pg_catalog.pg_publication WHERE puballtables) OR EXISTS "
						 "(SELECT FROM pg_catalog.pg_publication_namespace WHERE pnnspid OPERATOR(pg_catalog.=) n.oid) "
						 "OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel "
						 "WHERE prrelid OPERATOR(pg_catalog.=) c.oid AND prattrs IS NULL))",
						 lengthof(args), args) != NULL;
}

/* Ours comes last, by its name; one behind it may change what it has read. */
static bool
has_later_trigger(const SfFact *table)
{
	ListCell   *lc;

	foreach(lc, table ? table->children : NIL)
		if (sf_is_kind(lfirst(lc), "trigger") && strcmp(sf_last((SfFact *) lfirst(lc)), SF_OUR_NAMES) > 0)
			return true;
	return false;
}

/* Of one that has the column: itself, a partition, a child. */
static const char *
why_not_of_table(const SfFact *table)
{
	if (!sf_is_kind(table, "table") || table->twin == NULL || !sf_is_kind(table->twin, "table"))
		return NOT_ONLINE "a partition or child of the table comes in the same plan, or is a foreign table";
	if (sf_attr(table, "of_type"))
		return NOT_ONLINE "the table is of a type";
	if (sf_attr(table, "force_row_security") || sf_attr(table->twin, "force_row_security"))
		return NOT_ONLINE "row security, forced on the owner, would hide rows from what fills it";
	if (has_later_trigger(table) || has_later_trigger(table->twin))
		return NOT_ONLINE "a trigger would have to fire behind all others, and one of the table has a name behind "
			"\"~\"";
	if (is_published(table))
		return NOT_ONLINE "the table is published, and subscribers would be sent the column while it is filled; a "
			"publication that lists its columns does not";
	return NULL;
}

static bool
has_own_expression(const SfFact *column)
{
	const SfFact *generated = sf_child_of(column, "generated");

	return generated == NULL || sf_attr(generated, "local");
}

/* The same of all that have it.  Where it is exchanged they all have it before, too; else it comes to all with it. */
static const char *
why_not_of_tables(const SfFact *column)
{
	const char *why = why_not_of_table(column->parent);
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, why ? NIL : sf_copies_of(column))
	{
		const SfFact *copy = lfirst(lc);

		if (column->twin ? copy->twin == NULL || sf_reattached(copy) : copy->twin || !sf_comes_along(copy))
			return NOT_ONLINE "a partition or child of the table comes in the same plan, or has the column already";
		if (has_own_expression(copy) || (copy->twin && has_own_expression(copy->twin)) || sf_has_other_root(copy))
			return NOT_ONLINE "a partition or child of the table has the column of another table, too, or with an "
				"expression of its own";
		if ((why = why_not_of_tables(copy)) != NULL)
			break;
	}
	return why;
}

const char *
sf_why_not_filled(const SfFact *column)
{
	const char *expression = sf_attr(sf_child_of(column, "generated"), "expression");

	if (strstr(expression, "tableoid"))
		return NOT_ONLINE "a trigger cannot, as the expression reads tableoid";
	if (sf_generated_condition(sf_last(column), sf_attr(column, "type"), expression) == NULL)
		return NOT_ONLINE "no check can say what an array of a type with a length has; one of the type without is "
			"filled in batches";
	if (sf_implied_by(column))
		return NOT_ONLINE "a parent of the table has the column, too";
	return why_not_of_tables(column);
}

/* ---- the column ---- */

SfFilling *
sf_fill_generated(const SfPlan *plan, const SfAction *action, List *plain)
{
	const SfFact *column = action->new,
			   *generated = sf_child_of(column, "generated");
	SfFilling  *filling;
	SfDual		dual = {.fill = true,.computed = true};

	if (generated == NULL || !list_member_ptr(action->folded, generated) || action->rebuild ||
		list_length(plain) != 1 || sf_no_online_value(column) ||
		!(sf_recipe_risk(plan, action, linitial(plain), false) & SF_RISK_REWRITES))
		return NULL;
	dual.expression = sf_attr(generated, "expression");
	filling = sf_filling_without(plan, action, generated, dual);
	filling->after = sf_add_statements(NIL, action->statements, list_length(plain), false);
	return filling;
}

/* ---- when all is full ---- */

char *
sf_is_computed(const SfFilling *filling)
{
	return sf_generated_condition(filling->dual.column, sf_attr(filling->action->new, "type"),
								  filling->dual.expression);
}

#define GENERATE	"sf_generate"

static char *
make_generated(const SfFact *column, const char *expression)
{
	return psprintf("SELECT schemaflow." GENERATE "(%s, %s, %s)", sf_literal(sf_rel(column)),
					sf_literal(sf_last(column)), sf_literal(expression));
}

/* In the transaction of the statement before. */
static List *
join(List *statements, char *sql)
{
	statements = sf_add_statement(statements, sql, false, true);
	((SfStatement *) llast(statements))->joined = true;
	return statements;
}

/* One for all, so that the table is read once. */
static const char *
name_of_check(const SfPlan *plan, List *fillings)
{
	const SfFact *column = ((SfFilling *) linitial(fillings))->action->new;

	return sf_ident(sf_free_constraint(plan, column->parent, list_length(fillings) == 1 ? sf_last(column) : NULL,
									   "generated_proof"));
}

List *
sf_claim_computed(List *placed, const SfPlan *plan, List *fillings)
{
	const SfAction *action = fillings ? ((SfFilling *) linitial(fillings))->action : NULL;
	List	   *conditions = NIL;
	ListCell   *lc;

	foreach(lc, fillings)
		conditions = lappend(conditions, sf_is_computed(lfirst(lc)));
	return action == NULL ? placed :
		sf_place(placed, action, sf_add_statement(NIL, psprintf("ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s) NOT VALID",
																 sf_rel(action->new), name_of_check(plan, fillings),
																 sf_join(conditions, " AND ")), false, false));
}

/* One transaction ends the triggers and makes them generated. */
List *
sf_generate_all(List *placed, const SfPlan *plan, List *fillings)
{
	const SfFilling *first = fillings ? linitial(fillings) : NULL;
	const SfFact *column = first ? first->action->new : NULL;
	List	   *statements;
	const char *constraint;
	ListCell   *lc;

	if (first == NULL)
		return placed;
	constraint = psprintf("CONSTRAINT %s", name_of_check(plan, fillings));
	statements = sf_add_statement(NIL, psprintf("ALTER TABLE %s VALIDATE %s", sf_rel(column), constraint), false, true);
	foreach(lc, sf_dual_tables(column))
	{
		char	   *drop = sf_dual_drop(lfirst(lc), column, &first->dual);

		statements = foreach_current_index(lc) ? join(statements, drop) :
			sf_add_statement(statements, drop, false, true);
	}
	foreach(lc, fillings)
	{
		const SfFilling *filling = lfirst(lc);

		statements = join(statements, make_generated(filling->action->new, filling->dual.expression));
		((SfStatement *) llast(statements))->why = "reads no row: the check has proved what it has";
	}
	statements = join(statements, psprintf("ALTER TABLE %s DROP %s", sf_rel(column), constraint));
	return sf_place(placed, first->action, statements);
}

/* ---- one that takes the place of another generated column ---- */

char *
sf_shadow_computed(const SfShadow *shadow)
{
	return sf_generated_condition(shadow->name, sf_attr(shadow->new, "type"), shadow->up);
}

static const char *
name_of_claim(const SfPlan *plan, const SfShadow *shadow)
{
	return sf_ident(sf_free_constraint(plan, shadow->new->parent, sf_last(shadow->new), "generated_proof"));
}

List *
sf_shadow_claim(const SfPlan *plan, const SfShadow *shadow)
{
	return sf_add_statement(NIL, psprintf("ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s) NOT VALID",
										  sf_name(sf_shadow_table(shadow->new->parent)), name_of_claim(plan, shadow),
										  sf_shadow_computed(shadow)), false, false);
}

List *
sf_shadow_prove_claim(const SfPlan *plan, const SfShadow *shadow)
{
	return sf_add_statement(NIL, psprintf("ALTER TABLE %s VALIDATE CONSTRAINT %s",
										  sf_name(sf_shadow_table(shadow->new->parent)), name_of_claim(plan, shadow)),
							false, true);
}

void
sf_shadow_generate(SfEmit *out, const SfPlan *plan, const SfShadow *shadow)
{
	/* What inheriting tables declare becomes it with the whole. */
	if (shadow->whole)
		return;
	sf_emit(out, "%s", make_generated(shadow->new, sf_attr(sf_child_of(shadow->new, "generated"), "expression")));
	sf_emit(out, "ALTER TABLE %s DROP CONSTRAINT %s", sf_rel(shadow->new), name_of_claim(plan, shadow));
}

/* ---- on the way back ---- */

static char *
argument(const FuncCall *call, int n)
{
	return strVal(&castNode(A_Const, list_nth(call->args, n))->val);
}

/* The column that the statement makes generated, where that is what it does. */
static SfFact *
generated_by(const SfFactBase *base, const char *sql)
{
	const SelectStmt *select = (SelectStmt *) linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT))->stmt;
	const FuncCall *call = IsA(select, SelectStmt) && select->targetList ?
		(FuncCall *) linitial_node(ResTarget, select->targetList)->val : NULL;
	List	   *table;
	char	   *names[3];

	if (call == NULL || !IsA(call, FuncCall) || strcmp(strVal(llast(call->funcname)), GENERATE) != 0)
		return NULL;
	table = sf_qualified_names(argument(call, 0));
	names[0] = strVal(linitial(table));
	names[1] = strVal(llast(table));
	names[2] = argument(call, 1);
	return sf_base_find_named(base, "column", lengthof(names), names);
}

List *
sf_generated_spares(const SfFactBase *live, const SfFactBase *start, List *steps)
{
	List	   *spares = NIL;
	ListCell   *lc;

	foreach(lc, steps)
	{
		SfFact	   *column = generated_by(live, ((SfStep *) lfirst(lc))->sql);

		if (column && sf_base_find(start, column->key) == NULL)
			spares = lappend(spares, column);
	}
	return spares;
}
