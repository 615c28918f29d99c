# Indexes and constraints of big tables that are replaced are never missing: the successor is built beside them.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use IPC::Run ();
use SchemaflowOnline;
use SchemaflowTest;
use Test::More;

my $node = sf_node('replace', conf => ['wal_level = logical']);

# ---- indexes, with what is said of them
online($node, 'indexes', q{
	CREATE TABLE users (id int PRIMARY KEY, name text, at date NOT NULL);
	CREATE INDEX users_name ON users (name);
	CREATE UNIQUE INDEX users_at ON users (at, id);
	ALTER TABLE users REPLICA IDENTITY USING INDEX users_at;
	ALTER TABLE users CLUSTER ON users_name;
	COMMENT ON INDEX users_name IS 'by name';
	INSERT INTO users SELECT g, g, date '2020-01-01' + g FROM generate_series(1, 1000) g}, q{
	CREATE TABLE users (id int PRIMARY KEY, name text, at date NOT NULL);
	CREATE INDEX users_name ON users (lower(name));
	CREATE UNIQUE INDEX users_at ON users (id, at);
	ALTER TABLE users REPLICA IDENTITY USING INDEX users_at;
	ALTER TABLE users CLUSTER ON users_name;
	COMMENT ON INDEX users_name IS 'by name';},
	of => 'users_name|users_at',
	steps => [
		'N expand: CREATE UNIQUE INDEX CONCURRENTLY users_at__new ON public.users USING btree (id, at)',
		'T expand: ALTER INDEX public.users_at RENAME TO users_at__old',
		'T expand: ALTER INDEX public.users_at__new RENAME TO users_at',
		'T expand: ALTER TABLE public.users REPLICA IDENTITY USING INDEX users_at',
		'N expand: DROP INDEX CONCURRENTLY public.users_at__old',
		'N expand: CREATE INDEX CONCURRENTLY users_name__new ON public.users USING btree (lower(name))',
		'T expand: ALTER INDEX public.users_name RENAME TO users_name__old',
		'T expand: ALTER INDEX public.users_name__new RENAME TO users_name',
		'T expand: ALTER TABLE public.users CLUSTER ON users_name',
		'N expand: DROP INDEX CONCURRENTLY public.users_name__old',
		q{T expand: COMMENT ON INDEX public.users_name IS 'by name'} ]);

# ---- a key that becomes an index of its name, and the other way round
online($node, 'successors', q{
	CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, at date NOT NULL, CONSTRAINT users_name UNIQUE (name));
	CREATE UNIQUE INDEX users_at ON users (at) WHERE id > 0;
	CREATE TABLE logins (name text REFERENCES users (name));
	INSERT INTO users SELECT g, g, date '2020-01-01' + g FROM generate_series(1, 1000) g}, q{
	CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, at date NOT NULL, CONSTRAINT users_at UNIQUE (at));
	CREATE UNIQUE INDEX users_name ON users (name);
	CREATE TABLE logins (name text REFERENCES users (name));},
	of => 'users_name|users_at',
	steps => [
		'N expand: CREATE UNIQUE INDEX CONCURRENTLY users_at__new ON public.users USING btree (at)',
		'T expand: ALTER INDEX public.users_at RENAME TO users_at__old',
		'T expand: ALTER TABLE public.users ADD CONSTRAINT users_at UNIQUE USING INDEX users_at__new',
		'N contract: DROP INDEX CONCURRENTLY public.users_at__old',
		'N expand: CREATE UNIQUE INDEX CONCURRENTLY users_name__new ON public.users USING btree (name)',
		'T expand: ALTER TABLE public.users DROP CONSTRAINT users_name',
		'T expand: ALTER INDEX public.users_name__new RENAME TO users_name' ]);

# ---- a key that moves to where a unique index goes takes that over: nothing is built
online($node, 'adopted', q{
	CREATE TABLE desk (id int NOT NULL, room int NOT NULL, seat int NOT NULL, CONSTRAINT desk_key PRIMARY KEY (id));
	CREATE UNIQUE INDEX desk_place ON desk (room, seat);
	INSERT INTO desk SELECT g, g, g FROM generate_series(1, 1000) g}, q{
	CREATE TABLE desk (id int NOT NULL, room int NOT NULL, seat int NOT NULL, CONSTRAINT desk_key PRIMARY KEY (room, seat));},
	of => 'desk_key|desk_place',
	steps => [
		'T expand: ALTER TABLE public.desk DROP CONSTRAINT desk_key',
		'T expand: ALTER TABLE public.desk ADD CONSTRAINT desk_key PRIMARY KEY USING INDEX desk_place' ]);

