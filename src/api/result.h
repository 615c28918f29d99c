/*
 * result.h - rows of texts as the result of a set-returning function.
 */
#ifndef SF_RESULT_H
#define SF_RESULT_H

#include "fmgr.h"
#include "nodes/pg_list.h"

typedef struct SfResult SfResult;

/* Begin: the columns are those that the function was declared with, or the one that a scalar function returns. */
extern SfResult *sf_result_begin(FunctionCallInfo fcinfo);

/* A row; each text is read by the input function of its column's type. NULL is NULL. */
extern void sf_result_put(SfResult *result, char **values);

/* A list of strings as the rows of a function that returns SETOF text. */
extern Datum sf_result_lines(FunctionCallInfo fcinfo, List *lines);

#endif
