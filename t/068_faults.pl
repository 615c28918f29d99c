# Whatever ends a migration at whatever moment: state and catalogs agree, the next call ends it or takes it back, and no
# write of either version is lost. Old and new application write all the time.
#
#	make faults ROUNDS=200 SEED=1 [SHAPE=kept]
#
# A round plans the way from one shape of the table to the other (a type changed by a column beside it, a column filled
# by an expression; or back), starts it, does one fault at a random step or moment, and then goes on or back.  Each fifth of the
# rounds has another shape of the table: alone, read by a materialized view, inherited, partitioned; alone beside tables that the
# archive is for, where the way back is that of the migration, so that what it put aside has to come back.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;
use Time::HiRes qw(time usleep);

my $rounds = $ENV{ROUNDS} || 20;
my $seed = $ENV{SEED} || 1;
my $rows = 600;
my $slots = 300;
srand($seed);
note("seed $seed");

my $node = sf_node('faults', conf => [ 'restart_after_crash = on', 'fsync = off', 'log_min_messages = panic' ]);
my $db = sf_database($node, 'app');

# What the archive is for: columns that go, of a table with a key and of one without; one whose old values the new type does not
# say, of a small table; a table that goes; and an index that is another one.
my @kept = (q{CREATE TABLE kept (id int PRIMARY KEY, slot int, tag int, n int, has bool, gone text); CREATE INDEX kept_slot ON kept (slot);
	CREATE TABLE loose (slot int, tag int, n int, has bool, gone text); CREATE INDEX loose_slot ON loose (slot);
	CREATE TABLE priced (id int PRIMARY KEY, slot int, tag int, exact bool, price numeric(10,2)); CREATE TABLE bygone (tag int PRIMARY KEY, gone text)},
	q{CREATE TABLE kept (id int PRIMARY KEY, slot int, tag int, n int, has bool); CREATE INDEX kept_slot ON kept (slot, tag);
	CREATE TABLE loose (slot int, tag int, n int, has bool); CREATE INDEX loose_slot ON loose (slot);
	CREATE TABLE priced (id int PRIMARY KEY, slot int, tag int, exact bool, price int)});

# how: behind the table's definition; more: what else there is (TYPE is that of v); rows: what brings them to their places; beside: what
# each of the two models has beside it.
my @shapes = (
	{ name => 'table', how => '', more => '' },
	{ name => 'view', how => '', more => 'CREATE MATERIALIZED VIEW seen AS SELECT id, v FROM items WHERE v IS NOT NULL; CREATE UNIQUE INDEX seen_id ON seen (id)',
		rows => 'REFRESH MATERIALIZED VIEW seen' },
	{ name => 'tree', how => '', more => q{CREATE TABLE items_below (note text) INHERITS (items);
		CREATE TABLE items_own (v TYPE, PRIMARY KEY (id)) INHERITS (items); CREATE INDEX items_own_v ON items_own (v)},
		rows => q{WITH moved AS (DELETE FROM ONLY items WHERE id > 200 AND id <= 400 RETURNING *) INSERT INTO items_below SELECT * FROM moved;
		WITH moved AS (DELETE FROM ONLY items WHERE id > 400 RETURNING *) INSERT INTO items_own SELECT * FROM moved} },
	{ name => 'parts', how => 'PARTITION BY RANGE (id)', more => q{CREATE TABLE items_low PARTITION OF items FOR VALUES FROM (MINVALUE) TO (200);
		CREATE TABLE items_high PARTITION OF items DEFAULT PARTITION BY LIST (id);
		CREATE TABLE items_rest PARTITION OF items_high DEFAULT;
		CREATE INDEX items_v ON items (v)} },
	{ name => 'kept', how => '', more => '', beside => \@kept, rows => qq{
		INSERT INTO kept SELECT n, n, n, 0, true, 'g' || n || '/0' FROM generate_series(1, $slots) n;
		INSERT INTO priced SELECT n, n, n, true, n + 0.25 FROM generate_series(1, $slots / 5) n;
		INSERT INTO loose SELECT n, n, 0, true, 'g' || n || '/0' FROM generate_series(1, $slots) n;
		INSERT INTO bygone SELECT n, 'g' || n FROM generate_series(1, $slots) n; INSERT INTO app.bygone SELECT tag FROM bygone} });

