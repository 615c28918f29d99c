# A check that is not proved yet, and that rows contradict: it goes before these are written, or nobody could write them.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main');
my $facts = q{SELECT md5(string_agg(concat_ws('|', kind, name, attribute, value), '' ORDER BY kind, name, attribute)) FROM sf_facts()};

# ---- a run whose proof fails brings back old values, of the same rows

my $db = sf_database($node, 'app');
$node->safe_psql($db, q{CREATE TABLE c (id int PRIMARY KEY, z text, x int, e text);
	INSERT INTO c VALUES (1, 'a  ', 1, 'e'), (2, 'b', -1, NULL)});
my $start = $node->safe_psql($db, $facts);
my $rows = $node->safe_psql($db, 'SELECT c::text FROM c ORDER BY id');
$node->safe_psql($db, q{SELECT sf_define('CREATE TABLE c (id int PRIMARY KEY, z char(3), x int CHECK (x > 0), e text NOT NULL)');
	SELECT sf_plan_migration('c')});
for my $why ('a NULL', 'a check')
{
	my ($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
	like($err, qr/23514: check constraint .* is violated by some row.*the schema is as it was/s, "$why: is found, and undone");
	is($node->safe_psql($db, $facts), $start, "$why: to the start");
	is($node->safe_psql($db, 'SELECT c::text FROM c ORDER BY id'), $rows, "$why: with the rows");
	$node->safe_psql($db, q{UPDATE c SET e = 'e' WHERE e IS NULL});
	$rows = $node->safe_psql($db, 'SELECT c::text FROM c ORDER BY id');
}
$node->safe_psql($db, 'UPDATE c SET x = 1');
my ($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'goes on when the rows are repaired') or diag($err);

# ---- one of the user's that goes, where the plan fills another column

my $filled = sf_database($node, 'filled');
$node->safe_psql($filled, q{CREATE TABLE c (id int PRIMARY KEY, x int); INSERT INTO c VALUES (1, -1);
	ALTER TABLE c ADD CONSTRAINT positive CHECK (x > 0) NOT VALID;
	SELECT sf_define('CREATE TABLE c (id int PRIMARY KEY, x int, y int NOT NULL -- @up id
		)'); SELECT sf_plan_migration('filled')});
($rc, undef, $err) = sf_try($node, $filled, 'CALL sf_upgrade()');
is($rc, 0, 'dropped before the column is filled') or diag($err);
is($node->safe_psql($filled, 'TABLE c'), '1|-1|1', 'filled');

done_testing();
