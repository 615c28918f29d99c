# A type makes room for another of its name, an enum that loses a value or has them in another order, while both versions
# of an application are at work: the columns of it are exchanged, and the type together with them.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowShadow;
use SchemaflowTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = shadow_node('types');

# ---- all that can be of the type ----

my $ddl = q{
CREATE TYPE mood AS ENUM ('sad', 'ok', 'gone', 'happy');
COMMENT ON TYPE mood IS 'how it goes';
REVOKE USAGE ON TYPE mood FROM PUBLIC;
CREATE TABLE items (id int PRIMARY KEY, v mood NOT NULL DEFAULT 'ok', vs mood[] DEFAULT '{ok,happy}', note text,
	CONSTRAINT c CHECK (v <> 'happy' OR id > 0), CONSTRAINT m CHECK (v = ANY (ARRAY['ok'::mood, 'sad', 'happy', 'gone'])));
CREATE INDEX iv ON items (v, id) WHERE v = 'sad';
CREATE INDEX ie ON items ((CASE WHEN v < 'ok' THEN 'ok' ELSE v END));
CREATE INDEX ig ON items USING gin (vs);
COMMENT ON COLUMN items.v IS 'its mood';
CREATE TABLE small (id int, m mood);
CREATE TABLE ev (id int NOT NULL, at date NOT NULL, w mood DEFAULT 'sad', PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE ev_1 PARTITION OF ev FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE ev_2 PARTITION OF ev DEFAULT;
CREATE INDEX ev_w ON ev (w);
CREATE FUNCTION f(mood) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE VIEW vv AS SELECT id, v, f(v) FROM items WHERE v = 'ok'::mood;
CREATE MATERIALIZED VIEW mv AS SELECT v, count(*) AS n FROM items WHERE v <> 'happy'::mood GROUP BY v;
CREATE UNIQUE INDEX mv_v ON mv (v);
ALTER TABLE items ENABLE ROW LEVEL SECURITY;
CREATE POLICY pol ON items USING (v <> 'happy')};
my @change = (q{('sad', 'ok', 'gone', 'happy')} => q{('happy', 'ok', 'sad')}, q{, 'happy', 'gone']} => q{, 'happy']});
there_and_back('enum', ddl => $ddl, change => \@change,
	rows => q{INSERT INTO items SELECT n, (ARRAY['sad', 'ok', 'happy'])[n % 3 + 1]::mood FROM generate_series(1, 1000) n;
		INSERT INTO small VALUES (1, 'ok'); INSERT INTO ev SELECT n, '2020-12-01'::date + n, 'ok' FROM generate_series(1, 1000) n},
	writes => q{INSERT INTO items SELECT max(id) + 1, 'happy' FROM items; UPDATE items SET v = 'sad', vs = '{sad,NULL}' WHERE id = 7;
		INSERT INTO ev SELECT max(id) + 1, '2020-05-05' FROM ev; UPDATE small SET m = 'happy'; REFRESH MATERIALIZED VIEW mv},
	new_writes => q{UPDATE items SET "~schemaflow_v" = 'happy', "~schemaflow_vs" = NULL WHERE id = 8},
	sums => q{SELECT (SELECT string_agg(concat_ws(' ', v::text, n), ',' ORDER BY v::text) FROM
			(SELECT v, count(*) || ' ' || coalesce(min(vs::text), '') AS n FROM items GROUP BY v) i),
		(SELECT string_agg(m::text, ',') FROM small), (SELECT string_agg(w || ' ' || n, ',' ORDER BY w) FROM
			(SELECT w::text, count(*) AS n FROM ev GROUP BY w) e)},
	load => q{\set id random(1, 1000)
BEGIN;
UPDATE items SET v = CASE v WHEN 'ok' THEN 'sad' ELSE 'ok' END::mood WHERE id = :id;
SELECT f(v) FROM items WHERE id = :id;
UPDATE ev SET w = 'happy' WHERE id = :id;
END;
});

# ---- values that the new type lacks ----

