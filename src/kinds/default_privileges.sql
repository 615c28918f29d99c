-- One row a grantee whose default privileges differ from the built-in ones (for all schemas) or from none (in one schema).
-- @when EXISTS (SELECT FROM pg_default_acl)
SELECT 'default privileges' AS kind, 'pg_default_acl'::regclass AS classid, d.oid AS objid, 0 AS objsubid,
       ARRAY[rolname::text, coalesce(nspname, ''), words, grantee] AS identity,
       CASE WHEN nspname IS NOT NULL THEN ARRAY['schema', nspname] END AS parent,
       rolname::text AS role, CASE WHEN grantee <> 'public' THEN grantee END AS grantee,
       CASE WHEN defaclobjtype = 'S' THEN 's' ELSE defaclobjtype END AS letter, privileges
FROM pg_default_acl d JOIN pg_roles r ON r.oid = defaclrole LEFT JOIN pg_namespace n ON n.oid = defaclnamespace
CROSS JOIN LATERAL (SELECT CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                      WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END AS words) w
CROSS JOIN LATERAL (
  SELECT CASE WHEN grantee = 0 THEN 'public' ELSE pg_get_userbyid(grantee)::text END AS grantee, coalesce(a.privileges, '') AS privileges
  FROM (SELECT grantee, string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ', ' ORDER BY privilege_type) AS privileges
        FROM aclexplode(defaclacl) GROUP BY 1) a
  FULL JOIN (SELECT grantee, string_agg(privilege_type, ', ' ORDER BY privilege_type) AS privileges
        FROM aclexplode(acldefault(CASE WHEN defaclobjtype = 'S' THEN 's' ELSE defaclobjtype END, defaclrole))
        WHERE defaclnamespace = 0 GROUP BY 1) b USING (grantee)
  WHERE a.privileges IS DISTINCT FROM b.privileges) p
WHERE words IS NOT NULL
