# Going back from the middle of a migration, and what is refused before anything runs.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('back');
my $db = sf_database($node, 'app');
my $facts = q{SELECT md5(string_agg(concat_ws('|', kind, name, attribute, value), '' ORDER BY kind, name, attribute)) FROM sf_facts()};

$node->safe_psql($db, q{CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'a'), (2, NULL);
	SELECT * FROM sf_define('CREATE TABLE teams (id int PRIMARY KEY);
		CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, phone text); CREATE INDEX users_phone ON users (phone)');
	SELECT * FROM sf_plan_migration('more')});
my $start = $node->safe_psql($db, $facts);

# The rows do not fit: found by a proof in a later transaction, when something stands already.
my $unfit = $node->pg_version >= 18 ? '23502: column .* contains null values' : '23514: check constraint .* is violated by some row';
my ($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/$unfit/, 'a row does not fit');
like($err, qr/the schema is as it was/, 'it says that all is as before');
is($node->safe_psql($db, $facts), $start, 'and so it is');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_current()'), 0, 'the journal agrees');
is($node->safe_psql($db, 'SELECT status FROM sf_status'), 'failed', 'the status, too');
$node->safe_psql($db, q{UPDATE users SET name = 'b' WHERE name IS NULL});

# Half-way up, and back.
($rc, undef, $err) = sf_try($node, $db, q{CALL sf_upgrade(through => 'expand')});
is($rc, 0, 'half-way up') or diag($err);
isnt($node->safe_psql($db, $facts), $start, 'something is done');
like($node->safe_psql($db, 'SELECT state FROM sf_history()'), qr/^partly up/, 'the journal says so');
($rc, undef, $err) = sf_try($node, $db, q{CALL sf_downgrade('base')});
like($err, qr/55000: revision .* is partly up.*sf_upgrade.*sf_abort/s, 'it cannot turn round by a downgrade');
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_abort()');
like($err, qr/55000: 1 step loses data.*table public\.teams.*CALL sf_abort\('\{data_loss\}'\)/s, 'what would be lost is named');
# Stopped on its way back.
($rc, undef, $err) = sf_try($node, $db, q{SET schemaflow.lock_deadline = 100; BEGIN; LOCK TABLE users; CALL sf_abort('{data_loss}')});
like($err, qr/25001: sf_abort cannot run inside a transaction block/, 'not in a transaction block');
my $holder = $node->background_psql($db);
$holder->query_safe('BEGIN; SELECT count(*) FROM users');
($rc, undef, $err) = sf_try($node, $db, q{SET schemaflow.lock_deadline = 100; CALL sf_abort('{data_loss}')});
like($err, qr/55P03/, 'stopped on its way back');
$holder->quit;
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/55000: revision .* is half undone.*CALL sf_abort\(\)/s, 'then it can only be undone');
($rc, undef, $err) = sf_try($node, $db, q{CALL sf_abort('{data_loss}')});
is($rc, 0, 'sf_abort goes on') or diag($err);
is($node->safe_psql($db, $facts), $start, 'the schema is as it was');
is($node->safe_psql($db, q{SELECT string_agg(state, ',') FROM sf_history()}), 'planned', 'as if never begun');
is($node->safe_psql($db, 'SELECT status FROM sf_status'), 'aborted', 'status: aborted');
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_abort()');
like($err, qr/nothing to undo/, 'nothing is half done any more');

