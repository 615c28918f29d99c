# The archive at work: down again with all rows, whatever happened to keys meanwhile; abort, purge, restore; a randomised
# run beside a table that was never changed.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('archive');
my $facts = q{SELECT md5(string_agg(concat_ws('|', kind, name, attribute, value), '' ORDER BY kind, name, attribute))
	FROM sf_facts() WHERE attribute IS DISTINCT FROM 'position'};
my $less = q{CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, touched int NOT NULL DEFAULT 0);
	CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.touched = OLD.touched + 1; RETURN NEW; END';
	CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();};

# The trigger gets another name on the way.
my $model = $less =~ s/TRIGGER touch /TRIGGER touches /r;

sub table_of { return $node->safe_psql($_[0], "SELECT * FROM $_[1] t ORDER BY t::text") }

# A database with users, notes and tags, planned down to users without phone, mood and level.
sub database
{
	my $db = sf_database($node, shift);

	$node->safe_psql($db, qq{
		CREATE TYPE mood AS ENUM ('sad', 'ok');
		$less
		ALTER TABLE users ADD phone text, ADD mood mood NOT NULL DEFAULT 'ok', ADD "Level" int DEFAULT 7;
		ALTER TABLE users ALTER mood DROP DEFAULT;
		CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "user" int REFERENCES users ON DELETE CASCADE,
			body text CHECK (body <> ''), mood mood DEFAULT 'ok', words int GENERATED ALWAYS AS (length(body)) STORED);
		CREATE TABLE tags (id serial, tag text UNIQUE);
		CREATE INDEX ON notes (body);
		CREATE POLICY own ON notes USING ("user" > 0);
		ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
		GRANT SELECT ON notes TO PUBLIC;
		INSERT INTO users (id, name, phone, mood, "Level") SELECT i, 'user ' || i, CASE WHEN i <> 3 THEN '+' || i END, 'sad',
			CASE WHEN i = 4 THEN NULL ELSE i END FROM generate_series(1, 6) i;
		INSERT INTO notes ("user", body, mood) VALUES (4, 'one', 'sad'), (4, 'two', NULL);
		INSERT INTO tags (tag) VALUES ('a'), ('b');
		SELECT * FROM sf_define(\$model\$$model\$model\$); SELECT * FROM sf_plan_migration('less')});
	return $db;
}

# From the end of the migration, where what it has put aside is in the archive.
sub tested
{
	my ($where) = @_;
	my ($rc, undef, $err) = sf_try($node, $where, 'CALL sf_test()');

	is(join(' ', $err =~ /INFO:.*?: (.*?): the schema is the expected one/g), 'the start down up down',
		"$where: it passes its test from the end, too") or diag($err);
}

my $db = database('app');
my $start = $node->safe_psql($db, $facts);
my %before = map { $_ => table_of($db, $_) } 'notes', 'tags';

# ---- up, traffic, down

my ($rc, $out, $err) = sf_try($node, $db, 'CALL sf_test()');
is($rc, 0, 'it passes its test in a scratch') or diag($err);
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'nothing is lost, so nobody is asked') or diag($err);
tested($db);
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'nothing more to do');
is($node->safe_psql($db, q{SELECT string_agg(what, ', ' ORDER BY what) FROM sf_archive WHERE bytes > 0 AND since <= now()
	AND purged_at IS NULL}), 'column public.users."Level", column public.users.mood, column public.users.phone, table public.notes, table public.tags',
	'sf_archive says what is where');
is($node->safe_psql($db, q{SELECT count(*) FROM pg_trigger WHERE tgrelid = 'users'::regclass AND NOT tgisinternal}), 1,
	'the table looks as the model says');
