# Migrations while the tables are in use, and many who want to run them.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use IPC::Run ();
use Time::HiRes qw(time sleep);
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('traffic', conf => [ 'max_connections = 60', 'max_worker_processes = 8' ]);

sub start_psql
{
	my ($db, @sql) = @_;
	my %run = (out => '', err => '');

	$run{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($db), map { ('-c', $_) } @sql ],
		'>', \$run{out}, '2>', \$run{err}, IPC::Run::timeout(180));
	return \%run;
}

sub finish
{
	my ($run) = @_;

	$run->{run}->finish;
	return $run->{run}->result(0);
}

# ---- pgbench runs on the tables that are changed
my $db = sf_database($node, 'bench');
my $tables = sub {
	my ($more) = @_;
	return qq{CREATE TABLE accounts (id int PRIMARY KEY, branch int NOT NULL, balance int, note text $more->{accounts});
		CREATE TABLE branches (id int PRIMARY KEY, total bigint); $more->{end}} };

$node->safe_psql($db, $tables->({ accounts => '', end => '' }) . q{
	INSERT INTO branches SELECT g, 0 FROM generate_series(1, 10) g;
	INSERT INTO accounts SELECT g, 1 + g % 10, 0, 'n' FROM generate_series(1, 20000) g});
my $model = $tables->({ accounts => q{, phone text, vip boolean NOT NULL DEFAULT false, CHECK (id > 0),
		FOREIGN KEY (branch) REFERENCES branches (id)}, end => q{CREATE INDEX accounts_branch ON accounts (branch);
		CREATE INDEX accounts_phone ON accounts (phone)} });
$model =~ s/note text/note text NOT NULL/;
$node->safe_psql($db, "SELECT * FROM sf_define(\$\$$model\$\$); SELECT * FROM sf_plan_migration('under load')");
my $script = "$PostgreSQL::Test::Utils::tmp_check/load.sql";
append_to_file($script, q{\set id random(1, 20000)
\set b random(1, 10)
BEGIN;
UPDATE accounts SET balance = balance + 1 WHERE id = :id;
UPDATE branches SET total = total + 1 WHERE id = :b;
SELECT balance FROM accounts WHERE id = :id;
END;
});
my ($bench_out, $bench_err) = ('', '');
my $bench = IPC::Run::start([ 'pgbench', '-n', '-c', '8', '-j', '2', '-T', '600', '-f', $script, $node->connstr($db) ],
	'>', \$bench_out, '2>', \$bench_err, IPC::Run::timeout(300));
$node->poll_query_until($db, 'SELECT sum(total) > 100 FROM branches') or die 'no load';
my ($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'upgrade under load') or diag($err);
($rc, undef, $err) = sf_try($node, $db, q{CALL sf_downgrade('base', allow => '{data_loss}')});
is($rc, 0, 'downgrade under load') or diag($err);
# Columns of big tables go behind the gate of the way down.
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_contract()');
like($err, qr/loses? data.*HINT:  If that is wanted: CALL sf_contract\(allow => '\{data_loss\}'\)/s, 'which asks again');
($rc, undef, $err) = sf_try($node, $db, q{CALL sf_contract(allow => '{data_loss}')});
is($rc, 0, 'its end under load') or diag($err);
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'and up again') or diag($err);
ok($bench->pumpable, 'the load lasted to the end') or diag($bench_err);
# Not INT: a shell's background jobs, and so CI's, ignore it.
$bench->signal('TERM');
$bench->finish;
unlike($bench_err, qr/ERROR|abort/, 'no client of the load had an error') or diag($bench_err);
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'the live schema is the model');

# ---- a reader that stays idle in a transaction: nobody else waits for it because of us
$db = sf_database($node, 'reader');
$node->safe_psql($db, 'CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT g, 0 FROM generate_series(1, 100) g');
$node->safe_psql($db, q{SELECT * FROM sf_define('CREATE TABLE t (id int PRIMARY KEY, n int, more text)');
	SELECT * FROM sf_plan_migration('one column')});
