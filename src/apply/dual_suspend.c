/*
 * dual_suspend.c - statements of our own that dual-write triggers stay away from (dual_write.h).
 *
 * The executor has a copy of a table's triggers for each query.  While they are suspended, ours are taken out of it
 * before it runs.  When no other has to see the old row, it is not locked ahead of its update either: a write and a
 * record of WAL less for each row.
 */
#include "postgres.h"

#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "utils/lsyscache.h"

#include "apply/dual_write.h"

static ExecutorStart_hook_type next_start = NULL;
static bool hooked = false;
static SfSuspend suspended = SF_SUSPEND_NONE;

static bool
calls(const Trigger *trigger, const char *name)
{
	char	   *function = get_func_name(trigger->tgfoid);

	return function && strcmp(function, name) == 0;
}

bool
sf_trigger_is_ours(const Trigger *trigger, const char *name)
{
	return trigger->tgisinternal && calls(trigger, name);
}

bool
sf_is_dual_write(const Trigger *trigger)
{
	return calls(trigger, "sf_dual_write");
}

static bool
is_suspended(const Trigger *trigger)
{
	/* What a batch writes is in the archive already (mirror.c). */
	if (sf_trigger_is_ours(trigger, "sf_archive_mirrored"))
		return suspended == SF_SUSPEND_ALL;
	return sf_is_dual_write(trigger) && (suspended == SF_SUSPEND_ALL || !sf_dual_write_only_computes(trigger));
}

static void
leave_out(TriggerDesc *triggers)
{
	bool		update = false,
				insert = false;

	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (is_suspended(trigger))
			trigger->tgenabled = TRIGGER_DISABLED;
		else if (sf_trigger_is_ours(trigger, "sf_archive_keep"))
			/* Batches are no origin's writes (pass.c), but they move rows (follow.h). */
			trigger->tgenabled = TRIGGER_FIRES_ALWAYS;
		else if (TRIGGER_FOR_ROW(trigger->tgtype) && TRIGGER_FOR_BEFORE(trigger->tgtype))
		{
			update = update || TRIGGER_FOR_UPDATE(trigger->tgtype);
			insert = insert || TRIGGER_FOR_INSERT(trigger->tgtype);
		}
	}
	triggers->trig_update_before_row = update;
	triggers->trig_insert_before_row = insert;
}

static void
start_executor(QueryDesc *query, int flags)
{
	ListCell   *lc;

	if (next_start)
		next_start(query, flags);
	else
		standard_ExecutorStart(query, flags);
	if (suspended == SF_SUSPEND_NONE)
		return;
	foreach(lc, query->estate->es_opened_result_relations)
	{
		ResultRelInfo *result = lfirst(lc);

		if (result->ri_TrigDesc)
			leave_out(result->ri_TrigDesc);
	}
}

void
sf_dual_write_suspend(SfSuspend suspend)
{
	if (!hooked)
	{
		next_start = ExecutorStart_hook;
		ExecutorStart_hook = start_executor;
		hooked = true;
	}
	suspended = suspend;
}
