-- Functions and procedures: everything that CREATE OR REPLACE does in place, and what makes a new one.
SET client_min_messages = warning;
SET check_function_bodies = off;
CREATE EXTENSION schemaflow;
CREATE ROLE regress_sf_function;

-- Create
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE TABLE s.item (id int PRIMARY KEY, price numeric);
	CREATE FUNCTION s.plain(a int, b text DEFAULT 'x,y') RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
	CREATE FUNCTION s.outs(INOUT a int, OUT b text) LANGUAGE plpgsql SET search_path = s, public AS 'BEGIN b := 1; END';
	CREATE FUNCTION s.rows() RETURNS TABLE (x int, y s.item) LANGUAGE sql ROWS 5 AS 'SELECT 1, NULL::s.item';
	CREATE FUNCTION s.atomic(x s.item) RETURNS SETOF s.item LANGUAGE sql BEGIN ATOMIC SELECT * FROM s.item WHERE id = x.id; END;
	CREATE FUNCTION s.expr(x int) RETURNS int LANGUAGE sql RETURN x + 1;
	CREATE FUNCTION s.many(VARIADIC x int[]) RETURNS int LANGUAGE sql RETURN 1;
	CREATE FUNCTION s.poly(anyelement, b anyelement DEFAULT NULL) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';
	CREATE FUNCTION s.win(int) RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';
	CREATE PROCEDURE s.over(a int, b int) LANGUAGE sql AS '';
	CREATE PROCEDURE s.over(a int, OUT b int) LANGUAGE plpgsql AS 'BEGIN b := 1; END';
	CREATE PROCEDURE s.work(a int) LANGUAGE sql AS '';
	CREATE FUNCTION s."Odd name"("A b" "char") RETURNS text LANGUAGE sql AS $$SELECT '$function$'$$;
	CREATE VIEW s.cheap AS SELECT s.plain(1) AS one FROM s.item;
	COMMENT ON FUNCTION s.plain(int, text) IS 'one';
	COMMENT ON PROCEDURE s.over(int, OUT int) IS 'with OUT';
	ALTER FUNCTION s.plain(int, text) OWNER TO regress_sf_function;
	REVOKE ALL ON FUNCTION s.plain(int, text) FROM PUBLIC;
	GRANT EXECUTE ON PROCEDURE s.work(int) TO regress_sf_function;
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('create', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- In place: options, body, one more default; owner, grants, comment and the view stay
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE TABLE s.item (id int PRIMARY KEY, price numeric);
	CREATE FUNCTION s.plain(a int DEFAULT 7, b text DEFAULT 'z') RETURNS int LANGUAGE plpgsql
		STABLE STRICT LEAKPROOF PARALLEL SAFE SECURITY DEFINER COST 7 SET work_mem = '1MB' AS 'BEGIN RETURN 2; END';
	ALTER FUNCTION s.plain DEPENDS ON EXTENSION plpgsql;
	CREATE FUNCTION s.outs(INOUT a int, OUT b text) LANGUAGE plpgsql AS 'BEGIN b := 2; END';
	CREATE FUNCTION s.rows() RETURNS TABLE (x int, y s.item) LANGUAGE sql ROWS 50 AS 'SELECT 1, NULL::s.item';
	CREATE FUNCTION s.atomic(x s.item) RETURNS SETOF s.item LANGUAGE sql BEGIN ATOMIC SELECT * FROM s.item WHERE id < x.id; END;
	CREATE FUNCTION s.expr(x int) RETURNS int LANGUAGE sql RETURN x + 2;
	CREATE FUNCTION s.many(VARIADIC x int[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
	CREATE FUNCTION s.poly(anyelement, b anyelement DEFAULT NULL) RETURNS anyelement LANGUAGE sql AS 'SELECT $2';
	CREATE FUNCTION s.win(int) RETURNS bigint LANGUAGE internal WINDOW AS 'window_rank';
	CREATE PROCEDURE s.over(a int, b int) LANGUAGE sql AS 'SELECT 1';
	CREATE PROCEDURE s.over(a int, OUT b int) LANGUAGE plpgsql AS 'BEGIN b := 2; END';
	CREATE PROCEDURE s.work(a int) LANGUAGE sql SECURITY DEFINER AS '';
	CREATE FUNCTION s."Odd name"("A b" "char") RETURNS text LANGUAGE sql AS $$SELECT '$function$ $functionx$'$$;
	CREATE VIEW s.cheap AS SELECT s.plain(1) AS one FROM s.item;
	COMMENT ON FUNCTION s.plain(int, text) IS 'one';
	COMMENT ON PROCEDURE s.over(int, OUT int) IS 'with OUT';
	ALTER FUNCTION s.plain(int, text) OWNER TO regress_sf_function;
	REVOKE ALL ON FUNCTION s.plain(int, text) FROM PUBLIC;
	GRANT EXECUTE ON PROCEDURE s.work(int) TO regress_sf_function;
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('in place', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Replaced: another result, other names, fewer defaults, another kind of routine; the view is put back
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE TABLE s.item (id int PRIMARY KEY, price numeric);
	CREATE FUNCTION s.plain(a int, b text DEFAULT 'z') RETURNS int LANGUAGE sql AS 'SELECT 1';
	CREATE FUNCTION s.outs(INOUT a int, OUT c text) LANGUAGE plpgsql AS 'BEGIN c := 2; END';
	CREATE FUNCTION s.rows() RETURNS TABLE (x bigint, y s.item) LANGUAGE sql AS 'SELECT 1, NULL::s.item';
	CREATE FUNCTION s.atomic(z s.item) RETURNS SETOF s.item LANGUAGE sql BEGIN ATOMIC SELECT * FROM s.item WHERE id < z.id; END;
	CREATE FUNCTION s.expr(x int) RETURNS bigint LANGUAGE sql RETURN x + 2;
	CREATE FUNCTION s.many(x int[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
	CREATE FUNCTION s.poly(anyelement, b anyelement DEFAULT 1) RETURNS anyelement LANGUAGE sql AS 'SELECT $2';
	CREATE FUNCTION s.win(int) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
	CREATE PROCEDURE s.over(a int, b int) LANGUAGE sql AS 'SELECT 1';
	CREATE PROCEDURE s.over(a int, OUT c int) LANGUAGE plpgsql AS 'BEGIN c := 2; END';
	CREATE FUNCTION s.work(a int) RETURNS void LANGUAGE sql AS '';
	CREATE VIEW s.cheap AS SELECT s.plain(1) AS one FROM s.item;
	COMMENT ON FUNCTION s.plain(int, text) IS 'one';
	ALTER FUNCTION s.plain(int, text) OWNER TO regress_sf_function;
	REVOKE ALL ON FUNCTION s.plain(int, text) FROM PUBLIC;
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('replaced', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Order: string bodies name tables and functions that come with them
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE TABLE s.z_words (word text PRIMARY KEY);
	CREATE FUNCTION s.z_known(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT EXISTS (SELECT FROM s.z_words WHERE word = $1)';
	CREATE FUNCTION s.a_known(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT s.z_known($1)';
	CREATE TABLE s.a (word text, known boolean GENERATED ALWAYS AS (s.a_known(word)) STORED);
	CREATE TABLE s.own (n int);
	CREATE FUNCTION s.count_own() RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM s.own';
	ALTER TABLE s.own ALTER n SET DEFAULT s.count_own();
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('order', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- What is stored of what a function gave is named when its body changes
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE FUNCTION s.code(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
	CREATE FUNCTION s.own() RETURNS int LANGUAGE sql AS 'SELECT 1';
	CREATE TABLE s.coded (word text DEFAULT s.own(), kept text GENERATED ALWAYS AS (s.code(word)) STORED,
		CONSTRAINT fits CHECK (s.code(word) <> 'X'), CONSTRAINT apart EXCLUDE (s.code(word) WITH =));
	CREATE INDEX by_code ON s.coded (s.code(word));
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('coded', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE FUNCTION s.code(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
	CREATE FUNCTION s.own() RETURNS int LANGUAGE sql AS 'SELECT 2';
	CREATE TABLE s.coded (word text DEFAULT s.own(), kept text GENERATED ALWAYS AS (s.code(word)) STORED,
		CONSTRAINT fits CHECK (s.code(word) <> 'X'), CONSTRAINT apart EXCLUDE (s.code(word) WITH =));
	CREATE INDEX by_code ON s.coded (s.code(word));
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('coded otherwise');
SELECT split_part(sql, E'\n', 1) AS sql, regexp_split_to_table(why, ', ') AS why FROM sf_steps() ORDER BY n;
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Drop
SELECT count(*) > 0 AS changed FROM sf_define($model$CREATE SCHEMA s;$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('drop', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();
DROP SCHEMA s;
DROP ROLE regress_sf_function;
DROP EXTENSION schemaflow;
