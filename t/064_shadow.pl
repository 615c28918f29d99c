# A big table's column gets another type while both versions of an application are at work: a column beside it, filled
# in batches, takes its place. What depends on the column, who writes meanwhile, ways back, what is refused.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = sf_node('shadow', conf => ['wal_level = logical']);
my $n = 0;

# A database with these tables, filled, and a model that is the tables with other types: %to says which words change.
sub database
{
	my ($ddl, $rows, @change) = @_;
	my $db = sf_database($node, 'app' . ++$n);
	$node->safe_psql($db, "ALTER DATABASE $db SET schemaflow.online_rows = 100");
	$node->safe_psql($db, "$ddl; $rows; ANALYZE");
	plan_change($db, changed($ddl, @change));
	return $db;
}

sub changed
{
	my ($ddl, @change) = @_;
	while (my ($from, $to) = splice @change, 0, 2)
	{
		$ddl =~ s/\Q$from\E/$to/ or die "\"$from\" is not in the tables";
	}
	return $ddl;
}

sub plan_change
{
	my ($db, $model) = @_;
	$node->safe_psql($db, "SELECT count(*) FROM sf_define(\$model\$$model\$model\$)");
	$node->safe_psql($db, q{SELECT count(*) FROM sf_plan_migration('types')});
	return;
}

sub run_ok
{
	my ($db, $call, $name) = @_;
	my ($rc, $out, $err) = sf_try($node, $db, $call);
	is($rc, 0, $name) or diag($err);
	return $err;
}

sub up
{
	my ($db) = @_;
	run_ok($db, 'CALL sf_upgrade()', 'up to the gate');
	is($node->safe_psql($db, 'SELECT status FROM sf_status'), 'ready', 'ready');
	return;
}

# The schema as pg_dump has it, but for the order of columns: the new one is the last.
sub dump_of
{
	my ($db, @options) = @_;
	my ($out, $err) = ('', '');
	($out, $err) = run_command([ 'pg_dump', '-s', '-N', 'schemaflow', '-N', 'schemaflow_archive', @options,
			'-d', $node->connstr($db) ]);
	$out =~ s/^(CREATE TABLE \S+ \(\n)(.*?)(\n\))/my ($a, $b, $c) = ($1, $2, $3); $a . join("\n", sort map { s{,$}{}r } split m{\n}, $b) . $c/gmse;
	$out =~ s/^(--.*|\\(?:un)?restrict.*)?\n//gm;
	# From 18 on: the name of a NOT NULL that a partition has of the whole is no fact.
	$out =~ s/ CONSTRAINT \w+_not_null NOT NULL/ NOT NULL/g;
	return join "\n", sort split /(?<=;)\n/, $out;
}

sub built
{
	my ($ddl) = @_;
	my $db = sf_database($node, 'built' . ++$n);
	$node->safe_psql($db, $ddl);
	return dump_of($db);
}

sub files
{
	my ($db) = @_;
	return $node->safe_psql($db, q{SELECT string_agg(relname || pg_relation_filenode(oid), ' ' ORDER BY relname) FROM pg_class
		WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace});
}

sub is_clean
{
	my ($db, $what) = @_;
	is($node->safe_psql($db, q{SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~schemaflow%'),
		(SELECT count(*) FROM pg_attribute WHERE attname LIKE '~schemaflow%' AND NOT attisdropped),
		(SELECT count(*) FROM pg_class WHERE relname LIKE '~schemaflow%'),
		(SELECT count(*) FROM pg_constraint WHERE conname LIKE '~schemaflow%' OR conname LIKE '%proof%'),
		(SELECT count(*) FROM pg_statistic_ext WHERE stxname LIKE '~schemaflow%')}), '0|0|0|0|0', "$what: nothing of ours is left");
	return;
}

# ---- one column, and who writes meanwhile ----

my $items = 'CREATE TABLE items (id int PRIMARY KEY, v int NOT NULL DEFAULT 7, note text)';
my $rows = 'INSERT INTO items SELECT n, n FROM generate_series(1, 1000) n';
my $db = database($items, $rows, 'v int' => 'v bigint');
is($node->safe_psql($db, q{SELECT string_agg(DISTINCT class, '' ORDER BY class), bool_or(rewrites), bool_or(loses_data) FROM sf_steps()}),
	'BGT|f|f', 'nothing is rewritten, nothing lost');