# Whole, and half-way down.
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'up from there') or diag($err);
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_downgrade()');
like($err, qr/55000: 2 steps lose data that cannot come back; nothing was run/, 'losses on the way down are refused');
($rc, undef, $err) = sf_try($node, $db, q{CALL sf_downgrade(allow => '{table public.teams}')});
like($err, qr/55000: 1 step loses data.*column public\.users\.phone/s, 'allowed one by one');
like($err, qr/^(?!.*table public\.teams)/s, 'what is allowed is not named');
$node->safe_psql($db, 'CREATE TABLE stray (id int)');
($rc, undef, $err) = sf_try($node, $db, q{CALL sf_downgrade('base', allow => '{data_loss}')});
like($err, qr/55000: the schema is not the one .*table public\.stray is there and should not be.*HINT: .*sf_drift\(\)/s, 'another schema than planned from');
$node->safe_psql($db, 'DROP TABLE stray');
($rc, undef, $err) = sf_try($node, $db, q{CALL sf_downgrade("to" => 'base', allow => '{data_loss}')});
is($rc, 0, 'down') or diag($err);
is($node->safe_psql($db, $facts), $start, 'to the start');

# Tried in a scratch, from either end.
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_test()');
is($rc, 0, 'sf_test() from the start') or diag($err);
is(join(' ', $err =~ /INFO:.*?: (.*?): the schema is the expected one/g), 'the start up down up', 'up, down and up');
is($node->safe_psql($db, $facts), $start, 'nothing is done here');
$node->safe_psql($db, 'CALL sf_upgrade()');
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_test()');
is(join(' ', $err =~ /INFO:.*?: (.*?): the schema is the expected one/g), 'the start down up down', 'from the end: down, up and down');
$node->safe_psql($db, q{CALL sf_downgrade('base', allow => '{data_loss}')});
$node->safe_psql($db, 'CREATE TABLE stray (id int)');
($rc, undef, $err) = sf_try($node, $db, 'CALL sf_test()');
like($err, qr/55000: the live schema is at neither end of revision .*table public\.stray/s, 'from nowhere');
$node->safe_psql($db, 'DROP TABLE stray');

# Who may not.
$node->safe_psql($db, q{CREATE ROLE stranger LOGIN; GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO stranger});
($rc, undef, $err) = sf_try($node, $db, q{SET SESSION AUTHORIZATION stranger; CALL sf_upgrade()});
like($err, qr/42501: .*member of role/, "another's migration");
# Where it cannot commit.
$node->safe_psql($db, q{CREATE FUNCTION in_function() RETURNS void LANGUAGE plpgsql AS 'BEGIN CALL sf_upgrade(); END';
	CREATE PROCEDURE with_set() LANGUAGE plpgsql SET search_path = public AS 'BEGIN CALL sf_upgrade(); END'});
($rc, undef, $err) = sf_try($node, $db, 'SELECT in_function()');
like($err, qr/2D000: sf_upgrade cannot run inside a function/, 'in a function');
($rc, undef, $err) = sf_try($node, $db, 'CALL with_set()');
like($err, qr/2D000: sf_upgrade cannot run inside a procedure with SET/, 'in a procedure with SET');
($rc, undef, $err) = sf_try($node, $db, 'DO $$ BEGIN CALL sf_upgrade(); EXCEPTION WHEN division_by_zero THEN NULL; END $$');
like($err, qr/2D000: sf_upgrade cannot run inside a subtransaction/, 'in a subtransaction');
$node->safe_psql($db, 'DROP FUNCTION in_function(); DROP PROCEDURE with_set()');
is($node->safe_psql($db, $facts), $start, 'none of these did anything');
# By a member of a NOLOGIN group that owns all of it, under settings that would stop it.
my $theirs = sf_database($node, 'theirs');
$node->safe_psql($theirs, q{CREATE ROLE team NOLOGIN; CREATE ROLE alice LOGIN; GRANT team TO alice;
	ALTER ROLE alice SET default_transaction_read_only = on; ALTER ROLE alice SET lock_timeout = 1;
	GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO team; GRANT CREATE ON DATABASE theirs TO team;
	CREATE TABLE strange (id int PRIMARY KEY)});
