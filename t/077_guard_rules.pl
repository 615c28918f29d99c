# Every rule (test/guard/rules.txt): statements that it is about, near misses, and the rows of the catalogue of unsafe
# DDL that it covers; none is forgotten.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use PostgreSQL::Test::Utils;
use SchemaflowGuard;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main');
my $db = sf_database($node, 'rules');
my @rules = guard_rules($node->pg_version->major);

$node->psql($db, guard_sql('base'), on_error_stop => 0);
# Opinions that are off by themselves.
$node->safe_psql($db, q{SELECT sf_guard_set(rule, 'warn') FROM sf_guard_rules WHERE level = 'off'});

# -> rule => 1 for what sf_lint() says of the text
sub said
{
	my ($sql) = @_;

	return map { $_ => 1 } split /\n/, $node->safe_psql($db, "SELECT DISTINCT rule FROM sf_lint(\$sql\$$sql\$sql\$)");
}

for my $it (@rules)
{
	next if $it->{rule} eq 'none' || $it->{gone};
	for (@{ $it->{bad} }) { my %said = said($_); ok($said{ $it->{rule} }, "$it->{rule} speaks: $_") or diag(join ' ', sort keys %said) }
	for (@{ $it->{good} })
	{
		my %said = said($_);

		ok(!$said{ $it->{rule} }, "$it->{rule} is silent: $_");
		ok(!$said{syntax_error}, 'and it is SQL');
	}
	ok(@{ $it->{bad} } > 0 && @{ $it->{good} } > 0, "$it->{rule} has both");
	ok(@{ $it->{recipes} } > 0 || $it->{advice}, "$it->{rule} has a recipe that runs, or it says why not");
}

# On a table that the same script makes none of them is a hazard, but for two that are not about the table.
my $n = 0;
for my $it (grep { !$_->{script} && $_->{rule} !~ /^(?:cic_in_tx|view_replace)$/ } @rules)
{
	for (grep { /\bfull_t\b/ && !/\bfull_(?!t\b)/ } @{ $it->{bad} })
	{
		my %said = said('CREATE TABLE fresh (LIKE full_t INCLUDING ALL); ' . s/\bfull_t\b/fresh/gr);

		ok(!$said{ $it->{rule} }, "$it->{rule} is silent on a new table: $_");
		$n++;
	}
}
cmp_ok($n, '>', 40, "many of them: $n");

my %count = (C => 23, K => 16, I => 13, P => 4, T => 3, F => 3, R => 2, X => 9);
my %rows = map { $_ => 1 } map { @{ $_->{rows} } } @rules;
is(join(' ', grep { !$rows{$_} } map { my $part = $_; map { "$part$_" } 1 .. $count{$part} } sort keys %count), '', 'no row of the catalogue is forgotten');
is(scalar(keys %rows), 73, 'there are 73');

# From 18 on a partitioned table's foreign key may be NOT VALID.
my %has = map { $_->{rule} => 1 } @rules;
is(join(' ', grep { !$has{$_} } split /\n/, $node->safe_psql($db, 'SELECT rule FROM sf_guard_rules')), '', 'no rule is forgotten');

my ($made) = slurp_file("$ENV{SF_ROOT}/docs/guard_rules.md") =~ /^<!-- made -->\n(.*?)\n<!-- end -->$/ms;
is($made, guard_page(map { [ split /\|/, $_, 3 ] } split /\n/, $node->safe_psql($db, 'SELECT rule, by_default, about FROM sf_guard_rules')),
	'docs/guard_rules.md is up to date (make kinds)');

# What is advised would not be refused itself.
for my $it (@rules)
{
	my ($sql) = @{ $it->{bad} };

	next unless $sql;
	is($node->safe_psql($db, qq{SELECT l.rule, f.recipe FROM sf_lint(\$sql\$$sql\$sql\$) f, sf_lint('SET lock_timeout = 1000; ' || f.recipe) l
		WHERE f.rule = '$it->{rule}' AND strpos(f.recipe, '...') = 0 AND strpos(f.recipe, 'sf_allow') = 0 AND l.level = 'enforce'}),
		'', "the recipe of $it->{rule} breaks no rule");
}
$node->stop;
done_testing();
