# SchemaflowShadow - columns that get another type online: what the scripts about it share.
#
#	use SchemaflowShadow;
#	my $node = shadow_node('shadow');			# the functions below use it
#	my $db = database($ddl, $rows, 'v int' => 'v bigint');	# tables with rows, and a plan that leads to changed ones
#	there_and_back('what', ddl => ..., rows => ..., change => [...], writes => ..., sums => ...);
package SchemaflowShadow;

use strict;
use warnings;
use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

our @EXPORT = qw(shadow_node database changed plan_change run_ok up dump_of built files is_clean start_load end_load
  there_and_back native_facts killed_in_backfill killed_at_step);

my $node;
my $n = 0;

sub shadow_node
{
	my ($name, @conf) = @_;
	$node = sf_node($name, conf => [ 'wal_level = logical', @conf ]);
	return $node;
}

# A database with these tables, filled, and a model that is the tables with other types: @change says which words change.
sub database
{
	my ($ddl, $rows, @change) = @_;
	my $db = sf_database($node, 'app' . ++$n);
	$node->safe_psql($db, "ALTER DATABASE $db SET schemaflow.online_rows = 100");
	$node->safe_psql($db, "$ddl; $rows; ANALYZE");
	plan_change($db, changed($ddl, @change));
	return $db;
}

sub changed
{
	my ($ddl, @change) = @_;
	while (my ($from, $to) = splice @change, 0, 2)
	{
		$ddl =~ s/\Q$from\E/$to/ or die "\"$from\" is not in the tables";
	}
	return $ddl;
}

sub plan_change
{
	my ($db, $model) = @_;
	$node->safe_psql($db, "SELECT count(*) FROM sf_define(\$model\$$model\$model\$)");
	$node->safe_psql($db, q{SELECT count(*) FROM sf_plan_migration('types')});
	return;
}

sub run_ok
{
	my ($db, $call, $name) = @_;
	my ($rc, $out, $err) = sf_try($node, $db, $call);
	is($rc, 0, $name) or diag($err);
	return $err;
}

sub up
{
	my ($db) = @_;
	run_ok($db, 'CALL sf_upgrade()', 'up to the gate');
	is($node->safe_psql($db, 'SELECT status FROM sf_status'), 'ready', 'ready');
	return;
}

# The schema as pg_dump has it, but for the order of columns: the new one is the last.
sub dump_of
{
	my ($db, @options) = @_;
	my ($out, $err) = ('', '');
	($out, $err) = run_command([ 'pg_dump', '-s', '-N', 'schemaflow', '-N', 'schemaflow_archive', @options,
			'-d', $node->connstr($db) ]);
	$out =~ s/^(CREATE TABLE \S+ \(\n)(.*?)(\n\))/my ($a, $b, $c) = ($1, $2, $3); $a . join("\n", sort map { s{,$}{}r } split m{\n}, $b) . $c/gmse;
	$out =~ s/^(--.*|\\(?:un)?restrict.*)?\n//gm;
	# From 18 on: the name of a NOT NULL that a partition has of the whole is no fact.
	$out =~ s/ CONSTRAINT \w+_not_null NOT NULL/ NOT NULL/g;
	return join "\n", sort split /(?<=;)\n/, $out;
}

sub built
{
	my ($ddl) = @_;
	my $db = sf_database($node, 'built' . ++$n);
	$node->safe_psql($db, $ddl);
	return dump_of($db);
}

# What a query of the catalogs tells of a database in which the server itself has made this.
sub native_facts
{
	my ($catalogs, @sql) = @_;
	my $db = sf_database($node, 'built' . ++$n);
	$node->safe_psql($db, join '; ', @sql);
	return $node->safe_psql($db, $catalogs);
}

# The runner is killed when the query says that it is where it is wanted; then the server is there again.
sub killed
{
	my ($db, $calls, $there) = @_;
	my $session = $node->background_psql($db, on_error_stop => 0);
	$session->query_until(qr/started/, "\\echo started\n$calls;\n");
	$node->poll_query_until($db, $there) or die 'it does not get there';
	kill 'KILL', $node->safe_psql($db, 'SELECT pid FROM sf_progress');
	eval { $session->quit };
	$node->poll_query_until('postgres', 'SELECT true');
	return;
}

sub killed_in_backfill
{
	my ($db) = @_;
	killed($db, "SET schemaflow.batch_time = 20;\nCALL sf_upgrade()", 'SELECT count(*) > 0 FROM schemaflow.backfill WHERE next_block > 0');
	return;
}

# Behind the step, in its transaction.
sub killed_at_step
{
	my ($db, $step, $call) = @_;
	killed($db, "SET schemaflow.pause_after_step = $step;\nCALL $call()",
		q{SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name LIKE '%stands still'});
	return;
}

sub files
{
	my ($db) = @_;
	return $node->safe_psql($db, q{SELECT string_agg(relname || pg_relation_filenode(oid), ' ' ORDER BY relname) FROM pg_class
		WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace});
}

