/*
 * range.c - range types, with what comes with them: the multirange type and the constructors.
 */
#include "postgres.h"

#include "kinds/routine.h"
#include "mb/pg_wchar.h"

extern const SfKind sf_kind_range;

/* The name that the server gives to the multirange type when it is not told one. */
static char *
default_multirange(const SfFact *fact)
{
	const char *name = sf_last(fact);
	const char *range = strstr(name, "range");
	char	   *text;

	if (range)
		text = psprintf("%.*smulti%s", (int) (range - name), name, range);
	else
		text = psprintf("%.*s_multirange", pg_mbcliplen(name, strlen(name), NAMEDATALEN - 12), name);
	text[pg_mbcliplen(text, strlen(text), NAMEDATALEN - 1)] = '\0';
	return text;
}

static char **
multirange(const SfFact *fact)
{
	char	  **names;

	sf_text_array_in(sf_attr(fact, "multirange"), &names);
	return names;
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	static const SfClause clauses[] = {
		{"SUBTYPE", "subtype"}, {"SUBTYPE_OPCLASS", "opclass"}, {"COLLATION", "collation"}, {"CANONICAL", "canonical"},
		{"SUBTYPE_DIFF", "subtype_diff"},
	};
	char	   *text = sf_clauses(fact, clauses, lengthof(clauses));
	char	  **names = multirange(fact);

	if (strcmp(names[0], fact->name[0]) != 0 || strcmp(names[1], default_multirange(fact)) != 0)
		text = psprintf("%s, MULTIRANGE_TYPE_NAME = %s", text, sf_qualified(2, names));
	sf_emit(out, "CREATE TYPE %s AS RANGE (%s)", sf_name(fact), text);
}

/* Its canonical function takes the type, and the type needs the function. */
static void
stub(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "CREATE TYPE %s", sf_name(fact));
}

static void
complete(SfEmit *out, const SfFact *fact)
{
	create(out, fact, NIL);
}

/* See base_type.c: the canonical function and the type can only go together. */
static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP TYPE %s%s", sf_name(fact), sf_attr(fact, "canonical") ? " CASCADE" : "");
}

/* Names {schema, name} of a type or function; words: "TYPE" or "FUNCTION", args of the latter with parentheses. */
static void
move(SfEmit *out, const char *words, char **was, const char *args, char **is)
{
	char	   *half[2] = {is[0], was[1]};

	if (strcmp(was[0], is[0]) != 0)
		sf_emit(out, "ALTER %s %s%s SET SCHEMA %s", words, sf_qualified(2, was), args, sf_ident(is[0]));
	if (strcmp(was[1], is[1]) != 0)
		sf_emit(out, "ALTER %s %s%s RENAME TO %s", words, sf_qualified(2, half), args, sf_ident(is[1]));
}

/* The constructors have the names of their types, but do not follow them. */
static void
alter_multirange(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	char	  **was = multirange(old);
	char	  **is = multirange(new);
	const char *range = sf_name(new);

	move(out, "TYPE", was, "", is);
	move(out, "FUNCTION", was, "()", is);
	move(out, "FUNCTION", was, psprintf("(%s)", range), is);
	move(out, "FUNCTION", was, psprintf("(%s[])", range), is);
}

/* With its constructors; the multirange's name is an attribute. */
static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	const char *subtype = sf_attr(old, "subtype");

	sf_rename_in_schema(out, old, new);
	move(out, "FUNCTION", old->name, psprintf("(%s, %s)", subtype, subtype), new->name);
	move(out, "FUNCTION", old->name, psprintf("(%s, %s, text)", subtype, subtype), new->name);
}

static bool
has_multirange(const SfFactBase *base, const char *name)
{
	ListCell   *lc;

	foreach(lc, base ? base->facts : NIL)
		if (((SfFact *) lfirst(lc))->kind == &sf_kind_range && strcmp(multirange(lfirst(lc))[1], name) == 0)
			return true;
	return false;
}

/* A name of nobody's: an attempt that was cut short may have left one aside. */
static char *
aside(const SfEmit *out, const char *name)
{
	for (int n = 0;; n++)
	{
		char	   *free_name = sf_free_name(out->from, out->to, name, n == 0 ? "old" : psprintf("old_%d", n));

		if (!has_multirange(out->from, free_name) && !has_multirange(out->to, free_name))
			return free_name;
	}
}

/* The multirange, and the one of its constructors whose arguments the successor's has, too. */
static void
give_up(SfEmit *out, const SfFact *old)
{
	char	  **names = multirange(old);
	char	   *aside_names[2] = {names[0], aside(out, names[1])};

	move(out, "FUNCTION", names, "()", aside_names);
	move(out, "TYPE", names, "", aside_names);
}

static char *
address(const SfFact *fact)
{
	return psprintf("TYPE %s", sf_name(fact));
}

static List *
takes(const SfFact *fact)
{
	return lappend(sf_type_takes(fact), psprintf("type:%s", sf_qualified(2, multirange(fact))));
}

static const SfAttr attrs[] = {
	{"subtype", SF_REPLACE},
	{"opclass", SF_REPLACE},
	{"collation", SF_REPLACE},
	{"canonical", SF_REPLACE},
	{"subtype_diff", SF_REPLACE},
	{"multirange", SF_ALTER, alter_multirange},
};

const SfKind sf_kind_range = {
	.name = "range type",
	.keyword = "TYPE",
	.weight = 58,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.swaps = true,
	.create = create,
	.stub = stub,
	.complete = complete,
	.takes_partners = true,
	.drop = drop,
	.rename = rename_it,
	.give_up = give_up,
	.address = address,
	.takes = takes,
	.acl_class = 'T',
};
