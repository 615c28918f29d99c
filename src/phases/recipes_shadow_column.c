/*
 * recipes_shadow_column.c - a column and the one that takes its place: added, kept in step, filled, exchanged.
 *
 * What a column has of its own (storage, statistics target, options, NOT NULL) the shadow gets at once, and takes along
 * under its new name.  A default would fill it where the old application leaves it out, so it comes with the name.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "miscadmin.h"
#include "phases/recipes_fill.h"
#include "phases/recipes_shadow.h"
#include "phases/shadow_text.h"
#include "plan/emit.h"

#define LEVELS		2			/* of triggers: duals_of() */
#define OUR_ROW	"\"~schemaflow\""

/* Those that the table's triggers keep in step; one that it has of a parent, too, is its parent's. */
static List *
of_table(const SfShadowBracket *bracket, const SfFact *table)
{
	List	   *shadows = NIL;
	ListCell   *lc;

	foreach(lc, bracket->shadows)
		if (((SfShadow *) lfirst(lc))->new->parent == table && ((SfShadow *) lfirst(lc))->whole == NULL)
			shadows = lappend(shadows, lfirst(lc));
	return shadows;
}

/* The new column under the shadow's name: what it is by itself. */
static SfFact *
as_shadow(const SfShadow *shadow)
{
	SfFact	   *column = sf_shadow_copy(shadow->new, shadow->name);
	char	  **type = &column->attr[sf_kind_attr(column->kind, "type")];

	*type = sf_type_renamed(*type, sf_shadow_types(list_make1(unconstify(SfShadow *, shadow))));
	column->children = NIL;
	return column;
}

static SfEmit
emit_for(const SfShadowBracket *bracket)
{
	SfEmit		out;

	sf_plan_emit_init(&out, bracket->plan);
	out.fills = NIL;
	out.flags = SF_EMIT_EXISTING;
	return out;
}

static List *
add_joined(List *statements, char *sql)
{
	bool		joined = statements != NIL;

	statements = sf_add_statement(statements, sql, false, false);
	((SfStatement *) llast(statements))->joined = joined;
	return statements;
}

static List *
add_all_joined(List *statements, List *texts)
{
	ListCell   *lc;

	foreach(lc, texts)
		statements = add_joined(statements, lfirst(lc));
	return statements;
}

/* ---- ahead ---- */

static void
grant_as(SfEmit *out, SfFact *column, const SfFact *grant)
{
	SfFact	   *copy = sf_fact_copy(grant);

	/* What the column is called begins with its table. */
	column->parent = unconstify(SfFact *, sf_shadow_table(column->parent));
	copy->parent = column;
	copy->name[column->nname - 1] = sf_last(column);
	grant->kind->create(out, copy, NIL);
}

/*
 * Who may use the column (or its copy on a partition) may use it under this name, too: the new version of the
 * application does.
 */
static void
grant_all_as(SfEmit *out, const SfFact *column, char *name)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, column->children)
		if (sf_is_kind(lfirst(lc), "grant"))
			grant_as(out, sf_shadow_copy(column, name), lfirst(lc));
	foreach(lc, sf_copies_of(column))
		grant_all_as(out, lfirst(lc), name);
}

List *
sf_shadow_add_column(const SfShadowBracket *bracket, const SfShadow *shadow)
{
	SfFact	   *column = as_shadow(shadow);
	SfEmit		out = emit_for(bracket);

	column->attr[sf_kind_attr(column->kind, "not_null")] = NULL;
	out.flags |= SF_EMIT_EMPTY;
	column->kind->create(&out, column, NIL);
	if (out.statements)
		linitial(out.statements) = sf_column_added(column, linitial(out.statements));
	column->kind->after(&out, column);
	if (shadow->whole == NULL)
		grant_all_as(&out, shadow->new, shadow->name);
	return add_all_joined(NIL, out.statements);
}

/* Of SfDual: those of a level; what is computed from shadows has a trigger of its own, behind theirs. */
static List *
duals_of(List *shadows, int level)
{
	List	   *duals = NIL;
	ListCell   *lc;

	foreach(lc, shadows)
	{
		const SfShadow *shadow = lfirst(lc);
		SfDual	   *up = palloc0(sizeof(SfDual)),
				   *down = palloc0(sizeof(SfDual));

		if (shadow->above != (level > 0))
			continue;
		up->up = !shadow->computed;
		up->beside = level == 0;
		up->level = level;
		up->fill = up->computed = shadow->computed;
		up->column = shadow->name;
		up->expression = shadow->up;
		if (shadow->computed)
		{
			duals = lappend(duals, up);
			continue;
		}
		down->column = sf_last(shadow->old);
		down->expression = shadow->down;
		duals = lappend(lappend(duals, up), down);
	}
	return duals;
}

