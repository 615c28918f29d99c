/*
 * evtrigger.c - event triggers of a scratch: kept from firing, and shown as the text said.
 *
 * An event trigger that a text makes would fire at the statements behind it, with its owner's rights.  So each is
 * disabled when it is made (allow.c), and what the text says of its state is noted here.  Who reads the catalogs asks
 * for the states as said, and takes that back before anything else runs.  The list dies with the process, which does
 * one job; rows are updated in place of ALTER, since the job's role need not own them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_event_trigger.h"
#include "commands/event_trigger.h"
#include "commands/trigger.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "server/internal.h"

typedef struct Said
{
	Oid			oid;
	char		state;			/* pg_event_trigger.evtenabled */
} Said;

static List *said = NIL;		/* of Said */

static void
set_state(Oid oid, char state)
{
	Relation	rel = table_open(EventTriggerRelationId, RowExclusiveLock);
	HeapTuple	tuple = SearchSysCacheCopy1(EVENTTRIGGEROID, ObjectIdGetDatum(oid));

	/* Dropped since, or made by what was rolled back. */
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_event_trigger form = (Form_pg_event_trigger) GETSTRUCT(tuple);

		if (form->evtenabled != state)
		{
			form->evtenabled = state;
			CatalogTupleUpdate(rel, &tuple->t_self, tuple);
			CommandCounterIncrement();
		}
		heap_freetuple(tuple);
	}
	table_close(rel, RowExclusiveLock);
}

void
sf_event_trigger_said(const char *name, char state)
{
	Oid			oid = get_event_trigger_oid(name, true);
	MemoryContext caller;
	Said	   *entry;
	ListCell   *lc;

	if (!OidIsValid(oid))
		return;
	foreach(lc, said)
		if (((Said *) lfirst(lc))->oid == oid)
		{
			((Said *) lfirst(lc))->state = state;
			return;
		}
	caller = MemoryContextSwitchTo(TopMemoryContext);
	entry = palloc(sizeof(Said));
	entry->oid = oid;
	entry->state = state;
	said = lappend(said, entry);
	MemoryContextSwitchTo(caller);
}

void
sf_event_trigger_made(const char *name)
{
	CommandCounterIncrement();
	sf_event_trigger_said(name, TRIGGER_FIRES_ON_ORIGIN);
	set_state(get_event_trigger_oid(name, false), TRIGGER_DISABLED);
}

void
sf_worker_show_event_triggers(bool as_said)
{
	ListCell   *lc;

	foreach(lc, said)
	{
		const Said *entry = lfirst(lc);

		set_state(entry->oid, as_said ? entry->state : TRIGGER_DISABLED);
	}
}
