/*
 * guard.h - is this statement safe on a database in use?  The judging half of the guard; sentry.h is the acting one.
 *
 * A statement is lowered to the operations of risk/'s classifier, and each rule that is about such an operation looks
 * at it: at the parse tree, and at the catalogs.  So it is the live table that counts (its size, constraints, what
 * this transaction has made), not the words.  Nothing is run, no user's code is called, no table of a user's is waited
 * for: a relation that others hold for themselves is taken for a big one.
 *
 * Rules are rows of one table (rules.c), whose check functions stand by topic in rules_column.c, rules_constraint.c,
 * rules_index.c, rules_other.c.
 */
#ifndef SF_GUARD_H
#define SF_GUARD_H

#include "nodes/parsenodes.h"
#include "risk/risk.h"

/* What is done about a finding. */
typedef enum SfLevel
{
	SF_LEVEL_OFF,
	SF_LEVEL_WARN,
	SF_LEVEL_ENFORCE
} SfLevel;

typedef struct SfCase SfCase;

/* Which statements a rule is about. */
typedef struct SfRule
{
	const char *name;
	SfLevel		level;			/* by default: ENFORCE is refused, WARN is advice in enforce mode, too */
	int			flags;			/* SF_RULE_... */
	const char *kind;			/* with verb and attr the key of an operation (risk/); NULL: see tag */
	SfRiskVerb	verb;
	const char *attr;			/* NULL: whatever the attribute */
	NodeTag		tag;			/* without kind: of the statement; T_Invalid: whatever the statement */
	bool		(*check) (SfCase *it);	/* says what is wrong, and true; NULL: what the rule's summary says is wrong */
	const char *summary;		/* a line for listings */
} SfRule;

/* Only about a table that stands (committed, not temporary) and has rows. */
#define SF_RULE_ROWS		0x01
/* Only about a relation that stands, with rows or without. */
#define SF_RULE_STANDS		0x02
/* Says something about a text that is to be run elsewhere; not asked when a statement runs. */
#define SF_RULE_LINT		0x04

extern const SfRule sf_rules[];
extern const int sf_nrules;

extern const SfRule *sf_rule_find(const char *name);	/* NULL: there is none */
extern const char *sf_level_name(SfLevel level);	/* "off", "warn", "enforce" */
extern bool sf_level_parse(const char *name, SfLevel *level);

/* The rule's level here: the setting of this database (schemaflow.guard_rule), else the rule's own. */
extern SfLevel sf_rule_level(const SfRule *rule);

/* Settings are read once in a transaction; whoever changes one says so. */
extern void sf_rule_levels_forget(void);

/* A statement that a rule is about. */
typedef struct SfFinding
{
	const SfRule *rule;
	int			location;		/* byte in the text, -1: the statement's own */
	char	   *object;			/* "public.users", or NULL */
	char	   *message;		/* what is wrong, without the rule's name: "fact: consequence" */
	char	   *detail;			/* what is locked, and for how long; or NULL */
	List	   *recipe;			/* of char *: what to run instead, on this very table */
	bool		model;			/* sf_plan_migration() makes it so */
	bool		works;			/* rows are read or written while the lock is held */
} SfFinding;

/* A check or foreign key that a script has added. */
typedef struct SfAddedCheck
{
	char	   *table;
	char	   *name;
	char	   *references;		/* the table that a foreign key references; NULL: it is a check */
	char	   *not_null;		/* the column that it says holds no NULL; NULL: it says something else */
	bool		valid;			/* by now */
} SfAddedCheck;

/* What a rule may ask about the surroundings; one for a transaction, or for a script. */
typedef struct SfExamination
{
	bool		script;			/* nothing was run: what the text itself makes is in "made" */
	List	   *statements;		/* of RawStmt: the script */
	int			next;			/* place of the one behind the one at hand */
	List	   *made;			/* of char *: relations that the script has made, schema-qualified */
	List	   *checks;			/* of SfAddedCheck */
	List	   *dropped;		/* of char *: "table constraint" that the script has dropped */
	List	   *worked;			/* of char *: tables that the script has read or written under a lock */
	bool		in_transaction; /* in a block, so that what is locked stays locked */
	List	   *locked;			/* of char *: relations locked against reading or writing, earlier in it */
	int			lock_timeout;	/* milliseconds, 0: none */
	int			statement_timeout;
	bool		said_timeout;	/* that there is none: once is enough */
	const char *text;			/* of the statement at hand; NULL: not known */
	int			offset;			/* where it begins in what the parse tree's locations count from */
} SfExamination;

