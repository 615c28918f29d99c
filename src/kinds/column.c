/*
 * column.c - columns of tables.  Default, generation expression and identity are facts of their own that fold in.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "kinds/not_null.h"
#include "kinds/rows.h"
#include "kinds/sequence_common.h"

extern const SfKind sf_kind_default,
			sf_kind_domain;

/* Made for one ALTER TABLE ... USING. */
#define ELEMENTS_FUNCTION	"pg_temp.schemaflow_elements"

static char *
alter_head(const SfFact *fact)
{
	return psprintf("ALTER TABLE %s ALTER COLUMN %s", sf_rel(fact), sf_ident(sf_last(fact)));
}

/* All but NOT NULL. */
static void
describe(StringInfo out, const SfFact *fact, List *folded)
{
	ListCell   *lc;

	if (sf_attr(fact, "typed"))
		appendStringInfo(out, "%s WITH OPTIONS", sf_ident(sf_last(fact)));
	else
	{
		appendStringInfo(out, "%s %s", sf_ident(sf_last(fact)), sf_attr(fact, "type"));
		if (sf_attr(fact, "fdw_options"))
			appendStringInfo(out, " OPTIONS (%s)", sf_attr(fact, "fdw_options"));
		if (sf_attr(fact, "compression"))
			appendStringInfo(out, " COMPRESSION %s", sf_attr(fact, "compression"));
		if (sf_attr(fact, "collation"))
			appendStringInfo(out, " COLLATE %s", sf_attr(fact, "collation"));
	}
	foreach(lc, sf_folded_of(fact, folded))
	{
		const SfFact *part = lfirst(lc);
		StringInfoData text;

		initStringInfo(&text);
		part->kind->clause(&text, part, folded);
		if (text.len > 0)
			appendStringInfo(out, " %s", text.data);
	}
}

static void
clause(StringInfo out, const SfFact *fact, List *folded)
{
	describe(out, fact, folded);
	if (sf_attr(fact, "not_null") && !sf_has_not_null(fact))
		appendStringInfoString(out, " NOT NULL");
}

/* Those that say nothing of the rows that are there. */
static List *
bare(List *folded)
{
	List	   *rest = NIL;
	ListCell   *lc;

	foreach(lc, folded)
	{
		const SfFact *part = lfirst(lc);

		if (part->kind != &sf_kind_not_null && part->kind != &sf_kind_default)
			rest = lappend(rest, lfirst(lc));
	}
	return rest;
}

/* The column's default, if all that it needs is there already; else NULL. */
static const char *
standing_default(const SfFact *fact)
{
	ListCell   *lc,
			   *ln;

	foreach(lc, fact->children)
	{
		const SfFact *child = lfirst(lc);

		if (child->kind != &sf_kind_default)
			continue;
		foreach(ln, child->needs)
			if (((SfEdge *) lfirst(ln))->to->twin == NULL)
				return NULL;
		return sf_attr(child, "expression");
	}
	return NULL;
}

static void
set_nulls(SfEmit *out, const SfFact *fact, const char *expression)
{
	const char *name = sf_ident(sf_last(fact));

	if (expression)
		sf_emit_update(out, fact->parent, psprintf("UPDATE %s SET %s = (%s) WHERE %s IS NULL", sf_rel(fact), name,
												   expression, name));
}

/* With what the user said, else with what rows get from now on. */
static void
fill_nulls(SfEmit *out, const SfFact *fact)
{
	const char *expression = sf_fill(out, fact);

	set_nulls(out, fact, expression ? expression : standing_default(fact));
}

/* Made and dropped by the parent table's column, or by the type of a typed table. */
static bool
comes_along(const SfFact *fact)
{
	const SfFact *relation = fact->parent;

	if (sf_attr(fact, "typed"))
		return relation->twin == NULL || sf_attr(relation->twin, "of_type");
	return sf_comes_along(fact);
}

static bool
goes_along(const SfFact *fact)
{
	const SfFact *relation = fact->parent;

	if (sf_attr(fact, "typed"))
		return relation->twin == NULL || sf_attr(relation->twin, "of_type");
	return sf_goes_along(fact);
}

/* An inherited column has the type of its original, also where the table declares it itself. */
static bool
type_is_passed_on(const SfFact *old, const SfFact *new)
{
	if (sf_attr(old, "typed") && sf_attr(new, "typed"))
		return true;
	return sf_implied_by(old) && sf_implied_by(new) && !sf_reattached(new);
}

/* Does altering the original change this attribute too? */
static bool
passed_on(const SfFact *old, const SfFact *new, const char *attr)
{
	const SfFact *original = sf_implied_by(new);

	return sf_cascades(old, new) && original->twin && sf_changed(original->twin, original, attr) &&
		!sf_changed(original, new, attr);
}

