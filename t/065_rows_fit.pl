# Rows that will have no partition in what becomes of their table, or no value for a new column, are found before anything
# is done, up and down.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('fit');
my $facts = q{SELECT md5(string_agg(concat_ws('|', kind, name, attribute, value), '' ORDER BY kind, name, attribute)) FROM sf_facts()};

# Plans the way to the model; another table changes before, so that there would be something to undo.
sub planned
{
	my ($from, $to, $rows) = @_;
	my $db = sf_database($node, 'app' . ++our $n);

	$node->safe_psql($db, "ALTER DATABASE $db SET schemaflow.online_rows = 10");
	$node->safe_psql($db, qq{CREATE TABLE a (id int, v int);
		INSERT INTO a SELECT n, n FROM generate_series(1, 100) n; $from; $rows; ANALYZE;
		SELECT count(*) FROM sf_define(\$\$CREATE TABLE a (id int, v bigint); $to\$\$);
		SELECT count(*) FROM sf_plan_migration('parts')});
	return $db;
}

sub refused
{
	my ($db, $call, $error, $what) = @_;
	my $before = $node->safe_psql($db, $facts);
	my ($rc, $out, $err) = sf_try($node, $db, $call);

	like($err, $error, $what);
	unlike($err, qr/INFO: .* \d+ of \d+: (?!SELECT schemaflow\.sf_rows_pass)/, '... before anything is done');
	is($node->safe_psql($db, $facts), $before, '... the schema is as it was');
	is($node->safe_psql($db, q{SELECT count(*) FROM sf_status WHERE status <> 'failed'}), 0, '... and the run has ended');
	($rc, $out, $err) = sf_try($node, $db, 'CALL sf_abort()');
	like($err, qr/nothing to undo/, '... with nothing half done');
}

# ---- up: ranges, and lists below; columns that get another name
my $to = q{CREATE TABLE t (id int, "On" date, k text) PARTITION BY RANGE ("On");
	CREATE TABLE t_25 PARTITION OF t FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
	CREATE TABLE t_26 PARTITION OF t FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (k);
	CREATE TABLE t_26_a PARTITION OF t_26 FOR VALUES IN ('a''b', NULL);};
my $db = planned('CREATE TABLE t (id int, "On" date, k text)', $to,
	q{INSERT INTO t VALUES (1, '2025-05-05', 'c'), (2, '2026-05-05', 'a''b'), (3, '2026-05-05', NULL), (4, '2026-05-05', 'c'), (5, NULL, NULL)});
refused($db, 'CALL sf_upgrade()', qr/23514: 2 rows of table public.t will fit no partition\nDETAIL:  One of them has \(,\);/, 'rows that fit nowhere');
$node->safe_psql($db, q{DELETE FROM t WHERE id = 5});
refused($db, 'CALL sf_upgrade()', qr/23514: 1 row of table public.t will.*\nDETAIL:  One of them has \(2026-05-05,c\);.*\nHINT:  .* as it was\. Give the model a partition/, 'one');
$node->safe_psql($db, q{DELETE FROM t WHERE id = 4});
my ($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade(); CALL sf_contract()');
is($rc, 0, 'when they are gone it goes on') or diag($err);
is($node->safe_psql($db, q{SELECT string_agg(tableoid::regclass || ' ' || id, ', ' ORDER BY id) FROM t}), 't_25 1, t_26_a 2, t_26_a 3', 'each row finds its place');

# ---- a default partition takes the rest, but not what belongs to another that does not take it
$db = planned('CREATE TABLE t (id int, "On" date, k text)', "$to CREATE TABLE t_rest PARTITION OF t DEFAULT;",
	q{INSERT INTO t VALUES (4, '2026-05-05', 'c'), (5, NULL, NULL)});
refused($db, 'CALL sf_upgrade()', qr/23514: 1 row of table public.t will/, 'a row between');
$node->safe_psql($db, q{DELETE FROM t WHERE id = 4});
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'the rest') or diag($err);
is($node->safe_psql(planned('CREATE TABLE t (id int)', 'CREATE TABLE t (id int) PARTITION BY RANGE (id); CREATE TABLE d PARTITION OF t DEFAULT',
	''), q{SELECT count(*) FROM sf_steps() WHERE sql ~ 'sf_rows_fit'}), 0, 'where all fit nothing is asked');

# ---- partitioned otherwise; the rows of a partition that leaves stay with it
my $parts = q{CREATE TABLE t (id int, k int) PARTITION BY RANGE (id); CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);};
my $lists = q{CREATE TABLE t (id int, k int) PARTITION BY LIST (k); CREATE TABLE l_1 PARTITION OF t FOR VALUES IN (1, 2);};
$db = planned($parts, $lists, 'INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)');
refused($db, 'CALL sf_upgrade()', qr/DETAIL:  One of them has \(3\);/, 'by another key');
$db = planned("$parts CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (10) TO (20)", "$lists CREATE TABLE t_2 (id int, k int)",
	'INSERT INTO t VALUES (1, 1), (12, 12)');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'a partition leaves') or diag($err);
