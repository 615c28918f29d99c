/*
 * rows.c - the rows of a table that is made anew: what cannot be altered in place (a partition key, say) is replaced.
 *
 * They wait in an unlogged table beside it, in the same transaction.  Values of the user's own types wait as text, for
 * their types may be swapped meanwhile.  A partitioned table's rows are those of its partitions, which go with it; the
 * new ones may be others.  Columns that are new get their defaults, or what a transform says.
 */
#include "postgres.h"

#include "kinds/rows.h"

extern const SfKind sf_kind_column,
			sf_kind_generated,
			sf_kind_identity;

/* In the table's new schema, whatever that is called until then. */
static char *
side_table(const SfFact *table, const SfFact *schema)
{
	char	   *name = psprintf("%s__rows", sf_last(table));
	char	   *names[2] = {schema ? schema->name[0] : table->name[0], name};

	if (strlen(name) >= NAMEDATALEN)
		names[1] += strlen(name) - NAMEDATALEN + 1;
	return sf_qualified(2, names);
}

/* The new columns that rows bring values for. */
static List *
kept_columns(const SfFact *table)
{
	List	   *columns = NIL;
	ListCell   *lc;

	foreach(lc, table->children)
	{
		SfFact	   *column = lfirst(lc);

		if (column->kind == &sf_kind_column && column->twin && sf_child(column, &sf_kind_generated) == NULL)
			columns = lappend(columns, column);
	}
	return columns;
}

/* Is the column's old type one that a plan may swap? */
static bool
waits_as_text(const SfFact *column)
{
	ListCell   *lc;

	foreach(lc, column->twin->needs)
		if (((SfEdge *) lfirst(lc))->to->kind->swaps)
			return true;
	return false;
}

bool
sf_save_rows(SfEmit *out, const SfFact *old, const SfFact *new)
{
	List	   *values = NIL;
	bool		all = true;
	ListCell   *lc;

	foreach(lc, kept_columns(new))
	{
		const SfFact *column = lfirst(lc);
		const char *was = sf_ident(sf_last(column->twin));
		const char *is = sf_ident(sf_last(column));
		bool		as_text = waits_as_text(column);

		values = lappend(values, as_text || strcmp(was, is) != 0 ?
						 psprintf("%s%s AS %s", was, as_text ? "::pg_catalog.text" : "", is) : unconstify(char *, was));
	}
	foreach(lc, old->children)
	{
		const SfFact *column = lfirst(lc);

		all = all && (column->kind != &sf_kind_column || column->twin || sf_child(column, &sf_kind_generated));
	}
	if (values == NIL)
		return false;
	sf_emit(out, "CREATE UNLOGGED TABLE %s AS SELECT %s FROM %s%s",
			side_table(new, new->parent ? new->parent->twin : NULL), sf_join(values, ", "),
			sf_attr(old, "partition_key") ? "" : "ONLY ", sf_name(old));
	return all;
}

void
sf_refill_rows(SfEmit *out, const SfFact *old, const SfFact *new)
{
	List	   *names = NIL;
	List	   *values = NIL;
	ListCell   *lc;

	foreach(lc, new->children)
	{
		const SfFact *column = lfirst(lc);
		char	   *name = pstrdup(sf_ident(sf_last(column)));
		const char *fill = column->kind == &sf_kind_column ? sf_fill(out, column) : NULL;
		char	   *value = fill ? psprintf("(%s)", fill) : NULL;

		if (column->kind != &sf_kind_column || sf_child(column, &sf_kind_generated) ||
			(column->twin == NULL && fill == NULL))
			continue;
		if (value == NULL && waits_as_text(column))
			value = psprintf("%s::%s", name, sf_attr(column, "type"));
		else if (value == NULL)
			value = sf_column_conversion(out, name, column->twin, column);
		names = lappend(names, name);
		values = lappend(values, value ? value : name);
	}
	if (kept_columns(new) == NIL)
		return;
	sf_emit(out, "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s", sf_name(new), sf_join(names, ", "),
			sf_join(values, ", "), side_table(new, new->parent));
	foreach(lc, kept_columns(new))
	{
		const SfFact *identity = sf_child(lfirst(lc), &sf_kind_identity);

		if (identity)
			sf_emit_catch_up(out, identity, identity);
	}
	sf_emit(out, "DROP TABLE %s", side_table(new, new->parent));
}