const char *
sf_domain_default(const SfFact *column)
{
	const SfFact *domain = sf_type_of_kind(column, sf_kind_domain.name);

	return domain ? sf_attr(domain, "default") : NULL;
}

/* What a column that was made bare lacks; rows get values before it says that it has no NULL. */
static void
complete(SfEmit *out, const SfFact *fact, List *folded)
{
	const char *expression = sf_fill(out, fact);
	ListCell   *lc;

	foreach(lc, sf_folded_of(fact, folded))
	{
		const SfFact *part = lfirst(lc);

		if (part->kind != &sf_kind_default)
			continue;
		part->kind->create(out, part, NIL);
		if (expression == NULL && sf_attr(fact, "not_null"))
			expression = sf_attr(part, "expression");
	}
	set_nulls(out, fact, expression);
	if (sf_attr(fact, "not_null"))
		sf_emit_not_null(out, fact);
}

/* The rows that are there get the values that the user says, not the default. */
static void
create_filled(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData text;

	initStringInfo(&text);
	describe(&text, fact, bare(folded));
	sf_emit(out, "ALTER TABLE %s ADD COLUMN %s%s", sf_relation_for_a_while(out, fact), text.data,
			sf_domain_default(fact) ? " DEFAULT NULL" : "");
	if (sf_domain_default(fact))
		sf_emit(out, "%s DROP DEFAULT", alter_head(fact));
	complete(out, fact, folded);
}

/*
 * ADD COLUMN computes a default once also for a table without rows, and fails where the session lacks the setting that
 * it reads.
 */
static bool
reads_setting(const SfFact *fact, List *folded)
{
	ListCell   *lc;

	foreach(lc, sf_folded_of(fact, folded))
	{
		const SfFact *part = lfirst(lc);

		if (part->kind == &sf_kind_default && strstr(sf_attr(part, "expression"), "current_setting("))
			return true;
	}
	return false;
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData text;

	if (comes_along(fact))
	{
		/* The type's statement made it, and knows nothing of what the table says of it. */
		if (sf_attr(fact, "typed") && fact->parent->twin)
			complete(out, fact, folded);
		return;
	}
	if ((out->flags & SF_EMIT_EXISTING) && (sf_fill(out, fact) || reads_setting(fact, folded)))
	{
		create_filled(out, fact, folded);
		return;
	}
	initStringInfo(&text);
	clause(&text, fact, folded);
	sf_emit(out, "ALTER TABLE %s ADD COLUMN %s%s", sf_relation_for_a_while(out, fact), text.data,
			(out->flags & SF_EMIT_EMPTY) && sf_domain_default(fact) ? " DEFAULT NULL" : "");
}

static void
alter_fdw_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit_fdw_options(out, psprintf("ALTER FOREIGN TABLE %s ALTER COLUMN %s", sf_rel(new), sf_ident(sf_last(new))),
						old ? sf_attr(old, "fdw_options") : NULL, sf_attr(new, "fdw_options"));
}

static void
set_storage(SfEmit *out, const SfFact *fact)
{
	/* Before 16 there is no SET STORAGE DEFAULT. */
	sf_emit(out, "%s SET STORAGE %s", alter_head(fact),
			sf_attr(fact, "storage") ? sf_attr(fact, "storage") : sf_attr(fact, "type_storage"));
}

static void
set_compression(SfEmit *out, const SfFact *fact)
{
	const char *compression = sf_attr(fact, "compression");

	sf_emit(out, "%s SET COMPRESSION %s", alter_head(fact), compression ? compression : "DEFAULT");
}

/* What a copy has that its original did not give it. */
static void
after_copy(SfEmit *out, const SfFact *fact, const SfFact *original)
{
	if (sf_attr(fact, "not_null") && sf_attr(original, "not_null") == NULL)
		sf_emit_not_null(out, fact);
	if (sf_changed(original, fact, "storage"))
		set_storage(out, fact);
	if (sf_changed(original, fact, "compression"))
		set_compression(out, fact);
	if (sf_attr(fact, "fdw_options"))
		alter_fdw_options(out, NULL, fact, NULL);
}

