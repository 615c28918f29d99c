/*
 * aggregate.c - aggregates: normal, ordered-set and hypothetical-set.
 *
 * Named as functions are; CREATE OR REPLACE AGGREGATE changes every option, but not the result, the kind of
 * aggregate, its direct arguments or the names of arguments.
 */
#include "postgres.h"

#include "kinds/routine.h"

/* AGGREGATE wants a star where there are no arguments, GRANT does not know one: ROUTINE does for both. */
static char *
address(const SfFact *fact)
{
	bool		none = strcmp(sf_last(fact), "()") == 0;

	return psprintf("%s %s", none ? "ROUTINE" : "AGGREGATE", sf_routine_name(fact));
}

static void
emit_definition(SfEmit *out, const SfFact *fact, const char *verb)
{
	sf_emit(out, "%s AGGREGATE %s(%s) (\n    %s\n)", verb, sf_rel(fact), sf_attr(fact, "arguments"),
			sf_attr(fact, "options"));
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	emit_definition(out, fact, "CREATE");
}

static void
alter_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	emit_definition(out, new, "CREATE OR REPLACE");
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	SfKind		routine = *old->kind;
	SfFact		named = *old;

	routine.keyword = "ROUTINE";
	named.kind = &routine;
	sf_routine_rename(out, &named, new);
}

static const SfAttr attrs[] = {
	{"result", SF_REPLACE},
	{"class", SF_REPLACE},
	{"inputs", SF_ALTER, alter_options, 0, sf_routine_keeps_inputs},
	{"arguments", SF_ALTER, alter_options},
	{"options", SF_ALTER, alter_options},
};

const SfKind sf_kind_aggregate = {
	.name = "aggregate",
	.keyword = "AGGREGATE",
	.qualifiers = 1,
	.weight = 75,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.create = create,
	.drop = sf_drop_by_address,
	.rename = rename_it,
	.address = address,
	.takes = sf_routine_takes,
	.acl_class = 'f',
	.label = sf_routine_label,
};
