/*
 * language.c - what extends the server itself: procedural languages, transforms, access methods, conversions.
 *
 * All but conversions need a superuser.
 */
#include "postgres.h"

#include "kinds/routine.h"

/* ---- languages ---- */

static void
emit_language(SfEmit *out, const SfFact *fact, const char *verb)
{
	const char *inline_handler = sf_attr(fact, "inline");
	const char *validator = sf_attr(fact, "validator");

	sf_emit(out, "%s %sLANGUAGE %s HANDLER %s%s%s%s%s", verb, sf_attr(fact, "trusted") ? "TRUSTED " : "", sf_name(fact),
			sf_attr(fact, "handler"), inline_handler ? " INLINE " : "", inline_handler ? inline_handler : "",
			validator ? " VALIDATOR " : "", validator ? validator : "");
}

static void
create_language(SfEmit *out, const SfFact *fact, List *folded)
{
	emit_language(out, fact, "CREATE");
}

static void
alter_language(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	emit_language(out, new, "CREATE OR REPLACE");
}

static void
rename_language(SfEmit *out, const SfFact *old, const SfFact *new)
{
	sf_emit(out, "ALTER LANGUAGE %s RENAME TO %s", sf_name(old), sf_name(new));
}

static const SfAttr language_attrs[] = {
	{"trusted", SF_ALTER, alter_language},
	{"handler", SF_ALTER, alter_language},
	{"inline", SF_ALTER, alter_language},
	{"validator", SF_ALTER, alter_language},
};

const SfKind sf_kind_language = {
	.name = "language",
	.keyword = "LANGUAGE",
	.weight = 35,
	.attrs = language_attrs,
	.nattrs = lengthof(language_attrs),
	.create = create_language,
	.drop = sf_drop_by_address,
	.rename = rename_language,
	.acl_class = 'l',
};

/* ---- transforms: {schema that it goes with, if any; type, language} ---- */

#define transform_type(fact) ((fact)->name[(fact)->nname - 2])

static char *
transform_address(const SfFact *fact)
{
	return psprintf("TRANSFORM FOR %s LANGUAGE %s", transform_type(fact), sf_ident(sf_last(fact)));
}

static char *
label_transform(const SfFact *fact)
{
	return psprintf("transform for %s language %s", transform_type(fact), sf_last(fact));
}

static List *
transform_takes(const SfFact *fact)
{
	return list_make1(transform_address(fact));
}

static void
emit_transform(SfEmit *out, const SfFact *fact, const char *verb)
{
	const char *from_sql = sf_attr(fact, "from_sql");
	const char *to_sql = sf_attr(fact, "to_sql");
	List	   *parts = NIL;

	if (from_sql)
		parts = lappend(parts, psprintf("FROM SQL WITH FUNCTION %s", from_sql));
	if (to_sql)
		parts = lappend(parts, psprintf("TO SQL WITH FUNCTION %s", to_sql));
	sf_emit(out, "%s %s (%s)", verb, transform_address(fact), sf_join(parts, ", "));
}

static void
create_transform(SfEmit *out, const SfFact *fact, List *folded)
{
	emit_transform(out, fact, "CREATE");
}

static void
alter_transform(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	emit_transform(out, new, "CREATE OR REPLACE");
}

static const SfAttr transform_attrs[] = {
	{"from_sql", SF_ALTER, alter_transform},
	{"to_sql", SF_ALTER, alter_transform},
};

const SfKind sf_kind_transform = {
	.name = "transform",
	.keyword = "TRANSFORM",
	.weight = 84,
	.attrs = transform_attrs,
	.nattrs = lengthof(transform_attrs),
	.create = create_transform,
	.drop = sf_drop_by_address,
	.address = transform_address,
	.takes = transform_takes,
	.label = label_transform,
};

/* ---- access methods ---- */

static void
create_access_method(SfEmit *out, const SfFact *fact, List *folded)
{
	sf_emit(out, "CREATE ACCESS METHOD %s TYPE %s HANDLER %s", sf_name(fact), sf_attr(fact, "type"),
			sf_attr(fact, "handler"));
}

static const SfAttr access_method_attrs[] = {
	{"type", SF_REPLACE},
	{"handler", SF_REPLACE},
};

const SfKind sf_kind_access_method = {
	.name = "access method",
	.keyword = "ACCESS METHOD",
	.weight = 76,
	.attrs = access_method_attrs,
	.nattrs = lengthof(access_method_attrs),
	.create = create_access_method,
	.drop = sf_drop_by_address,
};

/* ---- conversions ---- */

static void
create_conversion(SfEmit *out, const SfFact *fact, List *folded)
{
	sf_emit(out, "CREATE %sCONVERSION %s FOR %s TO %s FROM %s", sf_attr(fact, "default") ? "DEFAULT " : "",
			sf_name(fact), sf_literal(sf_attr(fact, "source")), sf_literal(sf_attr(fact, "target")),
			sf_attr(fact, "function"));
}

static const SfAttr conversion_attrs[] = {
	{"source", SF_REPLACE},
	{"target", SF_REPLACE},
	{"function", SF_REPLACE},
	{"default", SF_REPLACE},
};

const SfKind sf_kind_conversion = {
	.name = "conversion",
	.keyword = "CONVERSION",
	.weight = 83,
	.attrs = conversion_attrs,
	.nattrs = lengthof(conversion_attrs),
	.create = create_conversion,
	.drop = sf_drop_by_address,
	.rename = sf_rename_in_schema,
};
