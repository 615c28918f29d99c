# Columns that stored generated ones read get another type: both are exchanged in one migration. What either version
# writes meanwhile, ways back, kills, rows written while a trigger is missing, and where it stays plain.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowShadow;
use SchemaflowTest;
use Test::More;

my $node = shadow_node('retyped', 'restart_after_crash = on');

# Several that read one, one that reads two, one whose type changes, too, and one that reads none.
my $t = q{CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b varchar(20), g int GENERATED ALWAYS AS (a + 1) STORED NOT NULL,
		h text GENERATED ALWAYS AS (upper(b) || a) STORED, k varchar(30) GENERATED ALWAYS AS (coalesce(b, 'none')) STORED,
		o int GENERATED ALWAYS AS (id) STORED);
	CREATE INDEX t_g ON t (g, a); CREATE INDEX t_h ON t (lower(h)) WHERE k <> 'none'; ALTER TABLE t ADD CONSTRAINT long CHECK (length(k) < 100);
	CREATE VIEW v AS SELECT id, g, a + 1 AS m, h FROM t; COMMENT ON COLUMN t.g IS 'of a'};
my $rows = q{INSERT INTO t (id, a, b) SELECT n, n, CASE WHEN n % 3 > 0 THEN 'b' || n END FROM generate_series(1, 1000) n};
my @change = ('a int' => 'a bigint', 'b varchar(20)' => 'b text COLLATE "C"', 'g int' => 'g bigint', 'o int' => 'o bigint');
my $right = q{SELECT count(*) FROM t WHERE g IS DISTINCT FROM a + 1 OR h IS DISTINCT FROM upper(b) || a OR k IS DISTINCT FROM coalesce(b, 'none') OR o <> id};
my $ahead = q{SELECT count(*) FROM t WHERE "~schemaflow_g" IS DISTINCT FROM a + 1 OR "~schemaflow_h" IS DISTINCT FROM upper(b) || a
	OR "~schemaflow_k" IS DISTINCT FROM coalesce(b, 'none') OR "~schemaflow_a" <> a OR "~schemaflow_b" IS DISTINCT FROM b};

there_and_back('retyped', ddl => $t, rows => $rows, change => \@change,
	writes => q{UPDATE t SET a = a + 1 WHERE id % 3 = 0; INSERT INTO t (id, a, b) SELECT max(id) + 1, max(a) + 1, 'X' FROM t; UPDATE t SET b = 'y' || a WHERE id % 50 = 1;
		UPDATE t SET b = NULL WHERE id % 50 = 2},
	new_writes => q{UPDATE t SET "~schemaflow_a" = 77 WHERE id % 50 = 3; UPDATE t SET "~schemaflow_b" = 'new' WHERE id % 50 = 4;
		INSERT INTO t (id, "~schemaflow_a", "~schemaflow_b") VALUES (50000, 5, 'own')},
	sums => 'SELECT count(*), sum(a), sum(hashtext(b)), sum(g), sum(hashtext(h)), sum(hashtext(k)) FROM t',
	load => "\\set i random(1, 1000)\n" . q{UPDATE t SET a = a + 1 WHERE id = :i; UPDATE t SET b = 'b' || :i WHERE id = :i; SELECT g, h FROM t WHERE id = :i;} . "\n");

# Facts of the catalogs, by names: those of a database that the server changed by itself are the same.
my $catalogs = q{
SELECT string_agg(x, E'\n' ORDER BY x COLLATE "C") FROM (
	SELECT format('%s %s %s %s %s %s %s', attname, atttypid::regtype, atttypmod, atthasdef, attgenerated, attnotnull, attcollation::regcollation)
		FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped
	UNION ALL SELECT format('%s %s', attname, pg_get_expr(adbin, adrelid)) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
	UNION ALL SELECT format('%s needs %s, %s', pg_describe_object(d.classid, d.objid, d.objsubid),
		pg_describe_object(refclassid, refobjid, refobjsubid), deptype) FROM pg_depend d JOIN pg_attrdef f
		ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid) x(x)};

