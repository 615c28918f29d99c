/*
 * schema.c - schemas.
 */
#include "postgres.h"

#include "kinds/kind.h"

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	sf_emit(out, "CREATE SCHEMA %s", sf_name(fact));
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP SCHEMA %s", sf_name(fact));
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	sf_emit(out, "ALTER SCHEMA %s RENAME TO %s", sf_name(old), sf_name(new));
}

const SfKind sf_kind_schema = {
	.name = "schema",
	.keyword = "SCHEMA",
	.weight = 10,
	.create = create,
	.drop = drop,
	.rename = rename_it,
	.acl_class = 'n',
};
