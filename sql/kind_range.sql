-- Range types with their multirange; a swap keeps the values.
SET client_min_messages = warning;
SET check_function_bodies = off;
CREATE EXTENSION schemaflow;
-- Steps are run one by one here, without the runner, who makes the schema of archives.
SET schemaflow.archive = never;

-- Create
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE FUNCTION s.diff(int, int) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT ($1 - $2)::float8';
	CREATE TYPE s.span AS RANGE (SUBTYPE = int);
	CREATE TYPE s.textrange AS RANGE (SUBTYPE = text, COLLATION = "C", SUBTYPE_OPCLASS = text_pattern_ops, MULTIRANGE_TYPE_NAME = s.texts);
	CREATE TABLE s.t (id int PRIMARY KEY, r s.span, rs s.span[], m s.span_multirange, x s.texts);
	COMMENT ON TYPE s.span IS 'from to';
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('create', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

INSERT INTO s.t VALUES (1, '[1,5)', '{"[2,3)"}', '{[1,2),[3,4)}', '{[a,b)}');

-- Alter: the multirange is renamed, the range swapped
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE FUNCTION s.diff(int, int) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT ($1 - $2)::float8';
	CREATE TYPE s.span AS RANGE (SUBTYPE = int, SUBTYPE_DIFF = s.diff);
	CREATE TYPE s.textrange AS RANGE (SUBTYPE = text, COLLATION = "C", SUBTYPE_OPCLASS = text_pattern_ops);
	CREATE TABLE s.t (id int PRIMARY KEY, r s.span, rs s.span[], m s.span_multirange, x s.textmultirange);
	COMMENT ON TYPE s.span IS 'from to';
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('alter', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

TABLE s.t;

-- Drop
SELECT count(*) > 0 AS changed FROM sf_define($model$CREATE SCHEMA s;$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('drop', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();
DROP SCHEMA s;
DROP EXTENSION schemaflow;
