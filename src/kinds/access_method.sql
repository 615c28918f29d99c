SELECT 'access method' AS kind, 'pg_am'::regclass AS classid, oid AS objid, 0 AS objsubid,
       ARRAY[amname::text] AS identity, NULL::text[] AS parent,
       CASE amtype WHEN 't' THEN 'TABLE' ELSE 'INDEX' END AS type, amhandler::text AS handler
FROM pg_am WHERE oid >= 16384
