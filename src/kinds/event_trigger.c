/*
 * event_trigger.c - event triggers: of the database, not of a schema.  Made last, so that they do not fire at the rest
 * of the plan that makes them.
 */
#include "postgres.h"

#include "kinds/kind.h"

static char *
name_of(const SfFact *fact)
{
	return psprintf("EVENT TRIGGER %s", sf_ident(sf_last(fact)));
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	const char *tags = sf_attr(fact, "tags");

	sf_emit(out, "CREATE %s ON %s%s%s%s EXECUTE FUNCTION %s()", name_of(fact), sf_attr(fact, "event"),
			tags ? " WHEN TAG IN (" : "", tags ? tags : "", tags ? ")" : "", sf_attr(fact, "function"));
}

static void
alter_enabled(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *enabled = sf_attr(new, "enabled");

	sf_emit(out, "ALTER %s %s", name_of(new), enabled ? enabled : "ENABLE");
}

static void
after(SfEmit *out, const SfFact *fact)
{
	if (sf_attr(fact, "enabled"))
		alter_enabled(out, NULL, fact, NULL);
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP %s", name_of(fact));
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	sf_emit(out, "ALTER %s RENAME TO %s", name_of(old), sf_ident(sf_last(new)));
}

static List *
takes(const SfFact *fact)
{
	return list_make1(psprintf("event trigger:%s", sf_name(fact)));
}

static const SfAttr attrs[] = {
	{"event", SF_REPLACE},
	{"tags", SF_REPLACE},
	{"function", SF_REPLACE},
	{"enabled", SF_ALTER, alter_enabled},
};

const SfKind sf_kind_event_trigger = {
	.name = "event trigger",
	.keyword = "EVENT TRIGGER",
	.weight = 990,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.watches = true,
	.create = create,
	.after = after,
	.drop = drop,
	.rename = rename_it,
	.takes = takes,
};
