/*
 * undo.c - the way back from the middle of a migration (undo.h).
 *
 * What was kept is a row of schemaflow.start, one for a database: only one migration is half done at a time.  Written
 * as the extension's owner, by the runner only.  The journal says "abort" of what is undone; while it is half undone,
 * the entry is one of the way back, so that nothing else goes on from there.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "apply/archive.h"
#include "apply/state.h"
#include "apply/undo.h"
#include "compat.h"
#include "diff/diff.h"
#include "facts/live.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "phases/archive.h"
#include "phases/generated.h"
#include "phases/shadow.h"
#include "plan/names.h"
#include "plan/plan.h"
#include "server/owner.h"

/* ---- what is kept ---- */

/* OIDs mean something in one database only: in a restored copy they are somebody else's. */
static char *
whose_addresses(void)
{
	return psprintf("%s %s", sf_origin_system(), sf_origin_database());
}

void
sf_undo_keep(const SfMigration *m, SfDirection direction, const SfFactBase *before)
{
	StringInfoData facts,
				addresses;
	const char *args[] = {sf_origin_system(), sf_origin_database(), m->revision, sf_direction_name(direction), NULL,
	psprintf("%d", SF_FACT_FORMAT), psprintf("%d", SF_MAJOR), NULL};
	SfOwnerState owner;
	ListCell   *lc;

	initStringInfo(&facts);
	initStringInfo(&addresses);
	appendStringInfoString(&addresses, whose_addresses());
	foreach(lc, before->facts)
	{
		const SfFact *fact = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		sf_fact_encode(fact, &facts);
		appendStringInfoChar(&facts, '\n');
		appendStringInfo(&addresses, "\n%u/%u/%d", fact->addr.classId, fact->addr.objectId, fact->addr.objectSubId);
	}
	args[4] = facts.data;
	args[7] = addresses.data;
	sf_owner_enter(&owner);
	sf_execute("INSERT INTO schemaflow.start (system_identifier, database_oid, revision, direction, facts, format, "
			   "major, addresses) VALUES ($1::bigint, $2::oid, $3, $4, $5, $6::integer, $7::integer, $8) "
			   "ON CONFLICT (system_identifier, database_oid) DO UPDATE SET revision = excluded.revision, "
			   "direction = excluded.direction, facts = excluded.facts, format = excluded.format, "
			   "major = excluded.major, addresses = excluded.addresses", lengthof(args), args);
	sf_owner_leave(&owner);
}

/* NULL: they were not kept. */
static SfFactBase *
find_kept(const SfMigration *m, SfDirection *ran)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), m->revision, psprintf("%d", SF_FACT_FORMAT),
	psprintf("%d", SF_MAJOR)};
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query("SELECT direction, facts, addresses FROM schemaflow.start WHERE " SF_ORIGIN_IS_OURS
								" AND revision = $3 AND format = $4::integer AND major = $5::integer",
								lengthof(args), args);
	SfFactBase *base;
	char	   *rest,
			   *addresses;

	sf_pins_leave(pins);
	if (rows->nrows == 0)
		return NULL;
	*ran = sf_direction_named(sf_cell(rows, 0, 0));
	base = sf_base_new("start");
	rest = sf_cell(rows, 0, 1);
	addresses = sf_cell(rows, 0, 2);
	if (addresses && strcmp(strsep(&addresses, "\n"), whose_addresses()) != 0)
		addresses = NULL;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
	{
		SfFact	   *fact = *line ? sf_fact_decode(base, line) : NULL;
		char	   *address = strsep(&addresses, "\n");
		ObjectAddress addr;

		CHECK_FOR_INTERRUPTS();
		if (fact && address && sscanf(address, "%u/%u/%d", &addr.classId, &addr.objectId, &addr.objectSubId) == 3 &&
			OidIsValid(addr.classId))
			sf_base_set_address(base, fact, addr.classId, addr.objectId, addr.objectSubId);
	}
	sf_base_finish(base);
	return base;
}

SfFactBase *
sf_undo_start(const SfMigration *m)
{
	SfDirection ran;

	return find_kept(m, &ran);
}

static SfFactBase *
kept(const SfMigration *m, SfDirection *ran)
{
	SfFactBase *base = find_kept(m, ran);

	if (base == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("where revision \"%s\" started from was not kept", m->revision),
				 errdetail("It was begun by a script, or by another version of the server."),
				 errhint("Finish it, then go back: SELECT * FROM sf_history() shows how it stands.")));
	return base;
}

/* ---- the way back ---- */

SfFact *
sf_undo_earlier(const SfFactBase *start, const SfFact *now)
{
	SfFact	   *fact = OidIsValid(now->addr.classId) ?
		sf_base_find_address(start, now->addr.classId, now->addr.objectId, now->addr.objectSubId) : NULL;

	return fact && fact->kind == now->kind ? fact : NULL;
}

