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