# The two models of a shape.
sub items
{
	my ($shape) = @_;
	return map { "CREATE TABLE items (id int PRIMARY KEY, v $_) $shape->{how}; " . $shape->{more} =~ s/TYPE/$_/r =~ s/, twice[^\n]*\n(?=, PRIMARY)//r . ';' }
	  'int', "bigint, twice bigint -- \@up v::bigint * 2\n";
}

sub models
{
	my ($shape) = @_;
	my @items = items($shape);

	return map { "$items[$_] " . ($shape->{beside} ? "$shape->{beside}[$_]; " : '') . 'CREATE TABLE ledger (id int, delta int); CREATE TABLE fault (left_ddl int);' } 0, 1;
}
my @wanted = grep { !$ENV{SHAPE} || $_->{name} eq $ENV{SHAPE} } @shapes;
my $shape = $shapes[0];
my @models = models($shape);

$node->safe_psql($db, qq{ALTER DATABASE $db SET schemaflow.online_rows = 100; ALTER DATABASE $db SET schemaflow.batch_time = 1;
	$models[0]; INSERT INTO items SELECT n, n FROM generate_series(1, $rows) n; ANALYZE items});
# What writes is no part of the model: it is in a schema of its own, and says which.
$node->safe_psql($db, q{CREATE SCHEMA app;
	CREATE FUNCTION app.old_write(n int) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		UPDATE public.items SET v = v + 1 WHERE id = n;
		INSERT INTO public.ledger VALUES (n, 1);
		PERFORM app.kept_write(n % SLOTS + 1);
	END $$;
	CREATE FUNCTION app.new_write(n int) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		BEGIN
			EXECUTE 'UPDATE public.items SET "~schemaflow_v" = coalesce("~schemaflow_v", v) + 1 WHERE id = $1' USING n;
		EXCEPTION WHEN undefined_column THEN
			UPDATE public.items SET v = v + 1 WHERE id = n;
		END;
		INSERT INTO public.ledger VALUES (n, 1);
		PERFORM app.kept_write(n % SLOTS + 1);
	END $$;
	-- What a row has to have in the columns that go is said by those that stay: whose it is (tag), how often it was changed (n), and
	-- whether it was given something (has), or had room for it (exact).
	CREATE SEQUENCE app.tag START 1000;
	CREATE TABLE app.bygone (tag int);
	CREATE FUNCTION app.kept_write(at int) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
		name text := (ARRAY['kept', 'loose', 'priced', 'bygone'])[1 + floor(random() * 4)];
		what int := floor(random() * 6);
		new int := nextval('app.tag');
		key int;
	BEGIN
		IF to_regclass('public.kept') IS NULL THEN RETURN; END IF;
		at := CASE name WHEN 'priced' THEN at % (SLOTS / 5) + 1 ELSE at END;
		IF name = 'bygone' THEN
			EXECUTE 'INSERT INTO public.bygone VALUES ($1, ''g'' || $1)' USING new;
			INSERT INTO app.bygone VALUES (new);
		ELSIF what = 0 AND name <> 'loose' THEN
			-- Another key.
			EXECUTE format('UPDATE public.%I SET id = $1 WHERE slot = $2', name) USING new, at;
		ELSIF what = 1 AND name = 'priced' THEN
			-- Another row with the key.
			DELETE FROM public.priced WHERE slot = at RETURNING id INTO key;
			INSERT INTO public.priced (id, slot, tag, price) SELECT key, at, new, new + 0.25 WHERE key IS NOT NULL;
			UPDATE public.priced SET exact = price <> tag WHERE slot = at AND tag = new;
		ELSIF what = 1 AND name = 'kept' THEN
			DELETE FROM public.kept WHERE slot = at RETURNING id INTO key;
			INSERT INTO public.kept (id, slot, tag, n, has) SELECT key, at, new, 0, false WHERE key IS NOT NULL;
		ELSIF what = 1 THEN
			DELETE FROM public.loose WHERE slot = at;
			GET DIAGNOSTICS key = ROW_COUNT;
			INSERT INTO public.loose (slot, tag, n, has) SELECT at, new, 0, false WHERE key = 1;
		ELSIF what < 4 AND name <> 'priced' THEN
			EXECUTE format('UPDATE public.%I SET n = n + 1, has = true, gone = ''g'' || tag || ''/'' || n + 1 WHERE slot = $1', name) USING at;
		ELSE
			EXECUTE format('UPDATE public.%I SET slot = slot WHERE slot = $1', name) USING at;
		END IF;
	EXCEPTION WHEN undefined_column OR undefined_table THEN NULL;
	END $$;
	CREATE FUNCTION app.kept_wrong(at int) RETURNS bigint LANGUAGE plpgsql AS $$
	DECLARE
		wrong bigint;
		gone text := CASE at WHEN 0 THEN 'gone IS DISTINCT FROM CASE WHEN has THEN ''g'' || tag || ''/'' || n END' ELSE 'false' END;
	BEGIN
		EXECUTE format('SELECT (SELECT abs(count(*) - SLOTS) + count(*) FILTER (WHERE %1$s) FROM public.kept)
			+ (SELECT abs(count(*) - SLOTS) + count(*) FILTER (WHERE %1$s) FROM public.loose)
			+ (SELECT abs(count(*) - SLOTS / 5) + count(*) FILTER (WHERE price IS DISTINCT FROM tag + %2$s) FROM public.priced)', gone,
			CASE at WHEN 0 THEN 'CASE WHEN exact THEN 0.25 ELSE 0 END' ELSE '0' END) INTO wrong;
		IF at = 0 THEN
			SELECT wrong + count(*) INTO wrong FROM public.bygone b FULL JOIN app.bygone USING (tag) WHERE b.gone IS DISTINCT FROM 'g' || tag;
		END IF;
		RETURN wrong;
	END $$;
	CREATE SEQUENCE app.ddl MINVALUE -1000000;
	CREATE FUNCTION app.fail() RETURNS event_trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF nextval('app.ddl') = 0 THEN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END IF;
	END $$;
	CREATE EVENT TRIGGER fail ON ddl_command_end EXECUTE FUNCTION app.fail();
	ALTER EVENT TRIGGER fail ENABLE ALWAYS;
	CREATE FUNCTION app.wrong() RETURNS bigint LANGUAGE sql AS
	'SELECT count(*) FROM public.items i LEFT JOIN (SELECT id, sum(delta) AS delta FROM public.ledger GROUP BY id) l USING (id)
		WHERE i.v IS DISTINCT FROM i.id + coalesce(l.delta, 0)'} =~ s/SLOTS/$slots/gr);

# ---- writers, which come back when the server does ----

my @writers;
for my $who ('old', 'new')
{
	my $file = $node->basedir . "/$who.sql";
	open my $script, '>', $file or die $!;
	print $script "\\set id random(1, $rows)\nSELECT app.${who}_write(:id);\n\\sleep 4 ms\n";
	close $script;
	my $pid = fork() // die $!;
	if ($pid == 0)
	{
		setpgrp(0, 0);
		open STDERR, '>', '/dev/null';
		open STDOUT, '>', '/dev/null';
		exec 'sh', '-c', 'while :; do pgbench -n -T 3600 -f "$0" -h "$1" -p "$2" "$3"; sleep 0.1; done', $file, $node->host, $node->port, $db;
	}
	push @writers, $pid;
}

END
{
	my $rc = $?;
	kill 'KILL', map { -$_ } @writers;
	$? = $rc;
}

# ---- faults ----

sub value
{
	my ($sql) = @_;
	my ($out, $err);
	for (1 .. 100)
	{
		# psql may be gone before it has read the query.
		my $rc = eval { $node->psql($db, $sql, stdout => \$out, stderr => \$err, on_error_stop => 1) };
		return $out if defined $rc && $rc == 0;
		last if defined $rc && $err !~ /could not connect|connection|starting up|shutting down|recovery mode|terminat/;
		usleep 100_000;
	}
	die "$sql: " . ($err // $@);
}

sub pid_of
{
	my ($what) = @_;
	return value("SELECT pid FROM pg_stat_activity WHERE $what ORDER BY random() LIMIT 1");
}

# The runner, or the worker that fills for it.
my $runner = q{application_name LIKE 'schemaflow %'};
my %faults = (
	worker => sub { my $pid = pid_of($runner); kill 'KILL', $pid if $pid },
	caller => sub { my $pid = pid_of(q{application_name = 'caller'}); kill 'KILL', $pid if $pid },
	cancel => sub { my $pid = pid_of($runner); value("SELECT pg_cancel_backend($pid)") if $pid },
	ends => sub { my $pid = pid_of($runner); value("SELECT pg_terminate_backend($pid)") if $pid },
	postmaster => sub { $node->stop('immediate'); $node->start },
	locks => sub { value(q{SET lock_timeout = '2s'; BEGIN; LOCK TABLE items; SELECT pg_sleep(0.6); COMMIT}) },
);

# Starts a call, and does the fault; "full" was set up before.
sub with_fault
{
	my ($call, $fault, $step) = @_;
	my $set = "SET schemaflow.lock_deadline = '300ms'; " . ($step ? "SET schemaflow.pause_after_step = $step; " : '');
	my $session = eval { $node->background_psql($db, on_error_stop => 0) } or return;

	eval
	{
		$session->query_until(qr/begun/, "SET application_name = 'caller';\n$set\n\\echo begun\n$call;\n\\echo over\n");
		if ($step)
		{
			for (1 .. 100)
			{
				last if value(qq{SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'schemaflow %stands still'});
				last if value(qq{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'caller' AND state = 'idle'});
				usleep 30_000;
			}
		}
		else
		{
			usleep(rand(700_000));
		}
		$faults{$fault}->() if $faults{$fault};
		# A runner that stands still stays so.
		$faults{ends}->() if $step;
		$session->query_until(qr/over/, '') unless $fault =~ /worker|caller|postmaster/;
	};
	eval { $session->quit };
	# The runner needs no caller.
	for (1 .. 200)
	{
		last if !value('SELECT count(*) FROM sf_progress');
		usleep 50_000;
	}
	return;
}

# ---- rounds ----

# By hand, between two migrations: writers find the one table or the other.
sub reshape
{
	my ($new, $at) = @_;
	$shape = $new;
	@models = models($shape);
	# A column that has taken another's place stands behind those that were there.
	my $columns = $at ? 'id, v, twice' : 'id, v';

	value('BEGIN; LOCK TABLE items; CREATE TEMP TABLE was AS SELECT * FROM items; DROP TABLE items CASCADE; ' . (items($shape))[$at] .
		"INSERT INTO items ($columns) SELECT $columns FROM was; " . ($shape->{beside} ? "$shape->{beside}[$at]; " : '') . ($shape->{rows} // '') .
		'; COMMIT; ANALYZE');
	return;
}

my @names = (sort(keys %faults), 'full', 'full');
my $at = 0;
my $before;
my %seen;
for my $round (1 .. $rounds)
{
	my $fault = $names[ rand @names ];
	my $back = rand() < 0.3;
	my $contract = rand() < 0.35;
	my $new = $wanted[ ($round - 1) * @wanted / $rounds ];
	my ($rc, $out, $err);

	$seen{$fault}++;
	if ($new != $shape)
	{
		$at = 0 if $new->{beside};
		reshape($new, $at);
	}
	my $target = 1 - $at;
	my $down = $shape->{beside} && $at;
	if (!$down)
	{
		$before = value('SELECT coalesce((SELECT revision FROM sf_current()), \'base\')');
		value("SELECT count(*) FROM sf_define(\$m\$$models[$target]\$m\$); SELECT count(*) FROM sf_plan_migration('round $round')");
	}
	my $call = $down ? "CALL sf_downgrade('$before', allow => '{data_loss}')" : 'CALL sf_upgrade(allow => \'{data_loss}\')';
	my $steps = value(q{SELECT max(n) FROM sf_steps('head', '} . ($down ? 'down' : 'up') . q{')});
	my $step = rand() < 0.6 && $fault !~ /locks|full/ ? 1 + int rand($steps) : 0;
	my $name = "round $round, $shape->{name}" . ($down ? ' down' : '') . ": $fault" . ($step ? " at step $step of $steps" : '') .
	  ($contract ? ' of contract' : '') . ($back ? ', back' : '');

	value($call) if $contract;
	value("SELECT setval('app.ddl', " . (-int(rand($contract ? 5 : $steps + 2)) - 1) . ')') if $fault eq 'full';
	with_fault($contract ? 'CALL sf_contract(force => true, allow => \'{data_loss}\')' : $call, $fault, $step);
	value("SELECT setval('app.ddl', 1)");
	is(value('SELECT app.wrong()'), 0, "$name: what the old version sees");
	my ($sf_status) = value(q{SELECT coalesce((SELECT status FROM sf_status), 'none')});
	my $half = value(q{SELECT count(*) FROM sf_history() WHERE state LIKE 'partly%'});
	isnt($sf_status, 'running', "$name: nobody says that he runs");
	if ($back && $half)
	{
		($rc, $out, $err) = sf_try($node, $db, q{CALL sf_abort(allow => '{data_loss}', force => true)});
		is($rc, 0, "$name: taken back ($sf_status)") or diag($err);
	}
	else
	{
		($rc, $out, $err) = sf_try($node, $db, $call);
		is($rc, 0, "$name: goes on ($sf_status)") or diag($err);
		if (value(q{SELECT count(*) FROM sf_status WHERE status = 'ready'}))
		{
			is(value(q{SELECT count(*) FROM items WHERE v IS DISTINCT FROM "~schemaflow_v"}), 0, "$name: and what the new one does");
			is(value('SELECT count(*) FROM items WHERE twice IS DISTINCT FROM v * 2'), 0, "$name: with the new column") if $target;
			($rc, $out, $err) = sf_try($node, $db, q{CALL sf_contract(force => true, allow => '{data_loss}')});
			is($rc, 0, "$name: ends") or diag($err);
		}
		$at = $target;
	}
	value("SELECT count(*) FROM sf_define(\$m\$$models[$at]\$m\$)");
	is(value('SELECT count(*) FROM sf_diff()'), 0, "$name: the schema") or diag(value('SELECT string_agg(object, \', \') FROM sf_diff()'));
	is(value(q{SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~schemaflow%')
		+ (SELECT count(*) FROM pg_attribute WHERE attname LIKE '~schemaflow%' AND NOT attisdropped)
		+ (SELECT count(*) FROM schemaflow.backfill)}), 0, "$name: nothing of ours is left");
	is(value('SELECT app.wrong()'), 0, "$name: no write is lost");
	is(value("SELECT app.kept_wrong($at)"), 0, "$name: nor what the archive is for") or
	  diag(map { value("SELECT '$_: ' || string_agg(t::text, ' ' ORDER BY t::text) FROM $_ t") . "\n" } qw(kept loose priced))
	  if $shape->{beside};
	is(value('SELECT count(*) FROM seen'), $rows, "$name: the view has its rows") if $shape->{name} eq 'view';
	last unless Test::More->builder->is_passing;
}
cmp_ok(value('SELECT count(*) FROM ledger'), '>', 10 * $rounds, 'there was something to lose');
note(join ', ', map { "$_ $seen{$_}" } sort keys %seen);
kill 'KILL', map { -$_ } splice @writers;
$node->stop('immediate');
done_testing();
