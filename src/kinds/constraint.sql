-- Clones on partitions and inherited checks are copies (implied); the rows that the server keeps for each partition of a
-- referenced table are part of the foreign key.  born_as: the name that the server gives a copy, if that is not its name
-- (a foreign key's is that of its original).  A copy of an unproved constraint is proved where its table was made later:
-- that is the data's state.
SELECT CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' ELSE 'exclusion' END AS kind,
       'pg_constraint'::regclass AS classid, k.oid AS objid, 0 AS objsubid,
       k.conrelid AS parent_relation, ARRAY[k.conname] AS suffix,
       CASE WHEN o.oid IS NOT NULL THEN ARRAY[CASE o.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check'
              WHEN 'f' THEN 'foreign key' ELSE 'exclusion' END, o.nspname, o.relname, o.conname]
            WHEN k.coninhcount > 0 THEN
         (SELECT ARRAY['check', hn.nspname, h.relname, k.conname] FROM pg_inherits
          JOIN pg_class h ON h.oid = inhparent JOIN pg_namespace hn ON hn.oid = h.relnamespace
          JOIN pg_constraint hk ON hk.conrelid = h.oid AND hk.conname = k.conname AND hk.contype = 'c'
          WHERE inhrelid = k.conrelid ORDER BY inhseqno LIMIT 1) END AS implied,
       CASE WHEN k.coninhcount > 0 AND k.conislocal THEN 't' END AS local,
       CASE WHEN k.contype = 'c' AND k.coninhcount > 0 AND NOT k.conislocal
                 AND NOT (SELECT relispartition FROM pg_class WHERE oid = k.conrelid) THEN 't' END AS inherited,
       CASE WHEN o.oid IS NOT NULL AND k.contype <> 'f' THEN (SELECT format('%I.%I', o.nspname, relname) FROM pg_class WHERE oid = o.conindid) END AS attached,
       CASE WHEN o.oid IS NOT NULL AND k.contype <> 'f' THEN
         (SELECT CASE WHEN k.conname = name OR (left(k.conname, length(name)) = name AND substr(k.conname, length(name) + 1) ~ '^[0-9]+$')
                        OR (octet_length(a || b) > size AND (octet_length(a) > (size + 1) / 2 - 1 OR octet_length(b) > length(b) OR k.conname ~ (label || '[0-9]+$')))
                      THEN NULL ELSE name END
          FROM (SELECT c.relname::text AS a, CASE k.contype WHEN 'p' THEN '' ELSE '_' ||
                  (SELECT string_agg(attname, '_' ORDER BY attnum) FROM pg_attribute WHERE attrelid = k.conindid) END AS b,
                  CASE k.contype WHEN 'p' THEN '_pkey' WHEN 'u' THEN '_key' ELSE '_excl' END AS label FROM pg_class c WHERE c.oid = k.conrelid) p,
          LATERAL (SELECT 63 - length(label) AS size) z, LATERAL (SELECT a || left(b, size - length(a)) || label AS name) n) END AS born_as,
       CASE WHEN i.relkind = 'I' AND NOT indisvalid THEN 't' END AS only,
       -- As the server writes it, from the catalogs' columns: quicker than by the server, which looks each one up by itself.
       CASE
         WHEN plain AND k.contype = 'c' THEN 'CHECK (%s)' || CASE WHEN k.connoinherit THEN ' NO INHERIT' ELSE '' END
         WHEN plain AND k.contype IN ('p', 'u') AND cardinality(k.conkey) = indnatts THEN
           CASE k.contype WHEN 'p' THEN 'PRIMARY KEY (' ELSE 'UNIQUE ' || CASE WHEN indnullsnotdistinct THEN 'NULLS NOT DISTINCT (' ELSE '(' END END || columns || ')'
         WHEN plain AND k.contype = 'f' AND k.confdelsetcols IS NULL AND k.confmatchtype <> 'p' THEN
           'FOREIGN KEY (' || columns || ') REFERENCES ' || quote_ident(r.nspname) || '.' || quote_ident(r.relname) || '('
           || CASE WHEN cardinality(k.confkey) = 1 THEN (SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = k.confrelid AND attnum = k.confkey[1])
              ELSE (SELECT string_agg(quote_ident(attname), ', ' ORDER BY n) FROM unnest(k.confkey) WITH ORDINALITY u (num, n)
                    JOIN pg_attribute ON attrelid = k.confrelid AND attnum = num) END || ')'
           || CASE WHEN k.confmatchtype = 'f' THEN ' MATCH FULL' ELSE '' END
           || CASE k.confupdtype WHEN 'r' THEN ' ON UPDATE RESTRICT' WHEN 'c' THEN ' ON UPDATE CASCADE' WHEN 'n' THEN ' ON UPDATE SET NULL'
                WHEN 'd' THEN ' ON UPDATE SET DEFAULT' ELSE '' END
           || CASE k.confdeltype WHEN 'r' THEN ' ON DELETE RESTRICT' WHEN 'c' THEN ' ON DELETE CASCADE' WHEN 'n' THEN ' ON DELETE SET NULL'
                WHEN 'd' THEN ' ON DELETE SET DEFAULT' ELSE '' END
         -- The server prints an exclusion constraint with its index's options.
         WHEN k.contype = 'x' AND i.reloptions IS NOT NULL THEN
         regexp_replace(replace(pg_get_constraintdef(k.oid),
           (SELECT ' WITH (' || string_agg(quote_ident(name) || '=' || CASE quote_ident(value) WHEN value THEN value ELSE quote_literal(value) END, ', ' ORDER BY n) || ')'
            FROM (SELECT split_part(o, '=', 1) AS name, substr(o, strpos(o, '=') + 1) AS value, n FROM unnest(i.reloptions) WITH ORDINALITY u (o, n)) o), ''),
           '( DEFERRABLE( INITIALLY DEFERRED)?)?$', '')
         WHEN k.condeferrable OR NOT k.convalidated THEN
         regexp_replace(pg_get_constraintdef(k.oid), '( DEFERRABLE( INITIALLY DEFERRED)?)?( NOT ENFORCED| NOT VALID)?$', '')
       ELSE pg_get_constraintdef(k.oid) END AS definition,
       CASE WHEN plain AND k.contype = 'c' THEN k.conbin END AS definition_tree,
       k.conrelid AS tree_relation,
       CASE WHEN k.condeferrable THEN 'DEFERRABLE' || CASE WHEN k.condeferred THEN ' INITIALLY DEFERRED' ELSE '' END END AS deferrable,
       -- @major 15-17
       CASE WHEN NOT k.convalidated AND k.coninhcount = 0 THEN 't' END AS not_valid, NULL AS not_enforced,
       -- @major 15-17
       CASE WHEN NOT k.convalidated AND k.coninhcount > 0 THEN 't' END AS unproved,
       -- @major 18-
       CASE WHEN NOT k.convalidated AND k.conenforced AND k.coninhcount = 0 THEN 't' END AS not_valid, CASE WHEN NOT k.conenforced THEN 't' END AS not_enforced,
       -- @major 18-
       CASE WHEN NOT k.convalidated AND k.conenforced AND k.coninhcount > 0 THEN 't' END AS unproved,
       CASE WHEN i.reloptions IS NOT NULL THEN
         (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || '=' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ' ORDER BY n) FROM unnest(i.reloptions) WITH ORDINALITY u (o, n)) END AS options,
       spcname::text AS tablespace,
       CASE WHEN indisclustered THEN 't' END AS clustered,
       CASE WHEN indisreplident THEN 't' END AS replica_identity
FROM pg_constraint k
-- What few constraints have is looked for where it can be; not to be flattened into joins that look for each.
LEFT JOIN LATERAL (SELECT o.oid, o.contype, o.conname, o.conrelid, o.confrelid, o.conindid, pn.nspname, p.relname
  FROM pg_constraint o JOIN pg_class p ON p.oid = o.conrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
  WHERE k.conparentid <> 0 AND o.oid = k.conparentid OFFSET 0) o ON true
LEFT JOIN LATERAL (SELECT i.relkind, i.reloptions, spcname, indisvalid, indnatts, indisclustered, indisreplident, indnullsnotdistinct
  FROM pg_class i JOIN pg_index ON indexrelid = i.oid LEFT JOIN pg_tablespace s ON s.oid = i.reltablespace
  -- a foreign key's is that of what it refers to
  WHERE k.contype IN ('p', 'u', 'x') AND i.oid = k.conindid OFFSET 0) i ON true
LEFT JOIN LATERAL (SELECT nspname, relname FROM pg_class r JOIN pg_namespace n ON n.oid = relnamespace
  WHERE k.contype = 'f' AND r.oid = k.confrelid OFFSET 0) r ON true,
LATERAL (SELECT
                -- @major 15-17
                true AS plain,
                -- @major 18-
                NOT k.conperiod AND k.conenforced AS plain,
                CASE WHEN cardinality(k.conkey) = 1 THEN (SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = k.conkey[1])
                ELSE (SELECT string_agg(quote_ident(attname), ', ' ORDER BY n) FROM unnest(k.conkey) WITH ORDINALITY u (num, n)
                      JOIN pg_attribute ON attrelid = k.conrelid AND attnum = num) END AS columns) l
WHERE k.contype IN ('p', 'u', 'c', 'f', 'x')
  AND (k.conparentid = 0 OR (o.conrelid <> k.conrelid AND o.confrelid = k.confrelid))
  AND k.conrelid >= 16384
