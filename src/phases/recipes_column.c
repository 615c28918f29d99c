/*
 * recipes_column.c - a type that changes without a rewrite; NOT NULL that copies keep; why there is no online form.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "phases/recipes_parts.h"
#include "plan/emit.h"
#include "risk/added.h"
#include "risk/risk.h"

/* No online form: said at the statement. */
static List *
explain(const SfAction *action, const char *why)
{
	List	   *statements = sf_add_statements(NIL, action->statements, 0, false);

	((SfStatement *) linitial(statements))->why = why;
	return statements;
}

/* ---- a column of a domain with constraints: what all rows have is tried once, by a call ---- */

const char *
sf_base_type(const SfFact *fact)
{
	const SfFact *domain = sf_type_of_kind(fact, "domain");

	return domain ? sf_base_type(domain) : sf_attr(fact, "type");
}

/* Has its type constraints, by itself or by another domain that it is made of? */
static bool
has_checked_domain(const SfFact *fact)
{
	const SfFact *domain = sf_type_of_kind(fact, "domain");

	return domain && (sf_attr(domain, "not_null") || sf_child_of(domain, "domain constraint") ||
					  has_checked_domain(domain));
}

#define NOT_ONLINE	"the domain's checks are made for each row under the lock: "

/* Has a table that inherits the column it of itself, too?  The server lets both merge, the call does not. */
static bool
merges(const SfFact *column)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, sf_copies_of(column))
		if (!sf_comes_along(lfirst(lc)) || sf_attr(lfirst(lc), "local") || merges(lfirst(lc)))
			return true;
	return false;
}

/* Why can the column not be added by a call?  NULL: it can. */
static const char *
why_not_by_call(const SfFact *column)
{
	if (sf_child_of(column, "generated"))
		return NOT_ONLINE "the column is a generated one; a plain one, or one of the base type, is online";
	if (merges(column))
		return NOT_ONLINE "a table that inherits the column has it already, or of itself, too";
	return NULL;
}

char *
sf_column_added(const SfFact *column, char *sql)
{
	const char *head = psprintf("ALTER TABLE %s ADD COLUMN ", sf_rel(column));

	if (!has_checked_domain(column) || why_not_by_call(column) || strncmp(sql, head, strlen(head)) != 0)
		return sql;
	return sf_added_call(sql);
}

const char *
sf_why_not_empty(const SfFact *column)
{
	const char *why;

	if (!has_checked_domain(column))
		return NULL;
	if ((why = why_not_by_call(column)) != NULL)
		return why;
	return sf_domain_takes_null(sf_type_of_kind(column, "domain")) ? NULL :
		NOT_ONLINE "NULL, which they would have until they are filled, may be no value of it; a domain that allows "
		"NULL, of a column that does not, is online";
}

/* What the server gives each row under the strongest lock, and nobody else can. */
static const char *
why_written(const SfFact *column)
{
	const char *why = sf_why_not_empty(column);

	return why || sf_child_of(column, "generated") == NULL ? why : sf_why_not_filled(column);
}

bool
sf_no_online_value(const SfFact *column)
{
	return why_written(column) != NULL;
}

List *
sf_recipe_create_written_column(const SfPlan *plan, const SfAction *action)
{
	List	   *plain = sf_render_create(plan, action, 0);
	List	   *statements;
	char	   *added;

	if (!sf_is_kind(action->new->parent, "table") || list_length(plain) != 1 || !sf_begins_with(action, 0, plain) ||
		!sf_is_big(action->table) || !(sf_recipe_risk(plan, action, linitial(plain), false) & SF_RISK_REWRITES))
		return NIL;
	added = sf_column_added(action->new, linitial(plain));
	if (sf_recipe_risk(plan, action, added, false) & SF_RISK_REWRITES)
	{
		const char *why = why_written(action->new);

		return why ? explain(action, why) : NIL;
	}
	statements = sf_add_statement(NIL, added, false, false);
	return sf_add_statements(statements, action->statements, 1, false);
}

/* ---- a type that changes without a rewrite ---- */

/* The checks that say something of the column, on the starting side; NIL also when one cannot be made anew. */
static List *
checks_of(const SfFact *column)
{
	List	   *checks = NIL;
	ListCell   *lc;

	foreach(lc, column->needed_by)
	{
		SfFact	   *check = ((SfEdge *) lfirst(lc))->from;

		if (!sf_is_kind(check, "check"))
			continue;
		if (check->twin == NULL || sf_implied_by(check) || sf_attr(check, "not_valid") ||
			sf_attr(check->twin, "not_valid"))
			return NIL;
		checks = list_append_unique_ptr(checks, check);
	}
	return checks;
}

/* Unproved, with what is said of it. */
static List *
make_anew(const SfPlan *plan, const SfFact *check)
{
	SfEmit		out;
	ListCell   *lc;

	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING | SF_EMIT_NOT_VALID;
	check->kind->create(&out, check, NIL);
	out.flags = SF_EMIT_EXISTING;
	foreach(lc, check->children)
		((SfFact *) lfirst(lc))->kind->create(&out, lfirst(lc), NIL);
	return out.statements;
}

/*
 * The rows stay as they are, and would be read for the checks only, under the strongest lock: these are made anew in
 * the same transaction, and proved behind it.
 */
List *
sf_recipe_retype_column(const SfPlan *plan, const SfAction *action)
{
	List	   *checks = checks_of(action->old);
	List	   *statements;
	SfEmit		out;
	ListCell   *lc;

	if (checks == NIL || sf_implied_by(action->new) || !sf_is_kind(action->table, "table") ||
		!sf_is_big(action->table) ||
		!(sf_recipe_risk(plan, action, linitial(action->statements), false) & SF_RISK_SCANS) ||
		(sf_recipe_risk(plan, action, linitial(action->statements), true) & SF_RISK_SCANS))
		return NIL;
	sf_plan_emit_init(&out, plan);
	foreach(lc, checks)
		((SfFact *) lfirst(lc))->kind->drop(&out, lfirst(lc));
	statements = sf_add_statements(NIL, out.statements, 0, false);
	statements = sf_add_statement(statements, linitial(action->statements), true, false);
	statements = sf_add_statements(statements, action->statements, 1, false);
	foreach(lc, checks)
		statements = sf_add_statements(statements, make_anew(plan, ((SfFact *) lfirst(lc))->twin), 0, false);
	for_each_from(lc, statements, 1)
		((SfStatement *) lfirst(lc))->joined = true;
	out.statements = NIL;
	foreach(lc, checks)
		((SfFact *) lfirst(lc))->kind->validate(&out, ((SfFact *) lfirst(lc))->twin);
	return sf_add_statements(statements, out.statements, 0, true);
}

/* ---- a column that may be NULL, but not in all tables that have it ---- */

List *
sf_recipe_keep_in_copies(const SfPlan *plan, const SfAction *action)
{
	bool	   *only = palloc0(action->kind->nattrs * sizeof(bool));
	int			not_null = sf_kind_attr(action->kind, "not_null");
	List	   *statements = sf_add_statements(NIL, action->statements, 0, false);
	SfEmit		out;

	if (action->new->attr[not_null])
		return NIL;
	only[not_null] = true;
	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING;
	action->kind->attrs[not_null].alter(&out, action->old, action->new, only);
	/* The copies that are to stay NOT NULL get it back before anybody can write a NULL. */
	for (int i = 0; i < list_length(statements); i++)
		if (sf_begins_with(action, i, out.statements))
		{
			for (int j = 1; j < list_length(out.statements); j++)
				((SfStatement *) list_nth(statements, i + j))->joined = true;
			return statements;
		}
	return NIL;
}
