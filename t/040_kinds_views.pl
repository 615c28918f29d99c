# Views, materialized views, rules: every attribute changed in place where the server can, replaced where it cannot.
use strict;
use warnings;
use SchemaflowPlan;
use Test::More;

my $node = sf_plan_node();
my $t = 'CREATE TABLE t (id int PRIMARY KEY, name text, n numeric(10,2))';

migrates($node, 'a view comes and goes', $t, '',
	q{CREATE VIEW "V 1" WITH (security_barrier) AS SELECT id AS "A b", name FROM t;
	  COMMENT ON VIEW "V 1" IS 'v'; COMMENT ON COLUMN "V 1"."A b" IS 'c'; GRANT SELECT ("A b") ON "V 1" TO pg_monitor},
	up => [qr/COMMENT ON COLUMN public\."V 1"\."A b"/, qr/GRANT SELECT \("A b"\)/], down => [qr/^DROP VIEW public\."V 1";\n$/]);
migrates($node, 'columns at the end are added in place', $t, 'CREATE VIEW v AS SELECT id FROM t; CREATE VIEW w AS SELECT id FROM v',
	q{CREATE VIEW v AS SELECT id, name, 'a,b' AS "x, y" FROM t; COMMENT ON COLUMN v.name IS 'new'; CREATE VIEW w AS SELECT id FROM v},
	up => [qr/CREATE OR REPLACE VIEW public\.v/], not_up => [qr/DROP/, qr/VIEW public\.w/],
	down => [qr/DROP VIEW public\.w;.*DROP VIEW public\.v;/s]);
migrates($node, 'other definition and options', $t,
	q{CREATE VIEW v WITH (check_option=local) AS SELECT * FROM t WHERE id > 1; CREATE VIEW o WITH (security_barrier) AS SELECT 1 AS a},
	q{CREATE VIEW v WITH (security_invoker) AS SELECT * FROM t WHERE id > 2; CREATE VIEW o WITH (security_invoker) AS SELECT 1 AS a},
	up => [qr/ALTER VIEW public\.o RESET \(security_barrier\)/, qr/ALTER VIEW public\.o SET/], not_up => [qr/DROP/]);
migrates($node, 'a type change under three views and what stands on them', $t,
	q{CREATE VIEW a AS SELECT * FROM t; CREATE VIEW b AS SELECT id, n FROM a; CREATE MATERIALIZED VIEW c AS SELECT * FROM b;
	  CREATE UNIQUE INDEX ON c (id); GRANT SELECT ON b TO pg_monitor; COMMENT ON COLUMN b.n IS 'n'; CREATE VIEW other AS SELECT id FROM t},
	q{ALTER TABLE t ALTER n TYPE numeric(12,2); CREATE VIEW a AS SELECT * FROM t; CREATE VIEW b AS SELECT id, n FROM a;
	  CREATE MATERIALIZED VIEW c AS SELECT * FROM b; CREATE UNIQUE INDEX ON c (id); GRANT SELECT ON b TO pg_monitor;
	  COMMENT ON COLUMN b.n IS 'n'; CREATE VIEW other AS SELECT id FROM t},
	up => [qr/DROP MATERIALIZED VIEW public\.c;\nDROP VIEW public\.b;\nDROP VIEW public\.a;/, qr/GRANT SELECT ON TABLE public\.b/],
	not_up => [qr/VIEW public\.other/]);
migrates($node, 'defaults of columns', "$t; CREATE VIEW v AS SELECT * FROM t",
	q{ALTER VIEW v ALTER name SET DEFAULT 'a'; ALTER VIEW v ALTER n SET DEFAULT 1},
	q{ALTER VIEW v ALTER name SET DEFAULT 'b'; ALTER VIEW v ALTER id SET DEFAULT 2},
	up => [qr/ALTER COLUMN n DROP DEFAULT/], not_up => [qr/CREATE|DROP VIEW/]);
migrates($node, 'views that refer to each other', '', '',
	q{CREATE VIEW a AS SELECT 1 AS x, 'y'::varchar(3) COLLATE "C" AS y; CREATE VIEW b WITH (security_barrier) AS SELECT x, y FROM a;
	  CREATE OR REPLACE VIEW a WITH (security_invoker) AS SELECT x, y FROM b},
	up => [qr/SELECT NULL::integer AS x, NULL::character varying\(3\) COLLATE pg_catalog."C" AS y/]);
