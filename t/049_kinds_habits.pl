# Schemas as users of frameworks write them become others and go back: the pairs of test/pairs.sql.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowPlan;
use Test::More;

my $node = sf_plan_node();
my (undef, @pairs) = split /^-- pair /m, slurp_file("$ENV{SF_ROOT}/test/pairs.sql");

foreach (@pairs)
{
	my ($name, $from, $to) = /^(.*)\n-- from\n(.*)^-- to\n(.*)/ms or die "not a pair: $_";

	migrates($node, $name, 'SELECT 1', map { s/;\s*$//r } $from, $to);
}
ok(@pairs == 40, 'all were read');

done_testing();
