/*
 * locks.c - the lock protocol (locks.h).
 *
 * Memory: a set lives in the context in which it was made; what a look finds is freed after it.  Locks are taken by
 * LOCK TABLE statements under the identity of the steps, so that nobody locks what he may not.
 *
 * Autovacuum gives way to a waiter once the waiter looks for deadlocks; our waits are shorter than the server's usual
 * deadlock_timeout, so transactions that lock have a shorter one of their own, and autovacuum is not looked out for
 * (but the one against wraparound, which does not give way).
 */
#include "postgres.h"

#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parser.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/timestamp.h"

#include "apply/locks.h"
#include "compat.h"
#include "guc.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "phases/steps.h"
#include "risk/risk.h"
#include "server/server.h"

#define LOOK_AGAIN_MS	100
#define TELL_AGAIN_MS	5000
/* A transaction of that age counts as old for what runs CONCURRENTLY: it would wait for it to the end. */
#define OLD_SNAPSHOT_MS	1000
/* Of the time that others have waited for us: so long we then keep away. */
#define STAY_AWAY		4

typedef struct Wanted
{
	Oid			relation;
	LOCKMODE	mode;
	char	   *name;			/* quoted, qualified */
	bool		look_only;		/* the mark will take it, at the end */
} Wanted;

struct SfLockSet
{
	List	   *wanted;			/* of Wanted, in the order of OIDs */
	List	   *tables;			/* all that were there, when locks that were not foreseen are told; else NIL */
	TimestampTz start;			/* of the first look */
	int			tries;			/* in which it was not got */
	TimestampTz told;			/* when we last said for whom we wait */
	char	   *told_what;
	MemoryContext context;
};

/* ---- the set ---- */

static char *
name_of(Oid relation)
{
	char	   *names[] = {get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation)};

	return names[0] && names[1] ? sf_qualified(2, names) : NULL;
}

static void
want(SfLockSet *set, Oid relation, LOCKMODE mode)
{
	ListCell   *lc;
	Wanted	   *wanted;

	foreach(lc, set->wanted)
	{
		wanted = lfirst(lc);
		if (wanted->relation == relation)
		{
			wanted->mode = Max(wanted->mode, mode);
			return;
		}
	}
	wanted = palloc(sizeof(Wanted));
	wanted->relation = relation;
	wanted->mode = mode;
	wanted->name = name_of(relation);
	wanted->look_only = false;
	if (wanted->name)
		set->wanted = lappend(set->wanted, wanted);
}

/* The name that a schema has now which the steps before have renamed. */
static char *
schema_now(List *renames, char *schema)
{
	for (int i = list_length(renames) - 1; i >= 0; i--)
	{
		const RenameStmt *rename = list_nth(renames, i);

		if (schema && strcmp(rename->newname, schema) == 0)
			schema = rename->subname;
	}
	return schema;
}

/* A table with its partitions and children: statements on it work on them, too. */
static void
want_table(SfLockSet *set, const SfRiskLock *lock, List *renames)
{
	RangeVar   *name = makeRangeVar(schema_now(renames, lock->schema), lock->name, -1);
	Oid			relation = RangeVarGetRelid(name, NoLock, true);
	ListCell   *lc;

	if (lock->index && OidIsValid(relation))
		relation = IndexGetRelation(relation, true);
	if (!OidIsValid(relation) || lock->mode <= RowExclusiveLock)
		return;
	foreach(lc, lock->index || lock->only ? list_make1_oid(relation) : find_all_inheritors(relation, NoLock, NULL))
	{
		char		relkind = get_rel_relkind(lfirst_oid(lc));

		/* Only these can be locked by themselves; a view's lock would take its tables along. */
		if (relkind == RELKIND_RELATION || relkind == RELKIND_PARTITIONED_TABLE)
			want(set, lfirst_oid(lc), lock->mode);
	}
}

