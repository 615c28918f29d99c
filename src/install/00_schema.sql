-- The extension's tables stand in a schema of their own; its functions in the schema that CREATE EXTENSION names.

CREATE SCHEMA schemaflow;
COMMENT ON SCHEMA schemaflow IS 'tables of the extension schemaflow';
GRANT USAGE ON SCHEMA schemaflow TO PUBLIC;
