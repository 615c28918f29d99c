# What a text may do in a scratch: a table of statements, each plain, in DO and in a function.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use SchemaflowServer;
use Test::More;

my $node = sf_node('main', conf => [ 'max_prepared_transactions = 2', 'wal_level = logical' ]);
my $db = sf_database($node, 'app');
sf_server_functions($node, $db);

my @refused = (
	'CREATE ROLE hax', 'ALTER ROLE postgres NOLOGIN', 'DROP ROLE IF EXISTS hax', 'ALTER ROLE postgres SET work_mem = 64',
	'CREATE DATABASE hax', 'ALTER DATABASE postgres CONNECTION LIMIT 1', 'ALTER DATABASE postgres SET work_mem = 64',
	'ALTER DATABASE postgres RENAME TO hax', 'ALTER DATABASE app OWNER TO pg_monitor', 'DROP DATABASE IF EXISTS app',
	'GRANT CREATE ON DATABASE postgres TO PUBLIC', 'COMMENT ON DATABASE postgres IS \'x\'', 'COMMENT ON ROLE postgres IS \'x\'',
	'CREATE TABLESPACE hax LOCATION \'/tmp\'', 'DROP TABLESPACE IF EXISTS hax', 'ALTER TABLESPACE pg_default RESET (seq_page_cost)',
	'GRANT CREATE ON TABLESPACE pg_default TO PUBLIC', 'ALTER SYSTEM SET work_mem = 64', 'GRANT SET ON PARAMETER work_mem TO PUBLIC',
	'COPY pg_class TO \'/tmp/hax\'', 'COPY pg_class TO PROGRAM \'true\'', 'COPY pg_class FROM \'/dev/null\'', 'LOAD \'auto_explain\'',
	'CHECKPOINT', 'VACUUM', 'ANALYZE', 'CLUSTER', 'REINDEX SYSTEM app', 'LISTEN x', 'NOTIFY x', 'UNLISTEN *', 'DISCARD ALL',
	'PREPARE TRANSACTION \'x\'', 'COMMIT', 'ROLLBACK PREPARED \'x\'', 'SAVEPOINT x',
	'SET ROLE pg_monitor', 'SET SESSION AUTHORIZATION pg_monitor', 'SET TRANSACTION READ ONLY',
	'REASSIGN OWNED BY postgres TO pg_monitor', 'DROP OWNED BY pg_monitor',
	'CREATE EXTENSION hstore', 'CREATE EXTENSION schemaflow', 'ALTER EXTENSION plpgsql UPDATE',
	'ALTER SUBSCRIPTION hax REFRESH PUBLICATION', 'ALTER SUBSCRIPTION hax SET (two_phase = false)',
	'SELECT pg_reload_conf()', 'SELECT pg_create_physical_replication_slot(\'hax\')', 'SELECT lo_export(1, \'/tmp/hax\')',
	'SELECT pg_terminate_backend(pid) FROM pg_stat_activity', 'SELECT pg_notify(\'x\', \'y\')',
	'UPDATE pg_authid SET rolcanlogin = false', 'DELETE FROM pg_database', 'INSERT INTO pg_shdescription VALUES (1, 1, \'x\')');

# A row per statement: what sf_test_try says.
sub tried
{
	my ($place, @statements) = @_;
	my $out = $node->safe_psql($db, sf_job('sf_test_try:', $place, join(";\n", @statements)));
	return split /\n/, $out;
}

my @ways = (
	[ 'plain', sub { $_[0] } ],
	[ 'in DO', sub { "DO \$do\$ BEGIN EXECUTE \$x\$$_[0]\$x\$; END \$do\$" } ],
	[ 'in a function', sub { "SELECT public.run_it(\$x\$$_[0]\$x\$)" } ]);