my $shop = q{CREATE TYPE state AS ENUM ('new', 'paid', 'lost'); CREATE TABLE orders (id int PRIMARY KEY, s state NOT NULL)};
my $orders = q{INSERT INTO orders SELECT n, CASE WHEN n % 100 = 1 THEN 'lost' ELSE 'new' END::state FROM generate_series(1, 1000) n};
my $db = database($shop, $orders, q{, 'lost')} => ')');
my $start = dump_of($db);
my ($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/invalid input value for enum .*"lost".*HINT:  What was done before has been undone/s, 'rows with a value that goes');
is(dump_of($db), $start, 'nothing is left of it');
is_clean($db, 'undone');
$db = database($shop, $orders, q{, 'lost')} => ')', 's state' => "\n-- \@up CASE s WHEN 'lost' THEN 'paid' ELSE s::text END::state\ns state");
run_ok($db, 'CALL sf_upgrade()', 'the model says what becomes of them');
$node->safe_psql($db, q{INSERT INTO orders VALUES (2001, 'lost'), (2002, 'new')});
is($node->safe_psql($db, q{SELECT string_agg(concat_ws(' ', s, "~schemaflow_s"), ', ' ORDER BY id) FROM orders WHERE id > 2000 OR id < 3}),
	'lost paid, new new, lost paid, new new', 'also of those that the old version writes');
run_ok($db, 'CALL sf_contract()', 'contract');
is($node->safe_psql($db, 'SELECT s, count(*) FROM orders GROUP BY s ORDER BY s'), "new|991\npaid|11", 'all values');
is_clean($db, 'mapped');

# ---- a default that the new type lacks: the old version inserts it without saying so ----

my $by_default = $shop =~ s/NOT NULL\)/NOT NULL DEFAULT 'lost', old state[] DEFAULT '{new,lost}')/r;
my @less = (q{, 'lost')} => ')', q{DEFAULT 'lost'} => q{DEFAULT 'new'}, q{'{new,lost}'} => q{'{new}'});
my $filled = q{INSERT INTO orders SELECT n, 'new', '{paid}' FROM generate_series(1, 1000) n};
$db = database($by_default, $filled, @less);
is($node->safe_psql($db, q{SELECT count(*) FROM sf_steps() WHERE sql LIKE '%~schemaflow%'}), 0, 'nobody says what becomes of it: the plain form');
like($node->safe_psql($db, 'SELECT why FROM sf_steps()'),
	qr/inserts its default, 'lost'::public\.state, which has no value in the new type: say with \@up what becomes of it/, 'which is said');
run_ok($db, 'CALL sf_upgrade()', 'it works');
is($node->safe_psql($db, q{INSERT INTO orders (id) VALUES (2001) RETURNING s, old}), 'new|{new}', 'both versions have the new default then');
my $array = q{-- @up array_replace(old::text[], 'lost', 'paid')::state[]} . "\n";
$db = database($by_default, $filled, @less, 's state' => "\n-- \@up CASE s WHEN 'lost' THEN 'paid' ELSE s::text END::state\ns state");
like($node->safe_psql($db, 'SELECT why FROM sf_steps()'), qr/inserts its default, '\{new,lost\}'::public\.state\[\]/, 'an array has it as an element');
$db = database($by_default, $filled, @less, 's state' => "\n-- \@up CASE s WHEN 'lost' THEN 'paid' ELSE s::text END::state\ns state",
	'old state' => "\n$array old state");
run_ok($db, 'CALL sf_upgrade()', 'the model says what becomes of them');
$node->safe_psql($db, q{INSERT INTO orders (id) VALUES (2001)});
is($node->safe_psql($db, q{SELECT s, "~schemaflow_s", old, "~schemaflow_old" FROM orders WHERE id = 2001}), 'lost|paid|{new,lost}|{new,paid}',
	'the old version has its default, the new one what is said');
run_ok($db, 'CALL sf_contract()', 'contract');
is($node->safe_psql($db, q{INSERT INTO orders (id) VALUES (2002) RETURNING s, old}), 'new|{new}', 'and its own default');
is_clean($db, 'by default');
$db = database($by_default, $filled, @less, 's state' => "\n-- \@up CASE s WHEN 'new' THEN 'paid' ELSE s::text END::state\ns state",
	'old state' => "\n$array old state");
$start = dump_of($db);
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/22P02: invalid input value for enum .*"lost".*the defaults of what it comes from, as the old version of the application inserts them/s,
	'what does not know the default is refused');
is(dump_of($db), $start, 'before anything is done');

my $plain = q{CREATE TABLE orders (id int PRIMARY KEY, code text NOT NULL DEFAULT 'none', n bigint DEFAULT 5000000000, m bigint DEFAULT 5)};
$db = database($plain, q{INSERT INTO orders SELECT n, n, n, n FROM generate_series(1, 1000) n}, q{text NOT NULL DEFAULT 'none'} => 'int NOT NULL DEFAULT 0',
	'bigint DEFAULT 5000000000' => 'int', 'bigint DEFAULT 5' => 'int DEFAULT 5');
