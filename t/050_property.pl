# facts(render(facts)) = facts: our rich schemas, what the regress tests build, and some of the corpus; "make property"
# goes over all of it.
use strict;
use warnings;
use SchemaflowTest;
use SchemaflowProperty;
use PostgreSQL::Test::Utils;
use Test::More;

my $sides_of_corpus = $ENV{SF_SIDES} || 50;
my $corpus = $ENV{SF_CORPUS} // "$ENV{SF_ROOT}/../shared/corpus";

my $node = sf_node('main', init => [ extra => [ '-E', 'UTF8', '--locale=C' ] ],
	conf => [ 'wal_level = logical', 'fsync = off' ]);
my $property = SchemaflowProperty->new('host=' . $node->host . ' port=' . $node->port);

sub holds
{
	my ($side) = @_;
	my $r = $property->side($side);

	return ($r, $r->{outcome} eq 'ok' || $r->{outcome} eq 'not modelled' || $r->{outcome} eq 'not loadable');
}

# The harness sees what it is for.
my ($own) = grep { $_->{name} eq 'schemas/tables.sql' } SchemaflowProperty::own($ENV{SF_ROOT}, PostgreSQL::Test::Utils::tempdir());
my $seen = $property->side({ %$own, between => "COMMENT ON COLUMN app.person.mail IS 'changed'; ALTER TABLE app.person ALTER born SET DEFAULT '2001-02-04';" });
is($seen->{outcome}, 'failed', 'a change is seen');
like($seen->{detail}, qr/^comment \| .*mail.* \| drop.*^default \| .*born \| alter/ms, 'and named');
ok($seen->{objects} >= 15, 'in a schema that was read') or diag explain $seen;

foreach my $side (SchemaflowProperty::own($ENV{SF_ROOT}, PostgreSQL::Test::Utils::tempdir()))
{
	my ($r) = holds($side);
	is($r->{outcome}, 'ok', $side->{name}) or diag $r->{detail};
}

SKIP:
{
	skip 'no corpus', 1 unless -d $corpus;
	my (%count, %unknown);

	foreach my $side (SchemaflowProperty::some($sides_of_corpus, SchemaflowProperty::corpus($corpus)))
	{
		my ($r, $ok) = holds($side);
		$count{ $r->{outcome} }++;
		$unknown{$_} = 1 foreach @{ $r->{unknown} };
		ok($ok, $side->{name}) or diag $r->{detail};
	}
	cmp_ok($count{ok} // 0, '>', $sides_of_corpus * 0.8, 'most sides were compared');
	note(join ', ', map { "$count{$_} $_" } sort keys %count);
	note("not modelled yet: $_") foreach sort keys %unknown;
}

$node->stop;
done_testing();
