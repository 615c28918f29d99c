-- What ALTER EXTENSION UPDATE does to a database of 0.1.0.  The parts beside this file make a new one; t/002_update.pl
-- compares the two ways, object by object.
\echo Use "ALTER EXTENSION schemaflow UPDATE" to load this file. \quit

ALTER TABLE schemaflow.start ADD COLUMN addresses text;
COMMENT ON COLUMN schemaflow.start.addresses IS 'the facts'' OIDs, behind the database that these are of: what was renamed is known by them';
ALTER TABLE schemaflow.journal ADD COLUMN hash text;
COMMENT ON COLUMN schemaflow.journal.hash IS 'of the entry and of the hash before it: sf_doctor() finds what was changed; NULL: written by 0.1.0';
COMMENT ON COLUMN schemaflow.journal.how IS 'mark: done; begin: about to run what is no transaction; abort: undone; stamp: by sf_stamp(); implied: a later migration was applied';

ALTER TABLE schemaflow.rename_hint ADD COLUMN object text;
COMMENT ON COLUMN schemaflow.rename_hint.object IS
	'where the model has the old name as well: address of the live object that had it when the hint was given; or empty';

CREATE OR REPLACE VIEW @extschema@.sf_capabilities AS
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

CREATE FUNCTION schemaflow.sf_dual_write() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_dual_write';
COMMENT ON FUNCTION schemaflow.sf_dual_write() IS
	'keeps old and new columns in step; arguments: version, search_path, then "up" or "down", column, expression for each';

-- What the tokens that stand for secrets in texts and facts mean (facts/secrets.h).  Nobody but the owner may look, and no
-- dump takes them along.

CREATE TABLE schemaflow.secret_key (
	key text PRIMARY KEY
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

CREATE PROCEDURE @extschema@.sf_run_transaction(revision text, n integer, direction text DEFAULT 'up')
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_run_transaction';
COMMENT ON PROCEDURE @extschema@.sf_run_transaction(text, integer, text) IS
	'run transaction n of a migration, the next one, in the server: batches and gates, which a script cannot';
REVOKE ALL ON PROCEDURE @extschema@.sf_run_transaction(text, integer, text) FROM PUBLIC;

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

CREATE FUNCTION schemaflow.sf_archive_mirrored() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_archive_mirrored';
COMMENT ON FUNCTION schemaflow.sf_archive_mirrored() IS 'the trigger that sf_archive_mirror() makes';

CREATE FUNCTION schemaflow.sf_archive_mirror("table" regclass, archive regclass, key name[], "column" name, back boolean)
RETURNS void
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'sf_archive_mirror';
COMMENT ON FUNCTION schemaflow.sf_archive_mirror(regclass, regclass, name[], name, boolean) IS
	'while the column is there what is written into it is archived; back: rows that are written get their archived value';

CREATE FUNCTION schemaflow.sf_archive_complete("table" regclass, archive regclass, key name[], "column" name) RETURNS void
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'sf_archive_complete';
COMMENT ON FUNCTION schemaflow.sf_archive_complete(regclass, regclass, name[], name) IS
	'before the column goes: all its values are archived, also those of partitions that came later';

CREATE FUNCTION schemaflow.sf_archive_follows(archive regclass) RETURNS boolean
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
	-- Where places (-1) are the key, they are those in one file. What a subscription writes fires none.
	SELECT coalesce(bool_and(tgenabled <> 'D' AND coalesce(arg[array_position(arg, '-1') + 1] = relfilenode::text, true)
		AND NOT EXISTS (SELECT FROM pg_subscription_rel
			WHERE srrelid = tgrelid OR srrelid IN (SELECT relid FROM pg_partition_ancestors(tgrelid)))), false)
	FROM pg_depend d JOIN pg_trigger t ON t.oid = objid JOIN pg_class c ON c.oid = tgrelid,
		string_to_array(encode(tgargs, 'escape'), E'\\000') arg
	WHERE classid = 'pg_trigger'::regclass AND refclassid = 'pg_class'::regclass AND refobjid = archive AND deptype = 'a'
		AND tgfoid = 'schemaflow.sf_archive_keep()'::regprocedure
$$;
COMMENT ON FUNCTION schemaflow.sf_archive_follows(regclass) IS
	'have archived values followed the rows that they belong to all the time?';

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

CREATE TABLE schemaflow.backfill (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	revision text NOT NULL,
	direction text NOT NULL CHECK (direction IN ('up', 'down')),
	step integer NOT NULL,
	table_name text NOT NULL,
	file oid NOT NULL,
	blocks bigint NOT NULL,
	next_block bigint NOT NULL,
	skipped int8multirange NOT NULL,
	rows_done bigint NOT NULL,
	started_at timestamptz NOT NULL,
	changed_at timestamptz NOT NULL,
	wires text NOT NULL DEFAULT '',
	PRIMARY KEY (system_identifier, database_oid, revision, direction, step, table_name)
);
COMMENT ON TABLE schemaflow.backfill IS 'how far the backfills of the migration that runs have come, a table a row';
COMMENT ON COLUMN schemaflow.backfill.file IS 'the table''s relfilenode: in another one the blocks hold other rows';
COMMENT ON COLUMN schemaflow.backfill.blocks IS 'that the table had when the pass began';
COMMENT ON COLUMN schemaflow.backfill.skipped IS 'blocks with rows that others had locked: tried again at the end';
COMMENT ON COLUMN schemaflow.backfill.wires IS 'the dual-write triggers that the table had when the pass began';
GRANT SELECT ON schemaflow.backfill TO PUBLIC;
GRANT INSERT ON schemaflow.backfill TO pg_database_owner;
SELECT pg_catalog.pg_extension_config_dump('schemaflow.backfill', '');

CREATE OR REPLACE VIEW @extschema@.sf_progress AS
SELECT l.pid, r.revision, r.running AS direction,
	coalesce(pg_catalog.substring(a.application_name, ' ([0-9]+)/[0-9]+')::integer, r.step) AS step, r.steps, r.phase,
	a.query AS statement, a.wait_event_type, a.wait_event,
	pg_catalog.pg_blocking_pids(a.pid) AS waiting_for,
	coalesce(p.blocks_done, b.blocks_done) AS blocks_done, coalesce(p.blocks_total, b.blocks_total) AS blocks_total,
	a.state_change AS since, r.started_at, r.started_by,
	b.rows_done, (b.rows_done / nullif(b.seconds, 0))::bigint AS rows_per_second,
	pg_catalog.date_trunc('second', (b.blocks_total - b.blocks_done) * b.seconds / nullif(b.blocks_done, 0)
		* interval '1 s') AS remaining
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) l.database
	AND d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
