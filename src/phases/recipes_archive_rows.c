/*
 * recipes_archive_rows.c - which rows have the values of a column that goes, and by what they are known in the archive.
 *
 * They are those of a table, or of all tables that the column is passed on to: partitions, children.  Then the table's
 * OID is a part of what a row is known by: which of them it is in.
 */
#include "postgres.h"

#include "guc.h"
#include "diff/diff.h"
#include "kinds/kind.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "miscadmin.h"
#include "phases/recipes_archive.h"
#include "phases/recipes_parts.h"
#include "plan/emit.h"

/* ---- the tables ---- */

static bool
is_plain_table(const SfFact *table)
{
	return sf_is_kind(table, "table") && sf_stands(table) && sf_attr(table, "of_type") == NULL;
}

/* Does one of its triggers fire otherwise on a partition than on the whole?  It could not be put off for a while. */
static bool
has_trigger_states(const SfFact *table)
{
	ListCell   *lc;

	foreach(lc, table->children)
		if (sf_is_kind(lfirst(lc), "trigger") && sf_child_of(lfirst(lc), "trigger state"))
			return true;
	return false;
}

/* Is that what becomes of all copies of the column, on tables that stay what they are? */
static bool
goes_everywhere(const SfKept *kept, const SfFact *column)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, sf_copies_of(column))
	{
		const SfFact *copy = lfirst(lc);

		if (!is_plain_table(copy->parent) || sf_reattached(copy) || sf_attr(copy, "local") ||
			(copy->twin != NULL) != kept->retyped || has_trigger_states(copy->parent) || !goes_everywhere(kept, copy))
			return false;
	}
	return true;
}

List *
sf_kept_tables(const SfFact *column)
{
	List	   *tables = list_make1(column->parent);
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, sf_copies_of(column))
		tables = list_concat_unique_ptr(tables, sf_kept_tables(lfirst(lc)));
	return tables;
}

/* The column's own table, or all that it is passed on to; false: its values are not there, or nobody knows where. */
static bool
find_tables(SfKept *kept)
{
	const SfFact *column = kept->fact;
	const SfFact *table = column->parent;

	kept->tree = sf_is_partitioned(table) || sf_copies_of(column) != NIL;
	return is_plain_table(table) && sf_implied_by(column) == NULL && !sf_reattached(column) &&
		!(kept->tree && has_trigger_states(table)) && goes_everywhere(kept, column);
}

/* ---- the rows ---- */

/* Types whose values are equal across them when they print alike, the widest first. */
static const char *const key_families[][3] = {
	{"bigint", "integer", "smallint"},
	{"text", "character varying", NULL},
};

/* The widest type of the family; NULL: the type has none. */
static const char *
widest_key_type(const char *type)
{
	int			length = strcspn(type, "(");

	for (int i = 0; i < lengthof(key_families); i++)
		for (int k = 0; k < lengthof(key_families[i]) && key_families[i][k]; k++)
			if (strncmp(key_families[i][k], type, length) == 0 && key_families[i][k][length] == '\0')
				return key_families[i][0];
	return NULL;
}

char *
sf_kept_key_type(const SfFact *column)
{
	const char *type = sf_attr(column, "type");

	return pstrdup(column->twin && sf_changed(column, column->twin, "type") ? widest_key_type(type) : type);
}

/* Its values say the same in both of the types that it has. */
static bool
stays_comparable(const SfFact *column)
{
	const char *widest = widest_key_type(sf_attr(column, "type"));

	return !sf_changed(column, column->twin, "type") ||
		(widest && sf_streq(widest, widest_key_type(sf_attr(column->twin, "type"))));
}

/* The columns of a key, if it says which row a value belongs to, before and after; else NIL. */
static List *
key_columns(const SfFact *key, const SfFact *column)
{
	List	   *columns = NIL;
	ListCell   *lc;

	if (sf_attr(key, "deferrable") || strstr(sf_attr(key, "definition"), " INCLUDE ("))
		return NIL;
	foreach(lc, key->needs)
	{
		SfFact	   *part = ((SfEdge *) lfirst(lc))->to;

		if (!sf_is_kind(part, "column"))
			continue;
		if (part == column || sf_attr(part, "not_null") == NULL || sf_is_users_type(part) || part->twin == NULL ||
			strcmp(sf_last(part->twin), sf_last(part)) != 0 || !stays_comparable(part))
			return NIL;
		columns = list_append_unique_ptr(columns, part);
	}
	return columns;
}

static List *
key_for(const SfFact *column)
{
	static const char *const kinds[] = {"primary key", "unique"};
	ListCell   *lc;

	for (int i = 0; i < lengthof(kinds); i++)
		foreach(lc, column->parent->children)
		{
			List	   *key = sf_is_kind(lfirst(lc), kinds[i]) ? key_columns(lfirst(lc), column) : NIL;

			if (key)
				return key;
		}
	return NIL;
}