$node->safe_psql($db, q{
	UPDATE users SET id = 20 WHERE id = 2;
	DELETE FROM users WHERE id = 1;
	INSERT INTO users (id, name) VALUES (1, 'another 1'), (2, 'another 2'), (9, 'new');
	UPDATE users SET id = id + 100 WHERE id IN (5, 6);
	UPDATE users SET id = id - 1 WHERE id > 100;
	UPDATE users SET name = 'renamed' WHERE id = 4});
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_downgrade('base')});
like($err, qr/23502: column "mood" of relation "users" contains null values/, 'rows written meanwhile have no mood');
$node->safe_psql($db, q{DELETE FROM users WHERE id IN (1, 2, 9)});
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_downgrade('base')});
is($rc, 0, 'down again') or diag($err);
is($node->safe_psql($db, 'SELECT * FROM users ORDER BY id'), join("\n", '3|user 3|0||sad|3', '4|renamed|1|+4|sad|',
	'20|user 2|1|+2|sad|2', '104|user 5|2|+5|sad|5', '105|user 6|2|+6|sad|6'),
	'each value is with its row; triggers of the application saw nothing of it');
is(table_of($db, $_), $before{$_}, "table $_ has its rows") for 'notes', 'tags';
is($node->safe_psql($db, $facts), $start, 'the schema is what it was');
is($node->safe_psql($db, q{SELECT count(*) FROM pg_class WHERE relnamespace = 'schemaflow_archive'::regnamespace}), 0,
	'the archive is empty');
is($node->safe_psql($db, q{SELECT count(*) FROM pg_trigger WHERE tgfoid = 'schemaflow.sf_archive_keep'::regproc}), 0,
	'nothing follows any more');
is($node->safe_psql($db, q{INSERT INTO tags (tag) VALUES ('c') RETURNING id; INSERT INTO notes ("user", body) VALUES (3, 'x')
	RETURNING id}), "3\n3", 'sequences go on');
$node->safe_psql($db, q{DELETE FROM tags WHERE id = 3; DELETE FROM notes WHERE id = 3});

# ---- by script, as somebody who may do just that; then purge

$node->safe_psql($db, q{CREATE ROLE app LOGIN});
my $owned = sf_database($node, 'owned');
$node->safe_psql($owned, q{GRANT USAGE, CREATE ON SCHEMA public TO app;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO app; GRANT EXECUTE ON ALL PROCEDURES IN SCHEMA public TO app;
	ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO PUBLIC;
	SET ROLE app; CREATE TABLE t (id int PRIMARY KEY, secret text); INSERT INTO t VALUES (1, 's'), (2, 't');
	CREATE TABLE gone (id int); INSERT INTO gone VALUES (1);
	SELECT * FROM sf_define('CREATE TABLE t (id int PRIMARY KEY)'); SELECT * FROM sf_plan_migration('less')});
my $script = $node->safe_psql($owned, q{SET ROLE app; SELECT sf_script()});
($rc, $out, $err) = $node->psql($owned, "SET SESSION AUTHORIZATION app;\n$script");
is($rc, 0, 'the script runs as the owner') or diag($err);
is($node->safe_psql($owned, q{SELECT string_agg(DISTINCT format('%s %s', relowner::regrole, relacl = acldefault('r', relowner)), ', ')
	FROM pg_class WHERE relnamespace = 'schemaflow_archive'::regnamespace AND relkind = 'r' AND relname ~ '^t_'}),
	'app t', 'what it archived is its own and nobody else\'s');
is($node->safe_psql($owned, q{DELETE FROM t WHERE id = 2; SELECT count(*) FROM sf_archive}), 2, 'both are there');
($rc, $out, $err) = sf_try($node, $owned, q{SET ROLE app; SELECT sf_purge('1 day'); SELECT sf_purge('0'); SELECT sf_purge('0')});
is($out, "0\n2\n0", 'a purge takes what is old enough, once') or diag($err);
is($node->safe_psql($owned, q{SELECT count(*) FROM pg_trigger WHERE tgfoid = 'schemaflow.sf_archive_keep'::regproc}), 0,
	'and nothing follows any more');
($rc, $out, $err) = sf_try($node, $owned, q{CALL sf_downgrade('base')});
like($err, qr/55000: 2 steps lose data.*table public\.gone\), whose archive was purged.*column public\.t\.secret\), whose archive was purged/s,
	'the way down says what it cannot bring back');
