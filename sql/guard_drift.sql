-- Drift: what differs from what the last migration has left, and whose doing that is.
CREATE DATABASE sf_guard_drift;
\c sf_guard_drift
CREATE EXTENSION schemaflow;
SELECT count(*) FROM sf_guard_install();
CREATE SCHEMA helper;
CREATE FUNCTION helper.drift(OUT object text, OUT change text, OUT detail text, OUT who text, OUT now boolean) RETURNS SETOF record LANGUAGE sql AS
	$$SELECT object, change, detail, CASE who WHEN current_user THEN 'me' ELSE who END, at > now() - interval '1 hour' FROM sf_drift()$$;
SELECT sf_drift();
SELECT count(*) FROM sf_define($$
CREATE TABLE users (id int PRIMARY KEY, email varchar(100), note text);
CREATE TABLE teams (id int PRIMARY KEY);
CREATE INDEX users_email ON users (email)$$);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('first');
CREATE TABLE users (id int PRIMARY KEY, email varchar(100), note text);
CREATE TABLE teams (id int PRIMARY KEY);
CREATE INDEX users_email ON users (email);
SELECT sf_stamp('head');
SELECT * FROM helper.drift();
ALTER TABLE users ALTER email TYPE text, ALTER note SET DEFAULT '';
ALTER TABLE users ADD COLUMN extra int;
CREATE TABLE by_hand (a int);
DROP INDEX users_email;
DROP TABLE teams;
COMMENT ON TABLE users IS 'people';
SELECT * FROM helper.drift();
-- When the model has gone on, the migration itself tells what differs, object by object.
SELECT count(*) FROM sf_define('CREATE TABLE users (id int PRIMARY KEY)', allow_shrink => true);
SELECT * FROM helper.drift();
-- What was done before the guard came, and behind its back.
SELECT count(*) FROM sf_guard_remove();
DROP TABLE by_hand;
SELECT sf_ddl_log_purge('0') > 0 AS purged;
SELECT * FROM helper.drift();

-- History is not for editing: nobody has the right to, and a superuser who does is found out.
SET ROLE pg_database_owner;
UPDATE schemaflow.migration SET message = 'x';
DELETE FROM schemaflow.step;
UPDATE schemaflow.journal SET done_by = 'x';
DELETE FROM schemaflow.journal;
TRUNCATE schemaflow.run;
RESET ROLE;
SELECT count(*) FROM sf_doctor() WHERE problem ~ 'was changed';
UPDATE schemaflow.step SET sql = replace(sql, 'email', 'mail') WHERE revision = (SELECT revision FROM sf_current());
SELECT regexp_replace(problem, '[0-9a-f]{12}', '(revision)') AS problem, detail, remedy FROM sf_doctor() WHERE problem ~ 'was changed';
UPDATE schemaflow.step SET sql = replace(sql, 'mail', 'email') WHERE revision = (SELECT revision FROM sf_current());
-- The journal is a chain: an entry that is changed, one that is made up, one that is gone; rows of 0.1.0 stand before it.
CREATE VIEW helper.journal AS SELECT problem, regexp_replace(detail, '[0-9a-f]{12}', '(revision)') AS detail FROM sf_doctor() WHERE problem ~ 'journal';
SELECT revision AS now FROM sf_current() \gset
SELECT sf_stamp('base', true);
SELECT sf_stamp(:'now', true);
SELECT count(*) AS entries, count(hash) AS hashed FROM schemaflow.journal;
BEGIN;
UPDATE schemaflow.journal SET done_by = 'x' WHERE entry = 2;
SELECT * FROM helper.journal;
ROLLBACK;
BEGIN;
DELETE FROM schemaflow.journal WHERE entry = 2;
SELECT * FROM helper.journal;
ROLLBACK;
BEGIN;
INSERT INTO schemaflow.journal (system_identifier, database_oid, entry, revision, direction, transaction, transactions, how, done_at, done_by)
	SELECT system_identifier, database_oid, 1000, revision, direction, transaction, transactions, how, done_at, done_by FROM schemaflow.journal WHERE entry = 1;
SELECT problem, regexp_replace(detail, '[0-9a-f]{12}', '(revision)') AS detail FROM helper.journal;
ROLLBACK;
BEGIN;
UPDATE schemaflow.journal SET hash = NULL;
SELECT * FROM helper.journal;
ROLLBACK;
SELECT * FROM helper.journal;
\c postgres
DROP DATABASE sf_guard_drift;
