# Subscriptions, and secrets: passwords and connection strings reach the catalogs, and nothing that people read.
use strict;
use warnings;
use SchemaflowTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = sf_node('main', conf => [ "log_statement = 'all'", "log_min_messages = info" ]);
my $db = sf_database($node, 'app');

sub query { return $node->safe_psql($_[1] // $db, "SET client_min_messages = error; SET schemaflow.manage = 'all'; $_[0]") }

# What the log may not show: the caller's own statements do, as any SQL.
sub define
{
	my ($ddl, $where) = @_;
	return query("SET log_statement = 'none'; SELECT change, kind, object FROM sf_define(\$model\$$ddl\$model\$, true)", $where);
}

# Plans and runs by the server, up to the second argument times down and up again; returns the steps.
sub migrate
{
	my ($message, $again) = @_;
	query("SELECT count(*) FROM sf_plan_migration('$message', true)");
	my $steps = query("SELECT sql FROM sf_steps() ORDER BY n");
	query('CALL sf_upgrade()');
	is(query('SELECT * FROM sf_diff()'), '', "$message: nothing is left");
	if ($again)
	{
		query('CALL sf_downgrade()');
		query('CALL sf_upgrade()');
		is(query('SELECT * FROM sf_diff()'), '', "$message: nor after going back and forth");
	}
	$steps =~ s/<secret:[0-9a-f]{16}>/<...>/g;
	return $steps;
}

my $subscriptions = q{SELECT subname, subenabled, subconninfo, subslotname, subsynccommit, subpublications, subbinary FROM pg_subscription
	WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1};

# ---- subscriptions: nothing connects ----

define(q{
	CREATE SUBSCRIPTION sub CONNECTION 'host=/nowhere dbname=x password=hush-1' PUBLICATION p, "P 2" WITH (binary, streaming = off, synchronous_commit = local);
	CREATE SUBSCRIPTION bare CONNECTION 'postgresql://hush-2@/x?host=/nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE, streaming = off);
	ALTER SUBSCRIPTION bare SET PUBLICATION q;
	ALTER SUBSCRIPTION sub ENABLE;
	COMMENT ON SUBSCRIPTION sub IS 'from elsewhere'});
is(migrate('subscribe', 1), q{CREATE SUBSCRIPTION bare CONNECTION 'password=<...>' PUBLICATION q WITH (connect = false, slot_name = NONE, streaming = off)
CREATE SUBSCRIPTION sub CONNECTION 'password=<...>' PUBLICATION "P 2", p WITH (connect = false, slot_name = 'sub', binary = true, streaming = off, synchronous_commit = local)
COMMENT ON SUBSCRIPTION sub IS 'from elsewhere'}, 'made unconnected');
is(query($subscriptions), q{bare|f|postgresql://hush-2@/x?host=/nowhere||off|{q}|f
sub|f|host=/nowhere dbname=x password=hush-1|sub|local|{"P 2",p}|t}, 'as the model says, and disabled');
query('ALTER SUBSCRIPTION sub ENABLE');
is(query('SELECT * FROM sf_diff()'), '', 'whether it runs is not the schema\'s affair');

my @alter = (q{
	CREATE SUBSCRIPTION sub CONNECTION 'host=/nowhere dbname=y' PUBLICATION p3
		WITH (slot_name = 'other', streaming, disable_on_error, synchronous_commit = off);
	CREATE SUBSCRIPTION bare CONNECTION 'postgresql://hush-2@/x?host=/nowhere' PUBLICATION q WITH (slot_name = now, streaming = off)},
	q{ALTER SUBSCRIPTION bare SET (slot_name = 'now')
ALTER SUBSCRIPTION sub CONNECTION 'password=<...>'
ALTER SUBSCRIPTION sub SET PUBLICATION p3 WITH (refresh = false)
ALTER SUBSCRIPTION sub SET (slot_name = 'other', binary = false, streaming = on, synchronous_commit = off, disable_on_error = true)
COMMENT ON SUBSCRIPTION sub IS NULL});
define($alter[0]);
is(migrate('alter', 1), $alter[1], 'each attribute is altered in place');

define(q{
	CREATE SUBSCRIPTION sub CONNECTION 'host=/nowhere dbname=y' PUBLICATION p3
		WITH (slot_name = 'other', streaming, disable_on_error, synchronous_commit = off, two_phase);
	-- @renamed from=bare
	CREATE SUBSCRIPTION worn CONNECTION 'postgresql://hush-2@/x?host=/nowhere' PUBLICATION q WITH (slot_name = now, streaming = off)});
like(migrate('replace and rename', 1), qr/DROP SUBSCRIPTION sub\n.*CREATE SUBSCRIPTION sub .*two_phase = true\)\nALTER SUBSCRIPTION sub ENABLE/s,
	'two_phase replaces; it goes on as it did');
is(query('SELECT string_agg(subname || subenabled, \',\' ORDER BY subname) FROM pg_subscription'), 'subtrue,wornfalse', 'renamed, and enabled as before');

define('CREATE SCHEMA left_over');
is(migrate('unsubscribe'), q{CREATE SCHEMA left_over
ALTER SUBSCRIPTION sub DISABLE
ALTER SUBSCRIPTION sub SET (slot_name = NONE)
DROP SUBSCRIPTION sub
ALTER SUBSCRIPTION worn DISABLE
ALTER SUBSCRIPTION worn SET (slot_name = NONE)
DROP SUBSCRIPTION worn}, 'dropped without the publisher');
is(query($subscriptions), '', 'gone');
for my $statement ('REFRESH PUBLICATION', 'SET (two_phase = true)')
{
	my (undef, undef, $err) = sf_try($node, $db, "SELECT * FROM sf_define('CREATE SUBSCRIPTION s CONNECTION ''host=/nowhere'' PUBLICATION p; ALTER SUBSCRIPTION s $statement', true)");
	like($err, qr/0A000: ALTER SUBSCRIPTION is not allowed.*DETAIL:  It would connect to the publisher/s, "$statement is refused");
}

# Shared by all databases of the server: another's is none of ours.
my $other = sf_database($node, 'other');
query("CREATE SUBSCRIPTION theirs CONNECTION 'host=/nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)", $other);
unlike(query('SELECT string_agg(name, \' \') FROM sf_facts()'), qr/theirs/, 'a subscription of another database is not seen');
query('DROP SUBSCRIPTION theirs', $other);

# ---- options ----

my $model = q{
	CREATE FOREIGN DATA WRAPPER w;
	CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'h', api_key 'hush-3');
	CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS ("user" 'u', password E'hush-4\'s', password_required 'true');
	CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (password $$hush-4$$);
	CREATE SUBSCRIPTION sub CONNECTION 'host=/nowhere password=hush-5' PUBLICATION p};
