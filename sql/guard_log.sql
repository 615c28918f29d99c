-- The guard's event triggers and the log of DDL.
CREATE DATABASE sf_guard_log;
\c sf_guard_log
CREATE EXTENSION schemaflow;
SELECT schemaflow.sf_guard();
SELECT sf_guard_install();
SELECT sf_guard_install();
SELECT state FROM sf_capabilities WHERE capability = 'guard';

-- What the rules say is another matter.
SELECT sf_guard_set('view_replace', 'off');
SELECT sf_guard_set('enum_add_value', 'off');

-- Each object that a statement changes is a row, with what it was and what it is.
CREATE TABLE users (id serial PRIMARY KEY, email varchar(10) NOT NULL DEFAULT 'x', age int CONSTRAINT grown CHECK (age > 17));
ALTER TABLE users ADD COLUMN phone text, ALTER email TYPE text;
CREATE VIEW v AS SELECT 1 AS one FROM users;
CREATE OR REPLACE VIEW v AS SELECT 1 AS one, 2 AS two FROM users;
CREATE FUNCTION f(a int, OUT b int) LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE FUNCTION f(a int, OUT b int) LANGUAGE sql AS 'SELECT 2';
ALTER FUNCTION f(int) STABLE;
CREATE TYPE mood AS ENUM ('sad');
ALTER TYPE mood ADD VALUE 'happy';
CREATE DOMAIN posted AS text;
ALTER DOMAIN posted ADD CONSTRAINT filled CHECK (VALUE <> '');
CREATE POLICY mine ON users USING (email = current_user);
ALTER POLICY mine ON users USING (true);
CREATE SEQUENCE s;
ALTER SEQUENCE s INCREMENT 5;
CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER t1 BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION tr();
CREATE RULE r AS ON DELETE TO users DO INSTEAD NOTHING;
CREATE STATISTICS st ON id, age FROM users;
CREATE INDEX CONCURRENTLY users_email ON users (email);
DO 'BEGIN CREATE INDEX within ON users (age); END';
ALTER TABLE users DROP COLUMN phone, DROP CONSTRAINT grown;
DROP TRIGGER t1 ON users;
DROP RULE r ON users;
DROP POLICY mine ON users;
DROP FUNCTION f(int);
DROP SEQUENCE s;
DROP TYPE mood;
DROP DOMAIN posted;
DROP INDEX users_email;
DROP VIEW v;
DROP TABLE users;
CREATE SCHEMA inner_one CREATE TABLE a (b int) CREATE VIEW c AS SELECT 1 AS d FROM a;
DROP SCHEMA inner_one CASCADE;
-- None of these: temporary tables, what was there already, what was rolled back, members of extensions.
CREATE TEMP TABLE tt (a int);
DROP TABLE tt;
CREATE SCHEMA IF NOT EXISTS public;
BEGIN;
CREATE TABLE gone (a int);
ROLLBACK;
CREATE EXTENSION pg_trgm;
-- Passwords stay out.
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER far FOREIGN DATA WRAPPER w OPTIONS (password 'hush');
SELECT command, object_type, object, statement, definition_before, definition_after FROM sf_ddl_log ORDER BY n
\g (tuples_only=on expanded=on)
SELECT DISTINCT outcome, rules, session_role = current_user AS me, role = current_user AS as_me, application, client, pid = pg_backend_pid() AS here,
	xid IS NOT NULL AS with_xid FROM sf_ddl_log;

-- Blame.
CREATE TABLE users (id int, "E mail" text);
ALTER TABLE users ALTER "E mail" SET DEFAULT '';
ALTER TABLE users ALTER id SET NOT NULL;
CREATE INDEX i ON users (id);
ALTER TABLE users DROP COLUMN "E mail";
SELECT command, outcome, change FROM sf_blame('users."E mail"');
SELECT command, outcome, change FROM sf_blame('public.users.id');
SELECT command, change FROM sf_blame('public.i');
SELECT count(*) FROM sf_blame('nowhere');
SELECT sf_blame(NULL);

