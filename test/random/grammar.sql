-- The mutations: each rule is a query for the statements that it could make of the schema as it stands.  One is chosen by
-- the seed; %NEW becomes a new name.  What the server refuses is tried no further, so a rule need not be careful.
-- A rule begins with "-- rule NAME"; what stands before the first is run once, for the views that the rules read.
--
-- Left out, with the reason:
--   a new name for a table, column, type or value of an enum: without a hint it is a drop and a create (t/043_plan_renames.pl has hints);
--   SET SCHEMA: likewise;
--   NO INHERIT in a tree of three levels: the order of parents makes a table anew, and the columns of its children stay local;
--   changed roles, tablespaces, settings of the database: not managed.
CREATE TEMP VIEW ns AS SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('app', 'lib', 'side', 'public');
CREATE TEMP VIEW rel AS SELECT c.oid, format('%I.%I', nspname, relname) AS name, relkind AS kind, relispartition AS part, reloftype <> 0 AS typed
	FROM pg_class c JOIN ns ON ns.oid = relnamespace
	WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');
CREATE TEMP VIEW tab AS SELECT * FROM rel WHERE kind IN ('r', 'p');
CREATE TEMP VIEW col AS SELECT r.*, quote_ident(attname) AS col, attnum, atttypid::regtype AS type, attnotnull, attidentity, attgenerated, attinhcount
	FROM rel r JOIN pg_attribute ON attrelid = r.oid AND attnum > 0 AND NOT attisdropped;
CREATE TEMP VIEW tabcol AS SELECT * FROM col WHERE kind IN ('r', 'p');
CREATE TEMP VIEW typ AS SELECT t.oid, format('%I.%I', nspname, typname) AS name, typtype AS kind, typrelid FROM pg_type t JOIN ns ON ns.oid = typnamespace
	WHERE typtype IN ('d', 'e', 'r') OR typtype = 'c' AND (SELECT relkind FROM pg_class c WHERE c.oid = typrelid) = 'c';
CREATE TEMP VIEW fun AS SELECT p.oid, p.oid::regprocedure::text AS name, prokind AS kind, prorettype::regtype AS returns FROM pg_proc p JOIN ns ON ns.oid = pronamespace
	WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'));
CREATE TEMP VIEW cascade (s) AS VALUES (''), (' CASCADE');
-- rule table
SELECT format('CREATE TABLE %s.%%NEW (id int PRIMARY KEY, a %s, b text DEFAULT ''x'' CHECK (b <> ''''))', nspname, t)
	FROM ns, (VALUES ('int'), ('app.status'), ('lib.pair'), ('lib.mail'), ('lib.positive[]')) t (t)
-- rule table inherits
SELECT format('CREATE TABLE side.%%NEW (own int) INHERITS (%s)', name) FROM tab WHERE kind = 'r' AND NOT part
-- rule table like
SELECT format('CREATE TABLE side.%%NEW (LIKE %s INCLUDING ALL)', name) FROM tab
-- rule partition default
SELECT format('CREATE TABLE app.%%NEW PARTITION OF %s DEFAULT', name) FROM tab WHERE kind = 'p'
-- rule partition
VALUES ('CREATE TABLE side.%NEW PARTITION OF app.event FOR VALUES FROM (''2025-01-01'') TO (''2026-01-01'')')
-- rule detach
SELECT format('ALTER TABLE %s DETACH PARTITION %s', inhparent::regclass, name) FROM tab JOIN pg_inherits ON inhrelid = oid WHERE part
-- rule no inherit
SELECT format('ALTER TABLE %s NO INHERIT %s', name, inhparent::regclass) FROM tab JOIN pg_inherits ON inhrelid = oid WHERE NOT part
	AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = oid OR i.inhrelid = pg_inherits.inhparent)
-- rule drop relation
SELECT format('DROP %s %s%s', CASE kind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE'
	WHEN 'i' THEN 'INDEX' WHEN 'I' THEN 'INDEX' ELSE 'TABLE' END, name, s) FROM rel, cascade WHERE kind <> 'c'
-- rule logged
SELECT format('ALTER TABLE %s SET %s', name, w) FROM tab, (VALUES ('UNLOGGED'), ('LOGGED')) w (w) WHERE kind = 'r'
-- rule table option
SELECT format('ALTER TABLE %s %s', name, o) FROM rel, (VALUES ('SET (fillfactor = 61)'), ('RESET (fillfactor)'), ('SET (toast.autovacuum_enabled = off)')) o (o)
	WHERE kind IN ('r', 'm', 'i')
-- rule replica identity
SELECT format('ALTER TABLE %s REPLICA IDENTITY %s', name, i) FROM tab, (VALUES ('FULL'), ('NOTHING'), ('DEFAULT')) i (i)
-- rule row security
SELECT format('ALTER TABLE %s %s ROW LEVEL SECURITY', name, o) FROM tab, (VALUES ('ENABLE'), ('DISABLE'), ('FORCE')) o (o)
-- rule owner
SELECT format('ALTER TABLE %s OWNER TO %s', name, o) FROM rel, (VALUES ('pg_monitor'), ('postgres')) o (o) WHERE kind IN ('r', 'p', 'v', 'm', 'S')
-- rule column
SELECT format('ALTER TABLE %s ADD COLUMN %%NEW %s', name, t) FROM rel, (VALUES ('text'), ('int NOT NULL DEFAULT 7'), ('app.status DEFAULT ''open'''),
	('lib.pair'), ('lib.box[]'), ('lib.code'), ('varchar(9) COLLATE "C"'), ('text COLLATE lib.by_number'), ('lib.spans'), ('int GENERATED ALWAYS AS IDENTITY'), ('serial')) t (t) WHERE kind IN ('r', 'p', 'f')
