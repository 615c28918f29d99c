# The library is missing, and every DDL fails: the ways out that docs/guard.md opens with.  Then it is back.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $root = $ENV{SF_ROOT};
my $conf = slurp_file($ENV{SF_TEST_CONF});

plan skip_all => 'this server cannot use a stage' if $conf !~ /extension_(?:destdir|control_path)/;

# A stage of our own, whose library can go.
my $stage = PostgreSQL::Test::Utils::tempdir() . '/stage';
system('cp', '-r', "$root/stage", $stage) == 0 or die 'cannot copy the stage';
my ($library) = split /\n/, `find '$stage' -name schemaflow.so`;
my $node = sf_node('main', conf => [ $conf =~ s/\Q$root\E\/stage/$stage/gr ]);
my $db = sf_database($node, 'app');
my @names = map { "schemaflow_guard_$_" } qw(start end drop rewrite);

sub fails
{
	my ($sql, $what) = @_;
	my ($rc, $out, $err) = sf_try($node, $db, $sql);
	like($err, qr/58P01: could not access file ".*schemaflow": No such file/, $what);
	return;
}

sub works
{
	my ($sql, $what) = @_;
	my ($rc, $out, $err) = sf_try($node, $db, $sql);
	is($rc, 0, $what) or diag($err);
	return;
}

$node->safe_psql($db, 'SELECT sf_guard_install(); CREATE TABLE t (a int)');
rename($library, "$library.gone") or die "cannot rename $library";

fails('CREATE TABLE u (a int)', 'DDL fails without the library');
fails('CREATE TEMP TABLE u (a int)', 'of temporary tables, too');
fails('DROP FUNCTION schemaflow.sf_guard() CASCADE', 'the function cannot be dropped');
works('INSERT INTO t VALUES (1); SELECT * FROM t', 'rows do not mind');

works('SET session_replication_role = replica; CREATE TABLE u (a int)', 'way out: session_replication_role');
SKIP:
{
	skip 'event_triggers is of 17', 1 if $node->pg_version < 17;
	works('SET event_triggers = off; CREATE TABLE u2 (a int)', 'way out: event_triggers');
}
fails('CREATE TABLE v (a int)', 'that was for a session');
works(join(';', map { "ALTER EVENT TRIGGER $_ DISABLE" } @names), 'way out: disable them');
works('CREATE TABLE v (a int)', 'that is for all');

rename("$library.gone", $library) or die "cannot rename $library";
like($node->safe_psql($db, 'SELECT problem FROM sf_doctor()'), qr/event trigger schemaflow_guard_start is disabled/, 'the doctor says so');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_guard_install()'), 4, 'back: they are enabled again');
works('CREATE TABLE w (a int)', 'and work');
is($node->safe_psql($db, q{SELECT string_agg(object, ',') FROM sf_ddl_log WHERE object IN ('public.u', 'public.v', 'public.w')}),
	'public.w', 'what was done meanwhile is not in the log');

# Another version of the library stands aside, so that ALTER EXTENSION UPDATE can be run.
my $version = $node->safe_psql($db, q{SELECT extversion FROM pg_extension WHERE extname = 'schemaflow'});
$node->safe_psql($db, q{UPDATE pg_extension SET extversion = '0.0.1' WHERE extname = 'schemaflow'});
works('CREATE TABLE x (a int); DROP TABLE x', 'objects of another version');
$node->safe_psql($db, "UPDATE pg_extension SET extversion = '$version' WHERE extname = 'schemaflow'");
is($node->safe_psql($db, q{SELECT count(*) FROM sf_ddl_log WHERE object = 'public.x'}), 0, 'are none of ours');
$node->stop;
done_testing();