sub is_clean
{
	my ($db, $what) = @_;
	is($node->safe_psql($db, q{SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~schemaflow%'),
		(SELECT count(*) FROM pg_attribute WHERE attname LIKE '~schemaflow%' AND NOT attisdropped),
		(SELECT count(*) FROM pg_class WHERE relname LIKE '~schemaflow%'),
		(SELECT count(*) FROM pg_constraint WHERE conname LIKE '~schemaflow%' OR conname LIKE '%proof%'),
		(SELECT count(*) FROM pg_type WHERE typname LIKE '~schemaflow%' OR typname LIKE '%\_\_old'),
		(SELECT count(*) FROM pg_statistic_ext WHERE stxname LIKE '~schemaflow%')}), '0|0|0|0|0|0', "$what: nothing of ours is left");
	return;
}

# Clients that run the statements all the time, by either protocol: a list for end_load().
sub start_load
{
	my ($db, $script) = @_;
	my $file = "$PostgreSQL::Test::Utils::tmp_check/load$n.sql";
	my @clients;
	append_to_file($file, $script);
	for my $protocol ('simple', 'extended')
	{
		my ($out, $err) = ('', '');
		my $run = IPC::Run::start([ 'pgbench', '-n', '-M', $protocol, '-c', '2', '-T', '600', '-f', $file, $node->connstr($db) ],
			'>', \$out, '2>', \$err, IPC::Run::timeout(400));
		push @clients, [ $run, \$err, $protocol ];
	}
	return @clients;
}

sub end_load
{
	my ($what, @clients) = @_;
	for my $one (@clients)
	{
		my ($run, $err, $protocol) = @$one;
		ok($run->pumpable, "$what, $protocol protocol: the load lasted to the end") or diag($$err);
		$run->signal('TERM');
		$run->finish;
		unlike($$err, qr/ERROR|abort/, "$what, $protocol protocol: no client had an error") or diag($$err);
	}
	return;
}

# The tables (ddl), filled (rows), change (of words) there and back: by calls, stopped and taken back behind each phase, by
# script, and under a load.  writes: what the old version writes meanwhile, any number of times; new_writes: what the new one
# does, by the names that it has until the exchange; sums: what must come of it all.
sub there_and_back
{
	my ($what, %it) = @_;
	my $db = database($it{ddl}, $it{rows}, @{ $it{change} });
	my ($rc, $out, $err);

	is($node->safe_psql($db, q{SELECT bool_or(rewrites), bool_or(loses_data), bool_or(scans AND lock = 'ACCESS EXCLUSIVE') FROM sf_steps()}),
		'f|f|f', "$what: nothing is rewritten, lost, or read under a lock");
	my ($start, $files) = (dump_of($db), files($db));
	for my $phase ('expand', 'backfill', 'validate')
	{
		run_ok($db, "CALL sf_upgrade(through => '$phase')", "$what: up through $phase");
		$node->safe_psql($db, $it{writes});
		my $sums = $node->safe_psql($db, $it{sums});
		run_ok($db, 'CALL sf_abort()', "$what: aborted behind $phase, without consent to lose anything");
		is(dump_of($db), $start, "$what: the schema that it began with");
		is($node->safe_psql($db, $it{sums}), $sums, "$what: and all that was written");
		is_clean($db, "$what, aborted behind $phase");
	}
	my @load = $it{load} ? start_load($db, $it{load}) : ();
	up($db);
	my $version = $node->safe_psql($db, 'SELECT revision FROM sf_history()');
	$node->safe_psql($db, $it{writes});
	$node->safe_psql($db, "SET schemaflow.version = '$version'; $it{new_writes}") if $it{new_writes};
	my $sums = $node->safe_psql($db, $it{sums});
	run_ok($db, 'CALL sf_contract()', "$what: contract");
	is($node->safe_psql($db, $it{sums}), $sums, "$what: the values of both") unless @load;
	end_load($what, @load) if @load;
	is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, "$what: the schema is that of the model");
	is(files($db), $files, "$what: no table was rewritten");
	is(dump_of($db), built(changed($it{ddl}, @{ $it{change} })), "$what: and is what an independent database has");
	is_clean($db, $what);
	run_ok($db, q{CALL sf_downgrade('base')}, "$what: down to the gate");
	$node->safe_psql($db, $it{writes});
	$sums = $node->safe_psql($db, $it{sums});
	run_ok($db, 'CALL sf_contract()', "$what: and through it");
	is($node->safe_psql($db, $it{sums}), $sums, "$what, down: its values");
	is(dump_of($db), $start, "$what, down: the schema that it began with");
	is_clean($db, "$what, down");
	$db = database($it{ddl}, $it{rows}, @{ $it{change} });
	$files = files($db);
	($rc, $out, $err) = $node->psql($db, $node->safe_psql($db, 'SELECT sf_script()'));
	is($rc, 0, "$what: by script") or diag($err);
	is(files($db), $files, "$what, by script: no table was rewritten");
	is(dump_of($db), built(changed($it{ddl}, @{ $it{change} })), "$what, by script: what an independent database has");
	is_clean($db, "$what, by script");
	return;
}

1;
