-- What migrations put aside for their way back: where it is, how much, since when; and how to erase it.

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
