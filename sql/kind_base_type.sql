-- Base types: through a shell, and dropped with their functions; shells.
SET client_min_messages = warning;
SET check_function_bodies = off;
CREATE EXTENSION schemaflow;

-- Create
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE TYPE s.shell;
	CREATE TYPE s.num;
	CREATE FUNCTION s.num_in(cstring) RETURNS s.num LANGUAGE internal IMMUTABLE STRICT AS 'textin';
	CREATE FUNCTION s.num_out(s.num) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
	CREATE FUNCTION s.num_recv(internal) RETURNS s.num LANGUAGE internal STABLE STRICT AS 'textrecv';
	CREATE TYPE s.num (INPUT = s.num_in, OUTPUT = s.num_out, CATEGORY = 'S', DELIMITER = ';', DEFAULT = 'x''y', COLLATABLE = true);
	CREATE FUNCTION s.use(s.num) RETURNS s.num[] LANGUAGE sql AS 'SELECT ARRAY[$1]';
	COMMENT ON TYPE s.num IS 'a text in disguise';
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('create', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Alter in place
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE TYPE s.shell;
	CREATE TYPE s.num;
	CREATE FUNCTION s.num_in(cstring) RETURNS s.num LANGUAGE internal IMMUTABLE STRICT AS 'textin';
	CREATE FUNCTION s.num_out(s.num) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
	CREATE FUNCTION s.num_recv(internal) RETURNS s.num LANGUAGE internal STABLE STRICT AS 'textrecv';
	CREATE TYPE s.num (INPUT = s.num_in, OUTPUT = s.num_out, RECEIVE = s.num_recv, TYPMOD_IN = varchartypmodin, TYPMOD_OUT = varchartypmodout,
		STORAGE = extended, CATEGORY = 'S', DELIMITER = ';', DEFAULT = 'x''y', COLLATABLE = true);
	CREATE FUNCTION s.use(s.num) RETURNS s.num[] LANGUAGE sql AS 'SELECT ARRAY[$1]';
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('alter in place', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Replaced together with its input and output functions, under a table's column
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE TYPE s.num;
	CREATE FUNCTION s.num_in(cstring) RETURNS s.num LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
	CREATE FUNCTION s.num_out(s.num) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
	CREATE TYPE s.num (INPUT = s.num_in, OUTPUT = s.num_out, LIKE = int4);
	CREATE TABLE s.t (id int PRIMARY KEY, n s.num);
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('replace', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE TYPE s.num;
	CREATE FUNCTION s.num_in(cstring) RETURNS s.num LANGUAGE internal IMMUTABLE STRICT AS 'int8in';
	CREATE FUNCTION s.num_out(s.num) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int8out';
	CREATE TYPE s.num (INPUT = s.num_in, OUTPUT = s.num_out, LIKE = int8, CATEGORY = 'N');
	CREATE TABLE s.t (id int PRIMARY KEY, n s.num);
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('replace with its functions', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Drop
SELECT count(*) > 0 AS changed FROM sf_define($model$CREATE SCHEMA s;$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('drop', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();
DROP SCHEMA s;
DROP EXTENSION schemaflow;
