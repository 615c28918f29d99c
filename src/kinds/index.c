/*
 * index.c - indexes that no constraint owns, of tables and materialized views.
 */
#include "postgres.h"

#include "kinds/kind.h"

/* On a partition whose table is there, the index joins its parent's by a statement of its own. */
static void
attach(SfEmit *out, const SfFact *fact)
{
	const SfFact *original = out->flags & SF_EMIT_APART ? sf_implied_by(fact) : NULL;

	if (original)
		sf_emit(out, "ALTER INDEX %s ATTACH PARTITION %s", sf_name(original), sf_name(fact));
	else if (sf_attr(fact, "attached") && !sf_reattached(fact))
		sf_emit(out, "ALTER INDEX %s ATTACH PARTITION %s", sf_attr(fact, "attached"), sf_name(fact));
}

/* The index of a partitioned table cannot be made or dropped concurrently. */
static bool
concurrently(const SfEmit *out, const SfFact *fact)
{
	return (out->flags & SF_EMIT_CONCURRENTLY) && sf_attr(fact, "partitioned") == NULL;
}

void
sf_index_own(SfEmit *out, const SfFact *copy, const char *index)
{
	const SfFact *maker = sf_made_by(copy);
	const char *tablespace = sf_attr(copy, "tablespace");

	sf_emit_options(out, psprintf("ALTER INDEX %s", index), sf_attr(maker, "options"), sf_attr(copy, "options"));
	if (sf_changed(maker, copy, "tablespace"))
		sf_emit(out, "ALTER INDEX %s SET TABLESPACE %s", index, sf_ident(tablespace ? tablespace : "pg_default"));
}

bool
sf_index_succeeded(const SfFact *index, const char *attr)
{
	ListCell   *lc;

	foreach(lc, index->parent->children)
	{
		const SfFact *other = lfirst(lc);
		int			i = sf_kind_attr(other->kind, attr);

		if (other != index && i >= 0 && other->attr[i])
			return true;
	}
	return false;
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	const char *options = sf_attr(fact, "options");
	const char *tablespace = sf_attr(fact, "tablespace");
	const char *predicate = sf_attr(fact, "predicate");
	bool		apart = (out->flags & SF_EMIT_APART) != 0;

	if (sf_comes_along(fact) && !apart)
	{
		if (sf_attr(fact, "born_as"))
			sf_emit(out, "ALTER INDEX %s.%s RENAME TO %s", sf_ident(fact->name[0]), sf_ident(sf_attr(fact, "born_as")),
					sf_ident(sf_last(fact)));
		if (sf_attr(fact, "partitioned") == NULL)
			sf_index_own(out, fact, sf_name(fact));
		return;
	}
	sf_emit(out, "CREATE %sINDEX %s%s ON %s%s %s%s%s%s%s%s%s%s", sf_attr(fact, "unique") ? "UNIQUE " : "",
			concurrently(out, fact) ? "CONCURRENTLY " : "", sf_ident(sf_last(fact)),
			sf_attr(fact, "only") || (apart && sf_attr(fact, "partitioned")) ? "ONLY " : "", sf_attr(fact, "table"),
			sf_attr(fact, "definition"),
			options ? " WITH (" : "", options ? options : "", options ? ")" : "", tablespace ? " TABLESPACE " : "",
			tablespace ? sf_ident(tablespace) : "", predicate ? " WHERE " : "", predicate ? predicate : "");
	attach(out, fact);
}

static void
emit_statistics(SfEmit *out, const SfFact *fact, const char *list, bool reset)
{
	for (const char *item = list; item; item = strchr(item, ',') ? strchr(item, ',') + 1 : NULL)
	{
		int			column,
					target;

		if (sscanf(item, "%d %d", &column, &target) == 2)
			sf_emit(out, "ALTER INDEX %s ALTER COLUMN %d SET STATISTICS %d", sf_name(fact), column,
					reset ? -1 : target);
	}
}

static void
alter_statistics(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	emit_statistics(out, new, sf_attr(old, "statistics"), true);
	emit_statistics(out, new, sf_attr(new, "statistics"), false);
}

static void
alter_clustered(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (sf_attr(new, "clustered"))
		sf_emit(out, "ALTER %s CLUSTER ON %s", sf_address(new->parent), sf_ident(sf_last(new)));
	else if (!sf_index_succeeded(new, "clustered"))
		sf_emit(out, "ALTER %s SET WITHOUT CLUSTER", sf_address(new->parent));
}

