-- @when types ~ 'e'
SELECT 'enum value' AS kind, 'pg_enum'::regclass AS classid, e.oid AS objid, 0 AS objsubid,
       ARRAY[nspname::text, typname, enumlabel] AS identity, ARRAY['enum', nspname, typname] AS parent,
       to_char(row_number() OVER (PARTITION BY enumtypid ORDER BY enumsortorder), 'FM0000') AS position
FROM pg_enum e JOIN pg_type t ON t.oid = enumtypid JOIN pg_namespace n ON n.oid = typnamespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
