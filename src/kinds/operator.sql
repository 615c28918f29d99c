-- An operator without a function is a shell: made by another one that names it as commutator or negator.  One that nobody
-- names any more cannot be made and means nothing.
-- @when EXISTS (SELECT FROM pg_operator WHERE oid >= 16384)
SELECT 'pg_operator'::regclass AS classid, o.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, o.oprname, CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END,
             CASE WHEN o.oprright = 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END] AS identity, ARRAY['schema', n.nspname] AS parent,
       nullif(o.oprcode::text, '-') AS function,
       'OPERATOR(' || quote_ident(cn.nspname) || '.' || c.oprname || ')' AS commutator,
       'OPERATOR(' || quote_ident(nn.nspname) || '.' || g.oprname || ')' AS negator,
       nullif(o.oprrest::text, '-') AS restrict, nullif(o.oprjoin::text, '-') AS "join",
       CASE WHEN o.oprcanhash THEN 't' END AS hashes, CASE WHEN o.oprcanmerge THEN 't' END AS merges
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
LEFT JOIN (pg_operator c JOIN pg_namespace cn ON cn.oid = c.oprnamespace) ON c.oid = o.oprcom
LEFT JOIN (pg_operator g JOIN pg_namespace nn ON nn.oid = g.oprnamespace) ON g.oid = o.oprnegate
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND (o.oprcode <> 0 OR EXISTS (SELECT FROM pg_operator x WHERE x.oid >= 16384 AND o.oid IN (x.oprcom, x.oprnegate)))
