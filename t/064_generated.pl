# A stored generated column of a big table, made while others write: a plain column is filled, proved, and becomes it.
# Who writes meanwhile, ways back, kills, what a column made by the server itself has, and what is refused.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowShadow;
use SchemaflowTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = shadow_node('generated', 'restart_after_crash = on', 'max_prepared_transactions = 2');

# Facts of the catalogs about columns and what is said of them, by names: those of a database that the server made alike
# are the same.
my $catalogs = q{
SELECT string_agg(x, E'\n' ORDER BY x COLLATE "C") FROM (
	SELECT format('%s %s %s %s %s %s %s %s', attrelid::regclass, attname, atttypid::regtype, atthasdef, attgenerated, attnotnull,
		atthasmissing, attislocal) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped
	UNION ALL SELECT format('%s %s', adnum, pg_get_expr(adbin, adrelid)) FROM pg_attrdef WHERE adrelid = 't'::regclass
	UNION ALL SELECT format('%s needs %s, %s', pg_describe_object(d.classid, d.objid, d.objsubid),
		pg_describe_object(refclassid, refobjid, refobjsubid), deptype) FROM pg_depend d
		LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
		WHERE pg_describe_object(d.classid, d.objid, d.objsubid) NOT LIKE 'toast%' AND (adrelid = 't'::regclass OR (d.classid = 'pg_class'::regclass AND d.objid = 't'::regclass)
			OR (refclassid = 'pg_class'::regclass AND refobjid = 't'::regclass AND d.classid <> 'pg_type'::regclass))
	UNION ALL SELECT format('%s checks, %s columns', relchecks, relnatts) FROM pg_class WHERE oid = 't'::regclass) x(x)};

sub facts
{
	my ($db) = @_;
	return $node->safe_psql($db, $catalogs);
}

