/*
 * row_values.h - columns of a row that a BEFORE trigger gives other values.
 */
#ifndef SF_ROW_VALUES_H
#define SF_ROW_VALUES_H

#include "executor/tuptable.h"

typedef struct SfRowValue
{
	AttrNumber	attno;
	Datum		value;
	bool		isnull;
} SfRowValue;

/*
 * What the trigger has to return: "tuple" of "row", the slot that it came in, with n other values.  Where it is
 * possible the same tuple, changed.
 */
extern HeapTuple sf_row_change(TupleTableSlot *row, HeapTuple tuple, int n, const SfRowValue *values);

#endif
