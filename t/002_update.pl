# ALTER EXTENSION UPDATE: from a database as an older version left it, in the middle of a migration.  What CREATE EXTENSION
# makes is what the update makes, object by object: who adds one to src/install adds it to the update script there.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $old = '0.1.0';
my $root = $ENV{SF_ROOT};
my $conf = slurp_file($ENV{SF_TEST_CONF});

plan skip_all => 'this server cannot use a stage' if $conf !~ /extension_(?:destdir|control_path)/;

# A stage that has the old version's script as well.
my $stage = PostgreSQL::Test::Utils::tempdir() . '/stage';
system('cp', '-r', "$root/stage", $stage) == 0 or die 'cannot copy the stage';
my ($control) = split /\n/, `find '$stage' -name schemaflow.control`;
system('cp', "$root/test/updates/schemaflow--$old.sql", $control =~ s![^/]*$!!r) == 0 or die 'cannot copy the old script';
my $node = sf_node('main', conf => [ $conf =~ s/\Q$root\E\/stage/$stage/gr ]);

# All that the extension made, as pg_upgrade would carry it over: definitions, comments, privileges, in the order of
# names; then what pg_dump writes out of its tables.
sub members_of
{
	my ($db, @columns) = @_;
	my ($dump) = PostgreSQL::Test::Utils::run_command([ 'pg_dump', '-s', '--binary-upgrade', '-d', $node->connstr($db) ]);
	my @tables = split /\n/, $node->safe_psql($db,
		q{SELECT format('rows of %s are dumped %s', t.name::regclass, t.condition) FROM pg_extension,
			unnest(extconfig, extcondition) t(name, condition) WHERE extname = 'schemaflow' ORDER BY 1});

	# What is another number in each database, and the extension's own entry.
	$dump =~ s/^SELECT pg_catalog\.binary_upgrade_(?:set_next|create_empty).*?;\n//gms;
	$dump =~ s/^(?:UPDATE pg_catalog\.pg_class\nSET relfrozenxid|\\(?:un)?restrict ).*\n//gm;
	$dump =~ s/^WHERE oid = '\d+';\n//gm;
	$dump =~ s/^--.*\n//gm;
	return [ grep { /\S/ } split(/\n/, $dump), @tables ];
}

$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('postgres', 'CREATE DATABASE updated');
$node->safe_psql('fresh', 'CREATE EXTENSION schemaflow');
$node->safe_psql('updated', "CREATE EXTENSION schemaflow VERSION '$old'");

# The old database: rows as that version wrote them.
my $dump = slurp_file("$root/test/updates/$old.dump.sql");
my $origin = $node->safe_psql('updated', q{SELECT format(E'\\\\set system %s\n\\\\set database %s\n', system_identifier, d.oid)
	FROM pg_control_system(), pg_database d WHERE datname = current_database()});
my ($rc, $out, $err) = sf_try($node, 'updated', "$origin$dump");
is($rc, 0, 'the old database is there') or diag($err);
for my $sql ('SELECT * FROM sf_history()', 'CALL sf_upgrade()')
{
	($rc, $out, $err) = sf_try($node, 'updated', $sql);
	like($err, qr/55000: schemaflow's objects in this database are of version $old.*ALTER EXTENSION schemaflow UPDATE/s, "$sql: not before the update");
}
($rc, $out, $err) = sf_try($node, 'updated', 'ALTER EXTENSION schemaflow UPDATE');
is($rc, 0, 'it is updated') or diag($err);

# It goes on where the old version left it.
is($node->safe_psql('updated', q{SELECT string_agg(message || ' ' || state, ', ') FROM sf_history()}),
	'second partly up, 3 of 4, first applied', 'the history is there');
($rc, $out, $err) = sf_try($node, 'updated', 'CALL sf_upgrade()');
is($rc, 0, 'the migration goes on') or diag($err);
like($err, qr/INFO:.*8 of 8: ALTER TABLE public\.users VALIDATE/, 'with its last step');
is($node->safe_psql('updated', 'SELECT count(*) FROM sf_diff()'), '0', 'to the recorded model');
is($node->safe_psql('updated', 'SELECT pattern FROM schemaflow.ignore'), 'other.*', 'what was told is kept');
($rc, $out, $err) = sf_try($node, 'updated', q{CALL sf_downgrade('base', allow => '{data_loss}')});
is($rc, 0, 'and back') or diag($err);
is($node->safe_psql('updated', q{SELECT to_regclass('users')}), '', 'to the start');

$node->safe_psql('postgres', 'CREATE DATABASE bare');
$node->safe_psql('bare', "CREATE EXTENSION schemaflow VERSION '$old'; ALTER EXTENSION schemaflow UPDATE");
my ($fresh, $updated) = map { members_of($_) } 'fresh', 'bare';
my %fresh = map { $_ => 1 } @$fresh;
my %updated = map { $_ => 1 } @$updated;
cmp_ok(scalar(@$fresh), '>', 500, 'the extension makes something');
is(join("\n", grep { !$updated{$_} } @$fresh), '', 'the update script makes all that CREATE EXTENSION makes');
is(join("\n", grep { !$fresh{$_} } @$updated), '', 'and leaves nothing that it does not make');
is(join("\n", @$updated), join("\n", @$fresh), 'in the same order') if keys %fresh == keys %updated;
$node->stop;
done_testing();
