-- Record the model.

CREATE FUNCTION @extschema@.sf_define(ddl text, allow_shrink boolean DEFAULT false,
	OUT change text, OUT kind text, OUT object text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_define_main';
COMMENT ON FUNCTION @extschema@.sf_define(text, boolean) IS 'record or replace unit main of the model: DDL as any tool writes it';

CREATE FUNCTION @extschema@.sf_define(unit text, ddl text, allow_shrink boolean DEFAULT false,
	OUT change text, OUT kind text, OUT object text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_define';
COMMENT ON FUNCTION @extschema@.sf_define(text, text, boolean) IS 'record or replace a unit of the model: DDL as any tool writes it';

CREATE FUNCTION @extschema@.sf_undefine(unit text, allow_shrink boolean DEFAULT false,
	OUT change text, OUT kind text, OUT object text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_undefine';
COMMENT ON FUNCTION @extschema@.sf_undefine(text, boolean) IS 'remove a unit from the model';

CREATE FUNCTION @extschema@.sf_rename_hint(kind text, old text, new text) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_rename_hint';
COMMENT ON FUNCTION @extschema@.sf_rename_hint(text, text, text) IS 'tell that an object of the model is another one renamed';

CREATE FUNCTION @extschema@.sf_transform("column" text, up text DEFAULT NULL, down text DEFAULT NULL) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_transform';
COMMENT ON FUNCTION @extschema@.sf_transform(text, text, text) IS 'tell how the contents of a column change, and back: expressions over the row';

CREATE FUNCTION @extschema@.sf_ignore(pattern text) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_ignore';
COMMENT ON FUNCTION @extschema@.sf_ignore(text) IS 'leave live objects whose qualified name is LIKE the pattern to others';

REVOKE ALL ON FUNCTION @extschema@.sf_define(text, boolean), @extschema@.sf_define(text, text, boolean),
	@extschema@.sf_undefine(text, boolean), @extschema@.sf_rename_hint(text, text, text), @extschema@.sf_ignore(text),
	@extschema@.sf_transform(text, text, text) FROM PUBLIC;

CREATE VIEW @extschema@.sf_model AS
SELECT u.name AS unit, u.owner, u.source, d.declarations, d.objects,
	pg_catalog.date_trunc('second', u.recorded_at) AS recorded_at
FROM schemaflow.unit u
CROSS JOIN LATERAL (
	SELECT pg_catalog.count(*) AS declarations, coalesce(pg_catalog.sum(d.objects), 0) AS objects
	FROM schemaflow.declaration d
	WHERE d.unit OPERATOR(pg_catalog.=) u.name
		AND d.trusted AND d.system_identifier OPERATOR(pg_catalog.=) u.system_identifier
		AND d.database_oid OPERATOR(pg_catalog.=) u.database_oid) d
WHERE u.trusted AND u.system_identifier OPERATOR(pg_catalog.=) (
		SELECT s.system_identifier FROM pg_catalog.pg_control_system() s)
	AND u.database_oid OPERATOR(pg_catalog.=) (
		SELECT b.oid FROM pg_catalog.pg_database b
		WHERE b.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
ORDER BY u.first_at, u.name;
COMMENT ON VIEW @extschema@.sf_model IS 'units of the model';
GRANT SELECT ON @extschema@.sf_model TO PUBLIC;
