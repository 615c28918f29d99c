# A planned migration run by psql, with rows: up, down, up; stopped in the middle and run again; in a copy of the
# database; where the schema is another one; by a session with hostile settings.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main');
my $db = sf_database($node, 'app');

# A script of ours as a file, and psql's status and messages when it is run.
sub script
{
	my ($args, $in) = @_;
	my $file = "$PostgreSQL::Test::Utils::tmp_check/script" . ++$main::scripts . '.sql';

	open my $out, '>', $file or die $!;
	print $out $node->safe_psql($in // $db, "SELECT sf_script($args)");
	close $out;
	return $file;
}

sub run_script
{
	my ($file, $in, @options) = @_;
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run([ 'psql', '-Xq', @options, '-d', $node->connstr($in // $db), '-f', $file ], '>', \$out, '2>', \$err);

	is($out, '', 'a script prints nothing');
	return ($ok, $err);
}

sub query { return $node->safe_psql($_[1] // $db, $_[0]) }

my $v1 = 'CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);';
my $v2 = "CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, phone text, level int NOT NULL DEFAULT 1);
	CREATE UNIQUE INDEX users_name ON users (name);
	CREATE TABLE tasks (id int PRIMARY KEY, user_id int REFERENCES users (id), title text);
	COMMENT ON TABLE tasks IS 'what is to be done';";

query("SELECT sf_define(\$\$$v1\$\$); SELECT sf_plan_migration('first')");
my ($ok, $err) = run_script(script("'head'"));
ok($ok, 'the first migration runs') or diag $err;
query("INSERT INTO users VALUES (1, 'ann'), (2, 'bob'), (3, 'bob')");

query("SELECT sf_define(\$\$$v2\$\$); SELECT sf_plan_migration('phones')");
my ($rc, $out, $errors) = sf_try($node, $db, "SELECT sf_plan_migration('phones and tasks')");
like($errors, qr/NOTICE: .*revision "[0-9a-f]{12}" \(phones\) is superseded: it was not applied/, 'a newer plan says what it replaces');
my $up = script("'head'");
my $down = script("'head', 'down'");

# The unique index cannot be built: what came before is done and stays, what comes after is not.
($ok, $err) = run_script($up);
ok(!$ok, 'a script stops at an error');
like($err, qr/could not create unique index|duplicated/, 'and shows it');
like(query("SELECT state FROM sf_history() LIMIT 1"), qr/^(planned|partly up, \d+ of \d+)$/, 'the history says how far it came');
is(query("SELECT message FROM sf_current()"), 'first', 'and that it is not applied');
query("UPDATE users SET name = 'bill' WHERE id = 3");
($ok, $err) = run_script($up);
ok($ok, 'run again, it goes on') or diag $err;
is(query("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), '0', 'and leaves no invalid index');
is(query("SELECT message FROM sf_current()"), 'phones and tasks', 'it is applied');
is(query("SELECT count(*) FROM sf_diff()"), '0', 'nothing is left to do');
is(query("SELECT sf_plan_migration('again')"), 'nothing to do: the live schema equals the model', 'the next plan says so');
is(query("SELECT string_agg(name || level, ' ' ORDER BY id) FROM users"), 'ann1 bob1 bill1', 'rows are kept');

($ok, $err) = run_script($up);
ok($ok, 'a script that was run is run again: nothing happens');
like($err, qr/nothing to do/, 'and it says so');

($ok, $err) = run_script($down);
ok($ok, 'down') or diag $err;
is(query("SELECT message FROM sf_current()"), 'first', 'back at the first');
is(query("SELECT string_agg(u::text, ' ' ORDER BY id) FROM users u"), '(1,ann) (2,bob) (3,bill)', 'with the rows');

# All the way down and up with one script each; rows of tables that stay are kept as far as tables stay.
($ok, $err) = run_script($up);
ok($ok, 'up again') or diag $err;
($ok, $err) = run_script(script("'base', 'down'"));
ok($ok, 'down to base') or diag $err;
is(query("SELECT count(*) FROM sf_current()"), '0', 'at base');
is(query("SELECT count(*) FROM pg_class WHERE relname IN ('users', 'tasks')"), '0', 'nothing is left');
($ok, $err) = run_script(script("'head'"));
ok($ok, 'from base to head with one script') or diag $err;
is(query("SELECT string_agg(state, ' ') FROM sf_history()"), 'applied applied', 'both are applied');
is(query("SELECT count(*) FROM sf_diff()"), '0', 'and nothing is left to do');

# The script of a migration that is applied here is for other databases: one that stands at its start runs it.
($ok, $err) = run_script($down);
ok($ok, 'down once more') or diag $err;
query('CREATE DATABASE copy TEMPLATE app', 'postgres');
is(query("SELECT count(*) FROM sf_current()", 'copy'), '0', 'the rows of a copied history are history');
like(query("SELECT remedy FROM sf_doctor()", 'copy'), qr/sf_adopt_restored/, 'the doctor says so');
($ok, $err) = run_script($up, 'copy');
ok($ok, 'a script runs in a copy of the database') or diag $err;
is(query("SELECT message || ' ' || state FROM sf_history()", 'copy'), 'phones and tasks applied', 'and is recorded there');
($ok, $err) = run_script($down, 'copy');
ok($ok, 'and down') or diag $err;

query('CREATE DATABASE adopted TEMPLATE app', 'postgres');
query('SELECT sf_adopt_restored()', 'adopted');
is(query("SELECT string_agg(message, ', ') FROM sf_history()", 'adopted'), 'phones and tasks, first', 'an adopted copy has the history');
is(query("SELECT message FROM sf_current()", 'adopted'), 'first', 'and stands where the other one stood');
($rc, $out, $errors) = sf_try($node, 'adopted', 'SELECT sf_adopt_restored()');
like($errors, qr/55000.*of its own already/, 'it can be adopted once');

# Not where the schema is another one, or where the extension is missing.
query('CREATE DATABASE other TEMPLATE app', 'postgres');
query('ALTER TABLE users ADD extra int; CREATE TABLE stray ()', 'other');
($ok, $err) = run_script($up, 'other');
ok(!$ok, 'another start is refused');
like($err, qr/DETAIL:  Here table public\.users differs, table public\.stray is there and should not be\./, 'the objects that differ are named');
is(query("SELECT count(*) FROM pg_class WHERE relname = 'tasks'", 'other'), '0', 'and nothing was run');
query('CREATE DATABASE bare', 'postgres');
($ok, $err) = run_script($up, 'bare');
ok(!$ok, 'so is a database without the extension');
like($err, qr/extension_schemaflow_is_missing_here/, 'by name');

# Settings of the role that runs it do not matter.
query("CREATE ROLE hostile SUPERUSER LOGIN; ALTER ROLE hostile SET default_transaction_read_only = on;
	ALTER ROLE hostile SET statement_timeout = '1ms'; ALTER ROLE hostile SET search_path = 'nowhere';
	ALTER ROLE hostile SET DateStyle = 'SQL, DMY'; ALTER ROLE hostile SET quote_all_identifiers = on;
	ALTER ROLE hostile SET standard_conforming_strings = off; ALTER ROLE hostile SET default_transaction_isolation = 'serializable'");
($ok, $err) = run_script($up, $db, '-U', 'hostile');
ok($ok, 'a role with hostile settings runs it') or diag $err;
is(query("SELECT state || ' ' || (SELECT applied_by FROM sf_current()) FROM sf_history() LIMIT 1"), 'applied hostile', 'and is named in the history');
is(query("SELECT count(*) FROM sf_diff()"), '0', 'with the same result');

# Two sessions at once: one does it.
($ok, $err) = run_script($down);
ok($ok, 'down') or diag $err;
my @both = map {
	my %run = (out => '', err => '');
	$run{handle} = IPC::Run::start([ 'psql', '-Xq', '-d', $node->connstr($db), '-f', $up ], '>', \$run{out}, '2>', \$run{err});
	\%run
} 1 .. 2;
$_->{handle}->finish for @both;
is(query("SELECT state FROM sf_history() LIMIT 1"), 'applied', 'two sessions that run the same script: it is applied');
is(query("SELECT count(*) FROM (SELECT revision, transaction FROM schemaflow.journal WHERE entry >
	(SELECT max(entry) FROM schemaflow.journal WHERE direction = 'down') GROUP BY 1, 2 HAVING count(*) > 1) twice"), '0',
	'and nothing was done twice');

$node->stop;
done_testing();
