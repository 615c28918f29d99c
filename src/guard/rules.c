/*
 * rules.c - the table of rules, and a statement's way through it.  See guard.h.
 *
 * Memory: findings in the caller's context; what earlier statements have locked, in the transaction's.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "guard/guard.h"
#include "guc.h"
#include "lib/origin.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"

#define ENFORCE	SF_LEVEL_ENFORCE
#define WARN	SF_LEVEL_WARN
#define OFF		SF_LEVEL_OFF
#define ROWS	SF_RULE_ROWS
#define STANDS	SF_RULE_STANDS
#define LINT	SF_RULE_LINT

/* In the order in which findings are told. */
const SfRule sf_rules[] = {
	/* columns */
	{"row_type_use", ENFORCE, STANDS, NULL, 0, NULL, T_AlterTableStmt, sf_check_row_type,
	 "the row type of the table is the type of a column elsewhere: the server refuses"},
	{"add_column_volatile_default", ENFORCE, ROWS, "column", SF_RISK_CREATE, NULL, 0, sf_check_volatile_default,
	 "a new column whose default gives each row a value of its own rewrites the table"},
	{"add_column_stable_default", WARN, ROWS, "column", SF_RISK_CREATE, NULL, 0, sf_check_stable_default,
	 "a new column's default that depends on the time gives all old rows the same instant"},
	{"add_serial_column", ENFORCE, ROWS, "column", SF_RISK_CREATE, NULL, 0, sf_check_serial,
	 "a new serial column rewrites the table"},
	{"add_identity_column", ENFORCE, ROWS, "column", SF_RISK_CREATE, NULL, 0, sf_check_identity,
	 "a new identity column rewrites the table"},
	{"add_stored_generated", ENFORCE, ROWS, "column", SF_RISK_CREATE, NULL, 0, sf_check_generated,
	 "a new stored generated column rewrites the table"},
	{"add_column_not_null_no_default", ENFORCE, ROWS, "column", SF_RISK_CREATE, NULL, 0, sf_check_required,
	 "a new NOT NULL column without a default fails on a table with rows"},
	{"add_column_constrained_domain", ENFORCE, ROWS, "column", SF_RISK_CREATE, NULL, 0, sf_check_domain_column,
	 "a new column of a domain with constraints rewrites the table"},
	{"add_column_with_references", ENFORCE, ROWS, "column", SF_RISK_CREATE, NULL, 0, sf_check_column_references,
	 "a new column with REFERENCES and a default reads both tables under locks"},
	{"add_column_unique", ENFORCE, ROWS, "column", SF_RISK_CREATE, NULL, 0, sf_check_column_unique,
	 "a new column with UNIQUE or PRIMARY KEY builds its index under a lock"},
	{"add_column_check", ENFORCE, ROWS, "column", SF_RISK_CREATE, NULL, 0, sf_check_column_check,
	 "a new column with CHECK reads the table under a lock"},
	{"set_not_null_scan", ENFORCE, ROWS, "column", SF_RISK_ALTER, "not_null", 0, sf_check_not_null,
	 "SET NOT NULL reads the table under a lock unless a valid check proves it"},
	{"drop_not_null", WARN, STANDS, "column", SF_RISK_UNSET, "not_null", 0, sf_check_drop_not_null,
	 "readers that do not expect NULLs may fail"},
	{"change_type_rewrite", ENFORCE, ROWS, "column", SF_RISK_ALTER, "type", 0, sf_check_type_rewrite,
	 "the change of type rewrites the table and builds its indexes anew"},
	{"change_type_scan", ENFORCE, ROWS, "column", SF_RISK_ALTER, "type", 0, sf_check_type_scan,
	 "the change of type reads the table for a check or an index on the column"},
	{"drop_column", ENFORCE, ROWS, "column", SF_RISK_DROP, NULL, 0, sf_check_drop_column,
	 "those who still use the column fail, and its values are lost"},
	{"rename_column", ENFORCE, ROWS, "column", SF_RISK_RENAME, NULL, 0, sf_check_rename_column,
	 "those who use the old name fail at once"},
	{"change_default", WARN, ROWS, "default", SF_RISK_ALTER, NULL, 0, NULL,
	 "the old version gets the new default, too"},

	/* tables */
	{"rename_table", ENFORCE, ROWS, "table", SF_RISK_RENAME, NULL, 0, sf_check_rename_table,
	 "those who use the old name fail at once"},
	{"rename_schema", ENFORCE, 0, "schema", SF_RISK_RENAME, NULL, 0, sf_check_rename_schema,
	 "those who use the old name fail at once"},
	{"drop_table", ENFORCE, ROWS, "table", SF_RISK_DROP, NULL, 0, sf_check_drop_table,
	 "the rows are lost; the tables that its foreign keys reference are locked as well"},
	{"drop_cascade", ENFORCE, 0, NULL, 0, NULL, 0, sf_check_cascade,
	 "tables, columns, constraints go that the statement does not name"},
	{"truncate", ENFORCE, 0, NULL, 0, NULL, T_TruncateStmt, sf_check_truncate,
	 "the rows are lost, with CASCADE also those of tables that are not named"},
	{"table_rewrite", ENFORCE, ROWS, "table", SF_RISK_ALTER, NULL, 0, sf_check_rewrite,
	 "SET [UN]LOGGED, SET ACCESS METHOD and SET TABLESPACE write the table anew under a lock"},
	{"cluster", ENFORCE, 0, NULL, 0, NULL, T_ClusterStmt, sf_check_cluster,
	 "CLUSTER writes the table anew under a lock"},
	{"vacuum_full", ENFORCE, 0, NULL, 0, NULL, T_VacuumStmt, sf_check_vacuum_full,
	 "VACUUM FULL writes the table anew under a lock"},

	/* constraints */
	{"add_check_valid", ENFORCE, ROWS, "check", SF_RISK_CREATE, NULL, 0, sf_check_check,
	 "a new check reads the table under a lock"},
	{"add_fk_valid", ENFORCE, ROWS, "foreign key", SF_RISK_CREATE, NULL, 0, sf_check_foreign_key,
	 "a new foreign key reads the table while nobody can write to either"},
	{"partition_fk_not_valid", ENFORCE, STANDS, "foreign key", SF_RISK_CREATE_NOT_VALID, NULL, 0,
	 sf_check_foreign_key_partitioned, "a partitioned table's foreign key cannot be NOT VALID before 18"},
	{"fk_no_index", WARN, STANDS, "foreign key", SF_RISK_CREATE, NULL, 0, sf_check_foreign_key_index,
	 "each DELETE and UPDATE of a referenced row reads the referencing table"},
	{"fk_not_valid_no_index", WARN, STANDS, "foreign key", SF_RISK_CREATE_NOT_VALID, NULL, 0,
	 sf_check_foreign_key_index, "each DELETE and UPDATE of a referenced row reads the referencing table"},
	{"fk_not_valid_lock_order", WARN, ROWS, "foreign key", SF_RISK_CREATE_NOT_VALID, NULL, 0, sf_check_lock_order,
	 "both tables are locked against writing, one after the other"},
	{"create_table_with_fk", WARN, 0, "table", SF_RISK_CREATE, NULL, 0, sf_check_table_foreign_key,
	 "a new table with a foreign key stops writes to the referenced table while it waits"},
	{"add_unique", ENFORCE, ROWS, "unique", SF_RISK_CREATE, NULL, 0, sf_check_unique,
	 "the index is built under a lock"},
	{"add_pk", ENFORCE, ROWS, "primary key", SF_RISK_CREATE, NULL, 0, sf_check_primary_key,
	 "the index is built under a lock"},
	{"pk_using_index_nullable", ENFORCE, ROWS, "primary key", SF_RISK_ADOPT, NULL, 0, sf_check_adopt_nullable,
	 "a column that may be NULL is read through under a lock"},
	{"add_exclusion", ENFORCE, ROWS, "exclusion", SF_RISK_CREATE, NULL, 0, sf_check_exclusion,
	 "the index is built and checked under a lock; there is no online way"},
	{"drop_pk", ENFORCE, ROWS, "constraint", SF_RISK_DROP, NULL, 0, sf_check_drop_constraint,
	 "without its primary key the table loses its replica identity"},
	{"drop_fk", WARN, ROWS, "constraint", SF_RISK_DROP, NULL, 0, sf_check_drop_foreign_key,
	 "both tables are locked against reading"},
	{"validate_same_tx", ENFORCE, ROWS, "constraint", SF_RISK_VALIDATE, NULL, 0, sf_check_validate,
	 "the table is read while an earlier statement's lock is still held"},
	{"alter_constraint_def", WARN, ROWS, "constraint", SF_RISK_DROP, NULL, 0, sf_check_redefinition,
	 "a constraint is replaced under one lock, which its proof holds, or dropped before its successor is there"},
	{"domain_add_constraint", ENFORCE, 0, "domain constraint", SF_RISK_CREATE, NULL, 0, sf_check_domain,
	 "every table with a column of the domain is read under a lock"},
	{"domain_validate", ENFORCE, 0, "domain constraint", SF_RISK_VALIDATE, NULL, 0, sf_check_domain,
	 "every table with a column of the domain is read under a lock"},
	{"domain_set_not_null", ENFORCE, 0, "domain", SF_RISK_ALTER, "not_null", 0, sf_check_domain,
	 "every table with a column of the domain is read under a lock"},

	/* indexes */
	{"invalid_index_leftover", ENFORCE, 0, NULL, 0, NULL, T_IndexStmt, sf_check_invalid_leftover,
	 "IF NOT EXISTS is content with an INVALID index"},
	{"create_index_blocking", ENFORCE, ROWS, "index", SF_RISK_CREATE, NULL, 0, sf_check_index,
	 "nobody can write to the table while the index is built"},
	{"partitioned_index", ENFORCE, ROWS, "index", SF_RISK_CREATE, NULL, 0, sf_check_partitioned_index,
	 "nobody can write to any partition while the indexes are built"},
	{"cic_in_tx", ENFORCE, 0, NULL, 0, NULL, 0, sf_check_concurrently_in_block,
	 "CONCURRENTLY cannot run in a transaction"},
	{"cic_short_lock_timeout", WARN, ROWS, "index", SF_RISK_CREATE_CONCURRENTLY, NULL, 0,
	 sf_check_concurrently_timeout, "a short lock_timeout ends the build and leaves an INVALID index"},
	{"index_too_wide", WARN, ROWS, NULL, 0, NULL, T_IndexStmt, sf_check_wide_index,
	 "an index of many columns costs more than it helps"},
	{"drop_index_blocking", ENFORCE, ROWS, "index", SF_RISK_DROP, NULL, 0, sf_check_drop_index,
	 "queries wait while DROP INDEX waits for its lock"},
	{"index_replace_gap", WARN, ROWS | LINT, "index", SF_RISK_DROP, NULL, 0, sf_check_index_gap,
	 "an index is dropped before the one that takes its place is there"},
	{"index_replace_gap_concurrently", WARN, ROWS | LINT, "index", SF_RISK_DROP_CONCURRENTLY, NULL, 0,
	 sf_check_index_gap, "an index is dropped before the one that takes its place is there"},
	{"reindex_blocking", ENFORCE, 0, NULL, 0, NULL, T_ReindexStmt, sf_check_reindex,
	 "nobody can write to the table, or plan a query on it, while the index is built"},
	{"alter_index_reloption", WARN, ROWS, "index", SF_RISK_ALTER, "options", 0, sf_check_index_options,
	 "some parameters of an index need a lock that every planner of a query is in the way of"},
	{"matview_refresh", ENFORCE, 0, NULL, 0, NULL, T_RefreshMatViewStmt, sf_check_refresh,
	 "nobody can read the view while it is filled"},

	/* partitions */
	{"attach_unproven", ENFORCE, 0, "partition", SF_RISK_CREATE, NULL, 0, sf_check_attach,
	 "ATTACH PARTITION reads the table under a lock unless a valid check proves its bounds"},
	{"attach_default_scan", ENFORCE, 0, NULL, 0, NULL, 0, sf_check_attach_default,
	 "a new partition makes the server read the default partition under a lock"},
	{"create_partition_of", WARN, 0, NULL, 0, NULL, T_CreateStmt, sf_check_partition_of,
	 "CREATE TABLE ... PARTITION OF locks the whole parent against reading"},
	{"detach_blocking", ENFORCE, 0, "partition", SF_RISK_DROP, NULL, 0, sf_check_detach,
	 "DETACH PARTITION locks the whole parent against reading"},

	/* types, functions, views, rights */
	{"enum_add_value", WARN, 0, "enum", SF_RISK_ALTER, "labels", 0, sf_check_enum_value,
	 "a new value without BEFORE or AFTER sorts last, and cannot be used by its own transaction"},
	{"enum_rename_value", ENFORCE, 0, NULL, 0, NULL, T_AlterEnumStmt, sf_check_enum_rename,
	 "those who use the old value fail at once"},
	{"create_enum", WARN, LINT, NULL, 0, NULL, T_CreateEnumStmt, NULL, "an enum's values cannot be removed"},
	{"view_replace", WARN, 0, NULL, 0, NULL, 0, sf_check_view,
	 "a view that is replaced or dropped is locked against reading"},
	{"function_body_change", WARN, 0, NULL, 0, NULL, T_CreateFunctionStmt, sf_check_function,
	 "an index, check or generated column keeps what the old body gave"},
	{"trigger_ddl", WARN, ROWS, "trigger", SF_RISK_DROP, NULL, 0, NULL,
	 "DROP TRIGGER locks the table against reading"},
	{"rls_without_policy", WARN, STANDS, "table", SF_RISK_ALTER, "row_security", 0, sf_check_row_security,
	 "without a policy all rows are hidden"},
	{"replica_identity", WARN, ROWS, "table", SF_RISK_ALTER, "replica_identity", 0, sf_check_replica_identity,
	 "subscribers find the rows of a published table by its replica identity"},
	{"extension_upgrade", WARN, 0, NULL, 0, NULL, T_AlterExtensionStmt, sf_check_extension,
	 "an extension's update may run any DDL"},

	/* transactions */
	{"missing_lock_timeout", WARN, 0, NULL, 0, NULL, 0, sf_check_lock_timeout,
	 "all others wait behind a statement that waits for a strong lock"},
	{"missing_statement_timeout", WARN, LINT, NULL, 0, NULL, 0, sf_check_statement_timeout,
	 "what works under a lock holds it for as long as it takes"},
	{"statement_after_ael", WARN, 0, NULL, 0, NULL, 0, sf_check_after_lock,
	 "an earlier statement's lock is held until the transaction ends"},
	{"mixed_lock_modes_in_tx", WARN, 0, NULL, 0, NULL, 0, sf_check_two_tables,
	 "several tables locked in one transaction may deadlock with the application"},
	{"unbatched_update", WARN, ROWS, NULL, 0, NULL, 0, sf_check_unbatched, "one statement writes all rows"},
	{"opaque_block", WARN, LINT, NULL, 0, NULL, T_DoStmt, sf_check_opaque,
	 "what DO runs cannot be seen without running it"},

	/* scripts as wholes */
	{"many_alter_same_table", WARN, LINT, NULL, 0, NULL, T_AlterTableStmt, sf_check_many_alters,
	 "several ALTER TABLE work through one table one after the other"},
	{"transaction_nesting", WARN, LINT, NULL, 0, NULL, T_TransactionStmt, sf_check_nesting,
	 "a transaction begins within another, or ends that has not begun"},
	{"uncommitted_transaction", WARN, LINT, NULL, 0, NULL, T_TransactionStmt, sf_check_uncommitted,
	 "a transaction begins and does not end"},
	{"not_repeatable", OFF, LINT, NULL, 0, NULL, 0, sf_check_repeatable,
	 "what stopped half way cannot be run again: no transaction, no IF [NOT] EXISTS"},

	/* style */
	{"json_column", WARN, LINT, NULL, 0, NULL, 0, sf_check_json, "json has no equality: DISTINCT and GROUP BY fail"},
	{"prefer_type", WARN, LINT, NULL, 0, NULL, 0, sf_check_style, "the type leads to a rewrite or to surprises later"},
	{"identifier_too_long", WARN, LINT, NULL, 0, NULL, 0, sf_check_name_length, "the server cuts names to 63 bytes"},
	{"duplicate_assignment", ENFORCE, LINT, NULL, 0, NULL, T_UpdateStmt, sf_check_duplicate_assignment,
	 "a column is assigned twice: the server refuses"},
	{"unqualified_name", OFF, LINT, NULL, 0, NULL, 0, sf_check_qualified,
	 "a name without a schema means what search_path says"},
};
const int	sf_nrules = lengthof(sf_rules);

