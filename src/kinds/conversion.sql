SELECT 'pg_conversion'::regclass AS classid, c.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, conname] AS identity, ARRAY['schema', nspname] AS parent,
       pg_encoding_to_char(conforencoding) AS source, pg_encoding_to_char(contoencoding) AS target,
       conproc::text AS function, CASE WHEN condefault THEN 't' END AS "default"
FROM pg_conversion c JOIN pg_namespace n ON n.oid = connamespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
