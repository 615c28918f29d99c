-- At the pseudo-address (sub-id -1) of a relation: what it is a child of.
-- @when EXISTS (SELECT FROM pg_inherits)
SELECT CASE WHEN c.relispartition THEN 'partition' ELSE 'inheritance' END AS kind,
       'pg_class'::regclass AS classid, c.oid AS objid, - (row_number() OVER (PARTITION BY inhrelid ORDER BY inhseqno))::int AS objsubid,
       ARRAY[n.nspname::text, c.relname] || CASE WHEN NOT c.relispartition THEN ARRAY[pn.nspname::text, p.relname] END AS identity,
       ARRAY[CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END, n.nspname, c.relname] AS parent,
       ARRAY[CASE p.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END, pn.nspname, p.relname] AS requires,
       format('%I.%I', pn.nspname, p.relname) AS of,
       pg_get_expr(c.relpartbound, c.oid) AS bound,
       to_char(row_number() OVER (PARTITION BY inhrelid ORDER BY inhseqno), 'FM0000') AS position,
       string_agg(format('%I.%I', pn.nspname, p.relname), ', ') OVER (PARTITION BY inhrelid ORDER BY inhseqno
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS behind,
       CASE WHEN inhdetachpending THEN 't' END AS detaching
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class p ON p.oid = inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
