# What Alembic's autogenerate does not see, or turns into statements that fail or lose rows: each planned, run by psql on
# tables with rows, and then silent.  The list was measured with Alembic 1.20.1 (compare_type and compare_server_default
# on): see the table of blind spots in the study of peers.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main', conf => ["timezone = 'UTC'"]);

# Per spot: what it is; the live schema and its rows; the model; a query whose answer shows that the change is there
# and the rows still are, with that answer.  "down" checks the way back as well.
my @spots = (
	{
		name => 'rename a column',
		live => q(CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL);
			INSERT INTO t VALUES (1, 'one'), (2, 'two')),
		model => qq(CREATE TABLE t (id int PRIMARY KEY,\n\tfull_name text NOT NULL -- \@renamed from=name\n)),
		shows => q(SELECT string_agg(full_name, ',' ORDER BY id) FROM t),
		answer => 'one,two',
		down => q(SELECT string_agg(name, ',' ORDER BY id) FROM t)
	},
	{
		name => 'rename a table that others refer to',
		live => q(CREATE TABLE hero (id serial PRIMARY KEY, name text UNIQUE);
			CREATE TABLE power (hero_id int REFERENCES hero, what text);
			INSERT INTO hero (name) VALUES ('x'); INSERT INTO power VALUES (1, 'flight')),
		model => qq(-- \@renamed from=hero\nCREATE TABLE person (id serial PRIMARY KEY, name text UNIQUE);
			CREATE TABLE power (hero_id int REFERENCES person, what text)),
		shows => q(SELECT name || what || currval(pg_get_serial_sequence('person', 'id'))
			FROM person JOIN power ON person.id = hero_id, nextval(pg_get_serial_sequence('person', 'id'))),
		answer => 'xflight2'
	},
	{
		name => 'an enum value added, in the middle',
		live => q(CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TABLE t (m mood DEFAULT 'sad');
			INSERT INTO t VALUES ('happy')),
		model => q(CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE TABLE t (m mood DEFAULT 'ok')),
		shows => q(WITH new AS (INSERT INTO t DEFAULT VALUES RETURNING m)
			SELECT (SELECT m FROM t) || ',' || (SELECT m FROM new) || ',' || enum_range(NULL::mood)::text),
		answer => 'happy,ok,{sad,ok,happy}',
		setup_down => q(DELETE FROM t WHERE m = 'ok'),
		down => q(SELECT m || ',,' || enum_range(NULL::mood)::text FROM t),
		down_answer => 'happy,,{sad,happy}'
	},
	{
		name => 'an enum value removed',
		live => q(CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
			CREATE TABLE t (m mood DEFAULT 'sad', many mood[], CHECK (m <> 'happy'));
			CREATE INDEX ON t (m) WHERE m = 'sad'; INSERT INTO t VALUES ('sad', '{sad,happy}')),
		model => q(CREATE TYPE mood AS ENUM ('happy', 'sad');
			CREATE TABLE t (m mood DEFAULT 'sad', many mood[], CHECK (m <> 'happy'));
			CREATE INDEX ON t (m) WHERE m = 'sad'),
		shows => q(SELECT m || ',' || many::text || ',' || enum_range(NULL::mood)::text FROM t),
		answer => 'sad,{sad,happy},{happy,sad}'
	},
	{
		name => 'a named CHECK added',
		live => q(CREATE TABLE t (price int); INSERT INTO t VALUES (1)),
		model => q(CREATE TABLE t (price int, CONSTRAINT positive CHECK (price > 0))),
		shows => q(SELECT price || pg_get_constraintdef(oid) FROM t, pg_constraint WHERE conname = 'positive'),
		answer => '1CHECK ((price > 0))'
	},
	{
		name => 'a CHECK without a name added',
		live => q(CREATE TABLE t (price int); INSERT INTO t VALUES (1)),
		model => q(CREATE TABLE t (price int CHECK (price > 0))),
		shows => q(SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't'::regclass),
		answer => 't_price_checkCHECK ((price > 0))'
	},
	{
		name => 'a CHECK changed under its name',
		live => q(CREATE TABLE t (price int CONSTRAINT sane CHECK (price < 10)); INSERT INTO t VALUES (1)),
		model => q(CREATE TABLE t (price int CONSTRAINT sane CHECK (price < 100))),
		shows => q(SELECT price || pg_get_constraintdef(oid) || convalidated
			FROM t, pg_constraint WHERE conname = 'sane'),
		answer => '1CHECK ((price < 100))true'
	},
	(map {
		+{
			name => "an index: $_->[0]",
			live => "CREATE TABLE t (id int, name text, gone bool); INSERT INTO t VALUES (1, 'x'); $_->[1]",
			model => "CREATE TABLE t (id int, name text, gone bool); $_->[2]",
			shows => q(SELECT pg_get_indexdef(indexrelid) || indisvalid FROM pg_index WHERE indrelid = 't'::regclass),
			answer => "$_->[3]true"
		}
	} (
		[
			'predicate', 'CREATE INDEX i ON t (id) WHERE gone', 'CREATE INDEX i ON t (id) WHERE NOT gone',
			'CREATE INDEX i ON public.t USING btree (id) WHERE (NOT gone)'
		],
		[
			'access method', 'CREATE INDEX i ON t (id)', 'CREATE INDEX i ON t USING hash (id)',
			'CREATE INDEX i ON public.t USING hash (id)'
		],
		[
			'INCLUDE list', 'CREATE INDEX i ON t (id) INCLUDE (name)', 'CREATE INDEX i ON t (id) INCLUDE (gone)',
			'CREATE INDEX i ON public.t USING btree (id) INCLUDE (gone)'
		],
		[
			'operator class', 'CREATE INDEX i ON t (name)', 'CREATE INDEX i ON t (name text_pattern_ops)',
			'CREATE INDEX i ON public.t USING btree (name text_pattern_ops)'
		])),
	{
		name => 'the expression of a generated column changed',
		live => q(CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) STORED); INSERT INTO t VALUES (1)),
		model => q(CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 10) STORED)),
		shows => q(SELECT b FROM t),
		answer => '10'
	},
	{
		name => 'a plain column becomes generated',
		live => q(CREATE TABLE t (a int, b int); INSERT INTO t VALUES (4, 7)),
		model => q(CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED)),
		shows => q(SELECT b FROM t),
		answer => '8'
	},
	{
		name => 'other primary key columns, with a foreign key to them',
		live => q(CREATE TABLE t (a int, b int NOT NULL, PRIMARY KEY (a), UNIQUE (b)); INSERT INTO t VALUES (1, 2);
			CREATE TABLE r (b int REFERENCES t (b)); INSERT INTO r VALUES (2)),
		model => q(CREATE TABLE t (a int, b int NOT NULL, PRIMARY KEY (a, b), UNIQUE (b));
			CREATE TABLE r (b int REFERENCES t (b))),
		shows => q(SELECT a || pg_get_constraintdef(c.oid) FROM t, pg_constraint c WHERE conname = 't_pkey'),
		answer => '1PRIMARY KEY (a, b)'
	},
	{
		name => 'EXCLUDE added',
		live => q{CREATE TABLE t (during int4range); INSERT INTO t VALUES ('[1,2)'), ('[5,9)')},
		model => q(CREATE TABLE t (during int4range, EXCLUDE USING gist (during WITH &&))),
		shows => q(SELECT count(*) || contype::text FROM t, pg_constraint WHERE conrelid = 't'::regclass GROUP BY contype),
		answer => '2x'
	},
	{
		name => 'UNIQUE made DEFERRABLE',
		live => q(CREATE TABLE t (id int UNIQUE); INSERT INTO t VALUES (1), (2)),
		model => q(CREATE TABLE t (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)),
		shows => q(UPDATE t SET id = 3 - id;
			SELECT string_agg(id::text, ',' ORDER BY id) || condeferrable || condeferred
			FROM t, pg_constraint WHERE conname = 't_id_key' GROUP BY condeferrable, condeferred),
		answer => '1,2truetrue'
	},
	{
		name => 'the collation of a column',
		live => q(CREATE TABLE t (name text); CREATE INDEX ON t (name); INSERT INTO t VALUES ('x')),
		model => q(CREATE TABLE t (name text COLLATE "C"); CREATE INDEX ON t (name)),
		shows => q(SELECT name || attcollation::regcollation FROM t, pg_attribute
			WHERE attrelid = 't'::regclass AND attname = 'name'),
		answer => 'x"C"'
	},
	{
		name => 'a sequence only in the model',
		live => q(CREATE TABLE t (id int)),
		model => q(CREATE TABLE t (id int); CREATE SEQUENCE s START 5 INCREMENT 2),
		shows => q(SELECT nextval('s') || ',' || nextval('s')),
		answer => '5,7'
	},
	{
		name => 'a sequence only in the database',
		live => q(CREATE TABLE t (id int); CREATE SEQUENCE s; INSERT INTO t VALUES (1)),
		model => q(CREATE TABLE t (id int)),
		shows => q(SELECT id || coalesce(to_regclass('s')::text, ' none') FROM t),
		answer => '1 none'
	},
	{
		name => 'a view only in the database',
		live => q(CREATE TABLE t (id int); CREATE VIEW v AS SELECT id FROM t; INSERT INTO t VALUES (1)),
		model => q(CREATE TABLE t (id int)),
		shows => q(SELECT id || coalesce(to_regclass('v')::text, ' none') FROM t),
		answer => '1 none'
	},
	{
		name => 'serial becomes identity',
		live => q(CREATE TABLE t (id serial PRIMARY KEY, name text); INSERT INTO t (name) VALUES ('a'), ('b')),
		model => q(CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name text)),
		shows => q(INSERT INTO t (name) VALUES ('c');
			SELECT string_agg(id || name, ',' ORDER BY id) || attidentity::text FROM t, pg_attribute
			WHERE attrelid = 't'::regclass AND attname = 'id' GROUP BY attidentity),
		answer => '1a,2b,3cd',
		down => q(INSERT INTO t (name) VALUES ('e') RETURNING id || name),
		down_answer => '4e'
	},
	{
		name => 'a NOT NULL column without a server default on a table with rows: the model says how to fill it',
		live => q(CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2)),
		model => qq(CREATE TABLE t (id int,\n\tphone text NOT NULL -- \@up 'no ' || id\n)),
		shows => q(SELECT string_agg(id || phone, ',' ORDER BY id) FROM t),
		answer => '1no 1,2no 2'
	},
	{
		name => 'a NOT NULL column with a server default on a table with rows',
		live => q(CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2)),
		model => q(CREATE TABLE t (id int, phone text NOT NULL DEFAULT 'none')),
		shows => q(SELECT string_agg(id || phone, ',' ORDER BY id) FROM t),
		answer => '1none,2none'
	},
	{
		# Made anew: the rows go (until archives come), and the plan has to say so.
		name => 'PARTITION BY added',
		live => q(CREATE TABLE t (id int, at date NOT NULL); INSERT INTO t VALUES (1, '2026-01-01')),
		model => q(CREATE TABLE t (id int, at date NOT NULL) PARTITION BY RANGE (at);
			CREATE TABLE t_rest PARTITION OF t DEFAULT),
		says => qr/^--   up .*; loses no data$/m,
		shows => q(SELECT pg_get_partkeydef('t'::regclass) || count(i.*) || (SELECT string_agg(id || ' ' || at, ', ') FROM t_rest)
			FROM pg_inherits i WHERE inhparent = 't'::regclass),
		answer => 'RANGE (at)11 2026-01-01'
	},
	{
		name => 'a new enum type goes with the way down, and comes again',
		live => q(CREATE TABLE t (id int); INSERT INTO t VALUES (1)),
		model => q(CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (id int, m mood)),
		shows => q(SELECT id || coalesce(to_regtype('mood')::text, ' none') FROM t),
		answer => '1mood',
		down => q(SELECT id || coalesce(to_regtype('mood')::text, ' none') FROM t),
		down_answer => '1 none'
	});

