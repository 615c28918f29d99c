-- Foreign data wrappers, servers, user mappings, foreign tables, publications.
SET client_min_messages = error;
SET schemaflow.manage = 'all';
CREATE EXTENSION schemaflow;

-- Create
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE FOREIGN DATA WRAPPER w OPTIONS (a '1', b '2');
	CREATE SERVER s TYPE 'x' VERSION '1' FOREIGN DATA WRAPPER w OPTIONS (host 'it''s');
	CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (user 'u');
	CREATE FOREIGN TABLE ft (a int OPTIONS (column_name 'A') NOT NULL, b text DEFAULT 'x', CHECK (a > 0)) SERVER s OPTIONS (name 'T');
	COMMENT ON FOREIGN TABLE ft IS 'far away';
	COMMENT ON COLUMN ft.a IS 'A';
	CREATE TABLE t (a int PRIMARY KEY, b text, c int);
	CREATE TABLE base (a int);
	CREATE TABLE child () INHERITS (base);
	CREATE SCHEMA sub;
	CREATE PUBLICATION p FOR TABLE t (a, c) WHERE (c > 5), TABLE ONLY base WITH (publish = 'insert');
	CREATE PUBLICATION q FOR TABLES IN SCHEMA sub;
	COMMENT ON PUBLICATION p IS 'some';
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('create', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Alter
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE FOREIGN DATA WRAPPER w OPTIONS (b '3', c '4');
	CREATE SERVER s TYPE 'x' VERSION '2' FOREIGN DATA WRAPPER w OPTIONS (port '5');
	CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (user 'v', extra 'e');
	CREATE FOREIGN TABLE ft (a bigint OPTIONS (column_name 'AA'), d date) SERVER s OPTIONS (name 'T2', s 's');
	CREATE TABLE t (a int PRIMARY KEY, b text, c bigint);
	CREATE TABLE base (a int);
	CREATE TABLE child () INHERITS (base);
	CREATE SCHEMA sub;
	CREATE PUBLICATION p FOR TABLE t (a, c) WHERE (c > 5) WITH (publish_via_partition_root);
	CREATE PUBLICATION q FOR TABLES IN SCHEMA public;
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('alter', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n;
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Drop
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE TABLE t (a int PRIMARY KEY, b text, c bigint);
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('drop', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();
DROP TABLE t;
DROP EXTENSION schemaflow;
