/*
 * render.c - facts as DDL text: the plan that leads from nothing to them.
 */
#include "postgres.h"

#include "plan/plan.h"
#include "plan/render.h"

/* Make what an empty database has invisible while we render. */
static void
hide_baseline(SfFactBase *base, bool hide)
{
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);

		if (fact->baseline)
			fact->unmanaged = hide;
	}
}

static SfPlan *
plan_from_nothing(SfFactBase *base)
{
	SfFactBase *empty = sf_base_new("nothing");
	SfPlan	   *plan;

	sf_base_finish(base);
	hide_baseline(base, true);
	plan = sf_plan_make(empty, base, NULL);
	hide_baseline(base, false);
	return plan;
}

static void
append_statements(StringInfo out, const SfAction *action)
{
	ListCell   *lc;

	foreach(lc, action->statements)
		appendStringInfo(out, "%s;\n", (char *) lfirst(lc));
}

char *
sf_render_all(SfFactBase *base)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, plan_from_nothing(base)->actions)
		append_statements(&out, lfirst(lc));
	return out.data;
}

char *
sf_render_from(SfFactBase *empty, SfFactBase *base)
{
	StringInfoData out;
	SfPlan	   *plan;
	ListCell   *lc;

	initStringInfo(&out);
	sf_base_finish(base);
	hide_baseline(base, true);
	plan = sf_plan_make(empty, base, NULL);
	hide_baseline(base, false);
	foreach(lc, plan->actions)
		append_statements(&out, lfirst(lc));
	return out.data;
}

/* Is it the object asked for, or inside it? */
static bool
is_within(const SfFact *fact, const char *object)
{
	for (; fact; fact = fact->parent)
		if (strcmp(fact->key, object) == 0 || strcmp(sf_fact_label(fact), object) == 0 ||
			strcmp(sf_name(fact), object) == 0)
			return true;
	return false;
}

char *
sf_render_object(SfFactBase *base, const char *object)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, plan_from_nothing(base)->actions)
	{
		const SfAction *action = lfirst(lc);

		if (is_within(action->new, object))
			append_statements(&out, action);
	}
	return out.data;
}
