# A migration of a big table against what other sessions are in the middle of: old snapshots, open transactions, prepared
# statements, rows that change and go; and a second call. (Not isolation specs: the runner's INFO has times in it.)
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('sessions', conf => [ 'max_prepared_transactions = 2' ]);
my $n = 0;

sub database
{
	my ($model) = @_;
	my $db = sf_database($node, 'app' . ++$n);
	$node->safe_psql($db, "ALTER DATABASE $db SET schemaflow.online_rows = 100; ALTER DATABASE $db SET schemaflow.batch_time = 5;
		CREATE TABLE items (id int PRIMARY KEY, v int); CREATE TABLE other (a int, b int);
		CREATE FUNCTION slow(int) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(0.0004); RETURN \$1; END';
		INSERT INTO items SELECT n, n FROM generate_series(1, 3000) n; INSERT INTO other SELECT n, n FROM generate_series(1, 3000) n; ANALYZE");
	my $here = $node->safe_psql($db, 'SELECT sf_adopt(); SELECT sf_model_ddl()');
	$here =~ s/^\(.*\)$//mg;
	$here =~ s/\bv integer\b/v bigint/;
	plan($db, $here);
	return ($db, $here);
}

sub plan
{
	my ($db, $model) = @_;
	$node->safe_psql($db, "SELECT count(*) FROM sf_define(\$model\$$model\$model\$); SELECT count(*) FROM sf_plan_migration('change')");
	return;
}

sub run_ok
{
	my ($db, $call, $name) = @_;
	my ($rc, $out, $err) = sf_try($node, $db, $call);
	is($rc, 0, $name) or diag($err);
	return;
}

sub begin
{
	my ($db, $call) = @_;
	my $session = $node->background_psql($db, on_error_stop => 0);
	$session->query_until(qr/started/, "\\echo started\n$call;\n\\echo ended\n");
	return $session;
}

sub until_true
{
	my ($db, $query) = @_;
	$node->poll_query_until($db, $query) or die "never: $query";
	return;
}

sub apart
{
	my ($db) = @_;
	return $node->safe_psql($db, 'SELECT count(*) FROM items WHERE v IS DISTINCT FROM "~schemaflow_v"');
}

# ---- a snapshot from before the trigger ----

my ($db) = database();
my $old = $node->background_psql($db);
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM other');
run_ok($db, q{CALL sf_upgrade(through => 'expand')}, 'expanded beside an old snapshot');
$old->query_safe('UPDATE items SET v = -1 WHERE id = 1; INSERT INTO items VALUES (9001, 5); DELETE FROM items WHERE id = 2');
$old->query_safe('COMMIT');
is($node->safe_psql($db, 'SELECT string_agg("~schemaflow_v"::text, \' \') FROM items WHERE id IN (1, 9001)'), '-1 5', 'the trigger fires in it');
run_ok($db, 'CALL sf_upgrade()', 'ready');
is(apart($db), 0, 'every row');

# ---- prepared statements, through the exchange ----

my $prepared = $node->background_psql($db, on_error_stop => 0);
$prepared->query(q{PREPARE put(int, int) AS UPDATE items SET v = $2 WHERE id = $1; PREPARE get(int) AS SELECT v FROM items WHERE id = $1;
	PREPARE add(int, int) AS INSERT INTO items (id, v) VALUES ($1, $2)});
$prepared->query('EXECUTE put(7, 70); EXECUTE add(9002, 6); EXECUTE get(7);') for 1 .. 6;
run_ok($db, 'CALL sf_contract()', 'contract');
$prepared->query('EXECUTE put(8, 80); EXECUTE add(9003, 6)');
is($node->safe_psql($db, 'SELECT string_agg(v::text, \' \' ORDER BY id) FROM items WHERE id IN (7, 8, 9002, 9003)'), '70 80 6 6',
	'statements that write go on');
my $got = $prepared->query('EXECUTE get(7)');
is($got, '', 'one that reads the column itself has to be prepared anew (a version schema spares it)');
$prepared->quit;
$old->quit;

# ---- an open writer; a prepared transaction ----

for my $end ('COMMIT', q{PREPARE TRANSACTION 'p'})
{
	($db) = database();
	my $writer = $node->background_psql($db);
	$writer->query_safe('BEGIN; UPDATE items SET v = -1 WHERE id = 1');
	if ($end ne 'COMMIT')
	{
		$writer->query_safe($end);
	}
	my $runner = begin($db, 'CALL sf_upgrade()');
	sleep 1;
	is($node->safe_psql($db, q{SELECT count(*) FROM pg_attribute WHERE attname LIKE '~schemaflow%'}), 0, "$end: it waits for who has written");
	is($node->safe_psql($db, q{SET lock_timeout = '3s'; UPDATE items SET v = v WHERE id = 3; SELECT 1}), 1, 'and nobody for it');
	$end eq 'COMMIT' ? $writer->query_safe('COMMIT') : $node->safe_psql($db, q{COMMIT PREPARED 'p'});
	$runner->query_until(qr/ended/, '');
	$runner->quit;
	$writer->quit;
	is(apart($db), 0, 'every row');
}

# ---- rows that change, go and come while they are filled ----

($db) = database();
$node->safe_psql($db, q{SELECT sf_transform('public.items.v', up => 'public.slow(v)', down => 'v::int'); SELECT count(*) FROM sf_plan_migration('slow', true)});
my $runner = begin($db, 'CALL sf_upgrade()');
until_true($db, 'SELECT count(*) > 0 FROM schemaflow.backfill WHERE next_block > 0');
for my $i (1 .. 25)
{
	$node->safe_psql($db, "UPDATE items SET v = v + 1 WHERE id % 25 = $i - 1; DELETE FROM items WHERE id % 250 = $i;
		INSERT INTO items SELECT 10000 + $i * 10 + n, n FROM generate_series(1, 4) n; UPDATE items SET id = -id WHERE id = 3001 - $i");
}
$runner->query_until(qr/ended/, '');
$runner->quit;
is($node->safe_psql($db, 'SELECT status FROM sf_status'), 'ready', 'it ends');
is(apart($db), 0, 'every row');

# ---- a second call, for another table ----

my $model;
($db, $model) = database();
$node->safe_psql($db, q{SELECT sf_transform('public.items.v', up => 'public.slow(v)', down => 'v::int'); SELECT count(*) FROM sf_plan_migration('slow', true)});
$runner = begin($db, 'CALL sf_upgrade()');
until_true($db, 'SELECT count(*) > 0 FROM schemaflow.backfill WHERE next_block > 0');
my ($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade(wait => false)');
like($err, qr/55006|55P03/, 'one runner a database: the second is refused, or waits');
my $second = begin($db, 'CALL sf_upgrade()');
$runner->query_until(qr/ended/, '');
$second->query_until(qr/ended/, '');
$runner->quit;
$second->quit;
is($node->safe_psql($db, 'SELECT status FROM sf_status'), 'ready', 'and finds it done');
is(apart($db), 0, 'every row, once');

$node->stop;
done_testing();