-- rule column generated
SELECT format('ALTER TABLE %s ADD COLUMN %%NEW text GENERATED ALWAYS AS (%s) STORED', name, replace(e, '@', col)) FROM tabcol,
	(VALUES ('lib.clean(@)'), ('upper(@)')) e (e) WHERE type::text IN ('text', 'character varying')
-- rule drop column
SELECT format('ALTER TABLE %s DROP COLUMN %s%s', name, col, s) FROM col, cascade WHERE kind IN ('r', 'p', 'f')
-- rule column type
SELECT format('ALTER TABLE %s ALTER %s TYPE %s', name, col, t) FROM tabcol, (VALUES ('text'), ('bigint'), ('varchar(300)'), ('numeric'), ('varchar(50) COLLATE "C"')) t (t)
-- rule column type using
SELECT format('ALTER TABLE %s ALTER %s TYPE %s USING NULL', name, col, t) FROM tabcol, (VALUES ('int'), ('date'), ('app.size'), ('lib.pair'), ('text[]')) t (t)
	WHERE NOT attnotnull
-- rule column wider in spite of views
SELECT format('DO $x$ DECLARE v text; BEGIN SELECT pg_get_viewdef(''%s''::regclass) INTO v; EXECUTE ''DROP VIEW %1$s''; EXECUTE ''CREATE VIEW %1$s AS '' || v; END $x$', name)
	FROM rel WHERE kind = 'v'
-- rule not null
SELECT format('ALTER TABLE %s ALTER %s %s NOT NULL', name, col, o) FROM tabcol, (VALUES ('SET'), ('DROP')) o (o)
-- rule default
SELECT format('ALTER TABLE %s ALTER %s %s', name, col, d) FROM col, (VALUES ('DROP DEFAULT'), ('SET DEFAULT ''1'''), ('SET DEFAULT lib.next_code()'),
	('SET DEFAULT nextval(''lib.free'')'), ('SET DEFAULT lib.atomic(3)')) d (d) WHERE kind IN ('r', 'p', 'v', 'f') AND attgenerated = ''
-- rule column settings
SELECT format('ALTER TABLE %s ALTER %s %s', name, col, d) FROM tabcol, (VALUES ('SET STATISTICS 33'), ('SET STORAGE EXTERNAL'), ('SET STORAGE MAIN'),
	('SET (n_distinct = 5)'), ('RESET (n_distinct)'), ('SET COMPRESSION pglz')) d (d)
-- rule identity
SELECT format('ALTER TABLE %s ALTER %s %s', name, col, d) FROM tabcol, (VALUES ('ADD GENERATED ALWAYS AS IDENTITY'), ('DROP IDENTITY'),
	('SET GENERATED ALWAYS SET INCREMENT 7'), ('SET START 100 SET CYCLE')) d (d) WHERE attnotnull
