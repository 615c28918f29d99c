/*
 * guc.c - every setting, as data.
 *
 * Adding one: a variable, a getter, and a line in the table of its type (in order of name).  Those that anybody may
 * set in a session give no right, they only say how much to wait, hold or look at.
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "guc.h"

static int	manage = SF_MANAGE_MODEL;
static int	archive = SF_ARCHIVE_ROWS;
static int	archive_limit = 10000000;
static int	backfill_nice = 10;
static int	backfill_rest = 0;
static int	backfill_wal_rate = 0;
static int	batch_time = 75;
static int	fence = SF_FENCE_ERROR;
static int	gate = SF_GATE_DECLARED;
static int	gate_wait = 0;
static int	guard = SF_GUARD_ENFORCE;
static int	guard_rows = 1;
static int	lock_deadline = 600000;
static int	lock_timeout = 5000;
static int	lock_wait = 100;
static int	max_load = 0;
static int	max_locks = 0;
static int	max_replica_lag = 64;
static int	online_rows = 10000;
static int	pause_after_step = 0;
static int	read_wait = 30000;
static int	scratch_pool = 2;
static int	worker_wait = 30000;
static char *version = NULL;
static int	versions = SF_VERSIONS_OFF;

static const struct config_enum_entry manage_options[] = {
	{"model", SF_MANAGE_MODEL, false},
	{"all", SF_MANAGE_ALL, false},
	{NULL, 0, false}
};

static const struct config_enum_entry archive_options[] = {
	{"rows", SF_ARCHIVE_ROWS, false},
	{"always", SF_ARCHIVE_ALWAYS, false},
	{"never", SF_ARCHIVE_NEVER, false},
	{NULL, 0, false}
};

static const struct config_enum_entry fence_options[] = {
	{"off", SF_FENCE_OFF, false},
	{"warn", SF_FENCE_WARN, false},
	{"error", SF_FENCE_ERROR, false},
	{NULL, 0, false}
};

static const struct config_enum_entry gate_options[] = {
	{"declared", SF_GATE_DECLARED, false},
	{"all", SF_GATE_ALL, false},
	{NULL, 0, false}
};

static const struct config_enum_entry versions_options[] = {
	{"off", SF_VERSIONS_OFF, false},
	{"on", SF_VERSIONS_ON, false},
	{NULL, 0, false}
};

static const struct config_enum_entry guard_options[] = {
	{"off", SF_GUARD_OFF, false},
	{"warn", SF_GUARD_WARN, false},
	{"enforce", SF_GUARD_ENFORCE, false},
	{NULL, 0, false}
};

static const struct
{
	const char *name;
	int		   *variable;
	int			min;
	int			max;
	int			flags;
	GucContext	context;
	const char *short_desc;
	const char *long_desc;
}			int_settings[] = {
	{"schemaflow.archive_limit", &archive_limit, -1, INT_MAX, 0, PGC_USERSET,
		"Most rows of a table whose dropped column is archived.",
	"The copy takes time and room. -1 means any number; the column of a larger table is lost, with consent."},
	{"schemaflow.backfill_nice", &backfill_nice, 0, 19, 0, PGC_USERSET,
		"How much lower a priority for the CPU a backfill has than the server's other processes.",
	"As of the command nice: with 19 it gets next to nothing while others want all of the CPU. It works in a "
	"background worker of its own then. 0 means that all are equal."},
	{"schemaflow.backfill_rest", &backfill_rest, 0, 10000, 0, PGC_USERSET,
		"How long a backfill rests after a batch, in percent of the time that the batch took.",
	"What it leaves of the machine is for others: with 300 it works a quarter of the time. 0 means that it never "
	"rests."},
	{"schemaflow.backfill_wal_rate", &backfill_wal_rate, 0, INT_MAX, GUC_UNIT_KB, PGC_USERSET,
		"How much WAL a backfill may write in a second.",
	"0 means as much as it can."},
	{"schemaflow.batch_time", &batch_time, 1, 60000, GUC_UNIT_MS, PGC_USERSET,
		"How long a batch of a backfill should take.",
	"Whoever needs a row of it waits that long at most. Batches get as many blocks as fit."},
	{"schemaflow.gate_wait", &gate_wait, 0, INT_MAX, GUC_UNIT_MS, PGC_USERSET,
		"How long a contract waits for sessions of another version to go, and for replicas to follow.",
	"0 means that it is refused at once."},
	{"schemaflow.guard_rows", &guard_rows, 1, INT_MAX, 0, PGC_SUSET,
		"From how many rows on the guard takes a table for one in use.",
	"What is done to smaller ones takes a moment. For rules about work and locks."},
	{"schemaflow.lock_deadline", &lock_deadline, 0, INT_MAX, GUC_UNIT_MS, PGC_USERSET,
		"How long a step of a migration may try to get its locks.",
	"After it the run fails and names who holds them; what was done stays done, and the next call goes on."},
	{"schemaflow.lock_timeout", &lock_timeout, 0, INT_MAX, GUC_UNIT_MS, PGC_USERSET,
		"How long a transaction of a script may wait for a lock.",
	"0 waits without end, and whoever comes later for the table waits behind it."},
	{"schemaflow.lock_wait", &lock_wait, 1, 60000, GUC_UNIT_MS, PGC_USERSET,
		"How long a step of a migration may wait for its locks in one try.",
	"Whoever comes later for the table waits behind it for as long. Then it steps back and tries again."},
	{"schemaflow.max_load", &max_load, 0, INT_MAX, 0, PGC_USERSET,
		"How many other sessions may be at work before a backfill waits for them.",
	"Those count that run, read or write at this moment, in any database. 0 means that it never waits."},
	{"schemaflow.max_locks", &max_locks, 0, INT_MAX, 0, PGC_USERSET,
		"Most locks that one transaction of a migration may take.",
	"0 means a quarter of the server's lock table."},
	{"schemaflow.max_replica_lag", &max_replica_lag, 0, INT_MAX, GUC_UNIT_MB, PGC_USERSET,
		"How far a standby or a replication slot may be behind before a backfill waits for it.",
	"0 means that it never waits."},
	{"schemaflow.online_rows", &online_rows, 0, INT_MAX, 0, PGC_USERSET,
		"From how many rows on a table is changed in the way that keeps it usable, though it takes longer.",
	"Smaller ones are changed in one go."},
	{"schemaflow.pause_after_step", &pause_after_step, 0, INT_MAX, 0, PGC_SUSET,
		"For tests: the runner stands still after this step, before the step is marked as done.",
	"0 means never."},
	{"schemaflow.read_wait", &read_wait, 0, INT_MAX, GUC_UNIT_MS, PGC_USERSET,
		"How long reading the schema may wait for a relation that others hold for themselves.",
	"The definition of a view is read with a lock on what it reads. 0 waits without end."},
	{"schemaflow.scratch_pool", &scratch_pool, 0, 64, 0, PGC_USERSET,
		"How many scratch databases are kept for each database.",
	"A kept scratch saves making and dropping one, which forces a checkpoint."},
	{"schemaflow.worker_wait", &worker_wait, 0, INT_MAX, GUC_UNIT_MS, PGC_USERSET,
		"How long to wait for a free background worker.",
	"After it the call fails and names the processes that hold the workers."}
};

static const struct
{
	const char *name;
	int		   *variable;
	const struct config_enum_entry *options;
	GucContext	context;
	const char *short_desc;
	const char *long_desc;
}			enum_settings[] = {
	{"schemaflow.archive", &archive, archive_options, PGC_USERSET,
		"Whether plans keep what they drop in the schema schemaflow_archive.",
	"\"rows\": of tables that have rows when it is planned; \"always\": of empty ones, too, for a plan that is to "
	"run in another database; \"never\"."},
	{"schemaflow.fence", &fence, fence_options, PGC_USERSET,
		"What happens to a session that says it is a version of the application that is over.",
	"\"error\": it is refused; \"warn\"; \"off\"."},
	{"schemaflow.gate", &gate, gate_options, PGC_USERSET,
		"Which sessions keep a contract from being begun.",
	"\"declared\": those that say they are another version; \"all\": those that do not say what they are as well."},
	{"schemaflow.guard", &guard, guard_options, PGC_SUSET,
		"What happens to DDL that would hurt, in databases with a guard.",
	"\"enforce\": it is refused; \"warn\": it is warned of; \"off\". SELECT sf_guard_install() makes a guard."},
	{"schemaflow.manage", &manage, manage_options, PGC_USERSET,
		"Which schemas are compared with the model.",
	"\"model\": those that the model names or has named, and public; "
	"\"all\": all but the system's and other extensions'."},
	{"schemaflow.versions", &versions, versions_options, PGC_USERSET,
		"Whether plans keep what the old version of the application uses until it is gone.",
	"\"on\": names change, and columns and tables go, behind the gate; until then the new version uses its schema "
	"(sf_version_schema)."}
};

/* What sessions.c can put into a lock's tag. */
static bool
check_version(char **value, void **extra, GucSource source)
{
	size_t		len = strlen(*value);

	if (len == 0 || strcmp(*value, "base") == 0 || (len == 12 && strspn(*value, "0123456789abcdef") == len))
		return true;
	GUC_check_errdetail("It is a revision of twelve digits, \"base\" or empty.");
	return false;
}

