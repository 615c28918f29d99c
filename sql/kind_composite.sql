-- Composite types: attributes in place, also in use; swaps where the server refuses.
SET client_min_messages = warning;
SET check_function_bodies = off;
CREATE EXTENSION schemaflow;
-- Steps are run one by one here, without the runner, who makes the schema of archives.
SET schemaflow.archive = never;

-- Create
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE TYPE s.addr AS (street text, zip varchar(5) COLLATE "C", "No." int);
	CREATE TYPE s.person AS (name text, home s.addr);
	CREATE TYPE s.empty AS ();
	CREATE FUNCTION s.zip(s.addr) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1).zip::text';
	CREATE TABLE s.t (id int PRIMARY KEY, a s.addr, many s.addr[]);
	CREATE INDEX t_zip ON s.t (s.zip(a));
	CREATE TABLE s.typed OF s.person;
	COMMENT ON TYPE s.addr IS 'where';
	COMMENT ON COLUMN s.addr.zip IS 'code';
	REVOKE USAGE ON TYPE s.addr FROM PUBLIC;
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('create', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- In place: add, drop and, where no rows are stored, retype
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE TYPE s.addr AS (street text, "No." int, city text, a_land text);
	CREATE TYPE s.person AS (name text, home s.addr, age int);
	CREATE TYPE s.empty AS (a int);
	CREATE FUNCTION s.zip(s.addr) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1).street::text';
	CREATE TABLE s.t (id int PRIMARY KEY, a s.addr, many s.addr[]);
	CREATE INDEX t_zip ON s.t (s.zip(a));
	CREATE TABLE s.typed OF s.person;
	COMMENT ON TYPE s.addr IS 'where';
	REVOKE USAGE ON TYPE s.addr FROM PUBLIC;
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('in place', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

INSERT INTO s.t VALUES (1, '(Main,7,Rome,IT)'), (2, NULL), (3, '(,,,)');

-- Swap: another type of a stored attribute, a new one in the middle
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE TYPE s.addr AS (street text, floor int, "No." text, city text, a_land text);
	CREATE TYPE s.empty AS (a bigint);
	CREATE FUNCTION s.zip(s.addr) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1).street::text';
	CREATE TABLE s.t (id int PRIMARY KEY, a s.addr);
	CREATE INDEX t_zip ON s.t (s.zip(a));
	COMMENT ON TYPE s.addr IS 'where';
	COMMENT ON COLUMN s.addr.floor IS 'up';
	REVOKE USAGE ON TYPE s.addr FROM PUBLIC;
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('swap', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

TABLE s.t;

-- Drop
SELECT count(*) > 0 AS changed FROM sf_define($model$CREATE SCHEMA s;$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('drop', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();
DROP SCHEMA s;
DROP EXTENSION schemaflow;
