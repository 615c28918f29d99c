-- Every rule: a statement that it is about, and a near miss.
SET client_min_messages = warning;
CREATE DATABASE sf_guard_rules;
\c sf_guard_rules
SET client_min_messages = warning;
CREATE EXTENSION schemaflow;

CREATE TABLE full_t (id int PRIMARY KEY, a int, b text, c int CHECK (c > 0), d varchar(10), e text, ts timestamp,
	proven text CHECK (proven IS NOT NULL), st json);
INSERT INTO full_t SELECT n, n, 'x', n, 'y', 'z', now(), 'p' FROM generate_series(1, 1000) n;
CREATE INDEX full_a ON full_t (a);
CREATE INDEX full_e ON full_t (e);
CREATE UNIQUE INDEX full_b ON full_t (b) WHERE false;
CREATE UNIQUE INDEX full_id_a ON full_t (id, a);
CREATE UNIQUE INDEX full_id_proven ON full_t (id, proven);
CREATE INDEX full_gin ON full_t USING gin (to_tsvector('simple', b));
CREATE TABLE empty_t (id int, a int, b text, c int CHECK (c > 0), d varchar(10), ts timestamp, k int);
CREATE TABLE other (id int PRIMARY KEY, full_id int REFERENCES full_t, a int, b int);
INSERT INTO other SELECT n, n FROM generate_series(1, 1000) n;
CREATE TABLE free (id int, a int);
INSERT INTO free SELECT n, n FROM generate_series(1, 1000) n;
CREATE TABLE parted (id int NOT NULL, k int NOT NULL) PARTITION BY RANGE (k);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
INSERT INTO parted SELECT n, n % 10 FROM generate_series(1, 1000) n;
CREATE TABLE with_rest (k int) PARTITION BY LIST (k);
CREATE TABLE with_rest_d PARTITION OF with_rest DEFAULT;
INSERT INTO with_rest SELECT 7 FROM generate_series(1, 100);
CREATE TABLE proven_rest (k int) PARTITION BY LIST (k);
CREATE TABLE proven_rest_d PARTITION OF proven_rest DEFAULT;
ALTER TABLE proven_rest_d ADD CHECK (k = 7);
INSERT INTO proven_rest SELECT 7 FROM generate_series(1, 100);
CREATE TABLE empty_parted (k int) PARTITION BY LIST (k);
CREATE TABLE empty_parted_1 PARTITION OF empty_parted FOR VALUES IN (1);
CREATE TABLE near (id int NOT NULL, k int NOT NULL);
INSERT INTO near SELECT n, 15 FROM generate_series(1, 100) n;
CREATE TABLE near_proven (id int NOT NULL, k int NOT NULL, CHECK (k >= 20 AND k < 30));
INSERT INTO near_proven SELECT n, 25 FROM generate_series(1, 100) n;
CREATE TABLE empty_near (id int NOT NULL, k int NOT NULL);
CREATE DOMAIN checked AS int CHECK (VALUE > 0);
CREATE DOMAIN plain AS int;
CREATE DOMAIN unused AS int;
CREATE TABLE domained (p plain);
INSERT INTO domained VALUES (1);
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE lonely AS ENUM ('sad', 'ok');
CREATE TABLE moody (m mood);
CREATE TABLE stored (f other);
CREATE VIEW v AS SELECT id FROM full_t;
CREATE MATERIALIZED VIEW mv AS SELECT id FROM full_t;
CREATE MATERIALIZED VIEW empty_mv AS SELECT id FROM full_t WITH NO DATA;
CREATE FUNCTION stored_result(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE FUNCTION free_result(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE INDEX full_fn ON full_t (stored_result(b));
CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER tg BEFORE INSERT ON full_t FOR EACH ROW EXECUTE FUNCTION fire();
CREATE TRIGGER tg BEFORE INSERT ON empty_t FOR EACH ROW EXECUTE FUNCTION fire();
CREATE SCHEMA used;
CREATE TABLE used.t (a int);
CREATE POLICY p ON other USING (true);
CREATE UNIQUE INDEX CONCURRENTLY broken ON free ((1 / (a - 1)));
ANALYZE;

CREATE TEMP TABLE rule_case (n serial, rule text, bad text, good text);
INSERT INTO rule_case (rule, bad, good) VALUES
('add_column_volatile_default', 'ALTER TABLE full_t ADD x uuid DEFAULT gen_random_uuid()', 'ALTER TABLE full_t ADD x int DEFAULT 1 + 1'),
('add_column_volatile_default', 'ALTER TABLE full_t ADD x float8 DEFAULT random()', 'ALTER TABLE empty_t ADD x float8 DEFAULT random()'),
('add_column_volatile_default', 'ALTER TABLE full_t ADD x timestamptz DEFAULT clock_timestamp()', 'ALTER TABLE full_t ADD x timestamptz DEFAULT now()'),
('add_column_stable_default', 'ALTER TABLE full_t ADD x timestamptz DEFAULT now()', 'ALTER TABLE full_t ADD x timestamptz DEFAULT ''2020-01-01'''),
('add_serial_column', 'ALTER TABLE full_t ADD x bigserial', 'ALTER TABLE empty_t ADD x bigserial'),
('add_identity_column', 'ALTER TABLE full_t ADD x int GENERATED ALWAYS AS IDENTITY', 'ALTER TABLE empty_t ADD x int GENERATED ALWAYS AS IDENTITY'),
('add_stored_generated', 'ALTER TABLE full_t ADD x int GENERATED ALWAYS AS (a * 2) STORED', 'ALTER TABLE empty_t ADD x int GENERATED ALWAYS AS (a * 2) STORED'),
('add_column_not_null_no_default', 'ALTER TABLE full_t ADD x int NOT NULL', 'ALTER TABLE full_t ADD x int NOT NULL DEFAULT 0'),
('add_column_constrained_domain', 'ALTER TABLE full_t ADD x checked', 'ALTER TABLE full_t ADD x plain'),
('add_column_with_references', 'ALTER TABLE full_t ADD x int DEFAULT 1 REFERENCES other', 'ALTER TABLE full_t ADD x int REFERENCES other'),
('add_column_unique', 'ALTER TABLE full_t ADD x int UNIQUE', 'ALTER TABLE empty_t ADD x int UNIQUE'),
('add_column_check', 'ALTER TABLE full_t ADD x int CHECK (x > 0)', 'ALTER TABLE empty_t ADD x int CHECK (x > 0)'),
('set_not_null_scan', 'ALTER TABLE full_t ALTER b SET NOT NULL', 'ALTER TABLE full_t ALTER proven SET NOT NULL'),
('set_not_null_scan', 'ALTER TABLE full_t ALTER b SET NOT NULL', 'ALTER TABLE full_t ALTER id SET NOT NULL'),
('set_not_null_scan', 'ALTER TABLE full_t ALTER b SET NOT NULL', 'ALTER TABLE empty_t ALTER b SET NOT NULL'),
('drop_not_null', 'ALTER TABLE full_t ALTER id DROP NOT NULL', 'ALTER TABLE full_t ALTER id SET NOT NULL'),
('change_type_rewrite', 'ALTER TABLE full_t ALTER a TYPE bigint', 'ALTER TABLE empty_t ALTER a TYPE bigint'),
('change_type_rewrite', 'ALTER TABLE full_t ALTER d TYPE varchar(5)', 'ALTER TABLE full_t ALTER d TYPE varchar(20)'),
('change_type_rewrite', 'ALTER TABLE full_t ALTER b TYPE varchar(5)', 'ALTER TABLE full_t ALTER d TYPE text'),
('change_type_rewrite', 'SET TimeZone = ''Europe/Berlin''; ALTER TABLE full_t ALTER a TYPE text', 'ALTER TABLE full_t ALTER b TYPE text'),
('change_type_scan', 'ALTER TABLE full_t ALTER a TYPE oid', 'ALTER TABLE full_t ALTER id TYPE int'),
('change_type_scan', 'ALTER TABLE full_t ALTER e TYPE text COLLATE "C"', 'ALTER TABLE full_t ALTER d TYPE varchar(30) COLLATE "C"'),
('attach_default_scan', 'CREATE TABLE x PARTITION OF with_rest FOR VALUES IN (1)', 'CREATE TABLE x PARTITION OF proven_rest FOR VALUES IN (1)'),
('change_type_scan', 'ALTER TABLE full_t ALTER proven TYPE varchar', 'ALTER TABLE full_t ALTER b TYPE varchar'),
('row_type_use', 'ALTER TABLE other ALTER a TYPE bigint', 'ALTER TABLE full_t ALTER a TYPE bigint'),
('drop_column', 'ALTER TABLE full_t DROP a', 'ALTER TABLE empty_t DROP a'),
('rename_column', 'ALTER TABLE full_t RENAME a TO aa', 'ALTER TABLE empty_t RENAME a TO aa'),
('change_default', 'ALTER TABLE full_t ALTER a SET DEFAULT 1', 'ALTER TABLE empty_t ALTER a SET DEFAULT 1'),
('rename_table', 'ALTER TABLE full_t RENAME TO x', 'ALTER TABLE empty_t RENAME TO x'),
('rename_table', 'ALTER TABLE full_t SET SCHEMA used', 'ALTER TABLE empty_t SET SCHEMA used'),
('rename_schema', 'ALTER SCHEMA used RENAME TO x', 'CREATE SCHEMA x'),
('drop_table', 'DROP TABLE other', 'DROP TABLE empty_t'),
('drop_table', 'DROP TABLE full_t', 'CREATE TABLE x (a int); DROP TABLE x'),
('truncate', 'TRUNCATE full_t CASCADE', 'TRUNCATE empty_t'),
('table_rewrite', 'ALTER TABLE full_t SET UNLOGGED', 'ALTER TABLE full_t SET LOGGED'),
('table_rewrite', 'ALTER TABLE full_t SET TABLESPACE x', 'ALTER TABLE empty_t SET TABLESPACE x'),
('cluster', 'CLUSTER full_t USING full_a', 'CLUSTER empty_t USING full_a'),
('vacuum_full', 'VACUUM FULL full_t', 'VACUUM full_t'),
('vacuum_full', 'VACUUM FULL', 'VACUUM FULL empty_t'),
('add_check_valid', 'ALTER TABLE full_t ADD CHECK (a > 0)', 'ALTER TABLE full_t ADD CHECK (a > 0) NOT VALID'),
('add_check_valid', 'ALTER TABLE full_t ADD CONSTRAINT x CHECK (a > 0)', 'ALTER TABLE empty_t ADD CHECK (a > 0)'),
('add_fk_valid', 'ALTER TABLE full_t ADD FOREIGN KEY (a) REFERENCES other', 'ALTER TABLE full_t ADD FOREIGN KEY (a) REFERENCES other NOT VALID'),
('add_fk_valid', 'ALTER TABLE parted ADD FOREIGN KEY (id) REFERENCES other', 'ALTER TABLE empty_t ADD FOREIGN KEY (a) REFERENCES other'),
('fk_no_index', 'ALTER TABLE full_t ADD FOREIGN KEY (c) REFERENCES other', 'ALTER TABLE full_t ADD FOREIGN KEY (a) REFERENCES other'),
('fk_not_valid_no_index', 'ALTER TABLE full_t ADD FOREIGN KEY (c) REFERENCES other NOT VALID', 'ALTER TABLE full_t ADD FOREIGN KEY (a) REFERENCES other NOT VALID'),
('create_table_with_fk', 'CREATE TABLE x (a int REFERENCES full_t)', 'SET lock_timeout = 100; CREATE TABLE x (a int REFERENCES full_t)'),
('add_unique', 'ALTER TABLE full_t ADD UNIQUE (a)', 'ALTER TABLE empty_t ADD UNIQUE (a)'),
('add_unique', 'ALTER TABLE full_t ADD UNIQUE (a)', 'ALTER TABLE full_t ADD UNIQUE USING INDEX full_id_a'),
('add_pk', 'ALTER TABLE free ADD PRIMARY KEY (id)', 'ALTER TABLE empty_t ADD PRIMARY KEY (id)'),
('pk_using_index_nullable', 'ALTER TABLE full_t ADD PRIMARY KEY USING INDEX full_id_a', 'ALTER TABLE full_t ADD PRIMARY KEY USING INDEX full_id_proven'),
('add_exclusion', 'ALTER TABLE full_t ADD EXCLUDE (a WITH =)', 'ALTER TABLE empty_t ADD EXCLUDE (a WITH =)'),
('drop_pk', 'ALTER TABLE full_t DROP CONSTRAINT full_t_pkey', 'ALTER TABLE full_t DROP CONSTRAINT full_t_c_check'),
('drop_fk', 'ALTER TABLE other DROP CONSTRAINT other_full_id_fkey', 'SET lock_timeout = 100; ALTER TABLE other DROP CONSTRAINT other_full_id_fkey'),
('validate_same_tx', 'BEGIN; ALTER TABLE full_t ADD CONSTRAINT k CHECK (a > 0) NOT VALID; ALTER TABLE full_t VALIDATE CONSTRAINT k',
	'BEGIN; ALTER TABLE full_t ADD CONSTRAINT k CHECK (a > 0) NOT VALID; COMMIT; ALTER TABLE full_t VALIDATE CONSTRAINT k'),
('alter_constraint_def', 'ALTER TABLE full_t DROP CONSTRAINT full_t_c_check, ADD CONSTRAINT full_t_c_check CHECK (c > 1)',
	'ALTER TABLE full_t DROP CONSTRAINT full_t_c_check, ADD CONSTRAINT x CHECK (c > 1)'),
('domain_add_constraint', 'ALTER DOMAIN plain ADD CHECK (VALUE > 0)', 'ALTER DOMAIN unused ADD CHECK (VALUE > 0)'),
('domain_add_constraint', 'ALTER DOMAIN plain ADD CHECK (VALUE > 0)', 'ALTER DOMAIN plain ADD CHECK (VALUE > 0) NOT VALID'),
('domain_validate', 'ALTER DOMAIN plain VALIDATE CONSTRAINT x', 'ALTER DOMAIN unused VALIDATE CONSTRAINT x'),
('domain_set_not_null', 'ALTER DOMAIN plain SET NOT NULL', 'ALTER DOMAIN unused SET NOT NULL'),
('create_index_blocking', 'CREATE INDEX ON full_t (b)', 'CREATE INDEX CONCURRENTLY ON full_t (b)'),
('create_index_blocking', 'CREATE UNIQUE INDEX x ON full_t (b)', 'CREATE INDEX ON empty_t (b)'),
('create_index_blocking', 'CREATE INDEX ON full_t (b)', 'CREATE TABLE x (a int); CREATE INDEX ON x (a)'),
('partitioned_index', 'CREATE INDEX ON parted (k)', 'CREATE INDEX ON ONLY parted (k)'),
('cic_in_tx', 'BEGIN; CREATE INDEX CONCURRENTLY ON full_t (b)', 'BEGIN; COMMIT; CREATE INDEX CONCURRENTLY ON full_t (b)'),
('cic_in_tx', 'BEGIN; DROP INDEX CONCURRENTLY full_a', 'BEGIN; DROP INDEX full_a'),
('cic_in_tx', 'BEGIN; REINDEX TABLE CONCURRENTLY full_t', 'BEGIN; REINDEX TABLE full_t'),
('cic_in_tx', 'BEGIN; ALTER TABLE parted DETACH PARTITION parted_1 CONCURRENTLY', 'ALTER TABLE parted DETACH PARTITION parted_1 CONCURRENTLY'),
('cic_short_lock_timeout', 'SET lock_timeout = ''500ms''; CREATE INDEX CONCURRENTLY ON full_t (b)', 'SET lock_timeout = 0; CREATE INDEX CONCURRENTLY ON full_t (b)'),
('invalid_index_leftover', 'CREATE INDEX IF NOT EXISTS broken ON free (a)', 'CREATE INDEX IF NOT EXISTS full_a ON full_t (a)'),
('index_too_wide', 'CREATE INDEX CONCURRENTLY ON full_t (id, a, b, c)', 'CREATE INDEX CONCURRENTLY ON full_t (id, a, b)'),
('drop_index_blocking', 'DROP INDEX full_a', 'DROP INDEX CONCURRENTLY full_a'),
('reindex_blocking', 'REINDEX TABLE full_t', 'REINDEX TABLE CONCURRENTLY full_t'),
('reindex_blocking', 'REINDEX INDEX full_a', 'REINDEX TABLE empty_t'),
('reindex_blocking', 'REINDEX SCHEMA public', 'REINDEX SYSTEM regression'),
('alter_index_reloption', 'ALTER INDEX full_gin SET (fastupdate = off)', 'ALTER INDEX full_a SET (fillfactor = 70)'),
('matview_refresh', 'REFRESH MATERIALIZED VIEW mv', 'REFRESH MATERIALIZED VIEW CONCURRENTLY mv'),
('matview_refresh', 'REFRESH MATERIALIZED VIEW mv', 'REFRESH MATERIALIZED VIEW empty_mv'),
('attach_unproven', 'ALTER TABLE parted ATTACH PARTITION near FOR VALUES FROM (10) TO (20)',
	'ALTER TABLE parted ATTACH PARTITION near_proven FOR VALUES FROM (20) TO (30)'),
('attach_unproven', 'ALTER TABLE parted ATTACH PARTITION near FOR VALUES FROM (10) TO (20)',
	'ALTER TABLE parted ATTACH PARTITION empty_near FOR VALUES FROM (30) TO (40)'),
('attach_default_scan', 'CREATE TABLE x PARTITION OF with_rest FOR VALUES IN (1)', 'CREATE TABLE x PARTITION OF parted FOR VALUES FROM (10) TO (20)'),
('create_partition_of', 'CREATE TABLE x PARTITION OF parted FOR VALUES FROM (10) TO (20)', 'CREATE TABLE x PARTITION OF empty_parted FOR VALUES IN (2)'),
('detach_blocking', 'ALTER TABLE parted DETACH PARTITION parted_1', 'ALTER TABLE parted DETACH PARTITION parted_1 CONCURRENTLY'),
('detach_blocking', 'ALTER TABLE parted DETACH PARTITION parted_1', 'ALTER TABLE empty_parted DETACH PARTITION empty_parted_1'),
('enum_add_value', 'ALTER TYPE mood ADD VALUE ''x''', 'ALTER TYPE mood ADD VALUE ''x'' AFTER ''sad'''),
('enum_rename_value', 'ALTER TYPE mood RENAME VALUE ''sad'' TO ''x''', 'ALTER TYPE mood ADD VALUE ''x'' AFTER ''sad'''),
('create_enum', 'CREATE TYPE x AS ENUM (''a'')', 'CREATE TYPE x AS (a int)'),
('view_replace', 'CREATE OR REPLACE VIEW v AS SELECT id FROM full_t', 'CREATE OR REPLACE VIEW x AS SELECT id FROM full_t'),
('view_replace', 'DROP VIEW v', 'SET lock_timeout = 100; DROP VIEW v'),
('function_body_change', 'CREATE OR REPLACE FUNCTION stored_result(text) RETURNS text LANGUAGE sql IMMUTABLE AS ''SELECT upper($1)''',
	'CREATE OR REPLACE FUNCTION free_result(text) RETURNS text LANGUAGE sql IMMUTABLE AS ''SELECT upper($1)'''),
('trigger_ddl', 'DROP TRIGGER tg ON full_t', 'DROP TRIGGER tg ON empty_t'),
('rls_without_policy', 'ALTER TABLE full_t ENABLE ROW LEVEL SECURITY', 'ALTER TABLE other ENABLE ROW LEVEL SECURITY'),
('extension_upgrade', 'ALTER EXTENSION plpgsql UPDATE', 'CREATE EXTENSION plpgsql'),
('missing_lock_timeout', 'ALTER TABLE full_t ADD x int', 'SET lock_timeout = ''2s''; ALTER TABLE full_t ADD x int'),
('statement_after_ael', 'BEGIN; ALTER TABLE full_t ADD x int; ALTER TABLE other ADD x int', 'ALTER TABLE full_t ADD x int; ALTER TABLE other ADD x int'),
('mixed_lock_modes_in_tx', 'BEGIN; ALTER TABLE full_t ADD x int; ALTER TABLE other ADD x int', 'BEGIN; ALTER TABLE full_t ADD x int; ALTER TABLE full_t ADD y int'),
('unbatched_update', 'UPDATE full_t SET a = 1', 'UPDATE full_t SET a = 1 WHERE id = 1'),
('unbatched_update', 'DELETE FROM full_t', 'DELETE FROM empty_t'),
('opaque_block', 'DO ''BEGIN END''', 'SELECT 1'),
('json_column', 'CREATE TABLE x (a json)', 'CREATE TABLE x (a jsonb)'),
('prefer_type', 'CREATE TABLE x (a varchar(20))', 'CREATE TABLE x (a varchar, b text, c bigint, d timestamptz, e numeric)'),
('prefer_type', 'CREATE TABLE x (a serial)', 'CREATE TABLE x (a bigint GENERATED BY DEFAULT AS IDENTITY)'),
('prefer_type', 'CREATE TABLE x (a timestamp)', 'CREATE TABLE x (a timestamptz)'),
('identifier_too_long', 'CREATE TABLE ' || repeat('x', 64) || ' (a int)', 'CREATE TABLE ' || repeat('x', 62) || ' (a int)');

-- Those that do not say what they should, or say it of the near miss: none.
SELECT n, rule, 'silent' AS wrong, bad AS statement FROM rule_case WHERE rule NOT IN (SELECT l.rule FROM sf_lint(bad) l)
UNION ALL
SELECT n, rule, 'false alarm', good FROM rule_case WHERE rule IN (SELECT l.rule FROM sf_lint(good) l)
ORDER BY n;
-- Rules without a case: on 18 and later a partitioned table's foreign key may be NOT VALID.
SELECT rule FROM sf_guard_rules WHERE rule NOT IN (SELECT rule FROM rule_case) AND rule <> 'partition_fk_not_valid';
SELECT count(*) FROM sf_lint('ALTER TABLE parted ADD FOREIGN KEY (id) REFERENCES other NOT VALID') WHERE rule = 'partition_fk_not_valid';
-- How many would be refused.
SELECT count(DISTINCT rule) >= 40 AS many FROM rule_case JOIN sf_guard_rules r USING (rule) WHERE r.level = 'enforce';

-- What is advised would not be refused itself, as far as it can be run as it stands.
SELECT c.n, c.rule, l.rule AS refused, f.recipe FROM rule_case c, sf_lint(c.bad) f, sf_lint('SET lock_timeout = 1000; ' || f.recipe) l
WHERE f.rule = c.rule AND strpos(f.recipe, '...') = 0 AND strpos(f.recipe, 'sf_allow') = 0 AND l.level = 'enforce';
SELECT count(*) > 20 AS many FROM rule_case c, sf_lint(c.bad) f WHERE f.rule = c.rule AND strpos(f.recipe, '...') = 0;

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

-- Comments
SELECT line, rule FROM sf_lint($$SET lock_timeout = 1000;
-- squawk-ignore ban-drop-column
ALTER TABLE full_t DROP a;
ALTER TABLE full_t DROP b; -- schemaflow-ignore drop_column: nobody uses it
-- schemaflow-ignore drop_column
ALTER TABLE full_t DROP c;
-- squawk-ignore -- all of it, and why
ALTER TABLE full_t DROP d;
/* squawk-ignore renaming-table,ban-drop-column*/ ALTER TABLE full_t DROP ts;
-- squawk-ignore no-such-rule
ALTER TABLE full_t DROP e;$$);
SELECT count(*) FROM sf_lint($$-- squawk-ignore-file ban-drop-column, require-timeout-settings
ALTER TABLE full_t DROP a;$$);

-- What cannot be parsed; places in the text
SELECT line, "column", rule, message FROM sf_lint(E'SELECT 1;\n  ALTER TABLE äö DROP;\n');
SELECT line, "column", rule FROM sf_lint(E'SET lock_timeout = 1;\n\n  /* é */ DROP TABLE other;') WHERE rule = 'drop_table';
SELECT rule, detail, recipe FROM sf_lint('SET lock_timeout = 1; CREATE UNIQUE INDEX i ON other (a) WHERE a > 0');
SELECT jsonb_path_query(sf_lint_json('SET lock_timeout = 1; DROP TABLE other'), '$[*].*') AS value;
SELECT r #>> '{version}' AS version, r #>> '{runs,0,results,0,ruleId}' AS rule, r #> '{runs,0,results,0,locations,0,physicalLocation}' AS place,
	jsonb_array_length(r #> '{runs,0,tool,driver,rules}') = (SELECT count(*) FROM sf_guard_rules) AS rules
FROM sf_lint_sarif(E'SET lock_timeout = 1;\nDROP TABLE other', 'v2.sql') r;
SELECT sf_lint(NULL);

DROP INDEX broken;

\c regression
DROP DATABASE sf_guard_rules;
