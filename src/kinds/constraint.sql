SELECT CASE contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' ELSE 'exclusion' END AS kind,
       'pg_constraint'::regclass AS classid, k.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, c.relname, conname] AS identity, ARRAY['table', n.nspname, c.relname] AS parent,
       regexp_replace(pg_get_constraintdef(k.oid), '(( NOT DEFERRABLE| DEFERRABLE)?( INITIALLY (DEFERRED|IMMEDIATE))?)?( NOT VALID)?$', '') AS definition,
       CASE WHEN condeferrable THEN 'DEFERRABLE' || CASE WHEN condeferred THEN ' INITIALLY DEFERRED' ELSE '' END END AS deferrable,
       CASE WHEN NOT convalidated THEN 't' END AS not_valid,
       CASE WHEN i.oid IS NOT NULL AND contype <> 'f' THEN
         (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || '=' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ' ORDER BY o) FROM unnest(i.reloptions) o) END AS options,
       CASE WHEN contype <> 'f' THEN spcname::text END AS tablespace,
       CASE WHEN contype <> 'f' AND indisclustered THEN 't' END AS clustered,
       CASE WHEN contype <> 'f' AND indisreplident THEN 't' END AS replica_identity
FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class i ON i.oid = conindid LEFT JOIN pg_index x ON x.indexrelid = i.oid LEFT JOIN pg_tablespace s ON s.oid = i.reltablespace
WHERE contype IN ('p', 'u', 'c', 'f', 'x') AND conparentid = 0 AND conislocal
  AND c.relkind IN ('r', 'p', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
