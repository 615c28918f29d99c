/*
 * rows_fit.c - steps that look before anything is done whether the rows will be in the way (phases/recipes_fit.h).
 *
 * Texts were planned from the facts, so they are run under the pins that those are read under.  The table is locked as
 * by any reader.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_inherits.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "apply/pass.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "server/owner.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(sf_rows_fit);
PG_FUNCTION_INFO_V1(sf_rows_pass);
PG_FUNCTION_INFO_V1(sf_no_rows);

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

/* Arguments: the table's name; what is wanted of its rows, for the message; the condition. */
Datum
sf_rows_pass(PG_FUNCTION_ARGS)
{
	char	   *table = text_to_cstring(PG_GETARG_TEXT_PP(0)),
			   *wanted = text_to_cstring(PG_GETARG_TEXT_PP(1)),
			   *rows = psprintf("FROM ONLY %s WHERE NOT %s", table, text_to_cstring(PG_GETARG_TEXT_PP(2)));
	int			pins = sf_pins_enter();
	unsigned long n = strtoul(sf_query_text(psprintf("SELECT pg_catalog.count(*) %s", rows), 0, NULL), NULL, 10);

	sf_pins_leave(pins);
	if (n > 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg_plural("%lu row of table %s will break what is wanted of it",
							   "%lu rows of table %s will break what is wanted of them", n, n, table),
				 errdetail("Wanted is %s; steps behind lose data.", wanted),
				 errhint("SELECT * %s lists the rows. Repair them or the model, then call again.", rows)));
	PG_RETURN_VOID();
}

/* The table alone.  Row security hides nothing here, as it hides nothing from ADD COLUMN. */
static bool
has_row(Oid relid)
{
	Relation	rel = table_open(relid, AccessShareLock);
	TupleTableSlot *slot;
	TableScanDesc scan;
	bool		found = false;

	if (RELKIND_HAS_TABLE_AM(rel->rd_rel->relkind))
	{
		slot = table_slot_create(rel, NULL);
		scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
		found = table_scan_getnextslot(scan, ForwardScanDirection, slot);
		table_endscan(scan);
		ExecDropSingleTupleTableSlot(slot);
	}
	table_close(rel, NoLock);
	return found;
}

/* Arguments: the table; the column that is to be made, for the message. */
Datum
sf_no_rows(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	const char *column = NameStr(*PG_GETARG_NAME(1));
	char	   *model = text_to_cstring(PG_GETARG_TEXT_PP(2));
	ListCell   *lc;

	sf_must_own_table(relid);
	foreach(lc, find_all_inheritors(relid, AccessShareLock, NULL))
		if (has_row(lfirst_oid(lc)))
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("table %s has rows, and no value for them in its new column \"%s\"",
							sf_pass_table(lfirst_oid(lc)), column),
					 errdetail("The column is NOT NULL, and has no default."),
					 errhint("Say what fills it: SELECT sf_transform(%s, up => '...'); or give it a DEFAULT; and plan "
							 "again. Or remove the rows and call again.",
							 sf_literal(*model ? model : psprintf("%s.%s", sf_pass_table(relid), sf_ident(column))))));
	PG_RETURN_VOID();
}
