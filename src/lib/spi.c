/*
 * spi.c - run a query and collect its rows.  See spi.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

static void
run(SfKeptPlan *kept, const char *sql, int nargs, const char *const *args)
{
	Oid		   *types = palloc(Max(nargs, 1) * sizeof(Oid));
	Datum	   *values = palloc(Max(nargs, 1) * sizeof(Datum));
	char	   *nulls = palloc(Max(nargs, 1) + 1);
	int			rc;

	for (int i = 0; i < nargs; i++)
	{
		types[i] = TEXTOID;
		values[i] = args[i] ? CStringGetTextDatum(args[i]) : (Datum) 0;
		nulls[i] = args[i] ? ' ' : 'n';
	}
	if (kept && *kept == NULL)
	{
		*kept = SPI_prepare(sql, nargs, types);
		if (*kept == NULL || SPI_keepplan(*kept) != 0)
			elog(ERROR, "cannot happen: SPI does not prepare: %s", sql);
	}
	rc = kept ? SPI_execute_plan(*kept, values, nulls, false, 0) :
		SPI_execute_with_args(sql, nargs, types, values, nulls, false, 0);
	if (rc < 0)
		elog(ERROR, "cannot happen: SPI says %s for: %s", SPI_result_code_string(rc), sql);
}

SfRows *
sf_query_kept(SfKeptPlan *kept, const char *sql, int nargs, const char *const *args)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext inner;
	SfRows	   *rows = palloc0(sizeof(SfRows));

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "cannot happen: SPI_connect failed");
	run(kept, sql, nargs, args);
	inner = MemoryContextSwitchTo(caller);
	if (SPI_tuptable)
	{
		TupleDesc	desc = SPI_tuptable->tupdesc;

		rows->nrows = SPI_tuptable->numvals;
		rows->ncols = desc->natts;
		rows->colnames = palloc(rows->ncols * sizeof(char *));
		for (int c = 0; c < rows->ncols; c++)
			rows->colnames[c] = pstrdup(NameStr(TupleDescAttr(desc, c)->attname));
		rows->values = MemoryContextAllocHuge(caller, Max(1, (Size) rows->nrows * rows->ncols) * sizeof(char *));
		for (int r = 0; r < rows->nrows; r++)
			for (int c = 0; c < rows->ncols; c++)
				sf_cell(rows, r, c) = SPI_getvalue(SPI_tuptable->vals[r], desc, c + 1);
	}
	MemoryContextSwitchTo(inner);
	SPI_finish();
	return rows;
}

SfRows *
sf_query(const char *sql, int nargs, const char *const *args)
{
	return sf_query_kept(NULL, sql, nargs, args);
}

uint64
sf_execute(const char *sql, int nargs, const char *const *args)
{
	uint64		n;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "cannot happen: SPI_connect failed");
	run(NULL, sql, nargs, args);
	n = SPI_processed;
	SPI_finish();
	return n;
}

char *
sf_query_text(const char *sql, int nargs, const char *const *args)
{
	SfRows	   *rows = sf_query(sql, nargs, args);

	return rows->nrows > 0 ? sf_cell(rows, 0, 0) : NULL;
}
