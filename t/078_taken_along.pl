# What somebody makes on a column while another is made to take its place: the exchange does not lose it, it says so.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowOnline;
use SchemaflowTest;
use Test::More;

my $node = sf_node('taken');
my $n = 0;
my $tables = q{CREATE TABLE items (id int PRIMARY KEY, v int NOT NULL, w int, gone int);
	CREATE INDEX iv ON items (v, w);
	CREATE STATISTICS st ON v, w FROM items;
	CREATE VIEW seen AS SELECT id, v FROM items;
	CREATE TABLE refs (v int)};
my $changed = $tables =~ s/v int NOT NULL/v bigint NOT NULL/r =~ s/, gone int//r;

# Ready, with both versions at work.
sub ready
{
	my $db = sf_database($node, 'app' . ++$n);
	$node->safe_psql($db, "ALTER DATABASE $db SET schemaflow.online_rows = 100; $tables;
		INSERT INTO items SELECT n, n, n, n FROM generate_series(1, 1000) n; ANALYZE");
	$node->safe_psql($db, "SELECT count(*) FROM sf_define(\$m\$$changed\$m\$, true); SELECT count(*) FROM sf_plan_migration('types', true)");
	my ($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
	is($rc, 0, 'up to the gate') or diag($err);
	return $db;
}

sub contract
{
	my ($db, $settings) = @_;
	return sf_try($node, $db, ($settings // '') . 'CALL sf_contract(force => true)');
}

# What is made, what the error calls it, what unmakes it.
my @made = (
	[ 'CREATE INDEX mine ON items (v)', 'index public\.mine was made', 'DROP INDEX mine' ],
	[ 'ALTER TABLE items ADD CONSTRAINT mine CHECK (v > 0)', 'check public\.items\.mine was made', 'ALTER TABLE items DROP CONSTRAINT mine' ],
	[ 'ALTER TABLE items ADD CONSTRAINT mine UNIQUE (v)', 'unique public\.items\.mine was made', 'ALTER TABLE items DROP CONSTRAINT mine' ],
	[ 'CREATE STATISTICS mine ON v, id FROM items', 'statistics public\.mine was made', 'DROP STATISTICS mine' ],
	[ 'CREATE VIEW mine AS SELECT v FROM items', 'view public\.mine was made', 'DROP VIEW mine' ],
	[ 'CREATE VIEW mine AS SELECT v FROM seen', 'view public\.mine was made', 'DROP VIEW mine' ],
	[ 'CREATE POLICY mine ON items USING (v > 0)', 'policy public\.items\.mine was made', 'DROP POLICY mine ON items' ],
	[ 'CREATE TRIGGER mine BEFORE UPDATE OF v ON items FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
		'trigger public\.items\.mine was made', 'DROP TRIGGER mine ON items' ],
	[ 'GRANT SELECT (v) ON items TO PUBLIC', 'grant .*public\.items.* was made', 'REVOKE SELECT (v) ON items FROM PUBLIC' ],
	[ 'ALTER TABLE items ALTER v SET DEFAULT 7', 'default public\.items\.v was made', 'ALTER TABLE items ALTER v DROP DEFAULT' ],
	[ 'CREATE PUBLICATION mine FOR TABLE items (id, v)', '.*mine.* was made', 'DROP PUBLICATION mine' ],
	[ 'DROP INDEX iv; CREATE INDEX iv ON items (w, v)', 'index public\.iv was changed', 'DROP INDEX iv; CREATE INDEX iv ON items (v, w)' ],
	[ q{ALTER INDEX iv SET (fillfactor = 50)}, 'index public\.iv was changed', 'ALTER INDEX iv RESET (fillfactor)' ],
	[ 'CREATE OR REPLACE VIEW seen AS SELECT id, v FROM items WHERE v > 5', 'view public\.seen was changed',
		'CREATE OR REPLACE VIEW seen AS SELECT id, v FROM items' ],
	# A column that goes without another in its place.
	[ 'CREATE INDEX mine ON items (gone)', 'index public\.mine was made', 'DROP INDEX mine' ],
);
my $db = ready();
my ($rc, $out, $err);
for my $made (@made)
{
	my ($make, $called, $unmake) = @$made;
	$node->safe_psql($db, $make);
	($rc, $out, $err) = contract($db);
	like($err, qr/ERROR:  55000: \d objects? that revision "\w{12}" does not know would be lost with [^\n]*\n.*DETAIL:  Since it began [^\n]*$called[^\n]*\.\nHINT:  Drop it, or .*CALL sf_contract\('\w{12}'\) goes on\. Or CALL sf_abort\(\)/s, $make);
	is($node->safe_psql($db, 'SELECT count(*) FROM items WHERE "~schemaflow_v" = v'), 1000, 'both versions work');
	$node->safe_psql($db, $unmake);
}
# What is not lost is nobody's business; nor what is built anew.
$node->safe_psql($db, 'CREATE INDEX theirs ON items (w); CREATE INDEX ahead ON items ("~schemaflow_v"); COMMENT ON TABLE items IS NULL;
	ANALYZE items; ALTER INDEX theirs SET (fillfactor = 60)');
$node->safe_psql($db, 'REINDEX INDEX CONCURRENTLY iv');
($rc, $out, $err) = contract($db);
like($err, qr/all steps of revision "\w{12}" ran.*Here table public\.items differs/s, 'goes on to the end, where all that is there is compared');
is($node->safe_psql($db, q{SELECT string_agg(indexrelid::regclass || ' ' || pg_get_indexdef(indexrelid, 1, true), ',' ORDER BY relname) FROM pg_index
	JOIN pg_class ON oid = indexrelid WHERE relname IN ('theirs', 'ahead')}), 'ahead v,theirs w', 'with what was made for the new column');

# At the gate it is still as ready as before, and the old version is not shut out.
$db = ready();
$node->safe_psql($db, 'CREATE INDEX mine ON items (v)');
($rc, $out, $err) = contract($db);
isnt($rc, 0, 'refused');
is($node->safe_psql($db, 'SELECT status FROM sf_status'), 'ready', 'ready');
($rc, $out, $err) = sf_try($node, $db, q{SELECT sf_use('base'); UPDATE items SET v = 5 WHERE id = 1});
is($rc, 0, 'the old version is still let in') or diag($err);

# Made between the look and the lock: by who had the table locked, when the exchange was about to begin.
$node->safe_psql($db, 'DROP INDEX mine');
my $other = $node->background_psql($db);
my $caller = $node->background_psql($db, on_error_stop => 0);
$other->query_safe('BEGIN; LOCK TABLE items IN SHARE MODE');
$caller->query_until(qr/begun/, "\\set VERBOSITY verbose\n\\echo begun\nCALL sf_contract(force => true);\n\\echo over\n");
$node->poll_query_until($db, "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'schemaflow worker' AND wait_event = 'Extension'") or die;
$other->query_safe('CREATE INDEX mine ON items (v); COMMIT');
$other->quit;
$caller->query_until(qr/over/, '');
like($caller->{stderr}, qr/ERROR:  55000: 1 object that .* would be lost.*index public\.mine was made/s, 'seen under the lock');
$caller->quit;
is($node->safe_psql($db, q{SELECT count(*) FROM pg_class WHERE relname = 'mine'}), 1, 'it is there');
# The way back asks nobody.
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_abort(force => true)');
is($rc, 0, 'back') or diag($err);
is($node->safe_psql($db, 'SELECT count(*) FROM pg_attribute WHERE attname LIKE \'~schemaflow%\' AND NOT attisdropped'), 0, 'all of it');

# What the migration itself makes is nobody else's: a child that has the column, too, as long as that is there.
online($node, 'a child of a table whose column goes',
	'CREATE TABLE p (id int, gone int); INSERT INTO p SELECT n, n FROM generate_series(1, 1000) n',
	'CREATE TABLE p (id int); CREATE TABLE c (own int) INHERITS (p)');
online($node, 'a table that is made anew as a child of one whose column goes',
	'CREATE TABLE p (id int, name text, gone int); CREATE TABLE c (id int, name text, own int);
	INSERT INTO p SELECT n, n, n FROM generate_series(1, 1000) n; INSERT INTO c SELECT n, n, n FROM generate_series(1, 1000) n',
	'CREATE TABLE p (id int, name text); CREATE TABLE c (own int) INHERITS (p)');

# A check that is its table's own since that lost the parent, by a step before.
online($node, 'a table that gets a parent with a column and a check of it',
	'CREATE TABLE p (id int); INSERT INTO p SELECT n FROM generate_series(1, 1000) n',
	'CREATE TABLE g (z int NOT NULL DEFAULT 3 CHECK (z > 0)); CREATE TABLE p (id int) INHERITS (g)');

# Nor is it what the migration does to partitions by what it does to the whole.
my $parts = 'CREATE TABLE p (id int, k int, gone int NOT NULL) PARTITION BY LIST (k); CREATE INDEX ON p (gone);
	CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p_2 PARTITION OF p FOR VALUES IN (2)';
my $less_parts = $parts =~ s/, gone int NOT NULL//r =~ s/ CREATE INDEX ON p \(gone\);//r;
my $rows = '; INSERT INTO p SELECT n, 1 + n % 2, n FROM generate_series(1, 1000) n';
online($node, 'a column NOT NULL of a partitioned table goes', $parts . $rows, $less_parts, stay => 1);
# A partition that comes is as the whole, and goes as that; what it has of its own would be lost.
$db = online_database($node, 'a partition comes', $parts . $rows, $less_parts);
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'up to the gate') or diag($err);
$node->safe_psql($db, 'CREATE TABLE p_3 PARTITION OF p FOR VALUES IN (3); CREATE INDEX mine ON p_3 (gone); ALTER TABLE p_1 ALTER gone SET DEFAULT 5');
($rc, $out, $err) = contract($db);
like($err, qr/2 objects .*Since it began index public\.mine was made, default public\.p_1\.gone was made\.\n/s, 'what two partitions have of their own');
$node->safe_psql($db, 'DROP INDEX mine; ALTER TABLE p_1 ALTER gone DROP DEFAULT');
($rc, $out, $err) = contract($db);
like($err, qr/all steps of revision "\w{12}" ran.*Here table public\.p_3 is there/s, 'the new partition alone does not hold it up');
is($node->safe_psql($db, q{SELECT count(*) FROM pg_attribute WHERE attrelid IN ('p'::regclass, 'p_3'::regclass) AND attname = 'gone'}), '0', 'the column has gone');

$node->stop;
done_testing();
