# The extension is there after a restart, in every session, without a preload; its settings are known and reserved.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main');
my $db = sf_database($node, 'app');

$node->restart;
my ($version) = slurp_file("$ENV{SF_ROOT}/schemaflow.control") =~ /^default_version = '(.*)'$/m;
is($node->safe_psql($db, q(SELECT extversion FROM pg_extension WHERE extname = 'schemaflow')),
	$version, 'installed after a restart');
is($node->safe_psql($db, q(LOAD 'schemaflow'; SHOW schemaflow.worker_wait)), '30s', 'settings have their defaults');

my ($rc, $out, $err) = sf_try($node, $db, q(LOAD 'schemaflow'; SET schemaflow.no_such_setting = 1));
isnt($rc, 0, 'unknown settings of our prefix are refused');
like($err, qr/schemaflow\.no_such_setting/, 'and named');

$node->safe_psql($db, 'DROP EXTENSION schemaflow');
is($node->safe_psql($db, q(SELECT count(*) FROM pg_namespace WHERE nspname = 'schemaflow')), '0', 'drop leaves nothing');

$node->stop;
done_testing();
