# SchemaflowServer - builds test/modules/sf_test_server and makes its functions in a database.
#
#	sf_server_functions($node, $db);
#	$node->safe_psql($db, sf_job('sf_job_text', SCRATCH, 'CREATE TABLE t ()'));
package SchemaflowServer;

use strict;
use warnings;
use Exporter 'import';
use File::Temp ();
use IPC::Run ();
use PostgreSQL::Test::Utils;

use constant { LIVE => 0, SCRATCH => 1, FRESH => 2 };
our @EXPORT = qw(sf_server_functions sf_job sf_call sf_start sf_finish sf_test_library LIVE SCRATCH FRESH);

my $library;

# Path of the module's library, built in a temporary folder once a script.
sub sf_test_library
{
	return $library if $library;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $pg_config = $ENV{PG_CONFIG} // 'pg_config';

	system("cp '$ENV{SF_ROOT}'/test/modules/sf_test_server/* '$dir'") == 0 or die "cannot copy the test module";
	system("make -s -C '$dir' PG_CONFIG='$pg_config' SF_ROOT='$ENV{SF_ROOT}' >'$dir/log' 2>&1") == 0
	  or die "cannot build the test module: " . PostgreSQL::Test::Utils::slurp_file("$dir/log");
	return $library = "$dir/sf_test_server";
}

sub sf_server_functions
{
	my ($node, $db) = @_;
	my $path = sf_test_library();

	$node->safe_psql($db, <<SQL);
LOAD 'schemaflow';
CREATE FUNCTION sf_test_job(text, int, text, oid DEFAULT 0, oid DEFAULT 0) RETURNS text LANGUAGE c STRICT AS '$path';
CREATE PROCEDURE sf_test_call(text, int, text, oid DEFAULT 0, oid DEFAULT 0) LANGUAGE c AS '$path';
CREATE FUNCTION sf_test_leftovers() RETURNS text LANGUAGE c AS '$path';
CREATE FUNCTION sf_test_owner(text) RETURNS text LANGUAGE c STRICT AS '$path';
CREATE FUNCTION sf_test_drop(bool) RETURNS int LANGUAGE c STRICT AS '$path';
SQL
	$node->append_conf('postgresql.conf', "session_preload_libraries = 'schemaflow'\n");
	$node->reload;
}

sub sf_call
{
	my $sql = sf_job(@_);
	$sql =~ s/^SELECT sf_test_job/CALL sf_test_call/;
	return $sql;
}

# Start psql with SQL text and return at once; sf_finish waits and returns (exit code, stdout, stderr).
sub sf_start
{
	my ($node, $db, $sql, %opt) = @_;
	my $run = { out => '', err => '' };
	my ($handle, $file) = File::Temp::tempfile('sqlXXXX', DIR => PostgreSQL::Test::Utils::tempdir());

	# From a file: IPC::Run would feed standard input only when it is asked for output.
	print $handle "\\set VERBOSITY verbose\n$sql;\n";
	close $handle;
	$run->{h} = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $node->connstr($db) . ($opt{user} ? " user=$opt{user}" : '') ],
		'<', \undef, '>', \$run->{out}, '2>', \$run->{err}, IPC::Run::timeout(120));
	return $run;
}

sub sf_finish
{
	my ($run) = @_;

	$run->{h}->finish;
	chomp($run->{out});
	return ($run->{h}->full_result(0) >> 8, $run->{out}, $run->{err});
}

# A handler that is not the extension's own is written as "name:" here.
sub sf_job
{
	my ($handler, $place, $text, $role) = @_;
	$handler .= sf_test_library() if $handler =~ /:$/;
	$role = defined $role ? ", '$role'::regrole" : '';
	return "SELECT sf_test_job('$handler', $place, \$sf_job\$$text\$sf_job\$$role)";
}

1;
