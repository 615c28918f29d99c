# A disk that is really full, in the middle of batches and of an index: the call says so, state and rows agree, both versions
# work on, and when there is room again the next call goes on; or back, while it still is full.
#
# The disk is a tmpfs of a few MB for a tablespace. It is mounted in a namespace of our own, in which this script starts
# itself anew, so nobody has to be root; where that is not allowed there is nothing to test.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use Test::More;

my $disk;

BEGIN
{
	$disk = $ENV{SF_SMALL_DISK};
	if (!$disk)
	{
		my ($dir, $user, $group) = (($ENV{TESTDIR} // '/tmp') . '/small_disk', $<, split ' ', $();
		my @inside = ('unshare', '--map-root-user', '--mount', 'sh', '-c',
			'mount -t tmpfs -o size=8m none "$0" && u=$1 g=$2 && shift 2 && exec unshare --user --map-user="$u" --map-group="$g" "$@"',
			$dir, $user, $group);
		mkdir $dir;
		plan skip_all => 'no tmpfs can be mounted in a namespace of our own' if system(@inside, 'true') != 0;
		$ENV{SF_SMALL_DISK} = $dir;
		exec @inside, $^X, (map { "-I$_" } @INC), "$FindBin::RealBin/$FindBin::RealScript" or die "unshare: $!";
	}
}
use SchemaflowTest;

my $node = sf_node('full');
my $db = sf_database($node, 'app');
mkdir "$disk/space" or die $!;
$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$disk/space'");
my $table = 'CREATE TABLE items (id int PRIMARY KEY, v int NOT NULL, filler text) TABLESPACE small;
	CREATE INDEX iv ON items (v, filler) TABLESPACE small';
$node->safe_psql($db, "ALTER DATABASE $db SET schemaflow.online_rows = 100; ALTER DATABASE $db SET schemaflow.batch_time = 5; $table;
	INSERT INTO items SELECT n, n, repeat('x', 500) FROM generate_series(1, 2000) n; ANALYZE items; CHECKPOINT");

my $ballast = "$disk/ballast";

# All that is left of the disk but so many kB.
sub fill_up
{
	my ($but) = @_;
	open my $out, '>', $ballast or die $!;
	$out->autoflush(1);
	while (syswrite $out, "\0" x 4096) { }
	my $size = -s $out;
	truncate $out, $size - $but * 1024;
	close $out;
	return;
}

sub free { unlink $ballast or die $!; return }

sub plan_types
{
	my ($model) = @_;
	$node->safe_psql($db, "SELECT count(*) FROM sf_define(\$m\$$model\$m\$); SELECT count(*) FROM sf_plan_migration('types')");
	return;
}

sub is_full
{
	my ($call, $name) = @_;
	my ($rc, $out, $err) = sf_try($node, $db, $call);
	like($err, qr/ERROR:  53100: could not (extend|write).*HINT:  Check free disk space\. What was done before stays done\. .*CALL sf_upgrade\('head'\) goes on/s, $name);
	is($node->safe_psql($db, 'SELECT status FROM sf_status'), 'failed', "$name: failed");
	is($node->safe_psql($db, 'SELECT count(*), sum(v) FROM items'), '2000|2001000', "$name: the old version reads on");
	return $err;
}

sub run_ok
{
	my ($call, $name) = @_;
	my ($rc, $out, $err) = sf_try($node, $db, $call);
	is($rc, 0, $name) or diag($err);
	return;
}

plan_types($table =~ s/v int/v bigint/r);
fill_up(100);
is_full('CALL sf_upgrade()', 'in a batch');
my $done = $node->safe_psql($db, 'SELECT rows_done FROM schemaflow.backfill');
cmp_ok($done, '<', 2000, 'in the middle');
is($node->safe_psql($db, 'SELECT count(*) FROM items WHERE "~schemaflow_v" = v'), $done, 'the place is that of the rows');
is_full('CALL sf_upgrade()', 'again, as long as it is full');
free();
run_ok(q{CALL sf_upgrade(through => 'backfill')}, 'with room again it goes on');
is($node->safe_psql($db, 'SELECT count(*) FROM items WHERE "~schemaflow_v" = v'), 2000, 'every row');

fill_up(0);
is_full('CALL sf_upgrade()', 'in an index that is built concurrently');
is($node->safe_psql($db, 'SELECT count(*) FROM pg_index WHERE NOT indisvalid'), 1, 'half an index is left');
run_ok('CALL sf_abort()', 'back while it is full');
is($node->safe_psql($db, q{SELECT (SELECT count(*) FROM pg_index WHERE NOT indisvalid) + (SELECT count(*) FROM pg_attribute
	WHERE attname LIKE '~schemaflow%' AND NOT attisdropped)}), 0, 'nothing of ours is left');
free();
$node->safe_psql($db, 'VACUUM FULL items');

plan_types($table =~ s/v int/v bigint/r);
run_ok(q{CALL sf_upgrade(through => 'backfill')}, 'there again');
fill_up(0);
is_full('CALL sf_upgrade()', 'in the index again');
free();
run_ok('CALL sf_upgrade()', 'half an index is built anew');
run_ok('CALL sf_contract(force => true)', 'and exchanged');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'the schema is that of the model');
is($node->safe_psql($db, 'SELECT count(*), sum(v), bool_and(pg_typeof(v) = \'bigint\'::regtype) FROM items'), '2000|2001000|t', 'with all rows');

$node->stop;
done_testing();
