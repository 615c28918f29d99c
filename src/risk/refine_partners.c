/*
 * refine_partners.c - the other tables that an operation locks: both ends of foreign keys, wholes and their parts.  See
 * refine.c.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "kinds/kind.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "risk/refine.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

/* Lock the other tables of a foreign key, as it is in the facts. */
static void
lock_fk_tables(SfRisk *risk, const SfFact *fk, LOCKMODE mode)
{
	ListCell   *lc;
	const SfFact *own = sf_risk_table_of(fk);

	if (own == NULL)
		return;
	sf_risk_add_lock(risk, own->name[0], own->name[1], mode);
	foreach(lc, fk->needs)
	{
		const SfFact *other = sf_risk_table_of(((SfEdge *) lfirst(lc))->to);

		if (other)
			sf_risk_add_lock(risk, other->name[0], other->name[1], mode);
	}
}

/* All foreign keys that need the fact (a column, or a table's columns). */
void
sf_risk_lock_keys_of(SfRisk *risk, const SfFact *fact, LOCKMODE mode)
{
	ListCell   *lc;

	foreach(lc, fact->needed_by)
	{
		const SfFact *from = ((SfEdge *) lfirst(lc))->from;

		if (sf_is_kind(from, "foreign key"))
			lock_fk_tables(risk, from, mode);
	}
}

static List *
constraints_of(const SfRiskCase *it)
{
	Node	   *node = it->operation->node;

	if (IsA(node, AlterTableCmd) && ((AlterTableCmd *) node)->def)
	{
		Node	   *def = ((AlterTableCmd *) node)->def;

		if (IsA(def, Constraint))
			return list_make1(def);
		if (IsA(def, ColumnDef))
			return ((ColumnDef *) def)->constraints;
	}
	return NIL;
}

/* Lock what the foreign keys among parse nodes reference. */
void
sf_risk_lock_referenced(SfRisk *risk, List *constraints, LOCKMODE mode)
{
	ListCell   *lc;

	foreach(lc, constraints)
	{
		Node	   *node = lfirst(lc);

		if (IsA(node, Constraint) && ((Constraint *) node)->contype == CONSTR_FOREIGN)
			sf_risk_add_range(risk, ((Constraint *) node)->pktable, mode);
	}
}

/* The default partition of a table as it is before; NULL: none. */
static const SfFact *
default_partition(const SfRiskCase *it, char *schema, char *name)
{
	const SfFact *whole = it->context->before && schema ?
		sf_risk_find_relation(it->context->before, schema, name) : NULL;

	return whole ? sf_default_partition(whole) : NULL;
}

/* As it is before, or as the plan makes it. */
static const SfFact *
find_table(const SfRiskCase *it, char *schema, char *name)
{
	const SfRiskContext *context = it->context;
	const SfFact *found = context->before && schema ? sf_risk_find_relation(context->before, schema, name) : NULL;

	return found || context->after == NULL || schema == NULL ? found :
		sf_risk_find_relation(context->after, schema, name);
}

bool
sf_risk_makes(const SfRisk *risk, const SfFact *foreign_key)
{
	ListCell   *lc;

	foreach(lc, risk->operations)
	{
		const SfOperation *op = lfirst(lc);
		const Node *def = op->verb == SF_RISK_CREATE_NOT_VALID && IsA(op->node, AlterTableCmd) ?
			((AlterTableCmd *) op->node)->def : NULL;

		if (def && IsA(def, Constraint) && ((const Constraint *) def)->contype == CONSTR_FOREIGN && op->schema &&
			strcmp(((const Constraint *) def)->conname, sf_last(foreign_key)) == 0 &&
			strcmp(op->schema, foreign_key->name[0]) == 0 && strcmp(op->relation, foreign_key->name[1]) == 0)
			return true;
	}
	return false;
}

/* What a foreign key refers to: it needs the key there.  NULL: not known. */
static const SfFact *
referenced(const SfFact *fk)
{
	static const char *const keys[] = {"primary key", "unique", "index"};
	ListCell   *lc;

	foreach(lc, fk->needs)
		for (int i = 0; i < lengthof(keys); i++)
			if (sf_is_kind(((SfEdge *) lfirst(lc))->to, keys[i]))
				return sf_risk_table_of(((SfEdge *) lfirst(lc))->to);
	return NULL;
}

/* Has the table a foreign key to the other by now? A copy refers to what its original does. */
static bool
refers_to(const SfRiskCase *it, const SfFact *table, const SfFact *other)
{
	ListCell   *lc;

	foreach(lc, table ? table->children : NIL)
	{
		const SfFact *fk = lfirst(lc);

		if (!sf_is_kind(fk, "foreign key") || list_member_ptr(it->context->later, fk))
			continue;
		while (referenced(fk) == NULL && sf_implied_by(fk))
			fk = sf_implied_by(fk);
		if (referenced(fk) && (referenced(fk) == other || referenced(fk)->twin == other))
			return true;
	}
	return false;
}

