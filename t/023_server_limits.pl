# Jobs in a crowded, hostile or dying server: settings, slots, locks, cancel, crash, standby.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use SchemaflowServer;
use Test::More;

# Two slots, one of them the logical replication launcher's.
my $node = sf_node('main', conf => [ 'max_worker_processes = 2', 'restart_after_crash = on' ], init => [ allows_streaming => 1 ]);
my $db = sf_database($node, 'app');
sf_server_functions($node, $db);

sub as
{
	my ($user, $sql) = @_;
	my ($rc, $out, $err) = sf_try($node, $db, $sql, extra_params => [ '-U', $user ]);
	return $rc == 0 ? "$out$err" : $err;
}
sub job_is_fine
{
	my ($what) = @_;
	is($node->safe_psql($db, sf_job('sf_job_text', SCRATCH, 'CREATE TABLE t ()')), '1|CREATE TABLE', $what);
}
sub no_worker { return $node->poll_query_until($db, q(SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'schemaflow worker')) }

# Hostile settings of a role, and a search_path with an operator that says what it should not.
$node->safe_psql($db, <<'SQL');
CREATE ROLE hostile LOGIN SUPERUSER;
CREATE SCHEMA evil;
CREATE FUNCTION evil.eq(oid, oid) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil ran as %', current_user; END $$;
CREATE FUNCTION evil.eq(name, name) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil ran as %', current_user; END $$;
CREATE FUNCTION evil.eq(text, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil ran as %', current_user; END $$;
CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.eq);
CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = evil.eq);
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.eq);
ALTER ROLE hostile SET lock_timeout = '1ms';
ALTER ROLE hostile SET default_transaction_read_only = on;
ALTER ROLE hostile SET default_transaction_isolation = 'serializable';
ALTER ROLE hostile SET TimeZone = 'Asia/Tokyo';
ALTER ROLE hostile SET DateStyle = 'German, DMY';
ALTER ROLE hostile SET IntervalStyle = 'sql_standard';
ALTER ROLE hostile SET quote_all_identifiers = on;
ALTER ROLE hostile SET search_path = evil, pg_catalog, public;
ALTER ROLE hostile SET statement_timeout = '20s';
ALTER ROLE hostile SET client_encoding = 'LATIN1';
SQL
my $names = 'lock_timeout,transaction_read_only,transaction_isolation,TimeZone,DateStyle,IntervalStyle,quote_all_identifiers,statement_timeout,row_security,client_encoding,work_mem';
my $wanted = "lock_timeout|2000\ntransaction_read_only|off\ntransaction_isolation|read committed\nTimeZone|UTC\nDateStyle|ISO, MDY\n"
  . "IntervalStyle|postgres\nquote_all_identifiers|off\nstatement_timeout|0\nrow_security|off\nclient_encoding|UTF8\nwork_mem|123";
is(as('hostile', "SET work_mem = '123kB'; " . sf_job('sf_test_settings:', SCRATCH, $names)), $wanted, 'hostile settings do not matter');
is(as('hostile', sf_job('sf_test_settings:', SCRATCH, 'search_path')), 'search_path|evil, pg_catalog, public',
	"the search_path is the session's at its start");
is(as('postgres', "SET search_path = evil, pg_catalog, public; " . sf_job('sf_test_settings:', SCRATCH, 'search_path')), 'search_path|"$user", public',
	'not what it has been set to');
$node->safe_psql($db, 'SELECT sf_test_drop(true)');
is(as('hostile', sf_job('sf_job_text', SCRATCH, 'CREATE TABLE public.t (a int)')), '1|CREATE TABLE', 'making a scratch runs nothing evil');
is(as('hostile', 'SELECT sf_test_drop(true) > 0'), 't', 'nor does dropping');
is(as('postgres', "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY; SELECT 1; " . sf_job('sf_job_text', SCRATCH, 'CREATE TABLE t ()')),
	"1\n1|CREATE TABLE", 'a serializable, read only caller makes and uses a scratch');
is($node->safe_psql($db, 'BEGIN; CREATE TABLE pending (); INSERT INTO pending DEFAULT VALUES; '
	  . sf_job('sf_job_text', SCRATCH, 'CREATE TABLE pending (a int)') . '; SELECT count(*) FROM pending; ROLLBACK'),
	"1|CREATE TABLE\n1", 'uncommitted changes of the caller are neither seen nor lost');
