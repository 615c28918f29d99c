/*
 * refine_table.c - what depends on the case for tables as wholes.  See refine.c.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "kinds/kind.h"
#include "risk/refine.h"

static bool
is_foreign(const Node *statement)
{
	return IsA(statement, DropStmt) && ((const DropStmt *) statement)->removeType == OBJECT_FOREIGN_TABLE;
}

/* What a table's binding to its parents was made for by the plan itself is empty (sf_parent_for_a_while()). */
static bool
is_for_a_while(const SfRiskCase *it)
{
	const SfFact *new = it->context->new;

	return new && new->kind->attaches && it->context->before && it->operation->schema &&
		!sf_risk_find_relation(it->context->before, it->operation->schema, it->operation->relation);
}

void
sf_refine_drop_table(SfRisk *risk, const SfRiskCase *it)
{
	sf_refine_partners(risk, it);
	sf_risk_lock_whole_of(risk, it);
	if (is_foreign(it->operation->node))
		risk->why = "its rows stay where they are";
	else if (is_for_a_while(it))
		risk->why = NULL;
	else
		return;
	risk->effects &= ~SF_RISK_LOSES;
}

/* Most storage parameters take a weak lock; the server knows which do not. */
void
sf_refine_options(SfRisk *risk, const SfRiskCase *it)
{
	Node	   *node = it->operation->node;

	if (IsA(node, AlterTableCmd) && risk->locks)
		((SfRiskLock *) linitial(risk->locks))->mode =
			AlterTableGetRelOptionsLockLevel((List *) ((AlterTableCmd *) node)->def);
}
