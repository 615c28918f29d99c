-- @when relations ~ '[vm]'
SELECT CASE relkind WHEN 'v' THEN 'view column' ELSE 'materialized view column' END AS kind,
       'pg_class'::regclass AS classid, c.oid AS objid, attnum AS objsubid,
       ARRAY[n.nspname::text, relname, attname] AS identity,
       ARRAY[CASE relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, n.nspname, relname] AS parent,
       format_type(atttypid, atttypmod) AS type,
       CASE WHEN attcollation <> typcollation THEN format('%I.%I', cn.nspname, collname) END AS collation,
       to_char(attnum, 'FM0000') AS position,
       CASE WHEN attstorage <> typstorage THEN CASE attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END END AS storage,
       CASE typstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END AS type_storage,
       CASE attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
       CASE WHEN attstattarget >= 0 THEN attstattarget END AS statistics,
       (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || '=' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ' ORDER BY o)
        FROM unnest(attoptions) o WHERE o !~ '^pg_attver=') AS options
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
JOIN pg_type t ON t.oid = atttypid
LEFT JOIN (pg_collation l JOIN pg_namespace cn ON cn.oid = collnamespace) ON l.oid = attcollation
WHERE relkind IN ('v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
