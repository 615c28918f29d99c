# The demo's own run: real SQLModel in five versions, scripts run by psql, down to base and up, rows compared.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $python = "$ENV{SF_ROOT}/build/venv/bin/python";

# Not to have SQLModel is a failure, not a reason to skip: ./run tests gets it from PyPI.
if (!-x $python)
{
	fail('SQLModel is in build/venv (demo/venv makes it)');
	done_testing();
	exit 1;
}

my $node = sf_node('main');
my $demo = "$ENV{SF_ROOT}/demo/demo.py";
my $seen = 0;

local @ENV{ qw(PGHOST PGPORT PYTHONDONTWRITEBYTECODE) } = ($node->host, $node->port, 1);
open my $out, '-|', "$python $demo --tap 2>&1" or die "$demo: $!";
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
		note($line);
	}
}
ok(close($out), 'the demo ends well');
cmp_ok($seen, '>', 40, 'and made its checks');

$node->stop;
done_testing();
