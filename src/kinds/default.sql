-- Those of views have no column fact yet: theirs are read later.
-- implied: the parent table's default; local: this one is not the same.  No default where the parent has one is a default of NULL.
SELECT CASE WHEN attgenerated = '' THEN 'default' ELSE 'generated' END AS kind,
       'pg_attrdef'::regclass AS classid, d.oid AS objid, 0 AS objsubid,
       adrelid AS parent_relation, adnum AS parent_column,
       l.implied, CASE WHEN attinhcount > 0 AND l.expression IS DISTINCT FROM pg_get_expr(adbin, adrelid) THEN 't' END AS local,
       CASE WHEN attgenerated = 'v' THEN 't' END AS virtual, '%s' AS expression, adbin AS expression_tree, adrelid AS tree_relation
FROM pg_attrdef d JOIN pg_attribute a ON attrelid = adrelid AND attnum = adnum
LEFT JOIN LATERAL (SELECT ARRAY[CASE WHEN pa.attgenerated = '' THEN 'default' ELSE 'generated' END, pn.nspname, p.relname, a.attname] AS implied,
         pg_get_expr(pd.adbin, pd.adrelid) AS expression
  FROM pg_inherits JOIN pg_class p ON p.oid = inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
  JOIN pg_attribute pa ON pa.attrelid = p.oid AND pa.attname = a.attname AND NOT pa.attisdropped
  JOIN pg_attrdef pd ON pd.adrelid = p.oid AND pd.adnum = pa.attnum
  WHERE inhrelid = d.adrelid AND a.attinhcount > 0 ORDER BY inhseqno LIMIT 1) l ON attinhcount > 0
UNION ALL
SELECT DISTINCT ON (c.oid, a.attnum) 'default', 'pg_class'::regclass, c.oid, a.attnum,
       c.oid, a.attnum,
       ARRAY['default', pn.nspname, p.relname, a.attname], 't', NULL, 'NULL', NULL, 0
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
JOIN pg_class p ON p.oid = inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount > 0 AND NOT a.atthasdef AND a.attidentity = ''
JOIN pg_attribute pa ON pa.attrelid = p.oid AND pa.attname = a.attname AND pa.atthasdef AND pa.attgenerated = ''
WHERE c.relkind IN ('r', 'p', 'f')
