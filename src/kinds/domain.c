/*
 * domain.c - domains and their constraints.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "kinds/routine.h"

extern const SfKind sf_kind_attribute,
			sf_kind_column;

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE DOMAIN %s AS %s", sf_name(fact), sf_attr(fact, "type"));
	if (sf_attr(fact, "collation"))
		appendStringInfo(&sql, " COLLATE %s", sf_attr(fact, "collation"));
	if (sf_attr(fact, "default"))
		appendStringInfo(&sql, " DEFAULT %s", sf_attr(fact, "default"));
	if (sf_attr(fact, "not_null"))
		appendStringInfoString(&sql, " NOT NULL");
	foreach(lc, sf_folded_of(fact, folded))
	{
		const SfFact *part = lfirst(lc);

		appendStringInfoString(&sql, "\n    ");
		part->kind->clause(&sql, part, folded);
	}
	sf_emit(out, "%s", sql.data);
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP DOMAIN %s", sf_name(fact));
}

static void
alter_not_null(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit(out, "ALTER DOMAIN %s %s NOT NULL", sf_name(new), sf_attr(new, "not_null") ? "SET" : "DROP");
}

static void
alter_default(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *expression = sf_attr(new, "default");

	if (expression)
		sf_emit(out, "ALTER DOMAIN %s SET DEFAULT %s", sf_name(new), expression);
	else
		sf_emit(out, "ALTER DOMAIN %s DROP DEFAULT", sf_name(new));
}

static List *
takes(const SfFact *fact)
{
	return list_make1(psprintf("type:%s", sf_name(fact)));
}

/*
 * Are values of it stored inside others: arrays, composite types, ranges?  The server does not look into these, and so
 * proves nothing about the domain.
 */
static bool
is_contained(const SfFact *domain)
{
	ListCell   *lc;

	foreach(lc, domain->needed_by)
	{
		const SfFact *user = ((SfEdge *) lfirst(lc))->from;

		if (user->kind == domain->kind ? is_contained(user) : user->kind == &sf_kind_attribute || user->kind->swaps)
			return true;
		if (user->kind == &sf_kind_column && strcmp(sf_attr(user, "type"), sf_name(domain)) != 0)
			return true;
	}
	return false;
}

static bool
not_null_in_place(const SfFact *old, const SfFact *new)
{
	return sf_attr(new, "not_null") == NULL || !is_contained(old);
}

static const SfAttr attrs[] = {
	{"type", SF_REPLACE},
	{"collation", SF_REPLACE},
	{"not_null", SF_ALTER, alter_not_null, 0, not_null_in_place},
	{"default", SF_ALTER, alter_default, SF_ATTR_EXPRESSION},
};

const SfKind sf_kind_domain = {
	.name = "domain",
	.keyword = "DOMAIN",
	.weight = 60,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.swaps = true,
	.create = create,
	.drop = drop,
	.rename = sf_rename_in_schema,
	.takes = takes,
	.acl_class = 'T',
};

static void
clause_constraint(StringInfo out, const SfFact *fact, List *folded)
{
	appendStringInfo(out, "CONSTRAINT %s %s", sf_ident(sf_last(fact)), sf_attr(fact, "definition"));
}

static void
create_constraint(SfEmit *out, const SfFact *fact, List *folded)
{
	sf_emit(out, "ALTER DOMAIN %s ADD CONSTRAINT %s %s%s", sf_rel(fact), sf_ident(sf_last(fact)),
			sf_attr(fact, "definition"),
			sf_attr(fact, "not_valid") || (out->flags & SF_EMIT_NOT_VALID) ? " NOT VALID" : "");
}

static void
drop_constraint(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "ALTER DOMAIN %s DROP CONSTRAINT %s", sf_rel(fact), sf_ident(sf_last(fact)));
}

static void
rename_constraint(SfEmit *out, const SfFact *old, const SfFact *new)
{
	sf_emit(out, "ALTER DOMAIN %s RENAME CONSTRAINT %s TO %s", sf_rel(new), sf_ident(sf_last(old)),
			sf_ident(sf_last(new)));
}

static void
validate_constraint(SfEmit *out, const SfFact *fact)
{
	if (sf_attr(fact, "not_valid") == NULL)
		sf_emit(out, "ALTER DOMAIN %s VALIDATE CONSTRAINT %s", sf_rel(fact), sf_ident(sf_last(fact)));
}

static void
alter_constraint_validity(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	validate_constraint(out, new);
}

static bool
may_fold(const SfFact *fact)
{
	return sf_attr(fact, "not_valid") == NULL;
}

static bool
becomes_valid(const SfFact *old, const SfFact *new)
{
	return sf_attr(new, "not_valid") == NULL && !is_contained(old->parent);
}

/* A new domain takes its place, and proves it of each value that moves over. */
static bool
cannot_be_proved(const SfFact *fact)
{
	return sf_attr(fact, "not_valid") == NULL && fact->parent->twin && is_contained(fact->parent->twin);
}

static char *
constraint_address(const SfFact *fact)
{
	return psprintf("CONSTRAINT %s ON DOMAIN %s", sf_ident(sf_last(fact)), sf_rel(fact));
}

static List *
constraint_takes(const SfFact *fact)
{
	return list_make1(psprintf("constraint:%s", sf_name(fact)));
}

static char *
constraint_match(const SfFact *fact)
{
	return unconstify(char *, sf_attr(fact, "definition"));
}

static const SfAttr constraint_attrs[] = {
	{"definition", SF_REPLACE, NULL, SF_ATTR_EXPRESSION},
	{"not_valid", SF_ALTER, alter_constraint_validity, SF_ATTR_UNPROVED, becomes_valid},
};

const SfKind sf_kind_domain_constraint = {
	.name = "domain constraint",
	.keyword = "CONSTRAINT",
	.weight = 61,
	.attrs = constraint_attrs,
	.nattrs = lengthof(constraint_attrs),
	.folds = true,
	.may_fold = may_fold,
	.create_replaces_parent = cannot_be_proved,
	.drops_with_parent = true,
	.survives_alter = true,
	.create = create_constraint,
	.clause = clause_constraint,
	.drop = drop_constraint,
	.rename = rename_constraint,
	.validate = validate_constraint,
	.address = constraint_address,
	.match = constraint_match,
	.takes = constraint_takes,
};
