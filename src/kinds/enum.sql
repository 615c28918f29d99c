-- @when types ~ 'e'
SELECT 'pg_type'::regclass AS classid, t.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, typname] AS identity, ARRAY['schema', nspname] AS parent,
       (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid) AS labels
FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace
WHERE typtype = 'e' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
