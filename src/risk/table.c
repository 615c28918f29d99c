/*
 * table.c - what each kind of change does, as data.
 *
 * Measured on 15 (sql/risk_locks.sql measures every entry again).  A lookup takes the entry of the exact attribute,
 * else that of the kind and verb alone.  "constraint" stands for the kinds of constraints without entries of their own;
 * locks on objects that no query holds (types, schemas) are not listed.
 */
#include "postgres.h"

#include "risk/risk.h"

#define AEL		AccessExclusiveLock
#define SRE		ShareRowExclusiveLock
#define SH		ShareLock
#define SUE		ShareUpdateExclusiveLock

const SfRiskEntry sf_risk_entries[] = {
	{"schema", SF_RISK_DROP, NULL, NoLock, NoLock, SF_RISK_NARROWS},
	{"schema", SF_RISK_RENAME, NULL, NoLock, NoLock, SF_RISK_NARROWS, NULL, "those who use the old name fail"},

	{"table", SF_RISK_CREATE, NULL, NoLock, SRE, 0, sf_refine_table_create},
	{"table", SF_RISK_DROP, NULL, AEL, AEL, SF_RISK_LOSES | SF_RISK_NARROWS, sf_refine_drop_table, "the rows are lost"},
	{"table", SF_RISK_RENAME, NULL, AEL, NoLock, SF_RISK_NARROWS, NULL, "those who use the old name fail"},
	{"table", SF_RISK_ALTER, "persistence", AEL, NoLock, SF_RISK_REWRITES | SF_RISK_SCANS},
	{"table", SF_RISK_ALTER, "access_method", AEL, NoLock, SF_RISK_REWRITES | SF_RISK_SCANS},
	{"table", SF_RISK_ALTER, "tablespace", AEL, NoLock, SF_RISK_REWRITES, NULL, "the files are copied"},
	{"table", SF_RISK_ALTER, "options", SUE, NoLock, 0, sf_refine_options},
	{"table", SF_RISK_ALTER, "fdw_options", AEL, NoLock, 0},
	{"table", SF_RISK_ALTER, "replica_identity", AEL, NoLock, 0},
	{"table", SF_RISK_ALTER, "row_security", AEL, NoLock, SF_RISK_NARROWS, NULL, "rows without a policy are hidden"},
	{"table", SF_RISK_UNSET, "row_security", AEL, NoLock, 0},
	{"table", SF_RISK_ALTER, "force_row_security", AEL, NoLock, SF_RISK_NARROWS},
	{"table", SF_RISK_UNSET, "force_row_security", AEL, NoLock, 0},
	{"table", SF_RISK_ALTER, "of_type", AEL, NoLock, 0},

	/* The first lock is that of the part; the whole's, and the default partition's, are the refining function's. */
	{"partition", SF_RISK_CREATE, NULL, AEL, SUE, SF_RISK_SCANS, sf_refine_attach},
	{"partition", SF_RISK_DROP, NULL, AEL, AEL, SF_RISK_NARROWS, sf_refine_attach},
	{"partition", SF_RISK_DROP_CONCURRENTLY, NULL, SUE, SUE, SF_RISK_TOP_LEVEL | SF_RISK_NARROWS, sf_refine_attach},
	{"partition", SF_RISK_ALTER, NULL, AEL, SUE, 0, sf_refine_attach},
	{"inheritance", SF_RISK_CREATE, NULL, AEL, SUE, 0, sf_refine_inherit},
	{"inheritance", SF_RISK_DROP, NULL, AEL, NoLock, SF_RISK_NARROWS, sf_refine_disinherit,
	"its rows are the parent's no more"},

	{"rows", SF_RISK_ALTER, NULL, RowExclusiveLock, NoLock, SF_RISK_SCANS, sf_refine_rows},

	{"column", SF_RISK_CREATE, NULL, AEL, SRE, 0, sf_refine_column_create},
	{"column", SF_RISK_CREATE_TRIED, NULL, AEL, NoLock, 0, sf_refine_column_create,
	"reads no row: what the domain says is tried once, of the value that all have"},
	{"column", SF_RISK_DROP, NULL, AEL, AEL, SF_RISK_LOSES | SF_RISK_NARROWS, sf_refine_column_drop,
	"the column's values are lost"},
	{"column", SF_RISK_RENAME, NULL, AEL, NoLock, SF_RISK_NARROWS, sf_refine_column_name,
	"those who use the old name fail"},
	{"column", SF_RISK_ALTER, "type", AEL, AEL, SF_RISK_REWRITES | SF_RISK_SCANS | SF_RISK_NARROWS,
	sf_refine_column_type},
	{"column", SF_RISK_ALTER, "not_null", AEL, NoLock, SF_RISK_SCANS, sf_refine_not_null},
	{"column", SF_RISK_UNSET, "not_null", AEL, NoLock, SF_RISK_NARROWS, NULL, "readers may meet NULLs"},
	{"column", SF_RISK_ALTER, "storage", AEL, NoLock, 0, NULL, "rows that are there keep their form"},
	{"column", SF_RISK_ALTER, "compression", AEL, NoLock, 0, NULL, "rows that are there keep their form"},
	{"column", SF_RISK_ALTER, "statistics", SUE, NoLock, 0},
	{"column", SF_RISK_ALTER, "options", SUE, NoLock, 0},
	{"column", SF_RISK_ALTER, "fdw_options", AEL, NoLock, 0},

	{"default", SF_RISK_ALTER, NULL, AEL, NoLock, 0},
	{"default", SF_RISK_DROP, NULL, AEL, NoLock, SF_RISK_NARROWS, sf_refine_default_drop},
	{"generated", SF_RISK_DROP, NULL, AEL, NoLock, 0},
	{"identity", SF_RISK_CREATE, NULL, AEL, NoLock, 0},
	{"identity", SF_RISK_ALTER, NULL, AEL, NoLock, 0},
	{"identity", SF_RISK_DROP, NULL, AEL, NoLock, 0},

	{"constraint", SF_RISK_CREATE, NULL, AEL, NoLock, SF_RISK_SCANS},
	{"constraint", SF_RISK_DROP, NULL, AEL, NoLock, 0},
	{"constraint", SF_RISK_RENAME, NULL, AEL, NoLock, 0},
	{"constraint", SF_RISK_VALIDATE, NULL, SUE, NoLock, SF_RISK_SCANS},
	{"constraint", SF_RISK_ALTER, NULL, AEL, NoLock, 0},
	{"primary key", SF_RISK_CREATE, NULL, AEL, NoLock, SF_RISK_SCANS, sf_refine_key,
	"the index is built under the lock"},
	{"primary key", SF_RISK_ADOPT, NULL, AEL, NoLock, SF_RISK_SCANS, sf_refine_primary_key},
	{"unique", SF_RISK_CREATE, NULL, AEL, NoLock, SF_RISK_SCANS, sf_refine_key,
	"the index is built under the lock"},
	{"unique", SF_RISK_ADOPT, NULL, AEL, NoLock, 0},
	{"exclusion", SF_RISK_CREATE, NULL, AEL, NoLock, SF_RISK_SCANS, NULL,
	"built and checked under the lock: the server has no other way; a new table beside it, or a trigger, is one"},
	{"check", SF_RISK_CREATE, NULL, AEL, NoLock, SF_RISK_SCANS},
	{"check", SF_RISK_CREATE_NOT_VALID, NULL, AEL, NoLock, 0},
	{"check", SF_RISK_VALIDATE, NULL, SUE, NoLock, SF_RISK_SCANS},
	{"foreign key", SF_RISK_CREATE, NULL, SRE, SRE, SF_RISK_SCANS, sf_refine_foreign_key},
	{"foreign key", SF_RISK_CREATE_NOT_VALID, NULL, SRE, SRE, 0, sf_refine_foreign_key},
	{"foreign key", SF_RISK_VALIDATE, NULL, SUE, RowShareLock, SF_RISK_SCANS, sf_refine_partners},
	{"foreign key", SF_RISK_DROP, NULL, AEL, AEL, 0, sf_refine_partners},
	{"foreign key", SF_RISK_ALTER, NULL, AEL, NoLock, 0},

	{"index", SF_RISK_CREATE, NULL, SH, NoLock, SF_RISK_SCANS, sf_refine_index_create},
	{"index", SF_RISK_CREATE_CONCURRENTLY, NULL, SUE, NoLock, SF_RISK_SCANS | SF_RISK_TOP_LEVEL},
	{"index", SF_RISK_DROP, NULL, AEL, NoLock, SF_RISK_NARROWS, sf_refine_index_drop},
	{"index", SF_RISK_DROP_CONCURRENTLY, NULL, SUE, NoLock, SF_RISK_TOP_LEVEL | SF_RISK_NARROWS,
	sf_refine_index_drop},
	{"index", SF_RISK_RENAME, NULL, SUE, NoLock, SF_RISK_ON_INDEX},
	{"index", SF_RISK_ALTER, "options", SUE, NoLock, SF_RISK_ON_INDEX, sf_refine_options},
	{"index", SF_RISK_ALTER, "tablespace", AEL, NoLock, SF_RISK_ON_INDEX | SF_RISK_REWRITES, NULL,
	"the files are copied"},
	{"index", SF_RISK_ALTER, "attached", SUE, AEL, SF_RISK_ON_INDEX, sf_refine_index_attached},
	{"index", SF_RISK_ALTER, "statistics", SUE, NoLock, SF_RISK_ON_INDEX},
	{"index", SF_RISK_ALTER, "clustered", SUE, NoLock, 0},

	{"sequence", SF_RISK_CREATE, NULL, NoLock, NoLock, 0},
	{"sequence", SF_RISK_ALTER, NULL, NoLock, NoLock, 0},
	{"sequence", SF_RISK_RENAME, NULL, NoLock, NoLock, SF_RISK_NARROWS},
	{"sequence", SF_RISK_DROP, NULL, NoLock, NoLock, SF_RISK_LOSES | SF_RISK_NARROWS, NULL, "its position is lost"},

	{"type", SF_RISK_RENAME, NULL, NoLock, NoLock, SF_RISK_NARROWS},
	{"type", SF_RISK_DROP, NULL, NoLock, NoLock, SF_RISK_NARROWS},
	{"attribute", SF_RISK_CREATE, NULL, NoLock, AEL, 0, sf_refine_attribute},
	{"attribute", SF_RISK_ALTER, NULL, NoLock, AEL, SF_RISK_REWRITES | SF_RISK_SCANS | SF_RISK_NARROWS,
	sf_refine_attribute},
	{"attribute", SF_RISK_RENAME, NULL, NoLock, AEL, SF_RISK_NARROWS, sf_refine_attribute,
	"those who use the old name fail"},
	{"attribute", SF_RISK_DROP, NULL, NoLock, AEL, SF_RISK_LOSES | SF_RISK_NARROWS, sf_refine_attribute,
	"the attribute's values are lost"},
	{"enum", SF_RISK_CREATE, NULL, NoLock, NoLock, 0},
	{"enum", SF_RISK_ALTER, "labels", NoLock, NoLock, SF_RISK_NEW_LATER, NULL,
	"a new value can be used by later transactions only"},
	{"domain", SF_RISK_CREATE, NULL, NoLock, NoLock, 0},
	{"domain", SF_RISK_ALTER, "not_null", SH, SH, SF_RISK_SCANS, sf_refine_domain,
	"locks and reads every table that uses the domain"},
	{"domain", SF_RISK_UNSET, "not_null", NoLock, NoLock, SF_RISK_NARROWS, NULL, "readers may meet NULLs"},
	{"domain", SF_RISK_ALTER, "default", NoLock, NoLock, 0},
	{"domain", SF_RISK_DROP, NULL, NoLock, NoLock, SF_RISK_NARROWS},
	{"domain constraint", SF_RISK_CREATE, NULL, SH, SH, SF_RISK_SCANS, sf_refine_domain,
	"locks and reads every table that uses the domain"},
	{"domain constraint", SF_RISK_CREATE_NOT_VALID, NULL, NoLock, NoLock, 0},
	{"domain constraint", SF_RISK_VALIDATE, NULL, SH, SH, SF_RISK_SCANS, sf_refine_domain,
	"locks and reads every table that uses the domain"},
	{"domain constraint", SF_RISK_DROP, NULL, NoLock, NoLock, 0},
	{"domain constraint", SF_RISK_RENAME, NULL, NoLock, NoLock, 0},

	{"function", SF_RISK_ALTER, NULL, NoLock, NoLock, 0, sf_refine_function},

	{"extension", SF_RISK_DROP, NULL, NoLock, NoLock, SF_RISK_NARROWS},

	{"trigger", SF_RISK_CREATE, NULL, SRE, NoLock, 0},
	{"trigger", SF_RISK_ALTER, NULL, SRE, NoLock, 0},
	{"trigger", SF_RISK_RENAME, NULL, AEL, NoLock, 0},
	{"trigger", SF_RISK_DROP, NULL, AEL, NoLock, SF_RISK_NARROWS},
	{"policy", SF_RISK_CREATE, NULL, AEL, NoLock, 0},
	{"policy", SF_RISK_ALTER, NULL, AEL, NoLock, 0},
	{"policy", SF_RISK_RENAME, NULL, AEL, NoLock, 0},
	{"policy", SF_RISK_DROP, NULL, AEL, NoLock, SF_RISK_NARROWS},
	{"rule", SF_RISK_CREATE, NULL, AEL, NoLock, 0},
	{"rule", SF_RISK_ALTER, NULL, AEL, NoLock, 0},
	{"rule", SF_RISK_RENAME, NULL, AEL, NoLock, 0},
	{"rule", SF_RISK_DROP, NULL, AEL, NoLock, SF_RISK_NARROWS},
	{"statistics", SF_RISK_CREATE, NULL, SUE, NoLock, 0},

	{"owner", SF_RISK_ALTER, "table", AEL, NoLock, 0},
	{"comment", SF_RISK_ALTER, "table", SUE, NoLock, 0},
	{"comment", SF_RISK_ALTER, "column", SUE, NoLock, 0},
	{"comment", SF_RISK_ALTER, "index", SUE, NoLock, SF_RISK_ON_INDEX},
	{"grant", SF_RISK_CREATE, NULL, NoLock, NoLock, 0},
	{"grant", SF_RISK_DROP, NULL, NoLock, NoLock, SF_RISK_NARROWS, NULL, "those who used the privilege fail"},
};
const int	sf_risk_nentries = lengthof(sf_risk_entries);

