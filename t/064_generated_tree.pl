# A stored generated column gets another expression, or another type, in a table that has partitions or children: all of
# them are exchanged at once. What the partitions have of their own, ways back, kills, and where it stays plain.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowShadow;
use SchemaflowTest;
use Test::More;

my $node = shadow_node('tree', 'restart_after_crash = on');

my %family = (
	partitioned => q{CREATE TABLE t (note text, id int NOT NULL, a int NOT NULL, b text, g text GENERATED ALWAYS AS (lower(b)) STORED,
			n int GENERATED ALWAYS AS (a + 1) STORED NOT NULL) PARTITION BY RANGE (id);
		CREATE TABLE p1 (b text, id int NOT NULL, note text, a int NOT NULL, g text GENERATED ALWAYS AS (lower(b)) STORED,
			n int GENERATED ALWAYS AS (a + 1) STORED NOT NULL); ALTER TABLE t ATTACH PARTITION p1 FOR VALUES FROM (MINVALUE) TO (1000);
		CREATE TABLE p2 PARTITION OF t FOR VALUES FROM (1000) TO (MAXVALUE) PARTITION BY LIST (a); CREATE TABLE p2d PARTITION OF p2 DEFAULT;
		CREATE INDEX t_g ON t (g, a); CREATE UNIQUE INDEX t_n ON t (id, a, n); CREATE INDEX p1_own ON p1 (upper(g));
		ALTER TABLE p2d ADD CONSTRAINT long CHECK (length(g) < 100)},
	inherited => q{CREATE TABLE t (note text, id int NOT NULL, a int NOT NULL, b text, g text GENERATED ALWAYS AS (lower(b)) STORED,
			n int GENERATED ALWAYS AS (a + 1) STORED NOT NULL);
		CREATE TABLE p1 (own int) INHERITS (t); CREATE TABLE p2 (g text) INHERITS (t); CREATE TABLE p2d () INHERITS (p2, p1);
		CREATE INDEX t_g ON t (g, a); CREATE INDEX p1_own ON p1 (upper(g)); ALTER TABLE p2d ADD CONSTRAINT long CHECK (length(g) < 100)});
my %rows = (
	partitioned => 'INSERT INTO t (id, a, b) SELECT k, k, k FROM generate_series(1, 2000) k',
	inherited => join ';', map { "INSERT INTO $_ (id, a, b) SELECT k, k, k FROM generate_series(1, 500) k" } qw(t p1 p2 p2d));
my $view = q{; CREATE VIEW v AS SELECT id, g, n + 1 AS m FROM t; COMMENT ON COLUMN p2.g IS 'of b'; CREATE STATISTICS p1_s ON g, a FROM p1};
my @change = (('AS (lower(b))' => 'AS (upper(b) || a)', 'n int GENERATED ALWAYS AS (a + 1)' => 'n bigint GENERATED ALWAYS AS (a * 10::bigint)'));
my %change = (partitioned => [ @change, @change ], inherited => \@change);
my $right = 'SELECT count(*) FROM t WHERE g IS DISTINCT FROM upper(b) || a OR n <> a * 10';

# Facts of the catalogs about the tables, by names: those of a database that the server changed by itself are the same.
my $catalogs = q{
SELECT string_agg(x, E'\n' ORDER BY x COLLATE "C") FROM (
	SELECT format('%s %s %s %s %s %s %s %s %s', attrelid::regclass, attname, attnum, atttypid::regtype, atthasdef, attgenerated, attnotnull,
		atthasmissing, attislocal || '/' || attinhcount) FROM pg_attribute WHERE attrelid::regclass::text ~ '^(t|p1|p2|p2d)$' AND attnum > 0 AND NOT attisdropped
	UNION ALL SELECT format('%s %s %s', adrelid::regclass, adnum, pg_get_expr(adbin, adrelid)) FROM pg_attrdef
	UNION ALL SELECT format('%s needs %s, %s', pg_describe_object(d.classid, d.objid, d.objsubid),
		pg_describe_object(refclassid, refobjid, refobjsubid), deptype) FROM pg_depend d JOIN pg_attrdef f
		ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
	UNION ALL SELECT format('%s checks, %s columns', relchecks, relnatts) FROM pg_class WHERE oid::regclass::text ~ '^(t|p1|p2|p2d)$') x(x)};

