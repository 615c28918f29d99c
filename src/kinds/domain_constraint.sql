-- @when types ~ 'd'
SELECT 'domain constraint' AS kind, 'pg_constraint'::regclass AS classid, k.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, typname, conname] AS identity, ARRAY['domain', nspname, typname] AS parent,
       regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') AS definition,
       CASE WHEN NOT convalidated THEN 't' END AS not_valid
FROM pg_constraint k JOIN pg_type t ON t.oid = contypid JOIN pg_namespace n ON n.oid = typnamespace
WHERE contype = 'c' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
