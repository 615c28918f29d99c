# What only younger servers have: each is planned up and down, and nothing is left.
use strict;
use warnings;
use SchemaflowPlan;
use Test::More;

my $node = sf_plan_node();
my $major = int($node->pg_version =~ s/\..*//r);

# The name of a NOT NULL is heard on every major and kept from 18 on.
migrates($node, 'named NOT NULL constraints', '', 'CREATE TABLE t (a int CONSTRAINT x NOT NULL, b int CONSTRAINT y NOT NULL, c int)',
	'CREATE TABLE t (a int CONSTRAINT z NOT NULL, b int NOT NULL, c int CONSTRAINT w NOT NULL)', $major < 18 ? () : (
		up => [ qr/RENAME CONSTRAINT x TO z/, qr/RENAME CONSTRAINT y TO t_b_not_null/, qr/ADD CONSTRAINT w NOT NULL c/ ]));

if ($major >= 16)
{
	migrates($node, 'rules of a collation', '', "CREATE COLLATION c (provider = icu, locale = 'und', rules = '&a < b')",
		"CREATE COLLATION c (provider = icu, locale = 'und', rules = '&a < g'); CREATE TABLE t (a text COLLATE c)");
}

if ($major >= 17)
{
	migrates($node, 'a built-in collation', '', 'CREATE TABLE t (a text)',
		"CREATE COLLATION c (provider = builtin, locale = 'C.UTF-8'); CREATE TABLE t (a text COLLATE c)", up => [qr/provider = builtin/]);
	migrates($node, 'the privilege to maintain', '', 'CREATE TABLE t (a int); GRANT SELECT, MAINTAIN ON t TO pg_monitor',
		'CREATE TABLE t (a int); GRANT MAINTAIN ON t TO pg_monitor WITH GRANT OPTION', up => [qr/MAINTAIN/]);
	migrates($node, 'identity of a partitioned table', 'CREATE TABLE r (a int)',
		'CREATE TABLE p (a int NOT NULL, k int) PARTITION BY LIST (k); CREATE TABLE q PARTITION OF p FOR VALUES IN (1)',
		'CREATE TABLE p (a int GENERATED ALWAYS AS IDENTITY, k int) PARTITION BY LIST (k); CREATE TABLE q PARTITION OF p FOR VALUES IN (1)');
	migrates($node, 'the access method of a partitioned table, and of partitions that differ',
		'CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler',
		'CREATE TABLE p (k int) PARTITION BY LIST (k); CREATE TABLE q PARTITION OF p FOR VALUES IN (1)',
		'CREATE TABLE p (k int) PARTITION BY LIST (k) USING heap2; CREATE TABLE q PARTITION OF p FOR VALUES IN (1) USING heap;
		 CREATE TABLE r PARTITION OF p FOR VALUES IN (2)');
	migrates($node, 'an event trigger at login', 'CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$', '',
		'CREATE EVENT TRIGGER e ON login EXECUTE FUNCTION f()');
}

if ($major >= 18)
{
	migrates($node, 'NOT NULL: NO INHERIT, NOT VALID, comments', '',
		q{CREATE TABLE t (a int NOT NULL NO INHERIT, b int, c int, d int, e int NOT NULL);
		  ALTER TABLE t ADD CONSTRAINT nv NOT NULL b NOT VALID, ADD CONSTRAINT d_there NOT NULL d NOT VALID;
		  COMMENT ON CONSTRAINT nv ON t IS 'later'; COMMENT ON CONSTRAINT t_e_not_null ON t IS 'e'},
		q{CREATE TABLE t (a int NOT NULL, b int CONSTRAINT nv NOT NULL, c int, d int, e int); ALTER TABLE t ADD CONSTRAINT cv NOT NULL c NOT VALID;
		  COMMENT ON CONSTRAINT nv ON t IS 'now'; COMMENT ON CONSTRAINT cv ON t IS 'c'},
		up => [ qr/VALIDATE CONSTRAINT nv/, qr/ALTER CONSTRAINT t_a_not_null INHERIT/, qr/ADD CONSTRAINT cv NOT NULL c NOT VALID/ ],
		down => [ qr/ALTER CONSTRAINT t_a_not_null NO INHERIT/, qr/ADD CONSTRAINT nv NOT NULL b NOT VALID/ ]);
	migrates($node, 'NOT NULL of children: the name is the parent\'s', '',
		'CREATE TABLE p (k int CONSTRAINT kn NOT NULL, a int) PARTITION BY LIST (k); CREATE TABLE q PARTITION OF p FOR VALUES IN (1);
		 CREATE TABLE b (a int); CREATE TABLE c (x int CONSTRAINT own NOT NULL) INHERITS (b)',
		'CREATE TABLE p (k int CONSTRAINT kn2 NOT NULL, a int NOT NULL) PARTITION BY LIST (k); CREATE TABLE q (k int CONSTRAINT qk NOT NULL, a int NOT NULL);
		 CREATE TABLE b (a int CONSTRAINT an NOT NULL); CREATE TABLE c (x int CONSTRAINT mine NOT NULL) INHERITS (b)',
		up => [ qr/DETACH PARTITION public\.q;.*ALTER TABLE public\.q RENAME CONSTRAINT kn TO qk/s ]);
	migrates($node, 'virtual generated columns', '',
		'CREATE TABLE t (a int, v int GENERATED ALWAYS AS (a + 1) VIRTUAL, w int GENERATED ALWAYS AS (a + 2) VIRTUAL, x int GENERATED ALWAYS AS (a + 3) STORED)',
		'CREATE TABLE t (a int, v int GENERATED ALWAYS AS (a + 9) VIRTUAL, w int, x int GENERATED ALWAYS AS (a + 3))');
	migrates($node, 'constraints that are not enforced', 'CREATE TABLE r (id int PRIMARY KEY)',
		'CREATE TABLE t (a int CHECK (a > 0) NOT ENFORCED, b int REFERENCES r NOT ENFORCED, c int REFERENCES r)',
		'CREATE TABLE t (a int CHECK (a > 0), b int REFERENCES r, c int REFERENCES r NOT ENFORCED)',
		up => [ qr/ALTER CONSTRAINT t_b_fkey ENFORCED/, qr/ALTER CONSTRAINT t_c_fkey NOT ENFORCED/ ]);
	migrates($node, 'keys in time', '',
		'CREATE TABLE r (id int4range, at tsrange, PRIMARY KEY (id, at)); CREATE TABLE t (id int4range, at tsrange)',
		'CREATE TABLE r (id int4range, at tsrange, PRIMARY KEY (id, at WITHOUT OVERLAPS));
		 CREATE TABLE t (id int4range, at tsrange, UNIQUE (id, at WITHOUT OVERLAPS), FOREIGN KEY (id, PERIOD at) REFERENCES r)');
	migrates($node, 'a foreign key of a partitioned table that is not valid', 'CREATE TABLE r (id int PRIMARY KEY)',
		'CREATE TABLE p (k int, r int) PARTITION BY LIST (k); ALTER TABLE p ADD CONSTRAINT f FOREIGN KEY (r) REFERENCES r NOT VALID',
		'CREATE TABLE p (k int, r int) PARTITION BY LIST (k); ALTER TABLE p ADD CONSTRAINT f FOREIGN KEY (r) REFERENCES r', up => [qr/VALIDATE CONSTRAINT f/]);
	migrates($node, 'generated columns in a publication', 'CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a) STORED)',
		'CREATE PUBLICATION p FOR TABLE t', 'CREATE PUBLICATION p FOR TABLE t WITH (publish_generated_columns = stored)');
}

done_testing();
