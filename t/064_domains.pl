# A column of a domain with constraints of a big table: a call tries once what all rows have, and no row is read or written.
# Who writes meanwhile, ways back, what the catalogs have, and what is refused.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowShadow;
use SchemaflowTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = shadow_node('domains', 'restart_after_crash = on');

# Facts of the catalogs about the columns of tables, by names: those of a database that the server made alike are the same, but
# for where the value is that all rows had (the server has written it into each).
my $catalogs = q{
WITH mine AS (SELECT oid FROM pg_class WHERE relname IN ('t', 'p1', 'p2', 'p2d') AND relnamespace = 'public'::regnamespace)
SELECT string_agg(x, E'\n' ORDER BY x COLLATE "C") FROM (
	SELECT concat_ws(' ', attrelid::regclass, atttypid::regtype, attcollation::regcollation, to_jsonb(a) - 'attrelid' - 'atttypid'
		- 'attcollation' - 'attoptions' - 'atthasmissing' - 'attmissingval') FROM pg_attribute a
		WHERE attrelid IN (SELECT oid FROM mine) AND attnum > 0 AND NOT attisdropped
	UNION ALL SELECT concat_ws(' ', adrelid::regclass, adnum, pg_get_expr(adbin, adrelid)) FROM pg_attrdef WHERE adrelid IN (SELECT oid FROM mine)
	UNION ALL SELECT format('%s needs %s, %s', pg_describe_object(d.classid, d.objid, d.objsubid),
		pg_describe_object(refclassid, refobjid, refobjsubid), deptype) FROM pg_depend d
		LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
		WHERE adrelid IN (SELECT oid FROM mine) OR (d.classid = 'pg_class'::regclass AND d.objid IN (SELECT oid FROM mine))) x(x)};

sub facts
{
	my ($db) = @_;
	return $node->safe_psql($db, $catalogs);
}

my $types = q{CREATE TYPE mood AS ENUM ('sad', 'happy');
	CREATE DOMAIN pos AS int CHECK (VALUE > 0); CREATE DOMAIN low AS pos CHECK (VALUE < 10000);
	CREATE DOMAIN code AS varchar(6) COLLATE "C" CHECK (VALUE <> ''); CREATE DOMAIN codes AS varchar(5)[] CHECK (array_length(VALUE, 1) < 9);
	CREATE DOMAIN glad AS mood CHECK (VALUE <> 'sad'); CREATE DOMAIN seven AS int DEFAULT 7 CHECK (VALUE > 5);
	CREATE DOMAIN full_int AS int NOT NULL; CREATE DOMAIN given AS int CHECK (VALUE IS NOT NULL AND VALUE >= 0);};
my $t = "$types CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, note text)";
my $rows = q{INSERT INTO t SELECT n, n, 'n' || n FROM generate_series(1, 2000) n};
my @new = ('c1 pos', 'c2 low DEFAULT 5', q{c3 code DEFAULT 'abc'}, 'c4 codes', q{c5 codes DEFAULT '{a,b}'}, q{c6 glad DEFAULT 'happy' NOT NULL},
	'c7 seven', 'c8 seven NOT NULL', 'c9 seven DEFAULT 9', 'c10 full_int DEFAULT 3', 'c11 code COLLATE "POSIX"', 'c12 given DEFAULT 0 NOT NULL', 'c13 pos DEFAULT 1 + 2',
	q{c14 low DEFAULT extract(day FROM now())});
my @change = ('note text' => join ', ', 'note text', @new);
my $values = q{SELECT string_agg(DISTINCT concat_ws(' ', c1, c2, c3::text COLLATE "default", c4, c5, c6, c7, c8, c9, c10, c11::text COLLATE "default", c12, c13), ',') FROM t};
my $writes = q{
	INSERT INTO t (id, a) SELECT coalesce(max(id), 0) + 1, 5 FROM t; INSERT INTO t VALUES ((SELECT max(id) + 1 FROM t), 6, 'note');
	UPDATE t SET a = a + 1 WHERE id % 10 = 3; DELETE FROM t WHERE id = (SELECT min(id) FROM t)};

# ---- the steps, and what comes of them ----

