# SchemaflowRandom - random pairs of schemas: there and back, told by our own comparison and by pg_dump.
#
#	my $random = SchemaflowRandom->new($root, "host=... port=... user=...");	# a superuser of a throwaway cluster
#	my $r = $random->round($seed);	# { outcome => ok | refused | failed, why, detail, start => [...], goal => [...] }
#	$r = $random->shrunk($r);	# the same failure with as few mutations as possible
#	SchemaflowRandom->new($root, $conninfo, $sql)	# copies of what this makes
#
# Databases sf_a (the start) and sf_b (the goal) are copies of test/random/base.sql, rows included, each with mutations of
# its own as test/random/grammar.sql has them.  The dump of sf_b is recorded in sf_a, planned, run up and down.
# A round is refused when only the rows stand in the way: then sf_a has to be as it was.
# Every other seed plans as for big tables; each of the two ways is ended once at a step by chance then, aborted, and run
# again.
package SchemaflowRandom;

use strict;
use warnings;
use File::Temp ();

my $base = 'sf_base';
my $manage = '-c schemaflow.manage=all -c client_min_messages=error -c statement_timeout=60s';

sub new
{
	my ($class, $root, $conninfo, $sql) = @_;
	my $self = bless { root => $root, conninfo => $conninfo, dir => File::Temp::tempdir(CLEANUP => 1) }, $class;
	my $grammar = slurp("$root/test/random/grammar.sql");

	($self->{views}, my @rules) = split /^-- rule .*\n/m, $grammar;
	$self->{rules} = join ', ', map { quoted($_) } @rules;
	$self->must('postgres', "CREATE DATABASE $base");
	$self->must($base, ($sql // slurp("$root/test/random/base.sql")) . 'CREATE EXTENSION schemaflow');
	return $self;
}

sub round
{
	my ($self, $seed) = @_;
	# A third of the rounds starts at the base itself, a third ends there.
	my @count = ([ 0, 6 ], [ 6, 0 ], [ 4, 4 ])[ $seed % 3 ]->@*;

	$self->{online} = $seed % 2;
	$self->{chance} = $seed * 0.618 - int($seed * 0.618);
	$self->databases;
	my @start = $self->mutate('sf_a', 2 * $seed, $count[0]);
	my @goal = $self->mutate('sf_b', 2 * $seed + 1, $count[1]);
	return { seed => $seed, start => \@start, goal => \@goal, $self->there_and_back };
}

# The same with given statements; those that fail are left out.  Meddle: SQL to run in sf_a behind the upgrade, to prove
# that differences are seen.
sub replay
{
	my ($self, $start, $goal, $meddle) = @_;

	$self->databases;
	$self->psql('sf_a', join ";\n", @$start, '');
	$self->psql('sf_b', join ";\n", @$goal, '');
	return { start => $start, goal => $goal, $self->there_and_back($meddle) };
}

# A pair of schemas as of big tables; chance: below 1, where each way is ended.
sub replay_online
{
	my ($self, $chance, $start, $goal) = @_;

	$self->{online} = 1;
	$self->{chance} = $chance;
	return $self->replay([ $start ], [ $goal ]);
}

sub shrunk
{
	my ($self, $r) = @_;

	foreach my $side (qw(goal start))
	{
		for (my $i = $#{ $r->{$side} }; $i >= 0; $i--)
		{
			my %less = (start => [ @{ $r->{start} } ], goal => [ @{ $r->{goal} } ]);

			splice @{ $less{$side} }, $i, 1;
			my $again = $self->replay(@less{qw(start goal)});
			$r = { %$again, seed => $r->{seed} } if $again->{outcome} eq 'failed' && $again->{why} eq $r->{why};
		}
	}
	return $r;
}

sub told
{
	my ($r) = @_;

	return join '', "seed $r->{seed}: $r->{outcome}, $r->{why}\n", (map { "  start: $_\n" } @{ $r->{start} }),
	  (map { "  goal:  $_\n" } @{ $r->{goal} }), $r->{detail} =~ s/^/    /mgr, "\n";
}

sub databases
{
	my ($self) = @_;

	$self->must('postgres', <<"SQL");
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database WHERE datname IN ('sf_a', 'sf_b') OR datname LIKE 'schemaflow\\_%' \\gexec
CREATE DATABASE sf_a TEMPLATE $base;
CREATE DATABASE sf_b TEMPLATE $base;
SQL
	return;
}

# Mutations, each in a subtransaction of its own; returns those that the server took.
sub mutate
{
	my ($self, $db, $seed, $n) = @_;
	return () unless $n;
	my ($status, $out, $err) = $self->psql($db, <<"SQL");
$self->{views}
CREATE FUNCTION pg_temp.mutate(rules text[], wanted int) RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS \$\$
DECLARE
	made int := 0;
	choices text[];
	s text;
BEGIN
	FOR try IN 1 .. wanted * 12 LOOP
		EXECUTE format('SELECT array_agg(s ORDER BY s COLLATE "C") FROM (%s) q (s)', rules[1 + floor(random() * array_length(rules, 1))]) INTO choices;
		CONTINUE WHEN choices IS NULL;
		s := replace(choices[1 + floor(random() * array_length(choices, 1))], '%NEW', 'n' || made);
		BEGIN
			EXECUTE s;
			SET CONSTRAINTS ALL IMMEDIATE;
		EXCEPTION WHEN OTHERS THEN
			CONTINUE;
		END;
		made := made + 1;
		RETURN NEXT s;
		EXIT WHEN made = wanted;
	END LOOP;
END \$\$;
SELECT setseed($seed % 100003 / 100003.0) IS NULL \\gset ignore_
SELECT regexp_replace(s, '\\s+', ' ', 'g') FROM pg_temp.mutate(ARRAY[$self->{rules}], $n) s;
SQL
	die "no mutations: $err" if $status;
	return split /\n/, $out;
}

sub there_and_back
{
	my ($self, $meddle) = @_;
	my ($start, $goal_text) = map { $self->dump($_) } qw(sf_a sf_b);
	my $goal = normal($goal_text);
	my $restrict = $goal_text =~ s/^\\(un)?restrict .*\n//mgr;
	my $failed = sub { my ($why, $detail) = @_; return (outcome => 'failed', why => $why, detail => $detail) };

	$start = normal($start);
	my ($status, undef, $err) = $self->psql('sf_a', 'SELECT count(*) FROM sf_define(' . quoted($restrict) . ", true);\n"
		. ($self->{online} ? "SET schemaflow.online_rows = 0;\n" : '') . "SELECT count(*) FROM sf_plan_migration('random', true);");
	return $failed->('plan', $err) if $status;
	my @cut = $self->cut('up', 'sf_upgrade(', $start);
	return $failed->(@cut) if @cut;
	($status, $err) = $self->migrate("sf_upgrade(allow => '{data_loss}')");
	if ($status)
	{
		my $now = normal($self->dump('sf_a'));

		return $failed->('half upgraded', $err) if $now ne $start;
		return (outcome => 'refused', why => 'rows', detail => $err) if $err =~ /^ERROR:  (?!22000)2[23]/m;
		return $failed->('upgrade', $err);
	}
	$self->must('sf_a', $meddle) if $meddle;
	my $diff = $self->must('sf_a', "SELECT concat_ws(' | ', kind, object, change, detail) FROM sf_diff()");
	return $failed->('facts differ after the upgrade', $diff) if $diff ne '';
	my $now = normal($self->dump('sf_a'));
	return $failed->('dumps differ after the upgrade', difference($now, $goal)) if $now ne $goal;
	return (outcome => 'ok', why => 'equal', detail => '') if $start eq $goal;

	@cut = $self->cut('down', "sf_downgrade('base', ", $goal);
	return $failed->(@cut) if @cut;
	($status, $err) = $self->migrate("sf_downgrade('base', allow => '{data_loss}')");
	return $failed->('downgrade', $err) if $status;
	$now = normal($self->dump('sf_a'));
	return $failed->('dumps differ after the downgrade', difference($now, $start)) if $now ne $start;
	return (outcome => 'ok', why => '', detail => '');
}

# Online, the way is ended at a step by chance, and what was done of it is undone -> nothing, or why that failed and how.
sub cut
{
	my ($self, $direction, $call, $before) = @_;
	return unless $self->{online};
	my @steps = split /\n/, $self->must('sf_a', "SELECT n FROM sf_steps('head', '$direction') WHERE class <> 'G' ORDER BY n");
	return unless @steps;
	my $n = $steps[ int($self->{chance} * @steps) ];
	my $watcher = fork() // die "fork: $!";

	if (!$watcher)
	{
		local $ENV{PGOPTIONS} = '-c client_min_messages=error';
		exec 'psql', '-XAtq', '-d', "$self->{conninfo} dbname=sf_a", '-c', <<'SQL' or die "psql: $!";
DO $$ BEGIN
	FOR i IN 1 .. 6000 LOOP
		PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ 'stands still' AND datname = current_database();
		EXIT WHEN FOUND;
		PERFORM pg_sleep(0.01);
		COMMIT;	-- an index that is built waits for all transactions
	END LOOP;
END $$
SQL
	}
	$self->psql('sf_a', "SET schemaflow.pause_after_step = $n; CALL ${call}allow => '{data_loss}')");
	$self->psql('sf_a', "SET schemaflow.pause_after_step = $n; CALL sf_contract(allow => '{data_loss}')") if $self->is_ready;
	kill 'TERM', $watcher;
	waitpid $watcher, 0;
	$self->must('sf_a', q{DO $$ BEGIN WHILE EXISTS (SELECT FROM sf_progress) LOOP PERFORM pg_sleep(0.01); COMMIT; END LOOP; END $$});
	return if $self->must('sf_a', q{SELECT count(*) FROM sf_history() WHERE state ~ '^(partly|half)'}) == 0;
	my ($status, undef, $err) = $self->psql('sf_a', "CALL sf_abort(allow => '{data_loss}')");
	return ("abort $direction from step $n", $err) if $status;
	my $now = normal($self->dump('sf_a'));
	return ("dumps differ after the abort $direction from step $n", difference($now, $before)) if $now ne $before;
	return;
}

sub is_ready
{
	my ($self) = @_;

	return $self->must('sf_a', 'SELECT status FROM sf_status') =~ /^ready/;
}

# With all its gates -> (whether it failed, messages)
sub migrate
{
	my ($self, $call) = @_;
	my ($status, undef, $err) = $self->psql('sf_a', "CALL $call");

	($status, undef, $err) = $self->psql('sf_a', "CALL sf_contract(allow => '{data_loss}')") while !$status && $self->is_ready;
	return ($status, $err);
}

# The dump as a set of entries, so that neither their order nor that of columns, options and grants counts.
sub normal
{
	my ($dump) = @_;
	my @entries = split /^--\n-- (?:Name|Data for Name): .*\n--\n/m, $dump;
	my $line = qr/^(?:    \S|ALTER )/;	# of a column, or of its settings behind

	shift @entries;
	foreach (@entries)
	{
		s/^SET default_\w+ = .*\n|^\\(un)?restrict .*\n|^--.*\n|^\n//mg;
		$_ = join '', sort split /^/ if /^(?:GRANT|REVOKE) /;
		next unless /^CREATE (?:\w+ )*(?:TABLE|TYPE) /;
		s/^    (.*?),?$/    $1/mg;
		s{^(WITH \()(.*)(\);?)$}{$1 . join(', ', sort split /, /, $2) . $3}me;
		my @lines = split /\n/;
		my @inside = sort grep { /$line/ } @lines;
		$_ = join "", map { (/$line/ ? shift @inside : $_) . "\n" } @lines;
	}
	return join "--\n", sort grep { /\S/ } @entries;
}

sub difference
{
	my ($is, $should) = map { [ split /^--\n/m ] } @_;
	my %should = map { $_ => 1 } @$should;
	my %is = map { $_ => 1 } @$is;

	return join "\n", (map { "is:     $_" } grep { !$should{$_} } @$is), (map { "should: $_" } grep { !$is{$_} } @$should);
}

sub dump
{
	my ($self, $db) = @_;
	my $text = `pg_dump -s -N schemaflow_archive -d '$self->{conninfo} dbname=$db' 2>&1`;

	die "pg_dump: $text" if $?;
	return $text;
}

sub must
{
	my ($self, $db, $script) = @_;
	my ($status, $out, $err) = $self->psql($db, "\\set ON_ERROR_STOP 1\n$script");

	die "$db: $err" if $status;
	return $out;
}

# -> (whether something failed, output, messages)
sub psql
{
	my ($self, $db, $script) = @_;
	my ($in, $out, $err) = map { "$self->{dir}/$_" } qw(in out err);

	open my $h, '>', $in or die "$in: $!";
	print $h $script;
	close $h;
	local $ENV{PGOPTIONS} = $manage;
	system("psql -XAtq -v VERBOSITY=verbose -d '$self->{conninfo} dbname=$db' <'$in' >'$out' 2>'$err'");
	my $messages = slurp($err) =~ s/^(INFO|LOCATION): .*\n//mgr;
	return ($messages =~ /^(ERROR|FATAL|psql: error)/m ? 1 : 0, slurp($out), $messages);
}

sub quoted
{
	my ($text) = @_;

	return "E'" . $text =~ s/\\/\\\\/gr =~ s/'/''/gr . "'";
}

sub slurp
{
	my ($file) = @_;

	open my $h, '<', $file or die "$file: $!";
	local $/ = undef;
	return <$h> // '';
}

1;
