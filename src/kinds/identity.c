/*
 * identity.c - identity columns; the sequence behind one is part of it.
 */
#include "postgres.h"

#include "kinds/sequence_common.h"

extern const SfKind sf_kind_default,
			sf_kind_identity,
			sf_kind_owned_by,
			sf_kind_sequence;

static void
clause(StringInfo out, const SfFact *fact, List *folded)
{
	char *usual_name =
		psprintf("%s.%s", sf_ident(fact->name[0]), sf_ident(psprintf("%s_%s_seq", fact->name[1], fact->name[2])));
	StringInfoData said;

	initStringInfo(&said);
	if (strcmp(usual_name, sf_attr(fact, "sequence")) != 0)
		appendStringInfo(&said, " SEQUENCE NAME %s", sf_attr(fact, "sequence"));
	sf_sequence_options(&said, fact, fact->parent ? sf_attr(fact->parent, "type") : "");
	appendStringInfo(out, "GENERATED %s AS IDENTITY", sf_attr(fact, "generation"));
	if (said.len > 0)
		appendStringInfo(out, " (%s)", said.data + 1);
}

static char *
alter_column(const SfFact *fact)
{
	return psprintf("ALTER TABLE %s ALTER COLUMN %s", sf_rel(fact), sf_ident(sf_last(fact)));
}

/* The sequence of the serial column that its column was, owned by it, and its default's; unless it has a position. */
static SfFact *
predecessor(const SfFact *fact)
{
	const SfFact *column = fact->parent && fact->twin == NULL ? fact->parent->twin : NULL;
	ListCell   *lc,
			   *ln,
			   *lo;

	foreach(lc, column ? column->children : NIL)
	{
		const SfFact *child = lfirst(lc);

		foreach(ln, child->kind == &sf_kind_default ? child->needs : NIL)
		{
			SfFact	   *sequence = ((SfEdge *) lfirst(ln))->to;

			foreach(lo, sequence->kind == &sf_kind_sequence && sequence->twin == NULL ? sequence->children : NIL)
			{
				const SfFact *owned = lfirst(lo);

				if (owned->kind == &sf_kind_owned_by && strcmp(sf_attr(owned, "column"), sf_name(column)) == 0)
					return sequence;
			}
		}
	}
	return NULL;
}

/*
 * It goes on where the sequence of the serial column stood.  Where there was none, behind the column's greatest value,
 * for that may have been counted in another way.
 */
static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	const SfFact *serial = sf_predecessor(out, fact);
	char	   *aside = serial ? sf_emit_put_aside(out, serial, fact->name[0]) : NULL;
	StringInfoData text;

	initStringInfo(&text);
	clause(&text, fact, NIL);
	sf_emit(out, "%s ADD %s", alter_column(fact), text.data);
	if (serial)
	{
		sf_emit_take_over(out, sf_attr(fact, "sequence"), fact, aside, serial);
		sf_emit(out, "DROP SEQUENCE %s", aside);
	}
	else if (out->flags & SF_EMIT_EXISTING)
		sf_emit_catch_up(out, fact, fact);
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "%s DROP IDENTITY", alter_column(fact));
}

static void
alter_generation(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit(out, "%s SET GENERATED %s", alter_column(new), sf_attr(new, "generation"));
}

static void
alter_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit_alter_sequence(out, alter_column(new), "SET ", sf_attr(new, "sequence"), old, new);
}

static const SfIntegerType *
type_of(const SfFact *identity)
{
	return sf_integer_type(sf_attr(identity->parent, "type"));
}

/* Limits that the new type does not have are in its way. */
static bool
alters_first(const SfFact *old, const SfFact *new)
{
	return type_of(new) < type_of(old);
}

void
sf_emit_identity_limits(SfEmit *out, const SfFact *was, const SfFact *is)
{
	const SfFact *old = sf_child(was, &sf_kind_identity);
	const SfFact *new = sf_child(is, &sf_kind_identity);
	const SfIntegerType *type = old ? type_of(old) : NULL;
	StringInfoData sql;

	if (new == NULL || new->twin != old || type == NULL)
		return;
	initStringInfo(&sql);
	if (!sf_changed(old, new, "min") && strcmp(sf_attr(old, "min"), type->min) == 0)
		appendStringInfo(&sql, " SET MINVALUE %s", sf_attr(new, "min"));
	if (!sf_changed(old, new, "max") && strcmp(sf_attr(old, "max"), type->max) == 0)
		appendStringInfo(&sql, " SET MAXVALUE %s", sf_attr(new, "max"));
	if (sql.len > 0)
		sf_emit(out, "%s%s", alter_column(new), sql.data);
}

static void
alter_sequence_name(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	char	  **was,
			  **is;

	(void) sf_split_name(sf_attr(old, "sequence"), &was);
	(void) sf_split_name(sf_attr(new, "sequence"), &is);
	/* The schema follows the table's. */
	if (strcmp(was[1], is[1]) != 0)
		sf_emit(out, "ALTER SEQUENCE %s.%s RENAME TO %s", sf_ident(is[0]), sf_ident(was[1]), sf_ident(is[1]));
}

/* A sequence is logged as its table is, unless it was told otherwise behind it. */
static void
set_persistence(SfEmit *out, const SfFact *fact)
{
	const char *persistence = sf_attr(fact, "persistence");

	if (persistence == NULL)
		persistence = sf_attr(sf_relation_of(fact), "persistence") ? "UNLOGGED" : "LOGGED";
	sf_emit(out, "ALTER SEQUENCE %s SET %s", sf_attr(fact, "sequence"), persistence);
}

static void
alter_persistence(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	set_persistence(out, new);
}

static void
after(SfEmit *out, const SfFact *fact)
{
	if (sf_attr(fact, "persistence"))
		set_persistence(out, fact);
}

/* An inherited column, which the table does not declare, has no place for it. */
static bool
may_fold(const SfFact *fact)
{
	return sf_implied_by(fact->parent) == NULL || sf_attr(fact->parent, "local");
}

static char *
address(const SfFact *fact)
{
	return psprintf("SEQUENCE %s", sf_attr(fact, "sequence"));
}

static List *
takes(const SfFact *fact)
{
	return list_make2(psprintf("relation:%s", sf_attr(fact, "sequence")), psprintf("default:%s", sf_name(fact)));
}

static const SfAttr attrs[] = {
	{"sequence", SF_ALTER, alter_sequence_name},
	{"persistence", SF_ALTER, alter_persistence},
	{"generation", SF_ALTER, alter_generation},
	{"start", SF_ALTER, alter_options},
	{"increment", SF_ALTER, alter_options},
	{"min", SF_ALTER, alter_options},
	{"max", SF_ALTER, alter_options},
	{"cache", SF_ALTER, alter_options},
	{"cycle", SF_ALTER, alter_options},
};

const SfKind sf_kind_identity = {
	.name = "identity",
	.weight = 122,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.folds = true,
	.may_fold = may_fold,
	.drops_with_parent = true,
	.survives_alter = true,
	.alters_first = alters_first,
	.create = create,
	.predecessor = predecessor,
	.clause = clause,
	.after = after,
	.drop = drop,
	.address = address,
	.takes = takes,
	.acl_class = 's',
};