is($node->safe_psql($db, q{SELECT string_agg(DISTINCT substring(sql, '"~schemaflow_(.)"'), '') FROM sf_steps()}), 'm',
	'other types: a default is tried at the time of the plan');
like($node->safe_psql($db, 'SELECT why FROM sf_steps()'), qr/default, 'none'::text, .*default, '5000000000'::bigint, /s, 'which is said');
run_ok($db, 'CALL sf_upgrade(); CALL sf_contract()', 'up');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'the schema is that of the model');

# ---- a value gets another name at the same time; another table comes with a column of the type ----

$db = database($shop, q{INSERT INTO orders SELECT n, 'paid' FROM generate_series(1, 1000) n},
	q{('new', 'paid', 'lost')} => "('done', -- \@renamed from=paid\n'new')", 'NOT NULL)' => 'NOT NULL); CREATE TABLE later (id int, s state)');
is($node->safe_psql($db, 'SELECT bool_or(rewrites) FROM sf_steps()'), 'f', 'renamed, too: nothing is rewritten');
run_ok($db, 'CALL sf_upgrade()', 'up');
$node->safe_psql($db, q{INSERT INTO orders VALUES (2001, 'new'); INSERT INTO orders (id, "~schemaflow_s") VALUES (2002, 'done')});
is($node->safe_psql($db, q{SELECT string_agg(concat_ws(' ', s, "~schemaflow_s"), ', ' ORDER BY id) FROM orders WHERE id > 2000 OR id < 2}),
	'paid done, new new, paid done', 'each sees the value by its own name');
run_ok($db, 'CALL sf_contract()', 'contract');
is($node->safe_psql($db, 'SELECT s, count(*) FROM orders GROUP BY s ORDER BY s'), "done|1001\nnew|1", 'all values');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'the schema is that of the model');

# ---- where it cannot be, for all columns of the type ----

for my $case (
	[ 'part of a composite type', 'CREATE TYPE pair AS (a int, s state); CREATE TABLE pairs (id int, p pair)',
		qr/pairs\.p|takes the place/ ],
	[ 'a column that is generated', q{CREATE TABLE gen (id int, s state, g boolean GENERATED ALWAYS AS (s = 'new') STORED)}, qr/gen/ ])
{
	my ($name, $more, $like) = @$case;
	$db = database("$shop; $more", q{INSERT INTO orders SELECT n, 'new' FROM generate_series(1, 1000) n}, q{, 'lost')} => ')');
	like($node->safe_psql($db, 'SELECT why FROM sf_steps() WHERE why IS NOT NULL'), qr/not by a column beside it.*$like/s, "$name: said in the plan");
	is($node->safe_psql($db, q{SELECT count(*) FROM sf_steps() WHERE sql LIKE '%~schemaflow%'}), 0, "$name: no column is exchanged");
	run_ok($db, 'CALL sf_upgrade()', "$name: the plain form works");
	is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, "$name: the schema is that of the model");
}

# ---- a type that comes in place of a table that goes, which has the name up to the exchange ----

$db = database(q{CREATE TABLE status (id int, name text); CREATE TABLE orders (id int PRIMARY KEY, s text DEFAULT 'on')},
	q{INSERT INTO status SELECT n, n FROM generate_series(1, 1000) n; INSERT INTO orders SELECT n, 'off' FROM generate_series(1, 1000) n},
	'CREATE TABLE status (id int, name text)' => q{CREATE TYPE status AS ENUM ('on', 'off')}, 's text' => 's status');
is($node->safe_psql($db, q{SELECT count(*) FROM sf_steps() WHERE sql LIKE '%ADD COLUMN "~schemaflow%'}), 0, 'no column of the rows of the table is made');
like($node->safe_psql($db, 'SELECT why FROM sf_steps() WHERE why IS NOT NULL'), qr/its new type has the name of table public\.status/, 'which the plan says');
run_ok($db, 'CALL sf_upgrade(); CALL sf_contract()', 'the plain form works');
is($node->safe_psql($db, 'SELECT s, count(*) FROM orders GROUP BY s'), 'off|1000', 'with all values');
run_ok($db, 'CALL sf_downgrade(); CALL sf_contract()', 'and back');
is($node->safe_psql($db, 'SELECT (SELECT count(*) FROM status), (SELECT min(s) FROM orders)'), '1000|off', 'with the table');
is_clean($db, 'a name that is taken over');

done_testing();