LEFT JOIN schemaflow.run r ON r.trusted AND r.database_oid OPERATOR(pg_catalog.=) l.database
	AND r.system_identifier OPERATOR(pg_catalog.=) (SELECT c.system_identifier FROM pg_catalog.pg_control_system() c)
LEFT JOIN pg_catalog.pg_locks h ON h.locktype OPERATOR(pg_catalog.=) 'advisory' AND h.objsubid OPERATOR(pg_catalog.=) 24324
	AND h.granted AND h.database OPERATOR(pg_catalog.=) l.database
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) coalesce(h.pid, l.pid)
LEFT JOIN pg_catalog.pg_stat_progress_create_index p ON p.pid OPERATOR(pg_catalog.=) l.pid
LEFT JOIN LATERAL (
	SELECT sum(f.next_block)::bigint AS blocks_done, sum(f.blocks)::bigint AS blocks_total,
		sum(f.rows_done)::bigint AS rows_done,
		extract(epoch FROM max(f.changed_at) - min(f.started_at))::double precision AS seconds
	FROM schemaflow.backfill f
	WHERE f.trusted AND f.system_identifier OPERATOR(pg_catalog.=) r.system_identifier
		AND f.database_oid OPERATOR(pg_catalog.=) r.database_oid AND f.revision OPERATOR(pg_catalog.=) r.revision
		AND f.direction OPERATOR(pg_catalog.=) r.running AND f.step OPERATOR(pg_catalog.=) r.step) b ON true
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.objsubid OPERATOR(pg_catalog.=) 24322 AND l.granted;

-- Which schemas are those of versions: here, since the sessions' view reads it.
CREATE TABLE schemaflow.version_schema (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	schema_name text NOT NULL,
	version text NOT NULL,
	covers text NOT NULL,
	made_at timestamptz NOT NULL,
	made_by text NOT NULL,
	PRIMARY KEY (system_identifier, database_oid, schema_name)
);
COMMENT ON TABLE schemaflow.version_schema IS 'schemas that sf_version_schema() has made';
COMMENT ON COLUMN schemaflow.version_schema.covers IS 'the schema whose tables it shows';
GRANT SELECT ON schemaflow.version_schema TO PUBLIC;
-- As for the history: a restore by the database's owner brings the rows, and they are not trusted.
GRANT INSERT ON schemaflow.version_schema TO pg_database_owner;
SELECT pg_catalog.pg_extension_config_dump('schemaflow.version_schema', '');

