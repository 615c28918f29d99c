-- Values of enums that get another name: by a hint, with others added, in each other's place; and what is asked.
CREATE DATABASE sf_enum_values;
\c sf_enum_values
SET client_min_messages = warning;
CREATE EXTENSION schemaflow;
\pset format unaligned
\pset tuples_only on
-- The head as its script runs it.
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
			COMMIT;
		END IF;
	END LOOP;
END
$$;
-- Record a model whose enum is as given, plan, and say both ways.
CREATE FUNCTION pg_temp.becomes(first text, labels text) RETURNS TABLE (direction text, sql text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sf_define(format('CREATE TYPE "State" AS ENUM (%s);
		CREATE TABLE t (id int PRIMARY KEY, s "State" NOT NULL DEFAULT %L, many "State"[], CHECK (s <> %2$L OR id > 0));', labels, first));
	PERFORM sf_plan_migration(first);
	RETURN QUERY SELECT d, s.sql FROM unnest('{up,down}'::text[]) WITH ORDINALITY w(d, o), sf_steps('head', d) s ORDER BY o, n;
END
$$;
SELECT * FROM pg_temp.becomes('new', $$'new', 'Done', 'it''s off'$$);
CALL pg_temp.run();
INSERT INTO t VALUES (1, 'new', '{new,Done}'), (2, 'Done', NULL), (3, 'it''s off', '{}');
-- Renamed, in each way of writing it.
SELECT * FROM pg_temp.becomes('open', E'\'open\', -- @renamed from=new\n\'done\', -- @renamed from=Done\n-- @renamed from=\'it\'\'s off\' as it was\n\'It\'\'s "off"\'');
CALL pg_temp.run();
SELECT * FROM t ORDER BY id;
CALL pg_temp.run('down');
SELECT * FROM t ORDER BY id;
CALL pg_temp.run();
-- A hint that has been followed does no harm; the same text is no change.
SELECT sf_plan_migration('again');
-- Renamed and added, one under the name that another had.
SELECT * FROM pg_temp.becomes('open', E'\'open\', \'late\', \'finished\' /* @renamed from=done */, \'It\'\'s "off"\', \'done\'');
CALL pg_temp.run();
UPDATE t SET s = 'late' WHERE id = 3;
SELECT * FROM t ORDER BY id;
UPDATE t SET s = 'open' WHERE id = 3;
CALL pg_temp.run('down');
SELECT * FROM t ORDER BY id;
CALL pg_temp.run();
-- Names that change places.
SELECT * FROM pg_temp.becomes('finished', E'\'finished\' -- @renamed from=open\n, \'late\', \'open\' -- @renamed from="finished"\n, \'It\'\'s "off"\', \'done\'');
CALL pg_temp.run();
SELECT * FROM t ORDER BY id;
SELECT sf_plan_migration('again');
-- Renamed where another goes: the type is made anew, the rows follow.
SELECT * FROM pg_temp.becomes('gone', E'\'gone\' -- @renamed from=finished\n, \'open\', \'It\'\'s "off"\', \'done\'');
CALL pg_temp.run();
SELECT * FROM t ORDER BY id;
CALL pg_temp.run('down');
SELECT * FROM t ORDER BY id;
CALL pg_temp.run();
-- Without a hint: asked, with the call that answers.
SELECT sf_define((SELECT replace(sql, '''done''', '''over''') FROM schemaflow.unit)) IS NOT NULL AS defined;
SELECT line FROM sf_plan_migration('over') line WHERE line ~ 'Is ';
SELECT sf_rename_hint('enum value', 'public."State".done', 'public."State".over');
SELECT count(*) > 0 AS planned FROM sf_plan_migration('over');
SELECT sql FROM sf_steps();
-- An old value that nobody has is none: it is added.
SELECT sf_define('other', 'CREATE TYPE other AS ENUM (''a'', ''b'' /* @renamed from=nothing */)');
-- What is no hint.
SELECT sf_define('bad', E'CREATE TYPE bad AS ENUM (\'a\'\n-- @renamed from=x\n)');
SELECT sf_define('bad', E'CREATE TYPE bad AS ENUM (\'a\' -- @up 1\n)');
SELECT sf_define('bad', E'CREATE TYPE bad AS ENUM (\'a\' -- @renamed from=\n)');
SELECT sf_define('bad', E'CREATE TABLE bad (id int -- @renamed from=\'x\'\n)');
\c postgres
DROP DATABASE sf_enum_values;
