-- An index behind a constraint is part of it; it is a fact of its own where it bears a comment.
-- @when EXISTS (SELECT FROM pg_description WHERE objoid >= 16384 AND classoid = 'pg_class'::regclass)
SELECT 'constraint index' AS kind, 'pg_class'::regclass AS classid, i.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, i.relname] AS identity,
       ARRAY[CASE contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' ELSE 'exclusion' END, n.nspname, t.relname, conname] AS parent
FROM pg_description JOIN pg_class i ON i.oid = objoid AND i.relkind IN ('i', 'I') JOIN pg_namespace n ON n.oid = i.relnamespace
JOIN pg_constraint k ON conindid = i.oid AND contype IN ('p', 'u', 'x') JOIN pg_class t ON t.oid = conrelid
WHERE classoid = 'pg_class'::regclass AND objsubid = 0 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
