# sf_lint_sarif() gives what SARIF 2.1.0 demands, and sf_lint_json() the rows of sf_lint().
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use JSON::PP;
use SchemaflowGuard;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main');
my $db = sf_database($node, 'app');
my $json = JSON::PP->new->utf8;

# Findings of all sorts, with a comment that does not count and a command of psql's.
my $script = qq{-- squawk-ignore nonsense\n\\timing\nSET lock_timeout = 1;\n/* \xc3\xa4 "\\ */\tALTER TABLE full_t ALTER a TYPE bigint;\nDROP TABLE other;\n}
	. qq{CREATE TABLE x (a varchar(3), "\xc3\xa9 \\" json);};

$node->psql($db, guard_sql('base'), on_error_stop => 0);

sub lint
{
	my ($function, @args) = @_;

	return $node->safe_psql($db, "SELECT $function(" . join(', ', map { "\$q\$$_\$q\$" } @args) . ')');
}

# SARIF's own words for these members: where one is an object, an array, or one of some strings.
my %shapes = (
	'' => [ { version => qr/^2\.1\.0$/, '$schema' => qr/^https:/, runs => 'ARRAY' } ],
	run => [ { tool => 'HASH', results => 'ARRAY', columnKind => qr/^(utf16CodeUnits|unicodeCodePoints)$/ } ],
	driver => [ { name => qr/^schemaflow$/, semanticVersion => qr/^\d+\.\d+\.\d+/, rules => 'ARRAY' } ],
	rule => [ { id => qr/^\w+$/, shortDescription => 'HASH', defaultConfiguration => 'HASH' } ],
	configuration => [ { level => qr/^(none|note|warning|error)$/ } ],
	text => [ { text => qr/./ } ],
	result => [ { ruleId => qr/^\w+$/, ruleIndex => qr/^\d+$/, level => qr/^(none|note|warning|error)$/, message => 'HASH', locations => 'ARRAY' } ],
	location => [ { physicalLocation => 'HASH' } ],
	physical => [ { artifactLocation => 'HASH', region => 'HASH' } ],
	artifact => [ { uri => qr{^[-A-Za-z0-9._~/%]+$} } ],
	region => [ { startLine => qr/^[1-9]\d*$/, startColumn => qr/^[1-9]\d*$/ } ]);
my @wrong;

sub has_shape
{
	my ($what, $object) = @_;
	my %members = %{ $shapes{$what}[0] };

	return push @wrong, "$what is no object" unless ref $object eq 'HASH';
	for my $name (sort keys %members)
	{
		my ($value, $shape) = ($object->{$name}, $members{$name});

		push @wrong, "$what.$name" unless ref $shape ? defined $value && !ref $value && $value =~ $shape : ref $value eq $shape;
	}
	push @wrong, map { "$what.$_ is not of SARIF as we write it" } grep { !exists $members{$_} } sort keys %$object;
}

for my $text ($script, 'SELECT 1', 'SELEC 1', '')
{
	my $log = $json->decode(lint('sf_lint_sarif', $text, "migrations/0042 \xc3\xa4#1.sql"));
	my ($run) = @{ $log->{runs} };
	my @rules = @{ $run->{tool}{driver}{rules} };

	@wrong = ();
	has_shape('', $log);
	has_shape('run', $run);
	has_shape('driver', $run->{tool}{driver});
	for (@rules)
	{
		has_shape('rule', $_);
		has_shape('text', $_->{shortDescription});
		has_shape('configuration', $_->{defaultConfiguration});
	}
	for (@{ $run->{results} })
	{
		has_shape('result', $_);
		has_shape('text', $_->{message});
		has_shape('location', $_->{locations}[0]);
		my $physical = $_->{locations}[0]{physicalLocation};
		has_shape('physical', $physical);
		has_shape('artifact', $physical->{artifactLocation});
		has_shape('region', $physical->{region});
		push @wrong, "ruleIndex of $_->{ruleId}" if $rules[ $_->{ruleIndex} ]{id} ne $_->{ruleId};
		push @wrong, 'uri' if $physical->{artifactLocation}{uri} ne 'migrations/0042%20%C3%A4%231.sql';
	}
	is(join(', ', @wrong), '', 'SARIF of ' . (length $text ? substr($text, 0, 9) =~ s/\W+/ /gr : 'nothing'));
	my %ids = map { $_->{id} => 1 } @rules;
	is(scalar(keys %ids), scalar(@rules), 'each rule once');

	# The same findings, at the same places, as rows.
	my @rows = map { [ split /\|/ ] } split /\n/, $node->safe_psql($db, qq{SELECT line, "column", rule, level FROM sf_lint(\$q\$$text\$q\$)});
	my %level = (enforce => 'error', warn => 'warning');
	is_deeply([ map { my $at = $_->{locations}[0]{physicalLocation}{region}; [ $at->{startLine}, $at->{startColumn}, $_->{ruleId}, $_->{level} ] } @{ $run->{results} } ],
		[ map { [ @$_[0 .. 2], $level{ $_->[3] } ] } @rows ], 'the findings of sf_lint()');
	my $list = $json->decode(lint('sf_lint_json', $text));
	is_deeply([ map { [ @$_{qw(line column rule level)} ] } @$list ], \@rows, 'and as JSON');
	is(join(' ', grep { join(',', sort keys %$_) ne 'column,detail,level,line,message,object,recipe,rule' } @$list), '', 'with the same members always');
}

my %found = map { $_->{ruleId} => 1 } @{ $json->decode(lint('sf_lint_sarif', $script, 'x'))->{runs}[0]{results} };
is(join(' ', sort keys %found), 'change_type_rewrite drop_table ignore_comment json_column missing_statement_timeout prefer_type psql_command', 'findings of all sorts');
is($json->decode(lint('sf_lint_sarif', 'SELEC', 'https://host/a b'))->{runs}[0]{results}[0]{locations}[0]{physicalLocation}{artifactLocation}{uri},
	'https://host/a b', 'what is a URI stays');
$node->stop;
done_testing();
