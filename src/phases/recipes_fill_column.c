/*
 * recipes_fill_column.c - what a column needs to get its values: by what the user says, its default, or as an identity.
 *
 * While it is filled, and where the old version of the application goes on, a trigger fills what is written without it.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "phases/recipes_fill.h"
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

/* Is it the statement that gives the rows their values? */
static bool
is_fill(const char *sql)
{
	return strncmp(sql, "UPDATE ", 7) == 0;
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

/* As far as its own writer goes: added empty, filled, said to have no NULL. */
static SfFilling *
new_column(const SfPlan *plan, const SfAction *action, SfDual dual)
{
	SfFilling  *filling = palloc0(sizeof(SfFilling));
	List	   *texts = render_filled(plan, action, dual.expression, 0);
	ListCell   *lc;

	filling->action = action;
	filling->dual = dual;
	filling->dual.column = sf_last(action->new);
	filling->proof.action = action;
	filling->proof.column = action->new;
	foreach(lc, texts)
	{
		if (is_fill(lfirst(lc)))
			filling->fill = lfirst(lc);
		else if (lnext(texts, lc) == NULL && sf_attr(action->new, "not_null"))
		{
			filling->proof.set = lfirst(lc);
			filling->proof.unproved = llast(render_filled(plan, action, dual.expression, SF_EMIT_NOT_VALID));
		}
		else if (filling->fill)
			filling->behind = sf_add_statement(filling->behind, lfirst(lc), false, false);
		else
			filling->before = sf_add_statement(filling->before, sf_column_added(action->new, lfirst(lc)), false, false);
	}
	return filling;
}

/* ---- by what the user says ---- */

static SfFilling *
fill_as_said(const SfPlan *plan, const SfAction *action, List *plain)
{
	SfDual		dual = {.up = true,.expression = fill_of(plan, action->new)};
	SfFilling  *filling;

	if (dual.expression == NULL)
		return NULL;
	filling = new_column(plan, action, dual);
	filling->stays = true;
	filling->after = sf_add_statements(NIL, action->statements, list_length(plain), false);
	return filling;
}

/* ---- what the server would write under the strongest lock ---- */

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
 * A default, the domain's perhaps, that gives each row a value of its own.  Rows that come have it; those that change
 * before the batches have come to them may move out of their reach, and are filled by a trigger.
 */
static SfFilling *
fill_by_default(const SfPlan *plan, const SfAction *action, const SfFact *by_default)
{
	SfDual		dual = {.fill = true,.expression = by_default ? sf_attr(by_default, "expression") :
		sf_domain_default(action->new)};
	SfFilling  *filling = new_column(plan, action, dual);

	if (by_default)
		filling->before = list_concat(grant_sequences(NIL, plan, by_default), filling->before);
	return filling;
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

/* One more, in the transaction of those before it, when the column is proved to be full. */
static List *
add_late(List *statements, char *sql)
{
	statements = sf_add_statement(statements, sql, false, true);
	((SfStatement *) llast(statements))->joined = true;
	return statements;
}

SfFilling *
sf_filling_without(const SfPlan *plan, const SfAction *action, const SfFact *part, SfDual dual)
{
	SfFilling  *filling = new_column(plan, without(action, part), dual);

	filling->action = filling->proof.action = action;
	return filling;
}

/*
 * A sequence of the same shape numbers the rows until there can be an identity, which goes on where that is.  Whoever
 * may insert may use it meanwhile, as with an identity.
 */
static SfFilling *
fill_by_identity(const SfPlan *plan, const SfAction *action)
{
	const SfFact *column = action->new;
	const SfFact *identity = sf_child_of(column, "identity");
	char	   *names[2] = {column->name[0], NULL};
	char	   *label = psprintf("%s_%s", column->name[1], sf_last(column));
	const char *head = psprintf("ALTER TABLE %s ALTER COLUMN %s", sf_rel(column), sf_ident(sf_last(column)));
	char	   *sequence,
			   *next;
	SfDual		dual = {.fill = true};
	SfFilling  *filling;
	List	   *before;
	SfEmit		out;
	ListCell   *lc;

	names[1] = sf_plan_free_name(plan, label, "fill");
	sequence = sf_qualified(2, names);
	dual.expression = next = psprintf("nextval(%s::regclass)", sf_literal(sequence));
	filling = sf_filling_without(plan, action, identity, dual);
	before = sf_add_statement(NIL, create_sequence(identity, sequence), false, false);
	before = sf_add_statement(before, psprintf("GRANT USAGE ON SEQUENCE %s TO PUBLIC", sequence), false, false);
	filling->before = sf_add_statement(list_concat(before, filling->before),
									   psprintf("%s SET DEFAULT %s", head, next), false, false);
	filling->after = add_late(NIL, psprintf("%s DROP DEFAULT", head));
	sf_plan_emit_init(&out, plan);
	identity->kind->create(&out, identity, NIL);
	foreach(lc, out.statements)
		filling->after = add_late(filling->after, lfirst(lc));
	filling->after = add_late(filling->after, psprintf("SELECT setval(%s, last_value, is_called) FROM %s",
													   sf_literal(sf_attr(identity, "sequence")), sequence));
	filling->after = add_late(filling->after, psprintf("DROP SEQUENCE %s", sequence));
	((SfStatement *) llast(filling->after))->keeps = true;
	return filling;
}

static SfFilling *
fill_as_made(const SfPlan *plan, const SfAction *action, List *plain)
{
	const SfFact *identity = sf_child_of(action->new, "identity"),
			   *value = identity ? identity : sf_child_of(action->new, "default");
	SfFilling  *filling;

	if ((value ? !list_member_ptr(action->folded, value) : sf_domain_default(action->new) == NULL) ||
		list_length(plain) != 1 ||
		!(sf_recipe_risk(plan, action, sf_column_added(action->new, linitial(plain)), false) & SF_RISK_REWRITES) ||
		sf_no_online_value(action->new))
		return NULL;
	filling = identity ? fill_by_identity(plan, action) : fill_by_default(plan, action, value);
	filling->after = sf_add_statements(filling->after, action->statements, 1, false);
	return filling;
}

static SfFilling *
fill_new(const SfPlan *plan, const SfAction *action)
{
	List	   *plain = sf_render_create(plan, action, 0);
	SfFilling  *filling;

	if (!sf_is_kind(action->new->parent, "table") || !sf_begins_with(action, 0, plain) || !sf_is_big(action->table))
		return NULL;
	filling = fill_as_said(plan, action, plain);
	if (filling == NULL)
		filling = sf_fill_generated(plan, action, plain);
	return filling ? filling : fill_as_made(plan, action, plain);
}

/* ---- a column that is to be NOT NULL ---- */

/* The statement that makes the column NOT NULL; NULL when it is none of a table's.  old: as it is before. */
static char *
render_not_null(const SfPlan *plan, const SfFact *old, const SfFact *column, int flags)
{
	bool	   *only = palloc0(column->kind->nattrs * sizeof(bool));
	int			i = sf_kind_attr(column->kind, "not_null");
	SfEmit		out;

	if (sf_attr(column, "not_null") == NULL || column->parent == NULL || !sf_is_kind(column->parent, "table"))
		return NULL;
	only[i] = true;
	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING | flags;
	column->kind->attrs[i].alter(&out, old, column, only);
	/* Behind what fills the NULLs. */
	return out.statements ? llast(out.statements) : NULL;
}

SfProof
sf_not_null_proof(const SfPlan *plan, const SfAction *action)
{
	const SfFact *column = action->new;
	SfProof		proof = {action, column, render_not_null(plan, column, column, 0),
	render_not_null(plan, column, column, SF_EMIT_NOT_VALID)};

	return proof;
}

/* Is there nothing to be proved, because something valid says it, or because nobody wants the proof? */
static bool
needs_no_proof(const SfFact *old, const SfFact *column)
{
	const SfFact *constraint = sf_child_of(column, "not null");

	if (constraint && sf_attr(constraint, "not_valid"))
		return true;
	return old->parent && sf_risk_proves_not_null(old->parent, sf_last(old)) &&
		sf_risk_proves_not_null(column->parent, sf_last(column));
}

/*
 * What fills the NULLs of a big table does so in batches; a trigger fills those that the old version of the application
 * writes meanwhile, and afterwards.
 */
static SfFilling *
fill_nulls(const SfPlan *plan, const SfAction *action)
{
	const SfFact *column = action->new;
	const SfFact *by_default = sf_child_of(column, "default");
	SfFilling  *filling = palloc0(sizeof(SfFilling));
	SfDual		dual = {.fill = true,.column = sf_last(column),.expression = fill_of(plan, column)};
	char	   *set = render_not_null(plan, action->old, column, 0);
	ListCell   *lc;

	if (set == NULL || needs_no_proof(action->old, column))
		return NULL;
	if (dual.expression == NULL && by_default)
		dual.expression = sf_attr(by_default, "expression");
	filling->action = action;
	filling->dual = dual;
	filling->stays = true;
	foreach(lc, action->statements)
	{
		List	  **list = filling->proof.set ? &filling->after : filling->fill ? &filling->behind : &filling->before;

		if (strcmp(lfirst(lc), set) == 0)
		{
			SfProof		proof = {action, column, set, render_not_null(plan, action->old, column, SF_EMIT_NOT_VALID)};

			filling->proof = proof;
		}
		else if (is_fill(lfirst(lc)) && dual.expression && sf_is_big(action->table))
			filling->fill = lfirst(lc);
		else
			*list = sf_add_statement(*list, lfirst(lc), false, false);
	}
	return filling;
}

/*
 * What it reads of the table's other new columns is there before: by the user's words, which are a wish, or as what it
 * is computed from.
 */
static int
level_of(const SfAction *action)
{
	List	   *sources = list_concat_copy(action->wishes,
										   sf_child_of(action->new, "generated") ? action->after : NIL);
	int			level = 0;
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, sources)
	{
		const SfAction *source = ((SfAfter *) lfirst(lc))->action;

		if (source->verb == SF_VERB_CREATE && source->kind == action->kind &&
			source->new->parent == action->new->parent && source->position < action->position)
			level = Max(level, 1 + level_of(source));
	}
	return level;
}

SfFilling *
sf_filling(const SfPlan *plan, const SfAction *action)
{
	SfFilling  *filling = action->verb == SF_VERB_CREATE ? fill_new(plan, action) : fill_nulls(plan, action);

	if (filling)
		filling->dual.level = level_of(action);
	return filling;
}
