# SchemaflowProperty - facts(render(facts)) = facts, asked of one schema after the other.
#
#	my $property = SchemaflowProperty->new('host=... port=...');	# a superuser of a throwaway cluster
#	my $r = $property->side({ name => 'x', files => [ 'x.sql' ], setup => [ 'roles.sql' ] });
#	# { name, outcome => ok | not loadable | not modelled | failed, detail, unknown => [ objects not modelled ] }
#
# The schema is loaded into a database of its own.  sf_adopt() reads its facts, renders them, runs that text in a
# scratch and stores what it reads there; sf_diff() compares this with the live schema.  Every row of it is a failure.
# A failure of a schema with objects of kinds that are not modelled yet is told apart, with the objects' names.
#
# Everything of a schema is dropped before the next one: databases, scratches, roles, subscriptions.
package SchemaflowProperty;

use strict;
use warnings;
use File::Temp ();
use File::Basename qw(basename dirname);

my $db = 'sf_side';

# What facts do not say, until these kinds are added: one query each, that returns labels.
my @unknown = (
	"SELECT 'typed table ' || oid::regclass FROM pg_class WHERE reloftype <> 0",
	"SELECT 'large object ' || oid FROM pg_largeobject_metadata");

sub new
{
	my ($class, $conninfo) = @_;
	my $self = bless { conninfo => $conninfo, dir => File::Temp::tempdir(CLEANUP => 1) }, $class;

	$self->prepare;
	return $self;
}

# What schemas expect of a machine: the collations of common locales, and some tablespaces.
sub prepare
{
	my ($self) = @_;
	my $sql = "SET allow_system_table_mods = on; SET allow_in_place_tablespaces = on;\n";

	foreach my $locale (qw(ru_RU ru_RU.utf8 en_US en_GB en_GB.utf8 pt_BR de_DE))
	{
		my $icu = substr($locale, 0, 5) =~ tr/_/-/r;
		$sql .= qq(CREATE COLLATION IF NOT EXISTS pg_catalog."$locale" (provider = icu, locale = '$icu');\n);
	}
	$sql .= "CREATE TABLESPACE $_ LOCATION '';\n" foreach qw(test_tablespace ts_indexes my_space);
	my ($status, undef, $err) = $self->psql("\\set ON_ERROR_STOP 1\n\\c template1\n$sql");
	die $err if $status;
	$self->{tablespaces} = 1;
}

# -> (exit status, output, messages)
sub psql
{
	my ($self, $script) = @_;
	my ($in, $out, $err) = map { "$self->{dir}/$_" } qw(in out err);

	spew($in, $script);
	local $ENV{PGOPTIONS} = '-c client_min_messages=warning -c statement_timeout=60s -c lock_timeout=10s';
	system("psql -XAtq -v VERBOSITY=verbose -f '$in' -d '$self->{conninfo} dbname=postgres' >'$out' 2>'$err' </dev/null");
	return ($? >> 8, slurp($out), slurp($err));
}

