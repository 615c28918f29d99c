# A script of an online migration: its batches and its gate are run by the server; stopped by either it is run again.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main');
my $db = sf_database($node, 'app');
$node->safe_psql($db, "ALTER DATABASE $db SET schemaflow.online_rows = 1000");

sub query { return $node->safe_psql($db, $_[0]) }

# The script's end, by psql.
sub run_script
{
	my ($text) = @_;
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run([ 'psql', '-Xq', '-d', $node->connstr($db) ], '<', \$text, '>', \$out, '2>', \$err);

	return ($ok, $err);
}

query(q{CREATE TABLE items (id int PRIMARY KEY, v int, code text);
	INSERT INTO items SELECT n, n, 'C' || n FROM generate_series(1, 5000) n; ANALYZE items; SELECT sf_adopt()});
query(q{SELECT sf_define('CREATE TABLE items (id int PRIMARY KEY, v bigint, code text)')});
query("SELECT sf_plan_migration('wider')");
my $revision = query('SELECT revision FROM sf_history() LIMIT 1');
my %script = map { $_ => query("SELECT sf_script('head', '$_')") } qw(up down);
my ($batches) = $script{up} =~ /sf_run_transaction\('$revision', (\d+)\);/;
my ($steps) = $script{up} =~ /\$sf\$\) AS sf_revision(.*)/s;

unlike($steps, qr/^UPDATE/m, 'no UPDATE of the whole table');
like($steps, qr/^-- UPDATE public\.items SET .*\nCALL :sf\.sf_run_transaction\('$revision', $batches\);$/m, 'the server runs it');
like($steps, qr/^-- SELECT schemaflow\.sf_gate\('$revision'\)\nCALL :sf\.sf_run_transaction\('$revision', \d+\);$/m, 'and asks the gate');

# What cannot be.
my ($rc, $out, $err) = sf_try($node, $db, "CALL sf_run_transaction('$revision', $batches)");
like($err, qr/55000: transaction $batches of revision "$revision" is not the next one.*The next one is 1\..*Run the script from its beginning/s, 'its turn');
($rc, $out, $err) = sf_try($node, $db, "CALL sf_run_transaction('$revision', NULL)");
like($err, qr/22004: argument "n" must not be null/, 'a number');
for my $none (-1, 0, 1000)
{
	($rc, $out, $err) = sf_try($node, $db, "CALL sf_run_transaction('$revision', $none)");
	like($err, qr/22023: revision "$revision" has no transaction $none.*Its way up has \d+\..*sf_script\('$revision', 'up'\)/s, "not $none");
}
($rc, $out, $err) = sf_try($node, $db, "CALL sf_run_transaction('nosuch', 1)");
like($err, qr/"nosuch"/, 'a revision');
($rc, $out, $err) = sf_try($node, $db, "BEGIN; CALL sf_run_transaction('$revision', 1)");
like($err, qr/25001: sf_run_transaction cannot run inside a transaction block/, 'by itself');
query('CREATE ROLE other LOGIN; GRANT EXECUTE ON PROCEDURE sf_run_transaction TO other');
($rc, $out, $err) = sf_try($node, $db, "SET ROLE other; CALL sf_run_transaction('$revision', 1)");
like($err, qr/42501: /, 'the owner') or diag $err;

# The other version is there: the script stops at the gate.  What was written without the trigger is found before it.
my $old = $node->background_psql($db);
$old->query_safe("SELECT sf_use('base')");
my ($ok, $told) = run_script($script{up});
ok(!$ok, 'stopped by the gate');
like($told, qr/ERROR: .*old version|ERROR: .*version/, 'which says so') or diag $told;
is(query('SELECT count(*) FROM items WHERE "~schemaflow_v" IS DISTINCT FROM v'), '0', 'all rows have been filled before');
is(query('SELECT status FROM sf_status'), 'ready', 'it waits');
query(q{ALTER TABLE items DISABLE TRIGGER USER; INSERT INTO items VALUES (5001, 5001, 'late'); UPDATE items SET v = -7 WHERE id = 7});
$old->quit;
($ok, $told) = run_script($script{up});
ok($ok, 'goes on when that has gone') or diag $told;
is(query(q{SELECT count(*), sum(v), pg_typeof(min(v)) FROM items}), '5001|' . (5001 * 5002 / 2 - 14) . '|bigint', 'nothing is lost');
is(query('SELECT count(*) FROM sf_diff()'), '0', 'the schema is the model');
is(query('SELECT status FROM sf_status'), 'done', 'and it says so');
($ok, $told) = run_script($script{up});
ok($ok, 'run again') or diag $told;
($rc, $out, $err) = sf_try($node, $db, "CALL sf_run_transaction('$revision', $batches)");
like($err, qr/NOTICE: .*nothing to do: transaction $batches is done already/, 'nothing to do');

# The way back; where rows are locked it stops, and goes on there.
($ok, $told) = run_script($script{down} =~ s/^-- \d+: backfill\n.*//smr);
ok($ok, 'up to the batches') or diag $told;
my $holder = $node->background_psql($db);
$holder->query_safe('BEGIN; SELECT v FROM items WHERE id = 4000 FOR UPDATE');
($ok, $told) = run_script("SET schemaflow.lock_deadline = '500ms';\n$script{down}");
ok(!$ok, 'stopped in the batches');
like($told, qr/rows of public\.items stay locked.*goes on/s, 'by whom, and what then') or diag $told;
is(query('SELECT status FROM sf_status'), 'failed', 'it says so');
$holder->query_safe('COMMIT');
$holder->quit;
($ok, $told) = run_script($script{down});
ok($ok, 'and back') or diag $told;
is(query(q{SELECT count(*), sum(v), pg_typeof(min(v)) FROM items}), '5001|' . (5001 * 5002 / 2 - 14) . '|integer', 'with all rows');

$node->stop;
done_testing();
