# Two versions of an application at once, each by its schema: names that change behind the gate, columns that come and go,
# who is which version, the gate, the fence, prepared statements, the way back.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use SchemaflowVersions;
use Test::More;

my $node = sf_node('versions_online');
my $db = versions_database($node);
my ($rc, $out, $err);

sub schemas
{
	return value(q{SELECT coalesce(string_agg(nspname, ' ' ORDER BY nspname), '') FROM pg_namespace
		WHERE nspname ~ '^version_|^02'});
}

sub status
{
	return value('SELECT status FROM sf_status');
}

$node->safe_psql('postgres', 'CREATE ROLE app_v1 LOGIN; CREATE ROLE app_v2 LOGIN');
my $v1 = planned(q{CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, note text);
	CREATE TABLE tags (id serial PRIMARY KEY, tag text); CREATE TABLE old_things (id int, what text);
	GRANT ALL ON users, tags TO app_v1, app_v2}, 'first');
sf_try($node, $db, 'CALL sf_upgrade()');
value(qq{INSERT INTO users SELECT n, 'M' || n, 'n' FROM generate_series(1, 1000) n; INSERT INTO tags (tag) VALUES ('a'), ('b');
	INSERT INTO old_things VALUES (1, 'x'); ANALYZE;
	ALTER DATABASE $db SET schemaflow.versions = 'on'; ALTER DATABASE $db SET schemaflow.manage = 'all'});
is(value(q{SELECT sf_version_schema('head')}), "version_$v1", 'the old version');
my $v1_users = shape("version_$v1.users");

# ---- up to the gate ----

my $second = q{CREATE TABLE users (id int PRIMARY KEY,
	mail text NOT NULL -- @renamed from=email
	, note text, size int NOT NULL DEFAULT 0);
	-- @renamed from=tags
	CREATE TABLE labels (id serial PRIMARY KEY, tag text, kind text -- @up upper('k')
	);
	CREATE TABLE new_things (id int); GRANT ALL ON users, labels TO app_v1, app_v2};
my $v2 = planned($second, 'second');
is(value(q{SELECT string_agg(regexp_replace(sql, '[0-9a-f]{12}|_[0-9a-f]{8}$', 'X'), E'\n' ORDER BY n) FROM sf_steps('head')
	WHERE phase = 'contract' OR sql ~ 'sf_version'}), join("\n", q{SELECT schemaflow.sf_version_make('X', 'public')},
	q{SELECT schemaflow.sf_gate('X')}, 'DROP TRIGGER "~schemaflow_kind" ON public.tags', 'ALTER TABLE public.old_things SET SCHEMA schemaflow_archive',
	'ALTER TABLE schemaflow_archive.old_things RENAME TO old_thingsX', 'ALTER TABLE public.tags RENAME TO labels',
	'ALTER SEQUENCE public.tags_id_seq RENAME TO labels_id_seq', 'ALTER TABLE public.users RENAME COLUMN email TO mail'),
	'names change, and things go, behind the gate');
my $script = value('SELECT sf_script()');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_test()');
is($rc, 0, 'sf_test') or diag($err);
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is(status(), 'ready', 'up to the gate') or diag($err);
is(schemas(), join(' ', sort("version_$v1", "version_$v2")), 'both versions have a schema');
is(shape("version_$v1.users"), $v1_users, 'the old one is as it was');
is(shape("version_$v2.users"), 'id integer, mail text, note text, size integer', 'the new one has the new names');
is(shape("version_$v2.labels"), 'id integer, tag text, kind text', 'of tables, too');
is(value("SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind = 'v' AND relnamespace = 'version_$v2'::regnamespace"),
	'labels new_things users', 'what will go is not in it');
is(shape('users'), 'id integer, email text, note text, size integer', 'underneath nothing has another name');
value("DROP SCHEMA version_$v1 CASCADE");
is(value(qq{SELECT sf_version_schema('$v1')}), "version_$v1", 'made again in the middle');
is(shape("version_$v1.users"), $v1_users, 'the old version does not have what has come since');
is(shape("version_$v1.tags"), 'id integer, tag text', 'columns that have come');
is(value('SELECT count(*) FROM sf_diff() WHERE object ~ \'version_\''), 0, 'a comparison does not see them');

