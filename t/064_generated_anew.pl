# A stored generated column of a big table gets another expression, or another type, while others write: a column beside it
# takes its place. What depends on it, ways back, kills.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowShadow;
use SchemaflowTest;
use Test::More;

my $node = shadow_node('anew', 'restart_after_crash = on');
my $t = q{CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b text, g text GENERATED ALWAYS AS (lower(b)) STORED,
		n int GENERATED ALWAYS AS (a + 1) STORED NOT NULL, w int GENERATED ALWAYS AS (a) STORED);
	CREATE INDEX t_g ON t (g, a); CREATE UNIQUE INDEX t_n ON t (n) WHERE id < 0; CREATE INDEX t_expr ON t (upper(g));
	ALTER TABLE t ADD CONSTRAINT long CHECK (length(g) < 100);
	CREATE VIEW v AS SELECT id, g, n + 1 AS m FROM t; COMMENT ON COLUMN t.g IS 'of b'; CREATE STATISTICS t_s ON g, a FROM t};
my $rows = q{INSERT INTO t (id, a, b) SELECT k, k, 'B' || k FROM generate_series(1, 1000) k};
my @change = ('AS (lower(b))' => 'AS (upper(b) || a)', 'n int GENERATED ALWAYS AS (a + 1)' => 'n bigint GENERATED ALWAYS AS (a * 10::bigint)');

there_and_back('other expressions', ddl => $t, rows => $rows, change => \@change,
	writes => q{UPDATE t SET a = a + 1 WHERE id % 3 = 0; INSERT INTO t (id, a, b) SELECT max(id) + 1, max(a) + 1, 'X' FROM t; UPDATE t SET b = b || 'y' WHERE id % 50 = 1},
	sums => 'SELECT count(*), sum(a), sum(hashtext(b)) FROM t',
	load => "\\set i random(1, 1000)\n" . q{UPDATE t SET a = a + 1 WHERE id = :i; UPDATE t SET b = 'b' || :i WHERE id = :i; SELECT g, n, w FROM t WHERE id = :i;} . "\n");

my $db = database($t, $rows, @change);
up($db);
is($node->safe_psql($db, q{UPDATE t SET b = 'Own', a = 5 WHERE id = 7; SELECT g, n FROM t WHERE id = 7}), 'own|6', 'until the gate the old one is there');
run_ok($db, 'CALL sf_contract()', 'contract');
is($node->safe_psql($db, q{SELECT g, n FROM t WHERE id = 7; SELECT count(*) FROM t WHERE g IS DISTINCT FROM upper(b) || a OR n <> a * 10}), "OWN5|50\n0", 'then the new one');
is($node->safe_psql($db, q{UPDATE t SET b = 'z' WHERE id = 8; SELECT g FROM t WHERE id = 8}), 'Z8', 'which is generated');


# ---- beside a column that gets another type, by a name behind it ----

my $two = 'CREATE TABLE t (id int PRIMARY KEY, z int NOT NULL, b text, g text GENERATED ALWAYS AS (lower(b)) STORED)';
$db = database($two, q{INSERT INTO t (id, z, b) SELECT k, k, 'B' || k FROM generate_series(1, 1000) k}, 'z int' => 'z bigint', 'AS (lower(b))' => q{AS (b || '!')});
my $files = files($db);
up($db);
$node->safe_psql($db, q{UPDATE t SET z = z + 1, b = 'New' WHERE id = 3; UPDATE t SET "~schemaflow_z" = 50 WHERE id = 4; INSERT INTO t (id, z, b) VALUES (2000, 1, 'X')});
run_ok($db, 'CALL sf_contract()', 'two at once: contract');
is($node->safe_psql($db, q{SELECT count(*) FROM sf_diff()}) . files($db), "0$files", 'of the model, nothing rewritten');
is($node->safe_psql($db, q{SELECT string_agg(z || g, ' ' ORDER BY id) FROM t WHERE id IN (3, 4, 2000); SELECT count(*) FROM t WHERE g IS DISTINCT FROM b || '!'}),
	"4New! 50B4! 1X!\n0", 'all values are right');
is_clean($db, 'two at once');

# ---- killed in the exchange ----

for my $then ('sf_contract', 'sf_abort')
{
	$db = database($two, q{INSERT INTO t (id, z, b) SELECT k, k, 'B' || k FROM generate_series(1, 1000) k}, 'AS (lower(b))' => q{AS (b || '!')});
	up($db);
	my $n = $node->safe_psql($db, "SELECT n FROM sf_steps() WHERE sql LIKE '%sf_generate%'");
	killed_at_step($db, $n, 'sf_contract');
	$node->safe_psql($db, q{UPDATE t SET b = 'New' WHERE id = 3});
	run_ok($db, "CALL $then()", "killed, then $then");
	is(dump_of($db), built($then eq 'sf_abort' ? $two : $two =~ s/lower\(b\)/b || '!'/r), "$then: the schema");
	is($node->safe_psql($db, 'SELECT g FROM t WHERE id = 3'), $then eq 'sf_abort' ? 'new' : 'New!', "$then: the values");
	is_clean($db, "killed, $then");
}

done_testing();
