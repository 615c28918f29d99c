SELECT 'text search template' AS kind, 'pg_ts_template'::regclass AS classid, t.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, tmplname] AS identity, ARRAY['schema', nspname] AS parent,
       nullif(tmplinit::text, '-') AS init, tmpllexize::text AS lexize
FROM pg_ts_template t JOIN pg_namespace n ON n.oid = tmplnamespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
