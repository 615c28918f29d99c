-- What statements do to tables in use.

CREATE FUNCTION @extschema@.sf_risk(statement text,
	OUT keys text, OUT relation text, OUT lock text, OUT rewrites boolean, OUT scans boolean, OUT loses_data boolean,
	OUT in_transaction boolean, OUT needs_rows_estimate bigint, OUT why text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_risk';
COMMENT ON FUNCTION @extschema@.sf_risk(text) IS
	'what one DDL statement would do here: a row for each relation that it locks; nothing is run';

CREATE FUNCTION @extschema@.sf_risk_table(
	OUT kind text, OUT verb text, OUT attribute text, OUT lock text, OUT partner_lock text, OUT rewrites boolean,
	OUT scans boolean, OUT loses_data boolean, OUT narrows boolean, OUT depends boolean, OUT why text)
RETURNS SETOF record LANGUAGE c IMMUTABLE AS 'MODULE_PATHNAME', 'sf_risk_table';
COMMENT ON FUNCTION @extschema@.sf_risk_table() IS 'locks, rewrites, scans and losses of each kind of change';
