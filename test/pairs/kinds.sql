-- Pairs as habits.sql has them: objects of many kinds change at once.
-- pair function index type
-- from
CREATE FUNCTION rank(score int, at timestamp) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT score * 2';
CREATE TABLE agg (id int PRIMARY KEY, score int NOT NULL DEFAULT 0, at timestamp NOT NULL DEFAULT now());
CREATE INDEX agg_hot ON agg (rank(score, at) DESC, at DESC);
CREATE INDEX agg_part ON agg (id) WHERE rank(score, at) > 5;
CREATE VIEW agg_view AS SELECT id, rank(score, at) AS r FROM agg ORDER BY rank(score, at);
-- to
CREATE FUNCTION rank(score numeric, at timestamptz) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT (score * 2)::float8';
CREATE TABLE agg (id int PRIMARY KEY, score bigint NOT NULL DEFAULT 0, at timestamptz NOT NULL DEFAULT now());
CREATE INDEX agg_hot ON agg (rank(score, at) DESC, at DESC);
CREATE INDEX agg_part ON agg (id) WHERE rank(score, at) > 5;
CREATE VIEW agg_view AS SELECT id, rank(score, at) AS r FROM agg ORDER BY rank(score, at);
-- pair view becomes function
-- from
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE VIEW stats AS SELECT a, count(*) AS n FROM t GROUP BY a;
CREATE VIEW stats2 AS SELECT sum(n) AS s FROM stats;
CREATE FUNCTION get(x int) RETURNS SETOF stats LANGUAGE sql STABLE AS 'SELECT * FROM stats WHERE a = x';
-- to
CREATE TABLE t (id int PRIMARY KEY, a bigint, b text);
CREATE FUNCTION stats() RETURNS TABLE (a bigint, n bigint, last int) LANGUAGE sql STABLE AS 'SELECT a, count(*), max(id) FROM t GROUP BY a';
CREATE VIEW stats2 AS SELECT sum(n) AS s, max(last) AS l FROM stats();
CREATE FUNCTION get(x bigint, OUT n bigint, OUT last int) LANGUAGE sql STABLE AS 'SELECT n, last FROM stats() WHERE a = x';
-- pair function default and out
-- from
CREATE TYPE res AS (a int, b text);
CREATE FUNCTION f(a int, b text DEFAULT 'x', c int DEFAULT 1) RETURNS SETOF res LANGUAGE sql STABLE AS 'SELECT a, b';
CREATE FUNCTION g(IN a int, OUT x int, OUT y text) LANGUAGE sql AS 'SELECT a, $$y$$::text';
CREATE FUNCTION h(VARIADIC v int[]) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v[1]';
CREATE PROCEDURE p(INOUT a int) LANGUAGE plpgsql AS $$ BEGIN a := a + 1; END $$;
CREATE VIEW v AS SELECT * FROM f(1);
CREATE VIEW w AS SELECT (g(1)).x, h(1, 2) AS h;
GRANT EXECUTE ON FUNCTION f(int, text, int) TO PUBLIC;
REVOKE ALL ON FUNCTION g(int) FROM PUBLIC;
COMMENT ON PROCEDURE p(int) IS 'proc';
-- to
CREATE TYPE res AS (a bigint, b text, c date);
CREATE FUNCTION f(a int, b text DEFAULT 'y') RETURNS SETOF res LANGUAGE plpgsql STABLE ROWS 5 AS $$ BEGIN RETURN QUERY SELECT a::bigint, b, NULL::date; END $$;
CREATE FUNCTION g(IN a int, OUT x int, OUT y text, OUT z bool) LANGUAGE sql AS 'SELECT a, $$y$$::text, true';
CREATE FUNCTION h(VARIADIC v bigint[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT v[1]';
CREATE PROCEDURE p(INOUT a int, IN b int DEFAULT 2) LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN a := a + b; END $$;
CREATE VIEW v AS SELECT * FROM f(1);
CREATE VIEW w AS SELECT (g(1)).x, (g(1)).z, h(1, 2) AS h;
REVOKE ALL ON FUNCTION f(int, text) FROM PUBLIC;
COMMENT ON PROCEDURE p(int, int) IS 'proc';
-- pair serial to uuid key
-- from
CREATE TABLE a (id serial PRIMARY KEY, name text UNIQUE);
CREATE TABLE b (id serial PRIMARY KEY, a_id int NOT NULL REFERENCES a ON DELETE CASCADE);
CREATE TABLE c (a_id int REFERENCES a, b_id int REFERENCES b, PRIMARY KEY (a_id, b_id));
CREATE INDEX b_a ON b (a_id);
CREATE VIEW abc AS SELECT a.id, b.id AS bid FROM a JOIN b ON a_id = a.id;
-- to
CREATE TABLE a (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text UNIQUE);
CREATE TABLE b (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), a_id uuid NOT NULL REFERENCES a ON DELETE CASCADE);
CREATE TABLE c (a_id uuid REFERENCES a, b_id uuid REFERENCES b, PRIMARY KEY (a_id, b_id));
CREATE INDEX b_a ON b (a_id);
CREATE VIEW abc AS SELECT a.id, b.id AS bid FROM a JOIN b ON a_id = a.id;
-- pair check with domain and json
-- from
CREATE DOMAIN email AS text CHECK (VALUE ~ '@');
CREATE DOMAIN url AS varchar(200) DEFAULT 'http://x' NOT NULL;
CREATE FUNCTION valid(j json) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT json_typeof(j) = 'object' $$;
CREATE TABLE c (id int PRIMARY KEY, e email, u url, j json CHECK (valid(j)), es email[], t time);
CREATE INDEX ON c ((j ->> 'k'));
CREATE INDEX ce ON c (lower(e));
-- to
CREATE EXTENSION citext;
CREATE DOMAIN email AS citext CHECK (VALUE ~ '@') CHECK (VALUE <> '');
CREATE FUNCTION valid(j jsonb) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT jsonb_typeof(j) = 'object' $$;
CREATE TABLE c (id int PRIMARY KEY, e email, u text DEFAULT 'http://y', j jsonb CHECK (valid(j)), es email[], t timetz);
CREATE INDEX ON c ((j ->> 'k'));
CREATE INDEX cj ON c USING gin (j jsonb_path_ops);
CREATE UNIQUE INDEX ce ON c (e);
-- pair mview chain owner
-- from
CREATE TABLE f (id int, d date, v numeric);
CREATE MATERIALIZED VIEW m1 AS SELECT d, sum(v) AS s FROM f GROUP BY d;
CREATE MATERIALIZED VIEW m2 AS SELECT max(s) AS m FROM m1;
CREATE VIEW v3 AS SELECT m1.d, m2.m FROM m1, m2;
CREATE INDEX m1_d ON m1 (d); CREATE INDEX m2_m ON m2 (m);
CREATE STATISTICS m1_st ON d, s FROM m1;
GRANT SELECT ON m1 TO PUBLIC; COMMENT ON MATERIALIZED VIEW m2 IS 'two'; COMMENT ON COLUMN m1.s IS 'sum';
ALTER MATERIALIZED VIEW m1 ALTER COLUMN s SET STATISTICS 500; ALTER MATERIALIZED VIEW m1 CLUSTER ON m1_d;
-- to
CREATE TABLE f (id bigint, d date, v numeric(12,2), kind text);
CREATE MATERIALIZED VIEW m1 AS SELECT d, sum(v) AS s, count(DISTINCT kind) AS k FROM f GROUP BY d;
CREATE MATERIALIZED VIEW m2 WITH (autovacuum_enabled = false) AS SELECT max(s) AS m FROM m1;
CREATE VIEW v3 AS SELECT m1.d, m2.m, k FROM m1, m2;
CREATE INDEX m1_d ON m1 (d DESC); CREATE INDEX m2_m ON m2 (m);
CREATE STATISTICS m1_st ON d, s FROM m1;
GRANT SELECT ON m1 TO PUBLIC; COMMENT ON MATERIALIZED VIEW m2 IS 'two'; COMMENT ON COLUMN m1.s IS 'sum';
ALTER MATERIALIZED VIEW m1 ALTER COLUMN s SET STATISTICS 100;
-- pair column order and names swap
-- from
CREATE TABLE t (a int NOT NULL, b text DEFAULT 'b', c date, CONSTRAINT one CHECK (a > 0), CONSTRAINT two UNIQUE (b));
CREATE INDEX i1 ON t (a); CREATE INDEX i2 ON t (c);
CREATE VIEW v AS SELECT a, b, c FROM t;
CREATE SEQUENCE s1; CREATE SEQUENCE s2 INCREMENT 5;
-- to
CREATE TABLE t (c date, b int DEFAULT 1, a text, CONSTRAINT two CHECK (b > 0), CONSTRAINT one UNIQUE (a));
CREATE INDEX i2 ON t (a); CREATE INDEX i1 ON t (c);
CREATE VIEW v AS SELECT c, b, a FROM t;
CREATE SEQUENCE s2; CREATE SEQUENCE s1 INCREMENT 5;
-- pair trigger on partitioned
-- from
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TABLE p (id int, k int, v text) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2) PARTITION BY RANGE (id);
CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (0) TO (100);
CREATE TRIGGER tr AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION tf();
CREATE TRIGGER own AFTER UPDATE ON p1 FOR EACH ROW EXECUTE FUNCTION tf();
ALTER TABLE p2a DISABLE TRIGGER tr;
CREATE TABLE q (id int PRIMARY KEY);
ALTER TABLE p ADD FOREIGN KEY (id) REFERENCES q;
-- to
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TABLE p (id bigint, k int, v varchar(10)) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1, 3);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2) PARTITION BY RANGE (id);
CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (0) TO (100);
CREATE TABLE p2b PARTITION OF p2 DEFAULT;
CREATE TRIGGER tr AFTER INSERT OR DELETE ON p FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION tf();
CREATE TRIGGER own AFTER UPDATE OF v ON p1 FOR EACH ROW EXECUTE FUNCTION tf();
ALTER TABLE p1 DISABLE TRIGGER tr;
CREATE TABLE q (id bigint PRIMARY KEY);
ALTER TABLE p ADD FOREIGN KEY (id) REFERENCES q ON DELETE CASCADE;
CREATE UNIQUE INDEX p1_u ON p1 (id) WHERE v IS NOT NULL;
-- pair foreign key to partition
-- from
CREATE TABLE p (id int, k int, PRIMARY KEY (id, k)) PARTITION BY RANGE (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE r (id int, k int, CONSTRAINT rf FOREIGN KEY (id, k) REFERENCES p1);
CREATE TABLE s (id int, k int, CONSTRAINT sf FOREIGN KEY (id, k) REFERENCES p ON DELETE CASCADE);
-- to
CREATE TABLE p (id bigint, k int, PRIMARY KEY (id, k)) PARTITION BY RANGE (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
CREATE TABLE r (id bigint, k int, CONSTRAINT rf FOREIGN KEY (id, k) REFERENCES p);
CREATE TABLE s (id bigint, k int, CONSTRAINT sf FOREIGN KEY (id, k) REFERENCES p1 ON DELETE CASCADE DEFERRABLE);
-- pair roles and grants
-- from
CREATE TABLE t (id serial PRIMARY KEY, a int, b text);
CREATE VIEW v AS SELECT * FROM t;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TYPE e AS ENUM ('x');
GRANT SELECT (a), UPDATE (b) ON t TO PUBLIC;
GRANT SELECT, INSERT ON v TO PUBLIC;
GRANT USAGE ON SEQUENCE t_id_seq TO PUBLIC;
REVOKE ALL ON FUNCTION f() FROM PUBLIC; REVOKE USAGE ON TYPE e FROM PUBLIC;
-- to
CREATE TABLE t (id bigserial PRIMARY KEY, a bigint, c text);
CREATE VIEW v AS SELECT id, a, c AS b FROM t;
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE TYPE e AS ENUM ('w', 'x');
GRANT SELECT (a, c), INSERT (c) ON t TO PUBLIC;
GRANT SELECT ON v TO PUBLIC; GRANT UPDATE (b) ON v TO PUBLIC;
REVOKE ALL ON FUNCTION f() FROM PUBLIC; REVOKE USAGE ON TYPE e FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CREATE ON SCHEMA public TO PUBLIC;
-- pair rules chain
-- from
CREATE TABLE a (id int PRIMARY KEY, x int);
CREATE TABLE log (id int, x int, w text);
CREATE RULE a_log AS ON UPDATE TO a WHERE NEW.x <> OLD.x DO ALSO INSERT INTO log (id, x) VALUES (NEW.id, NEW.x);
CREATE VIEW av AS SELECT * FROM a;
CREATE RULE av_ins AS ON INSERT TO av DO INSTEAD INSERT INTO a VALUES (NEW.id, NEW.x) RETURNING *;
ALTER TABLE a DISABLE RULE a_log;
-- to
CREATE TABLE a (id bigint PRIMARY KEY, x bigint, y text);
CREATE TABLE log (id bigint, x bigint, at timestamptz DEFAULT now());
CREATE RULE a_log AS ON UPDATE TO a WHERE NEW.x <> OLD.x DO ALSO INSERT INTO log (id, x) VALUES (NEW.id, NEW.x);
CREATE RULE a_del AS ON DELETE TO a DO ALSO DELETE FROM log WHERE log.id = OLD.id;
CREATE VIEW av AS SELECT * FROM a;
CREATE RULE av_ins AS ON INSERT TO av DO INSTEAD INSERT INTO a VALUES (NEW.id, NEW.x, NEW.y) RETURNING *;
-- pair cast and operator
-- from
CREATE TYPE money2 AS (cur text, amt numeric);
CREATE FUNCTION m_add(money2, money2) RETURNS money2 LANGUAGE sql IMMUTABLE AS 'SELECT ($1.cur, $1.amt + $2.amt)::money2';
CREATE FUNCTION m_num(money2) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1.amt';
CREATE OPERATOR + (LEFTARG = money2, RIGHTARG = money2, FUNCTION = m_add, COMMUTATOR = +);
CREATE AGGREGATE sum(money2) (SFUNC = m_add, STYPE = money2);
CREATE CAST (money2 AS numeric) WITH FUNCTION m_num(money2);
CREATE TABLE bill (id int PRIMARY KEY, a money2, b money2 DEFAULT ROW('EUR', 1)::money2, t numeric GENERATED ALWAYS AS ((a + b)::numeric) STORED);
CREATE VIEW total AS SELECT sum(a) AS s, (sum(b))::numeric AS n FROM bill;
-- to
CREATE TYPE money2 AS (cur text, amt numeric(20,4), at date);
CREATE FUNCTION m_add(money2, money2) RETURNS money2 LANGUAGE sql IMMUTABLE AS 'SELECT ($1.cur, $1.amt + $2.amt, $1.at)::money2';
CREATE FUNCTION m_num(money2) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT $1.amt::float8';
CREATE OPERATOR + (LEFTARG = money2, RIGHTARG = money2, FUNCTION = m_add);
CREATE AGGREGATE sum(money2) (SFUNC = m_add, STYPE = money2, PARALLEL = SAFE);
CREATE CAST (money2 AS float8) WITH FUNCTION m_num(money2) AS ASSIGNMENT;
CREATE TABLE bill (id int PRIMARY KEY, a money2, b money2 DEFAULT ROW('USD', 1, NULL)::money2, t float8 GENERATED ALWAYS AS ((a + b)::float8) STORED);
CREATE VIEW total AS SELECT sum(a) AS s, (sum(b))::float8 AS n FROM bill;
-- pair unlogged storage options
-- from
CREATE UNLOGGED TABLE t (id int PRIMARY KEY, a text, b text , c text COMPRESSION pglz) WITH (fillfactor = 70, autovacuum_enabled = off);
CREATE INDEX ti ON t (a) WITH (fillfactor = 50);
ALTER TABLE t ALTER b SET STORAGE EXTERNAL; ALTER TABLE t ALTER a SET STATISTICS 10; ALTER TABLE t ALTER a SET (n_distinct = 5);
ALTER TABLE t CLUSTER ON ti;
CREATE UNLOGGED TABLE u (id int REFERENCES t);
-- to
CREATE TABLE t (id int PRIMARY KEY, a varchar, b text, c text) WITH (fillfactor = 90, toast.autovacuum_enabled = off);
CREATE INDEX ti ON t (a) WITH (deduplicate_items = off);
ALTER TABLE t ALTER c SET STORAGE MAIN; ALTER TABLE t ALTER c SET STATISTICS 100; ALTER TABLE t ALTER a SET (n_distinct_inherited = -0.5);
ALTER TABLE t CLUSTER ON t_pkey;
CREATE TABLE u (id int REFERENCES t);
-- pair drops with dependents
-- from
CREATE TYPE st AS ENUM ('a');
CREATE TABLE x (id int PRIMARY KEY, s st, d int);
CREATE TABLE y (id int REFERENCES x, z int);
CREATE FUNCTION fx(x) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1.id';
CREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER tr AFTER INSERT ON x FOR EACH ROW EXECUTE FUNCTION tg();
CREATE VIEW vx AS SELECT x.*, fx(x) FROM x;
CREATE MATERIALIZED VIEW mx AS SELECT * FROM vx;
CREATE POLICY px ON y USING (EXISTS (SELECT FROM x WHERE x.id = y.id AND s = 'a'));
CREATE FUNCTION cnt() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT count(*) FROM vx; END;
ALTER TABLE y ADD CHECK (z > 0), ALTER z SET DEFAULT 3;
-- to
CREATE TABLE y (id int, z int);
CREATE POLICY px ON y USING (z > 0);
CREATE FUNCTION cnt() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT count(*) FROM y; END;
-- pair attributes in order
-- from
CREATE TYPE box AS (w int, h int, note text, n3 int);
-- to
CREATE TYPE box AS (w int, h int);
-- pair parent and child types
-- from
CREATE TABLE p (id int, v text, CHECK (v <> ''));
CREATE TABLE c (extra int, PRIMARY KEY (id)) INHERITS (p);
CREATE TABLE g (more int) INHERITS (c);
CREATE INDEX ON c (v);
CREATE VIEW pv AS SELECT tableoid::regclass AS t, id, v FROM p;
ALTER TABLE c ALTER v SET DEFAULT 'c';
-- to
CREATE TABLE p (id bigint, v varchar(10) NOT NULL, w int DEFAULT 1, CHECK (v <> 'x'));
CREATE TABLE c (extra int, PRIMARY KEY (id)) INHERITS (p);
CREATE TABLE g (more int, w int DEFAULT 5) INHERITS (c);
CREATE INDEX ON c (v, w);
CREATE VIEW pv AS SELECT tableoid::regclass AS t, id, v, w FROM p;
ALTER TABLE g ALTER v SET DEFAULT 'g';
-- pair serial names collide
-- from
CREATE TABLE foo (id serial PRIMARY KEY);
CREATE TABLE foo_id (seq int);
CREATE SEQUENCE bar_id_seq;
-- to
CREATE TABLE bar (id serial PRIMARY KEY);
CREATE TABLE foo (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, bar_id int REFERENCES bar);
CREATE VIEW foo_id AS SELECT id FROM foo;
-- pair enum to lookup table
-- from
CREATE TYPE level AS ENUM ('low', 'high');
CREATE TABLE task (id int PRIMARY KEY, level level NOT NULL DEFAULT 'low');
CREATE INDEX task_level ON task (level);
CREATE FUNCTION by_level(level) RETURNS SETOF task LANGUAGE sql STABLE AS 'SELECT * FROM task WHERE level = $1';
CREATE VIEW high AS SELECT id FROM task WHERE level = 'high';
-- to
CREATE TABLE level (id int PRIMARY KEY, name text UNIQUE);
CREATE TABLE task (id int PRIMARY KEY, level text NOT NULL DEFAULT 'low' REFERENCES level (name) ON UPDATE CASCADE);
CREATE INDEX task_level ON task (level);
CREATE FUNCTION by_level(text) RETURNS SETOF task LANGUAGE sql STABLE AS 'SELECT * FROM task WHERE level = $1';
CREATE VIEW high AS SELECT id FROM task WHERE level = 'high';
-- pair publication all
-- from
CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int);
CREATE PUBLICATION p FOR ALL TABLES;
-- to
CREATE TABLE a (id bigint PRIMARY KEY, v text); CREATE TABLE b (id int, k int);
CREATE PUBLICATION p FOR TABLE a (id), b WHERE (id > 3) WITH (publish = 'insert');
-- pair function with set and args rename
-- from
CREATE FUNCTION f(a int, b int) RETURNS int LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = public SET work_mem = '1MB' COST 10 AS $$ BEGIN RETURN a + b; END $$;
CREATE TABLE t (x int, y int, z int GENERATED ALWAYS AS (f(x, y)) STORED, CONSTRAINT ck CHECK (f(x, 0) > 0));
CREATE INDEX ON t (f(x, y));
CREATE POLICY pl ON t USING (f(a => x, b => y) > 1);
CREATE FUNCTION caller() RETURNS int LANGUAGE sql RETURN f(1, 2);
CREATE TRIGGER tw BEFORE INSERT ON t FOR EACH ROW WHEN (f(NEW.x, 1) > 2) EXECUTE FUNCTION suppress_redundant_updates_trigger();
-- to
CREATE FUNCTION f(x int, y int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT x + y';
CREATE TABLE t (x int, y int, z int GENERATED ALWAYS AS (f(x, y)) STORED, CONSTRAINT ck CHECK (f(x, 0) > 0));
CREATE INDEX ON t (f(x, y));
CREATE POLICY pl ON t USING (f(x => x, y => y) > 1);
CREATE FUNCTION caller() RETURNS int LANGUAGE sql RETURN f(1, 2);
CREATE TRIGGER tw BEFORE UPDATE ON t FOR EACH ROW WHEN (f(NEW.x, 1) > 2) EXECUTE FUNCTION suppress_redundant_updates_trigger();
-- pair view on view with alias and star
-- from
CREATE TABLE t (id int PRIMARY KEY, a int, b jsonb);
CREATE VIEW v AS SELECT t.*, b ->> 'k' AS k FROM t;
CREATE VIEW w AS SELECT v.*, row_number() OVER (ORDER BY id) AS n FROM v;
CREATE VIEW x (p, q) AS SELECT w.id, w.k FROM w UNION ALL SELECT a, 'z' FROM t;
CREATE FUNCTION r() RETURNS SETOF w LANGUAGE sql AS 'SELECT * FROM w';
CREATE FUNCTION one(v) RETURNS text LANGUAGE sql AS 'SELECT $1.k';
GRANT SELECT ON x TO PUBLIC;
-- to
CREATE TABLE t (id int PRIMARY KEY, c date, a bigint, b jsonb);
CREATE VIEW v AS SELECT t.*, b ->> 'k' AS k, b -> 'l' AS l FROM t;
CREATE VIEW w AS SELECT v.*, row_number() OVER (ORDER BY id) AS n FROM v;
CREATE VIEW x (p, q) AS SELECT w.id, w.k FROM w UNION ALL SELECT a, 'z' FROM t;
CREATE FUNCTION r() RETURNS SETOF w LANGUAGE sql AS 'SELECT * FROM w';
CREATE FUNCTION one(v) RETURNS text LANGUAGE sql AS 'SELECT $1.k';
GRANT SELECT ON x TO PUBLIC;
-- pair keys swapped between tables
-- from
CREATE TABLE a (id int, code text, CONSTRAINT k PRIMARY KEY (id), CONSTRAINT u UNIQUE (code));
CREATE TABLE b (id int, code text, a_id int CONSTRAINT fk REFERENCES a, a_code text CONSTRAINT fk2 REFERENCES a (code), CONSTRAINT bk PRIMARY KEY (id));
-- to
CREATE TABLE b (id int, code text, CONSTRAINT k PRIMARY KEY (code));
CREATE TABLE a (id int, code text, b_code text CONSTRAINT fk REFERENCES b, CONSTRAINT bk PRIMARY KEY (code, id), CONSTRAINT u UNIQUE (id));
-- pair mail and phone domains in arrays
-- from
CREATE DOMAIN phone AS text CHECK (VALUE ~ '^[0-9]+$');
CREATE TYPE contact AS (name text, phones phone[]);
CREATE TABLE c (id int PRIMARY KEY, main phone, others phone[] DEFAULT '{}', ct contact, cts contact[]);
CREATE FUNCTION first(phone[]) RETURNS phone LANGUAGE sql IMMUTABLE AS 'SELECT $1[1]';
CREATE INDEX ON c (first(others));
CREATE VIEW cv AS SELECT id, (ct).name, first((ct).phones) FROM c;
-- to
CREATE DOMAIN phone AS varchar(20) CHECK (VALUE ~ '^[+0-9]+$') NOT NULL;
CREATE TYPE contact AS (name varchar(30), phones phone[], since date);
CREATE TABLE c (id int PRIMARY KEY, main phone DEFAULT '1', others phone[] DEFAULT '{}', ct contact, cts contact[]);
CREATE FUNCTION first(phone[]) RETURNS phone LANGUAGE sql IMMUTABLE AS 'SELECT $1[1]';
CREATE INDEX ON c (first(others));
CREATE VIEW cv AS SELECT id, (ct).name, first((ct).phones) FROM c;
-- pair identity options
-- from
CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 2), b bigserial, c int DEFAULT 1, PRIMARY KEY (id));
COMMENT ON SEQUENCE t_b_seq IS 's'; GRANT USAGE ON SEQUENCE t_b_seq TO PUBLIC;
-- to
CREATE TABLE t (id bigint GENERATED BY DEFAULT AS IDENTITY (START 100 CACHE 3 CYCLE MAXVALUE 1000), b bigint GENERATED ALWAYS AS IDENTITY, c bigserial, PRIMARY KEY (id, b));
COMMENT ON SEQUENCE t_c_seq IS 's'; GRANT USAGE ON SEQUENCE t_c_seq TO PUBLIC;
-- pair conditions and numbers that would be read otherwise
-- from
CREATE DOMAIN share AS int CHECK (VALUE > 0);
CREATE TABLE sale (a int, b int, c numeric, d boolean DEFAULT true, CONSTRAINT fits CHECK (a > 0));
CREATE TABLE part (a int, b int) PARTITION BY LIST ((a >= 0 AND b BETWEEN 0 AND 10));
CREATE VIEW few AS SELECT a FROM sale WHERE a > 0;
-- to
CREATE DOMAIN share AS int DEFAULT 1 CHECK (VALUE BETWEEN 1 AND 99 AND VALUE <> 50);
CREATE TABLE sale (a int DEFAULT -1::int, b int DEFAULT -1, c numeric DEFAULT -2.5::numeric, d boolean DEFAULT (extract(hour FROM now()) BETWEEN 8 AND 18 AND true),
 g boolean GENERATED ALWAYS AS ((a, b, c) IS DISTINCT FROM (1, 2, 3)) STORED,
 CONSTRAINT fits CHECK (a BETWEEN 0 AND 10 AND b BETWEEN 0 AND 10 AND (c NOT BETWEEN 1 AND 2 OR c IS NULL)));
