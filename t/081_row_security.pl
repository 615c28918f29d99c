# Row security that binds the owner, too: each row is filled, or the step is refused and undone; never half.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('rows');
my $n = 0;
my $secured = q{ALTER TABLE items ENABLE ROW LEVEL SECURITY; ALTER TABLE items FORCE ROW LEVEL SECURITY;
	CREATE POLICY even ON items USING (id % 2 = 0)};
$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN; CREATE ROLE seer LOGIN BYPASSRLS');

# A database of the role's, with half of a table's rows out of its sight.
sub database
{
	my ($owner, $model) = @_;
	my $db = 'app' . ++$n;
	$node->safe_psql('postgres', "CREATE DATABASE $db OWNER $owner");
	$node->safe_psql($db, "CREATE EXTENSION schemaflow; GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO $owner; GRANT ALL ON SCHEMA public TO $owner;
		ALTER DATABASE $db SET schemaflow.online_rows = 100; ALTER DATABASE $db SET schemaflow.batch_time = 1");
	$node->safe_psql($db, "SET ROLE $owner; CREATE TABLE items (id int PRIMARY KEY, v int, w int);
		INSERT INTO items SELECT n, n, nullif(n % 5, 0) FROM generate_series(1, 2000) n; ANALYZE items; $secured");
	$node->safe_psql($db, "SET ROLE $owner; SELECT count(*) FROM sf_define(\$m\$$model; $secured\$m\$); SELECT count(*) FROM sf_plan_migration('x')");
	return $db;
}

my $facts = q{SELECT md5(string_agg(concat_ws('|', kind, name, attribute, value), '' ORDER BY kind, name, attribute)) FROM sf_facts()};
my %changes = (
	'a column filled by @up' => [ "CREATE TABLE items (id int PRIMARY KEY, v int, w int, twice int -- \@up v * 2\n)", 'twice = v * 2' ],
	'a change of type' => [ 'CREATE TABLE items (id int PRIMARY KEY, v bigint, w int)', 'v = id' ],
	'NULLs that are filled' => [ "CREATE TABLE items (id int PRIMARY KEY, v int, w int NOT NULL -- \@up 7\n)", 'w IS NOT NULL' ],
	'a volatile default' => [ 'CREATE TABLE items (id int PRIMARY KEY, v int, w int, r float NOT NULL DEFAULT random())', 'r IS NOT NULL' ],
);
for my $what (sort keys %changes)
{
	my ($model, $filled) = @{ $changes{$what} };
	my $db = database('keeper', $model);
	my $start = $node->safe_psql($db, $facts);
	my ($rc, $out, $err) = sf_try($node, $db, 'SET ROLE keeper; CALL sf_upgrade()');
	like($err, qr/ERROR:  42501: query would be affected by row-level security policy for table "items".*has been undone/s, "$what: refused");
	is($node->safe_psql($db, $facts), $start, "$what: the schema is as it was");

	$db = database('seer', $model);
	($rc, $out, $err) = sf_try($node, $db, 'SET ROLE seer; CALL sf_upgrade()');
	is($rc, 0, "$what: by one whom it does not bind") or diag($err);
	sf_try($node, $db, 'SET ROLE seer; CALL sf_contract(force => true)') if $node->safe_psql($db, 'SELECT status FROM sf_status') eq 'ready';
	is($node->safe_psql($db, "SELECT count(*) FROM items WHERE $filled"), 2000, "$what: every row, also those that are out of sight");
	is($node->safe_psql($db, "SET ROLE seer; SELECT count(*) FROM sf_diff()"), 0, "$what: the schema is that of the model");
}

# Security that comes in the middle of a backfill stops it there; the rows that are filled stay so.
my $db = database('keeper', $changes{'a change of type'}[0]);
$node->safe_psql($db, 'ALTER TABLE items NO FORCE ROW LEVEL SECURITY');
$node->safe_psql($db, q{SET ROLE keeper; SELECT count(*) FROM sf_define('CREATE TABLE items (id int PRIMARY KEY, v bigint, w int);
	ALTER TABLE items ENABLE ROW LEVEL SECURITY; CREATE POLICY even ON items USING (id % 2 = 0)'); SELECT count(*) FROM sf_plan_migration('x')});
my ($rc, $out, $err) = sf_try($node, $db, q{SET ROLE keeper; CALL sf_upgrade(through => 'expand')});
is($rc, 0, 'begun') or diag($err);
$node->safe_psql($db, 'ALTER TABLE items FORCE ROW LEVEL SECURITY');
($rc, $out, $err) = sf_try($node, $db, 'SET ROLE keeper; CALL sf_upgrade()');
like($err, qr/ERROR:  42501: query would be affected by row-level security/, 'refused in the middle');
$node->safe_psql($db, 'ALTER TABLE items NO FORCE ROW LEVEL SECURITY');
($rc, $out, $err) = sf_try($node, $db, 'SET ROLE keeper; CALL sf_upgrade()');
is($rc, 0, 'and goes on without it') or diag($err);
is($node->safe_psql($db, 'SELECT count(*) FROM items WHERE "~schemaflow_v" = v'), 2000, 'to the last row');

$node->stop;
done_testing();