/* The names that it takes once it has its old one back, in what it is inside of now. */
static List *
names_then(const SfFactBase *start, const SfFact *now, const SfFact *then)
{
	SfFact	   *back = sf_fact_copy(then);

	if (now->parent && sf_undo_earlier(start, now->parent) == then->parent)
		for (int i = 0; i < sf_diff_own_names(now); i++)
			back->name[i] = now->name[i];
	return sf_names_taken(back);
}

/* Of SfFact of live: what got another name since, by its OID; SfFact.note is what it was. */
static List *
note_renamed(const SfFactBase *live, const SfFactBase *start)
{
	List	   *renamed = NIL;
	ListCell   *lc;

	foreach(lc, live->facts)
	{
		SfFact	   *now = lfirst(lc),
				   *then = sf_undo_earlier(start, now);

		CHECK_FOR_INTERRUPTS();
		if (then == NULL || now->kind->rename == NULL || strcmp(sf_last(now), sf_last(then)) == 0)
			continue;
		now->note = then;
		renamed = lappend(renamed, now);
	}
	return renamed;
}

/* Without those whose old name another has, that keeps it.  They may have changed names among themselves. */
static List *
without_taken(const SfFactBase *live, const SfFactBase *start, List *renamed)
{
	List	   *free = NIL,
			   *names = NIL,
			   *taken = NIL;
	ListCell   *lc;

	foreach(lc, renamed)
		names = list_concat(names, names_then(start, lfirst(lc), ((SfFact *) lfirst(lc))->note));
	foreach(lc, names ? live->facts : NIL)
	{
		const SfFact *fact = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (fact->note == NULL && sf_takes_any(fact, names))
			taken = list_concat(taken, sf_names_taken(fact));
	}
	foreach(lc, renamed)
	{
		SfFact	   *now = lfirst(lc);
		bool		stays = false;
		ListCell   *ln;

		foreach(ln, names_then(start, now, now->note))
			stays = stays || sf_list_has(taken, lfirst(ln));
		if (stays)
			now->note = NULL;
		else
			free = lappend(free, now);
	}
	/* Who keeps the present name may be in another's way. */
	return list_length(free) < list_length(renamed) ? without_taken(live, start, free) : free;
}

/* Of SfHint: what has got another name and can have its own back; noted (SfFact.note). */
static List *
names_back(const SfFactBase *live, const SfFactBase *start)
{
	List	   *hints = NIL;
	ListCell   *lc;

	foreach(lc, without_taken(live, start, note_renamed(live, start)))
	{
		const SfFact *now = lfirst(lc);
		SfHint	   *hint = palloc(sizeof(SfHint));

		hint->old_key = now->key;
		hint->new_key = ((const SfFact *) now->note)->key;
		hints = lappend(hints, hint);
	}
	return hints;
}

static bool
mentions_renamed(const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, fact->children)
		if (((SfFact *) lfirst(lc))->note)
			return true;
	foreach(lc, fact->needs)
	{
		const SfEdge *edge = lfirst(lc);

		if (edge->to->note && edge->to != fact->parent)
			return true;
	}
	return false;
}

/* What a renamed object is mentioned in reads otherwise, and will not when the object has its name back. */
static void
overlook_names(const SfFactBase *live, const SfFactBase *start)
{
	ListCell   *lc;

	foreach(lc, live->facts)
	{
		SfFact	   *now = lfirst(lc),
				   *then = sf_undo_earlier(start, now);

		if (then && mentions_renamed(now))
			then->alias = now;
	}
	foreach(lc, live->facts)
		((SfFact *) lfirst(lc))->note = NULL;
}

static bool
is_hinted(List *hints, const SfFact *now)
{
	ListCell   *lc;

	foreach(lc, hints)
		if (strcmp(((SfHint *) lfirst(lc))->old_key, now->key) == 0)
			return true;
	return false;
}

/* What a rename waits for among the renames themselves.  alone: by SfAction.position of the whole plan. */
static List *
waits_for(const SfAction *action, SfAction **alone)
{
	List	   *after = NIL;
	ListCell   *lc;

	foreach(lc, action->after)
	{
		SfAfter    *link = palloc(sizeof(SfAfter));

		*link = *(SfAfter *) lfirst(lc);
		link->action = alone[link->action->position];
		if (link->action)
			after = lappend(after, link);
	}
	return after;
}

/* The renames of a plan that the hints tell, in their order, as one of their own. */
static SfPlan *
only_renames(const SfPlan *plan, List *hints)
{
	SfPlan	   *renames = palloc(sizeof(SfPlan));
	SfAction  **alone = palloc0(list_length(plan->actions) * sizeof(SfAction *));
	ListCell   *lc;

	*renames = *plan;
	renames->actions = NIL;
	foreach(lc, plan->actions)
	{
		SfAction   *action = lfirst(lc),
				   *copy;

		if (action->verb != SF_VERB_RENAME || action->rebuild || !is_hinted(hints, action->old))
			continue;
		copy = palloc(sizeof(SfAction));
		*copy = *action;
		copy->position = list_length(renames->actions);
		copy->after = waits_for(action, alone);
		copy->wishes = NIL;
		alone[action->position] = copy;
		renames->actions = lappend(renames->actions, copy);
	}
	return renames;
}

