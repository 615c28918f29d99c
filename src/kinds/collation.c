/*
 * collation.c - collations.
 *
 * Nothing of one can be altered: a new one is put beside it and the columns move over.  Its version is the operating
 * system's and no fact.
 */
#include "postgres.h"

#include "kinds/routine.h"

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	static const SfClause literals[] = {
		{"locale", "locale"}, {"lc_collate", "lc_collate"}, {"lc_ctype", "lc_ctype"}, {"rules", "rules"},
	};
	StringInfoData sql;

	/* Only a copy of the server's own C and POSIX is one for all encodings. */
	if (sf_attr(fact, "any_encoding"))
	{
		sf_emit(out, "CREATE COLLATION %s FROM pg_catalog.%s", sf_name(fact), sf_ident(sf_attr(fact, "locale")));
		return;
	}
	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE COLLATION %s (provider = %s", sf_name(fact), sf_attr(fact, "provider"));
	for (int i = 0; i < lengthof(literals); i++)
	{
		const char *value = sf_attr(fact, literals[i].attr);

		if (value)
			appendStringInfo(&sql, ", %s = %s", literals[i].words, sf_literal(value));
	}
	if (sf_attr(fact, "nondeterministic"))
		appendStringInfoString(&sql, ", deterministic = false");
	sf_emit(out, "%s)", sql.data);
}

static List *
takes(const SfFact *fact)
{
	return list_make1(psprintf("collation:%s", sf_name(fact)));
}

static const SfAttr attrs[] = {
	{"provider", SF_REPLACE},
	{"locale", SF_REPLACE},
	{"lc_collate", SF_REPLACE},
	{"lc_ctype", SF_REPLACE},
	{"any_encoding", SF_REPLACE},
	{"nondeterministic", SF_REPLACE},
	{"rules", SF_REPLACE},
};

const SfKind sf_kind_collation = {
	.name = "collation",
	.keyword = "COLLATION",
	.weight = 30,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.swaps = true,
	.create = create,
	.drop = sf_drop_by_address,
	.rename = sf_rename_in_schema,
	.takes = takes,
};
