# Columns of partitioned tables, and of tables that others inherit from: their values are archived and come back, whatever
# rows do meanwhile: they get other keys, move between partitions, go; partitions go, come and are emptied.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('trees', conf => ['max_connections = 40']);
my ($db, $plan, $rc, $out, $err);

# What v is to be is in same, which stays.  keyed: a key over all partitions; listed: two levels, no key; base: two levels of
# inheritance, and the last one has a column of its own that goes, too.
my %columns = (keyed => 'a int, k int, n int DEFAULT 0, same text, PRIMARY KEY (a, k)', listed => 'a int, k int, n int DEFAULT 0, same text',
	base => 'a int, k int, n int DEFAULT 0, same text', leaf => 'own_same text');

sub model
{
	my ($v, $own) = @_;

	return qq{CREATE TABLE keyed ($columns{keyed}$v) PARTITION BY RANGE (k);
		CREATE TABLE keyed_0 PARTITION OF keyed FOR VALUES FROM (0) TO (10);
		CREATE TABLE keyed_1 (same text, k int NOT NULL, a int NOT NULL, n int DEFAULT 0$v);
		ALTER TABLE keyed ATTACH PARTITION keyed_1 FOR VALUES FROM (10) TO (20);
		CREATE TABLE listed ($columns{listed}$v) PARTITION BY LIST (k);
		CREATE TABLE listed_0 PARTITION OF listed FOR VALUES IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
		CREATE TABLE listed_1 PARTITION OF listed DEFAULT PARTITION BY RANGE (a);
		CREATE TABLE listed_1_low PARTITION OF listed_1 FOR VALUES FROM (MINVALUE) TO (30);
		CREATE TABLE listed_1_high PARTITION OF listed_1 DEFAULT;
		CREATE TABLE base ($columns{base}$v);
		CREATE TABLE middle (m int) INHERITS (base);
		CREATE TABLE leaf ($columns{leaf}$own) INHERITS (middle);
		CREATE FUNCTION heard() RETURNS trigger LANGUAGE plpgsql AS
			'BEGIN INSERT INTO heard.said VALUES (TG_RELID::regclass, TG_NAME); RETURN NEW; END';
		CREATE TRIGGER whole AFTER UPDATE OF same ON keyed FOR EACH ROW EXECUTE FUNCTION heard();
		CREATE TRIGGER part AFTER UPDATE ON listed_1_low FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION heard();
		CREATE TRIGGER child AFTER UPDATE ON leaf FOR EACH ROW EXECUTE FUNCTION heard()};
}

sub database
{
	my ($name, $rows, $online) = @_;

	$db = sf_database($node, $name);
	$node->safe_psql($db, qq{ALTER DATABASE "$name" SET schemaflow.online_rows = $online; SET schemaflow.online_rows = $online;
		CREATE SCHEMA heard; CREATE TABLE heard.said (t text, what text);} . model(', v text', ', own text') . qq{;
		INSERT INTO keyed (a, k, v, same) SELECT i, i % 20, v, v FROM generate_series(1, $rows) i, concat('v', i) v;
		INSERT INTO listed (a, k, v, same) SELECT i, i % 20, v, v FROM generate_series(1, $rows) i, concat('v', i) v;
		INSERT INTO base (a, k, v, same) SELECT i, i % 20, v, v FROM generate_series(1, $rows) i, concat('v', i) v;
		INSERT INTO middle (a, k, v, same) SELECT i, i % 20, v, v FROM generate_series(1, $rows) i, concat('v', i) v;
		INSERT INTO leaf (a, k, v, same, own, own_same) SELECT i, i % 20, v, v, i, i FROM generate_series(1, $rows) i, concat('v', i) v;
		ANALYZE;
		SELECT * FROM sf_define(\$\$} . model('', '') . q{$$)});
	$plan = $node->safe_psql($db, q{SELECT sf_plan_migration('less')});
}