# ---- both at work ----

my $old = "SET search_path = version_$v1, public; ";
my $new = "SET search_path = version_$v2, public; ";
is(value($old . q{INSERT INTO users VALUES (2000, 'old', 'x'); INSERT INTO tags (tag) VALUES ('o') RETURNING id}), 3, 'the old one writes');
is(value($new . q{INSERT INTO users (id, mail) VALUES (2001, 'new') RETURNING size; UPDATE users SET mail = 'seen' WHERE id = 2000;
	SELECT kind FROM labels WHERE tag = 'o'; INSERT INTO labels (tag, kind) VALUES ('n', 'own'); SELECT kind FROM labels WHERE tag = 'n'}),
	"0\nK\nown", 'the new one writes');
is(value($old . q{SELECT email FROM users WHERE id IN (2000, 2001) ORDER BY id}), "seen\nnew", 'each sees the other');
# The signal decides what nothing else does: an explicit NULL.
is(value($new . q{INSERT INTO labels (tag, kind) VALUES ('null', NULL) RETURNING coalesce(kind, 'null')}), 'null',
	'the schema says that it is the new version');
is(value($old . q{INSERT INTO public.tags (tag, kind) VALUES ('null', NULL) RETURNING kind}), 'K', 'or the old one');
is(value("$old SET schemaflow.version = '$v2'; INSERT INTO public.tags (tag, kind) VALUES ('s', NULL) RETURNING coalesce(kind, 'null')"),
	'null', 'the setting comes first');
value("DROP SCHEMA version_$v2 CASCADE");
is(value(q{SELECT sf_version_schema('head', name => '02-Mixed, x')}), '02-Mixed, x', 'a name that needs quotes');
for my $path ('"02-Mixed, x", public', 'public, "02-Mixed, x"', qq{nowhere,"02-Mixed, x",version_$v1})
{
	is(value(qq{SET search_path = $path; INSERT INTO public.tags (tag, kind) VALUES ('p', NULL) RETURNING coalesce(kind, 'null')}), 'null',
		"search_path = $path");
}
is(value(qq{SET search_path = "02-Mixed, x"; INSERT INTO public.tags (tag, kind) VALUES ('p', NULL); SET search_path = public;
	INSERT INTO public.tags (tag, kind) VALUES ('p', NULL) RETURNING kind}), 'K', 'another path in the same session');

# ---- who is who ----

value(qq{ALTER ROLE app_v1 SET search_path = version_$v1, public;
	ALTER ROLE app_v2 IN DATABASE $db SET search_path = "02-Mixed, x", public});
my $by_role = $node->background_psql($db, extra_params => [ '-U', 'app_v1' ]);
my $new_role = $node->background_psql($db, extra_params => [ '-U', 'app_v2' ]);
my $by_path = $node->background_psql($db);
$by_path->query_safe(qq{SET application_name = 'shop'; $old INSERT INTO tags (tag) VALUES ('w')});
is(value(q{SELECT string_agg(version || ' by ' || said_by || CASE WHEN since > now() - interval '1 h' THEN '' ELSE '?' END, ', '
	ORDER BY said_by, version COLLATE "C") FROM sf_sessions}), join(', ', (sort("$v1 by role", "$v2 by role")), "$v1 by session"), 'sf_sessions');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_contract()');
like($err, qr/55006: sessions of another version.*process \d+ of app_v1 .*version $v1.*of \w+ \(shop\), version $v1, since/s, 'the gate names them');
unlike($err, qr/app_v2/, 'those of the new version are none of them');
$by_path->quit;
$by_role->quit;
my $waits = $node->background_psql($db);
$waits->query_safe(qq{SELECT sf_use('$v1')});
($rc, $out, $err) = sf_try($node, $db, q{SET schemaflow.gate_wait = '300 ms'; CALL sf_contract()});
like($err, qr/the gate waits: sessions.*55006/s, 'it waits for them as long as it is told to');
$waits->quit;
my $silent = $node->background_psql($db);
$silent->query_safe('SELECT 1');
($rc, $out, $err) = sf_try($node, $db, q{SET schemaflow.gate = 'all'; CALL sf_contract()});
like($err, qr/55006.*which does not say its version/s, 'sessions that say nothing count when they are to');
unlike($err, qr/;/, 'but the caller does not');
$silent->quit;
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_abort()');
like($err, qr/55006: sessions of another version.*of app_v2 .*version $v2.*CALL sf_abort\(force => true\)/s, 'sf_abort() asks for the new version');
is(status(), 'ready', 'and nothing has changed');

