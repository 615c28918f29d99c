/*
 * recipes.c - unsafe actions -> online statements.
 *
 * A table of (kind, verb, attribute) names a function for each action that has a better form on a table that is in use.
 * The function renders the action anew with the kind's own writers; where that is not what the plan has rendered
 * (another writer, a state that it does not know), or where the server has no online form, the plan's statements stay.
 * All statements of an action stay at its place in the order.  The end state is the same as without.
 */
#include "postgres.h"

#include "guc.h"
#include "phases/archive.h"
#include "phases/recipes_late.h"
#include "phases/recipes_parts.h"
#include "phases/recipes_versions.h"
#include "phases/shadow.h"
#include "plan/emit.h"
#include "risk/risk.h"
#include "utils/guc.h"

List *
sf_add_statement(List *statements, char *sql, bool proven, bool validates)
{
	SfStatement *statement = palloc0(sizeof(SfStatement));

	statement->sql = sql;
	statement->proven = proven;
	statement->validates = validates;
	return lappend(statements, statement);
}

List *
sf_add_statements(List *statements, List *texts, int first, bool validates)
{
	ListCell   *lc;

	for_each_from(lc, texts, first)
		statements = sf_add_statement(statements, lfirst(lc), false, validates);
	return statements;
}

List *
sf_render_create(const SfPlan *plan, const SfAction *action, int flags)
{
	SfEmit		out;

	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING | flags;
	action->kind->create(&out, action->new, action->folded);
	return out.statements;
}

bool
sf_begins_with(const SfAction *action, int first, List *texts)
{
	if (texts == NIL || list_length(action->statements) < first + list_length(texts))
		return false;
	for (int i = 0; i < list_length(texts); i++)
		if (strcmp(list_nth(action->statements, first + i), list_nth(texts, i)) != 0)
			return false;
	return true;
}

const SfFact *
sf_child_of(const SfFact *fact, const char *kind)
{
	ListCell   *lc;

	foreach(lc, fact->children)
		if (sf_is_kind(lfirst(lc), kind))
			return lfirst(lc);
	return NULL;
}

bool
sf_are_many(int64 rows)
{
	return sf_guc_online_rows() == 0 || rows >= sf_guc_online_rows();
}

bool
sf_is_big(const SfFact *table)
{
	int64		rows = sf_risk_rows(table->name[0], table->name[1]);

	/* The way down starts from names that the database may not have yet. */
	if (rows < 0 && table->twin)
		rows = sf_risk_rows(table->twin->name[0], table->twin->name[1]);
	return sf_are_many(rows);
}

SfRisk *
sf_recipe_assess(const SfPlan *plan, const SfAction *action, const char *sql, bool proven)
{
	SfRiskContext context = {plan->from, plan->to, action->old, action->new,
	GetConfigOption("TimeZone", false, false), proven};

	return sf_risk_assess(sql, &context);
}

int
sf_recipe_risk(const SfPlan *plan, const SfAction *action, const char *sql, bool proven)
{
	return sf_recipe_assess(plan, action, sql, proven)->effects;
}

bool
sf_recipe_narrows(const SfRisk *risk, const SfAction *action)
{
	ListCell   *lc;

	/* What is taken down is put back. */
	if (action->rebuild)
		return (risk->effects & SF_RISK_LOSES) != 0;
	if (risk->effects & (SF_RISK_NARROWS | SF_RISK_LOSES))
		return true;
	foreach(lc, risk->operations)
		if (((SfOperation *) lfirst(lc))->entry)
			return false;
	return action->verb == SF_VERB_DROP;
}

