# A physical standby while a column's type changes on the primary: it has all that happens, refuses what would write, holds
# the backfill and the gate when it falls behind; and promoted in the middle it goes on to the end.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use PostgreSQL::Test::Cluster;
use Test::More;

my $primary = sf_node('primary', init => [ allows_streaming => 1 ]);
my $db = sf_database($primary, 'app');
$primary->safe_psql($db, "ALTER DATABASE $db SET schemaflow.online_rows = 100; ALTER DATABASE $db SET schemaflow.batch_time = 1;
	CREATE TABLE items (id int PRIMARY KEY, v int NOT NULL, filler text); CREATE INDEX iv ON items (v);
	INSERT INTO items SELECT n, n, repeat('x', 200) FROM generate_series(1, 40000) n; ANALYZE");
$primary->backup('for_standby');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'for_standby', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);

sub plan_types
{
	my ($node, $type) = @_;
	$node->safe_psql($db, "SELECT count(*) FROM sf_define('CREATE TABLE items (id int PRIMARY KEY, v $type NOT NULL, filler text);
		CREATE INDEX iv ON items (v)'); SELECT count(*) FROM sf_plan_migration('$type')");
	return;
}

my $sums = q{SELECT count(*), sum(v), (SELECT pg_typeof(v) FROM items LIMIT 1) FROM items};
my $facts = q{SELECT count(*), md5(string_agg(concat_ws('|', kind, name, attribute, value), '' ORDER BY kind, name, attribute)) FROM sf_facts()};
# The standby is as the primary is.
sub is_same
{
	my ($name) = @_;
	$primary->wait_for_catchup($standby);
	is($standby->safe_psql($db, $_), $primary->safe_psql($db, $_), "$name: the same on the standby")
		for $sums, $facts, 'SELECT * FROM sf_history()', 'SELECT revision, status FROM sf_status';
	return;
}

sub until_true
{
	my ($node, $query, $name) = @_;
	ok($node->poll_query_until($db, $query), $name);
	return;
}

sub run_ok
{
	my ($node, $call, $name) = @_;
	my ($rc, $out, $err) = sf_try($node, $db, $call);
	is($rc, 0, $name) or diag($err);
	return;
}

plan_types($primary, 'bigint');
$primary->wait_for_catchup($standby);
my ($rc, $out, $err);
for my $call ('CALL sf_upgrade()', 'CALL sf_abort()', q{CALL sf_downgrade('base')}, 'CALL sf_test()',
	q{SELECT count(*) FROM sf_plan_migration('x')}, q{SELECT count(*) FROM sf_define('CREATE TABLE t (a int)')})
{
	($rc, $out, $err) = sf_try($standby, $db, $call);
	like($err, qr/ERROR:  (25006|55000|0A000): .*(recovery|standby|read-only)/, "standby refuses: $call");
}
is($standby->safe_psql($db, 'SELECT count(*) > 10 FROM sf_steps()'), 't', 'the plan can be read there');

# ---- it falls behind: the backfill waits, and goes on.  It looks once a second, and is not done by then.
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
my $caller = $primary->background_psql($db, on_error_stop => 0);
$caller->query_until(qr/begun/, "SET schemaflow.max_replica_lag = '1MB';\n\\echo begun\nCALL sf_upgrade();\n\\echo over\n");
until_true($primary, 'SELECT count(*) > 0 FROM schemaflow.backfill WHERE next_block > 0 AND next_block < blocks', 'in the middle of the backfill');
until_true($primary, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name LIKE 'schemaflow % backfill' AND wait_event = 'Extension'}, 'it waits');
my $at = $primary->safe_psql($db, 'SELECT next_block FROM schemaflow.backfill');
select undef, undef, undef, 0.6;
is($primary->safe_psql($db, 'SELECT next_block FROM schemaflow.backfill'), $at, 'for the standby');
$primary->safe_psql($db, 'UPDATE items SET v = v + 1 WHERE id % 3 = 0; DELETE FROM items WHERE id % 100 = 0');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
$caller->query_until(qr/over/, '');
$caller->quit;
is($primary->safe_psql($db, 'SELECT status FROM sf_status'), 'ready', 'ready');
is_same('ready');
($rc, $out, $err) = sf_try($standby, $db, 'CALL sf_contract()');
like($err, qr/ERROR:  (25006|55000|0A000): .*(recovery|standby|read-only)/, 'standby refuses to go on');
is($standby->safe_psql($db, 'SELECT count(*) FROM items WHERE v IS DISTINCT FROM "~schemaflow_v"'), 0, 'both columns are there');

# ---- and the gate is closed as long as it is behind
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$primary->safe_psql($db, q{CREATE TABLE noise (t text); INSERT INTO noise SELECT repeat('x', 1000) FROM generate_series(1, 3000); DROP TABLE noise});
($rc, $out, $err) = sf_try($primary, $db, q{SET schemaflow.max_replica_lag = '1MB'; CALL sf_contract()});
like($err, qr/ERROR:  55006: .*standby standby is \d+ \w+ behind/s, 'the gate is closed');
is($primary->safe_psql($db, 'SELECT status FROM sf_status'), 'ready', 'still ready');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
$primary->wait_for_catchup($standby);
run_ok($primary, q{SET schemaflow.max_replica_lag = '1MB'; CALL sf_contract()}, 'and open when it is not');
is_same('contracted');

# ---- promoted in the middle of a backfill: what has arrived is true, and goes on
plan_types($primary, 'numeric');
$caller = $primary->background_psql($db, on_error_stop => 0);
$caller->query_until(qr/begun/, "SET schemaflow.backfill_wal_rate = '500kB';\n\\echo begun\nCALL sf_upgrade();\n");
until_true($standby, 'SELECT count(*) > 0 FROM schemaflow.backfill WHERE next_block > 0 AND next_block < blocks', 'the standby is in the middle');
$primary->stop('immediate');
eval { $caller->quit };
$standby->promote;
is($standby->safe_psql($db, q{SELECT count(*) FROM items WHERE v IS DISTINCT FROM "~schemaflow_v" AND "~schemaflow_v" IS NOT NULL}), 0,
	'what it has is right');
isnt($standby->safe_psql($db, 'SELECT count(*) FROM items WHERE "~schemaflow_v" IS NULL'), 0, 'and not all');
$standby->safe_psql($db, 'UPDATE items SET v = v + 1 WHERE id % 7 = 0');
my $sum = $standby->safe_psql($db, 'SELECT sum(v) FROM items');
run_ok($standby, 'CALL sf_upgrade()', 'goes on');
run_ok($standby, 'CALL sf_contract()', 'to the end');
is($standby->safe_psql($db, 'SELECT sum(v) FROM items'), $sum, 'with all values');
is($standby->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'and the schema of the model');

$standby->stop;
done_testing();