my $db = database($t, $rows, @change);
my $start = dump_of($db);
is($node->safe_psql($db, q{SELECT string_agg(DISTINCT class, ''), bool_or(rewrites), bool_or(loses_data), bool_or(scans) FROM sf_steps()}),
	'T|f|f|f', 'nothing is rewritten, lost, or read');
is($node->safe_psql($db, q{SELECT concat_ws('|', phase, sql, lock, why) FROM sf_steps() WHERE sql LIKE '%c2%'}),
	q{expand|SELECT schemaflow.sf_add_column('public.t', 'c2 public.low DEFAULT 5')|ACCESS EXCLUSIVE|}
	. 'reads no row: what the domain says is tried once, of the value that all have', 'a call is the step, and what it does is known');
my $files = files($db);
run_ok($db, 'CALL sf_upgrade()', 'up');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'the schema is that of the model');
like($node->safe_psql($db, q{SELECT sf_plan_migration('again')}), qr/nothing to do/, 'and the next plan is empty');
is(files($db), $files, 'no table was rewritten');
is(dump_of($db), built(changed($t, @change)), 'pg_dump has what an independent database has');
is(facts($db), native_facts($catalogs, $t, 'ALTER TABLE t ' . join ', ', map { "ADD COLUMN $_" } @new), 'and the catalogs what the server itself makes');
is($node->safe_psql($db, $values), '5 abc {a,b} happy 7 7 9 3 0 3', 'each row has what the server gives it');
$node->safe_psql($db, $writes);
is($node->safe_psql($db, $values), '5 abc {a,b} happy 7 7 9 3 0 3', 'those that are written, too');
for (['c1 = 0', '23514'], [q{c3 = 'too long'}, '22001'], [q{c6 = 'sad'}, '23514'], ['c10 = NULL', '23502'], ['c2 = 10000', '23514'])
{
	my (undef, undef, $err) = sf_try($node, $db, "UPDATE t SET $_->[0] WHERE id = 9");
	like($err, qr/$_->[1]/, "the domain speaks: $_->[0]");
}
$node->safe_psql($db, 'UPDATE t SET note = note WHERE id % 3 = 0; VACUUM FULL t; CREATE INDEX ON t (c2)');
is($node->safe_psql($db, $values), '5 abc {a,b} happy 7 7 9 3 0 3', 'and after all rows were written anew');
is($node->safe_psql($db, 'SET enable_seqscan = off; SELECT count(*) = (SELECT count(*) FROM t) FROM t WHERE c2 = 5'), 't', 'an index finds them');
my ($rc, $out, $err) = sf_try($node, $db, 'DROP DOMAIN low');
like($err, qr/2BP01.*column c2 of table t depends on type low/s, 'the column needs the domain');
($rc, $out, $err) = sf_try($node, $db, 'ALTER DOMAIN low ADD CHECK (VALUE <> 5)');
like($err, qr/23514.*column "c2" of table "t" contains values that violate/s, 'whose new constraints look at it');
$node->safe_psql($db, 'DROP INDEX t_c2_idx');
run_ok($db, q{CALL sf_downgrade('base', allow => '{data_loss}')}, 'down to the gate');
run_ok($db, q{CALL sf_contract(allow => '{data_loss}')}, 'and through it');
is(dump_of($db), $start, 'the schema that it began with');
is(files($db) =~ s/ t_c2_idx\d+//r, files($db), 'and no more was written');
is_clean($db, 'down');
run_ok($db, 'CALL sf_upgrade()', 'and up again');
is($node->safe_psql($db, $values), '5 abc {a,b} happy 7 7 9 3 0 3', 'with the values');

# ---- while others write; aborted; by script; in a scratch; with a guard ----

$db = database($t, $rows, @change);
my @load = start_load($db, "\\set i random(1, 2000)\n" . q{
	INSERT INTO t (id, a) VALUES (:i + 100000, :i) ON CONFLICT (id) DO UPDATE SET a = t.a + 1;
	UPDATE t SET note = 'W' || a WHERE id = :i; DELETE FROM t WHERE id = 100001 + :i;
});
run_ok($db, 'CALL sf_upgrade()', 'up under a load') if $node->poll_query_until($db, 'SELECT count(*) > 50 FROM t WHERE id > 100000');
end_load('load', @load);
is($node->safe_psql($db, $values), '5 abc {a,b} happy 7 7 9 3 0 3', 'all rows are right');
is(dump_of($db), built(changed($t, @change)), 'of the model');

# In the middle, with another kind of step behind it that has a gate.
my @beside = ('note text' => "note text, c1 pos DEFAULT 4, z int NOT NULL -- \@up a + 1\n");
$db = database($t, $rows, @beside);
$start = dump_of($db);
for my $phase ('expand', 'backfill', 'validate')
{
	run_ok($db, "CALL sf_upgrade(through => '$phase')", "up through $phase");
	$node->safe_psql($db, $writes);
	my $sum = $node->safe_psql($db, 'SELECT count(*), sum(a) FROM t');
	run_ok($db, q{CALL sf_abort('{data_loss}')}, "aborted behind $phase");
	is(dump_of($db), $start, 'the schema that it began with');
	is($node->safe_psql($db, 'SELECT count(*), sum(a) FROM t'), $sum, 'and all that was written');
	is_clean($db, "aborted behind $phase");
}

$db = database($t, $rows, @change);
$files = files($db);
run_ok($db, 'CALL sf_test()', 'there and back in a scratch');
($rc, $out, $err) = $node->psql($db, $node->safe_psql($db, 'SELECT sf_script()'));
is($rc, 0, 'by script') or diag($err);
is(files($db) . dump_of($db), $files . built(changed($t, @change)), 'by script: of the model, and no table was rewritten');

$db = database($t, $rows, @change);
$node->safe_psql($db, 'SELECT sf_guard_install()');
run_ok($db, 'CALL sf_upgrade()', 'with a guard');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'with a guard: of the model');
(undef, undef, $err) = sf_try($node, $db, q{SET lock_timeout = '1s'; SELECT schemaflow.sf_add_column('t', 'by_hand pos')});
is($err, '', 'and by hand');
(undef, undef, $err) = sf_try($node, $db, q{SET lock_timeout = '1s'; ALTER TABLE t ADD COLUMN by_another_hand pos});
like($err, qr/guard: add_column_constrained_domain.*SELECT schemaflow.sf_add_column\('public.t', 'by_another_hand public\.pos'\)/s, 'which the guard says');

