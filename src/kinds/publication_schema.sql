SELECT 'publication schema' AS kind, 'pg_publication_namespace'::regclass AS classid, s.oid AS objid, 0 AS objsubid,
       ARRAY[pubname::text, nspname] AS identity, ARRAY['publication', pubname] AS parent, ARRAY['schema', nspname] AS requires
FROM pg_publication_namespace s JOIN pg_publication p ON p.oid = pnpubid JOIN pg_namespace n ON n.oid = pnnspid
