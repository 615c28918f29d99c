# The pairs of test/pairs/online.sql go there and back as if all tables were big, by a run that is ended at a step on each way, taken
# back and done again; with FILES=test/pairs/*.sql those of other files, of PAIR only those whose name has it.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowRandom;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main', init => [ extra => [ '-E', 'UTF8', '--locale=C' ] ], conf => [ 'wal_level = logical', 'fsync = off' ]);
my $random = SchemaflowRandom->new($ENV{SF_ROOT}, 'host=' . $node->host . ' port=' . $node->port, 'SELECT 1;');

foreach my $file (map { glob } $ENV{FILES} // "$ENV{SF_ROOT}/test/pairs/online.sql")
{
	my (undef, @pairs) = split /^-- pair /m, slurp_file($file);

	ok(@pairs > 0, "$file has pairs");
	foreach (@pairs)
	{
		my ($name, $from, $to) = /^(.*)\n-- from\n(.*)^-- to\n(.*)/ms or die "not a pair: $_";

		next if index($name, $ENV{PAIR} // '') < 0;
		foreach my $chance ($ENV{FILES} ? rand : (0.1, 0.5, 0.9))
		{
			my $r = $random->replay_online($chance, $from, $to);

			is($r->{outcome}, 'ok', "$name, ended after $chance of the steps") or diag("$r->{why}: $r->{detail}");
		}
	}
}

$node->stop;
done_testing();
