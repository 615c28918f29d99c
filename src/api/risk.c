/*
 * risk.c - SQL entry points that show what statements do: sf_risk(), sf_risk_table().
 *
 * The statement is parsed and looked up, never run; users' tables are not locked.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "api/define.h"
#include "facts/facts.h"
#include "kinds/kind.h"
#include "lib/text.h"
#include "risk/risk.h"

PG_FUNCTION_INFO_V1(sf_risk);
PG_FUNCTION_INFO_V1(sf_risk_table);

/* Else it would look harmless: no lock, no work. */
#define NOT_JUDGED	"not in sf_risk_table(): sf_trace() runs it, looks, and rolls it back"

static Datum
text_or_null(const char *text, bool *null)
{
	*null = text == NULL;
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

/* "column alter type, check validate" */
static char *
keys_of(List *operations)
{
	List	   *keys = NIL;
	ListCell   *lc;

	foreach(lc, operations)
	{
		SfOperation *op = lfirst(lc);

		if (op->kind)
			keys = lappend(keys, psprintf("%s %s%s%s", op->kind, sf_risk_verb(op->verb), op->attr ? " " : "",
										  op->attr ? op->attr : ""));
	}
	return keys ? sf_join(keys, ", ") : NULL;
}

/* One row a locked relation; one row without a relation when there is none. */
Datum
sf_risk(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	SfRiskContext context = {0};
	SfRisk	   *risk;
	char	   *keys;
	int			i = 0;

	InitMaterializedSRF(fcinfo, 0);
	context.before = sf_facts_read(NIL);
	context.after = context.before;
	context.time_zone = GetConfigOption("TimeZone", false, false);
	context.live = true;
	risk = sf_risk_assess(sf_text_arg(fcinfo, 0, "statement"), &context);
	keys = keys_of(risk->operations);
	do
	{
		SfRiskLock *lock = risk->locks ? list_nth(risk->locks, i) : NULL;
		char	   *names[2] = {lock ? lock->schema : NULL, lock ? lock->name : NULL};
		bool		reads = (risk->effects & (SF_RISK_SCANS | SF_RISK_REWRITES)) != 0;
		int64		rows = lock && !lock->index && reads ? sf_risk_rows(lock->schema, lock->name) : -1;
		Datum		values[9];
		bool		nulls[9] = {false};

		values[0] = text_or_null(keys, &nulls[0]);
		values[1] = text_or_null(lock == NULL ? NULL : lock->schema ? sf_qualified(2, names) : sf_ident(lock->name),
								 &nulls[1]);
		values[2] = text_or_null(lock ? sf_risk_lock_name(lock->mode) : NULL, &nulls[2]);
		values[3] = BoolGetDatum((risk->effects & SF_RISK_REWRITES) != 0);
		values[4] = BoolGetDatum((risk->effects & SF_RISK_SCANS) != 0);
		values[5] = BoolGetDatum((risk->effects & SF_RISK_LOSES) != 0);
		values[6] = BoolGetDatum((risk->effects & SF_RISK_TOP_LEVEL) == 0);
		values[7] = Int64GetDatum(rows);
		nulls[7] = rows < 0;
		values[8] = text_or_null(risk->why ? risk->why : keys ? NULL : NOT_JUDGED, &nulls[8]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	} while (++i < list_length(risk->locks));
	return (Datum) 0;
}

Datum
sf_risk_table(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < sf_risk_nentries; i++)
	{
		const SfRiskEntry *entry = &sf_risk_entries[i];
		Datum		values[11];
		bool		nulls[11] = {false};

		values[0] = CStringGetTextDatum(entry->kind);
		values[1] = CStringGetTextDatum(sf_risk_verb(entry->verb));
		values[2] = text_or_null(entry->attr, &nulls[2]);
		values[3] = text_or_null(sf_risk_lock_name(entry->lock), &nulls[3]);
		values[4] = text_or_null(sf_risk_lock_name(entry->partner), &nulls[4]);
		values[5] = BoolGetDatum((entry->effects & SF_RISK_REWRITES) != 0);
		values[6] = BoolGetDatum((entry->effects & SF_RISK_SCANS) != 0);
		values[7] = BoolGetDatum((entry->effects & SF_RISK_LOSES) != 0);
		values[8] = BoolGetDatum((entry->effects & SF_RISK_NARROWS) != 0);
		values[9] = BoolGetDatum(entry->refine != NULL);
		values[10] = text_or_null(entry->why, &nulls[10]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
