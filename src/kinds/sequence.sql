-- @when relations ~ 'S'
SELECT 'pg_class'::regclass AS classid, c.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, relname] AS identity, ARRAY['schema', nspname] AS parent,
       CASE relpersistence WHEN 'u' THEN 'UNLOGGED' END AS persistence,
       format_type(seqtypid, NULL) AS type, seqstart AS start, seqincrement AS increment, seqmin AS min, seqmax AS max, seqcache AS cache,
       CASE WHEN seqcycle THEN 't' END AS cycle
FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND refclassid = 'pg_class'::regclass AND deptype = 'i')
