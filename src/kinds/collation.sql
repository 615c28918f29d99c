SELECT 'pg_collation'::regclass AS classid, c.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, collname] AS identity, ARRAY['schema', nspname] AS parent,
       CASE collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS provider,
       -- @major 15-16
       coalesce(colliculocale, CASE WHEN collcollate = collctype THEN collcollate END) AS locale,
       -- @major 17-
       coalesce(colllocale, CASE WHEN collcollate = collctype THEN collcollate END) AS locale,
       CASE WHEN collcollate <> collctype THEN collcollate END AS lc_collate,
       CASE WHEN collcollate <> collctype THEN collctype END AS lc_ctype,
       CASE WHEN collprovider = 'c' AND collencoding = -1 THEN 't' END AS any_encoding,
       CASE WHEN NOT collisdeterministic THEN 't' END AS nondeterministic,
       -- @major 15-15
       NULL::text AS rules
       -- @major 16-
       collicurules AS rules
FROM pg_collation c JOIN pg_namespace n ON n.oid = collnamespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