is($node->safe_psql($db, q{SELECT bool_or(scans AND lock = 'ACCESS EXCLUSIVE') FROM sf_steps()}), 'f', 'nor read under a lock');
my $before = files($db);
up($db);
my $version = $node->safe_psql($db, 'SELECT revision FROM sf_history()');
$node->safe_psql($db, q{INSERT INTO items VALUES (2001, 5), (2002, DEFAULT); UPDATE items SET v = v + 1 WHERE id = 1;
	INSERT INTO items (id, "~schemaflow_v") VALUES (2003, 6); UPDATE items SET "~schemaflow_v" = 60 WHERE id = 2});
$node->safe_psql($db, qq{SET schemaflow.version = '$version'; INSERT INTO items (id, v) VALUES (2004, 8);
	INSERT INTO items (id) VALUES (2005); INSERT INTO items (id, "~schemaflow_v") VALUES (2006, 9); UPDATE items SET v = 10 WHERE id = 3});
is($node->safe_psql($db, q{SELECT string_agg(id || ' ' || v || ' ' || "~schemaflow_v", ', ' ORDER BY id) FROM items WHERE id < 4 OR id > 2000}),
	'1 2 2, 2 60 60, 3 10 10, 2001 5 5, 2002 7 7, 2003 6 6, 2004 8 8, 2005 7 7, 2006 9 9', 'each sees what the other wrote');
my ($rc, $out, $err) = sf_try($node, $db, 'INSERT INTO items (id, "~schemaflow_v") VALUES (2007, 3000000000)');
like($err, qr/22003: integer out of range\nCONTEXT:  expression ""~schemaflow_v"" for column "v"/s,
	'a value that the old version cannot have is refused');
is($node->safe_psql($db, 'SELECT count(*) FROM items WHERE v IS DISTINCT FROM "~schemaflow_v"'), 0, 'all rows are filled');
run_ok($db, 'CALL sf_contract()', 'contract');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'the schema is that of the model');
is(files($db), $before, 'no table was rewritten');
is(dump_of($db), built(changed($items, 'v int' => 'v bigint')), 'and is what an independent database has');
is($node->safe_psql($db, 'SELECT count(*), sum(v) FROM items'), '1006|500608', 'with all values');
is_clean($db, 'contracted');
$node->safe_psql($db, 'INSERT INTO items (id, v) VALUES (3000, 3000000000)');

# ---- down ----

($rc, $out, $err) = sf_try($node, $db, q{CALL sf_downgrade('base')});
like($err, qr/22003: integer out of range/, 'the way down meets what does not fit');
is($node->safe_psql($db, 'SELECT v FROM items WHERE id = 3000'), '3000000000', 'which is still there');
$node->safe_psql($db, 'DELETE FROM items WHERE id = 3000');
run_ok($db, q{CALL sf_downgrade('base')}, 'down to the gate');
run_ok($db, 'CALL sf_contract()', 'and through it');
is(dump_of($db), built($items), 'the schema that it began with');
is($node->safe_psql($db, 'SELECT count(*), sum(v) FROM items'), '1006|500608', 'and its values');
is_clean($db, 'down');

# ---- all that depends on columns ----