-- rule drop expression
SELECT format('ALTER TABLE %s ALTER %s DROP EXPRESSION', name, col) FROM tabcol WHERE attgenerated <> ''
-- rule check
SELECT format('ALTER TABLE %s ADD CONSTRAINT %%NEW CHECK (%s IS NOT NULL OR lib.double(1) = 2)%s', name, col, o) FROM tabcol,
	(VALUES (''), (' NOT VALID'), (' NO INHERIT')) o (o)
-- rule key
SELECT format('ALTER TABLE %s ADD CONSTRAINT %%NEW %s (%s)%s', name, k, col, o) FROM tabcol, (VALUES ('UNIQUE'), ('PRIMARY KEY')) k (k),
	(VALUES (''), (' DEFERRABLE')) o (o)
-- rule foreign key
SELECT format('ALTER TABLE %s ADD CONSTRAINT %%NEW FOREIGN KEY (%s) REFERENCES %s (%s)%s', c.name, c.col, k.name, k.col, o) FROM tabcol c
	JOIN (pg_index JOIN tabcol k ON k.oid = indrelid AND indkey[0] = k.attnum AND indisunique AND indnkeyatts = 1) ON k.type = c.type,
	(VALUES (''), (' NOT VALID'), (' ON DELETE CASCADE'), (' DEFERRABLE INITIALLY DEFERRED')) o (o)
-- rule drop constraint
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I%s', name, conname, s) FROM tab JOIN pg_constraint ON conrelid = tab.oid, cascade
-- rule rename constraint
SELECT format('ALTER TABLE %s RENAME CONSTRAINT %I TO %%NEW', name, conname) FROM tab JOIN pg_constraint ON conrelid = tab.oid
-- rule index
SELECT format('CREATE INDEX %%NEW ON %s%s %s (%s)%s', o, name, m, col, w) FROM col, (VALUES (''), ('ONLY ')) o (o),
	(VALUES (''), ('USING hash'), ('USING brin'), ('USING gin'), ('USING gist'), ('USING spgist')) m (m), (VALUES (''), (' WHERE lib.double(1) = 2')) w (w)
	WHERE kind IN ('r', 'p', 'm')
-- rule index unique
SELECT format('CREATE UNIQUE INDEX %%NEW ON %s (%s%s)', name, col, o) FROM col, (VALUES (''), (' DESC'), (' NULLS FIRST')) o (o) WHERE kind IN ('r', 'p', 'm')
-- rule rename index
SELECT format('ALTER INDEX %s RENAME TO %%NEW', name) FROM rel WHERE kind IN ('i', 'I')
-- rule statistics
SELECT format('CREATE STATISTICS side.%%NEW (ndistinct) ON %s, %s FROM %s', a.col, b.col, a.name) FROM tabcol a JOIN tabcol b ON a.oid = b.oid AND a.attnum < b.attnum
-- rule drop statistics
SELECT format('DROP STATISTICS %s.%I', nspname, stxname) FROM pg_statistic_ext JOIN ns ON ns.oid = stxnamespace
-- rule view
SELECT format('CREATE %sVIEW side.%%NEW AS SELECT * FROM %s', k, name) FROM rel, (VALUES (''), ('MATERIALIZED ')) k (k) WHERE kind IN ('r', 'p', 'v', 'm')
-- rule view counts
SELECT format('CREATE VIEW app.%%NEW AS SELECT %s, count(*) AS n, lib.double(1) AS d FROM %s GROUP BY 1', col, name) FROM col WHERE kind IN ('r', 'p', 'v', 'm')
-- rule view function
SELECT format('CREATE FUNCTION side.%%NEW(%s) RETURNS SETOF %1$s LANGUAGE sql AS ''SELECT $1''', name) FROM rel WHERE kind IN ('r', 'v')
-- rule view option
SELECT format('ALTER VIEW %s %s', name, o) FROM rel, (VALUES ('SET (security_barrier)'), ('RESET (security_barrier)'), ('SET (security_invoker)'), ('RESET (check_option)')) o (o)
	WHERE kind = 'v'