my $reader = $node->background_psql($db);
$reader->query_safe('BEGIN; SELECT count(*) FROM t');
my $upgrade = start_psql($db, 'CALL sf_upgrade()');
my $other = $node->background_psql($db);
$node->poll_query_until($db, 'SELECT EXISTS (SELECT FROM sf_progress WHERE step = 1)') or die 'the upgrade does not begin';
my ($longest, $waits, $until) = (0, 0, time + 30);
while (time < $until)
{
	my $before = time;

	$other->query_safe('UPDATE t SET n = n + 1 WHERE id = 7');
	my $took = time - $before;
	$longest = $took if $took > $longest;
	$waits++ if $took > 0.15;
	sleep 0.01;
}
# A busy machine stops for a moment, too; who queues behind a lock that waits does so at each of its attempts.
cmp_ok($waits, '<=', 3, sprintf('nobody waits meanwhile (longest %.0f ms)', 1000 * $longest));
cmp_ok($longest, '<', 3, 'nor long');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_current()'), 0, 'the upgrade waits');
my $released = time;
$reader->query_safe('COMMIT');
ok(finish($upgrade) == 0, 'the upgrade ends') or diag($upgrade->{err});
cmp_ok(time - $released, '<', 20, 'soon after the reader');
like($upgrade->{err}, qr/waiting, public\.t: process \d+ .*idle in transaction.*AccessShareLock/, 'it said for whom it waits');
$reader->quit;
$other->quit;

# ---- the deadline
$node->safe_psql($db, q{CALL sf_downgrade('base', allow => '{data_loss}')});
my $holder = $node->background_psql($db);
$holder->query_safe('BEGIN; SELECT count(*) FROM t');
($rc, undef, $err) = sf_try($node, $db, q{SET schemaflow.lock_deadline = '1s'; CALL sf_upgrade()});
like($err, qr/55P03: could not get the locks within 1000 ms: public\.t/, 'one deadline for all');
like($err, qr/In the way: public\.t: process \d+ /, 'and who was in the way');
is($node->safe_psql($db, 'SELECT status FROM sf_status'), 'failed', 'status after it');
$holder->quit;
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'the next call goes on') or diag($err);

# ---- ten at a time, with an index that is built CONCURRENTLY
$db = sf_database($node, 'ten');
$node->safe_psql($db, 'CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT g, 0 FROM generate_series(1, 50000) g');
$node->safe_psql($db, q{SELECT * FROM sf_define('CREATE TABLE t (id int PRIMARY KEY, n int, more text); CREATE INDEX t_n ON t (n)');
	SELECT * FROM sf_plan_migration('an index')});
my @ten = map { start_psql($db, 'CALL sf_upgrade()') } 1 .. 10;
my @failed = grep { finish($_) != 0 } @ten;
is(scalar(@failed), 0, 'ten calls at once: no error') or diag($failed[0]{err});
is(scalar(grep { $_->{err} =~ /1 of \d+:/ } @ten), 1, 'one of them ran');
is(scalar(grep { $_->{err} =~ /nothing to do.*HINT:  What the model wants besides is planned first: SELECT sf_plan_migration/s } @ten), 9,
	'the others had nothing to do');
is($node->safe_psql($db, q{SELECT indisvalid FROM pg_index WHERE indexrelid = 't_n'::regclass}), 't', 'the index is valid');

# ---- who does not want to wait; a column of a big table goes behind the gate
$node->safe_psql($db, q{CALL sf_downgrade('base', allow => '{data_loss}')});
$node->safe_psql($db, q{CALL sf_contract(allow => '{data_loss}')});
my $still = start_psql($db, 'SET schemaflow.pause_after_step = 1', 'CALL sf_upgrade()');
my $stands = q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name ~ 'still$')};
$node->poll_query_until($db, $stands) or die 'does not stand still';
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade(wait => false)');
like($err, qr/55006: another run is at work/, 'wait => false: an error');
is($node->safe_psql($db, 'SELECT status, step FROM sf_status'), 'running|1', 'status of the running one');

