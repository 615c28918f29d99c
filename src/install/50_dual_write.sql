-- Both versions of an application at once: the trigger that keeps old and new columns in step, how far backfills are.

CREATE FUNCTION schemaflow.sf_dual_write() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_dual_write';
COMMENT ON FUNCTION schemaflow.sf_dual_write() IS
	'keeps old and new columns in step; arguments: version, search_path, then "up" or "down", column, expression for each';

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
