# Big partitioned tables get indexes and foreign keys leaf by leaf: up under an idle reader of one leaf, down, stopped in the middle.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('leaves');
my $db = sf_database($node, 'app');
my $facts = q{SELECT md5(string_agg(concat_ws('|', kind, name, attribute, value), '' ORDER BY kind, name, attribute)) FROM sf_facts()};
my $tables = q{
	CREATE TABLE kinds (id int PRIMARY KEY);
	CREATE TABLE event (id int, at date, kind int) PARTITION BY RANGE (at);
	CREATE TABLE event_25 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
	CREATE TABLE event_26 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (kind);
	CREATE TABLE event_26_a PARTITION OF event_26 FOR VALUES IN (1, 2, 3, 4);
	CREATE TABLE event_26_b PARTITION OF event_26 DEFAULT;};
my $more = q{ALTER TABLE event ADD CONSTRAINT event_kind_fkey FOREIGN KEY (kind) REFERENCES kinds;
	CREATE INDEX event_id ON event (id);};
$node->safe_psql($db, qq{ALTER DATABASE $db SET schemaflow.online_rows = 1000; $tables
	INSERT INTO kinds SELECT generate_series(0, 9);
	INSERT INTO event SELECT n, date '2025-01-01' + n % 700, n % 10 FROM generate_series(1, 5000) n; ANALYZE});
$node->safe_psql($db, "SELECT count(*) FROM sf_define(\$\$$tables $more\$\$); SELECT count(*) FROM sf_plan_migration('more')");
my $start = $node->safe_psql($db, $facts);

is($node->safe_psql($db, q{SELECT count(*) FROM sf_steps() WHERE class = 'N' AND sql LIKE 'CREATE INDEX CONCURRENTLY%'}), 3, 'a leaf at a time');
my $plain = $node->pg_version >= 18 ? 1 : 0;
is($node->safe_psql($db, q{SELECT count(*) FROM sf_steps() WHERE sql LIKE '%VALIDATE CONSTRAINT%'}), $plain ? 1 : 3, 'proved by itself');
is($node->safe_psql($db, q{SELECT count(*) FROM sf_steps() WHERE scans AND class <> 'N' AND sql !~ 'VALIDATE'}), 0,
	'nothing is read while writers wait');

# There and back.
my ($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'up') or diag($err);
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'the schema is that of the model');
is($node->safe_psql($db, q{SELECT bool_and(indisvalid) FROM pg_index WHERE indexrelid::regclass::text LIKE 'event%'}), 't', 'all indexes are valid');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_downgrade()');
is($rc, 0, 'down') or diag($err);
is($node->safe_psql($db, $facts), $start, 'to the start');

# Stopped behind the first leaf, and gone on with. A statement outside of transactions waits without a limit: who holds the lock is in the
# way, however young the transaction is (by the other setting it is).
my $reader = $node->background_psql($db);
$reader->query_safe('BEGIN; LOCK TABLE event_26_b IN SHARE MODE');
($rc, $out, $err) = sf_try($node, $db, 'SET schemaflow.lock_deadline = 500; SET schemaflow.lock_wait = 60000; CALL sf_upgrade()');
like($err, qr/55P03/, 'a leaf is busy');
is($node->safe_psql($db, q{SELECT count(*) > 0 FROM pg_index WHERE indexrelid::regclass::text LIKE 'event%' AND indisvalid}), 't', 'others are done');
$reader->quit;
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'the next call goes on') or diag($err);
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'to the end');
sf_try($node, $db, 'CALL sf_downgrade()');

$reader = $node->background_psql($db);
$reader->query_safe('BEGIN; LOCK TABLE event_26_b IN SHARE MODE');
sf_try($node, $db, 'SET schemaflow.lock_deadline = 500; CALL sf_upgrade()');
$reader->quit;
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_abort()');
is($rc, 0, 'or back') or diag($err);
is($node->safe_psql($db, $facts), $start, 'to the start');

# Rows that do not fit are found by the proof, and what was made goes again.
$node->safe_psql($db, q{INSERT INTO event VALUES (1, '2026-05-05', 77)});
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/23503: insert or update on table "event_26_b" violates foreign key/, 'a row does not fit');
is($node->safe_psql($db, $facts), $start, 'the schema is as it was');

# ---- wholes that are bound to each other go, their partitions to others: a foreign key that goes ahead goes once
my ($old, $new) = map { my ($calls, $bills) = @$_; qq{CREATE TABLE $calls (region int UNIQUE) PARTITION BY LIST (region);
	CREATE TABLE calls_1 PARTITION OF $calls FOR VALUES IN (1);
	CREATE TABLE $bills (region int UNIQUE) PARTITION BY LIST (region); CREATE TABLE bills_1 PARTITION OF $bills FOR VALUES IN (1);
	ALTER TABLE $bills ADD CONSTRAINT bills_call FOREIGN KEY (region) REFERENCES $calls (region);
	ALTER TABLE $calls ADD CONSTRAINT calls_bill FOREIGN KEY (region) REFERENCES $bills (region);} } [ 'calls', 'bills' ], [ 'all_calls', 'all_bills' ];
$db = sf_database($node, 'bound');
$node->safe_psql($db, qq{ALTER DATABASE $db SET schemaflow.online_rows = 0; $old});
$node->safe_psql($db, qq{SELECT count(*) FROM sf_define(\$\$$new\$\$); SELECT count(*) FROM sf_plan_migration('bound')});
is($node->safe_psql($db, q{SELECT count(*) FROM sf_steps() WHERE sql ~ 'public.calls DROP CONSTRAINT calls_bill'}), 1, 'a foreign key is dropped once');

$node->stop;
done_testing();