my $functions = q{CREATE FUNCTION public.twice(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1 || $1';
	CREATE FUNCTION public.slow(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(0.001); RETURN lower($1); END';};
my $t = "$functions CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b text, note text)";
my $rows = q{INSERT INTO t SELECT n, n, CASE WHEN n % 7 > 0 THEN 'B' || n END FROM generate_series(1, 2000) n};
my $new = q{g text GENERATED ALWAYS AS (lower(b) || a) STORED, n numeric(12, 2) GENERATED ALWAYS AS (a / 3.0) STORED NOT NULL,
	v varchar(20) GENERATED ALWAYS AS (twice(b)) STORED, c char(8) GENERATED ALWAYS AS (b) STORED};
my @change = ('note text' => "note text, $new");
my $right = q{SELECT count(*) FROM t WHERE g IS DISTINCT FROM lower(b) || a OR n IS DISTINCT FROM (a / 3.0)::numeric(12, 2)
	OR v IS DISTINCT FROM twice(b) OR c IS DISTINCT FROM b::char(8)};
my $writes = q{
	INSERT INTO t (id, a, b) SELECT coalesce(max(id), 0) + 1, 5, 'New' FROM t;
	INSERT INTO t VALUES ((SELECT max(id) + 1 FROM t), 6, 'Row', 'note');
	UPDATE t SET a = a + 1, b = 'Z' || a WHERE id % 10 = 3; UPDATE t SET note = 'same' WHERE id % 10 = 4;
	UPDATE t SET id = -id WHERE id = (SELECT max(id) FROM t); DELETE FROM t WHERE id = (SELECT min(id) FROM t WHERE id > 0)};

# ---- the steps, and what comes of them ----

my $db = database($t, $rows, @change);
is($node->safe_psql($db, q{SELECT string_agg(DISTINCT class, '' ORDER BY class), bool_or(rewrites), bool_or(loses_data),
	bool_or(scans AND lock = 'ACCESS EXCLUSIVE') FROM sf_steps()}), 'BT|f|f|f', 'nothing is rewritten, lost, or read under a lock; no gate');
is($node->safe_psql($db, q{SELECT string_agg(phase || ': ' || left(sql, 70), E'\n' ORDER BY n) FROM sf_steps() s
	WHERE transaction >= (SELECT max(transaction) - 1 FROM sf_steps())}) =~ s/ +$//gmr, join("\n",
	'validate: ALTER TABLE public.t VALIDATE CONSTRAINT t_generated_proof',
	'validate: DROP TRIGGER "~schemaflow_g" ON public.t',
	q{validate: SELECT schemaflow.sf_generate('public.t', 'g', '(lower(b) || a)')},
	q{validate: SELECT schemaflow.sf_generate('public.t', 'n', '((a)::numeric / 3.0)')},
	q{validate: SELECT schemaflow.sf_generate('public.t', 'v', 'public.twice(b)')},
	q{validate: SELECT schemaflow.sf_generate('public.t', 'c', 'b')},
	'validate: ALTER TABLE public.t DROP CONSTRAINT t_generated_proof'), 'one check for all, one transaction that ends it');
my $files = files($db);
run_ok($db, 'CALL sf_upgrade()', 'up, to the end');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'the schema is that of the model');
is(files($db), $files, 'no table was rewritten');
is(dump_of($db), built(changed($t, @change)), 'pg_dump has what an independent database has');
is(facts($db), native_facts($catalogs, $t, 'ALTER TABLE t ' . join ', ', map { "ADD COLUMN $_" } split /(?<=STORED),\s|(?<=NULL),\s/, $new),
	'and the catalogs what the server itself makes');
is($node->safe_psql($db, $right), 0, 'all values are right');
$node->safe_psql($db, $writes);
is($node->safe_psql($db, $right), 0, 'and of rows that are written');
my ($rc, $out, $err) = sf_try($node, $db, q{INSERT INTO t (id, a, g) VALUES (5000, 1, 'mine')});
like($err, qr/428C9: cannot insert a non-DEFAULT value into column "g"/, 'nobody writes it');
is_clean($db, 'up');
run_ok($db, q{CALL sf_downgrade('base')}, 'down to the gate');
run_ok($db, 'CALL sf_contract()', 'and through it');
is(dump_of($db), built($t), 'the schema that it began with');
is_clean($db, 'down');
run_ok($db, 'CALL sf_upgrade()', 'and up again');
is($node->safe_psql($db, $right), 0, 'with the values');


# ---- who writes meanwhile; back from each phase; by script; under a load ----

$db = database($t, $rows, @change);
my $start = dump_of($db);
for my $phase ('expand', 'backfill')
{
	run_ok($db, "CALL sf_upgrade(through => '$phase')", "up through $phase");
	$node->safe_psql($db, $writes);
	$node->safe_psql($db, q{INSERT INTO t (id, a, b, g, n) VALUES (7001, 1, 'Y', 'mine', NULL);
		UPDATE t SET g = 'mine', v = 'mine' WHERE id = 20; UPDATE t SET note = 'x', a = a WHERE id = 21});
	is($node->safe_psql($db, q{SELECT string_agg(concat_ws('/', g, n, v), ' ' ORDER BY id) FROM t WHERE id IN (20, 21, 7001)}),
		'b2020/6.67/B20B20 7.00 y1/0.33/YY', "$phase: what somebody writes himself is overridden");
	is($node->safe_psql($db, $right), 0, "$phase: all rows are right") if $phase eq 'backfill';
	$node->safe_psql($db, 'DELETE FROM t WHERE id = 7001');
	my $sum = $node->safe_psql($db, 'SELECT count(*), sum(a), sum(hashtext(b)) FROM t');
	run_ok($db, 'CALL sf_abort()', "aborted behind $phase, without consent to lose anything");
	is(dump_of($db), $start, 'the schema that it began with');
	is($node->safe_psql($db, 'SELECT count(*), sum(a), sum(hashtext(b)) FROM t'), $sum, 'and all that was written');
	is_clean($db, "aborted behind $phase");
}
my @load = start_load($db, "\\set i random(1, 2000)\n" . q{
	INSERT INTO t (id, a, b) VALUES (:i + 100000, :i, 'L' || :i) ON CONFLICT (id) DO UPDATE SET a = t.a + 1;
	UPDATE t SET b = 'W' || a WHERE id = :i; UPDATE t SET note = :i WHERE id = :i; DELETE FROM t WHERE id = 100001 + :i;
});
run_ok($db, 'CALL sf_upgrade()', 'up under a load') if $node->poll_query_until($db, 'SELECT count(*) > 50 FROM t WHERE id > 100000');
end_load('load', @load);
is($node->safe_psql($db, $right), 0, 'all rows are right');
is(dump_of($db), built(changed($t, @change)), 'of the model');
$db = database($t, $rows, @change);
$files = files($db);
($rc, $out, $err) = $node->psql($db, $node->safe_psql($db, 'SELECT sf_script()'));
is($rc, 0, 'by script') or diag($err);
is(files($db), $files, 'by script: no table was rewritten');
is(dump_of($db) . $node->safe_psql($db, $right), built(changed($t, @change)) . '0', 'by script: of the model');
is_clean($db, 'by script');

# ---- a model whose column goes: the way down makes it ----

$db = database($t =~ s/note text/note text, $new/r, $rows =~ s/INTO t/INTO t (id, a, b)/r, ", $new" => '');
run_ok($db, q{CALL sf_upgrade()}, 'a column that goes: up to the gate');
run_ok($db, q{CALL sf_contract(allow => '{data_loss}')}, 'and through it');
$files = files($db);
run_ok($db, q{CALL sf_downgrade('base')}, 'down');
is(files($db), $files, 'no table was rewritten');
is(dump_of($db) . $node->safe_psql($db, $right), built(changed($t, @change)) . '0', 'what it began with');

# ---- beside other columns that are filled, which it reads; and one that changes its type ----

my $two = 'CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b text NOT NULL, note text)';
$db = database($two, q{INSERT INTO t SELECT n, n, 'B' || n FROM generate_series(1, 2000) n}, 'note text' => q{note text,
	u text NOT NULL, -- @up upper(b || a)
	d uuid NOT NULL DEFAULT gen_random_uuid(),
	g text GENERATED ALWAYS AS (lower(u) || a) STORED NOT NULL, h text GENERATED ALWAYS AS (b || '!') STORED,
	i text GENERATED ALWAYS AS (d::text || a) STORED});
$files = files($db);
run_ok($db, q{CALL sf_upgrade(through => 'expand')}, 'beside others: expand');
$node->safe_psql($db, q{UPDATE t SET a = -a WHERE id % 5 = 0; INSERT INTO t (id, a, b) VALUES (3001, 1, 'Z')});
up($db);
$node->safe_psql($db, q{UPDATE t SET a = a + 7 WHERE id % 5 = 1; UPDATE t SET u = 'OWN' WHERE id = 5; INSERT INTO t (id, a, b) VALUES (3002, 2, 'Y')});
run_ok($db, 'CALL sf_contract()', 'contract');
is($node->safe_psql($db, q{SELECT count(*) FROM sf_diff()}), 0, 'of the model');
is(files($db), $files, 'no table was rewritten');
is($node->safe_psql($db, q{SELECT count(*) FROM t WHERE g IS DISTINCT FROM lower(u) || a OR h IS DISTINCT FROM b || '!' OR i IS DISTINCT FROM d::text || a}),
	0, 'with right values');
is_clean($db, 'beside others');

$db = database($two, q{INSERT INTO t SELECT n, n, 'B' || n FROM generate_series(1, 2000) n}, 'a int' => 'a bigint',
	'note text' => 'note text, g bigint GENERATED ALWAYS AS (a * 2) STORED');
$files = files($db);
up($db);
$node->safe_psql($db, 'UPDATE t SET a = a + 7 WHERE id % 5 = 1');
run_ok($db, 'CALL sf_contract()', 'over a column that gets another type: contract');
is($node->safe_psql($db, q{SELECT count(*) FROM sf_diff()}) . files($db), "0$files", 'of the model, and no table was rewritten');
is($node->safe_psql($db, q{SELECT count(*) FROM t WHERE g IS DISTINCT FROM a * 2}), 0, 'with right values');
run_ok($db, q{CALL sf_downgrade('base')}, 'down');
run_ok($db, 'CALL sf_contract()', 'and through the gate');
is(dump_of($db), built($two), 'the schema that it began with');

# ---- what has partitions, or children ----

my %family = (
	partitioned => q{CREATE TABLE t (note text, id int NOT NULL, a int NOT NULL, b text) PARTITION BY RANGE (id);
		CREATE TABLE p1 (b text, id int NOT NULL, note text, a int NOT NULL); ALTER TABLE t ATTACH PARTITION p1 FOR VALUES FROM (MINVALUE) TO (1000);
		CREATE TABLE p2 PARTITION OF t FOR VALUES FROM (1000) TO (MAXVALUE) PARTITION BY LIST (a); CREATE TABLE p2d PARTITION OF p2 DEFAULT},
	inherited => q{CREATE TABLE t (note text, id int NOT NULL, a int NOT NULL, b text);
		CREATE TABLE p1 (own int) INHERITS (t); CREATE TABLE p2 () INHERITS (t); CREATE TABLE p2d () INHERITS (p2, p1)});
my $family_facts = $catalogs =~ s/'t'::regclass/ANY (ARRAY['t', 'p1', 'p2', 'p2d']::regclass[])/gr;
for my $kind (sort keys %family)
{
	my $family_rows = $kind eq 'partitioned' ? 'INSERT INTO t (id, a, b) SELECT n, n, n FROM generate_series(1, 2000) n' :
		join ';', map { "INSERT INTO $_ (id, a, b) SELECT n, n, n FROM generate_series(1, 500) n" } qw(t p1 p2 p2d);
	my $both = 'g text GENERATED ALWAYS AS (b || a) STORED, n int GENERATED ALWAYS AS (a + 1) STORED NOT NULL';
	my @family_change = ('note text, id' => "$both, note text, id");
	push @family_change, 'b text, id' => "$both, b text, id" if $kind eq 'partitioned';
	my $family_right = 'SELECT count(*) FROM t WHERE g IS DISTINCT FROM b || a OR n <> a + 1';
	$db = database($family{$kind}, $family_rows, @family_change);
	is($node->safe_psql($db, q{SELECT bool_or(rewrites), bool_or(loses_data), bool_or(scans AND lock = 'ACCESS EXCLUSIVE') FROM sf_steps()}), 'f|f|f', "$kind: online");
	$files = files($db);
	$start = dump_of($db);
	run_ok($db, q{CALL sf_upgrade(through => 'expand')}, "$kind: expand");
	$node->safe_psql($db, q{UPDATE t SET a = a + 1 WHERE id % 3 = 0; INSERT INTO t (id, a, b, g) VALUES (-1, 1, 'x', 'mine')});
	run_ok($db, 'CALL sf_abort()', "$kind: back");
	is(dump_of($db), $start, "$kind: what it began with");
	is_clean($db, "$kind, aborted");
	$db = database($family{$kind}, $family_rows, @family_change);
	$files = files($db);
	run_ok($db, q{CALL sf_upgrade(through => 'backfill')}, "$kind: backfill");
	$node->safe_psql($db, q{UPDATE t SET a = a + 1 WHERE id % 3 = 0; INSERT INTO t (id, a, b) VALUES (-2, 1, 'x')});
	run_ok($db, 'CALL sf_upgrade()', "$kind: up");
	is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()') . files($db), "0$files", "$kind: of the model, and no table was rewritten");
	$node->safe_psql($db, q{UPDATE t SET a = a + 1 WHERE id % 3 = 0; INSERT INTO t (id, a, b) VALUES (-3, 1, 'x'); INSERT INTO p1 (id, a, b) VALUES (-4, 1, 'x')});
	is($node->safe_psql($db, $family_right), 0, "$kind: all rows are right");
	my $made = sf_database($node, "native_$kind");
	$node->safe_psql($made, "$family{$kind}; ALTER TABLE t ADD COLUMN g text GENERATED ALWAYS AS (b || a) STORED,
		ADD COLUMN n int GENERATED ALWAYS AS (a + 1) STORED NOT NULL");
	is($node->safe_psql($db, $family_facts), $node->safe_psql($made, $family_facts), "$kind: the catalogs are what the server itself makes");
	is(dump_of($db), dump_of($made), "$kind: and the dump");
	is_clean($db, $kind);
	run_ok($db, q{CALL sf_downgrade('base')}, "$kind: down");
	run_ok($db, 'CALL sf_contract()', "$kind: and through the gate");
	is(dump_of($db), $start, "$kind: what it began with");
}

# ---- killed ----

# Where in the steps: in the backfill, and in the last transaction behind each of its statements.
my $one = 'g text GENERATED ALWAYS AS (lower(b) || a) STORED, n int GENERATED ALWAYS AS (a + 1) STORED NOT NULL';
my $one_right = 'SELECT count(*) FROM t WHERE g IS DISTINCT FROM lower(b) || a';
for my $then ('sf_upgrade', 'sf_abort')
{
	for my $where ('UPDATE%', 'ALTER%VALIDATE%generated_proof', 'DROP TRIGGER%', q{%sf_generate%''n''%})
	{
		my $column = $where eq 'UPDATE%' ? $one =~ s/lower/slow/r : $one;
		$db = database($t, $rows, 'note text' => "note text, $column");
		my $n = $node->safe_psql($db, "SELECT n FROM sf_steps() WHERE sql LIKE '$where'");
		if ($where eq 'UPDATE%')
		{
			run_ok($db, q{CALL sf_upgrade(through => 'expand')}, "$then: expand");
			killed_in_backfill($db);
		}
		else
		{
			killed_at_step($db, $n, 'sf_upgrade');
		}
		$node->safe_psql($db, $writes);
		run_ok($db, "CALL $then()", "killed at $where, then $then");
		if ($then eq 'sf_upgrade')
		{
			is($node->safe_psql($db, $one_right), 0, 'all rows are right');
			is(dump_of($db), built(changed($t, 'note text' => "note text, $column")), 'of the model');
		}
		else
		{
			is(dump_of($db), built($t), 'the schema that it began with');
		}
		is_clean($db, "killed at $where, $then");
	}
}

# ---- who goes behind the trigger's back ----

# Ours is missing for a time: it is put back, and the batches give rows that were written meanwhile their values.
$db = database($t, $rows, 'note text' => "note text, $one");
run_ok($db, q{CALL sf_upgrade(through => 'expand')}, 'without our trigger: expand');
$node->safe_psql($db, q{UPDATE t SET note = 'filled' WHERE id IN (3, 4); ALTER TABLE t DISABLE TRIGGER USER;
	UPDATE t SET a = a + 1 WHERE id = 3; UPDATE t SET g = 'mine' WHERE id = 5; INSERT INTO t (id, a, b) VALUES (4000, 1, 'Q')});
is($node->safe_psql($db, "SELECT count(*) FROM t WHERE g IS NOT NULL AND g <> lower(b) || a"), 2, 'two rows are wrong');
$err = run_ok($db, 'CALL sf_upgrade()', 'up');
like($err, qr/trigger "~schemaflow_g" of t was disabled, it is put back/, 'it is put back');
is($node->safe_psql($db, $one_right), 0, 'all rows are right');
is_clean($db, 'without our trigger');

# Behind the batches the check is there: nobody writes another value than the right one, with a trigger or without.
$db = database($t, $rows, 'note text' => "note text, $one");
run_ok($db, q{CALL sf_upgrade(through => 'backfill')}, 'without our trigger: backfill');
($rc, $out, $err) = sf_try($node, $db, 'ALTER TABLE t DISABLE TRIGGER USER; UPDATE t SET a = a + 1 WHERE id = 3');
like($err, qr/23514: new row for relation "t" violates check constraint/, 'what is wrong is refused');
run_ok($db, 'CALL sf_upgrade()', 'up');
is($node->safe_psql($db, $one_right), 0, 'all rows are right');
is_clean($db, 'behind the batches');

# ---- by hand: nothing but a proof counts ----

my $hand = sf_database($node, 'hand');
$node->safe_psql($hand, q{CREATE ROLE stranger; CREATE ROLE owner; GRANT USAGE, CREATE ON SCHEMA public TO owner, stranger; CREATE TABLE t (id int PRIMARY KEY, b text, g text, "G x" varchar(5), arr varchar(3)[]);
	INSERT INTO t SELECT n, 'B' || n, 'b' || n, 'b' || n FROM generate_series(1, 99) n; GRANT ALL ON t TO stranger;
	GRANT USAGE ON SCHEMA schemaflow TO stranger, owner;
	CREATE FUNCTION flawed(text) RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN RETURN lower($1); END'});

sub refused
{
	my ($what, $prepare, $call, $error) = @_;
	my (undef, undef, $e) = sf_try($node, $hand, "BEGIN; $prepare; SELECT schemaflow.sf_generate($call)");
	like($e, $error, "refused: $what");
	return;
}

sub check_of { return "pg_catalog.record_image_eq(ROW($_[0]), ROW($_[1]))" }
my $check = check_of('g', '(lower(b))::text');
my $proved = "ALTER TABLE t ADD CONSTRAINT p CHECK ($check)";
my $good = q{'t', 'g', 'lower(b)'};

refused('nothing is proved', '', $good, qr/55000: nothing proves that column "g" of table "t" has the values.*DETAIL:  Needed is a valid constraint CHECK \(\Q$check\E\)/s);
refused('not valid', "$proved NOT VALID", $good, qr/55000: nothing proves/);
refused('another expression', $proved, q{'t', 'g', 'upper(b)'}, qr/55000: nothing proves/);
refused('an equality that is none', q{ALTER TABLE t ADD CHECK (g = lower(b))}, $good, qr/55000: nothing proves/);
refused('one or the other', "ALTER TABLE t ADD CHECK ($check OR b = '')", $good, qr/55000: nothing proves/);
refused('a stranger', "$proved; SET ROLE stranger", $good, qr/42501: must be owner of table public\.t/);
refused('no such column', $proved, q{'t', 'x', 'lower(b)'}, qr/42703: column "x"/);
refused('a system column', $proved, q{'t', 'ctid', 'lower(b)'}, qr/42703: column "ctid"/);
refused('a default', "$proved; ALTER TABLE t ALTER g SET DEFAULT 'x'", $good, qr/42P16: column "g".*cannot become.*has a default/s);
refused('once more', "$proved; SELECT schemaflow.sf_generate($good)", $good, qr/42P16.*It is one already/s);
refused('an expression that changes', 'ALTER TABLE t ADD CHECK (' . check_of('g', '(public.flawed(b))::text') . ')', q{'t', 'g', 'public.flawed(b)'},
	qr/42P17: generation expression is not immutable/);
refused('itself', 'ALTER TABLE t ADD CHECK (' . check_of('g', '(g)::text') . ')', q{'t', 'g', 'g'}, qr/42P17: cannot use generated column "g"/);
refused('one that is generated', 'ALTER TABLE t ADD h text GENERATED ALWAYS AS (lower(b)) STORED, ADD CHECK (' . check_of('g', '(h)::text') . ')',
	q{'t', 'g', 'h'}, qr/42P17: cannot use generated column "h"/);
refused('read by one', "$proved; ALTER TABLE t ADD h text GENERATED ALWAYS AS (g || '!') STORED", $good, qr/42P16.*Generated column "h" reads it/s);
refused('a foreign key that writes it', "$proved; CREATE TABLE k (g text PRIMARY KEY); INSERT INTO k SELECT g FROM t;
	ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (g) REFERENCES k ON DELETE SET NULL; SET CONSTRAINTS ALL IMMEDIATE", $good, qr/42P16.*Foreign key "fk" has an action/s);
refused('a condition of a trigger', "$proved; CREATE TRIGGER w BEFORE INSERT ON t FOR EACH ROW WHEN (new.g = 'x') EXECUTE FUNCTION suppress_redundant_updates_trigger()",
	$good, qr/42P16.*The condition of trigger "w" reads it/s);
refused('a list of a publication', "$proved; CREATE PUBLICATION pub FOR TABLE t (id, g)", $good, qr/42P16.*publication "pub" has it/s) if $node->pg_version < 18;
refused('children of somebody else', "$proved; CREATE TABLE child () INHERITS (t); ALTER TABLE child OWNER TO stranger; ALTER TABLE t OWNER TO owner;
	GRANT owner TO SESSION_USER; SET ROLE owner", $good, qr/42501: must be owner of table public\.child/);
refused('a child without the proof', "ALTER TABLE t ADD CONSTRAINT p CHECK ($check) NO INHERIT; CREATE TABLE child () INHERITS (t)", $good,
	qr/55000: nothing proves that column "g" of table "child"/);
refused('a child of two', "$proved; CREATE TABLE other (g text); CREATE TABLE child () INHERITS (t, other)", $good, qr/42P16.*It is inherited from "other"/s);
refused('inherited', "$proved; CREATE TABLE child () INHERITS (t)", q{'child', 'g', 'lower(b)'}, qr/42P16.*It is inherited from "t"/s);
refused('a view', 'CREATE VIEW w AS SELECT * FROM t', q{'w', 'g', 'lower(b)'}, qr/42809: "w" cannot have/);
refused('a table of a type', 'CREATE TYPE y AS (b text, g text); CREATE TABLE typed OF y', q{'typed', 'g', 'lower(b)'}, qr/42809: "typed" cannot have/);
refused('of the system', 'SET allow_system_table_mods = on', q{'pg_class', 'relname', 'relname'}, qr/42809: "pg_class" cannot have/);
refused('an array of a type with a length', '', q{'t', 'arr', 'ARRAY[b]'}, qr/42P16.*array of a type with a length/s);
refused('what would be cut', 'ALTER TABLE t ADD CHECK (' . check_of('"G x"', '(lower(b))::varchar(5)') . ')', q{'t', 'G x', 'lower(b)'}, qr/55000: nothing proves/);
$node->safe_psql($hand, "$proved; SELECT schemaflow.sf_generate($good); ALTER TABLE t ADD CONSTRAINT q CHECK (id > 0 AND "
	. check_of('"G x"', 'pg_catalog."varchar"((lower(b))::varchar, 9, false)') . q{); SELECT schemaflow.sf_generate('t', 'G x', 'lower(b)');
	ALTER TABLE t DROP CONSTRAINT p, DROP CONSTRAINT q; UPDATE t SET b = 'NEW' WHERE id = 1});
is($node->safe_psql($hand, 'SELECT g, "G x" FROM t WHERE id = 1'), 'new|new', 'what is proved becomes generated, at once');
($rc, $out, $err) = sf_try($node, $hand, q{UPDATE t SET b = 'too long' WHERE id = 1});
like($err, qr/22001/, 'and what is too long is refused as ever');

# ---- where it stays with the server's way, and why ----

my @plain = (
	[ 'published', 'CREATE TABLE t (id int, a int); CREATE PUBLICATION p FOR TABLE t', 'a int' => 'a int, g int GENERATED ALWAYS AS (a) STORED', qr/the table is published/ ],
	[ 'with a foreign partition', q{CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw; CREATE TABLE t (id int, a int) PARTITION BY LIST (a);
		CREATE TABLE u PARTITION OF t DEFAULT; CREATE FOREIGN TABLE v PARTITION OF t FOR VALUES IN (0) SERVER files OPTIONS (filename '/dev/null')},
		'a int' => 'a int, g int GENERATED ALWAYS AS (a) STORED', qr/foreign table/ ],
	[ 'a child that has it', 'CREATE TABLE t (id int, a int); CREATE TABLE u (g int GENERATED ALWAYS AS (1) STORED) INHERITS (t)', 'a int' => 'a int, g int GENERATED ALWAYS AS (1) STORED',
		qr/has the column already/, 'u (g int GENERATED ALWAYS AS (1) STORED)' => 'u (g int)' ],
	[ 'behind ours', q{CREATE TABLE t (id int, a int); CREATE TRIGGER "~~" BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()},
		'a int' => 'a int, g int GENERATED ALWAYS AS (a) STORED', qr/behind all others/ ],
	[ 'hidden', 'CREATE TABLE t (id int, a int); ALTER TABLE t FORCE ROW LEVEL SECURITY', 'a int' => 'a int, g int GENERATED ALWAYS AS (a) STORED', qr/row security/ ],
	[ 'cut', 'CREATE TABLE t (id int, a int)', 'a int' => 'a int, g varchar(3)[] GENERATED ALWAYS AS (ARRAY[a::text]) STORED', qr/an array of a type with a length/ ]);
for (@plain)
{
	my ($what, $ddl, $from, $to, $why, @more) = @$_;
	my $d = database($ddl, 'INSERT INTO t SELECT n, n FROM generate_series(1, 500) n', $from => $to, @more);
	like($node->safe_psql($d, q{SELECT string_agg(why, ' ') FROM sf_steps() WHERE rewrites}), $why, "$what: why");
	run_ok($d, 'CALL sf_upgrade()', "$what: up");
	is($node->safe_psql($d, 'SELECT count(*) FROM sf_diff()'), 0, "$what: of the model");
}

done_testing();