# Killed behind the call: it is in the transaction of its step.
$db = database($t, $rows, 'note text' => 'note text, c1 pos DEFAULT 4, c2 low DEFAULT 5');
$start = dump_of($db);
killed_at_step($db, 1, 'sf_upgrade');
is(dump_of($db), $start, 'killed behind the call: nothing of it is there');
run_ok($db, 'CALL sf_upgrade()', 'killed, then up');
is($node->safe_psql($db, 'SELECT DISTINCT c1, c2 FROM t'), '4|5', 'with the values');

# ---- a model whose column goes: the way down makes it, and the rows have their values again ----

$db = database($t =~ s/note text/note text, c1 pos DEFAULT 4/r, $rows =~ s/INTO t/INTO t (id, a, note)/r, ', c1 pos DEFAULT 4' => '');
$node->safe_psql($db, 'UPDATE t SET c1 = id');
run_ok($db, 'CALL sf_upgrade()', 'a column that goes: up to the gate');
run_ok($db, q{CALL sf_contract(allow => '{data_loss}')}, 'and through it');
$files = files($db);
run_ok($db, q{CALL sf_downgrade('base')}, 'down');
run_ok($db, 'CALL sf_contract()', 'to the end') if $node->safe_psql($db, 'SELECT status FROM sf_status') eq 'ready';
is(files($db) =~ /( t\d+)/ && $1, $files =~ /( t\d+)/ && $1, 'the table was not rewritten');
is($node->safe_psql($db, 'SELECT count(*) FROM t WHERE c1 <> id'), 0, 'with its values') or diag($node->safe_psql($db, 'SELECT sql FROM sf_steps()'));

# ---- with values of their own: @up, and a default that gives each row another ----

my @filled = ('note text' => q{note text,
	u low NOT NULL, -- @up a + 1
	v code, -- @up 'n' || a
	w pos NOT NULL DEFAULT (random() * 5 + 1)::int});