my $function = 'CREATE FUNCTION public.run_it(text) RETURNS void LANGUAGE plpgsql AS $f$ BEGIN EXECUTE $1; END $f$';
for my $way (@ways)
{
	for my $place (SCRATCH, FRESH)
	{
		my @rows = tried($place, $function, map { $way->[1]->($_) } @refused);
		is(shift @rows, 'ok|NULL|', 'the function is there');
		is(scalar @rows, scalar @refused, 'a row for each');
		my @passed = grep { $rows[$_] !~ /^0A000\|/ } 0 .. $#rows;
		is(join("\n", map { "$refused[$_]: $rows[$_]" } @passed), '', "all refused $way->[0], place $place");
	}
}
is($node->safe_psql('postgres', q(SELECT count(*) FROM pg_roles WHERE rolname = 'hax')), '0', 'nothing reached the server');

my ($rc, $out, $err) = sf_try($node, $db, sf_job('sf_job_text', SCRATCH, 'DO $$ BEGIN CREATE ROLE hax; END $$'));
like($err, qr/0A000: CREATE ROLE is not allowed .*DETAIL:  It changes what all databases.*HINT:  Leave it out/s, 'with detail and hint');

# Memberships are skipped, and said, as in the text itself (model/parse.c).
for my $place (SCRATCH, FRESH)
{
	for my $way (@ways)
	{
		($rc, $out, $err) = sf_try($node, $db, sf_job('sf_test_try:', $place, join(";\n", $function,
			map { $way->[1]->($_) } 'GRANT pg_monitor TO pg_read_all_data', 'REVOKE pg_monitor FROM pg_read_all_data')));
		is($out, "ok|NULL|\nok|NULL|\nok|NULL|", "memberships pass $way->[0], place $place");
		like($err, qr/NOTICE: .* skipped GRANT ROLE.*NOTICE: .* skipped REVOKE ROLE/s, 'and are named');
	}
}
is($node->safe_psql('postgres', q(SELECT count(*) FROM pg_auth_members WHERE roleid = 'pg_monitor'::regrole)), '0', 'none is changed');

# What a schema consists of is allowed.
my @allowed = (
	'CREATE SCHEMA s', 'CREATE TABLE s.t (a int PRIMARY KEY, b text)', 'CREATE TABLE p (a int) PARTITION BY RANGE (a)',
	'CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2)', 'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY',
	'CREATE INDEX CONCURRENTLY i ON s.t (b)', 'CLUSTER s.t USING i', 'CREATE UNIQUE INDEX ON s.t (b)', 'CREATE SEQUENCE q', 'CREATE VIEW v AS SELECT 1 AS x',
	'CREATE MATERIALIZED VIEW m AS SELECT 1 AS x', 'REFRESH MATERIALIZED VIEW m', 'CREATE TYPE e AS ENUM (\'a\')',
	'CREATE TYPE c AS (a int)', 'CREATE TYPE r AS RANGE (subtype = int)', 'CREATE DOMAIN d AS int CHECK (VALUE > 0)',
	'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS \'SELECT 1\'', 'CREATE PROCEDURE pr() LANGUAGE sql AS \'SELECT 1\'', 'CALL pr()',
	'CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS \'BEGIN RETURN NEW; END\'',
	'CREATE TRIGGER tr BEFORE INSERT ON s.t FOR EACH ROW EXECUTE FUNCTION tf()', 'CREATE RULE ru AS ON DELETE TO s.t DO INSTEAD NOTHING',
	'CREATE POLICY po ON s.t USING (true)', 'ALTER TABLE s.t ENABLE ROW LEVEL SECURITY', 'CREATE STATISTICS st ON a, b FROM s.t',
	'CREATE FOREIGN DATA WRAPPER w', 'CREATE SERVER srv FOREIGN DATA WRAPPER w', 'CREATE FOREIGN TABLE ft (a int) SERVER srv',
	'CREATE USER MAPPING FOR PUBLIC SERVER srv', 'CREATE COLLATION co FROM "C"', 'CREATE PUBLICATION pu FOR ALL TABLES',
	'CREATE SUBSCRIPTION su CONNECTION \'host=/nowhere\' PUBLICATION pu', 'CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS \'BEGIN RAISE EXCEPTION $$fired$$; END\'',
	'CREATE EVENT TRIGGER ev ON ddl_command_end EXECUTE FUNCTION et()', 'CREATE TABLE after_event ()', 'ALTER EVENT TRIGGER ev ENABLE',
	'CREATE TABLE after_event_2 ()', 'COMMENT ON TABLE s.t IS \'x\'', 'GRANT SELECT ON s.t TO PUBLIC', 'ALTER TABLE s.t OWNER TO pg_monitor',
	'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC', 'SET client_encoding = \'LATIN1\'', 'SET statement_timeout = 0',
	'SELECT pg_catalog.set_config(\'search_path\', \'\', false)', 'CREATE TEXT SEARCH CONFIGURATION public.ts (COPY = pg_catalog.simple)',
	'CREATE AGGREGATE public.agg(int) (SFUNC = int4pl, STYPE = int)', 'CREATE CAST (s.t AS int) WITH INOUT',
	'CREATE OPERATOR public.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)', 'DROP TABLE s.t CASCADE');
