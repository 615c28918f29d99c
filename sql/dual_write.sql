-- The trigger that keeps old and new columns in step, by itself: both directions, the session's word, what is refused.
SET client_min_messages = warning;
CREATE EXTENSION schemaflow;

CREATE TABLE account (id int PRIMARY KEY, cents int, note text, balance numeric(12, 2));
CREATE TRIGGER "~schemaflow" BEFORE INSERT OR UPDATE ON account FOR EACH ROW
	EXECUTE FUNCTION schemaflow.sf_dual_write('0123456789ab', 'pg_catalog', 'up', 'balance', 'cents / 100.0',
	'down', 'cents', '(balance * 100)::int');
ALTER TABLE account ENABLE ALWAYS TRIGGER "~schemaflow";

-- Insert: who does not know the new column, who knows only it, both alike, both different.
INSERT INTO account (id, cents) VALUES (1, 150), (2, NULL);
INSERT INTO account (id, balance) VALUES (3, 2.5);
INSERT INTO account (id, cents, balance) VALUES (4, 400, 4), (5, 1, 5);
SELECT * FROM account ORDER BY id;

-- Update: what has changed counts; nothing of both, nothing happens.
UPDATE account SET cents = 151 WHERE id = 1;
UPDATE account SET balance = 7.77 WHERE id = 2;
UPDATE account SET note = 'x' WHERE id = 3;
UPDATE account SET cents = 500, balance = 5.00 WHERE id = 4;
UPDATE account SET balance = NULL WHERE id = 5;
SELECT * FROM account ORDER BY id;

-- Both, to values that do not agree: the session's word; without it, an error.
UPDATE account SET cents = 1, balance = 2 WHERE id = 1;
SET schemaflow.version = '0123456789ab';
UPDATE account SET cents = 1, balance = 2 WHERE id = 1;
SET schemaflow.version = 'another';
SET schemaflow.version = 'abcdef012345';
SELECT version, said_by FROM sf_sessions;
UPDATE account SET cents = 3, balance = 4 WHERE id = 2;
SELECT * FROM account WHERE id < 3 ORDER BY id;
-- An explicit NULL counts when the session is the new version; the old column's default does not.
ALTER TABLE account ALTER cents SET DEFAULT 99;
SET schemaflow.version = '0123456789ab';
INSERT INTO account (id, balance) VALUES (6, NULL), (7, 1);
RESET schemaflow.version;
INSERT INTO account (id) VALUES (8);
SELECT * FROM account WHERE id > 5 ORDER BY id;
ALTER TABLE account ALTER cents DROP DEFAULT;

-- COPY, ON CONFLICT, RETURNING, a replica's session.
COPY account (id, cents) FROM stdin;
10	1000
\.
INSERT INTO account (id, balance) VALUES (10, 11) ON CONFLICT (id) DO UPDATE SET balance = excluded.balance RETURNING *;
SET session_replication_role = replica;
UPDATE account SET cents = 1200 WHERE id = 10 RETURNING *;
RESET session_replication_role;

-- The value that the other triggers leave counts: ours comes last.
CREATE FUNCTION double() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.cents := new.cents * 2; RETURN new; END';
CREATE TRIGGER zz BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION double();
UPDATE account SET cents = 10 WHERE id = 10 RETURNING *;
DROP TRIGGER zz ON account;

-- An expression that calls a function follows its change, and that of the table.
CREATE FUNCTION rate() RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 2.0';
CREATE TABLE price (id int, net numeric, gross numeric);
CREATE TRIGGER "~schemaflow" BEFORE INSERT OR UPDATE ON price FOR EACH ROW
	EXECUTE FUNCTION schemaflow.sf_dual_write('0123456789ab', 'public', 'up', 'gross', 'net * rate()');
INSERT INTO price VALUES (1, 10) RETURNING *;
CREATE OR REPLACE FUNCTION rate() RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 3.0';
INSERT INTO price VALUES (2, 10) RETURNING *;
ALTER TABLE price DROP COLUMN id, ADD COLUMN id int;
INSERT INTO price (net) VALUES (20) RETURNING *;
-- A function that writes the table itself.
CREATE OR REPLACE FUNCTION rate() RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() < 3 THEN
		INSERT INTO price (net) VALUES (1);
	END IF;
	RETURN 4.0;
END $$;
INSERT INTO price (net) VALUES (5);
SELECT net, gross FROM price ORDER BY net, gross;

-- An error names the migration and the expression; the next row is as if nothing had been.
CREATE OR REPLACE FUNCTION rate() RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 5.0';
CREATE TABLE ratio (part numeric, share int);
CREATE TRIGGER "~schemaflow" BEFORE INSERT OR UPDATE ON ratio FOR EACH ROW
	EXECUTE FUNCTION schemaflow.sf_dual_write('0123456789ab', 'public', 'up', 'share', '100 / part');
INSERT INTO ratio (part) VALUES (0);
INSERT INTO ratio (part) VALUES (4) RETURNING *;

-- The right to run a function is the writer's, in each session of a role anew.
CREATE ROLE sf_dual_writer;
REVOKE EXECUTE ON FUNCTION rate() FROM PUBLIC;
GRANT SELECT, INSERT ON price TO sf_dual_writer;
INSERT INTO price (net) VALUES (6) RETURNING *;
SET ROLE sf_dual_writer;
INSERT INTO price (net) VALUES (7);
RESET ROLE;
INSERT INTO price (net) VALUES (8) RETURNING *;

