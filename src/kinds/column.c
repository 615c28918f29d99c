/*
 * column.c - columns of tables.  Default, generation expression and identity are facts of their own that fold in.
 */
#include "postgres.h"

#include "kinds/kind.h"

static void
clause(StringInfo out, const SfFact *fact, List *folded)
{
	ListCell   *lc;

	appendStringInfo(out, "%s %s", sf_ident(sf_last(fact)), sf_attr(fact, "type"));
	if (sf_attr(fact, "compression"))
		appendStringInfo(out, " COMPRESSION %s", sf_attr(fact, "compression"));
	if (sf_attr(fact, "collation"))
		appendStringInfo(out, " COLLATE %s", sf_attr(fact, "collation"));
	foreach(lc, sf_folded_of(fact, folded))
	{
		const SfFact *part = lfirst(lc);

		appendStringInfoChar(out, ' ');
		part->kind->clause(out, part, folded);
	}
	if (sf_attr(fact, "not_null"))
		appendStringInfoString(out, " NOT NULL");
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData text;

	initStringInfo(&text);
	clause(&text, fact, folded);
	sf_emit(out, "ALTER TABLE %s ADD COLUMN %s", sf_rel(fact), text.data);
}

static char *
alter_head(const SfFact *fact)
{
	return psprintf("ALTER TABLE %s ALTER COLUMN %s", sf_rel(fact), sf_ident(sf_last(fact)));
}

static void
after(SfEmit *out, const SfFact *fact)
{
	if (sf_attr(fact, "storage"))
		sf_emit(out, "%s SET STORAGE %s", alter_head(fact), sf_attr(fact, "storage"));
	if (sf_attr(fact, "statistics"))
		sf_emit(out, "%s SET STATISTICS %s", alter_head(fact), sf_attr(fact, "statistics"));
	if (sf_attr(fact, "options"))
		sf_emit(out, "%s SET (%s)", alter_head(fact), sf_attr(fact, "options"));
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "ALTER TABLE %s DROP COLUMN %s", sf_rel(fact), sf_ident(sf_last(fact)));
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	sf_emit(out, "ALTER TABLE %s RENAME COLUMN %s TO %s", sf_rel(new), sf_ident(sf_last(old)), sf_ident(sf_last(new)));
}

/* A type whose name stays is another one now (a swap), and may know how its values come over. */
static char *
conversion(SfEmit *out, const SfFact *old, const SfFact *new)
{
	const char *type = sf_attr(new, "type");
	const char *expr = sf_ident(sf_last(new));
	char	   *using = NULL;
	ListCell   *lc;

	/* A type of the server's own is what it was: only the collation changes. */
	if (sf_streq(sf_attr(old, "type"), type) && strchr(type, '.') == NULL)
		return NULL;
	foreach(lc, sf_streq(sf_attr(old, "type"), type) ? new->needs : NIL)
	{
		const SfFact *need = ((SfEdge *) lfirst(lc))->to;

		if (need->kind->convert && need->twin && strcmp(sf_name(need), type) == 0)
			using = need->kind->convert(expr, need->twin, need);
	}
	if (using == NULL && out->conversion)
		using = out->conversion(expr, sf_attr(old, "type"), type);
	return using;
}

static void
alter_type(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *type = sf_attr(new, "type");
	const char *collation = sf_attr(new, "collation");
	char	   *using = conversion(out, old, new);

	sf_emit(out, "%s TYPE %s%s%s%s%s", alter_head(new), type, collation ? " COLLATE " : "", collation ? collation : "",
			using ? " USING " : "", using ? using : "");
}

static void
alter_not_null(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit(out, "%s %s NOT NULL", alter_head(new), sf_attr(new, "not_null") ? "SET" : "DROP");
}

static void
alter_storage(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	/* Before 16 there is no SET STORAGE DEFAULT; the type's own storage is what the other side's fact of no storage means. */
	const char *storage = sf_attr(new, "storage");

	sf_emit(out, "%s SET STORAGE %s", alter_head(new), storage ? storage : sf_attr(new, "type_storage"));
}

static void
alter_compression(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *compression = sf_attr(new, "compression");

	sf_emit(out, "%s SET COMPRESSION %s", alter_head(new), compression ? compression : "DEFAULT");
}

static void
alter_statistics(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *statistics = sf_attr(new, "statistics");

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
	{"type", SF_ALTER, alter_type, SF_ATTR_REBUILDS | SF_ATTR_TYPE},
	{"collation", SF_ALTER, alter_type, SF_ATTR_REBUILDS},
	{"not_null", SF_ALTER, alter_not_null},
	{"storage", SF_ALTER, alter_storage},
	{"compression", SF_ALTER, alter_compression},
	{"statistics", SF_ALTER, alter_statistics},
	{"options", SF_ALTER, alter_options},
	{"position", SF_IGNORE},
	{"type_storage", SF_IGNORE},
};

const SfKind sf_kind_column = {
	.name = "column",
	.keyword = "COLUMN",
	.weight = 110,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.folds = true,
	.drops_with_parent = true,
	.create = create,
	.clause = clause,
	.after = after,
	.drop = drop,
	.rename = rename_it,
	.address = address,
	.acl_class = 'c',
};