# ---- a lost caller, a timeout of the caller: the run goes on; a cancelled call pauses it
$node->safe_psql($db, 'SELECT sf_pause()');
finish($still);
like($still->{err}, qr/paused at step 1 of/, 'sf_pause()');
is($node->safe_psql($db, 'SELECT status FROM sf_status'), 'paused', 'status: paused');
$still = start_psql($db, "SET application_name = 'caller'", 'SET schemaflow.pause_after_step = 2', 'CALL sf_upgrade()');
$node->poll_query_until($db, $stands) or die 'does not stand still';
$node->safe_psql($db, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'caller'});
finish($still);
is($node->safe_psql($db, 'SELECT count(*) FROM sf_progress'), 1, 'a terminated caller: the run is there');
$node->safe_psql($db, 'SELECT sf_pause()');
$node->poll_query_until($db, 'SELECT NOT EXISTS (SELECT FROM sf_progress)') or die;
($rc, undef, $err) = sf_try($node, $db, q{SET schemaflow.pause_after_step = 2; SET statement_timeout = '2s'; CALL sf_upgrade()});
like($err, qr/statement timeout/, 'a timeout of the call');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_progress'), 1, 'a timeout of the caller: the run is there');
$node->safe_psql($db, 'SELECT sf_pause()');
$node->poll_query_until($db, 'SELECT NOT EXISTS (SELECT FROM sf_progress)') or die;
$still = start_psql($db, "SET application_name = 'caller'", 'SET schemaflow.pause_after_step = 2', 'CALL sf_upgrade()');
$node->poll_query_until($db, $stands) or die 'does not stand still';
$node->safe_psql($db, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'caller'});
finish($still);
like($still->{err}, qr/paused at step 2 of/, 'a cancelled call pauses the run');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_progress'), 0, 'its worker is gone');
is($node->safe_psql($db, 'SELECT sf_resume()'), 't', 'sf_resume() goes on in the background');
$node->poll_query_until($db, q{SELECT status = 'done' FROM sf_status}) or die 'sf_resume did not end';
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'and ends it');

# ---- a statement that takes long is cancelled
my $slow = sf_database($node, 'long');
$node->safe_psql($slow, q{CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT g, 0 FROM generate_series(1, 600) g;
	SELECT * FROM sf_define('CREATE TABLE t (id int PRIMARY KEY, n int, m int, CHECK (pg_sleep(n + 1) IS NOT NULL))');
	SELECT * FROM sf_plan_migration('slow proof')});
my $long = start_psql($slow, 'CALL sf_upgrade()');
$node->poll_query_until($slow, q{SELECT EXISTS (SELECT FROM sf_progress WHERE wait_event = 'PgSleep' AND statement ~ 'VALIDATE')})
	or die 'no proof runs';
my $paused_at = time;
is($node->safe_psql($slow, 'SELECT sf_pause()'), 't', 'sf_pause() while a statement runs');
finish($long);
cmp_ok(time - $paused_at, '<', 60, 'the statement is cancelled, not waited for');
like($long->{err}, qr/57014: |the migration is paused at step \d+ of/, 'the caller is told');
is($node->safe_psql($slow, 'SELECT status, message IS NOT NULL FROM sf_status'), 'paused|t', 'status: paused');
is($node->safe_psql($slow, q{SELECT convalidated FROM pg_constraint WHERE conrelid = 't'::regclass AND contype = 'c'}), 'f', 'what was done before stays done');
is($node->safe_psql($slow, 'SELECT sf_resume()'), 't', 'sf_resume()');
$node->poll_query_until($slow, q{SELECT EXISTS (SELECT FROM sf_progress WHERE wait_event = 'PgSleep')}) or die 'not resumed';
$node->safe_psql($slow, 'SELECT sf_pause()');
$node->poll_query_until($slow, 'SELECT NOT EXISTS (SELECT FROM sf_progress)') or die 'not paused';
($rc, undef, $err) = sf_try($node, $slow, q{CALL sf_abort('{data_loss}')});
is($rc, 0, 'and back') or diag($err);

# ---- stopped in the midst of CONCURRENTLY: what is left is dropped and built again
my $built = sf_database($node, 'built');
$node->safe_psql($built, q{CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT g, 0 FROM generate_series(1, 1000) g;
	SELECT * FROM sf_define('CREATE TABLE t (id int PRIMARY KEY, n int); CREATE INDEX t_n ON t (n)');
	SELECT * FROM sf_plan_migration('an index alone')});
