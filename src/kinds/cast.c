/*
 * cast.c - casts: {source type, target type}, in no schema.  Nothing of one can be altered.
 */
#include "postgres.h"

#include "kinds/routine.h"

static char *
address(const SfFact *fact)
{
	return psprintf("CAST (%s AS %s)", fact->name[0], fact->name[1]);
}

static char *
label(const SfFact *fact)
{
	return psprintf("cast from %s to %s", fact->name[0], fact->name[1]);
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
	.label = label,
};