my $as_team = 'SET default_transaction_read_only = off; SET ROLE team;';
($rc, undef, $err) = sf_try($node, $theirs, "$as_team CREATE SCHEMA theirs; CREATE TABLE theirs.t (id int PRIMARY KEY);
	SELECT * FROM sf_define('CREATE SCHEMA theirs; CREATE TABLE theirs.t (id int PRIMARY KEY, n int); CREATE INDEX t_n ON theirs.t (n);
		CREATE TABLE strange (id int PRIMARY KEY)');
	SELECT * FROM sf_plan_migration('theirs');", extra_params => [ '-U', 'alice' ]);
is($rc, 0, 'planned by a member') or diag($err);
# The model says that all is theirs, and one table is not: the last step must fail.
($rc, undef, $err) = sf_try($node, $theirs, "$as_team CALL sf_upgrade()", extra_params => [ '-U', 'alice' ]);
like($err, qr/42501: .*strange.*the schema is as it was/s, 'a step without the right to it: all is undone');
$node->safe_psql($theirs, 'ALTER TABLE strange OWNER TO team');
($rc, undef, $err) = sf_try($node, $theirs, "$as_team SELECT * FROM sf_plan_migration('theirs')", extra_params => [ '-U', 'alice' ]);
is($rc, 0, 'planned again') or diag($err);
for my $call ('CALL sf_upgrade()', 'CALL sf_test()', q{CALL sf_downgrade('base', allow => '{data_loss}')})
{
	($rc, undef, $err) = sf_try($node, $theirs, "$as_team $call", extra_params => [ '-U', 'alice' ]);
	is($rc, 0, "$call by a member") or diag($err);
}

# An index that loses a column is made before that column goes: when its rows do not fit, nothing is lost.  What was computed is none.
my $fewer = sf_database($node, 'fewer');
$node->safe_psql($fewer, q{CREATE TABLE tokens (id int, app int, name text, lower text GENERATED ALWAYS AS (lower(name)) STORED);
	CREATE UNIQUE INDEX tokens_name ON tokens (app, name); CREATE INDEX tokens_lower ON tokens (lower, id);
	INSERT INTO tokens VALUES (1, 1, 'a'), (2, 2, 'a'); SET schemaflow.archive = never;
	SELECT * FROM sf_define('CREATE TABLE tokens (id int, name text); CREATE UNIQUE INDEX tokens_name ON tokens (name); CREATE INDEX tokens_lower ON tokens (id)');
	SELECT * FROM sf_plan_migration('fewer columns')});
is($node->safe_psql($fewer, 'SELECT object FROM sf_steps() WHERE loses_data'), 'column public.tokens.app', 'one column loses data');
($rc, undef, $err) = sf_try($node, $fewer, q{CALL sf_upgrade(allow => '{data_loss}')});
like($err, qr/23505: could not create unique index .*the schema is as it was/s, 'an index of fewer columns finds the same twice');
is($node->safe_psql($fewer, 'SELECT string_agg(app || lower, $$ $$ ORDER BY app) FROM tokens'), '1a 2a', 'all is there');
$node->safe_psql($fewer, q{DELETE FROM tokens WHERE id = 2; CALL sf_upgrade(allow => '{data_loss}'); CALL sf_downgrade()});
is($node->safe_psql($fewer, 'SELECT id, app, name, lower FROM tokens'), '1||a|a', 'what was computed is computed again');

# A transaction belongs to the latest phase of its steps, as "through" has it: here the name of the index is free when the table goes.
like($node->safe_psql($fewer, q{SELECT sf_define('CREATE TABLE tickets (id int); CREATE INDEX tokens_lower ON tickets (id)'); SELECT sf_plan_migration('one for the other')}),
	qr/^-- 1 contract\n  CREATE TABLE public\.tickets .*  ALTER TABLE public\.tokens SET SCHEMA .*  CREATE INDEX tokens_lower /ms, 'shown as one that drops');
like($node->safe_psql($fewer, q{SELECT sf_script()}), qr/^-- 1: contract$/m, 'by the script, too');
$node->stop;
done_testing();