/* May the way up or down write the whole table anew when the column comes? A constant is not written into rows. */
static bool
rewrites_when_it_comes(const SfFact *column)
{
	const SfFact *by_default = sf_child_of(column, "default");

	return column->twin == NULL &&
		(sf_child_of(column, "identity") || sf_child_of(column, "generated") ||
		 (by_default && (sf_is_users_type(column) || strchr(sf_attr(by_default, "expression"), '('))));
}

/* What it is computed by begins, ceases, or changes: one way or the other the column is made anew. */
static bool
is_computed_otherwise(const SfFact *column)
{
	const SfFact *generated = sf_child_of(column, "generated");

	return generated && (generated->twin == NULL || sf_diff_attributes(generated, generated->twin));
}

/* Rows stay where they are while the table is what it is: no part of it that would move them changes. */
static bool
rows_stay(const SfFact *table)
{
	const SfFact *sides[] = {table, table->twin};
	ListCell   *lc;

	if (sf_diff_attributes(table, table->twin))
		return false;
	for (int i = 0; i < lengthof(sides); i++)
		foreach(lc, sides[i]->children)
		{
			const SfFact *column = lfirst(lc);

			if (sf_is_kind(column, "column") && (rewrites_when_it_comes(column) || is_computed_otherwise(column) ||
												 (column->twin && sf_changed(column, column->twin, "type"))))
				return false;
		}
	return true;
}

/* By what a value is known to belong to its row: a key is better, as rows keep it when they are written. */
static bool
find_key(SfKept *kept)
{
	const SfFact *table = kept->fact->parent;
	ListCell   *lc;

	/* Tables that inherit have keys of their own, or none. */
	kept->key = kept->tree && !sf_is_partitioned(table) ? NIL : key_for(kept->fact);
	if (kept->key || kept->retyped)
		return kept->key != NIL;
	foreach(lc, sf_kept_tables(kept->fact))
		if (!rows_stay(lfirst(lc)))
			return false;
	return kept->by_place = true;
}

/* ---- who else writes and reads them ---- */

/* What a subscription writes fires no trigger that follows. */
static bool
is_subscribed(const SfFact *table)
{
	const char *args[] = {sf_name(table)};

	return sf_query_text("SELECT 't' FROM pg_catalog.pg_subscription_rel "
						 "WHERE srrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)", 1, args) != NULL;
}

/* Which rows those are it cannot say.  $3: there is no key; else one that is not all in a list of columns is none. */
static const char refusing_query[] =
"SELECT 't' FROM pg_catalog.pg_publication_tables JOIN pg_catalog.pg_publication p USING (pubname) "
"JOIN pg_catalog.pg_namespace n ON nspname OPERATOR(pg_catalog.=) schemaname "
"JOIN pg_catalog.pg_class c ON relnamespace OPERATOR(pg_catalog.=) n.oid AND relname OPERATOR(pg_catalog.=) tablename "
"LEFT JOIN pg_catalog.pg_publication_rel ON prpubid OPERATOR(pg_catalog.=) p.oid "
"AND prrelid OPERATOR(pg_catalog.=) c.oid "
"WHERE schemaname OPERATOR(pg_catalog.=) $1 AND tablename OPERATOR(pg_catalog.=) $2 AND pubupdate "
"AND ($3::pg_catalog.bool OR rowfilter IS NOT NULL OR (prattrs IS NOT NULL "
"AND (relreplident OPERATOR(pg_catalog.=) 'f' OR EXISTS (SELECT FROM pg_catalog.pg_index, pg_catalog.unnest(indkey) k "
"WHERE indrelid OPERATOR(pg_catalog.=) c.oid AND NOT k OPERATOR(pg_catalog.=) ANY (prattrs) "
"AND CASE relreplident WHEN 'd' THEN indisprimary ELSE indisreplident END))))";

/* Values come back by an UPDATE, which a publication refuses where it cannot say which rows those are. */
static bool
refuses_updates(const SfKept *kept, const SfFact *table)
{
	const char *args[] = {table->name[0], table->name[1], kept->by_place ? "t" : "f"};
	ListCell   *lc;

	foreach(lc, table->twin->needed_by)
	{
		const SfFact *published = ((SfEdge *) lfirst(lc))->from;

		if (sf_is_kind(published, "publication table") &&
			(kept->by_place || sf_attr(published, "predicate") ||
			 (sf_attr(published, "columns") && sf_streq(sf_attr(table->twin, "replica_identity"), "FULL"))))
			return true;
	}
	return sf_query_text(refusing_query, lengthof(args), args) != NULL;
}

/* A generated column is computed anew; what is very big is not copied without a word. */
bool
sf_keeps_column(SfKept *kept, int64 rows)
{
	int			limit = sf_guc_archive_limit();
	ListCell   *lc;

	if ((limit >= 0 && rows > limit) || sf_child_of(kept->fact, "generated") || !find_tables(kept) || !find_key(kept))
		return false;
	foreach(lc, sf_kept_tables(kept->fact))
		if (is_subscribed(lfirst(lc)) || refuses_updates(kept, lfirst(lc)))
			return false;
	return true;
}