# ... unless one of its columns is exchanged: it goes with that, and the key's own is built for what takes its place
online($node, 'not adopted', q{
	CREATE TABLE desk (id int NOT NULL, seat text NOT NULL, CONSTRAINT desk_key PRIMARY KEY (id));
	CREATE UNIQUE INDEX desk_seat ON desk (seat);
	INSERT INTO desk SELECT g, g FROM generate_series(1, 1000) g}, q{
	CREATE TABLE desk (id int NOT NULL, seat int NOT NULL, CONSTRAINT desk_key PRIMARY KEY (seat));},
	of => 'desk_key|desk_seat\M',
	steps => [
		'N validate: CREATE UNIQUE INDEX CONCURRENTLY "~schemaflow_desk_key" ON public.desk USING btree ("~schemaflow_seat")',
		'T contract: ALTER TABLE public.desk DROP CONSTRAINT desk_key',
		'T contract: ALTER TABLE public.desk ADD CONSTRAINT desk_key PRIMARY KEY USING INDEX "~schemaflow_desk_key"',
		'T contract: ALTER TABLE public.desk_key RENAME COLUMN "~schemaflow_seat" TO seat' ]);

# ---- what an exchanged column's index was to its table another is before that: the index has not changed for it
online($node, 'marks', q{
	CREATE TABLE desk (id int NOT NULL, room int NOT NULL, seat int NOT NULL);
	CREATE UNIQUE INDEX desk_id ON desk (id); CREATE UNIQUE INDEX desk_place ON desk (room, seat);
	ALTER TABLE desk REPLICA IDENTITY USING INDEX desk_id; ALTER TABLE desk CLUSTER ON desk_id;
	INSERT INTO desk SELECT g, g, g FROM generate_series(1, 1000) g}, q{
	CREATE TABLE desk (id bigint NOT NULL, room int NOT NULL, seat int NOT NULL);
	CREATE UNIQUE INDEX desk_id ON desk (id); CREATE UNIQUE INDEX desk_place ON desk (room, seat);
	ALTER TABLE desk REPLICA IDENTITY USING INDEX desk_place; ALTER TABLE desk CLUSTER ON desk_place;},
	of => 'desk_place',
	steps => [
		'T expand: ALTER TABLE public.desk CLUSTER ON desk_place',
		'T expand: ALTER TABLE public.desk REPLICA IDENTITY USING INDEX desk_place' ]);

# ---- constraints; a key that a foreign key names
my $keys = q{
	CREATE TABLE team (id int PRIMARY KEY, code int NOT NULL, CONSTRAINT team_code UNIQUE (code)%s);
	CREATE TABLE users (id int NOT NULL, team int, code int, age int CONSTRAINT age CHECK (age > %d), at date NOT NULL,
		CONSTRAINT users_pkey PRIMARY KEY (id%s), CONSTRAINT users_team FOREIGN KEY (team) REFERENCES team%s,
		CONSTRAINT users_code FOREIGN KEY (code) REFERENCES team (code));};
my $filled = q{
	INSERT INTO team SELECT g, g FROM generate_series(1, 1000) g;
	INSERT INTO users SELECT g, g, g, g, date '2020-01-01' + g FROM generate_series(1, 1000) g};
