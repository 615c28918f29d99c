/*
 * published.c - updates of published tables.
 *
 * The server refuses an UPDATE where a publication has to say which rows it changed and cannot: the table has no key
 * (yet, or any more), or a row filter reads more than that.  For a statement of the plan's the whole old row says it,
 * for as long as that takes; a list of columns forbids that.
 */
#include "postgres.h"

#include "kinds/kind.h"

extern const SfKind sf_kind_publication,
			sf_kind_publication_table,
			sf_kind_publication_schema;

static bool
publishes_updates(const SfFact *publication)
{
	return strstr(sf_attr(publication, "operations"), "update") != NULL;
}

/* Is the table in the publication by this fact?  *filtered: not all of its rows; *listed: not all of its columns. */
static bool
names_table(const SfFact *fact, const SfFact *table, bool *filtered, bool *listed)
{
	if (fact->kind == &sf_kind_publication)
		return sf_attr(fact, "all_tables") && publishes_updates(fact);
	if (fact->kind == &sf_kind_publication_schema)
		return strcmp(fact->name[1], table->name[0]) == 0 && publishes_updates(fact->parent);
	if (fact->kind != &sf_kind_publication_table || strcmp(fact->name[1], table->name[0]) != 0 ||
		strcmp(fact->name[2], table->name[1]) != 0 || !publishes_updates(fact->parent))
		return false;
	*filtered = *filtered || sf_attr(fact, "predicate");
	*listed = *listed || sf_attr(fact, "columns");
	return true;
}

static bool
is_published(const SfFactBase *base, const SfFact *table, bool *filtered, bool *listed)
{
	bool		published = false;
	const SfFact *attachment = sf_attachment(table);
	ListCell   *lc;

	foreach(lc, base ? base->facts : NIL)
		published = names_table(lfirst(lc), table, filtered, listed) || published;
	/* A partition is published with its whole. */
	if (attachment && attachment->kind->place && sf_attached_to(attachment))
		published = is_published(base, sf_attached_to(attachment), filtered, listed) || published;
	return published;
}

/* Does what says which row is which stand all the time? */
static bool
is_identified(const SfFact *table)
{
	const char *identity = sf_attr(table, "replica_identity");
	ListCell   *lc;

	if (table->twin == NULL || sf_changed(table, table->twin, "replica_identity") || sf_streq(identity, "NOTHING"))
		return false;
	if (sf_streq(identity, "FULL"))
		return true;
	foreach(lc, table->children)
	{
		const SfFact *key = lfirst(lc);
		int			chosen = sf_kind_attr(key->kind, "replica_identity");

		if (sf_stands(key) && key->kind->backs &&
			(identity ? chosen >= 0 && key->attr[chosen] : strcmp(key->kind->name, "primary key") == 0))
			return true;
	}
	return false;
}

bool
sf_refuses_updates(const SfEmit *out, const SfFact *table)
{
	bool		filtered = false,
				listed = false,
				published = is_published(out->to, table, &filtered, &listed);

	if (table->twin && is_published(out->from, table->twin, &filtered, &listed))
		published = true;
	return published && !listed && (filtered || !is_identified(table));
}

/* The tables that rows are in: itself, or the leaves below it. */
static List *
leaves_of(const SfFact *table)
{
	List	   *leaves = NIL;
	ListCell   *lc;

	if (sf_attr(table, "partition_key") == NULL)
		return list_make1(unconstify(SfFact *, table));
	foreach(lc, table->needed_by)
	{
		const SfFact *attachment = ((SfEdge *) lfirst(lc))->from;

		if (attachment->kind->place && sf_attached_to(attachment) == table && attachment->parent->kind == table->kind)
			leaves = list_concat(leaves, leaves_of(attachment->parent));
	}
	return leaves;
}

void
sf_emit_update(SfEmit *out, const SfFact *table, const char *sql)
{
	List	   *unidentified = NIL;
	ListCell   *lc;

	foreach(lc, table->kind->refill ? leaves_of(table) : NIL)
		if (sf_refuses_updates(out, lfirst(lc)))
			unidentified = lappend(unidentified, lfirst(lc));
	foreach(lc, unidentified)
		sf_emit(out, "ALTER TABLE %s REPLICA IDENTITY FULL", sf_name(lfirst(lc)));
	sf_emit(out, "%s", sql);
	foreach(lc, unidentified)
	{
		const char *identity = sf_attr(lfirst(lc), "replica_identity");

		/* An index says it itself, when it comes. */
		if (sf_streq(identity, "FULL"))
			continue;
		sf_emit(out, "ALTER TABLE %s REPLICA IDENTITY %s", sf_name(lfirst(lc)),
				sf_streq(identity, "NOTHING") ? identity : "DEFAULT");
	}
}
