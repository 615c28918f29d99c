# A big table that comes back with its rows is bound to others behind them: while rows are copied, read or indexed nobody who
# writes the tables at the other ends waits.  A foreign key to rows that are gone by then says which those are.
use strict;
use warnings;
use IPC::Run ();
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('keys');
my $facts = q{SELECT string_agg(concat_ws('|', kind, name, attribute, value), E'\n' ORDER BY kind, name, attribute) FROM sf_facts()
	WHERE attribute IS DISTINCT FROM 'position'};
my $down = q{SELECT regexp_replace(sql, '\s+', ' ', 'g') FROM sf_steps('head', 'down') ORDER BY n};
my $stays = 'CREATE TABLE users (id int PRIMARY KEY, n text); CREATE TABLE link (id int PRIMARY KEY, note int);';
my $rows = q{INSERT INTO users SELECT i, 'u' || i FROM generate_series(1, 300) i;
	INSERT INTO note SELECT i, i, 1 + i / 2, 'b' || i FROM generate_series(1, 300) i; UPDATE note SET up = id WHERE id < 3;
	INSERT INTO link SELECT i, i FROM generate_series(1, 300) i; ANALYZE;};
my %whole = (
	# one that refers to itself, and is referred to
	plain => q{CREATE TABLE note (id int PRIMARY KEY, u int NOT NULL REFERENCES users ON DELETE CASCADE DEFERRABLE, up int REFERENCES note,
		body text); CREATE INDEX ON note (body);},
	partitioned => q{CREATE TABLE note (id int PRIMARY KEY, u int NOT NULL REFERENCES users, up int REFERENCES note, body text)
			PARTITION BY RANGE (id);
		CREATE TABLE note_1 PARTITION OF note FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
		CREATE TABLE note_1_a PARTITION OF note_1 FOR VALUES FROM (0) TO (50);
		CREATE TABLE note_1_b PARTITION OF note_1 DEFAULT;
		CREATE TABLE note_2 PARTITION OF note FOR VALUES FROM (100) TO (1000);
		CREATE INDEX ON note (body);},
	# the parts get their rows before they are parts; one has a key of its own
	'with a trigger' => q{CREATE TABLE note (id int PRIMARY KEY, u int REFERENCES users, up int, body text) PARTITION BY RANGE (id);
		CREATE TABLE note_1 PARTITION OF note FOR VALUES FROM (0) TO (100);
		CREATE TABLE note_2 PARTITION OF note FOR VALUES FROM (100) TO (1000);
		ALTER TABLE note_2 ADD CONSTRAINT own FOREIGN KEY (up) REFERENCES users;
		CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER loud BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION loud();},
	# one part of a whole that stays gets what that has before it is attached
	'a part' => q{CREATE TABLE note (id int PRIMARY KEY, u int REFERENCES users, up int, body text) PARTITION BY RANGE (id);
		CREATE TABLE note_1 PARTITION OF note FOR VALUES FROM (0) TO (100);
		CREATE INDEX ON note (body);
		CREATE TABLE note_2 PARTITION OF note FOR VALUES FROM (100) TO (1000);},
	# two that refer to each other
	cycle => q{CREATE TABLE note (id int PRIMARY KEY, u int REFERENCES users, up int, body text);
		CREATE TABLE other (id int PRIMARY KEY REFERENCES note, u int REFERENCES users, CONSTRAINT positive CHECK (id > 0));
		INSERT INTO note SELECT i FROM generate_series(1, 300) i;
		INSERT INTO other SELECT i, NULL FROM generate_series(1, 300) i; DELETE FROM other; DELETE FROM note;
		ALTER TABLE note ADD FOREIGN KEY (up) REFERENCES other;});
