/*
 * cut.c - units of steps, cut into transactions.  See cut.h.
 */
#include "postgres.h"

#include "access/twophase.h"
#include "guc.h"
#include "miscadmin.h"
#include "phases/cut.h"
#include "phases/steps.h"
#include "storage/lock.h"

static bool
is_subset(List *tables, List *of)
{
	ListCell   *lc;

	foreach(lc, tables)
		if (!list_member_ptr(of, lfirst(lc)))
			return false;
	return true;
}

static int
max_locks(void)
{
	int			setting = sf_guc_max_locks();

	if (setting > 0)
		return setting;
	return (int) Min((int64) max_locks_per_xact * (MaxConnections + max_prepared_xacts) / 4, INT_MAX);
}

/* May the unit go on in the transaction that holds what "open" has gathered? */
static bool
joins(const SfUnit *open, const SfUnit *unit)
{
	if (open->alone || unit->alone)
		return false;
	if (open->validates != unit->validates || (open->new_later && !unit->new_later))
		return false;
	if (open->locks + unit->locks > max_locks())
		return false;
	if (unit->validates)
		return false;
	return is_subset(unit->tables, open->tables) || is_subset(open->tables, unit->tables);
}

List *
sf_cut(List *units)
{
	List	   *steps = NIL;
	SfUnit	   *open = NULL;
	int			transaction = 0;
	ListCell   *lc,
			   *ls;

	foreach(lc, units)
	{
		SfUnit	   *unit = lfirst(lc);

		if (unit->steps == NIL)
			continue;
		if (open == NULL || !joins(open, unit))
		{
			transaction++;
			open = palloc0(sizeof(SfUnit));
			open->validates = unit->validates;
			open->alone = unit->alone;
		}
		open->tables = list_concat_unique_ptr(open->tables, unit->tables);
		open->locks += unit->locks;
		open->new_later = open->new_later || unit->new_later;
		foreach(ls, unit->steps)
		{
			SfStep	   *step = lfirst(ls);

			step->transaction = transaction;
			steps = lappend(steps, step);
			step->n = list_length(steps);
		}
	}
	return steps;
}
