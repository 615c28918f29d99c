-- Clones on partitions and inherited checks are copies (implied); the rows that the server keeps for each partition of a
-- referenced table are part of the foreign key.  born_as: the name that the server gives a copy, if that is not its name.
SELECT CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' ELSE 'exclusion' END AS kind,
       'pg_constraint'::regclass AS classid, k.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, c.relname, k.conname] AS identity,
       ARRAY[CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END, n.nspname, c.relname] AS parent,
       CASE WHEN o.oid IS NOT NULL THEN ARRAY[CASE o.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check'
              WHEN 'f' THEN 'foreign key' ELSE 'exclusion' END, pn.nspname, p.relname, o.conname]
            WHEN k.coninhcount > 0 THEN
         (SELECT ARRAY['check', hn.nspname, h.relname, k.conname] FROM pg_inherits
          JOIN pg_class h ON h.oid = inhparent JOIN pg_namespace hn ON hn.oid = h.relnamespace
          JOIN pg_constraint hk ON hk.conrelid = h.oid AND hk.conname = k.conname AND hk.contype = 'c'
          WHERE inhrelid = c.oid ORDER BY inhseqno LIMIT 1) END AS implied,
       CASE WHEN k.coninhcount > 0 AND k.conislocal THEN 't' END AS local,
       CASE WHEN o.oid IS NOT NULL AND k.contype <> 'f' THEN (SELECT format('%I.%I', pn.nspname, relname) FROM pg_class WHERE oid = o.conindid) END AS attached,
       CASE WHEN o.oid IS NOT NULL THEN
         (SELECT CASE WHEN k.conname = name OR (left(k.conname, length(name)) = name AND substr(k.conname, length(name) + 1) ~ '^[0-9]+$')
                        OR octet_length(name) > 63 THEN NULL ELSE name END
          FROM (SELECT CASE k.contype WHEN 'f' THEN o.conname WHEN 'p' THEN c.relname || '_pkey' ELSE c.relname || '_' ||
                  (SELECT string_agg(attname, '_' ORDER BY attnum) FROM pg_attribute WHERE attrelid = k.conindid)
                  || CASE k.contype WHEN 'u' THEN '_key' ELSE '_excl' END END AS name) b) END AS born_as,
       CASE WHEN c.relkind = 'p' AND k.contype IN ('p', 'u', 'x') AND NOT indisvalid THEN 't' END AS only,
       -- As the server writes it, from the catalogs' columns: quicker than by the server, which looks each one up by itself.
       CASE
         WHEN plain AND k.contype = 'c' THEN 'CHECK (%s)' || CASE WHEN k.connoinherit THEN ' NO INHERIT' ELSE '' END
         WHEN plain AND k.contype IN ('p', 'u') AND cardinality(k.conkey) = indnatts THEN
           CASE k.contype WHEN 'p' THEN 'PRIMARY KEY (' ELSE 'UNIQUE ' || CASE WHEN indnullsnotdistinct THEN 'NULLS NOT DISTINCT (' ELSE '(' END END || columns || ')'
         WHEN plain AND k.contype = 'f' AND k.confdelsetcols IS NULL AND k.confmatchtype <> 'p' THEN
           'FOREIGN KEY (' || columns || ') REFERENCES ' || quote_ident(rn.nspname) || '.' || quote_ident(r.relname) || '('
           || CASE WHEN cardinality(k.confkey) = 1 THEN (SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = k.confrelid AND attnum = k.confkey[1])
              ELSE (SELECT string_agg(quote_ident(attname), ', ' ORDER BY n) FROM unnest(k.confkey) WITH ORDINALITY u (num, n)
                    JOIN pg_attribute ON attrelid = k.confrelid AND attnum = num) END || ')'
           || CASE WHEN k.confmatchtype = 'f' THEN ' MATCH FULL' ELSE '' END
           || CASE k.confupdtype WHEN 'r' THEN ' ON UPDATE RESTRICT' WHEN 'c' THEN ' ON UPDATE CASCADE' WHEN 'n' THEN ' ON UPDATE SET NULL'
                WHEN 'd' THEN ' ON UPDATE SET DEFAULT' ELSE '' END
           || CASE k.confdeltype WHEN 'r' THEN ' ON DELETE RESTRICT' WHEN 'c' THEN ' ON DELETE CASCADE' WHEN 'n' THEN ' ON DELETE SET NULL'
                WHEN 'd' THEN ' ON DELETE SET DEFAULT' ELSE '' END
         WHEN k.condeferrable OR NOT k.convalidated THEN
         regexp_replace(pg_get_constraintdef(k.oid), '( DEFERRABLE( INITIALLY DEFERRED)?)?( NOT ENFORCED| NOT VALID)?$', '')
       ELSE pg_get_constraintdef(k.oid) END AS definition,
       CASE WHEN plain AND k.contype = 'c' THEN k.conbin END AS definition_tree,
       k.conrelid AS tree_relation,
       CASE WHEN k.condeferrable THEN 'DEFERRABLE' || CASE WHEN k.condeferred THEN ' INITIALLY DEFERRED' ELSE '' END END AS deferrable,
       -- @major 15-17
       CASE WHEN NOT k.convalidated THEN 't' END AS not_valid, NULL AS not_enforced,
       -- @major 18-
       CASE WHEN NOT k.convalidated AND k.conenforced THEN 't' END AS not_valid, CASE WHEN NOT k.conenforced THEN 't' END AS not_enforced,
       CASE WHEN i.reloptions IS NOT NULL AND k.contype <> 'f' THEN
         (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || '=' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ' ORDER BY o) FROM unnest(i.reloptions) o) END AS options,
       CASE WHEN k.contype <> 'f' THEN spcname::text END AS tablespace,
       CASE WHEN k.contype <> 'f' AND indisclustered THEN 't' END AS clustered,
       CASE WHEN k.contype <> 'f' AND indisreplident THEN 't' END AS replica_identity
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN (pg_constraint o JOIN pg_class p ON p.oid = o.conrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace) ON o.oid = k.conparentid
LEFT JOIN pg_class i ON i.oid = k.conindid LEFT JOIN pg_index x ON x.indexrelid = i.oid LEFT JOIN pg_tablespace s ON s.oid = i.reltablespace
LEFT JOIN (pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace) ON r.oid = k.confrelid,
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
  AND c.relkind IN ('r', 'p', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
