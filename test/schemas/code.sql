-- Types, routines, views and all else that has code in it.
CREATE SCHEMA lib;
CREATE TYPE lib.pair AS (a int, b text COLLATE "C");
CREATE TYPE lib.tree AS (v lib.pair, n numeric(5, 2)[]);
CREATE TYPE lib.mood AS ENUM ('b', 'a');
ALTER TYPE lib.mood ADD VALUE 'between' BEFORE 'a';
CREATE FUNCTION lib.mood_diff(lib.mood, lib.mood) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 1.0::float8';
CREATE TYPE lib.moods AS RANGE (SUBTYPE = lib.mood, SUBTYPE_DIFF = lib.mood_diff, MULTIRANGE_TYPE_NAME = lib.many_moods);
CREATE DOMAIN lib.positive AS int CHECK (value > 0);
CREATE DOMAIN lib.small AS lib.positive DEFAULT 3 CONSTRAINT low CHECK (value < 10);
ALTER DOMAIN lib.small ADD CONSTRAINT later CHECK (value <> 5) NOT VALID;
CREATE TABLE lib.item (id int PRIMARY KEY, p lib.pair, m lib.mood, r lib.moods, s lib.small, price money, t text, v varchar(9));
CREATE FUNCTION lib.total(x int, INOUT y numeric DEFAULT 1.50, VARIADIC z text[] DEFAULT ARRAY['a', 'b''c']) LANGUAGE plpgsql
	IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 7 SECURITY DEFINER SET search_path = pg_catalog, lib SET work_mem = '5MB'
	AS $$ BEGIN y := x + y; END $$;
CREATE FUNCTION lib.total(x text) RETURNS TABLE (a int, b lib.pair) LANGUAGE sql ROWS 5 AS $$ SELECT id, p FROM lib.item $$;
CREATE FUNCTION lib.atomic(a int, b int DEFAULT 3) RETURNS int LANGUAGE sql IMMUTABLE RETURN a + b;
CREATE FUNCTION lib.block(a lib.item) RETURNS SETOF lib.item LANGUAGE sql BEGIN ATOMIC
	SELECT * FROM lib.item WHERE item.v IN ('x', 'y'); SELECT * FROM lib.item; END;
CREATE PROCEDURE lib.work(INOUT n int) LANGUAGE plpgsql AS $$ BEGIN n := 1; END $$;
CREATE FUNCTION lib.odd(lib.item) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1.t';
ALTER TABLE lib.item ADD computed text GENERATED ALWAYS AS (lib.atomic(id, 4)::text || t) STORED,
	ADD calls int DEFAULT lib.atomic(5), ADD CHECK (lib.atomic(id) > 0);
CREATE AGGREGATE lib.sum_up(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', COMBINEFUNC = int4pl, PARALLEL = SAFE,
	MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int, MINITCOND = '5');
