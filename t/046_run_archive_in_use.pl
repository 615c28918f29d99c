# Columns of big tables that go: their values are copied into the archive, and come back, while applications write the
# tables.  What these write, delete and give other keys is right at the end, on either isolation level; nobody waits for
# the copying; a run that ends anywhere goes on or is undone.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use IPC::Run ();
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('in_use', conf => ['max_connections = 40']);
my $facts = q{SELECT string_agg(concat_ws('|', kind, name, attribute, value), E'\n' ORDER BY kind, name, attribute)
	FROM sf_facts() WHERE attribute IS DISTINCT FROM 'position' AND name !~ '\mtruth\M'};
my $archives = q{SELECT count(*) FROM pg_class WHERE relnamespace = 'schemaflow_archive'::regnamespace};
my ($db, $rc, $out, $err);

# Rows are known for good by their names.  users has a key, notes has none.  What their columns should be is in schema truth,
# which no model knows; old and new versions of an application write it together with them: whoever leaves out the columns
# says what a row has then.
sub database
{
	my ($name, $rows) = @_;

	$db = sf_database($node, $name);
	$node->safe_psql($db, qq{
		ALTER DATABASE "$name" SET schemaflow.online_rows = 0; SET schemaflow.online_rows = 0;
		CREATE TYPE mood AS ENUM ('sad', 'ok');
		CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL UNIQUE, phone text, mood mood NOT NULL, n int DEFAULT 7, j json);
		CREATE TABLE notes (name text, body text);
		INSERT INTO users SELECT i, 'user ' || i, CASE WHEN i % 3 <> 0 THEN '+' || i END, 'ok', CASE WHEN i % 7 <> 0 THEN i END,
			CASE WHEN i % 5 = 0 THEN json_build_object('i', i) END FROM generate_series(1, $rows) i;
		INSERT INTO notes SELECT name, CASE WHEN id % 2 = 0 THEN 'note ' || id END FROM users;
		CREATE SCHEMA truth;
		CREATE TABLE truth.rows AS SELECT name, phone, mood::text, n, j::text, body FROM users JOIN notes USING (name);
		ALTER TABLE truth.rows ADD PRIMARY KEY (name);
		CREATE TABLE truth.free_keys (id int);
		CREATE TABLE truth.nulls AS SELECT true AS allowed;
		CREATE SEQUENCE truth.counter START 1000000} . q{;
		CREATE PROCEDURE truth.work(which int DEFAULT 1 + floor(random() * 9), me text DEFAULT NULL) LANGUAGE plpgsql AS $$
		-- A column that has not got its value back is NULL, or has its default: who writes just that changes nothing.
		DECLARE c text = nextval('truth.counter'); key int; allowed bool = (SELECT allowed FROM truth.nulls);
			no_phone text = CASE WHEN allowed THEN NULL ELSE '' END; no_n int = CASE WHEN allowed THEN NULL ELSE -1 END;
			no_j text = CASE WHEN allowed THEN NULL ELSE '{}' END;
		BEGIN
			IF me IS NULL THEN
				SELECT name INTO me FROM truth.rows TABLESAMPLE SYSTEM_ROWS(1);
			END IF;
			IF which < 8 THEN
				PERFORM FROM truth.rows WHERE name = me FOR UPDATE;
				IF NOT FOUND THEN RETURN; END IF;
			END IF;
			CASE which
				WHEN 1 THEN  -- the old version
					EXECUTE format('UPDATE users SET phone = %L WHERE name = %L', c, me);
					UPDATE truth.rows SET phone = c WHERE name = me;
				WHEN 2 THEN
					EXECUTE format('UPDATE users SET mood = %L, n = %L, j = %L WHERE name = %L', 'sad', no_n, no_j, me);
					UPDATE truth.rows SET mood = 'sad', n = no_n, j = no_j WHERE name = me;
				WHEN 3 THEN
					EXECUTE format('UPDATE users SET j = %L, phone = %L WHERE name = %L', '[' || c || ']', no_phone, me);
					EXECUTE format('UPDATE notes SET body = %L WHERE name = %L', c, me);
					UPDATE truth.rows SET j = '[' || c || ']', phone = no_phone, body = c WHERE name = me;
				WHEN 4 THEN  -- either
					UPDATE users SET name = name WHERE name = me;
					UPDATE notes SET name = name WHERE name = me;
				WHEN 5, 6 THEN
					UPDATE users SET id = c::int WHERE name = me;
				WHEN 7 THEN
					DELETE FROM users WHERE name = me RETURNING id INTO key;
					DELETE FROM notes WHERE name = me;
					DELETE FROM truth.rows WHERE name = me;
					INSERT INTO truth.free_keys VALUES (key);
				WHEN 8 THEN  -- the new version, with a key that another row had
					DELETE FROM truth.free_keys WHERE ctid = (SELECT ctid FROM truth.free_keys LIMIT 1) RETURNING id INTO key;
					INSERT INTO users (id, name) VALUES (coalesce(key, c::int), 'user ' || c);
					INSERT INTO notes (name) VALUES ('user ' || c);
					INSERT INTO truth.rows VALUES ('user ' || c, NULL, 'sad', 7, NULL, NULL);
				WHEN 9 THEN  -- the old one
					EXECUTE format('INSERT INTO users VALUES (%1$s, %2$L, %1$L, %3$L, %1$s, %4$L)', c, 'user ' || c, 'ok', '[]');
					EXECUTE format('INSERT INTO notes (name, body) VALUES (%L, %L)', 'user ' || c, c);
					INSERT INTO truth.rows VALUES ('user ' || c, c, 'ok', c::int, '[]', c);
			END CASE;
		EXCEPTION
			-- There is no such column yet, or no longer; or not yet one that may be left out.
			WHEN undefined_column OR syntax_error OR not_null_violation THEN NULL;
			WHEN serialization_failure THEN NULL;
		END $$;
		CREATE EXTENSION tsm_system_rows SCHEMA truth;
		ANALYZE;
		SELECT * FROM sf_define($$CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL UNIQUE);
			CREATE TABLE notes (name text)$$);
		SELECT sf_transform('public.users.mood', down => $$'sad'::mood$$);
		SELECT * FROM sf_plan_migration('less')} =~ s/TABLESAMPLE SYSTEM_ROWS/TABLESAMPLE truth.SYSTEM_ROWS/r);
	return;
}

