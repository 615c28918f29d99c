/*
 * sentry.h - the acting half of the guard: what is stopped, what is let through, what is written down.
 *
 * guard.h judges a statement; the files behind this header are the event triggers and the hook that bring statements
 * there, and do what the judgement and the settings say.  A statement is met twice: before it runs (nothing is locked
 * yet), and when it has run, for the log.
 */
#ifndef SF_SENTRY_H
#define SF_SENTRY_H

#include "schemaflow.h"
#include "nodes/parsenodes.h"

struct SfActive;
struct SfTouched;

/* The event triggers that the guard consists of; each calls schemaflow.sf_guard(). */
typedef struct SfGuardTrigger
{
	const char *name;
	const char *event;
	void		(*fire) (Node *statement);
} SfGuardTrigger;

#define SF_GUARD_START	"schemaflow_guard_start"

extern const SfGuardTrigger sf_guard_triggers[];
extern const int sf_guard_ntriggers;

/* ---- a statement between its start and its end: sentry.c ---- */

/* What became of it, as the log has it. */
#define SF_OUTCOME_ALLOWED		"allowed"
#define SF_OUTCOME_WARNED		"warned"
#define SF_OUTCOME_REFUSED		"refused"
#define SF_OUTCOME_GLASS		"broken glass"
#define SF_OUTCOME_MIGRATION	"migration"
#define SF_OUTCOME_OFF			"off"

typedef struct SfSentry
{
	Node	   *statement;
	const char *command;		/* its tag */
	const char *role;			/* current one at its start */
	char	   *text;			/* as the client wrote it; "(within DO)" */
	int			text_at;		/* where it begins in what the client sent; -1: it is not what he wrote */
	const char *outcome;
	const char *reason;			/* of breaking the glass, or NULL */
	const char *revision;		/* of the migration that it is a step of, or NULL */
	List	   *rules;			/* of char *: those that it broke */
	const char *object;			/* identity of what they are about, or NULL */
	List	   *before;			/* of SfDefinition */
	struct SfActive *active;	/* migration that is half done, when the statement is none of its steps; else NULL */
} SfSentry;

/* Is this nothing for the guard: an extension's script, pg_upgrade, another version's objects, sf_trace()? */
extern bool sf_sentry_aside(void);

/* Does this database have a guard, and is it to look? (For the hook: event triggers fire only where they are.) */
extern bool sf_sentry_stands(void);

/*
 * Before a statement runs: raises when it is refused, warns, or says nothing.  source: the text that it stands in,
 * where that is known.  In the current memory context, which has to last to its end.
 */
extern SfSentry *sf_sentry_meet(Node *statement, const char *source);

/* While it is quiet, the guard looks away (sf_trace); who asks for it ends it, after an error, too. */
extern void sf_sentry_quiet(bool quiet);

/* It would hurt the migration that is half done: raises, unless it is its own step or the glass is broken. */
extern void sf_sentry_protect(SfSentry *sentry, const struct SfTouched *touched);

/* ---- who breaks the glass: allow.c ---- */

extern void sf_allow_begin(const char *reason, int64 microseconds);
extern void sf_allow_end(void);

/* For a role: a row, which others' sessions see when the transaction is committed.  microseconds 0: no longer. */
extern void sf_allow_role(const char *role, const char *reason, int64 microseconds);

/* The reason, while it lasts, for this session or a role of it; else NULL. */
extern const char *sf_allow_reason(void);

/* ---- objects of the migration that is half done: active.c ---- */

typedef struct SfActive
{
	char	   *revision;
	char	   *where;			/* "users email (9c3f11d0a7be) is ready, phase contract" */
	char	   *call;			/* what may be called */
	List	   *tables;			/* of char *: "public.users" for the reader */
	List	   *objects;		/* of ObjectAddress: what nobody else may change or drop */
	List	   *functions;		/* of List of String nodes: names that its expressions call */
} SfActive;

/* NULL: none. */
extern SfActive *sf_active(void);

/* An object, as the server names it: "table column", "public.users.email". */
typedef struct SfTouched
{
	char	   *type;
	char	   *identity;
} SfTouched;

/* What of it the statement would change; NULL: nothing.  Drops are known when they are done. */
extern SfTouched *sf_active_touched(const SfActive *active, Node *statement);
extern SfTouched *sf_touched(const ObjectAddress *object);
extern bool sf_active_has(const SfActive *active, const ObjectAddress *object);

/* The revision that the statement is the next step of, word for word: a script is at work.  Else NULL. */
extern char *sf_active_step(Node *statement);

/* ---- the log: ddl_log.c ---- */

/* A row of it. */
typedef struct SfLogRow
{
	const char *command;
	const char *object_type;
	const char *object;			/* its identity */
	const char *before;
	const char *after;
} SfLogRow;

extern void sf_log_row(const SfSentry *sentry, const SfLogRow *row);

/* Of what is refused now: by a worker, since nothing that this transaction writes will stay. */
extern void sf_log_refused(SfSentry *sentry);

/* ---- definitions: definition.c ---- */

typedef struct SfDefinition
{
	ObjectAddress object;
	char	   *text;
} SfDefinition;

/* As CREATE has it, or as near to it as is cheap; NULL: none. */
extern char *sf_definition(const ObjectAddress *object);

/* Of what the statement will change or drop, as it is before.  Takes no lock that others may hold against it. */
extern List *sf_definitions_before(Node *statement);
extern char *sf_definition_before(const SfSentry *sentry, const ObjectAddress *object);

/* ---- what event triggers do not see: hook.c ---- */

/* From _PG_init. */
extern void sf_guard_hook(void);

#endif
