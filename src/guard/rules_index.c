/*
 * rules_index.c - rules about indexes, and about what writes a table's files anew.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "guard/guard.h"
#include "guard/words.h"
#include "lib/spi.h"
#include "lib/text.h"

/* An index built under a shorter lock_timeout than this hardly comes to its end. */
#define SHORT_TIMEOUT	60000

/* For what has to be named again; much as the server would name it. */
static char *
index_name(const SfCase *it, const IndexStmt *index)
{
	List	   *parts = list_make1(it->table->relation);
	ListCell   *lc;

	if (index->idxname)
		return index->idxname;
	foreach(lc, index->indexParams)
		parts = lappend(parts, lfirst_node(IndexElem, lc)->name ? lfirst_node(IndexElem, lc)->name : "expr");
	return psprintf("%s_idx", sf_join(parts, "_"));
}

/* name NULL: the server finds one. */
static void
recipe_index(SfCase *it, const IndexStmt *index, const char *how, const char *name, const char *table)
{
	sf_recipe(it, "CREATE %sINDEX %s%s%sON %s %s;", index->unique ? "UNIQUE " : "", how, name ? sf_ident(name) : "",
			  name ? " " : "", table, sf_index_text(it, index));
}

bool
sf_check_index(SfCase *it)
{
	const IndexStmt *index = castNode(IndexStmt, it->statement);

	if (it->table->partitioned)
		return false;
	recipe_index(it, index, index->if_not_exists ? "CONCURRENTLY IF NOT EXISTS " : "CONCURRENTLY ", index->idxname,
				 it->table->name);
	sf_work(it, it->table, ShareLock, false);
	it->finding->model = true;
	return sf_say(it, "the index is built while nobody can write");
}

bool
sf_check_partitioned_index(SfCase *it)
{
	const IndexStmt *index = castNode(IndexStmt, it->statement);
	char	   *name = index_name(it, index);
	char	   *names[2] = {it->table->schema, name};
	ListCell   *lc;

	if (!it->table->partitioned || !index->relation->inh)
		return false;
	recipe_index(it, index, "", name, psprintf("ONLY %s", it->table->name));
	foreach(lc, sf_leaves(it->table->oid))
	{
		SfSubject  *leaf = sf_subject_oid(it->it, lfirst_oid(lc));
		char	   *part = leaf ? psprintf("%s_%s", leaf->relation, name) : NULL;
		char	   *parts[2] = {leaf ? leaf->schema : NULL, part};

		if (leaf == NULL)
			continue;
		recipe_index(it, index, "CONCURRENTLY ", part, leaf->name);
		if (get_partition_parent(leaf->oid, true) == it->table->oid)
			sf_recipe(it, "ALTER INDEX %s ATTACH PARTITION %s;", sf_qualified(2, names), sf_qualified(2, parts));
		else
			sf_recipe(it, "-- and attach it to the index of the partition between, made as the first");
	}
	sf_work(it, it->table, ShareLock, false);
	it->finding->model = true;
	return sf_say(it, "nobody can write to any partition: the last index is built before the lock is released");
}

/* Is the option there, and not off? */
static bool
has_option(List *options, const char *name)
{
	ListCell   *lc;

	foreach(lc, options)
		if (strcmp(lfirst_node(DefElem, lc)->defname, name) == 0)
			return defGetBoolean(lfirst(lc));
	return false;
}

/* CONCURRENTLY, in whatever statement: how the statement begins; NULL: it is none. */
static const char *
concurrent_command(const SfCase *it)
{
	const Node *statement = it->statement;
	const PartitionCmd *detach = it->cmd && it->cmd->subtype == AT_DetachPartition ?
		castNode(PartitionCmd, it->cmd->def) : NULL;

	if (IsA(statement, IndexStmt) && ((const IndexStmt *) statement)->concurrent)
		return "CREATE INDEX";
	if (IsA(statement, DropStmt) && ((const DropStmt *) statement)->concurrent)
		return "DROP INDEX";
	if (IsA(statement, ReindexStmt) && has_option(((const ReindexStmt *) statement)->params, "concurrently"))
		return "REINDEX";
	return detach && detach->concurrent ? "DETACH PARTITION" : NULL;
}

bool
sf_check_concurrently_in_block(SfCase *it)
{
	const char *command = it->it->in_transaction ? concurrent_command(it) : NULL;

	if (command == NULL)
		return false;
	sf_recipe(it, "COMMIT;  -- first; then %s CONCURRENTLY as a statement by itself", command);
	it->finding->model = true;
	return sf_say(it, "%s CONCURRENTLY cannot run in a transaction", command);
}

bool
sf_check_concurrently_timeout(SfCase *it)
{
	if (it->it->lock_timeout == 0 || it->it->lock_timeout >= SHORT_TIMEOUT)
		return false;
	sf_recipe(it, "SET lock_timeout = 0;  -- for this statement: it locks nobody out while it waits");
	it->finding->detail =
		psprintf("lock_timeout is %d ms. It also ends the waits for transactions, of any writer of the table "
				 "and of any snapshot in the database.",
				 it->it->lock_timeout);
	return sf_say(it, "a short lock_timeout ends the build: it leaves an INVALID index, which every write pays for");
}