my $db = database($t, $rows, @change);
up($db);
is($node->safe_psql($db, $ahead), 0, 'beside: all rows are right');
is($node->safe_psql($db, q{UPDATE t SET a = 5, b = 'Own' WHERE id = 7; UPDATE t SET "~schemaflow_a" = 6, "~schemaflow_b" = 'new' WHERE id = 8;
	INSERT INTO t (id, "~schemaflow_a", "~schemaflow_b") VALUES (3000, 9, 'x'); INSERT INTO t (id, a) VALUES (3001, 10);
	SELECT id, a, b, g, h, k, "~schemaflow_g", "~schemaflow_h", "~schemaflow_k" FROM t WHERE id IN (7, 8, 3000, 3001) ORDER BY id}),
	"7|5|Own|6|OWN5|Own|6|OWN5|Own\n8|6|new|7|NEW6|new|7|NEW6|new\n3000|9|x|10|X9|x|10|X9|x\n3001|10||11||none|11||none", 'each version sees what the other writes, computed');
is($node->safe_psql($db, "$ahead; $right"), "0\n0", 'and all rows are right');

# Our triggers are missing for a time: rows written meanwhile are repaired, what is computed from them, too.
$node->safe_psql($db, q{ALTER TABLE t DISABLE TRIGGER USER; UPDATE t SET a = a + 1, b = 'behind' WHERE id IN (20, 21)});
is($node->safe_psql($db, $ahead), 2, 'two rows are wrong');
my $err = run_ok($db, 'CALL sf_contract()', 'contract');
like($err, qr/trigger "~schemaflow-\w" of t was disabled, it is put back/, 'triggers are put back');
is($node->safe_psql($db, $right), 0, 'all rows are right');
is($node->safe_psql($db, q{SELECT h FROM t WHERE id IN (20, 21) ORDER BY id}), "BEHIND21\nBEHIND22", 'those that were repaired, too');
is($node->safe_psql($db, qq{UPDATE t SET a = 12345678900, b = 'z' WHERE id = 8; SELECT g, h FROM t WHERE id = 8; $right; SELECT count(*) FROM sf_diff()}),
	"12345678901|Z12345678900\n0\n0", 'they are generated');
is($node->safe_psql($db, q{SELECT * FROM sf_plan_migration('again')}), 'nothing to do: the live schema equals the model', 'nothing is left to do');
my $made = sf_database($node, 'native');
$node->safe_psql($made, changed($t, @change));
is($node->safe_psql($db, $catalogs), $node->safe_psql($made, $catalogs), 'the catalogs are what the server itself makes');
is_clean($db, 'repaired');

# ---- with expressions of the user's, both ways ----

my $code = q{CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL, g text GENERATED ALWAYS AS (lower(code)) STORED)};
my @coded = ('code text' => "\n-- \@up substr(code, 2)::int\n-- \@down 'C' || code\ncode int", '(lower(code))' => '(code * 2)', 'g text' => 'g int');
$db = database($code, q{INSERT INTO t SELECT n, 'C' || n FROM generate_series(1, 1000) n}, @coded);
my $files = files($db);
up($db);
is($node->safe_psql($db, q{UPDATE t SET code = 'C50' WHERE id = 5; UPDATE t SET "~schemaflow_code" = 60 WHERE id = 6;
	SELECT code, g, "~schemaflow_g" FROM t WHERE id IN (5, 6) ORDER BY id}), "C50|c50|100\nC60|c60|120", '@up and @down: each is right');
run_ok($db, 'CALL sf_contract()', '@up and @down: contract');
is($node->safe_psql($db, q{SELECT count(*) FROM t WHERE g IS DISTINCT FROM code * 2; SELECT count(*) FROM sf_diff()}) . files($db), "0\n0$files", 'right, of the model, not rewritten');

# ---- in partitions and children ----

my $parts = q{CREATE TABLE t (id int, a int NOT NULL, g int GENERATED ALWAYS AS (a + 1) STORED) PARTITION BY RANGE (id);
	CREATE TABLE p1 PARTITION OF t FOR VALUES FROM (0) TO (500); CREATE TABLE p2 PARTITION OF t DEFAULT; CREATE INDEX t_g ON t (g)};
my $heirs = q{CREATE TABLE t (id int, a int NOT NULL, g int GENERATED ALWAYS AS (a + 1) STORED);
	CREATE TABLE p1 (a int) INHERITS (t); CREATE TABLE p2 (g int) INHERITS (t); CREATE TABLE d () INHERITS (p1, p2)};