# ---- contract, while prepared statements of the new version are at work ----

my $bench = PostgreSQL::Test::Utils::tempdir() . '/new.sql';
PostgreSQL::Test::Utils::append_to_file($bench, qq{\\set n random(1, 1000)
SELECT * FROM "02-Mixed, x".users WHERE id = :n;
UPDATE "02-Mixed, x".users SET mail = 'b' || :n WHERE id = :n;
INSERT INTO "02-Mixed, x".labels (tag) VALUES ('b') RETURNING *;
});
my $pgbench = IPC::Run::start([ 'pgbench', '-n', '-M', 'prepared', '-c', '8', '-T', '600', '-f', $bench,
	$node->connstr($db) . ' application_name=load' ],
	'>', \my $bench_out, '2>', \my $bench_err, IPC::Run::timeout(300));
$node->poll_query_until($db, q{SELECT count(*) > 7 FROM pg_stat_activity WHERE application_name = 'load'});
$node->safe_psql('postgres', 'SELECT pg_sleep(1)');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_contract()');
is($rc, 0, 'contract under load') or diag($err);
is(value(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'load'}), 8, 'while all of them are connected');
$pgbench->signal('TERM');
$pgbench->finish;
unlike($bench_err, qr/ERROR|abort/, 'none of 8 prepared clients died') or diag($bench_err);
is(schemas(), '02-Mixed, x', 'the schema of the old version has gone in the contract');
is(shape('users'), 'id integer, mail text, note text, size integer', 'the names have changed');
is(value(q{SELECT count(*) FROM sf_diff()}), 0, 'the schema is that of the model');
is(value(q{SELECT count(*) FROM "02-Mixed, x".users WHERE mail LIKE 'b%'}) > 0, 1, 'what was written is there');
($rc, $out, $err) = sf_try($node, $db, qq{SELECT sf_use('$v1')});
like($err, qr/55000: version $v1 of the application is over/, 'the fence: a version that is over');
($rc, $out, $err) = sf_try($node, $db, qq{SET schemaflow.fence = 'warn'; SELECT sf_use('$v1')});
like($err, qr/WARNING:  55000: version $v1/, 'warned');
is($rc, 0, 'and no more');
($rc, $out, $err) = sf_try($node, $db, qq{SELECT sf_version_schema('$v1')});
like($err, qr/55000: version $v1 is over/, 'its schema is not made again');
$new_role->quit;

# ---- the way down, and back from the middle ----

($rc, $out, $err) = sf_try($node, $db, q{CALL sf_downgrade(allow => '{data_loss}')});
is(status(), 'ready', 'down to the gate') or diag($err);
is(schemas(), "02-Mixed, x version_$v1", 'both again');
is(shape("version_$v1.users"), $v1_users, 'the old one as it was');
is(value(qq{SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '"02-Mixed, x".users'::regclass AND attnum > 0}),
	'id mail note size', 'the new one, too');
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_contract(allow => '{data_loss}')});
is($rc, 0, 'down') or diag($err);
is(schemas(), "version_$v1", 'one is left');
is(shape('users'), $v1_users =~ s/^//r, 'the first version');

($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is(status(), 'ready', 'up again') or diag($err);
my $newer = $node->background_psql($db);
$newer->query_safe("SELECT sf_use('$v2')");
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_abort('{data_loss}')});
like($err, qr/55006/, 'a session of the new version');
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_abort('{data_loss}', force => true)});
is($rc, 0, 'by force') or diag($err);
$newer->quit;
is(schemas(), "version_$v1", 'the new version is gone');
is(shape("version_$v1.users"), $v1_users, 'the old one as ever');

# ---- by script ----

($rc, $out, $err) = $node->psql($db, $script);
is($rc, 0, 'a script goes the same way when nobody is there') or diag($err);
is(schemas(), "version_$v2", 'and ends the old version');
is(value(q{SELECT count(*) FROM sf_diff()}), 0, 'the schema is that of the model');

$node->stop;
done_testing();