CREATE VIEW schemaflow.session AS
SELECT l.pid,
	CASE WHEN l.classid OPERATOR(pg_catalog.=) 0 AND l.objid OPERATOR(pg_catalog.=) 0 THEN 'base'
		ELSE pg_catalog.lpad(pg_catalog.to_hex(l.classid::bigint), 8, '0')
			|| pg_catalog.lpad(pg_catalog.to_hex(l.objid::bigint), 4, '0') END AS version,
	a.usename, a.application_name, 'session' AS said_by, a.backend_start AS since
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) l.database
	AND d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.objsubid OPERATOR(pg_catalog.=) 24323 AND l.granted
	AND l.mode OPERATOR(pg_catalog.=) 'ShareLock'
UNION ALL
SELECT a.pid, v.version, a.usename, a.application_name, 'role', a.backend_start
FROM pg_catalog.pg_stat_activity a
CROSS JOIN LATERAL (
	SELECT w.version
	FROM pg_catalog.pg_db_role_setting s
	CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) c(setting)
	CROSS JOIN LATERAL (
		SELECT pg_catalog.substr(c.setting, 20) AS version, 1 AS rank
		WHERE c.setting OPERATOR(pg_catalog.~~) 'schemaflow.version=_%'
		UNION ALL
		SELECT x.version, 1 OPERATOR(pg_catalog.+) pg_catalog.strpos(c.setting, pg_catalog.quote_ident(x.schema_name))
		FROM schemaflow.version_schema x
		WHERE x.trusted AND x.database_oid OPERATOR(pg_catalog.=) a.datid
			AND x.system_identifier OPERATOR(pg_catalog.=)
				(SELECT i.system_identifier FROM pg_catalog.pg_control_system() i)
			AND c.setting OPERATOR(pg_catalog.~~) 'search_path=%'
			AND pg_catalog.strpos(pg_catalog.substr(c.setting, 12) || ',', pg_catalog.quote_ident(x.schema_name) || ',')
				OPERATOR(pg_catalog.>) 0) w
	WHERE s.setrole OPERATOR(pg_catalog.=) a.usesysid
		AND s.setdatabase OPERATOR(pg_catalog.=) ANY (ARRAY[0, a.datid]::pg_catalog.oid[])
	ORDER BY w.rank, s.setdatabase DESC LIMIT 1) v
WHERE a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
	AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid OPERATOR(pg_catalog.=) a.pid
		AND l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.objsubid OPERATOR(pg_catalog.=) 24323 AND l.granted
		AND l.mode OPERATOR(pg_catalog.=) 'ShareLock');
COMMENT ON VIEW schemaflow.session IS 'what sf_sessions shows; the gate of a migration reads it';

CREATE VIEW @extschema@.sf_sessions AS
SELECT s.pid, s.version, s.usename, s.application_name, s.said_by, s.since FROM schemaflow.session s;
COMMENT ON VIEW @extschema@.sf_sessions IS
	'sessions that say which version of the application they are: by schemaflow.version or a version''s schema, or their role''s';
GRANT SELECT ON schemaflow.session, @extschema@.sf_sessions TO PUBLIC;

CREATE FUNCTION @extschema@.sf_use(version text) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_use';
COMMENT ON FUNCTION @extschema@.sf_use(text) IS
	'this session is that version of the application (a revision, or base): sets schemaflow.version and shows it to others';

CREATE FUNCTION schemaflow.sf_gate(version text) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_gate';
COMMENT ON FUNCTION schemaflow.sf_gate(text) IS
	'raises while sessions of another version of the application are connected: a step of migrations';

CREATE FUNCTION schemaflow.sf_dual_check("table" regclass, trigger name) RETURNS void
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'sf_dual_check';
COMMENT ON FUNCTION schemaflow.sf_dual_check(regclass, name) IS
	'raises when an expression of a dual-write trigger does not fit the table, before the first row does: a step of migrations';

CREATE FUNCTION schemaflow.sf_generate("table" regclass, "column" name, expression text) RETURNS void
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'sf_generate';
COMMENT ON FUNCTION schemaflow.sf_generate(regclass, name, text) IS
	'makes a plain column a stored generated one, where a valid check proves that it has its values: a step of migrations';

