/*
 * recipes_column.c - columns get values in batches, and NOT NULL by a proof.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "phases/dual.h"
#include "phases/recipes_parts.h"
#include "plan/emit.h"
#include "risk/risk.h"

/* What the user says that it is filled with. */
static const char *
fill_of(const SfPlan *plan, const SfFact *column)
{
	SfEmit		out;

	sf_plan_emit_init(&out, plan);
	return sf_fill(&out, column);
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
	out.flags = SF_EMIT_EXISTING | flags;
	column->kind->attrs[i].alter(&out, action->old, column, only);
	/* Behind what fills the NULLs. */
	return out.statements ? llast(out.statements) : NULL;
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

/* Is it the statement that gives the rows their values? */
static bool
is_fill(const char *sql)
{
	return strncmp(sql, "UPDATE ", 7) == 0;
}

/* The triggers that write the column, or go again when the other version of the application is gone. */
static List *
add_triggers(List *statements, const SfFact *column, SfDual *dual)
{
	ListCell   *lc;

	foreach(lc, sf_dual_tables(column))
		statements = sf_add_statements(statements, sf_dual_create(lfirst(lc), column, list_make1(dual)), 0, false);
	return statements;
}

static List *
drop_triggers(List *statements, const SfFact *column)
{
	ListCell   *lc;

	foreach(lc, sf_dual_tables(column))
	{
		statements = sf_add_statement(statements, sf_dual_drop(lfirst(lc), column, false), false, false);
		((SfStatement *) llast(statements))->closing = true;
	}
	return statements;
}

/*
 * SET NOT NULL.  What fills the NULLs of a big table does so in batches; a trigger fills those that the old version of
 * the application writes meanwhile, and afterwards.
 */
List *
sf_recipe_set_not_null(const SfPlan *plan, const SfAction *action)
{
	const SfFact *column = action->new;
	char	   *set = render_not_null(plan, action, 0);
	const SfFact *by_default = sf_child_of(column, "default");
	SfDual		dual = {.fill = true,.column = sf_last(column),.expression = fill_of(plan, column)};
	bool		filled = false;
	List	   *statements = NIL;
	ListCell   *lc;

	if (set == NULL || needs_no_proof(action->old, column))
		return NIL;
	if (dual.expression == NULL && by_default)
		dual.expression = sf_attr(by_default, "expression");
	foreach(lc, action->statements)
	{
		if (is_fill(lfirst(lc)) && dual.expression && sf_is_big(action->table))
		{
			statements = add_triggers(statements, column, &dual);
			filled = true;
		}
		if (strcmp(lfirst(lc), set) == 0)
			statements = sf_prove_not_null(statements, plan, column, set,
										render_not_null(plan, action, SF_EMIT_NOT_VALID));
		else
			statements = sf_add_statement(statements, lfirst(lc), false, false);
	}
	return filled ? drop_triggers(statements, column) : statements;
}

/* As the column's own writer has it when the rows get the values of the expression. */
static List *
render_filled(const SfPlan *plan, const SfAction *action, const char *expression, int flags)
{
	SfFill		fill = {sf_name(action->new), unconstify(char *, expression)};
	SfEmit		out;

	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING | flags;
	out.fills = list_make1(&fill);
	action->kind->create(&out, action->new, action->folded);
	return out.statements;
}

/* Added empty, filled in batches, then proved to have no NULL.  before: statements ahead of the fill. */
static List *
fill_column(const SfPlan *plan, const SfAction *action, const char *expression, List *before)
{
	List	   *texts = render_filled(plan, action, expression, 0);
	List	   *statements = NIL;
	ListCell   *lc;

	foreach(lc, texts)
	{
		if (is_fill(lfirst(lc)))
			statements = list_concat(statements, before);
		if (lnext(texts, lc) == NULL && sf_attr(action->new, "not_null"))
			statements = sf_prove_not_null(statements, plan, action->new, lfirst(lc),
										llast(render_filled(plan, action, expression, SF_EMIT_NOT_VALID)));
		else
			statements = sf_add_statement(statements, lfirst(lc), false, false);
	}
	return statements;
}

/*
 * A column that the rows get values for: while it is filled, and afterwards, a trigger fills what is written by an
 * application that does not know the column.
 */
List *
sf_recipe_create_filled_column(const SfPlan *plan, const SfAction *action)
{
	const SfFact *column = action->new;
	List	   *plain = sf_render_create(plan, action, 0);
	List	   *statements;
	SfDual		dual = {.up = true,.column = sf_last(column),.expression = fill_of(plan, column)};

	if (dual.expression == NULL || !sf_is_kind(column->parent, "table") || !sf_begins_with(action, 0, plain) ||
		!sf_is_big(action->table))
		return NIL;
	statements = fill_column(plan, action, dual.expression, add_triggers(NIL, column, &dual));
	return drop_triggers(sf_add_statements(statements, action->statements, list_length(plain), false), column);
}

/* ---- columns whose values the server would write under the strongest lock ---- */

/* One more, in the transaction of those before it, when the column is proved to be full. */
static List *
add_late(List *statements, char *sql, bool joined)
{
	statements = sf_add_statement(statements, sql, false, true);
	((SfStatement *) llast(statements))->joined = joined;
	return statements;
}

/* The trigger that fills what is written while the column is filled goes when it is full: nobody waits for it. */
static List *
drop_fill_triggers(List *statements, const SfFact *column)
{
	ListCell   *lc;

	foreach(lc, sf_dual_tables(column))
		statements = add_late(statements, sf_dual_drop(lfirst(lc), column, false), foreach_current_index(lc) > 0);
	return statements;
}

/* Who writes rows uses the sequence from the first statement on. */
static List *
grant_sequences(List *statements, const SfPlan *plan, const SfFact *by_default)
{
	SfEmit		out;
	ListCell   *lc,
			   *lg;

	sf_plan_emit_init(&out, plan);
	foreach(lc, by_default->needs)
	{
		const SfFact *sequence = ((SfEdge *) lfirst(lc))->to;

		if (!sf_is_kind(sequence, "sequence") || sequence->twin)
			continue;
		foreach(lg, sequence->children)
			if (sf_is_kind(lfirst(lg), "grant"))
				((SfFact *) lfirst(lg))->kind->create(&out, lfirst(lg), NIL);
	}
	return sf_add_statements(statements, out.statements, 0, false);
}

/*
 * A default that gives each row a value of its own.  Rows that come have it; those that change before the batches have
 * come to them may move out of their reach, and are filled by a trigger.
 */
static List *
fill_by_default(const SfPlan *plan, const SfAction *action)
{
	const SfFact *by_default = sf_child_of(action->new, "default");
	SfDual		dual = {.fill = true,.column = sf_last(action->new),.expression = sf_attr(by_default, "expression")};
	List	   *statements = grant_sequences(NIL, plan, by_default);

	statements = list_concat(statements,
							 fill_column(plan, action, dual.expression, add_triggers(NIL, action->new, &dual)));
	return drop_fill_triggers(statements, action->new);
}

/* The options of an identity's sequence. */
static const struct
{
	const char *attr;
	const char *words;
}			options[] = {
	{"increment", "INCREMENT BY"}, {"min", "MINVALUE"}, {"max", "MAXVALUE"}, {"start", "START WITH"},
	{"cache", "CACHE"},
};

static char *
create_sequence(const SfFact *identity, const char *name)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE SEQUENCE %s AS %s", name, sf_attr(identity->parent, "type"));
	for (int i = 0; i < lengthof(options); i++)
		if (sf_attr(identity, options[i].attr))
			appendStringInfo(&sql, " %s %s", options[i].words, sf_attr(identity, options[i].attr));
	if (sf_attr(identity, "cycle"))
		appendStringInfoString(&sql, " CYCLE");
	return sql.data;
}

