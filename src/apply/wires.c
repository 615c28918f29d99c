/*
 * wires.c - the dual-write triggers of a migration: are they as it made them? (wires.h)
 *
 * What they have to be is read from the migration's own steps.  The state of a table's triggers is that of their rows
 * in the catalog: their OIDs and which transaction wrote them, so that dropped and made again, or disabled and enabled
 * again, differ from never touched.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "apply/locks.h"
#include "apply/wires.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/server.h"

#define OUR_FUNCTION	"'schemaflow.sf_dual_write()'::pg_catalog.regprocedure"

static Node *
parsed(const SfStep *step)
{
	return linitial_node(RawStmt, raw_parser(step->sql, RAW_PARSE_DEFAULT))->stmt;
}

static bool
is_ours(const CreateTrigStmt *create)
{
	return strcmp(strVal(llast(create->funcname)), "sf_dual_write") == 0;
}

static SfWire *
find_wire(List *wires, Oid relid, const char *name)
{
	ListCell   *lc;

	foreach(lc, wires)
	{
		SfWire	   *wire = lfirst(lc);

		if (wire->relid == relid && strcmp(wire->name, name) == 0)
			return wire;
	}
	return NULL;
}

static SfWire *
enabled_by(List *wires, const AlterTableStmt *alter)
{
	const AlterTableCmd *command = linitial_node(AlterTableCmd, alter->cmds);

	return command->subtype == AT_EnableAlwaysTrig ?
		find_wire(wires, RangeVarGetRelid(alter->relation, NoLock, true), command->name) : NULL;
}

static SfWire *
dropped_by(List *wires, const DropStmt *drop)
{
	List	   *name;

	if (drop->removeType != OBJECT_TRIGGER)
		return NULL;
	name = linitial_node(List, drop->objects);
	return find_wire(wires, RangeVarGetRelid(makeRangeVarFromNameList(list_copy_head(name, list_length(name) - 1)),
											 NoLock, true), strVal(llast(name)));
}

static List *
add_wire(List *wires, const CreateTrigStmt *create, SfStep *step)
{
	SfWire	   *wire = palloc0(sizeof(SfWire));

	wire->relid = RangeVarGetRelid(create->relation, NoLock, true);
	wire->name = create->trigname;
	wire->create = step;
	return OidIsValid(wire->relid) ? lappend(wires, wire) : wires;
}

List *
sf_wires(const SfMigration *migration, SfDirection direction, int transaction)
{
	List	   *wires = NIL;
	List	   *tight = NIL;
	ListCell   *lc;

	foreach(lc, migration->steps[direction])
	{
		SfStep	   *step = lfirst(lc);
		Node	   *node = parsed(step);
		SfWire	   *wire;

		if (IsA(node, CreateTrigStmt) && step->transaction < transaction && is_ours((CreateTrigStmt *) node))
			wires = add_wire(wires, (CreateTrigStmt *) node, step);
		else if (IsA(node, AlterTableStmt) && (wire = enabled_by(wires, (AlterTableStmt *) node)) != NULL)
			wire->enable = step;
		else if (IsA(node, DropStmt) && (wire = dropped_by(wires, (DropStmt *) node)) != NULL)
			wire->dropped = step->transaction;
	}
	foreach(lc, wires)
	{
		SfWire	   *wire = lfirst(lc);

		if (wire->dropped == 0 || wire->dropped >= transaction)
			tight = lappend(tight, wire);
	}
	return tight;
}

char *
sf_wires_state(Oid relid)
{
	static SfKeptPlan kept;
	const char *args[] = {psprintf("%u", relid)};

	return sf_cell(sf_query_kept(&kept, "SELECT coalesce(pg_catalog.string_agg(pg_catalog.format('%s/%s%s', t.oid, "
								 "t.xmin, t.tgenabled), ' ' ORDER BY t.oid), '') FROM pg_catalog.pg_trigger t "
								 "WHERE t.tgrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
								 "AND t.tgfoid OPERATOR(pg_catalog.=) " OUR_FUNCTION, lengthof(args), args), 0, 0);
}

bool
sf_wires_still(const char *before, const char *now)
{
	char	   *rest = pstrdup(before);
	char	   *padded = psprintf(" %s ", now);
	char	   *word;

	while ((word = strsep(&rest, " ")) != NULL)
		if (*word != '\0' && strstr(padded, psprintf(" %s ", word)) == NULL)
			return false;
	return true;
}

/* What puts a wire back: of SfStep. */
static List *
repairs(const SfWire *wire)
{
	const char *args[] = {psprintf("%u", wire->relid), wire->name};
	/* Also on the partitions, where it can be disabled by itself. */
	char	   *found = sf_query_text("SELECT pg_catalog.bool_and(t.tgenabled OPERATOR(pg_catalog.=) 'A') "
									  "FROM pg_catalog.pg_trigger t WHERE t.tgfoid OPERATOR(pg_catalog.=) " OUR_FUNCTION
									  " AND t.tgname OPERATOR(pg_catalog.=) $2 "
									  "AND (t.tgrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
									  "OR t.tgrelid OPERATOR(pg_catalog.=) ANY (SELECT p.relid "
									  "FROM pg_catalog.pg_partition_tree($1::pg_catalog.oid) p))",
									  lengthof(args), args);

	if (found == NULL)
		return wire->enable ? list_make2(wire->create, wire->enable) : list_make1(wire->create);
	return strcmp(found, "t") != 0 && wire->enable ? list_make1(wire->enable) : NIL;
}

/* Of SfStep: all that is to be put back before the transaction; INFO says so. */
static List *
find_repairs(const SfMigration *migration, SfDirection direction, int transaction)
{
	MemoryContext old = CurrentMemoryContext;
	List	   *steps = NIL;
	ListCell   *lc;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	foreach(lc, sf_wires(migration, direction, transaction))
	{
		const SfWire *wire = lfirst(lc);
		List	   *repair = repairs(wire);

		if (repair)
			ereport(INFO, (errmsg("trigger %s of %s was %s, it is put back: back to backfilling", sf_ident(wire->name),
								  get_rel_name(wire->relid), list_length(repair) > 1 ? "dropped" : "disabled")));
		steps = list_concat(steps, repair);
	}
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	return steps;
}

typedef struct Repairs
{
	List	   *steps;
	SfLockSet  *locks;
} Repairs;

/* Argument of sf_worker_attempt(). */
static void
repair_all(void *arg)
{
	const Repairs *it = arg;
	MemoryContext old = CurrentMemoryContext;
	ListCell   *lc;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	sf_locks_take(it->locks);
	foreach(lc, it->steps)
	{
		const SfStep *step = lfirst(lc);

		sf_worker_statement(linitial_node(RawStmt, raw_parser(step->sql, RAW_PARSE_DEFAULT)), step->sql);
	}
	sf_worker_commit();
}

bool
sf_wires_mend(const SfMigration *migration, SfDirection direction, int transaction, const SfFactBase *before)
{
	MemoryContext old = CurrentMemoryContext;
	Repairs		it = {find_repairs(migration, direction, transaction), NULL};
	ErrorData  *error;

	if (it.steps == NIL)
		return false;
	sf_worker_begin();
	MemoryContextSwitchTo(old);
	it.locks = sf_locks_of(it.steps, before);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	do
	{
		sf_locks_look(it.locks);
		error = sf_worker_attempt(repair_all, &it);
		if (error && !sf_locks_again(it.locks, error))
			ReThrowError(error);
	} while (error);
	return true;
}