for my $place (SCRATCH, FRESH)
{
	my @rows = tried($place, @allowed);
	is(join("\n", map { "$allowed[$_]: $rows[$_]" } grep { $rows[$_] !~ /^ok/ } 0 .. $#rows), '', "a schema's statements are allowed, place $place");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_subscription'), '0', 'no subscription stays behind a fresh scratch');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_replication_origin'), '0', 'nor an origin');
like($node->safe_psql($db, 'SELECT sf_test_drop(true)'), qr/^[1-9]/, 'and it can be dropped');

# In live nothing but transaction control is refused.
is($node->safe_psql($db, sf_job('sf_job_text', LIVE, 'CREATE ROLE made_live; DROP ROLE made_live')), "1|CREATE ROLE\n2|DROP ROLE", 'live is free');

# Extensions: by their own call, before the text, at live's version, required ones first.
sub extension { return $node->psql($db, sf_job('sf_test_extension:', $_[0], "$_[1]\n$_[2]")) }
$node->safe_psql($db, 'CREATE ROLE plain');
($rc, $out, $err) = $node->psql($db, sf_job('sf_test_extension:', SCRATCH, "pageinspect\nSELECT 1", 'plain'));
like($err, qr/extension "pageinspect" is not installed in this database/, 'an extension that live lacks and the owner cannot create is refused');
($rc, $out, $err) = $node->psql($db, sf_job('sf_test_extension:', SCRATCH, "hstore\nCREATE TABLE t (h public.hstore)", 'plain'));
is($out . $err, 'schema was there', 'one that he can create is made');
$node->safe_psql($db, 'CREATE SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext; CREATE EXTENSION cube; CREATE EXTENSION earthdistance');
for my $place (SCRATCH, FRESH)
{
	($rc, $out, $err) = extension($place, 'hstore', 'CREATE TABLE t (h ext.hstore)');
	is($out . $err, 'made schema', "live's schema is used, place $place");
	($rc, $out, $err) = extension($place, 'earthdistance', 'CREATE TABLE t (e public.earth)');
	is($out . $err, 'schema was there', "with what it requires, place $place");
}
($rc, $out, $err) = extension(SCRATCH, 'schemaflow', 'SELECT 1');
like($err, qr/cannot be part of a model/, 'schemaflow itself is refused');
$node->safe_psql($db, q(UPDATE pg_extension SET extversion = '0.0.1' WHERE extname = 'hstore'));
($rc, $out, $err) = extension(SCRATCH, 'hstore', 'CREATE TABLE t (h ext.hstore)');
like($out . $err, qr/NOTICE:  the model is checked with version .*made schema|made schema.*NOTICE/s, 'a version that is gone: the nearest, with a notice');

$node->stop;
done_testing();
