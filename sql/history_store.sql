-- Migrations as they are stored: import, names of revisions, marks, the tree.  The files here were written by hand: no
-- planner has a part in this.
CREATE DATABASE sf_history;
\c sf_history
SET client_min_messages = warning;
CREATE EXTENSION schemaflow;
CREATE ROLE regress_sf_history SUPERUSER;
SET ROLE regress_sf_history;
RESET client_min_messages;

-- A file with one step each way; what it is called is computed from what it says.
CREATE FUNCTION pg_temp.file(revision text, parents text, message text, sql text, more text DEFAULT '') RETURNS text
LANGUAGE sql AS $$
	SELECT format('{"schemaflow": 1, "revision": %s, "parents": %s, "message": %s, "summary": "by hand",
		"owner": "regress_sf_history", "search_path": "public", "format": 1, "major": 15, "from_hash": "a", "to_hash": "b",
		"up": [{"n": 1, "phase": "expand", "class": "%s", "transaction": 1, "sql": %s, "object": "table t",
			"rewrites": false, "scans": false, "loses_data": false}%s],
		"down": [], "state": ["manage model"]}',
		to_json(revision), parents, to_json(message), CASE WHEN sql ~ 'CONCURRENTLY' THEN 'N' ELSE 'T' END, to_json(sql), more)
$$;
-- The revision that a file must have is in the error that one with a wrong revision gets.
CREATE FUNCTION pg_temp.take(parents text, message text, sql text, more text DEFAULT '') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM sf_import(pg_temp.file('000000000000', parents, message, sql, more));
	RETURN 'not refused';
EXCEPTION WHEN data_corrupted THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN sf_import(pg_temp.file(substring(detail FROM '"([0-9a-f]{12})"'), parents, message, sql, more));
END
$$;

-- Nothing is there yet.
SELECT * FROM sf_current();
SELECT * FROM sf_heads();
SELECT sf_show('head');
SELECT sf_show('base');
SELECT sf_show('-1');
SELECT sf_show('beef');
SELECT sf_show('');
SELECT sf_script('base', 'down') ~ 'sf_mark' AS runs_anything;

-- Three in a row and a branch.
SELECT pg_temp.take('[]', 'first', 'CREATE TABLE t (a int)') AS r1 \gset
SELECT pg_temp.take(format('["%s"]', :'r1'), 'second', 'ALTER TABLE t ADD b int',
	', {"n": 2, "phase": "validate", "class": "T", "transaction": 2, "sql": "ALTER TABLE t ADD c int", "object": "column t.c",
		"rewrites": false, "scans": true, "loses_data": false, "lock": "ACCESS EXCLUSIVE", "lock_table": "public.t",
		"needs_rows_estimate": 12, "why": "so that all of it is seen"}') AS r2 \gset
SELECT pg_temp.take(format('["%s"]', :'r2'), 'third, whose message is longer than any listing can show',
	'CREATE INDEX CONCURRENTLY t_a ON public.t (a)') AS r3 \gset
SELECT :'r1' ~ '^[0-9a-f]{12}$' AS hex, :'r1' <> :'r2' AS differ;

CREATE TEMP TABLE called AS VALUES (:'r1', 'R1'), (:'r2', 'R2'), (:'r3', 'R3');
CREATE FUNCTION pg_temp.name(revision text) RETURNS text LANGUAGE sql AS 'SELECT column2 FROM called WHERE column1 = $1';

SELECT tree, pg_temp.name(revision), message, state FROM sf_history();
SELECT pg_temp.name(revision), message FROM sf_heads();

-- The same file again is the same migration; an edited one is refused.
SELECT sf_import(sf_export(:'r1')) = :'r1' AS same;
SELECT count(*) FROM schemaflow.migration;
SELECT sf_export(:'r2') = sf_export(left(:'r2', 8)) AS by_prefix;
\set VERBOSITY terse
SELECT sf_import(replace(sf_export(:'r1'), 'a int', 'a text')) IS NULL;
SELECT sf_import(replace(sf_export(:'r1'), 'first', 'worst')) IS NULL;
\set VERBOSITY default
SELECT sf_import('{}');
SELECT sf_import('not even json');
SELECT sf_import(pg_temp.file('0', '[]', 'm', 'SELECT 1'));
SELECT sf_import(pg_temp.file('000000000000', '[]', 'm', 'RESET ROLE'));
SELECT sf_import(pg_temp.file('000000000000', '[]', 'm', 'SELECT 1; SELECT 2'));
SELECT sf_import(pg_temp.file('000000000000', '[]', 'm', 'COMMIT'));
SELECT sf_import(replace(pg_temp.file('000000000000', '[]', 'm', 'SELECT 1'), 'expand', 'extend'));
SELECT sf_import(pg_temp.file('000000000000', '[]', 'm', E'\\! true'));

-- Names.
SELECT pg_temp.name((sf_export('head')::json) ->> 'revision') AS head,
	pg_temp.name((sf_export('head-1')::json) ->> 'revision') AS head_1,
	pg_temp.name((sf_export('head-2')::json) ->> 'revision') AS head_2,
	pg_temp.name((sf_export('+1')::json) ->> 'revision') AS next,
	pg_temp.name((sf_export('base+2')::json) ->> 'revision') AS base_2,
	pg_temp.name((sf_export(:'r2' || '-1')::json) ->> 'revision') AS before_r2;
