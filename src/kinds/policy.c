/*
 * policy.c - row security policies.  A USING or WITH CHECK can be changed or added in place, not taken away.
 */
#include "postgres.h"

#include "kinds/kind.h"

static const char *
roles(const SfFact *fact)
{
	const char *names = sf_attr(fact, "roles");

	return names ? names : "PUBLIC";
}

static void
append_expressions(StringInfo sql, const SfFact *fact)
{
	if (sf_attr(fact, "using"))
		appendStringInfo(sql, " USING (%s)", sf_attr(fact, "using"));
	if (sf_attr(fact, "check"))
		appendStringInfo(sql, " WITH CHECK (%s)", sf_attr(fact, "check"));
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData sql;
	const char *command = sf_attr(fact, "command");

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE POLICY %s ON %s", sf_ident(sf_last(fact)), sf_rel(fact));
	if (sf_attr(fact, "restrictive"))
		appendStringInfoString(&sql, " AS RESTRICTIVE");
	if (command)
		appendStringInfo(&sql, " FOR %s", command);
	if (sf_attr(fact, "roles"))
		appendStringInfo(&sql, " TO %s", roles(fact));
	append_expressions(&sql, fact);
	sf_emit(out, "%s", sql.data);
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP POLICY %s ON %s", sf_ident(sf_last(fact)), sf_rel(fact));
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	sf_emit(out, "ALTER POLICY %s ON %s RENAME TO %s", sf_ident(sf_last(old)), sf_rel(new), sf_ident(sf_last(new)));
}

static void
alter(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "ALTER POLICY %s ON %s", sf_ident(sf_last(new)), sf_rel(new));
	if (sf_changed(old, new, "roles"))
		appendStringInfo(&sql, " TO %s", roles(new));
	if (sf_changed(old, new, "using") || sf_changed(old, new, "check"))
		append_expressions(&sql, new);
	sf_emit(out, "%s", sql.data);
}

static bool
using_stays(const SfFact *old, const SfFact *new)
{
	return sf_attr(new, "using") != NULL;
}

static bool
check_stays(const SfFact *old, const SfFact *new)
{
	return sf_attr(new, "check") != NULL;
}

static char *
address(const SfFact *fact)
{
	return psprintf("POLICY %s ON %s", sf_ident(sf_last(fact)), sf_rel(fact));
}

/* The same under another name is renamed: nothing refers to it by name. */
static char *
match(const SfFact *fact)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < fact->kind->nattrs; i++)
		appendStringInfo(&text, "%s\n", fact->attr[i] ? fact->attr[i] : "");
	return text.data;
}

static const SfAttr attrs[] = {
	{"command", SF_REPLACE},
	{"restrictive", SF_REPLACE},
	{"roles", SF_ALTER, alter, SF_ATTR_ROLES},
	{"using", SF_ALTER, alter, SF_ATTR_EXPRESSION, using_stays},
	{"check", SF_ALTER, alter, SF_ATTR_EXPRESSION, check_stays},
};

const SfKind sf_kind_policy = {
	.name = "policy",
	.keyword = "POLICY",
	.weight = 230,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.drops_with_parent = true,
	.guards = true,
	.create = create,
	.drop = drop,
	.rename = rename_it,
	.match = match,
	.address = address,
};
