-- Not schemaflow's own: a guard comes and goes by sf_guard_install() and sf_guard_remove().
-- @when EXISTS (SELECT FROM pg_event_trigger)
SELECT 'event trigger' AS kind, 'pg_event_trigger'::regclass AS classid, t.oid AS objid, 0 AS objsubid, ARRAY[evtname::text] AS identity, NULL::text[] AS parent,
       evtevent::text AS event,
       (SELECT string_agg(quote_literal(tag), ', ' ORDER BY tag) FROM unnest(evttags) tag) AS tags,
       format('%I.%I', nspname, proname) AS function,
       CASE evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END AS enabled
FROM pg_event_trigger t JOIN pg_proc p ON p.oid = evtfoid JOIN pg_namespace n ON n.oid = pronamespace
WHERE NOT EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = refobjid
                  WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e' AND extname = 'schemaflow')
