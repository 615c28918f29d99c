# SchemaflowTest - what TAP scripts share.
#
#	use SchemaflowTest;
#	my $node = sf_node('main', conf => ['max_worker_processes = 2']);	# started, uses the staged extension
#	my $db = sf_database($node, 'app');					# a database with the extension in it
#	my ($rc, $out, $err) = sf_try($node, $db, $sql);			# does not die; VERBOSITY=verbose shows SQLSTATEs
#	sf_end_at($node, $db, 'CALL sf_upgrade()', 3);				# stops behind step 3, in its transaction, and ends there
package SchemaflowTest;

use strict;
use warnings;
use Exporter 'import';
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(sf_node sf_database sf_try sf_end_at);

# A new cluster; options: conf (lines for postgresql.conf), init (arguments of PostgreSQL::Test::Cluster->init),
# start (0: leave it stopped).
sub sf_node
{
	my ($name, %opt) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(@{ $opt{init} // [] });
	$node->append_conf('postgresql.conf', PostgreSQL::Test::Utils::slurp_file($ENV{SF_TEST_CONF}));
	$node->append_conf('postgresql.conf', join("\n", @{ $opt{conf} // [] }) . "\n");
	$node->start unless defined $opt{start} && !$opt{start};
	return $node;
}

sub sf_database
{
	my ($node, $name) = @_;

	$node->safe_psql('postgres', qq(CREATE DATABASE "$name"));
	$node->safe_psql($name, 'CREATE EXTENSION schemaflow');
	return $name;
}

sub sf_try
{
	my ($node, $db, $sql, %opt) = @_;

	return $node->psql($db, "\\set VERBOSITY verbose\n$sql", on_error_stop => 1, %opt);
}

# A call that stands still after its nth step, and is ended there.  Dies when it does not come to it.
sub sf_end_at
{
	my ($node, $db, $call, $n) = @_;
	my ($out, $err) = ('', '');
	my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($db), '-c', "SET schemaflow.pause_after_step = $n", '-c', $call ],
		'>', \$out, '2>', \$err, IPC::Run::timeout(180));

	$node->poll_query_until($db, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name ~ ' $n/.*still')")
		or do { $run->finish; die "$call never came to step $n: $err" };
	$node->safe_psql($db, 'SELECT pg_terminate_backend(pid) FROM sf_progress');
	$run->finish;
	$node->poll_query_until($db, 'SELECT NOT EXISTS (SELECT FROM sf_progress)') or die 'the runner does not end';
	return;
}

1;