static const struct
{
	const char *name;
	char	  **variable;
	GucStringCheckHook check;
	const char *short_desc;
	const char *long_desc;
}			string_settings[] = {
	{"schemaflow.version", &version, check_version,
		"Which version of the application the session is: a revision.",
	"Where old and new columns are kept in step, it decides which of them counts, when what is written does not."}
};

SfManage
sf_guc_manage(void)
{
	return (SfManage) manage;
}

SfArchive
sf_guc_archive(void)
{
	return (SfArchive) archive;
}

int
sf_guc_archive_limit(void)
{
	return archive_limit;
}

SfGuardMode
sf_guc_guard(void)
{
	return (SfGuardMode) guard;
}

int
sf_guc_guard_rows(void)
{
	return guard_rows;
}

int
sf_guc_lock_deadline(void)
{
	return lock_deadline;
}

int
sf_guc_lock_wait(void)
{
	return lock_wait;
}

int
sf_guc_pause_after_step(void)
{
	return pause_after_step;
}

int
sf_guc_lock_timeout(void)
{
	return lock_timeout;
}

int
sf_guc_max_locks(void)
{
	return max_locks;
}

int
sf_guc_read_wait(void)
{
	return read_wait;
}

int
sf_guc_scratch_pool(void)
{
	return scratch_pool;
}

