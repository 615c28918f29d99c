# Two versions of an application at once: the trigger, sessions that say who they are, the gate, force, scripts, abort.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('online');
my $db = sf_database($node, 'app');
$node->safe_psql($db, "ALTER DATABASE $db SET schemaflow.online_rows = 100");
$node->safe_psql($db, q{CREATE TABLE users (id int PRIMARY KEY, email text);
	INSERT INTO users SELECT n, 'U' || n FROM generate_series(1, 1000) n; ANALYZE users;
	SELECT count(*) FROM sf_define('CREATE TABLE users (id int PRIMARY KEY, email text,
		login text NOT NULL -- @up lower(email)
		)'); SELECT count(*) FROM sf_plan_migration('login')});
my $revision = $node->safe_psql($db, 'SELECT revision FROM sf_history()');

sub status
{
	return $node->safe_psql($db, 'SELECT status FROM sf_status');
}

# ---- up to the gate ----

my ($rc, $out, $err) = sf_try($node, $db, 'CALL sf_contract()');
like($err, qr/55000: no migration waits at a gate\n.*HINT:  CALL sf_upgrade\(\)/s, 'nothing waits yet');
($rc, $out, $err) = sf_try($node, $db, "CALL sf_contract('$revision')");
like($err, qr/55000: revision "$revision" does not wait at a gate/, 'nor does this one');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'up') or diag($err);
like($err, qr/ready: both versions .* CALL sf_contract\('$revision'\) goes on/, 'it says what comes next');
is(status(), 'ready', 'ready');
$node->safe_psql($db, q{INSERT INTO users VALUES (1001, 'OLD'); UPDATE users SET email = 'New' WHERE id = 1});
is($node->safe_psql($db, 'SELECT string_agg(login, \',\' ORDER BY id) FROM users WHERE id IN (1, 2, 1001)'), 'new,u2,old',
	'what the old version writes is right for the new one');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is(status(), 'ready', 'the same call stays there');
is($node->safe_psql($db, q{SELECT format('%s %s %s', s.revision, s.direction, t.sql) FROM sf_status s JOIN sf_steps() t ON t.n = s.step}),
	"$revision up SELECT schemaflow.sf_gate('$revision')", 'at the gate, though it has done nothing else');

# ---- who is who ----

($rc, $out, $err) = sf_try($node, $db, q{SELECT sf_use('v2')});
like($err, qr/22023: invalid value for parameter "schemaflow.version"/, 'a version is a revision');
my $old = $node->background_psql($db);
$old->query_safe(q{SET application_name = 'shop'; SELECT sf_use('base')});
my $new = $node->background_psql($db);
$new->query_safe(qq{SET schemaflow.version = '$revision'; UPDATE users SET login = 'x' WHERE id = 3});
$node->safe_psql($db, qq{CREATE ROLE app_v1 LOGIN; ALTER ROLE app_v1 SET schemaflow.version = 'base'});
my $by_role = $node->background_psql($db, extra_params => [ '-U', 'app_v1' ]);
is($node->safe_psql($db, q{SELECT string_agg(version || ' by ' || said_by, ', ' ORDER BY version COLLATE "C", said_by) FROM sf_sessions}),
	join(', ', sort('base by role', 'base by session', "$revision by session")), 'sf_sessions');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_contract()');
like($err, qr/55006: sessions of another version of the application are connected\n.*process \d+ of \w+ \(shop\), version base, since [\d :-]+;.*force => true/s,
	'the gate names who is left');
like($node->safe_psql($db, 'SELECT state FROM sf_history()'), qr/^partly up/, 'nothing has changed');
ok($node->safe_psql($db, q{SELECT count(*) FROM pg_trigger WHERE tgname = '~schemaflow_login'}), 'the trigger is there still');
$old->quit;
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_contract()');
like($err, qr/55006/, 'a session by its role counts, too');
$by_role->quit;
($rc, $out, $err) = sf_try($node, $db, "CALL sf_contract('$revision')");
is($rc, 0, 'they are gone: it goes on') or diag($err);
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'the schema is that of the model');
is($node->safe_psql($db, q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~schemaflow%'}), 0, 'the trigger is gone');
$new->quit;

# ---- by force; by script; and back from the gate ----

sub plan_next
{
	my ($column) = @_;
	my $more = $node->safe_psql($db, q{SELECT string_agg(', ' || attname || ' text', '' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = 'users'::regclass AND attnum > 3 AND NOT attisdropped}) || '';
	$node->safe_psql($db, "SELECT count(*) FROM sf_define('CREATE TABLE users (id int PRIMARY KEY, email text, login text NOT NULL$more,
		$column text -- \@up upper(email)
		)'); SELECT count(*) FROM sf_plan_migration('$column')");
	return;
}

plan_next('forced');
sf_try($node, $db, 'CALL sf_upgrade()');
$old = $node->background_psql($db);
$old->query_safe(qq{SELECT sf_use('$revision')});
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_contract(force => true)');
is($rc, 0, 'by force') or diag($err);
like($err, qr/the gate is passed by force/, 'it says so');

plan_next('scripted');
my $script = $node->safe_psql($db, 'SELECT sf_script()');
($rc, $out, $err) = $node->psql($db, $script);
like($err, qr/sessions of another version/, 'a script stops at the gate');
$old->quit;
($rc, $out, $err) = $node->psql($db, $script);
is($rc, 0, 'and goes on') or diag($err);
is($node->safe_psql($db, 'SELECT count(*) FROM users WHERE scripted IS DISTINCT FROM upper(email)'), 0, 'every row is filled');

plan_next('aborted');
sf_try($node, $db, 'CALL sf_upgrade()');
is(status(), 'ready', 'ready once more');
($rc, $out, $err) = sf_try($node, $db, q{CALL sf_abort('{data_loss}')});
is($rc, 0, 'aborted from there') or diag($err);
is($node->safe_psql($db, q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~schemaflow%'}), 0, 'the trigger goes');
is($node->safe_psql($db, q{SELECT count(*) FROM pg_attribute WHERE attname = 'aborted' AND NOT attisdropped}), 0, 'and the column');

# A script runs in another database, too, that has the extension in a schema of its own.
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_test()');
is($rc, 0, 'sf_test goes through the gate in its scratch') or diag($err);

$node->stop;
done_testing();