/* What the step says that it locks, where its statement does not show it: by a function that it calls, or a trigger. */
static void
want_said(SfLockSet *set, const SfStep *step, const SfRisk *risk, List *renames)
{
	SfRiskLock	said = {.mode = step->lock ? sf_risk_lock_mode(step->lock) : NoLock};
	List	   *names = said.mode != NoLock && step->lock_table ? sf_qualified_names(step->lock_table) : NIL;
	ListCell   *lc;

	if (list_length(names) != 2)
		return;
	said.schema = strVal(linitial(names));
	said.name = strVal(lsecond(names));
	foreach(lc, risk->locks)
	{
		const SfRiskLock *lock = lfirst(lc);

		if (sf_streq(lock->schema, said.schema) && strcmp(lock->name, said.name) == 0)
			return;
	}
	want_table(set, &said, renames);
}

/* A session that plans holds the history; found out at the mark, our other locks would have been for nothing. */
static void
want_history(SfLockSet *set)
{
	Oid			history = get_relname_relid("migration", get_namespace_oid("schemaflow", false));

	if (!OidIsValid(history))
		return;
	want(set, history, ShareRowExclusiveLock);
	((Wanted *) llast(set->wanted))->look_only = true;
}

static int
compare_wanted(const ListCell *a, const ListCell *b)
{
	Oid			x = ((const Wanted *) lfirst(a))->relation,
				y = ((const Wanted *) lfirst(b))->relation;

	return (x > y) - (x < y);
}

static List *
all_tables(void)
{
	SfRows	   *rows = sf_query("SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') AND relpersistence <> 't' "
								"AND relnamespace NOT IN (SELECT oid FROM pg_namespace "
								"WHERE nspname IN ('pg_catalog', 'information_schema', 'schemaflow'))", 0, NULL);
	List	   *oids = NIL;

	for (int i = 0; i < rows->nrows; i++)
		oids = lappend_oid(oids, atooid(sf_cell(rows, i, 0)));
	return oids;
}

SfLockSet *
sf_locks_of(List *steps, const SfFactBase *before)
{
	SfLockSet  *set = palloc0(sizeof(SfLockSet));
	SfRiskContext context = {.before = before,.after = before};
	List	   *renames = NIL;
	ListCell   *lc,
			   *lk;

	set->context = CurrentMemoryContext;
	set->start = GetCurrentTimestamp();
	foreach(lc, steps)
	{
		const SfRisk *risk = sf_risk_assess(((SfStep *) lfirst(lc))->sql, &context);

		foreach(lk, risk->locks)
			want_table(set, lfirst(lk), renames);
		want_said(set, lfirst(lc), risk, renames);
		foreach(lk, risk->operations)
		{
			Node	   *node = ((SfOperation *) lfirst(lk))->node;

			if (IsA(node, RenameStmt) && ((RenameStmt *) node)->renameType == OBJECT_SCHEMA)
				renames = lappend(renames, node);
		}
	}
	list_sort(set->wanted, compare_wanted);
	want_history(set);
	if (message_level_is_interesting(DEBUG1))
		set->tables = all_tables();
	return set;
}

/* ---- looking ---- */

static bool
past_deadline(const SfLockSet *set)
{
	return TimestampDifferenceExceeds(set->start, GetCurrentTimestamp(), sf_guc_lock_deadline());
}

static LOCKMODE
mode_by_name(const char *name)
{
	for (LOCKMODE mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
		if (strcmp(GetLockmodeName(DEFAULT_LOCKMETHOD, mode), name) == 0)
			return mode;
	return NoLock;
}

static char *
oid_array(const SfLockSet *set)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, set->wanted)
		appendStringInfo(&out, "%s%u", out.len ? "," : "", ((Wanted *) lfirst(lc))->relation);
	return psprintf("{%s}", out.data);
}

/* What is shown of a session; the server masks what we may not see. */
#define WHO "coalesce('process ' || a.pid || coalesce(' (' || nullif(a.application_name, '') || ')', '') || " \
	"coalesce(', ' || a.state, '') || coalesce(', for ' || extract(epoch FROM " \
	"date_trunc('second', clock_timestamp() - a.xact_start))::integer || ' s', '') || " \
	"coalesce(': ' || substr(regexp_replace(a.query, '\\s+', ' ', 'g'), 1, 60), ''), "