is($node->safe_psql($db, 'SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM t_2)'), '1|1', 'with its rows');

# ---- down: rows have come that did not fit before
$db = planned($parts, 'CREATE TABLE t (id int, k int)', 'INSERT INTO t VALUES (1, 1)');
sf_try($node, $db, 'CALL sf_upgrade(); CALL sf_contract()');
$node->safe_psql($db, 'INSERT INTO t VALUES (11, 1)');
refused($db, q{CALL sf_downgrade()}, qr/23514: 1 row of table public.t will fit.*\nDETAIL:  One of them has \(11\)/, 'on the way down, too');
$node->safe_psql($db, 'DELETE FROM t WHERE id = 11');
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_downgrade(); CALL sf_contract()});
is($rc, 0, 'down') or diag($err);
is($node->safe_psql($db, 'SELECT tableoid::regclass, * FROM t'), 't_1|1|1', 'with its row');

# ---- what cannot be said ahead is undone, as before
$db = planned('CREATE TABLE t (id int, k int)', q{CREATE TABLE t (id int, k int) PARTITION BY HASH (id);
	CREATE TABLE h PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0)}, 'INSERT INTO t SELECT n, n FROM generate_series(1, 100) n');
my $before = $node->safe_psql($db, $facts);
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/no partition of relation "t" found for row.*What was done before has been undone/s, 'a hash');
is($node->safe_psql($db, $facts), $before, 'the schema is as it was');

# ---- a column that needs a value, in a table that gets another name, and in its children
my $named = 'CREATE TABLE u (id int, need text NOT NULL)';
$db = planned('CREATE TABLE t (id int); CREATE TABLE t_1 () INHERITS (t)', "\n-- \@renamed from=t\n$named; CREATE TABLE t_1 () INHERITS (u)",
	'INSERT INTO t_1 VALUES (1)');
