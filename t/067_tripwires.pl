# The trigger that keeps both versions in step is dropped, disabled or made anew by somebody: it is put back, and what was
# written meanwhile is found and repaired before the gate; or named. Also: rows are compared before the gate at all.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('wires');
my $n = 0;

# A big table with a column that becomes another one (v int -> bigint), or gets one more (@up).
sub database
{
	my ($model, $ddl) = @_;
	my $db = sf_database($node, 'app' . ++$n);
	$ddl //= 'CREATE TABLE items (id int PRIMARY KEY, v int, other int)';
	$node->safe_psql($db, "ALTER DATABASE $db SET schemaflow.online_rows = 100; ALTER DATABASE $db SET schemaflow.batch_time = 5;
		$ddl; INSERT INTO items SELECT n, n, 0 FROM generate_series(1, 3000) n; ANALYZE items");
	$node->safe_psql($db, "SELECT count(*) FROM sf_define(\$model\$$model\$model\$); SELECT count(*) FROM sf_plan_migration('change')");
	return $db;
}

sub run_ok
{
	my ($db, $call, $name) = @_;
	my ($rc, $out, $err) = sf_try($node, $db, $call);
	is($rc, 0, $name) or diag($err);
	return $err;
}

sub trigger
{
	my ($db) = @_;
	return $node->safe_psql($db, q{SELECT string_agg(DISTINCT quote_ident(tgname) || ' ' || tgenabled::text, ',') FROM pg_trigger WHERE tgname LIKE '~schemaflow%'});
}

my $wider = 'CREATE TABLE items (id int PRIMARY KEY, v bigint, other int)';
my $one_more = "CREATE TABLE items (id int PRIMARY KEY, v int, other int, twice int -- \@up v * 2\n)";
my %off = (
	dropped => 'DROP TRIGGER "~schemaflow-v" ON items',
	disabled => 'ALTER TABLE items DISABLE TRIGGER "~schemaflow-v"',
	'of replicas only' => 'ALTER TABLE items ENABLE REPLICA TRIGGER "~schemaflow-v"',
);

# ---- before the gate, at each place ----

for my $how (sort keys %off)
{
	for my $through ('expand', 'backfill', 'validate')
	{
		my $db = database($wider);
		run_ok($db, "CALL sf_upgrade(through => '$through')", "$how behind $through");
		$node->safe_psql($db, "$off{$how}; UPDATE items SET v = -v WHERE id <= 50; INSERT INTO items VALUES (5000, 7, 0)");
		my $err = run_ok($db, 'CALL sf_upgrade()', 'goes on');
		like($err, qr/trigger "~schemaflow-v" of items was (dropped|disabled), it is put back/, 'it says so');
		like($err, qr/public\.items: \d+ rows said one thing to the old version and another to the new, they are repaired/, 'and what it repaired')
			if $through ne 'expand';
		is(trigger($db), '"~schemaflow-v" A', 'it is there');
		is($node->safe_psql($db, 'SELECT count(*) FROM items WHERE v IS DISTINCT FROM "~schemaflow_v"'), 0, 'every row');
		run_ok($db, 'CALL sf_contract()', 'contract');
		is($node->safe_psql($db, 'SELECT count(*), sum(v) FROM items'), '3001|' . (3000 * 3001 / 2 - 50 * 51 + 7), 'with what the old version wrote');
	}
}

# ---- it was missing for a time, and is back as it was: seen all the same ----

my $db = database($wider);
run_ok($db, 'CALL sf_upgrade()', 'ready');
$node->safe_psql($db, q{ALTER TABLE items DISABLE TRIGGER "~schemaflow-v"; UPDATE items SET v = -v WHERE id <= 50;
	ALTER TABLE items ENABLE ALWAYS TRIGGER "~schemaflow-v"});
like(run_ok($db, 'CALL sf_contract()', 'contract'), qr/50 rows said one thing to the old version and another to the new, they are repaired/, 'found');
is($node->safe_psql($db, 'SELECT sum(v) FROM items'), 3000 * 3001 / 2 - 50 * 51, 'what the old version wrote counts');

# ---- rows that are proved are not read again ----

$db = database($wider);
run_ok($db, 'CALL sf_upgrade()', 'ready');
my $before = $node->safe_psql($db, 'SELECT sum(next_block) || max(changed_at::text) FROM schemaflow.backfill');
run_ok($db, 'CALL sf_upgrade()', 'still ready');
is($node->safe_psql($db, 'SELECT sum(next_block) || max(changed_at::text) FROM schemaflow.backfill'), $before, 'nothing was read');
$node->safe_psql($db, 'VACUUM FULL items');
run_ok($db, 'CALL sf_upgrade()', 'after VACUUM FULL');
isnt($node->safe_psql($db, 'SELECT sum(next_block) || max(changed_at::text) FROM schemaflow.backfill'), $before, 'it verifies again');
run_ok($db, 'CALL sf_contract()', 'contract');
is($node->safe_psql($db, 'SELECT count(*) FROM schemaflow.backfill'), 0, 'nothing is left of it');

# ---- between the gate and the transaction that drops it ----

$db = database($wider);
run_ok($db, 'CALL sf_upgrade()', 'ready');
my $gate = $node->safe_psql($db, q{SELECT n FROM sf_steps() WHERE class = 'G' AND sql LIKE '%sf_gate%' LIMIT 1});
my $session = $node->background_psql($db, on_error_stop => 0);
$session->query_until(qr/started/, "\\echo started\nSET schemaflow.pause_after_step = $gate;\nCALL sf_contract();\n\\echo ended\n");
$node->poll_query_until($db, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name LIKE '%stands still'});
kill 'TERM', $node->safe_psql($db, q{SELECT pid FROM pg_stat_activity WHERE application_name LIKE '%stands still'});
$session->query_until(qr/ended/, '');
$session->quit;
$node->safe_psql($db, "$off{dropped}; UPDATE items SET v = 1 WHERE id = 9");
run_ok($db, 'CALL sf_contract()', 'contract behind a gate that was stopped');
is($node->safe_psql($db, 'SELECT v FROM items WHERE id = 9'), 1, 'repaired before');

