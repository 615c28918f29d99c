/*
 * sessions.c - which version of the application each session is (sessions.h).
 *
 * The lock's tag holds the version itself, 48 bits of it, so that pg_locks shows it: objid and classid in hexadecimal.
 * It is a session's lock: it goes with the session, and costs nothing later.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/lock.h"

#include "apply/history.h"
#include "apply/sessions.h"
#include "compat.h"
#include "guc.h"
#include "lib/pins.h"
#include "lib/spi.h"

/* Class of the lock (field4 of an advisory lock's tag); see apply/runner.c. */
#define VERSION_LOCK_CLASS	0x5F03

/* The version whose lock this session holds. */
static char known[SF_REVISION_LEN + 1] = "";

static void
version_tag(LOCKTAG *tag, const char *version)
{
	uint64		bits = strcmp(version, SF_VERSION_BASE) == 0 ? 0 : strtou64(version, NULL, 16);

	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) (bits >> 16), (uint32) (bits & 0xFFFF), VERSION_LOCK_CLASS);
}

/* Nobody ever holds it exclusively, so it is there at once. */
static void
make_known(const char *version)
{
	LOCKTAG		tag;

	if (*known)
	{
		version_tag(&tag, known);
		if (sf_lock_held(&tag, ShareLock))	/* pg_advisory_unlock_all() takes it away */
			(void) LockRelease(&tag, ShareLock, true);
		*known = '\0';
	}
	if (*version == '\0')
		return;
	version_tag(&tag, version);
	(void) LockAcquire(&tag, ShareLock, true, false);
	strlcpy(known, version, sizeof(known));
}

const char *
sf_session_version(void)
{
	const char *version = sf_guc_version();

	if (strcmp(version, known) != 0)
		make_known(version);
	return version;
}

void
sf_session_gate(const char *version)
{
	const char *args[] = {version};
	int			pins = sf_pins_enter();
	char	   *others = sf_query_text("SELECT string_agg(format('process %s%s, version %s', pid, "
									   "coalesce(' (' || nullif(application_name, '') || ')', ''), version), '; ' "
									   "ORDER BY pid) FROM schemaflow.session WHERE version <> $1 "
									   "AND pid <> pg_backend_pid()", lengthof(args), args);

	sf_pins_leave(pins);
	if (others)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("sessions of another version of the application are connected"),
				 errdetail("%s.", others),
				 errhint("Stop them and call again, or CALL sf_contract(force => true) if they do no harm.")));
}