my $rich = q{
CREATE TABLE parent (id int GENERATED BY DEFAULT AS IDENTITY (START WITH 5) PRIMARY KEY, name text);
CREATE SEQUENCE child_no_seq AS integer;
CREATE TABLE child (no int PRIMARY KEY DEFAULT nextval('child_no_seq'),
	parent int REFERENCES parent ON UPDATE CASCADE ON DELETE CASCADE,
	also int REFERENCES parent ON UPDATE CASCADE DEFERRABLE);
ALTER SEQUENCE child_no_seq OWNED BY child.no;
CREATE TABLE items (id int PRIMARY KEY, w int, v int NOT NULL DEFAULT 7, code text, price varchar(20),
	CONSTRAINT u UNIQUE (v, id), CONSTRAINT ud UNIQUE (id, v) DEFERRABLE INITIALLY DEFERRED,
	CONSTRAINT pos CHECK (v > 0 AND w > v - 5), CONSTRAINT unproved CHECK (v <> 7777) NOT VALID);
CREATE INDEX wv ON items (w, v);
CREATE INDEX vd ON items (v DESC NULLS LAST) WITH (fillfactor = 70);
CREATE INDEX vinc ON items (id) INCLUDE (v);
CREATE INDEX vexpr ON items ((v + 1), (lower(code)));
ALTER INDEX vexpr ALTER COLUMN 1 SET STATISTICS 99;
CREATE INDEX vpart ON items (id) WHERE v > 10;
CREATE INDEX vhash ON items USING hash (v);
CREATE UNIQUE INDEX vident ON items (v, id);
ALTER TABLE items REPLICA IDENTITY USING INDEX vident;
ALTER TABLE items CLUSTER ON wv;
COMMENT ON INDEX wv IS 'index comment';
COMMENT ON COLUMN items.v IS 'column comment';
COMMENT ON CONSTRAINT pos ON items IS 'check comment';
COMMENT ON CONSTRAINT ud ON items IS 'key comment';
ALTER TABLE items ALTER v SET STATISTICS 123, ALTER v SET (n_distinct = -0.5), ALTER price SET STORAGE EXTERNAL;
GRANT SELECT (v, id), UPDATE (v) ON items TO PUBLIC;
GRANT USAGE ON SEQUENCE parent_id_seq TO PUBLIC;
CREATE STATISTICS st ON v, w FROM items;
CREATE STATISTICS st2 ON (v % 10), (w % 10) FROM items;
ALTER STATISTICS st SET STATISTICS 200;
CREATE VIEW iv AS SELECT id, v FROM items WHERE v > 3;
CREATE VIEW iv2 AS SELECT v * 2 AS d FROM iv;
GRANT SELECT ON iv TO PUBLIC;
ALTER TABLE items ENABLE ROW LEVEL SECURITY;
CREATE POLICY pol ON items USING (v > 0);
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER tu BEFORE UPDATE OF v ON items FOR EACH ROW WHEN (old.v IS DISTINCT FROM new.v) EXECUTE FUNCTION trg();
CREATE RULE rul AS ON DELETE TO items WHERE old.v = 3 DO ALSO UPDATE parent SET name = name WHERE false;
CREATE PUBLICATION pub FOR TABLE items (id, v)};
my @wider = ('id int GEN' => 'id bigint GEN', 'AS integer' => 'AS bigint', 'no int' => 'no bigint', 'parent int' => 'parent bigint',
	'v int' => 'v bigint', 'price varchar(20)' => 'price varchar(10)');
my $fill = q{INSERT INTO parent SELECT n FROM generate_series(1, 1000) n; SELECT setval('parent_id_seq', 1000);
	INSERT INTO child (parent, also) SELECT n, n FROM generate_series(1, 1000) n;
	INSERT INTO items SELECT n, n, n, n, n FROM generate_series(1, 1000) n};
# What the old version writes at the gate, and what must come of it.
my $writes = q{UPDATE parent SET id = 5000 WHERE id = 1000; DELETE FROM parent WHERE id = 999; INSERT INTO parent (name) VALUES ('p');
	UPDATE items SET v = v + 1 WHERE id = 5; UPDATE items SET v = 3000 - v, w = 4000 WHERE id > 998};
my $sums = q{SELECT (SELECT count(*) || '/' || sum(id) FROM parent), (SELECT count(*) || '/' || sum(no) || '/' || sum(parent) ||
	'/' || sum(also) FROM child), (SELECT count(*) || '/' || sum(v) || '/' || sum(price::int) FROM items)};
$writes =~ s/DELETE FROM parent WHERE id = 999; /DELETE FROM child WHERE parent = 999; DELETE FROM parent WHERE id = 999; /;
my $result;