static const char *const levels[] = {[SF_LEVEL_OFF] = "off", [SF_LEVEL_WARN] = "warn", [SF_LEVEL_ENFORCE] = "enforce"};

const char *
sf_level_name(SfLevel level)
{
	return levels[level];
}

bool
sf_level_parse(const char *name, SfLevel *level)
{
	for (int i = 0; i < lengthof(levels); i++)
		if (strcmp(levels[i], name) == 0)
		{
			*level = i;
			return true;
		}
	return false;
}

const SfRule *
sf_rule_find(const char *name)
{
	for (int i = 0; i < sf_nrules; i++)
		if (strcmp(sf_rules[i].name, name) == 0)
			return &sf_rules[i];
	return NULL;
}

/* ---- settings of this database ---- */

static SfLevel set_levels[lengthof(sf_rules)];
static bool is_set[lengthof(sf_rules)];
static TimestampTz levels_read = 0; /* start of the transaction in which they were */

void
sf_rule_levels_forget(void)
{
	levels_read = 0;
}

/* Most databases have changed no rule: a table without a block needs no query. */
static bool
has_levels(void)
{
	Oid			schema = get_namespace_oid("schemaflow", false);
	Relation	table = table_open(get_relname_relid("guard_rule", schema), AccessShareLock);
	bool		has = RelationGetNumberOfBlocks(table) > 0;

	table_close(table, AccessShareLock);
	return has;
}