$db = database($t, $rows, @filled);
$files = files($db);
$start = dump_of($db);
is($node->safe_psql($db, q{SELECT bool_or(rewrites), bool_or(loses_data), bool_or(scans AND lock = 'ACCESS EXCLUSIVE') FROM sf_steps()}), 'f|f|f', 'filled: online');
run_ok($db, q{CALL sf_upgrade(through => 'expand')}, 'filled: expand');
$node->safe_psql($db, $writes);
run_ok($db, q{CALL sf_abort('{data_loss}')}, 'filled: back');
is(dump_of($db), $start, 'filled: what it began with');
run_ok($db, q{CALL sf_upgrade(through => 'expand')}, 'filled: expand');
$node->safe_psql($db, $writes);
up($db);
$node->safe_psql($db, $writes);
(undef, undef, $err) = sf_try($node, $db, 'INSERT INTO t (id, a) VALUES (9000, 20000)');
like($err, qr/23514: value for domain low violates check constraint "low_check"/, 'a value that the domain refuses is an error of who writes it');
run_ok($db, 'CALL sf_contract()', 'filled: contract');
is($node->safe_psql($db, q{SELECT count(*) FROM t WHERE u IS DISTINCT FROM a + 1 AND id % 10 <> 3 OR v IS NULL OR w NOT BETWEEN 1 AND 6}), 0, 'filled: with right values');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()') . files($db), "0$files", 'filled: of the model, and no table was rewritten');
is_clean($db, 'filled');

