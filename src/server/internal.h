/*
 * internal.h - what the files of server/ share; nobody else includes it.
 */
#ifndef SF_SERVER_INTERNAL_H
#define SF_SERVER_INTERNAL_H

#include "server/server.h"
#include "lib/stringinfo.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/lock.h"

#define SF_LIBRARY	"$libdir/schemaflow"

/* Our class of advisory locks (field4 of the tag; users have 1 and 2), so that users' keys never meet ours. */
#define SF_LOCK_CLASS	0x5F01

/* field2 of the tag; field1 is the live database, field3 the number of the scratch. */
typedef enum SfScratchLock
{
	SF_LOCK_KEPT = 1,			/* held by the caller of a job: this scratch is mine */
	SF_LOCK_FRESH,				/* the same for a fresh one */
	SF_LOCK_WORKER				/* held by the worker in a kept scratch until it exits */
} SfScratchLock;

/* A scratch that the caller has taken. */
typedef struct SfScratch
{
	SfScratchLock lock;
	uint32		number;
	Oid			database;
} SfScratch;

/* What the worker is told; in shared memory.  Strings follow under keys of their own. */
typedef struct SfRequest
{
	Oid			database;		/* to connect to */
	Oid			live_database;
	Oid			session_user;	/* InvalidOid: the bootstrap superuser; for handlers of server/ only */
	Oid			role;
	SfJobPlace	place;
	SfScratch	scratch;		/* when the place is not live */
	int			nice;			/* 0: as the server's other processes */
	Size		payload_len;
	char		handler[NAMEDATALEN];
	char		library[MAXPGPATH];
} SfRequest;

#define SF_REQUEST_MAGIC	0x5F10B001

typedef enum SfRequestKey
{
	SF_KEY_REQUEST = 1,
	SF_KEY_GUCS,				/* SerializeGUCState() of the caller */
	SF_KEY_SEARCH_PATH,			/* of the caller at its session's start */
	SF_KEY_ACTIVITY,
	SF_KEY_EXTENSIONS,			/* of live: name \0 version \0 schema \0 ... \0 */
	SF_KEY_COLLATIONS,			/* of live's own in pg_catalog: statement \0 ... \0 */
	SF_KEY_PAYLOAD,
	SF_KEY_QUEUE
} SfRequestKey;

#define SF_QUEUE_SIZE	((Size) 65536)

/* How often a wait for a worker looks again. */
#define SF_LOOK_AGAIN_MS	10

/* job.c */
extern uint64 sf_job_run_bootstrap(const SfJob *job);
extern void sf_lock_tag(LOCKTAG *tag, Oid live_database, SfScratchLock lock, uint32 number);
extern char *sf_lock_holders(const LOCKTAG *tag);
extern long sf_wait_left(TimestampTz start);

/* slot.c: a worker for the job in the segment; if_free: NULL when there is none at once, instead of waiting */
extern BackgroundWorkerHandle *sf_slot_take(dsm_segment *segment, bool if_free);

/* scratch.c */
extern void sf_scratch_take(SfJobPlace place, SfScratch *scratch);
extern void sf_scratch_remake(SfScratch *scratch);
extern void sf_scratch_release(const SfScratch *scratch);
extern bool sf_scratch_bloated(void);
extern void sf_scratch_forget_subscriptions(Oid database);
extern PGDLLEXPORT void sf_scratch_make_handler(SfJobContext *job);
extern PGDLLEXPORT void sf_scratch_drop_handler(SfJobContext *job);

/* worker.c */
extern PGDLLEXPORT void sf_worker_main(Datum segment);
extern const SfRequest *sf_worker_request(void);
extern MemoryContext sf_worker_context(void);
extern const char *sf_worker_live_extension(const char *name, const char **schema);
extern const char *sf_worker_live_collations(void);

/* priority.c */
extern void sf_priority_lower(int nice);

/* live.c */
extern void sf_list_extensions(StringInfo out);
extern void sf_list_collations(StringInfo out);

/* extension.c */
extern void sf_worker_make_collations(void);

/* identity.c */
typedef enum SfIdentityFor
{
	SF_FOR_STATEMENT,
	SF_FOR_COMMITTING_STATEMENT,
	SF_FOR_COMMIT
} SfIdentityFor;

extern void sf_identity_start(Oid role);
extern void sf_identity_check(Oid role);
extern void sf_identity_apply(void);
extern void sf_identity_enter(SfIdentityFor purpose);
extern void sf_identity_enter_grantor(const RoleSpec *grantor);
extern void sf_identity_leave(void);
extern bool sf_identity_is_bootstrap(void);

/* statement.c */
extern bool sf_worker_has_run(void);
extern void sf_worker_open_scratch(void);
extern void sf_worker_close_scratch(void);

/* allow.c */
extern void sf_allow_install(void);
extern bool sf_allow_everything(bool on);

/* ---- evtrigger.c ---- */

/* A text has made an event trigger: note that it is to be enabled, and disable it.  A text says how one is to fire. */
extern void sf_event_trigger_made(const char *name);
extern void sf_event_trigger_said(const char *name, char state);

#endif