# Rows whose value is not the one that it should be.
sub wrong
{
	return $node->safe_psql($db, join(' UNION ALL ', map {"SELECT tableoid::regclass::text, t::text FROM $_ t WHERE v IS DISTINCT FROM same"}
		'keyed', 'listed', 'base') . ' UNION ALL SELECT tableoid::regclass::text, t::text FROM leaf t WHERE own IS DISTINCT FROM own_same');
}

sub rows { return $node->safe_psql($db, 'SELECT (SELECT count(*) FROM keyed), (SELECT count(*) FROM listed), (SELECT count(*) FROM base)') }

# ---- small ones: archived under the lock of the drop

database('small', 60, 1000000);
unlike($plan, qr/LOSES/, 'no value is lost');
my $archived = q{SELECT string_agg(what, ', ' ORDER BY what) FROM sf_archive};
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'up') or diag($err);
is($node->safe_psql($db, $archived), 'column public.base.v, column public.keyed.v, column public.leaf.own, column public.listed.v', 'archived');
is($node->safe_psql($db, q{SELECT bool_and(schemaflow.sf_archive_follows(archive::regclass)) FROM sf_archive}), 't', 'and follows');

# Keys change, rows move to other partitions and back, some are deleted and their keys given to others.
$node->safe_psql($db, $_) for map { my $t = $_; ("UPDATE $t SET k = 19 - k WHERE a % 5 = 0", "UPDATE $t SET a = a + 1000 WHERE a % 7 = 0",
	"UPDATE $t SET a = a - 1000, k = 19 - k WHERE a > 1020", "DELETE FROM $t WHERE a % 11 = 3",
	"BEGIN; UPDATE $t SET k = 19 - k; ROLLBACK", "BEGIN; UPDATE $t SET k = 19 - k; UPDATE $t SET k = 19 - k; COMMIT",
	"WITH gone AS (DELETE FROM $t WHERE a = 4 RETURNING a, k) INSERT INTO $t (a, k) SELECT a, k FROM gone",
	"UPDATE $t SET n = n + 1 WHERE a < 20") } 'keyed', 'listed', 'base';
# A row that moves on while another trigger moves others: each has its own value.
$node->safe_psql($db, q{CREATE FUNCTION heard.also() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF pg_trigger_depth() = 1 THEN UPDATE keyed SET k = 19 - k WHERE a = OLD.a + 1; INSERT INTO keyed VALUES (5000 + OLD.a, 3); END IF;
		RETURN NULL;
	END $$;
	CREATE TRIGGER "a first" AFTER DELETE ON keyed_0 FOR EACH ROW EXECUTE FUNCTION heard.also();
	UPDATE keyed SET k = 19 - k WHERE a IN (21, 41) AND k < 10;
	DROP TRIGGER "a first" ON keyed_0; DELETE FROM keyed WHERE same IS NULL});
# A partition that is emptied, one that goes, one that comes.
$node->safe_psql($db, q{TRUNCATE listed_1_high; INSERT INTO listed (a, k) VALUES (40, 12), (41, 13);
	UPDATE listed SET k = 1 WHERE a = 24; UPDATE base SET n = 5; TRUNCATE ONLY middle; INSERT INTO middle (a) VALUES (1), (2);
	ALTER TABLE keyed DETACH PARTITION keyed_1; UPDATE keyed_1 SET a = a + 500 WHERE a < 15;
	ALTER TABLE keyed ATTACH PARTITION keyed_1 FOR VALUES FROM (10) TO (20)});
my $was = rows();
$node->safe_psql($db, 'TRUNCATE heard.said');
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_downgrade('base')});
is($rc, 0, 'down') or diag($err);
is(wrong(), '', 'each row has its own value again');
is(rows(), $was, 'and none has gone');
is($node->safe_psql($db, 'SELECT * FROM heard.said'), '', 'no trigger saw it, of no table');
is($node->safe_psql($db, q{SELECT string_agg(DISTINCT tgenabled::text, '') FROM pg_trigger}), 'O', 'all are switched on again');
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_upgrade(); CALL sf_test()});
is($rc, 0, 'up again, and it passes its test from there') or diag($err);

