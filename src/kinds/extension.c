/*
 * extension.c - extensions.  Their members are no facts; what depends on a member depends on the extension.
 */
#include "postgres.h"

#include "kinds/kind.h"

extern const SfKind sf_kind_comment;

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	const char *schema = sf_attr(fact, "schema");

	sf_emit(out, "CREATE EXTENSION %s%s%s VERSION %s", sf_name(fact), schema ? " SCHEMA " : "",
			schema ? sf_ident(schema) : "", sf_literal(sf_attr(fact, "version")));
	/* Its control file says one. */
	if (sf_child(fact, &sf_kind_comment) == NULL)
		sf_emit(out, "COMMENT ON EXTENSION %s IS NULL", sf_name(fact));
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP EXTENSION %s", sf_name(fact));
}

static void
alter_schema(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit(out, "ALTER EXTENSION %s SET SCHEMA %s", sf_name(new),
			sf_ident(sf_attr(new, "schema") ? sf_attr(new, "schema") : "pg_catalog"));
}

static void
alter_version(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit(out, "ALTER EXTENSION %s UPDATE TO %s", sf_name(new), sf_literal(sf_attr(new, "version")));
}

SfFact *
sf_extension_of(const SfFactBase *base, const SfFact *fact)
{
	return fact->kind->about_member ? sf_base_find_named(base, "extension", 1, fact->name) : NULL;
}

bool
sf_same_version(const SfFact *a, const SfFact *b)
{
	return !sf_changed(a, b, "version");
}

static const SfAttr attrs[] = {
	{"schema", SF_ALTER, alter_schema, SF_ATTR_MEMBERS},
	{"version", SF_ALTER, alter_version, SF_ATTR_SCRIPTS},
};

const SfKind sf_kind_extension = {
	.name = "extension",
	.keyword = "EXTENSION",
	.weight = 20,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.create = create,
	.drop = drop,
};
