# Plans for tables in use take their online form: which statements, in which transactions, under which locks; run on
# tables with rows, up and down, they end at the model and at the start.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('steps');
my $db = sf_database($node, 'app');
# From 18 on NOT NULL is a constraint that can be proved, and a partitioned table's foreign key can be, too.
my $provable = $node->pg_version >= 18;

sub query { return $node->safe_psql($db, $_[0]) }

sub run_script
{
	my ($args) = @_;
	my $file = "$PostgreSQL::Test::Utils::tmp_check/" . ($args =~ s/\W+/_/gr) . '.sql';

	open my $out, '>', $file or die $!;
	print $out query("SELECT sf_script($args)");
	close $out;
	my $err = '';
	my $ok = IPC::Run::run([ 'psql', '-Xq', '-d', $node->connstr($db), '-f', $file ], '>', \my $text, '2>', \$err);
	ok($ok, "script $args runs") or diag $err;
}

# The SQL of the steps that match, each with class and transaction relative to the first of them.
sub steps
{
	my ($pattern, $direction) = @_;

	$direction //= 'up';
	return query("SELECT class || ' ' || transaction - min(transaction) OVER () || ' ' || phase || ': ' || sql
		FROM sf_steps('head', '$direction') WHERE sql ~ \$\$$pattern\$\$ ORDER BY n");
}

query(q{
	CREATE TYPE mood AS ENUM ('sad', 'happy');
	CREATE DOMAIN email AS text;
	CREATE TABLE team (id int PRIMARY KEY, name text, code int NOT NULL, key int);
	CREATE TABLE users (id int, name varchar(10), team_id int, m mood, mail email, age int, old text,
		lead int CONSTRAINT lead_fk REFERENCES team, n int, proven int CONSTRAINT proof CHECK (proven IS NOT NULL));
	CREATE INDEX users_gone ON users (age);
	CREATE INDEX users_expr ON users (lower(name));
	CREATE TABLE part (id int, team int) PARTITION BY RANGE (id);
	CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (1000);
	CREATE TABLE desk (id int CONSTRAINT desk_key PRIMARY KEY, room int NOT NULL, seat int);
	CREATE UNIQUE INDEX desk_place ON desk (room, seat);
	INSERT INTO desk SELECT g, g, g FROM generate_series(1, 100) g;
	INSERT INTO team SELECT g, g, g, g FROM generate_series(1, 100) g;
	INSERT INTO users SELECT g, g, g, 'sad', 'x', 1, 'o', g, g, g FROM generate_series(1, 100) g;
	INSERT INTO part SELECT g, g FROM generate_series(1, 100) g;
	ANALYZE;});
query(q{SELECT sf_define($$
	CREATE TYPE mood AS ENUM ('sad', 'soso', 'happy');
	CREATE DOMAIN email AS text CONSTRAINT filled CHECK (VALUE <> '');
	CREATE TABLE team (id bigint PRIMARY KEY, name text NOT NULL, code int NOT NULL, key int,
		CONSTRAINT team_code UNIQUE NULLS NOT DISTINCT (code) WITH (fillfactor = 70) DEFERRABLE INITIALLY DEFERRED);
	CREATE TABLE users (id int CONSTRAINT users_key PRIMARY KEY, name text, team_id int NOT NULL, m mood DEFAULT 'sad',
		mail email, age int, lead bigint CONSTRAINT lead_fk REFERENCES team, n int,
		proven int NOT NULL CONSTRAINT proof CHECK (proven IS NOT NULL), "Phone" text,
		born timestamptz NOT NULL DEFAULT now(),
		CONSTRAINT users_team FOREIGN KEY (team_id) REFERENCES team DEFERRABLE,
		CONSTRAINT adult CHECK (age > 0), CONSTRAINT un UNIQUE (n) INCLUDE (age));
	CREATE INDEX users_expr ON users (lower(name));
	CREATE INDEX "Team" ON users (team_id) WHERE n > 0;
	CREATE TABLE pet (id int PRIMARY KEY, t bigint REFERENCES team);
	CREATE INDEX pet_t ON pet (t);
	CREATE TABLE part (id int, team int NOT NULL, CONSTRAINT part_fk FOREIGN KEY (team) REFERENCES team) PARTITION BY RANGE (id);
	CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (1000);
	CREATE INDEX part_team ON part (team);
	CREATE TABLE desk (id int NOT NULL, room int NOT NULL, seat int, CONSTRAINT desk_key PRIMARY KEY (room, seat));
$$)});
my $before = query(q{SELECT count(*) || ' ' || md5(string_agg(f::text, ',' ORDER BY f::text)) FROM sf_facts() f WHERE attribute IS DISTINCT FROM 'position'});
query(q{SELECT sf_plan_migration('online')});

# Each proof has a transaction of its own; what it proves is set, and the proof dropped, in the next.  One proof is for
# all columns of a table (one of them is the key's); constraints are proved one by one.
is(steps($provable ? 'users_team_id_not_null' : 'users_not_null_proof|ALTER COLUMN (id|team_id) SET'), join("\n", $provable ? (
		'T 0 expand: ALTER TABLE public.users ADD CONSTRAINT users_team_id_not_null NOT NULL team_id NOT VALID',
		'T 2 validate: ALTER TABLE public.users VALIDATE CONSTRAINT users_team_id_not_null') : (
		'T 0 expand: ALTER TABLE public.users ADD CONSTRAINT users_not_null_proof CHECK (id IS NOT NULL AND team_id IS NOT NULL) NOT VALID',
		'T 1 validate: ALTER TABLE public.users VALIDATE CONSTRAINT users_not_null_proof',
		'T 2 validate: ALTER TABLE public.users ALTER COLUMN id SET NOT NULL',
		'T 2 validate: ALTER TABLE public.users ALTER COLUMN team_id SET NOT NULL',
		'T 2 validate: ALTER TABLE public.users DROP CONSTRAINT users_not_null_proof')), 'NOT NULL');
is(steps('COLUMN proven'), 'T 0 expand: ALTER TABLE public.users ALTER COLUMN proven SET NOT NULL',
	'NOT NULL that a check proves already');
is(query(q{SELECT bool_or(scans) FROM sf_steps() WHERE sql ~ 'SET NOT NULL'}), 'f', 'no SET NOT NULL reads the table');
is(steps('CONSTRAINT adult'), join("\n",
		'T 0 expand: ALTER TABLE public.users ADD CONSTRAINT adult CHECK ((age > 0)) NOT VALID',
		'T 1 validate: ALTER TABLE public.users VALIDATE CONSTRAINT adult'), 'check');
is(steps('CONSTRAINT users_team( |$)'), join("\n",
		'T 0 expand: ALTER TABLE public.users ADD CONSTRAINT users_team FOREIGN KEY (team_id) REFERENCES public.team(id) DEFERRABLE NOT VALID',
		'T 1 validate: ALTER TABLE public.users VALIDATE CONSTRAINT users_team'), 'foreign key');
is(steps('team_code'), join("\n",
		q{N 0 expand: CREATE UNIQUE INDEX CONCURRENTLY team_code ON public.team USING btree (code) NULLS NOT DISTINCT WITH (fillfactor='70')},
		'T 1 validate: ALTER TABLE public.team ADD CONSTRAINT team_code UNIQUE USING INDEX team_code DEFERRABLE INITIALLY DEFERRED'),
	'unique with all its options');
is(steps('users_key'), join("\n",
		'N 0 expand: CREATE UNIQUE INDEX CONCURRENTLY users_key ON public.users USING btree (id)',
		'T 1 validate: ALTER TABLE public.users ADD CONSTRAINT users_key PRIMARY KEY USING INDEX users_key'), 'primary key');
is(query(q{SELECT max(n) FILTER (WHERE sql ~ 'COLUMN id SET NOT NULL|VALIDATE CONSTRAINT users_id_not_null') < min(n) FILTER (WHERE sql ~ 'users_key') FROM sf_steps()}),
	't', 'its column is NOT NULL before');
is(steps('desk_(key|place)'), join("\n", 'T 0 expand: ALTER TABLE public.desk DROP CONSTRAINT desk_key',
		'T 0 expand: ALTER TABLE public.desk ADD CONSTRAINT desk_key PRIMARY KEY USING INDEX desk_place'),
	'a key that moves to where a unique index goes takes that over');
is(query(q{SELECT bool_or(scans) FROM sf_steps() WHERE sql ~ 'desk_key'}), 'f', 'and reads nothing');
is(steps('users_gone'), 'N 0 contract: DROP INDEX CONCURRENTLY public.users_gone', 'index that goes');
is(steps('"Team"'), 'N 0 expand: CREATE INDEX CONCURRENTLY "Team" ON public.users USING btree (team_id) WHERE (n > 0)', 'index that comes');
is(steps('email'), join("\n",
		q{T 0 expand: ALTER DOMAIN public.email ADD CONSTRAINT filled CHECK ((VALUE <> ''::text)) NOT VALID},
		'T 1 validate: ALTER DOMAIN public.email VALIDATE CONSTRAINT filled'), 'domain');
is(query(q{SELECT lock || ' ' || lock_table FROM sf_steps() WHERE sql ~ 'DOMAIN.*VALIDATE'}), 'SHARE public.users',
	'a domain locks the tables that use it');
# What has no online form, or needs none.
is(steps('INDEX pet_t'), 'T 0 expand: CREATE INDEX pet_t ON public.pet USING btree (t)', 'index of a new table');
is(query(q{SELECT lock IS NULL AND NOT scans FROM sf_steps() WHERE sql ~ 'INDEX pet_t'}), 't', 'which is no concern');
like(steps('INDEX part_team'), qr/^T 0 expand: CREATE INDEX part_team ON public.part /, 'index of a partitioned table');
like(steps('part_fk'), $provable ? qr/^T 0 expand: .* NOT VALID\nT 1 validate: .* VALIDATE CONSTRAINT part_fk$/
	: qr/^T 0 expand: ALTER TABLE public.part ADD CONSTRAINT part_fk [^\n]*\(id\)$/, 'foreign key of one');
# A bracket is one transaction and holds nothing else.
is(query(q{SELECT string_agg(sql, E'\n' ORDER BY n) FROM sf_steps() WHERE n BETWEEN
		(SELECT min(n) FROM sf_steps() WHERE sql ~ 'lead_fk') AND (SELECT max(n) FROM sf_steps() WHERE sql ~ 'lead_fk')}), join("\n",
		'ALTER TABLE public.users DROP CONSTRAINT lead_fk',
		'ALTER TABLE public.team ALTER COLUMN id TYPE bigint',
		'ALTER TABLE public.users ALTER COLUMN lead TYPE bigint',
		'ALTER TABLE public.users ADD CONSTRAINT lead_fk FOREIGN KEY (lead) REFERENCES public.team(id)'), 'bracket');
is(query(q{SELECT count(DISTINCT transaction) FROM sf_steps() WHERE sql ~ 'lead_fk|COLUMN (id|lead) TYPE'}), '1', 'in one transaction');
is(query(q{SELECT count(*) FROM sf_steps() a JOIN sf_steps() b USING (transaction) WHERE a.sql ~ 'ADD VALUE' AND b.n > a.n}), '0',
	'a new enum value ends its transaction');
is(query(q{SELECT string_agg(sql || ' ' || why, E'\n' ORDER BY n) FROM sf_steps() WHERE loses_data}),
	q{ALTER TABLE public.users DROP COLUMN old the column's values are lost}, 'what is lost');

run_script("'head'");
is(query(q{SELECT count(*) FROM sf_diff()}), '0', 'no difference to the model afterwards');
is(query(q{SELECT count(*) FROM pg_constraint WHERE NOT convalidated}) . query(q{SELECT count(*) FROM pg_index WHERE NOT indisvalid}),
	'00', 'nothing is left unproved');
like(query(q{SELECT sf_plan_migration('again')}), qr/nothing to do/, 'the next plan is empty');

is(steps('"Team"|users_gone', 'down') =~ s/N \d+/N/gr, join("\n", 'N contract: DROP INDEX CONCURRENTLY public."Team"',
		'N expand: CREATE INDEX CONCURRENTLY users_gone ON public.users USING btree (age)'), 'down: indexes');
is(query(q{SELECT string_agg(object, ', ' ORDER BY object) FROM sf_steps('head', 'down') WHERE loses_data}),
	'column public.users."Phone", column public.users.born, table public.pet', 'down: what is lost is said');
run_script("'head', 'down'");
is(query(q{SELECT count(*) || ' ' || md5(string_agg(f::text, ',' ORDER BY f::text)) FROM sf_facts() f WHERE attribute IS DISTINCT FROM 'position'}), $before, 'back at the start');
is(query('SELECT count(*) FROM users'), '100', 'no row is lost');
run_script("'head'");
is(query(q{SELECT count(*) FROM sf_diff()}), '0', 'and up again');

# As many locks as one transaction may take.
query("SELECT sf_define('" . join(' ', map { "CREATE TABLE t$_ (id int PRIMARY KEY);" } 1 .. 40) . "', true)");
query(q{ALTER DATABASE app SET schemaflow.max_locks = 20});
query(q{SELECT sf_plan_migration('many', true)});
cmp_ok(query(q{SELECT max(c) FROM (SELECT count(*) AS c FROM sf_steps() WHERE sql ~ 'CREATE TABLE' GROUP BY transaction) x}), '<=', 7,
	'schemaflow.max_locks cuts');
cmp_ok(query(q{SELECT count(DISTINCT transaction) FROM sf_steps() WHERE sql ~ 'CREATE TABLE'}), '>=', 6, 'into several transactions');
$node->stop;
done_testing();
