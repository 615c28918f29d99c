/*
 * way.c - which migrations lead from where this database stands to a revision (way.h).
 *
 * Memory: current context.  No locks: the runner is alone (run.c).
 */
#include "postgres.h"

#include "miscadmin.h"

#include "apply/way.h"

/* ---- what to type ---- */

char *
sf_call_to_run(const SfRevision *r, SfDirection direction)
{
	return psprintf("CALL %s('%s')", direction == SF_UP ? "sf_upgrade" : "sf_downgrade",
					direction == SF_UP ? r->revision : r->nparent_names == 0 ? "base" : r->parent_names[0]);
}

char *
sf_script_of(const SfRevision *r, SfDirection direction)
{
	return psprintf("SELECT sf_script('%s'%s)", r->revision, direction == SF_UP ? "" : ", 'down'");
}

void
sf_refuse_half_done(const SfRevision *r)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("revision \"%s\" is %s", r->revision, sf_revision_state(r)),
			 r->undoing ? errdetail("Undoing what was done of it was stopped.") :
			 errdetail("It has to be finished or undone before anything else."),
			 r->undoing ? errhint("CALL sf_abort() goes on with it.") :
			 errhint("Finish it: %s, or by script: %s. Or undo what was done of it: CALL sf_abort().",
					 sf_call_to_run(r, r->direction), sf_script_of(r, r->direction))));
}

/* ---- the way ---- */

static List *
way_up(List *way, SfRevision *r)
{
	ListCell   *lc;

	check_stack_depth();
	if (list_member_ptr(way, r) || (sf_is_applied(r) && !sf_is_partly(r)))
		return way;
	foreach(lc, r->parents)
		way = way_up(way, lfirst(lc));
	return lappend(way, r);
}

/* All that is applied and is not wanted, the latest first. */
static List *
way_down(List *revisions, SfRevision *target)
{
	List	   *way = NIL;

	for (int i = list_length(revisions) - 1; i >= 0; i--)
	{
		SfRevision *r = list_nth(revisions, i);

		if ((sf_is_applied(r) || sf_is_partly(r)) && !(target && sf_is_ancestor(r, target)))
			way = lappend(way, r);
	}
	return way;
}

/* One that was left in the middle comes first: nothing else can be compared with the schema meanwhile. */
static void
check_half_done(List *revisions, List *way, SfDirection direction)
{
	ListCell   *lc;

	foreach(lc, revisions)
	{
		SfRevision *r = lfirst(lc);

		if (!sf_is_partly(r) || (list_member_ptr(way, r) && r->direction == direction && !r->undoing))
			continue;
		sf_refuse_half_done(r);
	}
}

List *
sf_way(List *revisions, const char *to, SfDirection direction)
{
	SfRevision *target = sf_revision_resolve(revisions, to);
	List	   *way;

	if (target == NULL && direction == SF_UP)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is base: nothing leads up to it", to),
				 errhint("CALL sf_downgrade('base') goes back to it.")));
	way = direction == SF_UP ? way_up(NIL, target) : way_down(revisions, target);
	check_half_done(revisions, way, direction);
	if (direction == SF_DOWN && target && !sf_is_applied(target))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("revision \"%s\" is not applied here, so there is no way down to it", target->revision),
				 errdetail("It is %s.", sf_revision_state(target)),
				 errhint("SELECT * FROM sf_history() shows what is applied; CALL sf_upgrade('%s') goes up to it.",
						 target->revision)));
	return way;
}
