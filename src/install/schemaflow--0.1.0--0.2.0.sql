-- What ALTER EXTENSION UPDATE does to a database of 0.1.0.  The parts beside this file make a new one; t/002_update.pl
-- compares the two ways, object by object.
\echo Use "ALTER EXTENSION schemaflow UPDATE" to load this file. \quit

COMMENT ON COLUMN schemaflow.journal.how IS 'mark: done; abort: undone; stamp: by sf_stamp(); implied: a later migration was applied';

CREATE OR REPLACE VIEW @extschema@.sf_capabilities AS
SELECT c.capability, CASE WHEN c.works THEN 'on' ELSE 'off' END AS state, c.how
FROM (
	VALUES
	('record and plan',
		NOT pg_catalog.pg_is_in_recovery(),
		'On the primary only: a standby cannot write.'),
	('background workers',
		pg_catalog.current_setting('max_worker_processes')::pg_catalog.int4 OPERATOR(pg_catalog.>) 0,
		'max_worker_processes of at least 1 beyond what others use; restart.'),
	('run by the server',
		NOT pg_catalog.pg_is_in_recovery()
			AND pg_catalog.current_setting('max_worker_processes')::pg_catalog.int4 OPERATOR(pg_catalog.>) 0,
		'CALL sf_upgrade(), outside of a transaction block.'),
	('run by script',
		true,
		'psql -XAtc "SELECT sf_script()" | psql -Xq'),
	('hooks in every session',
		pg_catalog.current_setting('shared_preload_libraries') OPERATOR(pg_catalog.~) '\mschemaflow\M',
		'shared_preload_libraries = ''schemaflow''; restart. Nothing needs them yet.')
	) AS c(capability, works, how);

CREATE FUNCTION @extschema@.sf_dual_write() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_dual_write';
COMMENT ON FUNCTION @extschema@.sf_dual_write() IS
	'keeps old and new columns in step; arguments: revision, search_path, then "up" or "down", column, expression for each';