/* In the order of the kinds; an action takes the first that fits and has statements. */
static const struct
{
	const char *kind;
	SfVerb		verb;
	const char *attr;			/* that changed; NULL: any */
	SfRecipe	recipe;
	bool		whole;			/* of a table that comes or goes; else only of what stands, or has got rows */
}			recipes[] =
{
	{"table", SF_VERB_CREATE, NULL, sf_recipe_create_partition, true},
	{"table", SF_VERB_DROP, NULL, sf_recipe_drop_table, true},
	{"partition", SF_VERB_CREATE, NULL, sf_recipe_attach},
	{"partition", SF_VERB_DROP, NULL, sf_recipe_detach},
	{"inheritance", SF_VERB_CREATE, NULL, sf_recipe_inherit},
	{"inheritance", SF_VERB_ALTER, NULL, sf_recipe_inherit},
	{"index", SF_VERB_CREATE, NULL, sf_recipe_create_index},
	{"index", SF_VERB_DROP, NULL, sf_recipe_drop_index},
	{"check", SF_VERB_CREATE, NULL, sf_recipe_create_then_validate},
	{"foreign key", SF_VERB_CREATE, NULL, sf_recipe_create_foreign_key},
	{"domain constraint", SF_VERB_CREATE, NULL, sf_recipe_create_domain_constraint},
	{"column", SF_VERB_CREATE, NULL, sf_recipe_fill},
	{"column", SF_VERB_CREATE, NULL, sf_recipe_create_written_column},
	{"column", SF_VERB_ALTER, "type", sf_recipe_retype_column},
	{"column", SF_VERB_ALTER, "not_null", sf_recipe_fill},
	{"column", SF_VERB_ALTER, "not_null", sf_recipe_keep_in_copies},
	{"primary key", SF_VERB_CREATE, NULL, sf_recipe_create_key},
	{"unique", SF_VERB_CREATE, NULL, sf_recipe_create_key},
};

bool
sf_recipe_goes_with_time(const SfFact *table)
{
	const SfFact *whole = table;

	while (sf_whole_of(whole))
		whole = sf_whole_of(whole);
	return whole != table && whole->twin;
}

bool
sf_recipe_is_late(const SfPlan *plan, const SfAction *action)
{
	if (action->verb != SF_VERB_DROP || action->rebuild || action->statements == NIL)
		return false;
	if (plan->two_versions && sf_version_uses(action->old))
		return true;
	if (sf_is_kind(action->old, "table"))
		return sf_is_big(action->old) && !sf_recipe_goes_with_time(action->old);
	return sf_is_kind(action->old, "column") && action->table && sf_is_kind(action->table, "table") &&
		sf_is_big(action->table) && sf_can_be_left_out(plan, action->old);
}

/* The original's statement makes it: what is said of the copy itself (its name, its options) is all there is to do. */
static bool
is_made_with_original(const SfAction *action)
{
	return action->verb == SF_VERB_CREATE && sf_comes_along(action->new);
}

List *
sf_recipe_statements(const SfPlan *plan, const SfAction *action, List *bracket)
{
	List	   *statements = sf_archive_statements(plan, action, bracket == NIL);
	bool		apart = bracket == NIL && action->statements && !is_made_with_original(action);
	bool		behind = action->new && sf_plan_binds_behind(plan, action->new);

	if (statements == NIL && bracket && action->table)
		statements = sf_replace_statements(plan, action, bracket);
	for (int i = 0; i < lengthof(recipes) && statements == NIL && apart; i++)
	{
		int			attr = recipes[i].attr ? sf_kind_attr(action->kind, recipes[i].attr) : -1;

		if (recipes[i].verb != action->verb || strcmp(recipes[i].kind, action->kind->name) != 0 ||
			(action->table == NULL && !recipes[i].whole && !behind))
			continue;
		if (attr < 0 || action->changed[attr])
			statements = recipes[i].recipe(plan, action);
	}
	if (statements == NIL)
		statements = sf_add_statements(NIL, action->statements, 0, false);
	if (bracket == NIL && sf_is_kind(action->old, "column") && sf_recipe_is_late(plan, action) &&
		!sf_is_named_late(plan, action->old->parent->twin))
		statements = list_concat(sf_leave_out(plan, action->old), statements);
	sf_shadow_note(plan, action, statements);
	return sf_archive_around(plan, action, statements);
}
