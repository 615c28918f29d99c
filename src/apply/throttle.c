/*
 * throttle.c - how fast the backfill may go (throttle.h).
 *
 * Standbys and replication slots are looked at once a second: who is further behind than
 * schemaflow.max_replica_lag makes us wait.  A slot that nobody reads counts only when it is about to be lost: who
 * has been away for weeks must not stop us for ever.  So do more sessions at work than schemaflow.max_load: those that
 * need the machine now, not those that wait for locks, for a client, or for a run of ours.  WAL of our own is counted
 * in this process.
 */
#include "postgres.h"

#include "executor/instrument.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "apply/throttle.h"
#include "guc.h"
#include "lib/spi.h"
#include "server/owner.h"
#include "server/server.h"

#define LOOK_EACH_MS	1000
#define TELL_EACH_MS	10000
#define WAIT_MS			200

static TimestampTz started,
			looked,
			told;
static uint64 wal_at_start;

void
sf_throttle_start(void)
{
	started = GetCurrentTimestamp();
	looked = told = 0;
	wal_at_start = pgWalUsage.wal_bytes;
}

/*
 * What the query finds beyond the limit, which is $1; 0: there is none.  As the owner of the extension: others may not
 * see how replication stands, nor what sessions do; we say no more of it than a name or a number.
 */
static char *
beyond(int limit, const char *query)
{
	const char *args[] = {psprintf("%d", limit)};
	SfOwnerState owner;
	char	   *found;

	if (limit == 0)
		return NULL;
	sf_owner_enter(&owner);
	found = sf_query_text(query, lengthof(args), args);
	sf_owner_leave(&owner);
	return found;
}

char *
sf_throttle_laggard(void)
{
	return beyond(sf_guc_max_replica_lag(),
				  "SELECT who || ' is ' || pg_catalog.pg_size_pretty(behind) || ' behind' FROM ("
				  "SELECT 'standby ' || application_name AS who, pg_catalog.pg_wal_lsn_diff("
				  "pg_catalog.pg_current_wal_lsn(), coalesce(replay_lsn, flush_lsn)) AS behind "
				  "FROM pg_catalog.pg_stat_replication WHERE state = ANY ('{catchup,streaming}') "
				  "UNION ALL "
				  "SELECT 'slot ' || slot_name, pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), "
				  "coalesce(confirmed_flush_lsn, restart_lsn)) FROM pg_catalog.pg_replication_slots "
				  "WHERE active OR wal_status = 'unreserved') x "
				  "WHERE behind > $1::pg_catalog.numeric * 1048576 ORDER BY behind DESC LIMIT 1");
}

/* How many are at work, when these are too many. */
static char *
crowd(void)
{
	return beyond(sf_guc_max_load(),
				  "SELECT pg_catalog.count(*) || ' sessions are at work' FROM pg_catalog.pg_stat_activity "
				  "WHERE backend_type = 'client backend' AND state = 'active' "
				  "AND coalesce(wait_event_type, 'IO') = ANY ('{IO,LWLock,BufferPin}') "
				  "AND pid <> pg_catalog.pg_backend_pid() HAVING pg_catalog.count(*) > $1::pg_catalog.int8");
}

/* What is in the way of the next batch, outside of transactions. */
static char *
hindrance(void)
{
	MemoryContext old = CurrentMemoryContext;
	char	   *found;

	sf_worker_begin();
	MemoryContextSwitchTo(old);
	found = sf_throttle_laggard();
	if (found == NULL)
		found = crowd();
	sf_worker_commit();
	MemoryContextSwitchTo(old);
	return found;
}

/* So long after that. */
static void
wait_until(TimestampTz since, double ms)
{
	double		left;

	while ((left = ms - TimestampDifferenceMilliseconds(since, GetCurrentTimestamp())) > 0)
		sf_wait_a_little((long) Min(left, WAIT_MS) + 1);
}

static void
wait_for_others(void)
{
	char	   *what;

	if ((sf_guc_max_replica_lag() == 0 && sf_guc_max_load() == 0) ||
		!TimestampDifferenceExceeds(looked, GetCurrentTimestamp(), LOOK_EACH_MS))
		return;
	while ((what = hindrance()) != NULL)
	{
		if (TimestampDifferenceExceeds(told, GetCurrentTimestamp(), TELL_EACH_MS))
		{
			told = GetCurrentTimestamp();
			ereport(INFO, (errmsg("waiting, %s", what)));
		}
		sf_wait_a_little(WAIT_MS);
	}
	looked = GetCurrentTimestamp();
}

/* So long that what we have written comes down to the rate. */
static void
keep_to_rate(void)
{
	double		rate = sf_guc_backfill_wal_rate() * 1024.0;
	double		written = (double) (pgWalUsage.wal_bytes - wal_at_start);

	if (rate > 0)
		wait_until(started, written / rate * 1000);
}

void
sf_throttle(long ms)
{
	wait_until(GetCurrentTimestamp(), ms * sf_guc_backfill_rest() / 100.0);
	wait_for_others();
	keep_to_rate();
}