sub answers
{
	my ($db, $query) = @_;
	my ($rc, $out, $err) = $node->psql($db, $query);

	return $rc == 0 ? $out : "error: $err";
}

# The script of the head, run as a user would: by psql from a file.
sub run_script
{
	my ($db, $direction) = @_;
	my $script = $node->safe_psql($db, "SELECT sf_script('head', '$direction')");
	my $file = PostgreSQL::Test::Utils::tempdir() . '/script.sql';

	PostgreSQL::Test::Utils::append_to_file($file, $script);
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($db), '-f', $file ],
		'>', \$out, '2>', \$err);
	note("$script\n$out$err") unless $ok;
	return $ok;
}

sub silent
{
	my ($db) = @_;
	my $plan = answers($db, q(SELECT sf_plan_migration('again')));
	my $diff = answers($db, q(SELECT * FROM sf_diff()));

	note("$plan\n$diff") unless $diff eq '';
	return $plan =~ /nothing to do/ && $diff eq '';
}

# A new database; what is live in it, and the model recorded.
sub start_spot
{
	my ($db, $spot) = @_;

	sf_database($node, $db);
	$node->safe_psql($db, $spot->{live});
	$node->safe_psql($db, "SELECT count(*) FROM sf_define(\$model\$$spot->{model}\$model\$)");
}

