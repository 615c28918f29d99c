/*
 * recipes_archive_table.c - a dropped table's rows: into the archive and back.
 *
 * The table moves as it is, without whatever could hold it fast or hold others: constraints, indexes, triggers,
 * policies, privileges, defaults; values of types that users made become text.  On the way down the plan's own CREATE
 * comes first, so that the schema is what it was, and the rows are copied into it.
 */
#include "postgres.h"

#include "lib/text.h"
#include "phases/recipes_archive.h"
#include "phases/recipes_parts.h"

/* What a table is stripped of, in this order. */
static const struct
{
	const char *kind;
	bool		outside;		/* not below the table, but in need of it */
}			stripped[] =
{
	{"grant", false}, {"publication table", true}, {"policy", false}, {"rule", false}, {"trigger", false},
	{"statistics", true}, {"foreign key", false}, {"check", false}, {"exclusion", false}, {"unique", false},
	{"primary key", false}, {"index", false}, {"default", false}, {"identity", false}, {"generated", false},
	{"owned by", true},
};

static bool
is_below(const SfFact *fact, const SfFact *table)
{
	for (; fact; fact = fact->parent)
		if (fact == table)
			return true;
	return false;
}

static bool
needs_it(const SfFact *fact, const SfFact *table)
{
	ListCell   *lc;

	foreach(lc, fact->needs)
		if (is_below(((SfEdge *) lfirst(lc))->to, table))
			return true;
	return false;
}

/* Does it go with something else that the plan drops (a publication), before or after? */
static bool
goes_elsewhere(const SfPlan *plan, const SfFact *fact, const SfFact *table)
{
	return fact->parent && !is_below(table, fact->parent) && !is_below(fact, table) &&
		sf_plan_drops(plan, fact->parent) && !sf_is_kind(fact, "owned by");
}

/* Statements that begin with the same ALTER TABLE are one. */
static List *
joined(List *texts, const SfFact *table)
{
	const char *head = psprintf("ALTER TABLE %s ", sf_name(table));
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, texts)
	{
		char	   *text = lfirst(lc);
		bool		same = result && strncmp(text, head, strlen(head)) == 0 &&
			strncmp(llast(result), head, strlen(head)) == 0;

		if (same)
			llast(result) = psprintf("%s, %s", (char *) llast(result), text + strlen(head));
		else
			result = lappend(result, text);
	}
	return result;
}

/*
 * Of char *, without what lets go of big tables.  Nothing is lost by it: what goes is said by the way down again,
 * sequences go on behind the rows.
 */
static List *
strip(const SfPlan *plan, const SfFact *table)
{
	SfEmit		out = sf_kept_emit(plan);
	ListCell   *lc;

	for (int i = 0; i < lengthof(stripped); i++)
		foreach(lc, plan->from->facts)
		{
			const SfFact *fact = lfirst(lc);

			if (!sf_is_kind(fact, stripped[i].kind) || sf_plan_drops(plan, fact) ||
				goes_elsewhere(plan, fact, table) ||
				!(stripped[i].outside ? needs_it(fact, table) : is_below(fact, table)))
				continue;
			/* A sequence that a column owns goes with it, unless the plan has given it to another table. */
			if (sf_is_kind(fact, "owned by"))
				fact = fact->parent;
			if (!sf_plan_drops(plan, fact) && !sf_holds_big(fact) && !(sf_is_kind(fact, "sequence") && fact->twin))
				fact->kind->drop(&out, fact);
		}
	foreach(lc, table->children)
		if (sf_is_kind(lfirst(lc), "column") && sf_is_users_type(lfirst(lc)))
		{
			const char *name = sf_ident(sf_last((SfFact *) lfirst(lc)));

			sf_emit(&out, "ALTER TABLE %s ALTER COLUMN %s TYPE text USING %s::text", sf_name(table), name, name);
		}
	return joined(out.statements, table);
}

List *
sf_archive_table(const SfPlan *plan, const SfAction *action, const SfKept *kept)
{
	const SfFact *table = kept->fact;
	List	   *untied = sf_untie(plan, table);
	List	   *statements = NIL;
	ListCell   *lc;

	foreach(lc, strip(plan, table))
		statements = sf_statement_add_keeping(statements, lfirst(lc));
	statements = sf_statement_add_move(
		statements, psprintf("ALTER TABLE %s SET SCHEMA " SF_ARCHIVE_SCHEMA, sf_name(table)), kept, "archived in");
	statements = sf_statement_add_keeping(statements, psprintf("ALTER TABLE " SF_ARCHIVE_SCHEMA ".%s RENAME TO %s",
												  sf_ident(sf_last(table)), sf_ident(kept->name)));
	return sf_statements_contract(list_concat(untied, statements));
}

/* ---- down ---- */

static int
by_position(const ListCell *a, const ListCell *b)
{
	return strcmp(sf_attr(lfirst(a), "position"), sf_attr(lfirst(b), "position"));
}

/* Columns that hold values of their own, in order. */
static List *
stored_columns(const SfFact *table)
{
	List	   *columns = NIL;
	ListCell   *lc;

	foreach(lc, table->children)
		if (sf_is_kind(lfirst(lc), "column") && !sf_child_of(lfirst(lc), "generated"))
			columns = lappend(columns, lfirst(lc));
	list_sort(columns, by_position);
	return columns;
}

static char *
copy_rows(const SfFact *table, const SfKept *kept)
{
	List	   *names = NIL,
			   *values = NIL;
	bool		identity = false;
	ListCell   *lc;

	foreach(lc, stored_columns(table))
	{
		names = lappend(names, unconstify(char *, sf_ident(sf_last((SfFact *) lfirst(lc)))));
		values = lappend(values, sf_kept_value(lfirst(lc)));
		identity = identity || sf_child_of(lfirst(lc), "identity");
	}
	if (names == NIL)
		return psprintf("INSERT INTO %s SELECT FROM %s", sf_name(table), kept->relation);
	return psprintf("INSERT INTO %s (%s)%s SELECT %s FROM %s", sf_name(table), sf_join(names, ", "),
					identity ? " OVERRIDING SYSTEM VALUE" : "", sf_join(values, ", "), kept->relation);
}

/* The sequences of its columns go on behind the values that came back. */
static void
catch_up(SfEmit *out, const SfFact *table)
{
	ListCell   *lc,
			   *ln;

	foreach(lc, stored_columns(table))
	{
		const SfFact *column = lfirst(lc);
		const SfFact *identity = sf_child_of(column, "identity");
		const SfFact *by_default = sf_child_of(column, "default");

		if (identity)
			sf_emit_catch_up(out, sf_attr(identity, "sequence"), column);
		foreach(ln, by_default ? by_default->needs : NIL)
			if (sf_is_kind(((SfEdge *) lfirst(ln))->to, "sequence"))
				sf_emit_catch_up(out, sf_name(((SfEdge *) lfirst(ln))->to), column);
	}
}

/* What comes behind the CREATE (REPLICA IDENTITY, ROW LEVEL SECURITY) may stand in the way of the rows. */
List *
sf_restore_table(const SfPlan *plan, const SfAction *action, const SfKept *kept)
{
	List	   *statements = sf_statement_add(NIL, linitial(action->statements));
	SfEmit		out = sf_kept_emit(plan);

	statements = sf_statement_add_move(statements, copy_rows(kept->fact, kept), kept, "back from");
	catch_up(&out, kept->fact);
	statements = sf_statement_add_all(statements, out.statements);
	statements = sf_statement_add_keeping(statements, sf_kept_drop(kept));
	return sf_statement_add_all(statements, list_copy_tail(action->statements, 1));
}
