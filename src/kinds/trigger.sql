-- event and definition: the server's text on both sides of the relation's name.
-- @when EXISTS (SELECT FROM pg_trigger WHERE NOT tgisinternal)
SELECT 'pg_trigger'::regclass AS classid, oid AS objid, 0 AS objsubid,
       ARRAY[nspname, relname, tgname::text] AS identity,
       ARRAY[CASE relkind WHEN 'v' THEN 'view' WHEN 'f' THEN 'foreign table' ELSE 'table' END, nspname, relname] AS parent,
       CASE WHEN tgconstraint <> 0 THEN 't' END AS "constraint",
       left(def, at - 1) AS event,
       ltrim(substr(def, at + length(target))) AS definition,
       CASE tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END AS enabled,
       extensions
FROM (SELECT g.oid, tgname, tgenabled, tgconstraint, relkind, relname, nspname,
             ' ON ' || format('%I.%I', nspname, relname) AS target,
             substr(pg_get_triggerdef(g.oid), length(format(CASE WHEN tgconstraint <> 0 THEN 'CREATE CONSTRAINT TRIGGER %I ' ELSE 'CREATE TRIGGER %I ' END, tgname)) + 1) AS def
      FROM pg_trigger g JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = relnamespace
      WHERE NOT tgisinternal AND tgparentid = 0 AND nspname !~ '^pg_' AND nspname <> 'information_schema') g
LEFT JOIN (SELECT objid, string_agg(quote_ident(extname), ', ' ORDER BY extname) AS extensions
           FROM pg_depend JOIN pg_extension e ON e.oid = refobjid
           WHERE classid = 'pg_trigger'::regclass AND deptype = 'x' GROUP BY objid) x ON objid = g.oid,
LATERAL (SELECT strpos(def, target) AS at) p