like($node->safe_psql($db, 'BEGIN; CREATE EXTENSION hstore; ' . sf_job('sf_test_extension:', SCRATCH, "hstore\nCREATE TABLE t (h public.hstore)") . '; ROLLBACK'),
	qr/schema was there/, 'an extension that the caller has just made');

# A savepoint that is rolled back gives everything free again.
is($node->safe_psql($db, 'DO $do$ BEGIN FOR i IN 1..6 LOOP BEGIN PERFORM sf_test_job(\'sf_job_text\', 1, \'CREATE TABLE t (a nix)\');'
	  . ' EXCEPTION WHEN undefined_object THEN NULL; END; END LOOP; END $do$; ' . sf_job('sf_job_text', SCRATCH, 'CREATE TABLE t ()')),
	'1|CREATE TABLE', 'caught errors leave nothing taken');

# Ten sessions, one free slot.
my @runs = map { sf_start($node, $db, join(";\n", (sf_job('sf_job_text', SCRATCH, 'CREATE TABLE t (a int)')) x 3)) } 1 .. 10;
my @bad = grep { $_->[0] != 0 || $_->[1] ne join("\n", ('1|CREATE TABLE') x 3) } map { [ sf_finish($_) ] } @runs;
is(scalar @bad, 0, 'ten sessions share one slot') or diag(map { $_->[2] } @bad);

my $sleeper = sf_start($node, $db, sf_job('sf_job_text', SCRATCH, 'SELECT pg_sleep(60)'));
$node->poll_query_until($db, q(SELECT count(*) = 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND application_name = 'schemaflow'))
  or die 'no sleeper';
pass('the worker shows its query and name');
like(as('postgres', "SET schemaflow.worker_wait = 200; " . sf_job('sf_job_text', SCRATCH, 'SELECT 1')),
	qr/53000: no background worker became free within 200 ms.*DETAIL: .*\d+ \(schemaflow worker\).*HINT:/s, 'a full slot table names the holders');
like(as('postgres', "SET schemaflow.scratch_pool = 1; SET schemaflow.worker_wait = 200; " . sf_job('sf_job_text', SCRATCH, 'SELECT 1')),
	qr/53000: no scratch database became free within 200 ms.*DETAIL: .*PID \d+/s, 'a full pool, too');

