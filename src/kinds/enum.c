/*
 * enum.c - enum types.  Values are added in place at their position; removing or moving one needs a new type.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "kinds/routine.h"

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

/* All old labels are there still, in their order? */
static bool
only_additions(const SfFact *old, const SfFact *new)
{
	List	   *was = split_labels(sf_attr(old, "labels"));
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
	List	   *was = split_labels(sf_attr(old, "labels"));
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
	.takes = takes,
	.acl_class = 'T',
};