/* Who holds, or waits for, what is in the way: of char *. */
static List *
in_the_way(const SfLockSet *set, bool all)
{
	const char *args[] = {oid_array(set), psprintf("%d", all ? 0 : sf_guc_lock_wait())};
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query("SELECT l.relation, l.mode, " WHO
								"'a prepared transaction') || ' (' || l.mode || CASE WHEN l.granted THEN '' ELSE "
								"', waiting' END || ')', l.pid "
								"FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid "
								"WHERE l.locktype = 'relation' AND l.relation = ANY ($1::oid[]) AND l.database = "
								"(SELECT oid FROM pg_database WHERE datname = current_database()) "
								"AND l.pid IS DISTINCT FROM pg_backend_pid() "
								"AND (a.backend_type IS DISTINCT FROM 'autovacuum worker' "
								"OR a.query LIKE '%(to prevent wraparound)') "
								"AND (NOT l.granted OR a.xact_start IS NULL OR "
								"a.xact_start <= clock_timestamp() - $2::integer * interval '1 ms') "
								"ORDER BY a.xact_start", lengthof(args), args);
	List	   *found = NIL;

	sf_pins_leave(pins);
	for (int i = 0; i < rows->nrows; i++)
	{
		LOCKMODE	held = mode_by_name(sf_cell(rows, i, 1));
		ListCell   *lc;

		foreach(lc, set->wanted)
		{
			Wanted	   *wanted = lfirst(lc);

			if (wanted->relation == atooid(sf_cell(rows, i, 0)) && held != NoLock &&
				DoLockModesConflict(wanted->mode, held))
				found = lappend(found, psprintf("%s: %s", wanted->name, sf_cell(rows, i, 2)));
		}
	}
	return found;
}

/* Transactions of this database that hold an old snapshot. */
static List *
old_snapshots(void)
{
	const char *args[] = {psprintf("%d", OLD_SNAPSHOT_MS)};
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query("SELECT " WHO "'') FROM pg_stat_activity a WHERE a.datname = current_database() "
								"AND a.pid <> pg_backend_pid() AND a.backend_xmin IS NOT NULL "
								"AND a.backend_type NOT IN ('autovacuum worker', 'walsender') "
								"AND a.query !~* '^\\s*vacuum' "
								"AND a.xact_start <= clock_timestamp() - $1::integer * interval '1 ms' "
								"ORDER BY a.xact_start", lengthof(args), args);
	List	   *found = NIL;

	sf_pins_leave(pins);
	for (int i = 0; i < rows->nrows; i++)
		found = lappend(found, sf_cell(rows, i, 0));
	return found;
}

static char *
tables_text(const SfLockSet *set)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, set->wanted)
		if (!((Wanted *) lfirst(lc))->look_only)
			names = lappend(names, ((Wanted *) lfirst(lc))->name);
	return names ? sf_join(names, ", ") : "the history of migrations";
}

static void
give_up(const SfLockSet *set, List *blockers)
{
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("could not get the locks within %d ms: %s", sf_guc_lock_deadline(), tables_text(set)),
			 blockers ? errdetail("In the way: %s.", sf_join(blockers, "; ")) :
			 errdetail("Whoever was in the way came and went."),
			 errhint("End what is in the way, or SET schemaflow.lock_wait or schemaflow.lock_deadline to more; "
					 "then make the call again, it goes on.")));
}

/* Say for whom we wait: when that changes, and now and then. */
static void
tell(SfLockSet *set, List *blockers)
{
	char	   *text = psprintf("waiting, %s", sf_join(blockers, "; "));
	TimestampTz now = GetCurrentTimestamp();

	if (set->told_what && !TimestampDifferenceExceeds(set->told, now, TELL_AGAIN_MS))
		return;
	set->told = now;
	set->told_what = "";
	ereport(INFO, (errmsg("%s", text)));
}

