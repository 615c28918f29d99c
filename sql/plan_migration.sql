-- sf_plan_migration(): what it prints and stores, and what it refuses.
CREATE DATABASE sf_plan;
\c sf_plan
SET client_min_messages = warning;
CREATE EXTENSION schemaflow;
CREATE ROLE regress_sf_plan SUPERUSER;
SET ROLE regress_sf_plan;
RESET client_min_messages;
\set VERBOSITY default
-- Revisions depend on the cluster's names; here they are all R.
CREATE FUNCTION pg_temp.plan(message text, allow_shrink boolean DEFAULT false) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT regexp_replace(line, '\m[0-9a-f]{12}\M', 'R') FROM sf_plan_migration(message, allow_shrink) line
$$;
-- Run the head as its script would: in the order of its steps.
CREATE PROCEDURE pg_temp.run(direction text DEFAULT 'up') LANGUAGE plpgsql AS $$
DECLARE
	r text := (SELECT revision FROM sf_heads());
	s record;
BEGIN
	PERFORM sf_check_start(r, direction);
	FOR s IN SELECT *, lead(transaction) OVER (ORDER BY n) IS DISTINCT FROM transaction AS last FROM sf_steps(r, direction) ORDER BY n
	LOOP
		EXECUTE s.sql;
		IF s.last THEN
			PERFORM sf_mark(r, s.transaction, direction);
		END IF;
	END LOOP;
END
$$;

SELECT sf_plan_migration('too early');
SELECT sf_plan_migration(NULL);
SELECT count(*) FROM sf_define('CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL)');
SELECT * FROM pg_temp.plan('users');
CALL pg_temp.run();
SELECT * FROM pg_temp.plan('nothing');
SELECT count(*) FROM schemaflow.migration;

