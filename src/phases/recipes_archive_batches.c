/*
 * recipes_archive_batches.c - a column's values are archived, and come back, while its table is in use.
 *
 * What is copied under the lock of the drop keeps everybody out for as long as the table is big.  So of a big table the
 * values are copied ahead, in batches: from before the first one a trigger puts what is written into the archive
 * (apply/mirror.c), and the drop finds it whole (apply/mirror_complete.c).  A batch holds the keys of its rows: a row
 * that goes, or gets another key, does so before it or behind it, and the value with it.  (Of a row known by its place
 * it holds the row.)
 *
 * On the way down the column is added without its values, which come in batches over the archive.  A row that is
 * written meanwhile gets its value by the write.  Then the column is like any other new one that has to be filled, for
 * the rows that had no value in the archive.
 */
#include "postgres.h"

#include "lib/text.h"
#include "phases/recipes_archive.h"
#include "phases/recipes_fill.h"
#include "phases/recipes_parts.h"
#include "storage/lockdefs.h"

/* The trigger; back: a write gets the row its value, too. */
static List *
add_mirror(List *statements, const SfKept *kept, bool back)
{
	statements = sf_statement_add(statements, psprintf("SELECT " SF_ARCHIVE_MIRROR "(%s, %s, %s)",
													   sf_kept_arguments(kept), sf_literal(sf_last(kept->fact)),
													   back ? "true" : "false"));
	(void) sf_kept_locks(statements, kept, ShareRowExclusiveLock);
	return statements;
}

/* A step of its own. */
static List *
add_batches(List *statements, const SfKept *kept, char *sql, int mode)
{
	SfStatement *batches;

	statements = sf_statement_add_keeping(statements, sql);
	batches = sf_kept_locks(statements, kept, mode);
	batches->joined = false;
	batches->reads = batches->batched = true;
	return statements;
}

/* ---- up ---- */

List *
sf_archive_ahead(const SfPlan *plan, const SfAction *action, const SfKept *kept)
{
	List	   *statements;
	ListCell   *lc;

	if (!sf_is_big(kept->fact->parent))
		return NIL;
	statements = add_mirror(sf_kept_begin(plan, kept), kept, false);
	statements = add_batches(statements, kept,
							 psprintf("%s FOR %s ON CONFLICT DO NOTHING", sf_kept_copy(kept),
									  kept->by_place ? "UPDATE" : "KEY SHARE"), RowShareLock);
	foreach(lc, statements)
	{
		SfStatement *statement = lfirst(lc);

		statement->keeps = true;
		statement->stage = SF_BEFORE;
		statement->ready = action->late;
	}
	return statements;
}

List *
sf_archive_completed(const SfKept *kept)
{
	List	   *statements = sf_statement_add(NIL, psprintf("SELECT " SF_ARCHIVE_COMPLETE "(%s, %s)",
															sf_kept_arguments(kept),
															sf_literal(sf_last(kept->fact))));

	(void) sf_kept_locks(statements, kept, ShareRowExclusiveLock);
	return statements;
}

/* ---- up, not to its end ---- */

List *
sf_archives_begun(List **kept)
{
	List	   *begun = NIL;
	ListCell   *lc;

	foreach(lc, *kept)
	{
		const SfKept *entry = lfirst(lc);
		const SfFact *column = sf_is_kind(entry->fact, "column") ? entry->fact->twin : NULL;

		if (column && !entry->retyped && !sf_child_of(column, "generated"))
			begun = lappend(begun, lfirst(lc));
	}
	*kept = list_difference_ptr(*kept, begun);
	return begun;
}

List *
sf_archive_ends(const SfPlan *plan)
{
	List	   *steps = NIL;
	ListCell   *lc;

	foreach(lc, plan->begun)
	{
		const SfKept *kept = lfirst(lc);
		SfStep	   *step = palloc0(sizeof(SfStep));

		step->phase = "expand";
		step->class = 'T';
		step->sql = step->portable = sf_kept_drop(kept);
		step->object = sf_fact_label(kept->fact);
		step->lock = sf_risk_lock_name(AccessExclusiveLock);
		step->lock_table = sf_name(kept->fact->twin->parent);
		step->needs_rows_estimate = -1;
		step->why = "what had been copied of it; with the triggers that keep it in step";
		steps = lappend(steps, step);
	}
	return steps;
}