my $old = sprintf($keys, '', 0, '', '');
my $new = sprintf($keys, ' INCLUDE (id)', -1, ', at', ' ON DELETE CASCADE');
my $db = online($node, 'constraints', "$old $filled", $new,
	steps => [
		'N expand: CREATE UNIQUE INDEX CONCURRENTLY users_pkey__new ON public.users USING btree (id, at)',
		'T expand: ALTER TABLE public.users DROP CONSTRAINT users_pkey',
		'T expand: ALTER TABLE public.users ADD CONSTRAINT users_pkey PRIMARY KEY USING INDEX users_pkey__new',
		'N expand: CREATE UNIQUE INDEX CONCURRENTLY team_code__new ON public.team USING btree (code) INCLUDE (id)',
		'T expand: ALTER TABLE public.users DROP CONSTRAINT users_code',
		'T expand: ALTER TABLE public.team DROP CONSTRAINT team_code',
		'T expand: ALTER TABLE public.team ADD CONSTRAINT team_code UNIQUE USING INDEX team_code__new',
		'T expand: ALTER TABLE public.users ADD CONSTRAINT users_code FOREIGN KEY (code) REFERENCES public.team(code) NOT VALID',
		'T validate: ALTER TABLE public.users VALIDATE CONSTRAINT users_code',
		q{T expand: ALTER TABLE public.users ADD CONSTRAINT age__new CHECK ((age > '-1'::integer)) NOT VALID},
		'T validate: ALTER TABLE public.users VALIDATE CONSTRAINT age__new',
		'T expand: ALTER TABLE public.users DROP CONSTRAINT age',
		'T expand: ALTER TABLE public.users RENAME CONSTRAINT age__new TO age',
		'T expand: ALTER TABLE public.users ADD CONSTRAINT users_team__new FOREIGN KEY (team) REFERENCES public.team(id) ON DELETE CASCADE NOT VALID',
		'T validate: ALTER TABLE public.users VALIDATE CONSTRAINT users_team__new',
		'T expand: ALTER TABLE public.users DROP CONSTRAINT users_team',
		'T expand: ALTER TABLE public.users RENAME CONSTRAINT users_team__new TO users_team' ]);
is($node->safe_psql($db, q{SELECT bool_and(n = 1) FROM (SELECT count(DISTINCT transaction) AS n FROM sf_steps()
		WHERE sql ~ '(DROP|RENAME) CONSTRAINT|USING INDEX|NOT VALID' AND sql ~ 'CONSTRAINT (users_pkey|team_code|users_code|age$)' GROUP BY sql ~ 'age', sql ~ 'pkey') x}),
	't', 'the old one goes and the new one comes in one transaction');

# A key beside the old one over the same columns: a foreign key made while both stand would hold on to the old one.
online($node, 'unique_to_primary', q{
	CREATE TABLE cases (id int NOT NULL CONSTRAINT cases_key UNIQUE, up int CONSTRAINT cases_up REFERENCES cases (id));
	CREATE TABLE notes (n int, case_id int CONSTRAINT notes_case REFERENCES cases (id));
	INSERT INTO cases SELECT g, g FROM generate_series(1, 1000) g; INSERT INTO notes SELECT g, g FROM generate_series(1, 1000) g}, q{
	CREATE TABLE cases (id int PRIMARY KEY, up int CONSTRAINT cases_up REFERENCES cases (id));
	CREATE TABLE notes (n int, case_id int CONSTRAINT notes_case REFERENCES cases (id) ON DELETE CASCADE);
	CREATE TABLE files (n int, case_id int CONSTRAINT files_case REFERENCES cases (id));},
	of => 'CONSTRAINT (cases|notes)',
	steps => [
		'T validate: ALTER TABLE public.cases ADD CONSTRAINT cases_pkey PRIMARY KEY USING INDEX cases_pkey',
		'T expand: ALTER TABLE public.cases DROP CONSTRAINT cases_up',
		'T expand: ALTER TABLE public.notes DROP CONSTRAINT notes_case',
		'T expand: ALTER TABLE public.cases DROP CONSTRAINT cases_key',
		'T expand: ALTER TABLE public.notes ADD CONSTRAINT notes_case FOREIGN KEY (case_id) REFERENCES public.cases(id) ON DELETE CASCADE NOT VALID',
		'T expand: ALTER TABLE public.cases ADD CONSTRAINT cases_up FOREIGN KEY (up) REFERENCES public.cases(id) NOT VALID',
		'T validate: ALTER TABLE public.notes VALIDATE CONSTRAINT notes_case',
		'T validate: ALTER TABLE public.cases VALIDATE CONSTRAINT cases_up' ]);