/*
 * Of SfFinding, in the order of the rules, those whose level is OFF left out; in the current context.  Notes in the
 * examination what the statement locks.
 */
extern List *sf_guard_examine(Node *statement, SfExamination *it);

/* The examination of the running transaction: what earlier statements of it have locked. */
extern SfExamination *sf_guard_live(void);

/* ---- a finding in words for people: message.c ---- */

/* The fact with the rule's name; what follows from it, the detail and the names of the other findings; what to do. */
extern char *sf_finding_message(const SfFinding *finding);
extern char *sf_finding_detail(const SfFinding *finding, List *findings);
extern char *sf_finding_hint(const SfFinding *finding, bool refused);

/* ---- a text that is not run: script.c ---- */

typedef struct SfScriptFinding
{
	int			offset;			/* of the statement in the text */
	int			end;			/* first byte behind it */
	SfFinding  *finding;		/* its location counts from the text's beginning */
} SfScriptFinding;

/*
 * Of SfScriptFinding: what the rules say to each statement of a script, which sees what those before it have made, set
 * and locked.  Raises a syntax error as the parser does.
 */
extern List *sf_guard_script(const char *text);

/* ---- what rules ask: subject.c ---- */

/* A relation that a statement names. */
typedef struct SfSubject
{
	char	   *schema;
	char	   *relation;
	char	   *name;			/* as SQL */
	Oid			oid;			/* InvalidOid: there is none here */
	char		relkind;		/* '\0': not known */
	bool		stands;			/* others may use it: committed, not temporary, or not here to be seen (a script) */
	bool		partitioned;
	int64		rows;			/* with those of partitions and children; -1: not known */
	int64		bytes;
} SfSubject;

/* NULL names no relation. Never waits. */
extern SfSubject *sf_subject(const SfExamination *it, const char *schema, const char *relation);
extern SfSubject *sf_subject_of(const SfExamination *it, const RangeVar *name);
extern SfSubject *sf_subject_oid(const SfExamination *it, Oid oid);

/* Has it rows enough that it matters what is done to them? */
extern bool sf_has_rows(const SfSubject *subject);

/* Of ObjectAddress: what a statement is about to change or drop, as far as it names it (named.c).  Locks nothing. */
extern List *sf_named_objects(Node *statement);

/* ---- one rule and one operation ---- */

struct SfCase
{
	const SfRule *rule;
	SfExamination *it;
	Node	   *statement;
	const SfOperation *op;		/* NULL for rules without kind */
	AlterTableCmd *cmd;			/* NULL: it is none */
	SfSubject  *table;			/* of the operation; an index's is its table; NULL: none */
	SfSubject  *index;			/* that the operation names, or NULL */
	SfFinding  *finding;
	List	   *findings;		/* of SfFinding: what the rules before this one have said */
};

/* For checks: fill in the finding; all return true. */
extern bool sf_say(SfCase *it, const char *fmt,...) pg_attribute_printf(2, 3);
extern void sf_recipe(SfCase *it, const char *fmt,...) pg_attribute_printf(2, 3);

/* Rows of it are read or rewritten under the lock: "public.users has about 1200000 rows (96 MB). The lock is ..." */
extern void sf_work(SfCase *it, const SfSubject *subject, LOCKMODE mode, bool rewrite);

/* The words of a new column's or constraint's parts. */
extern const Constraint *sf_column_has(const ColumnDef *column, ConstrType type);

/* Does a new column get a value by itself? */
extern bool sf_column_gets_value(const ColumnDef *column);