for my $how ('calls', 'script')
{
	$db = database($rich, $fill, @wider);
	is($node->safe_psql($db, q{SELECT bool_or(rewrites), bool_or(loses_data), bool_or(scans AND lock = 'ACCESS EXCLUSIVE') FROM sf_steps()}),
		'f|f|f', "$how: nothing is rewritten, lost, or read under a lock");
	$before = files($db);
	if ($how eq 'calls')
	{
		up($db);
		is($node->safe_psql($db, q{SELECT count(*) FROM pg_stats WHERE attname LIKE '~schemaflow%'}), 5, 'the new columns are analyzed');
		$node->safe_psql($db, $writes);
		$result = $node->safe_psql($db, $sums);
		run_ok($db, 'CALL sf_contract()', 'contract');
		is($node->safe_psql($db, $sums), $result, 'the values of both');
		is($node->safe_psql($db, q{INSERT INTO parent (name) VALUES ('next') RETURNING id}), 1002, 'the identity goes on');
		is($node->safe_psql($db, q{INSERT INTO child (also) VALUES (1) RETURNING no}), 1001, 'the serial, too');
		is($node->safe_psql($db, q{SELECT count(*) FROM pg_statistic_ext_data WHERE stxdndistinct IS NOT NULL}), 2,
			'extended statistics are there');
	}
	else
	{
		my $script = $node->safe_psql($db, 'SELECT sf_script()');
		($rc, $out, $err) = $node->psql($db, $script);
		is($rc, 0, 'by script') or diag($err);
	}
	is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, "$how: the schema is that of the model");
	is(files($db), $before, "$how: no table was rewritten");
	is(dump_of($db), built(changed($rich, @wider)), "$how: and is what an independent database has");
	is_clean($db, $how);
}
run_ok($db, q{CALL sf_downgrade('base')}, 'down to the gate');
run_ok($db, 'CALL sf_contract()', 'and through it');
is(dump_of($db), built($rich), 'down: the schema that it began with');
is_clean($db, 'down');

# ---- back from everywhere ----

$db = database($rich, $fill, @wider);
run_ok($db, 'CALL sf_test()', 'tried in a scratch');
my $start = dump_of($db);
for my $phase ('expand', 'backfill', 'validate')
{
	run_ok($db, "CALL sf_upgrade(through => '$phase')", "up through $phase");
	$node->safe_psql($db, $writes =~ s/5000/5000 + (SELECT count(*) FROM parent WHERE id > 1000)/r =~ s/999/(SELECT max(id) FROM parent WHERE id < 1000)/gr);
	$result = $node->safe_psql($db, $sums);
	run_ok($db, 'CALL sf_abort()', "aborted behind $phase, without consent to lose anything");
	is(dump_of($db), $start, 'the schema that it began with');
	is($node->safe_psql($db, $sums), $result, 'and all that was written');
	is_clean($db, "aborted behind $phase");
}
# What the trigger goes with is one transaction: nobody finds the one without the other.
run_ok($db, 'CALL sf_upgrade()', 'ready again');

# ---- stopped in the exchange ----

my @exchange = split /\n/, $node->safe_psql($db, q{SELECT n FROM sf_steps() WHERE transaction = (SELECT max(transaction) FROM sf_steps()) ORDER BY n});
my $ready = dump_of($db);
for my $step (@exchange[ 0, @exchange / 3, 2 * @exchange / 3, -1 ])
{
	my ($run_out, $run_err) = ('', '');
	my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($db), '-c', "SET schemaflow.pause_after_step = $step", '-c',
			'CALL sf_contract()' ], '>', \$run_out, '2>', \$run_err, IPC::Run::timeout(180));
	$node->poll_query_until($db, "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name ~ ' $step/.*still\$'") or die;
	$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ 'still$'});
	$run->finish;
	$node->poll_query_until($db, 'SELECT count(*) = 0 FROM sf_progress') or die;
	is(dump_of($db), $ready, "killed behind step $step of the exchange: as it was when it was ready");
}
run_ok($db, 'CALL sf_contract()', 'the next call ends it');
is(dump_of($db), built(changed($rich, @wider)), 'with the schema of the model');

# ---- under load: nobody has an error, and nothing is lost ----

my $bank = q{CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL, note text);
	CREATE TABLE moves (id serial PRIMARY KEY, account int REFERENCES accounts, amount int)};
