# Columns filled in batches: locked rows, interruptions, rewrites, partitions, users' triggers, limits.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;
use Time::HiRes qw(time);

my $node = sf_node('backfill', init => [ allows_streaming => 1 ], conf => ['restart_after_crash = on']);
my $db = sf_database($node, 'app');
$node->safe_psql($db, qq{ALTER DATABASE $db SET schemaflow.online_rows = 1000;
	ALTER DATABASE $db SET schemaflow.batch_time = 20});
$node->safe_psql($db, q{CREATE TABLE fired (n int);
	CREATE FUNCTION slow(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.0003); RETURN lower($1); END $$;
	CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO fired VALUES (1); RETURN new; END $$});

# The model's tables, in order: name, columns, and what comes behind the parenthesis.
my (@tables, %columns, %behind);
my $common = $node->safe_psql($db, 'SELECT sf_adopt(); SELECT sf_model_ddl()');
$common =~ s/^\(.*\)$//mg;

sub model
{
	return join "\n", $common, map { "CREATE TABLE $_ (" . join(', ', @{ $columns{$_} }) . ')' . ($behind{$_} // '') . ';' } @tables;
}

# A table with rows, of which the model knows.
sub table
{
	my ($name, $rows, %opt) = @_;

	push @tables, $name;
	$columns{$name} = [ 'id int', 'email text NOT NULL', @{ $opt{columns} // [] } ];
	$behind{$name} = ($opt{behind} // '') . ($opt{after} ? "; $opt{after}" : '');
	$node->safe_psql($db, "CREATE TABLE $name (" . join(', ', @{ $columns{$name} }) . ")$behind{$name};
		INSERT INTO $name SELECT n, 'U' || n FROM generate_series(1, $rows) n; ANALYZE $name");
	return $name;
}

my $n = 0;
# Plans one more column that the expression fills; the name of it.
sub plan_column
{
	my ($table, $expression, $options) = @_;
	my $column = 'c' . ++$n;

	push @{ $columns{$table} }, "$column text " . ($options // '');
	$node->safe_psql($db, "SELECT count(*) FROM sf_define(\$model\$" . model() . "\$model\$)");
	$node->safe_psql($db, "SELECT sf_transform('public.$table.$column', up => \$x\$$expression\$x\$)");
	$node->safe_psql($db, "SELECT count(*) FROM sf_plan_migration('fill $column')");
	return $column;
}

# Rows without their value, when the migration has been ended.
sub unfilled
{
	my ($table, $column) = @_;
	sf_try($node, $db, 'CALL sf_contract()') if $node->safe_psql($db, 'SELECT status FROM sf_status') eq 'ready';
	return $node->safe_psql($db, "SELECT count(*) FROM $table WHERE $column IS DISTINCT FROM lower(email)");
}

sub until_true
{
	my ($query, $what) = @_;
	$node->poll_query_until($db, $query) or die "never: $query";
	return;
}

# Starts an upgrade and returns when batches are being done.
sub begin_slowly
{
	my $session = $node->background_psql($db, on_error_stop => 0);
	$session->query_until(qr/started/, "\\echo started\nCALL sf_upgrade();\n\\echo ended\n");
	until_true('SELECT count(*) > 0 FROM schemaflow.backfill WHERE next_block > 0');
	return $session;
}

# The runner of a session with that setting, which waits for something.
sub begin_waiting
{
	my ($setting) = @_;
	my $session = $node->background_psql($db, on_error_stop => 0);
	$session->query_until(qr/started/, "\\echo started\nSET $setting;\nCALL sf_upgrade();\n\\echo ended\n");
	until_true(q{SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name LIKE 'schemaflow % backfill' AND wait_event = 'Extension'});
	return $session;
}

# It comes no further in a second.
sub stands
{
	my ($name) = @_;
	my $place = $node->safe_psql($db, 'SELECT next_block FROM schemaflow.backfill');
	sleep 1;
	is($node->safe_psql($db, 'SELECT next_block FROM schemaflow.backfill'), $place, $name);
}

# ---- all rows, and how it looks ----

my $t = table('plain', 8000);
my $c = plan_column($t, 'lower(email)', 'NOT NULL');
is($node->safe_psql($db, q{SELECT class || ' ' || phase FROM sf_steps() WHERE sql LIKE 'UPDATE%'}), 'B backfill', 'a step of its own');
my ($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'filled') or diag($err);
is($node->safe_psql($db, "SELECT null_frac FROM pg_stats WHERE tablename = '$t' AND attname = '$c'"), 0, 'the planner knows the column');
ok($node->poll_query_until($db, "SELECT n_tup_hot_upd > n_tup_upd / 4 FROM pg_stat_user_tables WHERE relname = '$t'"),
	'rows stay on their pages, though these were full');
is(unfilled($t, $c), 0, 'every row');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'no difference');
is($node->safe_psql($db, 'SELECT count(*) FROM schemaflow.backfill'), 0, 'nothing left of it');
my $small = table('small', 500);
$c = plan_column($small, 'lower(email)');
is($node->safe_psql($db, q{SELECT class FROM sf_steps() WHERE sql LIKE 'UPDATE%'}), 'T', 'a small table in one go');
sf_try($node, $db, 'CALL sf_upgrade()');
is(unfilled($small, $c), 0, 'filled, too');

# ---- rows that others have locked are left for later, and nobody waits long for ours ----

$t = 'plain';
$c = plan_column($t, 'slow(email)');
sf_try($node, $db, q{CALL sf_upgrade(through => 'expand')});
my $holder = $node->background_psql($db);
$holder->query_safe('BEGIN; SELECT * FROM plain WHERE id IN (5, 6000) FOR UPDATE');
my $runner = begin_slowly();
my $longest = 0;
for my $i (1 .. 20)
{
	my $start = time;
	$node->safe_psql($db, "UPDATE plain SET email = email || 'x' WHERE id = 1 + $i * 300");
	$longest = time - $start if time - $start > $longest;
}
# Who waited for a batch that waits for the holder would do so for ever.
cmp_ok($longest, '<', 10, 'writers do not wait') or diag($longest);
until_true('SELECT next_block = blocks AND NOT isempty(skipped) FROM schemaflow.backfill');
like($node->safe_psql($db, 'SELECT blocks_done, blocks_total, rows_done > 0, rows_per_second > 0, remaining IS NOT NULL FROM sf_progress'),
	qr/^(\d+)\|\1\|t\|t\|t$/, 'progress');
$holder->query_safe('COMMIT');
$holder->quit;
$runner->query_until(qr/ended/, '');
$runner->quit;
is(unfilled($t, $c), 0, 'every row is filled in the end, also those that were locked, and those that moved');

# ---- rows that stay locked ----

$c = plan_column($t, 'lower(email)');
sf_try($node, $db, q{CALL sf_upgrade(through => 'expand')});
$holder = $node->background_psql($db);
$holder->query_safe('BEGIN; SELECT * FROM plain WHERE id = 7 FOR UPDATE');
($rc, $out, $err) = sf_try($node, $db, 'SET schemaflow.lock_deadline = 500; CALL sf_upgrade()');
like($err, qr/55P03: rows of public\.plain stay locked for more than 500 ms\n.*In blocks \d+ to .* held by process \d+/, 'who holds them');
is($node->safe_psql($db, 'SELECT status FROM sf_status'), 'failed', 'failed');
$holder->quit;
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'the next call goes on') or diag($err);
is(unfilled($t, $c), 0, 'to the end');

# ---- stopped in the middle ----

my $helpers = q{SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'schemaflow % backfill'};
my %victims = ('kill -9 of the runner' => 'SELECT pid FROM sf_progress', 'kill -9 of the worker' => $helpers);

for my $how ('pause', sort(keys %victims), 'immediate stop')
{
	$c = plan_column($t, 'slow(email)');
	$runner = begin_slowly();
	if ($how eq 'pause')
	{
		$node->safe_psql($db, 'SELECT sf_pause()');
		until_true(q{SELECT status = 'paused' FROM sf_status});
	}
	else
	{
		# Batches commit asynchronously: without this the place, too, may be one that never was.
		$node->safe_psql($db, 'CHECKPOINT');
		if ($how eq 'immediate stop')
		{
			$node->stop('immediate');
			$node->start;
		}
		else
		{
			kill 'KILL', $node->safe_psql($db, $victims{$how});
			select undef, undef, undef, 0.5;
			until_true('SELECT true');
		}
	}
	eval { $runner->quit };
	my ($next, $blocks, $done) = split /\|/, $node->safe_psql($db, 'SELECT next_block, blocks, rows_done FROM schemaflow.backfill');
	ok($next > 0 && $next < $blocks, "$how: in the middle") or diag("$next of $blocks");
	is($node->safe_psql($db, "SELECT count(*) FROM plain WHERE $c IS NOT NULL"), $done, "$how: the place is that of the rows");
	($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
	is($rc, 0, "$how: goes on") or diag($err);
	is(unfilled($t, $c), 0, "$how: every row");
}

# ---- by a worker of lower priority ----

$node->safe_psql($db, "ALTER DATABASE $db SET schemaflow.backfill_nice = 7");
# The priority of a process, from 0 to 19.
sub nice
{
	my ($pid) = @_;
	return (split / /, PostgreSQL::Test::Utils::slurp_file("/proc/$pid/stat"))[18];
}

my %stop = ('the runner is cancelled' => 'SELECT sf_pause()', 'the worker ends' => "SELECT pg_terminate_backend(pid) FROM ($helpers) x",
	'the runner ends' => 'SELECT pg_terminate_backend(pid) FROM sf_progress');
for my $how (sort keys %stop)
{
	$c = plan_column($t, 'slow(email)');
	$runner = begin_slowly();
	my ($helper, $pid) = map { $node->safe_psql($db, $_) } $helpers, 'SELECT pid FROM sf_progress';
	my $nice = nice($pid) + 7;
	is(nice($helper), $nice > 19 ? 19 : $nice, "$how: it has a lower priority than the runner");
	$node->safe_psql($db, $stop{$how});
	if ($how eq 'the runner is cancelled')
	{
		until_true(q{SELECT status = 'paused' FROM sf_status});
		is($node->safe_psql($db, $helpers), '', "$how: the worker has ended before");
	}
	$runner->query_until(qr/ended/, '');
	$runner->quit;
	until_true("SELECT NOT EXISTS ($helpers)");
	($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
	is($rc, 0, "$how: the next call goes on") or diag($err);
	is(unfilled($t, $c), 0, "$how: every row");
}
$c = plan_column($t, q{CASE WHEN id = 10 THEN (1 / (id - 10))::text ELSE lower(email) END});
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/22012: division by zero.*CONTEXT:.*step \d+ of \d+ of revision/s, 'its error is that of the step');
$node->safe_psql($db, 'DELETE FROM plain WHERE id = 10');
sf_try($node, $db, 'CALL sf_upgrade()');
is(unfilled($t, $c), 0, 'every row');

# One slot is the replication launcher's, one the runner's.
$node->append_conf('postgresql.conf', 'max_worker_processes = 2');
$node->restart;
$c = plan_column($t, 'lower(email)');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/NOTICE: .*no background worker is free for the backfill/, 'without a free worker the runner does it') or diag($err);
is(unfilled($t, $c), 0, 'every row');
$node->adjust_conf('postgresql.conf', 'max_worker_processes', undef);
$node->restart;
$node->safe_psql($db, "ALTER DATABASE $db RESET schemaflow.backfill_nice");

# ---- the rows move ----

$c = plan_column($t, 'slow(email)');
$runner = begin_slowly();
$node->safe_psql($db, 'SELECT sf_pause()');
$runner->quit;
$node->safe_psql($db, 'VACUUM FULL plain');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'after VACUUM FULL') or diag($err);
is(unfilled($t, $c), 0, 'every row');

# ---- partitions, children, users' triggers ----

$t = table('parted', 5000, behind => ' PARTITION BY RANGE (id)', after => 'CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (MINVALUE) TO (2000);
	CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (2000) TO (MAXVALUE)');
$c = plan_column($t, 'lower(email)');
sf_try($node, $db, 'CALL sf_upgrade()');
is(unfilled($t, $c), 0, 'partitions');
$t = table('heir', 3000, after => 'CREATE TABLE heir_1 () INHERITS (heir)');
$node->safe_psql($db, q{INSERT INTO heir_1 SELECT n, 'V' || n FROM generate_series(1, 3000) n});
$c = plan_column($t, 'lower(email)');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'children') or diag($err);
is(unfilled($t, $c), 0, 'of an inheritance');
$t = table('watched', 3000, after => 'CREATE TRIGGER w BEFORE UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION fire()');
$c = plan_column($t, 'lower(email)');
sf_try($node, $db, 'CALL sf_upgrade()');
is($node->safe_psql($db, 'SELECT count(*) FROM fired'), 0, q{users' triggers do not fire});
is(unfilled($t, $c), 0, 'every row');

# ---- an expression that fails; what is done stays ----

$t = table('failing', 20000);
$c = plan_column($t, q{CASE WHEN id = 15000 THEN (1 / (id - 15000))::text ELSE lower(email) END});
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/22012: division by zero/, 'an expression fails');
$node->safe_psql($db, 'DELETE FROM failing WHERE id = 15000');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'again') or diag($err);
is(unfilled($t, $c), 0, 'every row');

# ---- row security must not hide rows ----

$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN; CREATE DATABASE kept OWNER keeper');
$node->safe_psql('kept', 'CREATE EXTENSION schemaflow; GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO keeper');
$node->safe_psql('kept', q{SET ROLE keeper;
	CREATE TABLE hidden (id int, email text);
	INSERT INTO hidden SELECT n, 'U' || n FROM generate_series(1, 3000) n; ANALYZE hidden;
	ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; ALTER TABLE hidden FORCE ROW LEVEL SECURITY;
	SELECT count(*) FROM sf_define('CREATE TABLE hidden (id int, email text, c text);
		ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; ALTER TABLE hidden FORCE ROW LEVEL SECURITY');
	SELECT sf_transform('public.hidden.c', up => 'lower(email)'); SELECT count(*) FROM sf_plan_migration('fill')});
($rc, $out, $err) = sf_try($node, 'kept', 'SET schemaflow.online_rows = 1000; SET ROLE keeper; CALL sf_upgrade()');
like($err, qr/42501: query would be affected by row-level security policy for table "hidden"/, 'never half');

# ---- limits ----

$t = table('limited', 20000);
$c = plan_column($t, 'lower(email)');
my $start = time;
($rc, $out, $err) = sf_try($node, $db, q{SET schemaflow.backfill_wal_rate = '1MB'; CALL sf_upgrade()});
is($rc, 0, 'at a rate') or diag($err);
cmp_ok(time - $start, '>', 2, 'it takes its time');
is(unfilled($t, $c), 0, 'every row');

# Rows of a page take turns: most stay on it, and their index entries with them.
$t = table('turning', 20000, after => 'CREATE INDEX turning_id ON turning (id)');
$node->safe_psql($db, "VACUUM $t; REINDEX TABLE $t");
$c = plan_column($t, 'lower(email)');
my $size = q{SELECT pg_relation_size('turning_id')};
my $index = $node->safe_psql($db, $size);
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'in turns') or diag($err);
is(unfilled($t, $c), 0, 'every row');
cmp_ok($node->safe_psql($db, $size), '<=', $index * 1.5, 'the index has not grown by half');
($rc, $out, $err) = sf_try($node, $db, 'SELECT schemaflow.sf_turn(ctid, 0) FROM turning');
like($err, qr/there must be at least one turn/, 'no turn without turns');

# Others that wait for rows make batches smaller.  What ends them is in a schema that nobody compares.
$node->safe_psql($db, 'CREATE SCHEMA signs');
$t = table('wanted', 12000);
$c = plan_column($t, 'slow(email)');
my @writers = map { $node->background_psql($db, on_error_stop => 0) } 1 .. 2;
$_->query_until(qr/begun/, "\\echo begun\nDO \$\$ BEGIN WHILE to_regclass('signs.enough') IS NULL LOOP
	UPDATE wanted SET id = id WHERE ctid IN (SELECT ctid FROM wanted TABLESAMPLE SYSTEM (5) LIMIT 1); COMMIT; END LOOP; END \$\$;
	\\echo over\n") for @writers;
my $log = -s $node->logfile;
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'beside writers') or diag($err);
like(substr(PostgreSQL::Test::Utils::slurp_file($node->logfile), $log), qr/rows of public\.wanted were waited for, batches of \d+ blocks are next/,
	'they were waited for');
$node->safe_psql($db, 'CREATE TABLE signs.enough ()');
$_->query_until(qr/over/, ''), $_->quit for @writers;
is(unfilled($t, $c), 0, 'every row');

# Others at work stop it, until there are fewer.
$t = table('crowded', 12000);
$c = plan_column($t, 'lower(email)');
my @busy = map { $node->background_psql($db, on_error_stop => 0) } 1 .. 2;
$_->query_until(qr/begun/, "\\echo begun\nDO \$\$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_class WHERE relname = 'leave') LOOP END LOOP; END \$\$;\n\\echo over\n") for @busy;
$runner = begin_waiting('schemaflow.max_load = 1');
stands('it waits for others');
$node->safe_psql($db, 'CREATE TABLE signs.leave ()');
$runner->query_until(qr/ended/, '');
$runner->quit;
$_->query_until(qr/over/, ''), $_->quit for @busy;
is(unfilled($t, $c), 0, 'and ends when they have gone');

# It rests as long as it is told to.
$t = table('resting', 12000);
$c = plan_column($t, 'lower(email)');
$runner = begin_waiting('schemaflow.backfill_rest = 10000; SET schemaflow.batch_time = 1000');
cmp_ok(unfilled($t, $c), '>', 0, 'a rest');
$node->safe_psql($db, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CALL sf_upgrade%' AND state = 'active'});
$runner->query_until(qr/ended/, '');
$runner->quit;
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'without a rest') or diag($err);
is(unfilled($t, $c), 0, 'every row');

# A standby that falls behind stops it, until it has caught up.
$t = table('lagging', 12000);
$c = plan_column($t, 'slow(email)');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$node->backup('for_standby');
$standby->init_from_backup($node, 'for_standby', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$runner = begin_waiting(q{schemaflow.max_replica_lag = '1MB'});
stands('it waits for the standby');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
$runner->query_until(qr/ended/, '');
$runner->quit;
is(unfilled($t, $c), 0, 'and ends when that has caught up');
$standby->stop;

$node->stop;
done_testing();
