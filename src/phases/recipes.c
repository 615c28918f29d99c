/*
 * recipes.c - unsafe actions -> online statements.
 *
 * A table of (kind, verb, attribute) names a function for each action that has a better form on a table that is in use.
 * The function renders the action anew with the kind's own writers; where that is not what the plan has rendered
 * (another writer, a state that it does not know), or where the server has no online form, the plan's statements stay.
 * All statements of an action stay at its place in the order.  The end state is the same as without.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "guc.h"
#include "kinds/kind.h"
#include "phases/archive.h"
#include "phases/dual.h"
#include "phases/partitions.h"
#include "phases/recipes.h"
#include "plan/emit.h"
#include "risk/risk.h"

/* Statements instead of the action's; NIL: there is no online form. */
typedef List *(*SfRecipe) (const SfPlan *plan, const SfAction *action);

List *
sf_add_statement(List *statements, char *sql, bool proven, bool validates)
{
	SfStatement *statement = palloc0(sizeof(SfStatement));

	statement->sql = sql;
	statement->proven = proven;
	statement->validates = validates;
	return lappend(statements, statement);
}

static List *
add_all(List *statements, List *texts, int first, bool validates)
{
	ListCell   *lc;

	for_each_from(lc, texts, first)
		statements = sf_add_statement(statements, lfirst(lc), false, validates);
	return statements;
}

/* The statements of kind->create alone. */
static List *
render_create(const SfPlan *plan, const SfAction *action, int flags)
{
	SfEmit		out;

	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING | flags;
	action->kind->create(&out, action->new, action->folded);
	return out.statements;
}

/* Do the action's statements from "first" on begin with these? */
static bool
begins_with(const SfAction *action, int first, List *texts)
{
	if (texts == NIL || list_length(action->statements) < first + list_length(texts))
		return false;
	for (int i = 0; i < list_length(texts); i++)
		if (strcmp(list_nth(action->statements, first + i), list_nth(texts, i)) != 0)
			return false;
	return true;
}

