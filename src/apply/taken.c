/*
 * taken.c - what goes with a dropped column, and nobody planned (taken.h).
 *
 * The facts that were kept when the migration began (undo.h) say what was planned; an object is known by its OID, or
 * by its name where it was built anew (REINDEX CONCURRENTLY).  All facts are read before the locks are taken.  Under
 * them only the catalog rows of the tables are asked whether they are the same rows still, which is a matter of
 * milliseconds; facts are read again where they are not.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"

#include "apply/taken.h"
#include "apply/undo.h"
#include "diff/diff.h"
#include "facts/live.h"
#include "kinds/kind.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "phases/steps.h"
#include "server/server.h"

#define MAX_NAMED	8

struct SfTaken
{
	const SfMigration *migration;
	SfDirection direction;
	List	   *steps;			/* of SfStep: those that drop columns */
	char	   *tables;			/* their tables: an array of OIDs */
	char	   *rows;			/* what the catalogs had of them at the look */
};

/* ---- which columns ---- */

static bool
drops_column(const SfStep *step)
{
	const Node *node = linitial_node(RawStmt, raw_parser(step->sql, RAW_PARSE_DEFAULT))->stmt;
	ListCell   *lc;

	if (!IsA(node, AlterTableStmt))
		return false;
	foreach(lc, ((const AlterTableStmt *) node)->cmds)
		if (lfirst_node(AlterTableCmd, lc)->subtype == AT_DropColumn)
			return true;
	return false;
}

/* The column that the step is about, as it was when the migration began. */
static const SfFact *
column_of(const SfFactBase *start, const SfStep *step)
{
	ListCell   *lc;

	foreach(lc, start->facts)
		if (((SfFact *) lfirst(lc))->addr.objectSubId > 0 && strcmp(sf_fact_label(lfirst(lc)), step->object) == 0)
			return lfirst(lc);
	return NULL;
}

/* ---- what depends on them ---- */

/* The fact's parts, what needs it, and so on.  A partition, or a child, stays one. */
static List *
add_dependents(List *found, const SfFact *fact)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, fact->children)
		if (!list_member_ptr(found, lfirst(lc)))
			found = add_dependents(lappend(found, lfirst(lc)), lfirst(lc));
	foreach(lc, fact->needed_by)
	{
		SfFact	   *from = ((SfEdge *) lfirst(lc))->from;

		if (!from->kind->attaches && !list_member_ptr(found, from))
			found = add_dependents(lappend(found, from), from);
	}
	return found;
}

/* Made for the migration, by itself. */
static bool
is_ours(const SfFact *fact)
{
	for (int i = 0; i < fact->nname; i++)
		if (strncmp(fact->name[i], SF_OUR_NAMES, strlen(SF_OUR_NAMES)) == 0)
			return true;
	return false;
}

/* Reads something in it otherwise only because the migration has changed a name by now? */
static bool
mentions_renamed(const SfFactBase *start, const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, fact->needs)
	{
		const SfFact *need = ((SfEdge *) lfirst(lc))->to,
				   *then = sf_undo_earlier(start, need);

		if (then && strcmp(then->key, need->key) != 0)
			return true;
	}
	return false;
}

/* Is a step about it, before those that drop columns?  What steps make ahead is about it, too, by a name of ours. */
static bool
is_of_a_step(const SfTaken *taken, const SfFact *fact)
{
	const SfStep *first = linitial(taken->steps);
	const char *label = sf_fact_label(unconstify(SfFact *, fact));
	ListCell   *lc;

	foreach(lc, taken->migration->steps[taken->direction])
	{
		const SfStep *step = lfirst(lc);

		if (step->transaction < first->transaction && strstr(step->sql, SF_OUR_NAMES) == NULL &&
			strcmp(step->object, label) == 0)
			return true;
	}
	return false;
}

/* What it was; NULL: it was not there. */
static const SfFact *
before(const SfFactBase *start, const SfFact *fact)
{
	const SfFact *then = sf_undo_earlier(start, fact);

	return then ? then : sf_base_find(start, fact->key);
}

/* Is its table made anew by a step, as a child of another's, which it has it from? */
static bool
is_inherited_anew(const SfTaken *taken, const SfFactBase *start, const SfFact *fact)
{
	const SfFact *table = sf_relation_of(fact);

	return (fact->kind->attaches || sf_implied_by(fact)) && sf_undo_earlier(start, table) == NULL &&
		is_of_a_step(taken, table);
}

/* By a step, or with what a step has made. */
static bool
is_made_by_us(const SfTaken *taken, const SfFactBase *start, const SfFact *fact)
{
	if (is_inherited_anew(taken, start, fact))
		return true;
	for (; fact && before(start, fact) == NULL; fact = fact->parent)
		if (is_of_a_step(taken, fact))
			return true;
	return false;
}

/* Is it on its own since its table has lost a parent? */
static bool
was_copy(const SfFact *then, const SfFact *fact)
{
	return sf_implied_by(then) && sf_implied_by(fact) == NULL;
}

/* Marks that others of its table may have got since do not count, nor what a copy has from its original. */
static bool
is_another(const SfFact *then, const SfFact *fact)
{
	const bool *changed = sf_diff_attributes(then, fact);
	const SfFact *original = sf_implied_by(fact);

	for (int i = 0; changed && i < fact->kind->nattrs; i++)
		if (changed[i] && !(fact->kind->attrs[i].flags & SF_ATTR_PASSED) &&
			!(original && sf_streq(original->attr[i], fact->attr[i])))
			return true;
	return false;
}

