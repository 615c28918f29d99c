-- Privileges: grant options, default privileges, what new objects get of them, members of extensions.
SET client_min_messages = warning;
CREATE ROLE regress_sf_reader;
CREATE ROLE regress_sf_writer;
CREATE EXTENSION schemaflow;
CREATE EXTENSION hstore;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT ON TABLES TO regress_sf_reader;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- Create under default privileges that the model does not want
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE EXTENSION hstore;
	CREATE TABLE t (a int, b int);
	CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
	GRANT SELECT ON t TO regress_sf_reader;
	GRANT UPDATE ON t TO regress_sf_writer WITH GRANT OPTION;
	GRANT INSERT (b) ON t TO PUBLIC;
	ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT UPDATE ON TABLES TO regress_sf_reader WITH GRANT OPTION;
	REVOKE EXECUTE ON FUNCTION akeys(hstore) FROM PUBLIC;
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('create', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n;
BEGIN;
SELECT sql FROM sf_steps() ORDER BY n \gexec
COMMIT;
SELECT * FROM sf_diff();
SELECT a FROM pg_class, unnest(relacl) a WHERE oid = 't'::regclass AND a::text !~ '^postgres=' ORDER BY a::text;
SELECT proacl FROM pg_proc WHERE oid = 'f()'::regprocedure;

-- Nothing of it
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE EXTENSION hstore;
	CREATE TABLE t (a int, b int);
	CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('drop', allow_shrink => true);
BEGIN;
SELECT sql FROM sf_steps() ORDER BY n \gexec
COMMIT;
SELECT * FROM sf_diff();
SELECT a FROM pg_class, unnest(relacl) a WHERE oid = 't'::regclass AND a::text !~ '^postgres=' ORDER BY a::text;
SELECT defaclrole::regrole, defaclobjtype, defaclacl FROM pg_default_acl ORDER BY 2;

DROP TABLE t;
DROP FUNCTION f();
DROP EXTENSION hstore;
DROP EXTENSION schemaflow;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
DROP OWNED BY regress_sf_reader, regress_sf_writer;
DROP ROLE regress_sf_reader, regress_sf_writer;
