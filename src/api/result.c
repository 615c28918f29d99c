/*
 * result.c - rows of texts as the result of a set-returning function (result.h).
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"

#include "api/result.h"

struct SfResult
{
	ReturnSetInfo *rsinfo;
	AttInMetadata *columns;
};

SfResult *
sf_result_begin(FunctionCallInfo fcinfo)
{
	SfResult   *result = palloc(sizeof(SfResult));
	TypeFuncClass class = get_call_result_type(fcinfo, NULL, NULL);

	InitMaterializedSRF(fcinfo, class == TYPEFUNC_SCALAR ? MAT_SRF_USE_EXPECTED_DESC : 0);
	result->rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	result->columns = TupleDescGetAttInMetadata(result->rsinfo->setDesc);
	return result;
}

void
sf_result_put(SfResult *result, char **values)
{
	HeapTuple	tuple = BuildTupleFromCStrings(result->columns, values);

	tuplestore_puttuple(result->rsinfo->setResult, tuple);
	heap_freetuple(tuple);
}

Datum
sf_result_lines(FunctionCallInfo fcinfo, List *lines)
{
	SfResult   *result = sf_result_begin(fcinfo);
	ListCell   *lc;

	foreach(lc, lines)
	{
		char	   *line = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		sf_result_put(result, &line);
	}
	return (Datum) 0;
}