# Rows that are not what they should be: so many, and the first three.
sub wrong
{
	return $node->safe_psql($db, q{SELECT count(*) OVER (), name, t, u.phone, u.mood, u.n, u.j, o.body FROM truth.rows t
		FULL JOIN users u USING (name) FULL JOIN notes o USING (name) WHERE (t.phone, t.mood, t.n, t.j, t.body)
		IS DISTINCT FROM (u.phone, u.mood::text, u.n, u.j::text, o.body) ORDER BY name LIMIT 3});
}

# Lines of one that are not in the other.
sub differs
{
	my ($is, $was) = map { { map { $_ => 1 } split /\n/ } } @_;

	return join("\n", (map { "+$_" } grep { !$was->{$_} } sort keys %$is), map { "-$_" } grep { !$is->{$_} } sort keys %$was);
}

sub steps_like
{
	my ($direction, $pattern) = @_;

	return split /\n/, $node->safe_psql($db, "SELECT n FROM sf_steps(direction => '$direction') WHERE sql ~ '$pattern' ORDER BY n");
}

# ---- the plan

database('plan', 20);
my $start = $node->safe_psql($db, $facts);
is($node->safe_psql($db, qq{SELECT string_agg(DISTINCT class || ' ' || phase, ', ') FROM (SELECT * FROM sf_steps() UNION ALL
	SELECT * FROM sf_steps(direction => 'down')) s WHERE sql ~ '^(INSERT|UPDATE)'}), 'B backfill', 'values move in batches, both ways');
for my $direction ('up', 'down')
{
	is($node->safe_psql($db, qq{SELECT count(*) FROM sf_steps('head', '$direction') a JOIN sf_steps('head', '$direction') b
		USING (transaction) WHERE a.lock = 'ACCESS EXCLUSIVE' AND (b.scans OR b.rewrites)}), 0,
		"$direction: nothing is read under a lock that keeps others out");
}
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_test()');
is($rc, 0, 'it passes its test') or diag($err);

# ---- ended at any step that matters, with writes before and behind, and undone; then gone on with

