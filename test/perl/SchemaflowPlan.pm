# SchemaflowPlan - tests of kinds: a schema becomes another and goes back, each time with nothing left to do.
#
#	my $node = sf_plan_node();
#	migrates($node, 'a view option', $common, $from, $to, up => [qr/ALTER VIEW/], not_up => [qr/DROP/], down => ...);
#
# With rows => 'SELECT ...' that query has to give the same before, between and after.
#
# All of it happens in one transaction that is rolled back, so cases are cheap and know nothing of each other.
package SchemaflowPlan;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

our @EXPORT = qw(sf_plan_node migrates);

sub sf_plan_node
{
	my $node = sf_node('main');
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $pg_config = $ENV{PG_CONFIG} // 'pg_config';

	system("cp '$ENV{SF_ROOT}'/test/modules/sf_test_plan/* '$dir'") == 0 or die "cannot copy the test module";
	system("make -s -C '$dir' PG_CONFIG='$pg_config' SF_ROOT='$ENV{SF_ROOT}' >'$dir/log' 2>&1") == 0
	  or die "cannot build the test module: " . slurp_file("$dir/log");
	$node->safe_psql('postgres', <<SQL);
LOAD 'schemaflow';
CREATE SCHEMA sf_test;
CREATE FUNCTION sf_test.facts() RETURNS text LANGUAGE c AS '$dir/sf_test_plan', 'sf_test_facts';
CREATE FUNCTION sf_test.plan(text, text) RETURNS text LANGUAGE c STRICT AS '$dir/sf_test_plan', 'sf_test_plan';
CREATE FUNCTION sf_test.run(text) RETURNS void LANGUAGE plpgsql SET check_function_bodies = off
	AS 'BEGIN IF \$1 <> '''' THEN EXECUTE \$1; END IF; END';
SQL
	return $node;
}

sub migrates
{
	my ($node, $name, $common, $from, $to, %want) = @_;
	my $look = $want{rows} // 'SELECT';
	my ($status, $out, $err) = $node->psql('postgres', <<SQL);
\\set ON_ERROR_STOP 1
LOAD 'schemaflow';
BEGIN;
$common; $to;
SELECT sf_test.facts() AS to \\gset
ROLLBACK;
BEGIN;
$common; $from;
$look;
\\echo ==
SELECT sf_test.facts() AS from \\gset
SELECT sf_test.plan(:'from', :'to') AS up, sf_test.plan(:'to', :'from') AS down \\gset
\\echo :up
\\echo ==
SELECT sf_test.run(:'up') IS NULL;
SELECT sf_test.plan(sf_test.facts(), :'to');
\\echo ==
$look;
\\echo ==
\\echo :down
\\echo ==
SELECT sf_test.run(:'down') IS NULL;
SELECT sf_test.plan(sf_test.facts(), :'from');
\\echo ==
$look;
ROLLBACK;
SQL
	my ($rows, $up, $left, $rows_up, $down, $left_down, $rows_down) = split /^==\n/m, "$out\n";

	subtest $name => sub {
		is($status, 0, 'runs up and down') or diag($err, $out);
		is($left // '?', "f\n\n", 'up: nothing left') or diag($up);
		is($left_down // '?', "f\n\n", 'down: nothing left') or diag($down);
		if ($want{rows})
		{
			is($rows_up, $rows, 'up: the rows are there');
			is($rows_down, $rows, 'down: the rows are there');
		}
		like($up // '', $_, 'up') foreach @{ $want{up} // [] };
		unlike($up // '', $_, 'not up') foreach @{ $want{not_up} // [] };
		like($down // '', $_, 'down') foreach @{ $want{down} // [] };
		unlike($down // '', $_, 'not down') foreach @{ $want{not_down} // [] };
	};
}

1;
