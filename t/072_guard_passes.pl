# With the guard enforcing, everything that is no hazard runs without a refusal: what applications and tools do by
# themselves, dumps and restores, extensions, autovacuum, logical replication.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use IPC::Run ();
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $python = "$ENV{SF_ROOT}/build/venv/bin/python";
my $node = sf_node('main', init => [ allows_streaming => 'logical' ], conf => [ "shared_preload_libraries = 'schemaflow'", 'autovacuum = on',
	'autovacuum_naptime = 1s', 'autovacuum_vacuum_insert_threshold = 10', 'max_logical_replication_workers = 8' ]);
my $db = sf_database($node, 'app');
my $tables = q{CREATE TABLE ledger (id serial PRIMARY KEY, amount int NOT NULL, of int REFERENCES ledger);
	CREATE INDEX ON ledger (of);
	CREATE TABLE parted (id int, k int) PARTITION BY RANGE (k);
	CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (1000000);
	CREATE TABLE other (id int PRIMARY KEY, ledger_id int REFERENCES ledger ON DELETE CASCADE);
	CREATE MATERIALIZED VIEW sums AS SELECT sum(amount) FROM ledger WITH NO DATA;
	CREATE UNIQUE INDEX ON sums (sum);
	CREATE VIEW seen AS SELECT id FROM ledger;
	CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
	CREATE TRIGGER t BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION t();
	CREATE POLICY p ON other USING (true); ALTER TABLE other ENABLE ROW LEVEL SECURITY};

$node->safe_psql($db, q{SELECT sf_guard_install()});
$node->safe_psql('postgres', q{ALTER DATABASE app SET schemaflow.guard = enforce});