int
sf_guc_worker_wait(void)
{
	return worker_wait;
}

int
sf_guc_backfill_nice(void)
{
	return backfill_nice;
}

int
sf_guc_backfill_rest(void)
{
	return backfill_rest;
}

int
sf_guc_backfill_wal_rate(void)
{
	return backfill_wal_rate;
}

int
sf_guc_batch_time(void)
{
	return batch_time;
}

int
sf_guc_max_load(void)
{
	return max_load;
}

int
sf_guc_max_replica_lag(void)
{
	return max_replica_lag;
}

int
sf_guc_online_rows(void)
{
	return online_rows;
}

SfFence
sf_guc_fence(void)
{
	return (SfFence) fence;
}

SfGate
sf_guc_gate(void)
{
	return (SfGate) gate;
}

int
sf_guc_gate_wait(void)
{
	return gate_wait;
}

SfKeepVersions
sf_guc_versions(void)
{
	return (SfKeepVersions) versions;
}

const char *
sf_guc_version(void)
{
	return version;
}

/*
 * The variable's initial value is the default, so that it is written once.
 */
void
sf_guc_define(void)
{
	for (int i = 0; i < lengthof(int_settings); i++)
		DefineCustomIntVariable(int_settings[i].name, int_settings[i].short_desc, int_settings[i].long_desc,
								int_settings[i].variable, *int_settings[i].variable,
								int_settings[i].min, int_settings[i].max, int_settings[i].context,
								int_settings[i].flags,
								NULL, NULL, NULL);
	for (int i = 0; i < lengthof(enum_settings); i++)
		DefineCustomEnumVariable(enum_settings[i].name, enum_settings[i].short_desc, enum_settings[i].long_desc,
								 enum_settings[i].variable, *enum_settings[i].variable, enum_settings[i].options,
								 enum_settings[i].context, 0, NULL, NULL, NULL);
	for (int i = 0; i < lengthof(string_settings); i++)
		DefineCustomStringVariable(string_settings[i].name, string_settings[i].short_desc,
								   string_settings[i].long_desc, string_settings[i].variable, "", PGC_USERSET, 0,
								   string_settings[i].check, NULL, NULL);
	MarkGUCPrefixReserved("schemaflow");
}
