/*
 * sf_test_plan.c - facts and plans without units, scratches and history, so that a kind is tested by itself.
 *
 * The symbols of schemaflow's library are found because it is loaded before, globally (tests do LOAD 'schemaflow').
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "facts/facts.h"
#include "plan/plan.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(sf_test_facts);
PG_FUNCTION_INFO_V1(sf_test_plan);

/* The facts of this database as they stand now, a line each. */
Datum
sf_test_facts(PG_FUNCTION_ARGS)
{
	SfFactBase *base = sf_facts_read(NIL);
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, base->facts)
	{
		sf_fact_encode(lfirst(lc), &out);
		appendStringInfoChar(&out, '\n');
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

static SfFactBase *
decode(char *text)
{
	SfFactBase *base = sf_base_new("test");
	char	   *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		sf_fact_decode(base, line);
	sf_base_finish(base);
	return base;
}

/* The statements that turn the first facts into the second, a semicolon and a line feed behind each. */
Datum
sf_test_plan(PG_FUNCTION_ARGS)
{
	SfFactBase *from = decode(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	SfFactBase *to = decode(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	SfPlan	   *plan = sf_plan_make(from, to, NULL);
	StringInfoData out;
	ListCell   *lc,
			   *ls;

	initStringInfo(&out);
	foreach(lc, plan->actions)
		foreach(ls, ((SfAction *) lfirst(lc))->statements)
			appendStringInfo(&out, "%s;\n", (char *) lfirst(ls));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