my $number = 0;
for my $spot (@spots)
{
	my $db = 'spot' . ++$number;
	my $name = $spot->{name};

	start_spot($db, $spot);
	my $plan = answers($db, q(SELECT sf_plan_migration('spot')));
	like($plan, $spot->{says}, "$name: the plan says what it does to rows") if $spot->{says};
	if (!ok(run_script($db, 'up'), "$name: planned and run"))
	{
		note($plan);
		next;
	}
	ok(silent($db), "$name: then zero steps");
	is(answers($db, $spot->{shows}), $spot->{answer}, "$name: it is there, and so are the rows");
	next unless $spot->{down};
	$node->safe_psql($db, $spot->{setup_down}) if $spot->{setup_down};
	ok(run_script($db, 'down'), "$name: down");
	is(answers($db, $spot->{down}), $spot->{down_answer} // $spot->{answer}, "$name: as it was");
	ok(run_script($db, 'up') && silent($db), "$name: up again");
}

# No change at all, with explicit schemas: Alembic drops and makes the key again each time.
my $public = q(CREATE TABLE public.a (id int PRIMARY KEY); CREATE TABLE public.b (a_id int REFERENCES public.a (id)));
start_spot('unchanged', { live => $public, model => $public });
ok(silent('unchanged'), 'explicit schema and a foreign key, no change: zero steps');

$node->stop;
done_testing();
