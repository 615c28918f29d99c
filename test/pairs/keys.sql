-- Pairs as habits.sql has them: keys, indexes and statistics, what they stand on, and what stands on them.
-- pair a statistics object leaves a schema that goes
-- from
CREATE SCHEMA s;
CREATE TABLE t (a bigint, b text);
CREATE STATISTICS s.s1 (ndistinct, mcv) ON a, b FROM t;
-- to
CREATE TABLE t (a int, b text);
CREATE STATISTICS s1 (ndistinct) ON a, b FROM t;
-- pair a column of a whole gets another name and another type below its indexes
-- from
CREATE TABLE m (id int, k text NOT NULL, d date NOT NULL, amt int, cid int, g int GENERATED ALWAYS AS (amt + 1) STORED, UNIQUE (id, k, d, amt)) PARTITION BY LIST (k);
CREATE TABLE m_a PARTITION OF m FOR VALUES IN ('1', '2') PARTITION BY RANGE (d);
CREATE TABLE m_a1 PARTITION OF m_a DEFAULT;
CREATE INDEX ix ON m (amt, cid);
-- to
CREATE TABLE m (id int, k text NOT NULL, d date NOT NULL,
total bigint, -- @renamed from=amt
cid bigint, g bigint GENERATED ALWAYS AS (total + 1) STORED, UNIQUE (id, k, d, total)) PARTITION BY LIST (k);
CREATE TABLE m_a PARTITION OF m FOR VALUES IN ('1', '2') PARTITION BY RANGE (d);
CREATE TABLE m_a1 PARTITION OF m_a DEFAULT;
CREATE INDEX ix ON m (total, cid);
-- pair what a part has of its own is a key of the whole
-- from
CREATE TABLE m (id int NOT NULL, d date NOT NULL, v int) PARTITION BY RANGE (d);
CREATE TABLE m_0 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY RANGE (d);
CREATE TABLE m_00 PARTITION OF m_0 DEFAULT;
CREATE TABLE m_d PARTITION OF m DEFAULT;
ALTER TABLE m_00 ADD CONSTRAINT own UNIQUE (id, d);
ALTER TABLE m_d ADD CONSTRAINT du UNIQUE (id, d), ADD CONSTRAINT du2 UNIQUE (d, id);
CREATE INDEX i1 ON m_d (v);
CREATE INDEX i2 ON m_d (v);
-- to
CREATE TABLE m (id int NOT NULL, d date NOT NULL, v int, PRIMARY KEY (id, d), UNIQUE (d, id)) PARTITION BY RANGE (d);
CREATE TABLE m_0 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY RANGE (d);
CREATE TABLE m_00 PARTITION OF m_0 DEFAULT;
CREATE TABLE m_d PARTITION OF m DEFAULT;
CREATE INDEX i ON m (v);
-- pair an index of a whole alone is whole, under another name
-- from
CREATE TABLE m (id int, v int) PARTITION BY LIST (id);
CREATE TABLE m_1 PARTITION OF m FOR VALUES IN (1);
CREATE TABLE m_2 PARTITION OF m FOR VALUES IN (2);
CREATE INDEX i2 ON ONLY m (v);
CREATE INDEX m2i ON m_2 (v);
ALTER INDEX i2 ATTACH PARTITION m2i;
ALTER TABLE ONLY m ADD CONSTRAINT u UNIQUE (id, v);
-- to
CREATE TABLE m (id int, v int) PARTITION BY LIST (id);
CREATE TABLE m_1 PARTITION OF m FOR VALUES IN (1);
CREATE TABLE m_2 PARTITION OF m FOR VALUES IN (2);
CREATE INDEX j2 ON m (v);
ALTER TABLE m ADD CONSTRAINT w UNIQUE (id, v);
-- pair a foreign key is proved on another key
-- from
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b int CONSTRAINT ub UNIQUE);
CREATE UNIQUE INDEX ua ON t (a);
CREATE TABLE f (x int, y int REFERENCES t (b));
ALTER TABLE f ADD FOREIGN KEY (x) REFERENCES t (a) NOT VALID;
-- to
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL CONSTRAINT ua UNIQUE, b int);
CREATE UNIQUE INDEX ub ON t (b);
CREATE TABLE f (x int REFERENCES t (a), y int REFERENCES t (b) DEFERRABLE);
