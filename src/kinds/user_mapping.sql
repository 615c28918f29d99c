-- The view hides what the reader may not see; pg_user_mapping itself is for superusers.
-- @when EXISTS (SELECT FROM pg_foreign_server)
SELECT 'user mapping' AS kind, 'pg_user_mapping'::regclass AS classid, umid AS objid, 0 AS objsubid,
       ARRAY[srvname::text, CASE umuser WHEN 0 THEN 'public' ELSE usename END] AS identity, ARRAY['server', srvname] AS parent,
       CASE WHEN umuser <> 0 THEN usename::text END AS role,
       (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || ' ' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ' ORDER BY o)
        FROM unnest(umoptions) o) AS options
FROM pg_user_mappings
