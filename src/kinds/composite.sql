-- @when relations ~ 'c'
SELECT 'composite type' AS kind, 'pg_type'::regclass AS classid, t.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, typname] AS identity, ARRAY['schema', n.nspname] AS parent,
       array_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod) ORDER BY attnum) FILTER (WHERE attname IS NOT NULL) AS layout
FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace JOIN pg_class c ON c.oid = typrelid
LEFT JOIN pg_attribute a ON attrelid = typrelid AND attnum > 0 AND NOT attisdropped
WHERE relkind = 'c' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
GROUP BY t.oid, n.nspname, typname
