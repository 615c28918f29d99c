-- Comments on members of extensions: those that the extension's script gave, too (see SfKind.given).
SELECT 'member comment' AS kind, 0::oid AS classid, 0::oid AS objid, 0 AS objsubid,
       ARRAY[extname::text, CASE WHEN i.type LIKE '% column' THEN 'COLUMN' WHEN i.type = 'foreign-data wrapper' THEN 'FOREIGN DATA WRAPPER'
                                 WHEN i.type = 'statistics object' THEN 'STATISTICS' WHEN i.type = 'composite type' THEN 'TYPE'
                                 WHEN i.type IN ('function', 'procedure', 'aggregate') THEN 'ROUTINE' ELSE upper(i.type) END, i.identity] AS identity,
       NULL::text[] AS parent, ARRAY['extension', extname] AS requires, description AS text
FROM pg_depend d JOIN pg_description s ON s.classoid = d.classid AND s.objoid = d.objid
JOIN pg_extension e ON e.oid = d.refobjid, LATERAL pg_identify_object(classoid, objoid, s.objsubid) i
WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass AND d.objsubid = 0
