#include "postgres.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "facts/live.h"
#include "facts/stored.h"
#include "phases/steps.h"
PG_FUNCTION_INFO_V1(sf_dbg);
Datum sf_dbg(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	SfFactBase *live, *model; SfPlan *plan; ListCell *lc;
	SfPlanOptions o = {0};
	bool down = PG_GETARG_BOOL(0);
	InitMaterializedSRF(fcinfo, 0);
	live = sf_live_facts(); model = sf_model_facts(); sf_scope(live, model);
	o.role = "postgres";
	plan = down ? sf_plan_make(model, live, &o) : sf_plan_make(live, model, &o);
	foreach(lc, sf_steps_make(plan))
	{
		SfStep *s = lfirst(lc);
		Datum v[12]; bool n[12] = {0};
		v[0] = Int32GetDatum(s->n); v[1] = CStringGetTextDatum(s->phase); v[2] = CStringGetTextDatum(psprintf("%c", s->class));
		v[3] = Int32GetDatum(s->transaction); v[4] = CStringGetTextDatum(s->sql);
		n[5] = !s->lock; if (s->lock) v[5] = CStringGetTextDatum(s->lock);
		n[6] = !s->lock_table; if (s->lock_table) v[6] = CStringGetTextDatum(s->lock_table);
		v[7] = CStringGetTextDatum(psprintf("%s%s%s", s->rewrites ? "R" : "", s->scans ? "S" : "", s->loses_data ? "L" : ""));
		v[8] = Int64GetDatum(s->needs_rows_estimate);
		n[9] = !s->why; if (s->why) v[9] = CStringGetTextDatum(s->why);
		v[10] = CStringGetTextDatum(s->object);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, v, n);
	}
	return (Datum) 0;
}