sub side
{
	my ($self, $side) = @_;
	my %r = (name => $side->{name}, unknown => []);
	my $script = "CREATE DATABASE $db TEMPLATE template1;\n";

	$self->clean;
	$script .= "\\i $_\n" foreach @{ $side->{setup} // [] };
	$script .= "\\c $db\n" . ($side->{carry_on} ? '' : "\\set ON_ERROR_STOP 1\n");
	$script .= "\\i $_\n" foreach @{ $side->{files} };
	# A session of its own, whatever the files have set.  Event triggers do not see our extension come.
	$script .= "\\c $db\n\\set ON_ERROR_STOP 1\n\\echo \@loaded\n" . join(";\n", @unknown) . ";\n\\echo \@known\n" . <<'SQL';
SET allow_system_table_mods = on;
SELECT coalesce(string_agg(format('UPDATE pg_event_trigger SET evtenabled = %L WHERE evtname = %L;', evtenabled, evtname), ' '), '')
	AS enable_triggers FROM pg_event_trigger \gset
UPDATE pg_event_trigger SET evtenabled = 'D';
DROP EXTENSION IF EXISTS schemaflow CASCADE;
SELECT coalesce(to_regnamespace('public')::text, 'sf_ext') AS schema \gset
SELECT 'CREATE SCHEMA sf_ext' WHERE :'schema' = 'sf_ext' \gexec
CREATE EXTENSION schemaflow SCHEMA :"schema";
:enable_triggers
RESET allow_system_table_mods;
SELECT pg_catalog.set_config('search_path', :'schema', false) AS path \gset
SET schemaflow.manage = 'all';
SELECT count(*) AS adopted FROM sf_adopt() \gset
\echo @adopted :adopted
SQL
	# To prove that differences are seen.
	$script .= $side->{between} // '';
	$script .= <<'SQL';
SELECT concat_ws(' | ', kind, object, change, detail) FROM sf_diff();
\echo @compared
SQL
	my ($status, $out, $err) = $self->psql($script);

	if ($out !~ /^\@loaded$/m)
	{
		return { %r, outcome => 'not loadable', detail => $err };
	}
	$r{unknown} = [ split /\n/, $1 ] if $out =~ /^\@loaded\n(.*?)^\@known$/ms;
	$r{objects} = $out =~ /^\@adopted (\d+)$/m ? $1 : 0;
	if ($status == 0 && $out =~ /^\@adopted \d+\n(.*?)^\@compared$/ms)
	{
		return { %r, outcome => 'ok', detail => '' } if $1 eq '';
		$r{detail} = $1;
	}
	elsif ($err =~ /database has nothing to adopt/)
	{
		return { %r, outcome => 'ok', detail => 'nothing to adopt' };
	}
	else
	{
		$r{detail} = $err || $out;
	}
	return { %r, outcome => @{ $r{unknown} } ? 'not modelled' : 'failed' };
}

sub clean
{
	my ($self) = @_;
	my $drop_subscriptions = <<'SQL';
SELECT format(c, subname) FROM pg_subscription, unnest('{ALTER SUBSCRIPTION %I DISABLE,ALTER SUBSCRIPTION %I SET (slot_name = NONE),DROP SUBSCRIPTION %I}'::text[])
	WITH ORDINALITY c (c, n) WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY subname, n \gexec
SQL
	my (undef, $there) = $self->psql("SELECT 1 FROM pg_database WHERE datname = '$db'");
	return if !$self->{used}++ && !$there;
	$self->psql(($there ? "\\c $db\n$drop_subscriptions\\c postgres\n" : '') . <<"SQL");
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
	WHERE datname = '$db' OR datname LIKE 'schemaflow\\_%' \\gexec
ALTER ROLE postgres RESET ALL;
SELECT format(c, rolname) FROM pg_roles, unnest('{DROP OWNED BY %I,DROP ROLE %I}'::text[]) c WHERE oid >= 16384 \\gexec
SQL
	return;
}

# The sides of a corpus: folders <origin>/<case> with from.sql, to.sql and perhaps setup.sql.
sub corpus
{
	my ($dir) = @_;
	my @sides;

	foreach my $case (sort glob "$dir/cases/*/*")
	{
		foreach my $half (qw(from to))
		{
			next unless -e "$case/$half.sql";
			push @sides, { name => basename(dirname($case)) . '/' . basename($case) . "/$half", files => ["$case/$half.sql"],
				setup => [ grep { -e } "$case/setup.sql" ] };
		}
	}
	return @sides;
}

# Our own: the rich schemas, and what the regress tests build and record.
sub own
{
	my ($root, $tmp) = @_;
	my @sides = map { { name => 'schemas/' . basename($_), files => [$_] } } sort glob "$root/test/schemas/*.sql";

	foreach my $file (sort glob "$root/sql/*.sql")
	{
		my ($text, $name, $n) = (slurp($file), basename($file, '.sql'), 0);
		while ($text =~ /sf_define\((?:'[^']*',\s*)?(\$\w*\$)(.*?)\g1/gs)
		{
			my $path = sprintf '%s/%s.%d.sql', $tmp, $name, ++$n;
			spew($path, $2);
			# Texts in any order, and those that are meant to fail: what can be loaded counts.
			push @sides, { name => "sql/$name text $n", files => [$path], carry_on => 1 };
		}
		# All in one database, without what is taken away at the end.
		$text =~ s/^(DROP (DATABASE|EXTENSION|SCHEMA|OWNED|ROLE)\b|\\c ).*$//mg;
		spew("$tmp/$name.sql", $text);
		push @sides, { name => "sql/$name", files => ["$tmp/$name.sql"], carry_on => 1 };
	}
	return @sides;
}

# At most n of them, evenly.
sub some
{
	my ($n, @sides) = @_;

	return @sides if @sides <= $n;
	return map { $sides[ int($_ * @sides / $n) ] } 0 .. $n - 1;
}

sub slurp
{
	my ($file) = @_;

	open my $h, '<', $file or die "$file: $!";
	local $/ = undef;
	return <$h> // '';
}

sub spew
{
	my ($file, $text) = @_;

	open my $h, '>', $file or die "$file: $!";
	print $h $text;
	close $h or die "$file: $!";
	return;
}

1;
