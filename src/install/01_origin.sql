-- Who wrote a row of ours.  The database's owner may put rows into our tables, because a restore of his does so; such rows
-- are history until somebody adopts them: text that they hold must not run as the role that they name.

CREATE FUNCTION @extschema@.sf_trusted(system_identifier bigint, database_oid oid) RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'sf_trusted';
COMMENT ON FUNCTION @extschema@.sf_trusted(bigint, oid) IS
	'is the row that is being written written by schemaflow itself? (for generated columns)';
