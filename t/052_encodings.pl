# Texts in other encodings: what a database cannot store is refused, what it can is the same however it came.
use strict;
use warnings;
use SchemaflowTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = sf_node('main', init => [ extra => [ '-E', 'UTF8', '--locale=C' ] ], conf => [ 'fsync = off' ]);
my $dir = PostgreSQL::Test::Utils::tempdir();
my $schema = "CREATE TABLE %s (\"gr%s\" text DEFAULT 'gr%s'); COMMENT ON TABLE %1\$s IS '%2\$s'";
my %eszett = (UTF8 => "\xc3\x9f", LATIN1 => "\xdf");

# What psql sends from a file, byte for byte; 0 bytes cannot be passed as an argument.
sub from_file
{
	my ($db, $text) = @_;
	my ($out, $err) = ('', '');

	open my $h, '>:raw', "$dir/in.sql" or die $!;
	print $h "\\set VERBOSITY verbose\n$text\n";
	close $h;
	my $ok = IPC::Run::run([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($db), '-f', "$dir/in.sql" ], '>', \$out, '2>', \$err);
	chomp $out;
	return ($ok, $out, $err);
}

sub define
{
	my ($client, $bytes) = @_;

	return "SET client_encoding = $client;\nSELECT count(*) FROM sf_define(\$d\$" . sprintf($schema, 't', $bytes, $bytes) . "\$d\$);\n"
	  . "RESET client_encoding;\n";
}

foreach my $encoding (qw(UTF8 LATIN1 SQL_ASCII))
{
	my $db = lc "db_$encoding";
	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template0 ENCODING '$encoding'");
	$node->safe_psql($db, 'CREATE EXTENSION schemaflow');
	my @clients = $encoding eq 'SQL_ASCII' ? 'SQL_ASCII' : qw(UTF8 LATIN1);

	foreach my $client (@clients)
	{
		my ($ok, $out, $err) = from_file($db, define($client, $eszett{$client} // $eszett{UTF8}));
		ok($ok, "$encoding: recorded by a client that speaks $client") or diag $err;
		is($out, $client eq $clients[0] ? '1' : '0', "$encoding: the same text whoever sends it");
	}
	my ($ok, $out, $err) = from_file($db, "SET client_encoding = $clients[0];\n" . sprintf($schema, 't', ($eszett{ $clients[0] } // $eszett{UTF8}) x 2)
		  . ";\nSELECT concat_ws(' ', kind, object, change, detail) FROM sf_diff();");
	is("$ok$out", '1', "$encoding: no difference to what was made so") or diag $err;
	($ok, $out, $err) = from_file($db, "SELECT count(*) FROM sf_define(\$d\$CREATE TABLE zero (a int); -- \0 \$d\$);");
	ok(!$ok, "$encoding: a text with a zero byte is no statement");
	like($err, qr/42601|22021/, "$encoding: and an error");
	is($node->safe_psql($db, 'SELECT count(*) FROM sf_model'), 1, "$encoding: nothing of it is recorded");
}

# A character that the database does not have, and bytes that are no character.
my ($ok, $out, $err) = from_file('db_latin1', define('UTF8', "\xf0\x9f\x90\x98"));
like($err, qr/22P05: .*has no equivalent in encoding "LATIN1"/, 'a character that the database does not have is refused');
($ok, $out, $err) = from_file('db_utf8', define('UTF8', "\xff\xfe"));
like($err, qr/22021: invalid byte sequence for encoding "UTF8"/, 'bytes that are no character are refused');
is($node->safe_psql('db_utf8', 'SELECT count(*) FROM sf_diff()'), '0', 'the model is as it was');
is($node->safe_psql('db_latin1', 'SELECT count(*) FROM sf_diff()'), '0', 'here, too');
# From a database of another encoding the names come as they read, not as they are stored.
($ok, $out, $err) = from_file('db_latin1', "SELECT count(*) FROM sf_define_from('db_utf8'); SELECT count(*) FROM sf_diff();");
is("$ok$out", "10\n0", 'a UTF8 database is the model of a LATIN1 one, with the same names') or diag $err;
$node->safe_psql('db_utf8', "COMMENT ON TABLE t IS '\xf0\x9f\x90\x98'");
($ok, $out, $err) = from_file('db_latin1', "SELECT sf_define_from('db_utf8')");
like($err, qr/22P05: .*has no equivalent in encoding "LATIN1"/, 'unless a character is missing there');

$node->stop;
done_testing();
