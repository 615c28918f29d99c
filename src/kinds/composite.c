/*
 * composite.c - free-standing composite types and their attributes.
 *
 * Attributes are added at the end, dropped and changed in place.  The server refuses to change an attribute's type
 * while rows of the composite type are stored somewhere, and knows no other place for a new attribute than the end:
 * then the whole type is replaced.  The type's attribute "layout" is there to see that; it emits nothing itself.
 */
#include "postgres.h"

#include "kinds/routine.h"

extern const SfKind sf_kind_column,
			sf_kind_materialized_view,
			sf_kind_attribute;

static void
attribute_clause(StringInfo out, const SfFact *fact, List *folded)
{
	const char *collation = sf_attr(fact, "collation");

	appendStringInfo(out, "%s %s%s%s", sf_ident(sf_last(fact)), sf_attr(fact, "type"), collation ? " COLLATE " : "",
					 collation ? collation : "");
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData sql;
	List	   *parts = sf_folded_of(fact, folded);
	ListCell   *lc;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE TYPE %s AS (", sf_name(fact));
	foreach(lc, parts)
	{
		const SfFact *part = lfirst(lc);

		appendStringInfoString(&sql, foreach_current_index(lc) ? ",\n    " : "\n    ");
		part->kind->clause(&sql, part, folded);
	}
	appendStringInfoString(&sql, parts ? "\n)" : ")");
	sf_emit(out, "%s", sql.data);
}

static char *
address(const SfFact *fact)
{
	return psprintf("TYPE %s", sf_name(fact));
}

/* The attributes say it. */
static void
alter_layout(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
}

/* Are rows of the type stored?  As the server does, look through domains, ranges and other composite types. */
static bool
is_stored(const SfFact *type)
{
	ListCell   *lc;

	foreach(lc, type->needed_by)
	{
		const SfFact *user = ((SfEdge *) lfirst(lc))->from;

		if (user->parent == type)
			continue;
		if (user->kind == &sf_kind_column || user->kind == &sf_kind_materialized_view)
			return true;
		if (user->kind == &sf_kind_attribute ? is_stored(user->parent) : user->kind->swaps && is_stored(user))
			return true;
	}
	return false;
}

/* Attributes that stay keep their order, come before the new ones, and change type only if the server lets them. */
static bool
layout_in_place(const SfFact *old, const SfFact *new)
{
	List	   *is = sf_folded_of(new, new->children);
	const char *last = "";
	bool		added = false;
	bool		retyped = false;
	ListCell   *lc;

	foreach(lc, is)
	{
		const SfFact *attribute = lfirst(lc);
		const SfFact *was = attribute->twin;
		const char *position;

		if (attribute->kind->folds == false)
			continue;			/* a satellite of the type */
		if (was == NULL)
		{
			added = true;
			continue;
		}
		position = sf_attr(was, "position");
		if (added || strcmp(position, last) < 0)
			return false;
		last = position;
		retyped = retyped || sf_changed(was, attribute, "type") || sf_changed(was, attribute, "collation");
	}
	return !retyped || !is_stored(old);
}

/*
 * Attribute by attribute: those that are new are NULL.  What is not of a type of the server goes through text, since it
 * may be of a type that is being swapped as well.
 */
static char *
convert(const char *expr, const SfFact *old, const SfFact *new)
{
	List	   *values = NIL;
	ListCell   *lc;

	foreach(lc, sf_folded_of(new, new->children))
	{
		const SfFact *is = lfirst(lc);
		const char *value = "NULL";

		if (is->kind != &sf_kind_attribute)
			continue;
		if (is->twin)
		{
			value = psprintf("(%s).%s", expr, sf_ident(sf_last(is->twin)));
			if (sf_changed(is->twin, is, "type") || strchr(sf_attr(is, "type"), '.'))
				value = psprintf("%s::text::%s", value, sf_attr(is, "type"));
		}
		values = lappend(values, unconstify(char *, value));
	}
	return psprintf("CASE WHEN %s IS DISTINCT FROM NULL THEN ROW(%s)::%s END", expr, sf_join(values, ", "),
					sf_name(new));
}

static const SfAttr attrs[] = {
	{"layout", SF_ALTER, alter_layout, 0, layout_in_place},
};

const SfKind sf_kind_composite = {
	.name = "composite type",
	.keyword = "TYPE",
	.weight = 55,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.swaps = true,
	.create = create,
	.drop = sf_drop_by_address,
	.rename = sf_rename_in_schema,
	.address = address,
	.takes = sf_type_takes,
	.convert = convert,
	.acl_class = 'T',
};

/* ---- attributes ---- */

/* Tables OF the type. */
static List *
typed_tables(const SfFact *attribute)
{
	List	   *tables = NIL;
	ListCell   *lc;

	foreach(lc, attribute->parent->needed_by)
	{
		SfFact	   *user = ((SfEdge *) lfirst(lc))->from;

		if (sf_kind_attr(user->kind, "of_type") >= 0 && sf_streq(sf_attr(user, "of_type"), sf_rel(attribute)))
			tables = lappend(tables, user);
	}
	return tables;
}

/* Their columns that the attribute is. */
static List *
typed_columns(const SfFact *attribute)
{
	List	   *columns = NIL;
	ListCell   *lc,
			   *lk;

	foreach(lc, typed_tables(attribute))
		foreach(lk, ((SfFact *) lfirst(lc))->children)
			if (sf_kind_attr(((SfFact *) lfirst(lk))->kind, "typed") >= 0 &&
				strcmp(sf_last((SfFact *) lfirst(lk)), sf_last(attribute)) == 0)
				columns = lappend(columns, lfirst(lk));
	return columns;
}

/* They follow only when told so; nothing is dropped by it. */
static const char *
to_typed_tables(const SfFact *attribute)
{
	return typed_columns(attribute) != NIL ? " CASCADE" : "";
}

static void
create_attribute(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData text;

	initStringInfo(&text);
	attribute_clause(&text, fact, folded);
	sf_emit(out, "ALTER TYPE %s ADD ATTRIBUTE %s%s", sf_rel(fact), text.data, to_typed_tables(fact));
}

static void
drop_attribute(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "ALTER TYPE %s DROP ATTRIBUTE %s%s", sf_rel(fact), sf_ident(sf_last(fact)), to_typed_tables(fact));
}

