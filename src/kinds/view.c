/*
 * view.c - views.  Their columns are facts of their own (view_column.c) that CREATE VIEW makes; the rule _RETURN is the
 * definition and no fact.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "kinds/routine.h"

extern const SfKind sf_kind_view_column;

/* CREATE OR REPLACE VIEW sets all options anew. */
static void
put(SfEmit *out, const SfFact *fact, const char *verb)
{
	const char *options = sf_attr(fact, "options");

	sf_emit(out, "%s VIEW %s%s%s%s AS\n%s", verb, sf_name(fact), options ? " WITH (" : "", options ? options : "",
			options ? ")" : "", sf_attr(fact, "definition"));
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	put(out, fact, "CREATE");
}

static void
complete(SfEmit *out, const SfFact *fact)
{
	put(out, fact, "CREATE OR REPLACE");
}

/* The same columns out of nothing: it needs their types only. */
static void
stub(SfEmit *out, const SfFact *fact)
{
	StringInfoData sql;
	ListCell   *lc;
	const char *comma = "";

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE OR REPLACE VIEW %s AS\nSELECT", sf_name(fact));
	foreach(lc, sf_folded_of(fact, fact->children))
	{
		const SfFact *column = lfirst(lc);

		if (column->kind != &sf_kind_view_column)
			continue;
		appendStringInfo(&sql, "%s NULL::%s", comma, sf_attr(column, "type"));
		if (sf_attr(column, "collation"))
			appendStringInfo(&sql, " COLLATE %s", sf_attr(column, "collation"));
		appendStringInfo(&sql, " AS %s", sf_ident(sf_last(column)));
		comma = ",";
	}
	sf_emit(out, "%s", sql.data);
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP VIEW %s", sf_name(fact));
}

static void
alter(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (sf_changed(old, new, "columns") || sf_changed(old, new, "definition"))
		complete(out, new);
	else
		sf_emit_options(out, psprintf("ALTER VIEW %s", sf_name(new)), sf_attr(old, "options"), sf_attr(new, "options"));
}

/* CREATE OR REPLACE VIEW adds columns at the end and changes nothing else about them. */
static bool
only_additions(const SfFact *old, const SfFact *new)
{
	const char *was = sf_attr(old, "columns");
	const char *is = sf_attr(new, "columns");
	Size		n = was ? strlen(was) : 0;

	return n == 0 || (is && strncmp(was, is, n) == 0 && (is[n] == '\0' || strncmp(is + n, ", ", 2) == 0));
}

static List *
takes(const SfFact *fact)
{
	return list_make2(psprintf("relation:%s", sf_name(fact)), psprintf("type:%s", sf_name(fact)));
}

static const SfAttr attrs[] = {
	{"columns", SF_ALTER, alter, 0, only_additions},
	{"definition", SF_ALTER, alter, SF_ATTR_EXPRESSION},
	{"options", SF_ALTER, alter},
};

const SfKind sf_kind_view = {
	.name = "view",
	.keyword = "VIEW",
	.weight = 200,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.create = create,
	.stub = stub,
	.complete = complete,
	.drop = drop,
	.rename = sf_rename_in_schema,
	.takes = takes,
	.acl_class = 'r',
};
