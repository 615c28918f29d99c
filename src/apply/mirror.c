/*
 * mirror.c - an archive has what a column has while both are there.
 *
 * A column that goes is copied into its archive in batches, ahead of the drop; one that has come back gets its values
 * from there in batches (phases/recipes_archive_batches.c).  Meanwhile applications write it.  Triggers on the table
 * keep the archive as the column is: each row that is written has its value there afterwards, whether or not a batch
 * has come to it.  So a batch only adds what is not there yet.  They go with the column, or with the archive.
 *
 * On the way back a row that is written before a batch has come to it gets its archived value by the write itself, but
 * for who writes that column: such a row may move out of the batches' reach, and its value's place in the archive with
 * it.  The statements of batches fire none of these (apply/dual_suspend.c).
 *
 * They come behind those that follow the keys (follow.c), by their names: a value is put where its row's key is now.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

#include "apply/follow.h"
#include "apply/row_values.h"
#include "phases/archive.h"

PG_FUNCTION_INFO_V1(sf_archive_mirror);
PG_FUNCTION_INFO_V1(sf_archive_mirrored);

/* Arguments of the triggers: the archive, the column, the key. */
#define COLUMN_ARGUMENT	1
#define KEY_ARGUMENT	2

static Datum
value_in(const SfChange *change, HeapTuple row, bool *is_null)
{
	return heap_getattr(row, change->value, RelationGetDescr(change->data->tg_relation), is_null);
}

static bool
same_value(const SfChange *change, Datum a, bool a_null, Datum b, bool b_null)
{
	Form_pg_attribute column = TupleDescAttr(RelationGetDescr(change->data->tg_relation), change->value - 1);

	if (a_null || b_null)
		return a_null == b_null;
	return datum_image_eq(a, b, column->attbyval, column->attlen);
}

/* Has the UPDATE left the value as it was? */
static bool
leaves_value(const SfChange *change)
{
	bool		old_null,
				new_null;
	Datum		old = value_in(change, change->data->tg_trigtuple, &old_null);
	Datum		new = value_in(change, change->data->tg_newtuple, &new_null);

	return same_value(change, old, old_null, new, new_null);
}

/* ---- behind a write: the archive gets what the row has ---- */

static void
put(SfChange *change, Relation archive)
{
	bool		update = TRIGGER_FIRED_BY_UPDATE(change->data->tg_event);
	HeapTuple	row = update ? change->data->tg_newtuple : change->data->tg_trigtuple;

	if (!sf_change_key(change, row, 0))
		return;
	change->values[change->n] = value_in(change, row, &change->is_null[change->n]);
	sf_deed(archive, update && leaves_value(change) ? SF_DEED_ADD : SF_DEED_PUT, change, 0);
}

/* ---- ahead of an update: the row gets what the archive has ---- */

/* The result of take(): values[n] is the row's value, if it has one there. */
typedef struct Taking
{
	SfChange	change;			/* first: take() is given its address */
	bool		found;
} Taking;

static void
take(SfChange *change, Relation archive)
{
	Taking	   *taking = (Taking *) change;
	Form_pg_attribute column = TupleDescAttr(RelationGetDescr(change->data->tg_relation), change->value - 1);
	bool		is_null;
	Datum		value;

	if (!sf_change_key(change, change->data->tg_trigtuple, 0))
		return;
	sf_deed(archive, SF_DEED_GET, change, 0);
	if (SPI_processed == 0)
		return;
	taking->found = true;
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	change->is_null[change->n] = is_null;
	change->values[change->n] = is_null ? (Datum) 0 : SPI_datumTransfer(value, column->attbyval, column->attlen);
}

static HeapTuple
taken(Taking *taking)
{
	const SfChange *change = &taking->change;
	HeapTuple	row = change->data->tg_newtuple;
	SfRowValue	value = {.attno = change->value};
	bool		is_null;
	Datum		is;

	if (leaves_value(change))
		sf_change_archive(&taking->change, take);
	if (!taking->found)
		return row;
	is = value_in(change, row, &is_null);
	value.value = change->values[change->n];
	value.isnull = change->is_null[change->n];
	if (same_value(change, is, is_null, value.value, value.isnull))
		return row;
	return sf_row_change(change->data->tg_newslot, row, 1, &value);
}

/* ---- the trigger ---- */

Datum
sf_archive_mirrored(PG_FUNCTION_ARGS)
{
	Taking		taking = {.found = false};
	const TriggerData *data = (const TriggerData *) fcinfo->context;
	bool		before;

	if (!CALLED_AS_TRIGGER(fcinfo) || !data->tg_trigger->tgisinternal)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("sf_archive_mirrored() is for triggers that sf_archive_mirror() makes"),
				 errhint("SELECT sql FROM sf_steps() shows how a migration calls it.")));
	before = TRIGGER_FIRED_BEFORE(data->tg_event);
	if (!sf_change_of(&taking.change, data, KEY_ARGUMENT))
		return PointerGetDatum(before ? data->tg_newtuple : NULL);
	taking.change.value = pg_strtoint16(data->tg_trigger->tgargs[COLUMN_ARGUMENT]);
	if (before)
		return PointerGetDatum(taken(&taking));
	sf_change_archive(&taking.change, put);
	return PointerGetDatum(NULL);
}

static void
mirror(Relation table, Relation archive, ArrayType *key, const char *name, bool back)
{
	AttrNumber	column = get_attnum(RelationGetRelid(table), name);
	List	   *args = list_make2(makeString(psprintf("%u", RelationGetRelid(archive))),
								  makeString(psprintf("%d", column)));

	if (column <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" does not exist", name, RelationGetRelationName(table)),
				 errhint("Name the column whose values are archived.")));
	args = sf_follow_key(args, table, archive, key);
	sf_follow_trigger(table, archive, "sf_mirror", "sf_archive_mirrored", args,
					  TRIGGER_TYPE_ROW | TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE, TRIGGER_FIRES_ALWAYS, column);
	if (back)
		sf_follow_trigger(table, archive, "sf_mirror", "sf_archive_mirrored", args,
						  TRIGGER_TYPE_ROW | TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_UPDATE, TRIGGER_FIRES_ALWAYS,
						  column);
}

/*
 * table, archive, the key's columns as sf_archive_follow() got them, the column, and whether it is to get its values
 * from the archive.  From here on writers wait until the transaction has ended.
 */
Datum
sf_archive_mirror(PG_FUNCTION_ARGS)
{
	Relation	live = relation_open(PG_GETARG_OID(0), ShareRowExclusiveLock);
	Relation	archive = relation_open(PG_GETARG_OID(1), AccessShareLock);
	ArrayType  *key = PG_GETARG_ARRAYTYPE_P(2);
	ListCell   *lc;

	sf_follow_check(archive, SF_ARCHIVE_SCHEMA);
	if (RelationGetNumberOfAttributes(archive) != ArrayGetNItems(ARR_NDIM(key), ARR_DIMS(key)) + 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("archive \"%s\" has %d columns", RelationGetRelationName(archive),
						RelationGetNumberOfAttributes(archive)),
				 errdetail("It must be those of the key, then one for the value."),
				 errhint("SELECT sql FROM sf_steps() shows how a migration calls this.")));
	foreach(lc, sf_follow_tables(live, key))
	{
		mirror(lfirst(lc), archive, key, NameStr(*PG_GETARG_NAME(3)), PG_GETARG_BOOL(4));
		relation_close(lfirst(lc), NoLock);
	}
	relation_close(archive, NoLock);
	relation_close(live, NoLock);
	PG_RETURN_VOID();
}
