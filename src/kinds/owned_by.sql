-- The pseudo-address (sub-id -1) of a sequence: its OWNED BY.
-- @when relations ~ 'S'
SELECT 'owned by' AS kind, 'pg_class'::regclass AS classid, s.oid AS objid, -1 AS objsubid,
       ARRAY[sn.nspname::text, s.relname] AS identity, ARRAY['sequence', sn.nspname, s.relname] AS parent,
       format('%I.%I.%I', n.nspname, c.relname, attname) AS "column"
FROM pg_depend d JOIN pg_class s ON s.oid = objid AND s.relkind = 'S' JOIN pg_namespace sn ON sn.oid = s.relnamespace
JOIN pg_class c ON c.oid = refobjid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON attrelid = c.oid AND attnum = refobjsubid
WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND refobjsubid > 0 AND deptype = 'a'
  AND sn.nspname !~ '^pg_' AND sn.nspname <> 'information_schema'
