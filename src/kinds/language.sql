SELECT 'pg_language'::regclass AS classid, oid AS objid, 0 AS objsubid, ARRAY[lanname::text] AS identity, NULL::text[] AS parent,
       CASE WHEN lanpltrusted THEN 't' END AS trusted, lanplcallfoid::regproc::text AS handler,
       nullif(laninline::regproc::text, '-') AS inline, nullif(lanvalidator::regproc::text, '-') AS validator
FROM pg_language WHERE lanispl AND oid >= 16384
