# A dump taken while a migration runs, by an owner who is no superuser: the copy has all that was done, nothing runs there
# by itself, and after it is adopted it goes on, or back, from the very transaction.
use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main');
my $dir = PostgreSQL::Test::Utils::tempdir();
my @owner = (extra_params => [ '-U', 'app_owner' ]);
my $facts = q{SELECT string_agg(concat_ws('|', kind, name, attribute, value), E'\n' ORDER BY kind, name, attribute) FROM sf_facts()};
my $rights = q{GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO app_owner};

$node->safe_psql('postgres', q{CREATE ROLE app_owner LOGIN; CREATE DATABASE app OWNER app_owner;
	GRANT SET ON PARAMETER schemaflow.pause_after_step TO app_owner});
$node->safe_psql('app', "CREATE EXTENSION schemaflow; $rights");
$node->safe_psql('app', q{CREATE TABLE users (id int PRIMARY KEY, name text, team int); INSERT INTO users VALUES (1, 'one', NULL);
	SELECT * FROM sf_define('CREATE TABLE teams (id int PRIMARY KEY);
		CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, team int REFERENCES teams (id), CHECK (id > 0));
		CREATE INDEX users_team ON users (team)');
	SELECT * FROM sf_plan_migration('more')}, @owner);
my $start = $node->safe_psql('app', $facts);

# The runner has built an index outside of a transaction and has not marked it yet.
my ($n, $of) = split /\|/, $node->safe_psql('app', q{SELECT max(n) FILTER (WHERE class = 'N'), max(n) FROM sf_steps('head', 'up')});
cmp_ok($n, '>', 1, 'something comes before the index');
cmp_ok($n, '<', $of, 'and something behind it');
my ($said, $errors) = ('', '');
my $run = IPC::Run::start([ 'psql', '-XAtq', '-U', 'app_owner', '-d', $node->connstr('app'), '-c', "SET schemaflow.pause_after_step = $n",
		'-c', 'CALL sf_upgrade()' ], '>', \$said, '2>', \$errors, IPC::Run::timeout(180));
$node->poll_query_until('app', "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name ~ ' up $n/.*still')")
	or do { $run->finish; die "never came to step $n: $errors" };

my @dump = ('pg_dump', '-U', 'app_owner', '-d', $node->connstr('app'), '--no-comments', '--no-privileges');
command_ok([ @dump, '-f', "$dir/app.sql" ], 'dumped while it runs');
command_ok([ @dump, '-Fd', '-j', 2, '-f', "$dir/app.dir" ], 'and with jobs');
my $middle = $node->safe_psql('app', $facts);
is($node->safe_psql('app', 'SELECT pg_terminate_backend(pid) FROM sf_progress'), 't', 'the run is ended');
$run->finish;
my $state = $node->safe_psql('app', q{SELECT state FROM sf_history()});
like($state, qr/^partly up/, 'in the middle');

my %restore = (
	psql => [ 'psql', '-Xq', '-U', 'app_owner', '-v', 'ON_ERROR_STOP=1', '-o', "$dir/out", '-f', "$dir/app.sql" ],
	jobs => [ 'pg_restore', '-U', 'app_owner', '-e', '-j', 4, "$dir/app.dir" ]);
my %goes = (
	forth => [ 'CALL sf_upgrade()', 'applied', 'done' ],
	back => [ q{CALL sf_abort('{data_loss}')}, 'planned', 'aborted' ]);

sub refused
{
	my ($db, $call) = @_;
	my ($rc, undef, $err) = sf_try($node, $db, $call, @owner);

	like($err, qr/55000: the migrations that are here belong to another database.*sf_adopt_restored\(\)/s, "$db: $call is refused");
}

for my $how (sort keys %restore)
{
	for my $way (sort keys %goes)
	{
		my $db = "by_${how}_$way";
		my ($call, $history, $status) = @{ $goes{$way} };

		$node->safe_psql('postgres', "CREATE DATABASE $db OWNER app_owner");
		$node->safe_psql($db, "CREATE EXTENSION schemaflow; $rights");
		command_ok([ @{ $restore{$how} }, '-d', $node->connstr($db) ], "$db: restored");
		is($node->safe_psql($db, $facts), $middle, "$db: every object is there");
		is($node->safe_psql($db, 'SELECT count(*) FROM sf_progress'), '0', "$db: nothing runs by itself");
		is($node->safe_psql($db, 'SELECT count(*) FROM sf_status') . $node->safe_psql($db, 'SELECT sf_resume()'), '0f', "$db: nothing is resumed");
		refused($db, $_) for 'CALL sf_upgrade()', q{CALL sf_downgrade('base')}, 'CALL sf_abort()';
		is($node->safe_psql($db, $facts), $middle, "$db: nothing has changed");

		$node->safe_psql($db, 'SELECT * FROM sf_adopt_restored()', @owner);
		is($node->safe_psql($db, 'SELECT state FROM sf_history()'), $state, "$db: adopted, it stands where it stood");
		my ($rc, undef, $err) = sf_try($node, $db, $call, @owner);
		is($rc, 0, "$db: $call") or diag($err);
		is($node->safe_psql($db, 'SELECT h.state, s.status FROM sf_history() h, sf_status s'), "$history|$status", "$db: where it should be");
		is($node->safe_psql($db, $facts), $start, "$db: as it was") if $way eq 'back';
		is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), '0', "$db: the model") if $way eq 'forth';
		like($err, qr/$n of $of: CREATE INDEX.*was there already/, "$db: the index is not built again") if $way eq 'forth';
		is($node->safe_psql($db, 'SELECT name FROM users'), 'one', "$db: rows are there");
	}
}
$node->stop;
done_testing();
