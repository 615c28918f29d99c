/*
 * archive.c - sf_purge(): what was archived is erased.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "apply/archive.h"

PG_FUNCTION_INFO_V1(sf_purge);

Datum
sf_purge(PG_FUNCTION_ARGS)
{
	char	   *older_than;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("older_than must not be NULL"),
				 errdetail("It says how long what is erased has been in the archive."),
				 errhint("SELECT sf_purge('30 days'), or sf_purge('0') for all.")));
	older_than = DatumGetCString(DirectFunctionCall1(interval_out, PG_GETARG_DATUM(0)));
	PG_RETURN_INT32(sf_archive_purge(older_than));
}
