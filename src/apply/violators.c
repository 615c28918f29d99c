/*
 * violators.c - which rows a constraint has met that they do not fit (violators.h).
 *
 * The server names the key of a row where it looks one up, and the whole row where one is written.  Where it reads a
 * table to prove something it says that there is one, and no more.
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

/* $1 schema, $2 table, $3 column. */
static const char null_query[] = "SELECT pg_catalog.format('SELECT * FROM %I.%I WHERE %I IS NULL', $1, $2, $3)";

char *
sf_violators(const ErrorData *error)
{
	const char *args[] = {error->schema_name, error->table_name, NULL};
	const char *query = NULL;
	int			pins;
	char	   *found;

	if (error->detail || error->table_name == NULL || error->schema_name == NULL)
		return NULL;
	if (error->sqlerrcode == ERRCODE_CHECK_VIOLATION)
	{
		query = check_query;
		args[2] = error->constraint_name;
	}
	else if (error->sqlerrcode == ERRCODE_NOT_NULL_VIOLATION)
	{
		query = null_query;
		args[2] = error->column_name;
	}
	if (query == NULL || args[2] == NULL)
		return NULL;
	pins = sf_pins_enter();
	found = sf_query_text(query, lengthof(args), args);
	sf_pins_leave(pins);
	return found;
}