# What the domain refuses is found while it is filled, and what was done is undone.
for (['u low, -- @up a * 9' => '23514', 'value for domain low violates check constraint "low_check"'], [q{u code, -- @up 'longer' || a} => '22001', 'value too long'],
	[qq{u code, -- \@up 'longer' || a\nv int NOT NULL, -- \@up a\n} => '22001', 'value too long'])
{
	my ($column, $code, $message) = @$_;
	$db = database($t, $rows, 'note text' => "note text, $column\nzz int");
	$start = dump_of($db);
	(undef, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
	like($err, qr/$code: .*\Q$message\E/s, "$column: refused");
	is(dump_of($db), $start, "$column: what it began with");
	is_clean($db, $column);
}

# ---- what has partitions, or children ----

my %family = (
	partitioned => q{CREATE TABLE t (note text, id int NOT NULL, a int NOT NULL) PARTITION BY RANGE (id);
		CREATE TABLE p1 (id int NOT NULL, note text, a int NOT NULL); ALTER TABLE t ATTACH PARTITION p1 FOR VALUES FROM (MINVALUE) TO (1000);
		CREATE TABLE p2 PARTITION OF t FOR VALUES FROM (1000) TO (MAXVALUE) PARTITION BY LIST (a); CREATE TABLE p2d PARTITION OF p2 DEFAULT},
	inherited => q{CREATE TABLE t (note text, id int NOT NULL, a int NOT NULL);
		CREATE TABLE p1 (own int) INHERITS (t); CREATE TABLE p2 () INHERITS (t); CREATE TABLE p2d () INHERITS (p2, p1)});
for my $kind (sort keys %family)
{
	my $family_rows = $kind eq 'partitioned' ? 'INSERT INTO t (id, a) SELECT n, n FROM generate_series(1, 2000) n' :
		join ';', map { "INSERT INTO $_ (id, a) SELECT n, n FROM generate_series(1, 500) n" } qw(t p1 p2 p2d);
	my $both = q{c pos, d code DEFAULT 'x' NOT NULL, u low -- @up a + 1} . "\n";
	my @family_change = ('note text, id' => "note text, $both, id");
	push @family_change, 'id int NOT NULL, note text, a int NOT NULL)' => "id int NOT NULL, note text, a int NOT NULL, $both)" if $kind eq 'partitioned';
	$db = database("$types $family{$kind}", $family_rows, @family_change);
	is($node->safe_psql($db, q{SELECT bool_or(rewrites), bool_or(loses_data), bool_or(scans AND lock = 'ACCESS EXCLUSIVE') FROM sf_steps()}), 'f|f|f', "$kind: online");
	$files = files($db);
	$start = dump_of($db);
	run_ok($db, q{CALL sf_upgrade(through => 'expand')}, "$kind: expand");
	run_ok($db, q{CALL sf_abort('{data_loss}')}, "$kind: back");
	is(dump_of($db), $start, "$kind: what it began with");
	$db = database("$types $family{$kind}", $family_rows, @family_change);
	$files = files($db);
	run_ok($db, q{CALL sf_upgrade(through => 'expand')}, "$kind: expand");
	$node->safe_psql($db, 'UPDATE t SET a = a + 1 WHERE id % 3 = 0; INSERT INTO t (id, a) VALUES (-2, 1)');
	up($db);
	run_ok($db, 'CALL sf_contract()', "$kind: contract");
	is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()') . files($db), "0$files", "$kind: of the model, and no table was rewritten");
	is($node->safe_psql($db, q{SELECT count(*) FROM t WHERE c IS NOT NULL OR d <> 'x' OR u IS DISTINCT FROM a + 1}), 0, "$kind: all rows are right");
	my $made_so = sf_database($node, "native_$kind");
	$node->safe_psql($made_so, "$types $family{$kind}; ALTER TABLE t ADD COLUMN c pos, ADD COLUMN d code DEFAULT 'x' NOT NULL, ADD COLUMN u low");
	is(facts($db), facts($made_so), "$kind: the catalogs are what the server itself makes");
	is(dump_of($db), dump_of($made_so), "$kind: and the dump");
	(undef, undef, $err) = sf_try($node, $db, 'UPDATE p2d SET c = 0');
	like($err, qr/23514/, "$kind: the domain speaks in each");
	is_clean($db, $kind);
	run_ok($db, q{CALL sf_downgrade('base', allow => '{data_loss}')}, "$kind: down");
	run_ok($db, q{CALL sf_contract(allow => '{data_loss}')}, "$kind: and through the gate");
	is(dump_of($db), $start, "$kind: what it began with");
}

# ---- a column that gets such a type, or loses it ----

there_and_back('a type', ddl => qq{$types CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL DEFAULT 7, w text, x low, y int DEFAULT 8, z int, m mood);
	CREATE INDEX tv ON t (v); CREATE VIEW tw AS SELECT id, w FROM t}, rows => q{INSERT INTO t SELECT n, n, 'n' || n, n, nullif(n % 5, 0) + 10, n % 9 + 6, 'happy'
	FROM generate_series(1, 2000) n},
	change => ['v int' => 'v low', 'w text' => 'w code', 'x low' => 'x pos', 'y int DEFAULT 8' => 'y seven DEFAULT 9', 'z int' => 'z seven', 'm mood' => 'm glad'],
	writes => q{INSERT INTO t (id) SELECT coalesce(max(id), 0) + 1 FROM t; INSERT INTO t (id, v, w, y) SELECT max(id) + 1, 5, 'New', NULL FROM t;
		UPDATE t SET v = v + 1, w = 'Z' || v % 100, z = z + 1 WHERE id % 10 = 3; UPDATE t SET y = NULL WHERE id % 10 = 4},
	new_writes => q{UPDATE t SET "~schemaflow_v" = 44, "~schemaflow_w" = 'by n' WHERE id % 10 = 6; INSERT INTO t (id, "~schemaflow_v") SELECT max(id) + 1, 9 FROM t},
	sums => 'SELECT count(*), sum(v), sum(hashtext(w)), sum(x), sum(y), count(y), sum(z), count(z), count(m) FROM t');
$db = database("$types CREATE TABLE t (id int PRIMARY KEY, v pos, w glad)", q{INSERT INTO t SELECT n, n, 'happy' FROM generate_series(1, 2000) n}, 'v pos' => 'v int', 'w glad' => 'w mood');
is($node->safe_psql($db, q{SELECT bool_or(rewrites), bool_or(scans), count(*) FROM sf_steps()}), 'f|f|1', 'to what the domain is made of: the catalogs alone');
$files = files($db);
run_ok($db, 'CALL sf_upgrade()', 'to what it is made of: up');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()') . files($db), "0$files", 'to what it is made of: of the model, and no table was rewritten');

