-- Plan.

CREATE FUNCTION @extschema@.sf_plan_migration(message text, allow_shrink boolean DEFAULT false)
RETURNS SETOF text LANGUAGE c AS 'MODULE_PATHNAME', 'sf_plan_migration';
COMMENT ON FUNCTION @extschema@.sf_plan_migration(text, boolean) IS
	'plan the way from the live schema to the model and back, store it as a migration, print it';
REVOKE ALL ON FUNCTION @extschema@.sf_plan_migration(text, boolean) FROM PUBLIC;
