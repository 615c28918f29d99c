-- Both versions of an application at once: the trigger that keeps old and new columns in step, how far backfills are.

CREATE FUNCTION schemaflow.sf_dual_write() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_dual_write';
COMMENT ON FUNCTION schemaflow.sf_dual_write() IS
	'keeps old and new columns in step; arguments: version, search_path, then "up" or "down", column, expression for each';

CREATE VIEW schemaflow.session AS
SELECT l.pid,
	CASE WHEN l.classid OPERATOR(pg_catalog.=) 0 AND l.objid OPERATOR(pg_catalog.=) 0 THEN 'base'
		ELSE pg_catalog.lpad(pg_catalog.to_hex(l.classid::bigint), 8, '0')
			|| pg_catalog.lpad(pg_catalog.to_hex(l.objid::bigint), 4, '0') END AS version,
	a.usename, a.application_name, 'session' AS said_by
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) l.database
	AND d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.objsubid OPERATOR(pg_catalog.=) 24323 AND l.granted
UNION ALL
SELECT a.pid, pg_catalog.substr(c.setting, 20), a.usename, a.application_name, 'role'
FROM pg_catalog.pg_stat_activity a
JOIN pg_catalog.pg_db_role_setting s ON s.setrole OPERATOR(pg_catalog.=) a.usesysid
	AND s.setdatabase OPERATOR(pg_catalog.=) ANY (ARRAY[0, a.datid]::pg_catalog.oid[])
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) c(setting)
WHERE a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
	AND c.setting OPERATOR(pg_catalog.~~) 'schemaflow.version=_%'
	AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid OPERATOR(pg_catalog.=) a.pid
		AND l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.objsubid OPERATOR(pg_catalog.=) 24323 AND l.granted);
COMMENT ON VIEW schemaflow.session IS 'what sf_sessions shows; the gate of a migration reads it';

CREATE VIEW @extschema@.sf_sessions AS
SELECT s.pid, s.version, s.usename, s.application_name, s.said_by FROM schemaflow.session s;
COMMENT ON VIEW @extschema@.sf_sessions IS
	'sessions that say which version of the application they are: by schemaflow.version, or by that of their role';
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

CREATE PROCEDURE @extschema@.sf_contract(revision text DEFAULT NULL, force boolean DEFAULT false,
	allow text[] DEFAULT '{}', wait boolean DEFAULT true)
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_contract';
COMMENT ON PROCEDURE @extschema@.sf_contract(text, boolean, text[], boolean) IS
	'go on with the migration that is ready, now that the other version of the application is gone';
REVOKE ALL ON PROCEDURE @extschema@.sf_contract(text, boolean, text[], boolean) FROM PUBLIC;