# What became of a partition's file nobody knows; where a key says which row it is that does not matter.
$node->safe_psql($db, 'VACUUM FULL listed_1_low; VACUUM FULL keyed_0');
is($node->safe_psql($db, q{SELECT string_agg(what, ' ') FROM sf_archive WHERE NOT schemaflow.sf_archive_follows(archive::regclass)}),
	'column public.listed.v', 'places change with the file, of one partition, too');
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_downgrade('base', allow => '{data_loss}')});
is($rc, 0, 'down with consent') or diag($err);
is($node->safe_psql($db, 'SELECT count(*) FROM keyed WHERE v IS DISTINCT FROM same'), '0', 'those with a key have come back');

# ---- a column that gets another type

$db = sf_database($node, 'retyped');
$node->safe_psql($db, q{CREATE TABLE t (a int, k int, v numeric, PRIMARY KEY (a, k)) PARTITION BY LIST (k);
	CREATE TABLE t_0 PARTITION OF t FOR VALUES IN (0); CREATE TABLE t_1 PARTITION OF t DEFAULT;
	INSERT INTO t SELECT i, i % 2, i + 0.25 FROM generate_series(1, 20) i;
	SELECT sf_define($$CREATE TABLE t (a int, k int, v int, PRIMARY KEY (a, k)) PARTITION BY LIST (k);
		CREATE TABLE t_0 PARTITION OF t FOR VALUES IN (0); CREATE TABLE t_1 PARTITION OF t DEFAULT$$); SELECT sf_plan_migration('rounded');
	CALL sf_upgrade(); UPDATE t SET k = 1 - k WHERE a < 6; UPDATE t SET v = 77 WHERE a = 7; DELETE FROM t WHERE a = 8;
	CALL sf_downgrade()});
is($node->safe_psql($db, q{SELECT string_agg(concat(a, ':', v), ' ' ORDER BY a) FROM t WHERE v <> a + 0.25}), '7:77',
	'has its old values again, but for what was written');

# ---- parts that stay: nothing of what others keep is written

$db = sf_database($node, 'kept');
$node->safe_psql($db, q{CREATE TABLE t (a int, v text); CREATE TABLE c (v text) INHERITS (t); INSERT INTO t VALUES (1, 'x'); INSERT INTO c VALUES (2, 'y');
	SELECT sf_define('CREATE TABLE t (a int); CREATE TABLE c (v text) INHERITS (t)')});
like($node->safe_psql($db, q{SELECT sf_plan_migration('less')}), qr/LOSES DATA: column public\.t\.v/, 'a column that a child keeps is not archived');

# ---- big ones: while they are in use

database('big', 4000, 0);
$node->safe_psql($db, q{CREATE PROCEDURE heard.traffic(rounds int) LANGUAGE plpgsql AS $$
	DECLARE
		t text; x int; z int; y int; c text;
	BEGIN
		FOR i IN 1..rounds LOOP
			t := (ARRAY['keyed', 'listed', 'base'])[1 + floor(random() * 3)]; x := 1 + random() * 4200; z := 1 + random() * 4200;
			y := random() * 19; c := concat('w', i, '.', pg_backend_pid());
			BEGIN
				CASE floor(random() * 8)
					WHEN 0 THEN EXECUTE format('DELETE FROM %I WHERE a = $1', t) USING x;
					WHEN 1 THEN EXECUTE format('INSERT INTO %I (a, k) VALUES ($1, $2)', t) USING x, y;
					WHEN 2 THEN EXECUTE format('UPDATE %I SET a = $2 WHERE a = $1', t) USING x, z;
					WHEN 3, 4 THEN EXECUTE format('UPDATE %I SET k = 19 - k WHERE a = $1', t) USING x;
					WHEN 5 THEN EXECUTE format('UPDATE %I SET v = $2, same = $2 WHERE a = $1', t) USING x, c;
					WHEN 6 THEN EXECUTE format('INSERT INTO %I (a, k, v, same) VALUES ($1, $2, $3, $3)', t) USING x, y, c;
					ELSE EXECUTE format('UPDATE %I SET n = n + 1 WHERE a = $1', t) USING x;
				END CASE;
				IF random() < 0.1 THEN RAISE unique_violation; END IF;
			EXCEPTION WHEN unique_violation OR deadlock_detected OR undefined_column OR serialization_failure THEN NULL;
			END;
			IF i % 5 = 0 THEN COMMIT; END IF;
		END LOOP;
	END$$});
