/*
 * function.c - functions, window functions and procedures.
 *
 * A function is named {schema, name, "(argument types)"}, so its name is not quoted as other names are.  CREATE OR
 * REPLACE changes all that it may and keeps owner, grants, comment and dependents; it may not change the kind of
 * routine, the result, the names of inputs, nor take away defaults: then the function is replaced.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "kinds/routine.h"

char *
sf_routine_name(const SfFact *fact)
{
	return psprintf("%s%s", sf_rel(fact), sf_last(fact));
}

List *
sf_routine_takes(const SfFact *fact)
{
	return list_make1(psprintf("routine:%s", sf_routine_name(fact)));
}

char *
sf_routine_label(const SfFact *fact)
{
	return psprintf("%s %s", fact->kind->name, sf_routine_name(fact));
}

/* Arguments go along when the routine gets another name: old's types, in the words of the new side. */
void
sf_routine_rename(SfEmit *out, const SfFact *old, const SfFact *new)
{
	const char *keyword = old->kind->keyword;

	if (strcmp(old->name[0], new->name[0]) != 0)
		sf_emit(out, "ALTER %s %s%s SET SCHEMA %s", keyword, sf_rel(old), sf_last(new), sf_ident(new->name[0]));
	if (strcmp(old->name[1], new->name[1]) != 0)
		sf_emit(out, "ALTER %s %s.%s%s RENAME TO %s", keyword, sf_ident(new->name[0]), sf_ident(old->name[1]),
				sf_last(new), sf_ident(new->name[1]));
}

/* Input parameters keep their names; only one without a name may get one. */
bool
sf_routine_keeps_inputs(const SfFact *old, const SfFact *new)
{
	const char *old_names = sf_attr(old, "inputs");
	const char *new_names = sf_attr(new, "inputs");
	char	  **was;
	char	  **is = NULL;
	int			nwas,
				nis;

	if (old_names == NULL)
		return true;
	nwas = sf_text_array_in(old_names, &was);
	nis = new_names ? sf_text_array_in(new_names, &is) : 0;
	for (int i = 0; i < nwas; i++)
		if (was[i] && *was[i] && (i >= nis || is[i] == NULL || strcmp(was[i], is[i]) != 0))
			return false;
	return true;
}

/* ---- functions and procedures ---- */

/* A procedure with OUT parameters is only told from its likes by all its parameters. */
static char *
address(const SfFact *fact)
{
	const char *signature = sf_attr(fact, "signature");

	return psprintf("%s %s%s", fact->kind->keyword, sf_rel(fact), signature ? signature : sf_last(fact));
}

static void
emit_definition(SfEmit *out, const SfFact *fact, const char *verb)
{
	const char *body = sf_attr(fact, "sql_body");

	sf_emit(out, "%s %s %s%s%s", verb, fact->kind->keyword, sf_rel(fact), sf_attr(fact, "definition"),
			body ? body : "");
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	emit_definition(out, fact, "CREATE");
}

static void
after(SfEmit *out, const SfFact *fact)
{
	sf_emit_extensions(out, psprintf("ALTER %s", address(fact)), NULL, sf_attr(fact, "extensions"));
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP %s", address(fact));
}

static void
alter_definition(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *had = sf_attr(old, "extensions");

	if (sf_changed(old, new, "definition") || sf_changed(old, new, "sql_body"))
	{
		emit_definition(out, new, "CREATE OR REPLACE");
		/* It forgets the extensions that the function depends on. */
		had = NULL;
	}
	sf_emit_extensions(out, psprintf("ALTER %s", address(new)), had, sf_attr(new, "extensions"));
}

/* No fewer defaults; "2 ..." with the arguments: polymorphic ones, the types of whose defaults may not change. */
static bool
keeps_defaults(const SfFact *old, const SfFact *new)
{
	const char *was = sf_attr(old, "defaults");
	const char *is = sf_attr(new, "defaults");

	if (was == NULL)
		return true;
	return is != NULL && strchr(was, ' ') == NULL && atoi(is) >= atoi(was);
}

static const char *
body(const SfFact *fact)
{
	return sf_attr(fact, "sql_body") ? NULL : sf_attr(fact, "definition");
}

static const SfAttr attrs[] = {
	{"window", SF_REPLACE},
	{"result", SF_REPLACE},
	{"inputs", SF_ALTER, alter_definition, 0, sf_routine_keeps_inputs},
	{"defaults", SF_ALTER, alter_definition, SF_ATTR_EXPRESSION, keeps_defaults},
	{"definition", SF_ALTER, alter_definition, SF_ATTR_EXPRESSION},
	{"sql_body", SF_ALTER, alter_definition, SF_ATTR_EXPRESSION},
	{"extensions", SF_ALTER, alter_definition},
	{"signature", SF_IGNORE},
};

const SfKind sf_kind_function = {
	.name = "function",
	.keyword = "FUNCTION",
	.qualifiers = 1,
	.weight = 70,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.create = create,
	.after = after,
	.drop = drop,
	.rename = sf_routine_rename,
	.steps_aside = true,
	.address = address,
	.takes = sf_routine_takes,
	.body = body,
	.acl_class = 'f',
	.label = sf_routine_label,
};

const SfKind sf_kind_procedure = {
	.name = "procedure",
	.keyword = "PROCEDURE",
	.qualifiers = 1,
	.weight = 72,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.create = create,
	.after = after,
	.drop = drop,
	.rename = sf_routine_rename,
	.address = address,
	.takes = sf_routine_takes,
	.body = body,
	.acl_class = 'f',
	.label = sf_routine_label,
};