($rc, $out, $err) = sf_try($node, $owned, q{CALL sf_downgrade('base', allow => '{"table public.gone","column public.t.secret"}')});
is($rc, 0, 'and goes when told so') or diag($err);
is($node->safe_psql($owned, 'SELECT * FROM t'), '1|', 'without the values');
($rc, $out, $err) = sf_try($node, $owned, q{UPDATE t SET secret = 'new'; CALL sf_upgrade(); CALL sf_downgrade('base')});
is($rc, 0, 'the next time it is kept again') or diag($err);
is($node->safe_psql($owned, 'SELECT * FROM t'), '1|new', 'with the value');

# ---- a failure in the middle takes everything back; so does sf_abort()

$node->safe_psql($db, 'CREATE SCHEMA other; CREATE TABLE other.user_of_mood (m mood); CREATE TABLE other.users AS TABLE users;
	ALTER TABLE other.users DROP mood');
%before = map { $_ => table_of($db, $_) } 'notes', 'tags', 'users';
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_upgrade()});
like($err, qr/2BP01: cannot drop type mood.*the schema is as it was/s, 'the last step cannot be done: all is taken back');
is($node->safe_psql($db, $facts . q{ AND name !~ '\mother\M'}), $start, 'the schema');
is(table_of($db, $_), $before{$_}, "the rows of $_") for 'notes', 'tags', 'users';
$node->safe_psql($db, 'DROP TABLE other.user_of_mood');
my $last = $node->safe_psql($db, 'SELECT max(n) FROM sf_steps()');
my $runner = $node->background_psql($db, on_error_stop => 0);
$runner->query_until(qr/begun/, "\\echo begun\nSET schemaflow.pause_after_step = $last; CALL sf_upgrade();\n");
$node->poll_query_until($db, q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name ~ 'stands still')}) or die;
$node->safe_psql($db, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ 'stands still'});
$node->poll_query_until($db, q{SELECT status = 'stopped' OR status = 'failed' FROM sf_status}) or die;
$runner->{run}->finish;
like($node->safe_psql($db, 'SELECT state FROM sf_history()'), qr/^partly up/, 'stopped before its end');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_abort()');
is($rc, 0, 'undone, without a question') or diag($err);
is($node->safe_psql($db, $facts . q{ AND name !~ '\mother\M'}), $start, 'the schema is there again');
is(table_of($db, $_), $before{$_}, "so are the rows of $_") for 'notes', 'tags', 'users';

# ---- dump and restore: the archive comes along, and nobody claims that it was followed

($rc, $out, $err) = sf_try($node, $db, q{DROP SCHEMA other CASCADE; CALL sf_upgrade()});
is($rc, 0, 'up once more') or diag($err);
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'bash', '-c', sprintf("pg_dump -d '%s' | psql -Xq -v ON_ERROR_STOP=1 -d '%s'", $node->connstr($db),
	$node->connstr('copy')) ], 'a dump is restored');
($rc, $out, $err) = sf_try($node, 'copy', q{SELECT * FROM sf_adopt_restored(); CALL sf_downgrade('base')});
like($err, qr/3 steps lose data.*column public\.users\.phone\), whose archive was not followed/s, 'in the copy keys may have changed unseen');
($rc, $out, $err) = sf_try($node, 'copy', q{CALL sf_downgrade('base', allow => '{data_loss}')});
is($rc, 0, 'it can be said that they have not') or diag($err);
is(table_of('copy', $_), $before{$_}, "then the rows of $_ are back") for 'notes', 'tags', 'users';

# ---- whatever holds a table fast

