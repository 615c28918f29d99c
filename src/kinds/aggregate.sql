-- @when functions ~ 'a'
SELECT 'pg_proc'::regclass AS classid, p.oid AS objid, 0 AS objsubid,
       ARRAY[n.nspname::text, proname, '(' || oidvectortypes(proargtypes) || ')'] AS identity, ARRAY['schema', n.nspname] AS parent,
       format_type(prorettype, NULL) AS result,
       aggkind::text || aggnumdirectargs AS class,
       CASE WHEN proargmodes IS NULL THEN proargnames::text ELSE
         (SELECT array_agg(coalesce(name, '') ORDER BY n)::text
          FROM unnest(proargmodes, proargnames) WITH ORDINALITY u(mode, name, n) WHERE mode IN ('i', 'b', 'v') AND proargnames IS NOT NULL) END AS inputs,
       coalesce(nullif(pg_get_function_arguments(p.oid), ''), '*') AS arguments,
       concat_ws(E',\n    ',
         'SFUNC = ' || aggtransfn, 'STYPE = ' || format_type(aggtranstype, NULL), 'SSPACE = ' || nullif(aggtransspace, 0),
         'FINALFUNC = ' || nullif(aggfinalfn::text, '-'), CASE WHEN aggfinalextra THEN 'FINALFUNC_EXTRA' END,
         'FINALFUNC_MODIFY = ' || CASE WHEN aggfinalmodify <> CASE aggkind WHEN 'n' THEN 'r' ELSE 'w' END
                                       THEN CASE aggfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,
         'COMBINEFUNC = ' || nullif(aggcombinefn::text, '-'),
         'SERIALFUNC = ' || nullif(aggserialfn::text, '-'), 'DESERIALFUNC = ' || nullif(aggdeserialfn::text, '-'),
         'INITCOND = ' || quote_literal(agginitval),
         'MSFUNC = ' || nullif(aggmtransfn::text, '-'), 'MINVFUNC = ' || nullif(aggminvtransfn::text, '-'),
         'MSTYPE = ' || CASE WHEN aggmtranstype <> 0 THEN format_type(aggmtranstype, NULL) END, 'MSSPACE = ' || nullif(aggmtransspace, 0),
         'MFINALFUNC = ' || nullif(aggmfinalfn::text, '-'), CASE WHEN aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
         'MFINALFUNC_MODIFY = ' || CASE WHEN aggmtransfn <> 0 AND aggmfinalmodify <> CASE aggkind WHEN 'n' THEN 'r' ELSE 'w' END
                                        THEN CASE aggmfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,
         'MINITCOND = ' || quote_literal(aggminitval),
         'SORTOP = OPERATOR(' || quote_ident(sn.nspname) || '.' || oprname || ')',
         CASE WHEN aggkind = 'h' THEN 'HYPOTHETICAL' END,
         'PARALLEL = ' || CASE proparallel WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED' END) AS options
FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace JOIN pg_aggregate a ON aggfnoid = p.oid
LEFT JOIN (pg_operator o JOIN pg_namespace sn ON sn.oid = oprnamespace) ON o.oid = aggsortop
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
