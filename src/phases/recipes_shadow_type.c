/*
 * recipes_shadow_type.c - types that another of their name takes the place of, together with the columns of them.
 *
 * An enum that loses a value is made anew, and every column of it with it.  The new type is made ahead under a name
 * of ours, so that the shadows can have it; in the exchange the old one goes with the old columns, and the new one
 * gets the name.  So all columns of the type are exchanged, those of small tables too.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "phases/recipes_shadow.h"
#include "phases/shadow_text.h"
#include "plan/cast.h"

SfShadowType *
sf_shadow_type_of(List *shadows, const SfFact *type)
{
	ListCell   *lc,
			   *lt;

	foreach(lc, shadows)
		foreach(lt, ((SfShadow *) lfirst(lc))->types)
			if (((SfShadowType *) lfirst(lt))->new == type)
				return lfirst(lt);
	return NULL;
}

List *
sf_shadow_types(List *shadows)
{
	List	   *types = NIL,
			   *renames = NIL;
	ListCell   *lc;

	foreach(lc, shadows)
		types = list_concat_unique_ptr(types, ((SfShadow *) lfirst(lc))->types);
	foreach(lc, types)
	{
		const SfShadowType *type = lfirst(lc);
		SfRenamedName *renamed = palloc(sizeof(SfRenamedName));

		renamed->schema = type->new->name[0];
		renamed->from = sf_last(type->new);
		renamed->to = type->name;
		renames = lappend(renames, renamed);
	}
	return renames;
}

/* ---- which ---- */

/* Does the plan put another in its place? */
static bool
is_swapped(const SfPlan *plan, const SfFact *type)
{
	ListCell   *lc;

	foreach(lc, type->kind->swaps ? plan->actions : NIL)
	{
		const SfAction *action = lfirst(lc);

		if (action->verb == SF_VERB_CREATE && action->new == type)
			return action->rebuild;
	}
	return false;
}

/* Of SfFact, added to "types": those that the fact is, or is made of, and that others take the place of. */
static List *
add_swapped(const SfPlan *plan, List *types, const SfFact *fact)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, fact->needs)
	{
		SfFact	   *need = ((SfEdge *) lfirst(lc))->to;

		if (is_swapped(plan, need) && !list_member_ptr(types, need))
			types = add_swapped(plan, lappend(types, need), need);
	}
	return types;
}

char *
sf_shadow_find_types(const SfPlan *plan, List *shadows, SfShadow *shadow)
{
	ListCell   *lc;

	foreach(lc, add_swapped(plan, NIL, shadow->new))
	{
		SfFact	   *fact = lfirst(lc);
		SfShadowType *type = sf_shadow_type_of(shadows, fact);

		if (!sf_shadow_makes(fact->kind))
			return psprintf("%s takes the place of another of that name, and only an enum can beside it",
							sf_fact_label(fact));
		if (type == NULL)
		{
			type = palloc(sizeof(SfShadowType));
			type->new = fact;
			type->name = sf_shadow_name(plan, NIL, sf_last(fact), NULL);
		}
		shadow->types = lappend(shadow->types, type);
	}
	if (shadow->types == NIL && !shadow->computed && !sf_changed(shadow->old, shadow->new, "type") &&
		!sf_changed(shadow->old, shadow->new, "collation"))
		return pstrdup("a type of another kind takes the place of its own, under the same name");
	return NULL;
}

bool
sf_shadow_shares_type(const SfShadow *one, const SfShadow *other)
{
	ListCell   *lc;

	foreach(lc, one->types)
		if (list_member_ptr(other->types, lfirst(lc)))
			return true;
	return false;
}

/* ---- values ---- */

/* The trigger cannot have subqueries, so an array comes over by way of text, where its elements do. */
static char *
convert_array(const char *expr, const SfFact *element, const char *type)
{
	char	   *plain = psprintf("e::text::%s", sf_name(element));

	return strcmp(element->kind->convert("e", element->twin, element), plain) == 0 ?
		psprintf("%s::text::%s", expr, type) : NULL;
}

char *
sf_shadow_conversion(const char *expr, const SfFact *from, const SfFact *to)
{
	const char *type = sf_attr(to, "type");
	const SfFact *swapped = sf_column_swapped(from, to, ""),
			   *element = sf_column_swapped(from, to, "[]");
	char	   *using;

	if (swapped)
		return swapped->kind->convert(expr, swapped->twin, swapped);
	if (element)
		return convert_array(expr, element, type);
	using = strcmp(sf_attr(from, "type"), type) == 0 ? NULL : sf_conversion(expr, sf_attr(from, "type"), type);
	return using ? using : pstrdup(expr);
}

/* What can be asked of it: a domain's casts are those of what it is made of. */
static const char *
asked_type(const SfFact *column)
{
	ListCell   *lc;

	foreach(lc, column->needs)
	{
		const SfFact *need = ((SfEdge *) lfirst(lc))->to;

		if (sf_is_kind(need, "domain") && strcmp(psprintf("%s[]", sf_name(need)), sf_attr(column, "type")) == 0)
			return psprintf("%s[]", sf_base_type(need));
	}
	return sf_base_type(column);
}

/* The plan makes it: what its values are called is what texts and numbers say. */
static bool
is_new_enum(const SfFact *column)
{
	const SfFact *type = sf_type_of_kind(column, "enum");

	return type && type->twin == NULL;
}

bool
sf_shadow_casts(const SfFact *from, const SfFact *to)
{
	return sf_column_swapped(from, to, "") || sf_column_swapped(from, to, "[]") || is_new_enum(from) ||
		is_new_enum(to) || sf_casts(asked_type(from), asked_type(to));
}
