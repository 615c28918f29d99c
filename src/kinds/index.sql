SELECT 'pg_class'::regclass AS classid, i.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, i.relname] AS identity,
       ARRAY[CASE t.relkind WHEN 'm' THEN 'materialized view' ELSE 'table' END, tn.nspname, t.relname] AS parent,
       CASE WHEN o.oid IS NOT NULL THEN ARRAY['index', pn.nspname, o.relname] END AS implied,
       CASE WHEN o.oid IS NOT NULL THEN format('%I.%I', pn.nspname, o.relname) END AS attached,
       CASE WHEN o.oid IS NOT NULL THEN
         (SELECT CASE WHEN i.relname = name OR (left(i.relname, length(name)) = name AND substr(i.relname, length(name) + 1) ~ '^[0-9]+$')
                        OR octet_length(name) > 63 THEN NULL ELSE name END
          FROM (SELECT t.relname || '_' || string_agg(attname, '_' ORDER BY attnum) || '_idx' AS name FROM pg_attribute WHERE attrelid = i.oid) b) END AS born_as,
       CASE WHEN i.relkind = 'I' AND NOT indisvalid THEN 't' END AS only,
       CASE WHEN i.relkind = 'I' THEN 't' END AS partitioned,
       CASE WHEN indisunique THEN 't' END AS "unique",
       format('%I.%I', tn.nspname, t.relname) AS "table",
       -- USING method (columns) INCLUDE (...) NULLS NOT DISTINCT: the server's text less its head and its tail
       left(substr(def, strpos(def, ' USING ') + 1), length(def) - strpos(def, ' USING ') - length(coalesce(' WITH (' || options_tail || ')', '') || coalesce(' WHERE ' || predicate, ''))) AS definition,
       options, predicate, spcname::text AS tablespace,
       CASE WHEN indisclustered THEN 't' END AS clustered,
       CASE WHEN indisreplident THEN 't' END AS replica_identity,
       statistics,
       CASE WHEN NOT indisvalid AND i.relkind = 'i' THEN 't' END AS invalid
FROM pg_index x JOIN pg_class i ON i.oid = indexrelid JOIN pg_class t ON t.oid = indrelid
JOIN pg_namespace n ON n.oid = i.relnamespace JOIN pg_namespace tn ON tn.oid = t.relnamespace
LEFT JOIN pg_tablespace s ON s.oid = i.reltablespace
LEFT JOIN (pg_inherits h JOIN pg_class o ON o.oid = inhparent JOIN pg_namespace pn ON pn.oid = o.relnamespace) ON inhrelid = i.oid
LEFT JOIN (SELECT attrelid, string_agg(attnum || ' ' || attstattarget, ', ' ORDER BY attnum) AS statistics
           FROM pg_attribute WHERE attstattarget >= 0 AND attnum > 0 GROUP BY 1) st ON st.attrelid = i.oid,
LATERAL (SELECT substr(pg_get_indexdef(i.oid), length(format('CREATE INDEX %I ON %I.%I', i.relname, tn.nspname, t.relname)) + 1) AS def,
  pg_get_expr(indpred, indrelid) AS predicate,
  CASE WHEN i.reloptions IS NOT NULL THEN
  (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || '=' || CASE WHEN quote_ident(v) = v THEN v ELSE quote_literal(v) END, ', ')
   FROM unnest(i.reloptions) o, LATERAL (SELECT substr(o, strpos(o, '=') + 1) AS v) v) END AS options_tail,
  CASE WHEN i.reloptions IS NOT NULL THEN
  (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || '=' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ')
   FROM unnest(i.reloptions) o) END AS options
  -- Not to be flattened: each use of def would deparse the index again.
  OFFSET 0) l
WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.oid AND contype IN ('p', 'u', 'x') AND conrelid = indrelid)
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
