# What children copy from their parents, and who comes before whom.
use strict;
use warnings;
use SchemaflowPlan;
use Test::More;

my $node = sf_plan_node();
my $f = 'CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$';

migrates($node, 'an index of a partitioned table that is made anew takes its clones along', '', map {
		"CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE INDEX i ON p (a, b); $_" }
		('DROP INDEX i; CREATE INDEX i ON p (b)', 'ALTER INDEX p1_a_b_idx RENAME TO mine'));
migrates($node, 'a check of a grandchild that takes the name of a copy that goes with the top', '', map {
		"CREATE TABLE p (a int, CONSTRAINT x CHECK (a > 0) $_->[0]); CREATE TABLE c () INHERITS (p); CREATE TABLE d () INHERITS (c); $_->[1]" }
		(['', ''], ['NO INHERIT', 'ALTER TABLE d ADD CONSTRAINT x CHECK (a > 1)']));
migrates($node, 'a check that is inherited from now on, one that is not any more, one unproved but in the child', '', map {
		"CREATE TABLE p (a int, CONSTRAINT x CHECK (a > 0) $_->[0], CONSTRAINT y CHECK (a > 1) $_->[1]); ALTER TABLE p ADD CONSTRAINT z CHECK (a > 2) $_->[2];
		 CREATE TABLE c () INHERITS (p)" } (['NO INHERIT', '', 'NOT VALID'], ['', 'NO INHERIT', '']));
migrates($node, 'a child of a table that has an unproved check', '', map { "CREATE TABLE p (a int); $_; ALTER TABLE p ADD CONSTRAINT x CHECK (a > 0) NOT VALID" }
	('SELECT 1', 'CREATE TABLE c () INHERITS (p)'));
migrates($node, 'a partition whose key an index of the parent takes in',
	'CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE UNIQUE INDEX ON p (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)', '',
	'CREATE TABLE p2 (a int PRIMARY KEY); ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2)');
migrates($node, 'a partition that leaves, and an index whose name another one gets by a rename', 'CREATE TABLE p (a int, b int) PARTITION BY LIST (a)',
	'CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE q (a int, b int); CREATE INDEX q_own ON q (b)',
	'CREATE TABLE p1 (a int, b int); CREATE TABLE q PARTITION OF p DEFAULT; CREATE INDEX i ON p (b)');
migrates($node, 'copies of a copy that has another name', 'CREATE TABLE k (a int PRIMARY KEY); CREATE TABLE p (a int CONSTRAINT top REFERENCES k, b int) PARTITION BY LIST (a)', map {
		"CREATE TABLE m (a int CONSTRAINT middle REFERENCES k, b int) PARTITION BY LIST (b); CREATE TABLE l PARTITION OF m FOR VALUES IN (1);
		 ALTER TABLE p ATTACH PARTITION m FOR VALUES IN (1); $_" } ('', 'CREATE TABLE n PARTITION OF m FOR VALUES IN (2); ALTER TABLE n RENAME CONSTRAINT middle TO low'));
migrates($node, 'keys on the same columns', '', 'CREATE TABLE t (a int PRIMARY KEY)',
	'CREATE TABLE t (a int PRIMARY KEY); ALTER TABLE t ADD UNIQUE (a); CREATE TABLE u (a int UNIQUE); ALTER TABLE u ADD CONSTRAINT again UNIQUE (a)');
migrates($node, 'a column that is generated in a child as in its parent', 'CREATE TABLE p (a int, b int GENERATED ALWAYS AS (a * 2) STORED)', '',
	'CREATE TABLE c (a int, b int GENERATED ALWAYS AS (a * 2) STORED); ALTER TABLE c INHERIT p');
migrates($node, 'a sequence logged otherwise than the table of its identity', 'CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY)', '',
	'ALTER SEQUENCE t_a_seq SET UNLOGGED; CREATE UNLOGGED TABLE u (a int GENERATED ALWAYS AS IDENTITY); ALTER SEQUENCE u_a_seq SET LOGGED');
migrates($node, 'NOT NULL goes from the parent, a child keeps its own', 'CREATE TABLE p (a int, b int) PARTITION BY LIST (a)',
	'ALTER TABLE p ALTER b SET NOT NULL; CREATE TABLE p1 PARTITION OF p (b NOT NULL) FOR VALUES IN (1)',
	'CREATE TABLE p1 PARTITION OF p (b NOT NULL) FOR VALUES IN (1)');
migrates($node, 'a column of the child alone has another type then', 'CREATE TABLE p (x int); CREATE TABLE c (a int) INHERITS (p)',
	'ALTER TABLE p ADD a int', 'ALTER TABLE c ALTER a TYPE bigint');
migrates($node, 'columns and checks that a child has of its own, too', '', 'CREATE TABLE p (a int); CREATE TABLE m () INHERITS (p); CREATE TABLE c (x int) INHERITS (m)',
	q{CREATE TABLE p (a int, w text, CONSTRAINT k CHECK (a > 0)); CREATE TABLE m () INHERITS (p);
	  CREATE TABLE c (x int, w text NOT NULL DEFAULT 'q', CONSTRAINT k CHECK (a > 0)) INHERITS (m)},
	up => [qr/public\.c ADD COLUMN w text DEFAULT 'q'::text NOT NULL;.*public\.p ADD COLUMN w/s]);
migrates($node, 'no default where the parent has one, of a type with a modifier', 'CREATE TABLE p (a int); CREATE TABLE c () INHERITS (p)', '',
	'ALTER TABLE p ADD b numeric(8, 2) DEFAULT 1; ALTER TABLE c ALTER b DROP DEFAULT');
migrates($node, 'a grandchild that becomes a child', 'CREATE TABLE p (a int)',
	'CREATE TABLE m (b int) INHERITS (p); CREATE TABLE c (x int) INHERITS (m)', 'CREATE TABLE c (b int, x int) INHERITS (p)');
migrates($node, 'another parent, which gets its shape in the same plan', '',
	'CREATE TABLE p (a int); CREATE TABLE q (b int); CREATE TABLE c (x int) INHERITS (p)',
	'CREATE TABLE p (z int); CREATE TABLE q (a int); CREATE TABLE c (x int) INHERITS (q)');
migrates($node, 'another parent, which takes over the names of the old one', '', map {
		"CREATE TABLE $_ (a int CONSTRAINT k PRIMARY KEY); CREATE TABLE c (x int) INHERITS ($_)" } ('p', 'q'));
migrates($node, 'a partition that a foreign key holds', '', map {
		"CREATE TABLE p (a int PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE r (a int REFERENCES p); $_" }
		('CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2) PARTITION BY LIST (a); CREATE TABLE p22 PARTITION OF p2 DEFAULT', ''));
migrates($node, 'checks of a domain that arrays hold', '', map { "CREATE DOMAIN d AS int $_; CREATE TABLE t (a d, b d[]); INSERT INTO t VALUES (1, '{2}')" }
	('', 'CHECK (VALUE > 0)'));
migrates($node, 'a domain that composites hold is NOT NULL', '', map { "CREATE DOMAIN d AS int $_; CREATE TYPE c AS (x d); CREATE TABLE t (a c)" } ('', 'NOT NULL'));
migrates($node, 'a trigger whose clones have the name of another', "$f; CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT",
	'CREATE TRIGGER t AFTER INSERT ON p1 FOR EACH ROW EXECUTE FUNCTION f()', 'CREATE TRIGGER t AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f()');
migrates($node, 'a view over a table that takes the name of the key that the view needs', '',
	map { "CREATE TABLE $_ (id int CONSTRAINT k PRIMARY KEY, a text); CREATE VIEW v AS SELECT id, a FROM $_ GROUP BY id; CREATE VIEW w AS SELECT * FROM v" } ('a', 'b'));
migrates($node, 'a view over a function that gives rows of a table', '',
	'CREATE TABLE t (a int); CREATE FUNCTION g() RETURNS SETOF t LANGUAGE sql AS $$SELECT * FROM t$$; CREATE VIEW v AS SELECT a FROM g()',
	'CREATE TABLE t (a bigint, b int); CREATE FUNCTION g() RETURNS SETOF t LANGUAGE sql AS $$SELECT * FROM t$$; CREATE VIEW v AS SELECT a FROM g()');
migrates($node, 'an owner who had a right before', 'CREATE TABLE t (a int)', 'GRANT SELECT ON t TO pg_monitor', 'ALTER TABLE t OWNER TO pg_monitor; GRANT SELECT ON t TO pg_read_all_data');
migrates($node, 'a sequence that outlives the column that owns it', '', 'CREATE TABLE t (a serial, b int)', 'CREATE SEQUENCE t_a_seq AS int; CREATE TABLE t (b int)');

done_testing();
