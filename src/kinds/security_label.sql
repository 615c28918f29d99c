SELECT 'security label' AS kind, classoid AS classid, objoid AS objid, objsubid, ARRAY[provider] AS suffix, label
FROM pg_seclabel WHERE objoid >= 16384 OR classoid = 'pg_namespace'::regclass
UNION ALL
-- subscriptions
SELECT 'security label', classoid, objoid, 0, ARRAY[provider], label FROM pg_shseclabel WHERE objoid >= 16384
