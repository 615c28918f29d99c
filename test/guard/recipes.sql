-- What the recipes of rules.txt are run on.  sf_trace() does not write tables of more than schemaflow.online_rows rows.
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent SELECT generate_series(1, 1000);
CREATE SCHEMA s;
CREATE DOMAIN s.positive AS int CHECK (VALUE > 0);
CREATE DOMAIN s.rolled AS float8 DEFAULT random();
CREATE DOMAIN s.tossed AS float8 DEFAULT random() CHECK (VALUE >= 0);
CREATE TABLE s."Users" (id int NOT NULL, a int, b text, c varchar(20) DEFAULT 'c' NOT NULL, d int, e varchar(5),
	CONSTRAINT d_positive CHECK (d > 0), CONSTRAINT e_short CHECK (e IS NOT NULL));
INSERT INTO s."Users" SELECT n, n, 'b' || n, 'c' || n, n, 'e' FROM generate_series(1, 1000) n;
CREATE INDEX users_d ON s."Users" (d);
CREATE TABLE parted (id int NOT NULL, k int NOT NULL) PARTITION BY RANGE (k);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
INSERT INTO parted SELECT n, n % 10 FROM generate_series(1, 1000) n;
CREATE TABLE near (id int NOT NULL, k int);
INSERT INTO near SELECT n, 15 FROM generate_series(1, 1000) n;
ALTER TABLE near ALTER k SET NOT NULL;
CREATE TABLE listed (k int) PARTITION BY LIST (k);
CREATE TABLE listed_rest PARTITION OF listed DEFAULT;
INSERT INTO listed SELECT 7 FROM generate_series(1, 1000);
CREATE TABLE listed_1 (k int);
CREATE DOMAIN s.plain AS int;
CREATE TABLE domained (p s.plain);
INSERT INTO domained SELECT generate_series(1, 1000);
CREATE MATERIALIZED VIEW mv AS SELECT id FROM parent;
CREATE UNIQUE INDEX ON mv (id);
CREATE TABLE keyless (id int, b text);
INSERT INTO keyless SELECT generate_series(1, 1000);
CREATE INDEX keyless_gin ON keyless USING gin (to_tsvector('simple', b));
CREATE UNIQUE INDEX keyless_id ON keyless (id);
CREATE TABLE referencing (id int REFERENCES parent);
INSERT INTO referencing SELECT generate_series(1, 1000);
CREATE TYPE s.mood AS ENUM ('sad', 'happy');
CREATE VIEW s.seen AS SELECT id FROM parent;
ANALYZE;
SELECT sf_guard_install();
-- It fails, and leaves an INVALID index.
SET lock_timeout = 0;
CREATE UNIQUE INDEX CONCURRENTLY broken ON near (k);
