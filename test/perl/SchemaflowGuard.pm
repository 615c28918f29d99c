# The guard's rules and their cases, from test/guard/rules.txt.
package SchemaflowGuard;
use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Utils;

our @EXPORT = qw(guard_rules guard_sql);

# -> of { rule, rows => [], script => bool, bad => [], good => [], recipes => [ { how, sql, differs => [] } ], advice }
sub guard_rules
{
	my @rules;

	for (grep { !/^#/ } split /\n/, slurp_file("$ENV{SF_ROOT}/test/guard/rules.txt"))
	{
		next if /^\s*$/;
		if (/^(\w+) (.*)$/)
		{
			my ($rule, @rows) = ($1, split / /, $2);
			my $script = $rows[-1] eq 'script' && pop @rows;

			push @rules, { rule => $rule, rows => \@rows, script => $script, bad => [], good => [], recipes => [] };
		}
		elsif (/^  (bad|good) (.*)$/) { push @{ $rules[-1]{$1} }, $2 }
		elsif (/^  (safe|before) (.*)$/) { push @{ $rules[-1]{recipes} }, { how => $1, sql => $2, differs => [] } }
		elsif (/^    differs (.*)$/) { push @{ $rules[-1]{recipes}[-1]{differs} }, qr/$1/ }
		elsif (/^  advice (.*)$/) { $rules[-1]{advice} = $1 }
		else { die "test/guard/rules.txt: $_\n" }
	}
	return @rules;
}

# What the cases are about: "base" or "recipes".
sub guard_sql
{
	return slurp_file("$ENV{SF_ROOT}/test/guard/$_[0].sql");
}

1;
