/*
 * versions.c - SQL entry points for versions of the application: their schemas, who is which, the gate.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "api/define.h"
#include "api/print.h"
#include "apply/sessions.h"
#include "apply/version_conflict.h"
#include "apply/version_schema.h"

PG_FUNCTION_INFO_V1(sf_version_schema);
PG_FUNCTION_INFO_V1(sf_version_make);
PG_FUNCTION_INFO_V1(sf_aside);
PG_FUNCTION_INFO_V1(sf_gate);
PG_FUNCTION_INFO_V1(sf_use);

/* ---- schemas ---- */

/* A revision by any of its names. */
Datum
sf_version_schema(PG_FUNCTION_ARGS)
{
	SfRevision *r = sf_revision_resolve(sf_revisions(), sf_text_arg(fcinfo, 0, "revision"));
	char	   *covers = sf_text_arg(fcinfo, 1, "covers");
	char	   *name = PG_ARGISNULL(2) ? NULL : sf_text_arg(fcinfo, 2, "name");

	char	   *version = r ? r->revision : SF_VERSION_BASE;

	PG_RETURN_TEXT_P(cstring_to_text(sf_version_schema_make(sf_versions_read(), version, covers, name)));
}

/* The same as a step of migrations. */
Datum
sf_version_make(PG_FUNCTION_ARGS)
{
	char	   *version = sf_text_arg(fcinfo, 0, "version");
	char	   *covers = sf_text_arg(fcinfo, 1, "covers");
	SfVersions *versions = sf_versions_read();

	sf_versions_begin(versions, version);
	PG_RETURN_TEXT_P(cstring_to_text(sf_version_schema_make(versions, version, covers, NULL)));
}

/* The views of versions step aside for a transaction of a script. */
Datum
sf_aside(PG_FUNCTION_ARGS)
{
	SfRevision *r = sf_revision_resolve(sf_revisions(), sf_text_arg(fcinfo, 0, "revision"));
	SfDirection direction = sf_direction_arg(fcinfo, 2);
	int			n = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1);

	if (r)
	{
		SfMigration *m = sf_migration_load(r->revision);

		sf_migration_check_owner(m->revision, m->owner);
		sf_versions_aside(sf_steps_behind(sf_steps_through(m->steps[direction], n), n - 1));
	}
	PG_RETURN_VOID();
}

/* ---- sessions ---- */

Datum
sf_gate(PG_FUNCTION_ARGS)
{
	sf_session_gate(sf_text_arg(fcinfo, 0, "version"), "CALL sf_contract(force => true)");
	PG_RETURN_VOID();
}

Datum
sf_use(PG_FUNCTION_ARGS)
{
	char	   *version = sf_text_arg(fcinfo, 0, "version");

	SetConfigOption("schemaflow.version", version, PGC_USERSET, PGC_S_SESSION);
	(void) sf_session_version();
	PG_RETURN_VOID();
}