CREATE INDEX sale_some ON sale (a) WHERE b BETWEEN 0 AND 10 AND c > 0;
CREATE TABLE part (a int, b int) PARTITION BY LIST ((b BETWEEN 0 AND 10 AND a >= 0));
CREATE VIEW few AS SELECT a, 'x) AND (y' AS t FROM sale WHERE (a NOT BETWEEN 0 AND 10 OR b = 1 OR c = 2) AND (a, b) IS DISTINCT FROM (1, 2);
CREATE POLICY own ON sale USING (b BETWEEN 0 AND 10 AND a >= 0);
-- pair exclusion constraints with options
-- from
CREATE TABLE stay (id int, span int4range, other int4range, third int4range,
 CONSTRAINT stay_x EXCLUDE USING gist (span WITH &&) WITH (fillfactor = 70, buffering = on) WHERE (id > 0) DEFERRABLE,
 CONSTRAINT stay_y EXCLUDE USING gist (other WITH &&) WITH (fillfactor = 70));
-- to
CREATE TABLE stay (id int, span int4range, other int4range, third int4range,
 CONSTRAINT stay_x EXCLUDE USING gist (span WITH &&) WITH (buffering = off) WHERE (id > 0) DEFERRABLE,
 CONSTRAINT stay_y EXCLUDE USING gist (other WITH &&),
 CONSTRAINT stay_z EXCLUDE USING gist (third WITH &&) WITH (fillfactor = 80) WHERE (id BETWEEN 1 AND 9 AND id <> 5) INITIALLY DEFERRED);
