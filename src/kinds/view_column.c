/*
 * view_column.c - columns of views and materialized views, and defaults of views' columns.
 *
 * A column is made with its view, or by the CREATE OR REPLACE VIEW that adds it: it has no statement of its own, but
 * others are said of it (comments, grants, storage), and others need it.
 */
#include "postgres.h"

#include "kinds/kind.h"

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
}

/* The view's text says it. */
static void
clause(StringInfo out, const SfFact *fact, List *folded)
{
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	sf_emit(out, "ALTER %s RENAME COLUMN %s TO %s", sf_address(new->parent), sf_ident(sf_last(old)),
			sf_ident(sf_last(new)));
}

static char *
address(const SfFact *fact)
{
	return psprintf("COLUMN %s", sf_name(fact));
}

/* Differences in type are the view's: it compares its columns. */
static const SfAttr view_attrs[] = {
	{"type", SF_IGNORE},
	{"collation", SF_IGNORE},
	{"position", SF_IGNORE},
};

const SfKind sf_kind_view_column = {
	.name = "view column",
	.keyword = "COLUMN",
	.weight = 201,
	.attrs = view_attrs,
	.nattrs = lengthof(view_attrs),
	.folds = true,
	.drops_with_parent = true,
	.create = create,
	.clause = clause,
	.rename = rename_it,
	.address = address,
	.acl_class = 'c',
};

/* ---- of materialized views ---- */

static char *
alter_head(const SfFact *fact)
{
	return psprintf("ALTER MATERIALIZED VIEW %s ALTER COLUMN %s", sf_rel(fact), sf_ident(sf_last(fact)));
}

static void
alter_storage(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
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
	sf_emit_options(out, alter_head(new), old ? sf_attr(old, "options") : NULL, sf_attr(new, "options"));
}

static const SfAttr stored_attrs[] = {
	{"type", SF_REPLACE_PARENT},
	{"collation", SF_REPLACE_PARENT},
	{"position", SF_IGNORE},
	{"storage", SF_ALTER, alter_storage},
	{"type_storage", SF_IGNORE},
	{"compression", SF_ALTER, alter_compression},
	{"statistics", SF_ALTER, alter_statistics},
	{"options", SF_ALTER, alter_options},
};

/* What CREATE MATERIALIZED VIEW cannot say. */
static void
after(SfEmit *out, const SfFact *fact)
{
	for (int i = 0; i < lengthof(stored_attrs); i++)
		if (stored_attrs[i].alter && fact->attr[i])
			stored_attrs[i].alter(out, NULL, fact, NULL);
}

const SfKind sf_kind_materialized_view_column = {
	.name = "materialized view column",
	.keyword = "COLUMN",
	.weight = 201,
	.attrs = stored_attrs,
	.nattrs = lengthof(stored_attrs),
	.folds = true,
	.drops_with_parent = true,
	.create = create,
	.clause = clause,
	.after = after,
	.rename = rename_it,
	.address = address,
	.acl_class = 'c',
};

/* ---- defaults of views' columns ---- */

static void
create_default(SfEmit *out, const SfFact *fact, List *folded)
{
	sf_emit(out, "ALTER VIEW %s ALTER COLUMN %s SET DEFAULT %s", sf_rel(fact), sf_ident(sf_last(fact)),
			sf_attr(fact, "expression"));
}

static void
drop_default(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "ALTER VIEW %s ALTER COLUMN %s DROP DEFAULT", sf_rel(fact), sf_ident(sf_last(fact)));
}

static void
alter_default(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	create_default(out, new, NIL);
}

static const SfAttr default_attrs[] = {
	{"expression", SF_ALTER, alter_default, SF_ATTR_EXPRESSION},
};

const SfKind sf_kind_view_default = {
	.name = "view default",
	.weight = 202,
	.attrs = default_attrs,
	.nattrs = lengthof(default_attrs),
	.drops_with_parent = true,
	.survives_alter = true,
	.create = create_default,
	.drop = drop_default,
	.address = address,
};
