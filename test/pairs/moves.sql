-- Pairs as habits.sql has them: schemas get other names, and things go from one to another.
-- pair tables are made anew in a schema that gets another name
-- from
CREATE SCHEMA a;
CREATE TABLE a.p (k int, d date, PRIMARY KEY (k, d)) PARTITION BY LIST (k);
CREATE TABLE a.p1 PARTITION OF a.p DEFAULT;
INSERT INTO a.p VALUES (1, '2020-01-01'), (2, '2020-01-02');
CREATE TABLE a.q (k int, d date);
CREATE VIEW a.v AS SELECT k FROM a.p;
-- to
-- @renamed from=a
CREATE SCHEMA b;
CREATE TABLE b.p (k int, d date, PRIMARY KEY (k, d)) PARTITION BY RANGE (d);
CREATE TABLE b.p1 PARTITION OF b.p DEFAULT;
-- @renamed from=a.q
CREATE TABLE b.q2 (k int, d date) PARTITION BY HASH (k);
CREATE TABLE b.q20 PARTITION OF b.q2 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE VIEW b.v AS SELECT k FROM b.p;
-- pair what was in a schema that goes is elsewhere
-- from
CREATE SCHEMA a;
CREATE TABLE a.p (k int, d date);
CREATE TABLE a.q (k int, d date);
CREATE TYPE a.e AS ENUM ('x');
CREATE FUNCTION a.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- to
CREATE SCHEMA b;
-- @renamed from=a.p
CREATE TABLE b.p2 (k bigint, d date);
-- @renamed from=a.q
CREATE TABLE b.q (k int, d date) PARTITION BY RANGE (d);
CREATE TABLE b.q1 PARTITION OF b.q DEFAULT;
-- @renamed from=a.e
CREATE TYPE b.e AS ENUM ('x', 'y');
-- @renamed from=a.f
CREATE FUNCTION b.g() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- pair things go from one schema to another while these get other names
-- from
CREATE SCHEMA a;
CREATE SCHEMA gone;
CREATE TABLE a.p (k int, d date);
CREATE TABLE a.z (k int);
CREATE VIEW gone.w AS SELECT * FROM a.p;
CREATE VIEW a.v AS SELECT * FROM a.p;
CREATE FUNCTION gone.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- to
CREATE SCHEMA b;
-- @renamed from=a
CREATE SCHEMA c;
CREATE TABLE c.z (k bigint);
-- @renamed from=a.p
CREATE TABLE b.q (k int, d timestamp);
-- @renamed from=gone.w
CREATE VIEW c.ww AS SELECT * FROM b.q;
CREATE VIEW c.v AS SELECT * FROM b.q;
-- @renamed from=gone.f
CREATE FUNCTION c.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- pair a type of typed tables and what it is made of get other names
-- from
CREATE TYPE ct AS (a int, b text);
CREATE TABLE t OF ct (PRIMARY KEY (a));
CREATE FUNCTION f() RETURNS SETOF ct LANGUAGE sql AS 'SELECT * FROM t';
-- to
-- @renamed from=ct
CREATE TYPE ct2 AS (a int, bb text, -- @renamed from=b
c date);
CREATE TABLE t OF ct2 (PRIMARY KEY (a));
CREATE FUNCTION f() RETURNS SETOF ct2 LANGUAGE sql AS 'SELECT * FROM t';
-- pair schemas exchange their names while types in them are made anew
-- from
CREATE SCHEMA a;
CREATE SCHEMA b;
CREATE TABLE a.t (x int);
CREATE TABLE b.t (y text);
CREATE TYPE a.e AS ENUM ('1');
CREATE TABLE a.u (e a.e);
CREATE VIEW b.v AS SELECT * FROM a.t;
-- to
-- @renamed from=b
CREATE SCHEMA a;
-- @renamed from=a
CREATE SCHEMA b;
CREATE TABLE b.t (x bigint);
CREATE TABLE a.t (y text);
CREATE TYPE b.e AS ENUM ('1', '3');
CREATE TABLE b.u (e b.e);
CREATE VIEW a.v AS SELECT * FROM b.t;
-- pair a table gets another name and another one has its old one, below a view
-- from
CREATE TABLE users (id int PRIMARY KEY, mail text);
CREATE VIEW v AS SELECT mail FROM users;
-- to
-- @renamed from=users
CREATE TABLE accounts (id int PRIMARY KEY, mail text);
CREATE TABLE users (id int PRIMARY KEY, account bigint);
CREATE VIEW v AS SELECT a.mail FROM accounts a JOIN users u ON u.account = a.id;
-- pair a whole and a part get other names while an index of theirs is made anew
-- from
CREATE SCHEMA a;
CREATE SCHEMA p;
CREATE TABLE a.m (k int, d date, v int, PRIMARY KEY (k, d)) PARTITION BY RANGE (d);
CREATE TABLE p.m1 PARTITION OF a.m FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE INDEX mv ON a.m (v);
-- to
CREATE SCHEMA a;
CREATE SCHEMA p;
CREATE SCHEMA c;
-- @renamed from=a.m
CREATE TABLE c.mm (k bigint, d date, v bigint, PRIMARY KEY (k, d)) PARTITION BY RANGE (d);
CREATE TABLE p.m_old PARTITION OF c.mm FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE INDEX mv ON c.mm (v, k);
