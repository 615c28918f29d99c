-- Public as it is after an upgrade from 14, or locked down.
ALTER SCHEMA public OWNER TO postgres;
REVOKE ALL ON SCHEMA public FROM PUBLIC, pg_database_owner, postgres;
COMMENT ON SCHEMA public IS 'ours';
CREATE TABLE t (id int);