static void
after(SfEmit *out, const SfFact *fact)
{
	const SfFact *original = comes_along(fact) ? sf_implied_by(fact) : NULL;

	if (original)
		after_copy(out, fact, original);
	else if (sf_attr(fact, "storage"))
		set_storage(out, fact);
	/* The original's target reaches only the copies that exist by then. */
	if (sf_attr(fact, "statistics") &&
		(original == NULL || !sf_stands(fact->parent) || sf_changed(original, fact, "statistics")))
		sf_emit(out, "%s SET STATISTICS %s", alter_head(fact), sf_attr(fact, "statistics"));
	if (sf_attr(fact, "options"))
		sf_emit(out, "%s SET (%s)", alter_head(fact), sf_attr(fact, "options"));
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	if (goes_along(fact))
		return;
	sf_emit(out, "ALTER TABLE %s%s DROP COLUMN %s", sf_copies_stay(fact) ? "ONLY " : "", sf_rel(fact),
			sf_ident(sf_last(fact)));
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	if (type_is_passed_on(old, new))
		return;
	sf_emit(out, "ALTER TABLE %s RENAME COLUMN %s TO %s", sf_rel(new), sf_ident(sf_last(old)), sf_ident(sf_last(new)));
}

/*
 * The type is the same as before and yet another one now (a swap, perhaps under another name), and may know how its
 * values come over.  The type of the column, or that of its elements.
 */
const SfFact *
sf_column_swapped(const SfFact *old, const SfFact *new, const char *suffix)
{
	ListCell   *lc;

	foreach(lc, new->needs)
	{
		const SfFact *need = ((SfEdge *) lfirst(lc))->to;

		if (need->kind->convert && need->twin &&
			strcmp(psprintf("%s%s", sf_name(need), suffix), sf_attr(new, "type")) == 0 &&
			strcmp(psprintf("%s%s", sf_name(need->twin), suffix), sf_attr(old, "type")) == 0)
			return need;
	}
	return NULL;
}

/* An array, element by element; of several dimensions, or other bounds, by way of text.  Not NULL. */
static char *
convert_elements(const char *expr, const SfFact *element, const char *type)
{
	return psprintf("CASE WHEN pg_catalog.array_ndims(%s) > 1 OR pg_catalog.array_lower(%s, 1) <> 1 THEN %s::text::%s "
					"ELSE (SELECT coalesce(pg_catalog.array_agg(%s ORDER BY n), '{}') "
					"FROM pg_catalog.generate_subscripts(%s, 1) n, LATERAL (SELECT (%s)[n] AS e OFFSET 0) u) END",
					expr, expr, expr, type, element->kind->convert("e", element->twin, element), expr, expr);
}

char *
sf_column_conversion(const SfEmit *out, const char *expr, const SfFact *old, const SfFact *new)
{
	const char *type = sf_attr(new, "type");
	const SfFact *swapped = sf_column_swapped(old, new, "");
	const SfFact *element = sf_column_swapped(old, new, "[]");

	if (swapped)
		return swapped->kind->convert(expr, swapped->twin, swapped);
	if (element)
		return psprintf("CASE WHEN %s IS NOT NULL THEN %s END", expr, convert_elements(expr, element, type));
	/* A type of the server's own is what it was: only the collation changes. */
	if (out->conversion == NULL || (sf_streq(sf_attr(old, "type"), type) && strchr(type, '.') == NULL))
		return NULL;
	return out->conversion(expr, sf_attr(old, "type"), type);
}

/* A partition key is part of its table: the server alters no column in it. */
static bool
is_in_key(const SfFact *column)
{
	ListCell   *lc;

	foreach(lc, column->needs)
	{
		const SfEdge *edge = lfirst(lc);

		if (edge->to == column->parent && edge->type == DEPENDENCY_INTERNAL)
			return true;
	}
	return false;
}

/* Nor one that several parents pass on. */
static bool
has_several_originals(const SfFact *column)
{
	int			n = 0;
	ListCell   *lc;

	foreach(lc, column->needs)
		n += ((SfEdge *) lfirst(lc))->type == SF_EDGE_IMPLIED;
	return n > 1;
}

static bool
retype_in_place(const SfFact *old, const SfFact *new)
{
	return !is_in_key(old) && !has_several_originals(old);
}

/*
 * Is the column its parents' alone, so that it goes with theirs?  NO INHERIT makes it the child's own, INHERIT leaves
 * it that; no statement but CREATE TABLE says otherwise.
 */
static bool
inherited_in_place(const SfFact *old, const SfFact *new)
{
	return sf_attr(new, "inherited") == NULL && (sf_implied_by(new) == NULL || sf_reattached(new));
}

/*
 * The new type's own are what the column has now; a copy whose type was passed on has what was passed on with it.  (SET
 * STORAGE reaches the copies, SET COMPRESSION does not.)
 */
static void
restore_form(SfEmit *out, const SfFact *old, const SfFact *new)
{
	const SfFact *original = type_is_passed_on(old, new) ? sf_implied_by(new) : NULL;

	if (original ? sf_changed(original, new, "storage") : sf_attr(new, "storage") != NULL)
		set_storage(out, new);
	if (sf_attr(new, "compression") && !sf_changed(old, new, "compression"))
		set_compression(out, new);
}

