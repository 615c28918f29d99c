SELECT classoid AS classid, objoid AS objid, objsubid, description AS text
FROM pg_description WHERE objoid >= 16384 OR classoid = 'pg_namespace'::regclass
UNION ALL
SELECT classoid, objoid, 0, description FROM pg_shdescription WHERE objoid >= 16384
