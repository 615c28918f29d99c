# What hangs on objects: security labels, grantor chains, what was changed on members of extensions; and what the
# cluster has to have before anything runs.
use strict;
use warnings;
use SchemaflowTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
system("cp '$ENV{SF_ROOT}'/test/modules/sf_test_label/* '$dir'") == 0 or die 'cannot copy the test module';
system("make -s -C '$dir' PG_CONFIG='$pg_config' >'$dir/log' 2>&1") == 0 or die 'cannot build the test module: ' . slurp_file("$dir/log");
my $node = sf_node('main', conf => [ "shared_preload_libraries = '$dir/sf_test_label'" ]);
my $db = sf_database($node, 'app');

sub query { return $node->safe_psql($db, "SET client_min_messages = error; SET schemaflow.manage = 'all'; $_[0]") }

# Records the model, goes there, back and there again; returns the steps up.
sub becomes
{
	my ($name, $model) = @_;
	my $before = query('SELECT count(*) FROM sf_history()');
	query("SELECT * FROM sf_define(\$model\$$model\$model\$, true)");
	query("SELECT count(*) FROM sf_plan_migration('$name', true)");
	return 'nothing to do' if query('SELECT count(*) FROM sf_history()') eq $before;
	my $steps = query('SELECT sql FROM sf_steps() ORDER BY n');
	query("CALL sf_upgrade(allow => '{data_loss}')");
	is(query('SELECT * FROM sf_diff()'), '', "$name: up");
	query("CALL sf_downgrade(allow => '{data_loss}')");
	query("CALL sf_upgrade(allow => '{data_loss}')");
	is(query('SELECT * FROM sf_diff()'), '', "$name: down and up");
	return $steps;
}

# The statements about privileges and labels, in order of their text.
sub said { return join("\n", sort grep { /^(?:SECURITY|GRANT|REVOKE)/ } split /\n/, $_[0]) }

query('CREATE ROLE alice; CREATE ROLE bob; CREATE ROLE carol; CREATE ROLE "D d"');

# ---- security labels ----

my $objects = q{
	CREATE SCHEMA s; CREATE TABLE s.t (a int, "B b" int); CREATE VIEW s.v AS SELECT a FROM s.t; CREATE SEQUENCE s.q;
	CREATE FUNCTION s.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE s.e AS ENUM ('x'); CREATE DOMAIN s.d AS int;
	CREATE PUBLICATION p; };
is(said(becomes('labels', $objects . q{
	SECURITY LABEL FOR dummy ON TABLE s.t IS 'secret'; SECURITY LABEL FOR "Other" ON TABLE s.t IS 'it''s';
	SECURITY LABEL FOR dummy ON COLUMN s.t."B b" IS 'c'; SECURITY LABEL FOR dummy ON SCHEMA s IS 's';
	SECURITY LABEL FOR dummy ON FUNCTION s.f(int) IS 'f'; SECURITY LABEL FOR dummy ON VIEW s.v IS 'v'; SECURITY LABEL FOR dummy ON SEQUENCE s.q IS 'q';
	SECURITY LABEL FOR dummy ON TYPE s.e IS 'e'; SECURITY LABEL FOR dummy ON DOMAIN s.d IS 'd'; SECURITY LABEL FOR dummy ON PUBLICATION p IS 'p'})), said(q{SECURITY LABEL FOR dummy ON COLUMN s.t."B b" IS 'c'
SECURITY LABEL FOR dummy ON DOMAIN s.d IS 'd'
SECURITY LABEL FOR dummy ON TYPE s.e IS 'e'
SECURITY LABEL FOR dummy ON FUNCTION s.f(integer) IS 'f'
SECURITY LABEL FOR dummy ON PUBLICATION p IS 'p'
SECURITY LABEL FOR dummy ON SCHEMA s IS 's'
SECURITY LABEL FOR dummy ON SEQUENCE s.q IS 'q'
SECURITY LABEL FOR "Other" ON TABLE s.t IS 'it''s'
SECURITY LABEL FOR dummy ON TABLE s.t IS 'secret'
SECURITY LABEL FOR dummy ON VIEW s.v IS 'v'}), 'on all sorts of objects, of two providers');
is(query('SELECT count(*) FROM pg_seclabel'), '10', 'all there');
my $changed = said(becomes('labels changed', $objects . q{
	SECURITY LABEL FOR dummy ON TABLE s.t IS 'open'; SECURITY LABEL FOR dummy ON VIEW s.v IS 'v'}));
is(join("\n", grep { / TABLE / } split /\n/, $changed), qq{SECURITY LABEL FOR "Other" ON TABLE s.t IS NULL\nSECURITY LABEL FOR dummy ON TABLE s.t IS 'open'},
	'changed, taken away');
