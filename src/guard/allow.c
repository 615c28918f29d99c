/*
 * allow.c - the glass: for a while, this session may do what the guard would refuse (sf_allow()).
 *
 * It is of the session and of no table, so that nobody else's statement passes because of it.  What a transaction has
 * allowed is taken back when it rolls back, since the row of the log that says so goes, too.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "guard/sentry.h"

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

const char *
sf_allow_reason(void)
{
	return until > GetCurrentTimestamp() ? reason : NULL;
}