/* The value that the shadow gets from the row as it was, as the column will have it. */
static char *
value_ahead(const SfShadow *shadow)
{
	const SfFact *column = as_shadow(shadow);
	const char *type = sf_attr(column, "type"),
			   *collation = sf_attr(column, "collation");
	bool		is_text = strcmp(type, "text") == 0 || strncmp(type, "character", 9) == 0;

	/* Not that of what it comes from. */
	if (collation == NULL && is_text)
		collation = "pg_catalog.\"default\"";
	return psprintf(collation ? "((%s)::%s) COLLATE %s" : "(%s)::%s", shadow->up, type, collation);
}

/*
 * What a row has in a column that is computed from shadows, when they are given their values by the same statement:
 * within, those go by their names.
 */
static char *
computed_ahead(const SfShadow *shadow, List *shadows)
{
	List	   *names = NIL,
			   *values = NIL;
	ListCell   *lc;

	foreach(lc, shadows)
	{
		const SfShadow *source = lfirst(lc);

		if (source->computed || !sf_needs(sf_child_of(shadow->new, "generated"), source->new))
			continue;
		names = lappend(names, unconstify(char *, sf_ident(source->name)));
		values = lappend(values, value_ahead(source));
	}
	return psprintf("SELECT %s FROM (VALUES (%s)) AS " OUR_ROW " (%s)", shadow->up, sf_join(values, ", "),
					sf_join(names, ", "));
}

/* "a = (x), b = (y)", as the triggers assign. */
static char *
assignments(List *shadows)
{
	List	   *parts = NIL;
	ListCell   *lc;

	foreach(lc, shadows)
	{
		const SfShadow *shadow = lfirst(lc);

		parts = lappend(parts, psprintf("%s = (%s)", sf_ident(shadow->name),
										shadow->above ? computed_ahead(shadow, shadows) : shadow->up));
	}
	return sf_join(parts, ", ");
}

/* The column by which the trigger of the level is called; NULL: there is none. */
static const SfFact *
first_of_level(List *shadows, int level)
{
	ListCell   *lc;

	foreach(lc, shadows)
		if (((SfShadow *) lfirst(lc))->above == (level > 0))
			return ((SfShadow *) lfirst(lc))->new;
	return NULL;
}

/* That the expressions fit is found out here, and not by the first application that writes. */
List *
sf_shadow_tie(const SfShadowBracket *bracket, const SfFact *table)
{
	List	   *shadows = of_table(bracket, table),
			   *statements = NIL;
	ListCell   *lc;

	for (int level = 0; level < LEVELS; level++)
	{
		const SfFact *first = first_of_level(shadows, level);
		List	   *duals = duals_of(shadows, level);

		foreach(lc, first ? sf_dual_tables(first) : NIL)
		{
			statements = add_all_joined(statements, sf_dual_create(sf_shadow_table(lfirst(lc)), first, duals));
			statements = add_joined(statements, sf_dual_fits(sf_shadow_table(lfirst(lc)), first, linitial(duals)));
		}
	}
	return statements;
}

/* What has a value by now was written since. */
List *
sf_shadow_fill(const SfShadowBracket *bracket, const SfFact *table)
{
	List	   *shadows = of_table(bracket, table),
			   *missing = NIL;
	ListCell   *lc;

	foreach(lc, shadows)
	{
		const SfShadow *shadow = lfirst(lc);

		/* A row value of NULLs is a value here. */
		missing = lappend(missing, shadow->computed ? psprintf("NOT %s", sf_shadow_computed(shadow)) :
						  psprintf("%s IS NOT DISTINCT FROM NULL AND (%s) IS DISTINCT FROM NULL",
											sf_ident(shadow->name), shadow->up));
	}
	return sf_add_statement(NIL, psprintf("UPDATE %s SET %s WHERE %s", sf_name(sf_shadow_table(table)),
										  assignments(shadows), sf_join(missing, " OR ")),
							false, false);
}

