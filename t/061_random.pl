# Random pairs of schemas go there and back (test/random); "make random ROUNDS=5000 SEED=1000" does more.
use strict;
use warnings;
use SchemaflowRandom;
use SchemaflowTest;
use Test::More;

my $rounds = $ENV{SF_ROUNDS} || 100;
my $node = sf_node('main', init => [ extra => [ '-E', 'UTF8', '--locale=C' ] ],
	conf => [ 'wal_level = logical', 'fsync = off' ]);
my $random = SchemaflowRandom->new($ENV{SF_ROOT}, 'host=' . $node->host . ' port=' . $node->port);
my %count = (ok => 0, refused => 0, failed => 0);

# The harness sees what it is for: behind the plan's back the goal differs.
my $seen = $random->replay([], ['ALTER TABLE app.team ADD seen int'], "COMMENT ON TABLE app.team IS 'changed'");
is($seen->{outcome}, 'failed', 'a change is seen');
like($seen->{detail}, qr/COMMENT ON TABLE app\.team|comment .*app\.team/, 'and named') or diag explain $seen;

foreach my $seed (1 .. $rounds)
{
	my $r = $random->round($seed);

	$count{ $r->{outcome} }++;
	next if $r->{outcome} ne 'failed';
	fail("seed $seed");
	diag(SchemaflowRandom::told($count{failed} > 3 ? $r : $random->shrunk($r)));
}
cmp_ok($count{ok}, '>=', $rounds * 0.8, 'most went there and back') or diag explain \%count;
is($count{failed}, 0, 'and none failed');
$node->stop;
done_testing();
