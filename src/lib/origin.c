/*
 * origin.c - which database a row of ours comes from (origin.h).
 *
 * Both texts are made once per backend: a backend never changes its database.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"

#include "lib/origin.h"
#include "lib/version.h"

const char *
sf_origin_system(void)
{
	static char text[24];

	sf_check_version();
	if (text[0] == '\0')
	{
		/* signed, as pg_control_system() prints it */
		snprintf(text, sizeof(text), INT64_FORMAT, (int64) GetSystemIdentifier());
	}
	return text;
}

const char *
sf_origin_database(void)
{
	static char text[12];

	if (text[0] == '\0')
		snprintf(text, sizeof(text), "%u", MyDatabaseId);
	return text;
}
