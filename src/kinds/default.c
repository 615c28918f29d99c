/*
 * default.c - column defaults and generation expressions.
 */
#include "postgres.h"

#include "kinds/kind.h"

static char *
alter_column(const SfFact *fact)
{
	return psprintf("ALTER TABLE %s ALTER COLUMN %s", sf_rel(fact), sf_ident(sf_last(fact)));
}

static void
clause_default(StringInfo out, const SfFact *fact, List *folded)
{
	appendStringInfo(out, "DEFAULT %s", sf_attr(fact, "expression"));
}

/* A copy without a default where its original has one: SET DEFAULT NULL would be one of a type with a modifier. */
static void
set_default(SfEmit *out, const SfFact *fact)
{
	const char *expression = sf_attr(fact, "expression");

	if (strcmp(expression, "NULL") == 0)
		sf_emit(out, "%s DROP DEFAULT", alter_column(fact));
	else
		sf_emit(out, "%s SET DEFAULT %s", alter_column(fact), expression);
}

/*
 * A statement for the original reaches all copies; those that have another default and keep it get it again.  (It
 * reaches their own copies in turn, also by way of one that only now comes or goes.)  One that is made anew gets it
 * when it is made.
 */
static void
restore_copies(SfEmit *out, const SfFact *fact, bool goes)
{
	ListCell   *lc;

	foreach(lc, sf_copies_of(fact))
	{
		const SfFact *copy = lfirst(lc);

		/* What stays when the original goes is the copy's own from now on. */
		if (copy->twin && !copy->anew && (goes || sf_attr(copy, "local")) &&
			!sf_changed(copy, copy->twin, "expression"))
			set_default(out, copy);
		restore_copies(out, copy, goes);
	}
}

static void
create_default(SfEmit *out, const SfFact *fact, List *folded)
{
	if (sf_comes_along(fact))
		return;
	set_default(out, fact);
	restore_copies(out, fact, false);
}

static void
drop_default(SfEmit *out, const SfFact *fact)
{
	if (!sf_goes_apart(out, fact))
		return;
	sf_emit(out, "%s DROP DEFAULT", alter_column(fact));
	/* One that is put back restores them then. */
	if (fact->twin == NULL)
		restore_copies(out, fact, true);
}

static void
alter_default(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (sf_cascades(old, new))
		return;
	set_default(out, new);
	restore_copies(out, new, false);
}

/* A copy's own default stands beside no column definition, unless the column is its table's own, too. */
static bool
may_fold(const SfFact *fact)
{
	return sf_attr(fact, "local") == NULL || (fact->parent && sf_attr(fact->parent, "local"));
}

static char *
address(const SfFact *fact)
{
	return psprintf("COLUMN %s", sf_name(fact));
}

/* A column has one of default, generation expression and identity. */
static List *
takes(const SfFact *fact)
{
	return list_make1(psprintf("default:%s", sf_name(fact)));
}

static const SfAttr default_attrs[] = {
	{"expression", SF_ALTER, alter_default, SF_ATTR_EXPRESSION},
	{"local", SF_IGNORE},
};

const SfKind sf_kind_default = {
	.name = "default",
	.weight = 120,
	.attrs = default_attrs,
	.nattrs = lengthof(default_attrs),
	.folds = true,
	.may_fold = may_fold,
	.drops_with_parent = true,
	.survives_alter = true,
	.create = create_default,
	.clause = clause_default,
	.drop = drop_default,
	.address = address,
	.takes = takes,
};

/* A column that a child is made with has its parent's expression, and may not say it again. */
static void
clause_generated(StringInfo out, const SfFact *fact, List *folded)
{
	const SfFact *attachment = sf_attachment(sf_relation_of(fact));

	if (sf_implied_by(fact) && sf_attr(fact, "local") == NULL && list_member_ptr(folded, attachment))
		return;
	appendStringInfo(out, "GENERATED ALWAYS AS (%s) %s", sf_attr(fact, "expression"),
					 sf_attr(fact, "virtual") ? "VIRTUAL" : "STORED");
}

/* A generation expression goes, the values stay. */
static void
drop_generated(SfEmit *out, const SfFact *fact)
{
	if (sf_goes_apart(out, fact))
		sf_emit(out, "%s DROP EXPRESSION", alter_column(fact));
}

/* What is computed when it is read has no values that could stay. */
static bool
is_virtual(const SfFact *fact)
{
	return sf_attr(fact, "virtual") != NULL;
}

static bool
always(const SfFact *fact)
{
	return true;
}

static const SfAttr generated_attrs[] = {
	{"expression", SF_REPLACE_PARENT, NULL, SF_ATTR_EXPRESSION},
	{"virtual", SF_REPLACE_PARENT},
	{"local", SF_IGNORE},
};

/*
 * The server alters no column that a generated one is computed from: that is taken down and computed anew.
 */
const SfKind sf_kind_generated = {
	.name = "generated",
	.weight = 121,
	.attrs = generated_attrs,
	.nattrs = lengthof(generated_attrs),
	.folds = true,
	.drops_with_parent = true,
	.create_replaces_parent = always,
	.drop_replaces_parent = is_virtual,
	.clause = clause_generated,
	.drop = drop_generated,
	.address = address,
	.takes = takes,
};
