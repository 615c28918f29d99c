# Locks of the statements that run outside of transactions, seen from another session while they wait.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use IPC::Run ();
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('risk');
my $db = sf_database($node, 'app');
$node->safe_psql($db, 'CREATE TABLE t (a int, b int); CREATE INDEX t_b ON t (b)');

for my $sql ('CREATE INDEX CONCURRENTLY t_a ON public.t (a)', 'DROP INDEX CONCURRENTLY public.t_b')
{
	my $told = $node->safe_psql($db, "SELECT relation, lock, scans, in_transaction FROM sf_risk(\$\$$sql\$\$)");
	# A writer that stays open makes the statement wait with its lock on the table held.
	my $writer = $node->background_psql($db);
	$writer->query_safe('BEGIN; INSERT INTO t VALUES (1, 1)');
	my ($out, $err) = ('', '');
	my $worker = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($db), '-c', "SET application_name = 'builder'", '-c', $sql ],
		'>', \$out, '2>', \$err);
	my $holds = q{FROM pg_locks l JOIN pg_stat_activity USING (pid)
		WHERE application_name = 'builder' AND locktype = 'relation' AND relation = 'public.t'::regclass AND l.granted};
	ok($node->poll_query_until($db, "SELECT EXISTS (SELECT $holds AND mode = 'ShareUpdateExclusiveLock')
			AND EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'builder' AND wait_event_type = 'Lock')"),
		"waits: $sql");
	is($node->safe_psql($db, "SELECT string_agg(mode, ',' ORDER BY mode) $holds AND mode <> 'AccessShareLock'"),
		'ShareUpdateExclusiveLock', "strongest lock: $sql");
	my $scans = $sql =~ /^CREATE/ ? 't' : 'f';
	is($told, "public.t|SHARE UPDATE EXCLUSIVE|$scans|f", "told: $sql");
	$writer->query_safe('ROLLBACK');
	$worker->finish;
	is($err, '', "no error: $sql");
	$writer->quit;
	my ($rc, undef, $message) = sf_try($node, $db, "BEGIN; $sql");
	like($message, qr/25001/, "not in a transaction: $sql");
}

# ---- a partition that is let go of, stopped in the middle, and finished
$node->safe_psql($db, 'CREATE TABLE whole (a int) PARTITION BY LIST (a); CREATE TABLE part PARTITION OF whole FOR VALUES IN (1)');

# The locks of a session: what it was told of, and what else is strong.
sub locks
{
	my ($where) = @_;
	return qq{SELECT string_agg(relation::regclass || ' ' || mode, ', ' ORDER BY relation::regclass::text) FROM pg_locks
		WHERE locktype = 'relation' AND granted AND relation IN ('whole'::regclass, 'part'::regclass) AND mode <> 'AccessShareLock' AND $where};
}

my $detach = 'ALTER TABLE public.whole DETACH PARTITION public.part CONCURRENTLY';
is($node->safe_psql($db, "SELECT string_agg(concat_ws(' ', relation, lock, scans, in_transaction), ', ' ORDER BY relation) FROM sf_risk('$detach')"),
	'public.part SHARE UPDATE EXCLUSIVE f f, public.whole SHARE UPDATE EXCLUSIVE f f', 'told: DETACH CONCURRENTLY');
my $reader = $node->background_psql($db);
$reader->query_safe('BEGIN; SELECT count(*) FROM whole');
my $stopped = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($db), '-c', "SET application_name = 'detacher'", '-c', $detach ],
	'>', \my $out, '2>', \my $err);
$node->poll_query_until($db, q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'detacher' AND wait_event_type = 'Lock')})
	or die 'does not wait';
unlike($node->safe_psql($db, locks(q{pid = (SELECT pid FROM pg_stat_activity WHERE application_name = 'detacher')})), qr/Exclusive(?<!UpdateExclusive)Lock/,
	'no reader waits for it');
$node->safe_psql($db, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'detacher'});
$stopped->finish;
$reader->query_safe('ROLLBACK');
my $finish = 'ALTER TABLE public.whole DETACH PARTITION public.part FINALIZE';
is($node->safe_psql($db, "SELECT string_agg(concat_ws(' ', relation, lock, scans, in_transaction), ', ' ORDER BY relation) FROM sf_risk('$finish')"),
	'public.part ACCESS EXCLUSIVE f t, public.whole SHARE UPDATE EXCLUSIVE f t', 'told: FINALIZE');
is($node->safe_psql($db, "BEGIN; $finish; " . locks('pid = pg_backend_pid()') . '; ROLLBACK'),
	'part AccessExclusiveLock, whole ShareUpdateExclusiveLock', 'it is so');
$reader->quit;
$node->stop;
done_testing();
