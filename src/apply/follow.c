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

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "fmgr.h"
#include "utils/memutils.h"

#include "apply/follow.h"
#include "phases/archive.h"

PG_FUNCTION_INFO_V1(sf_archive_follow);
PG_FUNCTION_INFO_V1(sf_archive_keep);

/* ---- rows that move ---- */

/*
 * An UPDATE that gives a row another partition deletes it here and inserts it there; behind it come the triggers for
 * both, in this order.  What the first knows of the row is kept for the second.
 */
typedef struct Leaving
{
	const char *archive;		/* its OID, as triggers have it */
	CommandId	command;		/* the UPDATE */
	Datum		key[INDEX_MAX_KEYS];
} Leaving;

static List *leaving = NIL;		/* of Leaving; of this transaction: */
static TransactionId left_in = InvalidTransactionId;

static List *
still_leaving(void)
{
	if (!TransactionIdEquals(left_in, GetTopTransactionIdIfAny()))
		leaving = NIL;
	return leaving;
}

static void
leave(SfChange *change)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	Leaving    *row = palloc(sizeof(Leaving));

	row->archive = pstrdup(change->data->tg_trigger->tgargs[0]);
	row->command = HeapTupleHeaderGetCmax(change->data->tg_trigtuple->t_data);
	sf_change_copy_key(change, row->key);
	leaving = lcons(row, still_leaving());
	left_in = GetTopTransactionId();
	MemoryContextSwitchTo(old);
}

/* Has the row come from another partition?  Then its key there is the old one, its key here the new one. */
static bool
arrives(SfChange *change)
{
	HeapTuple	tuple = change->data->tg_trigtuple;
	ListCell   *lc;

	foreach(lc, still_leaving())
	{
		Leaving    *row = lfirst(lc);

		if (row->command != HeapTupleHeaderGetCmin(tuple->t_data) ||
			strcmp(row->archive, change->data->tg_trigger->tgargs[0]) != 0)
			continue;
		leaving = foreach_delete_current(leaving, lc);
		memcpy(change->values, row->key, change->n * sizeof(Datum));
		memset(change->is_null, 0, change->n * sizeof(bool));
		return sf_change_key(change, tuple, change->n);
	}
	return false;
}

/* ---- the trigger ---- */

/* Does it matter to the archive? Gets the keys. */
static bool
matters(SfChange *change)
{
	TriggerEvent event = change->data->tg_event;
	HeapTuple	row = change->data->tg_trigtuple;

	if (TRIGGER_FIRED_BY_TRUNCATE(event))
		return true;
	if (TRIGGER_FIRED_BY_INSERT(event))
		return arrives(change);
	if (!sf_change_key(change, row, 0))
		return false;
	if (TRIGGER_FIRED_BY_DELETE(event) && HeapTupleHeaderIndicatesMovedPartitions(row->t_data))
	{
		leave(change);
		return false;
	}
	return !TRIGGER_FIRED_BY_UPDATE(event) || !sf_change_key(change, change->data->tg_newtuple, change->n) ||
		!sf_change_same_key(change);
}

static void
follow(SfChange *change, Relation archive)
{
	TriggerEvent event = change->data->tg_event;

	if (TRIGGER_FIRED_BY_TRUNCATE(event))
	{
		/* Of several tables, this one. */
		change->values[0] = ObjectIdGetDatum(RelationGetRelid(change->data->tg_relation));
		change->is_null[0] = false;
		sf_deed(archive, SF_DEED_EMPTY, change, 0);
		if (change->key[change->n - 1] == SelfItemPointerAttributeNumber)
			sf_follow_anew(change->data->tg_relation, archive);
	}
	else if (TRIGGER_FIRED_BY_DELETE(event) ||
			 (TRIGGER_FIRED_BY_UPDATE(event) && !sf_change_key(change, change->data->tg_newtuple, change->n)))
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
	if (TRIGGER_FIRED_BY_INSERT(((TriggerData *) fcinfo->context)->tg_event) && still_leaving() == NIL)
		return PointerGetDatum(NULL);
	if (sf_change_of(&change, (TriggerData *) fcinfo->context, 1) && matters(&change))
		sf_change_archive(&change, follow);
	return PointerGetDatum(NULL);
}

void
sf_follow(Relation table, Relation archive, ArrayType *key)
{
	List	   *args = sf_follow_key(list_make1(makeString(psprintf("%u", RelationGetRelid(archive)))), table, archive,
									 key);
	int16		type = TRIGGER_TYPE_ROW | TRIGGER_TYPE_DELETE | TRIGGER_TYPE_UPDATE;

	/* Rows come from other partitions. */
	if (table->rd_rel->relispartition)
		type |= TRIGGER_TYPE_INSERT;
	sf_follow_trigger(table, archive, "sf_archive", "sf_archive_keep", args, type, TRIGGER_FIRES_ON_ORIGIN, 0);
	sf_follow_trigger(table, archive, "sf_archive", "sf_archive_keep", args, TRIGGER_TYPE_TRUNCATE,
					  TRIGGER_FIRES_ON_ORIGIN, 0);
}

/* From here on writers wait until the transaction has ended. */
Datum
sf_archive_follow(PG_FUNCTION_ARGS)
{
	Relation	live = relation_open(PG_GETARG_OID(0), ShareRowExclusiveLock);
	Relation	archive = relation_open(PG_GETARG_OID(1), AccessExclusiveLock);
	ArrayType  *key = PG_GETARG_ARRAYTYPE_P(2);
	ListCell   *lc;

	sf_follow_check(archive, SF_ARCHIVE_SCHEMA);
	foreach(lc, sf_follow_tables(live, key))
	{
		sf_follow(lfirst(lc), archive, key);
		relation_close(lfirst(lc), NoLock);
	}
	relation_close(archive, NoLock);
	relation_close(live, NoLock);
	PG_RETURN_VOID();
}
