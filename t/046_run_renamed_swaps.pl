# sf_abort() where names have changed places: tables, columns and constraints get their own back from each step, up and
# down; a name that another sort of thing has taken is given back when that is gone.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main');
my $facts = q{SELECT string_agg(concat_ws('|', kind, name, attribute, value), E'\n' ORDER BY kind, name, attribute) FROM sf_facts() WHERE attribute <> 'position'};

# The rows tell which table is which, whatever it is called.
sub state_of
{
	my ($db) = @_;

	return join "\n", $node->safe_psql($db, $facts),
		map { $node->safe_psql($db, "SELECT json_agg(t ORDER BY id) FROM (SELECT * FROM $_) t") } 'a', 'b';
}

sub half_done { return $node->safe_psql($_[0], q{SELECT state FROM sf_history()}) =~ /^(?:partly|half)/ }

my $db = sf_database($node, 'app');

$node->safe_psql($db, q{
	CREATE TABLE a (id int PRIMARY KEY, x int, y int, z int); CREATE TABLE b (id int PRIMARY KEY, z int);
	INSERT INTO a SELECT g, g, -g, g FROM generate_series(1, 3) g; INSERT INTO b SELECT g, 100 * g FROM generate_series(1, 2) g;
	ALTER DATABASE app SET schemaflow.online_rows = 0});
$node->safe_psql($db, q{SELECT sf_define($$
	CREATE TABLE b ( -- @renamed from=a
		id int PRIMARY KEY,
		y int, -- @renamed from=x
		x int, -- @renamed from=y
		z bigint);
	CREATE TABLE a ( -- @renamed from=b
		id int PRIMARY KEY, z bigint)$$);
	SELECT sf_plan_migration('changes places')});
my $start = state_of($db);

for my $direction ('up', 'down')
{
	my $call = $direction eq 'up' ? 'CALL sf_upgrade()' : q{CALL sf_downgrade('base')};
	my ($steps, $gate) = split /\|/, $node->safe_psql($db, "SELECT count(*), max(n) FILTER (WHERE sql ~ 'sf_gate') FROM sf_steps('head', '$direction')");
	my $aborted = 0;

	for my $n (grep { $_ != $gate } 1 .. $steps)
	{
		$node->safe_psql($db, $call) if $n > $gate;
		sf_end_at($node, $db, $n > $gate ? 'CALL sf_contract()' : $call, $n);
		next if !half_done($db);
		my ($rc, undef, $err) = sf_try($node, $db, 'CALL sf_abort()');
		is($rc, 0, "$direction, step $n: sf_abort() loses nothing") or diag($err);
		is(state_of($db), $start, "$direction, step $n: as it was");
		$aborted++;
	}
	cmp_ok($aborted, '>=', 10, "$direction: it was half done at many steps");
	$node->safe_psql($db, $call);
	$node->safe_psql($db, 'CALL sf_contract()');
	$start = state_of($db);
}

# ---- the index has another name, and a view has the one that it had
$db = sf_database($node, 'taken');
$node->safe_psql($db, q{
	CREATE TABLE t (id int PRIMARY KEY, v int); CREATE INDEX taken ON t (v); CREATE TABLE gone (id int);
	SELECT sf_define($$CREATE TABLE t (id int PRIMARY KEY, v int); CREATE INDEX t_v ON t (v); CREATE VIEW taken AS SELECT 1 AS one$$,
		allow_shrink => true);
	SET schemaflow.online_rows = 0;
	SELECT sf_plan_migration('a view takes the name', allow_shrink => true)});
$start = $node->safe_psql($db, $facts);
$node->safe_psql($db, q{CALL sf_upgrade(allow => '{data_loss}')});
is($node->safe_psql($db, q{SELECT relkind FROM pg_class WHERE relname IN ('t_v', 'taken') ORDER BY relname}), "i\nv", 'at the gate both have their new names');
my ($rc, undef, $err) = sf_try($node, $db, 'CALL sf_abort()');
is($rc, 0, 'and sf_abort() gives the name back behind the view') or diag($err);
is($node->safe_psql($db, $facts), $start, 'as it was');
$node->stop;
done_testing();