-- rule view replaced
SELECT format('CREATE OR REPLACE VIEW %s AS SELECT *, 1 AS %%NEW FROM (%s) v', name, rtrim(pg_get_viewdef(oid), ';')) FROM rel WHERE kind = 'v'
-- rule function
SELECT format('CREATE FUNCTION lib.%%NEW(x %s) RETURNS %1$s LANGUAGE %s', t, b) FROM (SELECT name FROM typ UNION SELECT name FROM rel WHERE kind IN ('r', 'v', 'm')) t (t),
	(VALUES ('sql IMMUTABLE AS ''SELECT x'''), ('sql RETURN x'), ('plpgsql AS ''BEGIN RETURN x; END''')) b (b)
-- rule function changed
SELECT format('ALTER ROUTINE %s %s', name, o) FROM fun, (VALUES ('STABLE'), ('COST 55'), ('SECURITY DEFINER'), ('SET work_mem = ''3MB'''), ('STRICT'), ('OWNER TO pg_monitor')) o (o)
-- rule function replaced
SELECT replace(pg_get_functiondef(oid), 'SELECT ', 'SELECT ALL ') FROM fun WHERE kind = 'f'
-- rule drop function
SELECT format('DROP ROUTINE %s%s', name, s) FROM fun, cascade
-- rule enum value
SELECT format('ALTER TYPE %s ADD VALUE ''%%NEW''%s', name, w) FROM typ, (VALUES (''), (' BEFORE ''new'''), (' AFTER ''s''')) w (w) WHERE kind = 'e'
-- rule domain
SELECT format('ALTER DOMAIN %s %s', name, o) FROM typ, (VALUES ('ADD CONSTRAINT %NEW CHECK (value IS NOT NULL OR true)'), ('SET NOT NULL'), ('DROP NOT NULL'),
	('SET DEFAULT ''3'''), ('DROP DEFAULT'), ('ADD CHECK (value IS NULL OR lib.double(1) = 2) NOT VALID')) o (o) WHERE kind = 'd'
-- rule domain constraint
SELECT format('ALTER DOMAIN %s DROP CONSTRAINT %I', name, conname) FROM typ JOIN pg_constraint ON contypid = typ.oid
-- rule composite
SELECT format('ALTER TYPE %s %s', name, o) FROM typ, (VALUES ('ADD ATTRIBUTE %NEW int'), ('DROP ATTRIBUTE b'), ('DROP ATTRIBUTE note'), ('ADD ATTRIBUTE %NEW app.size'),
	('DROP ATTRIBUTE b CASCADE'), ('ALTER ATTRIBUTE a TYPE bigint'), ('ALTER ATTRIBUTE a TYPE bigint CASCADE')) o (o) WHERE kind = 'c'
-- rule type
VALUES ('CREATE TYPE side.%NEW AS ENUM (''x'', ''y'')'), ('CREATE DOMAIN side.%NEW AS lib.mail CHECK (value <> ''x@'')'), ('CREATE TYPE side.%NEW AS (p lib.pair, s app.status)'),
	('CREATE TYPE side.%NEW AS RANGE (SUBTYPE = app.size)'), ('CREATE DOMAIN side.%NEW AS lib.box[]')
-- rule drop type
SELECT format('DROP TYPE %s%s', name, s) FROM typ, cascade
-- rule sequence
SELECT format('ALTER SEQUENCE %s %s', name, o) FROM rel, (VALUES ('INCREMENT 5'), ('CACHE 9'), ('CYCLE'), ('MAXVALUE 30000'), ('OWNED BY app.person.code'), ('OWNED BY NONE')) o (o)
	WHERE kind = 'S'
-- rule trigger
SELECT format('CREATE TRIGGER %%NEW %s ON %s FOR EACH ROW WHEN (NEW.%2$s IS NOT NULL) EXECUTE FUNCTION lib.touch()', format(w, col), name, col) FROM tabcol,
	(VALUES ('BEFORE UPDATE OF %s'), ('AFTER INSERT')) w (w)
-- rule trigger changed
SELECT format(o, tgname, name) FROM rel JOIN pg_trigger ON tgrelid = rel.oid AND NOT tgisinternal, (VALUES ('DROP TRIGGER %I ON %s'), ('ALTER TABLE %2$s DISABLE TRIGGER %1$I'),
	('ALTER TABLE %2$s ENABLE REPLICA TRIGGER %1$I'), ('ALTER TRIGGER %I ON %s RENAME TO %%NEW')) o (o)
