# What fires no event trigger: met and logged where the library is preloaded, and nowhere else.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('main');
my $db = sf_database($node, 'app');
my $other = sf_database($node, 'unguarded');
my $capability = q{SELECT state FROM sf_capabilities WHERE capability = 'hooks in every session'};

# Each with what the log has for it.
my @statements = (
	[ 'VACUUM FULL e', 'VACUUM' ],
	[ 'CLUSTER e USING e_pkey', 'CLUSTER' ],
	[ 'TRUNCATE e', 'TRUNCATE TABLE' ],
	[ 'CREATE ROLE r PASSWORD \'hush\'', 'CREATE ROLE' ],
	[ 'ALTER ROLE r SET work_mem = \'4MB\'', 'ALTER ROLE' ],
	[ 'GRANT r TO postgres', 'GRANT ROLE' ],
	[ 'ALTER ROLE r RENAME TO r2', 'ALTER ROLE' ],
	[ 'DROP ROLE r2', 'DROP ROLE' ],
	[ 'CREATE DATABASE d', 'CREATE DATABASE' ],
	[ 'ALTER DATABASE d SET work_mem = \'4MB\'', 'ALTER DATABASE' ],
	[ 'GRANT CONNECT ON DATABASE d TO PUBLIC', 'GRANT' ],
	[ 'ALTER DATABASE d OWNER TO postgres', 'ALTER DATABASE' ],
	[ 'DROP DATABASE d', 'DROP DATABASE' ],
	[ 'ALTER SYSTEM SET work_mem = \'5MB\'', 'ALTER SYSTEM' ],
	[ 'ALTER EVENT TRIGGER schemaflow_guard_rewrite ENABLE', 'ALTER EVENT TRIGGER' ],
	[ 'CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION schemaflow.sf_guard()', 'CREATE EVENT TRIGGER' ],
	[ 'DROP EVENT TRIGGER et', 'DROP EVENT TRIGGER' ]);
# These are nothing to it.
my @silent = ('VACUUM e', 'ANALYZE e', 'VACUUM (FULL false) e', 'SET work_mem = \'3MB\'', 'BEGIN; COMMIT', 'CHECKPOINT', 'SELECT 1');

sub logged
{
	my (@sql) = @_;

	$node->safe_psql($db, q{SELECT sf_ddl_log_purge('-1 day')});
	$node->safe_psql($db, $_) foreach @sql;
	return $node->safe_psql($db, q{SELECT command FROM sf_ddl_log WHERE command NOT LIKE 'sf%' ORDER BY logged_at, n});
}

$node->safe_psql($db, 'SELECT sf_guard_install(); CREATE TABLE e (a int PRIMARY KEY)');
is($node->safe_psql($db, $capability), 'off', 'not preloaded: sf_capabilities says so');
is($node->safe_psql($db, "CREATE ROLE plain; SET ROLE plain; $capability"), 'unknown', 'who may not see the settings is told so');
is(logged(map { $_->[0] } @statements), '', 'nothing is seen of them');

for my $where ('shared_preload_libraries', 'session_preload_libraries')
{
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\n$where = 'schemaflow'");
	$node->restart;
	is($node->safe_psql($db, $capability), 'on', "$where: sf_capabilities says so");
	for my $case (@statements)
	{
		my ($sql, $command) = @$case;
		is(logged($sql), $command, "$where: $sql");
	}
}
is($node->safe_psql($db, q{SELECT count(*) FROM schemaflow.ddl_log WHERE statement ~ 'hush'}), 0, 'a password is not in the log');
is(logged(@silent), '', 'not seen: what is no DDL');
is(logged('REINDEX TABLE e'), $node->pg_version < 17 ? 'REINDEX' : "REINDEX\nREINDEX" =~ s/\n.*//r, 'REINDEX once');

# A table in use, and the rules.
$node->safe_psql($db, q{CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 1000); ANALYZE t});
for my $case ([ 'VACUUM FULL t', 'vacuum_full' ], [ 'CLUSTER t USING t_pkey', 'cluster' ], [ 'REINDEX TABLE t', 'reindex_blocking' ],
	[ 'TRUNCATE t', 'truncate' ])
{
	my ($sql, $rule) = @$case;
	my ($rc, $out, $err) = sf_try($node, $db, $sql);
	like($err, qr/ERROR:  2F003: guard: $rule\w*: /, "refused: $sql");
}
is($node->safe_psql($db, q{SELECT count(*) FROM t}), 1000, 'it is as it was');
my ($rc, $out, $err) = sf_try($node, $db, 'SET schemaflow.guard = off; VACUUM FULL t');
is($rc, 0, 'off is off') or diag($err);
is($node->safe_psql($db, q{SELECT outcome FROM sf_ddl_log ORDER BY logged_at DESC LIMIT 1}), 'off', 'and is logged');

SKIP:
{
	skip 'event_triggers is of 17', 2 if $node->pg_version < 17;
	is(logged('SET event_triggers = off; CREATE TABLE by_hook (a int)'), 'CREATE TABLE', 'event_triggers off: the hook sees it all');
	($rc, $out, $err) = sf_try($node, $db, q{SET event_triggers = off; ALTER TABLE t ALTER a TYPE bigint});
	like($err, qr/2F003: guard: change_type_rewrite/, 'and refuses');
}

# Where there is no guard, and where it is disabled.
is($node->safe_psql($other, 'CREATE TABLE t AS SELECT generate_series(1, 1000) a; TRUNCATE t; CREATE ROLE x; DROP ROLE x; SELECT count(*) FROM sf_ddl_log'),
	0, 'a database without a guard');
$node->safe_psql($db, 'ALTER EVENT TRIGGER schemaflow_guard_start DISABLE');
is(logged('CREATE ROLE x', 'DROP ROLE x'), '', 'disabled: the hook keeps quiet, too');
is(logged('SET session_replication_role = replica; TRUNCATE e'), '', 'nor in a session that is a replica');
$node->safe_psql('postgres', 'DROP DATABASE unguarded');
$node->stop;
done_testing();
