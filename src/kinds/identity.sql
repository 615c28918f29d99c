-- @when relations ~ 'S'
SELECT 'pg_class'::regclass AS classid, s.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, c.relname, attname] AS identity, ARRAY['column', n.nspname, c.relname, attname] AS parent,
       CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END AS generation,
       format('%I.%I', sn.nspname, s.relname) AS sequence,
       seqstart AS start, seqincrement AS increment, seqmin AS min, seqmax AS max, seqcache AS cache,
       CASE WHEN seqcycle THEN 't' END AS cycle
FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_depend d ON refclassid = 'pg_class'::regclass AND refobjid = attrelid AND refobjsubid = attnum AND deptype = 'i' AND classid = 'pg_class'::regclass
JOIN pg_class s ON s.oid = objid AND s.relkind = 'S' JOIN pg_namespace sn ON sn.oid = s.relnamespace
JOIN pg_sequence q ON seqrelid = s.oid
WHERE attidentity <> '' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