for my $kind ([ 'partitions', $parts, 'INSERT INTO t SELECT n, n FROM generate_series(1, 1000) n', 'a int' => 'a bigint', 'g int' => 'g bigint' ],
	[ 'children', $heirs, join(';', map { "INSERT INTO $_ SELECT n, n FROM generate_series(1, 300) n" } qw(t p1 p2 d)),
		'a int' => 'a bigint', 'g int' => 'g bigint', '(a int' => '(a bigint', '(g int' => '(g bigint' ])
{
	my ($what, $ddl, $fill, @to) = @$kind;
	$db = database($ddl, $fill, @to);
	$files = files($db);
	my $start = dump_of($db);
	up($db);
	$node->safe_psql($db, q{UPDATE t SET a = a + 1 WHERE id % 3 = 0; UPDATE t SET "~schemaflow_a" = 7 WHERE id = 601; INSERT INTO p1 (id, a) VALUES (2, 9)});
	run_ok($db, 'CALL sf_contract()', "$what: contract");
	is($node->safe_psql($db, q{SELECT count(*) FROM t WHERE g IS DISTINCT FROM a + 1; SELECT count(*) FROM sf_diff()}) . files($db), "0\n0$files", "$what: right, of the model, not rewritten");
	is(dump_of($db), built(changed($ddl, @to)), "$what: and the dump");
	is_clean($db, $what);
	run_ok($db, q{CALL sf_downgrade('base')}, "$what: down");
	run_ok($db, 'CALL sf_contract()', "$what: and through the gate");
	is(dump_of($db), $start, "$what: what it began with");
}

# ---- killed in the backfill ----

my $slow = q{CREATE FUNCTION public.slow(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN IF $1 LIKE ''%7'' THEN PERFORM pg_sleep(0.005); END IF; RETURN upper($1); END'; };
for my $then ('sf_upgrade', 'sf_abort')
{
	my $ddl = $slow . ($t =~ s/upper\(b\)/public.slow(b)/r);
	$db = database($ddl, $rows, @change);
	my $start = dump_of($db);
	run_ok($db, q{CALL sf_upgrade(through => 'expand')}, "$then: expand");
	killed_in_backfill($db);
	$node->safe_psql($db, q{UPDATE t SET a = a + 1 WHERE id % 5 = 0; UPDATE t SET "~schemaflow_a" = 3 WHERE id = 6; INSERT INTO t (id, a, b) VALUES (-7, 1, 'New')});
	run_ok($db, "CALL $then()", "killed in the backfill, then $then");
	run_ok($db, 'CALL sf_contract()', 'contract') if $then eq 'sf_upgrade';
	is($node->safe_psql($db, $right), 0, "$then: all rows are right");
	is($node->safe_psql($db, 'SELECT a FROM t WHERE id = 6'), 3, "$then: what the new version wrote");
	is(dump_of($db), $then eq 'sf_abort' ? $start : built(changed($ddl, @change)), "$then: the schema");
	is_clean($db, "killed, $then");
}

# ---- where it stays plain, and why ----

for (
	[ 'no way back', 'CREATE TABLE t (id int, a int, g text GENERATED ALWAYS AS (a::text) STORED)', qr/which it is computed from.*keeps the plain form|which it is computed from or by/,
		'a int' => "\n-- \@up ARRAY[a]\na int[]", '(a::text)' => '(a[1]::text)' ],
	[ 'of a child alone', 'CREATE TABLE t (id int, a int); CREATE TABLE c (g int GENERATED ALWAYS AS (a + 1) STORED) INHERITS (t); INSERT INTO c SELECT n, n FROM generate_series(1, 500) n',
		qr/column public\.c\.a, which it is computed from or by, changes/, 'a int' => 'a bigint', 'g int' => 'g bigint', '; INSERT INTO c SELECT n, n FROM generate_series(1, 500) n' => '' ],
	[ 'hidden', 'CREATE TABLE t (id int, a int, g int GENERATED ALWAYS AS (a) STORED); ALTER TABLE t FORCE ROW LEVEL SECURITY', qr/row security/, 'a int' => 'a bigint' ])
{
	my ($what, $ddl, $why, @to) = @$_;
	$db = database($ddl, 'INSERT INTO t SELECT n, n FROM generate_series(1, 500) n', @to);
	like($node->safe_psql($db, q{SELECT string_agg(why, ' ') FROM sf_steps()}), $why, "$what: why");
	run_ok($db, 'CALL sf_upgrade()', "$what: up");
	run_ok($db, 'CALL sf_contract()', "$what: contract") if $node->safe_psql($db, 'SELECT status FROM sf_status') eq 'ready';
	is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, "$what: of the model");
}

done_testing();
