/*
 * undo.c - the way back from the middle of a migration (undo.h).
 *
 * What was kept is a row of schemaflow.start, one for a database: only one migration is half done at a time.  Written
 * as the extension's owner, by the runner only.  The journal says "abort" of what is undone; while it is half undone,
 * the entry is one of the way back, so that nothing else goes on from there.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"

#include "apply/state.h"
#include "apply/undo.h"
#include "compat.h"
#include "facts/live.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "plan/plan.h"
#include "server/owner.h"

/* ---- what is kept ---- */

void
sf_undo_keep(const SfMigration *m, SfDirection direction, const SfFactBase *before)
{
	StringInfoData facts;
	const char *args[] = {sf_origin_system(), sf_origin_database(), m->revision, sf_direction_name(direction), NULL,
	psprintf("%d", SF_FACT_FORMAT), psprintf("%d", SF_MAJOR)};
	SfOwnerState owner;
	ListCell   *lc;

	initStringInfo(&facts);
	foreach(lc, before->facts)
	{
		CHECK_FOR_INTERRUPTS();
		sf_fact_encode(lfirst(lc), &facts);
		appendStringInfoChar(&facts, '\n');
	}
	args[4] = facts.data;
	sf_owner_enter(&owner);
	sf_execute("INSERT INTO schemaflow.start (system_identifier, database_oid, revision, direction, facts, format, "
			   "major) VALUES ($1::bigint, $2::oid, $3, $4, $5, $6::integer, $7::integer) "
			   "ON CONFLICT (system_identifier, database_oid) DO UPDATE SET revision = excluded.revision, "
			   "direction = excluded.direction, facts = excluded.facts, format = excluded.format, "
			   "major = excluded.major", lengthof(args), args);
	sf_owner_leave(&owner);
}

static SfFactBase *
kept(const SfMigration *m, SfDirection *ran)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), m->revision, psprintf("%d", SF_FACT_FORMAT),
	psprintf("%d", SF_MAJOR)};
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query("SELECT direction, facts FROM schemaflow.start WHERE " SF_ORIGIN_IS_OURS
								" AND revision = $3 AND format = $4::integer AND major = $5::integer",
								lengthof(args), args);
	SfFactBase *base;
	char	   *rest;

	sf_pins_leave(pins);
	if (rows->nrows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("where revision \"%s\" started from was not kept", m->revision),
				 errdetail("It was begun by a script, or by another version of the server."),
				 errhint("Finish it, then go back: SELECT * FROM sf_history() shows how it stands.")));
	*ran = strcmp(sf_cell(rows, 0, 0), sf_direction_name(SF_UP)) == 0 ? SF_UP : SF_DOWN;
	base = sf_base_new("start");
	rest = sf_cell(rows, 0, 1);
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
	{
		CHECK_FOR_INTERRUPTS();
		if (*line)
			(void) sf_fact_decode(base, line);
	}
	sf_base_finish(base);
	return base;
}

/* ---- the way back ---- */

SfMigration *
sf_undo_make(const SfMigration *m, SfDirection *direction)
{
	SfMigration *undo = palloc(sizeof(SfMigration));
	SfPlanOptions options = {m->owner, NIL};
	SfDirection ran;
	SfFactBase *start = kept(m, &ran),
			   *live = sf_live_facts();

	sf_base_finish(live);
	sf_state_scope(m->state, start);
	sf_state_scope(m->state, live);
	*undo = *m;
	*direction = ran == SF_UP ? SF_DOWN : SF_UP;
	undo->steps[ran] = NIL;
	undo->steps[*direction] = sf_steps_make(sf_plan_make(live, start, &options));
	return undo;
}

/* Did the step take something away, or change its name? Then a comparison of facts does not find the way back. */
static bool
is_one_way(const SfStep *step)
{
	List	   *statements = raw_parser(step->sql, RAW_PARSE_DEFAULT);

	return step->loses_data || IsA(linitial_node(RawStmt, statements)->stmt, RenameStmt);
}

static bool
has_label(const SfFactBase *base, const char *label)
{
	ListCell   *lc;

	foreach(lc, base->facts)
		if (strcmp(sf_fact_label(lfirst(lc)), label) == 0)
			return true;
	return false;
}

bool
sf_undo_is_harmless(const SfMigration *m, SfDirection ran, const SfMigration *undo)
{
	SfDirection kept_direction;
	SfFactBase *start = kept(m, &kept_direction);
	SfRevision *r = sf_revision_find(sf_revisions(), m->revision);
	ListCell   *lc;

	if (r == NULL)
		return false;
	foreach(lc, m->steps[ran])
	{
		const SfStep *step = lfirst(lc);

		if (sf_is_partly(r) && step->transaction <= r->done && is_one_way(step))
			return false;
	}
	foreach(lc, undo->steps[ran == SF_UP ? SF_DOWN : SF_UP])
	{
		const SfStep *step = lfirst(lc);

		/* What was not there when we began is ours to drop. */
		if (step->loses_data && has_label(start, step->object))
			return false;
	}
	return true;
}

/* ---- the journal ---- */

void
sf_undo_begin(const SfMigration *undo, SfDirection direction)
{
	sf_undo_mark(undo, direction, 0);
}

void
sf_undo_mark(const SfMigration *undo, SfDirection direction, int transaction)
{
	sf_history_lock();
	sf_journal_add(undo->revision, direction, transaction, sf_transactions(undo, direction), SF_HOW_ABORT);
}
