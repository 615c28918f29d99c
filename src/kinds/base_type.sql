-- Base types, and shells that are waiting to be defined.
-- @when types ~ '[bp]'
SELECT CASE WHEN typisdefined THEN 'base type' ELSE 'shell type' END AS kind,
       'pg_type'::regclass AS classid, t.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, typname] AS identity, ARRAY['schema', nspname] AS parent,
       nullif(typinput::text, '-') AS input, nullif(typoutput::text, '-') AS output,
       nullif(typreceive::text, '-') AS receive, nullif(typsend::text, '-') AS send,
       nullif(typmodin::text, '-') AS typmod_in, nullif(typmodout::text, '-') AS typmod_out,
       nullif(typanalyze::text, '-') AS "analyze", nullif(typsubscript::text, '-') AS subscript,
       CASE typlen WHEN -1 THEN 'VARIABLE' ELSE typlen::text END AS length,
       CASE WHEN typbyval THEN 'true' END AS by_value,
       CASE typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'i' THEN 'int4' ELSE 'double' END AS alignment,
       CASE typstorage WHEN 'e' THEN 'external' WHEN 'x' THEN 'extended' WHEN 'm' THEN 'main' ELSE 'plain' END AS storage,
       CASE WHEN typcategory <> 'U' THEN quote_literal(typcategory::text) END AS category,
       CASE WHEN typispreferred THEN 'true' END AS preferred,
       quote_literal(typdefault) AS "default",
       CASE WHEN typelem <> 0 THEN format_type(typelem, NULL) END AS element,
       CASE WHEN typdelim <> ',' THEN quote_literal(typdelim::text) END AS delimiter,
       CASE WHEN typcollation <> 0 THEN 'true' END AS "collatable"
FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace
LEFT JOIN pg_depend i ON i.classid = 'pg_type'::regclass AND i.objid = t.oid AND i.deptype = 'i'
WHERE typtype IN ('b', 'p') AND i.objid IS NULL AND nspname !~ '^pg_' AND nspname <> 'information_schema'
