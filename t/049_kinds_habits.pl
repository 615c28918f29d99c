# Schemas as users write them become others and go back: the pairs of test/pairs/*.sql; of PAIR only those whose name has it.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowPlan;
use Test::More;

my $node = sf_plan_node();

foreach my $file (sort glob("$ENV{SF_ROOT}/test/pairs/*.sql"))
{
	my (undef, @pairs) = split /^-- pair /m, slurp_file($file);

	ok(@pairs > 0, "$file has pairs");
	foreach (@pairs)
	{
		my ($name, $from, $to) = /^(.*)\n-- from\n(.*)^-- to\n(.*)/ms or die "not a pair: $_";

		next if index($name, $ENV{PAIR} // '') < 0;
		migrates($node, $name, 'SELECT 1', map { s/;\s*$//r } $from, $to);
	}
}

done_testing();
