SELECT 'pg_transform'::regclass AS classid, t.oid AS objid, 0 AS objsubid,
       ARRAY[format_type(trftype, NULL), lanname] AS identity, NULL::text[] AS parent,
       nullif(trffromsql::oid, 0)::regprocedure::text AS from_sql, nullif(trftosql::oid, 0)::regprocedure::text AS to_sql
FROM pg_transform t JOIN pg_language l ON l.oid = trflang WHERE t.oid >= 16384
