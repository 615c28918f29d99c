-- Pairs as habits.sql has them: keys, indexes and statistics, what they stand on, and what stands on them.
-- pair a statistics object leaves a schema that goes
-- from
CREATE SCHEMA s;
CREATE TABLE t (a bigint, b text);
CREATE STATISTICS s.s1 (ndistinct, mcv) ON a, b FROM t;
-- to
CREATE TABLE t (a int, b text);
CREATE STATISTICS s1 (ndistinct) ON a, b FROM t;
