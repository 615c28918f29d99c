/*
 * archive.c - the schema of archived contents: made, looked at, purged (archive.h).
 *
 * The schema is an ordinary one, no member of the extension: a dump has it, DROP EXTENSION leaves it.  It belongs to
 * the extension's owner; its relations belong to the owners of the tables that they come from.  Which there are, and
 * of which migration, is said by the steps; whether they are there, by the catalog.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/regproc.h"

#include "apply/archive.h"
#include "compat.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "phases/archive.h"
#include "server/owner.h"

static bool
archives(const SfMigration *m, SfDirection direction, int transaction)
{
	ListCell   *lc;

	foreach(lc, m->steps[direction])
	{
		const SfStep *step = lfirst(lc);

		if (step->archive && (transaction == 0 || step->transaction == transaction))
			return true;
	}
	return false;
}

/* ---- the schema ---- */

/* $1 the migration's owner, $2 the tables whose contents it archives: roles that may not use the schema yet. */
static const char users_query[] =
"SELECT pg_catalog.quote_ident(rolname) FROM pg_catalog.pg_roles r "
"WHERE (rolname = $1 OR oid IN (SELECT relowner FROM pg_catalog.pg_class "
"JOIN pg_catalog.unnest($2::pg_catalog.text[]) t ON pg_class.oid = pg_catalog.to_regclass(t))) "
"AND NOT (pg_catalog.has_schema_privilege(r.oid, '" SF_ARCHIVE_SCHEMA "', 'CREATE') "
"AND pg_catalog.has_schema_privilege(r.oid, '" SF_ARCHIVE_SCHEMA "', 'USAGE')) ORDER BY 1";

static SfRows *
users_without_rights(const SfMigration *m)
{
	char	  **tables = palloc(Max(list_length(m->steps[SF_UP]), 1) * sizeof(char *));
	const char *args[2] = {m->owner, NULL};
	int			n = 0,
				pins = sf_pins_enter();
	ListCell   *lc;
	SfRows	   *rows;

	foreach(lc, m->steps[SF_UP])
	{
		const SfStep *step = lfirst(lc);

		if (step->archive && step->lock_table)
			tables[n++] = step->lock_table;
	}
	args[1] = OidOutputFunctionCall(F_ARRAY_OUT, sf_text_array(n, tables));
	rows = sf_query(users_query, lengthof(args), args);
	sf_pins_leave(pins);
	return rows;
}

/*
 * Made without a statement and granted by one: the extension's owner's statements here name nothing but roles and the
 * schema.
 */
void
sf_archive_open(const SfMigration *m)
{
	SfOwnerState owner;
	SfRows	   *users;

	if (!archives(m, SF_UP, 0))
		return;
	if (!OidIsValid(get_namespace_oid(SF_ARCHIVE_SCHEMA, true)))
	{
		(void) NamespaceCreate(SF_ARCHIVE_SCHEMA, sf_owner_id(), false);
		CommandCounterIncrement();
	}
	users = users_without_rights(m);
	sf_owner_enter(&owner);
	for (int r = 0; r < users->nrows; r++)
		(void) sf_execute(psprintf("GRANT USAGE, CREATE ON SCHEMA " SF_ARCHIVE_SCHEMA " TO %s", sf_cell(users, r, 0)),
						  0, NULL);
	sf_owner_leave(&owner);
}

/* ---- what is there ---- */

bool
sf_archive_exists(const char *relation)
{
	RangeVar   *name = makeRangeVarFromNameList(sf_qualified_names(relation));

	return OidIsValid(RangeVarGetRelid(name, NoLock, true));
}

/* $3: rows that a purge has taken, or values that nothing has kept to their rows. */
static const char *const doubts[] = {
	"SELECT 'purged' FROM schemaflow.purge WHERE " SF_ORIGIN_IS_OURS " AND archive = $3",
	/* With a key it is a column's. */
	"SELECT 'not followed' FROM pg_index WHERE indrelid = to_regclass($3) AND indisprimary "
	"AND NOT schemaflow.sf_archive_follows(indrelid::regclass)",
};

char *
sf_archive_doubt(const char *relation)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), relation};
	int			pins = sf_pins_enter();
	char	   *doubt = NULL;

	for (int i = 0; i < lengthof(doubts) && doubt == NULL; i++)
		doubt = sf_query_text(doubts[i], lengthof(args), args);
	sf_pins_leave(pins);
	return doubt;
}

/* What a new way up has filled was not purged. */
void
sf_archive_filled(const SfMigration *m, SfDirection direction, int transaction)
{
	SfOwnerState owner;
	ListCell   *lc;

	if (direction != SF_UP || !archives(m, direction, transaction))
		return;
	sf_owner_enter(&owner);
	foreach(lc, m->steps[SF_UP])
	{
		const SfStep *step = lfirst(lc);
		const char *args[] = {sf_origin_system(), sf_origin_database(), step->archive};

		if (step->archive && step->transaction == transaction)
			(void) sf_execute("DELETE FROM schemaflow.purge WHERE " SF_ORIGIN_IS_OURS
							  " AND archive OPERATOR(pg_catalog.=) $3", lengthof(args), args);
	}
	sf_owner_leave(&owner);
}

/* ---- purge ---- */

/* $3 interval: what waits longer, and the triggers that keep it in step. */
static const char purge_query[] =
"SELECT a.archive, (SELECT string_agg(format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass), '; ') "
"FROM pg_trigger t JOIN pg_depend ON classid = 'pg_trigger'::regclass AND objid = t.oid "
"AND refclassid = 'pg_class'::regclass AND refobjid = to_regclass(a.archive) AND deptype = 'a') "
"FROM (SELECT s.archive, max(j.done_at) AS since FROM schemaflow.step s JOIN schemaflow.journal j "
"USING (system_identifier, database_oid, revision, direction, transaction) "
"WHERE s.direction = 'up' AND s.archive IS NOT NULL AND s.system_identifier = $1::int8 AND s.database_oid = $2::oid "
"AND s.trusted AND j.trusted AND to_regclass(s.archive) IS NOT NULL GROUP BY 1) a "
"WHERE a.since <= now() - $3::interval AND NOT EXISTS (SELECT FROM schemaflow.purge p WHERE p.archive = a.archive "
"AND p.system_identifier = $1::int8 AND p.database_oid = $2::oid AND p.trusted) ORDER BY 1";

static void
note_purge(const char *archive)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), archive,
	GetUserNameFromId(GetSessionUserId(), false)};
	SfOwnerState owner;

	sf_owner_enter(&owner);
	(void) sf_execute("INSERT INTO schemaflow.purge (system_identifier, database_oid, archive, purged_at, purged_by) "
					  "VALUES ($1::bigint, $2::oid, $3, clock_timestamp(), $4)", lengthof(args), args);
	sf_owner_leave(&owner);
}

int
sf_archive_purge(const char *older_than)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), older_than};
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query(purge_query, lengthof(args), args);

	for (int r = 0; r < rows->nrows; r++)
	{
		const char *archive = sf_cell(rows, r, 0);

		CHECK_FOR_INTERRUPTS();
		if (sf_cell(rows, r, 1))
			(void) sf_execute(sf_cell(rows, r, 1), 0, NULL);
		(void) sf_execute(psprintf("TRUNCATE %s", archive), 0, NULL);
		note_purge(archive);
	}
	sf_pins_leave(pins);
	return rows->nrows;
}
