# As whom a job's text runs: the owner, whoever calls; and it cannot become anybody else.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use SchemaflowServer;
use Test::More;

my $node = sf_node('main');
my $db = sf_database($node, 'app');
sf_server_functions($node, $db);
$node->safe_psql($db, <<'SQL');
CREATE ROLE owner_grp;
CREATE ROLE alice LOGIN IN ROLE owner_grp;
CREATE ROLE bob LOGIN;
CREATE ROLE carol LOGIN;
CREATE SCHEMA s AUTHORIZATION alice;
CREATE FUNCTION lent(text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
  AS $$ BEGIN RETURN sf_test_job('sf_job_text', 1, $1); END $$;
SQL

# As somebody: (standard output, standard error).
sub as
{
	my ($user, $sql) = @_;
	my ($rc, $out, $err) = sf_try($node, $db, $sql, extra_params => [ '-U', $user ]);
	return $rc == 0 ? "$out$err" : $err;
}

my $who = 'DO $$ BEGIN RAISE NOTICE \'% %\', current_user, session_user; END $$';

like(as('alice', "SET ROLE owner_grp; " . sf_job('sf_job_text', SCRATCH, $who)), qr/NOTICE: .*owner_grp alice/,
	'a caller under SET ROLE to a NOLOGIN owner');
like(as('alice', "SET ROLE owner_grp; " . sf_job('sf_job_text', SCRATCH, 'CREATE TABLE t (); CREATE SCHEMA x; CREATE TABLE x.t ()')),
	qr/3\|CREATE TABLE/, 'whose text creates in public and schemas of its own');
like(as('postgres', sf_job('sf_job_text', $_, $who, 'alice')), qr/NOTICE: .*alice postgres/,
	"another's text run by a superuser runs as its owner, place $_")
  for SCRATCH, FRESH, LIVE;

# Ways out of the role, in all places.
my %out = (
	'SET ROLE' => [ 'SET ROLE postgres', qr/0A000|42501/ ],
	'RESET ROLE' => [ 'RESET ROLE', qr/0A000|42501/ ],
	'SET SESSION AUTHORIZATION' => [ 'SET SESSION AUTHORIZATION DEFAULT', qr/0A000|42501/ ],
	'SET ROLE in DO' => [ 'DO $$ BEGIN SET ROLE postgres; END $$', qr/0A000|42501/ ],
	'set_config' => [ "SELECT set_config('role', 'postgres', false)", qr/42501/ ],
	'set_config none' => [ "SELECT set_config('role', 'none', true)", qr/42501/ ],
	'set_config session_authorization' => [ "SELECT set_config('session_authorization', 'postgres', false)", qr/42501/ ],
	'RESET ALL' => [ 'RESET ALL; CREATE ROLE hax', qr/0A000|42501/ ],
	'a superuser only function' => [ "SELECT pg_read_file('postgresql.conf')", qr/42501/ ],
	'function with SET role' => [ 'CREATE FUNCTION s.f() RETURNS void LANGUAGE sql SET role = postgres AS \'SELECT 1\'; SELECT s.f()', qr/42501|3F000/ ],
	'COPY TO PROGRAM' => [ 'DO $$ BEGIN COPY (SELECT 1) TO PROGRAM \'true\'; END $$', qr/0A000|42501/ ]);
for my $what (sort keys %out)
{
	like(as('postgres', sf_job('sf_job_text', $_, $out{$what}[0], 'alice')), $out{$what}[1], "$what, place $_")
	  for SCRATCH, FRESH, LIVE;
}
is($node->safe_psql($db, q(SELECT count(*) FROM pg_roles WHERE rolname = 'hax')), '0', 'none got out');

# A deferred trigger runs as the role of its text, not as whoever comes next.
my $trap = <<'SQL';
CREATE TABLE public.trap (a int);
CREATE FUNCTION public.spring() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'sprung by %', current_user; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER spring AFTER INSERT ON public.trap DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.spring();
INSERT INTO public.trap VALUES (1);
SQL
like(as('postgres', sf_job('sf_test_roles:', SCRATCH, "$trap SET test.role = 'bob'; SET CONSTRAINTS ALL IMMEDIATE", 'alice')),
	qr/^(?!.*sprung by bob).*sprung by alice/s, 'deferred triggers of one role do not run as the next');
like(as('postgres', sf_job('sf_test_roles:', SCRATCH, "$trap SET test.role = 'bootstrap'; COMMENT ON TABLE public.trap IS 'x'", 'alice')),
	qr/^(?!.*sprung by postgres).*sprung by alice/s, 'nor as the bootstrap superuser');
like(as('postgres', sf_job('sf_job_text', FRESH, $trap, 'alice')), qr/sprung by alice/, 'and at commit as their own');

like(as('postgres', sf_job('sf_test_roles:', SCRATCH, "CREATE TABLE t (); SET test.role = 'bootstrap'; COMMENT ON TABLE t IS 'x'; ALTER TABLE t OWNER TO bob; GRANT SELECT ON t TO carol", 'alice')),
	qr/^$/, 'owner, grants and comments may run as the bootstrap superuser');
like(as('postgres', sf_job('sf_test_roles:', SCRATCH, "SET test.role = 'bootstrap'; SELECT 1", 'alice')),
	qr/XX000: .*must not run as the bootstrap/, 'other statements may not');

like(as('bob', sf_job('sf_job_text', SCRATCH, $who, 'alice')), qr/42501: permission denied to run as role "alice"/,
	'who is not a member cannot run as a role');
like(as('postgres', "SET ROLE bob; " . sf_job('sf_job_text', SCRATCH, $who, 'alice')), qr/42501/,
	'nor a superuser who has taken a role that is not');
like(as('bob', q(SELECT lent('SELECT 1'))), qr/42501: .*SECURITY DEFINER.*HINT: /s, 'a role lent by SECURITY DEFINER is refused');
like(as('carol', sf_job('sf_job_text', FRESH, 'CREATE TABLE t ()')), qr/1\|CREATE TABLE/, 'any role may work in a fresh scratch');

$node->safe_psql($db, 'SELECT sf_test_drop(false)');
like(as('carol', sf_job('sf_job_text', SCRATCH, 'CREATE TABLE t ()')), qr/1\|CREATE TABLE/, 'any role may work in a scratch');
is(as('postgres', 'DROP ROLE carol'), '', 'and can be dropped afterwards');

# Another database: only one that would let the caller in.
$node->safe_psql('postgres', 'CREATE DATABASE closed ALLOW_CONNECTIONS false; CREATE DATABASE private; REVOKE CONNECT ON DATABASE private FROM PUBLIC');
my $where = 'DO $$ BEGIN RAISE NOTICE \'in %\', current_database(); END $$';
sub in_database
{
	my ($user, $name) = @_;
	my $text = $where =~ s/'/''/gr;
	return as($user, "SELECT sf_test_job('sf_job_text', 0, '$text', 0, (SELECT oid FROM pg_database WHERE datname = '$name'))");
}
like(in_database('postgres', 'private'), qr/NOTICE: .*in private/, 'a job in another database');
like(in_database('bob', 'private'), qr/42501: permission denied for database "private"/, 'needs CONNECT there');
like(in_database('postgres', 'closed'), qr/55000: database "closed" is not currently accepting connections/, 'and a database that takes connections');
like(in_database('bob', 'template0'), qr/55000: /, 'which template0 does not');

# The owner switch for bookkeeping.
$node->safe_psql($db, 'CREATE TABLE owners_only (a int); CREATE SCHEMA evil AUTHORIZATION bob; GRANT bob TO postgres');
$node->safe_psql($db, 'CREATE FUNCTION evil.eq(int, int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION \'evil ran as %\', current_user; END $$;'
	  . ' CREATE OPERATOR evil.= (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.eq)');
is(as('bob', "SET search_path = evil, pg_catalog, public; SELECT sf_test_owner('INSERT INTO public.owners_only SELECT 1 WHERE 1 = 1 RETURNING a'); SELECT current_user, current_setting('search_path')"),
	"1\nbob|evil, pg_catalog, public", "bookkeeping runs as the extension's owner under our search_path, and everything is put back");
like(as('bob', "SELECT sf_test_owner('SET ROLE postgres')"), qr/42501: cannot set parameter "role"/, 'the role cannot be set meanwhile');
is(as('bob', "SET search_path = evil, pg_catalog, public; DO \$\$ BEGIN PERFORM sf_test_owner('SELECT 1 / 0'); EXCEPTION WHEN division_by_zero THEN NULL; END \$\$;"
	  . " SELECT current_user, current_setting('search_path')"), 'bob|evil, pg_catalog, public', 'an error puts everything back, too');

# FATALs of the worker's connection arrive as they are.
my $run = sf_start($node, $db, "SELECT pg_sleep(1.5); " . sf_job('sf_job_text', SCRATCH, $who), user => 'bob');
$node->poll_query_until($db, q(SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'bob'));
$node->safe_psql($db, 'ALTER ROLE bob NOLOGIN');
my ($rc, $out, $err) = sf_finish($run);
like($err, qr/28000: role "bob" is not permitted to log in/, 'a FATAL is shown verbatim');

like(as('postgres', "BEGIN; CREATE ROLE dave; " . sf_job('sf_job_text', SCRATCH, $who, 'postgres') . "; SET ROLE dave; " . sf_job('sf_job_text', SCRATCH, $who)),
	qr/42704: .*HINT:  Commit/s, 'a role that is not committed yet');

$node->stop;
done_testing();