-- pair a partition comes while a foreign key gets another name
-- from
CREATE SCHEMA parts;
CREATE TABLE ci_stages (id int PRIMARY KEY);
CREATE TABLE p_ci_builds (id int, partition_id int, PRIMARY KEY (id, partition_id), stage_id int CONSTRAINT fk_stage REFERENCES ci_stages) PARTITION BY LIST (partition_id);
CREATE TABLE parts.ci_builds_101 PARTITION OF p_ci_builds FOR VALUES IN (101);
CREATE TABLE metadata (id int, partition_id int, CONSTRAINT fk_e20479742e FOREIGN KEY (id, partition_id) REFERENCES p_ci_builds);
-- to
CREATE SCHEMA parts;
CREATE TABLE ci_stages (id int PRIMARY KEY);
CREATE TABLE p_ci_builds (id int, partition_id int, PRIMARY KEY (id, partition_id), stage_id int CONSTRAINT fk_3a9eaa254d REFERENCES ci_stages) PARTITION BY LIST (partition_id);
CREATE TABLE parts.ci_builds_102 PARTITION OF p_ci_builds FOR VALUES IN (101, 102);
CREATE TABLE metadata (id int, partition_id int, CONSTRAINT fk_e20479742e FOREIGN KEY (id, partition_id) REFERENCES p_ci_builds);
-- pair a partition leaves whose whole has a trigger that is off
-- from
CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TABLE event (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (id);
CREATE TABLE event_1_a PARTITION OF event_1 FOR VALUES FROM (0) TO (3);
CREATE TABLE note (event int REFERENCES event);
CREATE TRIGGER each_event AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION seen();
-- to
CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TABLE event (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (id);
CREATE TABLE event_1_a (id int PRIMARY KEY);
CREATE TABLE note ();
CREATE TRIGGER each_event AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION seen();
ALTER TABLE event_1 DISABLE TRIGGER each_event;
-- pair a partition goes to another table and has a new column there
-- from
CREATE TABLE event (kind text NOT NULL, id int, PRIMARY KEY (kind)) PARTITION BY LIST (kind);
CREATE TABLE event_old PARTITION OF event FOR VALUES IN ('old');
CREATE TABLE past (kind text, note int) PARTITION BY LIST (kind);
-- to
CREATE TABLE event (kind text NOT NULL, id int, PRIMARY KEY (kind)) PARTITION BY LIST (kind);
CREATE TABLE past (kind text, note int) PARTITION BY LIST (kind);
CREATE TABLE event_old PARTITION OF past FOR VALUES IN ('old');
-- pair an inherited column has an identity of its own
-- from
CREATE TABLE base (id int NOT NULL, note text);
CREATE TABLE kept (own int) INHERITS (base);
-- to
CREATE TABLE base (id int NOT NULL, note text);
CREATE TABLE kept (own int) INHERITS (base);
ALTER TABLE kept ALTER id ADD GENERATED ALWAYS AS IDENTITY;
CREATE TABLE new (own int) INHERITS (base);
ALTER TABLE new ALTER id ADD GENERATED BY DEFAULT AS IDENTITY;
-- pair rows within rows are compared
-- from
CREATE TABLE trip (a int, b int, c int, d int, CHECK ((a = 1 AND b = 2) AND c = 3), CHECK (a <> 1 OR b <> 2 OR d <> 4));
CREATE VIEW other AS SELECT a FROM trip WHERE (a IS DISTINCT FROM 1) OR (b IS DISTINCT FROM 2) OR ((c IS DISTINCT FROM 3) OR (d IS DISTINCT FROM 4));
-- to
CREATE TABLE trip (a int, b int, c int, d int, CHECK (((a, b), c) = ((1, 2), 3)), CHECK (((a, b), d) <> ((1, 2), 4)));
CREATE VIEW other AS SELECT a FROM trip WHERE ((a, b), (c, d)) IS DISTINCT FROM ((1, 2), (3, 4));
-- pair a whole takes its numbers from a sequence that a part of it owns
-- from
CREATE TABLE job (id bigint NOT NULL, part int NOT NULL, PRIMARY KEY (id));
-- to
CREATE SEQUENCE job_id_seq;
CREATE TABLE jobs (id bigint NOT NULL DEFAULT nextval('job_id_seq'), part int NOT NULL) PARTITION BY LIST (part);
CREATE TABLE job (id bigint NOT NULL DEFAULT nextval('job_id_seq'), part int NOT NULL);
ALTER TABLE jobs ATTACH PARTITION job FOR VALUES IN (1);
CREATE TABLE job_2 PARTITION OF jobs FOR VALUES IN (2);
ALTER TABLE jobs ADD PRIMARY KEY (id, part);
ALTER SEQUENCE job_id_seq OWNED BY job.id;
-- pair a part of a part leaves while a check of the whole gets another name
-- from
CREATE TABLE log (id int, n int, CONSTRAINT filled CHECK (n > 0)) PARTITION BY RANGE (id);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (1) TO (10) PARTITION BY RANGE (id);
CREATE TABLE log_rest PARTITION OF log_1 DEFAULT;
-- to
CREATE TABLE log (id int, n int, CONSTRAINT above_zero CHECK (n > 0)) PARTITION BY RANGE (id);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (1) TO (10) PARTITION BY RANGE (id);
CREATE TABLE log_rest (id int, n int, CONSTRAINT above_zero CHECK (n > 0));
-- pair a right on a column outlives that on its table
-- from
CREATE TABLE crate (weight int, colour text); CREATE VIEW light AS SELECT * FROM crate;
GRANT SELECT, UPDATE (weight) ON crate TO pg_monitor WITH GRANT OPTION;
GRANT SELECT (weight, colour), UPDATE (colour) ON crate TO pg_read_all_settings WITH GRANT OPTION; GRANT SELECT, UPDATE ON crate TO pg_read_all_settings;
GRANT SELECT (weight), SELECT ON light TO PUBLIC;
-- to
CREATE TABLE crate (weight int, colour text); CREATE VIEW light AS SELECT * FROM crate;
GRANT SELECT ON crate TO pg_monitor WITH GRANT OPTION; GRANT UPDATE (weight) ON crate TO pg_monitor;
GRANT SELECT (weight, colour), UPDATE (colour) ON crate TO pg_read_all_settings WITH GRANT OPTION;
GRANT SELECT (weight) ON light TO PUBLIC;
-- pair filtered wholes leave a publication before it publishes by leaf
-- from
CREATE TABLE reading (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE reading_1 PARTITION OF reading FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE PUBLICATION feed FOR TABLE reading WHERE (id > 0) WITH (publish_via_partition_root);
CREATE PUBLICATION part_feed FOR TABLE reading_1 WHERE (id > 1);
-- to
CREATE TABLE reading (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE reading_1 PARTITION OF reading FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE PUBLICATION feed FOR TABLE reading_1;
CREATE PUBLICATION part_feed FOR TABLE reading (id, at), reading_1 WHERE (id > 1) WITH (publish_via_partition_root);
-- pair an inheriting table becomes a partition
-- from
CREATE TABLE visit (id int NOT NULL, at date NOT NULL);
CREATE TABLE visit_old (CONSTRAINT until CHECK (at < '2020-01-01')) INHERITS (visit);
CREATE FUNCTION route() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO visit_old VALUES (NEW.*); RETURN NULL; END';
CREATE TRIGGER route BEFORE INSERT ON visit FOR EACH ROW WHEN (NEW.at < '2020-01-01') EXECUTE FUNCTION route();
INSERT INTO visit VALUES (1, '2019-01-01'), (2, '2021-01-01');
-- to
CREATE TABLE visit (id int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE visit_new PARTITION OF visit DEFAULT;
-- pair a partition inherits, and what inherited is a partition
-- from
CREATE TABLE wide (id int NOT NULL, at date NOT NULL); CREATE INDEX wide_at ON wide (at);
CREATE TABLE cut (id int NOT NULL, at date NOT NULL, CONSTRAINT plus CHECK (id > 0)) PARTITION BY RANGE (at);
CREATE INDEX cut_at ON cut (at);
CREATE TABLE one PARTITION OF cut FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE two () INHERITS (wide);
-- to
CREATE TABLE wide (id int NOT NULL, at date NOT NULL); CREATE INDEX wide_at ON wide (at);
CREATE TABLE cut (id int NOT NULL, at date NOT NULL, CONSTRAINT plus CHECK (id > 0)) PARTITION BY RANGE (at);
CREATE INDEX cut_at ON cut (at);
CREATE TABLE one () INHERITS (wide);
CREATE TABLE two PARTITION OF cut FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
-- pair a function that types hold gets other words
-- from
CREATE FUNCTION plain(a text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT lower(a)$$; COMMENT ON FUNCTION plain IS 'first';
CREATE FUNCTION apart(a float8, b float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$SELECT a - b$$;
CREATE DOMAIN word AS text DEFAULT plain('NONE') CONSTRAINT short CHECK (length(VALUE) < 9);
CREATE TYPE span AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = apart);
CREATE TABLE noted (id int PRIMARY KEY, w word, s span, p text DEFAULT plain('P'));
INSERT INTO noted VALUES (1, 'a', '[1,2)'), (2, NULL, 'empty');
CREATE INDEX ON noted (plain(p)); CREATE VIEW said AS SELECT plain(w) AS said, s FROM noted;
-- to
CREATE FUNCTION plain(b text) RETURNS varchar LANGUAGE sql IMMUTABLE AS $$SELECT upper(b)::varchar$$; COMMENT ON FUNCTION plain IS 'second';
CREATE FUNCTION apart(x float8, y float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$SELECT x - y$$;
CREATE DOMAIN word AS text DEFAULT plain('NONE') CONSTRAINT short CHECK (length(VALUE) < 9);
CREATE TYPE span AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = apart);
CREATE TABLE noted (id int PRIMARY KEY, w word, s span, p text DEFAULT plain('P'));
CREATE INDEX ON noted (plain(p)); CREATE VIEW said AS SELECT plain(w) AS said, s FROM noted;
-- pair identities of other types
-- from
CREATE TABLE ticket (id smallint GENERATED BY DEFAULT AS IDENTITY (MAXVALUE 30000) PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY,
	down int GENERATED ALWAYS AS IDENTITY (INCREMENT -1 MAXVALUE 5), note text);
INSERT INTO ticket (note) VALUES ('a'), ('b');
-- to
CREATE TABLE ticket (id bigint GENERATED BY DEFAULT AS IDENTITY (MAXVALUE 3000000000) PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY (MAXVALUE 2147483647),
	down bigint GENERATED ALWAYS AS IDENTITY (INCREMENT -1 MINVALUE -2147483648 MAXVALUE 5), note text);
-- pair extensions whose control file's comment is taken away
-- from
CREATE SCHEMA ext; CREATE EXTENSION xml2; COMMENT ON EXTENSION xml2 IS NULL;
-- to
CREATE SCHEMA ext; CREATE EXTENSION xml2 SCHEMA ext; COMMENT ON EXTENSION xml2 IS NULL; CREATE EXTENSION citext; COMMENT ON EXTENSION citext IS NULL;
