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

-- What differs from what the last migration has left, and whose doing that is.

CREATE FUNCTION @extschema@.sf_drift(OUT object text, OUT change text, OUT detail text, OUT who text, OUT at timestamptz)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_drift';
COMMENT ON FUNCTION @extschema@.sf_drift() IS
	'the live schema against what the last migration has left: made, altered or dropped since, and by whom where the guard''s log knows';
