/*
 * materialized_view.c - materialized views.  Their columns are facts of their own (view_column.c), their indexes too.
 *
 * Whether it is populated is the data's state, not the schema's: a dump says WITH NO DATA of every one.  It is read so
 * that one that is put back after a change is as usable as it was.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "kinds/routine.h"

static char *
alter_head(const SfFact *fact)
{
	return psprintf("ALTER MATERIALIZED VIEW %s", sf_name(fact));
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	const char *method = sf_attr(fact, "access_method");
	const char *options = sf_attr(fact, "options");
	const char *tablespace = sf_attr(fact, "tablespace");

	sf_emit(out, "CREATE MATERIALIZED VIEW %s%s%s%s%s%s%s%s AS\n%s%s", sf_name(fact),
			method ? " USING " : "", method ? sf_ident(method) : "",
			options ? " WITH (" : "", options ? options : "", options ? ")" : "",
			tablespace ? " TABLESPACE " : "", tablespace ? sf_ident(tablespace) : "",
			sf_attr(fact, "definition"), sf_attr(fact, "unpopulated") ? "\nWITH NO DATA" : "");
}

/* INDEX is said by the index. */
static void
alter_replica_identity(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *identity = sf_attr(new, "replica_identity");

	if (identity == NULL || strcmp(identity, "INDEX") != 0)
		sf_emit(out, "%s REPLICA IDENTITY %s", alter_head(new), identity ? identity : "DEFAULT");
}

static void
after(SfEmit *out, const SfFact *fact)
{
	if (sf_attr(fact, "replica_identity"))
		alter_replica_identity(out, NULL, fact, NULL);
	sf_emit_extensions(out, alter_head(fact), NULL, sf_attr(fact, "extensions"));
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP MATERIALIZED VIEW %s", sf_name(fact));
}

static void
alter_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit_options(out, alter_head(new), sf_attr(old, "options"), sf_attr(new, "options"));
}

static void
alter_access_method(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *method = sf_attr(new, "access_method");

	sf_emit(out, "%s SET ACCESS METHOD %s", alter_head(new), sf_ident(method ? method : "heap"));
}

static void
alter_tablespace(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *tablespace = sf_attr(new, "tablespace");

	sf_emit(out, "%s SET TABLESPACE %s", alter_head(new), sf_ident(tablespace ? tablespace : "pg_default"));
}

static void
alter_extensions(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit_extensions(out, alter_head(new), sf_attr(old, "extensions"), sf_attr(new, "extensions"));
}

static List *
takes(const SfFact *fact)
{
	return list_make2(psprintf("relation:%s", sf_name(fact)), psprintf("type:%s", sf_name(fact)));
}

static const SfAttr attrs[] = {
	{"definition", SF_REPLACE, NULL, SF_ATTR_EXPRESSION},
	{"options", SF_ALTER, alter_options},
	{"access_method", SF_ALTER, alter_access_method},
	{"tablespace", SF_ALTER, alter_tablespace, SF_ATTR_TABLESPACE},
	{"replica_identity", SF_ALTER, alter_replica_identity},
	{"extensions", SF_ALTER, alter_extensions},
	{"unpopulated", SF_IGNORE, NULL, SF_ATTR_STATE},
};

const SfKind sf_kind_materialized_view = {
	.name = "materialized view",
	.keyword = "MATERIALIZED VIEW",
	.weight = 200,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.create = create,
	.after = after,
	.drop = drop,
	.rename = sf_rename_in_schema,
	.takes = takes,
	.acl_class = 'r',
};
