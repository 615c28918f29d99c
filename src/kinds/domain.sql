-- @when types ~ 'd'
SELECT 'pg_type'::regclass AS classid, t.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, t.typname] AS identity, ARRAY['schema', n.nspname] AS parent,
       format_type(t.typbasetype, t.typtypmod) AS type,
       CASE WHEN t.typcollation <> b.typcollation THEN format('%I.%I', cn.nspname, collname) END AS collation,
       CASE WHEN t.typnotnull THEN 't' END AS not_null,
       pg_get_expr(t.typdefaultbin, 0) AS "default"
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype
LEFT JOIN (pg_collation l JOIN pg_namespace cn ON cn.oid = collnamespace) ON l.oid = t.typcollation
WHERE t.typtype = 'd' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
