-- @when current_setting('server_version_num')::int >= 180000
-- From 18 on NOT NULL is a constraint, with a name; before, none is listed.  name: NULL for an inherited one, whose
-- name nobody can change, and which is proved with its original.
SELECT 'not null' AS kind, 'pg_constraint'::regclass AS classid, k.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, relname, attname] AS identity, ARRAY['column', n.nspname, relname, attname] AS parent,
       CASE WHEN coninhcount > 0 THEN
         (SELECT ARRAY['not null', pn.nspname, p.relname, a.attname] FROM pg_inherits
          JOIN pg_class p ON p.oid = inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
          JOIN pg_attribute pa ON pa.attrelid = p.oid AND pa.attname = a.attname AND pa.attnotnull
          WHERE inhrelid = c.oid ORDER BY inhseqno LIMIT 1) END AS implied,
       CASE WHEN coninhcount > 0 AND conislocal THEN 't' END AS local,
       conname::text AS actual_name, CASE WHEN coninhcount = 0 THEN conname::text END AS name,
       CASE WHEN connoinherit THEN 't' END AS no_inherit,
       CASE WHEN NOT convalidated AND coninhcount = 0 THEN 't' END AS not_valid
FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = relnamespace
JOIN pg_attribute a ON attrelid = conrelid AND attnum = conkey[1]
WHERE contype = 'n' AND relkind IN ('r', 'p', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
