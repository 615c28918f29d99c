SELECT 'text search dictionary' AS kind, 'pg_ts_dict'::regclass AS classid, d.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, dictname] AS identity, ARRAY['schema', n.nspname] AS parent,
       format('%I.%I', tn.nspname, tmplname) AS template, dictinitoption AS options
FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = dictnamespace
JOIN pg_ts_template t ON t.oid = dicttemplate JOIN pg_namespace tn ON tn.oid = tmplnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
