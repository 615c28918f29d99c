-- members: what the class cannot do without; the others are loose in the family.
-- @when EXISTS (SELECT FROM pg_opclass WHERE oid >= 16384)
SELECT 'operator class' AS kind, 'pg_opclass'::regclass AS classid, c.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, opcname, amname] AS identity, ARRAY['schema', n.nspname] AS parent,
       format_type(opcintype, NULL) AS type,
       CASE WHEN opcdefault THEN 't' END AS "default",
       format('%I.%I', fn.nspname, opfname) AS family,
       CASE WHEN opckeytype <> 0 THEN format_type(opckeytype, NULL) END AS storage,
       members
FROM pg_opclass c JOIN pg_namespace n ON n.oid = opcnamespace JOIN pg_am a ON a.oid = opcmethod
JOIN pg_opfamily f ON f.oid = opcfamily JOIN pg_namespace fn ON fn.oid = opfnamespace
LEFT JOIN (SELECT refobjid, string_agg(member, E',\n    ' ORDER BY kind DESC, number, member) AS members
  FROM (SELECT refobjid, 'o' AS kind, amopstrategy AS number,
               'OPERATOR ' || amopstrategy || ' ' || quote_ident(nspname) || '.' || oprname ||
               ' (' || format_type(amoplefttype, NULL) || ', ' || format_type(amoprighttype, NULL) || ')' ||
               coalesce(' FOR ORDER BY ' || (SELECT format('%I.%I', nspname, opfname) FROM pg_opfamily f JOIN pg_namespace n ON n.oid = opfnamespace
                                             WHERE f.oid = amopsortfamily), '') AS member
        FROM pg_depend JOIN pg_amop m ON m.oid = objid JOIN pg_operator o ON o.oid = amopopr JOIN pg_namespace n ON n.oid = oprnamespace
        WHERE classid = 'pg_amop'::regclass AND refclassid = 'pg_opclass'::regclass AND deptype = 'i'
        UNION ALL
        SELECT refobjid, 'f', amprocnum, 'FUNCTION ' || amprocnum || ' (' || format_type(amproclefttype, NULL) || ', ' ||
               format_type(amprocrighttype, NULL) || ') ' || amproc::regprocedure
        FROM pg_depend JOIN pg_amproc m ON m.oid = objid
        WHERE classid = 'pg_amproc'::regclass AND refclassid = 'pg_opclass'::regclass AND deptype = 'i') m
  GROUP BY 1) m ON m.refobjid = c.oid
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