static void
read_levels(void)
{
	static SfKeptPlan kept = NULL;
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	SfOwnerState owner;
	SfRows	   *rows;

	memset(is_set, 0, sizeof(is_set));
	levels_read = GetCurrentTransactionStartTimestamp();
	if (!has_levels())
		return;
	sf_owner_enter(&owner);
	rows = sf_query_kept(&kept, "SELECT rule, level FROM schemaflow.guard_rule WHERE " SF_ORIGIN_IS_OURS,
						 lengthof(args), args);
	sf_owner_leave(&owner);
	for (int r = 0; r < rows->nrows; r++)
	{
		const SfRule *rule = sf_rule_find(sf_cell(rows, r, 0));

		/* A rule that a newer version had. */
		if (rule && sf_level_parse(sf_cell(rows, r, 1), &set_levels[rule - sf_rules]))
			is_set[rule - sf_rules] = true;
	}
}

SfLevel
sf_rule_level(const SfRule *rule)
{
	if (levels_read != GetCurrentTransactionStartTimestamp())
		read_levels();
	return is_set[rule - sf_rules] ? set_levels[rule - sf_rules] : rule->level;
}

/* ---- one rule ---- */

static pg_attribute_printf(1, 0) char *
print(const char *fmt, va_list args)
{
	size_t		size = 256;

	for (;;)
	{
		char	   *text = palloc(size);
		size_t		needed;
		va_list		copy;

		va_copy(copy, args);
		needed = pvsnprintf(text, size, fmt, copy);
		va_end(copy);
		if (needed < size)
			return text;
		pfree(text);
		size = needed;
	}
}

