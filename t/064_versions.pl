# Versions of an application as schemas: a view for each table as each version knows it, before, during and behind a migration.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use SchemaflowVersions;
use Test::More;

my $node = sf_node('versions');
my $db = versions_database($node);
$node->safe_psql($db, "ALTER DATABASE $db SET schemaflow.online_rows = 100");
my ($rc, $out, $err);

sub schemas
{
	return value(q{SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname ~ '^version_'});
}

# ---- the first version ----

my $users = q{CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL DEFAULT 'none',
	at date DEFAULT '2026-01-01', size int, doubled int GENERATED ALWAYS AS (size * 2) STORED);
	COMMENT ON TABLE users IS 'people'; COMMENT ON COLUMN users.email IS 'where to';
	CREATE TABLE tags (id serial PRIMARY KEY, tag text UNIQUE);
	CREATE TABLE part (id int, day date, note text) PARTITION BY RANGE (day);
	CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
	CREATE TABLE base (id int, kind text); CREATE TABLE derived (extra text) INHERITS (base);
	CREATE TABLE nothing ();};
my $v1 = planned($users, 'first');
($rc, $out, $err) = sf_try($node, $db, "SELECT sf_version_schema('$v1')");
like($err, qr/55000: version $v1 is not there yet\n.*is planned.*CALL sf_upgrade\(\)/s, 'a version that is planned is not there');
is(value(q{SELECT sf_version_schema('base')}), 'version_base', 'base is a version, too');
sf_try($node, $db, 'CALL sf_upgrade()');
is(schemas(), 'version_base', 'a migration without a gate ends no version');
is(value(q{SELECT sf_version_schema('head')}), "version_$v1", 'the current version');
is(value(q{SELECT sf_version_schema('head')}), "version_$v1", 'once made, it is that');
($rc, $out, $err) = sf_try($node, $db, q{SELECT sf_version_schema('head', name => 'other')});
like($err, qr/42P06: version $v1 has a schema for "public" already/, 'another name is refused');
($rc, $out, $err) = sf_try($node, $db, q{SELECT sf_version_schema('head', 'nowhere')});
like($err, qr/3F000: schema "nowhere" does not exist/, 'a schema that is not there');
is(value("SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind = 'v'
	AND relnamespace = 'version_$v1'::regnamespace"), 'base derived part tags users', 'a view for each table; none for a partition');
is(shape("version_$v1.users"), shape('users'), 'the columns of the table');
is(value("SELECT obj_description('version_$v1.users'::regclass) || '/' || col_description('version_$v1.users'::regclass, 2)"),
	'people/where to', 'comments');
is(value('SELECT count(*) FROM sf_diff()'), 0, 'not in a comparison');
is(value(q{SET schemaflow.manage = 'all'; SELECT count(*) FROM sf_diff() WHERE object LIKE '%version_%'}), 0,
	'nor when everything is managed');

# ---- what an application does with it ----

my $app = qq{SET search_path = version_$v1, public; };
is(value($app . q{INSERT INTO users (email, size) VALUES ('a', 1), ('b', 2) RETURNING id}), "1\n2", 'insert, returning');
is(value($app . q{INSERT INTO users DEFAULT VALUES RETURNING id, email, at}), '3|none|2026-01-01', 'defaults');
is(value($app . q{UPDATE users SET size = 5 WHERE id = 1 RETURNING doubled}), '10', 'update; a generated column');
is(value($app . q{INSERT INTO users (id, email) OVERRIDING SYSTEM VALUE VALUES (1, 'x') ON CONFLICT (id) DO UPDATE
	SET email = excluded.email || '!' RETURNING email}), 'x!', 'on conflict, overriding an identity');
($rc, $out, $err) = sf_try($node, $db, $app . q{INSERT INTO users (id, email) VALUES (9, 'x')});
like($err, qr/428C9/, 'an identity is one');
is(value($app . q{INSERT INTO tags (tag) VALUES ('t') RETURNING id}), 1, 'a sequence');
is(value($app . q{INSERT INTO part VALUES (1, '2026-01-01', 'n'); UPDATE part SET note = 'm'; SELECT tableoid::regclass || note
	FROM public.part}), 'part_1m', 'a partitioned table');
is(value($app . q{INSERT INTO derived VALUES (1, 'k', 'e'); UPDATE base SET kind = 'l'; SELECT kind || extra FROM derived}),
	'le', 'inheritance');
is(value($app . q{COPY (SELECT email FROM users ORDER BY id) TO stdout}), "x!\nb\nnone", 'copy out');
($rc, $out, $err) = sf_try($node, $db, $app . "COPY users (email) FROM stdin;\nq\n\\.\n");
like($err, qr/42809.*cannot copy to view "users"/, 'copy into a view is not what the server can: copy into the table');

# ---- privileges, row security ----

value(q{CREATE ROLE reader; CREATE ROLE clerk; CREATE ROLE columns_only; GRANT SELECT ON users TO reader;
	GRANT SELECT, INSERT, UPDATE ON tags TO clerk; GRANT USAGE ON SEQUENCE tags_id_seq TO clerk;
	GRANT SELECT (id), UPDATE (tag) ON tags TO columns_only});
value(q{SELECT sf_version_schema('head')});
is(value("SET ROLE reader; $app SELECT count(*) FROM users"), 3, 'privileges as they are now, when it is called again');
($rc, $out, $err) = sf_try($node, $db, "SET ROLE reader; $app DELETE FROM users");
like($err, qr/42501/, 'and no more');
is(value("SET ROLE clerk; $app INSERT INTO tags (tag) VALUES ('u') RETURNING id"), 2, 'insert by a clerk');
is(value("SET ROLE columns_only; $app SELECT id FROM tags ORDER BY 1"), "1\n2", 'single columns');
($rc, $out, $err) = sf_try($node, $db, "SET ROLE columns_only; $app SELECT tag FROM tags");
like($err, qr/42501/, 'and no others');
value(q{REVOKE ALL ON tags FROM clerk; REVOKE SELECT (id), UPDATE (tag) ON tags FROM columns_only; SELECT sf_version_schema('head')});
($rc, $out, $err) = sf_try($node, $db, "SET ROLE clerk; $app SELECT FROM tags");
like($err, qr/42501/, 'what is revoked is revoked there');
value(q{ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON users TO reader USING (id = 2)});
is(value("SET ROLE reader; $app SELECT string_agg(id::text, ',') FROM users"), 2, 'row security is that of who asks');
value(q{DROP POLICY p ON users; ALTER TABLE users DISABLE ROW LEVEL SECURITY; REVOKE ALL ON users FROM reader});
$node->safe_psql($db, q{SELECT sf_version_schema('head')});
($rc, $out, $err) = sf_try($node, $db, "SET ROLE reader; SELECT sf_version_schema('head')");
like($err, qr/42501/, 'not everybody makes them');
($rc, $out, $err) = sf_try($node, $db, "SET ROLE reader; SELECT schemaflow.sf_version_make('$v1', 'public')");
like($err, qr/42501: must be a member/, 'nor by way of the step');

$node->stop;
done_testing();