/*
 * The foreign keys of a whole come to the part, or leave it: triggers are made at the other end; those of a key that
 * the part had for itself are dropped there.
 */
static void
lock_own_keys(SfRisk *risk, const SfRiskCase *it, const SfFact *whole, const SfFact *part)
{
	ListCell   *lc;

	foreach(lc, whole->children)
	{
		const SfFact *other = sf_is_kind(lfirst(lc), "foreign key") ? referenced(lfirst(lc)) : NULL;

		if (other && !list_member_ptr(it->context->later, lfirst(lc)))
			sf_risk_add_lock(risk, other->name[0], other->name[1],
							 refers_to(it, part, other) ? AccessExclusiveLock : ShareRowExclusiveLock);
	}
}

/*
 * The foreign keys that refer to a whole, or to what that is a part of, refer to the part, too; or no more: then their
 * tables are searched for rows.
 */
static void
lock_keys_onto(SfRisk *risk, const SfRiskCase *it, const SfFact *whole, bool leaves)
{
	ListCell   *lc,
			   *ln;

	for (; whole; whole = sf_whole_of(whole))
		foreach(lc, whole->children)
			foreach(ln, ((SfFact *) lfirst(lc))->needed_by)
			{
				const SfFact *fk = ((SfEdge *) lfirst(ln))->from;

				if (!sf_is_kind(fk, "foreign key") || sf_implied_by(fk) || referenced(fk) != whole ||
					list_member_ptr(it->context->later, fk))
					continue;
				sf_risk_add_lock(risk, fk->parent->name[0], fk->parent->name[1],
								 leaves ? AccessExclusiveLock : ShareRowExclusiveLock);
				if (leaves)
					risk->effects |= SF_RISK_SCANS;
			}
}

/*
 * The whole and the part; a default partition is locked, and read for what belongs to a new one.  The part comes
 * first: it is what is read.
 */
void
sf_refine_attach(SfRisk *risk, const SfRiskCase *it)
{
	const SfOperation *op = it->operation;
	const RangeVar *range = castNode(PartitionCmd, ((AlterTableCmd *) op->node)->def)->name;
	const SfFact *others = default_partition(it, op->schema, op->relation);
	const SfFact *whole = find_table(it, op->schema, op->relation);
	bool		leaves = op->verb == SF_RISK_DROP || op->verb == SF_RISK_DROP_CONCURRENTLY;

	risk->locks = NIL;
	sf_risk_add_range(risk, range, it->entry->lock);
	sf_risk_add_lock(risk, op->schema, op->relation, it->entry->partner);
	if (whole)
		lock_own_keys(risk, it, whole, leaves ? NULL : find_table(it, sf_risk_schema(range), range->relname));
	lock_keys_onto(risk, it, whole, leaves);
	if (others)
		sf_risk_add_lock(risk, others->name[0], others->name[1], AccessExclusiveLock);
	if (it->context->proven && (risk->effects & SF_RISK_SCANS))
	{
		risk->why = "valid checks prove it, nothing is read";
		risk->effects &= ~SF_RISK_SCANS;
	}
}

/* The child, and the parent. */
void
sf_refine_inherit(SfRisk *risk, const SfRiskCase *it)
{
	sf_risk_add_range(risk, castNode(RangeVar, ((AlterTableCmd *) it->operation->node)->def), it->entry->partner);
}

/* A plan that makes, or moves, what the table is a child by only lets go of what another parent says as well. */
void
sf_refine_disinherit(SfRisk *risk, const SfRiskCase *it)
{
	if (it->context->new == NULL || !it->context->new->kind->attaches)
		return;
	risk->effects &= ~SF_RISK_NARROWS;
	risk->why = NULL;
}

/* As a partition: the whole is locked, and the default partition read. */
static void
lock_whole(SfRisk *risk, const SfRiskCase *it, const RangeVar *range)
{
	char	   *schema = sf_risk_schema(range);
	const SfFact *others = default_partition(it, schema, range->relname);
	const SfFact *whole = find_table(it, schema, range->relname);

	if (whole)
		lock_own_keys(risk, it, whole, NULL);
	lock_keys_onto(risk, it, whole, false);
	if (others)
	{
		sf_risk_add_lock(risk, others->name[0], others->name[1], AccessExclusiveLock);
		risk->effects |= SF_RISK_SCANS;
	}
	sf_risk_add_lock(risk, schema, range->relname, AccessExclusiveLock);
}

void
sf_risk_lock_whole_of(SfRisk *risk, const SfRiskCase *it)
{
	const SfFact *table = sf_risk_fact(it, "table");
	const SfFact *whole = table ? sf_whole_of(table) : NULL;
	const SfFact *others;

	if (!sf_is_partitioned(whole))
		return;
	sf_risk_add_lock(risk, whole->name[0], whole->name[1], AccessExclusiveLock);
	others = sf_default_partition(whole);
	if (others)
		sf_risk_add_lock(risk, others->name[0], others->name[1], AccessExclusiveLock);
}