-- Partitions have other column numbers.
CREATE TABLE event (id int, at date, day text) PARTITION BY RANGE (at);
CREATE TABLE event_old (junk int, day text, at date, id int);
ALTER TABLE event_old DROP COLUMN junk;
ALTER TABLE event ATTACH PARTITION event_old FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE event_new PARTITION OF event FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
CREATE TRIGGER "~schemaflow" BEFORE INSERT OR UPDATE ON event FOR EACH ROW
	EXECUTE FUNCTION schemaflow.sf_dual_write('0123456789ab', 'pg_catalog', 'up', 'day', $$to_char(at, 'YYYY/MM/DD')$$);
INSERT INTO event (id, at) VALUES (1, '2025-12-31'), (2, '2026-01-01') RETURNING *;

-- Values of fixed length are written over those that are there: by value and not, behind NULLs and other lengths, for an
-- earlier trigger's row and its RETURNING, a transition table, a partition, a view; a row that others see is left alone.
CREATE TABLE fixed (id int PRIMARY KEY, n int, gap text, key text, wide bigint, uid uuid, span interval, yes boolean)
	PARTITION BY RANGE (id);
CREATE TABLE fixed_1 PARTITION OF fixed FOR VALUES FROM (0) TO (100);
CREATE TABLE fixed_2 PARTITION OF fixed FOR VALUES FROM (100) TO (200);
CREATE TRIGGER "~schemaflow" BEFORE INSERT OR UPDATE ON fixed FOR EACH ROW
	EXECUTE FUNCTION schemaflow.sf_dual_write('0123456789ab', 'pg_catalog', 'up', 'wide', 'n',
	'up', 'uid', 'lpad(key, 32, ''0'')::uuid', 'up', 'span', 'make_interval(days => n)', 'up', 'yes', 'n > 5');
CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE INFO '%', (SELECT string_agg(o::text || ' -> ' || r::text, '; ' ORDER BY r.id) FROM was o JOIN now r USING (id));
	RETURN NULL;
END $$;
CREATE TRIGGER seen AFTER UPDATE ON fixed REFERENCING OLD TABLE AS was NEW TABLE AS now
	FOR EACH STATEMENT EXECUTE FUNCTION seen();
INSERT INTO fixed (id, n, gap, key) VALUES (1, 1, NULL, 'a'), (2, 2, 'gap', 'b'), (3, NULL, 'x', NULL) RETURNING *;
UPDATE fixed SET n = n + 10, key = key || '1' WHERE id < 3 RETURNING *;
UPDATE fixed SET n = 3, key = 'c', gap = NULL WHERE id = 3 RETURNING id, wide, uid, span, yes;
UPDATE fixed SET n = NULL WHERE id = 2 RETURNING wide, uid, span, yes;
UPDATE fixed SET id = id + 100, n = 7 WHERE id = 1 RETURNING tableoid::regclass, *;
CREATE VIEW fixed_seen AS SELECT id, n, wide FROM fixed;
UPDATE fixed_seen SET n = 8 WHERE id = 101 RETURNING *;
CREATE FUNCTION twice() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.n := new.n * 2; RETURN new; END';
CREATE TRIGGER zz BEFORE UPDATE ON fixed FOR EACH ROW EXECUTE FUNCTION twice();
UPDATE fixed SET n = 9 WHERE id = 101 RETURNING n, wide, span;
BEGIN;
UPDATE fixed SET n = 50 WHERE id = 101;
ROLLBACK;
SELECT * FROM fixed ORDER BY id;

-- What an expression may not be.
CREATE TABLE bad (a int, b int, c int GENERATED ALWAYS AS (a + 1) STORED);
CREATE FUNCTION try_dual(expression text, col text DEFAULT 'b') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER t BEFORE INSERT ON bad FOR EACH ROW EXECUTE FUNCTION
		schemaflow.sf_dual_write(''0123456789ab'', ''pg_catalog'', ''up'', %L, %L)', col, expression);
	INSERT INTO bad (a) VALUES (1);
END $$;
\set VERBOSITY terse
SELECT try_dual('nothing');
SELECT try_dual('a, a');
SELECT try_dual('(SELECT 1)');
SELECT try_dual('count(a)');
SELECT try_dual('c');
SELECT try_dual('length(bad::text)');
SELECT try_dual('ARRAY[a]');
SELECT try_dual('a', 'x');
SELECT try_dual('a) FROM pg_class; --');
\set VERBOSITY default
CREATE TRIGGER t AFTER INSERT ON bad FOR EACH ROW EXECUTE FUNCTION schemaflow.sf_dual_write('0123456789ab', 'pg_catalog');
INSERT INTO bad VALUES (1);
DROP TRIGGER t ON bad;
CREATE TRIGGER t BEFORE INSERT ON bad FOR EACH ROW EXECUTE FUNCTION schemaflow.sf_dual_write('0123456789ab');
INSERT INTO bad VALUES (1);

DROP TABLE account, price, ratio, event, fixed, bad CASCADE;
DROP FUNCTION double, rate, seen, twice, try_dual;
DROP ROLE sf_dual_writer;
DROP EXTENSION schemaflow;
