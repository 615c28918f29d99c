-- Deparsing an index costs dozens of catalog lookups.  A btree or hash of plain columns, with operator classes that are
-- the default ones of their types, is written from the catalogs' columns: the same text for a fifth of the time.
WITH own AS MATERIALIZED (
  -- The server's choice of a default class: one for the very type, else, for varchar, that of text (GetDefaultOpClass).
  SELECT opcmethod, o.oid AS class, type::oid
  FROM pg_opclass o JOIN pg_am m ON m.oid = opcmethod, LATERAL (VALUES (opcintype), (CASE WHEN opcintype = 'text'::regtype AND NOT EXISTS (
    SELECT FROM pg_opclass v JOIN pg_type t ON t.oid = v.opcintype
    WHERE v.opcmethod = o.opcmethod AND v.opcdefault AND (v.opcintype = 'varchar'::regtype
      OR (typispreferred AND typcategory = 'S' AND v.opcintype <> 'text'::regtype))) THEN 'varchar'::regtype END)) t (type)
  WHERE opcdefault AND type IS NOT NULL
    -- A class with options of its own has a function that reads them, under these numbers.
    AND amname IN ('btree', 'hash')
    AND NOT EXISTS (SELECT FROM pg_amproc WHERE amprocfamily = opcfamily AND amprocnum = CASE amname WHEN 'btree' THEN 5 ELSE 3 END))
SELECT 'pg_class'::regclass AS classid, i.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, i.relname] AS identity,
       indrelid AS parent_relation,
       CASE WHEN o.oid IS NOT NULL THEN ARRAY['index', pn.nspname, o.relname] END AS implied,
       CASE WHEN o.oid IS NOT NULL THEN format('%I.%I', pn.nspname, o.relname) END AS attached,
       CASE WHEN o.oid IS NOT NULL THEN
         -- Of a long name the server cuts the longer part.  Where that is the table's, its siblings' may be the same: not known.
         (SELECT CASE WHEN i.relname = name OR (left(i.relname, length(name)) = name AND substr(i.relname, length(name) + 1) ~ '^[0-9]+$')
                        OR (octet_length(a || b) > 59 AND (octet_length(a) > 29 OR octet_length(b) > length(b) OR i.relname ~ '_idx[0-9]+$'))
                      THEN NULL ELSE name END
          FROM (SELECT t.relname::text AS a, '_' || string_agg(attname, '_' ORDER BY attnum) AS b FROM pg_attribute WHERE attrelid = i.oid) p,
          LATERAL (SELECT a || left(b, 59 - length(a)) || '_idx' AS name) n) END AS born_as,
       CASE WHEN i.relkind = 'I' AND NOT indisvalid THEN 't' END AS only,
       CASE WHEN i.relkind = 'I' THEN 't' END AS partitioned,
       CASE WHEN indisunique THEN 't' END AS "unique",
       quote_ident(n.nspname) || '.' || quote_ident(t.relname) AS "table",
       -- USING method (columns) INCLUDE (...) NULLS NOT DISTINCT
       CASE WHEN plain THEN 'USING ' || quote_ident(amname) || ' (' || keys || ')' || CASE WHEN indnatts > indnkeyatts THEN ' INCLUDE (' ||
                (SELECT string_agg(quote_ident(attname), ', ' ORDER BY n) FROM unnest(indkey::int2[]) WITH ORDINALITY u (num, n)
                 JOIN pg_attribute ON attrelid = indrelid AND attnum = num WHERE n > indnkeyatts) || ')' ELSE '' END
              || CASE WHEN indnullsnotdistinct THEN ' NULLS NOT DISTINCT' ELSE '' END
            -- the server's text less its head and its tail
            ELSE left(substr(def, strpos(def, ' USING ') + 1), length(def) - strpos(def, ' USING ') - length(coalesce(' WITH (' || options_tail || ')', '') || coalesce(' WHERE ' || d.predicate, '')))
            END AS definition,
       CASE WHEN i.reloptions IS NOT NULL THEN
         (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || '=' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ')
          FROM unnest(i.reloptions) o) END AS options,
       CASE WHEN indpred IS NOT NULL THEN '%s' END AS predicate, indpred AS predicate_tree, indrelid AS tree_relation,
       spcname::text AS tablespace,
       CASE WHEN indisclustered THEN 't' END AS clustered,
       CASE WHEN indisreplident THEN 't' END AS replica_identity,
       -- of an expression
       CASE WHEN indexprs IS NOT NULL THEN (SELECT string_agg(attnum || ' ' || attstattarget, ', ' ORDER BY attnum)
         FROM pg_attribute WHERE attrelid = i.oid AND attstattarget >= 0 AND attnum > 0) END AS statistics,
       CASE WHEN NOT indisvalid AND i.relkind = 'i' THEN 't' END AS invalid
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = indrelid
JOIN pg_namespace n ON n.oid = i.relnamespace
JOIN pg_am am ON am.oid = i.relam
LEFT JOIN pg_tablespace s ON s.oid = i.reltablespace
LEFT JOIN (pg_inherits h JOIN pg_class o ON o.oid = inhparent JOIN pg_namespace pn ON pn.oid = o.relnamespace) ON inhrelid = i.oid,
LATERAL (SELECT string_agg(quote_ident(attname) || CASE option & 3 WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST' WHEN 3 THEN ' DESC' ELSE '' END,
                           ', ' ORDER BY n) AS keys,
                bool_and((class, atttypid) IN (SELECT class, type FROM own) AND coll IN (0, attcollation)) AS known
         FROM unnest(indkey::int2[], indclass::oid[], indcollation::oid[], indoption::int2[]) WITH ORDINALITY u (num, class, coll, option, n),
         LATERAL (SELECT attname, atttypid, attcollation FROM pg_attribute WHERE attrelid = indrelid AND attnum = num OFFSET 0) a
         WHERE n <= indnkeyatts) k,
LATERAL (SELECT known IS TRUE AND indexprs IS NULL AS plain
         -- Not to be flattened: each use would look again.
         OFFSET 0) p,
LATERAL (SELECT CASE WHEN NOT plain THEN substr(pg_get_indexdef(i.oid), length(format('CREATE INDEX %I ON %I.%I', i.relname, n.nspname, t.relname)) + 1) END AS def,
                CASE WHEN NOT plain THEN pg_get_expr(indpred, indrelid) END AS predicate,
                CASE WHEN NOT plain AND i.reloptions IS NOT NULL THEN
                  (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || '=' || CASE WHEN quote_ident(v) = v THEN v ELSE quote_literal(v) END, ', ')
                   FROM unnest(i.reloptions) o, LATERAL (SELECT substr(o, strpos(o, '=') + 1) AS v) v) END AS options_tail
         OFFSET 0) d
WHERE i.oid NOT IN (SELECT conindid FROM pg_constraint WHERE contype IN ('p', 'u', 'x'))
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
