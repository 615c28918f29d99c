/*
 * violators.c - which rows a constraint has met that they do not fit (violators.h).
 *
 * The server names the whole row where one is written.  Where it reads a table to prove something it says that there is
 * one, or names the key of the first one.
 */
#include "postgres.h"

#include "apply/violators.h"
#include "lib/pins.h"
#include "lib/spi.h"

/* $1 schema, $2 table, $3 constraint: one that was made before it was proved. */
static const char check_query[] =
"SELECT pg_catalog.format('SELECT * FROM %I.%I WHERE NOT %s', $1, $2, pg_catalog.pg_get_expr(conbin, conrelid)) "
"FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = conrelid "
"JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace "
"WHERE nspname = $1 AND relname = $2 AND conname = $3 AND contype = 'c'";

/* $1 schema, $2 table, $3 column: one that was there before. */
static const char null_query[] =
"SELECT pg_catalog.format('SELECT * FROM %I.%I WHERE %I IS NULL', $1, $2, $3) FROM pg_catalog.pg_attribute a "
"JOIN pg_catalog.pg_class c ON c.oid = attrelid JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace "
"WHERE nspname = $1 AND relname = $2 AND attname = $3 AND NOT attisdropped";

/* $1 schema, $2 table, $3 index: one that was not finished.  The server names one key of them. */
static const char unique_query[] =
"SELECT pg_catalog.format('SELECT %s, count(*) FROM %I.%I%s GROUP BY %s HAVING count(*) > 1', keys, $1, $2, "
"' WHERE ' || nullif(pg_catalog.concat_ws(' AND ', pg_catalog.pg_get_expr(indpred, indrelid), "
"CASE WHEN NOT indnullsnotdistinct THEN filled END), ''), keys) "
"FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = indrelid "
"JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace JOIN pg_catalog.pg_class i ON i.oid = indexrelid, "
"LATERAL (SELECT string_agg(key, ', ' ORDER BY k) AS keys, "
"string_agg(key || ' IS NOT NULL', ' AND ' ORDER BY k) AS filled "
"FROM pg_catalog.generate_series(1, indnkeyatts) k, pg_catalog.pg_get_indexdef(indexrelid, k, false) key) keys "
"WHERE nspname = $1 AND c.relname = $2 AND i.relname = $3 AND indisunique AND NOT indisvalid";

/* $1 schema, $2 table, $3 foreign key: one that was made before it was proved. */
static const char reference_query[] =
"SELECT pg_catalog.format('SELECT * FROM %I.%I r WHERE (%s) AND NOT EXISTS (SELECT FROM %s k WHERE %s)', $1, $2, "
"CASE confmatchtype WHEN 'f' THEN any_filled ELSE all_filled END, confrelid::pg_catalog.regclass, same) "
"FROM pg_catalog.pg_constraint f JOIN pg_catalog.pg_class c ON c.oid = conrelid "
"JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace, "
"LATERAL (SELECT string_agg(pg_catalog.format('r.%I IS NOT NULL', r.attname), ' AND ' ORDER BY u.n) AS all_filled, "
"string_agg(pg_catalog.format('r.%I IS NOT NULL', r.attname), ' OR ' ORDER BY u.n) AS any_filled, "
"string_agg(pg_catalog.format('k.%I = r.%I', k.attname, r.attname), ' AND ' ORDER BY u.n) AS same "
"FROM ROWS FROM (pg_catalog.unnest(conkey), pg_catalog.unnest(confkey)) WITH ORDINALITY AS u(here, there, n) "
"JOIN pg_catalog.pg_attribute r ON r.attrelid = conrelid AND r.attnum = here "
"JOIN pg_catalog.pg_attribute k ON k.attrelid = confrelid AND k.attnum = there) keys "
"WHERE nspname = $1 AND relname = $2 AND conname = $3 AND contype = 'f' AND NOT convalidated";

/* With a detail of these the server names the row. */
static const struct
{
	int			code;
	const char *query;
	bool		named_by_detail;
	bool		column;			/* $3 is the error's column, not its constraint */
}			queries[] = {
	{ERRCODE_CHECK_VIOLATION, check_query, true, false},
	{ERRCODE_NOT_NULL_VIOLATION, null_query, true, true},
	{ERRCODE_UNIQUE_VIOLATION, unique_query, false, false},
	{ERRCODE_FOREIGN_KEY_VIOLATION, reference_query, false, false},
};

char *
sf_violators(const ErrorData *error)
{
	char	   *found = NULL;

	if (error->table_name == NULL || error->schema_name == NULL)
		return NULL;
	for (int i = 0; i < lengthof(queries); i++)
	{
		const char *args[] = {error->schema_name, error->table_name,
			queries[i].column ? error->column_name : error->constraint_name};

		if (queries[i].code == error->sqlerrcode && args[2] && !(queries[i].named_by_detail && error->detail))
		{
			int			pins = sf_pins_enter();

			found = sf_query_text(queries[i].query, lengthof(args), args);
			sf_pins_leave(pins);
		}
	}
	return found;
}
