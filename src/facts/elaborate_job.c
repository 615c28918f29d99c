/*
 * elaborate_job.c - the worker's side of elaboration: what comes in, who made what, what goes out.
 *
 * Protocol: facts are read before and after the text runs (elaborate_text.c); those that were there before are marked.
 * An object_access_hook of this worker's own notes which declaration makes each object.  State lives in a context of
 * its own under TopMemoryContext, since in SF_JOB_FRESH transactions come and go; the worker ends with the job.
 */
#include "postgres.h"

#include "catalog/objectaccess.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "facts/elaborate_run.h"
#include "facts/facts.h"
#include "facts/wire.h"
#include "kinds/kind.h"
#include "server/server.h"

static SfRun *current_run;
static object_access_hook_type previous_hook;

PGDLLEXPORT void sf_job_elaborate(SfJobContext *job);

static SfRun *read_payload(const SfJobContext *job);
static void note_maker(ObjectAccessType access, Oid classid, Oid objid, int subid, void *arg);
static void send_facts(SfRun *run, const char *row, const SfFactBase *base, const SfFactBase *baseline);
static const SfMaker *maker_of(SfRun *run, const SfFact *fact);

/* Event triggers are disabled here; the model has them as its text has. */
static SfFactBase *
read_as_said(void)
{
	SfFactBase *base;

	sf_worker_show_event_triggers(true);
	base = sf_facts_read(sf_own_schemas());
	sf_worker_show_event_triggers(false);
	return base;
}

void
sf_job_elaborate(SfJobContext *job)
{
	SfRun	   *run = read_payload(job);
	MemoryContext caller = MemoryContextSwitchTo(run->context);
	SfFactBase *baseline,
			   *base;
	ListCell   *lc;
	bool		complete;

	sf_block_begin(run);
	baseline = sf_facts_read(sf_own_schemas());
	sf_block_end(run);

	current_run = run;
	previous_hook = object_access_hook;
	object_access_hook = note_maker;
	sf_make_extensions(run);
	complete = sf_run_units(run) && sf_run_early(run);
	if (complete)
	{
		sf_run_privileged(run);
		sf_check_bodies(run);
	}
	object_access_hook = previous_hook;
	current_run = NULL;
	if (!complete)
	{
		MemoryContextSwitchTo(caller);
		return;
	}

	sf_block_begin(run);
	base = read_as_said();
	foreach(lc, base->not_modelled)
		ereport(NOTICE,
				(errmsg("%s is not modelled yet: no plan makes, changes or drops it", (char *) lfirst(lc))));
	send_facts(run, SF_ROW_FACT, base, baseline);
	if (run->renames != NIL)
	{
		sf_worker_become_bootstrap();
		foreach(lc, run->renames)
			sf_run_text(lfirst(lc));
		send_facts(run, SF_ROW_RENAMED, read_as_said(), baseline);
	}
	sf_block_end(run);
	MemoryContextSwitchTo(caller);
}

static SfRun *
read_payload(const SfJobContext *job)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "schemaflow elaboration", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	SfRun	   *run = palloc0(sizeof(SfRun));
	HASHCTL		ctl = {.keysize = sizeof(ObjectAddress), .entrysize = sizeof(SfMaker), .hcxt = context};
	SfWire		in = {job->payload, job->payload_len, 0};

	run->context = context;
	run->fresh = job->place == SF_JOB_FRESH;
	run->makers = hash_create("makers of objects", 1024, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	run->extend = sf_wire_int(&in);
	run->check_bodies = sf_wire_int(&in);
	for (int i = sf_wire_int(&in); i > 0; i--)
		run->live_extensions = lappend(run->live_extensions, unconstify(char *, sf_wire_text(&in)));
	for (int i = sf_wire_int(&in); i > 0; i--)
	{
		SfUnit	   *unit = palloc0(sizeof(SfUnit));

		run->owners = lappend_oid(run->owners, sf_wire_int(&in));
		unit->name = unconstify(char *, sf_wire_text(&in));
		unit->sql = unconstify(char *, sf_wire_text(&in));
		for (int k = sf_wire_int(&in); k > 0; k--)
		{
			SfDeclaration *declaration = palloc0(sizeof(SfDeclaration));

			declaration->unit = unit->name;
			declaration->n = sf_wire_int(&in);
			declaration->line = sf_wire_int(&in);
			declaration->dump = sf_wire_int(&in);
			declaration->tag = sf_wire_text(&in);
			declaration->text = unconstify(char *, sf_wire_text(&in));
			unit->declarations = lappend(unit->declarations, declaration);
		}
		run->units = lappend(run->units, unit);
	}
	for (int i = sf_wire_int(&in); i > 0; i--)
		run->renames = lappend(run->renames, unconstify(char *, sf_wire_text(&in)));
	MemoryContextSwitchTo(caller);
	return run;
}

