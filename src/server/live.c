/*
 * live.c - what a worker in a scratch is told of the live database: its extensions, and the collations that its
 * pg_catalog has beyond what initdb put there.
 *
 * Both are read by the caller, because the worker does not see what the caller's transaction has done.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "lib/pins.h"
#include "lib/spi.h"
#include "server/internal.h"

/*
 * pg_import_system_collations() makes collations in pg_catalog when the operating system has got new locales, and only
 * in the database where it is called: template0 lacks them, and no model can declare them.  For any major: a column
 * that it lacks is NULL here.
 */
static const char collations_query[] =
"SELECT pg_catalog.concat('CREATE COLLATION IF NOT EXISTS pg_catalog.', "
"  pg_catalog.quote_ident(c.collname), "
"  CASE WHEN c.collprovider OPERATOR(pg_catalog.=) 'c' AND c.collencoding OPERATOR(pg_catalog.=) -1 "
"  THEN pg_catalog.concat(' FROM pg_catalog.', pg_catalog.quote_ident(c.collcollate)) "
"  ELSE pg_catalog.concat(CASE c.collprovider WHEN 'i' THEN ' (provider = icu' WHEN 'b' THEN ' (provider = builtin' "
"    ELSE ' (provider = libc' END, ', deterministic = ', c.collisdeterministic::pg_catalog.text, "
"    ', locale = ' OPERATOR(pg_catalog.||) pg_catalog.quote_literal(coalesce("
"      j.j OPERATOR(pg_catalog.->>) 'colllocale', j.j OPERATOR(pg_catalog.->>) 'colliculocale')), "
"    ', lc_collate = ' OPERATOR(pg_catalog.||) pg_catalog.quote_literal(c.collcollate), "
"    ', lc_ctype = ' OPERATOR(pg_catalog.||) pg_catalog.quote_literal(c.collctype), "
"    ', rules = ' OPERATOR(pg_catalog.||) pg_catalog.quote_literal(j.j OPERATOR(pg_catalog.->>) 'collicurules'), ')') "
"  END) "
"FROM pg_catalog.pg_collation c, pg_catalog.to_jsonb(c) AS j(j) "
"WHERE c.oid OPERATOR(pg_catalog.>=) $1::pg_catalog.oid "
"AND c.collnamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace "
"AND c.collencoding OPERATOR(pg_catalog.=) ANY "
"  (ARRAY[-1, (SELECT encoding FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) current_database())]) "
"ORDER BY c.oid";

/*
 * The extensions of this database, for sf_worker_extension().  Read here because the worker does not see what our
 * transaction has done.
 */
void
sf_list_extensions(StringInfo out)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_extension form = (Form_pg_extension) GETSTRUCT(tuple);
		bool		isnull;
		Datum		version = heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(rel), &isnull);
		const char *schema = get_namespace_name(form->extnamespace);

		if (isnull || !schema)
			continue;
		appendBinaryStringInfo(out, NameStr(form->extname), strlen(NameStr(form->extname)) + 1);
		appendStringInfoString(out, TextDatumGetCString(version));
		appendStringInfoChar(out, '\0');
		appendBinaryStringInfo(out, schema, strlen(schema) + 1);
	}
	appendStringInfoChar(out, '\0');
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

void
sf_list_collations(StringInfo out)
{
	const char *args[1] = {psprintf("%u", FirstNormalObjectId)};
	int			level = sf_pins_enter();
	SfRows	   *rows = sf_query(collations_query, 1, args);

	sf_pins_leave(level);
	for (int i = 0; i < rows->nrows; i++)
		appendBinaryStringInfo(out, sf_cell(rows, i, 0), strlen(sf_cell(rows, i, 0)) + 1);
}
