-- Functions and procedures.  definition: the server's text behind the name, without an atomic body (that is sql_body);
-- result and inputs are what CREATE OR REPLACE may not change.
-- @when functions ~ '[fpw]'
SELECT CASE prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind,
       'pg_proc'::regclass AS classid, p.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, proname, '(' || oidvectortypes(proargtypes) || ')'] AS identity, ARRAY['schema', nspname] AS parent,
       CASE WHEN prokind = 'w' THEN 't' END AS "window",
       CASE WHEN proretset THEN 'SETOF ' ELSE '' END || format_type(prorettype, NULL) ||
         CASE WHEN prorettype = 'record'::regtype AND proargmodes IS NOT NULL THEN
           (SELECT ' (' || string_agg(quote_ident(coalesce(nullif(name, ''), 'column' || i)) || ' ' || format_type(type, NULL), ', ' ORDER BY i) || ')'
            FROM (SELECT name, type, row_number() OVER (ORDER BY n) AS i
                  FROM unnest(proallargtypes, proargmodes, proargnames) WITH ORDINALITY u(type, mode, name, n) WHERE mode IN ('o', 'b', 't')) o)
         ELSE '' END AS result,
       CASE WHEN proargmodes IS NULL THEN proargnames::text ELSE
         (SELECT array_agg(coalesce(name, '') ORDER BY n)::text
          FROM unnest(proargmodes, proargnames) WITH ORDINALITY u(mode, name, n) WHERE mode IN ('i', 'b', 'v') AND proargnames IS NOT NULL) END AS inputs,
       -- The type of a polymorphic argument's default may not change either; its text stands in for it.
       CASE WHEN pronargdefaults > 0 THEN pronargdefaults::text ||
         CASE WHEN EXISTS (SELECT FROM pg_type t WHERE t.oid = ANY (proargtypes) AND typtype = 'p')
              THEN ' ' || pg_get_function_arguments(p.oid) ELSE '' END END AS defaults,
       substr(def, head + 1, length(def) - head - 1 - coalesce(length(sql_body), 0)) AS definition,
       sql_body, extensions,
       -- Where a procedure of the name has OUT parameters, types alone may name two.
       CASE WHEN prokind = 'p' AND EXISTS (SELECT FROM pg_proc o WHERE o.proname = p.proname AND o.pronamespace = p.pronamespace AND 'o' = ANY (o.proargmodes))
            THEN '(' || pg_get_function_identity_arguments(p.oid) || ')' END AS signature
FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
LEFT JOIN pg_depend i ON i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i'
LEFT JOIN (SELECT d.objid, string_agg(quote_ident(extname), ', ' ORDER BY extname) AS extensions
           FROM pg_depend d JOIN pg_extension e ON e.oid = refobjid
           WHERE classid = 'pg_proc'::regclass AND refclassid = 'pg_extension'::regclass AND deptype = 'x' GROUP BY 1) x ON x.objid = p.oid,
LATERAL (SELECT pg_get_functiondef(p.oid) AS def, pg_get_function_sqlbody(p.oid) AS sql_body,
         length(format('CREATE OR REPLACE %s %I.%I', CASE prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, nspname, proname)) AS head) l
WHERE prokind IN ('f', 'p', 'w') AND i.objid IS NULL AND nspname !~ '^pg_' AND nspname <> 'information_schema'