# The catalogs that the exchange leaves are those of ALTER COLUMN TYPE, but for the column's place.
$db = database("$types CREATE TABLE t (id int PRIMARY KEY, v int DEFAULT 3, w text)", q{INSERT INTO t SELECT n, n, n FROM generate_series(1, 2000) n}, 'v int' => 'v low', 'w text' => 'w code');
up($db);
run_ok($db, 'CALL sf_contract()', 'alike: contract');
my $made = sf_database($node, 'made_alike');
$node->safe_psql($made, "$types CREATE TABLE t (id int PRIMARY KEY, v int DEFAULT 3, w text); ALTER TABLE t ALTER v TYPE low, ALTER w TYPE code");
my ($mine, $theirs) = map { facts($_) =~ s/"attnum": \d+//gr =~ s/^t \d+ //gmr } $db, $made;
is(join("\n", sort split /\n/, $mine), join("\n", sort split /\n/, $theirs), 'alike: the catalogs are those of ALTER COLUMN TYPE');

# Values that violate, before and meanwhile; under a load.
my $typed = "$types CREATE TABLE t (id int PRIMARY KEY, v int, note text)";
$db = database($typed, q{INSERT INTO t SELECT n, n - 1 FROM generate_series(1, 2000) n}, 'v int' => 'v pos');
$start = dump_of($db);
(undef, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/23514: value for domain pos violates check constraint "pos_check"/, 'a row that violates is found in the backfill');
is(dump_of($db), $start, 'and what was done is undone');
is_clean($db, 'violated');
$node->safe_psql($db, 'UPDATE t SET v = 1 WHERE v = 0');
up($db);
(undef, undef, $err) = sf_try($node, $db, 'INSERT INTO t VALUES (5000, 0)');
like($err, qr/23514: value for domain pos violates/, 'and written meanwhile, by the old name');
(undef, undef, $err) = sf_try($node, $db, 'UPDATE t SET "~schemaflow_v" = 0 WHERE id = 3');
like($err, qr/23514: value for domain pos violates/, 'and by the new one');
@load = start_load($db, "\\set i random(1, 2000)\n" . q{
	INSERT INTO t (id, v) VALUES (:i + 100000, :i) ON CONFLICT (id) DO UPDATE SET v = t.v + 1; UPDATE t SET v = v + 1 WHERE id = :i; DELETE FROM t WHERE id = 100001 + :i;
});
run_ok($db, 'CALL sf_contract()', 'contract under a load') if $node->poll_query_until($db, 'SELECT count(*) > 50 FROM t WHERE id > 100000');
end_load('load, a type', @load);
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'of the model');

# The schema of the old version knows nothing of what a call has added.
my $versions = sf_database($node, 'versions');
$node->safe_psql($versions, qq{ALTER DATABASE versions SET schemaflow.online_rows = 100; ALTER DATABASE versions SET schemaflow.versions = 'on';
	$typed; INSERT INTO t SELECT n, n FROM generate_series(1, 500) n; ANALYZE});
plan_change($versions, changed($typed, 'v int' => 'v pos', 'note text' => 'note text, c pos DEFAULT 4'));
up($versions);
is($node->safe_psql($versions, q{SELECT sf_version_schema('base') AS old, sf_version_schema('head') AS new \gset
	SELECT string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.columns WHERE table_name = 't' AND table_schema IN (:'old', :'new')
	GROUP BY table_schema ORDER BY count(*)}), "id note v\nc id note v", 'schemas of both versions');

for my $kind (sort keys %family)
{
	my $family_rows = $kind eq 'partitioned' ? 'INSERT INTO t (id, a, note) SELECT n, n, n FROM generate_series(1, 2000) n' :
		join ';', map { "INSERT INTO $_ (id, a, note) SELECT n, n, n FROM generate_series(1, 500) n" } qw(t p1 p2 p2d);
	my @family_change = ('note text' => 'note low');
	push @family_change, 'note text' => 'note low' if $kind eq 'partitioned';
	# (A table that inherits the column of two is made anew for another type, whichever it is.)
	there_and_back("$kind, a type", ddl => "$types $family{$kind}" =~ s/p2, p1/p2/r, rows => $family_rows, change => \@family_change,
		writes => q{UPDATE t SET a = a + 1, note = a % 100 + 1 WHERE id % 3 = 0; INSERT INTO t (id, a, note) VALUES (-2, 1, '5'); INSERT INTO p1 (id, a) VALUES (-3, 2)},
		sums => 'SELECT count(*), sum(a), sum(hashtext(note::text)) FROM t');
}