like($node->safe_psql($db, 'SELECT sql FROM sf_steps() WHERE n = 1'), qr/^SELECT schemaflow\.sf_no_rows\('public\.t', 'need', 'public\.u\.need'\)$/, 'asked by the old name');
refused($db, 'CALL sf_upgrade()', qr/23502: table public\.t_1 has rows, and no value for them in its new column "need"\n.*\nHINT: .*sf_transform\('public\.u\.need', up/s,
	'rows without a value');
$node->safe_psql($db, 'DELETE FROM t_1');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade(); CALL sf_contract()');
is($rc, 0, 'without rows it goes on') or diag($err);
($rc, $out, $err) = sf_try($node, $db, q{CREATE ROLE guest; SET ROLE guest; SELECT schemaflow.sf_no_rows('a', 'v')});
like($err, qr/42501/, 'not for others');
is($node->safe_psql(planned('CREATE TABLE t (id int)', q{CREATE TABLE t (id int, need text NOT NULL DEFAULT 'x')}, ''),
	q{SELECT count(*) FROM sf_steps() WHERE sql ~ 'sf_no_rows'}), 0, 'with a default nothing is asked');

# The plan says so where it is known, and with the call that mends it; what stops at a gate, and goes in batches, too.
$db = planned('CREATE TABLE t (id int PRIMARY KEY, old text)', 'CREATE TABLE t (id int PRIMARY KEY, "Need" text NOT NULL)',
	"INSERT INTO t SELECT i, 'x' FROM generate_series(1, 3) i");
my $plan = $node->safe_psql($db, q{SET schemaflow.archive = 'never'; SELECT sf_plan_migration('again')});
my ($say) = $plan =~ /-- Fails as it stands.*\n--   public\.t\."Need": .*\n--     (SELECT sf_transform.*;)\n/;
ok($say, 'the plan has the call') or diag($plan);
$node->safe_psql($db, $say =~ s/'\.\.\.'/'old'/r);
$plan = $node->safe_psql($db, q{SET schemaflow.online_rows = 1; SELECT sf_plan_migration('with a value')});
unlike($plan, qr/Fails as it stands/, 'which is made');
like($plan, qr/\n-- \d backfill, in batches\n  UPDATE /, 'in batches');
like($plan, qr/\n-- \d+ backfill, in batches\n  INSERT INTO schemaflow_archive\./, 'what is kept is copied in batches, too') or diag($plan);
unlike($plan, qr/under the lock of what follows/, 'and not under a lock');
my @calls = $plan =~ /^--   (CALL \S+)/mg;
is("@calls", 'CALL sf_upgrade() CALL sf_contract()', 'how it is run');
for my $call (@calls)
{
	my ($rc, undef, $err) = sf_try($node, $db, $call);
	is($rc, 0, $call) or diag($err);
}
is($node->safe_psql($db, 'SELECT string_agg(t::text, \' \' ORDER BY id) FROM t'), '(1,x) (2,x) (3,x)', 'filled');

# ---- a check and NOT NULL behind what loses data: nothing is lost where rows break them

my $wanted = q{CREATE TABLE "T t" (id int PRIMARY KEY, x int CONSTRAINT positive CHECK (x > 0), y int NOT NULL, z int CHECK (z > 0), k bigint CHECK (k > 0))};
my @rows = (q{CREATE TABLE "T t" (id int PRIMARY KEY, x int, y int, z int, k int)}, q{INSERT INTO "T t" VALUES (1, 1, 1, NULL, 1), (2, -2, NULL, 1, 1)});
sub lossy
{
	my ($to, $from, $rows) = @_;
	my $db = sf_database($node, 'lossy' . ++our $n);

	$node->safe_psql($db, "CREATE TABLE lost (id int, gone int); INSERT INTO lost VALUES (1, 2); $from; $rows; ANALYZE");
	$node->safe_psql($db, qq{SELECT count(*) FROM sf_define(\$\$CREATE TABLE lost (id int) PARTITION BY LIST (id);
		CREATE TABLE lost_1 PARTITION OF lost DEFAULT; $to\$\$); SELECT count(*) FROM sf_plan_migration('lossy')});
	return $db;
}
$db = lossy($wanted, @rows);
is($node->safe_psql($db, q{SELECT string_agg(sql || ' ' || transaction || ' ' || lock, E'\n' ORDER BY n) FROM sf_steps() WHERE sql ~ 'sf_rows_pass'}),
	q{SELECT schemaflow.sf_rows_pass('public."T t"', 'NOT NULL of column public."T t".y', '(y IS NOT NULL)') 1 ACCESS SHARE
SELECT schemaflow.sf_rows_pass('public."T t"', 'check public."T t"."T t_z_check"', '((z > 0))') 2 ACCESS SHARE
SELECT schemaflow.sf_rows_pass('public."T t"', 'check public."T t".positive', '((x > 0))') 3 ACCESS SHARE}, 'asked for each that can be') if $node->pg_version < 18;
my $allowed = q{CALL sf_upgrade(allow => '{data_loss}')};
# Which is asked first depends on what NOT NULL is: from 18 on a constraint.
$node->safe_psql($db, 'UPDATE "T t" SET x = 1');
($rc, $out, $err) = sf_try($node, $db, $allowed);
like($err, qr/23514: 1 row of table public\."T t" will break.*\nDETAIL:  Wanted is NOT NULL of [^\n]*public\."T t"\.[^\n]*; steps/, 'NOT NULL');
$node->safe_psql($db, 'UPDATE "T t" SET x = -x, y = 1 WHERE y IS NULL');
refused($db, $allowed, qr/23514: 1 row of table public\."T t" will break.*\nDETAIL:  Wanted is check public\."T t"\.positive; steps behind lose data\.\nHINT:  .*as it was\. SELECT \* FROM ONLY public\."T t" WHERE NOT \(\(x > 0\)\) lists the rows/,
	'a check');
is($node->safe_psql($db, 'TABLE lost'), '1|2', 'nothing is lost');
$node->safe_psql($db, 'UPDATE "T t" SET x = 1');
($rc, $out, $err) = sf_try($node, $db, $allowed);
is($rc, 0, 'when the rows are repaired it goes on') or diag($err);

# What else the plan does to what the condition reads is done first: not asked, and no refusal.
for my $case ([ 'x int DEFAULT 5 NOT NULL CHECK (x IS NOT NULL)', 'a default fills it' ],
	[ 'x int CONSTRAINT positive CHECK (x > 0) NOT VALID', 'it is not to be proved' ],
	[ q{x int CHECK (plus(x) > 0)); CREATE FUNCTION plus(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT abs($1)'; CREATE TABLE more (x int}, 'its function is new' ],
	[ "w int CHECK (w IS NULL OR w <> 0) -- \@renamed from=x\n", 'it has another name' ])
{
	my ($column, $why) = @$case;
	my ($table, $before) = ("CREATE TABLE t (id int PRIMARY KEY, $column", '');
	$table =~ s/^(.*?\)\)); (CREATE FUNCTION .*?'); (.*)$/$2; $1; $3/;
	$db = lossy("$table)" =~ s/NOT VALID\)$/CHECK (true)); ALTER TABLE t DROP CONSTRAINT positive; ALTER TABLE t ADD CONSTRAINT positive CHECK (x > 0) NOT VALID/r,
		'CREATE TABLE t (id int PRIMARY KEY, x int)', 'INSERT INTO t VALUES (1, NULL), (2, -2)');
	($rc, $out, $err) = sf_try($node, $db, $allowed);
	($rc, $out, $err) = sf_try($node, $db, q{CALL sf_contract(allow => '{data_loss}')}) if $rc == 0 && $node->safe_psql($db, q{SELECT status FROM sf_status}) eq 'ready';
	is($rc, 0, "not refused: $why") or diag($err);
}

$node->stop;
done_testing();