-- rule policy
SELECT format('CREATE POLICY %%NEW ON %s FOR SELECT USING (%s IS NOT NULL AND lib.allowed(''x''))', name, col) FROM tabcol
-- rule policy changed
SELECT format(o, polname, name) FROM tab JOIN pg_policy ON polrelid = tab.oid, (VALUES ('DROP POLICY %I ON %s'), ('ALTER POLICY %I ON %s TO pg_monitor'),
	('ALTER POLICY %I ON %s USING (true)'), ('ALTER POLICY %I ON %s RENAME TO %%NEW')) o (o)
-- rule rule
SELECT format(o, name) FROM tab, (VALUES ('CREATE RULE %%NEW AS ON DELETE TO %s DO ALSO DELETE FROM side.cache WHERE k = ''gone'''), ('CREATE RULE %%NEW AS ON INSERT TO %s DO NOTHING')) o (o)
-- rule drop rule
SELECT format('DROP RULE %I ON %s', rulename, name) FROM rel JOIN pg_rewrite ON ev_class = rel.oid WHERE rulename <> '_RETURN'
-- rule grant
SELECT format(o, name) FROM rel, (VALUES ('GRANT SELECT ON %s TO pg_monitor'), ('REVOKE ALL ON %s FROM pg_monitor, PUBLIC'), ('GRANT ALL ON %s TO PUBLIC'),
	('REVOKE INSERT ON %s FROM CURRENT_USER')) o (o) WHERE kind IN ('r', 'p', 'v', 'm', 'f')
-- rule grant column
SELECT format('GRANT SELECT (%s) ON %s TO pg_read_all_data', col, name) FROM col WHERE kind IN ('r', 'p', 'v', 'm', 'f')
-- rule grant others
SELECT format('%s ON ROUTINE %s %s PUBLIC', a, name, b) FROM fun, (VALUES ('GRANT EXECUTE', 'TO'), ('REVOKE EXECUTE', 'FROM')) o (a, b)
	UNION ALL SELECT format('%s ON TYPE %s %s PUBLIC', a, name, b) FROM typ, (VALUES ('GRANT USAGE', 'TO'), ('REVOKE USAGE', 'FROM')) o (a, b)
-- rule comment
SELECT format('COMMENT ON COLUMN %s.%s IS %s', name, col, t) FROM col, (VALUES ('''%NEW'''), ('NULL')) t (t) WHERE kind IN ('r', 'p', 'v', 'm', 'f', 'c')
	UNION ALL SELECT format('COMMENT ON ROUTINE %s IS ''%%NEW''', name) FROM fun UNION ALL SELECT format('COMMENT ON TYPE %s IS ''%%NEW''', name) FROM typ
	UNION ALL SELECT format('COMMENT ON CONSTRAINT %I ON %s IS ''%%NEW''', conname, name) FROM tab JOIN pg_constraint ON conrelid = tab.oid
-- rule publication
SELECT format('ALTER PUBLICATION news %s TABLE %s', o, name) FROM tab, (VALUES ('ADD'), ('DROP'), ('SET')) o (o)
-- rule foreign
VALUES ('ALTER SERVER away OPTIONS (SET host ''other'')'), ('ALTER SERVER away OPTIONS (ADD port ''%NEW'')'), ('ALTER FOREIGN TABLE side.distant OPTIONS (DROP path)'),
	('DROP SERVER away CASCADE'), ('ALTER FOREIGN TABLE side.distant ALTER a OPTIONS (SET name ''y'')'), ('CREATE USER MAPPING FOR PUBLIC SERVER away OPTIONS (u ''v'')')
-- rule odd ones
VALUES ('DROP OPERATOR lib.=== (lib.pair, lib.pair)'), ('DROP CAST (app.size AS int)'), ('DROP TEXT SEARCH DICTIONARY lib.dict CASCADE'),
	('ALTER TEXT SEARCH CONFIGURATION lib.conf ADD MAPPING FOR email WITH lib.dict'), ('DROP PUBLICATION sides'), ('CREATE COLLATION side.%NEW FROM "C"'),
	('ALTER DEFAULT PRIVILEGES IN SCHEMA side REVOKE SELECT ON TABLES FROM pg_monitor'), ('ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT EXECUTE ON FUNCTIONS TO pg_monitor'),
	('CREATE SCHEMA %NEW'), ('DROP SCHEMA side CASCADE'), ('GRANT CREATE ON SCHEMA app TO pg_monitor')
