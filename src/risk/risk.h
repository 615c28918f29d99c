/*
 * risk.h - what a statement does to the tables that are in use: locks, rewrites, scans, lost data.
 *
 * One table as data, keyed by (kind, verb, attribute) (table.c).  A statement's keys are found in its parse tree
 * (classify.c), so that a plan's steps, printed scripts and statements of users are judged by the same entries.  What
 * depends on the case (does this change of type rewrite?) is refined by functions that the entries name (refine.c).
 */
#ifndef SF_RISK_H
#define SF_RISK_H

#include "schemaflow.h"
#include "nodes/parsenodes.h"
#include "storage/lockdefs.h"

/* What is done to an object; the online forms of an action are verbs of their own. */
typedef enum SfRiskVerb
{
	SF_RISK_CREATE,
	SF_RISK_CREATE_CONCURRENTLY,
	SF_RISK_CREATE_NOT_VALID,
	SF_RISK_CREATE_TRIED,		/* a column whose one value is tried once (added.h) */
	SF_RISK_ADOPT,				/* a constraint takes over an index that is there */
	SF_RISK_VALIDATE,
	SF_RISK_ALTER,
	SF_RISK_UNSET,				/* an attribute back to nothing, where that differs from setting it */
	SF_RISK_RENAME,
	SF_RISK_DROP,
	SF_RISK_DROP_CONCURRENTLY
} SfRiskVerb;

/* Effects.  The table is rewritten, read as a whole; contents are lost; those who use the old schema are broken. */
#define SF_RISK_REWRITES	0x01
#define SF_RISK_SCANS		0x02
#define SF_RISK_LOSES		0x04
#define SF_RISK_NARROWS		0x08
/* Not a table's: the lock is on the index that the statement names. */
#define SF_RISK_ON_INDEX	0x10
/* Cannot run in a transaction block. */
#define SF_RISK_TOP_LEVEL	0x20
/* What it makes cannot be used by its own transaction. */
#define SF_RISK_NEW_LATER	0x40
/* Writes rows, and may do so in batches. */
#define SF_RISK_FILLS		0x80
/* Fails when the table has a row. */
#define SF_RISK_NEEDS_EMPTY	0x100

/* A relation that existed before, or not: the caller knows. */
typedef struct SfRiskLock
{
	char	   *schema;
	char	   *name;
	LOCKMODE	mode;
	bool		index;			/* an index, not a table */
	bool		only;			/* not its partitions and children */
} SfRiskLock;

typedef struct SfRisk
{
	List	   *locks;			/* of SfRiskLock, the statement's own relation first */
	int			effects;		/* SF_RISK_... */
	const char *why;			/* note for the reader, or NULL */
	List	   *operations;		/* of SfOperation */
} SfRisk;

typedef struct SfRiskEntry SfRiskEntry;

/* One thing that a statement does. */
typedef struct SfOperation
{
	const SfRiskEntry *entry;	/* NULL: not in the table */
	const char *kind;
	SfRiskVerb	verb;
	const char *attr;			/* or NULL */
	Node	   *node;			/* the AlterTableCmd, or the statement */
	char	   *schema;			/* relation or type that it works on; NULL: none */
	char	   *relation;
	char	   *part;			/* its column or constraint; or NULL */
} SfOperation;

/* What an assessment may look at.  Everything may be NULL or false; then the cautious answer is given. */
typedef struct SfRiskContext
{
	const SfFactBase *before;	/* the state that the statement, or the plan that it is part of, starts from */
	const SfFactBase *after;	/* the state that the plan leads to; same as before for a lone statement */
	const SfFact *old;			/* the fact that the action changes or drops, and what it becomes */
	const SfFact *new;
	const char *time_zone;		/* TimeZone under which the statement will run; NULL: not known */
	bool		proven;			/* a valid constraint proves what the statement would look for */
	List	   *later;			/* of SfFact: foreign keys that the plan makes behind the statement */
	bool		live;			/* it is part of no plan: what the catalogs say now is what it finds */
} SfRiskContext;

typedef struct SfRiskCase SfRiskCase;
typedef void (*SfRefine) (SfRisk *risk, const SfRiskCase *it);

