/*
 * ddl_log.c - SQL entry points of the guard's log: sf_blame(), sf_ddl_log_purge().
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"

#include "api/define.h"
#include "api/result.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"

PG_FUNCTION_INFO_V1(sf_blame);
PG_FUNCTION_INFO_V1(sf_ddl_log_purge);

/*
 * $3: names that are meant, with schema; $4: of a column the table's names, $5: its own name.  A column's changes are
 * rows of its table in which its line differs.
 */
static const char blame[] =
"SELECT date_trunc('second', logged_at), session_role || CASE WHEN role <> session_role THEN ' as ' || role "
"ELSE '' END, "
"command, outcome, left(regexp_replace(coalesce(change, statement, object), '\\s+', ' ', 'g'), 45) "
"FROM (SELECT l.*, CASE WHEN object = ANY ($4::text[]) THEN "
"concat_ws(' -> ', coalesce(b[1], '(none)'), coalesce(a[1], '(none)')) END AS change, "
"object = ANY ($4::text[]) AND b IS DISTINCT FROM a AS column_differs "
"FROM schemaflow.ddl_log l, "
"regexp_match(definition_before, '^' || $5 || ' .*$', 'n') b, regexp_match(definition_after, '^' || $5 || ' "
".*$', 'n') a "
"WHERE " SF_ORIGIN_IS_OURS ") l "
"WHERE column_differs OR object = ANY ($3::text[]) "
"OR EXISTS (SELECT FROM unnest($3::text[]) n WHERE right(object, length(n) + 4) = ' on ' || n) "
"ORDER BY logged_at DESC, n DESC";

/*
 * What n names may be in full: as they stand, in a schema of the search_path; parts: how many an object's name has.
 */
static char *
full_names(char **names, int n, int parts)
{
	char	  **schemas;
	int			nschemas = sf_text_array_in(sf_query_text("SELECT "
														  "pg_catalog.current_schemas(false)::pg_catalog.text", 0,
														  NULL), &schemas);
	char	  **full = palloc((nschemas + 1) * sizeof(char *));
	int			nfull = 0;

	if (n > 1)
		full[nfull++] = sf_qualified(n, names);
	for (int i = 0; i < nschemas && n < parts; i++)
		full[nfull++] = psprintf("%s.%s", sf_ident(schemas[i]), sf_qualified(n, names));
	return OidOutputFunctionCall(F_ARRAY_OUT, sf_text_array(nfull, full));
}

/* As a regular expression that finds just it. */
static char *
pattern(const char *name)
{
	StringInfoData out;

	initStringInfo(&out);
	for (const char *c = sf_ident(name); *c; c++)
	{
		if (strchr("\\^$.|?*+()[]{}", *c))
			appendStringInfoChar(&out, '\\');
		appendStringInfoChar(&out, *c);
	}
	return out.data;
}

Datum
sf_blame(PG_FUNCTION_ARGS)
{
	char	   *object = sf_text_arg(fcinfo, 0, "object");
	SfResult   *result = sf_result_begin(fcinfo);
	const char *args[5] = {sf_origin_system(), sf_origin_database(), NULL, NULL, NULL};
	char	  **names;
	int			n = sf_split_name(object, &names);
	int			pins;
	SfRows	   *rows;

	/* "a.b" is a relation in a schema, or a column; "a.b.c" a column. */
	args[2] = full_names(names, n, 3);
	args[3] = n > 1 ? full_names(names, n - 1, 2) : "{}";
	args[4] = pattern(names[n - 1]);
	pins = sf_pins_enter();
	rows = sf_query(blame, lengthof(args), args);
	for (int i = 0; i < rows->nrows; i++)
		sf_result_put(result, &sf_cell(rows, i, 0));
	sf_pins_leave(pins);
	return (Datum) 0;
}

/* The last call that made or removed the guard stays: sf_doctor() asks for it. */
Datum
sf_ddl_log_purge(PG_FUNCTION_ARGS)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), NULL};
	SfOwnerState owner;
	uint64		rows;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("older_than must not be null")));
	args[2] = DatumGetCString(DirectFunctionCall1(interval_out, PG_GETARG_DATUM(0)));
	sf_owner_enter(&owner);
	rows = sf_execute("DELETE FROM schemaflow.ddl_log WHERE " SF_ORIGIN_IS_OURS
					  " AND logged_at < now() - $3::interval AND logged_at IS DISTINCT FROM "
					  "(SELECT max(l.logged_at) FROM schemaflow.ddl_log l WHERE l.system_identifier = $1::int8 "
					  "AND l.database_oid = $2::oid AND l.trusted AND l.command LIKE 'sf\\_guard\\_%')",
					  lengthof(args), args);
	sf_owner_leave(&owner);
	PG_RETURN_INT64(rows);
}