sub refused
{
	my ($where) = @_;

	return $node->safe_psql($where // $db, q{SELECT string_agg(command || ' ' || rules::text, ', ') FROM schemaflow.ddl_log WHERE outcome = 'refused'});
}

sub run_ok
{
	my ($what, @command) = @_;
	my ($out, $err) = ('', '');
	local @ENV{ qw(PGHOST PGPORT PYTHONDONTWRITEBYTECODE) } = ($node->host, $node->port, 1);

	ok(IPC::Run::run(\@command, '>', \$out, '2>', \$err), $what) or diag($out, $err);
	return $out . $err;
}

# ---- tables made, filled ----

my ($rc, $out, $err) = sf_try($node, $db, qq{$tables; INSERT INTO ledger (amount, of) SELECT n, n FROM generate_series(1, 20000) n;
	INSERT INTO parted SELECT n, n FROM generate_series(1, 20000) n; INSERT INTO other SELECT n, n FROM generate_series(1, 20000) n;
	REFRESH MATERIALIZED VIEW sums});
is($rc, 0, 'tables made and filled') or diag($err);
($rc, $out, $err) = sf_try($node, $db, qq{CREATE TEMP TABLE tt AS SELECT n FROM generate_series(1, 20000) n; ALTER TABLE tt ALTER n SET NOT NULL;
	CREATE INDEX ON tt (n); ALTER TABLE tt ALTER n TYPE text; DROP TABLE tt});
is($rc, 0, 'a temporary table') or diag($err);
($rc, $out, $err) = sf_try($node, $db, q{BEGIN; CREATE TABLE fresh AS SELECT n FROM generate_series(1, 20000) n; ALTER TABLE fresh ALTER n SET NOT NULL;
	CREATE INDEX ON fresh (n); ALTER TABLE fresh ALTER n TYPE bigint; DROP TABLE fresh; COMMIT});
is($rc, 0, 'a table of its own transaction') or diag($err);
($rc, $out, $err) = sf_try($node, $db, q{SET lock_timeout = '2s'; CREATE TABLE empty (n int); ALTER TABLE empty ALTER n SET NOT NULL; CREATE INDEX ON empty (n);
	ALTER TABLE empty ALTER n TYPE text; DROP TABLE empty});
is($rc, 0, 'an empty table') or diag($err);

# ---- every extension that this server has: made, moved, updated, dropped ----

my $extensions = sf_database($node, 'extensions');
$node->safe_psql($extensions, 'SELECT count(*) FROM sf_guard_install()');
my $n = 0;
for (split /\n/, $node->safe_psql($extensions, q{SELECT name, bool_or(relocatable) FROM pg_available_extension_versions
	WHERE name NOT IN ('schemaflow', 'plpgsql') AND NOT installed AND trusted IS NOT NULL GROUP BY 1 ORDER BY 1}))
{
	my ($extension, $relocatable) = split /\|/;
	my $quoted = qq{"$extension"};

	($rc, $out, $err) = sf_try($node, $extensions, "CREATE EXTENSION $quoted CASCADE; COMMENT ON EXTENSION $quoted IS 'x'; ALTER EXTENSION $quoted UPDATE"
		. ($relocatable eq 't' ? "; CREATE SCHEMA IF NOT EXISTS elsewhere; ALTER EXTENSION $quoted SET SCHEMA elsewhere" : ''));
	# What another one needs was made along with it; files of another program may be missing.
	next if $err =~ /already exists|could not (?:open|load|access)|42501|58P01|F0000/ && $err !~ /guard/;
	is($rc, 0, "extension $extension") or diag($err);
	$n++;
}
cmp_ok($n, '>=', 10, "ten of them and more: $n");
is(refused($extensions), '', 'nothing was refused');
($rc, $out, $err) = sf_try($node, $extensions, q{SELECT format('DROP EXTENSION IF EXISTS %I CASCADE', extname) FROM pg_extension WHERE extname NOT IN ('schemaflow', 'plpgsql') \gexec});
is($rc, 0, 'all are dropped') or diag($err);
is(refused($extensions), '', 'nor then');
$node->safe_psql($db, 'CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm; CREATE EXTENSION citext; CREATE EXTENSION pg_stat_statements');
is(refused(), '', 'nothing was refused so far');

# ---- ORM and its migrations ----

if (-x $python)
{
	like(run_ok('SQLModel and Alembic', $python, "$ENV{SF_ROOT}/test/guard/passes.py", $db), qr/create_all v3: \d+ tables\n.*alembic a_default/s, 'they come to their end');
	is(refused(), '', 'nothing was refused');
}
else
{
	fail('SQLModel is in build/venv (demo/venv makes it)');
}

# ---- dump and restore, the guard in it ----

my $file = "$PostgreSQL::Test::Utils::tmp_check/app.dump";
run_ok('pg_dump', 'pg_dump', '-Fc', '-f', $file, $db);
$node->safe_psql('postgres', 'ALTER SYSTEM SET schemaflow.guard = enforce; SELECT pg_reload_conf()');
for my $jobs (1, 4)
{
	$node->safe_psql('postgres', "CREATE DATABASE restored_$jobs");
	run_ok("pg_restore -j $jobs", 'pg_restore', '-j', $jobs, '--exit-on-error', '-d', "restored_$jobs", $file);
	is(refused("restored_$jobs"), '', 'nothing was refused');
	is($node->safe_psql("restored_$jobs", q{SELECT count(*) FROM pg_event_trigger WHERE evtenabled = 'O'}), 4, 'the guard is there');
	is($node->safe_psql("restored_$jobs", 'SELECT count(*) FROM ledger'), 20000, 'and the rows');
	is($node->safe_psql("restored_$jobs", q{SELECT count(*) > 0, count(*) FILTER (WHERE l.object = 'public.seen') > 0 FROM schemaflow.ddl_log l
		WHERE NOT EXISTS (SELECT FROM sf_ddl_log o WHERE o.object = 'public.seen')}), 't|t',
		'the log of the other database is none of this one');
	($rc, $out, $err) = sf_try($node, "restored_$jobs", 'ALTER TABLE ledger ALTER of TYPE bigint');
	like($err, qr/ERROR:  2F003: guard: change_type_rewrite/, 'which is guarded now');
}
my $plain = "$PostgreSQL::Test::Utils::tmp_check/app.sql";
run_ok('pg_dump, plain', 'pg_dump', '-f', $plain, $db);
$node->safe_psql('postgres', 'CREATE DATABASE restored_plain');
run_ok('psql', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', 'restored_plain', '-f', $plain);

# ---- autovacuum, and analyze ----

ok($node->poll_query_until($db, q{SELECT autovacuum_count > 0 AND autoanalyze_count > 0 FROM pg_stat_user_tables WHERE relname = 'ledger'}), 'autovacuum');
run_ok('vacuumdb', 'vacuumdb', '-z', $db);

# ---- logical replication into a guarded database ----

$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('source', q{CREATE TABLE ledger (id int PRIMARY KEY, amount int); INSERT INTO ledger SELECT n, n FROM generate_series(1, 5000) n;
	CREATE PUBLICATION p FOR TABLE ledger; SELECT pg_create_logical_replication_slot('s', 'pgoutput')});
my $target = sf_database($node, 'target');
$node->safe_psql($target, 'CREATE TABLE ledger (id int PRIMARY KEY, amount int); SELECT sf_guard_install()');
my $connection = $node->connstr('source') =~ s/'/''/gr;
($rc, $out, $err) = sf_try($node, $target, "CREATE SUBSCRIPTION sub CONNECTION '$connection' PUBLICATION p WITH (create_slot = false, slot_name = 's')");
is($rc, 0, 'a subscription') or diag($err);
ok($node->poll_query_until($target, 'SELECT count(*) = 5000 FROM ledger'), 'the rows come');
$node->safe_psql('source', 'UPDATE ledger SET amount = 0 WHERE id = 1; TRUNCATE ledger; INSERT INTO ledger VALUES (1, 1)');
ok($node->poll_query_until($target, 'SELECT count(*) = 1 FROM ledger'), 'TRUNCATE is applied');
is(refused($target), '', 'nothing was refused');
$node->safe_psql($target, 'ALTER SUBSCRIPTION sub DISABLE; ALTER SUBSCRIPTION sub SET (slot_name = NONE); DROP SUBSCRIPTION sub');
is(refused($db), '', 'nor in the first one');
$node->stop;
done_testing();
