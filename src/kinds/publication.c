/*
 * publication.c - publications, the tables and the schemas in them.
 *
 * Column lists and row filters hold columns: PostgreSQL refuses to drop or alter those, so a table is taken out
 * and put in again around that, in the same transaction (nothing is missed: decoding looks at the catalogs as of
 * each change).
 */
#include "postgres.h"

#include "kinds/kind.h"

extern const SfKind sf_kind_publication_table;

static void
append_options(StringInfo sql, const SfFact *fact)
{
	appendStringInfo(sql, "publish = %s", sf_literal(sf_attr(fact, "operations")));
	appendStringInfo(sql, ", publish_via_partition_root = %s", sf_attr(fact, "via_root") ? "true" : "false");
	if (sf_attr(fact, "generated_columns"))
		appendStringInfo(sql, ", publish_generated_columns = %s", sf_attr(fact, "generated_columns"));
}

static bool
has_default_options(const SfFact *fact)
{
	return strcmp(sf_attr(fact, "operations"), "insert, update, delete, truncate") == 0 &&
		   sf_attr(fact, "via_root") == NULL && sf_attr(fact, "generated_columns") == NULL;
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE PUBLICATION %s", sf_name(fact));
	if (sf_attr(fact, "all_tables") || sf_attr(fact, "all_sequences"))
		appendStringInfo(&sql, " FOR %s%s%s", sf_attr(fact, "all_tables") ? "ALL TABLES" : "",
						 sf_attr(fact, "all_tables") && sf_attr(fact, "all_sequences") ? ", " : "",
						 sf_attr(fact, "all_sequences") ? "ALL SEQUENCES" : "");
	foreach(lc, sf_folded_of(fact, folded))
	{
		const SfFact *part = lfirst(lc);

		appendStringInfoString(&sql, foreach_current_index(lc) ? ",\n    " : " FOR ");
		part->kind->clause(&sql, part, folded);
	}
	if (!has_default_options(fact))
	{
		appendStringInfoString(&sql, " WITH (");
		append_options(&sql, fact);
		appendStringInfoChar(&sql, ')');
	}
	sf_emit(out, "%s", sql.data);
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP PUBLICATION %s", sf_name(fact));
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	sf_emit(out, "ALTER PUBLICATION %s RENAME TO %s", sf_name(old), sf_name(new));
}

static void
alter_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	StringInfoData sql;

	initStringInfo(&sql);
	append_options(&sql, new);
	if (sf_attr(old, "generated_columns") && sf_attr(new, "generated_columns") == NULL)
		appendStringInfoString(&sql, ", publish_generated_columns = none");
	sf_emit(out, "ALTER PUBLICATION %s SET (%s)", sf_name(new), sql.data);
}

/*
 * What the server refuses together comes and goes in order.  A publication that does not publish by way of the root
 * has no lists of columns and no filters of partitioned tables; one with lists of columns has no whole schemas.
 */
static List *
by_leaf_takes(const SfFact *fact)
{
	return sf_attr(fact, "via_root") ? NIL : list_make1(psprintf("publication by leaf:%s", fact->name[0]));
}

static const SfAttr attrs[] = {
	{"all_tables", SF_REPLACE},
	{"all_sequences", SF_REPLACE},
	{"operations", SF_ALTER, alter_options},
	{"generated_columns", SF_ALTER, alter_options},
	{"via_root", SF_ALTER, alter_options},
};

const SfKind sf_kind_publication = {
	.name = "publication",
	.keyword = "PUBLICATION",
	.weight = 190,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.create = create,
	.drop = drop,
	.rename = rename_it,
	.takes = by_leaf_takes,
};

/* ---- what is in it ---- */

static char *
rest_of_name(const SfFact *fact)
{
	return sf_qualified(fact->nname - 1, fact->name + 1);
}

/* Has the table children, before or afterwards, that are not meant?  They may be there by then. */
static bool
means_it_alone(const SfFact *fact)
{
	ListCell   *lc,
			   *ln;

	if (sf_attr(fact, "only"))
		return true;
	foreach(lc, fact->needs)
	{
		const SfFact *table = ((SfEdge *) lfirst(lc))->to;

		if (!sf_is_kind(table, "table") || sf_is_partitioned(table) || table->twin == NULL)
			continue;
		foreach(ln, table->twin->needed_by)
			if (((SfEdge *) lfirst(ln))->from->kind->attaches)
				return true;
	}
	return false;
}

static void
clause(StringInfo out, const SfFact *fact, List *folded)
{
	if (fact->kind != &sf_kind_publication_table)
	{
		appendStringInfo(out, "TABLES IN SCHEMA %s", rest_of_name(fact));
		return;
	}
	appendStringInfo(out, "TABLE %s%s", means_it_alone(fact) ? "ONLY " : "", rest_of_name(fact));
	if (sf_attr(fact, "columns"))
		appendStringInfo(out, " (%s)", sf_attr(fact, "columns"));
	if (sf_attr(fact, "predicate"))
		appendStringInfo(out, " WHERE (%s)", sf_attr(fact, "predicate"));
}

static void
add(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData text;

	initStringInfo(&text);
	clause(&text, fact, folded);
	sf_emit(out, "ALTER PUBLICATION %s ADD %s", sf_ident(fact->name[0]), text.data);
}

static void
take_out(SfEmit *out, const SfFact *fact)
{
	if (fact->kind == &sf_kind_publication_table)
		sf_emit(out, "ALTER PUBLICATION %s DROP TABLE %s%s", sf_ident(fact->name[0]),
				means_it_alone(fact) ? "ONLY " : "", rest_of_name(fact));
	else
		sf_emit(out, "ALTER PUBLICATION %s DROP TABLES IN SCHEMA %s", sf_ident(fact->name[0]), rest_of_name(fact));
}

static char *
label(const SfFact *fact)
{
	return psprintf("%s %s in publication %s", fact->kind == &sf_kind_publication_table ? "table" : "schema",
					rest_of_name(fact), fact->name[0]);
}

static List *
table_takes(const SfFact *fact)
{
	List	   *names = NIL;

	if (sf_attr(fact, "columns"))
		names = lappend(names, psprintf("publication:%s", fact->name[0]));
	if (sf_attr(fact, "columns") || sf_attr(fact, "predicate"))
		names = lappend(names, psprintf("publication by leaf:%s", fact->name[0]));
	return names;
}

static List *
schema_takes(const SfFact *fact)
{
	return list_make1(psprintf("publication:%s", fact->name[0]));
}

static const SfAttr table_attrs[] = {
	{"columns", SF_REPLACE},
	{"predicate", SF_REPLACE, NULL, SF_ATTR_EXPRESSION},
	{"only", SF_IGNORE},
};

const SfKind sf_kind_publication_table = {
	.name = "publication table",
	.weight = 191,
	.attrs = table_attrs,
	.nattrs = lengthof(table_attrs),
	.folds = true,
	.drops_with_parent = true,
	.create = add,
	.clause = clause,
	.drop = take_out,
	.takes = table_takes,
	.label = label,
};

const SfKind sf_kind_publication_schema = {
	.name = "publication schema",
	.weight = 192,
	.folds = true,
	.drops_with_parent = true,
	.create = add,
	.clause = clause,
	.drop = take_out,
	.takes = schema_takes,
	.label = label,
};
