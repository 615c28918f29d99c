/*
 * unit.c - the recorded units (unit.h).
 *
 * Protocol: reads run as the caller, who may read everything here; writes run under the extension owner's id
 * (server/owner.h).
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "model/unit.h"
#include "server/owner.h"

void
sf_units_lock(void)
{
	Oid			relation = get_relname_relid("unit", get_namespace_oid("schemaflow", false));

	if (!OidIsValid(relation))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"schemaflow.unit\" does not exist"),
				 errhint("Make the extension again: DROP EXTENSION schemaflow; CREATE EXTENSION schemaflow.")));
	LockRelationOid(relation, ShareRowExclusiveLock);
}

List *
sf_units_load(void)
{
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query("SELECT name, owner, source FROM schemaflow.unit WHERE " SF_ORIGIN_IS_OURS
								" ORDER BY first_at, name", 2, args);
	List	   *units = NIL;
	SfUnit	   *unit = NULL;

	for (int i = 0; i < rows->nrows; i++)
	{
		unit = palloc0(sizeof(SfUnit));
		unit->name = sf_cell(rows, i, 0);
		unit->owner = sf_cell(rows, i, 1);
		unit->source = sf_cell(rows, i, 2);
		units = lappend(units, unit);
	}
	rows = sf_query("SELECT unit, n, line, tag, sql, hash, CASE WHEN dump THEN '1' END "
					"FROM schemaflow.declaration WHERE " SF_ORIGIN_IS_OURS " AND n > 0 ORDER BY unit, n", 2, args);
	sf_pins_leave(pins);
	for (int i = 0; i < rows->nrows; i++)
	{
		SfDeclaration *declaration = palloc0(sizeof(SfDeclaration));

		if (i == 0 || strcmp(unit->name, sf_cell(rows, i, 0)) != 0)
			unit = sf_unit_find(units, sf_cell(rows, i, 0));
		if (unit == NULL)
			elog(ERROR, "cannot happen: declaration of unit \"%s\", which is not recorded", sf_cell(rows, i, 0));
		declaration->unit = unit->name;
		declaration->n = pg_strtoint32(sf_cell(rows, i, 1));
		declaration->line = pg_strtoint32(sf_cell(rows, i, 2));
		declaration->tag = sf_cell(rows, i, 3);
		declaration->text = sf_cell(rows, i, 4);
		declaration->hash = sf_cell(rows, i, 5);
		declaration->dump = sf_cell(rows, i, 6) != NULL;
		unit->declarations = lappend(unit->declarations, declaration);
		CHECK_FOR_INTERRUPTS();
	}
	return units;
}

SfUnit *
sf_unit_find(List *units, const char *name)
{
	ListCell   *lc;

	foreach(lc, units)
		if (strcmp(((SfUnit *) lfirst(lc))->name, name) == 0)
			return lfirst(lc);
	return NULL;
}

void
sf_unit_save(const SfUnit *unit)
{
	const char *args[] = {
		sf_origin_system(), sf_origin_database(), unit->name, unit->owner, unit->source, unit->sql,
		GetUserNameFromId(GetSessionUserId(), false)
	};
	SfOwnerState owner;

	sf_owner_enter(&owner);
	sf_execute("INSERT INTO schemaflow.unit (system_identifier, database_oid, name, owner, source, sql, hash, "
			   "first_at, recorded_at, recorded_by) "
			   "VALUES ($1::pg_catalog.int8, $2::pg_catalog.oid, $3, $4, $5, $6, "
			   "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to($6, 'UTF8')), 'hex'), "
			   "pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp(), $7) "
			   "ON CONFLICT (system_identifier, database_oid, name) DO UPDATE SET owner = excluded.owner, "
			   "source = excluded.source, sql = excluded.sql, hash = excluded.hash, "
			   "recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by", lengthof(args), args);
	sf_owner_leave(&owner);
}

void
sf_unit_delete(const char *name)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), name};
	static const char *const tables[] = {"rename_hint WHERE unit", "declaration WHERE unit", "unit WHERE name"};
	SfOwnerState owner;

	sf_owner_enter(&owner);
	for (int i = 0; i < lengthof(tables); i++)
		sf_execute(psprintf("DELETE FROM schemaflow.%s OPERATOR(pg_catalog.=) $3 AND " SF_ORIGIN_IS_OURS, tables[i]),
				   lengthof(args), args);
	sf_owner_leave(&owner);
}
