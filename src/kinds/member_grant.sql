-- Privileges on members of extensions that are not those that the extension gave (pg_init_privs, else those at birth).
SELECT 'member grant' AS kind, 0::oid AS classid, 0::oid AS objid, 0 AS objsubid,
       ARRAY[extname::text, words, address, grantee, grantor] AS identity, NULL::text[] AS parent,
       ARRAY['extension', extname] AS requires,
       pg_get_userbyid(owner)::text AS owner, birth, privileges
FROM (SELECT 'pg_class'::regclass AS classid, c.oid AS objid, relowner AS owner, relacl AS acl, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char" AS letter,
             CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS words, format('%I.%I', nspname, relname) AS address
      FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relacl IS NOT NULL
      UNION ALL SELECT 'pg_proc'::regclass, oid, proowner, proacl, 'f', 'ROUTINE', oid::regprocedure::text FROM pg_proc WHERE proacl IS NOT NULL
      UNION ALL SELECT 'pg_type'::regclass, oid, typowner, typacl, 'T', 'TYPE', format_type(oid, NULL) FROM pg_type WHERE typacl IS NOT NULL
      UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner, nspacl, 'n', 'SCHEMA', quote_ident(nspname) FROM pg_namespace WHERE nspacl IS NOT NULL
      UNION ALL SELECT 'pg_language'::regclass, oid, lanowner, lanacl, 'l', 'LANGUAGE', quote_ident(lanname) FROM pg_language WHERE lanacl IS NOT NULL
      UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, fdwowner, fdwacl, 'F', 'FOREIGN DATA WRAPPER', quote_ident(fdwname)
        FROM pg_foreign_data_wrapper WHERE fdwacl IS NOT NULL
      UNION ALL SELECT 'pg_foreign_server'::regclass, oid, srvowner, srvacl, 'S', 'FOREIGN SERVER', quote_ident(srvname)
        FROM pg_foreign_server WHERE srvacl IS NOT NULL) o
JOIN pg_depend d ON d.classid = o.classid AND d.objid = o.objid AND d.objsubid = 0 AND deptype = 'e' AND refclassid = 'pg_extension'::regclass
JOIN pg_extension e ON e.oid = refobjid
LEFT JOIN pg_init_privs i ON i.classoid = o.classid AND i.objoid = o.objid AND i.objsubid = 0
CROSS JOIN LATERAL (
  SELECT CASE WHEN grantee = owner THEN '' WHEN grantee = 0 THEN 'public' ELSE pg_get_userbyid(grantee)::text END AS grantee,
         CASE WHEN grantor = owner THEN '' ELSE pg_get_userbyid(grantor)::text END AS grantor,
         coalesce(a.privileges, '') AS privileges, coalesce(b.privileges, '') AS birth
  FROM (SELECT grantee, grantor, string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ', ' ORDER BY privilege_type) AS privileges
        FROM aclexplode(acl) GROUP BY 1, 2) a
  FULL JOIN (SELECT grantee, grantor, string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ', ' ORDER BY privilege_type) AS privileges
        FROM aclexplode(coalesce(initprivs, acldefault(letter, owner))) GROUP BY 1, 2) b USING (grantee, grantor)
  WHERE a.privileges IS DISTINCT FROM b.privileges) p
