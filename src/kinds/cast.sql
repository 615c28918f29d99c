SELECT 'pg_cast'::regclass AS classid, c.oid AS objid, 0 AS objsubid,
       ARRAY[format_type(castsource, NULL), format_type(casttarget, NULL)] AS identity, NULL::text[] AS parent,
       CASE castmethod WHEN 'f' THEN castfunc::regprocedure::text WHEN 'i' THEN 'INOUT' END AS method,
       CASE castcontext WHEN 'a' THEN 'ASSIGNMENT' WHEN 'i' THEN 'IMPLICIT' END AS context
FROM pg_cast c LEFT JOIN pg_depend i ON i.classid = 'pg_cast'::regclass AND i.objid = c.oid AND i.deptype = 'i'
WHERE c.oid >= 16384 AND i.objid IS NULL
