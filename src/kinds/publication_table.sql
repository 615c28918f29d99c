-- only: the table has children that the publication does not take along by itself.
-- @when EXISTS (SELECT FROM pg_publication)
SELECT 'publication table' AS kind, 'pg_publication_rel'::regclass AS classid, r.oid AS objid, 0 AS objsubid,
       ARRAY[pubname::text, nspname, relname] AS identity, ARRAY['publication', pubname] AS parent, ARRAY['table', nspname, relname] AS requires,
       CASE WHEN c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid) THEN 't' END AS only,
       (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname) FROM pg_attribute WHERE attrelid = prrelid AND attnum = ANY (prattrs)) AS columns,
       pg_get_expr(prqual, prrelid) AS predicate
FROM pg_publication_rel r JOIN pg_publication p ON p.oid = prpubid JOIN pg_class c ON c.oid = prrelid JOIN pg_namespace n ON n.oid = relnamespace
-- @major 19-
WHERE NOT prexcept
