-- The loose members of operator families, also those that a user added to a family of the server.
-- @when EXISTS (SELECT FROM pg_amop WHERE oid >= 16384) OR EXISTS (SELECT FROM pg_amproc WHERE oid >= 16384)
SELECT 'operator family member' AS kind, classid, objid, 0 AS objsubid,
       ARRAY[n.nspname::text, opfname, amname, sort, format_type(lefttype, NULL), format_type(righttype, NULL), number::text] AS identity,
       CASE WHEN f.oid >= 16384 THEN ARRAY['operator family', n.nspname, opfname, amname] END AS parent,
       member
FROM (SELECT d.classid, d.objid, d.refobjid, 'OPERATOR' AS sort, amoplefttype AS lefttype, amoprighttype AS righttype, amopstrategy AS number,
             quote_ident(nspname) || '.' || oprname || ' (' || format_type(amoplefttype, NULL) || ', ' || format_type(amoprighttype, NULL) || ')' ||
             coalesce(' FOR ORDER BY ' || (SELECT format('%I.%I', nspname, opfname) FROM pg_opfamily f JOIN pg_namespace n ON n.oid = opfnamespace
                                           WHERE f.oid = amopsortfamily), '') AS member
      FROM pg_depend d JOIN pg_amop m ON m.oid = objid JOIN pg_operator o ON o.oid = amopopr JOIN pg_namespace n ON n.oid = oprnamespace
      WHERE classid = 'pg_amop'::regclass AND refclassid = 'pg_opfamily'::regclass
      UNION ALL
      SELECT d.classid, d.objid, d.refobjid, 'FUNCTION', amproclefttype, amprocrighttype, amprocnum, amproc::regprocedure::text
      FROM pg_depend d JOIN pg_amproc m ON m.oid = objid
      WHERE classid = 'pg_amproc'::regclass AND refclassid = 'pg_opfamily'::regclass) m
JOIN pg_opfamily f ON f.oid = refobjid JOIN pg_namespace n ON n.oid = opfnamespace JOIN pg_am a ON a.oid = opfmethod
WHERE objid >= 16384
