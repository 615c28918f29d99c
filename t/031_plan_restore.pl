# Dump and restore of a database with a model and a history, by an owner who is no superuser; publications FOR ALL TABLES.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main', conf => ['wal_level = logical']);
my $dir = PostgreSQL::Test::Utils::tempdir();

sub query { my ($sql, $db, @more) = @_; return $node->safe_psql($db // 'app', $sql, @more) }

# The owner of a database and of what is in it; the extension was made by a superuser, as it has to be.
query('CREATE ROLE app_owner LOGIN; CREATE DATABASE app OWNER app_owner', 'postgres');
query('CREATE EXTENSION schemaflow;
	GRANT EXECUTE ON FUNCTION sf_define(text, boolean), sf_plan_migration(text, boolean), sf_import(text),
		sf_mark(text, integer, text) TO app_owner');
my @owner = (extra_params => [ '-U', 'app_owner' ]);
query(q[SELECT sf_define('CREATE TABLE notes (id int PRIMARY KEY, body text)'); SELECT sf_plan_migration('notes')],
	'app', @owner);
my $script = query('SELECT sf_script()', 'app', @owner);
query("INSERT INTO notes VALUES (1, 'kept')", 'app', @owner) if $node->psql('app', $script, @owner, on_error_stop => 1) == 0;
is(query('SELECT message FROM sf_current()'), 'notes', 'an owner who is no superuser plans and runs');
is(query('SELECT tableowner FROM pg_tables WHERE tablename = $$notes$$'), 'app_owner', 'what he made is his');
query(q[SELECT sf_define('CREATE TABLE notes (id int PRIMARY KEY, body text, at date)'); SELECT sf_plan_migration('at')],
	'app', @owner);

# A restore of his dump, with psql and with four jobs.
for my $how ('psql', 'four jobs')
{
	my $to = $how eq 'psql' ? 'by_psql' : 'by_jobs';
	my @connect = ('-U', 'app_owner', '-d', $node->connstr('app'));

	query("CREATE DATABASE $to OWNER app_owner", 'postgres');
	query('CREATE EXTENSION schemaflow; GRANT EXECUTE ON FUNCTION sf_adopt_restored(bigint, oid),
		sf_plan_migration(text, boolean) TO app_owner', $to);
	if ($how eq 'psql')
	{
		command_ok([ 'pg_dump', @connect, '--no-comments', '--no-privileges', '-f', "$dir/app.sql" ], 'the owner dumps');
		command_ok([ 'psql', '-Xq', '-U', 'app_owner', '-v', 'ON_ERROR_STOP=1', '-o', "$dir/out", '-d', $node->connstr($to),
			'-f', "$dir/app.sql" ], 'and restores with psql');
	}
	else
	{
		command_ok([ 'pg_dump', @connect, '--no-comments', '--no-privileges', '-Fd', '-j', 2, '-f', "$dir/app.dir" ], 'the owner dumps with jobs');
		command_ok([ 'pg_restore', '-U', 'app_owner', '-e', '-j', 4, '-d', $node->connstr($to), "$dir/app.dir" ],
			'and restores with jobs');
	}
	is(query('SELECT body FROM notes', $to), 'kept', "$how: the rows are back");
	is(query('SELECT count(*) FROM schemaflow.migration', $to), '2', "$how: so is the history");
	is(query('SELECT count(*) FROM sf_current()', $to), '0', "$how: as history: nothing is applied");
	my ($rc, $out, $err) = sf_try($node, $to, q[SELECT sf_plan_migration('x')]);
	like($err, qr/55000: no model is recorded/, "$how: or planned from it");
	like(query('SELECT problem FROM sf_doctor()', $to), qr/this database is a copy/, "$how: the doctor says so");
	is(query('SELECT count(*) FROM schemaflow.migration WHERE trusted', $to), '0', "$how: what he brought is not trusted");
	query('SELECT sf_adopt_restored()', $to, @owner);
	is(query('SELECT message FROM sf_current()', $to), 'notes', "$how: adopted, it stands where it stood");
	is(query('SELECT string_agg(message || $$ $$ || state, $$, $$) FROM sf_history()', $to), 'at planned, notes applied',
		"$how: with what was planned");
	$script = query('SELECT sf_script()', $to);
	query('GRANT EXECUTE ON FUNCTION sf_import(text), sf_mark(text, integer, text) TO app_owner', $to);
	is($node->psql($to, $script, @owner, on_error_stop => 1), 0, "$how: which runs");
	is(query('SELECT count(*) FROM sf_diff()', $to), '0', "$how: to the model");
}

# He may insert, since a restore does so. What he inserts is never run with the rights of somebody else.
query(q[INSERT INTO schemaflow.unit (system_identifier, database_oid, name, owner, source, sql, hash, first_at, recorded_at,
		recorded_by)
	SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()), 'evil',
		(SELECT rolname FROM pg_roles WHERE oid = 10), 'ddl', 'CREATE TABLE evil ()', '', now(), now(), ''
	FROM pg_control_system()], 'app', @owner);
is(query('SELECT count(*) FROM sf_model'), '1', 'a unit that the owner inserted in the name of a superuser is not there');
my ($rc, $out, $err) = sf_try($node, 'app', q[UPDATE schemaflow.unit SET owner = 'x'], @owner);
like($err, qr/42501/, 'he cannot update');
query('CREATE DATABASE evil OWNER app_owner', 'postgres');
query('CREATE EXTENSION schemaflow; GRANT EXECUTE ON FUNCTION sf_adopt_restored(bigint, oid) TO app_owner', 'evil');
query(q[INSERT INTO schemaflow.unit (system_identifier, database_oid, name, owner, source, sql, hash, first_at, recorded_at,
		recorded_by)
	VALUES (1, 1, 'evil', (SELECT rolname FROM pg_roles WHERE oid = 10), 'ddl', 'CREATE TABLE evil ()', '', now(), now(), '')],
	'evil', @owner);
($rc, $out, $err) = sf_try($node, 'evil', 'SELECT sf_adopt_restored()', @owner);
like($err, qr/42501: must be a member of role/, 'nor adopt what names a role that he is no member of');

# Publications FOR ALL TABLES: CREATE EXTENSION warns, the doctor errs.
query('CREATE DATABASE published', 'postgres');
query('CREATE PUBLICATION "all of it" FOR ALL TABLES', 'published');
($rc, $out, $err) = sf_try($node, 'published', 'CREATE EXTENSION schemaflow');
is($rc, 0, 'the extension can be made beside a publication FOR ALL TABLES');
like($err, qr/WARNING:.*publication "all of it" is FOR ALL TABLES.*HINT:.*TABLES IN SCHEMA/s, 'with a warning that names the fix');
like(query('SELECT problem || remedy FROM sf_doctor()', 'published'), qr/"all of it" is FOR ALL TABLES.*DROP PUBLICATION "all of it"/,
	'and the doctor names it');
query(q[CREATE TABLE t (id int PRIMARY KEY); SELECT sf_define('CREATE TABLE t (id int PRIMARY KEY, a int)');
	SELECT sf_plan_migration('a'); SELECT sf_stamp('base', true)], 'published');
is(query('SELECT count(*) FROM sf_heads()', 'published'), '1', 'it works beside it');

# What the server reads from its own print is not always what it printed: that is no difference, and no drift.
my $odd = q{CREATE TABLE odd (a int DEFAULT -1::int, b int, c numeric DEFAULT -2.5::numeric,
		CONSTRAINT fits CHECK (a BETWEEN 0 AND 10 AND b BETWEEN 0 AND 10 AND (c NOT BETWEEN 1 AND 2 OR c IS NULL)),
		CHECK ((a, b) < (1, 2) AND c > -3::int));
	CREATE INDEX odd_some ON odd (a) WHERE b BETWEEN 0 AND 10 AND c > 0;
	CREATE VIEW few AS SELECT a FROM odd WHERE b BETWEEN 0 AND 10 AND a BETWEEN 1 AND 2 AND c > 1;
	CREATE POLICY own ON odd USING (b BETWEEN 0 AND 10 AND a >= 0);
	CREATE DOMAIN share AS int DEFAULT 1 CHECK (VALUE BETWEEN 1 AND 99 AND VALUE <> 50);
	CREATE FUNCTION less(a int DEFAULT -1::int, b anyelement DEFAULT -2.5::numeric) RETURNS int LANGUAGE sql AS $f$ SELECT (- 1) + $1 $f$;
	CREATE PROCEDURE work(a boolean DEFAULT 1 BETWEEN 0 AND 2 AND NULL) AS $f$ SELECT ((1 > 0 AND 2 > 1) AND 3 > 2) $f$ LANGUAGE sql};
sf_database($node, 'odd');
query("SELECT sf_define(\$\$$odd\$\$); SELECT sf_plan_migration('odd')", 'odd');
query('CALL sf_upgrade()', 'odd');
command_ok([ 'pg_dump', '-d', $node->connstr('odd'), '-n', 'public', '-f', "$dir/odd.sql" ], 'a dump of conditions');
sf_database($node, 'odd_again');
my $dump = PostgreSQL::Test::Utils::slurp_file("$dir/odd.sql") =~ s/^CREATE SCHEMA public;//mr;
PostgreSQL::Test::Utils::append_to_file("$dir/odd_again.sql", $dump);
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', "$dir/out", '-d', $node->connstr('odd_again'),
	'-f', "$dir/odd_again.sql" ], 'is restored');
my $text = q{SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'fits'};
isnt(query($text, 'odd_again'), query($text, 'odd'), 'the server reads another condition');
query("SELECT sf_define(\$\$$odd\$\$)", 'odd_again');
is(query('SELECT count(*) FROM sf_diff()', 'odd_again'), 0, 'that says the same');
query("SELECT sf_plan_migration('odd')", 'odd_again');
is(query('SELECT count(*) FROM sf_heads()', 'odd_again'), 0, 'there is nothing to do');
query(q{SELECT sf_undefine('main', allow_shrink => true); SELECT sf_adopt(); SELECT sf_undefine('main', allow_shrink => true)}, 'odd_again');
query("SELECT sf_define(\$\$$odd\$\$)", 'odd_again');
is(query('SELECT count(*) FROM sf_diff()', 'odd_again'), 0, 'nor when it was adopted');

$node->stop;
done_testing();