migrates($node, 'a view and the function that returns its rows', '', '',
	q{CREATE VIEW v AS SELECT 1 AS x; CREATE FUNCTION f() RETURNS SETOF v LANGUAGE sql BEGIN ATOMIC SELECT 1; END;
	  CREATE OR REPLACE VIEW v AS SELECT x FROM f()});
migrates($node, 'text that deparses another way when parsed again', 'CREATE TABLE t (a varchar(10), b text)', '',
	q{CREATE VIEW v AS SELECT * FROM t WHERE a IN ('x]', 'y,''"') OR a NOT IN ('(', upper(b)); CREATE VIEW w (a, b) AS VALUES (1, 2);
	  ALTER TABLE t ADD CHECK (a IN ('p', 'q')), ADD CHECK (b IN ('p', 'q'))});
migrates($node, 'table becomes view becomes materialized view', '', 'CREATE TABLE x (a int); CREATE VIEW y AS SELECT 1 AS a',
	'CREATE VIEW x AS SELECT 1 AS a; CREATE MATERIALIZED VIEW y AS SELECT 1 AS a');

migrates($node, 'a materialized view and all of its attributes', $t,
	q{CREATE MATERIALIZED VIEW m AS SELECT id, name FROM t; CREATE INDEX m_i ON m (name)},
	q{CREATE MATERIALIZED VIEW m WITH (fillfactor=70, toast.autovacuum_enabled=off) AS SELECT id, name FROM t; CREATE INDEX m_i ON m (name);
	  ALTER MATERIALIZED VIEW m REPLICA IDENTITY FULL; ALTER MATERIALIZED VIEW m ALTER name SET STORAGE EXTERNAL;
	  ALTER MATERIALIZED VIEW m ALTER name SET COMPRESSION pglz; ALTER MATERIALIZED VIEW m ALTER name SET STATISTICS 7;
	  ALTER MATERIALIZED VIEW m ALTER id SET (n_distinct=3); ALTER MATERIALIZED VIEW m CLUSTER ON m_i;
	  ALTER MATERIALIZED VIEW m DEPENDS ON EXTENSION plpgsql; COMMENT ON COLUMN m.name IS 'c'},
	not_up => [qr/CREATE|DROP/], not_down => [qr/CREATE|DROP /]);
migrates($node, 'populated or not is no difference, and is kept by what is put back', $t,
	'CREATE MATERIALIZED VIEW m AS SELECT n FROM t; CREATE MATERIALIZED VIEW same AS SELECT 1 AS a',
	q{ALTER TABLE t ALTER n TYPE bigint; CREATE MATERIALIZED VIEW m AS SELECT n FROM t WITH NO DATA;
	  CREATE MATERIALIZED VIEW same AS SELECT 1 AS a WITH NO DATA},
	not_up => [qr/WITH NO DATA/, qr/same/], down => [qr/CREATE MATERIALIZED VIEW public\.m.*WITH NO DATA/s]);

migrates($node, 'rules', "$t; CREATE VIEW v AS SELECT id, name FROM t",
	q{CREATE RULE a AS ON INSERT TO v DO INSTEAD INSERT INTO t (id) VALUES (new.id); CREATE RULE b AS ON UPDATE TO t DO ALSO NOTHING;
	  CREATE RULE "R TO x" AS ON DELETE TO t DO INSTEAD NOTHING; COMMENT ON RULE a ON v IS 'a'},
	q{CREATE RULE a AS ON INSERT TO v WHERE new.id > 1 DO INSTEAD (INSERT INTO t (id) VALUES (new.id); SELECT ' TO public.v ');
	  CREATE RULE b AS ON UPDATE TO t DO ALSO NOTHING; ALTER TABLE t ENABLE REPLICA RULE b;
	  CREATE RULE c AS ON UPDATE TO t WHERE old.id = 3 DO ALSO SELECT new.name; ALTER TABLE t DISABLE RULE c},
	up => [qr/CREATE OR REPLACE RULE a/, qr/DROP RULE "R TO x" ON public\.t/, qr/ENABLE REPLICA RULE b/], not_up => [qr/DROP RULE [ab]/],
	down => [qr/ENABLE RULE b/]);

$node->stop;
done_testing();
