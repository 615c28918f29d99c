-- Both versions of an application at once: the trigger that keeps old and new columns in step.

CREATE FUNCTION @extschema@.sf_dual_write() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_dual_write';
COMMENT ON FUNCTION @extschema@.sf_dual_write() IS
	'keeps old and new columns in step; arguments: revision, search_path, then "up" or "down", column, expression for each';
