/*
 * recipes_shadow_refuse.c - why no other column can take a column's place, as far as it itself and its tables tell.
 */
#include "postgres.h"

#include "diff/diff.h"
#include "lib/spi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "phases/recipes_shadow.h"
#include "phases/shadow_text.h"
#include "plan/emit.h"
#include "plan/names.h"

static bool
has_identity(const SfFact *column)
{
	return sf_child_of(column, "identity") != NULL;
}

/* The first of the column's line: its own, or that of its parent's column, and so on. */
static const SfFact *
root_of(const SfFact *column)
{
	while (sf_implied_by(column))
		column = sf_implied_by(column);
	return column;
}

bool
sf_has_other_root(const SfFact *copy)
{
	ListCell   *lc;

	foreach(lc, copy->needs)
		if (((SfEdge *) lfirst(lc))->type == SF_EDGE_IMPLIED && root_of(((SfEdge *) lfirst(lc))->to) != root_of(copy))
			return true;
	return false;
}

/*
 * NULL: the tables that have the column of this one stay, and can have the new one.  A partition gets its trigger from
 * the whole at any time; who comes to inherit has none.
 */
static char *
refusal_of_heirs(const SfPlan *plan, const SfFact *old, const SfFact *new)
{
	List	   *copies = sf_copies_of(new);
	char	   *why = NULL;
	SfEmit		out;
	ListCell   *lc;

	check_stack_depth();
	if (strcmp(old->parent->name[0], new->parent->name[0]) != 0)
		return psprintf("%s moves to another schema at the same time", sf_fact_label(old->parent));
	sf_plan_emit_init(&out, plan);
	if (sf_refuses_updates(&out, new->parent))
		return psprintf("%s is published, and has no replica identity for the rows that would be filled",
						sf_fact_label(new->parent));
	if (!sf_is_partitioned(new->parent) && list_length(copies) != list_length(sf_copies_of(old)))
		return pstrdup("a table begins or ceases to inherit it at the same time");
	foreach(lc, copies)
	{
		const SfFact *copy = lfirst(lc);

		if (!sf_is_kind(copy->parent, "table"))
			return psprintf("%s has it, too", sf_fact_label(copy->parent));
		if (sf_has_other_root(copy))
			return psprintf("%s has it of another table, too", sf_fact_label(copy->parent));
		if (!sf_is_partitioned(new->parent) && (copy->twin == NULL || sf_reattached(copy)))
			return pstrdup("a table begins or ceases to inherit it at the same time");
		why = why || copy->twin == NULL ? why : refusal_of_heirs(plan, copy->twin, copy);
	}
	return why;
}

bool
sf_shadow_both_computed(const SfFact *old, const SfFact *new)
{
	const SfFact *was = sf_child_of(old, "generated"),
			   *is = sf_child_of(new, "generated");

	return was && is && !sf_attr(was, "virtual") && !sf_attr(is, "virtual");
}

bool
sf_shadow_is_computed_from(const SfShadow *shadow, const SfShadow *other)
{
	return shadow->computed && other->new != shadow->new && sf_needs(sf_child_of(shadow->new, "generated"), other->new);
}

/* Is it computed from one that is exchanged with it? */
static bool
has_shadowed_source(List *shadows, const SfShadow *shadow)
{
	ListCell   *lc;

	foreach(lc, shadows)
		if (sf_shadow_is_computed_from(shadow, lfirst(lc)))
			return true;
	return false;
}

/*
 * What it is computed from, or by, that is not now what it is going to be, and is not exchanged with it; NULL: nothing.
 */
static const SfFact *
unsteady_source(const SfPlan *plan, List *shadows, const SfFact *new)
{
	ListCell   *lc,
			   *la;

	foreach(lc, sf_child_of(new, "generated")->needs)
	{
		const SfFact *source = ((SfEdge *) lfirst(lc))->to;
		bool		is_column = sf_is_kind(source, "column");
		const SfShadow *exchanged = is_column ? sf_shadow_of(shadows, source) : NULL;

		if (source == new || source == new->parent || (exchanged && exchanged->new == source))
			continue;
		/* By its parent's: that has triggers and a pass of its own. */
		if (exchanged)
			return source;
		/* What else is new comes before it. */
		if (source->twin == NULL ? is_column : strcmp(source->twin->key, source->key) != 0)
			return source;
		foreach(la, source->twin ? plan->actions : NIL)
			if (((SfAction *) lfirst(la))->new == source)
				return source;
	}
	return NULL;
}

/* The same for a generated column, which is filled by its own expression. */
static char *
refusal_of_computed(const SfPlan *plan, const SfShadow *shadow)
{
	const char *why = sf_why_not_filled(shadow->new);

	if (shadow->types)
		return pstrdup("its type is made anew at the same time");
	return why ? pstrdup(why) : refusal_of_heirs(plan, shadow->old, shadow->new);
}

char *
sf_shadow_refusal_of_sources(const SfPlan *plan, List *shadows, const SfShadow *shadow)
{
	const SfFact *source = unsteady_source(plan, shadows, shadow->new);

	if (source)
		return psprintf("%s, which it is computed from or by, changes at the same time", sf_fact_label(source));
	if (!sf_changed(sf_child_of(shadow->old, "generated"), sf_child_of(shadow->new, "generated"), "expression") &&
		!sf_changed(shadow->old, shadow->new, "type") && !sf_changed(shadow->old, shadow->new, "collation") &&
		!has_shadowed_source(shadows, shadow))
		return pstrdup("something else that it needs is made anew");
	return NULL;
}

