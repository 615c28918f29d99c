# Logical replication of a whole database while both ends are migrated.  A publication FOR ALL TABLES has our tables, too:
# a subscriber with the extension gets their rows as another database's history; one without needs a publication of schemas.
use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $publisher = sf_node('publisher', init => [ allows_streaming => 'logical' ], conf => ['max_wal_senders = 8']);
my $subscriber = sf_node('subscriber', conf => [ 'max_logical_replication_workers = 8', 'wal_retrieve_retry_interval = 100ms' ]);
my $tables = 'CREATE TABLE orders (id bigserial PRIMARY KEY, item text, note text);
	CREATE TABLE items (id int PRIMARY KEY)';
my $model = q{CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL DEFAULT 'x');
	CREATE TABLE orders (id bigserial PRIMARY KEY, item text NOT NULL, note text, at timestamptz DEFAULT now(), item_id int REFERENCES items (id));
	CREATE INDEX orders_item ON orders (item)};
my $script = "$PostgreSQL::Test::Utils::tmp_check/orders.sql";
append_to_file($script, "INSERT INTO orders (item) VALUES ('i'); UPDATE orders SET note = 'n' WHERE id = (SELECT max(id) FROM orders);\n");

sub counts { return $_[0]->safe_psql($_[1], 'SELECT count(*), count(note), sum(id) FROM orders') }

sub subscription
{
	my ($db, $publication) = @_;
	my $connection = $publisher->connstr($db) =~ s/'/''/gr;

	return "CREATE SUBSCRIPTION of_$db CONNECTION '$connection' PUBLICATION $publication";
}

sub run_ok
{
	my ($node, $db, $call) = @_;
	my ($rc, undef, $err) = sf_try($node, $db, $call);

	is($rc, 0, "$db, " . $node->name . ": $call") or diag($err);
}

# Additions reach the subscriber first, removals the publisher: so every row that is sent fits.
sub migrated_under_load
{
	my ($db) = @_;
	my ($out, $err) = ('', '');

	for ($publisher, $subscriber)
	{
		next if !$_->safe_psql($db, q{SELECT count(*) FROM pg_extension WHERE extname = 'schemaflow'});
		$_->safe_psql($db, "SELECT * FROM sf_define(\$\$$model\$\$); SELECT * FROM sf_plan_migration('more')");
	}
	my $load = IPC::Run::start([ 'pgbench', '-n', '-c', '1', '-R', '50', '-T', '600', '-f', $script, $publisher->connstr($db) ],
		'>', \$out, '2>', \$err, IPC::Run::timeout(300));
	$publisher->poll_query_until($db, 'SELECT count(*) > 10 FROM orders') or die "no load: $err";
	my @both = $subscriber->safe_psql($db, q{SELECT count(*) FROM pg_extension WHERE extname = 'schemaflow'}) ?
		($subscriber, $publisher) : ($publisher);
	$subscriber->safe_psql($db, "ALTER TABLE orders ADD at timestamptz, ADD item_id int") if @both == 1;
	for my $round (1 .. 2)
	{
		run_ok($_, $db, 'CALL sf_upgrade()') for @both;
		run_ok($_, $db, q{CALL sf_downgrade('base', allow => '{data_loss}')}) for reverse @both;
	}
	run_ok($_, $db, 'CALL sf_upgrade()') for @both;
	my $before = $publisher->safe_psql($db, 'SELECT count(*) FROM orders');
	$publisher->poll_query_until($db, "SELECT count(*) > $before + 10 FROM orders") or die 'the load stopped';
	$load->signal('TERM');
	$load->finish;
	unlike($err, qr/ERROR|abort/, "$db: no client of the load had an error") or diag($err);
	$publisher->wait_for_catchup("of_$db");
	is(counts($subscriber, $db), counts($publisher, $db), "$db: every row has arrived");
	is($subscriber->safe_psql($db, 'SELECT sum(apply_error_count + sync_error_count) FROM pg_stat_subscription_stats'), '0',
		"$db: replication never stopped");
	is($_->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), '0', "$db, " . $_->name . ': the model') for @both;
}

# ---- both have the extension
for ($publisher, $subscriber)
{
	$_->safe_psql('postgres', 'CREATE DATABASE whole');
	$_->safe_psql('whole', "CREATE EXTENSION schemaflow; $tables");
}
is($publisher->safe_psql('whole', q{SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class c WHERE relkind = 'r'
		AND relnamespace = 'schemaflow'::regnamespace AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary)}),
	'', 'each table of ours has a key: updates of it can be published');
$publisher->safe_psql('whole', q{SELECT * FROM sf_define('CREATE SCHEMA other'); CREATE PUBLICATION everything FOR ALL TABLES});
$subscriber->safe_psql('whole', subscription('whole', 'everything'));
$subscriber->wait_for_subscription_sync($publisher, 'of_whole', 'whole');
is($subscriber->safe_psql('whole', 'SELECT count(*) FROM sf_model'), '0', "the publisher's model is not the subscriber's");
migrated_under_load('whole');
my $ours = q{SELECT string_agg(message || ' ' || state, ', ') FROM sf_history()};
is($subscriber->safe_psql('whole', $ours), 'more applied', "the subscriber's history is its own");
is($publisher->safe_psql('whole', $ours), 'more applied', "the publisher's, too");
is($subscriber->safe_psql('whole', 'SELECT count(DISTINCT system_identifier) FROM schemaflow.journal'), '2', 'with both in the tables');

# ---- the subscriber has no extension: what sf_doctor() says
for ($publisher, $subscriber)
{
	$_->safe_psql('postgres', 'CREATE DATABASE schemas');
	$_->safe_psql('schemas', $tables);
}
$publisher->safe_psql('schemas', 'CREATE PUBLICATION everything FOR ALL TABLES; CREATE EXTENSION schemaflow');
my ($remedy) = $publisher->safe_psql('schemas', q{SELECT remedy FROM sf_doctor() WHERE problem ~ 'FOR ALL TABLES'});
like($remedy, qr/TABLES IN SCHEMA.*DROP PUBLICATION everything/, 'the doctor says what to publish');
$publisher->safe_psql('schemas', 'CREATE PUBLICATION of_schema FOR TABLES IN SCHEMA public; DROP PUBLICATION everything');
is($publisher->safe_psql('schemas', q{SELECT count(*) FROM sf_doctor() WHERE problem ~ 'FOR ALL TABLES'}), '0', 'and is content');
$subscriber->safe_psql('schemas', subscription('schemas', 'of_schema'));
$subscriber->wait_for_subscription_sync($publisher, 'of_schemas', 'schemas');
migrated_under_load('schemas');

$subscriber->safe_psql($_, "DROP SUBSCRIPTION of_$_") for 'whole', 'schemas';
$_->stop for $publisher, $subscriber;
done_testing();