my $hard = sf_database($node, 'hard');
$node->safe_psql($hard, q{ALTER DATABASE hard SET schemaflow.manage = 'all'});
$node->safe_psql($hard, q{
	CREATE SCHEMA s1; CREATE SCHEMA s2;
	CREATE TABLE s1.users (id serial PRIMARY KEY, n text); CREATE TABLE s2.users (id serial PRIMARY KEY, n text);
	CREATE TABLE s1.a (id int PRIMARY KEY, b int); CREATE TABLE s1.b (id int PRIMARY KEY REFERENCES s1.a, x int);
	ALTER TABLE s1.a ADD FOREIGN KEY (b) REFERENCES s1.b DEFERRABLE INITIALLY DEFERRED;
	BEGIN; INSERT INTO s1.a VALUES (1, 1); INSERT INTO s1.b VALUES (1, 5); COMMIT;
	INSERT INTO s1.users (n) VALUES ('x'); INSERT INTO s2.users (n) VALUES ('y');
	CREATE TABLE s1.c (id int PRIMARY KEY, r int4range, EXCLUDE USING gist (r WITH &&)); INSERT INTO s1.c VALUES (1, '[1,2)');
	CREATE DOMAIN pos AS int CHECK (value > 0); CREATE TYPE comp AS (a int, b text);
	CREATE TABLE s1.d (id int PRIMARY KEY, p pos, q comp, arr pos[], m s1.users,
		ts tsvector GENERATED ALWAYS AS (to_tsvector('english', 'x')) STORED);
	INSERT INTO s1.d VALUES (1, 5, (1, 'z'), '{1,2}', row(1, 'u'));
	CREATE VIEW s1.v AS SELECT * FROM s1.d;
	CREATE PUBLICATION pub FOR TABLE s1.c, s1.d;
	CREATE RULE ru AS ON DELETE TO s1.d DO INSTEAD NOTHING; CREATE STATISTICS st ON id, r FROM s1.c;
	CREATE TABLE selfref (id int PRIMARY KEY, up int REFERENCES selfref, big text);
	INSERT INTO selfref VALUES (1, NULL, 'b'), (2, 1, 'c');
	CREATE FUNCTION gen() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
	CREATE TABLE fn (id int PRIMARY KEY DEFAULT gen(), n int CHECK (n > gen())); INSERT INTO fn VALUES (1, 3);
	CREATE TABLE two (a int NOT NULL, b text NOT NULL, c text DEFAULT 'dd', "x y" text NOT NULL, UNIQUE (b, a));
	INSERT INTO two VALUES (1, 'one', NULL, 'v'), (2, 'two', 'cc', 'w');
	CREATE TABLE turns (id serial PRIMARY KEY, plain text); INSERT INTO turns (plain) VALUES ('a'), ('b');
	SELECT * FROM sf_define($$CREATE TABLE two (a int NOT NULL, b text NOT NULL, UNIQUE (b, a));
		CREATE TABLE selfref (id int PRIMARY KEY, up int REFERENCES selfref);
		CREATE TABLE turns (id serial PRIMARY KEY, plain text GENERATED ALWAYS AS ('computed') STORED)$$, true);
	SELECT * FROM sf_plan_migration('hard', true)});
my @tables = qw(s1.users s2.users s1.a s1.b s1.c s1.d selfref fn two turns);
my $hard_start = $node->safe_psql($hard, $facts);
%before = map { $_ => table_of($hard, $_) } @tables;
($rc, $out, $err) = sf_try($node, $hard, 'CALL sf_upgrade()');
is($rc, 0, 'all of it goes') or diag($err);
tested($hard);
is($node->safe_psql($hard, 'SELECT count(*) FROM sf_diff()'), 0, 'and nothing is left');
($rc, $out, $err) = sf_try($node, $hard, q{CALL sf_downgrade('base')});
is($rc, 0, 'all of it comes back') or diag($err);
is($node->safe_psql($hard, $facts), $hard_start, 'the schema is what it was');
is(table_of($hard, $_), $before{$_}, "so is what is in $_") for @tables;

# ---- a sequence that another table takes over stays

my $handed = sf_database($node, 'handed');
$node->safe_psql($handed, q{CREATE TABLE old_name (id serial PRIMARY KEY, v int); INSERT INTO old_name (v) VALUES (7), (8);
	SELECT sf_define($$CREATE SEQUENCE old_name_id_seq AS int;
	CREATE TABLE new_name (id int NOT NULL DEFAULT nextval('old_name_id_seq') CONSTRAINT old_name_pkey PRIMARY KEY, v int);
	ALTER SEQUENCE old_name_id_seq OWNED BY new_name.id$$); SELECT sf_plan_migration('handed')});
