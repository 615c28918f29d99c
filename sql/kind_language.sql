-- What extends the server: languages, transforms, access methods.
SET client_min_messages = warning;
SET check_function_bodies = off;
CREATE EXTENSION schemaflow;

-- Create
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE LANGUAGE lang HANDLER plpgsql_call_handler;
	CREATE FUNCTION s.f() RETURNS int LANGUAGE lang AS 'BEGIN RETURN 1; END';
	CREATE TRANSFORM FOR int LANGUAGE lang (FROM SQL WITH FUNCTION prsd_lextype(internal));
	CREATE ACCESS METHOD meth TYPE INDEX HANDLER bthandler;
	CREATE ACCESS METHOD store TYPE TABLE HANDLER heap_tableam_handler;
	CREATE TABLE s.t (a int) USING store;
	COMMENT ON LANGUAGE lang IS 'second';
	COMMENT ON TRANSFORM FOR int LANGUAGE lang IS 'none';
	COMMENT ON ACCESS METHOD meth IS 'tree';
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('create', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Alter
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE TRUSTED LANGUAGE lang HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
	GRANT USAGE ON LANGUAGE lang TO PUBLIC;
	CREATE FUNCTION s.f() RETURNS int LANGUAGE lang AS 'BEGIN RETURN 1; END';
	CREATE TRANSFORM FOR int LANGUAGE lang (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
	CREATE ACCESS METHOD meth TYPE INDEX HANDLER hashhandler;
	CREATE ACCESS METHOD store TYPE TABLE HANDLER heap_tableam_handler;
	CREATE TABLE s.t (a int);
	COMMENT ON LANGUAGE lang IS 'second';
	COMMENT ON ACCESS METHOD meth IS 'hash';
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
DROP LANGUAGE lang CASCADE;
DROP ACCESS METHOD meth;
DROP ACCESS METHOD store;
DROP EXTENSION schemaflow;