/* The action without the identity, which has its place when the column is full. */
static SfAction *
without(const SfAction *action, const SfFact *part)
{
	SfAction   *copy = palloc(sizeof(SfAction));

	*copy = *action;
	copy->folded = list_delete_ptr(list_copy(action->folded), unconstify(SfFact *, part));
	return copy;
}

/*
 * A sequence of the same shape numbers the rows until there can be an identity, which goes on where that is.  Whoever
 * may insert may use it meanwhile, as with an identity.
 */
static List *
fill_by_identity(const SfPlan *plan, const SfAction *action)
{
	const SfFact *column = action->new;
	const SfFact *identity = sf_child_of(column, "identity");
	char	   *names[2] = {column->name[0], NULL};
	char	   *label = psprintf("%s_%s", column->name[1], sf_last(column));
	const char *head = psprintf("ALTER TABLE %s ALTER COLUMN %s", sf_rel(column), sf_ident(sf_last(column)));
	char	   *sequence,
			   *next;
	List	   *statements,
			   *before;
	SfDual		dual = {.fill = true};
	SfEmit		out;
	ListCell   *lc;

	names[1] = sf_plan_free_name(plan, label, "fill");
	sequence = sf_qualified(2, names);
	next = psprintf("nextval(%s::regclass)", sf_literal(sequence));
	statements = sf_add_statement(NIL, create_sequence(identity, sequence), false, false);
	statements = sf_add_statement(statements, psprintf("GRANT USAGE ON SEQUENCE %s TO PUBLIC", sequence), false, false);
	dual.column = sf_last(column);
	dual.expression = next;
	before = sf_add_statement(NIL, psprintf("%s SET DEFAULT %s", head, next), false, false);
	before = add_triggers(before, column, &dual);
	statements = list_concat(statements, fill_column(plan, without(action, identity), next, before));
	statements = drop_fill_triggers(statements, column);
	statements = add_late(statements, psprintf("%s DROP DEFAULT", head), true);
	sf_plan_emit_init(&out, plan);
	identity->kind->create(&out, identity, NIL);
	foreach(lc, out.statements)
		statements = add_late(statements, lfirst(lc), true);
	statements = add_late(statements, psprintf("SELECT setval(%s, last_value, is_called) FROM %s",
											   sf_literal(sf_attr(identity, "sequence")), sequence), true);
	statements = add_late(statements, psprintf("DROP SEQUENCE %s", sequence), true);
	((SfStatement *) llast(statements))->keeps = true;
	return statements;
}