($rc, $out, $err) = sf_try($node, $handed, 'CALL sf_upgrade()');
is($rc, 0, 'a table goes whose sequence is handed on') or diag($err);
is($node->safe_psql($handed, 'SELECT count(*) FROM sf_diff(); INSERT INTO new_name (v) VALUES (9) RETURNING id'), "0\n3",
	'it goes on with the new one');
($rc, $out, $err) = sf_try($node, $handed, q{CALL sf_downgrade('base', allow => '{data_loss}')});
is($rc, 0, 'back again') or diag($err);
is($node->safe_psql($handed, 'SELECT id, v FROM old_name ORDER BY id'), "1|7\n2|8", 'with the rows');

# ---- keys whose columns get another type in the same migration

my $wider = sf_database($node, 'wider');
$node->safe_psql($wider, q{CREATE TABLE numbered (id int PRIMARY KEY, v text); INSERT INTO numbered VALUES (1, 'a'), (2, 'b'), (3, 'c');
	CREATE TABLE named (id varchar(10) COLLATE "C" PRIMARY KEY, v text); INSERT INTO named TABLE numbered;
	SELECT sf_define($$CREATE TABLE numbered (id bigint PRIMARY KEY); CREATE TABLE named (id text PRIMARY KEY)$$);
	SELECT sf_plan_migration('wider')});
($rc, $out, $err) = sf_try($node, $wider, 'CALL sf_upgrade()');
is($rc, 0, 'what stays comparable still says whose value it is') or diag($err);
$node->safe_psql($wider, "UPDATE $_ SET id = '9' WHERE id = '2'; DELETE FROM $_ WHERE id = '1'") for 'numbered', 'named';
($rc, $out, $err) = sf_try($node, $wider, q{CALL sf_downgrade('base')});
is($rc, 0, 'and back') or diag($err);
is(table_of($wider, $_), "3|c\n9|b", "$_: values are with their rows") for 'numbered', 'named';

# ---- values that a conversion would not give back

my $retyped = sf_database($node, 'retyped');
$node->safe_psql($retyped, q{CREATE TYPE mood AS ENUM ('a', 'b'); CREATE DOMAIN code AS text CHECK (VALUE <> '');
	CREATE TABLE t (id int PRIMARY KEY, n numeric NOT NULL, v text NOT NULL DEFAULT 'x', raw varchar, at timestamptz, m mood, k int,
		c code, j json, q text);
	INSERT INTO t VALUES (1, 1.005, '01', 'one', '2024-01-01 10:11:12.5+00', 'a', 1, 'c1', '{"b":  1}', 'a'),
		(2, 2.5, '007', 'two', '2024-01-01 10:11:12.5+00', 'b', 2, 'c2', '[1 ,2]', 'b'), (3, 7.777, '3', NULL, NULL, NULL, 3, NULL, NULL, NULL),
		(4, 1, '1', 'four', 'now', 'a', 4, 'c4', '0', 'a');
	CREATE TABLE keyless (n numeric); INSERT INTO keyless VALUES (1.005);
	CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.k = NEW.k + 100; RETURN NEW; END$$;
	CREATE TRIGGER touch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
	SELECT sf_define($m$CREATE TYPE mood AS ENUM ('a', 'b'); CREATE DOMAIN code AS text CHECK (VALUE <> '');
	CREATE TABLE t (id int PRIMARY KEY, n numeric(10,2) NOT NULL, v int NOT NULL DEFAULT 4, raw bytea, at date, m text, k bigint, c text,
		j jsonb, q mood);
	CREATE TABLE keyless (n numeric(10,2));
	CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.k = NEW.k + 100; RETURN NEW; END$$;
	CREATE TRIGGER touch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch()$m$)});
my $conversions = $node->safe_psql($retyped, q{SELECT sf_plan_migration('retyped')});
like($conversions =~ s{\n--\s{9,}}{ }gr, qr/up .* archives (column public\.t\.(n|v|raw|at|j), ){4}column public\.t\.(n|v|raw|at|j); LOSES DATA: column public\.keyless\.n\n/,
	'what may not come back is archived, and nothing else') or diag($conversions);