CREATE AGGREGATE lib.hypothetical(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal,
	FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
CREATE FUNCTION lib.eq(lib.pair, lib.pair) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1.a = $2.a';
CREATE FUNCTION lib.ne(lib.pair, lib.pair) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1.a <> $2.a';
CREATE OPERATOR lib.=== (FUNCTION = lib.eq, LEFTARG = lib.pair, RIGHTARG = lib.pair, COMMUTATOR = OPERATOR(lib.===),
	NEGATOR = OPERATOR(lib.!==), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES);
CREATE OPERATOR lib.!== (FUNCTION = lib.ne, LEFTARG = lib.pair, RIGHTARG = lib.pair, NEGATOR = OPERATOR(lib.===));
CREATE FUNCTION lib.pair_hash(lib.pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.a';
CREATE OPERATOR FAMILY lib.pairs USING hash;
CREATE OPERATOR CLASS lib.pair_ops DEFAULT FOR TYPE lib.pair USING hash FAMILY lib.pairs AS OPERATOR 1 lib.===, FUNCTION 1 lib.pair_hash(lib.pair);
CREATE FUNCTION lib.pair_to_int(lib.pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.a';
CREATE CAST (lib.pair AS int) WITH FUNCTION lib.pair_to_int(lib.pair) AS ASSIGNMENT;
CREATE CAST (lib.mood AS int) WITH INOUT;
CREATE CONVERSION lib.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE COLLATION lib.numeric (provider = icu, locale = 'en-u-kn-true');
CREATE TEXT SEARCH DICTIONARY lib.dict (TEMPLATE = snowball, language = 'english', stopwords = 'english');
CREATE TEXT SEARCH CONFIGURATION lib.conf (PARSER = "default");
ALTER TEXT SEARCH CONFIGURATION lib.conf ADD MAPPING FOR word, asciiword WITH lib.dict, simple;
CREATE VIEW lib.plain AS SELECT *, row_number() OVER (PARTITION BY m ORDER BY id) AS nr FROM lib.item WHERE v IN ('a', 'b') AND t = ANY ('{x,y}');
CREATE VIEW lib.checked (one, two) WITH (security_barrier, check_option = cascaded) AS SELECT id, t FROM lib.item WHERE id > 1;
ALTER VIEW lib.checked ALTER two SET DEFAULT 'two';
CREATE RECURSIVE VIEW lib.counting (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counting WHERE n < 9;
CREATE VIEW lib.joined AS SELECT a.id, b.p, (a.p).b FROM lib.item a FULL JOIN lib.item b USING (id)
	WHERE a.r @> 'a'::lib.mood OR EXISTS (SELECT FROM lib.plain p WHERE p.id = a.id) OR a.p OPERATOR(lib.===) b.p;
CREATE MATERIALIZED VIEW lib.kept AS SELECT m, lib.sum_up(id) AS s, count(*) FILTER (WHERE id > 2) FROM lib.item GROUP BY GROUPING SETS ((m), ()) WITH NO DATA;
CREATE INDEX ON lib.kept (s);
CREATE ACCESS METHOD heap_too TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE lib.stored (a int) USING heap_too;
CREATE FUNCTION lib.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER fresh AFTER INSERT ON lib.item REFERENCING NEW TABLE AS "New Rows" FOR EACH STATEMENT EXECUTE FUNCTION lib.fire();
CREATE TRIGGER instead INSTEAD OF DELETE ON lib.plain FOR EACH ROW EXECUTE FUNCTION lib.fire('1');
CREATE CONSTRAINT TRIGGER late AFTER DELETE ON lib.item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.id > 5) EXECUTE FUNCTION lib.fire();
CREATE TRIGGER changed AFTER UPDATE OF t, id ON lib.item FOR EACH ROW EXECUTE FUNCTION lib.fire();
ALTER TABLE lib.item ENABLE ALWAYS TRIGGER changed, DISABLE TRIGGER late;
CREATE RULE loud AS ON UPDATE TO lib.item WHERE new.id > 3 DO ALSO (INSERT INTO lib.stored VALUES (old.id); DELETE FROM lib.item WHERE id = old.id);
ALTER TABLE lib.item DISABLE RULE loud;
CREATE POLICY mine ON lib.item AS RESTRICTIVE FOR UPDATE TO pg_monitor, CURRENT_USER USING (id > 1) WITH CHECK (t IN ('a', current_user));
CREATE FUNCTION lib.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION lib.on_ddl();
ALTER EVENT TRIGGER watch ENABLE REPLICA;
COMMENT ON FUNCTION lib.total(text) IS 'f';
COMMENT ON AGGREGATE lib.sum_up(int) IS 'a';
COMMENT ON OPERATOR lib.=== (lib.pair, lib.pair) IS 'o';
COMMENT ON CAST (lib.pair AS int) IS 'c';
COMMENT ON VIEW lib.plain IS 'v';
COMMENT ON COLUMN lib.joined.id IS 'column of a view';
COMMENT ON COLUMN lib.pair.a IS 'attribute';
COMMENT ON TYPE lib.moods IS 'range';
COMMENT ON DOMAIN lib.small IS 'domain';
COMMENT ON RULE loud ON lib.item IS 'rule';
COMMENT ON POLICY mine ON lib.item IS 'policy';
COMMENT ON EVENT TRIGGER watch IS 'event';
COMMENT ON TEXT SEARCH CONFIGURATION lib.conf IS 'conf';
COMMENT ON OPERATOR CLASS lib.pair_ops USING hash IS 'class';
REVOKE EXECUTE ON FUNCTION lib.total(text) FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE lib.work TO pg_monitor;
ALTER FUNCTION lib.total(text) OWNER TO pg_monitor;
ALTER FUNCTION lib.fire() DEPENDS ON EXTENSION plpgsql;
