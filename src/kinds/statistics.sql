-- Columns by name, since their order in the table is none of the schema; expressions as they were given.
-- @when EXISTS (SELECT FROM pg_statistic_ext)
SELECT 'pg_statistic_ext'::regclass AS classid, s.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, stxname] AS identity, ARRAY['schema', n.nspname] AS parent,
       CASE WHEN NOT stxkind @> '{d,f,m}' THEN
         (SELECT string_agg(CASE k WHEN 'd' THEN 'ndistinct' WHEN 'f' THEN 'dependencies' ELSE 'mcv' END, ', ' ORDER BY k)
          FROM unnest(stxkind) k WHERE k <> 'e') END AS kinds,
       concat_ws(', ', (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname COLLATE "C")
                        FROM pg_attribute WHERE attrelid = stxrelid AND attnum = ANY (stxkeys)),
                 (SELECT string_agg('(' || x || ')', ', ' ORDER BY i)
                  FROM unnest(pg_get_statisticsobjdef_expressions(s.oid)) WITH ORDINALITY e(x, i))) AS definition,
       format('%I.%I', tn.nspname, relname) AS relation,
       CASE WHEN stxstattarget >= 0 THEN stxstattarget END AS target
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = stxnamespace
JOIN pg_class c ON c.oid = stxrelid JOIN pg_namespace tn ON tn.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
