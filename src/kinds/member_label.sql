-- Security labels on members of extensions: somebody gave them, no extension's script does.
-- @when EXISTS (SELECT FROM pg_seclabel)
SELECT 'member label' AS kind, 0::oid AS classid, 0::oid AS objid, 0 AS objsubid,
       ARRAY[extname::text, upper(regexp_replace(i.type, '^.* column$', 'column')), i.identity, provider] AS identity,
       NULL::text[] AS parent, ARRAY['extension', extname] AS requires, label
FROM pg_seclabel s JOIN pg_depend d ON d.classid = classoid AND d.objid = objoid AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass,
LATERAL pg_identify_object(classoid, objoid, s.objsubid) i
