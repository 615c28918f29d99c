-- Running migrations: the row of the last run, the procedures, who runs.

CREATE TABLE schemaflow.run (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	direction text NOT NULL CHECK (direction IN ('up', 'down')),
	target text NOT NULL,
	through text,
	allow text[] NOT NULL,
	aborting boolean NOT NULL,
	status text NOT NULL,
	started_at timestamptz NOT NULL,
	started_by text NOT NULL,
	changed_at timestamptz NOT NULL,
	revision text,
	running text,
	step integer,
	steps integer,
	phase text,
	statement text,
	message text,
	detail text,
	hint text,
	PRIMARY KEY (system_identifier, database_oid)
);
COMMENT ON TABLE schemaflow.run IS 'the last run of migrations in this database';
COMMENT ON COLUMN schemaflow.run.status IS
	'running (or stopped, when no runner lives), ready, paused, failed, done, aborted';
COMMENT ON COLUMN schemaflow.run.running IS 'direction in which the revision is run';
COMMENT ON COLUMN schemaflow.run.step IS 'first step of the transaction that runs, or ran last';
COMMENT ON COLUMN schemaflow.run.statement IS 'what is about to run outside of a transaction';
GRANT SELECT ON schemaflow.run TO PUBLIC;
-- As for the history: a restore by the database's owner brings the row, and it is not trusted.
GRANT INSERT ON schemaflow.run TO pg_database_owner;
SELECT pg_catalog.pg_extension_config_dump('schemaflow.run', '');

CREATE TABLE schemaflow.start (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	revision text NOT NULL,
	direction text NOT NULL CHECK (direction IN ('up', 'down')),
	facts text NOT NULL,
	format integer NOT NULL,
	major integer NOT NULL,
	addresses text,
	PRIMARY KEY (system_identifier, database_oid)
);
COMMENT ON TABLE schemaflow.start IS 'the schema that the migration that runs, or ran last, started from: what sf_abort() goes back to';
COMMENT ON COLUMN schemaflow.start.addresses IS 'the facts'' OIDs, behind the database that these are of: what was renamed is known by them';
GRANT SELECT ON schemaflow.start TO PUBLIC;
GRANT INSERT ON schemaflow.start TO pg_database_owner;
SELECT pg_catalog.pg_extension_config_dump('schemaflow.start', '');

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

CREATE PROCEDURE @extschema@.sf_upgrade("to" text DEFAULT 'head', through text DEFAULT NULL, allow text[] DEFAULT '{}',
	wait boolean DEFAULT true)
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_upgrade';
COMMENT ON PROCEDURE @extschema@.sf_upgrade(text, text, text[], boolean) IS
	'run migrations up to a revision, step by step; goes on where it was stopped';

CREATE PROCEDURE @extschema@.sf_downgrade("to" text DEFAULT '-1', allow text[] DEFAULT '{}', wait boolean DEFAULT true)
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_downgrade';
COMMENT ON PROCEDURE @extschema@.sf_downgrade(text, text[], boolean) IS
	'run migrations down to a revision, step by step; goes on where it was stopped';

CREATE PROCEDURE @extschema@.sf_abort(allow text[] DEFAULT '{}', wait boolean DEFAULT true, force boolean DEFAULT false)
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_abort';
COMMENT ON PROCEDURE @extschema@.sf_abort(text[], boolean, boolean) IS
	'undo what was done of the migration that is half done';

CREATE PROCEDURE @extschema@.sf_test(revision text DEFAULT 'head')
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_test';
COMMENT ON PROCEDURE @extschema@.sf_test(text) IS
	'run a migration up, down and up again in a scratch database with the schema of this one';

CREATE FUNCTION @extschema@.sf_pause() RETURNS boolean
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_pause';
COMMENT ON FUNCTION @extschema@.sf_pause() IS
	'cancel the running step; false: nothing runs. CALL sf_upgrade() or sf_resume() go on';

CREATE FUNCTION @extschema@.sf_resume() RETURNS boolean
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_resume';
COMMENT ON FUNCTION @extschema@.sf_resume() IS
	'go on with the last run in the background; false: it runs, or is done';

REVOKE ALL ON PROCEDURE @extschema@.sf_upgrade(text, text, text[], boolean),
	@extschema@.sf_downgrade(text, text[], boolean), @extschema@.sf_abort(text[], boolean, boolean),
	@extschema@.sf_test(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.sf_pause(), @extschema@.sf_resume() FROM PUBLIC;

CREATE VIEW @extschema@.sf_progress AS
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
COMMENT ON VIEW @extschema@.sf_progress IS 'the migration that runs in this database now; no row: none does';

CREATE VIEW @extschema@.sf_status AS
SELECT r.revision, r.running AS direction, r.target,
	CASE WHEN r.status OPERATOR(pg_catalog.<>) 'running' OR EXISTS (SELECT FROM @extschema@.sf_progress)
		THEN r.status ELSE 'stopped' END AS status,
	r.step, r.steps, r.phase, r.statement, r.message, r.detail, r.hint, r.started_at, r.started_by, r.changed_at
FROM schemaflow.run r
WHERE r.trusted AND r.database_oid OPERATOR(pg_catalog.=)
		(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
	AND r.system_identifier OPERATOR(pg_catalog.=) (SELECT c.system_identifier FROM pg_catalog.pg_control_system() c);
COMMENT ON VIEW @extschema@.sf_status IS
	'how the last run in this database stands: running, ready, paused, failed, done, aborted, stopped (its process is gone)';
GRANT SELECT ON @extschema@.sf_progress, @extschema@.sf_status TO PUBLIC;
