-- What a migration would destroy is put aside and comes back, merged with what was written meanwhile; what cannot be kept;
-- purge and consent.
CREATE DATABASE sf_archive_test;
\c sf_archive_test
SET client_min_messages = warning;
CREATE EXTENSION schemaflow;
-- The tag of the names is a hash of the schemas, in which the owner's name is.
CREATE FUNCTION pg_temp.masked(line text) RETURNS text LANGUAGE sql AS
	$$SELECT regexp_replace(regexp_replace(line, '_[0-9a-f]{8}\y', '_TAG', 'g'), 'OWNER TO \w+', 'OWNER TO me', 'g')$$;
CREATE FUNCTION pg_temp.steps(direction text) RETURNS TABLE (n int, phase text, t int, loses boolean, sql text, why text)
LANGUAGE sql AS $$SELECT n, phase, transaction, loses_data, pg_temp.masked(sql), pg_temp.masked(why) FROM sf_steps('head', direction) ORDER BY n$$;

CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, phone text, mood mood NOT NULL, "Level" int DEFAULT 7,
	touched int NOT NULL DEFAULT 0);
CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "user" int REFERENCES users ON DELETE CASCADE,
	body text CHECK (body <> ''), mood mood DEFAULT 'ok', words int GENERATED ALWAYS AS (length(body)) STORED);
CREATE TABLE tags (id serial, tag text UNIQUE);
CREATE TABLE keyless (a int, b int);
CREATE TABLE hollow (a int);
CREATE INDEX ON notes (body);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.touched = OLD.touched + 1; RETURN NEW; END$$;
CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own ON notes USING ("user" > 0);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON notes TO PUBLIC;
COMMENT ON TABLE notes IS 'what users say';
INSERT INTO users (id, name, phone, mood, "Level") SELECT i, 'user ' || i, CASE WHEN i <> 3 THEN '+' || i END, 'sad',
	CASE WHEN i = 4 THEN NULL ELSE i END FROM generate_series(1, 6) i;
INSERT INTO notes ("user", body, mood) VALUES (1, 'one', 'sad'), (2, 'two', NULL);
INSERT INTO tags (tag) VALUES ('a'), ('b');
INSERT INTO keyless VALUES (1, 2);
-- Three columns, three tables and a type go.  What has no key, or no rows, is lost, and that needs consent.
SELECT count(*) FROM sf_define($$
	CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, touched int NOT NULL DEFAULT 0);
	CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.touched = OLD.touched + 1; RETURN NEW; END';
	CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
	CREATE TABLE keyless (a int);
$$);
SELECT pg_temp.masked(line) AS line FROM sf_plan_migration('less') line WHERE line ~ '^ *--   (up|down|   )';
\x on
SELECT * FROM pg_temp.steps('up');
SELECT * FROM pg_temp.steps('down');
\x off
-- When not: size, setting.
SET schemaflow.archive_limit = 0;
SELECT count(*) > 0 AS planned FROM sf_plan_migration('large');
SELECT string_agg(object, ', ' ORDER BY n) FILTER (WHERE loses_data) AS lost, count(DISTINCT archive) AS archived
	FROM sf_steps();
RESET schemaflow.archive_limit;
SET schemaflow.archive = never;
SELECT count(*) > 0 AS planned FROM sf_plan_migration('never');
SELECT count(DISTINCT archive) FROM sf_steps();
SET schemaflow.archive = always;
SELECT count(*) > 0 AS planned FROM sf_plan_migration('always');
SELECT count(DISTINCT archive) FROM sf_steps();
RESET schemaflow.archive;

