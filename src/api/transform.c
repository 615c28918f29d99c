/*
 * transform.c - SQL entry point that tells how a column's contents change.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "api/define.h"
#include "facts/live.h"
#include "facts/stored.h"
#include "facts/transforms.h"
#include "lib/text.h"

PG_FUNCTION_INFO_V1(sf_transform);

/* column (with schema and table), up, down */
Datum
sf_transform(PG_FUNCTION_ARGS)
{
	char	   *column = sf_text_arg(fcinfo, 0, "column");	/* the argument, not a kind */
	SfTransform transform;
	SfFactBase *model;
	char	  **names;
	int			n = sf_split_name(column, &names);

	if (n != 3)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" is not the full name of a column", column),
				 errhint("Write it with schema and table: SELECT sf_transform('public.users.phone', up => '...').")));
	transform.column = sf_qualified(n, names);
	transform.up = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	transform.down = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	sf_transform_check(transform.up);
	sf_transform_check(transform.down);
	sf_transforms_store("", list_make1(&transform));
	/* A column that goes is there only, and may have a way back. */
	model = sf_model_facts();
	if (model && !sf_is_in(model, "column", transform.column) &&	/* not a kind: what transforms are about */
		!sf_is_in(sf_live_facts_apart(), "column", transform.column))	/* not a kind */
		sf_notice_unknown("column", transform.column);	/* not a kind */
	PG_RETURN_VOID();
}
