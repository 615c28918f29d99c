/*
 * restored.c - sf_adopt_restored(): a restored copy becomes a database of its own.
 *
 * The rows that came with a dump, a template or a base backup say where they come from (lib/origin.h) and are history
 * here.  This gives them the origin of this database, in all tables of ours that have one.
 *
 * A restore run by the database's owner leaves rows that are not trusted: they name roles whose rights their text would
 * run with.  So who adopts them must be a member of all of those; a superuser vouches for them by adopting.
 *
 * Protocol: locks all of these tables first; writes as the extension's owner.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "api/result.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"

PG_FUNCTION_INFO_V1(sf_trusted);
PG_FUNCTION_INFO_V1(sf_adopt_restored);

/*
 * Is the row written by us?  It is declared IMMUTABLE for a generated column, which keeps what was true of its
 * writer; the arguments are there so that a new origin asks again.
 */
Datum
sf_trusted(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(GetUserId() == sf_owner_id());
}

/* Tables of the extension whose rows have an origin; of secrets, which no dump brings, only who may read them knows. */
static SfRows *
tables(void)
{
	return sf_query("SELECT c.relname, c.oid FROM pg_class c "
					"JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'system_identifier' "
					"JOIN pg_attribute b ON b.attrelid = c.oid AND b.attname = 'database_oid' "
					"JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e' "
					"JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid "
					"WHERE e.extname = 'schemaflow' AND c.relnamespace = 'schemaflow'::regnamespace "
					"AND c.relkind = 'r' AND has_table_privilege(c.oid, 'SELECT') "
					"ORDER BY c.relname", 0, NULL);
}

/* All origins of rows here; ours is among them when this database has rows of its own. */
static SfRows *
origins(const SfRows *names)
{
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; i < names->nrows; i++)
		appendStringInfo(&sql, "%sSELECT system_identifier, database_oid, trusted FROM schemaflow.%s", i > 0 ?
						 " UNION " : "",
						 sf_ident(sf_cell(names, i, 0)));
	appendStringInfoString(&sql, " ORDER BY 1, 2, 3 DESC");
	return sf_query(sql.data, 0, NULL);
}

static void
refuse_own(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("this database has a model or history of its own already"),
			 errdetail("What came with the copy would be mixed up with it."),
			 errhint("SELECT * FROM sf_history() and SELECT * FROM sf_model show it.")));
}

/* The one origin to adopt: the one asked for, or the only one there is. */
static void
choose(const SfRows *found, const char **system, const char **database)
{
	const char *asked_system = *system,
			   *asked_database = *database;
	List	   *others = NIL;
	int			chosen = -1;

	for (int i = 0; i < found->nrows; i++)
	{
		const char *s = sf_cell(found, i, 0),
				   *d = sf_cell(found, i, 1);

		if (strcmp(s, sf_origin_system()) == 0 && strcmp(d, sf_origin_database()) == 0 &&
			sf_cell(found, i, 2)[0] == 't')
			refuse_own();
		if ((asked_system && strcmp(s, asked_system) != 0) || (asked_database && strcmp(d, asked_database) != 0))
			continue;
		if (chosen >= 0 && strcmp(s, sf_cell(found, chosen, 0)) == 0 && strcmp(d, sf_cell(found, chosen, 1)) == 0)
			continue;			/* trusted rows and others of one origin */
		others = lappend(others, psprintf("(%s, %s)", s, d));
		chosen = i;
	}
	if (others == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("there is nothing to adopt"),
				 errdetail("No model or history of another database is here."),
				 errhint("Restore a dump that has them first; SELECT * FROM sf_doctor() says what is here.")));
	if (list_length(others) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_PARAMETER),
				 errmsg("models or histories of %d databases are here", list_length(others)),
				 errdetail("They are %s.", sf_join(others, ", ")),
				 errhint("Say which: SELECT * FROM sf_adopt_restored(system_identifier, database_oid).")));
	*system = sf_cell(found, chosen, 0);
	*database = sf_cell(found, chosen, 1);
}

static void
check_owners(const char *system, const char *database)
{
	const char *args[] = {system, database};
	SfRows	   *rows = sf_query("SELECT owner FROM schemaflow.unit WHERE system_identifier = $1::bigint "
								"AND database_oid = $2::oid UNION SELECT owner FROM schemaflow.migration "
								"WHERE system_identifier = $1::bigint AND database_oid = $2::oid ORDER BY 1", 2, args);

	for (int i = 0; i < rows->nrows; i++)
	{
		const char *name = sf_cell(rows, i, 0);
		Oid			role = get_role_oid(name, true);

		if (OidIsValid(role) ? !is_member_of_role(GetUserId(), role) : !superuser())
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("must be a member of role \"%s\" to adopt what it owns", name),
					 errdetail("Text of the copy would run with the rights of that role."),
					 errhint("Have a superuser look at it and make this call.")));
	}
}

Datum
sf_adopt_restored(PG_FUNCTION_ARGS)
{
	const char *system = PG_ARGISNULL(0) ? NULL : psprintf(INT64_FORMAT, PG_GETARG_INT64(0));
	const char *database = PG_ARGISNULL(1) ? NULL : psprintf("%u", PG_GETARG_OID(1));
	SfResult   *result = sf_result_begin(fcinfo);
	int			pins = sf_pins_enter();
	SfRows	   *names = tables();
	SfOwnerState owner;

	for (int i = 0; i < names->nrows; i++)
		LockRelationOid(atooid(sf_cell(names, i, 1)), ShareRowExclusiveLock);
	choose(origins(names), &system, &database);
	check_owners(system, database);
	sf_owner_enter(&owner);
	for (int i = 0; i < names->nrows; i++)
	{
		const char *args[] = {sf_origin_system(), sf_origin_database(), system, database};
		uint64		n = sf_execute(psprintf("UPDATE schemaflow.%s SET system_identifier = $1::bigint, "
											"database_oid = $2::oid "
											"WHERE system_identifier = $3::bigint AND database_oid = $4::oid",
											sf_ident(sf_cell(names, i, 0))), lengthof(args), args);
		char	   *values[] = {sf_cell(names, i, 0), psprintf(UINT64_FORMAT, n)};

		if (n > 0)
			sf_result_put(result, values);
	}
	sf_owner_leave(&owner);
	sf_pins_leave(pins);
	return (Datum) 0;
}
