-- @when relations ~ 'c'
SELECT 'pg_class'::regclass AS classid, c.oid AS objid, attnum AS objsubid,
       ARRAY[n.nspname::text, relname, attname] AS identity, ARRAY['composite type', n.nspname, relname] AS parent,
       format_type(atttypid, atttypmod) AS type,
       CASE WHEN attcollation <> typcollation THEN format('%I.%I', cn.nspname, collname) END AS collation,
       to_char(row_number() OVER (PARTITION BY c.oid ORDER BY attnum), 'FM0000') AS position
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
JOIN pg_type t ON t.oid = atttypid
LEFT JOIN (pg_collation l JOIN pg_namespace cn ON cn.oid = collnamespace) ON l.oid = attcollation
WHERE relkind = 'c' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
