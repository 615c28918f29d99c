-- What cannot be recorded, and that nothing of it is: references to nowhere, data, psql's commands, units one after the other.
CREATE DATABASE sf_bad TEMPLATE template0 ENCODING 'UTF8';
\c sf_bad
SET client_min_messages = warning;
CREATE EXTENSION schemaflow;
RESET client_min_messages;
\set SHOW_CONTEXT errors

CREATE TABLE kept (id int PRIMARY KEY);
SELECT count(*) FROM sf_define('first', 'CREATE TABLE kept (id int PRIMARY KEY)');
CREATE TEMP TABLE before AS SELECT * FROM schemaflow.unit;
CREATE TEMP TABLE declarations_before AS SELECT * FROM schemaflow.declaration;

-- Five units in one transaction, the third has a syntax error: none is recorded.
BEGIN;
SELECT count(*) FROM sf_define('one', 'CREATE TABLE one (id int)');
SELECT count(*) FROM sf_define('two', 'CREATE TABLE two (id int)');
SELECT count(*) FROM sf_define('three', E'CREATE TABLE fine (id int);\nCREATE TABEL three (id int)');
SELECT count(*) FROM sf_define('four', 'CREATE TABLE four (id int)');
COMMIT;
SELECT unit FROM sf_model;
-- In a text of five declarations; in the middle of one that quotes, of one that does not end.
SELECT sf_define('bad', E'CREATE TABLE a ();\nCREATE TABLE b ();\nCREATE TABLE c (,);\nCREATE TABLE d ();\nCREATE TABLE e ()');
SELECT sf_define('bad', E'CREATE TABLE a ();\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1');
SELECT sf_define('bad', E'CREATE TABLE a (b text DEFAULT ''never closed)');
SELECT sf_define('bad', E'CREATE TABLE a (); /* never closed');
SELECT sf_define('bad', 'CREATE TABLE "" ()');

-- References to what is not there.
SELECT sf_define('bad', 'CREATE VIEW v AS SELECT * FROM nosuch');
SELECT sf_define('bad', 'CREATE TABLE b (id int REFERENCES kept (nosuch))');
SELECT sf_define('bad', 'CREATE TABLE b (id nosuch.type)');
SELECT sf_define('bad', 'CREATE TABLE b (id int DEFAULT nosuch())');
SELECT sf_define('bad', 'CREATE INDEX ON kept (nosuch)');
SELECT sf_define('bad', 'GRANT SELECT ON kept TO regress_sf_nosuch');
SELECT sf_define('bad', 'CREATE POLICY p ON kept TO regress_sf_nosuch');
SELECT sf_define('bad', 'CREATE SCHEMA s AUTHORIZATION regress_sf_nosuch');
\set VERBOSITY terse
SELECT sf_define('bad', 'CREATE EXTENSION nosuch_extension');
\set VERBOSITY default
SELECT sf_define('bad', 'CREATE TABLE b (id int) TABLESPACE regress_sf_nosuch');
SELECT sf_define('bad', 'CREATE TABLE kept (id int)');
SELECT sf_define('bad', 'DROP TABLE nosuch');
SELECT sf_define('bad', 'ALTER TABLE kept ADD FOREIGN KEY (id) REFERENCES pg_catalog.pg_class (oid)');
-- What refers to each other and to nothing else.
SELECT sf_define('bad', 'CREATE VIEW a AS SELECT * FROM b; CREATE VIEW b AS SELECT * FROM a');

-- Data, and what is no schema.
\set SHOW_CONTEXT never
SELECT sf_define('bad', 'UPDATE kept SET id = 1');
SELECT sf_define('bad', 'WITH gone AS (DELETE FROM kept RETURNING *) SELECT count(*) FROM gone');
SELECT sf_define('bad', 'TRUNCATE kept');
SELECT sf_define('bad', E'COPY kept FROM stdin;\n1\n2\n\\.\n');
SELECT sf_define('bad', 'COPY kept TO ''/tmp/sf_bad''');
SELECT sf_define('bad', 'COPY kept TO PROGRAM ''true''');
SELECT sf_define('bad', 'MERGE INTO kept USING kept k ON true WHEN MATCHED THEN DELETE');
SELECT sf_define('bad', 'VALUES (1)');
SELECT sf_define('bad', 'EXPLAIN SELECT 1');
SELECT sf_define('bad', 'VACUUM kept');
SELECT sf_define('bad', 'NOTIFY bad');
SELECT sf_define('bad', 'ALTER SYSTEM SET work_mem = 64');
SELECT sf_define('bad', 'CREATE TABLESPACE bad LOCATION ''''');

-- psql's commands; \restrict comes with a dump.
SELECT sf_define('bad', E'\\i other.sql\nCREATE TABLE b ()');
SELECT sf_define('bad', E'CREATE TABLE b ();\n\\copy b FROM x');
SELECT sf_define('bad', E'SELECT 1 \\gexec\n');
SELECT sf_define('bad', E'\\! true\n');
BEGIN;
SELECT change, object FROM sf_define('dump', E'\\restrict abc\nCREATE TABLE b (a text DEFAULT ''\\d'');\n\\unrestrict abc\n');
ROLLBACK;
\set SHOW_CONTEXT errors

-- Bytes that no text can have, and names that are too long or that are no names.
SELECT sf_define('bad', E'CREATE TABLE b (a int); -- \x00');
SELECT sf_define('bad', 'CREATE TABLE b (a int)' || chr(0));
SELECT sf_define(repeat('u', 100), 'CREATE TABLE b (a int)') IS NOT NULL AS long_name_of_a_unit;
SELECT length(unit) FROM sf_model ORDER BY 1 DESC LIMIT 1;
SELECT count(*) FROM sf_undefine(repeat('u', 100));
SET client_min_messages = warning;
SELECT change, object FROM sf_define('Ünit ''x'' "y"', 'CREATE TABLE "' || repeat('n', 70) || '" (a int)');
SELECT count(*) FROM sf_undefine('Ünit ''x'' "y"');

RESET client_min_messages;

-- Names of other things than there are.
SELECT sf_model_ddl('nosuch');
SELECT * FROM sf_facts('nosuch');
SELECT sf_define_from('sf_nosuch');
SELECT sf_define_from(NULL);
SELECT sf_record('nosuch');
SELECT sf_undefine('');
SELECT sf_rename_hint('nosuch', 'a', 'b');
SELECT sf_plan_migration(NULL);
SELECT sf_steps('nosuch');
SELECT sf_script('nosuch');
SELECT sf_script('head', 'sideways');
SELECT sf_stamp('nosuch');
SELECT sf_adopt();

-- A role without rights sees that, and nothing else happens.
CREATE ROLE regress_sf_none;
SET ROLE regress_sf_none;
SELECT sf_define('bad', 'CREATE TABLE b (a int)');
SELECT sf_plan_migration('bad');
SELECT sf_adopt();
SELECT sf_undefine('first');
DELETE FROM schemaflow.unit;
RESET ROLE;

-- Nothing was recorded or changed by any of this.
SELECT count(*) FROM (TABLE schemaflow.unit EXCEPT TABLE before) more;
SELECT count(*) FROM (TABLE before EXCEPT TABLE schemaflow.unit) less;
SELECT count(*) FROM (TABLE schemaflow.declaration EXCEPT TABLE declarations_before) more;
SELECT * FROM sf_diff();
SELECT count(*) FROM sf_history();
\c postgres
DROP DATABASE sf_bad;
DROP ROLE regress_sf_none;
