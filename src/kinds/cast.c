/*
 * cast.c - casts: {schema that it goes with, if any; source type, target type}.  Nothing of one can be altered.
 */
#include "postgres.h"

#include "kinds/routine.h"

#define source_type(fact) ((fact)->name[(fact)->nname - 2])

static char *
address(const SfFact *fact)
{
	return psprintf("CAST (%s AS %s)", source_type(fact), sf_last(fact));
}

static char *
label(const SfFact *fact)
{
	return psprintf("cast from %s to %s", source_type(fact), sf_last(fact));
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	const char *method = sf_attr(fact, "method");
	const char *context = sf_attr(fact, "context");
	const char *how;

	if (method == NULL)
		how = "WITHOUT FUNCTION";
	else if (strcmp(method, "INOUT") == 0)
		how = "WITH INOUT";
	else
		how = psprintf("WITH FUNCTION %s", method);
	sf_emit(out, "CREATE %s %s%s%s", address(fact), how, context ? " AS " : "", context ? context : "");
}

static List *
takes(const SfFact *fact)
{
	return list_make1(address(fact));
}

static const SfAttr attrs[] = {
	{"method", SF_REPLACE},
	{"context", SF_REPLACE},
};

const SfKind sf_kind_cast = {
	.name = "cast",
	.keyword = "CAST",
	.weight = 82,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.create = create,
	.drop = sf_drop_by_address,
	.address = address,
	.takes = takes,
	.label = label,
	.stands_for = true,
};
