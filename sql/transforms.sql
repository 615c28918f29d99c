-- How a column's contents change: expressions beside the model's DDL, or by sf_transform().
SET client_min_messages = warning;
CREATE EXTENSION schemaflow;
\set VERBOSITY default
CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, age text, nick text);
INSERT INTO users VALUES (1, 'A@x', '5 years', NULL), (2, 'B@y', '7 years', 'bee');

-- a new column that is NOT NULL without a default, another type, NOT NULL on rows with NULL
SELECT * FROM sf_define($$
CREATE TABLE users (
	id int PRIMARY KEY,
	email text NOT NULL,
	-- @up split_part(age, ' ', 1)::int
	-- @down age || ' years'
	age int,
	nick text NOT NULL, -- @up 'nobody'
	login text NOT NULL -- @up lower(email)
)$$);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('fill');
SELECT n, transaction AS tx, sql FROM sf_steps() ORDER BY n;
SELECT n, transaction AS tx, sql FROM sf_steps(direction => 'down') ORDER BY n;

-- sf_transform() goes before the comment
SELECT sf_transform('public.users.login', up => $$'login of ' || email$$);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('fill again');
SELECT sql FROM sf_steps() WHERE sql LIKE 'UPDATE%' ORDER BY n;
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM users ORDER BY id;
SELECT * FROM sf_diff();

-- what is no expression over a row of a column is refused
SELECT sf_transform('users.login', up => '1');
SELECT sf_transform('public.users.login', up => '1) FROM x; SELECT (2');
SELECT sf_transform('public.users.login', down => '1) --');
SELECT sf_transform(NULL);
SELECT * FROM sf_define('other', $$
-- @up 1
CREATE TABLE others (id int)$$);


DROP EXTENSION schemaflow;
DROP TABLE users;
