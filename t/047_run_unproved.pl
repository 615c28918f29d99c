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

# ---- keys that are there twice, and references to nothing: all of them, not only the first one

my $keys = sf_database($node, 'keys');
$node->safe_psql($keys, q{CREATE TABLE p (a int, "B" text, PRIMARY KEY (a, "B")); INSERT INTO p VALUES (1, 'x');
	CREATE TABLE "T t" (id int PRIMARY KEY, v text, a int, "B" text, on_sale bool);
	INSERT INTO "T t" VALUES (1, 'x', 1, 'x', true), (2, 'X', 1, 'y', true), (3, NULL, 2, NULL, true), (4, NULL, 2, 'x', false), (5, 'x', NULL, NULL, false)});
for my $case ([ 'UNIQUE (v)', '', 'x|2' ], [ '', 'CREATE UNIQUE INDEX u ON "T t" (lower(v)) WHERE on_sale', 'x|2' ],
	[ '', 'CREATE UNIQUE INDEX u ON "T t" (v) NULLS NOT DISTINCT', "x|2\n|2" ],
	[ '', 'CREATE UNIQUE INDEX u ON "T t" (a) INCLUDE (v)', "1|2\n2|2" ],
	[ 'FOREIGN KEY (a, "B") REFERENCES p', '', "2|X|1|y|t\n4||2|x|f" ],
	[ 'FOREIGN KEY (a, "B") REFERENCES p MATCH FULL', '', "2|X|1|y|t\n3||2||t\n4||2|x|f" ])
{
	my ($constraint, $index, $expected) = @$case;
	my $within = $constraint ? ", $constraint" : '';
	$node->safe_psql($keys, qq{SELECT sf_define(\$\$CREATE TABLE p (a int, "B" text, PRIMARY KEY (a, "B"));
		CREATE TABLE "T t" (id int PRIMARY KEY, v text, a int, "B" text, on_sale bool$within); $index\$\$, true);
		SELECT sf_plan_migration('keys', true)});
	my ($rc, undef, $err) = sf_try($node, $keys, 'CALL sf_upgrade()');
	my ($query) = $err =~ /the schema is as it was. (SELECT .*?) lists the rows/;
	ok($query, "$constraint$index: has a query") or diag($err);
	is($node->safe_psql($keys, "SELECT * FROM ($query) x ORDER BY 1"), $expected, 'which lists them all') if $query;
}

# ---- values that do not become the new type: the column is named; one that is not there cannot be asked for

for my $case ([ 'v int', qr/22P02: invalid input syntax.*CONTEXT: .*: column public\."T t"\.v$/ms ],
	[ 'v text, n int NOT NULL', qr/23502: .*as it was\. Repair the data or the model, then call again/s ])
{
	$node->safe_psql($keys, qq{SELECT sf_define('CREATE TABLE p (a int, "B" text, PRIMARY KEY (a, "B"));
		CREATE TABLE "T t" (id int PRIMARY KEY, $$case[0], a int, "B" text, on_sale bool)', true); SELECT sf_plan_migration('type', true)});
	my ($rc, undef, $err) = sf_try($node, $keys, 'CALL sf_upgrade()');
	like($err, $$case[1], $$case[0]);
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