/* Is it a partition's, as the whole has it?  It has the whole's triggers, too; a table that inherits has none. */
static bool
is_of_a_whole(const SfFact *fact)
{
	return sf_implied_by(fact) && sf_is_partitioned(sf_whole_of(sf_relation_of(fact)));
}

/* NULL: it is what it was, or what the migration makes of it. */
static const char *
change_of(const SfTaken *taken, const SfFactBase *start, const SfFact *fact)
{
	const SfFact *then = before(start, fact);

	if (then == NULL)
		return is_made_by_us(taken, start, fact) ||
			(is_of_a_whole(fact) && change_of(taken, start, sf_implied_by(fact)) == NULL) ? NULL : "was made";
	return is_another(then, fact) && !mentions_renamed(start, fact) && !is_of_a_step(taken, then) &&
		!was_copy(then, fact) ? "was changed" : NULL;
}

static List *
unplanned(const SfTaken *taken)
{
	SfFactBase *start = sf_undo_start(taken->migration),
			   *live = start ? sf_live_facts() : NULL;
	List	   *dependents = NIL,
			   *found = NIL;
	ListCell   *lc;

	if (start == NULL)
		return NIL;
	sf_base_finish(live);
	foreach(lc, taken->steps)
	{
		const SfFact *then = column_of(start, lfirst(lc)),
				   *now = then ? sf_base_find_address(live, then->addr.classId, then->addr.objectId,
													  then->addr.objectSubId) : NULL;

		if (now)
			dependents = add_dependents(dependents, now);
	}
	foreach(lc, dependents)
	{
		const SfFact *fact = lfirst(lc);
		const char *change = is_ours(fact) ? NULL : change_of(taken, start, fact);

		CHECK_FOR_INTERRUPTS();
		/* The part of what is told already. */
		if (change && !(fact->parent && list_member_ptr(dependents, fact->parent) &&
						change_of(taken, start, fact->parent)))
			found = lappend(found, psprintf("%s %s", sf_fact_label(unconstify(SfFact *, fact)), change));
	}
	return found;
}

static void
refuse(const SfTaken *taken, List *found)
{
	int			n = list_length(found);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg_plural("%d object that revision \"%s\" does not know would be lost with a column that goes",
						   "%d objects that revision \"%s\" does not know would be lost with columns that go",
						   n, n, taken->migration->revision),
			 errdetail("Since it began %s.", sf_join_some(found, MAX_NAMED)),
			 errhint("Drop it, or make it on the new column; then CALL sf_contract('%s') goes on. Or CALL sf_abort(), "
					 "take it into the model, and plan again.", taken->migration->revision)));
}

/* ---- the same rows still? ---- */

static char *
rows_of(const char *tables)
{
	const char *args[] = {tables};
	int			pins = sf_pins_enter();
	char	   *rows = sf_query_text("SELECT md5(string_agg(x, ' ' ORDER BY x)) FROM ("
									 "SELECT format('%s/%s/%s/%s', classid, objid, objsubid, xmin) AS x FROM pg_depend "
									 "WHERE refclassid = 'pg_class'::regclass AND refobjid = ANY ($1::oid[]) UNION ALL "
									 "SELECT format('%s.%s/%s', attrelid, attnum, xmin) FROM pg_attribute "
									 "WHERE attrelid = ANY ($1::oid[]) UNION ALL "
									 "SELECT format('%s/%s', c.oid, c.xmin) FROM pg_class c, pg_index i "
									 "WHERE c.oid = i.indexrelid AND i.indrelid = ANY ($1::oid[]) UNION ALL "
									 "SELECT format('%s/%s', oid, xmin) FROM pg_constraint "
									 "WHERE conrelid = ANY ($1::oid[])) r", lengthof(args), args);

	sf_pins_leave(pins);
	return rows;
}

static char *
tables_of(const SfFactBase *start, List *steps)
{
	List	   *oids = NIL;
	ListCell   *lc;

	foreach(lc, steps)
	{
		const SfFact *column = column_of(start, lfirst(lc));

		if (column && OidIsValid(column->addr.objectId))
			oids = lappend(oids, psprintf("%u", column->addr.objectId));
	}
	return psprintf("{%s}", sf_join(oids, ","));
}

SfTaken *
sf_taken_look(const SfMigration *migration, SfDirection direction, List *steps)
{
	MemoryContext old = CurrentMemoryContext;
	SfTaken    *taken = palloc0(sizeof(SfTaken));
	SfFactBase *start;
	List	   *found = NIL;
	ListCell   *lc;

	taken->migration = migration;
	taken->direction = direction;
	foreach(lc, steps)
		if (drops_column(lfirst(lc)))
			taken->steps = lappend(taken->steps, lfirst(lc));
	if (taken->steps == NIL)
		return NULL;
	sf_worker_begin();
	MemoryContextSwitchTo(old);
	start = sf_undo_start(migration);
	if (start)
	{
		taken->tables = tables_of(start, taken->steps);
		taken->rows = rows_of(taken->tables);
		found = unplanned(taken);
	}
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	if (found)
		refuse(taken, found);
	return start ? taken : NULL;
}

void
sf_taken_check(const SfTaken *taken)
{
	List	   *found;

	if (sf_streq(taken->rows, rows_of(taken->tables)))
		return;
	found = unplanned(taken);
	if (found)
		refuse(taken, found);
}