bool
sf_say(SfCase *it, const char *fmt,...)
{
	va_list		args;

	va_start(args, fmt);
	it->finding->message = print(fmt, args);
	va_end(args);
	return true;
}

void
sf_recipe(SfCase *it, const char *fmt,...)
{
	va_list		args;

	va_start(args, fmt);
	it->finding->recipe = lappend(it->finding->recipe, print(fmt, args));
	va_end(args);
}

static bool
is_about(const SfRule *rule, const SfOperation *op)
{
	if (op->kind == NULL || op->verb != rule->verb)
		return false;
	/* What is only named may be any kind of constraint: rules about one of them ask the catalogs. */
	return strcmp(op->kind, rule->kind) == 0 && (rule->attr == NULL || sf_streq(rule->attr, op->attr));
}

/* May the rule have anything to say, by what the statement works on? */
static bool
may_apply(const SfCase *it)
{
	if ((it->rule->flags & SF_RULE_LINT) && !it->it->script)
		return false;
	if (it->rule->flags & (SF_RULE_ROWS | SF_RULE_STANDS))
	{
		if (it->table == NULL || !it->table->stands)
			return false;
		if ((it->rule->flags & SF_RULE_ROWS) && !sf_has_rows(it->table))
			return false;
	}
	return true;
}