my $values = table_of($retyped, 't');
($rc, $out, $err) = sf_try($node, $retyped, 'CALL sf_upgrade()');
like($err, qr/1 step loses data.*public\.keyless\.n/s, 'consent is asked for the table without a key alone');
$node->safe_psql($retyped, q{CALL sf_upgrade('head', allow => '{data_loss}')});
tested($retyped);
is($node->safe_psql($retyped, 'SELECT n, v, raw, at FROM t WHERE id = 1'), '1.01|1|\x6f6e65|2024-01-01', 'the values are converted');
is($node->safe_psql($retyped, 'SELECT count(*) FROM sf_diff()'), 0, 'nothing is left to do');
$node->safe_psql($retyped, q{ALTER TABLE t DISABLE TRIGGER touch; UPDATE t SET id = 9 WHERE id = 2; DELETE FROM t WHERE id = 4;
	UPDATE t SET v = 33, n = 7.1 WHERE id = 3; ALTER TABLE t ENABLE TRIGGER touch});
($rc, $out, $err) = sf_try($node, $retyped, q{CALL sf_downgrade('base')});
is($rc, 0, 'back again') or diag($err);
is(table_of($retyped, 't'), join("\n", (split /\n/, $values)[0], '3|7.10|33||||3|||', (split /\n/, $values)[1] =~ s/^2/9/r),
	'rows have the old values, also under another key; what was written meanwhile is converted; triggers saw nothing');
is($node->safe_psql($retyped, q{SELECT count(*) FROM pg_class WHERE relnamespace = 'schemaflow_archive'::regnamespace}), 0,
	'nothing is left in the archive');

# Values come back unseen by triggers that the same migration changes; where a publication would refuse the update, not at all.
my $seen = sf_database($node, 'seen');
$node->safe_psql($seen, q{CREATE TABLE log (what text);
	CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO log VALUES (TG_NAME); RETURN NEW; END$$;
	CREATE TABLE audited (id int PRIMARY KEY, n numeric); INSERT INTO audited VALUES (1, 1.005), (2, 2);
	CREATE TRIGGER before_and_after AFTER UPDATE ON audited FOR EACH ROW EXECUTE FUNCTION audit();
	CREATE TRIGGER gone AFTER UPDATE ON audited FOR EACH STATEMENT EXECUTE FUNCTION audit();
	CREATE TYPE code AS (a int); CREATE TABLE typed (id int PRIMARY KEY, v code); INSERT INTO typed VALUES (1, '(1)');
	CREATE TABLE published (id int PRIMARY KEY, n numeric); INSERT INTO published VALUES (1, 1.005);
	CREATE TABLE unkeyed (id int, n text); INSERT INTO unkeyed VALUES (1, 'one');
	CREATE TABLE whole (id int PRIMARY KEY, n text); ALTER TABLE whole REPLICA IDENTITY FULL; CREATE TABLE listed (id int PRIMARY KEY, a int, n text);
	INSERT INTO whole VALUES (1, 'one'); INSERT INTO listed VALUES (1, 1, 'one');
	CREATE PUBLICATION pub FOR TABLE published WHERE (id > 0), unkeyed, whole (id), listed (a);
	SELECT sf_define($m$CREATE TABLE log (what text);
	CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO log VALUES (TG_NAME); RETURN NEW; END$$;
	CREATE TABLE audited (id int PRIMARY KEY, n numeric(10,2));
	CREATE TRIGGER before_and_after BEFORE UPDATE OF n ON audited FOR EACH ROW EXECUTE FUNCTION audit();
	CREATE TRIGGER came AFTER UPDATE ON audited FOR EACH ROW EXECUTE FUNCTION audit();
	CREATE TYPE other AS (a int); CREATE TABLE typed (id int PRIMARY KEY, v other);
	CREATE TABLE published (id int PRIMARY KEY, n numeric(10,2)); CREATE TABLE unkeyed (id int);
	CREATE TABLE whole (id int PRIMARY KEY); ALTER TABLE whole REPLICA IDENTITY FULL; CREATE TABLE listed (id int PRIMARY KEY, a int)$m$)});
