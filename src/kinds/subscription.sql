-- Shared by all databases of the server: only this one's.  What is connection here is a clause, kept like an option.
-- @when EXISTS (SELECT FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()))
SELECT 'subscription' AS kind, 'pg_subscription'::regclass AS classid, oid AS objid, 0 AS objsubid, ARRAY[subname::text] AS identity,
       'CONNECTION ' || quote_literal(subconninfo) AS connection,
       (SELECT string_agg(quote_ident(p), ', ' ORDER BY p COLLATE "C") FROM unnest(subpublications) p) AS publications,
       quote_literal(subslotname) AS slot_name, subbinary::text AS "binary", subsynccommit AS synchronous_commit,
       subdisableonerr::text AS disable_on_error, (subtwophasestate <> 'd')::text AS two_phase,
-- @major 15-15
       CASE WHEN substream THEN 'on' ELSE 'off' END AS streaming, NULL AS origin, NULL AS password_required, NULL AS run_as_owner,
-- @major 16-
       CASE substream WHEN 't' THEN 'on' WHEN 'p' THEN 'parallel' ELSE 'off' END AS streaming,
-- @major 16-
       suborigin AS origin, subpasswordrequired::text AS password_required, subrunasowner::text AS run_as_owner,
-- @major 15-16
       NULL AS failover,
-- @major 17-
       subfailover::text AS failover,
       CASE WHEN subenabled THEN 't' END AS enabled
FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