static void
alter_replica_identity(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (sf_attr(new, "replica_identity"))
		sf_emit(out, "ALTER TABLE %s REPLICA IDENTITY USING INDEX %s", sf_attr(new, "table"), sf_ident(sf_last(new)));
}

static void
after(SfEmit *out, const SfFact *fact)
{
	emit_statistics(out, fact, sf_attr(fact, "statistics"), false);
	if (sf_attr(fact, "clustered"))
		alter_clustered(out, NULL, fact, NULL);
	if (sf_attr(fact, "replica_identity"))
		alter_replica_identity(out, NULL, fact, NULL);
}

static bool
takes_keys_along(const SfFact *fact)
{
	ListCell   *lc;

	if (sf_taken_in(fact) != NIL)
		return true;
	foreach(lc, sf_copies_of(fact))
		if (takes_keys_along(lfirst(lc)))
			return true;
	return false;
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	if (sf_goes_apart(out, fact))
		sf_emit(out, "DROP INDEX %s%s%s", concurrently(out, fact) ? "CONCURRENTLY " : "", sf_name(fact),
				takes_keys_along(fact) ? " CASCADE" : "");
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	/* An index stands in its table's schema, which may have changed before. */
	sf_emit(out, "ALTER INDEX %s.%s RENAME TO %s", sf_ident(new->name[0]), sf_ident(sf_last(old)),
			sf_ident(sf_last(new)));
}

static void
alter_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit_options(out, psprintf("ALTER INDEX %s", sf_name(new)), sf_attr(old, "options"), sf_attr(new, "options"));
}

/* The server alters none of a partitioned table. */
static bool
options_in_place(const SfFact *old, const SfFact *new)
{
	return sf_attr(new, "partitioned") == NULL;
}

static void
alter_tablespace(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *tablespace = sf_attr(new, "tablespace");

	sf_emit(out, "ALTER INDEX %s SET TABLESPACE %s", sf_name(new), sf_ident(tablespace ? tablespace : "pg_default"));
}

static char *
match(const SfFact *fact)
{
	const char *predicate = sf_attr(fact, "predicate");

	if (sf_attr(fact, "invalid"))
		return NULL;
	return psprintf("%s %s %s", sf_attr(fact, "unique") ? "unique" : "", sf_attr(fact, "definition"),
					predicate ? predicate : "");
}

static void
alter_attached(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (!sf_index_stays_attached(old, new))
		attach(out, new);
}

/* Attaching the last missing index makes it whole; there is no way back. */
bool
sf_index_becomes_whole(const SfFact *old, const SfFact *new)
{
	return sf_attr(new, "only") == NULL;
}

bool
sf_index_stays_attached(const SfFact *old, const SfFact *new)
{
	const SfFact *original = sf_implied_by(old);

	return original && original->twin && original->twin == sf_implied_by(new);
}

/* An attached index cannot be taken off, but with its whole table; what it is attached to may have another name. */
bool
sf_index_may_attach(const SfFact *old, const SfFact *new)
{
	return sf_attr(old, "attached") == NULL || sf_reattached(new) || sf_index_stays_attached(old, new);
}

static List *
takes(const SfFact *fact)
{
	return list_make1(psprintf("relation:%s", sf_name(fact)));
}

static const SfAttr attrs[] = {
	{"unique", SF_REPLACE},
	{"table", SF_REPLACE},
	{"definition", SF_REPLACE, NULL, SF_ATTR_EXPRESSION},
	{"predicate", SF_REPLACE, NULL, SF_ATTR_EXPRESSION},
	{"invalid", SF_REPLACE},
	{"attached", SF_ALTER, alter_attached, 0, sf_index_may_attach},
	{"born_as", SF_IGNORE},
	{"only", SF_ALTER, NULL, 0, sf_index_becomes_whole},
	{"partitioned", SF_IGNORE},
	{"options", SF_ALTER, alter_options, 0, options_in_place},
	{"tablespace", SF_ALTER, alter_tablespace, SF_ATTR_TABLESPACE},
	{"statistics", SF_ALTER, alter_statistics},
	{"clustered", SF_ALTER, alter_clustered, SF_ATTR_PASSED},
	{"replica_identity", SF_ALTER, alter_replica_identity, SF_ATTR_PASSED},
};

const SfKind sf_kind_index = {
	.name = "index",
	.keyword = "INDEX",
	.weight = 150,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.drops_with_parent = true,
	.survives_alter = true,
	.backs = true,
	.create = create,
	.after = after,
	.drop = drop,
	.rename = rename_it,
	.match = match,
	.takes = takes,
};