static SfProof *
proof_of(const SfShadowBracket *bracket, const SfAction *action, SfFact *column)
{
	SfProof    *proof = palloc0(sizeof(SfProof));
	SfEmit		out = emit_for(bracket);
	int			i = sf_kind_attr(column->kind, "not_null");
	bool	   *only = palloc0(column->kind->nattrs * sizeof(bool));

	column->children = NIL;
	only[i] = true;
	column->kind->attrs[i].alter(&out, column, column, only);
	proof->action = action;
	proof->column = column;
	proof->set = llast(out.statements);
	return proof;
}

/* The column of the table, or where it may be NULL, those of heirs and partitions in which it may not. */
static List *
add_proofs(List *proofs, const SfShadowBracket *bracket, const SfAction *action, const SfFact *column, char *name)
{
	ListCell   *lc;

	check_stack_depth();
	if (sf_attr(column, "not_null"))
		return lappend(proofs, proof_of(bracket, action, sf_shadow_copy(column, name)));
	foreach(lc, sf_copies_of(column))
		proofs = add_proofs(proofs, bracket, action, lfirst(lc), name);
	return proofs;
}

List *
sf_shadow_prove(List *placed, const SfShadowBracket *bracket)
{
	List	   *proofs = NIL;
	ListCell   *lc;

	foreach(lc, bracket->actions)
	{
		const SfShadow *shadow = sf_shadow_exchanged(bracket->plan, lfirst(lc));

		if (shadow && shadow->whole == NULL)
			proofs = add_proofs(proofs, bracket, lfirst(lc), shadow->new, shadow->name);
		if (shadow && shadow->computed && shadow->whole == NULL)
			placed = sf_place(placed, lfirst(lc), sf_shadow_claim(bracket->plan, shadow));
	}
	placed = sf_prove_not_null(placed, bracket->plan, proofs);
	foreach(lc, bracket->actions)
	{
		const SfShadow *shadow = sf_shadow_exchanged(bracket->plan, lfirst(lc));

		if (shadow && shadow->computed && shadow->whole == NULL)
			placed = sf_place(placed, lfirst(lc), sf_shadow_prove_claim(bracket->plan, shadow));
	}
	return placed;
}

/* ---- the exchange ---- */

List *
sf_shadow_untie(const SfShadowBracket *bracket, const SfFact *table)
{
	List	   *shadows = of_table(bracket, table),
			   *statements = NIL;
	ListCell   *lc;

	for (int level = 0; level < LEVELS; level++)
	{
		const SfFact *first = first_of_level(shadows, level);
		List	   *duals = duals_of(shadows, level);

		foreach(lc, first ? sf_dual_tables(first) : NIL)
			statements = add_joined(statements, sf_dual_drop(sf_shadow_table(lfirst(lc)), first, linitial(duals)));
	}
	return statements;
}

/* The identity as the shadow has it until the old one's sequence has given its name up. */
static SfFact *
identity_ahead(const SfShadowBracket *bracket, const SfShadow *shadow, const SfFact *identity)
{
	SfFact	   *ahead = sf_shadow_copy(identity, shadow->name);
	char	   *names[2] = {identity->name[0], sf_shadow_name(bracket->plan, bracket->names, identity->name[1],
															  psprintf("%s_seq", sf_last(identity)))};

	ahead->parent = as_shadow(shadow);
	ahead->attr[sf_kind_attr(ahead->kind, "sequence")] = sf_qualified(2, names);
	return ahead;
}

/* The new sequence goes on where the old one stands. */
static char *
carry_position(const SfFact *ahead, const SfFact *old)
{
	return psprintf("SELECT pg_catalog.setval(%s, GREATEST(LEAST(last_value, %s), %s), is_called) FROM %s",
					sf_literal(sf_attr(ahead, "sequence")), sf_attr(ahead, "max"), sf_attr(ahead, "min"),
					sf_attr(old, "sequence"));
}

List *
sf_shadow_drop_old(const SfShadowBracket *bracket, const SfShadow *shadow, const SfAction *action)
{
	const SfFact *identity = sf_child_of(shadow->new, "identity");
	List	   *statements = NIL;
	ListCell   *lc;

	if (identity)
	{
		SfFact	   *ahead = identity_ahead(bracket, shadow, identity);
		SfEmit		out = emit_for(bracket);

		out.flags = 0;
		identity->kind->create(&out, ahead, NIL);
		statements = add_all_joined(statements, out.statements);
		statements = add_joined(statements, carry_position(ahead, sf_child_of(shadow->old, "identity")));
	}
	foreach(lc, action->statements)
	{
		statements = add_joined(statements, lfirst(lc));
		((SfStatement *) llast(statements))->keeps = !shadow->loses;
		((SfStatement *) llast(statements))->why = psprintf("its values are in %s", sf_ident(shadow->name));
	}
	return statements;
}

