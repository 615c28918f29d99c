# What a rule advises instead of a statement runs as it stands, where the statement is refused; no step of it holds a
# strong lock on a table while it reads or writes all of it; and it leads to the same schema.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowDump;
use SchemaflowGuard;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main', conf => [ "session_preload_libraries = 'schemaflow'" ]);
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
my $strong = qr/^(SHARE|SHARE ROW EXCLUSIVE|EXCLUSIVE|ACCESS EXCLUSIVE)$/;

$node->psql(sf_database($node, 'base'), guard_sql('recipes'), on_error_stop => 0);

sub statements
{
	my ($recipe) = @_;

	$recipe =~ s/^-- now the statement; then:$/THE STATEMENT;/m;
	$recipe =~ s/^--.*\n?//mg;
	# Lines of one statement, or of one transaction, begin with blanks.
	return split /\n(?=\S)/, $recipe =~ s/\s+\z//r;
}

# -> what holds a strong lock while it works through a relation
sub traced
{
	my ($db, $sql) = @_;
	my @bad;

	return () if $sql =~ /CONCURRENTLY|sf_allow|^VACUUM/;
	# What follows runs in one transaction.
	$sql =~ s/\b(BEGIN|COMMIT);//g;
	for (split /\n/, $node->safe_psql($db, "SELECT relation, lock, work FROM sf_trace(\$sql\$$sql\$sql\$) WHERE work LIKE '%rewrite%' OR rows_read > 0"))
	{
		my ($relation, $lock, $work) = split /\|/;

		push @bad, "$relation: $work under $lock" if $lock =~ $strong;
	}
	return @bad;
}

my $n = 0;
for my $rule (guard_rules($node->pg_version->major))
{
	for my $case (@{ $rule->{recipes} })
	{
		run_case($rule->{rule}, $case->{how}, $case->{sql}, @{ $case->{differs} });
	}
}

sub run_case
{
	my ($rule, $how, $sql, @differs) = @_;
	my ($by_statement, $by_recipe) = map { $_ . ++$n } qw(statement recipe);
	my ($rc, $out, $err);

	subtest "$rule: $sql" => sub {
		$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE base") foreach $by_statement, $by_recipe;
		# Some rules speak of a lock_timeout that is not there, some of one that is.
		my ($level, $recipe) = split /\|/, $node->safe_psql($by_recipe, qq{SELECT level, recipe
			FROM unnest(ARRAY['', 'SET lock_timeout = 1000; ']) p, sf_lint(p || \$sql\$$sql\$sql\$) WHERE rule = '$rule' LIMIT 1}), 2;

		ok($recipe, 'there is a recipe') or return;
		unlike($recipe, qr/\.\.\./, 'it is complete');
		if ($level eq 'enforce' && $sql !~ /^DELETE/)
		{
			($rc, $out, $err) = sf_try($node, $by_recipe, $sql);
			like($err, qr/$rule/, 'the statement is refused');
		}
		# Each as a session of its own would, with the guard looking on.
		my @done = ("SET client_min_messages = error; SET lock_timeout = '2s'");
		for my $one (statements($recipe), $how eq 'before' ? $sql : ())
		{
			$one = $sql if $one eq 'THE STATEMENT;';
			is(join(', ', traced($by_recipe, $one)), '', "no strong lock while it works: $one");
			push @done, $one if $one =~ /^SELECT sf_allow|^SET [^;]*;$/;
			($rc, $out, $err) = sf_try($node, $by_recipe, join(";\n", @done, $one =~ /^SELECT sf_allow/ ? () : $one));
			is($rc, 0, "runs: $one") or diag($err);
		}
		# What is not proved yet is proved in the end.
		$sql =~ s/ NOT VALID$// if $how eq 'safe';
		$node->safe_psql($by_statement, "SET schemaflow.guard = off; $sql");
		my ($entries, @different) = SchemaflowDump::compare($by_statement, $by_recipe);
		for my $pattern (@differs)
		{
			ok((grep { $_ =~ $pattern } @different) > 0, "another schema, as it says: $pattern");
			@different = grep { $_ !~ $pattern } @different;
		}
		is(join("\n\n", @different), '', 'the same schema in the end');
	};
	$node->safe_psql('postgres', "DROP DATABASE $_") foreach $by_statement, $by_recipe;
}

cmp_ok($n, '>', 40, 'many of them');
$node->stop;
done_testing();
