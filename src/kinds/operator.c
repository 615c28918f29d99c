/*
 * operator.c - operators.
 *
 * An operator may name as commutator or negator one that is not there yet: the server then makes a shell, which the
 * later CREATE OPERATOR fills.  So these names are no dependencies.  They cannot be taken away again: then both are
 * replaced.
 */
#include "postgres.h"

#include "kinds/routine.h"

static char *
operator_name(const SfFact *fact)
{
	return psprintf("%s.%s", sf_ident(fact->name[0]), fact->name[1]);
}

static char *
address(const SfFact *fact)
{
	return psprintf("OPERATOR %s (%s, %s)", operator_name(fact), fact->name[2], fact->name[3]);
}

static char *
label(const SfFact *fact)
{
	return psprintf("operator %s(%s, %s)", operator_name(fact), fact->name[2], fact->name[3]);
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	static const SfClause clauses[] = {
		{"COMMUTATOR", "commutator"}, {"NEGATOR", "negator"}, {"RESTRICT", "restrict"}, {"JOIN", "join"},
	};
	const char *more;
	StringInfoData sql;

	/* A shell comes with the operator that names it. */
	if (sf_attr(fact, "function") == NULL)
		return;
	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE OPERATOR %s (FUNCTION = %s", operator_name(fact), sf_attr(fact, "function"));
	if (strcmp(fact->name[2], "NONE") != 0)
		appendStringInfo(&sql, ", LEFTARG = %s", fact->name[2]);
	if (strcmp(fact->name[3], "NONE") != 0)
		appendStringInfo(&sql, ", RIGHTARG = %s", fact->name[3]);
	more = sf_clauses(fact, clauses, lengthof(clauses));
	appendStringInfo(&sql, "%s%s%s%s)", *more ? ", " : "", more, sf_attr(fact, "hashes") ? ", HASHES" : "",
					 sf_attr(fact, "merges") ? ", MERGES" : "");
	sf_emit(out, "%s", sql.data);
}

/* What was a shell is filled by CREATE OPERATOR. */
static void
alter_function(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	create(out, new, NIL);
}

static bool
was_shell(const SfFact *old, const SfFact *new)
{
	return sf_attr(old, "function") == NULL;
}

static void
alter_estimators(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	List	   *parts = NIL;

	if (was_shell(old, new))
		return;
	if (sf_changed(old, new, "restrict"))
		parts = lappend(parts, psprintf("RESTRICT = %s", sf_attr(new, "restrict") ? sf_attr(new, "restrict") : "NONE"));
	if (sf_changed(old, new, "join"))
		parts = lappend(parts, psprintf("JOIN = %s", sf_attr(new, "join") ? sf_attr(new, "join") : "NONE"));
	sf_emit(out, "ALTER %s SET (%s)", address(new), sf_join(parts, ", "));
}

static const SfAttr attrs[] = {
	{"function", SF_ALTER, alter_function, 0, was_shell},
	{"commutator", SF_ALTER, NULL, 0, was_shell},
	{"negator", SF_ALTER, NULL, 0, was_shell},
	{"restrict", SF_ALTER, alter_estimators},
	{"join", SF_ALTER, alter_estimators},
	{"hashes", SF_ALTER, NULL, 0, was_shell},
	{"merges", SF_ALTER, NULL, 0, was_shell},
};

const SfKind sf_kind_operator = {
	.name = "operator",
	.keyword = "OPERATOR",
	.weight = 77,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.create = create,
	.drop = sf_drop_by_address,
	.address = address,
	.label = label,
};
