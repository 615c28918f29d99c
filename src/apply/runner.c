/*
 * runner.c - who runs, and the row that says how the run stands (runner.h).
 *
 * Protocol: only the holder of the runner's lock writes the row, as the extension's owner (server/owner.h); anybody
 * reads it.  Readers who wait for the runner must look at shared memory only: a snapshot of theirs would keep a
 * CONCURRENTLY statement of the runner waiting for them.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/lock.h"

#include "apply/runner.h"
#include "compat.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"
#include "server/server.h"

/* Classes of the locks (field4 of an advisory lock's tag); server/ and sessions.c have others, users have 1 and 2. */
#define RUNNER_LOCK_CLASS	0x5F02
#define HELPER_LOCK_CLASS	0x5F04

/* ---- the lock ---- */

static void
runner_tag(LOCKTAG *tag)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, 0, 0, RUNNER_LOCK_CLASS);
}

static void
helper_tag(LOCKTAG *tag)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, 0, 0, HELPER_LOCK_CLASS);
}

/* From the lock table itself: between its transactions the runner is in none that GetLockConflicts() could name. */
int
sf_runner_pid(void)
{
	LOCKTAG		tag;
	LockData   *locks = GetLockStatusData();
	int			pid = 0;

	runner_tag(&tag);
	for (int i = 0; i < locks->nelements && pid == 0; i++)
	{
		const LockInstanceData *lock = &locks->locks[i];

		if (memcmp(&lock->locktag, &tag, sizeof(tag)) == 0 && (lock->holdMask & LOCKBIT_ON(ExclusiveLock)))
			pid = lock->pid;
	}
	pfree(locks->locks);
	pfree(locks);
	return pid;
}

bool
sf_runner_become(void)
{
	LOCKTAG		tag;

	runner_tag(&tag);
	/* A step may have let go of all advisory locks of the session. */
	if (sf_lock_held(&tag, ExclusiveLock))
		return true;
	if (LockAcquire(&tag, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	/* A helper whose runner has gone may be in the middle of something still. */
	helper_tag(&tag);
	(void) LockAcquire(&tag, ExclusiveLock, true, false);
	(void) LockRelease(&tag, ExclusiveLock, true);
	return true;
}

void
sf_runner_help(void)
{
	LOCKTAG		tag;

	helper_tag(&tag);
	sf_worker_begin();
	(void) LockAcquire(&tag, ExclusiveLock, true, false);
	sf_worker_commit();
}

void
sf_runner_leave(void)
{
	LOCKTAG		tag;

	runner_tag(&tag);
	if (sf_lock_held(&tag, ExclusiveLock))
		(void) LockRelease(&tag, ExclusiveLock, true);
}

/* ---- the request ---- */

char *
sf_run_request_pack(const SfRunRequest *request, Size *len)
{
	const char *fields[] = {sf_direction_name(request->direction), request->to ? request->to : "",
	request->through ? request->through : "", request->allow, request->abort ? "abort" : "",
	psprintf("%d", request->gates), psprintf("%d", request->only)};

	return sf_texts_pack(lengthof(fields), fields, len);
}

void
sf_run_request_unpack(const char *payload, SfRunRequest *request)
{
	const char *fields[7];

	sf_texts_unpack(payload, lengthof(fields), fields);
	request->direction = sf_direction_named(fields[0]);
	request->to = fields[1];
	request->through = fields[2][0] ? fields[2] : NULL;
	request->allow = fields[3];
	request->abort = fields[4][0] != '\0';
	request->gates = (SfGates) atoi(fields[5]);
	request->only = atoi(fields[6]);
}

/* ---- the row ---- */

void
sf_run_begin(const SfRunRequest *request)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), sf_direction_name(request->direction),
		request->to, request->through, request->allow, request->abort ? "t" : "f",
	GetUserNameFromId(GetSessionUserId(), false)};
	SfOwnerState owner;

	sf_owner_enter(&owner);
	sf_execute("INSERT INTO schemaflow.run (system_identifier, database_oid, direction, target, through, allow, "
			   "aborting, status, started_at, started_by, changed_at) VALUES ($1::bigint, $2::oid, $3, $4, $5, "
			   "$6::text[], $7::boolean, 'running', clock_timestamp(), $8, clock_timestamp()) "
			   "ON CONFLICT (system_identifier, database_oid) DO UPDATE SET direction = excluded.direction, "
			   "target = excluded.target, through = excluded.through, allow = excluded.allow, "
			   "aborting = excluded.aborting, status = excluded.status, started_at = excluded.started_at, "
			   "started_by = excluded.started_by, changed_at = excluded.changed_at, revision = NULL, step = NULL, "
			   "steps = NULL, phase = NULL, statement = NULL, message = NULL, detail = NULL, hint = NULL",
			   lengthof(args), args);
	sf_owner_leave(&owner);
}

void
sf_run_at(const char *revision, SfDirection direction, int step, int steps, const char *phase, const char *statement)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), revision, sf_direction_name(direction),
	psprintf("%d", step), psprintf("%d", steps), phase, statement};
	SfOwnerState owner;

	sf_owner_enter(&owner);
	sf_execute("UPDATE schemaflow.run SET revision = $3, running = $4, step = $5::integer, steps = $6::integer, "
			   "phase = $7, statement = $8, changed_at = clock_timestamp() WHERE " SF_ORIGIN_IS_OURS,
			   lengthof(args), args);
	sf_owner_leave(&owner);
}

void
sf_run_end(const char *status, const ErrorData *error)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), status, error ? error->message : NULL,
	error ? error->detail : NULL, error ? error->hint : NULL};
	SfOwnerState owner;

	sf_owner_enter(&owner);
	sf_execute("UPDATE schemaflow.run SET status = $3, message = $4, detail = $5, hint = $6, "
			   "changed_at = clock_timestamp() WHERE " SF_ORIGIN_IS_OURS, lengthof(args), args);
	sf_owner_leave(&owner);
}

bool
sf_run_last(SfRunRequest *request, char **status)
{
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query("SELECT direction, target, through, allow, aborting, status FROM schemaflow.run WHERE "
								SF_ORIGIN_IS_OURS, lengthof(args), args);

	sf_pins_leave(pins);
	if (rows->nrows == 0)
		return false;
	/* What is not in the row is as no call says it. */
	*request = (SfRunRequest) {0};
	request->direction = sf_direction_named(sf_cell(rows, 0, 0));
	request->to = sf_cell(rows, 0, 1);
	request->through = sf_cell(rows, 0, 2);
	request->allow = sf_cell(rows, 0, 3);
	request->abort = sf_cell(rows, 0, 4)[0] == 't';
	*status = sf_cell(rows, 0, 5);
	return true;
}