/* ---- who made what ---- */

/* object_access_hook: creation counts; a change only when nobody of the text made the object. */
static void
note_maker(ObjectAccessType access, Oid classid, Oid objid, int subid, void *arg)
{
	SfRun	   *run = current_run;

	if (previous_hook != NULL)
		previous_hook(access, classid, objid, subid, arg);
	if (run != NULL && classid == ExtensionRelationId)
		run->extended = true;
	if (run != NULL && run->unit != NULL && (access == OAT_POST_CREATE || access == OAT_POST_ALTER))
	{
		ObjectAddress address;
		SfMaker	   *maker;
		bool		found;

		ObjectAddressSubSet(address, classid, objid, subid);
		maker = hash_search(run->makers, &address, HASH_ENTER, &found);
		if (!found)
			maker->search_path = NULL;
		if (!found || access == OAT_POST_CREATE)
		{
			maker->unit = run->unit;
			maker->declaration = run->declaration;
			if (classid == ProcedureRelationId && access == OAT_POST_CREATE)
				sf_note_routine(run, maker);
		}
	}
}

/* What a script said of members of an extension is told from what others say by being there first. */
void
sf_note_given(SfRun *run)
{
	MemoryContext caller;

	if (!run->extended)
		return;
	caller = MemoryContextSwitchTo(run->context);
	run->given = lappend(run->given, sf_facts_read_given());
	run->extended = false;
	MemoryContextSwitchTo(caller);
}

static bool
is_given(const SfRun *run, const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, fact->kind->given ? run->given : NIL)
	{
		const SfFact *given = sf_base_find(lfirst(lc), fact->key);

		if (given != NULL)
			return sf_same_fact(fact, given);
	}
	return false;
}

/* The fact's own record, its object's, or its parent's. */
static const SfMaker *
maker_of(SfRun *run, const SfFact *fact)
{
	for (; fact != NULL; fact = fact->parent)
	{
		ObjectAddress address = fact->addr;
		const SfMaker *maker = hash_search(run->makers, &address, HASH_FIND, NULL);

		if (maker == NULL && address.objectSubId != 0)
		{
			address.objectSubId = 0;
			maker = hash_search(run->makers, &address, HASH_FIND, NULL);
		}
		if (maker != NULL)
			return maker;
	}
	return NULL;
}

/* ---- rows to the caller ---- */

static void
send_facts(SfRun *run, const char *row, const SfFactBase *base, const SfFactBase *baseline)
{
	StringInfoData line;
	ListCell   *lc;

	initStringInfo(&line);
	foreach(lc, base->facts)
	{
		const SfFact *fact = lfirst(lc);
		const SfFact *empty = sf_base_find(baseline, fact->key);
		bool		same = (empty != NULL && sf_same_fact(fact, empty)) || is_given(run, fact);
		const SfMaker *maker = same ? NULL : maker_of(run, fact);
		char		address[64],
					declaration[16];
		const char *values[SF_ROW_COLUMNS] = {row, address, NULL, NULL, same ? "t" : NULL, NULL};

		snprintf(address, sizeof(address), "%u/%u/%d", fact->addr.classId, fact->addr.objectId, fact->addr.objectSubId);
		if (maker != NULL)
		{
			snprintf(declaration, sizeof(declaration), "%d", maker->declaration);
			values[2] = maker->unit->name;
			values[3] = declaration;
		}
		resetStringInfo(&line);
		sf_fact_encode(fact, &line);
		values[5] = line.data;
		sf_worker_send(SF_ROW_COLUMNS, values);
		CHECK_FOR_INTERRUPTS();
	}
}

void
sf_send_word(const char *word)
{
	const char *values[SF_ROW_COLUMNS] = {word, NULL, NULL, NULL, NULL, NULL};

	sf_worker_send(SF_ROW_COLUMNS, values);
}