# ---- a domain's default is not the value of rows that are filled, whether it has constraints or not ----

for my $checks ('', ' CHECK (VALUE > 0)')
{
	my $domain = "CREATE DOMAIN seven AS int DEFAULT 7$checks; CREATE TABLE t (id int PRIMARY KEY, v bigint, note text)";
	for my $size (2000, 50)
	{
		$db = database($domain, "INSERT INTO t SELECT n, nullif(n, 9) FROM generate_series(1, $size) n", 'v bigint' => 'v seven', 'note text' => "note text, u seven -- \@up v + 1\n");
		run_ok($db, q{CALL sf_upgrade(through => 'expand')}, "seven$checks, $size: expand");
		$node->safe_psql($db, 'INSERT INTO t (id, v) VALUES (3000, 3000); UPDATE t SET v = v + 100 WHERE id % 10 = 3; INSERT INTO t (id) VALUES (3001)') if $size > 100;
		run_ok($db, 'CALL sf_upgrade()', "seven$checks, $size: up");
		run_ok($db, 'CALL sf_contract()', "seven$checks, $size: contract") if $size > 100;
		is($node->safe_psql($db, q{SELECT count(*) FROM t WHERE v IS DISTINCT FROM CASE WHEN id = 9 OR id = 3001 THEN NULL WHEN id % 10 = 3 AND (SELECT count(*) > 100 FROM t)
			THEN id + 100 ELSE id END OR u <> v + 1 AND id < 3000}), 0, "seven$checks, $size: each row has its own");
		is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, "seven$checks, $size: of the model");
		is($node->safe_psql($db, 'INSERT INTO t (id) VALUES (4000) RETURNING v, u'), '7|7', "seven$checks, $size: which new rows have");
	}
}

# ---- by hand: what the server refuses, and what is no such column ----

my $hand = sf_database($node, 'hand');
$node->safe_psql($hand, qq{$types CREATE ROLE stranger; GRANT USAGE, CREATE ON SCHEMA public TO stranger; GRANT USAGE ON SCHEMA schemaflow TO stranger;
	CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE DOMAIN chance AS int DEFAULT (random() * 9)::int CHECK (VALUE >= 0)});

sub refused
{
	my ($what, $prepare, $table, $definition, $error) = @_;
	my (undef, undef, $e) = sf_try($node, $hand, "BEGIN; $prepare; SELECT schemaflow.sf_add_column('$table', \$d\$$definition\$d\$)");
	like($e, $error, "refused: $what");
	return;
}

refused('NULL is none', '', 't', 'z full_int', qr/23502: domain full_int does not allow null values/);
refused('NULL fails', '', 't', 'z given', qr/23514: value for domain given violates check constraint "given_check"/);
refused('the default fails', '', 't', 'z pos DEFAULT -1', qr/23514: value for domain pos violates check constraint "pos_check"/);
refused('the inner domain', '', 't', 'z low DEFAULT 0', qr/23514: value for domain low violates check constraint "pos_check"/);
refused('too long', '', 't', q{z code DEFAULT 'far too long'}, qr/22001/);
refused('NOT NULL', '', 't', 'z pos NOT NULL', qr/23502: column "z" of relation "t" contains null values/);
refused('values of their own', '', 't', 'z pos DEFAULT (random() * 5)::int', qr/0A000: column "z" cannot be added without a look.*value of its own.*ALTER TABLE public\.t ADD COLUMN z/s);
refused('by the domain', '', 't', 'z chance', qr/0A000.*Its default gives each row a value of its own/s);
refused('no domain', '', 't', 'z int', qr/0A000.*integer is no domain/s);
refused('no type', '', 't', 'z nothing', qr/42704/);
refused('it is there', '', 't', 'id pos', qr/42701/);
refused('perhaps it is there', '', 't', 'IF NOT EXISTS id pos', qr/42601: what is to be added is not the definition of one column/);
refused('two', '', 't', 'y pos, ADD COLUMN z pos', qr/42601: what is to be added/);
refused('a statement behind it', '', 't', 'z pos; DROP TABLE t', qr/42601: what is to be added/);
refused('no type at all', '', 't', 'z', qr/42601: syntax error/);
refused($_, '', 't', "z pos $_", qr/0A000.*More is said of it than a default/s)
	for 'CHECK (z > 5)', 'GENERATED ALWAYS AS (1) STORED', 'UNIQUE', 'PRIMARY KEY', 'REFERENCES t', 'GENERATED ALWAYS AS IDENTITY';