for my $n (steps_like('up', '(sf_archive_mirror|^INSERT|DROP COLUMN).*(phone|body)'))
{
	# Behind the gate it is sf_contract() that comes there.
	my ($gate) = steps_like('up', 'sf_gate');
	if ($n > $gate)
	{
		($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
		is($rc, 0, "up, before $n") or diag($err);
	}
	sf_end_at($node, $db, $n > $gate ? 'CALL sf_contract()' : 'CALL sf_upgrade()', $n);
	$node->safe_psql($db, "CALL truth.work($_)") for 1 .. 9;
	($rc, $out, $err) = sf_try($node, $db, 'CALL sf_abort()');
	is($rc, 0, "up to $n, and undone: nobody is asked") or diag($err);
	is(wrong(), '', 'no row is lost');
	is(differs($node->safe_psql($db, $facts), $start), '', 'the schema is what it was');
	is($node->safe_psql($db, $archives), 0, 'nothing is left in the archive');
}
my ($copy) = steps_like('up', '^INSERT');
sf_end_at($node, $db, 'CALL sf_upgrade()', $copy);
$node->safe_psql($db, "CALL truth.work($_)") for 1 .. 9;
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade(); CALL sf_contract()');
is($rc, 0, "up from $copy on") or diag($err);
my $less = $node->safe_psql($db, $facts);
$node->safe_psql($db, 'UPDATE truth.nulls SET allowed = false');
for my $n (steps_like('down', '(sf_archive_mirror|^UPDATE|^DROP TABLE).*(mood|body)'))
{
	sf_end_at($node, $db, q{CALL sf_downgrade('base')}, $n);
	$node->safe_psql($db, "CALL truth.work($_)") for 1 .. 9;
	($rc, $out, $err) = sf_try($node, $db, 'CALL sf_abort()');
	is($rc, 0, "down to $n, and undone: nobody is asked") or diag($err);
	is(differs($node->safe_psql($db, $facts), $less), '', 'the schema is that of the new version');
}
my ($back) = steps_like('down', '^UPDATE');
sf_end_at($node, $db, q{CALL sf_downgrade('base')}, $back);
$node->safe_psql($db, "CALL truth.work($_)") for 1 .. 9;
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_downgrade('base')});
is($rc, 0, "down from $back on") or diag($err);
# Who knows no mood is answered for until he is gone.
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_contract()');
is($rc, 0, 'and through its gate') or diag($err);
is(wrong(), '', 'every row has what it should');
is(differs($node->safe_psql($db, $facts), $start), '', 'in the schema that was');
is($node->safe_psql($db, $archives), 0, 'and the archive is empty');
is($node->safe_psql($db, q{SELECT count(*) FROM pg_trigger WHERE tgfoid::regproc::text ~ 'sf_archive'}), 0, 'nobody keeps it in step');

# ---- a transaction that began before the copying, and deletes behind it

database('old_snapshot', 20);
my $old = $node->background_psql($db);
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM truth.rows');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'up, before a transaction with an old snapshot has written') or diag($err);
$old->query_safe(q{DELETE FROM users WHERE id = 1; UPDATE users SET id = 101 WHERE id = 2; UPDATE users SET name = 'me' WHERE id = 4;
	DELETE FROM notes WHERE name = 'user 6'; UPDATE notes SET body = 'other' WHERE name = 'user 8'; COMMIT});
$old->quit;
$node->safe_psql($db, q{INSERT INTO users VALUES (1, 'again 1'), (2, 'again 2')});
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_contract(); CALL sf_downgrade('base')});
is($rc, 0, 'through, and down') or diag($err);
is($node->safe_psql($db, q{SELECT string_agg(concat_ws('|', id, name, coalesce(phone, '-')), ' ' ORDER BY id) FROM users WHERE id IN (1, 2, 4, 101)}),
	'1|again 1|- 2|again 2|- 4|me|+4 101|user 2|+2', 'its rows have their values, and nobody has others\'');
is($node->safe_psql($db, q{SELECT string_agg(concat_ws('|', name, body), ' ' ORDER BY name) FROM notes WHERE name ~ ' [4-9]$' AND body IS NOT NULL}),
	'user 4|note 4 user 8|other', 'also where places are the keys');

# ---- batches of a later migration move rows whose places are keys