static const char *const verbs[] = {
	[SF_RISK_CREATE] = "create",
	[SF_RISK_CREATE_CONCURRENTLY] = "create concurrently",
	[SF_RISK_CREATE_NOT_VALID] = "create not valid",
	[SF_RISK_CREATE_TRIED] = "create tried",
	[SF_RISK_ADOPT] = "adopt index",
	[SF_RISK_VALIDATE] = "validate",
	[SF_RISK_ALTER] = "alter",
	[SF_RISK_UNSET] = "unset",
	[SF_RISK_RENAME] = "rename",
	[SF_RISK_DROP] = "drop",
	[SF_RISK_DROP_CONCURRENTLY] = "drop concurrently",
};

const char *
sf_risk_verb(SfRiskVerb verb)
{
	return verbs[verb];
}

static const char *const locks[] = {
	[NoLock] = NULL,
	[AccessShareLock] = "ACCESS SHARE",
	[RowShareLock] = "ROW SHARE",
	[RowExclusiveLock] = "ROW EXCLUSIVE",
	[ShareUpdateExclusiveLock] = "SHARE UPDATE EXCLUSIVE",
	[ShareLock] = "SHARE",
	[ShareRowExclusiveLock] = "SHARE ROW EXCLUSIVE",
	[ExclusiveLock] = "EXCLUSIVE",
	[AccessExclusiveLock] = "ACCESS EXCLUSIVE",
};

const char *
sf_risk_lock_name(LOCKMODE mode)
{
	return locks[mode];
}

LOCKMODE
sf_risk_lock_mode(const char *name)
{
	for (LOCKMODE mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
		if (strcmp(locks[mode], name) == 0)
			return mode;
	return NoLock;
}
