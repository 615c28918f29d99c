SELECT 'publication' AS kind, 'pg_publication'::regclass AS classid, oid AS objid, 0 AS objsubid, ARRAY[pubname::text] AS identity,
       CASE WHEN puballtables THEN 't' END AS all_tables,
-- @major 19-
       CASE WHEN puballsequences THEN 't' END AS all_sequences,
-- @major 15-18
       NULL AS all_sequences,
       concat_ws(', ', CASE WHEN pubinsert THEN 'insert' END, CASE WHEN pubupdate THEN 'update' END,
                 CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END) AS operations,
-- @major 18-
       CASE pubgencols WHEN 's' THEN 'stored' END AS generated_columns,
-- @major 15-17
       NULL AS generated_columns,
       CASE WHEN pubviaroot THEN 't' END AS via_root
FROM pg_publication