my @bigger = ('id int' => 'id bigint', 'balance int' => 'balance bigint', 'id serial' => 'id bigserial',
	'account int' => 'account bigint', 'amount int' => 'amount bigint');
$db = database($bank, q{INSERT INTO accounts SELECT n, 0 FROM generate_series(1, 20000) n;
	INSERT INTO moves (account, amount) SELECT n, 0 FROM generate_series(1, 500) n}, @bigger);
my $load = "$PostgreSQL::Test::Utils::tmp_check/load.sql";
append_to_file($load, q{\set id random(1, 20000)
\set amount random(1, 9)
BEGIN;
UPDATE accounts SET balance = balance + :amount WHERE id = :id;
SELECT balance FROM accounts WHERE id = :id;
INSERT INTO moves (account, amount) VALUES (:id, :amount);
END;
});
my @benches;
for my $protocol ('simple', 'extended')
{
	my ($bench_out, $bench_err) = ('', '');
	my $bench = IPC::Run::start([ 'pgbench', '-n', '-M', $protocol, '-c', '3', '-T', '600', '-f', $load, $node->connstr($db) ],
		'>', \$bench_out, '2>', \$bench_err, IPC::Run::timeout(300));
	push @benches, [ $bench, \$bench_err, $protocol ];
}
my $moved = 'SELECT (SELECT sum(balance) FROM accounts) - (SELECT sum(amount) FROM moves)';
my $going = sub {
	my $count = $node->safe_psql($db, 'SELECT count(*) FROM moves');
	$node->poll_query_until($db, "SELECT count(*) > $count + 100 FROM moves") or die 'no load';
};
$going->();
for my $way (q{CALL sf_upgrade()}, q{CALL sf_downgrade('base')})
{
	run_ok($db, $way, "$way under load");
	$going->();
	is($node->safe_psql($db, $moved), 0, 'nothing is lost at the gate');
	run_ok($db, 'CALL sf_contract()', 'and through it');
	$going->();
	is($node->safe_psql($db, $moved), 0, 'nor behind it');
}
for my $one (@benches)
{
	my ($bench, $bench_err, $protocol) = @$one;
	ok($bench->pumpable, "$protocol protocol: the load lasted to the end") or diag($$bench_err);
	$bench->signal('TERM');
	$bench->finish;
	unlike($$bench_err, qr/ERROR|abort/, "$protocol protocol: no client had an error") or diag($$bench_err);
}
is(dump_of($db), built($bank), 'up and down again');

# ---- values that change, and types that the migration makes ----

my $odd = q{CREATE TABLE odd (id int PRIMARY KEY, code text NOT NULL, "we ""ird" varchar(20), kind text DEFAULT 'a', doc json,
	at timestamptz, day date, word text COLLATE "C", n numeric, year int, list int[], up int REFERENCES odd, CONSTRAINT k CHECK (kind IN ('a', 'b')));
	CREATE INDEX yi ON odd (("year" + 1), (extract(year FROM day)), word text_pattern_ops) WHERE "we ""ird" <> 'year';
	CREATE INDEX lower ON odd (lower(word), "we ""ird", kind)};
my $even = q{CREATE TYPE letter AS ENUM ('a', 'b'); CREATE TABLE odd (id bigint PRIMARY KEY,
	-- @up substr(code, 2)::int
	-- @down 'C' || code
	code int NOT NULL,
	"we ""ird" varchar(10), kind letter DEFAULT 'a', doc jsonb, at timestamp, day date, word text COLLATE "POSIX", n numeric(10, 2), year bigint,
	list bigint[], up bigint REFERENCES odd, CONSTRAINT k CHECK (kind IN ('a', 'b')));
	CREATE INDEX yi ON odd (("year" + 1), (extract(year FROM day)), word text_pattern_ops) WHERE "we ""ird" <> 'year';
	CREATE INDEX lower ON odd (lower(word), "we ""ird", kind);
	CREATE TABLE uses (id int PRIMARY KEY, odd bigint REFERENCES odd)};
