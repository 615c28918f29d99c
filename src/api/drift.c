/*
 * drift.c - SQL entry point sf_drift(): the live schema against what the last migration has left, and who did it.
 *
 * A migration keeps a hash of each object, so it is known which differ.  In what they differ is known as long as the
 * recorded model is the schema that the migration led to: then its facts are compared.  Who and when comes from the
 * guard's log.  Nothing is locked or written.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "api/result.h"
#include "apply/history.h"
#include "apply/state.h"
#include "compat.h"
#include "diff/diff.h"
#include "facts/live.h"
#include "facts/stored.h"
#include "kinds/kind.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"

PG_FUNCTION_INFO_V1(sf_drift);

/* The migration that the database stands at. */
static SfRevision *
last_migration(void)
{
	List	   *revisions = sf_revisions();
	List	   *current = sf_revisions_current(revisions);
	SfRevision *half = sf_revision_partly(revisions);

	if (half)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("revision \"%s\" is %s", half->revision, sf_revision_state(half)),
				 errdetail("In the middle of a migration the schema is neither the old one nor the new one."),
				 errhint("SELECT * FROM sf_status says how it stands.")));
	if (current == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no migration is applied here"),
				 errdetail("Drift is what differs from the schema that the last migration has left."),
				 errhint("SELECT * FROM sf_diff() compares with the model.")));
	return llast(current);
}

/*
 * Newest statement that was logged about it or about what it is in.  $3: its name, $4: that of its object; $5: since
 * when.
 */
static const char culprit[] =
"SELECT session_role, date_trunc('second', logged_at) FROM schemaflow.ddl_log WHERE " SF_ORIGIN_IS_OURS
" AND outcome NOT IN ('refused', 'migration') AND logged_at > $5::timestamptz"
" AND (object IN ($3, $4) OR right(object, length($4) + 4) = ' on ' || $4 OR starts_with(object, $3 || '.'))"
" ORDER BY object IS NOT DISTINCT FROM $3 DESC, logged_at DESC LIMIT 1";

typedef struct Drift
{
	SfResult   *result;
	const SfRevision *since;
} Drift;

static void
put(const Drift *drift, const char *label, const char *change, char *detail, const char *name, const char *object)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), name, object, drift->since->done_at};
	SfRows	   *rows = sf_query(culprit, lengthof(args), args);
	char	   *values[] = {pstrdup(label), pstrdup(change), detail, rows->nrows > 0 ? sf_cell(rows, 0, 0) : NULL,
	rows->nrows > 0 ? sf_cell(rows, 0, 1) : NULL};

	sf_result_put(drift->result, values);
}

static void
put_fact(const Drift *drift, const SfFact *fact, const char *change, char *detail)
{
	SfFact	   *object = sf_object_of(unconstify(SfFact *, fact));

	put(drift, sf_fact_label(fact), change, detail, sf_fact_name(fact), sf_fact_name(object));
}

static const char *
shown(const char *value)
{
	return value == NULL ? "(none)" : *value ? value : "''";
}

/* On its side only, and not because what it is in is. */
static bool
is_alone(const SfFact *fact)
{
	return !fact->unmanaged && fact->twin == NULL &&
		(fact->parent == NULL || fact->parent->unmanaged || fact->parent->twin);
}

/* Both sides paired: what came or went as a whole is one row, the attributes of a pair a row each. */
static void
put_facts(const Drift *drift, SfFactBase *live, SfFactBase *left)
{
	ListCell   *lc;

	foreach(lc, live->facts)
	{
		SfFact	   *fact = lfirst(lc);
		bool	   *changed = !fact->unmanaged && fact->twin ? sf_diff_attributes(fact->twin, fact) : NULL;

		CHECK_FOR_INTERRUPTS();
		if (is_alone(fact))
			put_fact(drift, fact, "made", NULL);
		for (int i = 0; changed && i < fact->kind->nattrs; i++)
			if (changed[i])
				put_fact(drift, fact, "altered", psprintf("%s: %s -> %s", fact->kind->attrs[i].name,
														  shown(fact->twin->attr[i]), shown(fact->attr[i])));
	}
	foreach(lc, left->facts)
	{
		SfFact	   *fact = lfirst(lc);

		if (is_alone(fact))
			put_fact(drift, fact, "dropped", NULL);
	}
}

/* The model, when it is what the migration led to; else NULL.  Sets what of the live schema it is about. */
static SfFactBase *
model_of(const SfMigration *m, SfFactBase *live)
{
	SfFactBase *model = sf_model_facts_apart();

	if (model == NULL)
		return NULL;
	sf_scope(live, model);
	return strcmp(sf_base_hash(model), m->to_hash) == 0 ? model : NULL;
}

Datum
sf_drift(PG_FUNCTION_ARGS)
{
	Drift		drift = {.result = sf_result_begin(fcinfo)};
	SfMigration *m;
	SfFactBase *live = sf_live_facts_apart(),
			   *model;
	int			pins;
	ListCell   *lc;

	drift.since = last_migration();
	m = sf_migration_load(drift.since->revision);
	model = model_of(m, live);
	pins = sf_pins_enter();
	if (model)
	{
		sf_diff_pair(live, model, NIL);
		put_facts(&drift, live, model);
	}
	else
	{
		bool		other_major = m->format != SF_FACT_FORMAT || m->major != SF_MAJOR;

		sf_base_finish(live);
		sf_state_scope(m->state, live);
		foreach(lc, sf_state_compare(m->state, live, true, other_major))
		{
			const SfStateDifference *difference = lfirst(lc);

			put(&drift, difference->label, difference->change, NULL, difference->name, difference->name);
		}
	}
	sf_pins_leave(pins);
	return (Datum) 0;
}
