-- columns: in order, what CREATE OR REPLACE VIEW compares.
-- @when relations ~ 'v'
SELECT 'pg_class'::regclass AS classid, c.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, relname] AS identity, ARRAY['schema', nspname] AS parent,
       (SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod))
                          || CASE WHEN attcollation <> typcollation THEN format(' COLLATE %I.%I', cn.nspname, collname) ELSE '' END,
                          ', ' ORDER BY attnum)
        FROM pg_attribute a JOIN pg_type t ON t.oid = atttypid
        LEFT JOIN (pg_collation l JOIN pg_namespace cn ON cn.oid = collnamespace) ON l.oid = attcollation
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns,
       ltrim(rtrim(pg_get_viewdef(c.oid), ';')) AS definition,
       (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || '=' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ' ORDER BY o)
        FROM unnest(reloptions) o) AS options
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind = 'v' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
