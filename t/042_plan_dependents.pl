# What stands in the way of a change, or comes into its way: orders that the server insists on.
use strict;
use warnings;
use SchemaflowPlan;
use Test::More;

my $node = sf_plan_node();

migrates($node, 'a type change under a generated column', '',
	q{CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a * 2) STORED); CREATE INDEX ON t (g); COMMENT ON COLUMN t.g IS 'c'},
	q{CREATE TABLE t (a bigint, g bigint GENERATED ALWAYS AS (a * 2) STORED); CREATE INDEX ON t (g); COMMENT ON COLUMN t.g IS 'c'},
	up => [qr/DROP COLUMN g;.*ALTER COLUMN a TYPE bigint;.*ADD COLUMN g bigint GENERATED/s]);
migrates($node, 'row security is on when all policies stand', 'CREATE TABLE t (a int)',
	'', 'ALTER TABLE t ADD b int, ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (b = 1)',
	up => [qr/ADD COLUMN b.*CREATE POLICY.*ENABLE ROW LEVEL/s], down => [qr/DISABLE ROW LEVEL.*DROP POLICY/s]);
migrates($node, 'row security is off before the first policy goes', 'CREATE TABLE t (a int, b int)',
	'ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (b = 1); CREATE POLICY q ON t USING (a = 1)',
	'CREATE POLICY q ON t FOR SELECT USING (a = 1)',
	up => [qr/DISABLE ROW LEVEL.*POLICY/s], down => [qr/POLICY.*ENABLE ROW LEVEL/s]);
migrates($node, 'a view grouped by one primary key, then by another', 'CREATE TABLE t (id int NOT NULL, a text, b int NOT NULL)',
	'ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (id); CREATE VIEW v AS SELECT id, a FROM t GROUP BY id',
	'ALTER TABLE t ADD CONSTRAINT k2 PRIMARY KEY (id) INCLUDE (b); CREATE VIEW v AS SELECT id, a FROM t GROUP BY id',
	up => [qr/DROP VIEW public\.v;.*DROP CONSTRAINT k;.*ADD CONSTRAINT k2.*CREATE VIEW/s]);