CREATE FUNCTION schemaflow.sf_add_column("table" regclass, definition text) RETURNS void
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'sf_add_column';
COMMENT ON FUNCTION schemaflow.sf_add_column(regclass, text) IS
	'ADD COLUMN of a domain with constraints, which tries once the value that all rows have, and writes none: a step of migrations';

CREATE FUNCTION schemaflow.sf_turn(place tid, turns integer) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'sf_turn';
COMMENT ON FUNCTION schemaflow.sf_turn(tid, integer) IS
	'in which turn the backfill writes the row at this place: rows of a page take turns, so that it does not grow';

CREATE FUNCTION schemaflow.sf_rows_fit("table" text, keys text, fit text) RETURNS void
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'sf_rows_fit';
COMMENT ON FUNCTION schemaflow.sf_rows_fit(text, text, text) IS
	'raises when the table has rows that will fit no partition, before anything is done: a step of migrations';

CREATE FUNCTION schemaflow.sf_rows_pass("table" text, wanted text, condition text) RETURNS void
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'sf_rows_pass';
COMMENT ON FUNCTION schemaflow.sf_rows_pass(text, text, text) IS
	'raises when the table has rows that will break what is wanted of them, before anything is done: a step of migrations';

CREATE FUNCTION schemaflow.sf_no_rows("table" regclass, "column" name, model text DEFAULT '') RETURNS void
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'sf_no_rows';
COMMENT ON FUNCTION schemaflow.sf_no_rows(regclass, name, text) IS
	'raises when the table has rows, which will have no value for a column that needs one: a step of migrations';

CREATE PROCEDURE @extschema@.sf_contract(revision text DEFAULT NULL, force boolean DEFAULT false,
	allow text[] DEFAULT '{}', wait boolean DEFAULT true)
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_contract';
COMMENT ON PROCEDURE @extschema@.sf_contract(text, boolean, text[], boolean) IS
	'go on with the migration that is ready, now that the other version of the application is gone';
REVOKE ALL ON PROCEDURE @extschema@.sf_contract(text, boolean, text[], boolean) FROM PUBLIC;

-- Schemas of versions of the application: a view for each table, as that version knows it.

CREATE FUNCTION @extschema@.sf_version_schema(revision text, covers text DEFAULT 'public', name text DEFAULT NULL)
RETURNS text LANGUAGE c AS 'MODULE_PATHNAME', 'sf_version_schema';
COMMENT ON FUNCTION @extschema@.sf_version_schema(text, text, text) IS
	'make the schema of a version of the application, with a view for each table of the schema that it covers; its name';
