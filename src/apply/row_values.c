/*
 * row_values.c - columns of a row that a BEFORE trigger gives other values (row_values.h).
 *
 * A tuple that the trigger makes anew is copied three times, most of what the trigger costs.  So a value of fixed
 * length is written over the one that is there, when the tuple is the slot's own copy: it has been made for this row,
 * nobody else can see it, and returned as it came it is not stored again.  A tuple in a buffer, or one that was only
 * made for the trigger, is never written.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"

#include "apply/row_values.h"

/* Made for this row, and what the server goes on with? */
static bool
is_slots_own(const TupleTableSlot *row, HeapTuple tuple)
{
	return (TTS_IS_HEAPTUPLE(row) || TTS_IS_BUFFERTUPLE(row)) && TTS_SHOULDFREE(row) &&
		((const HeapTupleTableSlot *) row)->tuple == tuple;
}

static bool
fits_in_place(const TupleTableSlot *row, HeapTuple tuple, const SfRowValue *value)
{
	TupleDesc	desc = row->tts_tupleDescriptor;

	/* A short tuple, of before the column was added, has only the missing value. */
	return TupleDescAttr(desc, value->attno - 1)->attlen > 0 && !value->isnull &&
		value->attno <= HeapTupleHeaderGetNatts(tuple->t_data) && !heap_attisnull(tuple, value->attno, desc);
}

/* Where the column, which is not NULL, is in the tuple. */
static char *
place_of(HeapTuple tuple, TupleDesc desc, AttrNumber attno)
{
	HeapTupleHeader header = tuple->t_data;
	char	   *data = (char *) header + header->t_hoff;
	bool		nulls = HeapTupleHasNulls(tuple);
	uint32		offset = 0;

	for (int i = 0;; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		if (nulls && att_isnull(i, header->t_bits))
			continue;
		offset = att_align_pointer(offset, column->attalign, column->attlen, data + offset);
		if (i == attno - 1)
			return data + offset;
		offset = att_addlength_pointer(offset, column->attlen, data + offset);
	}
}

static void
overwrite(TupleTableSlot *row, HeapTuple tuple, const SfRowValue *value)
{
	Form_pg_attribute column = TupleDescAttr(row->tts_tupleDescriptor, value->attno - 1);
	char	   *place = place_of(tuple, row->tts_tupleDescriptor, value->attno);

	if (!column->attbyval)
	{
		memcpy(place, DatumGetPointer(value->value), column->attlen);
		return;
	}
	store_att_byval(place, value->value, column->attlen);
	/* It may have been taken out of the tuple already. */
	row->tts_values[value->attno - 1] = value->value;
}

static HeapTuple
make_anew(TupleTableSlot *row, HeapTuple tuple, int n, const SfRowValue *values)
{
	int		   *attnos = palloc(n * sizeof(int));
	Datum	   *datums = palloc(n * sizeof(Datum));
	bool	   *nulls = palloc(n * sizeof(bool));

	for (int i = 0; i < n; i++)
	{
		attnos[i] = values[i].attno;
		datums[i] = values[i].value;
		nulls[i] = values[i].isnull;
	}
	return heap_modify_tuple_by_cols(tuple, row->tts_tupleDescriptor, n, attnos, datums, nulls);
}

HeapTuple
sf_row_change(TupleTableSlot *row, HeapTuple tuple, int n, const SfRowValue *values)
{
	bool		in_place = is_slots_own(row, tuple);

	for (int i = 0; in_place && i < n; i++)
		in_place = fits_in_place(row, tuple, &values[i]);
	if (!in_place)
		return make_anew(row, tuple, n, values);
	for (int i = 0; i < n; i++)
		overwrite(row, tuple, &values[i]);
	return tuple;
}
