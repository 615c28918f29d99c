-- @when relations ~ 'v'
SELECT 'view default' AS kind, 'pg_attrdef'::regclass AS classid, d.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, relname, attname] AS identity, ARRAY['view column', nspname, relname, attname] AS parent,
       pg_get_expr(adbin, adrelid) AS expression
FROM pg_attrdef d JOIN pg_class c ON c.oid = adrelid JOIN pg_namespace n ON n.oid = relnamespace
JOIN pg_attribute a ON attrelid = adrelid AND attnum = adnum
WHERE relkind = 'v' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
