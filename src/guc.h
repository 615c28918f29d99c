/*
 * guc.h - the settings.  Read them through these getters; nobody else can write them.
 */
#ifndef SF_GUC_H
#define SF_GUC_H

/* Values of schemaflow.manage. */
typedef enum SfManage
{
	SF_MANAGE_MODEL,			/* the schemas that the model names or has named, and public */
	SF_MANAGE_ALL				/* all but the system's and other extensions' */
} SfManage;

/* Values of schemaflow.archive. */
typedef enum SfArchive
{
	SF_ARCHIVE_ROWS,			/* what holds rows at the time of the plan */
	SF_ARCHIVE_ALWAYS,
	SF_ARCHIVE_NEVER
} SfArchive;

/* Values of schemaflow.fence: for a session of a version that is over. */
typedef enum SfFence
{
	SF_FENCE_OFF,
	SF_FENCE_WARN,
	SF_FENCE_ERROR
} SfFence;

/* Values of schemaflow.gate: whom it asks. */
typedef enum SfGate
{
	SF_GATE_DECLARED,			/* sessions that say which version they are */
	SF_GATE_ALL					/* and those that do not */
} SfGate;

/* Values of schemaflow.versions. */
typedef enum SfKeepVersions
{
	SF_VERSIONS_OFF,
	SF_VERSIONS_ON				/* what the old version uses stays until it is gone */
} SfKeepVersions;
/* Values of schemaflow.guard. */
typedef enum SfGuardMode
{
	SF_GUARD_OFF,
	SF_GUARD_WARN,
	SF_GUARD_ENFORCE
} SfGuardMode;

extern SfManage sf_guc_manage(void);
extern SfArchive sf_guc_archive(void);
extern int	sf_guc_archive_limit(void); /* rows; -1: any number */
extern int	sf_guc_backfill_nice(void);
extern int	sf_guc_backfill_rest(void);	/* percent of the time of a batch */
extern int	sf_guc_backfill_wal_rate(void); /* kB in a second; 0: no limit */
extern int	sf_guc_batch_time(void);	/* milliseconds */
extern SfFence sf_guc_fence(void);
extern SfGate sf_guc_gate(void);
extern int	sf_guc_gate_wait(void); /* milliseconds */
extern SfGuardMode sf_guc_guard(void);
extern int	sf_guc_guard_rows(void);
extern int	sf_guc_lock_deadline(void); /* milliseconds */
extern int	sf_guc_lock_timeout(void);	/* milliseconds */
extern int	sf_guc_lock_wait(void); /* milliseconds */
extern int	sf_guc_max_load(void);	/* sessions; 0: no limit */
extern int	sf_guc_max_locks(void); /* 0: a quarter of the server's lock table */
extern int	sf_guc_max_replica_lag(void);	/* MB; 0: no limit */
extern int	sf_guc_online_rows(void);
extern int	sf_guc_pause_after_step(void);	/* 0: never */
extern int	sf_guc_read_wait(void);	/* milliseconds */
extern int	sf_guc_scratch_pool(void);
extern const char *sf_guc_version(void);	/* "": the session does not say */
extern SfKeepVersions sf_guc_versions(void);
extern int	sf_guc_worker_wait(void);	/* milliseconds */

/* From _PG_init. */
extern void sf_guc_define(void);

#endif
