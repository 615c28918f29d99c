/*
 * operator_class.c - operator families, their loose members, operator classes.
 *
 * A family is always made by itself, and a class named into it, so that a class with a family of its own name reads
 * back the same.  Nothing in a class can be altered; loose members come and go in place.
 */
#include "postgres.h"

#include "kinds/routine.h"

/* {schema, name, access method} */
static char *
address(const SfFact *fact)
{
	return psprintf("%s %s USING %s", fact->kind->keyword, sf_rel(fact), sf_ident(fact->name[2]));
}

static char *
label(const SfFact *fact)
{
	return psprintf("%s %s using %s", fact->kind->name, sf_rel(fact), fact->name[2]);
}

static List *
takes(const SfFact *fact)
{
	return list_make1(psprintf("%s:%s", fact->kind->name, sf_name(fact)));
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	const char *method = sf_ident(old->name[2]);

	if (strcmp(old->name[0], new->name[0]) != 0)
		sf_emit(out, "ALTER %s SET SCHEMA %s", address(old), sf_ident(new->name[0]));
	if (strcmp(old->name[1], new->name[1]) != 0)
		sf_emit(out, "ALTER %s %s.%s USING %s RENAME TO %s", old->kind->keyword, sf_ident(new->name[0]),
				sf_ident(old->name[1]), method, sf_ident(new->name[1]));
}

/* ---- families ---- */

static void
create_family(SfEmit *out, const SfFact *fact, List *folded)
{
	sf_emit(out, "CREATE %s", address(fact));
}

const SfKind sf_kind_operator_family = {
	.name = "operator family",
	.keyword = "OPERATOR FAMILY",
	.qualifiers = 1,
	.weight = 78,
	.create = create_family,
	.drop = sf_drop_by_address,
	.rename = rename_it,
	.address = address,
	.takes = takes,
	.label = label,
};

/* ---- loose members: {schema, family, access method, OPERATOR or FUNCTION, left, right, number} ---- */

static char *
family_of(const SfFact *fact)
{
	return psprintf("OPERATOR FAMILY %s USING %s", sf_rel(fact), sf_ident(fact->name[2]));
}

static char *
label_member(const SfFact *fact)
{
	return psprintf("%s %s (%s, %s) of operator family %s using %s",
					strcmp(fact->name[3], "OPERATOR") == 0 ? "operator" : "function", fact->name[6], fact->name[4],
					fact->name[5], sf_rel(fact), fact->name[2]);
}

static void
create_member(SfEmit *out, const SfFact *fact, List *folded)
{
	const char *member = sf_attr(fact, "member");

	if (strcmp(fact->name[3], "OPERATOR") == 0)
		sf_emit(out, "ALTER %s ADD OPERATOR %s %s", family_of(fact), fact->name[6], member);
	else
		sf_emit(out, "ALTER %s ADD FUNCTION %s (%s, %s) %s", family_of(fact), fact->name[6], fact->name[4],
				fact->name[5], member);
}

static void
drop_member(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "ALTER %s DROP %s %s (%s, %s)", family_of(fact), fact->name[3], fact->name[6], fact->name[4],
			fact->name[5]);
}

static const SfAttr member_attrs[] = {
	{"member", SF_REPLACE},
};

const SfKind sf_kind_family_member = {
	.name = "operator family member",
	.weight = 81,
	.attrs = member_attrs,
	.nattrs = lengthof(member_attrs),
	.drops_with_parent = true,
	.create = create_member,
	.drop = drop_member,
	.label = label_member,
};

/* ---- classes ---- */

static void
create_class(SfEmit *out, const SfFact *fact, List *folded)
{
	const char *members = sf_attr(fact, "members");
	const char *storage = sf_attr(fact, "storage");
	List	   *parts = NIL;

	if (members)
		parts = lappend(parts, unconstify(char *, members));
	/* There is no CREATE OPERATOR CLASS of nothing. */
	if (storage || members == NULL)
		parts = lappend(parts, psprintf("STORAGE %s", storage ? storage : sf_attr(fact, "type")));
	sf_emit(out, "CREATE OPERATOR CLASS %s%s FOR TYPE %s USING %s FAMILY %s AS\n    %s", sf_rel(fact),
			sf_attr(fact, "default") ? " DEFAULT" : "", sf_attr(fact, "type"), sf_ident(fact->name[2]),
			sf_attr(fact, "family"), sf_join(parts, ",\n    "));
}

static const SfAttr class_attrs[] = {
	{"type", SF_REPLACE},
	{"default", SF_REPLACE},
	{"family", SF_REPLACE},
	{"storage", SF_REPLACE},
	{"members", SF_REPLACE},
};

const SfKind sf_kind_operator_class = {
	.name = "operator class",
	.keyword = "OPERATOR CLASS",
	.qualifiers = 1,
	.weight = 80,
	.attrs = class_attrs,
	.nattrs = lengthof(class_attrs),
	.create = create_class,
	.drop = sf_drop_by_address,
	.rename = rename_it,
	.address = address,
	.takes = takes,
	.label = label,
};
