/*
 * base_type.c - base types as far as SQL defines them, and shell types.
 *
 * A base type and its input and output functions need each other: the server wants CREATE TYPE name (the shell), the
 * functions, CREATE TYPE name (...).
 */
#include "postgres.h"

#include "kinds/routine.h"

static const SfClause clauses[] = {
	{"INPUT", "input"}, {"OUTPUT", "output"}, {"RECEIVE", "receive"}, {"SEND", "send"}, {"TYPMOD_IN", "typmod_in"},
	{"TYPMOD_OUT", "typmod_out"}, {"ANALYZE", "analyze"}, {"SUBSCRIPT", "subscript"}, {"INTERNALLENGTH", "length"},
	{"PASSEDBYVALUE", "by_value"}, {"ALIGNMENT", "alignment"}, {"STORAGE", "storage"}, {"CATEGORY", "category"},
	{"PREFERRED", "preferred"}, {"DEFAULT", "default"}, {"ELEMENT", "element"}, {"DELIMITER", "delimiter"},
	{"COLLATABLE", "collatable"},
};

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	sf_emit(out, "CREATE TYPE %s (%s)", sf_name(fact), sf_clauses(fact, clauses, lengthof(clauses)));
}

static void
complete(SfEmit *out, const SfFact *fact)
{
	create(out, fact, NIL);
}

static void
stub(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "CREATE TYPE %s", sf_name(fact));
}

static void
create_shell(SfEmit *out, const SfFact *fact, List *folded)
{
	stub(out, fact);
}

/*
 * The one place where CASCADE is the only word that the server knows: the type's functions can go neither before nor
 * after it.  All others that need the type or the functions have gone before.
 */
static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP TYPE %s CASCADE", sf_name(fact));
}

/* ALTER TYPE ... SET: those of the clauses that it knows. */
static void
alter_set(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	List	   *parts = NIL;

	for (int i = 0; i < lengthof(clauses); i++)
		if (sf_changed(old, new, clauses[i].attr))
		{
			const char *value = sf_attr(new, clauses[i].attr);

			parts = lappend(parts, psprintf("%s = %s", clauses[i].words, value ? value : "NONE"));
		}
	sf_emit(out, "ALTER TYPE %s SET (%s)", sf_name(new), sf_join(parts, ", "));
}

/* TOAST cannot be taken away from, nor given to, a type of fixed length. */
static bool
storage_in_place(const SfFact *old, const SfFact *new)
{
	return strcmp(sf_attr(new, "storage"), "plain") != 0;
}

static char *
address(const SfFact *fact)
{
	return psprintf("TYPE %s", sf_name(fact));
}

static const SfAttr attrs[] = {
	{"input", SF_REPLACE},
	{"output", SF_REPLACE},
	{"receive", SF_ALTER, alter_set},
	{"send", SF_ALTER, alter_set},
	{"typmod_in", SF_ALTER, alter_set},
	{"typmod_out", SF_ALTER, alter_set},
	{"analyze", SF_ALTER, alter_set},
	{"subscript", SF_ALTER, alter_set},
	{"length", SF_REPLACE},
	{"by_value", SF_REPLACE},
	{"alignment", SF_REPLACE},
	{"storage", SF_ALTER, alter_set, 0, storage_in_place},
	{"category", SF_REPLACE},
	{"preferred", SF_REPLACE},
	{"default", SF_REPLACE},
	{"element", SF_REPLACE},
	{"delimiter", SF_REPLACE},
	{"collatable", SF_REPLACE},
};

const SfKind sf_kind_base_type = {
	.name = "base type",
	.keyword = "TYPE",
	.weight = 57,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.create = create,
	.stub = stub,
	.complete = complete,
	.takes_partners = true,
	.drop = drop,
	.rename = sf_rename_in_schema,
	.address = address,
	.takes = sf_type_takes,
	.acl_class = 'T',
};

const SfKind sf_kind_shell_type = {
	.name = "shell type",
	.keyword = "TYPE",
	.weight = 40,
	.create = create_shell,
	.drop = sf_drop_by_address,
	.rename = sf_rename_in_schema,
	.address = address,
	.takes = sf_type_takes,
	.acl_class = 'T',
};