refused('a view', 'CREATE VIEW w AS SELECT * FROM t', 'w', 'z pos', qr/42809: "w" is no table/);
refused('a table of a type', 'CREATE TYPE y AS (b text); CREATE TABLE typed OF y', 'typed', 'z pos', qr/42809: cannot add column to typed table/);
refused('a partition', 'CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT', 'p1', 'z pos', qr/42809: cannot add column to a partition/);
refused('of the system', '', 'pg_class', 'z pos', qr/42501/);
refused('its rows are values elsewhere', 'CREATE TABLE holds (r t)', 't', 'z pos', qr/0A000: cannot alter table "t" because column "holds.r" uses its row type/);
refused('its own rows', 'CREATE DOMAIN rows AS t CHECK (true)', 't', 'z rows', qr/42P16: composite type t cannot be made a member of itself/);
refused('a child has it', 'CREATE TABLE child (z pos) INHERITS (t)', 't', 'z pos', qr/0A000.*"child" has it already/s);
refused('a child has it otherwise', 'CREATE TABLE child (z int) INHERITS (t)', 't', 'z pos', qr/0A000.*"child" has it already/s);
refused('a stranger', 'SET ROLE stranger', 't', 'z pos', qr/42501: must be owner of table/);
refused('a child of somebody else', 'CREATE TABLE child () INHERITS (t); ALTER TABLE t OWNER TO stranger; SET ROLE stranger', 't', 'z pos', qr/42501: must be owner of table/);
refused('a domain that he may not use', 'ALTER TABLE t OWNER TO stranger; REVOKE USAGE ON TYPE pos FROM PUBLIC; SET ROLE stranger', 't', 'z pos', qr/42501: permission denied for type pos/);
refused('in use', 'DECLARE c CURSOR FOR SELECT * FROM t; FETCH c', 't', 'z pos', qr/55006/);
is($node->safe_psql($hand, q{CREATE TABLE nobody (id int); SELECT schemaflow.sf_add_column('nobody', 'z full_int');
	CREATE VIEW rows AS SELECT t FROM t; SELECT schemaflow.sf_add_column('t', 'Z pos NULL DEFAULT 3'); SELECT * FROM rows}), '

(1,3)', 'where no row is, none is in the way; and a view over whole rows has it');

# ---- where it stays with the server's way, and why ----

my @plain = (
	[ 'generated', "$types CREATE TABLE t (id int, a int)", 'a int' => 'a int, g pos GENERATED ALWAYS AS (a) STORED', qr/the column is a generated one/ ],
	[ 'a child that has it', "$types CREATE TABLE t (id int, a int); CREATE TABLE u (g pos) INHERITS (t)", 'a int' => 'a int, g pos', qr/a table that inherits the column has it already/ ],
	[ 'a type that NULL is none of', "$types CREATE TABLE t (id int, a int)", 'a int' => 'a full_int', qr/not by a column beside it: .*NULL, which they would have until/ ],
	[ 'NULL is none', "$types CREATE TABLE t (id int, a int)", 'a int' => 'a int, g given DEFAULT (random() * 9)::int', qr/NULL, which they would have until they are filled/ ]);
for (@plain)
{
	my ($what, $ddl, $from, $to, $why, @more) = @$_;
	my $d = database($ddl, 'INSERT INTO t SELECT n, n FROM generate_series(1, 500) n', $from => $to, @more);
	like($node->safe_psql($d, q{SELECT string_agg(why, ' ') FROM sf_steps() WHERE rewrites}), $why, "$what: why");
	run_ok($d, 'CALL sf_upgrade()', "$what: up");
	is($node->safe_psql($d, 'SELECT count(*) FROM sf_diff()'), 0, "$what: of the model");
}
$db = database("$types CREATE TABLE t (id int, a int)", '', 'a int' => 'a int, c pos');
is($node->safe_psql($db, q{SELECT sql FROM sf_steps()}), 'ALTER TABLE public.t ADD COLUMN c public.pos', 'a small table has the plain statement');

done_testing();