$db = sf_database($node, 'odd');
$node->safe_psql($db, "ALTER DATABASE $db SET schemaflow.online_rows = 100; $odd;
	INSERT INTO odd SELECT n, 'C' || n, n, 'a', '{}', now(), now(), n, n / 3.0, n, ARRAY[n], n FROM generate_series(1, 1000) n; ANALYZE");
plan_change($db, $even);
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/loses data that cannot come back.*odd\.n\b/s, 'what loses digits needs consent');
run_ok($db, q{CALL sf_upgrade(allow => '{data_loss}')}, 'up');
is($node->safe_psql($db, q{SELECT count(*) FROM information_schema.tables WHERE table_name = 'uses'}), 1,
	'a new table does not wait for the column that it references');
$node->safe_psql($db, q{INSERT INTO odd (id, code, kind) VALUES (2000, 'C77', 'b'); UPDATE odd SET n = 1.234 WHERE id = 1;
	INSERT INTO odd (id, "~schemaflow_code") VALUES (2001, 78); UPDATE odd SET "~schemaflow_code" = 79 WHERE id = 2});
is($node->safe_psql($db, q{SELECT string_agg(code || ' ' || "~schemaflow_code" || ' ' || coalesce("~schemaflow_n"::text, '-'), ',' ORDER BY id)
	FROM odd WHERE id IN (1, 2) OR id > 1999}), 'C1 1 1.23,C79 79 0.67,C77 77 -,C78 78 -', 'by expressions, both ways');
run_ok($db, q{CALL sf_contract(allow => '{data_loss}')}, 'contract');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'the schema is that of the model');
is(dump_of($db), built($even), 'and is what an independent database has');
run_ok($db, q{CALL sf_downgrade('base', allow => '{data_loss}')}, 'down');
run_ok($db, q{CALL sf_contract(allow => '{data_loss}')}, 'and through the gate');
is(dump_of($db), built($odd), 'the schema that it began with');
is($node->safe_psql($db, q{SELECT string_agg(code, ',' ORDER BY id) FROM odd WHERE id IN (1, 2) OR id > 1999}), 'C1,C79,C77,C78', 'and its values');

# Values that do not become different under the new type: found before the gate, and undone.
$db = database('CREATE TABLE t (id int PRIMARY KEY, code text UNIQUE)', q{INSERT INTO t SELECT n, n FROM generate_series(1, 1000) n;
	INSERT INTO t VALUES (1001, '007')}, 'code text' => "\n-- \@up code::int\n-- \@down code::text\ncode int");
$start = dump_of($db);
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/23505: could not create unique index "~schemaflow_t_code_key".*HINT:  What was done before has been undone/s, 'not unique any more');
is(dump_of($db), $start, 'the schema as it was');

# An expression that is none: before the application that writes meets it.
$db = database('CREATE TABLE t (id int PRIMARY KEY, code text)', 'INSERT INTO t SELECT n FROM generate_series(1, 1000) n',
	'code text' => "\n-- \@up code::int\n-- \@down nothing(code)\ncode int");
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/42883: function nothing\(integer\) does not exist.*undone.*expression "nothing\("~schemaflow_code"\)" for column "code"/s,
	'an expression that does not fit');
is_clean($db, 'undone');
($rc, $out, $err) = sf_try($node, $db, q{SELECT schemaflow.sf_dual_check('t', 'no_trigger')});
like($err, qr/42704: trigger "no_trigger" for table "t" does not exist/, 'only triggers can be checked');

# ---- a partitioned table ----

