/*
 * follow.c - archived values stay with the rows that they belong to.
 *
 * A value in the archive belongs to a row, by its key.  When the row gets another key, so does the value; when the row
 * goes, the value goes: whoever gets the key later must not get it (and who asked for his data to be erased must not
 * find it here).  Triggers on the live table see to it (follow.h).
 *
 * Where a table has no key, the key is the place of the row (ctid), which a VACUUM FULL or another rewrite changes
 * without a word: then there is no telling any more.  schemaflow.sf_archive_follows() says whether they are there, and
 * the places are those of the file that they were made for.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_trigger.h"
#include "fmgr.h"

#include "apply/follow.h"
#include "phases/archive.h"

PG_FUNCTION_INFO_V1(sf_archive_follow);
PG_FUNCTION_INFO_V1(sf_archive_keep);

/* Does it matter to the archive? Gets the keys. */
static bool
matters(SfChange *change)
{
	TriggerEvent event = change->data->tg_event;

	if (TRIGGER_FIRED_BY_TRUNCATE(event))
		return true;
	if (!sf_change_key(change, change->data->tg_trigtuple, 0))
		return false;
	return !TRIGGER_FIRED_BY_UPDATE(event) || !sf_change_key(change, change->data->tg_newtuple, change->n) ||
		!sf_change_same_key(change);
}

static void
follow(SfChange *change, Relation archive)
{
	TriggerEvent event = change->data->tg_event;

	if (TRIGGER_FIRED_BY_TRUNCATE(event))
		sf_deed(archive, SF_DEED_EMPTY, change, 0);
	else if (TRIGGER_FIRED_BY_DELETE(event) || !sf_change_key(change, change->data->tg_newtuple, change->n))
		sf_deed(archive, SF_DEED_FORGET, change, 0);
	else
	{
		/* Only where the key is none any more can a value have the new one: then nobody knows whose it is. */
		sf_deed(archive, SF_DEED_FORGET, change, change->n);
		sf_deed(archive, SF_DEED_MOVE, change, 0);
	}
}

Datum
sf_archive_keep(PG_FUNCTION_ARGS)
{
	SfChange	change;

	if (!CALLED_AS_TRIGGER(fcinfo) || !((TriggerData *) fcinfo->context)->tg_trigger->tgisinternal)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("sf_archive_keep() is for triggers that sf_archive_follow() makes"),
				 errhint("SELECT sql FROM sf_steps() shows how a migration calls it.")));
	if (sf_change_of(&change, (TriggerData *) fcinfo->context, 1) && matters(&change))
		sf_change_archive(&change, follow);
	return PointerGetDatum(NULL);
}

/* From here on writers wait until the transaction has ended. */
Datum
sf_archive_follow(PG_FUNCTION_ARGS)
{
	Relation	live = relation_open(PG_GETARG_OID(0), ShareRowExclusiveLock);
	Relation	archive = relation_open(PG_GETARG_OID(1), AccessExclusiveLock);
	List	   *args;

	sf_follow_check(live, NULL);
	sf_follow_check(archive, SF_ARCHIVE_SCHEMA);
	args = sf_follow_key(list_make1(makeString(psprintf("%u", RelationGetRelid(archive)))), live, archive,
						 PG_GETARG_ARRAYTYPE_P(2));
	sf_follow_trigger(live, archive, "sf_archive", "sf_archive_keep", args,
					  TRIGGER_TYPE_ROW | TRIGGER_TYPE_DELETE | TRIGGER_TYPE_UPDATE, TRIGGER_FIRES_ON_ORIGIN, 0);
	sf_follow_trigger(live, archive, "sf_archive", "sf_archive_keep", args, TRIGGER_TYPE_TRUNCATE,
					  TRIGGER_FIRES_ON_ORIGIN, 0);
	relation_close(archive, NoLock);
	relation_close(live, NoLock);
	PG_RETURN_VOID();
}