void
sf_refine_table_create(SfRisk *risk, const SfRiskCase *it)
{
	ListCell   *lc;
	CreateStmt *create = (CreateStmt *) it->operation->node;

	if (create->partbound)
		lock_whole(risk, it, linitial(create->inhRelations));

	sf_risk_lock_referenced(risk, create->tableElts, it->entry->partner);
	sf_risk_lock_referenced(risk, create->constraints, it->entry->partner);
	foreach(lc, create->tableElts)
		if (IsA(lfirst(lc), ColumnDef))
			sf_risk_lock_referenced(risk, ((ColumnDef *) lfirst(lc))->constraints, it->entry->partner);
}

/* The other tables of the foreign keys that the operation makes, takes away or is about. */
void
sf_refine_partners(SfRisk *risk, const SfRiskCase *it)
{
	LOCKMODE	mode = it->entry->partner;
	List	   *made = constraints_of(it);
	const SfFact *fact;
	ListCell   *lc;

	sf_risk_lock_referenced(risk, made, mode);
	if ((fact = sf_risk_fact(it, "foreign key")) != NULL)
		lock_fk_tables(risk, fact, mode);
	else if (made)				/* under a name of its own, for now: it says itself what it refers to */
		return;
	else if ((fact = sf_risk_fact(it, "column")) != NULL)
		sf_risk_lock_keys_of(risk, fact, mode);
	else if ((fact = sf_risk_fact(it, "table")) != NULL)
		foreach(lc, fact->children)
		{
			if (sf_is_kind(lfirst(lc), "foreign key"))
				lock_fk_tables(risk, lfirst(lc), mode);
		}
}

/* Has the table a foreign key of its own to the other?  By the catalogs, without a lock. */
static bool
has_own_key(Oid table, Oid other)
{
	Relation	catalog = table_open(ConstraintRelationId, AccessShareLock);
	bool		found = false;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
	scan = systable_beginscan(catalog, ConstraintRelidTypidNameIndexId, true, NULL, 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		const FormData_pg_constraint *form = (Form_pg_constraint) GETSTRUCT(tuple);

		found = form->contype == CONSTRAINT_FOREIGN && form->confrelid == other && !OidIsValid(form->conparentid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

/*
 * Have partitions foreign keys of their own, which the whole's takes over?  The triggers at the other end go; those at
 * theirs, too, when that is partitioned.  Facts would not do: the plan has made those keys meanwhile.
 */
static bool
lock_parts(SfRisk *risk, const RangeVar *whole, const RangeVar *other)
{
	Oid			relation = RangeVarGetRelid(whole, NoLock, true),
				referenced = RangeVarGetRelid(other, NoLock, true);
	bool		found = false;
	ListCell   *lc;

	if (!OidIsValid(relation) || !OidIsValid(referenced))
		return false;
	foreach(lc, find_all_inheritors(relation, NoLock, NULL))
	{
		Oid			part = lfirst_oid(lc);

		CHECK_FOR_INTERRUPTS();
		if (part == relation || !has_own_key(part, referenced))
			continue;
		found = true;
		if (get_rel_relkind(referenced) == RELKIND_PARTITIONED_TABLE)
			sf_risk_add_lock(risk, get_namespace_name(get_rel_namespace(part)), get_rel_name(part),
							 AccessExclusiveLock);
	}
	return found;
}

/* The same in a plan, of those that it makes. */
static void
lock_copies(SfRisk *risk, const SfFact *fk)
{
	const SfFact *other = referenced(fk);
	ListCell   *lc;

	if (!sf_is_partitioned(other))
		return;
	foreach(lc, sf_copies_of(fk))
	{
		const SfFact *table = sf_risk_table_of(lfirst(lc));

		sf_risk_add_lock(risk, table->name[0], table->name[1], AccessExclusiveLock);
		lock_copies(risk, lfirst(lc));
	}
}

/* A partitioned table's takes over what its partitions have. */
void
sf_refine_foreign_key(SfRisk *risk, const SfRiskCase *it)
{
	const SfOperation *op = it->operation;
	const Node *def = IsA(op->node, AlterTableCmd) ? ((AlterTableCmd *) op->node)->def : NULL;
	const RangeVar *other = def && IsA(def, Constraint) ? ((const Constraint *) def)->pktable : NULL;
	bool		taken_over = it->context->proven;

	sf_refine_partners(risk, it);
	if (it->context->proven)
	{
		risk->why = "each partition has it, proved: nothing is read";
		risk->effects &= ~SF_RISK_SCANS;
		if (it->context->new)
			lock_copies(risk, it->context->new);
	}
	if (other && op->schema && lock_parts(risk, makeRangeVar(op->schema, op->relation, -1), other))
		taken_over = true;
	if (taken_over && other)
		sf_risk_add_range(risk, other, AccessExclusiveLock);
}