# Whoever ends: the worker of a caller that is gone, the caller of a worker that is gone.
$node->safe_psql($db, q(SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%sf_test_job%' AND backend_type = 'client backend' AND pid <> pg_backend_pid()));
like((sf_finish($sleeper))[2], qr/57014: canceling statement due to user request/, 'a cancelled caller');
ok(no_worker(), 'takes its worker with it');
job_is_fine('and the scratch is free');
like(as('postgres', "SET statement_timeout = '500ms'; " . sf_job('sf_job_text', SCRATCH, 'SELECT pg_sleep(60)')), qr/57014: .*statement timeout/, 'a timeout');
ok(no_worker(), 'does the same');
for my $way ([ 'client backend', 'pg_terminate_backend', qr/57P01|server closed/ ], [ 'schemaflow worker', 'pg_terminate_backend', qr/57P01/ ],
	[ 'schemaflow worker', 'pg_cancel_backend', qr/57014/ ])
{
	my $run = sf_start($node, $db, sf_job('sf_job_text', SCRATCH, 'SELECT pg_sleep(60)'));
	$node->poll_query_until($db, q(SELECT count(*) = 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)')) or die 'no sleeper';
	$node->safe_psql($db, "SELECT $way->[1](pid) FROM pg_stat_activity WHERE backend_type = '$way->[0]' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()");
	like((sf_finish($run))[2], $way->[2], "$way->[1] of a $way->[0]");
	ok(no_worker(), 'no worker is left');
	job_is_fine('the next job works');
}

# The caller's own lock: an error instead of a deadlock that nobody sees.
$node->safe_psql($db, 'CREATE ROLE locked; CREATE TABLE mine ()');
like(as('postgres', "BEGIN; DROP ROLE locked; " . sf_job('sf_job_text', SCRATCH, 'CREATE TABLE t (); GRANT SELECT ON t TO locked')),
	qr/55P03: the transaction that makes this call holds a lock.*HINT:  Commit or roll back/s, 'a lock of the caller, in a scratch');
like(as('postgres', "BEGIN; LOCK TABLE mine; " . sf_job('sf_job_text', LIVE, 'ALTER TABLE mine ADD a int')),
	qr/55P03: the transaction that makes this call/, 'and in live');
my $other = sf_start($node, $db, "BEGIN; DROP ROLE locked; SELECT pg_sleep(30)");
$node->poll_query_until($db, q(SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()));
like(as('postgres', sf_job('sf_job_text', SCRATCH, 'CREATE TABLE t (); GRANT SELECT ON t TO locked')),
	qr/55P03: canceling statement due to lock timeout/, "another session's lock: the scratch's lock_timeout");
$node->safe_psql($db, q(SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()));
sf_finish($other);

# DROP EXTENSION under a running worker.
my $run = sf_start($node, $db, sf_job('sf_job_text', SCRATCH, 'SELECT pg_sleep(1)'));
$node->poll_query_until($db, q(SELECT count(*) = 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(1)'));
$node->safe_psql($db, 'DROP EXTENSION schemaflow');
is((sf_finish($run))[1], '1|SELECT', 'a job survives DROP EXTENSION');
$node->safe_psql($db, 'CREATE EXTENSION schemaflow');

# Standby.
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
my ($rc, $out, $err) = sf_try($standby, $db, sf_job('sf_job_text', SCRATCH, 'SELECT 1'));
like($err, qr/25006: schemaflow cannot work on a standby.*HINT:  Make the same call on the primary/s, 'a standby');
$standby->stop;

# Live has changed: the kept scratch is made anew.
my $tablespace = PostgreSQL::Test::Utils::tempdir();
my $scratch_oid = q(SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_database WHERE datname LIKE 'schemaflow\_scratch%');
job_is_fine('before');
my $before = $node->safe_psql('postgres', $scratch_oid);
$node->safe_psql('postgres', "CREATE TABLESPACE other LOCATION '$tablespace'");
$node->safe_psql('postgres', 'ALTER DATABASE app SET TABLESPACE other');
job_is_fine('after live has moved');
is($node->safe_psql('postgres', q(SELECT count(*) FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE spcname = 'other' AND datname LIKE 'schemaflow\_scratch%')),
	'1', 'the scratch has moved with it');
isnt($node->safe_psql('postgres', $scratch_oid), $before, 'it is another one');

# A database of our name that is not ours is left alone.
my $oid = $node->safe_psql($db, q(SELECT oid FROM pg_database WHERE datname = 'app'));
$node->safe_psql($db, 'SELECT sf_test_drop(true)');
$node->safe_psql('postgres', "CREATE DATABASE schemaflow_scratch_${oid}_1");
like(as('postgres', sf_job('sf_job_text', SCRATCH, 'SELECT 1')), qr/42P04: database "schemaflow_scratch_${oid}_1" is in the way.*HINT/s, "somebody's database");
is($node->safe_psql($db, 'SELECT sf_test_drop(true)'), '0', 'is not dropped');
$node->safe_psql('postgres', "DROP DATABASE schemaflow_scratch_${oid}_1");

# Crash: whatever was under way is found again by its name.
job_is_fine('before the crash');
$run = sf_start($node, $db, sf_job('sf_job_text', FRESH, 'SELECT pg_sleep(60)'));
$node->poll_query_until($db, q(SELECT count(*) = 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'));
kill 9, $node->safe_psql($db, q(SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'));
sf_finish($run);
$node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
job_is_fine('after the crash');
like($node->safe_psql($db, 'SELECT sf_test_leftovers()'), qr/schemaflow_fresh_${oid}_\d+/, 'the fresh scratch is a leftover');
$node->restart;
job_is_fine('after a restart');

# The database itself goes: its scratches are leftovers for any other database.
$node->safe_psql('postgres', 'DROP DATABASE app');
$node->safe_psql('postgres', 'CREATE EXTENSION schemaflow');
sf_server_functions($node, 'postgres');
like($node->safe_psql('postgres', 'SELECT sf_test_leftovers()'), qr/schemaflow_scratch_${oid}_1: Its database \(OID $oid\) does not exist/, 'scratches without a database');
like($node->safe_psql('postgres', 'SELECT problem FROM sf_doctor()'), qr/^scratch database schemaflow_scratch_${oid}_1 is left over$/m, 'the doctor says so');
cmp_ok($node->safe_psql('postgres', 'SELECT sf_test_drop(false)'), '>=', 2, 'are dropped');
$node->safe_psql('postgres', sf_job('sf_job_text', FRESH, 'CREATE TABLE t ()'));
like($node->safe_psql('postgres', 'SELECT sf_test_leftovers()'), qr/used once/, 'one that was used waits for others to go with');
unlike($node->safe_psql('postgres', 'SELECT problem FROM sf_doctor()'), qr/left over/, 'which is nothing wrong');

$node->stop;
done_testing();
