-- Partitions and inheritance: what a child copies comes and goes with its original; attaching and detaching keeps the rows.
SET client_min_messages = warning;
CREATE EXTENSION schemaflow;
-- Steps are run one by one here, without the runner, who makes the schema of archives.
SET schemaflow.archive = never;

-- Create
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE TABLE r (id int PRIMARY KEY);
	CREATE TABLE p (a int NOT NULL, b text DEFAULT 'b', n int, r int REFERENCES r, PRIMARY KEY (a), CONSTRAINT n CHECK (n > 0))
		PARTITION BY RANGE (a);
	CREATE INDEX ON p (b);
	CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
	CREATE TABLE p2 PARTITION OF p (b DEFAULT 'two', n NOT NULL) FOR VALUES FROM (10) TO (20) PARTITION BY HASH (a);
	CREATE TABLE p2_0 PARTITION OF p2 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
	CREATE TABLE alone (a int NOT NULL, b text DEFAULT 'b', n int, r int, CONSTRAINT named PRIMARY KEY (a), CONSTRAINT n CHECK (n > 0));
	CREATE INDEX alone_b ON alone (b);
	CREATE TABLE base (x int, y text CHECK (y <> ''));
	CREATE TABLE child (z int) INHERITS (base);
	COMMENT ON COLUMN p1.b IS 'of the first';
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('create', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

INSERT INTO p (a, n) VALUES (1, 1), (11, 1);
INSERT INTO alone (a, n) VALUES (21, 1);
INSERT INTO child VALUES (1, 'y', 2);

-- Alter: attach with names of its own, detach, bounds, types, checks, parents
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE TABLE r (id int PRIMARY KEY);
	CREATE TABLE p (a int NOT NULL, b text DEFAULT 'c', n bigint, r int REFERENCES r, m int DEFAULT 7, PRIMARY KEY (a), CONSTRAINT n CHECK (n > 0))
		PARTITION BY RANGE (a);
	CREATE INDEX ON p (b);
	CREATE TABLE p1 (a int CONSTRAINT p_a_not_null NOT NULL PRIMARY KEY, b text DEFAULT 'b', n int, r int REFERENCES r, CONSTRAINT n CHECK (n > 0));
	CREATE INDEX ON p1 (b);
	CREATE TABLE p2 PARTITION OF p (b DEFAULT 'two', n NOT NULL) FOR VALUES FROM (5) TO (20) PARTITION BY HASH (a);
	CREATE TABLE p2_0 PARTITION OF p2 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
	CREATE TABLE alone (a int NOT NULL, b text DEFAULT 'b', n bigint, r int, m int, CONSTRAINT named PRIMARY KEY (a), CONSTRAINT n CHECK (n > 0));
	CREATE INDEX alone_b ON alone (b);
	ALTER TABLE p ATTACH PARTITION alone FOR VALUES FROM (20) TO (30);
	CREATE TABLE base (x int);
	CREATE TABLE other (z int);
	CREATE TABLE child (z int, y text) INHERITS (base, other);
	COMMENT ON COLUMN p1.b IS 'of the first';
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('alter', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n;
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();
SELECT tableoid::regclass, * FROM p ORDER BY a;
TABLE p1;
TABLE child;
SELECT inhrelid::regclass, inhparent::regclass FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE relnamespace = 'public'::regnamespace ORDER BY 1, 2;

-- What goes with a whole that is made anew is told.
CREATE TABLE divided (a int) PARTITION BY RANGE (a);
CREATE TABLE divided_1 PARTITION OF divided FOR VALUES FROM (0) TO (10);
SELECT count(*) > 0 AS changed FROM sf_define('part', 'CREATE TABLE divided (a int) PARTITION BY RANGE (a);
	CREATE TABLE divided_2 PARTITION OF divided FOR VALUES FROM (0) TO (5); CREATE TABLE divided_3 PARTITION OF divided FOR VALUES FROM (5) TO (10)');
SELECT line FROM sf_plan_migration('divide') line WHERE line ~ '  (does|up) ';
SELECT count(*) > 0 AS changed FROM sf_undefine('part', allow_shrink => true);
DROP TABLE divided;

-- Drop
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE TABLE alone (a int NOT NULL, b text DEFAULT 'b', n bigint, r int, m int, CONSTRAINT named PRIMARY KEY (a), CONSTRAINT n CHECK (n > 0));
	CREATE TABLE child (x int, z int, y text);
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('drop', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();
TABLE alone;
TABLE child;
DROP TABLE alone, child;
DROP EXTENSION schemaflow;