-- A plan that was not applied is replaced by the next one; the same plan is the same migration.
SELECT count(*) FROM sf_define('CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, phone text);
	COMMENT ON COLUMN users.phone IS ''with the country'';');
SET client_min_messages = warning;
SELECT revision AS was FROM sf_heads() \gset
SELECT count(*) > 10 AS printed FROM sf_plan_migration('phone');
SELECT revision AS now FROM sf_heads() \gset
SELECT count(*) > 10 AS printed FROM sf_plan_migration('phone');
SELECT :'now' = revision AS same FROM sf_heads();
SELECT count(*) FROM sf_define('CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, phone varchar(20))');
SELECT count(*) > 10 AS printed FROM sf_plan_migration('short phone');
SELECT message, state FROM sf_history(true);
RESET client_min_messages;
SELECT message, state FROM sf_history();
-- The superseded one cannot be run any more.
DO $$ BEGIN PERFORM sf_check_start(revision) FROM sf_history(true) WHERE message = 'phone';
EXCEPTION WHEN object_not_in_prerequisite_state THEN RAISE NOTICE '%', regexp_replace(sqlerrm, '[0-9a-f]{12}', 'R'); END $$;

-- What differs meanwhile is refused, by name; when it is back, it runs.
ALTER TABLE users ADD stray int;
DO $$ DECLARE detail text; BEGIN CALL pg_temp.run();
EXCEPTION WHEN object_not_in_prerequisite_state THEN GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL; RAISE NOTICE '%', detail; END $$;
ALTER TABLE users DROP stray;
CALL pg_temp.run();
SELECT * FROM sf_diff();
CALL pg_temp.run('down');
SELECT message, state FROM sf_history();
SELECT * FROM sf_diff();
CALL pg_temp.run();

-- Half done: finish it first.
SELECT count(*) FROM sf_define('CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''''), phone varchar(20))');
SELECT count(*) > 10 AS printed FROM sf_plan_migration('check');
SELECT max(transaction) FROM sf_steps();
SELECT sf_mark('head', 1);
DO $$ BEGIN PERFORM sf_plan_migration('more'); EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RAISE NOTICE '%', regexp_replace(sqlerrm, '[0-9a-f]{12}', 'R'); END $$;
SELECT sf_stamp('head-1');
DO $$ BEGIN PERFORM sf_stamp('head'); EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RAISE NOTICE '%', regexp_replace(sqlerrm, '[0-9a-f]{12}', 'R'); END $$;
CALL pg_temp.run();

-- A model without most of what is there asks for consent.
SELECT format('CREATE TABLE extra_%s ()', n) FROM generate_series(10, 19) n \gexec
SELECT sf_plan_migration('shrink');
SELECT count(*) FROM sf_heads() WHERE message = 'shrink';
SELECT * FROM pg_temp.plan('shrink', allow_shrink => true);
CALL pg_temp.run();

-- Where a quarter stays and others come for what goes, much was rewritten: that is no shrinking.
SELECT format('CREATE TABLE extra_%s ()', n) FROM generate_series(10, 28) n \gexec
SELECT count(*) FROM sf_define((SELECT string_agg(format('CREATE TABLE %s_%s ();', CASE WHEN n < 21 THEN 'other' ELSE 'extra' END, n), '')
	FROM generate_series(16, 28) n) || 'CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''''), phone varchar(20))');
SELECT count(*) FILTER (WHERE line ~ 'DROP TABLE public.extra_') AS dropped, count(*) FILTER (WHERE line ~ '^  CREATE TABLE public.other_') AS made
	FROM sf_plan_migration('rewritten') line WHERE line ~ '^  ';
CALL pg_temp.run();
SELECT count(*) FROM sf_define('CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''''), phone varchar(20))', allow_shrink => true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('shrink again', allow_shrink => true);
CALL pg_temp.run();

-- A role that is gone since the model was recorded.
SET client_min_messages = warning;
CREATE ROLE regress_sf_gone;
SELECT count(*) FROM sf_define('CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''''), phone varchar(20));
	CREATE TABLE theirs (id int); GRANT SELECT ON theirs TO regress_sf_gone; ALTER TABLE theirs OWNER TO regress_sf_gone;');
SELECT sf_drop_scratches(true) >= 0 AS dropped;
DROP ROLE regress_sf_gone;
SELECT sf_plan_migration('for nobody');
CREATE ROLE regress_sf_gone;
SELECT count(*) FROM sf_define('CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''''), phone varchar(20));
	CREATE TABLE theirs (id int); GRANT SELECT ON theirs TO regress_sf_gone;');
SELECT sf_drop_scratches(true) >= 0 AS dropped;
DROP ROLE regress_sf_gone;
SELECT sf_plan_migration('for nobody');
SELECT count(*) FROM sf_heads() WHERE message = 'for nobody';
RESET client_min_messages;

-- What looks renamed is asked about; a hint answers.
SELECT count(*) FROM sf_define('CREATE TABLE users (id int PRIMARY KEY, full_name text NOT NULL CHECK (full_name <> ''''), phone varchar(20))');
SELECT * FROM pg_temp.plan('is it a rename?');
-- From 18 on the constraint has a name of its own, which stays.
DO $$BEGIN PERFORM sf_define('CREATE TABLE users (id int PRIMARY KEY, full_name text CONSTRAINT users_name_not_null NOT NULL
	CHECK (full_name <> ''''), phone varchar(20))'); END$$;
SELECT sf_rename_hint('column', 'public.users.name', 'public.users.full_name');
SELECT kind, object, change, detail FROM sf_diff();
SET client_min_messages = warning;
SELECT * FROM pg_temp.plan('it is');
RESET client_min_messages;
INSERT INTO users VALUES (1, 'ann');
CALL pg_temp.run();
SELECT * FROM users;
CALL pg_temp.run('down');
SELECT * FROM users;
CALL pg_temp.run();
SELECT * FROM pg_temp.plan('nothing');

-- What is wide is broken, outside of quotes.
SELECT count(*) FROM sf_define(format('CREATE TABLE users (id int PRIMARY KEY, full_name text CONSTRAINT users_name_not_null NOT NULL
	CHECK (full_name <> ''''),
	phone varchar(20), CONSTRAINT users_phone_check CHECK (phone IN (%s)));
	COMMENT ON TABLE users IS %L', (SELECT string_agg(quote_literal('+' || n), ', ') FROM generate_series(100, 118) n),
	'two lines' || chr(10) || '  with blanks   and more than would fit into a line of a hundred columns if it was not broken at all'));
SELECT line FROM pg_temp.plan('wide') line;
SELECT max(length(line)) <= 98 AS fits FROM sf_show() line WHERE line !~ '^  with blanks';

-- A generated column whose expression changes is made anew: told as a change, and nothing is lost.
SET client_min_messages = warning;
SELECT count(*) FROM sf_define('CREATE TABLE users (id int PRIMARY KEY, full_name text, initial text GENERATED ALWAYS AS (left(full_name, 1)) STORED)');
SELECT count(*) > 10 AS planned FROM pg_temp.plan('computed');
CALL pg_temp.run();
ANALYZE users;
SELECT count(*) FROM sf_define('CREATE TABLE users (id int PRIMARY KEY, full_name text, initial text GENERATED ALWAYS AS (left(full_name, 2)) STORED)');
SELECT * FROM pg_temp.plan('computed anew');
CALL pg_temp.run();
SELECT * FROM users;

-- A text that declares only what every database has drops the rest; of few objects that is no accident.
SELECT count(*) FROM sf_define('COMMENT ON SCHEMA public IS ''standard public schema''', allow_shrink => true);
SELECT count(*) > 10 AS planned FROM sf_plan_migration('all');

-- A model of nothing is one, too: whatever has contents is not dropped without consent, be it one table.
CREATE DATABASE sf_nothing;
\c sf_nothing
CREATE EXTENSION schemaflow;
CREATE TABLE one (id int);
SELECT * FROM sf_define('-- later');
SELECT sf_plan_migration('nothing');
DROP TABLE one;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT line FROM sf_plan_migration('nothing') line WHERE line ~ 'FUNCTION|loses';
DROP FUNCTION f();
SELECT * FROM sf_define('CREATE TABLE one (id int)');
SELECT * FROM sf_define('');

-- What another tool keeps here is no part of the model, and the plan says so.
SET client_min_messages = warning;
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
CREATE SCHEMA app;
CREATE TABLE app."SequelizeMeta" (name text);
SELECT * FROM sf_define('CREATE TABLE one (id int); CREATE SCHEMA app');
SELECT line FROM sf_plan_migration('more') line WHERE line ~ 'another tool|Alembic|\(Sequelize\)|ignore';
SELECT sf_ignore('public.alembic_version');
SELECT sf_ignore('app."SequelizeMeta"');
SELECT line FROM sf_plan_migration('more') line WHERE line ~ 'another tool|DROP TABLE .*(alembic|Seq)';
\c postgres
DROP DATABASE sf_nothing;
DROP DATABASE sf_plan;
DROP ROLE regress_sf_plan;
