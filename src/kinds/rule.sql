-- event and definition: the server's text on both sides of the relation's name.
-- @when EXISTS (SELECT FROM pg_rewrite WHERE oid >= 16384)
SELECT 'pg_rewrite'::regclass AS classid, oid AS objid, 0 AS objsubid,
       ARRAY[nspname, relname, rulename::text] AS identity,
       ARRAY[CASE relkind WHEN 'v' THEN 'view' ELSE 'table' END, nspname, relname] AS parent,
       btrim(left(def, at - 1), E' \n') AS event,
       btrim(substr(def, at + length(target)), E' \n;') AS definition,
       CASE ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END AS enabled
FROM (SELECT r.oid, rulename, ev_enabled, relkind, relname, nspname,
             ' TO ' || format('%I.%I', nspname, relname) AS target,
             substr(pg_get_ruledef(r.oid), length(format('CREATE RULE %I AS', rulename)) + 1) AS def
      FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class JOIN pg_namespace n ON n.oid = relnamespace
      WHERE ev_type <> '1' AND nspname !~ '^pg_' AND nspname <> 'information_schema') r,
LATERAL (SELECT strpos(def, target) AS at) p