my $where = q{SELECT umoptions FROM pg_user_mappings UNION ALL SELECT srvoptions FROM pg_foreign_server ORDER BY 1};
define($model);
like(query('SELECT sf_plan_migration(\'secrets\')'), qr/OPTIONS \(password\s+'<secret:[0-9a-f]{16}>',\s+password_required\s+'true',\s+"user"\s+'u'\)/,
	'a plan shows tokens, and what is no secret');
query('CALL sf_upgrade()');
is(query('SELECT * FROM sf_diff()'), '', 'nothing is left');
is(query($where), "{api_key=hush-3,host=h}\n{password=hush-4}\n{password=hush-4's,password_required=true,user=u}", 'the catalogs have the secrets');
is(define($model), '', 'recording the same again changes nothing');
is(query('SELECT * FROM sf_define((SELECT sf_model_ddl()))'), '', 'nor does what is printed');
query('CALL sf_test()');
define($model =~ s/hush-4\\'s/hush-6/r);
is(migrate('a new password', 1), q{ALTER USER MAPPING FOR PUBLIC SERVER s OPTIONS (SET password '<...>')}, 'a secret that changes is set');
like(query($where), qr/hush-6/, 'to the new one');
query('CALL sf_downgrade()');
like(query($where), qr/hush-4's/, 'and down to the old one, which nobody has written down');

# By script, here and in a database that is its copy but for the passwords.
my $script = query("SELECT sf_script()");
my $file = query('SELECT sf_export()');
like($script, qr/^-- ALTER USER MAPPING.*\nSELECT .*sf_run_step/m, 'a script leaves the secret to the server');
$node->safe_psql($db, $script);
is(query('SELECT * FROM sf_diff()'), '', 'it runs');
query("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (api_key 'another', host 'h');
	CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'another', password_required 'true', \"user\" 'u');
	CREATE USER MAPPING FOR postgres SERVER s OPTIONS (password 'another'); CREATE SCHEMA left_over;
	CREATE SUBSCRIPTION sub CONNECTION 'host=/nowhere password=another' PUBLICATION p WITH (connect = false)", $other);
query('DROP SCHEMA left_over', $other);
my ($rc, $out, $err) = sf_try($node, $other, $script);
like($err, qr/55000: the secret <secret:\w+> is not known here.*DETAIL:  Secrets do not travel.*user mapping:s.public password.*HINT:  Record the model/s,
	'the other starts from the same schema, and has no such password');
define($model =~ s/hush-\d/another-one/gr, $other);
query($script, $other);
like(query($where, $other), qr/password=another-one's,/, 'its own is used there');
like(query($where, $other), qr/\{password=another\}/, 'and others are left as they are');

# ---- who can see them ----

query("CREATE ROLE reader; GRANT USAGE ON SCHEMA schemaflow TO reader");
for my $table (qw(secret secret_key))
{
	($rc, $out, $err) = sf_try($node, $db, "SET ROLE reader; SELECT * FROM schemaflow.$table");
	like($err, qr/42501: permission denied/, "$table is nobody's to read");
}
($rc, $out, $err) = sf_try($node, $db, "SET ROLE reader; SELECT value FROM sf_facts() WHERE kind = 'subscription' AND attribute = 'connection'");
like($out, qr/^CONNECTION 'password=<secret:\w+>'$/, 'who may not read a subscription compares it nevertheless');
query('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO reader');
($rc, $out, $err) = sf_try($node, $db, "SET ROLE reader; SELECT sf_run_step('head', 1)");
like($err, qr/42501: must be a member of role "postgres".*DETAIL.*HINT/s, 'a step with a secret is for members of its owner');
($rc, $out, $err) = sf_try($node, $db, "SELECT sf_run_step('head', 2)");
like($err, qr/22023: revision .* has no step 2 with a secret in it/, 'and there has to be one');

# A token in another place stands for nothing there.
my $token = query(q{SELECT substring(sf_model_ddl('s') FROM '<secret:\w+>')});
my ($connection) = query('SELECT sf_model_ddl()') =~ /CONNECTION 'password=(<secret:\w+>)'/;
query("SELECT * FROM sf_define('CREATE FOREIGN DATA WRAPPER w; CREATE SERVER mine FOREIGN DATA WRAPPER w OPTIONS (token ''$connection'')', true)");
query("SELECT count(*) FROM sf_plan_migration('steal', true)");
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/55000: the secret $connection is not known here.*server:mine token/s, 'a token that is carried elsewhere is worth nothing');

# What a DO block hides is found in the catalogs, too; that the text shows it, is said.
($rc, $out, $err) = sf_try($node, $other, q{SET log_statement = 'none'; SELECT * FROM sf_define('d', 'DO $$ BEGIN EXECUTE
	''CREATE FOREIGN DATA WRAPPER w2; CREATE SERVER s2 FOREIGN DATA WRAPPER w2 OPTIONS (token ''''seen'''')''; END $$')});
like($err, qr/WARNING:  .*the text of unit "d" shows a secret.*DETAIL.*server:s2 token.*HINT/s, 'a secret in a DO block is warned of');
like(query("SELECT sf_model_ddl('s2')", $other), qr/token '<secret:/, 'and hidden elsewhere');

# Everything that is dumped, and everything that is logged.
my ($dump) = run_command([ 'pg_dump', '-d', $node->connstr($db), '--inserts', '-t', 'schemaflow.*' ]);
my $all = $dump . query("SELECT * FROM schemaflow.unit, schemaflow.declaration") . query('SELECT * FROM schemaflow.step') . $file
	. $script . query('SELECT * FROM sf_status');
unlike($all, qr/hush/, 'no secret in our tables, a dump, a file or a script');
my $log = slurp_file($node->logfile);
$log =~ s/.*(?:STATEMENT|statement):.*(?:sf_define|safe_psql)(?:\n\t.*)*//g;
unlike($log, qr/hush/, 'nor in the log');
like($log, qr/ALTER USER MAPPING FOR PUBLIC.*<secret:/, 'which has the statements') or diag('log_statement');

done_testing();
