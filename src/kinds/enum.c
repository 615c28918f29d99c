/*
 * enum.c - enum types.  Values are added in place at their position; removing or moving one needs a new type.
 *
 * The type's attribute "labels" says its values, and has the statements.  A value is a fact as well, so that it can be
 * renamed as others are: by a hint, with all that mentions it.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "kinds/routine.h"

extern const SfKind sf_kind_enum_value;

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	const char *labels = sf_attr(fact, "labels");

	sf_emit(out, "CREATE TYPE %s AS ENUM (%s)", sf_name(fact), labels ? labels : "");
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP TYPE %s", sf_name(fact));
}

/* 'a', 'b' -> list of quoted labels */
static List *
split_labels(const char *text)
{
	List	   *labels = NIL;
	const char *p = text;

	while (p && *p)
	{
		const char *start = p;

		if (*p == 'E')
			p++;
		for (p++; *p; p++)
		{
			if (*p == '\'' && p[1] == '\'')
				p++;
			else if (*p == '\'')
				break;
		}
		p += *p == '\'';
		labels = lappend(labels, pnstrdup(start, p - start));
		while (*p == ',' || *p == ' ')
			p++;
	}
	return labels;
}

/* The value that is the old label's from now on; NULL: none. */
static const SfFact *
renamed_to(const SfFact *old, const char *label)
{
	ListCell   *lc;

	foreach(lc, old->children)
	{
		const SfFact *value = lfirst(lc);

		if (value->kind == &sf_kind_enum_value && value->twin && strcmp(sf_literal(sf_last(value)), label) == 0 &&
			strcmp(sf_last(value), sf_last(value->twin)) != 0)
			return value->twin;
	}
	return NULL;
}

/* The old labels as they are when the values have their new names. */
static List *
labels_renamed(const SfFact *old)
{
	List	   *labels = split_labels(sf_attr(old, "labels"));
	ListCell   *lc;

	foreach(lc, labels)
	{
		const SfFact *new = renamed_to(old, lfirst(lc));

		if (new)
			lfirst(lc) = sf_literal(sf_last(new));
	}
	return labels;
}

/* All old labels are there still, in their order? */
static bool
only_additions(const SfFact *old, const SfFact *new)
{
	List	   *was = labels_renamed(old);
	ListCell   *lc = list_head(was);
	ListCell   *is;

	foreach(is, split_labels(sf_attr(new, "labels")))
		if (lc && strcmp(lfirst(lc), lfirst(is)) == 0)
			lc = lnext(was, lc);
	return lc == NULL;
}

static void
alter_labels(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	List	   *was = labels_renamed(old);
	ListCell   *lc = list_head(was);
	const char *before = NULL;
	ListCell   *is;

	foreach(is, split_labels(sf_attr(new, "labels")))
	{
		const char *label = lfirst(is);

		if (lc && strcmp(lfirst(lc), label) == 0)
			lc = lnext(was, lc);
		else if (lc == NULL)
			sf_emit(out, "ALTER TYPE %s ADD VALUE %s", sf_name(new), label);
		else if (before)
			sf_emit(out, "ALTER TYPE %s ADD VALUE %s AFTER %s", sf_name(new), label, before);
		else
			sf_emit(out, "ALTER TYPE %s ADD VALUE %s BEFORE %s", sf_name(new), label, (char *) lfirst(lc));
		before = label;
	}
}

/* By the label: another where the value has another; none where that is another value's from now on. */
static char *
convert(const char *expr, const SfFact *old, const SfFact *new)
{
	List	   *labels = split_labels(sf_attr(old, "labels")),
			   *renamed = labels_renamed(old);
	StringInfoData sql;
	bool		any = false;
	ListCell   *lo,
			   *ln;

	initStringInfo(&sql);
	appendStringInfo(&sql, "(CASE %s::text", expr);
	forboth(lo, labels, ln, renamed)
	{
		ListCell   *lc;
		int			takers = 0;

		foreach(lc, renamed)
			takers += strcmp(lfirst(lc), lfirst(lo)) == 0;
		if (strcmp(lfirst(lo), lfirst(ln)) != 0)
			appendStringInfo(&sql, " WHEN %s THEN %s", (char *) lfirst(lo), (char *) lfirst(ln));
		else if (takers > 1)
			appendStringInfo(&sql, " WHEN %s THEN 'removed: ' || %s", (char *) lfirst(lo), (char *) lfirst(lo));
		else
			continue;
		any = true;
	}
	appendStringInfo(&sql, " ELSE %s::text END)::%s", expr, sf_name(new));
	return any ? sql.data : psprintf("%s::text::%s", expr, sf_name(new));
}

static char *
address(const SfFact *fact)
{
	return psprintf("TYPE %s", sf_name(fact));
}

static List *
takes(const SfFact *fact)
{
	return list_make1(psprintf("type:%s", sf_name(fact)));
}

static const SfAttr attrs[] = {
	{"labels", SF_ALTER, alter_labels, 0, only_additions},
};

const SfKind sf_kind_enum = {
	.name = "enum",
	.keyword = "TYPE",
	.weight = 50,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.swaps = true,
	.create = create,
	.drop = drop,
	.rename = sf_rename_in_schema,
	.address = address,
	.convert = convert,
	.takes = takes,
	.acl_class = 'T',
};

/* ---- values ---- */

static void
rename_value(SfEmit *out, const SfFact *old, const SfFact *new)
{
	sf_emit(out, "ALTER TYPE %s RENAME VALUE %s TO %s", sf_rel(new), sf_literal(sf_last(old)),
			sf_literal(sf_last(new)));
}

static const SfAttr value_attrs[] = {
	{"position", SF_IGNORE},
};

const SfKind sf_kind_enum_value = {
	.name = "enum value",
	.weight = 51,
	.attrs = value_attrs,
	.nattrs = lengthof(value_attrs),
	.drops_with_parent = true,
	.survives_alter = true,
	.rename = rename_value,
};
