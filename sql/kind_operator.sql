-- Operators with their shells, operator classes and families, casts.
SET client_min_messages = warning;
SET check_function_bodies = off;
CREATE EXTENSION schemaflow;

-- Create
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE FUNCTION s.cmp(int, int) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
	CREATE FUNCTION s.len(point) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
	CREATE OPERATOR s.=== (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(s.===), NEGATOR = OPERATOR(s.!==),
		RESTRICT = eqsel, HASHES, MERGES);
	CREATE OPERATOR s.!== (FUNCTION = int4ne, LEFTARG = int, RIGHTARG = int, NEGATOR = OPERATOR(s.===));
	CREATE OPERATOR s.<<< (FUNCTION = int4lt, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(s.>>>));
	CREATE OPERATOR s.@@@ (FUNCTION = int4abs, RIGHTARG = int);
	CREATE OPERATOR CLASS s.ops FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 s.===, OPERATOR 4 >=, OPERATOR 5 >,
		FUNCTION 1 s.cmp(int, int);
	CREATE OPERATOR FAMILY s.fam USING btree;
	ALTER OPERATOR FAMILY s.fam USING btree ADD OPERATOR 1 < (int8, int2), FUNCTION 1 (int8, int2) btint82cmp(int8, int2);
	CREATE TABLE s.t (a int);
	CREATE INDEX t_a ON s.t (a s.ops);
	CREATE CAST (point AS int) WITH FUNCTION s.len(point) AS ASSIGNMENT;
	COMMENT ON OPERATOR s.@@@ (NONE, int) IS 'absolute';
	COMMENT ON OPERATOR CLASS s.ops USING btree IS 'ours';
	COMMENT ON CAST (point AS int) IS 'odd';
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('create', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Alter
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE FUNCTION s.cmp(int, int) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
	CREATE FUNCTION s.len(point) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
	CREATE OPERATOR s.=== (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(s.===), NEGATOR = OPERATOR(s.!==),
		RESTRICT = neqsel, JOIN = eqjoinsel, HASHES, MERGES);
	CREATE OPERATOR s.!== (FUNCTION = int4ne, LEFTARG = int, RIGHTARG = int, NEGATOR = OPERATOR(s.===));
	CREATE OPERATOR s.<<< (FUNCTION = int4lt, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(s.>>>));
	CREATE OPERATOR s.>>> (FUNCTION = int4gt, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(s.<<<));
	CREATE OPERATOR FAMILY s.ops USING btree;
	CREATE OPERATOR CLASS s.ops FOR TYPE int USING btree FAMILY s.ops AS OPERATOR 1 <, FUNCTION 1 s.cmp(int, int);
	CREATE OPERATOR FAMILY s.fam USING btree;
	ALTER OPERATOR FAMILY s.fam USING btree ADD OPERATOR 2 <= (int8, int2), FUNCTION 1 (int8, int2) btint82cmp(int8, int2);
	CREATE TABLE s.t (a int);
	CREATE INDEX t_a ON s.t (a);
	CREATE CAST (point AS int) WITH FUNCTION s.len(point) AS IMPLICIT;
	COMMENT ON CAST (point AS int) IS 'odd';
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('alter', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Drop
SELECT count(*) > 0 AS changed FROM sf_define($model$CREATE SCHEMA s;$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('drop', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();
DROP SCHEMA s;
DROP EXTENSION schemaflow;
