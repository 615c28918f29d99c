/*
 * rows_fit.c - a step that looks before anything is done whether the rows will fit (phases/recipes_fit.h).
 *
 * Its texts were planned from the facts, so they are run under the pins that those are read under.  It locks the table
 * as any reader does.
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(sf_rows_fit);

/* Arguments: the table's name; a query for what of its rows tells the partitions; what each has to be. */
Datum
sf_rows_fit(PG_FUNCTION_ARGS)
{
	char	   *table = text_to_cstring(PG_GETARG_TEXT_PP(0)),
			   *keys = text_to_cstring(PG_GETARG_TEXT_PP(1)),
			   *fit = text_to_cstring(PG_GETARG_TEXT_PP(2));
	int			pins = sf_pins_enter();
	SfRows	   *found = sf_query(psprintf("SELECT pg_catalog.count(*), pg_catalog.min(r::pg_catalog.text) FROM (%s) r "
										  "WHERE (%s) IS NOT TRUE", keys, fit), 0, NULL);
	unsigned long n = strtoul(sf_cell(found, 0, 0), NULL, 10);

	sf_pins_leave(pins);
	if (n > 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg_plural("%lu row of table %s will fit no partition",
							   "%lu rows of table %s will fit no partition", n, n, table),
				 errdetail("One of them has %s; there is no partition for that, nor a DEFAULT one.",
						   sf_cell(found, 0, 1)),
				 errhint("Give the model a partition for them and plan again, or remove them and call again.")));
	PG_RETURN_VOID();
}
