# What is said where nothing can be done: the fact, and the call to make.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('errors');
my $db = sf_database($node, 'app');

sub refused
{
	my ($sql, $pattern, $name) = @_;
	my ($rc, undef, $err) = sf_try($node, $db, $sql);

	isnt($rc, 0, "$name: refused");
	like($err, $pattern, $name);
}

sub planned
{
	my ($ddl, $message) = @_;

	$node->safe_psql($db, "SELECT sf_define(\$\$$ddl\$\$); SELECT * FROM sf_plan_migration('$message')");
	return $node->safe_psql($db, "SELECT revision FROM sf_history() WHERE message = '$message' LIMIT 1");
}

# Databases and schemas to record from.
$node->safe_psql('postgres', 'CREATE DATABASE bare');
refused(q{SELECT sf_define_from('bare')}, qr/55000: database "bare" has nothing to record.*DETAIL: .*HINT: .*commit/s, 'an empty database');
refused(q{SELECT sf_define_from('bare', schemas => '{public,nosuch}')}, qr/3F000: schema "nosuch" does not exist.*DETAIL:  It has public\.\s.*HINT:/s,
	'a schema that is not there');

# Who calls, and from where.
$node->safe_psql($db, q{CREATE ROLE lender; GRANT CREATE ON SCHEMA public TO lender; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO lender;
	CREATE FUNCTION lent() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$SELECT sf_define('CREATE TABLE t (a int)')::text$$;
	ALTER FUNCTION lent() OWNER TO lender});
refused('SELECT lent()', qr/42501: cannot run as role "lender", which a SECURITY DEFINER function has lent.*DETAIL: .*HINT: .*SET ROLE "?lender/s,
	'a lent role');
$node->safe_psql($db, q{CREATE TABLE one (a int); CREATE FUNCTION inner_define() RETURNS text LANGUAGE sql IMMUTABLE
	AS $$SELECT public.sf_define('CREATE TABLE t (a int)')::text$$});
refused('CREATE MATERIALIZED VIEW m AS SELECT inner_define()', qr/42501: schemaflow cannot work within a security-restricted operation.*HINT:/s,
	'a materialized view');
$node->safe_psql($db, 'DROP FUNCTION inner_define(); DROP FUNCTION lent(); DROP TABLE one');

# The owner of a unit who has gone.
$node->safe_psql($db, q{CREATE ROLE goes; GRANT CREATE ON SCHEMA public TO goes; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO goes;
	SET ROLE goes; SELECT sf_define('theirs', 'CREATE TABLE theirs (a int)'); RESET ROLE; DROP OWNED BY goes; DROP ROLE goes});
refused(q{SELECT sf_define('mine', 'CREATE TABLE mine (a int)')},
	qr/42704: role "goes", the owner of unit "theirs", does not exist.*DETAIL: .*HINT: .*sf_define\('theirs', ddl\)/s, 'a unit without an owner');
$node->safe_psql($db, q{SELECT sf_undefine('theirs', allow_shrink => true)});

# What the server would refuse in the middle of a run.
$node->safe_psql($db, q{CREATE TABLE addr (no int); CREATE TABLE person (homes addr[]);
	SELECT sf_define('CREATE TABLE addr (no bigint); CREATE TABLE person (homes addr[])')});
refused(q{SELECT * FROM sf_plan_migration('rows in rows')},
	qr/0A000: column public\.addr\.no cannot be altered: column public\.person\.homes stores rows of table public\.addr.*DETAIL: .*HINT:  Do it in two/s,
	'a table whose rows another table stores');
$node->safe_psql($db, q{DROP TABLE person, addr; SELECT sf_undefine('main', allow_shrink => true)});

# Ways that are none, and marks out of turn.
my $first = planned('CREATE TABLE t (a int)', 'first');
refused("SELECT sf_script('base')", qr/22023: "base" is base: nothing leads up to it.*HINT: .*sf_downgrade\('base'\)/s, 'a script up to base');
refused("CALL sf_upgrade('base')", qr/22023: "base" is base.*HINT:/s, 'up to base');
refused("CALL sf_upgrade(through => 'sideways')", qr/22023: "sideways" is not a phase.*HINT:  Phases are expand/s, 'a phase that is none');
refused("CALL sf_downgrade('$first')", qr/55000: revision "$first" is not applied here, so there is no way down.*DETAIL:  It is planned.*HINT: .*sf_upgrade\('$first'\)/s,
	'down to what is not applied');
refused("SELECT sf_mark('$first', 1, 'down')", qr/55000: .*$first.*HINT:/s, 'a mark of a way down from nowhere');
# What others were granted on schema public, which is no part of the model, is in nobody's way.
like($node->safe_psql($db, q{SELECT nspacl FROM pg_namespace WHERE nspname = 'public'}), qr/lender=C/, 'a privilege on schema public');
$node->safe_psql($db, 'CALL sf_upgrade()');
my $second = planned('CREATE TABLE t (a int, b int); CREATE INDEX ON t (b); CREATE INDEX ON t (a, b)', 'second');
refused("SELECT sf_mark('$second', 3)", qr/55000: transaction 1 of revision "$second" comes before transaction 3.*HINT:  Run them in order/s, 'a mark too early');
$node->safe_psql($db, 'CALL sf_upgrade()');

# Planning beside what others planned.
my $file = $node->safe_psql($db, "SELECT sf_export('$first')");
$db = sf_database($node, 'copy');
refused('SELECT sf_adopt_restored()', qr/55000: there is nothing to adopt.*DETAIL: .*HINT: .*sf_doctor/s, 'nothing to adopt');
$node->safe_psql($db, "SELECT sf_import(\$x\$$file\$x\$)");
$node->safe_psql($db, q{SELECT sf_define('CREATE TABLE other (a int)')});
refused(q{SELECT sf_plan_migration('beside')}, qr/55000: this database is not up to date: revision "$first" is not applied.*DETAIL: .*imported.*HINT:  Run it first/s,
	'a plan beside an imported one');

# Who cancels does not get the query of ours that was at work.
$node->safe_psql($db, 'CREATE TABLE held (a int); CREATE VIEW shows AS SELECT a FROM held');
my $holder = $node->background_psql($db);
$holder->query_safe('BEGIN; LOCK TABLE held');
my ($rc, undef, $err) = sf_try($node, $db, q{SET statement_timeout = '500ms'; SELECT count(*) FROM sf_facts()});
like($err, qr/57014: canceling statement due to statement timeout/, 'cancelled while it reads');
unlike($err, qr/SQL statement/, 'without the statement at hand');
$holder->quit;

done_testing();
