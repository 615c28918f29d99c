SELECT 'pg_extension'::regclass AS classid, e.oid AS objid, 0 AS objsubid, ARRAY[extname::text] AS identity, NULL::text[] AS parent,
       CASE WHEN nspname <> 'pg_catalog' THEN nspname::text END AS schema, extversion AS version
FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace
