SELECT CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
       'pg_class'::regclass AS classid, c.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, c.relname] AS identity, ARRAY['schema', nspname] AS parent,
       CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' END AS persistence,
       CASE WHEN c.reloptions IS NOT NULL OR t.oid IS NOT NULL THEN
       (SELECT string_agg(toast || quote_ident(split_part(o, '=', 1)) || '=' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ' ORDER BY toast, o)
        FROM (SELECT '' AS toast, unnest(c.reloptions) AS o UNION ALL SELECT 'toast.', unnest(t.reloptions)) o) END AS options,
       -- a partition is made with its parent's (from 17 on), if it does not say otherwise
       CASE WHEN am.amname <> 'heap' OR c.relispartition AND am.oid <> (SELECT nullif(relam, 0) FROM pg_inherits JOIN pg_class p ON p.oid = inhparent
         WHERE inhrelid = c.oid) THEN am.amname::text END AS access_method,
       spcname::text AS tablespace,
       CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' WHEN 'i' THEN 'INDEX' END AS replica_identity,
       CASE WHEN c.relrowsecurity THEN 't' END AS row_security,
       CASE WHEN c.relforcerowsecurity THEN 't' END AS force_row_security,
       CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
       v.srvname::text AS server,
       CASE WHEN f.ftoptions IS NOT NULL THEN
       (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || ' ' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ' ORDER BY o)
        FROM unnest(f.ftoptions) o) END AS fdw_options
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class t ON t.oid = c.reltoastrelid AND t.reloptions IS NOT NULL
LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid LEFT JOIN pg_foreign_server v ON v.oid = f.ftserver
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
WHERE c.relkind IN ('r', 'p', 'f') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
