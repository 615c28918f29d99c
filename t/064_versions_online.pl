# Two versions of an application at once, each by its schema: names that change behind the gate, columns that come and go,
# who is which version, the gate, the fence, prepared statements, the way back.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('versions_online');
my $db = sf_database($node, 'app');
my ($rc, $out, $err);

sub value
{
	my ($sql) = @_;
	return $node->safe_psql($db, $sql);
}

sub plan
{
	my ($ddl, $message) = @_;
	value("SELECT count(*) FROM sf_define(\$d\$$ddl\$d\$)");
	value("SELECT count(*) FROM sf_plan_migration('$message')");
	return value(q{SELECT revision FROM sf_history() WHERE state = 'planned'});
}

sub shape
{
	my ($relation) = @_;
	return value("SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum)
		FROM pg_attribute WHERE attrelid = '$relation'::regclass AND attnum > 0 AND NOT attisdropped");
}

sub schemas
{
	return value(q{SELECT coalesce(string_agg(nspname, ' ' ORDER BY nspname), '') FROM pg_namespace
		WHERE nspname ~ '^version_|^02'});
}

sub status
{
	return value('SELECT status FROM sf_status');
}

my $v1 = plan(q{CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, note text);
	CREATE TABLE tags (id serial PRIMARY KEY, tag text); CREATE TABLE old_things (id int, what text);}, 'first');
sf_try($node, $db, 'CALL sf_upgrade()');
value(qq{INSERT INTO users SELECT n, 'M' || n, 'n' FROM generate_series(1, 1000) n; INSERT INTO tags (tag) VALUES ('a'), ('b');
	INSERT INTO old_things VALUES (1, 'x'); ANALYZE;
	ALTER DATABASE $db SET schemaflow.versions = 'on'; ALTER DATABASE $db SET schemaflow.manage = 'all'});
is(value(q{SELECT sf_version_schema('head')}), "version_$v1", 'the old version');
my $v1_users = shape("version_$v1.users");

# ---- up to the gate ----

my $second = q{CREATE TABLE users (id int PRIMARY KEY, mail text NOT NULL, -- @renamed from=email
	lower_note text); -- @up lower(note)
	CREATE TABLE labels (id serial PRIMARY KEY, tag text); -- @renamed from=tags
	CREATE TABLE new_things (id int);};
$second = q{CREATE TABLE users (id int PRIMARY KEY,
	mail text NOT NULL -- @renamed from=email
	, note text, size int NOT NULL DEFAULT 0);
	-- @renamed from=tags
	CREATE TABLE labels (id serial PRIMARY KEY, tag text, kind text -- @up upper('k')
	);
	CREATE TABLE new_things (id int);};
my $v2 = plan($second, 'second');
is(value(q{SELECT string_agg(phase || ' ' || sql, E'\n' ORDER BY n) FROM sf_steps('head') WHERE sql ~ 'RENAME (TO|COL)|sf_v|sf_g|old_things'}),
	"", 'names change, and things go, behind the gate');
diag(value(q{SELECT string_agg(phase || ' ' || sql, E'\n' ORDER BY n) FROM sf_steps('head')}));

$node->stop;
done_testing();
