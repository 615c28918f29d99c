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
