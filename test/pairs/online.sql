-- Pairs as habits.sql has them, which t/061_pairs_online.pl runs as if all tables were big, too: what takes an order of its own then.
-- pair a partition comes while a column of its whole gets another type
-- from
CREATE TABLE ev (id int NOT NULL, a int, at int) PARTITION BY RANGE (at);
CREATE TABLE ev_1 PARTITION OF ev FOR VALUES FROM (0) TO (10);
INSERT INTO ev VALUES (1, 1, 1), (2, 2, 2);
-- to
CREATE TABLE ev (id int NOT NULL, a bigint, at int) PARTITION BY RANGE (at);
CREATE TABLE ev_1 PARTITION OF ev FOR VALUES FROM (0) TO (10);
CREATE TABLE ev_2 PARTITION OF ev FOR VALUES FROM (10) TO (20);
-- pair event triggers hear of nothing behind the gate
-- from
CREATE TABLE gone (a int);
INSERT INTO gone VALUES (1);
CREATE VIEW seen AS SELECT a FROM gone;
CREATE TABLE t (id int PRIMARY KEY, old text);
INSERT INTO t VALUES (1, 'x');
-- to
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not here'; END $$;
CREATE TABLE t (id int PRIMARY KEY);
CREATE EVENT TRIGGER drops ON sql_drop EXECUTE FUNCTION refuse();
CREATE EVENT TRIGGER ends ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION refuse();
COMMENT ON EVENT TRIGGER drops IS 'c';
-- pair a type and a table change names
-- from
CREATE TYPE status AS ENUM ('on', 'off');
CREATE TABLE job (id int PRIMARY KEY, s status DEFAULT 'on');
INSERT INTO job VALUES (1, 'off');
-- to
CREATE TABLE status (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE job (id int PRIMARY KEY, s text DEFAULT 'on', status_id int REFERENCES status);