REVOKE ALL ON FUNCTION @extschema@.sf_version_schema(text, text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.sf_aside(revision text, n integer, direction text DEFAULT 'up') RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_aside';
COMMENT ON FUNCTION @extschema@.sf_aside(text, integer, text) IS
	'the views of versions that are in the way of transaction n of a migration step aside; its mark brings them back';
REVOKE ALL ON FUNCTION @extschema@.sf_aside(text, integer, text) FROM PUBLIC;

-- A step of migrations, as their owner: it asks for his rights itself.
CREATE FUNCTION schemaflow.sf_version_make(version text, covers text) RETURNS text
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_version_make';
COMMENT ON FUNCTION schemaflow.sf_version_make(text, text) IS
	'sf_version_schema() as a step of migrations';

DROP PROCEDURE @extschema@.sf_abort(text[], boolean);
CREATE PROCEDURE @extschema@.sf_abort(allow text[] DEFAULT '{}', wait boolean DEFAULT true, force boolean DEFAULT false)
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_abort';
COMMENT ON PROCEDURE @extschema@.sf_abort(text[], boolean, boolean) IS
	'undo what was done of the migration that is half done';
REVOKE ALL ON PROCEDURE @extschema@.sf_abort(text[], boolean, boolean) FROM PUBLIC;
-- The guard's acting half: its function, made into event triggers by sf_guard_install(); the log of DDL.
-- The event triggers are no members of the extension: in a restore those would stand before the data comes.

CREATE TABLE schemaflow.ddl_log (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	logged_at timestamptz NOT NULL,
	pid integer NOT NULL,
	n integer NOT NULL,
	xid bigint,
	session_role text NOT NULL,
	role text NOT NULL,
	application text NOT NULL,
	client text,
	command text NOT NULL,
	object_type text,
	object text,
	statement text,
	definition_before text,
	definition_after text,
	outcome text NOT NULL,
	rules text[] NOT NULL,
	reason text,
	revision text,
	PRIMARY KEY (system_identifier, database_oid, logged_at, pid, n)
);
COMMENT ON TABLE schemaflow.ddl_log IS 'DDL that the guard has met, an object a row; only ever added to';
COMMENT ON COLUMN schemaflow.ddl_log.n IS 'number of the row within its process';
COMMENT ON COLUMN schemaflow.ddl_log.xid IS 'transaction; NULL: one that had not written anything and was refused';
COMMENT ON COLUMN schemaflow.ddl_log.statement IS 'as the client wrote it; of what runs within another statement, and of what may hold a password, less';
COMMENT ON COLUMN schemaflow.ddl_log.outcome IS 'allowed, warned, refused, broken glass (sf_allow), migration (a step of one), off (schemaflow.guard)';
COMMENT ON COLUMN schemaflow.ddl_log.rules IS 'that it broke';
COMMENT ON COLUMN schemaflow.ddl_log.reason IS 'given to sf_allow()';
COMMENT ON COLUMN schemaflow.ddl_log.revision IS 'migration that it was a step of, or that was half done';
CREATE INDEX ddl_log_object ON schemaflow.ddl_log (object);
COMMENT ON INDEX schemaflow.ddl_log_object IS 'what happened to an object';
GRANT SELECT ON schemaflow.ddl_log TO PUBLIC;
-- His restore brings the rows; they are not trusted (see sf_trusted).
GRANT INSERT ON schemaflow.ddl_log TO pg_database_owner;
SELECT pg_catalog.pg_extension_config_dump('schemaflow.ddl_log', '');

CREATE FUNCTION schemaflow.sf_guard() RETURNS event_trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_guard';
COMMENT ON FUNCTION schemaflow.sf_guard() IS 'the function of the guard''s event triggers';

CREATE FUNCTION @extschema@.sf_guard_install() RETURNS SETOF text
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_guard_install';
COMMENT ON FUNCTION @extschema@.sf_guard_install() IS
	'make the event triggers of the guard in this database; returns those that were made or enabled';

CREATE FUNCTION @extschema@.sf_guard_remove() RETURNS SETOF text
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_guard_remove';
COMMENT ON FUNCTION @extschema@.sf_guard_remove() IS 'drop the event triggers of the guard; returns those that were there';

CREATE TABLE schemaflow.guard_allowance (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	role text NOT NULL,
	reason text NOT NULL,
	until timestamptz NOT NULL,
	allowed_by text NOT NULL,
	PRIMARY KEY (system_identifier, database_oid, role)
);
COMMENT ON TABLE schemaflow.guard_allowance IS 'roles that may do for a while what the guard refuses; sf_allow() writes it';
GRANT SELECT ON schemaflow.guard_allowance TO PUBLIC;

CREATE FUNCTION @extschema@.sf_allow(reason text, duration interval DEFAULT '10 minutes', role text DEFAULT NULL)
RETURNS timestamptz
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_allow';
COMMENT ON FUNCTION @extschema@.sf_allow(text, interval, text) IS
	'break the glass: for a while this session, or a role, may do what the guard refuses; logged with the reason; zero ends it';

CREATE VIEW @extschema@.sf_ddl_log AS
SELECT l.logged_at, l.session_role, l.role, l.application, l.client, l.pid, l.xid, l.command, l.object_type, l.object,
	l.outcome, l.rules, l.revision, l.reason, l.statement, l.definition_before, l.definition_after, l.n
FROM schemaflow.ddl_log l
WHERE l.trusted AND l.database_oid OPERATOR(pg_catalog.=)
		(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
	AND l.system_identifier OPERATOR(pg_catalog.=) (SELECT c.system_identifier FROM pg_catalog.pg_control_system() c);
COMMENT ON VIEW @extschema@.sf_ddl_log IS 'who changed what in this database, when, and what the guard said';
GRANT SELECT ON @extschema@.sf_ddl_log TO PUBLIC;

CREATE FUNCTION @extschema@.sf_blame(object text,
	OUT at timestamptz, OUT who text, OUT command text, OUT outcome text, OUT change text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_blame';
COMMENT ON FUNCTION @extschema@.sf_blame(text) IS
	'who did what to an object, newest first: ''users'', ''public.users'', ''users.email''';

CREATE FUNCTION @extschema@.sf_ddl_log_purge(older_than interval) RETURNS bigint
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_ddl_log_purge';
COMMENT ON FUNCTION @extschema@.sf_ddl_log_purge(interval) IS
	'forget what was logged before; returns how many rows went';

REVOKE ALL ON FUNCTION @extschema@.sf_guard_install(), @extschema@.sf_guard_remove(), @extschema@.sf_allow(text, interval, text),
	@extschema@.sf_ddl_log_purge(interval) FROM PUBLIC;

-- See what a statement does.

CREATE FUNCTION @extschema@.sf_trace(sql text, max_time interval DEFAULT '30 seconds',
	OUT n integer, OUT relation text, OUT lock text, OUT waits text, OUT work text, OUT rows_read bigint, OUT ms numeric,
	OUT declared text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_trace';
COMMENT ON FUNCTION @extschema@.sf_trace(text, interval) IS
	'run statements and roll them back: locks above ACCESS SHARE, who would wait for them, rewrites and scans; beside it sf_risk()';
REVOKE ALL ON FUNCTION @extschema@.sf_trace(text, interval) FROM PUBLIC;

-- The rules of the guard: which there are, and which are set otherwise here.

CREATE TABLE schemaflow.guard_rule (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	rule text NOT NULL,
	level text NOT NULL,
	note text,
	set_at timestamptz NOT NULL,
	set_by text NOT NULL,
	PRIMARY KEY (system_identifier, database_oid, rule)
);
COMMENT ON TABLE schemaflow.guard_rule IS 'rules of the guard with another level than their own; sf_guard_set() writes it';
GRANT SELECT ON schemaflow.guard_rule TO PUBLIC;
-- As for the history: a restore by the database's owner brings the rows, and they are not trusted.
GRANT INSERT ON schemaflow.guard_rule TO pg_database_owner;
SELECT pg_catalog.pg_extension_config_dump('schemaflow.guard_rule', '');

CREATE FUNCTION @extschema@.sf_guard_set(rule text, level text, note text DEFAULT NULL) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_guard_set';
COMMENT ON FUNCTION @extschema@.sf_guard_set(text, text, text) IS
	'what the guard of this database does about a rule: off, warn, enforce; NULL: what it does by itself';
REVOKE ALL ON FUNCTION @extschema@.sf_guard_set(text, text, text) FROM PUBLIC;

CREATE FUNCTION schemaflow.sf_guard_rule_list(OUT rule text, OUT level text, OUT by_default text, OUT about text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_guard_rule_list';
COMMENT ON FUNCTION schemaflow.sf_guard_rule_list() IS 'for the view sf_guard_rules';

CREATE VIEW @extschema@.sf_guard_rules AS
SELECT l.rule, l.level, l.by_default, s.note, s.set_at, s.set_by, l.about
FROM schemaflow.sf_guard_rule_list() l LEFT JOIN schemaflow.guard_rule s ON s.trusted
	AND s.rule OPERATOR(pg_catalog.=) l.rule AND s.database_oid OPERATOR(pg_catalog.=)
		(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database());
COMMENT ON VIEW @extschema@.sf_guard_rules IS 'the rules of the guard, what each does here, and who has set it so';
GRANT SELECT ON @extschema@.sf_guard_rules TO PUBLIC;

-- A text is judged without being run.

CREATE FUNCTION @extschema@.sf_lint(sql text, OUT line integer, OUT "column" integer, OUT rule text, OUT level text,
	OUT object text, OUT message text, OUT detail text, OUT recipe text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_lint';
COMMENT ON FUNCTION @extschema@.sf_lint(text) IS 'what the guard would say to a script, statement by statement; nothing is run';

CREATE FUNCTION @extschema@.sf_lint_json(sql text) RETURNS jsonb LANGUAGE c AS 'MODULE_PATHNAME', 'sf_lint_json';
COMMENT ON FUNCTION @extschema@.sf_lint_json(text) IS 'sf_lint() as a JSON array, for CI';

CREATE FUNCTION @extschema@.sf_lint_sarif(sql text, file text DEFAULT 'migration.sql') RETURNS jsonb
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_lint_sarif';
COMMENT ON FUNCTION @extschema@.sf_lint_sarif(text, text) IS 'sf_lint() as SARIF 2.1.0, which code hosts show beside the lines';

-- What differs from what the last migration has left, and whose doing that is.

CREATE FUNCTION @extschema@.sf_drift(OUT object text, OUT change text, OUT detail text, OUT who text, OUT at timestamptz)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_drift';
COMMENT ON FUNCTION @extschema@.sf_drift() IS
	'the live schema against what the last migration has left: made, altered or dropped since, and by whom where the guard''s log knows';
