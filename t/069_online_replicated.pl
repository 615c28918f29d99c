# A column's type changes on a publisher and on its subscriber, subscriber first in and last out: nothing is lost.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $ddl = 'CREATE TABLE items (id int PRIMARY KEY, v int)';
my %node;
for my $name ('publisher', 'subscriber')
{
	$node{$name} = sf_node($name, init => [ allows_streaming => 'logical' ]);
	sf_database($node{$name}, 'app');
	$node{$name}->safe_psql('app', "ALTER DATABASE app SET schemaflow.online_rows = 100; $ddl");
}
my ($publisher, $subscriber) = @node{ 'publisher', 'subscriber' };
$publisher->safe_psql('app', 'INSERT INTO items SELECT n, n FROM generate_series(1, 2000) n; ANALYZE; CREATE PUBLICATION p FOR TABLE items');
$subscriber->safe_psql('app', sprintf q{CREATE SUBSCRIPTION s CONNECTION $c$%s$c$ PUBLICATION p}, $publisher->connstr('app'));
$subscriber->wait_for_subscription_sync($publisher, 's');
$subscriber->safe_psql('app', 'ANALYZE');

for my $name ('publisher', 'subscriber')
{
	# Publications and subscriptions are as each of them has them.
	my $model = $node{$name}->safe_psql('app', 'SELECT sf_adopt(); SELECT sf_model_ddl()');
	$model =~ s/^\(.*\)$//mg;
	$model =~ s/\bv integer\b/v bigint/ or die $model;
	$node{$name}->safe_psql('app', "SELECT count(*) FROM sf_define(\$model\$$model\$model\$); SELECT count(*) FROM sf_plan_migration('wider')");
}

sub run_ok
{
	my ($node, $call, $name) = @_;
	my ($rc, $out, $err) = sf_try($node, 'app', $call);
	is($rc, 0, $name) or diag($err);
	return;
}

my $writes = 0;
# As both versions write, then the same rows on both sides.
sub write_and_compare
{
	my ($what) = @_;
	$writes++;
	$publisher->safe_psql('app', "UPDATE items SET v = v + 1 WHERE id % 10 = $writes; DELETE FROM items WHERE id = 1000 + $writes;
		INSERT INTO items VALUES (5000 + $writes, $writes)");
	$publisher->safe_psql('app', qq{UPDATE items SET "~schemaflow_v" = 7 WHERE id = 500 + $writes}) if $what =~ /both/;
	$publisher->wait_for_catchup('s');
	my $sum = 'SELECT count(*), sum(v), sum(v::numeric * id) FROM items';
	is($subscriber->safe_psql('app', $sum), $publisher->safe_psql('app', $sum), "$what: the same rows");
	return;
}

write_and_compare('before');
run_ok($subscriber, 'CALL sf_upgrade()', 'the subscriber is ready');
write_and_compare('subscriber ready');
is($subscriber->safe_psql('app', 'SELECT count(*) FROM items WHERE v IS DISTINCT FROM "~schemaflow_v"'), 0, 'what is applied is carried over');
run_ok($publisher, q{CALL sf_upgrade(through => 'expand')}, 'the publisher has the column');
write_and_compare('publisher expanded, both');
run_ok($publisher, 'CALL sf_upgrade()', 'the publisher is ready');
write_and_compare('both ready');
is($subscriber->safe_psql('app', 'SELECT count(*) FROM items WHERE v IS DISTINCT FROM "~schemaflow_v"'), 0, 'both columns are the same there');
run_ok($publisher, 'CALL sf_contract()', 'the publisher ends its old version');
write_and_compare('publisher contracted');
is($subscriber->safe_psql('app', 'SELECT count(*) FROM items WHERE v IS DISTINCT FROM "~schemaflow_v"'), 0, 'and still');
run_ok($subscriber, 'CALL sf_contract()', 'the subscriber follows');
$publisher->safe_psql('app', 'INSERT INTO items VALUES (9000, 5000000000)');
write_and_compare('all done');
is($subscriber->safe_psql('app', 'SELECT v FROM items WHERE id = 9000'), '5000000000', 'with values that were too big before');

$_->stop for $subscriber, $publisher;
done_testing();
