-- @when types ~ 'r'
SELECT 'range type' AS kind, 'pg_type'::regclass AS classid, t.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, t.typname] AS identity, ARRAY['schema', n.nspname] AS parent,
       format_type(rngsubtype, NULL) AS subtype,
       CASE WHEN NOT opcdefault THEN format('%I.%I', pn.nspname, opcname) END AS opclass,
       CASE WHEN rngcollation <> b.typcollation THEN format('%I.%I', cn.nspname, collname) END AS collation,
       nullif(rngcanonical::text, '-') AS canonical,
       nullif(rngsubdiff::text, '-') AS subtype_diff,
       ARRAY[mn.nspname, m.typname] AS multirange
FROM pg_range JOIN pg_type t ON t.oid = rngtypid JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_type b ON b.oid = rngsubtype
JOIN pg_type m ON m.oid = rngmultitypid JOIN pg_namespace mn ON mn.oid = m.typnamespace
JOIN pg_opclass o ON o.oid = rngsubopc JOIN pg_namespace pn ON pn.oid = opcnamespace
LEFT JOIN (pg_collation l JOIN pg_namespace cn ON cn.oid = collnamespace) ON l.oid = rngcollation
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