migrates($node, 'a routine that takes the place of one with fewer arguments', '',
	map { my ($args, $plus) = @$_;
		"CREATE FUNCTION f($args) RETURNS int IMMUTABLE LANGUAGE sql AS 'select a$plus'; CREATE DOMAIN d AS int CHECK (f(VALUE) > 0);
		 CREATE TABLE t (a int DEFAULT f(1) CHECK (f(a) > 0), b d, g int GENERATED ALWAYS AS (f(a)) STORED); CREATE INDEX ON t (f(a));
		 CREATE VIEW v AS SELECT f(a) FROM t; CREATE POLICY p ON t USING (f(a) = 1)" } (['a int', ''], ['a int, b int DEFAULT 0', '+b']));
migrates($node, 'a column renamed in a view under a view', 'CREATE TABLE t (a int, b int)',
	'CREATE VIEW v AS SELECT a AS x, b FROM t; CREATE VIEW w AS SELECT x FROM v',
	'CREATE VIEW v AS SELECT a AS y, b FROM t; CREATE VIEW w AS SELECT y AS x FROM v');
migrates($node, 'a domain with a check, used in an array', 'CREATE FUNCTION f(int8) RETURNS int8 LANGUAGE sql AS $$select 1::int8$$',
	'CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE TABLE t (a d, b d[])',
	'CREATE DOMAIN d AS bigint CHECK (VALUE > 0); CREATE TABLE t (a d, b d[])', up => [qr/CREATE DOMAIN public\.d AS bigint\s+CONSTRAINT d_check/]);
migrates($node, 'limits of an identity that its position is outside of', '',
	'CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY)', 'CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY (START 10 MINVALUE 5))');
migrates($node, 'limits that have nothing in common with the old ones', 'CREATE TABLE t (a int)', 'CREATE SEQUENCE s',
	'CREATE SEQUENCE s INCREMENT -1 MAXVALUE -1', up => [qr/ RESTART/]);
migrates($node, 'a serial column in a table of another owner', 'CREATE TABLE t (a int); ALTER TABLE t OWNER TO pg_monitor', '',
	'ALTER TABLE t ADD s serial', up => [qr/ALTER SEQUENCE public\.t_s_seq OWNER TO pg_monitor;.*OWNED BY/s]);
migrates($node, 'a parent table\'s default is passed on to children, but not over their own',
	'CREATE TABLE p (k int, a int, b int DEFAULT 1, c int DEFAULT 1, d int DEFAULT 1) PARTITION BY LIST (k);
	 CREATE TABLE q PARTITION OF p FOR VALUES IN (1) PARTITION BY LIST (k)',
	'CREATE TABLE r PARTITION OF q FOR VALUES IN (1); ALTER TABLE r ALTER a SET DEFAULT 5, ALTER b SET DEFAULT 6',
	'CREATE TABLE r PARTITION OF q FOR VALUES IN (1);
	 ALTER TABLE p ALTER a SET DEFAULT 2, ALTER b SET DEFAULT 3, ALTER c SET DEFAULT 4, ALTER d DROP DEFAULT;
	 ALTER TABLE r ALTER a SET DEFAULT 5, ALTER b SET DEFAULT 6, ALTER d SET DEFAULT 1');
migrates($node, 'a stored composite type of a type that is swapped', '',
	map { "CREATE TYPE e AS ENUM ($_); CREATE TYPE c AS (x e, y int); CREATE TABLE t (c c, cc c[]); CREATE FUNCTION f(c) RETURNS c LANGUAGE sql
		AS 'select \$1'" } q{'a', 'b', 'c'}, q{'b', 'a'});
migrates($node, 'arrays of a composite type that gets attributes in the middle', '',
	q{CREATE TYPE c AS (x int, y text); CREATE TABLE t (c c, cc c[]);
	  INSERT INTO t VALUES ((1, 'a'), '{"(1,a)",NULL,"(2,\"b,\"\"\")"}'), (NULL, '{}'), ((NULL, NULL), NULL)},
	q{CREATE TYPE c AS (x bigint, z date, y text); CREATE TABLE t (c c, cc c[])},
	rows => q{SELECT to_jsonb(c) - 'z', (SELECT jsonb_agg(to_jsonb(e) - 'z') FROM unnest(cc) e), cc IS NULL, array_ndims(cc) FROM t ORDER BY 1});
migrates($node, 'unique indexes become keys without being built again, where that can be said', '',
	q{CREATE TABLE t (a int NOT NULL, b int, c int, d int); CREATE UNIQUE INDEX t_a ON t (a);
	  CREATE UNIQUE INDEX t_b ON t (b) INCLUDE (c) NULLS NOT DISTINCT WITH (fillfactor = 70); CREATE UNIQUE INDEX t_c ON t (c DESC);
	  CREATE UNIQUE INDEX t_cc ON t (c); COMMENT ON INDEX t_cc IS 'c'; CREATE UNIQUE INDEX t_d ON t (d) WHERE d > 0;
	  CREATE TABLE f (a int REFERENCES t (a))},
	q{CREATE TABLE t (a int NOT NULL CONSTRAINT t_key PRIMARY KEY, b int, c int CONSTRAINT t_c UNIQUE, d int CONSTRAINT t_d UNIQUE,
	  CONSTRAINT t_a UNIQUE (a), CONSTRAINT t_b UNIQUE NULLS NOT DISTINCT (b) INCLUDE (c) WITH (fillfactor = 70) DEFERRABLE INITIALLY DEFERRED);
	  CREATE TABLE f (a int REFERENCES t (a))},
	up => [qr/ADD CONSTRAINT t_key PRIMARY KEY USING INDEX t_a;|ADD CONSTRAINT t_a UNIQUE USING INDEX t_a;/,
		qr/ADD CONSTRAINT t_b UNIQUE USING INDEX t_b DEFERRABLE INITIALLY DEFERRED;/,
		qr/ADD CONSTRAINT t_c UNIQUE USING INDEX t_cc;\nCOMMENT ON INDEX public\.t_c IS NULL;/],
	not_up => [qr/UNIQUE INDEX (CONCURRENTLY )?t_b /]);
migrates($node, 'with what is said of them', '', q{CREATE TABLE t (a int NOT NULL, b int, c int, d int); CREATE UNIQUE INDEX t_a ON t (a);
	  CREATE UNIQUE INDEX t_b ON t (b); CREATE UNIQUE INDEX t_c ON t (c); CREATE UNIQUE INDEX t_d ON t (d); CREATE INDEX t_dd ON t (d);
	  COMMENT ON INDEX t_a IS 'a'; COMMENT ON INDEX t_b IS 'b'; COMMENT ON INDEX t_d IS 'd'; COMMENT ON INDEX t_dd IS 'dd'},
	q{CREATE TABLE t (a int NOT NULL, b int, c int, d int); CREATE UNIQUE INDEX t_a ON t (a); CREATE UNIQUE INDEX t_b ON t (b);
	  CREATE UNIQUE INDEX t_c ON t (c); CREATE UNIQUE INDEX t_d ON t (d); COMMENT ON INDEX t_a IS 'a';
	  ALTER TABLE t ADD PRIMARY KEY USING INDEX t_a, ADD UNIQUE USING INDEX t_b, ADD UNIQUE USING INDEX t_c, ADD UNIQUE USING INDEX t_d;
	  COMMENT ON INDEX t_b IS 'bb'; COMMENT ON INDEX t_c IS 'c'; COMMENT ON CONSTRAINT t_d ON t IS 'key'},
	up => [map { qr/ USING INDEX t_$_;/ } 'a' .. 'd'], not_up => [qr/DROP INDEX public.t_.;/, qr/ADD CONSTRAINT \w+ (PRIMARY KEY|UNIQUE) \(/]);
migrates($node, 'a column goes that the predicate of an exclusion reads', '',
	'CREATE TABLE r (d tsrange, gone bool, CONSTRAINT x EXCLUDE USING gist (d WITH &&) WHERE (NOT gone))',
	'CREATE TABLE r (d tsrange, CONSTRAINT x EXCLUDE USING gist (d WITH &&))');
migrates($node, 'a publication of schemas becomes one with lists of columns', 'CREATE SCHEMA a; CREATE TABLE a.t (id int, x int); CREATE TABLE u (id int, y int)',
	'CREATE PUBLICATION p FOR TABLES IN SCHEMA a', 'CREATE PUBLICATION p FOR TABLE a.t (id), u (id)');
migrates($node, 'a type of another kind under the same name keeps the values', '',
	q{CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (s e DEFAULT 'a', ss e[]); CREATE VIEW v AS SELECT s FROM t},
	q{CREATE DOMAIN e AS text CHECK (VALUE IN ('a', 'b')); CREATE TABLE t (s e DEFAULT 'a', ss e[]); CREATE VIEW v AS SELECT s FROM t},
	not_up => [qr/DROP COLUMN/], not_down => [qr/DROP COLUMN/]);
migrates($node, 'an enum whose default is inherited is swapped', '',
	map { "CREATE TYPE e AS ENUM ($_); CREATE TABLE p (s e DEFAULT 'b'); CREATE TABLE c (x int) INHERITS (p);
		CREATE TABLE d () INHERITS (p); ALTER TABLE d ALTER s SET DEFAULT 'a'" } q{'a', 'b', 'c'}, q{'a', 'b'});

# Parents are in the order that the model has them in; what goes from between them leaves none out of it.
my $parents = q{CREATE TABLE a (x int NOT NULL CHECK (x > 0), g int GENERATED ALWAYS AS (x * 2) STORED); CREATE TABLE b (y int DEFAULT 3);
	CREATE TABLE c (z int); ALTER TABLE c ADD CONSTRAINT later CHECK (z > 0) NOT VALID};
migrates($node, 'a parent comes before another', $parents, 'CREATE TABLE t (k int) INHERITS (a)', 'CREATE TABLE t (k int) INHERITS (b, a)',
	up => [qr/ALTER TABLE public\.t NO INHERIT public\.a;\nALTER TABLE public\.t INHERIT public\.a/], not_down => [qr/ INHERIT public\.a/]);
migrates($node, 'parents change places', $parents,
	q{CREATE TABLE t (k int) INHERITS (a, b); INSERT INTO t VALUES (1, DEFAULT, 5, 7); CREATE TABLE u () INHERITS (t)},
	q{CREATE TABLE t (k int) INHERITS (b, a); CREATE TABLE u () INHERITS (t)},
	up => [qr/NO INHERIT public\.a/], not_up => [qr/NO INHERIT public\.b/], down => [qr/NO INHERIT public\.b/], rows => 'SELECT k, x, y, g FROM t');
migrates($node, 'a parent between others goes', $parents, 'CREATE TABLE t (k int) INHERITS (a, b, c)',
	'CREATE TABLE t (k int) INHERITS (a, c)', not_up => [qr/INHERIT public\.[ac]/], down => [qr/NO INHERIT public\.c/]);

migrates($node, 'a child gets another parent while a column of one that stays changes', '',
	q{CREATE TABLE a (x int); CREATE TABLE b (y int); CREATE TABLE t (k int) INHERITS (a, b); INSERT INTO t VALUES (1, 2, 3)},
	q{CREATE TABLE n (x int); CREATE TABLE b (y bigint); CREATE TABLE t (k int) INHERITS (n, b)},
	up => [qr/INHERIT public\.n;.*NO INHERIT public\.a/s], rows => 'SELECT k, x, y FROM t');

# Foreign tables that are made anew with what they are a part of: what is in them is not copied.
my $far = 'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w';
migrates($node, 'a foreign partition of a table that is made anew', $far,
	q{CREATE TABLE p (a int, b text, c int) PARTITION BY LIST (a);
	  CREATE FOREIGN TABLE f PARTITION OF p (b DEFAULT 'far', CHECK (c > 0)) FOR VALUES IN (1) SERVER s;
	  CREATE FOREIGN TABLE gone PARTITION OF p FOR VALUES IN (4) SERVER s;
	  CREATE FOREIGN TABLE alone PARTITION OF p FOR VALUES IN (5) SERVER s;
	  CREATE TABLE near PARTITION OF p FOR VALUES IN (3); INSERT INTO p VALUES (3, 'x');
	  CREATE VIEW v AS SELECT b FROM f; CREATE FUNCTION of_f(f) RETURNS int LANGUAGE sql AS 'SELECT 1'},
	q{CREATE TABLE p (a bigint, b text NOT NULL, d date) PARTITION BY LIST (a);
	  CREATE FOREIGN TABLE f PARTITION OF p (b DEFAULT 'far', CHECK (d > '2020-01-01')) FOR VALUES IN (1, 2) SERVER s;
	  CREATE FOREIGN TABLE alone (a int, b text, c int) SERVER s; CREATE TABLE near PARTITION OF p FOR VALUES IN (3);
	  CREATE VIEW v AS SELECT b FROM f; CREATE FUNCTION of_f(f) RETURNS int LANGUAGE sql AS 'SELECT 1'},
	up => [map { qr/DROP FOREIGN TABLE public.$_;.*UNLOGGED TABLE public.p__rows/s } qw(f gone)],
	not_up => [qr/DROP FOREIGN TABLE public.alone/], rows => 'SELECT a, b FROM near');
migrates($node, 'a foreign partition of a part of a table that is made anew', $far,
	map { "CREATE TABLE p (a $_, b int) PARTITION BY LIST (a); CREATE TABLE q PARTITION OF p FOR VALUES IN (1) PARTITION BY LIST (b);
		CREATE FOREIGN TABLE f PARTITION OF q FOR VALUES IN (1) SERVER s" } 'int', 'bigint');

# Parts that stand, or come back elsewhere, while the whole is made anew.
migrates($node, 'a foreign key to a table whose parts stand while it is made anew', '',
	q{CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
	  ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b; CREATE TABLE part (id int PRIMARY KEY, b int);
	  INSERT INTO part VALUES (1), (2)},
	q{CREATE TABLE a (id int PRIMARY KEY, b int) PARTITION BY LIST (id); CREATE TABLE part PARTITION OF a FOR VALUES IN (1, 2);
	  CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a); ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b},
	rows => 'SELECT id FROM part');
migrates($node, 'a part that leaves while both are made anew takes its rows along', '',
	q{CREATE TABLE q (id int, k int) PARTITION BY RANGE (k);
	  CREATE TABLE part PARTITION OF q FOR VALUES FROM (2) TO (3) PARTITION BY LIST (k); CREATE TABLE low PARTITION OF part DEFAULT;
	  INSERT INTO q VALUES (1, 2), (2, 2)},
	q{CREATE TABLE q (id int, k int) PARTITION BY LIST (k); CREATE TABLE part (id int, k int)}, rows => 'SELECT id, k FROM part');
migrates($node, 'an inheriting table that is made anew as a partitioned part', '',
	q{CREATE TABLE p (id int, k int); CREATE TABLE part () INHERITS (p); INSERT INTO part VALUES (1, 1); INSERT INTO p VALUES (2, 2)},
	q{CREATE TABLE p (id int, k int) PARTITION BY RANGE (k); CREATE TABLE other PARTITION OF p DEFAULT;
	  CREATE TABLE part PARTITION OF p FOR VALUES FROM (1) TO (2) PARTITION BY LIST (k); CREATE TABLE low PARTITION OF part DEFAULT},
	rows => 'SELECT id, k FROM part UNION ALL SELECT id, k FROM p WHERE k <> 1');

# Foreign keys that hold parts which move together: no order of these would do.
my $self = 'CREATE TABLE a (id int PRIMARY KEY, up int REFERENCES a) PARTITION BY RANGE (id);';
my $two = 'CREATE TABLE a2 PARTITION OF a FOR VALUES FROM (50) TO (100) PARTITION BY RANGE (id); CREATE TABLE a2a PARTITION OF a2 DEFAULT;';
migrates($node, 'a part leaves a whole that is bound to itself', '',
	"$self $two CREATE TABLE a1 PARTITION OF a FOR VALUES FROM (0) TO (50); INSERT INTO a VALUES (1, 1), (51, 51), (52, 51)",
	"$self $two CREATE TABLE a1 (id int PRIMARY KEY, up int)", rows => 'SELECT id, up FROM a1', up => [qr/DROP CONSTRAINT a_up_fkey.*DETACH/s],
	down => [qr/ATTACH PARTITION public\.a1/], not_down => [qr/FOREIGN KEY/]);
migrates($node, 'a part that leaves keeps its foreign key to the whole', '',
	"$self $two CREATE TABLE a1 PARTITION OF a FOR VALUES FROM (0) TO (50); INSERT INTO a VALUES (1, 51), (51, 51)",
	"$self $two CREATE TABLE a1 (id int PRIMARY KEY, up int CONSTRAINT a_up_fkey REFERENCES a)", rows => 'SELECT id, up FROM a1');
migrates($node, 'parts come to a whole that binds them to each other', '',
	"$self CREATE TABLE a1 (id int PRIMARY KEY, up int); CREATE TABLE a2 (id int PRIMARY KEY, up int);
	 INSERT INTO a1 VALUES (1, 51); INSERT INTO a2 VALUES (51, 1)",
	"$self CREATE TABLE a1 PARTITION OF a FOR VALUES FROM (0) TO (50); CREATE TABLE a2 PARTITION OF a FOR VALUES FROM (50) TO (100)",
	rows => 'SELECT id, up FROM a1 UNION ALL SELECT id, up FROM a2');
my $circle = join '', map { "CREATE TABLE $_->[0] (id int PRIMARY KEY, r int$_->[1]) PARTITION BY RANGE (id);" } ['a', ''],
	['b', ' REFERENCES a'], ['c', ' CONSTRAINT named REFERENCES b'];
$circle .= 'ALTER TABLE a ADD FOREIGN KEY (r) REFERENCES c;';
migrates($node, 'parts leave wholes that are bound in a circle', '',
	$circle . join('', map { "CREATE TABLE ${_}1 PARTITION OF $_ FOR VALUES FROM (0) TO (50);" } qw(a b c)) .
	q{COMMENT ON CONSTRAINT named ON c1 IS 'own'; INSERT INTO a VALUES (1); INSERT INTO b VALUES (1, 1); INSERT INTO c VALUES (1, 1); UPDATE a SET r = id},
	$circle . join(';', map { "CREATE TABLE ${_}1 (id int PRIMARY KEY, r int)" } qw(a b c)),
	rows => 'SELECT id, r FROM a1 UNION ALL SELECT id, r FROM b1 UNION ALL SELECT id, r FROM c1');

done_testing();