/* By topic. */
extern bool sf_check_volatile_default(SfCase *it);
extern bool sf_check_stable_default(SfCase *it);
extern bool sf_check_serial(SfCase *it);
extern bool sf_check_identity(SfCase *it);
extern bool sf_check_generated(SfCase *it);
extern bool sf_check_required(SfCase *it);
extern bool sf_check_domain_column(SfCase *it);
extern bool sf_check_column_references(SfCase *it);
extern bool sf_check_column_unique(SfCase *it);
extern bool sf_check_column_check(SfCase *it);
extern bool sf_check_not_null(SfCase *it);
extern bool sf_check_type_rewrite(SfCase *it);
extern bool sf_check_type_scan(SfCase *it);
extern bool sf_check_drop_column(SfCase *it);
extern bool sf_check_rename_column(SfCase *it);
extern bool sf_check_drop_not_null(SfCase *it);
extern bool sf_check_row_type(SfCase *it);
extern bool sf_check_style(SfCase *it);
extern bool sf_check_json(SfCase *it);

extern bool sf_check_check(SfCase *it);
extern bool sf_check_foreign_key(SfCase *it);
extern bool sf_check_foreign_key_partitioned(SfCase *it);
extern bool sf_check_foreign_key_index(SfCase *it);
extern bool sf_check_table_foreign_key(SfCase *it);
extern bool sf_check_unique(SfCase *it);
extern bool sf_check_primary_key(SfCase *it);
extern bool sf_check_adopt_nullable(SfCase *it);
extern bool sf_check_drop_constraint(SfCase *it);
extern bool sf_check_drop_foreign_key(SfCase *it);
extern bool sf_check_exclusion(SfCase *it);
extern bool sf_check_validate(SfCase *it);
extern bool sf_check_redefinition(SfCase *it);
extern bool sf_check_domain(SfCase *it);

extern bool sf_check_index(SfCase *it);
extern bool sf_check_partitioned_index(SfCase *it);
extern bool sf_check_concurrently_in_block(SfCase *it);
extern bool sf_check_concurrently_timeout(SfCase *it);
extern bool sf_check_invalid_leftover(SfCase *it);
extern bool sf_check_wide_index(SfCase *it);
extern bool sf_check_drop_index(SfCase *it);
extern bool sf_check_reindex(SfCase *it);
extern bool sf_check_index_options(SfCase *it);
extern bool sf_check_rewrite(SfCase *it);
extern bool sf_check_cluster(SfCase *it);
extern bool sf_check_vacuum_full(SfCase *it);
extern bool sf_check_refresh(SfCase *it);

extern bool sf_check_rename_table(SfCase *it);
extern bool sf_check_rename_schema(SfCase *it);
extern bool sf_check_drop_table(SfCase *it);
extern bool sf_check_truncate(SfCase *it);
extern bool sf_check_cascade(SfCase *it);
extern bool sf_check_attach(SfCase *it);
extern bool sf_check_attach_default(SfCase *it);
extern bool sf_check_partition_of(SfCase *it);
extern bool sf_check_detach(SfCase *it);
extern bool sf_check_enum_value(SfCase *it);
extern bool sf_check_enum_rename(SfCase *it);
extern bool sf_check_view(SfCase *it);
extern bool sf_check_function(SfCase *it);
extern bool sf_check_row_security(SfCase *it);
extern bool sf_check_extension(SfCase *it);
extern bool sf_check_lock_timeout(SfCase *it);
extern bool sf_check_after_lock(SfCase *it);
extern bool sf_check_two_tables(SfCase *it);
extern bool sf_check_unbatched(SfCase *it);
extern bool sf_check_statement_timeout(SfCase *it);
extern bool sf_check_lock_order(SfCase *it);
extern bool sf_check_replica_identity(SfCase *it);
extern bool sf_check_opaque(SfCase *it);

extern bool sf_check_index_gap(SfCase *it);

extern bool sf_check_nesting(SfCase *it);
extern bool sf_check_uncommitted(SfCase *it);
extern bool sf_check_repeatable(SfCase *it);
extern bool sf_check_many_alters(SfCase *it);
extern bool sf_check_duplicate_assignment(SfCase *it);
extern bool sf_check_qualified(SfCase *it);
extern bool sf_check_name_length(SfCase *it);

#endif