$rows = { map { $_ => $rows } keys %whole };
my %keeps = ('a part' => $whole{'a part'} =~ s/CREATE TABLE note_2.*//r);
$rows->{cycle} =~ s/UPDATE note.*?;/UPDATE note SET up = NULL;/;
$rows->{cycle} =~ s/i, i, 1 \+ i \/ 2/i, i, NULL/;
$rows->{cycle} .= 'INSERT INTO other SELECT i, i FROM generate_series(1, 300) i; UPDATE note SET up = id; ANALYZE;';

sub contents { return $node->safe_psql($_[0], join(';', map { "SELECT tableoid::regclass, * FROM $_ t ORDER BY t::text" } @_[ 1 .. $#_ ])) }

# Up, from where all rows of these tables are in the archive.
sub gone
{
	my ($name, %opt) = @_;
	my $db = sf_database($node, $opt{db} // $name);
	my $big = $opt{big} // 100;

	$node->safe_psql('postgres', qq{ALTER DATABASE "$db" SET schemaflow.online_rows = $big});
	my $link = 'ALTER TABLE link ADD FOREIGN KEY (note) REFERENCES note';
	my $model = $keeps{$name} ? "$stays $keeps{$name}" : $stays;
	$node->safe_psql($db, "$stays $whole{$name} $rows->{$name}" . ($keeps{$name} ? '' : $link));
	my $start = $node->safe_psql($db, $facts);
	$node->safe_psql($db, "SELECT * FROM sf_define('$model', true); SELECT * FROM sf_plan_migration('less', true)");
	return ($db, $start);
}

sub up
{
	my ($db) = @_;
	my ($rc, undef, $err) = sf_try($node, $db, 'CALL sf_upgrade()');

	is($rc, 0, "$db: up") or diag($err);
	($rc, undef, $err) = sf_try($node, $db, 'CALL sf_contract()') if $err =~ /ready/;
	is($rc, 0, "$db: and behind the gate") or diag($err);
	return;
}

# Which of the tables that stand does the migration lock against writers, at the end of each step?  And is there one who waits?
sub locked_at
{
	my ($db, $call, $n) = @_;
	my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($db), '-c', "SET schemaflow.pause_after_step = $n", '-c', $call ],
		'>', \my $out, '2>', \my $err, IPC::Run::timeout(180));

	$node->poll_query_until($db, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name ~ ' $n/.*still')")
		or do { $run->finish; die "$call never came to step $n: $err" };
	my $locked = $node->safe_psql($db, q{SELECT coalesce(string_agg(DISTINCT relation::regclass::text, ' '), '') FROM pg_locks
		WHERE relation IN ('users'::regclass, 'link'::regclass) AND granted
		AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())});
	my ($rc) = sf_try($node, $db, q{SET lock_timeout = '200ms'; BEGIN; INSERT INTO users VALUES (1000, 'meanwhile');
		UPDATE link SET note = note WHERE id = 1; ROLLBACK}) if $locked eq '';
	$node->safe_psql($db, 'SELECT pg_terminate_backend(pid) FROM sf_progress');
	$run->finish;
	$node->poll_query_until($db, 'SELECT NOT EXISTS (SELECT FROM sf_progress)') or die 'the runner does not end';
	return $rc ? 'somebody waits' : $locked;
}

for my $name (sort keys %whole)
{
	my ($db, $start) = gone($name);
	my @tables = ('note', 'users', 'link', $name eq 'cycle' ? 'other' : ());
	my $before = contents($db, @tables);

	up($db);
	is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, "$name: nothing more to do");
	my @steps = split /\n/, $node->safe_psql($db, $down);
	for my $n (1 .. @steps)
	{
		my $locked = locked_at($db, q{CALL sf_downgrade('base')}, $n);
		# What locks is short: it reads nothing.
		my $short = $steps[ $n - 1 ] =~ /NOT VALID$|ATTACH PARTITION|__proof$/ ||
			($name ne 'plain' && $steps[ $n - 1 ] =~ /^ALTER TABLE public\.note ADD .*users\(id\)$/ && $steps[ $n - 2 ] =~ /VALIDATE/);
		is($locked, '', "$name: nobody waits at the end of step $n") or diag($steps[ $n - 1 ]) unless $short;
	}
	my ($rc, undef, $err) = sf_try($node, $db, q{CALL sf_downgrade('base')});
	is($rc, 0, "$name: down") or diag($err);
	is($node->safe_psql($db, $facts), $start, "$name: the schema is what it was");
	is(contents($db, @tables), $before, "$name: and so are the rows");
	is($node->safe_psql($db, 'SELECT count(*) FROM pg_constraint WHERE NOT convalidated AND (conparentid = 0 OR confrelid = conrelid OR confrelid = \'users\'::regclass)'), 0, "$name: all is proved");
	ok(scalar(grep { /REFERENCES public\.users.*NOT VALID/ } @steps), "$name: by foreign keys that are made unproved");
	my ($copied) = grep { $steps[$_] =~ /^INSERT INTO public\.note/ } 0 .. $#steps;
	is(scalar(grep { /REFERENCES public\.users/ } @steps[ 0 .. $copied ]), 0, "$name: behind the rows");
	is(join(' ', map { s/.* VALIDATE CONSTRAINT //r } grep { /VALIDATE|INDEX|PRIMARY|ATTACH/ } @steps), 'CREATE INDEX note_2_body_idx ON ' .
		'public.note_2 USING btree (body) ALTER TABLE public.note_2 ADD CONSTRAINT note_2_pkey PRIMARY KEY (id) note_u_fkey note_2__proof ' .
		'ALTER TABLE public.note ATTACH PARTITION public.note_2 FOR VALUES FROM (100) TO (1000)', "$name: then it is attached")
		if $keeps{$name};
}

# ---- a small one comes in one transaction, as it was

my ($small) = gone('plain', db => 'small', big => 1000);
up($small);
is($node->safe_psql($small, q{SELECT count(*) FROM sf_steps('head', 'down') WHERE sql ~ 'NOT VALID' AND sql ~ 'REFERENCES public.users'}), 0,
	'the foreign key of a small table is part of its CREATE');

# ---- rows that refer to others that are gone by now

my ($orphans, $start) = gone('plain', db => 'orphans');
up($orphans);
my $above = $node->safe_psql($orphans, $facts);
$node->safe_psql($orphans, 'DELETE FROM users WHERE id IN (7, 9)');
my ($rc, undef, $err) = sf_try($node, $orphans, q{CALL sf_downgrade('base')});
like($err, qr/23503.*Key \(u\)=\(7\) is not present in table "users"/s, 'the way down stops');
like($err, qr/HINT:  (SELECT \* FROM public\.note r WHERE .*?) lists the rows\. What was done before stays done\. Repair the cause/,
	'says which they are');
my ($query) = $err =~ /HINT:  (SELECT .*?) lists the rows/;
is($node->safe_psql($orphans, "SELECT string_agg(u::text, ' ' ORDER BY u) FROM ($query) r"), '7 9', 'all of them');
($rc, undef, $err) = sf_try($node, $orphans, 'CALL sf_abort()');
is($rc, 0, 'sf_abort() goes back') or diag($err);
is($node->safe_psql($orphans, $facts), $above, 'to where it began');
($rc, undef, $err) = sf_try($node, $orphans, q{CALL sf_downgrade('base')});
like($err, qr/23503/, 'the next one meets them again');
$node->safe_psql($orphans, $query =~ s/^SELECT \* FROM public\.note r/DELETE FROM public.note r/r =~ s/\z/ AND NOT EXISTS (SELECT FROM note WHERE up = r.id)/r);
$node->safe_psql($orphans, $query =~ s/^SELECT .*?WHERE/DELETE FROM link USING note r WHERE link.note = r.id AND/r);
$node->safe_psql($orphans, q{UPDATE note SET up = NULL WHERE up IN (7, 9)});
$node->safe_psql($orphans, $query =~ s/^SELECT \* FROM/DELETE FROM/r);
$node->safe_psql($orphans, q{DELETE FROM link WHERE note IN (7, 9)});
($rc, undef, $err) = sf_try($node, $orphans, q{CALL sf_downgrade('base')});
is($rc, 0, 'when they are gone, it goes on') or diag($err);
is($node->safe_psql($orphans, $facts), $start, 'to the end');

# ---- what a way up has put aside comes back in the same way when that is undone

my ($undone, $begin) = gone('plain', db => 'undone');
my $before = contents($undone, 'note', 'users', 'link');
$node->safe_psql($undone, q{CREATE TABLE zz (id int PRIMARY KEY, v int); INSERT INTO zz SELECT i, i FROM generate_series(1, 300) i; ANALYZE zz;
	CREATE TABLE zzz (id int PRIMARY KEY, v int); INSERT INTO zzz SELECT i, i FROM generate_series(1, 300) i; ANALYZE zzz;});
$begin = $node->safe_psql($undone, $facts);
$node->safe_psql($undone, q{SELECT * FROM sf_plan_migration('less', true)});
($rc, undef, $err) = sf_try($node, $undone, 'CALL sf_upgrade()');
my $last = $node->safe_psql($undone, 'SELECT max(n) FROM sf_steps()');
sf_end_at($node, $undone, 'CALL sf_contract()', $last);
is($node->safe_psql($undone, q{SELECT to_regclass('note')}), '', 'a table is in the archive when a run ends');
($rc, undef, $err) = sf_try($node, $undone, 'CALL sf_abort()');
is($rc, 0, 'it is undone') or diag($err);
like($err, qr/INSERT INTO public\.note .*ADD CONSTRAINT note_u_fkey .*VALIDATE CONSTRAINT note_u_fkey/s, 'foreign keys come behind the rows there, too');
is($node->safe_psql($undone, $facts), $begin, 'the schema is what it was');
is(contents($undone, 'note', 'users', 'link'), $before, 'and so are the rows');

$node->stop;
done_testing();