static List *
ask(List *findings, SfCase *it)
{
	SfFinding  *finding;

	if (!may_apply(it) || sf_rule_level(it->rule) == SF_LEVEL_OFF)
		return findings;
	finding = palloc0(sizeof(SfFinding));
	finding->rule = it->rule;
	finding->location = -1;
	finding->object = it->table ? it->table->name : NULL;
	it->finding = finding;
	it->findings = findings;
	if (it->rule->check && !it->rule->check(it))
		return findings;
	if (finding->message == NULL)
		finding->message = pstrdup(it->rule->summary);
	return lappend(findings, finding);
}

/* ---- one statement ---- */

/* What the operation works on; an index's lock is its table's. */
static void
find_subjects(SfCase *it)
{
	const SfOperation *op = it->op;

	it->cmd = op->node && IsA(op->node, AlterTableCmd) ? (AlterTableCmd *) op->node : NULL;
	it->table = op->relation ? sf_subject(it->it, op->schema, op->relation) : NULL;
	it->index = NULL;
	if (it->table && (it->table->relkind == RELKIND_INDEX || it->table->relkind == RELKIND_PARTITIONED_INDEX))
	{
		it->index = it->table;
		it->table = sf_subject_oid(it->it, IndexGetRelation(it->index->oid, true));
	}
}

