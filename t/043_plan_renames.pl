# Names that change places, by hints: nothing is lost, nothing is made anew, and it happens once.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('renames');
my $number = 0;

# The objects by what they are, not by what they are called: "where" lists "oid name" of relations, types, constraints
# and columns.
my $where = q{SELECT string_agg(o, E'\n' ORDER BY o) FROM (
	SELECT 'class ' || oid || ' ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind <> 'v'
	UNION ALL SELECT 'type ' || oid || ' ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
	UNION ALL SELECT 'constraint ' || oid || ' ' || conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
	UNION ALL SELECT 'column ' || attrelid || '/' || attnum || ' ' || attname FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped) x(o)};

sub numbers { return join("\n", map { s/ [^ ]+$//r } split /\n/, shift); }

# from, to: DDL; rows: statements run in between; there => rows_there: query and its result after the way up, here =>
# rows_here: the same after the way down; more: objects come or go as well; plan, not_plan: patterns.
sub renames
{
	my ($name, %case) = @_;
	my $db = sf_database($node, 'r' . ++$number);

	subtest $name => sub {
		$node->safe_psql($db, "SELECT sf_define(\$sf\$$case{from}\$sf\$); SELECT sf_plan_migration('from')");
		$node->safe_psql($db, 'CALL sf_upgrade()');
		$node->safe_psql($db, $case{rows});
		my $before = $node->safe_psql($db, $where);
		$node->safe_psql($db, "SELECT sf_define(\$sf\$$case{to}\$sf\$);" . ($case{hints} // ''));
		my $plan = $node->safe_psql($db, q{SELECT * FROM sf_plan_migration('to')});
		like($plan, $_, 'the plan') foreach @{ $case{plan} // [] };
		unlike($plan, $_, 'the plan') foreach @{ $case{not_plan} // [] };
		my ($rc, undef, $err) = sf_try($node, $db, q{CALL sf_upgrade('head', allow => '{data_loss}')});
		is($rc, 0, 'up') or return diag($err, $plan);
		my $after = $node->safe_psql($db, $where);
		is(numbers($after), numbers($before), 'all objects are what they were') unless $case{more};
		isnt($after, $before, 'under other names');
		is($node->safe_psql($db, $case{there}), $case{rows_there}, 'the rows are where they belong');
		like($node->safe_psql($db, q{SELECT * FROM sf_plan_migration('again')}), qr/nothing to do/, 'nothing is left to do');
		$node->safe_psql($db, "SELECT sf_define(\$sf\$$case{to}\$sf\$)");
		is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'nor when the same text is recorded again');
		($rc, undef, $err) = sf_try($node, $db, q{CALL sf_downgrade('-1', allow => '{data_loss}')});
		is($rc, 0, 'down') or return diag($err, $plan);
		is($node->safe_psql($db, $where), $before, 'all is under its old name') unless $case{more};
		is($node->safe_psql($db, $case{here}), $case{rows_here}, 'and so are the rows');
		isnt($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'the hints hold again');
	};
}

renames('columns that change places, one with another type', from => q{
	CREATE TABLE t (id int PRIMARY KEY, a text, b int, a__old int, CHECK (a <> 'x'), CHECK (id > 0));
	CREATE INDEX t_a ON t (a); CREATE VIEW v AS SELECT a, b FROM t}, to => q{
	CREATE TABLE t (id int PRIMARY KEY,
		b text,	-- @renamed from=a
		a bigint,	-- @renamed from=b
		a__old int, CHECK (b <> 'x'), CHECK (id > 0));
	CREATE INDEX t_a ON t (b); CREATE VIEW v AS SELECT b, a FROM t},
	rows => q{INSERT INTO t VALUES (1, 'one', 11)}, there => 'SELECT b, a FROM t', rows_there => 'one|11',
	here => 'SELECT a, b FROM v', rows_here => 'one|11',
	plan => [qr/RENAME COLUMN a TO a__old1;.*RENAME COLUMN b TO a;.*RENAME COLUMN a__old1 TO b;.*ALTER COLUMN a TYPE bigint/s],
	not_plan => [qr/CREATE INDEX|DROP COLUMN|ADD CONSTRAINT/]);

renames('columns that change places, and their checks', from => 'CREATE TABLE t (a int CHECK (a > 1), b int CHECK (b > 2))',
	to => "CREATE TABLE t (\n\tb int CHECK (b > 1),\t-- \@renamed from=a\n\ta int CHECK (a > 2)\t-- \@renamed from=b\n)",
	rows => 'INSERT INTO t VALUES (2, 3)', there => 'SELECT b, a FROM t', rows_there => '2|3', here => 'SELECT a, b FROM t', rows_here => '2|3');

renames('tables that change places, with their sequences and keys', from => q{
	CREATE TABLE u (id serial PRIMARY KEY, x int UNIQUE, w_id int); CREATE TABLE w (id serial PRIMARY KEY, z text);
	ALTER TABLE u ADD FOREIGN KEY (w_id) REFERENCES w}, to => q{
	-- @renamed from=u
	CREATE TABLE w (id serial PRIMARY KEY,
		y int UNIQUE,	-- @renamed from=x
		w_id int);
	CREATE TABLE u (id serial PRIMARY KEY, z text);	-- @renamed from=w
	ALTER TABLE w ADD FOREIGN KEY (w_id) REFERENCES u},
	rows => q{INSERT INTO w (z) VALUES ('zet'); INSERT INTO u (x, w_id) VALUES (7, 1)},
	there => 'INSERT INTO w (y) VALUES (8); SELECT w.id, y, z FROM w LEFT JOIN u ON u.id = w_id ORDER BY 1', rows_there => "1|7|zet\n2|8|",
	here => 'SELECT u.id, x, z FROM u LEFT JOIN w ON w.id = w_id ORDER BY 1', rows_here => "1|7|zet\n2|8|",
	plan => [qr/up      \d+ steps in 1 transaction;/, qr/RENAME CONSTRAINT u_x_key TO w_y_key/],
	not_plan => [qr/SET DEFAULT/, qr/ADD CONSTRAINT/]);

renames('a round of three tables, by call', from => join(';', map { "CREATE TABLE $_ (i$_ int)" } qw(a b c)),
	to => 'CREATE TABLE b (ia int); CREATE TABLE c (ib int); CREATE TABLE a (ic int)',
	hints => join(';', map { "SELECT sf_rename_hint('table', 'public.$_->[0]', 'public.$_->[1]')" } ['a', 'b'], ['b', 'c'], ['c', 'a']),
	rows => 'INSERT INTO a VALUES (1); INSERT INTO b VALUES (2); INSERT INTO c VALUES (3)',
	there => 'SELECT ia, ib, ic FROM a, b, c', rows_there => '1|2|3', here => 'SELECT * FROM a, b, c', rows_here => '1|2|3');

renames('a chain whose last name is free after a drop', more => 1,
	from => 'CREATE TABLE t (a int, b int, c text)',
	to => "CREATE TABLE t (\n\tb int,\t-- \@renamed from=a\n\tc int\t-- \@renamed from=b\n)",
	rows => q{INSERT INTO t VALUES (1, 2, 'lost')}, there => 'SELECT b, c FROM t', rows_there => '1|2',
	here => 'SELECT a, b FROM t', rows_here => '1|2', plan => [qr/DROP COLUMN c;.*RENAME COLUMN b TO c;.*RENAME COLUMN a TO b;/s]);

renames('a new thing under the old name', more => 1,
	from => 'CREATE TABLE t (a int CHECK (a > 0)); CREATE VIEW v AS SELECT a FROM t',
	to => "CREATE TABLE t (\n\tb int CHECK (b > 0),\t-- \@renamed from=a\n\ta text); CREATE VIEW v AS SELECT b AS a FROM t",
	rows => 'INSERT INTO t VALUES (5)', there => q{UPDATE t SET a = 'new'; SELECT b, a FROM t}, rows_there => '5|new',
	here => 'SELECT a FROM v', rows_here => '5');

renames('types that change places, one with a new value', more => 1,
	from => q{CREATE TYPE e AS ENUM ('x'); CREATE TYPE f AS ENUM ('y'); CREATE TABLE t (e e, f f)},
	to => q{-- @renamed from=f
		CREATE TYPE e AS ENUM ('y');
		-- @renamed from=e
		CREATE TYPE f AS ENUM ('x', 'z'); CREATE TABLE t (e f, f e)},
	rows => q{INSERT INTO t VALUES ('x', 'y')}, there => 'SELECT * FROM t', rows_there => 'x|y', here => 'SELECT * FROM t', rows_here => 'x|y',
	not_plan => [qr/ up .*CREATE TYPE.* down /s]);

renames('a type and a value of it, and one more value comes', more => 1,
	from => q{CREATE TYPE state AS ENUM ('new', 'shipping'); CREATE TABLE t (a state DEFAULT 'shipping', b state[])},
	to => q{CREATE TYPE stage /* @renamed from=state */ AS ENUM ('new', 'shipped' /* @renamed from=shipping */, 'there');
		CREATE TABLE t (a stage DEFAULT 'shipped', b stage[])},
	rows => q{INSERT INTO t VALUES (DEFAULT, '{new,shipping}')}, there => 'SELECT * FROM t', rows_there => 'shipped|{new,shipped}',
	here => 'SELECT * FROM t', rows_here => 'shipping|{new,shipping}', not_plan => [qr/ up .*CREATE TYPE.* down /s]);

renames('a schema, what is in it, and a column of that',
	from => 'CREATE SCHEMA s; CREATE TABLE s.t (a int PRIMARY KEY, b serial); CREATE SEQUENCE public.q',
	to => "-- \@renamed from=s\nCREATE SCHEMA r;\n-- \@renamed from=t\nCREATE TABLE r.u (\n\tc int PRIMARY KEY,\t-- \@renamed from=a\n\tb serial);
		-- \@renamed from=public.q\nCREATE SEQUENCE r.p",
	rows => 'INSERT INTO s.t VALUES (4)', there => 'SELECT * FROM r.u', rows_there => '4|1', here => 'SELECT * FROM s.t', rows_here => '4|1',
	more => 1, not_plan => [qr/DROP|CREATE/]);

renames('a table that moves into another schema with its sequence',
	from => 'CREATE SCHEMA z; CREATE TABLE t (id serial PRIMARY KEY)',
	to => "CREATE SCHEMA z;\n-- \@renamed from=public.t\nCREATE TABLE z.u (id serial PRIMARY KEY)",
	rows => 'INSERT INTO t VALUES (DEFAULT)', there => 'INSERT INTO z.u VALUES (DEFAULT); SELECT * FROM z.u', rows_there => "1\n2",
	here => 'SELECT * FROM t', rows_here => "1\n2", more => 1, not_plan => [qr/DROP|CREATE/, qr/SET DEFAULT/]);

renames('a table with another name, whose columns lose what they had', more => 1, from => q{
	CREATE TABLE t (a int DEFAULT 1, id int GENERATED ALWAYS AS IDENTITY)}, to => q{
	-- @renamed from=t
	CREATE TABLE u (a int, id int NOT NULL)},
	rows => 'INSERT INTO t DEFAULT VALUES', there => 'SELECT a, id FROM u', rows_there => '1|1', here => 'SELECT a, id FROM t', rows_here => '1|1');
renames('a table moves into a schema that is made for it, under its own name', more => 1, from => 'CREATE TABLE t (a int, b serial)', to => q{
	CREATE SCHEMA s;
	-- @renamed from=public.t
	CREATE TABLE s.t (a int, b serial)},
	rows => 'INSERT INTO t VALUES (1)', there => 'TABLE s.t', rows_there => '1|1', here => 'TABLE t', rows_here => '1|1');
renames('a serial column becomes an identity one, in a table with another name and schema', more => 1, from => q{
	CREATE TABLE t (id serial PRIMARY KEY, a text)}, to => q{
	CREATE SCHEMA s;
	-- @renamed from=public.t
	CREATE TABLE s.u (
		num bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,	-- @renamed from=id
		a text)},
	rows => q{INSERT INTO t (a) VALUES ('a'), ('b'), ('c'); DELETE FROM t WHERE id > 1},
	plan => [qr/up .*loses no data/, qr/down .*loses no data/],
	there => q{INSERT INTO s.u (a) VALUES ('d') RETURNING num}, rows_there => 4,
	here => q{INSERT INTO t (a) VALUES ('e') RETURNING id}, rows_here => 5);
# Nobody says so: the bounds do.
renames('partitions with their bounds',
	from => q{CREATE TABLE p (id int, at date) PARTITION BY RANGE (at); CREATE INDEX ON p (id);
		CREATE TABLE a PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01'); CREATE TABLE d PARTITION OF p DEFAULT},
	to => q{CREATE TABLE p (id int, at date) PARTITION BY RANGE (at); CREATE INDEX ON p (id);
		CREATE TABLE p_2020 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01'); CREATE TABLE rest PARTITION OF p DEFAULT},
	rows => q{INSERT INTO p VALUES (1, '2020-05-05'), (2, '2022-05-05')}, there => 'SELECT tableoid::regclass, id FROM p ORDER BY 2',
	rows_there => "p_2020|1\nrest|2", here => 'SELECT tableoid::regclass, id FROM p ORDER BY 2', rows_here => "a|1\nd|2", more => 1,
	not_plan => [qr/DROP|CREATE/]);
renames('a partition that becomes one of another schema, beside a new one',
	from => q{CREATE SCHEMA z; CREATE TABLE p (id int, k text) PARTITION BY LIST (k); CREATE TABLE a PARTITION OF p FOR VALUES IN ('a')},
	to => q{CREATE SCHEMA z; CREATE TABLE p (id int, k text, more int) PARTITION BY LIST (k); CREATE TABLE z.b PARTITION OF p FOR VALUES IN ('a');
		CREATE TABLE a PARTITION OF p FOR VALUES IN ('b')},
	rows => q{INSERT INTO p VALUES (1, 'a')}, there => 'SELECT tableoid::regclass, id FROM p', rows_there => 'z.b|1',
	here => 'SELECT tableoid::regclass, id FROM p', rows_here => 'a|1', more => 1);

renames('a partitioned table and its column, and so its parts and theirs, with what is their own',
	from => q{CREATE TABLE p (at date NOT NULL, k text NOT NULL DEFAULT 'x', PRIMARY KEY (at, k)) PARTITION BY RANGE (at); CREATE INDEX ON p (k);
		CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY LIST (k);
		CREATE TABLE p_1_x PARTITION OF p_1 (CHECK (k <> 'y')) FOR VALUES IN ('x'); ALTER TABLE p_1_x ALTER k SET DEFAULT 'zz';
		COMMENT ON COLUMN p_1_x.k IS 'of x'; CREATE VIEW v AS SELECT k FROM p_1_x},
	to => q{-- @renamed from=p
		CREATE TABLE q (at date NOT NULL,
			label text NOT NULL DEFAULT 'x',	-- @renamed from=k
			PRIMARY KEY (at, label)) PARTITION BY RANGE (at); CREATE INDEX ON q (label);
		CREATE TABLE q_1 PARTITION OF q FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY LIST (label);
		CREATE TABLE q_1_x PARTITION OF q_1 (CHECK (label <> 'y')) FOR VALUES IN ('x'); ALTER TABLE q_1_x ALTER label SET DEFAULT 'zz';
		COMMENT ON COLUMN q_1_x.label IS 'of x'; CREATE VIEW v AS SELECT label AS k FROM q_1_x},
	rows => q{INSERT INTO p VALUES ('2020-05-05', 'x')}, there => 'SELECT tableoid::regclass, label, k FROM q, v', rows_there => 'q_1_x|x|x',
	here => 'SELECT tableoid::regclass, p.k, v.k FROM p, v', rows_here => 'p_1_x|x|x', not_plan => [qr/DROP|CREATE|DETACH|__old/]);
renames('a column that another table inherits', from => q{CREATE TABLE t (a int CHECK (a > 0)); CREATE TABLE kid (c int) INHERITS (t)},
	to => "CREATE TABLE t (\n\tb int CHECK (b > 0)\t-- \@renamed from=a\n); CREATE TABLE kid (c int) INHERITS (t)",
	rows => 'INSERT INTO kid VALUES (1, 2)', there => 'SELECT b, c FROM kid', rows_there => '1|2', here => 'SELECT a, c FROM kid', rows_here => '1|2',
	not_plan => [qr/DROP|CREATE/]);


# What is asked is answered by the calls that the question prints: then nothing goes any more.
my $asked = sf_database($node, 'asked');
$node->safe_psql($asked, q{
	CREATE DOMAIN d1 AS int DEFAULT 2 CHECK (VALUE > 0);
	CREATE FUNCTION f1(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT a';
	CREATE TYPE e1 AS ENUM ('a', 'b'); CREATE TYPE c1 AS (a int, b text);
	CREATE SEQUENCE s1; CREATE VIEW v1 AS SELECT 1 AS a;
	CREATE SCHEMA n1; CREATE TABLE n1.inside (id int);
	CREATE TABLE old_name (id serial PRIMARY KEY, ref int UNIQUE, v int CHECK (v > 0)); CREATE INDEX ON old_name (v);
	CREATE TABLE u (id int, a int NOT NULL DEFAULT 3, n int GENERATED ALWAYS AS IDENTITY, s bigserial, t text UNIQUE);
	CREATE TYPE state AS ENUM ('closed', 'open'); CREATE TABLE many1 (x int); CREATE TABLE many2 (x int);
	CREATE TABLE near (y int); CREATE TABLE far_away (y int); CREATE TABLE called (name varchar(255));
	CREATE TABLE one1 (z int); CREATE TABLE one2 (z int)});
$node->safe_psql($asked, q{SELECT sf_define($$
	CREATE DOMAIN d2 AS int DEFAULT 2 CHECK (VALUE > 0);
	CREATE FUNCTION f2(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT a';
	CREATE TYPE e2 AS ENUM ('a', 'b'); CREATE TYPE c2 AS (a int, b text);
	CREATE SEQUENCE s2; CREATE VIEW v2 AS SELECT 1 AS a;
	CREATE SCHEMA n2; CREATE TABLE n2.inside (id int);
	CREATE TABLE new_name (id serial PRIMARY KEY, ref int UNIQUE, v int CHECK (v > 0)); CREATE INDEX ON new_name (v);
	CREATE TABLE u (id int, a2 int NOT NULL DEFAULT 3, n2 int GENERATED ALWAYS AS IDENTITY, s2 bigserial, t2 text UNIQUE);
	CREATE TYPE state AS ENUM ('Closed', 'Open'); CREATE TABLE many3 (x int); CREATE TABLE many4 (x int);
	CREATE TABLE called (state varchar(255), name_cached varchar(255));
	CREATE TABLE nearer (y int); CREATE TABLE one3 (z int)$$, true)});
my $manage = q{SET schemaflow.manage = 'all'; };
my $questions = $node->safe_psql($asked, "$manage SELECT string_agg(trim(leading ' -' FROM l), ' ' ORDER BY n) FROM
	sf_plan_migration('asked', true) WITH ORDINALITY p(l, n)");
my @calls = $questions =~ /(SELECT sf_rename_hint\(.*?\);)/g;
is(join("\n", sort map { /hint\((.*)\)/ } @calls), join("\n", sort
	q{'column', 'public.u.a', 'public.u.a2'}, q{'column', 'public.u.n', 'public.u.n2'}, q{'column', 'public.u.s', 'public.u.s2'},
	q{'column', 'public.u.t', 'public.u.t2'}, q{'composite type', 'public.c1', 'public.c2'}, q{'domain', 'public.d1', 'public.d2'},
	q{'enum', 'public.e1', 'public.e2'}, q{'function', 'public.f1(integer, text)', 'public.f2(integer, text)'},
	q{'schema', 'n1', 'n2'}, q{'sequence', 'public.s1', 'public.s2'}, q{'table', 'public.old_name', 'public.new_name'},
	q{'table', 'public.many1', 'public.many3'}, q{'table', 'public.many2', 'public.many4'}, q{'table', 'public.near', 'public.nearer'},
	q{'enum value', 'public.state.closed', 'public.state."Closed"'}, q{'enum value', 'public.state.open', 'public.state."Open"'},
	q{'view', 'public.v1', 'public.v2'}, q{'column', 'public.called.name', 'public.called.name_cached'}),
	'what looks like another of its kind is asked for, once each: the closest of several, in order; not where it may as well be another');
$node->safe_psql($asked, join(' ', @calls) . q{ DROP TABLE one1, one2, far_away});
my $answered = $node->safe_psql($asked, "$manage SELECT * FROM sf_plan_migration('answered', true)");
my ($up) = $answered =~ /^ ?-- up (.*?)^ ?-- down/ms;
unlike($up, qr/DROP|CREATE (?!TABLE public\.one)/, 'with the answers all of it is renamed');
unlike($answered, qr/Renamed\?/, 'and nothing is asked any more');
$node->safe_psql($asked, "$manage CALL sf_upgrade()");
is($node->safe_psql($asked, "$manage SELECT count(*) FROM sf_diff()"), 0, 'it is done');

# Who does not say so is asked for the original alone: a copy has no name of its own.
my $copied = sf_database($node, 'copied');
$node->safe_psql($copied, $_) foreach 'CREATE TABLE t (a int); CREATE TABLE kid (c int) INHERITS (t)',
	q{SELECT sf_define('CREATE TABLE t (b int); CREATE TABLE kid (c int) INHERITS (t)')};
is(join('|', $node->safe_psql($copied, q{SELECT * FROM sf_plan_migration('b')}) =~ /Is (\S+ \S+) the old/g), 'column public.t.b', 'one question');
# An extension takes its members along: what is made of them stands, and only what is dropped by a member's name goes first.
my $moved = sf_database($node, 'moved');
$node->safe_psql($moved, q{CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA public; CREATE EXTENSION pg_trgm SCHEMA public;
	CREATE TABLE t (a citext UNIQUE DEFAULT 'x' CHECK (a <> 'y'), b text); CREATE INDEX ON t USING gin (b gin_trgm_ops);
	CREATE VIEW v AS SELECT a, similarity(b, 'x') AS s FROM t; CREATE FUNCTION gone(citext) RETURNS int LANGUAGE sql AS 'SELECT 1';
	CREATE FUNCTION stays(citext) RETURNS int LANGUAGE sql AS 'SELECT 1'; COMMENT ON FUNCTION stays(citext) IS 'it did';
	CREATE FUNCTION other(citext[]) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE CAST (citext AS int) WITH FUNCTION stays(citext)});
$node->safe_psql($moved, q{SELECT sf_define($$CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE EXTENSION pg_trgm SCHEMA ext;
	CREATE TABLE t (a ext.citext UNIQUE DEFAULT 'x' CHECK (a OPERATOR(ext.<>) 'y'), b text, c ext.citext);
	CREATE INDEX ON t USING gin (b ext.gin_trgm_ops); CREATE VIEW v AS SELECT a, ext.similarity(b, 'x') AS s FROM t;
	CREATE FUNCTION stays(ext.citext) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE CAST (ext.citext AS int) WITH FUNCTION stays(ext.citext);
	CREATE FUNCTION other(ext.citext[]) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'$$)});
$node->safe_psql($moved, "$manage SELECT sf_plan_migration('moved')");
is($node->safe_psql($moved, q{SELECT split_part(sql, E'\n', 1) FROM sf_steps() ORDER BY n}), join("\n", 'COMMENT ON FUNCTION public.stays(public.citext) IS NULL',
	'DROP FUNCTION public.gone(public.citext)', 'ALTER EXTENSION citext SET SCHEMA ext', 'ALTER EXTENSION pg_trgm SET SCHEMA ext', 'CREATE OR REPLACE FUNCTION public.other(ext.citext[])',
	'ALTER TABLE public.t ADD COLUMN c ext.citext'),
	'an extension that moves takes what is made of its members along');
$node->safe_psql($moved, "$manage CALL sf_upgrade()");
is($node->safe_psql($moved, "$manage SELECT count(*) FROM sf_diff()"), 0, 'it is done');
$node->safe_psql($moved, "$manage CALL sf_downgrade('-1', allow => '{data_loss}')");
is($node->safe_psql($moved, "SELECT 'gone(public.citext)'::regprocedure"), 'gone(citext)', 'and back');

# So it is when the schema that it leaves goes.
my $left = sf_database($node, 'left');
my $made_of = q{CREATE SCHEMA %1$s; CREATE EXTENSION citext SCHEMA %1$s; CREATE EXTENSION hstore SCHEMA %1$s;
	CREATE TABLE t (a %1$s.citext DEFAULT 'x' CHECK (a <> 'y'::%1$s.citext), h %1$s.hstore); CREATE VIEW v AS SELECT a FROM t WHERE a = 'q'};
$node->safe_psql($left, sprintf($made_of, 'old'));
$node->safe_psql($left, 'SELECT sf_define($$' . sprintf($made_of, 'ext') . '$$)');
$node->safe_psql($left, "$manage SELECT sf_plan_migration('left')");
is($node->safe_psql($left, 'SELECT sql FROM sf_steps() ORDER BY n'), join("\n", 'CREATE SCHEMA ext', 'ALTER EXTENSION citext SET SCHEMA ext',
	'ALTER EXTENSION hstore SET SCHEMA ext', 'DROP SCHEMA old'), 'out of a schema that goes');
$node->safe_psql($left, "$manage CALL sf_upgrade()");
is($node->safe_psql($left, "$manage SELECT count(*) FROM sf_diff()"), 0, 'it is done');

# What is granted on members is so afterwards.
my $granted = sf_database($node, 'granted');
my $rights = q{SELECT string_agg(proacl::text, ' ') FROM pg_proc WHERE proname = 'similarity'};
$node->safe_psql($granted, q{CREATE SCHEMA ext; CREATE EXTENSION pg_trgm SCHEMA public;
	REVOKE ALL ON FUNCTION similarity(text, text) FROM PUBLIC; GRANT EXECUTE ON FUNCTION similarity(text, text) TO pg_monitor});
my $had = $node->safe_psql($granted, $rights);
like($had, qr/pg_monitor=X/, 'a member with rights of its own');
$node->safe_psql($granted, q{SELECT sf_define($$CREATE SCHEMA ext; CREATE EXTENSION pg_trgm SCHEMA ext;
	REVOKE ALL ON FUNCTION ext.similarity(text, text) FROM PUBLIC; GRANT EXECUTE ON FUNCTION ext.similarity(text, text) TO pg_monitor$$)});
$node->safe_psql($granted, "$manage SELECT sf_plan_migration('granted')");
$node->safe_psql($granted, "$manage CALL sf_upgrade()");
is($node->safe_psql($granted, $rights), $had, 'has them in the other schema');
is($node->safe_psql($granted, "$manage SELECT count(*) FROM sf_diff()"), 0, 'and nothing is left');

# One that the server does not relocate is made anew, with what is made of its members, where no rows go with it.
my $fixed = sf_database($node, 'fixed');
$node->safe_psql($fixed, q{CREATE SCHEMA old; CREATE EXTENSION xml2 SCHEMA old; CREATE SCHEMA ext;
	CREATE VIEW checked AS SELECT old.xml_valid('<a/>') AS fine; GRANT SELECT ON checked TO PUBLIC});
my $elsewhere = q{CREATE SCHEMA ext; CREATE EXTENSION xml2 SCHEMA ext;
	CREATE VIEW checked AS SELECT ext.xml_valid('<a/>') AS fine; GRANT SELECT ON checked TO PUBLIC};
$node->safe_psql($fixed, "SELECT sf_define(\$\$$elsewhere\$\$)");
$node->safe_psql($fixed, "$manage SELECT sf_plan_migration('fixed')");
is($node->safe_psql($fixed, q{SELECT regexp_replace(split_part(sql, E'\n', 1), ' VERSION .*', '') FROM sf_steps() WHERE sql !~ '^COMMENT' ORDER BY n}), join("\n",
	'DROP VIEW public.checked', 'DROP EXTENSION xml2', 'CREATE EXTENSION xml2 SCHEMA ext', 'CREATE VIEW public.checked AS',
	'GRANT SELECT ON TABLE public.checked TO PUBLIC', 'DROP SCHEMA old'), 'an extension that is not relocatable');
$node->safe_psql($fixed, "$manage CALL sf_upgrade()");
is($node->safe_psql($fixed, "$manage SELECT count(*) FROM sf_diff()"), 0, 'it is done');
$node->safe_psql($fixed, "$manage CALL sf_downgrade('-1')");
is($node->safe_psql($fixed, q{SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'xml2'}), 'old', 'and back');

# Else who cannot move is told so before anything is stored.
my $rooted = sf_database($node, 'rooted');
$node->safe_psql($rooted, q{CREATE SCHEMA old; CREATE EXTENSION xml2 SCHEMA old; CREATE TABLE old.sheet (x xml);
	ALTER EXTENSION xml2 ADD TABLE old.sheet});
$node->safe_psql($rooted, 'SELECT sf_define($$CREATE SCHEMA ext; CREATE EXTENSION xml2 SCHEMA ext$$)');
my (undef, undef, $refused) = sf_try($node, $rooted, "$manage SELECT sf_plan_migration('rooted')");
like($refused, qr/0A000: extension xml2 cannot move into another schema.*HINT:.*CREATE EXTENSION xml2 SCHEMA old/s,
	'one that has a table');
is($node->safe_psql($rooted, 'SELECT count(*) FROM sf_history()'), 0, 'nothing is stored');

# So is who gets a version to which no scripts lead; that one cannot go back is no reason not to go.
my $versions = sf_database($node, 'versions');
my $boxes = 'CREATE DOMAIN crate AS cube; CREATE TYPE pile AS (top crate); CREATE TABLE store (piles pile[])';
$node->safe_psql($versions, "CREATE EXTENSION cube VERSION '1.4'; $boxes");
$node->safe_psql($versions, "SELECT sf_define(\$\$CREATE EXTENSION cube VERSION '1.5'; $boxes\$\$)");
like($node->safe_psql($versions, "$manage SELECT sf_plan_migration('up')"),
	qr/-- No way back:\n--   extension cube cannot be updated from version 1\.5 to 1\.4: no scripts lead there\.\n/, 'said of the way back');
$node->safe_psql($versions, "$manage CALL sf_upgrade()");
$node->safe_psql($versions, "SELECT sf_define(\$\$CREATE EXTENSION cube VERSION '1.4'; $boxes\$\$)");
(undef, undef, $refused) = sf_try($node, $versions, "$manage SELECT sf_plan_migration('down')");
like($refused, qr/0A000: extension cube cannot be updated from version 1\.5 to 1\.4.*HINT:.*CREATE EXTENSION cube VERSION '1\.5'/s,
	'a version to which no scripts lead');

# Where no column has a type of its, it is made anew, and so are others that need it, and indexes.
my $points = 'CREATE TABLE points (id int); CREATE INDEX points_cube ON points USING gist (cube(id))';
$node->safe_psql($versions, q{DROP TABLE store; DROP TYPE pile; DROP DOMAIN crate; CREATE EXTENSION earthdistance});
$node->safe_psql($versions, $points);
$node->safe_psql($versions, "SELECT sf_define(\$\$CREATE EXTENSION cube VERSION '1.4'; CREATE EXTENSION earthdistance; $points\$\$)");
unlike($node->safe_psql($versions, "$manage SELECT sf_plan_migration('anew')"), qr/No way back/, 'a way back');
is($node->safe_psql($versions, q{SELECT regexp_replace(sql, '(earth.*) VERSION .*', '\1') FROM sf_steps() WHERE sql !~ '^COMMENT' ORDER BY n}), join("\n",
	'DROP INDEX public.points_cube', 'DROP EXTENSION earthdistance', 'DROP EXTENSION cube',
	q{CREATE EXTENSION cube SCHEMA public VERSION '1.4'}, 'CREATE EXTENSION earthdistance SCHEMA public',
	'CREATE INDEX points_cube ON public.points USING gist (public.cube((id)::double precision))'), 'and a way there');
$node->safe_psql($versions, "$manage CALL sf_upgrade()");
is($node->safe_psql($versions, "$manage SELECT count(*) FROM sf_diff()"), 0, 'it is gone');

done_testing();
