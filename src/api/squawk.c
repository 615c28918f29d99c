/*
 * squawk.c - the rules that squawk knows by other names, for the comments of texts that were written for it.
 *
 * The names are those of squawk's list of rules.
 */
#include "postgres.h"

#include "api/squawk.h"

static const struct
{
	const char *squawk;
	const char *ours;
}			names[] = {
	{"add-column-with-default", "add_column_volatile_default"},
	{"adding-field-with-default", "add_column_volatile_default"},
	{"adding-field-with-default", "add_stored_generated"},
	{"adding-foreign-key-constraint", "add_fk_valid"},
	{"adding-foreign-key-constraint", "add_column_with_references"},
	{"adding-not-null-field", "set_not_null_scan"},
	{"adding-not-nullable-field", "set_not_null_scan"},
	{"adding-primary-key-constraint", "add_pk"},
	{"adding-primary-key-constraint", "add_column_unique"},
	{"adding-primary-key-constraint", "pk_using_index_nullable"},
	{"adding-required-field", "add_column_not_null_no_default"},
	{"adding-serial-primary-key-field", "add_serial_column"},
	{"adding-serial-primary-key-field", "add_column_unique"},
	{"adding-serial-primary-key-field", "add_pk"},
	{"ban-alter-domain-with-add-constraint", "domain_add_constraint"},
	{"ban-alter-domain-with-add-constraint", "domain_set_not_null"},
	{"ban-alter-domain-with-add-constraint", "domain_validate"},
	{"ban-char-field", "prefer_type"},
	{"ban-concurrent-index-creation-in-transaction", "cic_in_tx"},
	{"ban-create-domain-with-constraint", "add_column_constrained_domain"},
	{"ban-drop-column", "drop_column"},
	{"ban-drop-constraint", "drop_fk"},
	{"ban-drop-constraint", "drop_pk"},
	{"ban-drop-index", "drop_index_blocking"},
	{"ban-drop-domain", "drop_cascade"},
	{"ban-drop-extension", "drop_cascade"},
	{"ban-drop-function", "drop_cascade"},
	{"ban-drop-not-null", "drop_not_null"},
	{"ban-drop-schema", "drop_cascade"},
	{"ban-drop-sequence", "drop_cascade"},
	{"ban-drop-table", "drop_table"},
	{"ban-drop-trigger", "trigger_ddl"},
	{"ban-drop-type", "drop_cascade"},
	{"ban-drop-view", "view_replace"},
	{"ban-duplicate-column-assignments", "duplicate_assignment"},
	{"ban-replace-view-function", "function_body_change"},
	{"ban-replace-view-function", "view_replace"},
	{"ban-replica-identity", "replica_identity"},
	{"ban-set-default", "change_default"},
	{"ban-set-schema", "rename_table"},
	{"ban-truncate-cascade", "truncate"},
	{"ban-uncommitted-transaction", "uncommitted_transaction"},
	{"changing-column-type", "change_type_rewrite"},
	{"changing-column-type", "change_type_scan"},
	{"changing-column-type", "row_type_use"},
	{"constraint-missing-not-valid", "add_check_valid"},
	{"constraint-missing-not-valid", "add_fk_valid"},
	{"constraint-missing-not-valid", "validate_same_tx"},
	{"disallowed-unique-constraint", "add_column_unique"},
	{"disallowed-unique-constraint", "add_unique"},
	{"identifier-too-long", "identifier_too_long"},
	{"prefer-big-int", "prefer_type"},
	{"prefer-bigint-over-int", "prefer_type"},
	{"prefer-bigint-over-smallint", "prefer_type"},
	{"prefer-identity", "prefer_type"},
	{"prefer-repack", "cluster"},
	{"prefer-repack", "table_rewrite"},
	{"prefer-repack", "vacuum_full"},
	{"prefer-text-field", "prefer_type"},
	{"prefer-timestamp-tz", "prefer_type"},
	{"prefer-timestamptz", "prefer_type"},
	{"prefer-robust-stmts", "invalid_index_leftover"},
	{"prefer-robust-stmts", "not_repeatable"},
	{"renaming-column", "rename_column"},
	{"renaming-object", "enum_rename_value"},
	{"renaming-object", "rename_schema"},
	{"renaming-table", "rename_table"},
	{"require-concurrent-index-creation", "create_index_blocking"},
	{"require-concurrent-index-creation", "partitioned_index"},
	{"require-concurrent-index-deletion", "drop_index_blocking"},
	{"require-concurrent-index-deletion", "index_replace_gap"},
	{"require-concurrent-partition-detach", "detach_blocking"},
	{"require-concurrent-refresh-matview", "matview_refresh"},
	{"require-concurrent-reindex", "reindex_blocking"},
	{"require-enum-value-ordering", "enum_add_value"},
	{"require-table-schema", "unqualified_name"},
	{"require-timeout-settings", "cic_short_lock_timeout"},
	{"require-timeout-settings", "missing_lock_timeout"},
	{"require-timeout-settings", "missing_statement_timeout"},
	{"transaction-nesting", "transaction_nesting"},
};

/* Rules of squawk's about what is no hazard here (docs/guard_rules.md says why): nothing is taken back. */
static const char *const others[] = {
	"application-rollback-compatibility", "ban-add-column", "ban-add-composite-attribute", "ban-add-enum-value",
	"ban-alter-database-options", "ban-alter-extension", "ban-alter-function-options",
	"ban-alter-generated-expression", "ban-alter-identity", "ban-alter-policy-condition", "ban-alter-policy-roles",
	"ban-alter-role-options", "ban-alter-row-level-security", "ban-alter-sequence-values",
	"ban-alter-system-options", "ban-alter-view-options", "ban-create-policy", "ban-detach-inheritance",
	"ban-disable-trigger", "ban-drop-database", "ban-drop-default", "ban-drop-generated-expression",
	"ban-drop-policy", "ban-new-write-restriction", "ban-revoke", "security-compatibility", "unused-ignore"
};

bool
sf_squawk_rules(const char *name, List **rules)
{
	bool		known = false;

	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(names[i].squawk, name) == 0)
		{
			*rules = list_append_unique_ptr(*rules, unconstify(char *, names[i].ours));
			known = true;
		}
	for (int i = 0; i < lengthof(others) && !known; i++)
		known = strcmp(others[i], name) == 0;
	return known;
}
