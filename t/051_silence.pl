# Silent when equal: databases built independently of each other, in another order, under other settings, have no
# difference, however hostile the session is that asks.
use strict;
use warnings;
use SchemaflowTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = sf_node('main', init => [ extra => [ '-E', 'UTF8', '--locale=C' ] ], conf => [ 'fsync = off' ]);
$node->safe_psql('postgres', q(SET allow_in_place_tablespaces = on; CREATE TABLESPACE elsewhere LOCATION ''; CREATE ROLE app));

# Each table: columns and constraints, in any order; then statements in groups, each group in any order.
my %tables = (
	'app.person' => [
		'id int GENERATED ALWAYS AS IDENTITY (START 10) PRIMARY KEY', 'name varchar(40) NOT NULL COLLATE "C"',
		q(born date DEFAULT '2001-02-03'), q(seen timestamptz DEFAULT '2020-03-04 05:06:07+02'), q(gap interval DEFAULT '1 mon 2 days 03:00'),
		q(raw bytea DEFAULT '\xdead'), q(ratio float8 DEFAULT 0.1), 'small real DEFAULT 1.1', q(state app.state DEFAULT 'open'),
		q(doc xml DEFAULT '<a/>'), q(path text DEFAULT E'a\\\\b''c'), q(price money DEFAULT 1.5), q(list text[] DEFAULT '{a,NULL,"b c"}'),
		q~during tstzrange DEFAULT '[2020-01-01 00:00+00,2021-01-01 00:00+00)'~, 'total numeric GENERATED ALWAYS AS (ratio::numeric * 2) STORED',
		q(CHECK (born > '1900-01-31' AND name IN ('a', 'b') OR name NOT IN ('c', 'd') AND seen < '2100-12-31 00:00+00')),
		q(CONSTRAINT gaps CHECK (gap < '1 year 2 days 00:00:01.5' AND raw <> '\x00')), 'UNIQUE (name, born)', 'mail app.mail' ],
	'app."Order"' => [
		'id bigserial PRIMARY KEY', '"user" int REFERENCES app.person ON DELETE CASCADE', q("select" text DEFAULT 'x'), 'at timestamp DEFAULT now()',
		q~slot app.slots DEFAULT '{[1,2)}'~, 'CONSTRAINT again FOREIGN KEY ("user") REFERENCES app.person DEFERRABLE', 'CHECK ("select" IS NOT NULL) NOT VALID' ],
	'public.log' => [ 'at timestamptz', 'what text', q(day date DEFAULT ('now'::text)::date) ]);
