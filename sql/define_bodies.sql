-- Bodies of routines that do not work are recorded, and said.
CREATE DATABASE sf_bodies;
\c sf_bodies
CREATE EXTENSION schemaflow;

-- The line is the one that the language points at, else the declaration's.  Nothing is wrong with what is declared
-- behind, or with names that only the text's own search_path finds; a routine's own search_path is all that it has.
SELECT * FROM sf_define($x$
CREATE FUNCTION early() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t';
CREATE TABLE t (a int);
CREATE FUNCTION missing_table(x int) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*)
	FROM nowhere
$$;
CREATE FUNCTION other_type() RETURNS int LANGUAGE sql AS $$ SELECT 'x'::text $$;
CREATE FUNCTION syntax() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	-- é
	IF NEW.a > 1 THAN RETURN NEW; END IF;
END$$;
CREATE SCHEMA s;
SET search_path = s;
CREATE TABLE u (a int);
CREATE FUNCTION by_path() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM u';
CREATE FUNCTION by_own_path() RETURNS bigint LANGUAGE sql SET search_path = public AS 'SELECT count(*) FROM u';
DO $$ BEGIN EXECUTE 'CREATE PROCEDURE inside() LANGUAGE plpgsql AS ''DECLARE x missing; BEGIN END'''; END $$;
CREATE FUNCTION mended() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM nowhere';
CREATE OR REPLACE FUNCTION mended() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM u';
CREATE FUNCTION dropped() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM nowhere';
DROP FUNCTION dropped();
CREATE AGGREGATE sum_of(int) (SFUNC = int4pl, STYPE = int);
$x$);

-- Only what is being recorded is said, and planning says nothing again.
SELECT * FROM sf_define('two', $$CREATE FUNCTION of_two() RETURNS bigint LANGUAGE sql AS 'SELECT nothing()'$$);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('all');

-- Who does not want to hear it says so as for CREATE FUNCTION.
SET check_function_bodies = off;
SELECT * FROM sf_define('two', $$CREATE FUNCTION of_two() RETURNS bigint LANGUAGE sql AS 'SELECT nobody()'$$);
RESET check_function_bodies;

-- Each is checked as its unit's owner, whose rights are not the body's fault.
CREATE ROLE sf_bodies_role;
GRANT CREATE ON DATABASE sf_bodies TO sf_bodies_role;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO sf_bodies_role;
SET ROLE sf_bodies_role;
SELECT * FROM sf_define('four', $x$
CREATE SCHEMA four;
CREATE FUNCTION four.not_mine() RETURNS int LANGUAGE sql AS $$ SELECT nothing() $$;
REVOKE ALL ON FUNCTION four.not_mine() FROM PUBLIC, sf_bodies_role;
CREATE FUNCTION four.mine() RETURNS int LANGUAGE sql AS $$ SELECT nothing() $$;
$x$);
RESET ROLE;
SELECT * FROM sf_undefine('four');

-- Extensions are as they are: the bodies of this one only work where its schema is in the search_path.
SELECT * FROM sf_define('ext', $$
CREATE SCHEMA ext; CREATE EXTENSION cube SCHEMA ext; CREATE EXTENSION earthdistance SCHEMA ext;
CREATE FUNCTION ext.far() RETURNS float8 LANGUAGE sql AS 'SELECT ext.earth_distance(a, a) FROM ext.a';
$$);

-- A text that needs commits (the value of an enum) is checked as well.
SELECT * FROM sf_define('three', $x$
CREATE SCHEMA three;
CREATE TYPE three.mood AS ENUM ('sad');
ALTER TYPE three.mood ADD VALUE 'glad';
CREATE TABLE three.moods (m three.mood DEFAULT 'glad');
CREATE FUNCTION three.moody() RETURNS three.mood LANGUAGE sql AS $$ SELECT 'glad'::three.mood $$;
CREATE FUNCTION three.broken() RETURNS three.mood LANGUAGE sql AS $$ SELECT 'bad'::three.mood $$;
$x$);

\c postgres
DROP DATABASE sf_bodies;
DROP ROLE sf_bodies_role;
