-- What is modelled.

CREATE FUNCTION @extschema@.sf_kinds(
	OUT kind text, OUT keyword text, OUT renames boolean, OUT attribute text, OUT how text)
RETURNS SETOF record LANGUAGE c IMMUTABLE AS 'MODULE_PATHNAME', 'sf_kinds_show';
COMMENT ON FUNCTION @extschema@.sf_kinds() IS
	'every kind of object that is modelled, with its attributes and how a difference in each is mended';
