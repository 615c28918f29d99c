-- Collations and conversions: all attributes make a new one.
SET client_min_messages = warning;
SET check_function_bodies = off;
CREATE EXTENSION schemaflow;
-- Steps are run one by one here, without the runner, who makes the schema of archives.
SET schemaflow.archive = never;

-- Create
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE COLLATION s.libc (PROVIDER = libc, LOCALE = 'C');
	CREATE COLLATION s.two (PROVIDER = libc, LC_COLLATE = 'C', LC_CTYPE = 'POSIX');
	CREATE COLLATION s.copy FROM "C";
	CREATE COLLATION s.nocase (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);
	CREATE TABLE s.t (a text COLLATE s.nocase UNIQUE, b text COLLATE s.copy, c text COLLATE s.nocase);
	CREATE CONVERSION s.conv FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
	COMMENT ON COLLATION s.nocase IS 'a = A';
	COMMENT ON CONVERSION s.conv IS 'west';
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('create', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

INSERT INTO s.t VALUES ('x', 'y', 'z');

-- Alter
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE COLLATION s.libc (PROVIDER = libc, LOCALE = 'POSIX');
	CREATE COLLATION s.two (PROVIDER = libc, LC_COLLATE = 'POSIX', LC_CTYPE = 'C');
	CREATE COLLATION s.copy (PROVIDER = libc, LOCALE = 'C');
	CREATE COLLATION s.nocase (PROVIDER = icu, LOCALE = 'und-u-ks-level1', DETERMINISTIC = false);
	CREATE TABLE s.t (a text COLLATE s.nocase UNIQUE, b text COLLATE s.copy, c text);
	CREATE DEFAULT CONVERSION s.conv FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
	COMMENT ON COLLATION s.nocase IS 'a = A = ä';
	COMMENT ON CONVERSION s.conv IS 'west';
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

-- Beside the server's own, as pg_import_system_collations() adds them: no fact, and the scratch database has it, too
CREATE COLLATION pg_catalog.sf_local (PROVIDER = icu, LOCALE = 'de', DETERMINISTIC = false);
CREATE TABLE t (a text);
SELECT count(*) > 0 AS changed FROM sf_define('CREATE TABLE t (a text COLLATE sf_local)', true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('local');
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();
DROP TABLE t;
DROP COLLATION pg_catalog.sf_local;
DROP EXTENSION schemaflow;
