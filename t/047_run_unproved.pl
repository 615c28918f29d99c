# A check that is not proved yet, and that rows contradict: it goes before these are written, or nobody could write them.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main');
my $facts = q{SELECT md5(string_agg(concat_ws('|', kind, name, attribute, value), '' ORDER BY kind, name, attribute)) FROM sf_facts()};

# ---- a run whose proof fails brings back old values, of the same rows

my $db = sf_database($node, 'app');
$node->safe_psql($db, q{CREATE TABLE c (id int PRIMARY KEY, z text, x int, e text);
	INSERT INTO c VALUES (1, 'a  ', 1, 'e'), (2, 'b', -1, NULL)});
my $start = $node->safe_psql($db, $facts);
my $rows = $node->safe_psql($db, 'SELECT c::text FROM c ORDER BY id');
$node->safe_psql($db, q{SELECT sf_define('CREATE TABLE c (id int PRIMARY KEY, z char(3), x int CHECK (x > 0), e text NOT NULL)');
	SELECT sf_plan_migration('c')});
for my $why ('a NULL', 'a check')
{
	my ($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
	my ($query) = $err =~ /the schema is as it was. (SELECT .*?) lists the rows/;
	is($node->safe_psql($db, $query), $rows =~ /^\(2,(.*)\)$/m ? '2|' . $1 =~ tr/,/|/r : 'none', "$why: the hint has a query that lists the row");
	my $violated = $why eq 'a NULL' && $node->pg_version >= 18 ? qr/23502: column "e" of relation "c" contains null values/ :
	  qr/23514: check constraint .* is violated by some row/;
	like($err, qr/$violated.*the schema is as it was/s, "$why: is found, and undone");
	is($node->safe_psql($db, $facts), $start, "$why: to the start");
	is($node->safe_psql($db, 'SELECT c::text FROM c ORDER BY id'), $rows, "$why: with the rows");
	$node->safe_psql($db, q{UPDATE c SET e = 'e' WHERE e IS NULL});
	$rows = $node->safe_psql($db, 'SELECT c::text FROM c ORDER BY id');
}

# ---- what cannot be undone is told with what it was that failed

$node->safe_psql($db, q{SELECT sf_ignore('public.forbid%');
	CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN
		IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() WHERE object_identity ~ 'c_x_check') THEN RAISE 'not now'; END IF; END$$;
	CREATE EVENT TRIGGER forbid ON sql_drop EXECUTE FUNCTION forbid(); SELECT sf_plan_migration('again')});
my ($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/P0001: not now\n.*HINT: .*CALL sf_abort\(\) goes on.*undoing what was done, after: check constraint "c_x_check" of relation "c" is violated/s,
	'the second error, and the first');
is($node->safe_psql($db, 'SELECT status, message FROM sf_status'), 'failed|not now', 'and how it stands');
$node->safe_psql($db, 'DROP EVENT TRIGGER forbid; DROP FUNCTION forbid');
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_abort()');
is($rc, 0, 'goes on when the cause is gone') or diag($err);
is($node->safe_psql($db, $facts), $start, 'to the start');
$node->safe_psql($db, 'UPDATE c SET x = 1');
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'goes on when the rows are repaired') or diag($err);

# ---- one of the user's that goes, where the plan fills another column

my $filled = sf_database($node, 'filled');
$node->safe_psql($filled, q{CREATE TABLE c (id int PRIMARY KEY, x int); INSERT INTO c VALUES (1, -1);
	ALTER TABLE c ADD CONSTRAINT positive CHECK (x > 0) NOT VALID;
	SELECT sf_define('CREATE TABLE c (id int PRIMARY KEY, x int, y int NOT NULL -- @up id
		)'); SELECT sf_plan_migration('filled')});
($rc, undef, $err) = sf_try($node, $filled, 'CALL sf_upgrade()');
is($rc, 0, 'dropped before the column is filled') or diag($err);
is($node->safe_psql($filled, 'TABLE c'), '1|-1|1', 'filled');

done_testing();
