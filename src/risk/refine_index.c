/*
 * refine_index.c - what depends on the case for indexes and keys.  See refine.c.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "risk/risk.h"

/* A partitioned table's takes over what its partitions have. */
void
sf_refine_key(SfRisk *risk, const SfRiskCase *it)
{
	if (it->context->proven)
	{
		risk->why = "each partition has it: nothing is built";
		risk->effects &= ~SF_RISK_SCANS;
	}
}

/* Of a partitioned table ONLY there is nothing but a name to be made. */
void
sf_refine_index_create(SfRisk *risk, const SfRiskCase *it)
{
	const IndexStmt *statement = (const IndexStmt *) it->operation->node;
	const SfFact *table = it->context->before ?
		sf_risk_find_relation(it->context->before, it->operation->schema, it->operation->relation) : NULL;

	if (!statement->relation->inh && sf_is_partitioned(table))
	{
		((SfRiskLock *) linitial(risk->locks))->only = true;
		risk->why = "without its partitions nothing is read";
		risk->effects &= ~SF_RISK_SCANS;
	}
}

/* The part's index is locked more strongly than the whole's. */
void
sf_refine_index_attached(SfRisk *risk, const SfRiskCase *it)
{
	const RangeVar *part = ((PartitionCmd *) ((AlterTableCmd *) it->operation->node)->def)->name;
	SfRiskLock *lock = palloc0(sizeof(SfRiskLock));

	lock->schema = part->schemaname ? part->schemaname : sf_risk_schema(part);
	lock->name = part->relname;
	lock->mode = it->entry->partner;
	lock->index = true;
	risk->locks = lappend(risk->locks, lock);
}

/* Columns that may hold NULLs are looked through; a plan, which knows the key, makes them NOT NULL before. */
void
sf_refine_primary_key(SfRisk *risk, const SfRiskCase *it)
{
	const SfOperation *op = it->operation;
	const Node *def = IsA(op->node, AlterTableCmd) ? ((AlterTableCmd *) op->node)->def : NULL;
	const SfFact *index;
	ListCell   *lc;
	char	   *names[2];

	if (!it->context->proven && it->context->new == NULL)
	{
		if (it->context->before == NULL || op->schema == NULL || def == NULL || !IsA(def, Constraint))
			return;
		names[0] = op->schema;
		names[1] = ((const Constraint *) def)->indexname;
		index = sf_base_find_named(it->context->before, "index", 2, names);
		if (index == NULL)
			return;
		foreach(lc, index->needs)
		{
			const SfFact *column = ((SfEdge *) lfirst(lc))->to;

			if (strcmp(column->kind->name, "column") == 0 && sf_attr(column, "not_null") == NULL)
				return;
		}
	}
	risk->effects &= ~SF_RISK_SCANS;
}
