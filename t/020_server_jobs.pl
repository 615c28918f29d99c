# Jobs of server/: places, rows, errors and notices as they were, statements at top level and in blocks.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use SchemaflowServer;
use Test::More;

my $node = sf_node('main');
my $db = sf_database($node, 'app');
sf_server_functions($node, $db);

sub job { return $node->safe_psql($db, sf_job(@_)) }
sub fails
{
	my ($sql) = @_;
	my ($rc, $out, $err) = sf_try($node, $db, $sql);
	return $rc == 0 ? 'no error' : $err;
}

is(job('sf_job_text', SCRATCH, 'CREATE TABLE t (a int); COMMENT ON TABLE t IS $$x$$'),
	"1|CREATE TABLE\n2|COMMENT", 'a scratch job sends its rows');
is(job('sf_job_text', SCRATCH, 'CREATE TABLE t (a int)'), '1|CREATE TABLE', 'and leaves nothing for the next one');
is($node->safe_psql('postgres', q(SELECT count(*) FROM pg_database WHERE datname LIKE 'schemaflow\_%')),
	'1', 'one kept scratch');
is($node->safe_psql('postgres', q(SELECT datallowconn FROM pg_database WHERE datname LIKE 'schemaflow\_%')),
	'f', 'nobody gets into it');
is($node->safe_psql($db, q(SELECT count(*) FROM pg_class WHERE relname = 't')), '0', 'live is untouched');

is(job('sf_job_text', LIVE, 'CREATE TABLE live_t (a int)'), '1|CREATE TABLE', 'a live job commits');
$node->safe_psql($db, sf_call('sf_job_text', LIVE, 'CREATE INDEX CONCURRENTLY live_i ON live_t (a)'));
is($node->safe_psql($db, q(SELECT indisvalid FROM pg_index WHERE indexrelid = 'live_i'::regclass)), 't', 'CONCURRENTLY works below a procedure');
like(fails(sf_job('sf_job_text', LIVE, 'CREATE INDEX CONCURRENTLY live_2 ON live_t (a)')),
	qr/55P03: .*DETAIL: .*this session/s, 'and a function, which keeps its snapshot, is told so instead of waiting for ever');
is(job('sf_job_text', FRESH, q(CREATE TYPE e AS ENUM ('a'); ALTER TYPE e ADD VALUE 'b'; CREATE TABLE t (x e DEFAULT 'b'))),
	"1|CREATE TYPE\n2|ALTER TYPE\n3|CREATE TABLE", 'a fresh scratch commits between statements');

my $err = fails(sf_job('sf_job_text', SCRATCH, "CREATE TABLE ok ();\nCREATE TABLE t (a no_such_type)"));
like($err, qr/ERROR:  42704: type "no_such_type" does not exist/, 'an error arrives with its SQLSTATE');
like($err, qr/QUERY:  \s*CREATE TABLE t \(a no_such_type\)/, 'with the statement');
$err = fails(sf_job('sf_job_text', SCRATCH, 'DO $$ BEGIN RAISE EXCEPTION USING MESSAGE = \'m\', DETAIL = \'d\', HINT = \'h\', ERRCODE = \'ZZ123\'; END $$'));
like($err, qr/ERROR:  ZZ123: m\n.*DETAIL:  d\n.*HINT:  h\n.*CONTEXT:  PL\/pgSQL function inline_code_block/s, 'and all its parts');
$err = fails(sf_job('sf_job_text', SCRATCH, "CREATE TABLE a ();\nCREATE TABEL b ()"));
like($err, qr/42601: syntax error at or near "TABEL"\n.*LINE 2: CREATE TABEL/, 'a syntax error with its place');
my ($rc, $out, $notice) = $node->psql($db, sf_job('sf_job_text', SCRATCH, 'DO $$ BEGIN RAISE NOTICE \'seen %\', 1; END $$'));
like($notice, qr/NOTICE:  seen 1/, 'a notice arrives');