unlike($changed, qr/VIEW/, 'one that stays is left alone');
like(becomes('label of what is replaced', $objects =~ s/a int,/a bigint,/r . q{
	SECURITY LABEL FOR dummy ON TABLE s.t IS 'open'; SECURITY LABEL FOR dummy ON VIEW s.v IS 'v'}), qr/DROP VIEW s\.v.*CREATE VIEW s\.v.*ON VIEW s\.v IS 'v'/s,
	'a view that is put back has its label');
my ($rc, $out, $err) = sf_try($node, $db, q{SELECT * FROM sf_define('l', 'CREATE TABLE l (); SECURITY LABEL FOR dummy ON TABLE l IS ''refused''')});
like($err, qr/42602: this label is refused.*CONTEXT:  declaration 2/s, 'a label that its provider refuses is found when it is recorded');

# ---- members of extensions: what was changed on them ----

is(said(becomes('members', q{
	CREATE EXTENSION hstore; CREATE EXTENSION pg_stat_statements;
	REVOKE EXECUTE ON FUNCTION akeys(hstore) FROM PUBLIC; GRANT EXECUTE ON FUNCTION akeys(hstore) TO alice WITH GRANT OPTION;
	REVOKE SELECT ON pg_stat_statements FROM PUBLIC; GRANT EXECUTE ON FUNCTION pg_stat_statements(boolean) TO bob;
	SECURITY LABEL FOR dummy ON FUNCTION avals(hstore) IS 'f'; SECURITY LABEL FOR dummy ON VIEW pg_stat_statements IS 'v';
	SECURITY LABEL FOR dummy ON COLUMN pg_stat_statements.query IS 'c'; SECURITY LABEL FOR dummy ON TYPE hstore IS 't'})), said(q{GRANT EXECUTE ON ROUTINE public.akeys(public.hstore) TO alice WITH GRANT OPTION
REVOKE EXECUTE ON ROUTINE public.akeys(public.hstore) FROM PUBLIC
GRANT EXECUTE ON ROUTINE public.pg_stat_statements(boolean) TO bob
REVOKE SELECT ON TABLE public.pg_stat_statements FROM PUBLIC
SECURITY LABEL FOR dummy ON FUNCTION public.avals(public.hstore) IS 'f'
SECURITY LABEL FOR dummy ON TYPE public.hstore IS 't'
SECURITY LABEL FOR dummy ON COLUMN public.pg_stat_statements.query IS 'c'
SECURITY LABEL FOR dummy ON VIEW public.pg_stat_statements IS 'v'}), 'privileges and labels, and nothing that the extension did itself');
is(said(becomes('members as they were', 'CREATE EXTENSION hstore; CREATE EXTENSION pg_stat_statements')),
	said(q{REVOKE EXECUTE ON ROUTINE public.akeys(public.hstore) FROM alice
GRANT EXECUTE ON ROUTINE public.akeys(public.hstore) TO PUBLIC
REVOKE EXECUTE ON ROUTINE public.pg_stat_statements(boolean) FROM bob
GRANT SELECT ON TABLE public.pg_stat_statements TO PUBLIC
SECURITY LABEL FOR dummy ON FUNCTION public.avals(public.hstore) IS NULL
SECURITY LABEL FOR dummy ON TYPE public.hstore IS NULL
SECURITY LABEL FOR dummy ON COLUMN public.pg_stat_statements.query IS NULL
SECURITY LABEL FOR dummy ON VIEW public.pg_stat_statements IS NULL}), 'back to what the extension made of them');

# Privileges on columns, and comments: those that the extension gave are not said again, and come back when nobody says others.
sub said_of_members { return join("\n", sort grep { /^(?:COMMENT|GRANT|REVOKE)/ && !/ON EXTENSION/ } split /\n/, $_[0]) }
my $made = 'CREATE EXTENSION cube; CREATE EXTENSION pg_stat_statements;';
is(said_of_members(becomes('more members', $made)), '', "an extension's own comments come with it");
my $script = query(q{SELECT obj_description('cube'::regtype, 'pg_type')});
like($script, qr/^multi-dimensional cube/, 'it has one');
my $said = $made . q{
	COMMENT ON TYPE cube IS 'ours'; COMMENT ON OPERATOR <@ (cube, cube) IS 'within'; COMMENT ON FUNCTION cube_dim(cube) IS 'dim';
	COMMENT ON VIEW pg_stat_statements IS 'v'; COMMENT ON COLUMN pg_stat_statements.query IS 'q';
	GRANT SELECT (query), SELECT (calls) ON pg_stat_statements TO alice WITH GRANT OPTION; GRANT UPDATE (query) ON pg_stat_statements TO bob};
