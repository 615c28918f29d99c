# sf_abort() from each step of a migration that renames, up and down: everything has its name back, nothing is made anew, and
# no row is lost.  While it is half undone, nothing else goes on from there, nor does a script.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main');
my $db = sf_database($node, 'app');
my $facts = q{SELECT string_agg(concat_ws('|', kind, name, attribute, value), E'\n' ORDER BY kind, name, attribute) FROM sf_facts()};
my $files = q{SELECT string_agg(pg_relation_filenode(oid)::text, ' ' ORDER BY oid) FROM pg_class
	WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i') AND oid < %s};

$node->safe_psql($db, q{CREATE TYPE mood AS ENUM ('calm', 'busy');
	CREATE TABLE people (id int PRIMARY KEY, name text CHECK (name <> ''), mood mood, team int);
	CREATE TABLE boss (id int PRIMARY KEY, person int REFERENCES people (id));
	CREATE INDEX people_name ON people (name);
	CREATE VIEW names AS SELECT name FROM people;
	CREATE TABLE part (k int, v text) PARTITION BY RANGE (k);
	CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (10);
	INSERT INTO people VALUES (1, 'a', 'calm', 1), (2, 'b', 'busy', NULL); INSERT INTO boss VALUES (1, 1); INSERT INTO part VALUES (1, 'x');
	SELECT * FROM sf_define($$CREATE TYPE feeling AS ENUM ('calm', 'busy');
		CREATE TABLE users (id int PRIMARY KEY, full_name text CHECK (full_name <> ''), mood feeling, team int NOT NULL);
		CREATE TABLE boss (id int PRIMARY KEY, person int REFERENCES users (id));
		CREATE INDEX people_name ON users (full_name);
		CREATE INDEX people_team ON users (team);
		CREATE VIEW names AS SELECT full_name AS name FROM users;
		CREATE TABLE part (key int, v text) PARTITION BY RANGE (key);
		CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (10)$$);
	SELECT sf_rename_hint('table', 'public.people', 'public.users');
	SELECT sf_rename_hint('column', 'public.users.name', 'public.users.full_name');
	SELECT sf_rename_hint('column', 'public.part.k', 'public.part.key');
	SELECT sf_rename_hint('enum', 'public.mood', 'public.feeling');
	SELECT * FROM sf_plan_migration('other names')});
my $oids = $node->safe_psql($db, q{SELECT max(oid::bigint) + 1 FROM pg_class});
my $rows = q{SELECT (SELECT json_agg(t) FROM %s t)::text || (SELECT json_agg(t) FROM boss t) || (SELECT count(*) FROM part)};

sub state_of
{
	my $people = $node->safe_psql($db, q{SELECT coalesce(to_regclass('people')::text, 'users')});

	return join "\n", map { $node->safe_psql($db, $_) } $facts, sprintf($files, $oids), sprintf($rows, $people);
}

sub half_done { return $node->safe_psql($db, q{SELECT state FROM sf_history()}) =~ /^(?:partly|half)/ }

# ---- by itself, when the rows do not fit
my $start = state_of();
my $unfit = $node->pg_version >= 18 ? 'contains null values' : 'violated by some row';
my ($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');
like($err, qr/INFO:.*giving back the names.*INFO:.*the schema is as it was.*ERROR:.*$unfit/s, 'a step fails: names are given back by itself');
is(state_of(), $start, 'and all is as it was');
$node->safe_psql($db, 'UPDATE people SET team = 2 WHERE team IS NULL');
$start = state_of();

# ---- from each step, up and down
for my $direction ('up', 'down')
{
	my $call = $direction eq 'up' ? 'CALL sf_upgrade()' : q{CALL sf_downgrade('base')};
	my $steps = $node->safe_psql($db, "SELECT max(n) FROM sf_steps('head', '$direction')");
	my $aborted = 0;

	cmp_ok($node->safe_psql($db, "SELECT count(*) FROM sf_steps('head', '$direction') WHERE sql ~ 'RENAME'"), '>=', 4, "$direction: it renames");
	for my $n (1 .. $steps)
	{
		sf_end_at($node, $db, $call, $n);
		next if !half_done();
		($rc, undef, $err) = sf_try($node, $db, 'CALL sf_abort()');
		is($rc, 0, "$direction, step $n: sf_abort() loses nothing") or diag($err);
		unlike($err, qr/DROP (?:TABLE|COLUMN|TYPE)/, "$direction, step $n: nor drops anything");
		is(state_of(), $start, "$direction, step $n: as it was");
		$aborted++;
	}
	cmp_ok($aborted, '>=', 3, "$direction: it was half done at several steps");
	if ($direction eq 'up')
	{
		# ---- the abort is ended, too: between names and the rest, and in either
		my ($last) = $node->safe_psql($db, q{SELECT max(n) FROM sf_steps('head', 'up')});

		for my $n (1 .. 3)
		{
			sf_end_at($node, $db, $call, $last);
			sf_end_at($node, $db, 'CALL sf_abort()', $n);
			like($node->safe_psql($db, 'SELECT state FROM sf_history()'), qr/^half undone/, "abort ended at step $n: half undone");
			is($node->safe_psql($db, 'SELECT count(*) FROM sf_current()'), '0', 'it is not the current one');
			for my $sql ($call, q{CALL sf_downgrade('base')}, q{SELECT * FROM sf_plan_migration('x')})
			{
				($rc, undef, $err) = sf_try($node, $db, $sql);
				like($err, qr/55000: revision .* is half undone.*CALL sf_abort\(\) goes on with it/s, "$sql is refused");
			}
			for my $way ('up', 'down')
			{
				my $middle = state_of();
				my $script = $node->safe_psql($db, "SELECT sf_script('head', '$way')");

				($rc, undef, $err) = sf_try($node, $db, $script);
				like($err, qr/55000: revision .* is half undone.*CALL sf_abort\(\) goes on with it/s, "a script $way is refused");
				is(state_of(), $middle, 'and has done nothing');
			}
			like($node->safe_psql($db, 'SELECT remedy FROM sf_doctor()'), qr/^CALL sf_abort\(\)$/m, 'the doctor knows');
			($rc, undef, $err) = sf_try($node, $db, 'CALL sf_abort()');
			is($rc, 0, 'sf_abort() goes on') or diag($err);
			is(state_of(), $start, 'as it was');
		}
	}
	($rc, undef, $err) = sf_try($node, $db, $call);
	is($rc, 0, "$direction: to its end") or diag($err);
	$start = state_of();
}
$node->stop;
done_testing();
