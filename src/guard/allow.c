/*
 * allow.c - the glass: for a while, this session, or a role, may do what the guard would refuse (sf_allow()).
 *
 * A session's own is in no table, so that nobody else's statement passes because of it.  What a transaction has allowed
 * is taken back when it rolls back, since the row of the log that says so goes, too.  A role's is a row of
 * schemaflow.guard_allowance, which is asked when something is about to be refused.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "guard/sentry.h"
#include "lib/origin.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"

static char *reason = NULL;
static TimestampTz until = 0;

/* Innermost open transaction that it would be rolled back with; invalid: committed. */
static SubTransactionId begun_in = InvalidSubTransactionId;
static bool listening = false;

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT && begun_in != InvalidSubTransactionId)
		until = 0;
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		begun_in = InvalidSubTransactionId;
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (mine != begun_in)
		return;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		begun_in = parent;
	else if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		until = 0;
		begun_in = InvalidSubTransactionId;
	}
}

void
sf_allow_begin(const char *why, int64 microseconds)
{
	char	   *copy = MemoryContextStrdup(TopMemoryContext, why);

	if (!listening)
	{
		RegisterXactCallback(at_transaction_end, NULL);
		RegisterSubXactCallback(at_subtransaction_end, NULL);
		listening = true;
	}
	if (reason)
		pfree(reason);
	reason = copy;
	until = GetCurrentTimestamp() + microseconds;
	begun_in = GetCurrentSubTransactionId();
}

void
sf_allow_end(void)
{
	until = 0;
}

/* ---- roles ---- */

void
sf_allow_role(const char *role, const char *why, int64 microseconds)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), role, why, psprintf(INT64_FORMAT, microseconds),
	GetUserNameFromId(GetSessionUserId(), false)};
	SfOwnerState owner;

	sf_owner_enter(&owner);
	(void) sf_execute("DELETE FROM schemaflow.guard_allowance WHERE " SF_ORIGIN_IS_OURS
					  " AND (role = $3 OR until < clock_timestamp())", 3, args);
	if (microseconds > 0)
		(void) sf_execute("INSERT INTO schemaflow.guard_allowance (system_identifier, database_oid, role, reason, "
						  "until, allowed_by) VALUES ($1::int8, $2::oid, $3, $4, "
						  "clock_timestamp() + $5::float8 * interval '1 microsecond', $6)", lengthof(args), args);
	sf_owner_leave(&owner);
}

/* Superusers are members of all roles: that is not meant. */
static const char *
reason_of_role(void)
{
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	Oid			user = GetUserId();
	SfOwnerState owner;
	SfRows	   *rows;

	sf_owner_enter(&owner);
	rows = sf_query("SELECT role, reason FROM schemaflow.guard_allowance WHERE " SF_ORIGIN_IS_OURS
					" AND until > clock_timestamp() ORDER BY role", lengthof(args), args);
	sf_owner_leave(&owner);
	for (int i = 0; i < rows->nrows; i++)
	{
		Oid			role = get_role_oid(sf_cell(rows, i, 0), true);

		if (OidIsValid(role) && (is_member_of_role_nosuper(GetSessionUserId(), role) ||
								 is_member_of_role_nosuper(user, role)))
			return psprintf("%s (role %s)", sf_cell(rows, i, 1), sf_ident(sf_cell(rows, i, 0)));
	}
	return NULL;
}

const char *
sf_allow_reason(void)
{
	return until > GetCurrentTimestamp() ? reason : reason_of_role();
}
