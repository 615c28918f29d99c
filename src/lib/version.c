/*
 * version.c - do the extension's objects in this database fit this library (version.h)?
 *
 * Protocol: reads pg_extension once for each statement of a client; takes no lock that outlives the call.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "lib/version.h"

/* NULL: the library is used without its extension. */
static char *
installed_version(void)
{
	Relation	extensions = table_open(ExtensionRelationId, AccessShareLock);
	char	   *version = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum("schemaflow"));
	scan = systable_beginscan(extensions, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		datum = heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(extensions), &isnull);

		version = TextDatumGetCString(datum);
	}
	systable_endscan(scan);
	table_close(extensions, AccessShareLock);
	return version;
}

bool
sf_version_fits(void)
{
	char	   *version = installed_version();

	return version && strcmp(version, SF_VERSION) == 0;
}

void
sf_check_version(void)
{
	static TimestampTz asked_at = 0;
	char	   *version;

	if (asked_at == GetCurrentStatementStartTimestamp())
		return;
	version = installed_version();
	if (version && strcmp(version, SF_VERSION) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schemaflow's objects in this database are of version %s, its library is of version %s",
						version, SF_VERSION),
				 errdetail("The library was replaced by another version of it."),
				 errhint("ALTER EXTENSION schemaflow UPDATE; where that has been done, connect again.")));
	asked_at = GetCurrentStatementStartTimestamp();
}
