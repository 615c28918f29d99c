/*
 * assess.c - one statement's risk, and the size of what it would read.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "kinds/kind.h"
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "parser/parser.h"
#include "risk/refine.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* What is not in the table and works on a relation. */
static const SfRiskEntry unknown = {
	.kind = "", .lock = AccessExclusiveLock, .why = "not in the table of risks; the strongest lock is assumed"
};

/* Assess one operation into its own SfRisk. */
static SfRisk *
assess_operation(const SfOperation *op, const SfRiskContext *context, bool alone)
{
	SfRisk	   *risk = palloc0(sizeof(SfRisk));
	SfRiskCase	it = {.operation = op, .entry = op->entry, .context = context, .alone = alone};

	if (it.entry == NULL && op->kind && IsA(op->node, AlterTableCmd) && strcmp(op->kind, "table") == 0)
		it.entry = &unknown;
	if (it.entry == NULL)
		return risk;
	risk->effects = it.entry->effects;
	risk->why = it.entry->why;
	if (it.entry->lock != NoLock && op->relation)
	{
		SfRiskLock *lock = palloc0(sizeof(SfRiskLock));

		lock->schema = op->schema;
		lock->name = op->relation;
		lock->mode = it.entry->lock;
		lock->index = (it.entry->effects & SF_RISK_ON_INDEX) != 0;
		risk->locks = list_make1(lock);
	}
	if (it.entry->refine)
		it.entry->refine(risk, &it);
	if (alone)
		sf_refine_nothing(risk, &it);
	return risk;
}

/* The locks of one operation join those of the statement. */
static void
merge(SfRisk *into, SfRisk *risk)
{
	ListCell   *lc;

	foreach(lc, risk->locks)
	{
		SfRiskLock *lock = lfirst(lc);
		SfRiskLock *same = NULL;
		ListCell   *have;

		foreach(have, into->locks)
		{
			SfRiskLock *other = lfirst(have);

			if (other->index == lock->index && sf_streq(other->schema, lock->schema) &&
				sf_streq(other->name, lock->name))
				same = other;
		}
		if (same)
			same->mode = Max(same->mode, lock->mode);
		else
			into->locks = lappend(into->locks, lock);
	}
	into->effects |= risk->effects;
	if (into->why == NULL)
		into->why = risk->why;
}

SfRisk *
sf_risk_assess(const char *sql, const SfRiskContext *context)
{
	SfRisk	   *risk = palloc0(sizeof(SfRisk));
	List	   *statements = raw_parser(sql, RAW_PARSE_DEFAULT);
	bool		alone;
	ListCell   *lc;

	if (list_length(statements) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("expected one statement, found %d", list_length(statements)),
				 errhint("Assess each statement by a call of its own.")));
	risk->operations = sf_risk_classify(linitial_node(RawStmt, statements)->stmt, context);
	alone = list_length(risk->operations) == 1 && context->live;
	foreach(lc, risk->operations)
		merge(risk, assess_operation(lfirst(lc), context, alone));
	return risk;
}

/* Rows of one heap; 0 when its lock is not free at once. */
static double
rows_of(Oid oid)
{
	Relation	relation;
	BlockNumber pages;
	double		tuples = 0,
				visible;

	if (!ConditionalLockRelationOid(oid, AccessShareLock))
		return 0;
	relation = try_relation_open(oid, NoLock);
	if (relation)
	{
		/* The planner takes a small unvacuumed table for ten pages; an empty file is empty. */
		if (RELKIND_HAS_STORAGE(relation->rd_rel->relkind) && RelationGetNumberOfBlocks(relation) > 0)
			estimate_rel_size(relation, NULL, &pages, &tuples, &visible);
		relation_close(relation, NoLock);
	}
	UnlockRelationOid(oid, AccessShareLock);
	return tuples;
}

int64
sf_risk_rows(const char *schema, const char *name)
{
	Oid			namespace = schema ? get_namespace_oid(schema, true) : InvalidOid;
	Oid			oid = OidIsValid(namespace) ? get_relname_relid(name, namespace) : InvalidOid;
	double		rows = 0;
	ListCell   *lc;

	if (!OidIsValid(oid))
		return -1;
	foreach(lc, find_all_inheritors(oid, NoLock, NULL))
	{
		CHECK_FOR_INTERRUPTS();
		rows += rows_of(lfirst_oid(lc));
	}
	return rows < (double) PG_INT64_MAX ? (int64) rows : PG_INT64_MAX;
}
