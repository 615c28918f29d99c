-- @when EXISTS (SELECT FROM pg_policy)
SELECT 'pg_policy'::regclass AS classid, p.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, relname, polname] AS identity, ARRAY['table', nspname, relname] AS parent,
       CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' END AS command,
       CASE WHEN NOT polpermissive THEN 't' END AS restrictive,
       (SELECT string_agg(quote_ident(pg_get_userbyid(r)), ', ' ORDER BY pg_get_userbyid(r)) FROM unnest(polroles) r WHERE r <> 0) AS roles,
       pg_get_expr(polqual, polrelid) AS "using",
       pg_get_expr(polwithcheck, polrelid) AS "check"
FROM pg_policy p JOIN pg_class c ON c.oid = polrelid JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
