# The traps of the kinds, one by one, as far as no other test has them: what identifies an object, what it goes with, and
# what the server does with it that a plan must not do twice.  And cycles, each with the rule that resolves it.
use strict;
use warnings;
use SchemaflowPlan;
use Test::More;

my $node = sf_plan_node();

# ---- identity and parent ----

migrates($node, 'a partition that is detached has the clones as its own',
	'CREATE TABLE x (id int PRIMARY KEY)',
	q{CREATE TABLE p (k int NOT NULL, a int REFERENCES x, CHECK (a > 0)) PARTITION BY LIST (k); CREATE INDEX i ON p (a);
	 CREATE TABLE q PARTITION OF p FOR VALUES IN (1)},
	q{CREATE TABLE p (k int NOT NULL, a int REFERENCES x, CHECK (a > 0)) PARTITION BY LIST (k); CREATE INDEX i ON p (a);
	 CREATE TABLE q (k int NOT NULL, a int, CONSTRAINT p_a_check CHECK (a > 0), CONSTRAINT p_a_fkey FOREIGN KEY (a) REFERENCES x);
	 CREATE INDEX q_a_idx ON q (a)},
	up => [qr/DETACH PARTITION/], not_up => [qr/(?:ADD|DROP) (?:CONSTRAINT|COLUMN)|(?:CREATE|DROP) (?:INDEX|TABLE)/],
	down => [qr/ATTACH PARTITION/], not_down => [qr/DROP (?:TABLE|COLUMN)/]);
migrates($node, 'a foreign key to a partitioned table: clones on the same table are no facts', 'CREATE TABLE p (k int PRIMARY KEY) PARTITION BY LIST (k);
	CREATE TABLE q PARTITION OF p FOR VALUES IN (1); CREATE TABLE r PARTITION OF p DEFAULT',
	'CREATE TABLE t (a int)', 'CREATE TABLE t (a int REFERENCES p)', up => [qr/^[^;]*FOREIGN KEY[^;]*;\s*(?:ALTER TABLE[^;]*VALIDATE[^;]*;\s*)?$/]);
migrates($node, 'the index of a constraint: options, cluster, replica identity', 'CREATE TABLE t (a int NOT NULL, b int NOT NULL)',
	'ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (a), ADD CONSTRAINT u UNIQUE (b)',
	'ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (a) WITH (fillfactor = 50), ADD CONSTRAINT u UNIQUE (b); ALTER TABLE t CLUSTER ON k, REPLICA IDENTITY USING INDEX u',
	not_up => [qr/DROP|ADD CONSTRAINT/]);
migrates($node, 'a multirange has a name of its own', '', 'CREATE TYPE r AS RANGE (SUBTYPE = int8)',
	'CREATE TYPE r AS RANGE (SUBTYPE = int8, MULTIRANGE_TYPE_NAME = rs); CREATE TABLE t (a rs DEFAULT rs(r(1, 2)))', up => [qr/RENAME TO rs.*ALTER FUNCTION.*RENAME TO rs/s], not_up => [qr/CREATE TYPE/]);
migrates($node, 'parameters renamed, defaults taken away, another result: with those who use the function', '',
	q{CREATE FUNCTION f(a int, b int DEFAULT 1) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'; CREATE VIEW v AS SELECT f(1) AS x; COMMENT ON VIEW v IS 'c';
	 GRANT EXECUTE ON FUNCTION f(int, int) TO pg_monitor; GRANT SELECT ON v TO pg_monitor},
	q{CREATE FUNCTION f(z int, b int) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT 1'; CREATE VIEW v AS SELECT f(1, 1) AS x; COMMENT ON VIEW v IS 'c';
	 GRANT EXECUTE ON FUNCTION f(int, int) TO pg_monitor; GRANT SELECT ON v TO pg_monitor},
	up => [qr/DROP VIEW.*DROP FUNCTION.*CREATE FUNCTION.*CREATE VIEW.*GRANT/s]);
migrates($node, 'operators that commute with each other', q{CREATE FUNCTION lt(int, text) RETURNS bool LANGUAGE sql AS 'SELECT true'; CREATE FUNCTION gt(text, int) RETURNS bool LANGUAGE sql AS 'SELECT true'},
	'', 'CREATE OPERATOR <<< (FUNCTION = lt, LEFTARG = int, RIGHTARG = text, COMMUTATOR = >>>); CREATE OPERATOR >>> (FUNCTION = gt, LEFTARG = text, RIGHTARG = int, COMMUTATOR = <<<)');
migrates($node, 'a cast and a transform are told by types, a comment on them too', 'CREATE TYPE c AS (x int); CREATE FUNCTION f(c) RETURNS int LANGUAGE sql AS $$SELECT 1$$',
	q{CREATE CAST (c AS int) WITH FUNCTION f(c); COMMENT ON CAST (c AS int) IS 'one'}, q{CREATE CAST (c AS int) WITH FUNCTION f(c) AS ASSIGNMENT; COMMENT ON CAST (c AS int) IS 'two'},
	up => [qr/DROP CAST.*CREATE CAST.*COMMENT ON CAST/s]);
migrates($node, 'aliases of USING, and who invokes a view', 'CREATE TABLE t (a int, b int); CREATE TABLE u (a int, c int)',
	'CREATE VIEW v AS SELECT * FROM t JOIN u USING (a)', 'CREATE VIEW v WITH (security_invoker) AS SELECT * FROM t JOIN u USING (a) AS j WHERE j.a > 0',
	not_up => [qr/DROP/]);
