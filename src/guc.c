/*
 * guc.c - every setting, as data.
 *
 * Adding one: a variable, a getter, and a line in the table of its type (in order of name).  All settings may be
 * set by anybody in a session: none of them gives a right, they only say how much to wait, hold or look at.
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "guc.h"

static int	manage = SF_MANAGE_MODEL;
static int	lock_timeout = 5000;
static int	max_locks = 0;
static int	scratch_pool = 2;
static int	worker_wait = 30000;

static const struct config_enum_entry manage_options[] = {
	{"model", SF_MANAGE_MODEL, false},
	{"all", SF_MANAGE_ALL, false},
	{NULL, 0, false}
};

static const struct
{
	const char *name;
	int		   *variable;
	int			min;
	int			max;
	int			flags;
	const char *short_desc;
	const char *long_desc;
}			int_settings[] = {
	{"schemaflow.lock_timeout", &lock_timeout, 0, INT_MAX, GUC_UNIT_MS,
		"How long a transaction of a script may wait for a lock.",
	"0 waits without end, and whoever comes later for the table waits behind it."},
	{"schemaflow.max_locks", &max_locks, 0, INT_MAX, 0,
		"Most locks that one transaction of a migration may take.",
	"0 means a quarter of the server's lock table."},
	{"schemaflow.scratch_pool", &scratch_pool, 0, 64, 0,
		"How many scratch databases are kept for each database.",
	"A kept scratch saves making and dropping one, which forces a checkpoint."},
	{"schemaflow.worker_wait", &worker_wait, 0, INT_MAX, GUC_UNIT_MS,
		"How long to wait for a free background worker.",
	"After it the call fails and names the processes that hold the workers."}
};

static const struct
{
	const char *name;
	int		   *variable;
	const struct config_enum_entry *options;
	const char *short_desc;
	const char *long_desc;
}			enum_settings[] = {
	{"schemaflow.manage", &manage, manage_options,
		"Which schemas are compared with the model.",
	"\"model\": those that the model names or has named, and public; "
	"\"all\": all but the system's and other extensions'."}
};

SfManage
sf_guc_manage(void)
{
	return (SfManage) manage;
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
sf_guc_scratch_pool(void)
{
	return scratch_pool;
}

int
sf_guc_worker_wait(void)
{
	return worker_wait;
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
								int_settings[i].min, int_settings[i].max, PGC_USERSET, int_settings[i].flags,
								NULL, NULL, NULL);
	for (int i = 0; i < lengthof(enum_settings); i++)
		DefineCustomEnumVariable(enum_settings[i].name, enum_settings[i].short_desc, enum_settings[i].long_desc,
								 enum_settings[i].variable, *enum_settings[i].variable, enum_settings[i].options,
								 PGC_USERSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("schemaflow");
}