my $parted = q{
CREATE TABLE ev (id int NOT NULL, at date NOT NULL, v int NOT NULL DEFAULT 7, w numeric(10, 2), PRIMARY KEY (id, at),
	CONSTRAINT ev_u UNIQUE (v, at, id) DEFERRABLE, CONSTRAINT pos CHECK (v > 0)) PARTITION BY RANGE (at);
CREATE TABLE ev_1 PARTITION OF ev FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE ev_2 (w numeric(10, 2), v int NOT NULL DEFAULT 9, at date NOT NULL, id int NOT NULL, CONSTRAINT pos CHECK (v > 0))
	PARTITION BY LIST (at);
CREATE TABLE ev_2a PARTITION OF ev_2 DEFAULT;
ALTER TABLE ev ATTACH PARTITION ev_2 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE INDEX ev_v ON ev (v, lower(w::text)) WHERE v > 3;
CREATE INDEX ev_2a_local ON ev_2a (v DESC) INCLUDE (w);
ALTER TABLE ev_2a ADD CONSTRAINT local CHECK (v < 100000), ALTER v SET STATISTICS 77, ALTER v SET (n_distinct = 5);
ALTER TABLE ev_1 RENAME CONSTRAINT ev_1_pkey TO ev_1_own;
ALTER INDEX ev_1_v_lower_idx RENAME TO ev_1_v_own;
ALTER INDEX ev_2a_v_lower_idx SET (fillfactor = 70);
COMMENT ON INDEX ev_1_v_own IS 'of a copy';
COMMENT ON COLUMN ev.v IS 'of the whole';
COMMENT ON COLUMN ev_2a.v IS 'of a part';
COMMENT ON CONSTRAINT ev_2a_pkey ON ev_2a IS 'of a key';
GRANT SELECT (v) ON ev_2a TO PUBLIC;
GRANT UPDATE (v) ON ev TO PUBLIC;
CREATE STATISTICS st ON v, w FROM ev_2a;
CREATE VIEW evv AS SELECT v, at FROM ev_2a};
# The tables are written by name here: in the model all three declare the columns.
my @all = ('v int' => 'v bigint', 'v int' => 'v bigint');
# From 18 on not those of a primary key: it is made for the whole at once.
push @all, 'ev (id int' => 'ev (id bigint', 'id int NOT NULL, C' => 'id bigint NOT NULL, C'
	if $node->safe_psql('postgres', q{SELECT current_setting('server_version_num')::int}) < 180000;
my $id = @all > 4 ? '"~schemaflow_id"' : 'id';
my $fill_parts = q{INSERT INTO ev SELECT n, '2020-01-01'::date + n % 700, n, n FROM generate_series(1, 2000) n};
my $parts_sum = 'SELECT count(*), sum(id), sum(v) FROM ev';
for my $how ('calls', 'script')
{
	$db = database($parted, $fill_parts, @all);
	is($node->safe_psql($db, q{SELECT bool_or(rewrites), bool_or(loses_data), bool_or(scans AND lock = 'ACCESS EXCLUSIVE') FROM sf_steps()}),
		'f|f|f', "partitions, $how: nothing is rewritten, lost, or read under a lock");
	$before = files($db);
	if ($how eq 'calls')
	{
		up($db);
		$version = $node->safe_psql($db, 'SELECT revision FROM sf_history()');
		$node->safe_psql($db, q{INSERT INTO ev VALUES (5000, '2020-05-05', 41), (5001, '2021-05-05', 42); UPDATE ev_2a SET v = v + 1;
			UPDATE ev SET at = at + 366 WHERE at < '2020-02-01'; INSERT INTO ev_2a (id, at) VALUES (5002, '2021-06-06');
			CREATE TABLE ev_3 PARTITION OF ev FOR VALUES FROM ('2023-01-01') TO ('2024-01-01'); INSERT INTO ev VALUES (5003, '2023-05-05', 43);
			UPDATE ev SET at = '2021-08-08' WHERE id = 5003; DROP TABLE ev_3});
		$node->safe_psql($db, qq{SET schemaflow.version = '$version'; UPDATE ev SET "~schemaflow_v" = 60, at = at + 366 WHERE id = 50;
			INSERT INTO ev_2a ($id, at, "~schemaflow_v") VALUES (5004, '2021-06-06', 77)});
		is($node->safe_psql($db, q{SELECT string_agg(concat_ws(' ', tableoid::regclass, id, v), ', ' ORDER BY id) FROM ev WHERE id IN (50, 700)
			OR id > 2000}), 'ev_2a 50 60, ev_2a 700 700, ev_1 5000 41, ev_2a 5001 43, ev_2a 5002 9, ev_2a 5003 43, ev_2a 5004 77',
			'each sees what the other wrote, in whatever partition');
		is($node->safe_psql($db, qq{SELECT count(*) FROM ev WHERE v IS DISTINCT FROM "~schemaflow_v" OR id IS DISTINCT FROM $id}),
			0, 'all rows are filled');
		$result = $node->safe_psql($db, $parts_sum);
		run_ok($db, 'CALL sf_contract()', 'contract');
		is($node->safe_psql($db, $parts_sum), $result, 'the values of both');
	}
	else
	{
		($rc, $out, $err) = $node->psql($db, $node->safe_psql($db, 'SELECT sf_script()'));
		is($rc, 0, 'by script') or diag($err);
	}
	is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, "partitions, $how: the schema is that of the model");
	is(files($db), $before, "partitions, $how: no table was rewritten");
	is(dump_of($db), built(changed($parted, @all)), "partitions, $how: and is what an independent database has");
	is_clean($db, "partitions, $how");
}
run_ok($db, q{CALL sf_downgrade('base')}, 'down to the gate');
run_ok($db, 'CALL sf_contract()', 'and through it');
is(dump_of($db), built($parted), 'partitions, down: the schema that it began with');
$db = database($parted, $fill_parts, @all);
$start = dump_of($db);
for my $phase ('expand', 'backfill', 'validate')
{
	run_ok($db, "CALL sf_upgrade(through => '$phase')", "partitions, up through $phase");
	$node->safe_psql($db, 'UPDATE ev SET v = v + 1');
	$result = $node->safe_psql($db, $parts_sum);
	run_ok($db, 'CALL sf_abort()', "aborted behind $phase");
	is(dump_of($db), $start, 'the schema that it began with');
	is($node->safe_psql($db, $parts_sum), $result, 'and all that was written');
	is_clean($db, "partitions, aborted behind $phase");
}

