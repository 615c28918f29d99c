-- A cast stands in no schema; it goes with that of its function, else of the type that is not the server's.
-- @when EXISTS (SELECT FROM pg_cast WHERE oid >= 16384)
SELECT 'pg_cast'::regclass AS classid, c.oid AS objid, 0 AS objsubid,
       array_remove(ARRAY[home, format_type(castsource, NULL), format_type(casttarget, NULL)], NULL) AS identity,
       CASE WHEN home IS NOT NULL THEN ARRAY['schema', home] END AS parent,
       CASE castmethod WHEN 'f' THEN castfunc::regprocedure::text WHEN 'i' THEN 'INOUT' END AS method,
       CASE castcontext WHEN 'a' THEN 'ASSIGNMENT' WHEN 'i' THEN 'IMPLICIT' END AS context
FROM pg_cast c LEFT JOIN pg_depend i ON i.classid = 'pg_cast'::regclass AND i.objid = c.oid AND i.deptype = 'i',
LATERAL (SELECT min(ARRAY[place::text, nspname]) AS first
  FROM (SELECT 1 AS place, pronamespace AS nsp FROM pg_proc WHERE oid = castfunc
        UNION ALL SELECT 2, typnamespace FROM pg_type WHERE oid = castsource
        UNION ALL SELECT 3, typnamespace FROM pg_type WHERE oid = casttarget) p
  JOIN pg_namespace n ON n.oid = nsp WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') p,
LATERAL (SELECT first[2] AS home) h
WHERE c.oid >= 16384 AND i.objid IS NULL
