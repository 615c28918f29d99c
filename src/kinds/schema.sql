SELECT 'pg_namespace'::regclass AS classid, oid AS objid, 0 AS objsubid, ARRAY[nspname::text] AS identity, NULL::text[] AS parent
FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
