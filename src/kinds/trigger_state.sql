-- Clones on partitions that do not fire as the partitioned table's trigger does, and the triggers behind constraints
-- that do not fire as at birth.
-- @when EXISTS (SELECT FROM pg_trigger WHERE tgenabled <> 'O')
WITH RECURSIVE clone AS (
  SELECT oid, tgrelid, tgname, tgenabled, oid AS root, tgenabled AS root_enabled
  FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0 AND oid IN (SELECT tgparentid FROM pg_trigger)
  UNION ALL
  SELECT g.oid, g.tgrelid, g.tgname, g.tgenabled, root, root_enabled FROM clone c JOIN pg_trigger g ON g.tgparentid = c.oid)
SELECT 'trigger state' AS kind, 'pg_trigger'::regclass AS classid, k.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, c.relname, k.tgname] AS identity,
       ARRAY['trigger', rn.nspname, rc.relname, r.tgname] AS parent,
       CASE k.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END AS enabled
FROM clone k JOIN pg_class c ON c.oid = k.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_trigger r ON r.oid = root JOIN pg_class rc ON rc.oid = r.tgrelid JOIN pg_namespace rn ON rn.oid = rc.relnamespace
WHERE k.tgenabled <> root_enabled
UNION ALL
SELECT 'constraint trigger state', 'pg_trigger'::regclass, g.oid, 0,
       ARRAY[n.nspname::text, c.relname, p.proname, kn.nspname, kc.relname, conname],
       ARRAY['table', n.nspname, c.relname],
       CASE tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END
FROM pg_trigger g JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_proc p ON p.oid = tgfoid
JOIN pg_constraint k ON k.oid = tgconstraint JOIN pg_class kc ON kc.oid = conrelid JOIN pg_namespace kn ON kn.oid = kc.relnamespace
WHERE tgisinternal AND tgenabled <> 'O' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