-- Whose is it? Not everybody's.  (The runner makes the schema when it is first needed.)
CREATE SCHEMA schemaflow_archive;
CREATE TABLE schemaflow_archive.loot (id int PRIMARY KEY, v int);
CREATE ROLE sf_archive_other;
GRANT USAGE, CREATE ON SCHEMA schemaflow_archive, public TO sf_archive_other;
SET ROLE sf_archive_other;
CREATE TABLE public.trap (id int PRIMARY KEY);
INSERT INTO public.trap VALUES (1);
CREATE TABLE schemaflow_archive.own (id int PRIMARY KEY, v int);
\set VERBOSITY terse
SELECT schemaflow.sf_archive_follow('public.trap', 'schemaflow_archive.loot', '{id}');
SELECT schemaflow.sf_archive_follow('users', 'schemaflow_archive.own', '{id}');
SELECT schemaflow.sf_archive_follow('public.trap', 'public.trap', '{id}');
SELECT schemaflow.sf_archive_follow('public.trap', 'schemaflow_archive.own', '{nosuch}');
SELECT schemaflow.sf_archive_follow('public.trap', 'schemaflow_archive.own', '{}');
SELECT schemaflow.sf_archive_keep();
CREATE TRIGGER t AFTER DELETE ON public.trap FOR EACH ROW EXECUTE FUNCTION schemaflow.sf_archive_keep('1', '1');
DELETE FROM public.trap;
SELECT sf_purge('0');
DROP TRIGGER t ON public.trap;
SELECT schemaflow.sf_archive_follow('public.trap', 'schemaflow_archive.own', '{id}');
RESET ROLE;
SELECT sf_purge(NULL);
-- An owner whose archive became another's is told what to do.
ALTER TABLE schemaflow_archive.own OWNER TO CURRENT_USER;
\set VERBOSITY default
\set SHOW_CONTEXT never
DELETE FROM public.trap WHERE false;
SELECT regexp_replace(pg_get_userbyid(relowner), '.*', 'me') FROM pg_class WHERE relname = 'own';
DO $$BEGIN DELETE FROM public.trap; EXCEPTION WHEN insufficient_privilege THEN RAISE WARNING '%', SQLERRM; END$$;
ALTER TABLE schemaflow_archive.own OWNER TO sf_archive_other;
-- Rows come, change, go.
INSERT INTO schemaflow_archive.own VALUES (1, 11);
UPDATE public.trap SET id = 2;
TABLE schemaflow_archive.own;
INSERT INTO public.trap VALUES (1), (3);
ALTER TABLE public.trap DROP CONSTRAINT trap_pkey;
INSERT INTO schemaflow_archive.own VALUES (3, 33);
-- Two rows have the key now: whose the value was cannot be said, so it is nobody's.
UPDATE public.trap SET id = 3 WHERE id = 2;
TABLE schemaflow_archive.own;
-- Another type, another name.
ALTER TABLE public.trap ALTER id TYPE text;
ALTER TABLE public.trap RENAME id TO ident;
UPDATE public.trap SET ident = '4' WHERE ident = '3';
TABLE schemaflow_archive.own;
DELETE FROM public.trap WHERE ident = '1';
TRUNCATE public.trap;
TABLE schemaflow_archive.own;
-- Without its key there is nothing to follow.
INSERT INTO schemaflow_archive.own VALUES (5, 55);
INSERT INTO public.trap VALUES ('5');
ALTER TABLE public.trap ADD other int, DROP ident;
DELETE FROM public.trap;
TABLE schemaflow_archive.own;

-- With the archive its triggers go; DROP EXTENSION leaves archives.
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.trap'::regclass;
DROP TABLE schemaflow_archive.own;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.trap'::regclass;
ALTER TABLE public.trap ADD PRIMARY KEY (other);
SET ROLE sf_archive_other;
CREATE TABLE schemaflow_archive.own (id int PRIMARY KEY, v int);
SELECT schemaflow.sf_archive_follow('public.trap', 'schemaflow_archive.own', '{other}');
RESET ROLE;
DROP EXTENSION schemaflow;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.trap'::regclass;
SELECT relname FROM pg_class WHERE relnamespace = 'schemaflow_archive'::regnamespace AND relkind = 'r' ORDER BY 1;
\c postgres
DROP DATABASE sf_archive_test;
DROP ROLE sf_archive_other;
