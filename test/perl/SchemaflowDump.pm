# SchemaflowDump - what pg_dump says differently of two databases, in the order of neither.
#
# An oracle that knows nothing of schemaflow.  The dump is a list of entries, each a head (name, type, schema, owner) and
# a text.  Columns, options and grants within an entry are sorted; schemaflow's own objects are left out.
package SchemaflowDump;

use strict;
use warnings;

# -> { entry => how often }
sub entries
{
	my ($db) = @_;
	my $dump = `pg_dump -s -N schemaflow -d $db`;
	my %entries;

	die "pg_dump of $db failed\n" if $? != 0;
	foreach my $block (split /\n(?=--\n-- Name: )/, $dump)
	{
		my ($head, $text) = $block =~ /^--\n-- Name: (.*)\n--\n(.*)\z/s or next;

		next if $head =~ /^EXTENSION schemaflow;|^schemaflow; Type: EXTENSION/;
		$entries{"$head\n" . normal($head, $text)}++;
	}
	return \%entries;
}

sub normal
{
	my ($head, $text) = @_;

	# What pg_dump sets for the entries that follow, and the end.
	$text =~ s/^(SET default_\w+ = .*;|\\unrestrict .*|--.*)$//mg;
	$text =~ s/ \(\n(.*?)\n\)/" (\n" . sorted(",\n", $1) . "\n)"/se if $head =~ /; Type: (FOREIGN )?(TABLE|TYPE);/;
	$text =~ s/^(WITH \()(.*)\)/$1 . sorted(', ', $2) . ')'/mge;
	$text = join "\n", sort split /\n/, $text if $head =~ /; Type: (DEFAULT )?ACL;/;
	$text =~ s/\n{2,}/\n/g;
	$text =~ s/^\s+|\s+$//g;
	return $text;
}

sub sorted
{
	my ($separator, $list) = @_;

	return join $separator, sort split /\Q$separator\E/, $list;
}

# -> how many entries the first has, and those that the other has not, or has besides
sub compare
{
	my ($one, $other) = map { entries($_) } @_;
	my $count = 0;
	my @different;

	$count += $_ foreach values %$one;
	foreach my $entry (sort keys %{ { %$one, %$other } })
	{
		my $n = ($one->{$entry} // 0) - ($other->{$entry} // 0);
		push @different, $entry . ($n > 0 ? "\n\t-- is missing" : "\n\t-- is too much") if $n;
	}
	return ($count, @different);
}

1;