my @groups = (
	[ 'CREATE SCHEMA app', 'CREATE SCHEMA lib' ],
	[ q(CREATE TYPE app.state AS ENUM ('new', 'open')), q(CREATE DOMAIN app.mail AS text CHECK (value ~ '^\S+@') CHECK (value <> ALL ('{a,b}'))),
		'CREATE TYPE app.slot AS RANGE (SUBTYPE = float8, MULTIRANGE_TYPE_NAME = app.slots)', 'CREATE SEQUENCE lib.free INCREMENT 2',
		q(CREATE FUNCTION lib.twice(x int, d date DEFAULT '2020-02-01') RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2') ],
	'tables',
	[ q(CREATE INDEX late ON app.person (seen) WHERE seen > '2020-01-01 00:00+00' AND gap > '1 day 00:00:01'), 'CREATE INDEX ON app."Order" (lib.twice(id::int))',
		'CREATE UNIQUE INDEX ON public.log (lower(what), at DESC)', q(COMMENT ON TABLE public.log IS 'log'), q(COMMENT ON COLUMN app."Order"."user" IS 'u'),
		'GRANT SELECT ON app.person TO app', 'GRANT UPDATE (name) ON app.person TO app, pg_monitor', 'ALTER TABLE public.log OWNER TO app',
		q(CREATE VIEW app.v AS SELECT id, name, seen AT TIME ZONE 'UTC' AS utc FROM app.person WHERE born >= '2001-12-02' AND raw = '\x01' AND ratio > 0.30000000000000004),
		'CREATE STATISTICS app.stat ON name, born FROM app.person',
		q(CREATE FUNCTION lib.block() RETURNS date LANGUAGE sql BEGIN ATOMIC SELECT max(born) FROM app.person WHERE seen > '2020-05-06 07:00+00'; END),
		q(CREATE POLICY p ON app.person USING (gap > '2 days' AND born < '2030-05-06')) ],
	[ 'CREATE MATERIALIZED VIEW app.m AS SELECT v.id, utc FROM app.v', 'ALTER TABLE app.person ENABLE ROW LEVEL SECURITY',
		q(CREATE RULE r AS ON DELETE TO app."Order" WHERE old.at < '2020-04-05 06:07' DO INSTEAD NOTHING) ]);

sub ddl
{
	my ($turn) = @_;
	my @all;

	foreach my $group (@groups)
	{
		# A foreign key wants its table, so that one comes first in either order.
		my @statements = ref $group ? @$group : map { "CREATE TABLE $_ (\n\t" . join(",\n\t", $turn->(@{ $tables{$_} })) . ')' } sort keys %tables;
		@statements = $turn->(@statements) if ref $group;
		@statements = sort { ($a =~ /CREATE TABLE app."Order"/) <=> ($b =~ /CREATE TABLE app."Order"/) } @statements;
		push @all, @statements;
	}
	return join(";\n", @all) . ";\n";
}

my $ddl = ddl(sub { @_ });
my $turned = ddl(sub { reverse @_ });
isnt($ddl, $turned, 'two orders');

# The hostile part: what a session, a role or a database may have set, and a search_path where = lies.
my $evil = <<'SQL';
CREATE SCHEMA evil;
CREATE FUNCTION evil.lie(text, text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''evil = was called''; END';
CREATE FUNCTION evil.lie(name, name) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''evil = was called''; END';
CREATE FUNCTION evil.lie(oid, oid) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''evil = was called''; END';
CREATE FUNCTION evil.lie("char", "char") RETURNS bool LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''evil = was called''; END';
CREATE OPERATOR evil.= (FUNCTION = evil.lie, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.= (FUNCTION = evil.lie, LEFTARG = name, RIGHTARG = name);
CREATE OPERATOR evil.= (FUNCTION = evil.lie, LEFTARG = oid, RIGHTARG = oid);
CREATE OPERATOR evil.= (FUNCTION = evil.lie, LEFTARG = "char", RIGHTARG = "char");
CREATE FUNCTION evil.pg_get_expr(pg_node_tree, oid) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''evil function was called''; END';
CREATE FUNCTION evil.format_type(oid, int) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''evil function was called''; END';
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE TABLE evil.pg_class (oid oid, relname name);
CREATE TABLE evil.pg_namespace (oid oid);
CREATE VIEW evil.pg_attribute AS SELECT 1 AS attrelid;
CREATE TYPE evil.text AS ENUM ('t');
SQL
my %hostile = (
	TimeZone => "'Asia/Kolkata'", DateStyle => "'SQL, DMY'", IntervalStyle => "'iso_8601'", bytea_output => "'escape'", extra_float_digits => '-15',
	quote_all_identifiers => 'on', search_path => 'evil, pg_catalog, app, public', default_tablespace => 'elsewhere', row_security => 'off',
	standard_conforming_strings => 'off', escape_string_warning => 'off', backslash_quote => 'on', xmloption => 'document', xmlbinary => 'hex', array_nulls => 'off', transform_null_equals => 'on',
	check_function_bodies => 'off', default_transaction_isolation => "'serializable'", default_text_search_config => "'pg_catalog.german'",
	default_toast_compression => "'pglz'", plan_cache_mode => 'force_generic_plan', enable_hashjoin => 'off', lc_messages => "'C'",
	session_replication_role => 'replica', synchronize_seqscans => 'off', gin_fuzzy_search_limit => '1', statement_timeout => "'5min'");
my $set = join('', map { "SET $_ = $hostile{$_};\n" } sort keys %hostile);

# Databases of the two orders; oids move on in between.
$node->safe_psql('postgres', 'CREATE DATABASE one; CREATE DATABASE two; CREATE DATABASE hostile; CREATE DATABASE recorded');
$node->safe_psql('one', $ddl);
$node->safe_psql('two', "CREATE TABLE gone (a serial PRIMARY KEY, b text); DROP TABLE gone; CREATE EXTENSION schemaflow; $turned");
# Built by a session that is hostile from the start, with literals as they are written for any session.
$node->safe_psql('hostile', "CREATE EXTENSION schemaflow; $evil " . ($set =~ s/SET (search_path|standard_conforming_strings|default_tablespace|array_nulls|transform_null_equals|xmloption|DateStyle|session_rep\w+) .*\n//gr) . $turned);
$node->safe_psql('recorded', 'CREATE EXTENSION schemaflow');
my $diff = "SELECT concat_ws(' | ', kind, object, change, detail) FROM public.sf_diff()";
my $file = PostgreSQL::Test::Utils::tempdir() . '/one.sql';
append_to_file($file, $ddl);

sub record
{
	my ($db, $settings) = @_;
	my $quoted = "\$record\$$ddl\$record\$";

	return sf_try($node, $db, "${settings}SELECT count(*) FROM public.sf_define($quoted)");
}

foreach my $db (qw(two hostile))
{
	my ($rc, $out, $err) = record($db, '');
	is($rc, 0, "$db: the model is recorded from the other order") or diag $err;
	cmp_ok($out, '>=', 14, "$db: all of it") or diag $out;
	is($node->safe_psql($db, $diff), '', "$db: no difference");
	is($node->safe_psql($db, "SELECT public.sf_plan_migration('nothing')"), 'nothing to do: the live schema equals the model', "$db: nothing to plan");
	($rc, $out, $err) = sf_try($node, $db, "SELECT count(*) FROM sf_define_from('one', allow_shrink => true); $diff");
	is($out, '0', "$db: nor from the other database") or diag $err;
}
# The test could fail: one setting that matters, one word less.
my ($status, $found) = sf_try($node, 'two', q(BEGIN; ALTER TABLE app.person ALTER gap SET DEFAULT '1 mon 2 days 03:01'; DROP INDEX app.late; )
	  . "SELECT kind, object, change FROM sf_diff() ORDER BY 1; ROLLBACK");
is($found, "default|app.person.gap|alter\nindex|app.late|create", 'a difference would be seen');

# Hostile sessions: each setting by itself, then all.
$node->safe_psql('two', $evil);
like((sf_try($node, 'two', "SET search_path = evil, pg_catalog; SELECT 'a'::pg_catalog.text = 'b'"))[2], qr/evil = was called/, 'the trap works');
foreach my $name (sort keys %hostile)
{
	my ($rc, $out, $err) = sf_try($node, 'two', "SET $name = $hostile{$name}; $diff");
	is("$rc$out", '0', "silent under $name = $hostile{$name}") or diag $err;
}
my ($rc, $out, $err) = sf_try($node, 'two', $set . $diff);
is("$rc$out", '0', 'silent under all of them') or diag $err;
($rc, $out, $err) = sf_try($node, 'two', "${set}SELECT public.sf_plan_migration('nothing')");
is($out, 'nothing to do: the live schema equals the model', 'nothing to plan under all of them') or diag $err;

# Recorded under them, compared without, and the other way round.
($rc, $out, $err) = record('recorded', $set);
is($rc, 0, 'recorded by a hostile session') or diag $err;
$node->safe_psql('recorded', $ddl);
is($node->safe_psql('recorded', $diff), '', 'means the same');

# As settings of a role and of the database, which workers get as well.
$node->safe_psql('postgres', 'CREATE ROLE hostile LOGIN SUPERUSER');
foreach my $whose ('ROLE hostile', 'DATABASE two')
{
	$node->safe_psql('postgres', "ALTER $whose SET $_ = $hostile{$_}") foreach sort keys %hostile;
	$node->safe_psql('postgres', "ALTER $whose SET default_transaction_read_only = on; ALTER $whose SET lock_timeout = '10s'");
	($rc, $out, $err) = sf_try($node, 'two', $diff, extra_params => [ '-U', 'hostile' ]);
	is("$rc$out", '0', "silent with settings of $whose") or diag $err;
	($rc, $out, $err) = sf_try($node, 'two', "SET default_transaction_read_only = off; SET search_path = public;\n"
		  . "SELECT count(*) FROM public.sf_define('more', 'CREATE TABLE public.more (a text, b date DEFAULT ''2020-01-02'')'); "
		  . "SELECT object, change FROM public.sf_diff(); SELECT count(*) FROM public.sf_undefine('more')", extra_params => [ '-U', 'hostile' ]);
	is($out, "1\npublic.more|create\n1", "records with settings of $whose") or diag $err;
	$node->safe_psql('postgres', "ALTER $whose RESET ALL");
}

$node->stop;
done_testing();