/* What the old type belongs to, when the plan gives another name to that; until the exchange it is needed by both. */
static const SfFact *
renamed_whole(const SfFact *column)
{
	ListCell   *lc;

	foreach(lc, column->needs)
	{
		const SfFact *whole = ((SfEdge *) lfirst(lc))->to;
		const bool *changed = whole->twin ? sf_diff_attributes(whole, whole->twin) : NULL;

		for (int i = 0; changed && i < whole->kind->nattrs; i++)
			if (changed[i] && (whole->kind->attrs[i].flags & SF_ATTR_MEMBERS))
				return whole;
	}
	return NULL;
}

/* Something that has the name of a type which the plan makes for the column, and may have it up to the exchange. */
static const SfFact *
has_name_of_type(const SfPlan *plan, const SfFact *column)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, column->needs)
	{
		const SfFact *made = ((SfEdge *) lfirst(lc))->to;

		if (made->twin == NULL && made != column->parent)
			names = list_concat(names, sf_names_taken(made));
	}
	foreach(lc, names ? plan->from->facts : NIL)
	{
		CHECK_FOR_INTERRUPTS();
		if (sf_takes_any(lfirst(lc), names))
			return lfirst(lc);
	}
	return NULL;
}

char *
sf_shadow_refusal(const SfPlan *plan, const SfShadow *shadow)
{
	const char *why = sf_why_not_empty(shadow->new);
	const SfFact *whole = renamed_whole(shadow->old),
			   *holder = has_name_of_type(plan, shadow->new);

	if (why)
		return pstrdup(why);
	if (whole)
		return psprintf("%s, which its type belongs to, moves to another schema at the same time",
						sf_fact_label(whole));
	if (holder)
		return psprintf("its new type has the name of %s, which may be in use until the old version is gone",
						sf_fact_label(holder));
	if (shadow->computed)
		return refusal_of_computed(plan, shadow);
	if (sf_child_of(shadow->old, "generated") || sf_child_of(shadow->new, "generated"))
		return pstrdup("it is a generated column");
	if (has_identity(shadow->old) != has_identity(shadow->new))
		return pstrdup("it becomes an identity column, or ceases to be one, at the same time");
	return refusal_of_heirs(plan, shadow->old, shadow->new);
}

/* ---- defaults ---- */

/* Has the old enum the value, and the new one not, under another name either? */
static bool
is_lost(const SfFact *was, const char *label)
{
	ListCell   *lc;

	foreach(lc, was->children)
		if (sf_is_kind(lfirst(lc), "enum value") && strcmp(sf_last((SfFact *) lfirst(lc)), label) == 0)
			return ((SfFact *) lfirst(lc))->twin == NULL;
	return false;
}

/* A constant of one of the types (of SfShadowType) that it has no more; of an array, one that has such an element. */
static bool
gives_lost_value(Node *node, List *types)
{
	const TypeCast *cast = node && IsA(node, TypeCast) ? (TypeCast *) node : NULL;
	const A_Const *constant = cast && IsA(cast->arg, A_Const) ? (A_Const *) cast->arg : NULL;
	ListCell   *lc;

	if (node == NULL)
		return false;
	foreach(lc, constant && IsA(&constant->val, String) ? types : NIL)
	{
		const SfFact *was = ((SfShadowType *) lfirst(lc))->new->twin;
		const char *value[] = {strVal(&constant->val)};
		SfRows	   *elements;

		if (list_length(cast->typeName->names) != 2 ||
			strcmp(strVal(linitial(cast->typeName->names)), was->name[0]) != 0 ||
			strcmp(strVal(lsecond(cast->typeName->names)), was->name[1]) != 0)
			continue;
		if (cast->typeName->arrayBounds == NIL)
			return is_lost(was, value[0]);
		elements = sf_query("SELECT pg_catalog.unnest($1::pg_catalog.text[])", 1, value);
		for (int r = 0; r < elements->nrows; r++)
			if (sf_cell(elements, r, 0) && is_lost(was, sf_cell(elements, r, 0)))
				return true;
	}
	return raw_expression_tree_walker(node, gives_lost_value, types);
}

/* The text of the default; NULL: none is known. */
static const char *
lost_default(const SfShadow *shadow, const SfFact *old, bool given)
{
	const SfFact *by_default = sf_child_of(old, "default");
	const char *text = by_default ? sf_attr(by_default, "expression") : NULL,
			   *lost = NULL;
	ListCell   *lc;

	check_stack_depth();
	if (text && shadow->types && !given && gives_lost_value(sf_text_parse(psprintf("SELECT %s", text)), shadow->types))
		return text;
	if (text && shadow->types == NIL && !sf_default_converts(text, sf_last(old), sf_attr(old, "type"), shadow->up,
															 sf_attr(shadow->new, "type")))
		return text;
	foreach(lc, sf_copies_of(old))
		lost = lost ? lost : lost_default(shadow, lfirst(lc), given);
	return lost;
}

char *
sf_shadow_refusal_of_default(const SfShadow *shadow, bool given)
{
	const char *lost = shadow->computed ? NULL : lost_default(shadow, shadow->old, given);

	return lost == NULL ? NULL :
		psprintf("the old version of the application inserts its default, %s, which has no value in the new type: "
				 "say with @up what becomes of it", lost);
}
