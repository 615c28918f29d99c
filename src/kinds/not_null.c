/*
 * not_null.c - NOT NULL constraints of columns, from 18 on: a name, NO INHERIT, NOT VALID.
 *
 * There is one for each column that is NOT NULL, so the column names it; where the column comes to be NOT NULL, or
 * ceases to, the column's own statement makes or drops it.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "kinds/not_null.h"

static const SfFact *
constraint_of(const SfFact *column)
{
	ListCell   *lc;

	foreach(lc, column->children)
		if (((SfFact *) lfirst(lc))->kind == &sf_kind_not_null)
			return lfirst(lc);
	return NULL;
}

bool
sf_has_not_null(const SfFact *column)
{
	return constraint_of(column) != NULL;
}

/* The name that the server gives. */
static char *
usual_name(const SfFact *fact)
{
	return makeObjectName(fact->name[1], sf_last(fact), "not_null");
}

static bool
has_usual_name(const SfFact *fact)
{
	const char *name = sf_attr(fact, "name");

	return name == NULL || strcmp(name, usual_name(fact)) == 0;
}

/*
 * The server gives a name that no table of the schema has.  A table that becomes a child of this one may have ours
 * still, from a parent of that name, so it is said.
 */
static bool
is_named_by_server(const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, sf_copies_of(fact))
		if (sf_reattached(lfirst(lc)))
			return false;
	return has_usual_name(fact);
}

static const char *
no_inherit(const SfFact *fact)
{
	return sf_attr(fact, "no_inherit") ? " NO INHERIT" : "";
}

static void
clause(StringInfo out, const SfFact *fact, List *folded)
{
	const char *name = sf_attr(fact, "name");

	if (!is_named_by_server(fact))
		appendStringInfo(out, "CONSTRAINT %s ", sf_ident(name ? name : usual_name(fact)));
	appendStringInfo(out, "NOT NULL%s", no_inherit(fact));
}

/* The short form where it says the same.  What will be proved later is named, so that it can be. */
static void
add(SfEmit *out, const SfFact *fact)
{
	bool		unproved = sf_attr(fact, "not_valid") || (out->flags & SF_EMIT_NOT_VALID);
	const char *name = sf_attr(fact, "name");

	if (!unproved && is_named_by_server(fact) && sf_attr(fact, "no_inherit") == NULL)
		sf_emit(out, "ALTER TABLE %s ALTER COLUMN %s SET NOT NULL", sf_rel(fact), sf_ident(sf_last(fact)));
	else
		sf_emit(out, "ALTER TABLE %s ADD CONSTRAINT %s NOT NULL %s%s%s", sf_rel(fact),
				sf_ident(name ? name : usual_name(fact)), sf_ident(sf_last(fact)), no_inherit(fact),
				unproved ? " NOT VALID" : "");
}

void
sf_emit_not_null(SfEmit *out, const SfFact *column)
{
	const SfFact *fact = constraint_of(column);

	if (fact)
		add(out, fact);
	else
		sf_emit(out, "ALTER TABLE %s ALTER COLUMN %s SET NOT NULL", sf_rel(column), sf_ident(sf_last(column)));
}

/* Does the statement of its column, or of the original's, make it, or drop it? */
static bool
is_columns(const SfFact *fact)
{
	const SfFact *column = fact->parent;

	return (column->twin && sf_changed(column, column->twin, "not_null")) || (fact->twin && sf_goes_along(fact->twin));
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	if (!is_columns(fact) && !sf_comes_along(fact))
		add(out, fact);
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	if (!is_columns(fact) && !sf_goes_along(fact))
		sf_emit(out, "ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL", sf_rel(fact), sf_ident(sf_last(fact)));
}

static void
validate(SfEmit *out, const SfFact *fact)
{
	const char *name = sf_attr(fact, "name");

	if (sf_attr(fact, "not_valid") == NULL)
		sf_emit(out, "ALTER TABLE %s VALIDATE CONSTRAINT %s", sf_rel(fact),
				sf_ident(name ? name : usual_name(fact)));
}

static void
alter_not_valid(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (!sf_cascades(old, new))
		validate(out, new);
}

static bool
becomes_valid(const SfFact *old, const SfFact *new)
{
	return sf_attr(new, "not_valid") == NULL;
}

/*
 * By the name that it has until then: one that was inherited has its original's.  What a child that stands will inherit
 * is called before as a child's that is made, for nobody can change it later.
 */
static void
alter_name(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *name = sf_attr(new, sf_attr(new, "name") == NULL && sf_reattached(new) ? "actual_name" : "name");

	if (name && strcmp(sf_attr(old, "actual_name"), name) != 0)
		sf_emit(out, "ALTER TABLE %s RENAME CONSTRAINT %s TO %s", sf_rel(new), sf_ident(sf_attr(old, "actual_name")),
				sf_ident(name));
}

/* One that its table alone has afterwards goes with its original, and is made again. */
static bool
outlasts_original(const SfFact *old, const SfFact *new)
{
	return !sf_goes_along(old);
}

static void
alter_no_inherit(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (!sf_cascades(old, new))
		sf_emit(out, "ALTER TABLE %s ALTER CONSTRAINT %s%s INHERIT", sf_rel(new), sf_ident(sf_attr(new, "actual_name")),
				sf_attr(new, "no_inherit") ? " NO" : "");
}

/* CREATE TABLE would make it valid. */
static bool
may_fold(const SfFact *fact)
{
	return sf_attr(fact, "not_valid") == NULL;
}

static char *
address(const SfFact *fact)
{
	return psprintf("CONSTRAINT %s ON %s", sf_ident(sf_attr(fact, "actual_name")), sf_rel(fact));
}

static List *
takes(const SfFact *fact)
{
	char	   *names[] = {fact->name[0], fact->name[1], pstrdup(sf_attr(fact, "actual_name"))};

	return list_make1(psprintf("constraint:%s", sf_qualified(lengthof(names), names)));
}

/* A name that the server chooses is none that another table's has. */
static List *
avoids(const SfFact *fact)
{
	char	   *names[] = {fact->name[0], pstrdup(sf_attr(fact, "actual_name"))};

	return list_make1(psprintf("not null:%s", sf_qualified(lengthof(names), names)));
}

static const SfAttr attrs[] = {
	{"name", SF_ALTER, alter_name, 0, outlasts_original},
	{"no_inherit", SF_ALTER, alter_no_inherit},
	{"not_valid", SF_ALTER, alter_not_valid, SF_ATTR_UNPROVED, becomes_valid},
	{"actual_name", SF_IGNORE},
	{"local", SF_IGNORE},
};

const SfKind sf_kind_not_null = {
	.name = "not null",
	.keyword = "CONSTRAINT",
	.weight = 125,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.folds = true,
	.may_fold = may_fold,
	.drops_with_parent = true,
	.survives_alter = true,
	.merges = true,
	.create = create,
	.clause = clause,
	.drop = drop,
	.validate = validate,
	.address = address,
	.takes = takes,
	.avoids = avoids,
};
