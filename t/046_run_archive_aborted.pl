# sf_abort() of a way down that has brought back what was archived: it is put aside again, with what was written meanwhile,
# nobody is asked for consent to a loss, and the next way down brings it back once more.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main');
my $db = sf_database($node, 'app');
my $archives = q{SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'schemaflow_archive'::regnamespace AND relkind = 'r'};
my $facts = q{SELECT string_agg(concat_ws('|', kind, name, attribute, value), E'\n' ORDER BY kind, name, attribute) FROM sf_facts() WHERE attribute <> 'position'};

# Rows of "places" are known by where they stand, and so are those of "keyed", whose keys are others on each side.  The big
# table's new type is what makes the ways long: up to a gate, and down to one.
$node->safe_psql($db, q{ALTER DATABASE app SET schemaflow.online_rows = 100;
	CREATE TABLE people (id int PRIMARY KEY, phone text, age numeric);
	CREATE TABLE places (id text, zip text);
	CREATE TABLE keyed (id int, code text, PRIMARY KEY (id, code));
	CREATE TABLE gone (id int PRIMARY KEY, v text);
	CREATE TABLE big (id int PRIMARY KEY, v int);
	INSERT INTO people SELECT g, 'phone' || g, g + 0.25 FROM generate_series(1, 3) g;
	INSERT INTO places SELECT 'place' || g, 'zip' || g FROM generate_series(1, 3) g;
	INSERT INTO keyed SELECT g, 'code' || g FROM generate_series(1, 3) g;
	INSERT INTO gone SELECT g, 'row' || g FROM generate_series(1, 3) g;
	INSERT INTO big SELECT g, g FROM generate_series(1, 200) g;
	ANALYZE;});
$node->safe_psql($db, q{SELECT * FROM sf_define($$
	CREATE TABLE people (id int PRIMARY KEY, age int);
	CREATE TABLE places (id text);
	CREATE TABLE keyed (id int PRIMARY KEY);
	CREATE TABLE big (id int PRIMARY KEY, v bigint)$$, allow_shrink => true);
	SELECT * FROM sf_plan_migration('much goes', allow_shrink => true)});

sub archived
{
	my ($name) = @_;

	like($node->safe_psql($db, $archives), qr/^gone_\w+ keyed_code_\w+ people_age_\w+ people_phone_\w+ places_zip_\w+$/, $name);
	return;
}

sub values_are
{
	my ($people, $places, $keyed, $gone, $name) = @_;

	is($node->safe_psql($db, q{SELECT string_agg(concat_ws(' ', id, phone, age), ', ' ORDER BY id) FROM people}), $people, "$name: people");
	is($node->safe_psql($db, q{SELECT string_agg(concat_ws(' ', id, zip), ', ' ORDER BY id) FROM places}), $places, "$name: places");
	is($node->safe_psql($db, q{SELECT string_agg(concat_ws(' ', id, code), ', ' ORDER BY id) FROM keyed}), $keyed, "$name: another key");
	is($node->safe_psql($db, q{SELECT string_agg(concat_ws(' ', id, v), ', ' ORDER BY id) FROM gone}), $gone, "$name: a table");
	return;
}

my ($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade(); CALL sf_contract()');
is($rc, 0, 'up, with no consent') or diag($err);
archived('all is in the archive');
my $start = $node->safe_psql($db, $facts);

# ---- at the gate, where the old application has written
($rc, undef, $err) = sf_try($node, $db, q{CALL sf_downgrade('base')});
is($rc, 0, 'down to the gate') or diag($err);
is($node->safe_psql($db, $archives), '', 'nothing is in the archive any more');
$node->safe_psql($db, q{UPDATE people SET phone = 'other' WHERE id = 2;
	UPDATE places SET zip = 'other' WHERE id = 'place2';
	UPDATE keyed SET code = 'other' WHERE id = 2;
	INSERT INTO gone VALUES (4, 'row4')});
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_abort()');
is($rc, 0, 'sf_abort() asks for no consent') or diag($err);
is($node->safe_psql($db, $facts), $start, 'as it was');
archived('all is in the archive again');

# ---- at each step of the way
my $steps = $node->safe_psql($db, q{SELECT count(*) FROM sf_steps('head', 'down')});
my $gate = $node->safe_psql($db, q{SELECT n FROM sf_steps('head', 'down') WHERE sql ~ 'sf_gate'});
my $aborted = 0;
for my $n (1 .. $gate - 1)
{
	sf_end_at($node, $db, q{CALL sf_downgrade('base')}, $n);
	next if $node->safe_psql($db, 'SELECT state FROM sf_history()') !~ /^(?:partly|half)/;
	($rc, undef, $err) = sf_try($node, $db, 'CALL sf_abort()');
	is($rc, 0, "step $n: sf_abort() asks for no consent") or diag($err);
	is($node->safe_psql($db, $facts), $start, "step $n: as it was");
	archived("step $n: all is in the archive");
	$aborted++;
}
cmp_ok($aborted, '>=', 3, 'it was half done at several steps');

# ---- and down to the end
($rc, undef, $err) = sf_try($node, $db, q{CALL sf_downgrade('base'); CALL sf_contract()});
is($rc, 0, 'down once more') or diag($err);
values_are('1 phone1 1.25, 2 other 2.25, 3 phone3 3.25', 'place1 zip1, place2 other, place3 zip3',
	'1 code1, 2 other, 3 code3', '1 row1, 2 row2, 3 row3, 4 row4', 'what was written last');
$node->stop;
done_testing();