/* No online form: said at the statement. */
static List *
explain(const SfAction *action, const char *why)
{
	List	   *statements = sf_add_statements(NIL, action->statements, 0, false);

	((SfStatement *) linitial(statements))->why = why;
	return statements;
}

/* Has its type constraints, by itself or by another domain that it is made of? */
static bool
has_checked_domain(const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, fact->needs)
	{
		const SfFact *domain = ((SfEdge *) lfirst(lc))->to;

		if (sf_is_kind(domain, "domain") &&
			(sf_attr(domain, "not_null") || sf_child_of(domain, "domain constraint") || has_checked_domain(domain)))
			return true;
	}
	return false;
}

/* The server would write every row, under the strongest lock. */
List *
sf_recipe_create_written_column(const SfPlan *plan, const SfAction *action)
{
	const SfFact *column = action->new;
	List	   *plain = sf_render_create(plan, action, 0);
	List	   *statements = NIL;
	const SfFact *value;

	if (!sf_is_kind(column->parent, "table") || list_length(plain) != 1 || !sf_begins_with(action, 0, plain) ||
		!sf_is_big(action->table) || !(sf_recipe_risk(plan, action, linitial(plain), false) & SF_RISK_REWRITES))
		return NIL;
	if (sf_child_of(column, "generated"))
		return explain(action, "computed for each row under the lock: there is no online way; a plain column with "
					   "@up and a trigger is one, from 18 on a virtual one needs none");
	if (has_checked_domain(column))
		return explain(action, "the domain's checks are made for each row under the lock: there is no online way; "
					   "a column of its base type with a check of its own is one");
	if ((value = sf_child_of(column, "identity")) != NULL)
		statements = list_member_ptr(action->folded, value) ? fill_by_identity(plan, action) : NIL;
	else if ((value = sf_child_of(column, "default")) != NULL)
		statements = list_member_ptr(action->folded, value) ? fill_by_default(plan, action) : NIL;
	return statements ? sf_add_statements(statements, action->statements, 1, false) : NIL;
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
