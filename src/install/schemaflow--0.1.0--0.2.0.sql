-- What ALTER EXTENSION UPDATE does to a database of 0.1.0.  The parts beside this file make a new one; t/002_update.pl
-- compares the two ways, object by object.
\echo Use "ALTER EXTENSION schemaflow UPDATE" to load this file. \quit

ALTER TABLE schemaflow.start ADD COLUMN addresses text;
COMMENT ON COLUMN schemaflow.start.addresses IS 'the facts'' OIDs, behind the database that these are of: what was renamed is known by them';
COMMENT ON COLUMN schemaflow.journal.how IS 'mark: done; abort: undone; stamp: by sf_stamp(); implied: a later migration was applied';

ALTER TABLE schemaflow.rename_hint ADD COLUMN object text;
COMMENT ON COLUMN schemaflow.rename_hint.object IS
	'where the model has the old name as well: address of the live object that had it when the hint was given; or empty';

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

-- What the tokens that stand for secrets in texts and facts mean (facts/secrets.h).  Nobody but the owner may look, and no
-- dump takes them along.

CREATE TABLE schemaflow.secret_key (
	key text NOT NULL
);
COMMENT ON TABLE schemaflow.secret_key IS 'what tokens are made with, so that they give nothing away';
INSERT INTO schemaflow.secret_key
	SELECT pg_catalog.string_agg(pg_catalog.gen_random_uuid()::pg_catalog.text, '') FROM pg_catalog.generate_series(1, 3);

CREATE TABLE schemaflow.secret (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	place text NOT NULL,
	token text NOT NULL,
	value text NOT NULL,
	recorded_at timestamptz NOT NULL,
	PRIMARY KEY (system_identifier, database_oid, place, token)
);
COMMENT ON TABLE schemaflow.secret IS 'passwords and connection strings that steps may need: only the owner of the extension reads it';
COMMENT ON COLUMN schemaflow.secret.place IS 'where it stands: object and option';
COMMENT ON COLUMN schemaflow.secret.token IS 'what stands for it in texts and facts';

CREATE FUNCTION @extschema@.sf_run_step(revision text, n integer, direction text DEFAULT 'up') RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_run_step';
COMMENT ON FUNCTION @extschema@.sf_run_step(text, integer, text) IS
	'run step n of a migration, which has a secret in it that the script does not show';

REVOKE ALL ON FUNCTION @extschema@.sf_run_step(text, integer, text) FROM PUBLIC;

-- What a step archives.
ALTER TABLE schemaflow.step ADD COLUMN archive text;
COMMENT ON COLUMN schemaflow.step.archive IS 'relation of schemaflow_archive that the step fills or gives back';
DROP FUNCTION @extschema@.sf_steps(text, text);
CREATE FUNCTION @extschema@.sf_steps(revision text DEFAULT 'head', direction text DEFAULT 'up',
	OUT n integer, OUT phase text, OUT class text, OUT transaction integer, OUT sql text, OUT object text, OUT lock text,
	OUT lock_table text, OUT rewrites boolean, OUT scans boolean, OUT loses_data boolean, OUT needs_rows_estimate bigint,
	OUT why text, OUT archive text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_steps';
COMMENT ON FUNCTION @extschema@.sf_steps(text, text) IS 'steps of a migration as rows';

CREATE TABLE schemaflow.purge (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	archive text NOT NULL,
	purged_at timestamptz NOT NULL,
	purged_by text NOT NULL,
	PRIMARY KEY (system_identifier, database_oid, archive)
);
COMMENT ON TABLE schemaflow.purge IS 'relations of schemaflow_archive that sf_purge() has emptied';
GRANT SELECT ON schemaflow.purge TO PUBLIC;
-- As for the history: a restore by the database's owner brings the rows, and they are not trusted.
GRANT INSERT ON schemaflow.purge TO pg_database_owner;
SELECT pg_catalog.pg_extension_config_dump('schemaflow.purge', '');

-- What steps call stands in the schema of the tables: a step has the same text wherever the extension is.

CREATE FUNCTION schemaflow.sf_archive_keep() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_archive_keep';
COMMENT ON FUNCTION schemaflow.sf_archive_keep() IS 'the trigger that sf_archive_follow() makes';

CREATE FUNCTION schemaflow.sf_archive_follow("table" regclass, archive regclass, key name[]) RETURNS void
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'sf_archive_follow';
COMMENT ON FUNCTION schemaflow.sf_archive_follow(regclass, regclass, name[]) IS
	'from now on archived values follow the rows that they belong to: their keys, their end';

CREATE FUNCTION @extschema@.sf_purge(older_than interval) RETURNS integer
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_purge';
COMMENT ON FUNCTION @extschema@.sf_purge(interval) IS
	'erase what has been in the archive for longer; returns how many relations were emptied';
REVOKE ALL ON FUNCTION @extschema@.sf_purge(interval) FROM PUBLIC;

CREATE VIEW @extschema@.sf_archive AS
SELECT s.object AS what, s.archive, s.revision,
	CASE WHEN c.reltuples OPERATOR(pg_catalog.>=) 0 THEN c.reltuples::pg_catalog.int8
		ELSE pg_catalog.pg_stat_get_live_tuples(c.oid) END AS rows,
	pg_catalog.pg_total_relation_size(c.oid) AS bytes, j.since, p.purged_at
FROM schemaflow.step s
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(s.archive)
CROSS JOIN LATERAL (SELECT pg_catalog.max(e.done_at) AS since FROM schemaflow.journal e
	WHERE e.trusted AND e.system_identifier OPERATOR(pg_catalog.=) s.system_identifier
		AND e.database_oid OPERATOR(pg_catalog.=) s.database_oid AND e.revision OPERATOR(pg_catalog.=) s.revision
		AND e.direction OPERATOR(pg_catalog.=) s.direction
		AND e.transaction OPERATOR(pg_catalog.=) s.transaction) j
LEFT JOIN schemaflow.purge p ON p.trusted AND p.system_identifier OPERATOR(pg_catalog.=) s.system_identifier
	AND p.database_oid OPERATOR(pg_catalog.=) s.database_oid AND p.archive OPERATOR(pg_catalog.=) s.archive
WHERE s.trusted AND s.direction OPERATOR(pg_catalog.=) 'up' AND s.database_oid OPERATOR(pg_catalog.=)
		(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
	AND s.system_identifier OPERATOR(pg_catalog.=) (SELECT i.system_identifier FROM pg_catalog.pg_control_system() i);
COMMENT ON VIEW @extschema@.sf_archive IS
	'what migrations have put aside for their way back; rows: as the statistics estimate them';
GRANT SELECT ON @extschema@.sf_archive TO PUBLIC;
