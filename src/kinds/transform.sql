-- As a cast: in no schema, but with that of its functions or its type.
-- @when EXISTS (SELECT FROM pg_transform)
SELECT 'pg_transform'::regclass AS classid, t.oid AS objid, 0 AS objsubid,
       array_remove(ARRAY[home, format_type(trftype, NULL), lanname], NULL) AS identity,
       CASE WHEN home IS NOT NULL THEN ARRAY['schema', home] END AS parent,
       nullif(trffromsql::oid, 0)::regprocedure::text AS from_sql, nullif(trftosql::oid, 0)::regprocedure::text AS to_sql
FROM pg_transform t JOIN pg_language l ON l.oid = trflang,
LATERAL (SELECT min(ARRAY[place::text, nspname]) AS first
  FROM (SELECT 1 AS place, pronamespace AS nsp FROM pg_proc WHERE oid IN (trffromsql, trftosql)
        UNION ALL SELECT 2, typnamespace FROM pg_type WHERE oid = trftype) p
  JOIN pg_namespace n ON n.oid = nsp WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') p,
LATERAL (SELECT first[2] AS home) h
WHERE t.oid >= 16384