is(said_of_members(becomes('said of members', $said)), q{COMMENT ON COLUMN public.pg_stat_statements.query IS 'q'
COMMENT ON OPERATOR public.<@(public.cube,public.cube) IS 'within'
COMMENT ON ROUTINE public.cube_dim(public.cube) IS 'dim'
COMMENT ON TYPE public.cube IS 'ours'
COMMENT ON VIEW public.pg_stat_statements IS 'v'
GRANT SELECT (calls) ON TABLE public.pg_stat_statements TO alice WITH GRANT OPTION
GRANT SELECT (query) ON TABLE public.pg_stat_statements TO alice WITH GRANT OPTION
GRANT UPDATE (query) ON TABLE public.pg_stat_statements TO bob}, 'comments and privileges on columns');
is(said_of_members(becomes('said otherwise', $said =~ s/'within'/'inside'/r =~ s/ WITH GRANT OPTION//r =~ s/COMMENT ON COLUMN[^;]*;//r)), q{COMMENT ON COLUMN public.pg_stat_statements.query IS NULL
COMMENT ON OPERATOR public.<@(public.cube,public.cube) IS 'inside'
REVOKE GRANT OPTION FOR SELECT (calls) ON TABLE public.pg_stat_statements FROM alice
REVOKE GRANT OPTION FOR SELECT (query) ON TABLE public.pg_stat_statements FROM alice}, 'each changed, one taken away');
# The live schema becomes the model, which says what the extensions do not.
query("SELECT * FROM sf_undefine('main', true); SELECT * FROM sf_adopt(true)");
is(join("\n", grep { /COMMENT/ && !/EXTENSION/ } split /\n/, query('SELECT sf_model_ddl()')), q{COMMENT ON OPERATOR public.<@(public.cube,public.cube) IS 'inside';
COMMENT ON ROUTINE public.cube_dim(public.cube) IS 'dim';
COMMENT ON TYPE public.cube IS 'ours';
COMMENT ON VIEW public.pg_stat_statements IS 'v';}, 'adopted: what somebody else than the extension said');
is(query('SELECT * FROM sf_diff()'), '', 'nothing differs then');
becomes('unsaid', $made);
is(query(q{SELECT obj_description('cube'::regtype, 'pg_type')}), $script, 'what the extension said is back');
# Also where only what the model names is managed.
query(q{COMMENT ON TYPE cube IS 'drifted'; GRANT UPDATE (calls) ON pg_stat_statements TO bob});
like($node->safe_psql($db, 'SELECT object FROM sf_diff() ORDER BY 1'),
	qr/^comment on TYPE public\.cube of extension cube\ngrant to bob on column calls of TABLE public\.pg_stat_statements of extension pg_stat_statements$/,
	'a changed comment and a privilege are differences');
# Between versions nobody knows what the scripts said.
query("DROP EXTENSION cube; CREATE EXTENSION cube VERSION '1.4'; COMMENT ON TYPE cube IS 'old'");
query("SELECT * FROM sf_define(\$\$CREATE EXTENSION cube VERSION '1.5'; CREATE EXTENSION pg_stat_statements\$\$, true)");
unlike(query('SELECT object FROM sf_diff()'), qr/comment on/, 'of another version nothing is compared');
query(q{SELECT * FROM sf_define($$CREATE EXTENSION cube VERSION '1.5'; CREATE EXTENSION pg_stat_statements; COMMENT ON TYPE cube IS 'new'$$);
	SELECT count(*) FROM sf_plan_migration('updated'); CALL sf_upgrade()});
is(query(q{SELECT obj_description('cube'::regtype, 'pg_type')}), 'new', 'but what the model itself says');

# ---- grantor chains ----

my $table = 'CREATE TABLE t (a int, b int);';
my $given = q{GRANT SELECT, UPDATE ON t TO carol WITH GRANT OPTION; GRANT UPDATE (b) ON t TO alice WITH GRANT OPTION};
becomes('table', $table);
# Only a role itself passes on what it was given, so the chain is made in the catalogs by these.
query("$given; SET ROLE carol; GRANT SELECT ON t TO alice WITH GRANT OPTION; GRANT UPDATE ON t TO bob; SET ROLE alice;
	GRANT SELECT ON t TO bob; RESET ROLE; GRANT SELECT ON t TO bob; GRANT UPDATE (b) ON t TO \"D d\"");
my $acl = q{SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM (SELECT relacl AS acl FROM pg_class WHERE oid = 't'::regclass
	UNION ALL SELECT attacl FROM pg_attribute WHERE attrelid = 't'::regclass) x, unnest(acl) a};
my $wanted = query($acl);
query("SELECT * FROM sf_undefine('main', true)");
query('SELECT * FROM sf_adopt(true)');
is(query('SELECT * FROM sf_diff()'), '', 'a chain of grantors is read back as it was printed');
my $ddl = query('SELECT sf_model_ddl()');
query("SELECT * FROM sf_undefine('main', true)");
like(becomes('chain away', $table), qr/FROM bob.*FROM carol/s, 'taken back from its end');
is(query($acl) =~ /carol|alice|bob/ ? 'left' : 'gone', 'gone', 'nobody has anything any more');
my $steps = becomes('chain', $ddl);
is(query($acl), $wanted, 'and given again, by the same grantors in order') or diag($steps);

like($steps, qr/GRANT SELECT ON TABLE public\.t TO alice WITH GRANT OPTION GRANTED BY carol\n/, 'each says who grants');
query("CALL sf_downgrade(allow => '{data_loss}')");
$node->safe_psql($db, query('SELECT sf_script()'));
is(query($acl), $wanted, 'a script becomes who grants');
query('CALL sf_test()');

# Who gave rights on loses the option, also on a schema, or a part of it: what it gave goes before.
my $giving = "$table CREATE SCHEMA kept;";
my $given_on = q{ GRANT USAGE, CREATE ON SCHEMA kept TO carol WITH GRANT OPTION; GRANT SELECT, INSERT ON t TO carol WITH GRANT OPTION;
	SET SESSION AUTHORIZATION carol; GRANT USAGE, CREATE ON SCHEMA kept TO alice; GRANT SELECT, INSERT ON t TO alice; RESET SESSION AUTHORIZATION;};
becomes('given on', $giving . $given_on);
like(becomes('less given on', $giving . $given_on =~ s/, INSERT//gr =~ s/, CREATE//gr =~ s/(kept TO carol) WITH GRANT OPTION/$1/r =~ s/GRANT USAGE ON SCHEMA kept TO alice;//r),
	qr/REVOKE CREATE, USAGE ON SCHEMA kept FROM alice GRANTED BY carol\n.*FROM carol/s, 'what it gave goes before its option does');
is(query('SELECT * FROM sf_diff()'), '', 'and the rest is as the model has it');
becomes('chain', $ddl);

# A dump has the grantors as session users around their grants; nothing else may stand there.
my ($dump) = run_command([ 'pg_dump', '-s', '-d', $node->connstr($db), '-t', 'public.t' ]);
like($dump, qr/^SET SESSION AUTHORIZATION carol;\nGRANT/m, 'a dump changes its user for that');
is(query("SELECT * FROM sf_define(\$dump\$$dump\$dump\$)"), '', 'and means the same');
for my $text ('SET ROLE carol; CREATE TABLE x (); RESET ROLE', 'SET SESSION AUTHORIZATION carol; GRANT SELECT ON t TO bob; CREATE TABLE x ()')
{
	($rc, $out, $err) = sf_try($node, $db, "SELECT * FROM sf_define('other', '$text')");
	like($err, qr/0A000: a model cannot change the role/, 'everything else runs as the owner');
}

# ---- the cluster's objects are referred to: what is missing is said before anything runs ----

query(q{SET allow_in_place_tablespaces = on; CREATE TABLESPACE "Far away" LOCATION ''});
for my $case ([ 'CREATE ROLE gone', 'CREATE TABLE x (); GRANT SELECT ON x TO gone', 'DROP ROLE gone', 'role "gone"', 'grant to gone on table public.x' ],
	[ '', 'CREATE TABLE x (); CREATE TABLE y (a int PRIMARY KEY USING INDEX TABLESPACE "Far away")', 'DROP TABLESPACE "Far away"',
		'tablespace "Far away"', 'primary key public.y.y_pkey' ])
{
	my ($make, $model, $drop, $what, $who) = @$case;
	query($make) if $make;
	query("SELECT * FROM sf_define(\$model\$$model\$model\$, true)");
	query($drop);
	($rc, $out, $err) = sf_try($node, $db, q{SELECT sf_plan_migration('missing', true)});
	like($err, qr/42704: $what does not exist.*DETAIL:  The model names it: \Q$who\E.*HINT:  CREATE/s, "$what is missing: no plan");
	($rc, $out, $err) = sf_try($node, $db, "SELECT * FROM sf_define(\$model\$$model\$model\$, true)");
	like($err, qr/42704: $what does not exist/, "$what is missing: nothing is recorded");
}
is(query(q{SELECT count(*) FROM pg_class WHERE relname IN ('x', 'y')}), '0', 'nothing has run');

done_testing();