/*
 * What the steps up have put aside and is there comes back with what it belongs to; what those down have brought back
 * is put aside again, with what was written meanwhile.
 */
static List *
kept_by_now(const SfMigration *m, SfDirection ran, const SfFactBase *live, const SfFactBase *start)
{
	List	   *entries = NIL;
	ListCell   *lc;

	foreach(lc, m->steps[ran])
	{
		const SfStep *step = lfirst(lc);
		SfKept	   *entry;
		bool		is_there = step->archive && sf_archive_exists(step->archive);

		if (step->archive == NULL || (ran == SF_UP && !is_there))
			continue;
		entry = sf_archive_entry(ran == SF_UP ? start : live, m->steps[SF_UP], step->object, step->archive);
		if (entry == NULL)
			continue;
		/* A column that is coming back has all it has there, too; what is not back yet stays there. */
		entry->mirrored = ran == SF_DOWN && is_there;
		if (!entry->mirrored || sf_archive_is_coming_back(entry))
			entries = lappend(entries, entry);
	}
	return entries;
}

static SfMigration *
with_steps(const SfMigration *m, SfDirection direction, SfPlan *plan)
{
	SfMigration *undo = palloc(sizeof(SfMigration));

	*undo = *m;
	undo->steps[direction] = sf_steps_make(plan);
	undo->steps[direction == SF_UP ? SF_DOWN : SF_UP] = NIL;
	return undo;
}

SfMigration *
sf_undo_make(const SfMigration *m, SfDirection *direction, SfMigration **names)
{
	SfPlanOptions options = {m->owner};
	SfDirection ran;
	SfFactBase *start = kept(m, &ran),
			   *live = sf_live_facts();
	List	   *begun;
	SfPlan	   *plan,
			   *renames;

	sf_base_finish(live);
	sf_state_scope(m->state, start);
	sf_state_scope(m->state, live);
	options.hints = names_back(live, start);
	overlook_names(live, start);
	plan = sf_plan_make(live, start, &options);
	/* The order of things knows of contents that come back; which they are is said by pairs of facts. */
	options.kept = kept_by_now(m, ran, live, start);
	begun = sf_archives_begun(&options.kept);
	if (options.kept)
		plan = sf_plan_make(live, start, &options);
	plan->spares = sf_shadow_spares(live, start, m->steps[ran]);
	plan->computed = sf_generated_spares(live, start, m->steps[ran]);
	plan->begun = begun;
	renames = only_renames(plan, options.hints);
	*direction = ran == SF_UP ? SF_DOWN : SF_UP;
	*names = renames->actions ? with_steps(m, *direction, renames) : NULL;
	return with_steps(m, *direction, plan);
}

/* Was the object there when the migration began, under this name or another? */
static bool
was_there(const SfFactBase *start, const SfFactBase *live, const char *label)
{
	ListCell   *lc;

	foreach(lc, live->facts)
		if (sf_undo_earlier(start, lfirst(lc)) && strcmp(sf_fact_label(lfirst(lc)), label) == 0)
			return true;
	foreach(lc, start->facts)
		if (strcmp(sf_fact_label(lfirst(lc)), label) == 0)
			return true;
	return false;
}

bool
sf_undo_is_harmless(const SfMigration *m, SfDirection ran, const SfMigration *undo)
{
	SfDirection kept_direction;
	SfFactBase *start = kept(m, &kept_direction),
			   *live = sf_live_facts();
	SfRevision *r = sf_revision_find(sf_revisions(), m->revision);
	ListCell   *lc;

	if (r == NULL)
		return false;
	sf_base_finish(live);
	foreach(lc, m->steps[ran])
	{
		const SfStep *step = lfirst(lc);

		if (sf_is_partly(r) && !r->undoing && step->transaction <= r->done && step->loses_data)
			return false;
	}
	foreach(lc, undo->steps[ran == SF_UP ? SF_DOWN : SF_UP])
	{
		const SfStep *step = lfirst(lc);

		/* What was not there when we began is ours to drop. */
		if (step->loses_data && was_there(start, live, step->object))
			return false;
	}
	return true;
}

/* ---- the journal ---- */

void
sf_undo_mark(const SfMigration *undo, SfDirection direction, int transaction, bool more)
{
	sf_history_lock();
	sf_journal_add(undo->revision, direction, transaction, sf_transactions(undo, direction) + more, SF_HOW_ABORT);
}
