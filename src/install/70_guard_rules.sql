-- The rules of the guard: which there are, and which are set otherwise here.

CREATE TABLE schemaflow.guard_rule (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	rule text NOT NULL,
	level text NOT NULL,
	note text,
	set_at timestamptz NOT NULL,
	set_by text NOT NULL,
	PRIMARY KEY (system_identifier, database_oid, rule)
);
COMMENT ON TABLE schemaflow.guard_rule IS 'rules of the guard with another level than their own; sf_guard_set() writes it';
GRANT SELECT ON schemaflow.guard_rule TO PUBLIC;
-- As for the history: a restore by the database's owner brings the rows, and they are not trusted.
GRANT INSERT ON schemaflow.guard_rule TO pg_database_owner;
SELECT pg_catalog.pg_extension_config_dump('schemaflow.guard_rule', '');

CREATE FUNCTION @extschema@.sf_guard_set(rule text, level text, note text DEFAULT NULL) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_guard_set';
COMMENT ON FUNCTION @extschema@.sf_guard_set(text, text, text) IS
	'what the guard of this database does about a rule: off, warn, enforce; NULL: what it does by itself';
REVOKE ALL ON FUNCTION @extschema@.sf_guard_set(text, text, text) FROM PUBLIC;

CREATE FUNCTION schemaflow.sf_guard_rule_list(OUT rule text, OUT level text, OUT by_default text, OUT about text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_guard_rule_list';
COMMENT ON FUNCTION schemaflow.sf_guard_rule_list() IS 'for the view sf_guard_rules';

CREATE VIEW @extschema@.sf_guard_rules AS
SELECT l.rule, l.level, l.by_default, s.note, s.set_at, s.set_by, l.about
FROM schemaflow.sf_guard_rule_list() l LEFT JOIN schemaflow.guard_rule s ON s.trusted
	AND s.rule OPERATOR(pg_catalog.=) l.rule AND s.database_oid OPERATOR(pg_catalog.=)
		(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database());
COMMENT ON VIEW @extschema@.sf_guard_rules IS 'the rules of the guard, what each does here, and who has set it so';
GRANT SELECT ON @extschema@.sf_guard_rules TO PUBLIC;

-- A text is judged without being run.

CREATE FUNCTION @extschema@.sf_lint(sql text, OUT line integer, OUT "column" integer, OUT rule text, OUT level text,
	OUT object text, OUT message text, OUT detail text, OUT recipe text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_lint';
COMMENT ON FUNCTION @extschema@.sf_lint(text) IS 'what the guard would say to a script, statement by statement; nothing is run';

CREATE FUNCTION @extschema@.sf_lint_json(sql text) RETURNS jsonb LANGUAGE c AS 'MODULE_PATHNAME', 'sf_lint_json';
COMMENT ON FUNCTION @extschema@.sf_lint_json(text) IS 'sf_lint() as a JSON array, for CI';

CREATE FUNCTION @extschema@.sf_lint_sarif(sql text, file text DEFAULT 'migration.sql') RETURNS jsonb
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_lint_sarif';
COMMENT ON FUNCTION @extschema@.sf_lint_sarif(text, text) IS 'sf_lint() as SARIF 2.1.0, which code hosts show beside the lines';