struct SfRiskEntry
{
	const char *kind;
	SfRiskVerb	verb;
	const char *attr;			/* NULL: whatever the attribute */
	LOCKMODE	lock;			/* on the table (or index) that it works on */
	LOCKMODE	partner;		/* on the other tables of its foreign keys, the users of its domain */
	int			effects;
	SfRefine	refine;			/* may take effects away, or add */
	const char *why;
};

/* What a refining function sees. */
struct SfRiskCase
{
	const SfOperation *operation;
	const SfRiskEntry *entry;
	const SfRiskContext *context;
	bool		alone;			/* all of a statement that finds what is live */
};

extern const SfRiskEntry sf_risk_entries[];
extern const int sf_risk_nentries;

extern const char *sf_risk_verb(SfRiskVerb verb);
/* "ACCESS EXCLUSIVE", as LOCK TABLE has it; NULL for NoLock. */
extern const char *sf_risk_lock_name(LOCKMODE mode);
/* The other way; NoLock for any other name. */
extern LOCKMODE sf_risk_lock_mode(const char *name);

/* The keys of a parsed statement: of SfOperation.  The context tells the kind of a constraint that is only named. */
extern List *sf_risk_classify(Node *statement, const SfRiskContext *context);

/* The schema that a statement means by a relation's name; NULL when there is no such relation. */
extern char *sf_risk_schema(const RangeVar *relation);

/* One statement's risk; the text must hold exactly one.  In the current context.  Runs no user code, locks no table. */
extern SfRisk *sf_risk_assess(const char *sql, const SfRiskContext *context);

/* Is it a statement that makes the foreign key, unproved? */
extern bool sf_risk_makes(const SfRisk *risk, const SfFact *foreign_key);

/* Rows of a live table by its statistics and size; -1 when there is no such table.  Never waits for a lock. */
extern int64 sf_risk_rows(const char *schema, const char *name);

/* Has the table a valid CHECK (column IS NOT NULL)? */
extern bool sf_risk_proves_not_null(const SfFact *table, const char *column);

/* The fact of a relation that statements can lock. */
extern const SfFact *sf_risk_find_relation(const SfFactBase *base, char *schema, char *name);

/* ---- for the entries: refine*.c ---- */

extern void sf_refine_table_create(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_inherit(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_disinherit(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_attach(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_drop_table(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_partners(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_column_drop(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_column_create(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_column_type(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_not_null(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_primary_key(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_options(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_index_drop(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_foreign_key(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_default_drop(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_column_name(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_key(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_index_create(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_index_attached(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_rows(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_attribute(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_domain(SfRisk *risk, const SfRiskCase *it);
extern void sf_refine_function(SfRisk *risk, const SfRiskCase *it);

/* ---- what expressions and types do: expr.c ---- */

/* May a default give each row a value of its own?  Yes when its functions are not there to be asked. */
extern bool sf_default_volatile(Node *expression);

/* Is it not, where the live bodies of SQL functions stand in their place (expr_inline.c)? */
extern bool sf_default_inlined(Node *expression);
/* Calls an expression a function that is none of the server's own?  Also a walker. */
extern bool sf_calls_users_function(Node *node, void *arg);

/* The type that a text names, as it is written; NULL for none. */
extern TypeName *sf_type_name(const char *text);

/* Is it a domain with constraints (its base domains' included)? */
extern bool sf_domain_constrained(const SfFactBase *base, const TypeName *type);

/* Has a domain a default, which rows get where the column has none?  And does each row get a value of its own? */
extern bool sf_domain_gives(const SfFactBase *base, const TypeName *type, bool *each_its_own);

/* Is NULL a value of such a domain?  No when that cannot be told: the plan makes what its constraints call, say. */
extern bool sf_domain_takes_null(const SfFact *domain);

/* How a change of a column's type works on the rows. */
typedef struct SfTypeChange
{
	bool		known;			/* both types are there to be asked */
	bool		rewrites;
	bool		sorts;			/* indexes compare by another operator class */
	bool		loses;			/* values may come out different, without an error */
	bool		may_fail;		/* or be refused */
} SfTypeChange;

extern SfTypeChange sf_type_change(const char *old_type, TypeName *new_type, const char *column, Node *using,
								   const char *time_zone);

/* Does the expression give the column's default a value of the other type?  Yes, too, where nobody knows. */
extern bool sf_default_converts(const char *expression, const char *column, const char *old_type, const char *using,
								const char *new_type);

#endif
