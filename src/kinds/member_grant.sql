-- Privileges on members of extensions that are not those that the extension gave (pg_init_privs, else those at birth).
WITH m AS MATERIALIZED (SELECT classid, objid, refobjid FROM pg_depend WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass AND objsubid = 0)
SELECT 'member grant' AS kind, 0::oid AS classid, 0::oid AS objid, 0 AS objsubid,
       ARRAY[extname::text, words, address, column_name, grantee, grantor] AS identity, NULL::text[] AS parent,
       ARRAY['extension', extname] AS requires,
       pg_get_userbyid(owner)::text AS owner, birth, privileges
FROM (SELECT refobjid, 'pg_class'::regclass AS classid, c.oid AS objid, 0 AS objsubid, ''::text AS column_name, relowner AS owner, relacl AS acl, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char" AS letter,
             CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS words, format('%I.%I', nspname, relname) AS address
      FROM m JOIN pg_class c ON c.oid = objid AND classid = 'pg_class'::regclass JOIN pg_namespace n ON n.oid = relnamespace WHERE relacl IS NOT NULL
      UNION ALL SELECT refobjid, 'pg_class'::regclass, c.oid, attnum, attname::text, relowner, attacl, 'c', 'TABLE', format('%I.%I', nspname, relname)
      FROM m JOIN pg_class c ON c.oid = objid AND classid = 'pg_class'::regclass JOIN pg_namespace n ON n.oid = relnamespace
      JOIN pg_attribute ON attrelid = c.oid WHERE attacl IS NOT NULL
      UNION ALL SELECT refobjid, 'pg_proc'::regclass, oid, 0, '', proowner, proacl, 'f', 'ROUTINE', oid::regprocedure::text FROM m JOIN pg_proc ON oid = objid AND classid = 'pg_proc'::regclass WHERE proacl IS NOT NULL
      UNION ALL SELECT refobjid, 'pg_type'::regclass, oid, 0, '', typowner, typacl, 'T', 'TYPE', format_type(oid, NULL) FROM m JOIN pg_type ON oid = objid AND classid = 'pg_type'::regclass WHERE typacl IS NOT NULL
      UNION ALL SELECT refobjid, 'pg_namespace'::regclass, oid, 0, '', nspowner, nspacl, 'n', 'SCHEMA', quote_ident(nspname) FROM m JOIN pg_namespace ON oid = objid AND classid = 'pg_namespace'::regclass WHERE nspacl IS NOT NULL
      UNION ALL SELECT refobjid, 'pg_language'::regclass, oid, 0, '', lanowner, lanacl, 'l', 'LANGUAGE', quote_ident(lanname) FROM m JOIN pg_language ON oid = objid AND classid = 'pg_language'::regclass WHERE lanacl IS NOT NULL
      UNION ALL SELECT refobjid, 'pg_foreign_data_wrapper'::regclass, oid, 0, '', fdwowner, fdwacl, 'F', 'FOREIGN DATA WRAPPER', quote_ident(fdwname)
        FROM m JOIN pg_foreign_data_wrapper ON oid = objid AND classid = 'pg_foreign_data_wrapper'::regclass WHERE fdwacl IS NOT NULL
      UNION ALL SELECT refobjid, 'pg_foreign_server'::regclass, oid, 0, '', srvowner, srvacl, 'S', 'FOREIGN SERVER', quote_ident(srvname)
        FROM m JOIN pg_foreign_server ON oid = objid AND classid = 'pg_foreign_server'::regclass WHERE srvacl IS NOT NULL) o
JOIN pg_extension e ON e.oid = refobjid
LEFT JOIN pg_init_privs i ON i.classoid = o.classid AND i.objoid = o.objid AND i.objsubid = o.objsubid
CROSS JOIN LATERAL (
  SELECT CASE WHEN grantee = owner THEN '' WHEN grantee = 0 THEN 'public' ELSE pg_get_userbyid(grantee)::text END AS grantee,
         CASE WHEN grantor = owner THEN '' ELSE pg_get_userbyid(grantor)::text END AS grantor,
         coalesce(a.privileges, '') AS privileges, coalesce(b.privileges, '') AS birth
  FROM (SELECT grantee, grantor, string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ', ' ORDER BY privilege_type) AS privileges
        FROM aclexplode(acl) GROUP BY 1, 2) a
  FULL JOIN (SELECT grantee, grantor, string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ', ' ORDER BY privilege_type) AS privileges
        FROM aclexplode(coalesce(initprivs, acldefault(letter, owner))) GROUP BY 1, 2) b USING (grantee, grantor)
  WHERE a.privileges IS DISTINCT FROM b.privileges) p
WHERE acl IS DISTINCT FROM initprivs
