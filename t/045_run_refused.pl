# What a run refuses before anything is done, in each way that it is called; and an extension that goes away under it.
use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main', init => [ allows_streaming => 1 ]);
my $db = sf_database($node, 'app');
my $facts = q{SELECT md5(string_agg(concat_ws('|', kind, name, attribute, value), '' ORDER BY kind, name, attribute)) FROM sf_facts()};
my @calls = ('CALL sf_upgrade()', q{CALL sf_downgrade('base', allow => '{data_loss}')}, q{CALL sf_abort('{data_loss}')});

$node->safe_psql($db, q{CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1);
	SELECT * FROM sf_define('CREATE TABLE teams (id int PRIMARY KEY); CREATE TABLE users (id int PRIMARY KEY, team int);
		CREATE INDEX users_team ON users (team)');
	SELECT * FROM sf_plan_migration('more')});
my $revision = $node->safe_psql($db, 'SELECT revision FROM sf_heads()');
my $start = $node->safe_psql($db, $facts);

sub refused
{
	my ($where, $sql, $message, $name) = @_;
	my ($rc, undef, $err) = sf_try($where, $db, $sql);

	subtest $name => sub {
		like($err, $message, 'the message');
		like($err, qr/DETAIL: /, 'a fact');
		like($err, qr/HINT: /, 'what to do');
		is($where->safe_psql($db, $facts), $start, 'nothing was done');
	};
}

# ---- a standby
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
refused($standby, $_, qr/25006: schemaflow cannot work on a standby/, "standby: $_") for @calls, 'CALL sf_test()';
is($standby->safe_psql($db, 'SELECT sf_pause()'), 'f', 'standby: there is nothing to pause');
$standby->stop;

# ---- a migration that somebody has edited
my %edit = ('a statement' => q{sql = 'DROP TABLE users' WHERE n = 1}, 'a promise' => 'loses_data = NOT loses_data WHERE n = 1');
for my $what (sort keys %edit)
{
	$node->safe_psql($db, 'CREATE TABLE kept AS TABLE schemaflow.step');
	$node->safe_psql($db, "UPDATE schemaflow.step SET $edit{$what}");
	my ($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
	like($err, qr/XX001: revision "$revision" was changed after it was stored.*HINT: /s, "edited, $what: refused");
	$node->safe_psql($db, 'UPDATE schemaflow.step s SET sql = k.sql, loses_data = k.loses_data FROM kept k
		WHERE (k.revision, k.direction, k.n) = (s.revision, s.direction, s.n); DROP TABLE kept');
}

# ---- another schema than planned from
$node->safe_psql($db, 'ALTER TABLE users ADD stray int; CREATE VIEW strange AS SELECT 1 AS a');
my ($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/55000: the schema is not the one .*table public\.users differs/s, 'drift: what differs is named');
like($err, qr/view public\.strange is there and should not be/, 'drift: what is new is named');
like($err, qr/HINT:  Plan again from what is here: SELECT sf_plan_migration/, 'drift: what to do');
$node->safe_psql($db, 'ALTER TABLE users DROP stray; DROP VIEW strange');

# ---- where nothing can commit
for my $call (@calls)
{
	my ($name) = $call =~ /CALL (\w+)/;
	my $quoted = $call =~ s/'/''/gr;
	my $procedure = "CREATE PROCEDURE pg_temp.p() LANGUAGE plpgsql %s AS 'BEGIN $quoted; END'; CALL pg_temp.p()";

	for my $case (
		[ "BEGIN; $call", qr/25001: $name cannot run inside a transaction block/ ],
		[ "DO 'BEGIN $quoted; EXCEPTION WHEN division_by_zero THEN NULL; END'", qr/2D000: $name cannot run inside a subtransaction/ ],
		[ "CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE plpgsql AS 'BEGIN $quoted; END'; SELECT pg_temp.f()",
			qr/2D000: $name cannot run inside a function/ ],
		[ sprintf($procedure, 'SECURITY DEFINER'), qr/2D000: $name cannot run inside a procedure with SET or SECURITY DEFINER/ ],
		[ sprintf($procedure, 'SET search_path = public'), qr/2D000: $name cannot run inside a procedure with SET or SECURITY DEFINER/ ])
	{
		($rc, undef, $err) = sf_try($node, $db, $case->[0]);
		like($err, qr/$case->[1].*DETAIL: .*HINT: .*CALL/s, substr($case->[0], 0, 60));
	}
}
is($node->safe_psql($db, $facts), $start, 'none of these did anything');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_status WHERE status NOT IN ($$failed$$)'), '0', 'nor says that it did');

# ---- a plain procedure may call it
($rc, undef, $err) = sf_try($node, $db, q{CREATE PROCEDURE pg_temp.deploy() LANGUAGE plpgsql AS 'BEGIN CALL sf_upgrade(); END';
	CALL pg_temp.deploy()});
is($rc, 0, 'a procedure that can commit calls it') or diag($err);
is($node->safe_psql($db, 'SELECT message FROM sf_current()'), 'more', 'and it ran');
$node->safe_psql($db, q{CALL sf_downgrade('base', allow => '{data_loss}')});

# ---- another's table, of which the owner of the model is not told before: the server asks when it is altered
my $devs = sf_database($node, 'devs');
$node->safe_psql($devs, q{CREATE TABLE t (id int); CREATE ROLE dev LOGIN; GRANT CREATE ON SCHEMA public TO dev;
	GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO dev; SET SESSION AUTHORIZATION dev;
	SELECT * FROM sf_define('CREATE TABLE t (id int, z int)'); SELECT * FROM sf_plan_migration('z')});
($rc, undef, $err) = sf_try($node, $devs, 'SET SESSION AUTHORIZATION dev; CALL sf_upgrade()');
like($err, qr/42501: .*HINT: .*with the rights of role "dev"/s, 'whose rights it has');

# ---- DROP EXTENSION while it waits for a lock
my $holder = $node->background_psql($db);
$holder->query_safe('BEGIN; LOCK TABLE users IN ACCESS SHARE MODE');
my ($out, $errors) = ('', '');
my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($db), '-c', 'CALL sf_upgrade()' ], '>', \$out, '2>', \$errors,
	IPC::Run::timeout(180));
$node->poll_query_until($db, q{SELECT EXISTS (SELECT FROM sf_progress)}) or die 'does not begin';
$run->pump until $errors =~ /waiting, public\.users/;
$node->safe_psql($db, 'DROP EXTENSION schemaflow');
$holder->quit;
$run->finish;
like($errors, qr/ERROR: .*extension "schemaflow" is not installed in this database/s, 'the extension went away: the run ends');
is($node->safe_psql($db, q{SELECT to_regclass('teams') IS NULL AND NOT EXISTS (SELECT FROM pg_attribute
	WHERE attrelid = 'users'::regclass AND attname = 'team')}), 't', 'what it was at is rolled back');
is($node->safe_psql($db, q{SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'schemaflow %'}), '0', 'no process is left');
$node->stop;
done_testing();
