-- Levels of rules, comments that take findings back, places in a text.  The rules themselves: t/077_guard_rules.pl.
SET client_min_messages = warning;
CREATE DATABASE sf_guard_rules;
\c sf_guard_rules
SET client_min_messages = warning;
CREATE EXTENSION schemaflow;

CREATE TABLE full_t (id int PRIMARY KEY, a int, b text, c int, d varchar(10), e text, ts timestamp);
INSERT INTO full_t SELECT n, n, 'x', n, 'y', 'z', now() FROM generate_series(1, 1000) n;
CREATE TABLE other (id int PRIMARY KEY, full_id int REFERENCES full_t, a int, b int);
INSERT INTO other SELECT n, n FROM generate_series(1, 1000) n;
ANALYZE;

-- Levels
SELECT sf_guard_set('drop_column', 'off', 'nobody minds here');
SELECT rule, level, by_default, note FROM sf_guard_rules WHERE note IS NOT NULL;
SELECT count(*) FROM sf_lint('ALTER TABLE full_t DROP a') WHERE rule = 'drop_column';
SELECT sf_guard_set('drop_column', 'warn');
SELECT level FROM sf_lint('ALTER TABLE full_t DROP a') WHERE rule = 'drop_column';
SELECT sf_guard_set('drop_column', NULL);
SELECT level FROM sf_lint('ALTER TABLE full_t DROP a') WHERE rule = 'drop_column';
SELECT sf_guard_set('drop_colum', 'off');
SELECT sf_guard_set('drop_column', 'of');
SET schemaflow.guard_rows = 5000;
SELECT count(*) FROM sf_lint('ALTER TABLE full_t DROP a');
RESET schemaflow.guard_rows;

-- Comments: what counts, and what is told because it does not
SELECT line, rule, message FROM sf_lint($$SET lock_timeout = 1000;
-- squawk-ignore ban-drop-column
ALTER TABLE full_t DROP a;
ALTER TABLE full_t DROP b; -- schemaflow-ignore drop_column: nobody uses it
-- schemaflow-ignore drop_column
ALTER TABLE full_t DROP c;
-- squawk-ignore -- all of it, and why
ALTER TABLE full_t DROP d;
/* squawk-ignore renaming-table,ban-drop-column*/ ALTER TABLE full_t DROP ts;
-- squawk-ignore no-such-rule, ban-drop-column
ALTER TABLE full_t DROP e;
-- squawk-ignore no-such-rule
ALTER TABLE full_t DROP e;
-- squawk-ignore ban-drop-function
ALTER TABLE full_t DROP a;
-- schemaflow-ignore: no rule is named
ALTER TABLE full_t DROP a;
-- schemaflow-ignore drop_colum: a rule that there is not
ALTER TABLE full_t DROP a;
ALTER TABLE full_t
	-- schemaflow-ignore drop_column: in the middle
	DROP a;
$$);
SELECT line, rule, message FROM sf_lint($$-- squawk-ignore-file ban-drop-column, require-timeout-settings, ban-nothing
ALTER TABLE full_t DROP a;
DROP TABLE other;$$);
SELECT count(*) FROM sf_lint($$ALTER TABLE full_t DROP a;
-- squawk-ignore-file
DROP TABLE other;$$);

-- What cannot be parsed; places in the text, in characters: letters of several bytes, tabs, CRLF, quotes of all sorts
SELECT line, "column", rule, message FROM sf_lint(E'SELECT 1;\n  ALTER TABLE äö DROP;\n');
SELECT line, "column", rule FROM sf_lint(E'SET lock_timeout = 1;\n\n  /* é */ DROP TABLE other;');
SELECT line, "column", rule FROM sf_lint(E'SET lock_timeout = 1;\r\n\tDROP TABLE other;\r\n-- ü\r\n\t/* ü */\tDROP TABLE full_t;\r\n');
SELECT line, "column", rule FROM sf_lint(E'SET lock_timeout = 1; SELECT $a$\n;''"\n-- $b$ $a$, ''--\n'', E''\\'';\n''; DROP TABLE other');
SELECT line, "column", rule FROM sf_lint(E'CREATE TABLE "ä ö" (\n\ta bigint,\n\t"é" varchar(3))');
-- psql's commands are left out, and named; some of them send what stands before.
SELECT line, "column", rule, message FROM sf_lint($$\set ON_ERROR_STOP on
SET lock_timeout = 1;
SELECT 1 AS one \gset
DROP TABLE other \; DROP TABLE full_t;
\echo done; DROP TABLE unseen
$$);
SELECT rule, detail, recipe FROM sf_lint('SET lock_timeout = 1; CREATE UNIQUE INDEX i ON other (a) WHERE a > 0');
SELECT jsonb_path_query(sf_lint_json('SET lock_timeout = 1; DROP TABLE other'), '$[*].*') AS value;
SELECT r #>> '{version}' AS version, r #>> '{runs,0,results,0,ruleId}' AS rule, r #> '{runs,0,results,0,locations,0,physicalLocation}' AS place,
	jsonb_array_length(r #> '{runs,0,tool,driver,rules}') - (SELECT count(*) FROM sf_guard_rules) AS others
FROM sf_lint_sarif(E'SET lock_timeout = 1;\nDROP TABLE other', 'v2.sql') r;
SELECT sf_lint(NULL);

\c regression
DROP DATABASE sf_guard_rules;
