SELECT 'pg_class'::regclass AS classid, c.oid AS objid, attnum AS objsubid,
       attrelid AS parent_relation, ARRAY[attname] AS suffix,
       CASE WHEN attinhcount > 0 THEN
         (SELECT array_agg(part ORDER BY inhseqno, i) FROM pg_inherits
          JOIN pg_class p ON p.oid = inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
          JOIN pg_attribute pa ON pa.attrelid = p.oid AND pa.attname = a.attname AND NOT pa.attisdropped
          CROSS JOIN unnest(ARRAY['column', pn.nspname, p.relname, a.attname]) WITH ORDINALITY AS o (part, i)
          WHERE inhrelid = c.oid) END AS implied,
       CASE WHEN attinhcount > 0 AND attislocal THEN 't' END AS local,
       CASE WHEN attinhcount > 0 AND NOT attislocal AND NOT relispartition THEN 't' END AS inherited,
       CASE WHEN reloftype <> 0 THEN 't' END AS typed,
       format_type(atttypid, atttypmod) AS type,
       CASE WHEN attcollation <> typcollation THEN
         (SELECT format('%I.%I', nspname, collname) FROM pg_collation l JOIN pg_namespace n ON n.oid = collnamespace WHERE l.oid = attcollation) END AS collation,
       CASE WHEN attnotnull THEN 't' END AS not_null,
       CASE WHEN attstorage <> typstorage THEN CASE attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END END AS storage,
       CASE typstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END AS type_storage,
       CASE attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
       CASE WHEN attstattarget >= 0 THEN attstattarget END AS statistics,
       -- pg_attver is bookkeeping of the server's, on every column
       CASE WHEN cardinality(attoptions) > 1 OR attoptions[1] NOT LIKE 'pg_attver=%' THEN
       (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || '=' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ' ORDER BY o)
        FROM unnest(attoptions) o WHERE o !~ '^pg_attver=') END AS options,
       CASE WHEN attfdwoptions IS NOT NULL THEN
       (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || ' ' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ' ORDER BY o)
        FROM unnest(attfdwoptions) o) END AS fdw_options,
       lpad(attnum::text, 4, '0') AS position
FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
JOIN pg_type t ON t.oid = atttypid
WHERE relkind IN ('r', 'p', 'f') AND c.oid >= 16384