like(fails(sf_job('sf_job_text', $_, 'CREATE TABLE x (); COMMIT')), qr/0A000: COMMIT is not allowed here/, "COMMIT is refused, place $_")
  for SCRATCH, LIVE;
like(fails(sf_job('sf_job_text', LIVE, 'DO $$ BEGIN CREATE TABLE half (); COMMIT; END $$')),
	qr/2D000: invalid transaction termination/, 'COMMIT in DO fails');
is($node->safe_psql($db, q(SELECT count(*) FROM pg_class WHERE relname = 'half')), '0', 'and nothing of it stays');

is(job('sf_test_try:', SCRATCH, 'CREATE VIEW v AS SELECT * FROM t; CREATE TABLE t (a int); CREATE VIEW v AS SELECT * FROM t'),
	"42P01|relation \"t\" does not exist|32\nok|NULL|\nok|NULL|", 'try returns the error with its position');
is(job('sf_test_try:', FRESH, 'CREATE VIEW v AS SELECT * FROM t; CREATE TABLE t (a int); CREATE VIEW v AS SELECT * FROM t'),
	"42P01|relation \"t\" does not exist|32\nok|NULL|\nok|NULL|", 'the same in transactions of their own');
like(fails(sf_job('sf_test_block:', LIVE, 'CREATE TABLE b1 (); CREATE TABLE b2 (x nix)')), qr/42704/, 'a block fails');
is($node->safe_psql($db, q(SELECT count(*) FROM pg_class WHERE relname IN ('b1', 'b2'))), '0', 'as a whole');
job('sf_test_block:', LIVE, 'CREATE TABLE b1 (); CREATE TABLE b2 ()');
is($node->safe_psql($db, q(SELECT count(*) FROM pg_class WHERE relname IN ('b1', 'b2'))), '2', 'or works as a whole');
is(job('sf_job_text', SCRATCH, 'CREATE TABLE t (a int); CREATE INDEX CONCURRENTLY i ON t (a); DROP INDEX CONCURRENTLY i'),
	"1|CREATE TABLE\n2|CREATE INDEX\n3|DROP INDEX", 'CONCURRENTLY is left out in a scratch');
like(fails(sf_job('no_such_handler', SCRATCH, '')), qr/could not find function "no_such_handler"/, 'an unknown handler');

# 100 small jobs: no checkpoint is asked for, and they are quick.
$node->safe_psql($db, 'CHECKPOINT');
my $requested = $node->safe_psql('postgres', 'SHOW server_version_num') >= 170000
  ? 'SELECT num_requested FROM pg_stat_checkpointer' : 'SELECT checkpoints_req FROM pg_stat_bgwriter';
my $before = $node->safe_psql('postgres', $requested);
my $took = $node->safe_psql($db, q(CREATE TEMP TABLE at AS SELECT clock_timestamp() t;) . "\n"
	  . 'DO $do$ BEGIN FOR i IN 1..100 LOOP PERFORM sf_test_job(\'sf_job_text\', 1, \'CREATE TABLE t (a int primary key)\'); END LOOP; END $do$;'
	  . q(SELECT extract(epoch FROM clock_timestamp() - t) * 10 FROM at));
note("$took ms a job");
is($node->safe_psql('postgres', $requested), $before, '100 jobs request no checkpoint');

# Fresh ones are dropped in batches, and on demand.
job('sf_job_text', FRESH, 'CREATE TABLE t ()') for 1 .. 2;
cmp_ok($node->safe_psql('postgres', q(SELECT count(*) FROM pg_database WHERE datname LIKE 'schemaflow\_fresh%')), '>=', 3, 'fresh ones wait');
like($node->safe_psql($db, 'SELECT sf_test_leftovers()'), qr/schemaflow_fresh_\d+_\d+: It was used once/, 'they are listed');
cmp_ok($node->safe_psql($db, 'SELECT sf_test_drop(true)'), '>=', 4, 'and dropped, with the kept ones');
is($node->safe_psql('postgres', q(SELECT count(*) FROM pg_database WHERE datname LIKE 'schemaflow\_%')), '0', 'none is left');

$node->stop;
done_testing();