static bool
is_invalid(Oid index)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	bool		invalid = HeapTupleIsValid(tuple) && !((Form_pg_index) GETSTRUCT(tuple))->indisvalid;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return invalid;
}

bool
sf_check_invalid_leftover(SfCase *it)
{
	const IndexStmt *index = castNode(IndexStmt, it->statement);
	Oid			old;
	char	   *names[2];

	if (!index->if_not_exists || index->idxname == NULL || it->table == NULL)
		return false;
	old = RangeVarGetRelid(makeRangeVar(it->table->schema, index->idxname, -1), NoLock, true);
	if (!OidIsValid(old) || !is_invalid(old))
		return false;
	names[0] = it->table->schema;
	names[1] = index->idxname;
	sf_recipe(it, "DROP INDEX CONCURRENTLY %s;  -- then the statement again", sf_qualified(2, names));
	it->finding->object = it->table->name;
	it->finding->detail =
		pstrdup("An earlier CREATE INDEX CONCURRENTLY was stopped. Every write pays for it, no query uses it.");
	return sf_say(it, "index %s is there and INVALID: IF NOT EXISTS would leave it so", sf_ident(index->idxname));
}

bool
sf_check_wide_index(SfCase *it)
{
	const IndexStmt *index = castNode(IndexStmt, it->statement);

	if (index->unique || index->primary || list_length(index->indexParams) <= 3)
		return false;
	return sf_say(it,
				  "an index of %d columns costs every write: the first two or three do the work",
				  list_length(index->indexParams));
}

static bool
is_constraints(Oid index)
{
	const char *args[] = {psprintf("%u", index)};

	return sf_query_text(
			   "SELECT 1 FROM pg_catalog.pg_constraint WHERE conindid OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
			   "AND contype OPERATOR(pg_catalog.=) ANY ('{p,u,x}')",
			   1, args) != NULL;
}

bool
sf_check_drop_index(SfCase *it)
{
	/* The server does it in no other way. */
	if (it->index == NULL || it->index->relkind == RELKIND_PARTITIONED_INDEX || is_constraints(it->index->oid))
		return false;
	sf_recipe(it, "DROP INDEX CONCURRENTLY %s;  -- outside of a transaction", it->index->name);
	it->finding->detail =
		pstrdup("The lock is ACCESS EXCLUSIVE: while it is waited for, all queries on the table wait behind it.");
	it->finding->model = true;
	return sf_say(it, "index %s is dropped: the table is locked against reading", sf_ident(it->index->relation));
}

/* The statement to come that makes an index of the dropped one's name, or one that begins with the same column. */
static const IndexStmt *
successor(const SfCase *it)
{
	ListCell   *lc;

	for_each_from(lc, it->it->statements, it->it->next)
	{
		const IndexStmt *new = (const IndexStmt *) lfirst_node(RawStmt, lc)->stmt;
		const IndexElem *first = IsA(new, IndexStmt) ? linitial_node(IndexElem, new->indexParams) : NULL;
		const SfSubject *table = first ? sf_subject_of(it->it, new->relation) : NULL;
		char	   *column = first ? get_attname(it->index->oid, 1, true) : NULL;

		if (table && table->oid == it->table->oid &&
			(sf_streq(new->idxname, it->index->relation) || sf_streq(first->name, column)))
			return new;
	}
	return NULL;
}

bool
sf_check_index_gap(SfCase *it)
{
	const IndexStmt *new = it->index && !it->it->in_transaction ? successor(it) : NULL;
	char	   *old = it->index ? it->index->relation : NULL;
	char	   *name = new && sf_streq(new->idxname, old) ? psprintf("%s_new", old) : new ? new->idxname : NULL;
	char	   *names[2] = {it->table->schema, name};

	if (new == NULL || is_constraints(it->index->oid) || it->table->partitioned)
		return false;
	recipe_index(it, new, "CONCURRENTLY ", name, it->table->name);
	sf_recipe(it, "DROP INDEX CONCURRENTLY %s;", it->index->name);
	if (name != new->idxname)
		sf_recipe(it, "ALTER INDEX %s RENAME TO %s;", sf_qualified(2, names), sf_ident(old));
	it->finding->detail = pstrdup("Until the new one is built, queries read the whole table.");
	it->finding->model = true;
	return sf_say(it, "index %s is dropped before its successor is there", it->index->name);
}

bool
sf_check_reindex(SfCase *it)
{
	const ReindexStmt *reindex = castNode(ReindexStmt, it->statement);
	SfSubject  *subject;

	if (has_option(reindex->params, "concurrently"))
		return false;
	if (reindex->relation == NULL)
	{
		sf_recipe(it, "REINDEX %s CONCURRENTLY %s;", reindex->kind == REINDEX_OBJECT_SCHEMA ? "SCHEMA" : "DATABASE",
				  reindex->name ? sf_ident(reindex->name) : "");
		return reindex->kind != REINDEX_OBJECT_SYSTEM &&
			sf_say(it, "one table after the other is locked: nobody can write to it while its indexes are built");
	}
	subject = sf_subject_of(it->it, reindex->relation);
	if (subject && subject->relkind == RELKIND_INDEX)
		subject = sf_subject_oid(it->it, IndexGetRelation(subject->oid, true));
	if (subject == NULL || !subject->stands || !sf_has_rows(subject))
		return false;
	sf_recipe(it, "REINDEX %s CONCURRENTLY %s;", reindex->kind == REINDEX_OBJECT_INDEX ? "INDEX" : "TABLE",
			  sf_range_text(reindex->relation));
	it->finding->object = subject->name;
	sf_work(it, subject, ShareLock, false);
	return sf_say(it, "writes wait while indexes are built: so does the planning of every query on the table");
}

