# What went wrong with another tool under the same circumstances (phases.md C8, F1-F8 and 6b), and must not here.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('peer', conf => [ 'wal_level = logical', 'restart_after_crash = on' ]);
my $n = 0;

# A table whose v becomes bigint, planned.
sub database
{
	my ($more, $up) = @_;
	my $db = sf_database($node, 'app' . ++$n);
	$node->safe_psql($db, "ALTER DATABASE $db SET schemaflow.online_rows = 100; ALTER DATABASE $db SET schemaflow.batch_time = 5;
		CREATE TABLE items (id int PRIMARY KEY, w int, v int);
		INSERT INTO items SELECT n, n, n FROM generate_series(1, 5000) n; ANALYZE items; " . ($more // ''));
	my $model = $node->safe_psql($db, 'SELECT sf_adopt(); SELECT sf_model_ddl()');
	$model =~ s/^\(.*\)$//mg;
	$model =~ s/\bv integer\b/v bigint/ or die $model;
	$node->safe_psql($db, "SELECT count(*) FROM sf_define(\$model\$$model\$model\$)");
	$node->safe_psql($db, $up) if $up;
	$node->safe_psql($db, q{SELECT count(*) FROM sf_plan_migration('wider')});
	return $db;
}

sub run_ok
{
	my ($db, $call, $name) = @_;
	my ($rc, $out, $err) = sf_try($node, $db, $call);
	is($rc, 0, $name) or diag($err);
	return;
}

sub rows
{
	my ($db, $sql) = @_;
	return $node->safe_psql($db, $sql);
}

sub type_of
{
	my ($db) = @_;
	return rows($db, q{SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'items'::regclass AND attname = 'v'});
}

# DDL whose command the setting names fails.
my $failing = q{CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
	IF tg_tag = current_setting('app.fail', true) THEN RAISE EXCEPTION 'injected' USING ERRCODE = 'disk_full'; END IF; END $$;
	CREATE EVENT TRIGGER fail ON ddl_command_end EXECUTE FUNCTION fail()};

# ---- F1, F2: the new version's search_path has more in it, its schema a name that has to be quoted ----

my $db = database();
run_ok($db, 'CALL sf_upgrade()', 'F1, F2: ready');
is(rows($db, q{SELECT sf_version_schema((SELECT revision FROM sf_heads()), 'public', '02-Mixed')}), '02-Mixed', 'its schema');
rows($db, q{SET search_path = "02-Mixed", public; UPDATE items SET v = 1000001 WHERE id = 1; INSERT INTO items VALUES (9001, 1, 1000002)});
rows($db, q{SET search_path = public, "02-Mixed"; UPDATE "02-Mixed".items SET v = 1000003 WHERE id = 2});
rows($db, q{UPDATE items SET v = 1000004 WHERE id = 3});
is(rows($db, 'SELECT string_agg(v::text, \' \' ORDER BY id) FROM items WHERE id IN (1, 2, 3, 9001)'), '1000001 1000003 1000004 1000002', 'the old version sees it');
run_ok($db, 'CALL sf_contract(force => true)', 'contract');
is(rows($db, 'SELECT string_agg(v::text, \' \' ORDER BY id) FROM items WHERE id IN (1, 2, 3, 9001)'), '1000001 1000003 1000004 1000002', 'no write is lost');

# ---- F3: an error in the middle of the exchange ----

for my $then ('CALL sf_contract()', q{CALL sf_abort(force => true)})
{
	$db = database();
	run_ok($db, 'CALL sf_upgrade()', 'F3: ready');
	rows($db, q{CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = 'disk_full'; END $$;
		CREATE EVENT TRIGGER fail ON sql_drop WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION fail()});
	my (undef, undef, $err) = sf_try($node, $db, 'CALL sf_contract()');
	like($err, qr/53100: injected/, 'the column has been dropped, and the rest fails');
	is(type_of($db), 'integer', 'nothing has happened');
	rows($db, q{DROP EVENT TRIGGER fail; UPDATE items SET v = -1 WHERE id = 1});
	is(rows($db, 'SELECT count(*) FROM items WHERE v IS DISTINCT FROM "~schemaflow_v"'), 0, 'both versions work');
	rows($db, 'DROP FUNCTION fail()');
	run_ok($db, $then, $then);
	is(type_of($db), $then =~ /abort/ ? 'integer' : 'bigint', 'it leads where it should');
	is(rows($db, 'SELECT count(*), sum(v) FROM items'), '5000|' . (5000 * 5001 / 2 - 2), 'with all rows');
}

# ---- F4: killed in the middle of the backfill; then the end is asked for ----

$db = database(q{CREATE FUNCTION slow(int) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(0.0005); RETURN $1; END'},
	q{SELECT sf_transform('public.items.v', up => 'public.slow(v)', down => 'v::int')});
my $session = $node->background_psql($db, on_error_stop => 0);
$session->query_until(qr/started/, "\\echo started\nCALL sf_upgrade();\n");
$node->poll_query_until($db, 'SELECT count(*) > 0 FROM schemaflow.backfill WHERE next_block > 0') or die;
kill 'KILL', rows($db, 'SELECT pid FROM sf_progress');
eval { $session->quit };
$node->poll_query_until($db, 'SELECT true');
cmp_ok(rows($db, 'SELECT count(*) FROM items WHERE "~schemaflow_v" IS NULL'), '>', 0, 'F4: rows are missing');
run_ok($db, 'CALL sf_contract(force => true)', 'the end, asked for by force, fills them first');
is(type_of($db), 'bigint', 'and is reached');
my ($rc, $out, $err);
is(rows($db, 'SELECT count(v), sum(v) FROM items'), '5000|12502500', 'with all rows');

# ---- F5: the trigger cannot be made ----

$db = database($failing);
rows($db, "ALTER DATABASE $db SET app.fail = 'CREATE TRIGGER'");
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/53100: injected/, 'F5: an error');
is(rows($db, q{SELECT count(*) FROM pg_attribute WHERE attname LIKE '~schemaflow%'}), 0, 'and no column without its trigger');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_contract(force => true)');
like($err, qr/55000: no migration waits at a gate/, 'the end is refused');
rows($db, "ALTER DATABASE $db RESET app.fail");
run_ok($db, 'CALL sf_upgrade()', 'again');
run_ok($db, 'CALL sf_contract()', 'to its end');
is(rows($db, 'SELECT count(v), sum(v) FROM items'), '5000|12502500', 'with all rows');

# ---- F6: writes of a replica ----

$db = database();
run_ok($db, q{CALL sf_upgrade(through => 'expand')}, 'F6: expanded');
rows($db, q{SET session_replication_role = replica; UPDATE items SET v = -v WHERE id <= 10; INSERT INTO items VALUES (9001, 1, 7)});
run_ok($db, 'CALL sf_upgrade()', 'ready');
rows($db, q{SET session_replication_role = replica; UPDATE items SET v = -v WHERE id BETWEEN 11 AND 20});
run_ok($db, 'CALL sf_contract()', 'contract');
is(rows($db, 'SELECT count(v), sum(v) FROM items'), '5001|' . (12502500 - 2 * 210 + 7), 'none is lost');

# ---- F7: a view of the user's, a publication's columns ----

$db = database('CREATE VIEW mine AS SELECT id, v FROM items; CREATE PUBLICATION p FOR TABLE items (id, v)');
run_ok($db, 'CALL sf_upgrade()', 'F7: ready');
run_ok($db, 'CALL sf_contract()', 'contract');
is(rows($db, 'SELECT sum(v) FROM mine'), 12502500, 'the view is there');
is(rows($db, q{SELECT attnames FROM pg_publication_tables WHERE pubname = 'p'}), '{id,v}', 'the publication publishes it');
is(type_of($db), 'bigint', 'with its new type');

# ---- F8: every DDL waits for locks as long as it was told ----

$db = database(q{CREATE TABLE seen (tag text, lock_timeout text); CREATE FUNCTION see() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS
	$$ BEGIN INSERT INTO public.seen VALUES (tg_tag, pg_catalog.current_setting('lock_timeout')); END $$;
	CREATE EVENT TRIGGER see ON ddl_command_start EXECUTE FUNCTION see()});
run_ok($db, 'CALL sf_upgrade()', 'F8: ready');
run_ok($db, 'CALL sf_contract()', 'contract');
cmp_ok(rows($db, 'SELECT count(*) FROM seen'), '>=', 5, 'DDL was seen');
is(rows($db, q{SELECT coalesce(string_agg(DISTINCT tag, ', '), '') FROM seen WHERE lock_timeout = '0'}), '', 'none waits for ever');

# ---- 6b: what hangs on the column ----

my $hung = q{SELECT string_agg(x, E'\n' ORDER BY x COLLATE "C") FROM (
	SELECT pg_get_indexdef(indexrelid) AS x FROM pg_index WHERE indrelid = 'items'::regclass
	UNION ALL SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext WHERE stxrelid = 'items'::regclass
	UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'items'::regclass
	UNION ALL SELECT concat_ws(' ', attname, attstattarget, regexp_replace(attoptions::text, 'pg_attver=[0-9]+,?', ''), attacl) FROM pg_attribute WHERE attrelid = 'items'::regclass AND attname = 'v') s};
$node->safe_psql('postgres', 'CREATE ROLE peer_app');
$db = database(q{CREATE INDEX a ON items (w, v); CREATE INDEX b ON items (v DESC NULLS LAST); CREATE INDEX c ON items (id) INCLUDE (v);
	CREATE INDEX d ON items ((v + 1)); CREATE INDEX e ON items (w) WHERE v > 100; CREATE UNIQUE INDEX f ON items (v, id);
	CREATE STATISTICS s ON w, v FROM items; ALTER TABLE items ALTER v SET STATISTICS 500, ALTER v SET (n_distinct = 42);
	ALTER TABLE items ADD CHECK (v <> 999999); GRANT SELECT (v), UPDATE (v) ON items TO peer_app; GRANT SELECT ON items TO peer_app});
my $before = rows($db, $hung);
run_ok($db, 'CALL sf_upgrade()', '6b: ready');
run_ok($db, 'CALL sf_contract()', 'contract');
is(type_of($db), 'bigint', 'exchanged');
is(rows($db, $hung), $before, 'all of it is there, as it was');
is(rows($db, 'SELECT count(*) FROM pg_index WHERE NOT indisvalid'), 0, 'and valid');
is(rows($db, q{SET ROLE peer_app; SELECT count(v) FROM items}), 5000, 'the application reads it');

$node->stop;
done_testing();