static void
rename_attribute(SfEmit *out, const SfFact *old, const SfFact *new)
{
	sf_emit(out, "ALTER TYPE %s RENAME ATTRIBUTE %s TO %s%s", sf_rel(new), sf_ident(sf_last(old)),
			sf_ident(sf_last(new)), typed_tables(new) != NIL ? " CASCADE" : "");
}

static void
alter_type(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *collation = sf_attr(new, "collation");

	sf_emit(out, "ALTER TYPE %s ALTER ATTRIBUTE %s TYPE %s%s%s%s", sf_rel(new), sf_ident(sf_last(new)),
			sf_attr(new, "type"), collation ? " COLLATE " : "", collation ? collation : "", to_typed_tables(new));
}

static char *
attribute_address(const SfFact *fact)
{
	return psprintf("COLUMN %s", sf_name(fact));
}

static bool
retype_in_place(const SfFact *old, const SfFact *new)
{
	return !is_stored(old->parent);
}

static const SfAttr attribute_attrs[] = {
	{"type", SF_ALTER, alter_type, SF_ATTR_REBUILDS | SF_ATTR_TYPE | SF_ATTR_PARENT, retype_in_place},
	{"collation", SF_ALTER, alter_type, SF_ATTR_REBUILDS},
	{"position", SF_IGNORE},
};

const SfKind sf_kind_attribute = {
	.name = "attribute",
	.keyword = "ATTRIBUTE",
	.weight = 56,
	.attrs = attribute_attrs,
	.nattrs = lengthof(attribute_attrs),
	.folds = true,
	.drops_with_parent = true,
	.create = create_attribute,
	.clause = attribute_clause,
	.drop = drop_attribute,
	.rename = rename_attribute,
	.address = attribute_address,
	.followers = typed_columns,
};