/* ---- down ---- */

/* Does it take numbers from a sequence?  That has to be behind the values that come back, from the first one on. */
static bool
is_numbered(const SfFact *column)
{
	const SfFact *by_default = sf_child_of(column, "default");
	ListCell   *lc;

	foreach(lc, by_default ? by_default->needs : NIL)
		if (sf_is_kind(((SfEdge *) lfirst(lc))->to, "sequence"))
			return true;
	return sf_child_of(column, "identity") != NULL;
}

/* May rows be without their values for a while, and is what fills those that have none told from an archived NULL? */
static bool
can_wait_for_values(const SfKept *kept, const SfFilling *filling)
{
	const SfFact *column = kept->fact;

	if (is_numbered(column) || sf_child_of(column, "generated") || sf_why_not_empty(column))
		return false;
	return filling == NULL || sf_attr(column, "not_null") || sf_kept_nulls_come_back(kept);
}

/* One that nothing fills: what has no default is said to have no NULL when its values are there. */
static SfFilling *
plain_filling(const SfPlan *plan, const SfAction *action)
{
	SfFilling  *filling = palloc0(sizeof(SfFilling));
	const SfFact *column = action->new;
	bool		not_null = sf_attr(column, "not_null") && !sf_child_of(column, "default");
	SfEmit		out = sf_kept_emit(plan);
	int			said = sf_kept_create(&out, plan, action, not_null);
	ListCell   *lc;

	filling->action = action;
	foreach(lc, out.statements)
		filling->before = sf_add_statement(filling->before, sf_column_added(column, lfirst(lc)), false, false);
	if (not_null)
		filling->proof = sf_not_null_proof(plan, action);
	filling->after = sf_add_statements(NIL, action->statements, said, false);
	return filling;
}

/* Over the archive: what it has, and the row has not. */
static char *
bring_back(const SfKept *kept)
{
	return sf_kept_give_back(kept, psprintf("(SELECT * FROM %s FOR SHARE)", kept->relation),
							 psprintf("NOT pg_catalog.record_image_eq(ROW(t.%s), ROW(a.%s))",
									  sf_ident(sf_last(kept->fact)), sf_kept_value(kept->fact)));
}

/* With the column: whoever sees it is seen writing it. */
static List *
restore(const SfKept *kept)
{
	List	   *statements = add_mirror(NIL, kept, true);
	SfStatement *drop;

	((SfStatement *) linitial(statements))->joined = true;
	statements = add_batches(statements, kept, bring_back(kept), RowExclusiveLock);
	((SfStatement *) llast(statements))->archive = kept->relation;
	((SfStatement *) llast(statements))->why = psprintf("back from %s", kept->relation);
	statements = sf_statement_add_keeping(statements, sf_kept_drop(kept));
	drop = sf_kept_locks(statements, kept, AccessExclusiveLock);
	drop->joined = false;
	drop->why = "with the triggers that keep it in step";
	return statements;
}

bool
sf_archive_is_coming_back(const SfKept *kept)
{
	return sf_is_kind(kept->fact, "column") && kept->fact->twin == NULL;
}

List *
sf_restore_in_use(const SfPlan *plan, const SfAction *action, const SfKept *kept)
{
	SfFilling  *filling;
	List	   *statements = NIL;
	ListCell   *lc;

	if (action->table == NULL || !sf_is_big(action->table))
		return NIL;
	filling = sf_filling(plan, action);
	if (!can_wait_for_values(kept, filling))
		return NIL;
	if (filling == NULL)
		filling = plain_filling(plan, action);
	foreach(lc, filling->before)
		((SfStatement *) lfirst(lc))->joined = foreach_current_index(lc) > 0;
	filling->restore = restore(kept);
	foreach(lc, sf_fill_statements(plan, list_make1(filling)))
		statements = lappend(statements, &((SfPlaced *) lfirst(lc))->statement);
	return statements;
}