my $seen_plan = $node->safe_psql($seen, q{SELECT sf_plan_migration('seen')}) =~ s{\n--\s{9,}}{ }gr;
like($seen_plan, qr/up .* archives column public\.audited\.n; LOSES DATA: (column public\.(listed|published|unkeyed|whole)\.n(, |\n)){4}/,
	'what cannot come back is not archived') or diag($seen_plan);
$node->safe_psql($seen, q{CALL sf_upgrade('head', allow => '{data_loss}')});
($rc, $out, $err) = sf_try($node, $seen, q{CALL sf_downgrade('base', allow => '{data_loss}')});
is($rc, 0, 'down') or diag($err);
is($node->safe_psql($seen, 'SELECT n FROM audited ORDER BY id; SELECT count(*) FROM log; SELECT v FROM typed'), "1.005\n2\n0\n(1)",
	'no trigger saw it, neither those that go nor those that come');

# ---- without a key, values are with their rows by the places of these

my $places = sf_database($node, 'places');
$node->safe_psql($places, q{CREATE TABLE t (a int, b text, c int NOT NULL DEFAULT 7); INSERT INTO t SELECT i, 'b' || i, i FROM generate_series(1, 6) i;
	CREATE TABLE moved (a int, b text); INSERT INTO moved VALUES (1, 'one'), (2, 'two');
	SELECT sf_define('CREATE TABLE t (a int); CREATE TABLE moved (a int)'); SELECT sf_plan_migration('places')});
($rc, $out, $err) = sf_try($node, $places, 'CALL sf_test()');
is($rc, 0, 'it passes its test') or diag($err);
($rc, $out, $err) = sf_try($node, $places, 'CALL sf_upgrade()');
is($rc, 0, 'and loses nothing') or diag($err);
tested($places);
$node->safe_psql($places, $_) for 'UPDATE t SET a = a + 10', 'DELETE FROM t WHERE a = 12', 'VACUUM t', 'UPDATE t SET a = 103 WHERE a = 13',
	'BEGIN; UPDATE t SET a = 0; ROLLBACK', 'UPDATE t SET a = a WHERE a > 13', 'DELETE FROM moved WHERE a = 1';
is($node->safe_psql($places, q{SELECT bool_and(schemaflow.sf_archive_follows(archive::regclass)) FROM sf_archive}), 't', 'they follow');
is($node->safe_psql($places, q{SELECT string_agg(DISTINCT tgenabled::text, '') FROM pg_trigger WHERE tgisinternal}), 'O',
	'by triggers that fire as all others of the server do: who compares tables sees none');
$node->safe_psql($places, q{CREATE SUBSCRIPTION writer CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false);
	INSERT INTO pg_subscription_rel SELECT oid, 't'::regclass, 'r', NULL FROM pg_subscription WHERE subname = 'writer'});
is($node->safe_psql($places, q{SELECT string_agg(what, ' ') FROM sf_archive WHERE NOT schemaflow.sf_archive_follows(archive::regclass)}),
	'column public.t.b column public.t.c', 'what a subscription writes fires none');
$node->safe_psql($places, 'ALTER SUBSCRIPTION writer SET (slot_name = NONE); DROP SUBSCRIPTION writer; VACUUM FULL moved');
is($node->safe_psql($places, q{SELECT schemaflow.sf_archive_follows(archive::regclass) FROM sf_archive WHERE what ~ 'moved'}), 'f',
	'a rewrite changes all places');
($rc, $out, $err) = sf_try($node, $places, q{CALL sf_downgrade('base')});
like($err, qr/1 step.*column public\.moved\.b\), whose archive was not followed/s, 'which is said, and consent asked for');
($rc, $out, $err) = sf_try($node, $places, q{CALL sf_downgrade('base', allow => '{data_loss}')});
is($rc, 0, 'down') or diag($err);
is(table_of($places, 't'), "103|b3|3\n11|b1|1\n14|b4|4\n15|b5|5\n16|b6|6", 'each value is with its row');
is(table_of($places, 'moved'), '2|', 'no value is with another');