# ---- a column that nothing goes back from: the new version's own values stay ----

$db = database($one_more);
run_ok($db, q{CALL sf_upgrade(through => 'validate')}, 'filled');
$node->safe_psql($db, q{UPDATE items SET twice = 1 WHERE id = 5});
my $err = run_ok($db, 'CALL sf_upgrade()', 'ready');
unlike($err, qr/WARNING|repaired/, 'nothing was wrong');
is($node->safe_psql($db, 'SELECT twice FROM items WHERE id = 5'), 1, 'a value of its own stays');
$node->safe_psql($db, q{DROP TRIGGER "~schemaflow_twice" ON items; UPDATE items SET v = 0 WHERE id = 6; INSERT INTO items VALUES (5000, 7, 0)});
$err = run_ok($db, 'CALL sf_contract()', 'contract, after the trigger was missing');
like($err, qr/WARNING:\s+\w+: public\.items: 2 rows have values that others of the row do not give\n/, 'what differs is told');
is($node->safe_psql($db, q{SELECT string_agg(id || ' ' || coalesce(twice::text, '-'), ', ' ORDER BY id) FROM items WHERE id IN (5, 6, 5000)}),
	'5 1, 6 12, 5000 14', 'what is missing is filled, nothing is overwritten');

$db = database($one_more);
run_ok($db, q{CALL sf_upgrade(through => 'backfill')}, 'filled');
$node->safe_psql($db, q{ALTER TABLE items DISABLE TRIGGER "~schemaflow_twice"; UPDATE items SET v = 0 WHERE id = 6});
run_ok($db, 'CALL sf_upgrade()', 'missing before anybody had values of his own');
is($node->safe_psql($db, 'SELECT count(*) FROM items WHERE twice IS DISTINCT FROM v * 2'), 0, 'repaired');

# ---- an expression that is not what it says ----

$db = sf_database($node, 'liar');
$node->safe_psql($db, q{ALTER DATABASE liar SET schemaflow.online_rows = 100;
	CREATE FUNCTION f(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (random() * 1e9)::int; END';
	CREATE TABLE items (id int PRIMARY KEY, v int); INSERT INTO items SELECT n, n FROM generate_series(1, 300) n; ANALYZE items});
my $model = $node->safe_psql($db, 'SELECT sf_adopt(); SELECT sf_model_ddl()');
$model =~ s/^\(.*\)$//mg;
$model =~ s/\bv integer\b/v bigint/;
$node->safe_psql($db, "SELECT count(*) FROM sf_define(\$model\$$model\$model\$);
	SELECT sf_transform('public.items.v', up => 'f(v)', down => 'f(v::int)'); SELECT count(*) FROM sf_plan_migration('change')");
my ($rc, $out);
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/22000: rows of public\.items contradict .*\nDETAIL:  They are \d+ where "~schemaflow_v" = \(f\(v\)\), as ctid "\(\d+,\d+\)".* says that it is immutable/,
	'rows are named');
is(trigger($db), '', 'and the migration is taken back');

# ---- partitions, of which each can have it disabled ----

my $parts = 'CREATE TABLE items_1 PARTITION OF items FOR VALUES FROM (MINVALUE) TO (1000); CREATE TABLE items_2 PARTITION OF items FOR VALUES FROM (1000) TO (MAXVALUE)';
$db = database("CREATE TABLE items (id int, v int, other int, twice int -- \@up v * 2\n) PARTITION BY RANGE (id); $parts",
	"CREATE TABLE items (id int, v int, other int) PARTITION BY RANGE (id); $parts");
run_ok($db, q{CALL sf_upgrade(through => 'backfill')}, 'partitions');
$node->safe_psql($db, q{ALTER TABLE items_2 DISABLE TRIGGER "~schemaflow_twice"; UPDATE items SET v = 0 WHERE id IN (5, 1500)});
like(run_ok($db, 'CALL sf_upgrade()', 'ready'), qr/items was disabled, .*items_2: 1 rows said one thing/s, 'the one in it');
is($node->safe_psql($db, 'SELECT count(*) FROM items WHERE twice IS DISTINCT FROM v * 2'), 0, 'repaired');

$node->stop;
done_testing();
