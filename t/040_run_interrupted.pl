# A migration is stopped at each of its steps in each way there is, up and down.  What the journal says is done is what the
# catalog shows, and the next call goes on, to the same schema.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use IPC::Run ();
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('run', conf => ['restart_after_crash = on', 'log_checkpoints = off']);
my $db = sf_database($node, 'app');
my $reference = sf_database($node, 'reference');
my $start = q{CREATE TYPE mood AS ENUM ('calm', 'busy');
	CREATE TABLE teams (id int PRIMARY KEY, name text);
	CREATE TABLE users (id int PRIMARY KEY, name text, mood mood);
	INSERT INTO teams VALUES (1, 'one'); INSERT INTO users SELECT g, 'u' || g FROM generate_series(1, 100) g};
my $model = q{CREATE TYPE mood AS ENUM ('calm', 'busy', 'gone');
	CREATE TABLE teams (id int PRIMARY KEY, name text NOT NULL);
	CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, mood mood DEFAULT 'gone', team int REFERENCES teams (id),
		phone text, CHECK (id > 0));
	CREATE INDEX users_phone ON users (phone);
	CREATE INDEX users_team ON users (team)};

for ($db, $reference)
{
	$node->safe_psql($_, $start);
	$node->safe_psql($_, "SELECT * FROM sf_define(\$\$$model\$\$); SELECT * FROM sf_plan_migration('many steps')");
}

my %call = (up => q{CALL sf_upgrade('head')}, down => q{CALL sf_downgrade('base', allow => '{data_loss}')});
my $facts = q{SELECT md5(string_agg(concat_ws('|', kind, name, attribute, value), '' ORDER BY kind, name, attribute)) FROM sf_facts()};

# What the schema is after each transaction, as the steps by themselves make it.
sub reference_of
{
	my ($direction) = @_;
	my @after = ($node->safe_psql($reference, $facts));
	my $transaction = 0;

	for my $n (1 .. $node->safe_psql($reference, "SELECT max(transaction) FROM sf_steps('head', '$direction')"))
	{
		my $sql = $node->safe_psql($reference,
			"SELECT string_agg(sql, ';' ORDER BY n), bool_or(class = 'N') FROM sf_steps('head', '$direction') WHERE transaction = $n");
		$sql =~ s/\|([tf])$//;
		$node->safe_psql($reference, $1 eq 't' ? $sql : "BEGIN; $sql; COMMIT");
		push @after, $node->safe_psql($reference, $facts);
	}
	return @after;
}

# What a query says as soon as it says something; a crashed server says nothing for a while, and psql may be gone before
# it has read the query.
sub wait_for
{
	my ($what, $sql) = @_;

	for (1 .. 3000)
	{
		my ($rc, $out) = eval { $node->psql($db, $sql) };
		return $out if defined $rc && $rc == 0 && $out ne '';
		select undef, undef, undef, 0.02;
	}
	die "waited in vain for $what";
}

# The schema and the last entry of the journal, when no runner is left: after a kill that is when the server is back.
sub state_of
{
	return split /\|/, wait_for('the end of the runner', qq{SELECT ($facts), j.direction, j.transaction, j.transactions
		FROM (SELECT) one LEFT JOIN (SELECT * FROM schemaflow.journal ORDER BY entry DESC LIMIT 1) j ON true
		WHERE NOT EXISTS (SELECT FROM sf_progress)});
}

# Start a run that stands still after a step; returns it with the worker's process and the caller's.
sub stand_still_at
{
	my ($direction, $n) = @_;
	my ($out, $err) = ('', '');
	my $run = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr($db), '-c', "SET application_name = 'caller'", '-c',
			"SET schemaflow.pause_after_step = $n", '-c', $call{$direction} ],
		'>', \$out, '2>', \$err, IPC::Run::timeout(180));
	my $pids = wait_for("step $n", qq{SELECT w.pid, c.pid FROM pg_stat_activity w, pg_stat_activity c
		WHERE w.application_name ~ ' $direction $n/.*still\$' AND c.application_name = 'caller'});
	return ($run, \$err, split /\|/, $pids);
}

my %interrupt = (
	'SIGTERM' => sub { $node->safe_psql('postgres', "SELECT pg_terminate_backend($_[0])") },
	'pg_cancel_backend' => sub { $node->safe_psql('postgres', "SELECT pg_cancel_backend($_[0])") },
	'kill -9 of the worker' => sub { kill KILL => $_[0] },
	'kill -9 of the caller' => sub { kill KILL => $_[1] },
	'immediate stop' => sub { $node->stop('immediate'); $node->start });

for my $direction ('up', 'down')
{
	my @after = reference_of($direction);
	my @steps = map { [ split /\|/ ] } split /\n/, $node->safe_psql($db, "SELECT n, transaction, class, phase FROM sf_steps('head', '$direction') ORDER BY n");
	my $all = @after - 1;

	if ($direction eq 'up')
	{
		cmp_ok(scalar(@steps), '>=', 12, 'the migration has many steps');
		like(join('', map { $_->[2] } @steps), qr/T.*N.*T/, 'in and outside of transactions');
		like(join(' ', map { $_->[3] } @steps), qr/validate/, 'proofs among them');
	}
	for my $step (@steps)
	{
		my ($n, $transaction, $class) = @$step;

		for my $how (sort keys %interrupt)
		{
			my ($run, $err, $worker, $caller) = stand_still_at($direction, $n);

			$interrupt{$how}->($worker, $caller);
			$run->finish;
			my ($now, $said, $done, $of) = state_of();
			$done = 0 if !defined $said || $said ne $direction;
			# What cannot run in a transaction was done, and is not marked yet.
			my $agree = $now eq $after[$done] || ($class eq 'N' && $now eq $after[ $done + 1 ]);
			ok($agree && $done == $transaction - 1, "$direction, step $n, $how: journal and catalog agree, $done of $all")
				or diag("journal: $done, at step $n of transaction $transaction; $$err");
			like($$err, qr/paused at step $n of/, "$direction, step $n: says where it is paused") if $how eq 'pg_cancel_backend';
		}
	}
	my ($rc, undef, $err) = sf_try($node, $db, $call{$direction});
	is($rc, 0, "$direction: the next call ends it") or diag($err);
	my ($now, $said, $done, $of) = state_of();
	is("$now $said $done $of", "$after[-1] $direction $all $all", "$direction: the same schema in the end");
	is($node->safe_psql($db, 'SELECT count(*) FROM pg_index WHERE NOT indisvalid'), 0, "$direction: no invalid index");
	is($node->safe_psql($db, 'SELECT count(*), sum(id) FROM users'), '100|5050', "$direction: rows are there");
}
$node->stop;
done_testing();