# A column that becomes a generated one, or ceases to be one, is written into all rows one way or the other: places do not last.
for (['ceases', 'a int, c int', 'b'], ['begins', 'a int GENERATED ALWAYS AS (1) STORED, b int, c int GENERATED ALWAYS AS (1) STORED', 'a'])
{
	my ($what, $columns, $lost) = @$_;
	my $computed = sf_database($node, $what);
	$node->safe_psql($computed, qq{CREATE TABLE t (a int, b int, c int GENERATED ALWAYS AS (1) STORED); INSERT INTO t (a, b) VALUES (2, 20);
		SELECT sf_define('CREATE TABLE t ($columns)')});
	like($node->safe_psql($computed, "SELECT sf_plan_migration('$what')") =~ s{\n--\s{9,}}{ }gr, qr/up .*LOSES DATA: column public\.t\.$lost\n/,
		"where one $what to be generated nothing is archived by places");
}

# ---- random traffic of several sessions, beside a column with the same values that was never dropped

for my $key (', PRIMARY KEY (a, b)', '')
{
	my $random = sf_database($node, $key ? 'random' : 'random_places');
	$node->safe_psql($random, qq{CREATE TABLE t (a int, b int, v text, same text$key);
		INSERT INTO t SELECT i, i % 3, 'v' || i, 'v' || i FROM generate_series(1, 60) i;
		CREATE SCHEMA other;
		SELECT * FROM sf_define('CREATE TABLE t (a int, b int, same text$key)'); SELECT * FROM sf_plan_migration('less')});
	($rc, $out, $err) = sf_try($node, $random, 'CALL sf_upgrade()');
	is($rc, 0, $key ? 'up, with a key' : 'up, without one') or diag($err);
	# A key that is taken is left alone; some transactions, and parts of them, are rolled back.
	$node->safe_psql($random, q{
		CREATE PROCEDURE other.traffic(rounds int) LANGUAGE plpgsql AS $$
		DECLARE
			x int; y int; z int;
		BEGIN
			FOR i IN 1..rounds LOOP
				x := 1 + random() * 70; y := random() * 2; z := 1 + random() * 70;
				BEGIN
					CASE (random() * 20)::int
						WHEN 0, 1, 2, 3, 4 THEN DELETE FROM t WHERE a = x AND b = y;
						WHEN 5, 6, 7, 8, 9, 10 THEN INSERT INTO t VALUES (x, y);
						WHEN 11 THEN UPDATE t SET a = a + 100 WHERE a = x;
						WHEN 12 THEN UPDATE t SET a = a - 100 WHERE a > 100 AND b = y;
						ELSE UPDATE t SET a = z WHERE a = x AND b = y;
					END CASE;
					IF random() < 0.1 THEN RAISE unique_violation; END IF;
				EXCEPTION WHEN unique_violation OR deadlock_detected THEN NULL;
				END;
				IF i % 7 = 0 THEN COMMIT; ELSIF i % 29 = 0 THEN ROLLBACK; END IF;
			END LOOP;
		END$$});
	my @sessions = map { my $s = $node->background_psql($random); $s->query_until(qr/begun/, "\\echo begun\nCALL other.traffic(400);\n"); $s } 1 .. 3;
	$node->safe_psql($random, 'VACUUM t') for 1 .. 5;
	$_->quit for @sessions;
	cmp_ok($node->safe_psql($random, 'SELECT count(*) FROM t WHERE same IS NULL'), '>', 10, 'rows have come');
	my $first = $node->safe_psql($random, 'SELECT count(*) FROM t WHERE same IS NOT NULL');
	cmp_ok($first, '>', 0, 'and some are left of those that were there first');
	is($node->safe_psql($random, q{SELECT query_to_xml('SELECT count(*) AS n FROM ' || archive, false, true, '')::text ~ '<n>} . $first . q{</n>'
		FROM sf_archive}), 't', 'the archive has as many values');
	($rc, $out, $err) = sf_try($node, $random, q{CALL sf_downgrade('base')});
	is($rc, 0, 'down') or diag($err);
	is($node->safe_psql($random, 'SELECT * FROM t WHERE v IS DISTINCT FROM same'), '', 'each value is where it would be');
}
$node->stop;
done_testing();
