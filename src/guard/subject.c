/*
 * subject.c - what rules ask the catalogs about a relation.
 *
 * No lock is waited for.  A relation that somebody else has locked for himself cannot be measured: it is taken for one
 * with rows.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/plancat.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "guard/guard.h"
#include "guc.h"
#include "lib/text.h"

/*
 * What a server does in a second, for estimates: measured on two cores with a table that fits into memory; a real table
 * takes longer rather than less.
 */
#define SCAN_BYTES		(200.0 * 1024 * 1024)
#define REWRITE_BYTES	(40.0 * 1024 * 1024)

/* Adds one heap's size; false: it is locked by somebody else.  mine: this transaction has made it. */
static bool
measure(Oid oid, SfSubject *subject, bool *mine)
{
	Relation	relation;

	if (!ConditionalLockRelationOid(oid, AccessShareLock))
		return false;
	relation = try_relation_open(oid, NoLock);
	if (relation)
	{
		*mine = relation->rd_createSubid != InvalidSubTransactionId ||
				relation->rd_rel->relpersistence == RELPERSISTENCE_TEMP;
		if (RELKIND_HAS_TABLE_AM(relation->rd_rel->relkind))
		{
			BlockNumber blocks = RelationGetNumberOfBlocks(relation);
			BlockNumber pages = 0;
			double		tuples = 0,
						visible;

			/* The planner takes a small unvacuumed table for ten pages. */
			if (blocks > 0)
				estimate_rel_size(relation, NULL, &pages, &tuples, &visible);
			if (pages > blocks)
				tuples = tuples * blocks / pages;
			/* A file with pages holds something, however few rows the statistics know. */
			subject->rows += blocks > 0 ? Max((int64) Min(tuples, (double) (PG_INT64_MAX / 2)), 1) : 0;
			subject->bytes += (int64) blocks * BLCKSZ;
		}
		relation_close(relation, NoLock);
	}
	UnlockRelationOid(oid, AccessShareLock);
	return true;
}

static void
look(SfSubject *subject)
{
	ListCell   *lc;
	bool		known = true;

	subject->relkind = get_rel_relkind(subject->oid);
	subject->partitioned = subject->relkind == RELKIND_PARTITIONED_TABLE;
	subject->stands = true;
	foreach(lc, find_all_inheritors(subject->oid, NoLock, NULL))
	{
		bool		mine = false;

		CHECK_FOR_INTERRUPTS();
		known = measure(lfirst_oid(lc), subject, &mine) && known;
		if (lfirst_oid(lc) == subject->oid && mine)
			subject->stands = false;
	}
	if (!known)
		subject->rows = -1;
}

static bool
was_made(const SfExamination *it, const char *name)
{
	ListCell   *lc;

	foreach(lc, it->made)
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	return false;
}

SfSubject *
sf_subject_oid(const SfExamination *it, Oid oid)
{
	SfSubject  *subject = palloc0(sizeof(SfSubject));
	char	   *names[2];

	if (!OidIsValid(oid) || get_rel_name(oid) == NULL)
		return NULL;
	subject->oid = oid;
	subject->schema = names[0] = get_namespace_name(get_rel_namespace(oid));
	subject->relation = names[1] = get_rel_name(oid);
	subject->name = sf_qualified(2, names);
	look(subject);
	if (was_made(it, subject->name))
		subject->stands = false;
	return subject;
}

SfSubject *
sf_subject(const SfExamination *it, const char *schema, const char *relation)
{
	SfSubject  *subject;
	Oid			oid = InvalidOid;
	char	   *names[2];

	if (relation == NULL)
		return NULL;
	if (schema == NULL || OidIsValid(get_namespace_oid(schema, true)))
		oid =
			RangeVarGetRelid(makeRangeVar(unconstify(char *, schema), unconstify(char *, relation), -1), NoLock, true);
	if (OidIsValid(oid))
		return sf_subject_oid(it, oid);
	/* A script may be meant for another database: what it has not made itself is there. */
	if (schema == NULL)
	{
		Oid creation = linitial_oid(fetch_search_path(false) ? fetch_search_path(false) : list_make1_oid(InvalidOid));

		schema = OidIsValid(creation) ? get_namespace_name(creation) : "public";
	}
	subject = palloc0(sizeof(SfSubject));
	subject->schema = names[0] = pstrdup(schema);
	subject->relation = names[1] = pstrdup(relation);
	subject->name = sf_qualified(2, names);
	subject->rows = -1;
	subject->stands = it->script && !was_made(it, subject->name);
	return subject;
}

SfSubject *
sf_subject_of(const SfExamination *it, const RangeVar *name)
{
	return name ? sf_subject(it, name->schemaname, name->relname) : NULL;
}

bool
sf_has_rows(const SfSubject *subject)
{
	return subject->rows < 0 || (subject->rows > 0 && subject->rows >= sf_guc_guard_rows());
}

static char *
time_text(double seconds)
{
	if (seconds < 0.1)
		return pstrdup("less than 0.1 s");
	if (seconds < 10)
		return psprintf("about %.1f s", seconds);
	if (seconds < 120)
		return psprintf("about %.0f s", seconds);
	return psprintf("about %.0f minutes", seconds / 60);
}

static char *
say_blocking(const SfSubject *subject, LOCKMODE mode, bool rewrite)
{
	const char *who = mode >= AccessExclusiveLock ? "nobody can read or write it" : "nobody can write to it";
	char	   *size;

	if (subject->rows < 0)
		return psprintf("The lock is %s; while it is held, %s.", sf_risk_lock_name(mode), who);
	size = TextDatumGetCString(DirectFunctionCall1(pg_size_pretty, Int64GetDatum(subject->bytes)));
	return psprintf("%s has about " INT64_FORMAT " rows (%s). The lock is %s: %s for %s.", subject->name, subject->rows,
					size, sf_risk_lock_name(mode), who,
					time_text(subject->bytes / (rewrite ? REWRITE_BYTES : SCAN_BYTES)));
}

void
sf_work(SfCase *it, const SfSubject *subject, LOCKMODE mode, bool rewrite)
{
	it->finding->detail = say_blocking(subject, mode, rewrite);
	it->finding->works = true;
}
