/*
 * recipes_constraint.c - constraints are made unproved and proved while others write; keys take over an index.
 */
#include "postgres.h"

#include "phases/partitions.h"
#include "phases/recipes_parts.h"
#include "plan/emit.h"

/* Create unproved, prove in a transaction of its own that lets others write. */
List *
sf_recipe_create_then_validate(const SfPlan *plan, const SfAction *action)
{
	List	   *plain = sf_render_create(plan, action, 0);
	List	   *unproved = sf_render_create(plan, action, SF_EMIT_NOT_VALID);
	List	   *statements;
	SfEmit		out;

	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING;
	action->kind->validate(&out, action->new);
	if (out.statements == NIL || !sf_begins_with(action, 0, plain))
		return NIL;
	statements = sf_add_statements(NIL, unproved, 0, false);
	statements = sf_add_statements(statements, action->statements, list_length(plain), false);
	return sf_add_statements(statements, out.statements, 0, true);
}

/* A partitioned table's own cannot be unproved before 18. */
List *
sf_recipe_create_foreign_key(const SfPlan *plan, const SfAction *action)
{
	List	   *statements = sf_recipe_create_then_validate(plan, action);
	const SfFact *table = sf_relation_of(action->new);

	if (statements == NIL && sf_is_partitioned(table) &&
		(action->table ? sf_is_big(action->table) : sf_plan_refills(plan, table)))
		statements = sf_foreign_key_by_leaves(plan, action);
	return statements;
}

/* Only worth it when a table's column has the domain. */
List *
sf_recipe_create_domain_constraint(const SfPlan *plan, const SfAction *action)
{
	const SfFact *domain = action->new->parent ? action->new->parent->twin : NULL;
	ListCell   *lc;

	foreach(lc, domain ? domain->needed_by : NIL)
		if (sf_is_kind(((SfEdge *) lfirst(lc))->from, "column"))
			return sf_recipe_create_then_validate(plan, action);
	return NIL;
}

/* Skips the word if the text begins with it. */
static bool
skip(const char **text, const char *word)
{
	if (strncmp(*text, word, strlen(word)) != 0)
		return false;
	*text += strlen(word);
	return true;
}

static const char *
key_word(const char **columns)
{
	static const char *const words[] = {"PRIMARY KEY", "UNIQUE"};

	for (int i = 0; i < lengthof(words); i++)
		if (skip(columns, words[i]) && skip(columns, " "))
			return words[i];
	return NULL;
}

/* Keys that are not plain columns (WITHOUT OVERLAPS) have an index that CREATE UNIQUE INDEX cannot make. */
char *
sf_key_index(const SfFact *key, const char *name)
{
	const char *columns = sf_attr(key, "definition");
	const char *options = sf_attr(key, "options");
	const char *tablespace = sf_attr(key, "tablespace");
	bool		not_distinct;

	if (key_word(&columns) == NULL)
		return NULL;
	not_distinct = skip(&columns, "NULLS NOT DISTINCT ");
	if (columns[0] != '(' || strstr(columns, "WITHOUT OVERLAPS"))
		return NULL;
	return psprintf("CREATE UNIQUE INDEX CONCURRENTLY %s ON %s USING btree %s%s%s%s%s%s%s", sf_ident(name),
					sf_rel(key), columns, not_distinct ? " NULLS NOT DISTINCT" : "", options ? " WITH (" : "",
					options ? options : "", options ? ")" : "", tablespace ? " TABLESPACE " : "",
					tablespace ? sf_ident(tablespace) : "");
}

List *
sf_recipe_create_key(const SfPlan *plan, const SfAction *action)
{
	List	   *plain = sf_render_create(plan, action, 0);
	char	   *index = sf_key_index(action->new, sf_last(action->new));
	List	   *statements;
	SfEmit		out;

	if (sf_is_partitioned(action->table))
		return sf_is_big(action->table) ? sf_key_by_leaves(plan, action) : NIL;
	sf_plan_emit_init(&out, plan);
	/* An index that goes otherwise becomes the key's: there is none to build. */
	if (index == NULL || sf_predecessor(&out, action->new) || !sf_is_kind(action->table, "table") ||
		list_length(plain) != 1 || !sf_begins_with(action, 0, plain))
		return NIL;
	statements = sf_add_statement(NIL, index, false, false);
	statements = sf_add_statement(statements, sf_key_adopts(action->new, sf_last(action->new)), true, true);
	return sf_add_statements(statements, action->statements, 1, false);
}
