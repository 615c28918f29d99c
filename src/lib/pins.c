/*
 * pins.c - the settings under which facts are read.  See pins.h.
 */
#include "postgres.h"

#include "lib/pins.h"
#include "utils/guc.h"

/*
 * Everything that the server's deparse functions, or our queries, depend on (traps B7).  transaction_isolation
 * cannot be set in mid-transaction; the reader refuses other levels by re-reading instead (facts/read.c).
 */
static const struct
{
	const char *name;
	const char *value;
}			pins[] =
{
	{"bytea_output", "hex"},
	{"check_function_bodies", "off"},
	{"DateStyle", "ISO, MDY"},
	{"default_table_access_method", "heap"},
	{"default_tablespace", ""},
	{"extra_float_digits", "1"},
	{"IntervalStyle", "postgres"},
	{"jit", "off"},
	{"max_parallel_workers_per_gather", "0"},
	{"quote_all_identifiers", "off"},
	{"row_security", "off"},
	{"search_path", "pg_catalog, pg_temp"},
	{"standard_conforming_strings", "on"},
	{"TimeZone", "UTC"},
	{"work_mem", "64MB"},
	{"xmloption", "content"},
};

void
sf_set_here(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

void
sf_set_local(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

int
sf_pins_enter(void)
{
	int			level = NewGUCNestLevel();

	for (int i = 0; i < lengthof(pins); i++)
		sf_set_here(pins[i].name, pins[i].value);
	return level;
}

void
sf_pins_leave(int level)
{
	AtEOXact_GUC(true, level);
}