for my $kind (sort keys %family)
{
	there_and_back($kind, ddl => "$family{$kind}$view", rows => $rows{$kind}, change => $change{$kind},
		writes => q{UPDATE t SET a = a + 1 WHERE id % 3 = 0; INSERT INTO t (id, a, b) SELECT max(id) + 1, max(a) + 1, 'X' FROM t;
			UPDATE t SET b = b || 'y' WHERE id % 50 = 1; INSERT INTO p1 (id, a, b) SELECT min(id) - 1, 7, 'Own' FROM t},
		sums => 'SELECT count(*), sum(a), sum(hashtext(b)) FROM t',
		load => "\\set i random(1, 2000)\n" . q{UPDATE t SET a = a + 1 WHERE id = :i; UPDATE t SET b = 'b' || :i WHERE id = :i; SELECT g, n FROM t WHERE id = :i;} . "\n");

	my $db = database($family{$kind}, $rows{$kind}, @{ $change{$kind} });
	up($db);
	is($node->safe_psql($db, q{UPDATE t SET b = 'Own', a = 5 WHERE id = 7; SELECT DISTINCT g, n FROM t WHERE id = 7}), 'own|6', "$kind: until the gate the old one is there");
	is($node->safe_psql($db, q{CREATE TABLE p3 PARTITION OF p2 FOR VALUES IN (77); INSERT INTO t (id, a, b) VALUES (5000, 77, 'Late');
		SELECT "~schemaflow_g" FROM p3; DROP TABLE p3}), 'LATE77', "$kind: a partition that comes meanwhile has both") if $kind eq 'partitioned';
	run_ok($db, 'CALL sf_contract()', "$kind: contract");
	is($node->safe_psql($db, qq{SELECT DISTINCT g, n FROM t WHERE id = 7; $right}), "OWN5|50\n0", "$kind: then the new one");
	is($node->safe_psql($db, qq{UPDATE t SET b = 'z' WHERE id = 8; SELECT DISTINCT g FROM t WHERE id = 8; $right; SELECT count(*) FROM sf_diff()}), "Z8\n0\n0", "$kind: which is generated");
	is($node->safe_psql($db, q{SELECT * FROM sf_plan_migration('again')}), 'nothing to do: the live schema equals the model', "$kind: nothing is left to do");
	my $made = sf_database($node, "native_$kind");
	$node->safe_psql($made, $family{$kind} =~ s/CREATE (UNIQUE )?INDEX[^;]*;?|ALTER TABLE p2d ADD[^;]*//gr);
	$node->safe_psql($made, q{ALTER TABLE t DROP COLUMN g, DROP COLUMN n; } . ($kind eq 'inherited' ? q{ALTER TABLE p2 DROP COLUMN g, ADD COLUMN g text GENERATED ALWAYS AS (upper(b) || a) STORED; } : '') .
		q{ALTER TABLE t ADD COLUMN g text GENERATED ALWAYS AS (upper(b) || a) STORED, ADD COLUMN n bigint GENERATED ALWAYS AS (a * 10::bigint) STORED NOT NULL; });
	$node->safe_psql($db, q{ALTER TABLE p2d DROP CONSTRAINT long});
	is($node->safe_psql($db, $catalogs), $node->safe_psql($made, $catalogs), "$kind: the catalogs are what the server itself makes");
}

# ---- killed in the backfill ----

my $slow = q{CREATE FUNCTION public.slow(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN IF $1 LIKE ''%7'' THEN PERFORM pg_sleep(0.005); END IF; RETURN upper($1); END';};
for my $kind (sort keys %family)
{
	for my $then ('sf_upgrade', 'sf_abort')
	{
		my @slowly = map { s/upper\(b\) \|\| a/public.slow(b) || a/r } @{ $change{$kind} };
		my $db = database("$slow $family{$kind}", $rows{$kind}, @slowly);
		my $start = dump_of($db);
		run_ok($db, q{CALL sf_upgrade(through => 'expand')}, "$kind, $then: expand");
		killed_in_backfill($db);
		$node->safe_psql($db, q{UPDATE t SET a = a + 1 WHERE id % 5 = 0; INSERT INTO t (id, a, b) VALUES (-7, 1, 'New')});
		run_ok($db, "CALL $then()", "$kind: killed in the backfill, then $then");
		run_ok($db, 'CALL sf_contract()', "$kind: contract") if $then eq 'sf_upgrade';
		is($node->safe_psql($db, $right), 0, "$kind: all rows are right") if $then eq 'sf_upgrade';
		is(dump_of($db), $then eq 'sf_abort' ? $start : built(changed("$slow $family{$kind}", @slowly)), "$kind, $then: the schema");
		is_clean($db, "$kind, killed, $then");
	}
}

# ---- where it stays plain, and why ----

my $root = 'CREATE TABLE t (id int, a int, g int GENERATED ALWAYS AS (a + 1) STORED)';
my @plain = (
	[ 'of two', "$root; CREATE TABLE o (a int, g int GENERATED ALWAYS AS (a + 1) STORED); CREATE TABLE u () INHERITS (t, o)", [], qr/the column of another table, too/ ],
	[ 'a child that comes', "$root; CREATE TABLE u (id int, a int, g int GENERATED ALWAYS AS (a + 1) STORED)", [ 'CREATE TABLE u (id int, a int, g int GENERATED ALWAYS AS (a + 1) STORED)' => 'CREATE TABLE u () INHERITS (t)' ], qr/begins or ceases to inherit it/ ]);
push @plain, [ 'an expression of its own', "$root; CREATE TABLE u (g int GENERATED ALWAYS AS (a + 9) STORED) INHERITS (t)", [], qr/an expression of its own/ ]
	if $node->pg_version >= 16;
for (@plain)
{
	my ($what, $ddl, $more, $why) = @$_;
	my $db = database($ddl, 'INSERT INTO t SELECT k, k FROM generate_series(1, 500) k', '(a + 1)' => '(a + 2)', $what eq 'of two' ? ('(a + 1)' => '(a + 2)') : (), @$more);
	like($node->safe_psql($db, q{SELECT string_agg(why, ' ') FROM sf_steps()}), $why, "$what: why");
	# Nor has the plain form an order for it.
	next if $what eq 'of two';
	run_ok($db, 'CALL sf_upgrade()', "$what: up");
	run_ok($db, 'CALL sf_contract()', "$what: contract") if $node->safe_psql($db, 'SELECT status FROM sf_status') eq 'ready';
	is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, "$what: of the model");
}

# A child of children of one that gets another type, plain and generated: it is exchanged, and not made anew.
my $diamond = 'CREATE TABLE t (id int, v int); CREATE TABLE l () INHERITS (t); CREATE TABLE r () INHERITS (t); CREATE TABLE d (own int) INHERITS (l, r)';
my $db = database($diamond, 'INSERT INTO t SELECT k, k FROM generate_series(1, 500) k; INSERT INTO d SELECT k, k, k FROM generate_series(501, 1000) k', 'v int' => 'v bigint');
my $files = files($db);
up($db);
$node->safe_psql($db, 'UPDATE t SET v = v + 1 WHERE id % 2 = 0');
run_ok($db, 'CALL sf_contract()', 'a diamond: contract');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()') . files($db), "0$files", 'of the model, and no table was rewritten');
is($node->safe_psql($db, 'SELECT sum(v), sum(id) FROM t'), '501000|500500', 'with right values');

done_testing();