my $writer = $node->background_psql($built);
$writer->query_safe('BEGIN; INSERT INTO t VALUES (100001, 1)');
$still = start_psql($built, 'CALL sf_upgrade()');
$node->poll_query_until($built, q{SELECT EXISTS (SELECT FROM pg_index WHERE NOT indisvalid)}) or die 'no index is being built';
$node->safe_psql($built, 'SELECT pg_terminate_backend(pid) FROM sf_progress');
finish($still);
$writer->query_safe('COMMIT');
is($node->safe_psql($built, 'SELECT count(*) FROM pg_index WHERE NOT indisvalid'), 1, 'an invalid index is left');
($rc, undef, $err) = sf_try($node, $built, 'CALL sf_upgrade()');
is($rc, 0, 'after a stopped CONCURRENTLY') or diag($err);
like($err, qr/an earlier attempt was stopped: DROP INDEX/, 'it is dropped');
is($node->safe_psql($built, 'SELECT count(*) FROM pg_index WHERE NOT indisvalid'), 0, 'no invalid index is left');
is($node->safe_psql($built, 'SELECT count(*) FROM sf_diff()'), 0, 'the live schema is the model');
$writer->quit;

# ---- planning anew while a run waits for its first lock
my $early = sf_database($node, 'early');
$node->safe_psql($early, q{CREATE TABLE t (id int PRIMARY KEY);
	SELECT * FROM sf_define('CREATE TABLE t (id int PRIMARY KEY, n int)'); SELECT * FROM sf_plan_migration('n')});
my $reader = $node->background_psql($early);
$reader->query_safe('BEGIN; SELECT FROM t');
$still = start_psql($early, 'CALL sf_upgrade()');
$node->poll_query_until($early, 'SELECT count(*) = 1 FROM sf_progress') or die 'it does not run';
($rc, undef, $err) = sf_try($node, $early, q{SELECT * FROM sf_define('CREATE TABLE t (id int PRIMARY KEY, n int, m int)')});
is($rc, 0, 'recording is no harm');
($rc, undef, $err) = sf_try($node, $early, q{SELECT * FROM sf_plan_migration('m')});
like($err, qr/55006: another run is at work.*would take the place of.*sf_pause/s, 'what is being run is not superseded');
$reader->query_safe('COMMIT');
$reader->quit;
is(finish($still), 0, 'it runs');
is($node->safe_psql($early, q{SELECT count(*) > 0 FROM sf_plan_migration('m')}), 't', 'and then the next is planned');

# ---- two databases of one cluster at once
my @two = map { sf_database($node, $_) } 'one_of_two', 'two_of_two';
for (@two)
{
	$node->safe_psql($_, 'CREATE TABLE t (id int PRIMARY KEY)');
	$node->safe_psql($_, q{SELECT * FROM sf_define('CREATE TABLE t (id int PRIMARY KEY, n int)'); SELECT * FROM sf_plan_migration('n')});
}
my $first = start_psql($two[0], 'SET schemaflow.pause_after_step = 1', 'CALL sf_upgrade()');
$node->poll_query_until($two[0], $stands) or die;
($rc, undef, $err) = sf_try($node, $two[1], 'CALL sf_upgrade(wait => false)');
is($rc, 0, 'another database is not in the way') or diag($err);
$node->safe_psql($two[0], 'SELECT sf_pause()');
finish($first);

# ---- in a schema of its own
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->safe_psql('elsewhere', 'CREATE SCHEMA tools; CREATE EXTENSION schemaflow SCHEMA tools; CREATE TABLE t (id int PRIMARY KEY)');
$node->safe_psql('elsewhere', q{SELECT * FROM tools.sf_define('CREATE TABLE t (id int PRIMARY KEY, n int)');
	SELECT * FROM tools.sf_plan_migration('n')});
($rc, undef, $err) = sf_try($node, 'elsewhere', 'CALL tools.sf_upgrade()');
is($rc, 0, 'CREATE EXTENSION ... SCHEMA') or diag($err);
is($node->safe_psql('elsewhere', 'SELECT status FROM tools.sf_status'), 'done', 'its status');
$node->stop;
done_testing();
