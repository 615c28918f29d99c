/*
 * statistics.c - extended statistics objects.  Altering a column's type makes the server rebuild them without their
 * target, so they are taken down and put back.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "kinds/routine.h"

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	const char *kinds = sf_attr(fact, "kinds");

	sf_emit(out, "CREATE STATISTICS %s%s%s%s ON %s FROM %s", sf_name(fact),
			kinds ? " (" : "", kinds ? kinds : "", kinds ? ")" : "",
			sf_attr(fact, "definition"), sf_attr(fact, "relation"));
}

static void
alter_target(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *target = sf_attr(new, "target");

	sf_emit(out, "ALTER STATISTICS %s SET STATISTICS %s", sf_name(new), target ? target : "-1");
}

static void
after(SfEmit *out, const SfFact *fact)
{
	if (sf_attr(fact, "target"))
		alter_target(out, NULL, fact, NULL);
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP STATISTICS %s", sf_name(fact));
}

static List *
takes(const SfFact *fact)
{
	return list_make1(psprintf("statistics:%s", sf_name(fact)));
}

/* The same under another name is renamed: nothing refers to it by name. */
static char *
match(const SfFact *fact)
{
	const char *kinds = sf_attr(fact, "kinds");

	return psprintf("(%s) %s FROM %s", kinds ? kinds : "", sf_attr(fact, "definition"), sf_attr(fact, "relation"));
}

static const SfAttr attrs[] = {
	{"kinds", SF_REPLACE},
	{"definition", SF_REPLACE, NULL, SF_ATTR_EXPRESSION},
	{"relation", SF_REPLACE},
	{"target", SF_ALTER, alter_target},
};

const SfKind sf_kind_statistics = {
	.name = "statistics",
	.keyword = "STATISTICS",
	.weight = 170,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.drops_with_needs = true,
	.create = create,
	.after = after,
	.drop = drop,
	.rename = sf_rename_in_schema,
	.match = match,
	.takes = takes,
};
