-- @when EXISTS (SELECT FROM pg_ts_config WHERE oid >= 16384)
SELECT 'text search configuration' AS kind, 'pg_ts_config'::regclass AS classid, c.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, cfgname] AS identity, ARRAY['schema', n.nspname] AS parent,
       format('%I.%I', pn.nspname, prsname) AS parser, mappings
FROM pg_ts_config c JOIN pg_namespace n ON n.oid = cfgnamespace
JOIN pg_ts_parser p ON p.oid = cfgparser JOIN pg_namespace pn ON pn.oid = prsnamespace
LEFT JOIN LATERAL (SELECT array_agg(quote_ident(alias) || ' WITH ' || dictionaries ORDER BY tokid) AS mappings
  FROM (SELECT maptokentype, string_agg(mapdict::regdictionary::text, ', ' ORDER BY mapseqno) AS dictionaries
        FROM pg_ts_config_map WHERE mapcfg = c.oid GROUP BY 1) m
  JOIN ts_token_type(cfgparser) ON tokid = maptokentype) m ON true
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
