# The demo of the four phases: an old and a new application write all along, nothing is lost, no client has an error.
use strict;
use warnings;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main');
my $demo = "$ENV{SF_ROOT}/demo/phases.py";
my $seen = 0;

local @ENV{ qw(PGHOST PGPORT PYTHONDONTWRITEBYTECODE PAUSE ROWS) } = ($node->host, $node->port, 1, 1, 20000);
open my $out, '-|', "python3 $demo --tap 2>&1" or die "$demo: $!";
while (my $line = <$out>)
{
	chomp $line;
	if (my ($not, $what) = $line =~ /^(not )?ok \d+ - (.*)/)
	{
		ok(!$not, $what);
		$seen++;
	}
	else
	{
		cmp_ok(length($line), '<=', 102, 'not too wide') if length($line) > 102;
		note($line);
	}
}
ok(close($out), 'the demo ends well');
is($seen, 6, 'and made its checks');

$node->stop;
done_testing();
