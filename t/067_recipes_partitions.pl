# Partitions of big tables come and go while the whole is used: attached proven, made by themselves, detached concurrently.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use IPC::Run ();
use PostgreSQL::Test::Utils;
use SchemaflowOnline;
use SchemaflowTest;
use Test::More;

my $node = sf_node('parts', conf => ['log_min_messages = debug1']);
my $log = $node->logfile;

my $event = q{
	CREATE TABLE event (id bigint, at date, kind text, CONSTRAINT event_id_check CHECK (id > 0)) PARTITION BY RANGE (at);
	CREATE INDEX ev ON event (kind);};
my $loose = sub { "CREATE TABLE event_$_[0] (id bigint, at date, kind text, CONSTRAINT event_id_check CHECK (id > 0));
	CREATE INDEX event_$_[0]_kind_idx ON event_$_[0] (kind);" };
my $part = sub { my $next = $_[0] + 1; "CREATE TABLE event_$_[0] PARTITION OF event FOR VALUES FROM ('20$_[0]-01-01') TO ('20$next-01-01');" };
my $rows = sub { "INSERT INTO event_$_[0] SELECT g, date '20$_[0]-01-01' + g % 300, g FROM generate_series(1, 1000) g;" };

# ---- ranges: one comes from a table, one is new, one becomes a table, one goes
my $at = -s $log;
my $db = online($node, 'ranges', $event . $part->(24) . $part->(25) . $loose->(26) . $rows->(24) . $rows->(25) . $rows->(26),
	$event . $loose->(24) . $part->(26) . $part->(27),
	of => 'event',
	steps => [
		q{T expand: ALTER TABLE public.event_24 ADD CONSTRAINT event_24__proof CHECK (at IS NOT NULL AND at >= '2024-01-01' AND at < '2025-01-01') NOT VALID},
		'T validate: ALTER TABLE public.event_24 VALIDATE CONSTRAINT event_24__proof',
		'N contract: ALTER TABLE public.event DETACH PARTITION public.event_24 CONCURRENTLY',
		'T expand: ALTER TABLE public.event_24 DROP CONSTRAINT event_24__proof',
		'N contract: ALTER TABLE public.event DETACH PARTITION public.event_25 CONCURRENTLY',
		'T contract: ALTER TABLE public.event_25 DROP CONSTRAINT event_id_check',
		'T contract: DROP INDEX public.event_25_kind_idx',
		'T contract: ALTER TABLE public.event_25 SET SCHEMA schemaflow_archive',
		'T contract: ALTER TABLE schemaflow_archive.event_25 RENAME TO event_25_TAG',
		'T expand: CREATE TABLE public.event_27 (LIKE public.event INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION)',
		q{T expand: ALTER TABLE public.event ATTACH PARTITION public.event_27 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')},
		q{T expand: ALTER TABLE public.event_26 ADD CONSTRAINT event_26__proof CHECK (at IS NOT NULL AND at >= '2026-01-01' AND at < '2027-01-01') NOT VALID},
		'T validate: ALTER TABLE public.event_26 VALIDATE CONSTRAINT event_26__proof',
		q{T expand: ALTER TABLE public.event ATTACH PARTITION public.event_26 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')},
		'T expand: ALTER TABLE public.event_26 DROP CONSTRAINT event_26__proof' ]);
like(slurp_file($log, $at), qr/partition constraint for table "event_26" is implied by existing constraints/, 'the server believes it');
is($node->safe_psql($db, q{SELECT max(lock) FROM sf_steps() WHERE lock_table = 'public.event'}), 'SHARE UPDATE EXCLUSIVE', 'the whole is never locked');

# ---- lists, with a default partition
$at = -s $log;
online($node, 'lists', q{
	CREATE TABLE li (id bigint, a bigint) PARTITION BY LIST (a);
	CREATE TABLE li_1 PARTITION OF li FOR VALUES IN (1, 2);
	CREATE TABLE li_d PARTITION OF li DEFAULT;
	CREATE TABLE li_3 (id bigint, a bigint);
	INSERT INTO li SELECT g, g FROM generate_series(1, 1000) g WHERE g NOT IN (3, 4, 5);
	INSERT INTO li_3 SELECT g, 3 FROM generate_series(1, 1000) g}, q{
	CREATE TABLE li (id bigint, a bigint) PARTITION BY LIST (a);
	CREATE TABLE li_1 PARTITION OF li FOR VALUES IN (1, 2);
	CREATE TABLE li_3 PARTITION OF li FOR VALUES IN (3, NULL);
	CREATE TABLE li_4 PARTITION OF li FOR VALUES IN (4, 5);
	CREATE TABLE li_d PARTITION OF li DEFAULT;},
	steps => [
		q{T expand: ALTER TABLE public.li_d ADD CONSTRAINT li_d__proof CHECK (NOT (a IS NOT NULL AND a IN ('4', '5'))) NOT VALID},
		'T validate: ALTER TABLE public.li_d VALIDATE CONSTRAINT li_d__proof',
		'T expand: CREATE TABLE public.li_4 (LIKE public.li INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION)',
		q{T expand: ALTER TABLE public.li ATTACH PARTITION public.li_4 FOR VALUES IN ('4', '5')},
		'T expand: ALTER TABLE public.li_d DROP CONSTRAINT li_d__proof',
		q{T expand: ALTER TABLE public.li_3 ADD CONSTRAINT li_3__proof CHECK ((a IS NULL OR a IN ('3'))) NOT VALID},
		'T validate: ALTER TABLE public.li_3 VALIDATE CONSTRAINT li_3__proof',
		q{T expand: ALTER TABLE public.li_d ADD CONSTRAINT li_d__proof CHECK (NOT ((a IS NULL OR a IN ('3')))) NOT VALID},
		'T validate: ALTER TABLE public.li_d VALIDATE CONSTRAINT li_d__proof',
		q{T expand: ALTER TABLE public.li ATTACH PARTITION public.li_3 FOR VALUES IN ('3', NULL)},
		'T expand: ALTER TABLE public.li_3 DROP CONSTRAINT li_3__proof',
		'T expand: ALTER TABLE public.li_d DROP CONSTRAINT li_d__proof' ]);
my $said = slurp_file($log, $at);
like($said, qr/partition constraint for table "li_3" is implied by existing constraints/, 'of a list with NULL');
is(scalar(() = $said =~ /updated partition constraint for default partition "li_d" is implied by existing constraints/g) >= 2, 1, 'and of the default partition');

# ---- below a partition, the bounds of the whole above count, too; texts with brackets and quotes
$at = -s $log;
$db = online($node, 'nested', q{
	CREATE TABLE top (k text, n int) PARTITION BY LIST (k);
	CREATE TABLE "mid'le" PARTITION OF top FOR VALUES IN ('a, (b)', 'it''s') PARTITION BY RANGE (n);
	CREATE TABLE low_1 PARTITION OF "mid'le" FOR VALUES FROM (MINVALUE) TO (1000);
	CREATE TABLE low_2 (k text, n int);
	INSERT INTO low_1 SELECT 'it''s', g FROM generate_series(1, 999) g;
	INSERT INTO low_2 SELECT 'a, (b)', g FROM generate_series(1000, 2000) g}, q{
	CREATE TABLE top (k text, n int) PARTITION BY LIST (k);
	CREATE TABLE "mid'le" PARTITION OF top FOR VALUES IN ('a, (b)', 'it''s') PARTITION BY RANGE (n);
	CREATE TABLE low_1 PARTITION OF "mid'le" FOR VALUES FROM (MINVALUE) TO (1000);
	CREATE TABLE low_2 PARTITION OF "mid'le" FOR VALUES FROM (1000) TO (MAXVALUE);});
like(slurp_file($log, $at), qr/partition constraint for table "low_2" is implied by existing constraints/, 'all of it is proved');

# ---- what cannot be proved comes and goes in the plain form, which says what it does
$db = online_database($node, 'plain', q{
	CREATE TABLE h (a int, b int) PARTITION BY HASH (a);
	CREATE TABLE h_0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE TABLE h_1 (a int, b int);
	INSERT INTO h SELECT a, a FROM generate_series(1, 1000) a WHERE satisfies_hash_partition('h'::regclass, 2, 0, a)}, q{
	CREATE TABLE h (a int, b int) PARTITION BY HASH (a);
	CREATE TABLE h_0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE TABLE h_1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1);});
is(online_steps($node, $db, '.'), 'T expand: ALTER TABLE public.h ATTACH PARTITION public.h_1 FOR VALUES WITH (modulus 2, remainder 1)', 'by a hash');
is($node->safe_psql($db, 'SELECT scans, lock, lock_table FROM sf_steps()'), 't|ACCESS EXCLUSIVE|public.h_1', 'it says so');

# ---- a detachment is stopped in the middle: by the server, by a script; gone on with, and given up
my $from = $event . $part->(24) . $part->(25) . $rows->(24) . $rows->(25);
my $to = $event . $part->(25);

# Runs it until it waits for a reader half way, and ends it there.
sub stop_half_way
{
	my ($name, @command) = @_;
	my $base = online_database($node, $name, $from, $to);
	my $start = online_facts($node, $base);
	my $reader = $node->background_psql($base);
	my ($out, $err) = ('', '');

	$reader->query_safe('BEGIN; SELECT count(*) FROM event');
	my $file = "$PostgreSQL::Test::Utils::tmp_check/$name.sql";
	append_to_file($file, $node->safe_psql($base, 'SELECT sf_script()'));
	my $run = IPC::Run::start([ @command, $command[-1] eq '-f' ? $file : (), '-d', $node->connstr($base) ], '<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(60));
	$node->poll_query_until($base, q{SELECT EXISTS (SELECT FROM pg_inherits WHERE inhdetachpending)}) or die "$name: $err";
	$node->poll_query_until($base, q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')}) or die "$name: $err";
	$node->safe_psql($base, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'});
	$run->finish;
	$reader->quit;
	is($node->safe_psql($base, 'SELECT count(*) FROM pg_inherits WHERE inhdetachpending'), 1, "$name: half detached");
	return ($base, $start);
}

my @call = ('psql', '-XAtq', '-c', q{CALL sf_upgrade(allow => '{data_loss}')});
my ($half, $start) = stop_half_way('resumed', @call);
is($node->safe_psql($half, q{SELECT string_agg(l, ' ') FROM sf_leftovers((SELECT revision FROM sf_history()), 1) l}),
	'ALTER TABLE public.event DETACH PARTITION public.event_24 FINALIZE', 'what is left to do is known');
my ($rc, $out, $err) = sf_try($node, $half, q{CALL sf_upgrade(allow => '{data_loss}')});
is($rc, 0, 'the next call goes on') or diag($err);
is($node->safe_psql($half, 'SELECT count(*) FROM sf_diff()'), 0, 'to the model');

($half, $start) = stop_half_way('given_up', @call);
($rc, $out, $err) = sf_try($node, $half, q{CALL sf_abort()});
is($rc, 0, 'or back') or diag($err);
is(online_facts($node, $half), $start, 'to the start');
is($node->safe_psql($half, 'SELECT count(*) FROM event'), 2000, 'with all rows');

($half, $start) = stop_half_way('script', 'psql', '-Xq', '-f');
($rc, $out, $err) = $node->psql($half, $node->safe_psql($half, 'SELECT sf_script()'));
is($rc, 0, 'a script goes on, too') or diag($err);
is($node->safe_psql($half, 'SELECT count(*) FROM sf_diff()'), 0, 'to the model');

# ---- an index that is replaced: the new one is built beside the old one, leaf by leaf, and is never missing
online($node, 'replaced', q{
	CREATE TABLE part (id int, k int, v text) PARTITION BY RANGE (id);
	CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (500);
	CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (500) TO (2000) PARTITION BY LIST (k);
	CREATE TABLE part_2a PARTITION OF part_2 DEFAULT;
	CREATE INDEX part_v ON part (v);
	COMMENT ON INDEX part_v IS 'by v';
	INSERT INTO part SELECT g, g, g FROM generate_series(1, 1000) g}, q{
	CREATE TABLE part (id int, k int, v text) PARTITION BY RANGE (id);
	CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (500);
	CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (500) TO (2000) PARTITION BY LIST (k);
	CREATE TABLE part_2a PARTITION OF part_2 DEFAULT;
	CREATE INDEX part_v ON part (v, id) WHERE k > 0;
	COMMENT ON INDEX part_v IS 'by v';},
	of => 'INDEX',
	steps => [
		'T expand: CREATE INDEX part_v__new ON ONLY public.part USING btree (v, id) WHERE (k > 0)',
		'N expand: CREATE INDEX CONCURRENTLY part_1_v_id_idx__new ON public.part_1 USING btree (v, id) WHERE (k > 0)',
		'T expand: ALTER INDEX public.part_v__new ATTACH PARTITION public.part_1_v_id_idx__new',
		'T expand: CREATE INDEX part_2_v_id_idx__new ON ONLY public.part_2 USING btree (v, id) WHERE (k > 0)',
		'N expand: CREATE INDEX CONCURRENTLY part_2a_v_id_idx__new ON public.part_2a USING btree (v, id) WHERE (k > 0)',
		'T expand: ALTER INDEX public.part_2_v_id_idx__new ATTACH PARTITION public.part_2a_v_id_idx__new',
		'T expand: ALTER INDEX public.part_v__new ATTACH PARTITION public.part_2_v_id_idx__new',
		'T expand: DROP INDEX public.part_v',
		'T expand: ALTER INDEX public.part_v__new RENAME TO part_v',
		'T expand: ALTER INDEX public.part_1_v_id_idx__new RENAME TO part_1_v_id_idx',
		'T expand: ALTER INDEX public.part_2_v_id_idx__new RENAME TO part_2_v_id_idx',
		'T expand: ALTER INDEX public.part_2a_v_id_idx__new RENAME TO part_2a_v_id_idx',
		q{T expand: COMMENT ON INDEX public.part_v IS 'by v'},
	]);

# ---- what a partition has of its own becomes a copy of what the whole gets: it is neither built nor proved again.  From 18 on
# the whole's foreign key is made unproved at once.
my $eighteen = $node->safe_psql('postgres', q{SELECT current_setting('server_version_num')::int >= 180000}) eq 't';
online($node, 'own', q{
	CREATE TABLE o (id int PRIMARY KEY); INSERT INTO o VALUES (1);
	CREATE TABLE own (a int NOT NULL, b text, c int) PARTITION BY LIST (a);
	CREATE TABLE own_1 PARTITION OF own FOR VALUES IN (1); CREATE TABLE own_2 PARTITION OF own FOR VALUES IN (2) PARTITION BY LIST (b);
	CREATE TABLE own_2x PARTITION OF own_2 FOR VALUES IN ('x'); CREATE TABLE own_3 PARTITION OF own FOR VALUES IN (3);
	CREATE INDEX by_b ON own_1 (b); CREATE INDEX by_b2 ON own_2 (b);
	ALTER TABLE own_1 ADD CONSTRAINT once UNIQUE (a, b); ALTER TABLE own_1 ADD CONSTRAINT known FOREIGN KEY (c) REFERENCES o;
	INSERT INTO own SELECT i, CASE i WHEN 2 THEN 'x' ELSE g::text END, 1 FROM generate_series(1, 3) i, generate_series(1, CASE i WHEN 2 THEN 1 ELSE 1000 END) g}, q{
	CREATE TABLE o (id int PRIMARY KEY);
	CREATE TABLE own (a int NOT NULL, b text, c int, CONSTRAINT k UNIQUE (a, b), CONSTRAINT f FOREIGN KEY (c) REFERENCES o) PARTITION BY LIST (a);
	CREATE TABLE own_1 PARTITION OF own FOR VALUES IN (1); CREATE TABLE own_2 PARTITION OF own FOR VALUES IN (2) PARTITION BY LIST (b);
	CREATE TABLE own_2x PARTITION OF own_2 FOR VALUES IN ('x'); CREATE TABLE own_3 PARTITION OF own FOR VALUES IN (3);
	CREATE INDEX own_b ON own (b);},
	of => 'own',
	$eighteen ? () : (steps => [
		'N expand: CREATE UNIQUE INDEX CONCURRENTLY own_2x_a_b_key ON public.own_2x USING btree (a, b)',
		'T expand: ALTER TABLE public.own_2x ADD CONSTRAINT own_2x_a_b_key UNIQUE USING INDEX own_2x_a_b_key',
		'N expand: CREATE UNIQUE INDEX CONCURRENTLY own_3_a_b_key ON public.own_3 USING btree (a, b)',
		'T expand: ALTER TABLE public.own_3 ADD CONSTRAINT own_3_a_b_key UNIQUE USING INDEX own_3_a_b_key',
		'T expand: ALTER TABLE public.own ADD CONSTRAINT k UNIQUE (a, b)',
		'T expand: ALTER TABLE public.own_1 RENAME CONSTRAINT once TO own_1_a_b_key',
		'T expand: CREATE INDEX own_b ON ONLY public.own USING btree (b)',
		'N expand: CREATE INDEX CONCURRENTLY own_3_b_idx ON public.own_3 USING btree (b)',
		'T expand: ALTER INDEX public.own_b ATTACH PARTITION public.own_3_b_idx',
		'T expand: ALTER INDEX public.by_b RENAME TO own_1_b_idx',
		'T expand: ALTER INDEX public.by_b2 RENAME TO own_2_b_idx',
		'T expand: ALTER TABLE public.own_2x ADD CONSTRAINT f FOREIGN KEY (c) REFERENCES public.o(id) NOT VALID',
		'T validate: ALTER TABLE public.own_2x VALIDATE CONSTRAINT f',
		'T expand: ALTER TABLE public.own_3 ADD CONSTRAINT f FOREIGN KEY (c) REFERENCES public.o(id) NOT VALID',
		'T validate: ALTER TABLE public.own_3 VALIDATE CONSTRAINT f',
		'T expand: ALTER TABLE public.own ADD CONSTRAINT f FOREIGN KEY (c) REFERENCES public.o(id)',
		'T expand: ALTER TABLE public.own_1 RENAME CONSTRAINT known TO f',
		'T expand: ALTER INDEX public.k ATTACH PARTITION public.own_1_a_b_key',
		'T expand: ALTER INDEX public.own_b ATTACH PARTITION public.own_1_b_idx',
		'T expand: ALTER INDEX public.own_b ATTACH PARTITION public.own_2_b_idx' ]));

# ---- keys: each leaf gets its own, and the whole takes them over.  From 18 on a primary key is made for the whole at once.
my $keyless = q{
	CREATE TABLE part (id int, k int, v text) PARTITION BY RANGE (id);
	CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (500);
	CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (500) TO (2000) PARTITION BY RANGE (id);
	CREATE TABLE part_2a PARTITION OF part_2 DEFAULT;};
online($node, 'keys', "$keyless INSERT INTO part SELECT g, g, g FROM generate_series(1, 1000) g",
	"$keyless ALTER TABLE part " . ($eighteen ? '' : 'ADD PRIMARY KEY (id), ') . 'ADD CONSTRAINT part_v UNIQUE (v, id) DEFERRABLE;',
	of => 'INDEX|KEY|UNIQUE',
	steps => [ grep { !$eighteen || !/_pkey/ }
		'N expand: CREATE UNIQUE INDEX CONCURRENTLY part_1_pkey ON public.part_1 USING btree (id)',
		'T expand: ALTER TABLE public.part_1 ADD CONSTRAINT part_1_pkey PRIMARY KEY USING INDEX part_1_pkey',
		'N expand: CREATE UNIQUE INDEX CONCURRENTLY part_2a_pkey ON public.part_2a USING btree (id)',
		'T expand: ALTER TABLE public.part_2a ADD CONSTRAINT part_2a_pkey PRIMARY KEY USING INDEX part_2a_pkey',
		'T expand: ALTER TABLE public.part ADD CONSTRAINT part_pkey PRIMARY KEY (id)',
		'N expand: CREATE UNIQUE INDEX CONCURRENTLY part_1_v_id_key ON public.part_1 USING btree (v, id)',
		'T expand: ALTER TABLE public.part_1 ADD CONSTRAINT part_1_v_id_key UNIQUE USING INDEX part_1_v_id_key DEFERRABLE',
		'N expand: CREATE UNIQUE INDEX CONCURRENTLY part_2a_v_id_key ON public.part_2a USING btree (v, id)',
		'T expand: ALTER TABLE public.part_2a ADD CONSTRAINT part_2a_v_id_key UNIQUE USING INDEX part_2a_v_id_key DEFERRABLE',
		'T expand: ALTER TABLE public.part ADD CONSTRAINT part_v UNIQUE (v, id) DEFERRABLE',
	]);

$node->stop;
done_testing();
