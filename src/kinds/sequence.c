/*
 * sequence.c - sequences, and the columns that own them.
 *
 * A serial column is a sequence, a default that needs it, and OWNED BY that needs the column: three facts, no cycle.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "kinds/routine.h"
#include "kinds/sequence_common.h"

extern const SfKind sf_kind_identity,
			sf_kind_owned_by;

/* The column that the sequence is owned by, with a twin; NULL: none. */
static const SfFact *
owning_column(const SfFact *fact)
{
	ListCell   *lc,
			   *ln;

	foreach(lc, fact->children)
	{
		const SfFact *owned = lfirst(lc);

		foreach(ln, owned->kind == &sf_kind_owned_by ? owned->needs : NIL)
		{
			const SfFact *column = ((SfEdge *) lfirst(ln))->to;

			if (column != fact && column->twin && column->nname == 3)
				return column;
		}
	}
	return NULL;
}

/* The identity that the column had which it is for, unless it has a position of its own. */
static SfFact *
predecessor(const SfFact *fact)
{
	const SfFact *column = fact->twin ? NULL : owning_column(fact);
	ListCell   *lc;

	foreach(lc, column ? column->twin->children : NIL)
	{
		SfFact	   *child = lfirst(lc);

		if (child->kind == &sf_kind_identity && child->twin == NULL)
			return child;
	}
	return NULL;
}

/* It goes on where the identity stood, whose sequence gives up its name and goes with it. */
static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	const SfFact *identity = sf_predecessor(out, fact);
	const SfFact *column = identity ? identity->parent->twin : NULL;
	char	   *aside = identity ? sf_emit_put_aside(out, identity, column->name[0]) : NULL;
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE %sSEQUENCE %s", sf_attr(fact, "persistence") ? "UNLOGGED " : "", sf_name(fact));
	sf_sequence_options(&sql, fact, sf_attr(fact, "type"));
	sf_emit(out, "%s", sql.data);
	if (identity)
	{
		sf_emit_take_over(out, sf_name(fact), fact, aside, identity);
		sf_kind_identity.drop(out, column);
	}
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP SEQUENCE %s", sf_name(fact));
}

static void
alter_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit_alter_sequence(out, psprintf("ALTER SEQUENCE %s", sf_name(new)), "", sf_name(new), old, new);
}

static void
alter_persistence(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit(out, "ALTER SEQUENCE %s SET %s", sf_name(new), sf_attr(new, "persistence") ? "UNLOGGED" : "LOGGED");
}

void
sf_emit_sequences_apart(SfEmit *out, const SfFact *table)
{
	ListCell   *lc,
			   *le;

	foreach(lc, table->children)
		foreach(le, ((SfFact *) lfirst(lc))->needed_by)
		{
			const SfFact *owned = ((SfEdge *) lfirst(le))->from;

			if (owned->kind == &sf_kind_owned_by && owned->twin && owned->parent->twin &&
				sf_changed(owned->parent, table, "persistence"))
				alter_persistence(out, owned->parent->twin, owned->parent, NULL);
		}
}

/* The sequence of a serial column is that column's, whatever its name. */
static char *
match(const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, fact->children)
	{
		const SfFact *child = lfirst(lc);

		if (child->kind == &sf_kind_owned_by)
			return pstrdup(sf_attr(child, "column"));
	}
	return NULL;
}

/* It moves into another schema with the table that owns it. */
static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	SfFact	   *moved = sf_fact_copy(old);

	if (match(old))
		moved->name[0] = new->name[0];
	sf_rename_in_schema(out, moved, new);
}

static List *
takes(const SfFact *fact)
{
	return list_make1(psprintf("relation:%s", sf_name(fact)));
}

static const SfAttr attrs[] = {
	{"persistence", SF_ALTER, alter_persistence},
	{"type", SF_ALTER, alter_options},
	{"start", SF_ALTER, alter_options},
	{"increment", SF_ALTER, alter_options},
	{"min", SF_ALTER, alter_options},
	{"max", SF_ALTER, alter_options},
	{"cache", SF_ALTER, alter_options},
	{"cycle", SF_ALTER, alter_options},
};

const SfKind sf_kind_sequence = {
	.name = "sequence",
	.keyword = "SEQUENCE",
	.weight = 90,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.owned_apart = true,
	.create = create,
	.predecessor = predecessor,
	.drop = drop,
	.rename = rename_it,
	.match = match,
	.takes = takes,
	.acl_class = 's',
};

/*
 * A new sequence for a column that has rows already goes on behind its greatest value, if it does not go on where
 * another stood.
 */
static void
catch_up(SfEmit *out, const SfFact *fact)
{
	const SfFact *sequence = fact->parent;
	const SfFact *column = sequence && sequence->twin == NULL ? owning_column(sequence) : NULL;

	if (column && sf_predecessor(out, sequence) == NULL)
		sf_emit_catch_up(out, sequence, column);
}

static const char *
owner_of(const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, fact->children)
	{
		const SfFact *child = lfirst(lc);

		if (child->kind == &sf_kind_owner)
			return sf_attr(child, "role");
	}
	return NULL;
}

/*
 * A column that stands owns only sequences of its table's owner, who is still the old one (owners change late).  The
 * owner of a sequence that another column owned is that column's table's, and nothing is said here.
 */
static void
same_owner(SfEmit *out, const SfFact *fact)
{
	const SfFact *old = fact->parent ? fact->parent->twin : NULL;
	const char *role = old ? owner_of(old) : out->role;
	ListCell   *lc;

	foreach(lc, fact->needs)
	{
		const SfFact *need = ((SfEdge *) lfirst(lc))->to;
		const SfFact *table = need != fact->parent && need->nname == 3 ? need->parent : NULL;
		const char *wanted = table && table->twin ? owner_of(table->twin) : NULL;

		if (wanted == NULL || (old && role == NULL) || (role && strcmp(role, wanted) == 0))
			continue;
		sf_emit(out, "ALTER SEQUENCE %s OWNER TO %s", sf_name(fact), sf_ident(wanted));
		return;
	}
}

static void
own(SfEmit *out, const SfFact *fact, List *folded)
{
	same_owner(out, fact);
	sf_emit(out, "ALTER SEQUENCE %s OWNED BY %s", sf_name(fact), sf_attr(fact, "column"));
	catch_up(out, fact);
}

static void
disown(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "ALTER SEQUENCE %s OWNED BY NONE", sf_name(fact));
}

static void
alter_column(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	own(out, new, NIL);
}

static const SfAttr owned_attrs[] = {
	{"column", SF_ALTER, alter_column},
};

const SfKind sf_kind_owned_by = {
	.name = "owned by",
	.weight = 140,
	.attrs = owned_attrs,
	.nattrs = lengthof(owned_attrs),
	.drops_with_parent = true,
	.survives_alter = true,
	.create = own,
	.drop = disown,
};