static void
rename_sequence(SfEmit *out, const SfFact *ahead, const SfFact *identity)
{
	int			i = sf_kind_attr(identity->kind, "sequence");

	identity->kind->attrs[i].alter(out, ahead, identity, NULL);
}

/* From 18 on: the constraint that came with SET NOT NULL, by the name that the server gave it. */
static void
rename_not_null(SfEmit *out, const SfShadow *shadow, const SfFact *fact)
{
	const char *given = makeObjectName(sf_last(sf_shadow_table(sf_relation_of(fact))), shadow->name, "not_null");

	sf_emit(out, "ALTER TABLE %s RENAME CONSTRAINT %s TO %s", sf_rel(fact), sf_ident(given),
			sf_ident(sf_attr(fact, "actual_name")));
}

/* What folds into the column's definition, for one that is there. */
static void
add_folded(SfEmit *out, const SfShadowBracket *bracket, const SfShadow *shadow, const SfFact *part)
{
	if (sf_is_kind(part, "generated"))
		sf_shadow_generate(out, bracket->plan, shadow);
	else if (sf_is_kind(part, "identity"))
		rename_sequence(out, identity_ahead(bracket, shadow, part), part);
	else if (sf_is_kind(part, "not null"))
	{
		/* An inherited one gets its original's name with that. */
		if (sf_implied_by(part) == NULL)
			rename_not_null(out, shadow, part);
	}
	else
		part->kind->create(out, part, NIL);
	if (part->kind->after)
		part->kind->after(out, part);
	sf_emit_birth(out, part);
}

/* Of a column and those that inheriting tables declare, too, the first whose place is taken. */
static bool
is_first(const SfShadowBracket *bracket, const SfShadow *shadow)
{
	ListCell   *lc;

	foreach(lc, bracket->actions)
	{
		const SfShadow *other = sf_shadow_exchanged(bracket->plan, lfirst(lc));

		if (other && sf_shadow_whole(other) == sf_shadow_whole(shadow))
			return other == shadow;
	}
	return true;
}

/* What folds into the definition of the column, then of those that inheriting tables declare, too: it is passed on. */
static void
add_all_folded(SfEmit *out, const SfShadowBracket *bracket, const SfShadow *shadow)
{
	ListCell   *lc,
			   *la;

	foreach(lc, bracket->plan->shadows)
	{
		const SfShadow *one = lfirst(lc);

		foreach(la, sf_shadow_whole(one) == shadow ? bracket->actions : NIL)
		{
			const SfAction *action = lfirst(la);
			ListCell   *lf;

			foreach(lf, sf_shadow_exchanged(bracket->plan, action) == one ? action->folded : NIL)
				add_folded(out, bracket, one, lfirst(lf));
		}
	}
}

/* What partitions and inheriting tables alone have: theirs, below a column that comes along. */
static void
rename_own_not_nulls(SfEmit *out, const SfShadow *shadow, const SfFact *column)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, sf_copies_of(column))
	{
		const SfFact *copy = lfirst(lc),
				   *not_null = sf_comes_along(copy) ? sf_child_of(copy, "not null") : NULL;

		if (not_null && sf_implied_by(not_null) == NULL)
			rename_not_null(out, shadow, not_null);
		rename_own_not_nulls(out, shadow, copy);
	}
}

/* The new name, too, is passed on. */
List *
sf_shadow_take_place(const SfShadowBracket *bracket, const SfShadow *shadow)
{
	SfEmit		out = emit_for(bracket);
	List	   *statements;

	if (is_first(bracket, shadow))
		shadow->new->kind->rename(&out, as_shadow(sf_shadow_whole(shadow)), sf_shadow_whole(shadow)->new);
	if (shadow->whole == NULL)
	{
		/* From here on the domain's may give values. */
		if (sf_domain_default(shadow->new))
			sf_emit(&out, "ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT", sf_rel(shadow->new),
					sf_ident(sf_last(shadow->new)));
		add_all_folded(&out, bracket, shadow);
		rename_own_not_nulls(&out, shadow, shadow->new);
	}
	statements = add_all_joined(NIL, out.statements);
	if (is_first(bracket, shadow))
		((SfStatement *) linitial(statements))->why = "takes the place of the old one";
	return statements;
}