static void
alter_type(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *type = sf_attr(new, "type");
	const char *collation = sf_attr(new, "collation");
	/* The rows of a foreign table are not the server's to convert. */
	bool		stored = new->parent->kind->refill != NULL;
	const char *using = stored ? sf_fill(out, new) : NULL;
	const SfFact *element;

	if (type_is_passed_on(old, new))
	{
		restore_form(out, old, new);
		return;
	}
	element = using || !stored ? NULL : sf_column_swapped(old, new, "[]");
	/* USING may not hold a subquery. */
	if (element)
	{
		sf_emit(out, "CREATE FUNCTION " ELEMENTS_FUNCTION "(anyarray) RETURNS %s LANGUAGE sql IMMUTABLE STRICT AS %s",
				type, sf_literal(psprintf("SELECT %s", convert_elements("$1", element, type))));
		using = psprintf(ELEMENTS_FUNCTION "(%s)", sf_ident(sf_last(new)));
	}
	else if (using == NULL && stored)
		using = sf_column_conversion(out, sf_ident(sf_last(new)), old, new);
	sf_emit(out, "%s TYPE %s%s%s%s%s", alter_head(new), type, collation ? " COLLATE " : "", collation ? collation : "",
			using ? " USING " : "", using ? using : "");
	if (element)
		sf_emit(out, "DROP FUNCTION " ELEMENTS_FUNCTION "(anyarray)");
	restore_form(out, old, new);
	sf_emit_identity_limits(out, old, new);
}

/* DROP NOT NULL reaches all copies, also those that keep theirs. */
static void
restore_not_null(SfEmit *out, const SfFact *column)
{
	ListCell   *lc;

	foreach(lc, sf_copies_of(column))
	{
		const SfFact *copy = lfirst(lc);

		if (copy->twin && sf_stands(copy->parent) && sf_attr(copy, "not_null") && sf_attr(copy->twin, "not_null"))
			sf_emit_not_null(out, copy);
		restore_not_null(out, copy);
	}
}

static void
alter_not_null(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (passed_on(old, new, "not_null"))
		return;
	if (sf_attr(new, "not_null") == NULL)
	{
		sf_emit(out, "%s DROP NOT NULL", alter_head(new));
		restore_not_null(out, new);
	}
	else
	{
		if (!sf_changed(old, new, "type"))
			fill_nulls(out, new);
		sf_emit_not_null(out, new);
	}
}

/* Serves the type's storage, too: a base type's new one is for new columns only.  Of a new type: restore_form(). */
static void
alter_storage(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (!sf_changed(old, new, "type") && !sf_changed(old, new, "collation") && !passed_on(old, new, "storage"))
		set_storage(out, new);
}

static void
alter_compression(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	set_compression(out, new);
}

static void
alter_statistics(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *statistics = sf_attr(new, "statistics");

	if (passed_on(old, new, "statistics"))
		return;
	sf_emit(out, "%s SET STATISTICS %s", alter_head(new), statistics ? statistics : "-1");
}

static void
alter_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit_options(out, alter_head(new), sf_attr(old, "options"), sf_attr(new, "options"));
}

static char *
address(const SfFact *fact)
{
	return psprintf("COLUMN %s", sf_name(fact));
}

static const SfAttr attrs[] = {
	{"type", SF_ALTER, alter_type, SF_ATTR_REBUILDS | SF_ATTR_TYPE | SF_ATTR_PARENT, retype_in_place},
	{"collation", SF_ALTER, alter_type, SF_ATTR_REBUILDS | SF_ATTR_PARENT, retype_in_place},
	{"not_null", SF_ALTER, alter_not_null},
	{"storage", SF_ALTER, alter_storage},
	{"compression", SF_ALTER, alter_compression},
	{"statistics", SF_ALTER, alter_statistics},
	{"options", SF_ALTER, alter_options},
	{"fdw_options", SF_ALTER, alter_fdw_options},
	{"local", SF_IGNORE},
	{"inherited", SF_ALTER, NULL, SF_ATTR_PARENT, inherited_in_place},
	{"typed", SF_IGNORE},
	{"position", SF_IGNORE},
	{"type_storage", SF_ALTER, alter_storage},
};

const SfKind sf_kind_column = {
	.name = "column",
	.keyword = "COLUMN",
	.contents = true,
	.weight = 110,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.folds = true,
	.merges = true,
	.drops_with_parent = true,
	.create = create,
	.clause = clause,
	.after = after,
	.drop = drop,
	.rename = rename_it,
	.address = address,
	.acl_class = 'c',
};
