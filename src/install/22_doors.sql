-- Record the model from where an application made it, and print it.

CREATE FUNCTION @extschema@.sf_define_from(database name, unit text DEFAULT 'main', schemas text[] DEFAULT NULL,
	allow_shrink boolean DEFAULT false, OUT change text, OUT kind text, OUT object text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_define_from';
COMMENT ON FUNCTION @extschema@.sf_define_from(name, text, text[], boolean)
	IS 'record what stands in another database of this server as a unit of the model';

CREATE FUNCTION @extschema@.sf_record(schema name, unit text DEFAULT 'main', target_schema name DEFAULT 'public',
	allow_shrink boolean DEFAULT false, OUT change text, OUT kind text, OUT object text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_record';
COMMENT ON FUNCTION @extschema@.sf_record(name, text, name, boolean)
	IS 'record what an application made in a recording schema as a unit of the model';

CREATE FUNCTION @extschema@.sf_adopt(allow_shrink boolean DEFAULT false,
	OUT change text, OUT kind text, OUT object text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_adopt';
COMMENT ON FUNCTION @extschema@.sf_adopt(boolean) IS 'the live schema becomes the model';

CREATE FUNCTION @extschema@.sf_model_ddl(object text DEFAULT NULL) RETURNS text
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_model_ddl';
COMMENT ON FUNCTION @extschema@.sf_model_ddl(text) IS 'the model, or one object of it, as canonical DDL';

REVOKE ALL ON FUNCTION @extschema@.sf_define_from(name, text, text[], boolean),
	@extschema@.sf_record(name, text, name, boolean), @extschema@.sf_adopt(boolean) FROM PUBLIC;
