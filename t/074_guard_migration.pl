# Objects of a migration that is half done: nobody else changes them (phases.md, D6); what nobody minds goes through.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('main', conf => [ "shared_preload_libraries = 'schemaflow'" ]);
my $db = sf_database($node, 'app');

$node->safe_psql($db, q{ALTER DATABASE app SET schemaflow.online_rows = 100; ALTER DATABASE app SET schemaflow.guard = warn;
	CREATE SCHEMA s;
	CREATE FUNCTION low(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
	CREATE TABLE s.users (id int PRIMARY KEY, email text, other int, CONSTRAINT full_email CHECK (email <> ''));
	CREATE INDEX users_email ON s.users (email);
	CREATE INDEX users_other ON s.users (other);
	INSERT INTO s.users SELECT n, 'U' || n, n FROM generate_series(1, 1000) n; ANALYZE s.users;
	CREATE TABLE s.parted (id int, k int) PARTITION BY RANGE (k);
	CREATE TABLE s.part PARTITION OF s.parted FOR VALUES FROM (0) TO (10000);
	CREATE TABLE s.another (id int, k int);
	INSERT INTO s.parted SELECT n, n FROM generate_series(1, 1000) n; ANALYZE s.parted;
	CREATE ROLE app LOGIN; GRANT ALL ON SCHEMA public TO app;
	SELECT count(*) FROM sf_adopt();
	SELECT count(*) FROM sf_guard_install()});
my $model = $node->safe_psql($db, q{SELECT string_agg(line, E'\n') FROM sf_model_ddl() line});
$model =~ s/(email text,)/$1 login text NOT NULL, -- \@up public.low(email)\n/;
$model =~ s/(CREATE TABLE s\.parted \(.*?)(k integer)/$1$2, twice integer NOT NULL -- \@up k + k\n/s;
$model =~ s/'/''/g;
$node->safe_psql($db, "SELECT count(*) FROM sf_define('$model'); SELECT count(*) FROM sf_plan_migration('login')");
my $revision = $node->safe_psql($db, q{SELECT revision FROM sf_heads()});

my @refused = (
	[ 'ALTER TABLE s.users DROP COLUMN email CASCADE', 'table column s.users.email' ],
	[ 'ALTER TABLE s.users RENAME email TO mail', 'table column s.users.email' ],
	[ 'ALTER TABLE s.users ALTER login TYPE varchar', 'table column s.users.login' ],
	[ 'ALTER TABLE s.users ALTER login DROP NOT NULL', 'table column s.users.login' ],
	[ 'ALTER TABLE s.users DROP CONSTRAINT full_email', 'table constraint full_email on s.users' ],
	[ 'ALTER TABLE s.users RENAME CONSTRAINT full_email TO f', 'table constraint full_email on s.users' ],
	[ 'DROP INDEX s.users_email', 'index s.users_email' ],
	[ 'ALTER INDEX s.users_email RENAME TO z', 'index s.users_email' ],
	[ 'ALTER TABLE s.users DISABLE TRIGGER ALL', 'table s.users' ],
	[ 'ALTER TABLE s.users DISABLE TRIGGER "~schemaflow_login"', 'trigger "~schemaflow_login" on s.users' ],
	[ 'DROP TRIGGER "~schemaflow_login" ON s.users', 'trigger "~schemaflow_login" on s.users' ],
	[ 'ALTER TRIGGER "~schemaflow_login" ON s.users RENAME TO z', 'trigger "~schemaflow_login" on s.users' ],
	[ q{CREATE OR REPLACE FUNCTION low(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)'}, 'function low' ],
	[ 'ALTER FUNCTION public.low(text) RENAME TO lower2', 'function public.low' ],
	[ 'DROP TABLE s.users', '(table|table constraint|index) .*s.users' ],
	[ 'DROP SCHEMA s CASCADE', '(table|table constraint|index) .*s.(users|parted)' ],
	[ 'ALTER TABLE s.users RENAME TO u', 'table s.users' ],
	[ 'ALTER TABLE s.users SET SCHEMA public', 'table s.users' ],
	[ 'ALTER SCHEMA s RENAME TO s2', 'table s.\w+' ],
	[ 'ALTER TABLE s.users SET TABLESPACE pg_default', 'table s.users' ],
	[ 'ALTER TABLE s.users ADD z float DEFAULT random()', 'table s.users' ],
	[ 'ALTER TABLE s.parted ATTACH PARTITION s.another FOR VALUES FROM (20000) TO (30000)', 'table s.parted' ],
	[ 'ALTER TABLE s.parted DETACH PARTITION s.part', 'table s.parted' ],
	[ 'CREATE TABLE s.third PARTITION OF s.parted FOR VALUES FROM (20000) TO (30000)', 'table s.parted' ],
	[ 'DROP TABLE s.part', 'table s.part' ],
	[ 'DROP EXTENSION schemaflow CASCADE', 'extension schemaflow' ],
	[ 'DROP OWNED BY postgres CASCADE', 'extension schemaflow' ],
	[ q{DO 'BEGIN ALTER TABLE s.users DROP COLUMN email; END'}, 'table column s.users.email' ],
	# These are seen by the hook.
	[ 'VACUUM FULL s.users', 'table s.users' ],
	[ 'VACUUM (FULL) s.parted', 'table s.parted' ],
	[ 'VACUUM FULL', 'table s.\w+' ],
	[ 'CLUSTER s.users USING users_other', 'table s.users' ]);
my @allowed = (
	'ALTER TABLE s.users ADD COLUMN z int', 'ALTER TABLE s.users ADD COLUMN z int DEFAULT 5 NOT NULL',
	'ALTER TABLE s.users RENAME COLUMN other TO o', 'ALTER TABLE s.users DROP COLUMN other', 'DROP INDEX s.users_other',
	'ALTER TABLE s.users ALTER email SET STATISTICS 500', 'ALTER TABLE s.users SET (fillfactor = 90)',
	'GRANT SELECT ON s.users TO app', 'CREATE POLICY p ON s.users USING (true)', 'ALTER TABLE s.users ENABLE ROW LEVEL SECURITY',
	q{COMMENT ON COLUMN s.users.email IS 'x'}, 'TRUNCATE s.users', 'DROP TABLE s.another', 'CREATE TABLE s.fourth (a int)',
	'CREATE INDEX ON s.users (other)', 'VACUUM s.users', 'REINDEX TABLE s.users', 'ALTER EXTENSION schemaflow UPDATE');

($_, my ($before)) = (sf_try($node, $db, 'BEGIN; ALTER TABLE s.users RENAME email TO mail; ROLLBACK'))[ 0, 2 ];
is($_, 0, 'planned: anybody may still change it') or diag($before);
my ($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'up to the gate') or diag($err);
is($node->safe_psql($db, 'SELECT status FROM sf_status'), 'ready', 'ready');

for my $case (@refused)
{
	my ($sql, $what) = @$case;
	($rc, $out, $err) = sf_try($node, $db, $sql);
	like($err, qr/^.*ERROR:  55006: $what belongs to a migration that is half done$/m, "refused: $sql");
}
like($err, qr/DETAIL:  Migration "login" \($revision\) goes up: .* transactions are done; its run is "ready"\.$/m, 'it says which, and where it is');
like($err, qr/HINT:  CALL sf_contract\('$revision'\) finishes it, CALL sf_abort\(\) undoes it\.$/m, 'and what may be called');
is($node->safe_psql($db, qq{SELECT count(*) FROM sf_ddl_log WHERE outcome = 'refused' AND revision = '$revision'}), scalar(@refused),
	'each is in the log, though its transaction is gone');
is($node->safe_psql($db, q{SELECT statement || '; ' || object FROM sf_ddl_log WHERE outcome = 'refused' ORDER BY logged_at LIMIT 1}),
	'ALTER TABLE s.users DROP COLUMN email CASCADE; s.users.email', 'with statement and object');

# Schemas of versions: we make them and their views, others do not drop them.
($rc, $out, $err) = sf_try($node, $db, q{SELECT sf_version_schema('base', 's', 'old_app')});
is($rc, 0, 'a version gets its schema in the middle') or diag($err);
unlike($err, qr/WARNING/, 'our own statements are not judged');
for my $sql ('DROP SCHEMA old_app CASCADE', 'DROP VIEW old_app.users', 'ALTER SCHEMA old_app RENAME TO x', 'ALTER VIEW old_app.users RENAME TO x')
{
	($rc, $out, $err) = sf_try($node, $db, $sql);
	like($err, qr/55006: (schema|view) old_app.* belongs to a migration/, "refused: $sql");
}
$node->safe_psql($db, q{SELECT sf_allow('a test'); DROP SCHEMA old_app CASCADE});

for my $sql (@allowed)
{
	($rc, $out, $err) = sf_try($node, $db, $sql =~ /^VACUUM/ ? $sql : "BEGIN; $sql; ROLLBACK");
	is($rc, 0, "allowed: $sql") or diag($err);
}

# ---- as the settings say ----

sub outcome
{
	my ($sql, $before) = @_;
	my ($status, undef, $messages) = sf_try($node, $db, "$before; BEGIN; $sql; SELECT 'through'; ROLLBACK");
	return $status == 0 ? $messages =~ /WARNING:.* belongs to a migration/ ? 'warned' : 'through' : $messages =~ /55006/ ? 'refused' : $messages;
}

my $rename = 'ALTER TABLE s.users RENAME email TO mail';
is(outcome($rename, 'SET schemaflow.guard = enforce'), 'refused', 'enforce, after warn: a migration is no matter of taste');
is(outcome($rename, 'SET schemaflow.guard = off'), 'through', 'off is off');
is(outcome($rename, q{SELECT sf_allow('a fire')}), 'warned', 'the glass');
is(outcome($rename, q{BEGIN; SELECT sf_allow('a fire'); ROLLBACK}), 'refused', 'not when it was rolled back');
is(outcome($rename, q{BEGIN; SELECT sf_allow('a fire'); COMMIT}), 'warned', 'when it was committed');
is(outcome($rename, q{BEGIN; SAVEPOINT a; SELECT sf_allow('a fire'); ROLLBACK TO a; COMMIT}), 'refused', 'nor back to a savepoint');
is(outcome($rename, q{BEGIN; SAVEPOINT a; SELECT sf_allow('a fire'); RELEASE a; SAVEPOINT b; ROLLBACK TO b; COMMIT}), 'warned', 'but of another one');
is(outcome($rename, q{SELECT sf_allow('a fire', '1 microsecond'); SELECT pg_sleep(0.01)}), 'refused', 'it ends');
is(outcome($rename, q{SET session_replication_role = replica}), 'through', 'the way out');
is(outcome('SELECT 1', qq{DO 'BEGIN $rename; EXCEPTION WHEN object_in_use THEN CREATE TABLE caught (a int); END'}), 'through',
	'a handler may catch it, and go on');
is($node->safe_psql($db, q{SELECT string_agg(outcome || ' ' || object, ', ' ORDER BY n) FROM (SELECT * FROM sf_ddl_log ORDER BY logged_at DESC LIMIT 2) l}),
	'refused s.users.email, allowed public.caught', 'both are logged');
$node->safe_psql($db, 'DROP TABLE caught');

# Without rights nothing is to be had: not by an option of the connection, not under another name.
{
	local $ENV{PGOPTIONS} = '-c schemaflow.guard=off';
	$node->safe_psql($db, 'ALTER TABLE s.users OWNER TO app; GRANT ALL ON SCHEMA s TO app');
	($rc, $out, $err) = sf_try($node, $db, $rename, extra_params => [ '-U', 'app' ]);
	isnt($rc, 0, 'an option of the connection is of no use to others');
	local $ENV{PGOPTIONS} = '';
	($rc, $out, $err) = sf_try($node, $db, $rename, extra_params => [ '-U', 'app' ]);
	like($err, qr/55006/, 'refused for its owner');
	is($node->safe_psql($db, q{SELECT session_role || ' ' || role FROM sf_ddl_log WHERE session_role = 'app'}), 'app app', 'logged with the name');
	$node->safe_psql($db, q{CREATE FUNCTION lent() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN ALTER TABLE s.users RENAME email TO mail; END'});
	($rc, $out, $err) = sf_try($node, $db, 'SELECT lent()', extra_params => [ '-U', 'app' ]);
	like($err, qr/55006/, 'refused with a lent role');
	is($node->safe_psql($db, q{SELECT session_role || ' ' || role FROM sf_ddl_log ORDER BY logged_at DESC LIMIT 1}), 'app postgres', 'logged with both');
	$node->safe_psql($db, 'ALTER TABLE s.users OWNER TO postgres; REVOKE ALL ON SCHEMA s FROM app; DROP FUNCTION lent()');
}

# No worker is to be had: it is refused all the same.
{
	$node->append_conf('postgresql.conf', "max_worker_processes = 0\nmax_parallel_workers = 0\nmax_logical_replication_workers = 0");
	$node->restart;
	my $start = time;
	($rc, $out, $err) = sf_try($node, $db, $rename);
	like($err, qr/55006/, 'refused where no worker can be had');
	cmp_ok(time - $start, '<', 10, 'at once');
	ok($node->log_contains(qr/LOG:  what the guard refused could not be written into its log/), 'the log of the server says it');
	$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
	$node->restart;
}

# ---- to the end; the next one by script ----

($rc, $out, $err) = sf_try($node, $db, 'CALL sf_contract()');
is($rc, 0, 'its own steps pass') or diag($err);
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'to the end');
is(outcome($rename, 'SELECT 1'), 'through', 'done: anybody may');

$model =~ s/''/'/g;
$model =~ s/(other integer,?)/more text NOT NULL DEFAULT 'x', $1/;
$model =~ s/'/''/g;
$node->safe_psql($db, "SELECT count(*) FROM sf_define('$model'); SELECT count(*) FROM sf_plan_migration('by script')");
my $script = $node->safe_psql($db, 'SELECT sf_script()');
$revision = $node->safe_psql($db, 'SELECT revision FROM sf_heads()');
($rc, $out, $err) = sf_try($node, $db, $script);
is($rc, 0, 'a script is the migration, too') or diag($err);
($rc, $out, $err) = sf_try($node, $db, $node->safe_psql($db, q{SELECT sf_script('head', 'down')}));
is($rc, 0, 'also down') or diag($err);
$node->stop;
done_testing();
