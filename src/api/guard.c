/*
 * guard.c - SQL entry points of the guard: make and remove it, break the glass.
 */
#include "postgres.h"

#include "commands/event_trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/define.h"
#include "api/result.h"
#include "guard/sentry.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"

PG_FUNCTION_INFO_V1(sf_guard_install);
PG_FUNCTION_INFO_V1(sf_guard_remove);
PG_FUNCTION_INFO_V1(sf_allow);

/* The longest that the glass may be broken at once. */
#define MAX_ALLOWANCE	(INT64CONST(24) * USECS_PER_HOUR)

/* A row of the log about the guard itself. */
static void
log_call(const char *call, const char *reason)
{
	SfSentry	sentry = {.command = call,.role = GetUserNameFromId(GetUserId(), true),.outcome = SF_OUTCOME_ALLOWED,
	.reason = reason};
	SfLogRow	row = {.command = call};

	sf_log_row(&sentry, &row);
}

static void
check_superuser(void)
{
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to make or remove the guard"),
				 errdetail("Event triggers belong to superusers."),
				 errhint("Have a superuser make this call.")));
}

/* Enabled as they should be, disabled, or (NULL) not there. */
static char *
state_of(const SfGuardTrigger *trigger)
{
	const char *args[] = {trigger->name};

	return sf_query_text("SELECT evtenabled FROM pg_event_trigger WHERE evtname = $1", lengthof(args), args);
}

Datum
sf_guard_install(PG_FUNCTION_ARGS)
{
	List	   *made = NIL;
	int			pins;

	check_superuser();
	(void) sf_origin_system();
	pins = sf_pins_enter();
	for (int i = 0; i < sf_guard_ntriggers; i++)
	{
		const SfGuardTrigger *trigger = &sf_guard_triggers[i];
		char	   *state = state_of(trigger);

		if (state && state[0] == 'O')
			continue;
		if (state)
			(void) sf_execute(psprintf("ALTER EVENT TRIGGER %s ENABLE", sf_ident(trigger->name)), 0, NULL);
		else
			(void) sf_execute(psprintf("CREATE EVENT TRIGGER %s ON %s EXECUTE FUNCTION schemaflow.sf_guard()",
									   sf_ident(trigger->name), trigger->event), 0, NULL);
		made = lappend(made, psprintf("%s on %s", trigger->name, trigger->event));
	}
	sf_pins_leave(pins);
	if (made)
		log_call("sf_guard_install()", NULL);
	return sf_result_lines(fcinfo, made);
}

Datum
sf_guard_remove(PG_FUNCTION_ARGS)
{
	List	   *dropped = NIL;
	int			pins;

	check_superuser();
	(void) sf_origin_system();
	pins = sf_pins_enter();
	for (int i = 0; i < sf_guard_ntriggers; i++)
	{
		const SfGuardTrigger *trigger = &sf_guard_triggers[i];

		if (state_of(trigger) == NULL)
			continue;
		(void) sf_execute(psprintf("DROP EVENT TRIGGER %s", sf_ident(trigger->name)), 0, NULL);
		dropped = lappend(dropped, psprintf("%s on %s", trigger->name, trigger->event));
	}
	sf_pins_leave(pins);
	if (dropped)
		log_call("sf_guard_remove()", NULL);
	return sf_result_lines(fcinfo, dropped);
}

/* Whose glass another's is. */
static void
check_role(const char *role)
{
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to set the guard aside for role \"%s\"", role),
				 errdetail("Only superusers do so for others."),
				 errhint("SELECT sf_allow('why') is for this session.")));
	(void) get_role_oid(role, false);
}

/* role NULL: of this session */
static void
end_allowance(const char *role)
{
	if (role)
		sf_allow_role(role, "", 0);
	else
		sf_allow_end();
	log_call("sf_allow()", role ? psprintf("(the end for role %s)", sf_ident(role)) : "(the end)");
}

Datum
sf_allow(PG_FUNCTION_ARGS)
{
	char	   *reason = sf_text_arg(fcinfo, 0, "reason");
	int64		span = sf_interval_arg(fcinfo, 1, "duration");
	char	   *role = PG_ARGISNULL(2) ? NULL : sf_text_arg(fcinfo, 2, "role");

	if (role)
		check_role(role);
	if (span > MAX_ALLOWANCE || span < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the guard may be set aside for a day at most"),
				 errhint("SELECT sf_allow('%s', '1 hour').", reason)));
	if (span == 0)
	{
		end_allowance(role);
		PG_RETURN_NULL();
	}
	if (strspn(reason, " \t\n") == strlen(reason))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a reason is needed to set the guard aside"),
				 errhint("SELECT sf_allow('why', '10 minutes').")));
	log_call("sf_allow()", role ? psprintf("%s (role %s)", reason, sf_ident(role)) : reason);
	ereport(LOG,
			(errmsg("the guard is set aside by \"%s\"%s%s", GetUserNameFromId(GetSessionUserId(), false),
					role ? " for role " : "", role ? sf_ident(role) : ""),
			 errdetail("The reason given is: %s.", reason)));
	if (role)
		sf_allow_role(role, reason, span);
	else
		sf_allow_begin(reason, span);
	PG_RETURN_TIMESTAMPTZ(GetCurrentTimestamp() + span);
}
