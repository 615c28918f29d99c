# docs/kinds.md says what the library does, and forgets no catalog.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('docs');
my $db = sf_database($node, 'docs');
my $page = slurp_file("$ENV{SF_ROOT}/docs/kinds.md");

my ($made) = $page =~ /^<!-- made -->\n(.*?)\n<!-- end -->$/ms;
is($made, $node->safe_psql($db, slurp_file("$ENV{SF_ROOT}/test/kinds.sql")), 'the made part is up to date (make kinds)');

my $kinds = $node->safe_psql($db, 'SELECT DISTINCT kind FROM sf_kinds() ORDER BY 1');
is(join(', ', grep { $made !~ /^\| \Q$_\E \|/m } split /\n/, $kinds), '', 'every kind is on the page');

# Risks that are never looked up: of no kind, or of an attribute that the kind does not have.  A change of owner or
# comment is looked up by the kind of the object.
is($node->safe_psql($db, q{
	SELECT r.kind, r.attribute FROM sf_risk_table() r
	WHERE r.kind NOT IN ('constraint', 'type', 'rows') AND NOT EXISTS (
		SELECT FROM sf_kinds() k
		WHERE CASE WHEN r.kind IN ('owner', 'comment') THEN k.kind = r.attribute
			ELSE k.kind = r.kind AND (r.attribute IS NULL OR k.attribute = r.attribute) END)}),
	'', 'every entry of the risk table is of a kind and attribute that exist');

# A catalog is read by a kind, or the page says why not.  The queries of owner, grant and comment name catalogs of objects
# that others have to read.
my $queries = join '', map { slurp_file($_) } grep { !m{/(?:owner|grant|comment)\.sql$} } glob "$ENV{SF_ROOT}/src/kinds/*.sql";
my ($exceptions) = $page =~ /^## What is not modelled\n(.*)/ms;
my @catalogs = split /\n/, $node->safe_psql($db,
	q{SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' ORDER BY 1});
cmp_ok(scalar @catalogs, '>', 50, 'there are catalogs');
is(join(', ', grep { $queries !~ /\b$_\b/ && $exceptions !~ /`$_`/ } @catalogs), '', 'no catalog is forgotten');

done_testing();