migrates($node, 'a column that a policy, an extended statistic and a publication use, dropped', '',
	'CREATE TABLE t (id int PRIMARY KEY, a int, b int); CREATE POLICY p ON t USING (a > 0); CREATE STATISTICS s ON a, b FROM t; CREATE PUBLICATION pub FOR TABLE t (id, a) WHERE (id > 0)',
	'CREATE TABLE t (id int PRIMARY KEY, b int); CREATE POLICY p ON t USING (b > 0); CREATE PUBLICATION pub FOR TABLE t (id)',
	not_up => [qr/CASCADE|^DROP TABLE/m]);
migrates($node, 'another type of a column in a publication', '', map { "CREATE TABLE t (id $_ PRIMARY KEY, a int); CREATE PUBLICATION pub FOR TABLE t (id) WHERE (id > 0)" } 'int', 'bigint');
migrates($node, 'default privileges of a role, in a schema and everywhere', 'CREATE SCHEMA s',
	'ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO pg_monitor',
	'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor; ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT INSERT ON TABLES TO pg_monitor; CREATE TABLE s.t ()');
migrates($node, 'a loose member of an operator family', 'CREATE FUNCTION cmp(int, text) RETURNS int IMMUTABLE LANGUAGE sql AS $$SELECT 1$$',
	'CREATE OPERATOR FAMILY fam USING btree', 'CREATE OPERATOR FAMILY fam USING btree; ALTER OPERATOR FAMILY fam USING btree ADD FUNCTION 1 (int, text) cmp(int, text)',
	up => [qr/ALTER OPERATOR FAMILY/], not_up => [qr/CREATE OPERATOR FAMILY/]);

# ---- order ----

# Everything that stands on a column's type, down and up again, and nothing beside it.
my $stack = q{CREATE TABLE t (a %s, n int, g int GENERATED ALWAYS AS (n + 1) STORED); CREATE TABLE beside (a int);
	CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
	CREATE VIEW v1 WITH (security_barrier) AS SELECT a, n FROM t; CREATE VIEW v2 AS SELECT a FROM v1; CREATE VIEW v3 AS SELECT a FROM v2;
	CREATE VIEW other AS SELECT a FROM beside; CREATE POLICY p ON t USING (a > 0); CREATE INDEX i ON t ((a + 1));
	CREATE TRIGGER tr AFTER UPDATE ON t FOR EACH ROW WHEN (old.a > 0) EXECUTE FUNCTION tf();
	ALTER VIEW v2 OWNER TO pg_monitor; GRANT SELECT ON v3 TO pg_monitor; COMMENT ON VIEW v1 IS 'one'; COMMENT ON POLICY p ON t IS 'p';
	COMMENT ON TRIGGER tr ON t IS 'tr'; COMMENT ON INDEX i IS 'i'};
migrates($node, 'a type under three views, a policy, a trigger, an index expression', '', map { sprintf $stack, $_ } 'int', 'bigint');
for my $untouched ('other', 'beside')
{
	migrates($node, "... and not $untouched", '', (map { sprintf $stack, $_ } 'int', 'bigint'), not_up => [qr/\Qpublic.$untouched\E/]);
}
migrates($node, 'new tables revoke nothing on others', 'CREATE TABLE old (); GRANT SELECT ON old TO pg_monitor', '', 'CREATE TABLE new (); GRANT SELECT ON new TO pg_monitor',
	not_up => [qr/REVOKE|public\.old/]);

# ---- cycles ----

migrates($node, 'foreign keys of two tables to each other: added behind both', '', '',
	'CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a); ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b');
migrates($node, 'a default, its function, and the table that the function reads: the default comes last, and goes first', '', '',
	'CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(a) FROM t; END; ALTER TABLE t ALTER a SET DEFAULT f()',
	up => [qr/CREATE TABLE.*CREATE FUNCTION.*SET DEFAULT/s], down => [qr/DROP DEFAULT.*DROP FUNCTION.*DROP TABLE/s]);
# Composite types cannot hold each other: the server refuses it, also by way of an array, a range or a domain.

# ---- constructors have their type's name, and do not follow it ----

$node->safe_psql('postgres', 'CREATE EXTENSION schemaflow');
for my $model ('CREATE TYPE r AS RANGE (SUBTYPE = int8); CREATE TABLE t (a r DEFAULT r(1, 2), b r_multirange)',
	"-- \@renamed from=r\nCREATE TYPE r2 AS RANGE (SUBTYPE = int8); CREATE TABLE t (a r2 DEFAULT r2(1, 2), b r2_multirange DEFAULT r2_multirange(r2(1, 2)))")
{
	$node->safe_psql('postgres', "SET client_min_messages = error; SELECT * FROM sf_define(\$m\$$model\$m\$)");
	$node->safe_psql('postgres', q{SELECT sf_plan_migration('range')});
	$node->safe_psql('postgres', q{CALL sf_upgrade()});
	is($node->safe_psql('postgres', 'SELECT * FROM sf_diff()'), '', 'nothing is left');
	$node->safe_psql('postgres', 'INSERT INTO t DEFAULT VALUES');
}
is($node->safe_psql('postgres', 'TABLE t ORDER BY b'), "[1,2)|{[1,2)}\n[1,2)|", 'a range that is renamed keeps its values, and makes new ones');
like($node->safe_psql('postgres', q{SELECT string_agg(sql, E'\n' ORDER BY n) FROM sf_steps()}), qr/ALTER FUNCTION public\.r\(bigint, bigint\) RENAME TO r2/, 'by its constructors');

done_testing();