bool
sf_is_kind(const SfFact *fact, const char *kind)
{
	return fact && strcmp(fact->kind->name, kind) == 0;
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

static bool
is_big(const SfFact *table)
{
	return sf_risk_rows(table->name[0], table->name[1]) >= sf_guc_online_rows();
}

bool
sf_is_partitioned(const SfFact *table)
{
	return sf_is_kind(table, "table") && sf_attr(table, "partition_key") != NULL;
}

static List *
create_index(const SfPlan *plan, const SfAction *action)
{
	List	   *plain = render_create(plan, action, 0);

	if (!begins_with(action, 0, plain))
		return NIL;
	if (sf_is_partitioned(action->table))
		return is_big(action->table) ? sf_index_by_leaves(plan, action) : NIL;
	return add_all(add_all(NIL, render_create(plan, action, SF_EMIT_CONCURRENTLY), 0, false),
				   action->statements, list_length(plain), false);
}

static List *
drop_index(const SfPlan *plan, const SfAction *action)
{
	SfEmit		out;

	if (sf_is_partitioned(action->table))
		return NIL;
	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING | SF_EMIT_CONCURRENTLY;
	action->kind->drop(&out, action->old);
	return add_all(NIL, out.statements, 0, false);
}

/* Create unproved, prove in a transaction of its own that lets others write. */
static List *
create_then_validate(const SfPlan *plan, const SfAction *action)
{
	List	   *plain = render_create(plan, action, 0);
	List	   *unproved = render_create(plan, action, SF_EMIT_NOT_VALID);
	List	   *statements;
	SfEmit		out;

	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING;
	action->kind->validate(&out, action->new);
	if (out.statements == NIL || !begins_with(action, 0, plain))
		return NIL;
	statements = add_all(NIL, unproved, 0, false);
	statements = add_all(statements, action->statements, list_length(plain), false);
	return add_all(statements, out.statements, 0, true);
}

/* A partitioned table's own cannot be unproved before 18. */
static List *
create_foreign_key(const SfPlan *plan, const SfAction *action)
{
	List	   *statements = create_then_validate(plan, action);

	if (statements == NIL && sf_is_partitioned(action->table) && is_big(action->table))
		statements = sf_foreign_key_by_leaves(plan, action);
	return statements;
}

/* Only worth it when a table's column has the domain. */
static List *
create_domain_constraint(const SfPlan *plan, const SfAction *action)
{
	const SfFact *domain = action->new->parent ? action->new->parent->twin : NULL;
	ListCell   *lc;

	foreach(lc, domain ? domain->needed_by : NIL)
		if (sf_is_kind(((SfEdge *) lfirst(lc))->from, "column"))
			return create_then_validate(plan, action);
	return NIL;
}

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
static List *
prove_not_null(List *statements, const SfPlan *plan, const SfFact *column, char *set, char *unproved)
{
	const SfFact *constraint = not_null_constraint(column);
	const char *table = psprintf("ALTER TABLE %s", sf_rel(column));
	const char *name;

	if (constraint)
	{
		SfEmit		out;

		sf_plan_emit_init(&out, plan);
		constraint->kind->validate(&out, constraint);
		return add_all(sf_add_statement(statements, unproved, false, false), out.statements, 0, true);
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

static List *
set_not_null(const SfPlan *plan, const SfAction *action)
{
	char	   *set = render_not_null(plan, action, 0);
	List	   *statements = NIL;
	ListCell   *lc;

	if (set == NULL || needs_no_proof(action->old, action->new))
		return NIL;
	foreach(lc, action->statements)
		if (strcmp(lfirst(lc), set) == 0)
			statements = prove_not_null(statements, plan, action->new, set,
										render_not_null(plan, action, SF_EMIT_NOT_VALID));
		else
			statements = sf_add_statement(statements, lfirst(lc), false, false);
	return statements;
}

/*
 * A column that the rows get values for: filled in batches, while a trigger fills what is written meanwhile, also by an
 * application that does not know the column.
 */
static List *
create_filled_column(const SfPlan *plan, const SfAction *action)
{
	const SfFact *column = action->new;
	List	   *plain = render_create(plan, action, 0);
	List	   *statements = NIL;
	SfDual		dual = {true, sf_last(column)};
	SfEmit		out;
	ListCell   *lc,
			   *lt;

	sf_plan_emit_init(&out, plan);
	dual.expression = sf_fill(&out, column);
	if (dual.expression == NULL || !sf_is_kind(column->parent, "table") || !begins_with(action, 0, plain) ||
		!is_big(action->table))
		return NIL;
	foreach(lc, plain)
	{
		if (strncmp(lfirst(lc), "UPDATE ", 7) == 0)
			foreach(lt, sf_dual_tables(column))
				statements = add_all(statements, sf_dual_create(lfirst(lt), column, list_make1(&dual)), 0, false);
		if (lnext(plain, lc) == NULL && sf_attr(column, "not_null"))
			statements = prove_not_null(statements, plan, column, lfirst(lc),
										llast(render_create(plan, action, SF_EMIT_NOT_VALID)));
		else
			statements = sf_add_statement(statements, lfirst(lc), false, false);
	}
	statements = add_all(statements, action->statements, list_length(plain), false);
	foreach(lt, sf_dual_tables(column))
	{
		statements = sf_add_statement(statements, sf_dual_drop(lfirst(lt), column), false, false);
		((SfStatement *) llast(statements))->closing = true;
	}
	return statements;
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

/*
 * Build the index while others write, then let the constraint take it over.  Keys that are not plain columns (WITHOUT
 * OVERLAPS) have an index that CREATE UNIQUE INDEX cannot make.
 */
static List *
create_key(const SfPlan *plan, const SfAction *action)
{
	const SfFact *key = action->new;
	const char *columns = sf_attr(key, "definition");
	const char *options = sf_attr(key, "options");
	const char *tablespace = sf_attr(key, "tablespace");
	const char *deferrable = sf_attr(key, "deferrable");
	List	   *plain = render_create(plan, action, 0);
	List	   *statements;
	const char *word;
	bool		not_distinct;

	if (sf_is_partitioned(action->table) || !sf_is_kind(action->table, "table") || list_length(plain) != 1 ||
		!begins_with(action, 0, plain))
		return NIL;
	if (skip(&columns, "PRIMARY KEY "))
		word = "PRIMARY KEY";
	else if (skip(&columns, "UNIQUE "))
		word = "UNIQUE";
	else
		return NIL;
	not_distinct = skip(&columns, "NULLS NOT DISTINCT ");
	if (columns[0] != '(' || strstr(columns, "WITHOUT OVERLAPS"))
		return NIL;
	statements = sf_add_statement(NIL, psprintf("CREATE UNIQUE INDEX CONCURRENTLY %s ON %s USING btree %s%s%s%s%s%s%s",
											 sf_ident(sf_last(key)), sf_rel(key), columns,
											 not_distinct ? " NULLS NOT DISTINCT" : "",
											 options ? " WITH (" : "", options ? options : "", options ? ")" : "",
											 tablespace ? " TABLESPACE " : "", tablespace ? sf_ident(tablespace) : ""),
							   false, false);
	statements = sf_add_statement(statements, psprintf("ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s%s%s",
													sf_rel(key), sf_ident(sf_last(key)), word, sf_ident(sf_last(key)),
													deferrable ? " " : "", deferrable ? deferrable : ""), true, true);
	return add_all(statements, action->statements, 1, false);
}

/* In the order of the kinds; an action takes the first that fits. */
static const struct
{
	const char *kind;
	SfVerb		verb;
	const char *attr;			/* that changed; NULL: any */
	SfRecipe	recipe;
}			recipes[] =
{
	{"index", SF_VERB_CREATE, NULL, create_index},
	{"index", SF_VERB_DROP, NULL, drop_index},
	{"check", SF_VERB_CREATE, NULL, create_then_validate},
	{"foreign key", SF_VERB_CREATE, NULL, create_foreign_key},
	{"domain constraint", SF_VERB_CREATE, NULL, create_domain_constraint},
	{"column", SF_VERB_CREATE, NULL, create_filled_column},
	{"column", SF_VERB_ALTER, "not_null", set_not_null},
	{"primary key", SF_VERB_CREATE, NULL, create_key},
	{"unique", SF_VERB_CREATE, NULL, create_key},
};

List *
sf_recipe_statements(const SfPlan *plan, const SfAction *action, bool atomic)
{
	List	   *statements = sf_archive_statements(plan, action);

	if (statements)
		return statements;
	for (int i = 0; i < lengthof(recipes) && action->table && !atomic; i++)
	{
		int			attr = recipes[i].attr ? sf_kind_attr(action->kind, recipes[i].attr) : -1;

		if (recipes[i].verb != action->verb || strcmp(recipes[i].kind, action->kind->name) != 0)
			continue;
		if (attr >= 0 && !action->changed[attr])
			continue;
		statements = recipes[i].recipe(plan, action);
		break;
	}
	return statements ? statements : add_all(NIL, action->statements, 0, false);
}
