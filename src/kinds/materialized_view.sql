-- @when relations ~ 'm'
SELECT 'materialized view' AS kind, 'pg_class'::regclass AS classid, c.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, c.relname] AS identity, ARRAY['schema', nspname] AS parent,
       ltrim(rtrim(pg_get_viewdef(c.oid), ';')) AS definition,
       (SELECT string_agg(toast || quote_ident(split_part(o, '=', 1)) || '=' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ' ORDER BY toast, o)
        FROM (SELECT '' AS toast, unnest(c.reloptions) AS o UNION ALL SELECT 'toast.', unnest(t.reloptions)) o) AS options,
       CASE WHEN amname <> 'heap' THEN amname::text END AS access_method,
       spcname::text AS tablespace,
       CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' WHEN 'i' THEN 'INDEX' END AS replica_identity,
       x.extensions,
       CASE WHEN NOT c.relispopulated THEN 't' END AS unpopulated
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class t ON t.oid = c.reltoastrelid AND t.reloptions IS NOT NULL
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
LEFT JOIN (SELECT objid, string_agg(quote_ident(extname), ', ' ORDER BY extname) AS extensions
           FROM pg_depend JOIN pg_extension e ON e.oid = refobjid
           WHERE classid = 'pg_class'::regclass AND deptype = 'x' GROUP BY objid) x ON x.objid = c.oid
WHERE c.relkind = 'm' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
