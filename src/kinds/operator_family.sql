-- @when EXISTS (SELECT FROM pg_opfamily WHERE oid >= 16384)
SELECT 'operator family' AS kind, 'pg_opfamily'::regclass AS classid, f.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, opfname, amname] AS identity, ARRAY['schema', nspname] AS parent
FROM pg_opfamily f JOIN pg_namespace n ON n.oid = opfnamespace JOIN pg_am a ON a.oid = opfmethod
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
