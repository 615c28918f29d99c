/*
 * sessions.c - which version of the application each session is (sessions.h).
 *
 * The lock's tag holds the version itself, 48 bits of it, so that pg_locks shows it: objid and classid in hexadecimal.
 * It is a session's lock: it goes with the session, and costs nothing later.
 *
 * Gate and fence: the gate takes the lock of the version that ends for itself, to the end of the transaction that
 * notes that it was passed.  A session takes its lock first and asks then whether its version is over.  So either
 * the gate sees the session, or the session sees that the gate was passed.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/lsyscache.h"

#include "apply/sessions.h"
#include "apply/throttle.h"
#include "apply/version_path.h"
#include "apply/versions.h"
#include "compat.h"
#include "guc.h"
#include "lib/pins.h"
#include "lib/spi.h"

/* Class of the lock (field4 of an advisory lock's tag); see apply/runner.c. */
#define VERSION_LOCK_CLASS	0x5F03

/* The version whose lock this session holds. */
static char known[SF_REVISION_LEN + 1] = "";

static int	except = 0;

static void
version_tag(LOCKTAG *tag, const char *version)
{
	uint64		bits = strcmp(version, SF_VERSION_BASE) == 0 ? 0 : strtou64(version, NULL, 16);

	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) (bits >> 16), (uint32) (bits & 0xFFFF), VERSION_LOCK_CLASS);
}

static void
let_go(void)
{
	LOCKTAG		tag;

	if (*known == '\0')
		return;
	version_tag(&tag, known);
	if (sf_lock_held(&tag, ShareLock))	/* pg_advisory_unlock_all() takes it away */
		(void) LockRelease(&tag, ShareLock, true);
	*known = '\0';
}

/* ---- the fence ---- */

static void
check_fence(const char *version)
{
	int			fence = sf_guc_fence();

	/* In a copy without our tables nobody knows. */
	if (fence == SF_FENCE_OFF || !OidIsValid(get_relname_relid("journal", get_namespace_oid("schemaflow", true))))
		return;
	if (sf_version_state(sf_versions_read(), version) != SF_VERSION_OVER)
		return;
	if (fence == SF_FENCE_ERROR)
		let_go();
	ereport(fence == SF_FENCE_ERROR ? ERROR : WARNING,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("version %s of the application is over", version),
			 errdetail("The schema does not serve it any more."),
			 errhint("Use a newer version; SELECT * FROM sf_current() shows where the schema is.")));
}

/* The gate holds it for a moment only. */
static void
make_known(const char *version)
{
	LOCKTAG		tag;

	let_go();
	if (*version == '\0')
		return;
	version_tag(&tag, version);
	(void) LockAcquire(&tag, ShareLock, true, false);
	strlcpy(known, version, sizeof(known));
	check_fence(version);
}

const char *
sf_session_version(void)
{
	const char *version = sf_guc_version();

	if (*version == '\0')
		version = sf_version_of_path();
	if (strcmp(version, known) != 0)
		make_known(version);
	return version;
}

/* ---- the gate ---- */

void
sf_session_gate_except(int pid)
{
	except = pid;
}

/* Whether they count that say nothing is up to schemaflow.gate. */
static char *
others_than(const char *version)
{
	const char *args[] = {version, psprintf("%d", except), sf_guc_gate() == SF_GATE_ALL ? "t" : "f"};
	int			pins = sf_pins_enter();
	char	   *others = sf_query_text(
		"SELECT string_agg(format('process %s%s%s, %s', x.pid, coalesce(' of ' || x.usename, ''), "
		"coalesce(' (' || nullif(x.application_name, '') || ')', ''), coalesce('version ' || x.version, "
		"'which does not say its version')) || coalesce(', since ' || to_char(x.since, 'YYYY-MM-DD HH24:MI:SS'), ''), "
		"'; ' ORDER BY x.pid) FROM (SELECT pid, version, usename, application_name, since FROM schemaflow.session "
		"WHERE version <> $1 UNION ALL SELECT a.pid, NULL, a.usename, a.application_name, a.backend_start "
		"FROM pg_stat_activity a WHERE $3::bool AND a.datname = current_database() "
		"AND a.backend_type = 'client backend' AND a.pid <> $2::int "
		"AND NOT EXISTS (SELECT FROM schemaflow.session s WHERE s.pid = a.pid)) x "
		"WHERE x.pid <> pg_backend_pid()", lengthof(args), args);

	sf_pins_leave(pins);
	return others;
}

/* The version that is to end, for ourselves; false: a session has come in between. */
static bool
close_behind(const char *to)
{
	SfVersions *versions = sf_versions_read();
	LOCKTAG		tag;

	if (versions->half == NULL)
		return true;
	for (SfDirection d = SF_UP; d <= SF_DOWN; d++)
	{
		const char *version = sf_migration_version(versions->migration, d);

		if (strcmp(version, to) == 0)
			continue;
		version_tag(&tag, version);
		if (LockAcquire(&tag, ExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
			return false;
	}
	return true;
}

void
sf_session_gate(const char *to, const char *force)
{
	char	   *others = others_than(to);
	char	   *behind;

	if (others == NULL && !close_behind(to))
		others = pstrdup("one has just begun");
	if (others)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("sessions of another version of the application are connected"),
				 errdetail("%s.", others),
				 errhint("Stop them and call again, or %s if they do no harm.", force)));
	behind = sf_throttle_laggard();
	if (behind)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("a replica is too far behind to go through the gate"),
				 errdetail("%s.", behind),
				 errhint("Wait for it, raise schemaflow.max_replica_lag, or %s.", force)));
}
