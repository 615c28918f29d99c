SELECT 'text search parser' AS kind, 'pg_ts_parser'::regclass AS classid, p.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, prsname] AS identity, ARRAY['schema', nspname] AS parent,
       prsstart::text AS start, prstoken::text AS gettoken, prsend::text AS "end", prslextype::text AS lextypes,
       nullif(prsheadline::text, '-') AS headline
FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = prsnamespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