/* One look in a short transaction of its own; blockers in the context of the caller. */
static List *
look_once(SfLockSet *set, bool snapshots, bool all)
{
	MemoryContext old = CurrentMemoryContext;
	List	   *found;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	found = snapshots ? old_snapshots() : in_the_way(set, all);
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	return found;
}

static void
look(SfLockSet *set, bool snapshots, bool all)
{
	MemoryContext scratch = AllocSetContextCreate(set->context, "schemaflow look", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	List	   *found;

	while ((found = look_once(set, snapshots, all)) != NIL)
	{
		if (past_deadline(set))
			give_up(set, found);
		tell(set, found);
		MemoryContextReset(scratch);
		sf_wait_a_little(LOOK_AGAIN_MS);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
}

void
sf_locks_look(SfLockSet *set)
{
	if (set->wanted)
		look(set, false, false);
}

void
sf_locks_look_outside(SfLockSet *set)
{
	look(set, true, false);
	if (set->wanted)
		look(set, false, true);
}

/* ---- taking ---- */

/* The first try, in which most are got, is a short one: others wait behind each. */
static int
wait_of(const SfLockSet *set)
{
	return set->tries > 0 ? sf_guc_lock_wait() : (sf_guc_lock_wait() + 1) / 2;
}

void
sf_locks_take(SfLockSet *set)
{
	int			limit = wait_of(set);
	TimestampTz start = GetCurrentTimestamp();
	ListCell   *lc;

	sf_set_local("deadlock_timeout", psprintf("%d", Max(1, limit / 4)));
	sf_set_local("lock_timeout", psprintf("%d", limit));
	foreach(lc, set->wanted)
	{
		Wanted	   *wanted = lfirst(lc);
		long		spent = TimestampDifferenceMilliseconds(start, GetCurrentTimestamp());
		char	   *sql;

		if (wanted->look_only)
			continue;
		sql = psprintf("LOCK TABLE ONLY %s IN %s MODE", wanted->name, sf_risk_lock_name(wanted->mode));
		sf_set_local("lock_timeout", psprintf("%ld", Max(1, limit - spent)));
		sf_worker_statement(linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT)), sql);
	}
	/* What else the steps turn out to need. */
	sf_set_local("lock_timeout", psprintf("%d", limit));
}

static LOCKMODE
foreseen(const SfLockSet *set, Oid relation)
{
	ListCell   *lc;

	foreach(lc, set->wanted)
		if (((Wanted *) lfirst(lc))->relation == relation)
			return ((Wanted *) lfirst(lc))->mode;
	return NoLock;
}

void
sf_locks_tell_unforeseen(const SfLockSet *set)
{
	SfRows	   *rows;

	if (set->tables == NIL)
		return;
	rows = sf_query("SELECT relation, mode FROM pg_locks WHERE locktype = 'relation' AND pid = pg_backend_pid()", 0,
					NULL);
	for (int i = 0; i < rows->nrows; i++)
	{
		Oid			relation = atooid(sf_cell(rows, i, 0));
		LOCKMODE	mode = mode_by_name(sf_cell(rows, i, 1));
		LOCKMODE	known = foreseen(set, relation);

		if (mode >= ShareLock && mode > known && list_member_oid(set->tables, relation) && get_rel_name(relation))
			ereport(DEBUG1,
					(errmsg("not foreseen: %s on %s", sf_cell(rows, i, 1), name_of(relation)),
					 errdetail("Foreseen: %s on %s.", known == NoLock ? "nothing" : sf_risk_lock_name(known),
							   tables_text(set))));
	}
}

bool
sf_locks_were_taken(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE || error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED;
}

bool
sf_locks_again(SfLockSet *set, const ErrorData *error)
{
	if (!sf_locks_were_taken(error))
		return false;
	if (past_deadline(set))
		give_up(set, look_once(set, false, true));
	sf_wait_a_little((long) (wait_of(set) * STAY_AWAY * (0.75 + 0.5 * pg_prng_double(&pg_global_prng_state))));
	set->tries++;
	return true;
}