# A row that the new one does not take: the old one is there still, and the way back is free.
$node->safe_psql($db, 'UPDATE users SET at = NULL WHERE false; INSERT INTO team VALUES (1001, 1001)');
$node->safe_psql($db, q{SELECT count(*) FROM sf_define($$} . sprintf($keys, '', 500, '', '') . q{$$, true); SELECT count(*) FROM sf_plan_migration('strict')});
my $start = online_facts($node, $db);
my ($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/23514: check constraint "age__new" of relation "users" is violated by some row/, 'a row does not fit');
is($node->safe_psql($db, q{SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'age'}), 'CHECK ((age > 0))', 'the old check holds still');
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_abort()');
is(online_facts($node, $db), $start, 'back at the start') or diag($err);

# ---- a type that changes without a rewrite leaves the check to be proved behind it
online($node, 'types', q{
	CREATE TABLE t (id int PRIMARY KEY, name varchar(20) CONSTRAINT named CHECK (name <> ''), n numeric(10,2) CONSTRAINT small CHECK (n < 9999));
	COMMENT ON CONSTRAINT small ON t IS 'not too much';
	INSERT INTO t SELECT g, g, g FROM generate_series(1, 1000) g}, q{
	CREATE TABLE t (id int PRIMARY KEY, name text CONSTRAINT named CHECK (name <> ''), n numeric(12,2) CONSTRAINT small CHECK (n < 9999));
	COMMENT ON CONSTRAINT small ON t IS 'not too much';},
	strong => ['down'],			# where lengths shrink
	steps => [
		'T expand: ALTER TABLE public.t DROP CONSTRAINT small',
		'T contract: ALTER TABLE public.t ALTER COLUMN n TYPE numeric(12,2)',
		q{T expand: ALTER TABLE public.t ADD CONSTRAINT small CHECK ((n < (9999)::numeric)) NOT VALID},
		q{T expand: COMMENT ON CONSTRAINT small ON public.t IS 'not too much'},
		'T validate: ALTER TABLE public.t VALIDATE CONSTRAINT small',
		'T expand: ALTER TABLE public.t DROP CONSTRAINT named',
		'T contract: ALTER TABLE public.t ALTER COLUMN name TYPE text',
		q{T expand: ALTER TABLE public.t ADD CONSTRAINT named CHECK ((name <> ''::text)) NOT VALID},
		'T validate: ALTER TABLE public.t VALIDATE CONSTRAINT named' ]);

# ---- small tables: in one go
$db = online_database($node, 'small', q{CREATE TABLE s (id int); CREATE INDEX s_id ON s (id); INSERT INTO s VALUES (1)},
	'CREATE TABLE s (id int); CREATE INDEX s_id ON s (id DESC)');
is(online_steps($node, $db, '.'), "T expand: DROP INDEX public.s_id\nT expand: CREATE INDEX s_id ON public.s USING btree (id DESC)", 'a small table');

# ---- stopped at every step, and gone on with; and given up
$db = online_database($node, 'stopped', "$old $filled", $new);
$start = online_facts($node, $db);
my $n = $node->safe_psql($db, 'SELECT max(n) FROM sf_steps()');
my $standing = q{SELECT pid FROM pg_stat_activity WHERE application_name ~ 'still$'};
for my $step (1 .. $n)
{
	my ($said, $wrong) = ('', '');
	my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($db), '-c', "SET schemaflow.pause_after_step = $step", '-c', 'CALL sf_upgrade()' ],
		'>', \$said, '2>', \$wrong, IPC::Run::timeout(60));

	$node->poll_query_until($db, "SELECT EXISTS ($standing)") or die "step $step: $wrong";
	$node->safe_psql($db, "SELECT pg_terminate_backend(pid) FROM ($standing) x");
	$run->finish;
	is($node->safe_psql($db, q{SELECT count(DISTINCT conname) FROM pg_constraint WHERE conname ~ '^(users_pkey|team_code|age|users_team|users_code)(__new)?$'}) >= 5,
		1, "step $step: all are there");
	next if $step % 3;
	($rc, $out, $err) = sf_try($node, $db, 'CALL sf_abort()');
	is(online_facts($node, $db), $start, "step $step: given up") or diag($err);
}
($rc, $out, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
is($rc, 0, 'to the end') or diag($err);
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'of the model');

$node->stop;
done_testing();
