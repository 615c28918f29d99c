SELECT 'security label' AS kind, classoid AS classid, objoid AS objid, objsubid, ARRAY[provider] AS suffix, label
FROM pg_seclabel WHERE objoid >= 16384 OR classoid = 'pg_namespace'::regclass