/* What the statement locks against reading or writing, for those that come behind it in the transaction. */
static void
note_locks(SfExamination *it, const SfCase *one)
{
	LOCKMODE	mode = one->op->entry ? one->op->entry->lock : NoLock;

	if (one->table && one->table->stands && mode >= ShareLock && it->in_transaction)
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(it));
		ListCell   *lc;

		foreach(lc, it->locked)
			if (strcmp(lfirst(lc), one->table->name) == 0)
				break;
		if (lc == NULL)
			it->locked = lappend(it->locked, pstrdup(one->table->name));
		MemoryContextSwitchTo(old);
	}
}

List *
sf_guard_examine(Node *statement, SfExamination *it)
{
	SfRiskContext nothing = {0};
	List	   *operations = sf_risk_classify(statement, &nothing);
	List	   *findings = NIL;
	int			n = list_length(operations);
	SfCase	   *cases = palloc0(Max(n, 1) * sizeof(SfCase));

	cases[0].it = it;
	cases[0].statement = statement;
	for (int i = 0; i < n; i++)
	{
		cases[i].it = it;
		cases[i].statement = statement;
		cases[i].op = list_nth(operations, i);
		find_subjects(&cases[i]);
	}
	for (int r = 0; r < sf_nrules; r++)
	{
		const SfRule *rule = &sf_rules[r];

		if (rule->kind == NULL)
		{
			/* Once for the statement. */
			cases[0].rule = rule;
			if (rule->tag == T_Invalid || rule->tag == nodeTag(statement))
				findings = ask(findings, &cases[0]);
			continue;
		}
		for (int i = 0; i < n; i++)
		{
			cases[i].rule = rule;
			if (is_about(rule, cases[i].op))
				findings = ask(findings, &cases[i]);
		}
	}
	for (int i = 0; i < n; i++)
		note_locks(it, &cases[i]);
	return findings;
}

/* ---- the running transaction ---- */

static int
setting(const char *name)
{
	const char *value = GetConfigOption(name, false, false);

	return value ? atoi(value) : 0;
}

static SfExamination *live = NULL;

/* With the memory of the transaction: a procedure goes through several in one statement. */
static void
forget_live(void *arg)
{
	live = NULL;
}

SfExamination *
sf_guard_live(void)
{
	if (live == NULL)
	{
		MemoryContextCallback *end = MemoryContextAllocZero(TopTransactionContext, sizeof(MemoryContextCallback));

		end->func = forget_live;
		live = MemoryContextAllocZero(TopTransactionContext, sizeof(SfExamination));
		MemoryContextRegisterResetCallback(TopTransactionContext, end);
	}
	live->in_transaction = IsTransactionBlock();
	live->lock_timeout = setting("lock_timeout");
	live->statement_timeout = setting("statement_timeout");
	return live;
}