/* The server knows which parameters need which lock. */
bool
sf_check_index_options(SfCase *it)
{
	if (it->index == NULL || AlterTableGetRelOptionsLockLevel((List *) it->cmd->def) < AccessExclusiveLock ||
		it->it->lock_timeout > 0)
		return false;
	sf_recipe(it, "SET lock_timeout = '2s';  -- before it, and try again when it fails");
	it->finding->detail =
		pstrdup("The lock is ACCESS EXCLUSIVE, and every planner of a query on the table is in its way.");
	return sf_say(it, "this parameter of index %s stops queries: it waits for those that run, others behind it",
				  sf_ident(it->index->relation));
}

/* ---- files written anew ---- */

static bool
say_rewrite(SfCase *it, SfSubject *subject, const char *what, const char *instead)
{
	if (subject == NULL || !subject->stands || !sf_has_rows(subject))
		return false;
	it->finding->object = subject->name;
	sf_work(it, subject, AccessExclusiveLock, true);
	sf_recipe(it, "%s", instead);
	return sf_say(it, "%s writes the table anew: so it does its indexes, all under the lock", what);
}

bool
sf_check_rewrite(SfCase *it)
{
	static const struct
	{
		AlterTableType type;
		const char *words;
		char		persistence;	/* that it has already: nothing to do */
	}			rewrites[] = {{AT_SetLogged, "SET LOGGED", RELPERSISTENCE_PERMANENT},
	{AT_SetUnLogged, "SET UNLOGGED", RELPERSISTENCE_UNLOGGED}, {AT_SetAccessMethod, "SET ACCESS METHOD", '\0'},
	{AT_SetTableSpace, "SET TABLESPACE", '\0'}};

	for (int i = 0; i < lengthof(rewrites); i++)
		if (it->cmd && it->cmd->subtype == rewrites[i].type && !it->table->partitioned &&
			!(OidIsValid(it->table->oid) && rewrites[i].persistence == get_rel_persistence(it->table->oid)))
			return say_rewrite(it, it->table, rewrites[i].words,
							   "-- a new table of that kind, kept in step by a trigger, filled in batches, then "
							   "renamed; or a quiet hour");
	return false;
}

bool
sf_check_cluster(SfCase *it)
{
	const RangeVar *relation = castNode(ClusterStmt, it->statement)->relation;

	return relation && say_rewrite(it, sf_subject_of(it->it, relation), "CLUSTER",
								   "-- pg_repack or pg_squeeze, which let others write");
}

bool
sf_check_vacuum_full(SfCase *it)
{
	const VacuumStmt *vacuum = castNode(VacuumStmt, it->statement);
	ListCell   *lc;

	if (!has_option(vacuum->options, "full"))
		return false;
	foreach(lc, vacuum->rels)
		if (say_rewrite(it, sf_subject_of(it->it, lfirst_node(VacuumRelation, lc)->relation), "VACUUM FULL",
						"VACUUM;  -- which locks nobody out; pg_repack or pg_squeeze give the space back"))
			return true;
	if (vacuum->rels != NIL)
		return false;
	sf_recipe(it, "VACUUM;  -- which locks nobody out");
	return sf_say(it, "VACUUM FULL writes every table of the database anew, each under a lock");
}

/* One that REFRESH CONCURRENTLY can use. */
static bool
has_unique_index(Oid view)
{
	const char *args[] = {psprintf("%u", view)};

	return sf_query_text("SELECT 1 FROM pg_catalog.pg_index WHERE indrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
						 "AND indisunique AND indisvalid AND indpred IS NULL AND indexprs IS NULL LIMIT 1", 1,
						 args) != NULL;
}

bool
sf_check_refresh(SfCase *it)
{
	const RefreshMatViewStmt *refresh = castNode(RefreshMatViewStmt, it->statement);
	SfSubject  *view = sf_subject_of(it->it, refresh->relation);

	if (refresh->concurrent || view == NULL || !view->stands || !sf_has_rows(view))
		return false;
	if (!has_unique_index(view->oid))
		sf_recipe(it, "-- first: CREATE UNIQUE INDEX CONCURRENTLY, on columns that tell its rows apart");
	sf_recipe(it, "REFRESH MATERIALIZED VIEW CONCURRENTLY %s;", view->name);
	it->finding->object = view->name;
	it->finding->detail = pstrdup("The lock is ACCESS EXCLUSIVE for as long as its query runs.");
	return sf_say(it, "nobody can read the view while it is filled");
}
