-- @when EXISTS (SELECT FROM pg_foreign_data_wrapper)
SELECT 'foreign data wrapper' AS kind, 'pg_foreign_data_wrapper'::regclass AS classid, w.oid AS objid, 0 AS objsubid,
       ARRAY[fdwname::text] AS identity,
       (SELECT format('%I.%I', nspname, proname) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE p.oid = fdwhandler) AS handler,
       (SELECT format('%I.%I', nspname, proname) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE p.oid = fdwvalidator) AS validator,
       (SELECT string_agg(quote_ident(split_part(o, '=', 1)) || ' ' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ' ORDER BY o)
        FROM unnest(fdwoptions) o) AS options
FROM pg_foreign_data_wrapper w WHERE w.oid >= 16384
