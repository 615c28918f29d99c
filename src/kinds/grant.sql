-- Privileges that differ from what an object has at birth (acldefault), one row a (grantee, grantor); '' is the owner,
-- so that a change of owner is no change of privileges.  An entry that was revoked has no privileges.
SELECT classid, objid, objsubid, ARRAY[grantee, grantor] AS suffix, privileges,
       CASE WHEN grantor <> '' THEN ARRAY[grantor, source] END AS requires
FROM (SELECT 'pg_class'::regclass AS classid, oid AS objid, 0 AS objsubid, relowner AS owner, relacl AS acl,
             CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char" AS letter FROM pg_class WHERE oid >= 16384
      UNION ALL SELECT 'pg_class'::regclass, attrelid, attnum, relowner, attacl, 'c' FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
        WHERE attrelid >= 16384 AND NOT attisdropped
      UNION ALL SELECT 'pg_namespace'::regclass, oid, 0, nspowner, nspacl, 'n' FROM pg_namespace
      UNION ALL SELECT 'pg_proc'::regclass, oid, 0, proowner, proacl, 'f' FROM pg_proc WHERE oid >= 16384
      UNION ALL SELECT 'pg_type'::regclass, oid, 0, typowner, typacl, 'T' FROM pg_type WHERE oid >= 16384
      UNION ALL SELECT 'pg_language'::regclass, oid, 0, lanowner, lanacl, 'l' FROM pg_language WHERE oid >= 16384
      UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, 0, fdwowner, fdwacl, 'F' FROM pg_foreign_data_wrapper
      UNION ALL SELECT 'pg_foreign_server'::regclass, oid, 0, srvowner, srvacl, 'S' FROM pg_foreign_server) o,
LATERAL (
  SELECT CASE WHEN grantee = owner THEN '' WHEN grantee = 0 THEN 'public' ELSE pg_get_userbyid(grantee)::text END AS grantee,
         CASE WHEN grantor = owner THEN '' ELSE pg_get_userbyid(grantor)::text END AS grantor,
         -- who gave the grantor its option
         CASE WHEN grantor <> owner THEN coalesce((SELECT CASE WHEN g.grantor = owner THEN '' ELSE pg_get_userbyid(g.grantor)::text END
           FROM aclexplode(acl) g WHERE g.grantee = p.grantor AND g.is_grantable ORDER BY g.grantor <> owner LIMIT 1), '') END AS source,
         privileges
  FROM (SELECT grantee, grantor, coalesce(a.privileges, '') AS privileges
  FROM (SELECT grantee, grantor, string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ', ' ORDER BY privilege_type) AS privileges
        FROM aclexplode(acl) GROUP BY 1, 2) a
  FULL JOIN (SELECT grantee, grantor, string_agg(privilege_type, ', ' ORDER BY privilege_type) AS privileges
        FROM aclexplode(acldefault(letter, owner)) GROUP BY 1, 2) d USING (grantee, grantor)
  WHERE a.privileges IS DISTINCT FROM d.privileges) p) q
WHERE acl IS NOT NULL
