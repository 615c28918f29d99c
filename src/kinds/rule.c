/*
 * rule.c - rewrite rules of tables and views.  A view's own rule _RETURN is its definition and no fact.
 */
#include "postgres.h"

#include "kinds/kind.h"

static void
put(SfEmit *out, const SfFact *fact, const char *verb)
{
	sf_emit(out, "%s RULE %s AS %s TO %s %s", verb, sf_ident(sf_last(fact)), sf_attr(fact, "event"), sf_rel(fact),
			sf_attr(fact, "definition"));
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	put(out, fact, "CREATE");
}

static void
set_enabled(SfEmit *out, const SfFact *fact)
{
	const char *enabled = sf_attr(fact, "enabled");

	sf_emit(out, "ALTER TABLE %s %s RULE %s", sf_rel(fact), enabled ? enabled : "ENABLE", sf_ident(sf_last(fact)));
}

static void
after(SfEmit *out, const SfFact *fact)
{
	if (sf_attr(fact, "enabled"))
		set_enabled(out, fact);
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP RULE %s ON %s", sf_ident(sf_last(fact)), sf_rel(fact));
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	sf_emit(out, "ALTER RULE %s ON %s RENAME TO %s", sf_ident(sf_last(old)), sf_rel(new), sf_ident(sf_last(new)));
}

static void
alter_definition(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	put(out, new, "CREATE OR REPLACE");
}

static void
alter_enabled(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	set_enabled(out, new);
}

static char *
address(const SfFact *fact)
{
	return psprintf("RULE %s ON %s", sf_ident(sf_last(fact)), sf_rel(fact));
}

/* The same under another name is renamed: nothing refers to it by name. */
static char *
match(const SfFact *fact)
{
	return psprintf("%s %s", sf_attr(fact, "event"), sf_attr(fact, "definition"));
}

static const SfAttr attrs[] = {
	{"event", SF_ALTER, alter_definition},
	{"definition", SF_ALTER, alter_definition, SF_ATTR_EXPRESSION},
	{"enabled", SF_ALTER, alter_enabled},
};

const SfKind sf_kind_rule = {
	.name = "rule",
	.keyword = "RULE",
	.weight = 210,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.drops_with_parent = true,
	.create = create,
	.after = after,
	.drop = drop,
	.rename = rename_it,
	.match = match,
	.address = address,
};
