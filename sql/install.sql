-- CREATE EXTENSION, what it makes, DROP EXTENSION.
CREATE DATABASE sf_install;
\c sf_install
CREATE EXTENSION schemaflow;
SELECT extversion, extrelocatable FROM pg_extension WHERE extname = 'schemaflow';
-- Members without a comment (the row types and arrays of tables go with them).
SELECT pg_describe_object(classid, objid, objsubid) AS uncommented
FROM pg_depend d
WHERE refclassid = 'pg_extension'::regclass
	AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'schemaflow')
	AND deptype = 'e'
	AND NOT EXISTS (SELECT FROM pg_description c WHERE c.classoid = d.classid AND c.objoid = d.objid AND c.objsubid = 0)
	AND NOT (classid = 'pg_type'::regclass
		AND EXISTS (SELECT FROM pg_type t WHERE t.oid = d.objid AND (t.typrelid <> 0 OR t.typelem <> 0)))
ORDER BY 1;
-- Our tables have no serial or identity keys, no foreign keys to themselves and no triggers: restores would break them.
SELECT c.oid::regclass AS relation, c.relkind
FROM pg_class c
WHERE relnamespace = 'schemaflow'::regnamespace
	AND (relkind = 'S' OR relhastriggers AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal)
		OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND confrelid = c.oid))
ORDER BY 1;
-- What changes anything is not for everybody.
SELECT p.oid::regprocedure AS volatile_and_public
FROM pg_proc p
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'schemaflow')
	AND p.prokind = 'p' AND has_function_privilege('public', p.oid, 'EXECUTE')
ORDER BY 1;
DROP EXTENSION schemaflow;
SELECT count(*) AS left_over FROM pg_namespace WHERE nspname = 'schemaflow';
-- It may stand in any schema; what steps call stands beside the tables.
CREATE SCHEMA tools;
CREATE EXTENSION schemaflow SCHEMA tools;
SELECT DISTINCT pronamespace::regnamespace AS functions_in
FROM pg_proc p
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'schemaflow')
	AND pronamespace NOT IN ('tools'::regnamespace, 'schemaflow'::regnamespace);
DROP EXTENSION schemaflow;
\c postgres
DROP DATABASE sf_install;