database('places', 3000);
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade(); CALL sf_contract()');
is($rc, 0, 'up') or diag($err);
$node->safe_psql($db, q{SELECT * FROM sf_define($$CREATE TYPE mood AS ENUM ('sad', 'ok');
	CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL UNIQUE, more text NOT NULL); CREATE TABLE notes (name text, more text NOT NULL)$$);
	SELECT sf_transform('public.users.more', up => 'upper(name)'); SELECT sf_transform('public.notes.more', up => 'upper(name)');
	SELECT * FROM sf_plan_migration('more')});
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade(); CALL sf_contract()');
is($rc, 0, 'the next one fills columns in batches') or diag($err);
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_downgrade('base', allow => '{data_loss}'); CALL sf_contract(allow => '{data_loss}');
	CALL sf_downgrade('base')});
is($rc, 0, 'down over both') or diag($err);
is(wrong(), '', 'every row has its own values');

# ---- traffic all the way: two isolation levels

database('traffic', 20000);
my $script = "$PostgreSQL::Test::Utils::tmp_check/work.sql";
append_to_file($script, "CALL truth.work();\n");
my @load;
for my $level ('read committed', 'repeatable read')
{
	my %one = (out => '', err => '');

	local $ENV{PGOPTIONS} = '-c default_transaction_isolation=' . ($level =~ s/ /\\ /r);
	$one{run} = IPC::Run::start([ 'pgbench', '-n', '-c', '3', '-T', '600', '-f', $script, $node->connstr($db) ], '>', \$one{out}, '2>',
		\$one{err}, IPC::Run::timeout(400));
	push @load, \%one;
}
$node->poll_query_until($db, 'SELECT last_value > 1000500 FROM truth.counter') or die 'no load';
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'up to the gate under load') or diag($err);
my $at = $node->safe_psql($db, 'SELECT last_value FROM truth.counter');
$node->poll_query_until($db, "SELECT last_value > $at + 2000 FROM truth.counter") or die 'no load';
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_contract()');
is($rc, 0, 'through the gate') or diag($err);
$at = $node->safe_psql($db, 'SELECT last_value FROM truth.counter');
$node->poll_query_until($db, "SELECT last_value > $at + 2000 FROM truth.counter") or die 'no load';
$node->safe_psql($db, 'UPDATE truth.nulls SET allowed = false');
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_downgrade('base')});
is($rc, 0, 'down under load') or diag($err);
ok($_->{run}->pumpable, 'the load lasted to the end') or diag($_->{err}) for @load;
$_->{run}->signal('TERM') for @load;
$_->{run}->finish for @load;
unlike($_->{err}, qr/ERROR|abort/, 'no client of the load had an error') or diag($_->{err}) for @load;
is(wrong(), '', 'every row has what it should');

# ---- wrong calls

database('wrong', 2);
$node->safe_psql($db, q{CREATE SCHEMA schemaflow_archive; CREATE TABLE schemaflow_archive.a (id int PRIMARY KEY, phone text);
	CREATE TABLE schemaflow_archive.b (id int PRIMARY KEY)});
my %wrong = (
	q{'users', 'users', '{id}', 'phone', false} => qr/42809: public\.users is not a table of schema schemaflow_archive/,
	q{'users', 'schemaflow_archive.b', '{id}', 'phone', false} => qr/22023: archive "b" has 1 columns.*DETAIL: .*one for the value.*HINT: /s,
	q{'users', 'schemaflow_archive.a', '{id}', 'fone', false} => qr/42703: column "fone" of table "users" does not exist.*HINT: /s,
	q{'users', 'schemaflow_archive.a', '{no}', 'phone', false} => qr/42703: column "no" of table "users" does not exist.*HINT: /s);
for my $call (sort keys %wrong)
{
	($rc, $out, $err) = sf_try($node, $db, "SELECT schemaflow.sf_archive_mirror($call)");
	like($err, $wrong{$call}, "refused: $call");
}
($rc, $out, $err) = sf_try($node, $db, q{CREATE TRIGGER x AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION schemaflow.sf_archive_mirrored();
	INSERT INTO users VALUES (0, '0', '0', 'ok')});
like($err, qr/39P01: sf_archive_mirrored\(\) is for triggers that sf_archive_mirror\(\) makes/, 'refused: a trigger by hand');

done_testing();