\set VERBOSITY terse
SELECT sf_export('head-3');
SELECT sf_export('head+1');
SELECT sf_export('-1');
SELECT sf_export('xyz');
SELECT sf_export('head-x') ;
\set VERBOSITY default
SELECT * FROM sf_steps('head-1');
SELECT sf_steps('head', 'sideways');

-- Marks: in order, once each, in both directions.
\set VERBOSITY terse
SELECT sf_mark('base', 1);
SELECT sf_mark('base+1', 2);
SELECT sf_pending('base+1', 1);
SELECT sf_mark('base+1', 1);
SELECT sf_pending('base+2', 1), sf_pending('base+2', 2);
SELECT sf_mark('base+2', 1);
SELECT sf_pending('base+2', 1), sf_pending('base+2', 2);
SELECT tree, pg_temp.name(revision), state FROM sf_history();
SELECT sf_check_start('base+2');
-- Half-way there it cannot turn round.
DO $$ BEGIN PERFORM sf_mark('base+2', 0, 'down'); EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RAISE NOTICE '%', regexp_replace(sqlerrm, '[0-9a-f]{12}', 'REVISION'); END $$;
DO $$ BEGIN PERFORM sf_mark('base+2', 1); EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RAISE NOTICE '%', regexp_replace(sqlerrm, '[0-9a-f]{12}', 'REVISION'); END $$;
SELECT sf_mark('base+2', 2);
SELECT pg_temp.name(revision), message, applied_by IS NOT NULL AS applied FROM sf_current();
-- What runs outside of a transaction is marked when the catalog shows it.
CREATE TABLE t (a int);
SELECT sf_pending('head', 1);
DO $$ BEGIN PERFORM sf_mark('head', 1); EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RAISE NOTICE '%', regexp_replace(sqlerrm, '[0-9a-f]{12}', 'REVISION'); END $$;
CREATE INDEX t_a ON t (a);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_a'::regclass;
SELECT sf_pending('head', 1), sf_leftovers('head', 1);
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 't_a'::regclass;
SELECT sf_pending('head', 1), sf_mark('head', 1), sf_mark('head', 1) AS again;
SELECT tree, pg_temp.name(revision), state FROM sf_history();
-- Down without steps is one mark.
SELECT sf_pending('head', 0, 'down'), sf_mark('head', 0, 'down');
SELECT pg_temp.name(revision) FROM sf_current();

-- A later migration that is applied implies what it is built on.
SELECT sf_stamp('base', force => true);
SELECT count(*) FROM sf_current();
SELECT sf_mark('base+3', 1);
SELECT tree, pg_temp.name(revision), state FROM sf_history();
SELECT how, direction, transaction, transactions FROM schemaflow.journal ORDER BY entry;

-- Branches: two heads, and what is ambiguous says so.
SELECT pg_temp.take(format('["%s"]', :'r1'), 'branch', 'ALTER TABLE t ADD z int') AS r4 \gset
INSERT INTO called VALUES (:'r4', 'R4');
SELECT tree, pg_temp.name(revision), state FROM sf_history();
DO $$ BEGIN PERFORM sf_show('head'); EXCEPTION WHEN ambiguous_parameter THEN RAISE NOTICE '%', sqlerrm; END $$;
DO $$ BEGIN PERFORM sf_show('base+2'); EXCEPTION WHEN ambiguous_parameter THEN RAISE NOTICE '%', sqlerrm; END $$;

-- Rows that were changed behind our back are refused.
UPDATE schemaflow.step SET sql = 'DROP TABLE t' WHERE revision = :'r2' AND n = 1;
DO $$ BEGIN PERFORM sf_script('base+1'); PERFORM sf_script(r.revision) FROM sf_history() r WHERE message = 'second';
EXCEPTION WHEN data_corrupted THEN RAISE NOTICE '%', regexp_replace(sqlerrm, '[0-9a-f]{12}', 'REVISION'); END $$;

-- Not for everybody, and not for those who are no members of the owner.
CREATE ROLE regress_sf_other;
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
WHERE d.deptype = 'e' AND p.proname ~ '^sf_(import|mark|stamp|adopt_restored|drop_scratches)$'
	AND has_function_privilege('regress_sf_other', p.oid, 'EXECUTE');
GRANT EXECUTE ON FUNCTION sf_mark(text, integer, text), sf_import(text) TO regress_sf_other;
SET ROLE regress_sf_other;
DO $$ BEGIN PERFORM sf_mark((SELECT revision FROM sf_history() WHERE message = 'branch'), 1);
EXCEPTION WHEN insufficient_privilege THEN RAISE NOTICE '%', regexp_replace(sqlerrm, '[0-9a-f]{12}', 'REVISION'); END $$;
DELETE FROM schemaflow.journal;
SET ROLE regress_sf_history;
REVOKE ALL ON FUNCTION sf_mark(text, integer, text), sf_import(text) FROM regress_sf_other;

\c postgres
DROP DATABASE sf_history;
DROP ROLE regress_sf_history, regress_sf_other;
