# The guard's rules and their cases, from test/guard/rules.txt.
package SchemaflowGuard;
use strict;
use warnings;
use Exporter 'import';
use File::Basename;

our @EXPORT = qw(guard_rules guard_sql guard_page);

sub file_of
{
	my ($name) = @_;

	open my $in, '<', dirname(__FILE__) . "/../guard/$name" or die "test/guard/$name: $!\n";
	local $/;
	return scalar <$in>;
}

# On a server of that major: without cases for rules that are gone by then.
# -> of { rule, rows => [], script => bool, gone => bool, bad => [], good => [], recipes => [ { how, sql, differs => [] } ], advice }
sub guard_rules
{
	my ($major) = @_;
	my (@rules, @gone);

	for (grep { !/^#/ } split /\n/, file_of("rules.txt"))
	{
		next if /^\s*$/;
		if (/^(\w+) (.*)$/)
		{
			my ($rule, @rows) = ($1, split / /, $2);
			my $script = $rows[-1] eq 'script' && pop @rows;
			my $until = $rows[-1] =~ /^until-(\d+)$/ && $1;

			pop @rows if $until;
			push @gone, $rule if $until && $major && $major > $until;
			push @rules, { rule => $rule, rows => \@rows, script => $script, bad => [], good => [], recipes => [] };
		}
		elsif (/^  (bad|good) (.*)$/) { push @{ $rules[-1]{$1} }, $2 }
		elsif (/^  (safe|before) (.*)$/) { push @{ $rules[-1]{recipes} }, { how => $1, sql => $2, differs => [] } }
		elsif (/^    differs (.*)$/) { push @{ $rules[-1]{recipes}[-1]{differs} }, qr/$1/ }
		elsif (/^  advice (.*)$/) { $rules[-1]{advice} = $1 }
		else { die "test/guard/rules.txt: $_\n" }
	}
	for my $rule (@gone)
	{
		my ($it) = grep { $_->{rule} eq $rule } @rules;

		@$it{qw(gone bad good recipes)} = (1, [], [], []);
	}
	return @rules;
}

# The made part of docs/guard_rules.md.  Of each rule: its name, its own level, its summary, as the library has them.
sub guard_page
{
	my %is = map { $_->{rule} => $_ } guard_rules();
	my @lines = ("| rule | what it says | rows | level | flagged | silent | recipe |", '|---|---|---|---|---|---|---|');

	for (@_)
	{
		my ($rule, $level, $about) = @$_;
		my $it = $is{$rule} or next;
		my $recipes = @{ $it->{recipes} };

		push @lines, sprintf '| `%s` | %s | %s | %s | %d | %d | %s |', $rule, $about, join(' ', @{ $it->{rows} }), $it->{script} ? "$level, scripts" : $level,
			scalar @{ $it->{bad} }, scalar @{ $it->{good} }, $recipes ? "run ($recipes)" : $it->{advice};
	}
	return join "\n", @lines;
}

# What the cases are about: "base" or "recipes".
sub guard_sql
{
	return file_of("$_[0].sql");
}

1;