-- Only added to.
SET ROLE pg_database_owner;
INSERT INTO schemaflow.ddl_log (system_identifier, database_oid, logged_at, pid, n, session_role, role, application, command, outcome, rules)
	SELECT c.system_identifier, d.oid, now(), 1, 1, 'x', 'x', 'x', 'FORGED', 'allowed', '{}' FROM pg_control_system() c, pg_database d
	WHERE datname = current_database();
SELECT count(*) FROM sf_ddl_log WHERE command = 'FORGED';
UPDATE schemaflow.ddl_log SET command = 'x';
DELETE FROM schemaflow.ddl_log;
SELECT sf_ddl_log_purge('0');
SELECT sf_guard_install();
DROP EVENT TRIGGER schemaflow_guard_end;
ALTER EVENT TRIGGER schemaflow_guard_end DISABLE;
SET schemaflow.guard = off;
SELECT sf_allow('because');
RESET ROLE;
SELECT count(*) > 40 AS many FROM sf_ddl_log;
SELECT sf_ddl_log_purge(NULL);
SELECT sf_ddl_log_purge('1 day');
SELECT sf_ddl_log_purge('0') > 40 AS purged;
SELECT command FROM sf_ddl_log;

-- Breaking the glass.
SELECT sf_allow(NULL);
SELECT sf_allow(' ');
SELECT sf_allow('forever', '2 days');
SELECT sf_allow('x', NULL);
SELECT sf_allow('a fire', '1 hour') > now() + interval '59 minutes' AS until;
SELECT sf_allow('', '0');
-- For a role: by superusers, until it ends; t/075 does what it allows.
SELECT sf_allow('x', '1 hour', 'nobody here');
SET ROLE pg_monitor;
SELECT sf_allow('x', '1 hour', 'pg_monitor');
RESET ROLE;
GRANT EXECUTE ON FUNCTION sf_allow TO pg_monitor;
SET ROLE pg_monitor;
SELECT sf_allow('x', '1 hour', 'pg_monitor');
RESET ROLE;
REVOKE EXECUTE ON FUNCTION sf_allow FROM pg_monitor;
SELECT sf_allow('a flood', '1 hour', 'pg_monitor') > now() + interval '59 minutes' AS until;
SELECT problem, regexp_replace(detail, '\d{4}.*:\d\d', '(when)') AS detail, remedy FROM sf_doctor() WHERE problem ~ 'glass';
SELECT sf_allow('', '0', 'pg_monitor');
SELECT problem FROM sf_doctor() WHERE problem ~ 'glass';
SELECT command, reason FROM sf_ddl_log WHERE command = 'sf_allow()' ORDER BY n;

-- What the doctor says.
SELECT problem, regexp_replace(detail, '\d{4}.*:\d\d', '(when)') AS detail, remedy FROM sf_doctor() WHERE problem ~ 'guard';
ALTER EVENT TRIGGER schemaflow_guard_end DISABLE;
DROP EVENT TRIGGER schemaflow_guard_drop;
ALTER DATABASE sf_guard_log SET schemaflow.guard = warn;
SELECT problem, regexp_replace(detail, '\d{4}.*:\d\d', '(when)') AS detail, remedy FROM sf_doctor() WHERE problem ~ 'guard';
SELECT sf_guard_install();
ALTER DATABASE sf_guard_log RESET schemaflow.guard;
SELECT problem FROM sf_doctor() WHERE problem ~ 'guard';
SELECT sf_guard_remove();
SELECT sf_guard_remove();
SELECT problem FROM sf_doctor() WHERE problem ~ 'guard';
CREATE TABLE unseen (a int);
SELECT count(*) FROM sf_ddl_log WHERE object = 'public.unseen';
-- The extension goes without the guard, and not with it unless all of it goes.
SELECT count(*) FROM sf_guard_install();
DROP EXTENSION schemaflow;
DROP EXTENSION schemaflow CASCADE;
SELECT evtname FROM pg_event_trigger;
\c postgres
DROP DATABASE sf_guard_log;
