-- Migrations: read them, run them by script; where this database stands; look.

CREATE FUNCTION @extschema@.sf_steps(revision text DEFAULT 'head', direction text DEFAULT 'up',
	OUT n integer, OUT phase text, OUT class text, OUT transaction integer, OUT sql text, OUT object text, OUT lock text,
	OUT lock_table text, OUT rewrites boolean, OUT scans boolean, OUT loses_data boolean, OUT needs_rows_estimate bigint,
	OUT why text, OUT archive text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_steps';
COMMENT ON FUNCTION @extschema@.sf_steps(text, text) IS 'steps of a migration as rows';

CREATE FUNCTION @extschema@.sf_show(revision text DEFAULT 'head') RETURNS SETOF text
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_show';
COMMENT ON FUNCTION @extschema@.sf_show(text) IS 'a migration as people read it';

CREATE FUNCTION @extschema@.sf_script(revision text DEFAULT 'head', direction text DEFAULT 'up') RETURNS text
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_script';
COMMENT ON FUNCTION @extschema@.sf_script(text, text) IS 'a migration as a script for psql, to run here or in another database';

CREATE FUNCTION @extschema@.sf_export(revision text DEFAULT 'head') RETURNS text
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_export';
COMMENT ON FUNCTION @extschema@.sf_export(text) IS 'a migration as a file for version control';

CREATE FUNCTION @extschema@.sf_import(file text) RETURNS text
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_import';
COMMENT ON FUNCTION @extschema@.sf_import(text) IS 'record an exported migration, unless its content is not what its revision says';

-- What scripts call.

CREATE FUNCTION @extschema@.sf_check_start(revision text, direction text DEFAULT 'up') RETURNS text
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_check_start';
COMMENT ON FUNCTION @extschema@.sf_check_start(text, text) IS
	'raise, with the objects that differ, when the schema is not the one that the migration starts from';

CREATE FUNCTION @extschema@.sf_check_end(revision text, direction text DEFAULT 'up') RETURNS boolean
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_check_end';
COMMENT ON FUNCTION @extschema@.sf_check_end(text, text) IS
	'warn, with the objects that differ, when the schema is not the one that the migration leads to';

CREATE FUNCTION @extschema@.sf_pending(revision text, n integer, direction text DEFAULT 'up') RETURNS boolean
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_pending';
COMMENT ON FUNCTION @extschema@.sf_pending(text, integer, text) IS 'is transaction n of a migration still to be run?';

CREATE FUNCTION @extschema@.sf_leftovers(revision text, n integer, direction text DEFAULT 'up') RETURNS SETOF text
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_leftovers';
COMMENT ON FUNCTION @extschema@.sf_leftovers(text, integer, text) IS
	'statements that clear away what a failed attempt at transaction n left';

CREATE FUNCTION @extschema@.sf_run_step(revision text, n integer, direction text DEFAULT 'up') RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_run_step';
COMMENT ON FUNCTION @extschema@.sf_run_step(text, integer, text) IS
	'run step n of a migration, which has a secret in it that the script does not show';

CREATE FUNCTION @extschema@.sf_mark(revision text, n integer, direction text DEFAULT 'up') RETURNS text
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_mark';
COMMENT ON FUNCTION @extschema@.sf_mark(text, integer, text) IS
	'transaction n of a migration is done: called last in that transaction';

CREATE PROCEDURE @extschema@.sf_run_transaction(revision text, n integer, direction text DEFAULT 'up')
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_run_transaction';
COMMENT ON PROCEDURE @extschema@.sf_run_transaction(text, integer, text) IS
	'run transaction n of a migration, the next one, in the server: batches and gates, which a script cannot';

-- Where this database stands.

CREATE FUNCTION @extschema@.sf_current(OUT revision text, OUT message text, OUT applied_at timestamptz, OUT applied_by text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_current';
COMMENT ON FUNCTION @extschema@.sf_current() IS 'the migration that this database stands at; no row: base';

CREATE FUNCTION @extschema@.sf_heads(OUT revision text, OUT message text, OUT applied_at timestamptz, OUT applied_by text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_heads';
COMMENT ON FUNCTION @extschema@.sf_heads() IS 'the newest migrations, applied or not';

CREATE FUNCTION @extschema@.sf_history(superseded boolean DEFAULT false,
	OUT tree text, OUT revision text, OUT message text, OUT state text, OUT at timestamptz)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_history';
COMMENT ON FUNCTION @extschema@.sf_history(boolean) IS
	'the migrations as a tree, newest first: * current, o applied, ~ half done, . planned, x superseded';

CREATE FUNCTION @extschema@.sf_stamp(revision text, force boolean DEFAULT false) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_stamp';
COMMENT ON FUNCTION @extschema@.sf_stamp(text, boolean) IS 'say that this database stands at a revision, or at base, without running anything';

CREATE FUNCTION @extschema@.sf_adopt_restored(system_identifier bigint DEFAULT NULL, database_oid oid DEFAULT NULL,
	OUT "table" text, OUT rows bigint)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_adopt_restored';
COMMENT ON FUNCTION @extschema@.sf_adopt_restored(bigint, oid) IS
	'a restored copy becomes a database of its own: the model and history that came with it are its';

-- Look.

CREATE FUNCTION @extschema@.sf_diff(OUT kind text, OUT object text, OUT change text, OUT detail text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_diff';
COMMENT ON FUNCTION @extschema@.sf_diff() IS 'what would have to change for the live schema to equal the model';

CREATE FUNCTION @extschema@.sf_facts(object text DEFAULT NULL,
	OUT kind text, OUT name text, OUT attribute text, OUT value text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_facts';
COMMENT ON FUNCTION @extschema@.sf_facts(text) IS 'what is known of the live schema, or of one object and what is in it';

CREATE FUNCTION @extschema@.sf_doctor(OUT problem text, OUT detail text, OUT remedy text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_doctor';
COMMENT ON FUNCTION @extschema@.sf_doctor() IS 'what is wrong, and the call that mends it';

CREATE FUNCTION @extschema@.sf_drop_scratches("all" boolean DEFAULT false) RETURNS integer
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_drop_scratches';
COMMENT ON FUNCTION @extschema@.sf_drop_scratches(boolean) IS
	'drop scratch databases that nobody will use again; all: this database''s kept ones, too';

REVOKE ALL ON FUNCTION @extschema@.sf_import(text),
	@extschema@.sf_run_step(text, integer, text), @extschema@.sf_mark(text, integer, text), @extschema@.sf_stamp(text, boolean),
	@extschema@.sf_adopt_restored(bigint, oid), @extschema@.sf_drop_scratches(boolean) FROM PUBLIC;
REVOKE ALL ON PROCEDURE @extschema@.sf_run_transaction(text, integer, text) FROM PUBLIC;

CREATE VIEW @extschema@.sf_capabilities AS
SELECT c.capability, CASE WHEN c.works THEN 'on' WHEN c.works IS NULL THEN 'unknown' ELSE 'off' END AS state, c.how
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
		(SELECT pg_catalog.bool_or(s.setting OPERATOR(pg_catalog.~) '\mschemaflow\M') FROM pg_catalog.pg_settings s
			WHERE s.name OPERATOR(pg_catalog.=) ANY ('{shared_preload_libraries,session_preload_libraries}')),
		'shared_preload_libraries = ''schemaflow''; restart. The guard sees more then.'),
	('guard',
		(SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) 4 FROM pg_catalog.pg_event_trigger e
			WHERE e.evtname OPERATOR(pg_catalog.~~) 'schemaflow\_guard\_%' AND e.evtenabled OPERATOR(pg_catalog.<>) 'D'),
		'SELECT sf_guard_install(), by a superuser; schemaflow.guard says what it does.')
	) AS c(capability, works, how);
COMMENT ON VIEW @extschema@.sf_capabilities IS 'what is on, and how to get the rest';
GRANT SELECT ON @extschema@.sf_capabilities TO PUBLIC;

-- A publication FOR ALL TABLES has just begun to publish our tables, which subscribers do not have.
DO $$
DECLARE
	names pg_catalog.text;
BEGIN
	SELECT pg_catalog.string_agg(pg_catalog.quote_ident(pubname), ', ' ORDER BY pubname) INTO names
	FROM pg_catalog.pg_publication
	WHERE puballtables;
	IF names IS NOT NULL THEN
		RAISE WARNING 'publication % is FOR ALL TABLES and now publishes the tables of schemaflow', names
			USING DETAIL = 'Subscribers that do not have these tables stop with an error.',
				HINT = 'Publish the schemas of the application instead: CREATE PUBLICATION ... FOR TABLES IN SCHEMA ...; '
					'or CREATE EXTENSION schemaflow on the subscribers first.';
	END IF;
END
$$;
