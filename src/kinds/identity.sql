-- @when relations ~ 'S'
SELECT 'pg_class'::regclass AS classid, s.oid AS objid, 0 AS objsubid,
       attrelid AS parent_relation, attnum AS parent_column,
       CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END AS generation,
       format('%I.%I', sn.nspname, s.relname) AS sequence,
       -- where it is not its table's
       CASE WHEN s.relpersistence <> (SELECT relpersistence FROM pg_class WHERE oid = attrelid) THEN CASE s.relpersistence WHEN 'u' THEN 'UNLOGGED' ELSE 'LOGGED' END END AS persistence,
       seqstart AS start, seqincrement AS increment, seqmin AS min, seqmax AS max, seqcache AS cache,
       CASE WHEN seqcycle THEN 't' END AS cycle
FROM pg_sequence q JOIN pg_class s ON s.oid = seqrelid JOIN pg_namespace sn ON sn.oid = s.relnamespace
JOIN pg_depend d ON classid = 'pg_class'::regclass AND objid = seqrelid AND refclassid = 'pg_class'::regclass AND deptype = 'i'
JOIN pg_attribute a ON attrelid = refobjid AND attnum = refobjsubid
WHERE attidentity <> ''
