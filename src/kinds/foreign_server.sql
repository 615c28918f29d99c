-- @when EXISTS (SELECT FROM pg_foreign_server)
SELECT 'server' AS kind, 'pg_foreign_server'::regclass AS classid, s.oid AS objid, 0 AS objsubid,
       ARRAY[srvname::text] AS identity, fdwname::text AS wrapper, quote_literal(srvtype) AS type, quote_literal(srvversion) AS version,
       (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || ' ' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ' ORDER BY o)
        FROM unnest(srvoptions) o) AS options
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = srvfdw