like($plan, qr/ backfill, in batches\n +INSERT INTO \S+ SELECT tableoid, /, 'copied in batches');
my @sessions;

sub begin_traffic
{
	@sessions = map { my $s = $node->background_psql($db, on_error_stop => 0); $s->query_until(qr/begun/, "\\echo begun\nCALL heard.traffic(10000000);\n"); $s } 1 .. 3;
}

sub end_traffic
{
	$node->safe_psql($db, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query ~ '^CALL heard'});
	$_->quit for @sessions;
}

for my $round (1 .. 2)
{
	begin_traffic();
	for my $call ('CALL sf_upgrade()', 'CALL sf_contract()', q{CALL sf_downgrade('base')}, q{CALL sf_contract()})
	{
		($rc, $out, $err) = sf_try($node, $db, $call);
		is($rc, 0, "round $round: $call") or diag($err) unless $call =~ /contract/ && $err =~ /no migration waits/;
	}
	end_traffic();
	is(wrong(), '', "round $round: every row of every table has its own value");
}
begin_traffic();
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_upgrade(); CALL sf_abort()});
is($rc, 0, 'given up before the columns go') or diag($err);
end_traffic();
is(wrong(), '', 'nothing is lost');
is($node->safe_psql($db, q{SELECT count(*) FROM pg_trigger WHERE tgisinternal}), '0', 'and nothing is left');

# ---- a partition that comes while values are copied; triggers that were switched off

($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'copied') or diag($err);
$node->safe_psql($db, q{CREATE TABLE keyed_2 PARTITION OF keyed FOR VALUES FROM (20) TO (30); INSERT INTO keyed (a, k, v, same) VALUES (1, 25, 'late', 'late');
	ALTER TABLE listed_0 DISABLE TRIGGER ALL});
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_contract()');
like($err, qr/what was written into table "listed_0" may be missing in the archive\n.*switched off.*\n.*sf_abort/, 'who switched off a trigger is told');
$node->safe_psql($db, 'VACUUM FULL listed_0');
$node->safe_psql($db, q{UPDATE pg_trigger SET tgenabled = CASE WHEN tgname ~ '^sf_mirror' THEN 'A' ELSE 'O' END WHERE tgisinternal});
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_contract()');
like($err, qr/what was written into table "listed_0" may be missing.*rewritten/s, 'and who wrote anew a table whose rows are known by their places');
($rc, $out, $err) = sf_try($node, $db, q{DROP TABLE keyed_2; CALL sf_abort(force => true); CALL sf_upgrade()});
is($rc, 0, 'begun anew') or diag($err);
$node->safe_psql($db, q{CREATE TABLE keyed_2 PARTITION OF keyed FOR VALUES FROM (20) TO (30); INSERT INTO keyed (a, k, v, same) VALUES (1, 25, 'late', 'late')});
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_contract()');
like($err, qr/table public\.keyed_2 is there and should not be/, 'a new partition is not of the model');
is($node->safe_psql($db, q{SELECT count(*) FROM pg_attribute WHERE attrelid = 'keyed'::regclass AND attname = 'v'}), '0', 'the columns have gone');
is($node->safe_psql($db, q{SELECT query_to_xml('SELECT v FROM ' || archive || ' WHERE k = 25', false, true, '')::text ~ '<v>late</v>' FROM sf_archive
	WHERE what ~ 'keyed'}), 't', 'with what the new partition had');
$node->safe_psql($db, 'UPDATE keyed SET k = 26 WHERE k = 25; ALTER TABLE keyed DETACH PARTITION keyed_2');
($rc, $out, $err) = sf_try($node, $db, q{DROP TABLE keyed_2; CALL sf_downgrade('base'); CALL sf_contract()});
is(wrong(), '', 'down: all have come back');
$node->stop;
done_testing();