# ---- what keeps the plain form, and why ----

$db = database(q{CREATE TABLE t (id int PRIMARY KEY, a int, b int, c int, g int GENERATED ALWAYS AS (b + 1) STORED, p point, w int, i int NOT NULL,
	EXCLUDE USING btree (a WITH =)); CREATE MATERIALIZED VIEW mv AS SELECT c FROM t;
	CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE TABLE whole (id int, v int);
	CREATE TABLE part () INHERITS (whole); CREATE TABLE old_name (id int, v int); CREATE TABLE small (v int)},
	q{INSERT INTO t (id, a, b, c, i) SELECT n, n, n, n, n FROM generate_series(1, 1000) n; INSERT INTO whole SELECT n, n FROM generate_series(1, 1000) n;
	INSERT INTO old_name SELECT n, n FROM generate_series(1, 1000) n},
	'a int' => 'a bigint', 'b int' => 'b bigint', 'c int' => 'c bigint', 'p point' => 'p int', 'w int' => 'w positive',
	'i int NOT NULL' => 'i bigint GENERATED ALWAYS AS IDENTITY', 'whole (id int, v int)' => 'whole (id int, v bigint)',
	'TABLE old_name (id int, v int)' => "TABLE new_name ( -- \@renamed from=old_name\nid int, v bigint)", 'small (v int)' => 'small (v bigint)');
my %why = map { split /\|/, $_, 2 } split /\n/, $node->safe_psql($db, q{SELECT object, why FROM sf_steps() WHERE sql ~ ' TYPE ' ORDER BY n});
my %expected = (
	'public.t.a' => qr/exclusion public\.t\.t_a_excl would .*: drop it in a migration before/,
	'public.t.b' => qr/column public\.t\.g would have to be made while others wait: all rows are written anew/,
	'public.t.c' => qr/materialized view public\.mv would .*: drop it/,
	'public.t.p' => qr/no cast leads from integer back to point: say with \@down/,
	'public.t.w' => qr/column public\.t\.w would have to be made while others wait/,
	'public.t.i' => qr/becomes an identity column/,
	'public.whole.v' => qr/inherits from another, or is inherited from/,
	'public.new_name.v' => qr/another name at the same time/,
	'public.small.v' => qr/^$/);
like($why{"column $_"}, $expected{$_}, "$_ keeps the plain form") for sort keys %expected;

$node->stop;
done_testing();
