# Unsafe statements on tables in use are refused, with the recipe; nothing of them is done, and each is in the log.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('main', conf => [ "shared_preload_libraries = 'schemaflow'" ]);
my $db = sf_database($node, 'app');

$node->safe_psql($db, q{CREATE DOMAIN positive AS int CHECK (VALUE > 0);
	CREATE TYPE mood AS ENUM ('sad', 'happy');
	CREATE TABLE p (id int PRIMARY KEY, x int);
	CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(10), c text, n numeric(10,2), ts timestamp, e mood, d positive, fk int,
		u int NOT NULL, j json, CONSTRAINT kept CHECK (a > 0), CONSTRAINT to_p FOREIGN KEY (fk) REFERENCES p);
	CREATE INDEX t_a ON t (a); CREATE UNIQUE INDEX t_c ON t (c); CREATE INDEX t_fk ON t (fk);
	CREATE TABLE pt (id int, k int) PARTITION BY RANGE (k);
	CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (10000);
	CREATE TABLE pt_default PARTITION OF pt DEFAULT;
	CREATE TABLE q (id int, k int) PARTITION BY RANGE (k);
	CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (0) TO (10000);
	CREATE TABLE pnew (id int, k int);
	CREATE MATERIALIZED VIEW mv AS SELECT id FROM t WITH NO DATA; CREATE UNIQUE INDEX mv_id ON mv (id);
	INSERT INTO p SELECT g, g FROM generate_series(1, 1000) g;
	INSERT INTO t SELECT g, g, 'x', g, 1, now(), 'sad', 1, g, g, '{}' FROM generate_series(1, 1000) g;
	INSERT INTO q SELECT g, g FROM generate_series(1, 1000) g;
	INSERT INTO pt SELECT g, g FROM generate_series(1, 1000) g; INSERT INTO pt VALUES (1, 20000);
	INSERT INTO pnew SELECT g, 10000 + g FROM generate_series(1, 1000) g;
	REFRESH MATERIALIZED VIEW mv; ANALYZE;
	SELECT count(*) FROM sf_guard_install()});

my @cases = map { [ split /\t+/ ] } grep { /\t/ } split /\n/, <<'CASES';
add_column_volatile_default	ALTER TABLE t ADD z float DEFAULT random()
add_column_volatile_default	ALTER TABLE t ADD z uuid NOT NULL DEFAULT gen_random_uuid()
add_serial_column	ALTER TABLE t ADD z bigserial
add_identity_column	ALTER TABLE t ADD z int GENERATED ALWAYS AS IDENTITY
add_stored_generated	ALTER TABLE t ADD z int GENERATED ALWAYS AS (a + 1) STORED
add_column_not_null_no_default	ALTER TABLE t ADD z int NOT NULL
add_column_constrained_domain	ALTER TABLE t ADD z positive
add_column_with_references	ALTER TABLE t ADD z int DEFAULT 1 REFERENCES p
add_column_unique	ALTER TABLE t ADD z int UNIQUE
add_column_check	ALTER TABLE t ADD z int CHECK (z > 0)
set_not_null_scan	ALTER TABLE t ALTER b SET NOT NULL
change_type_rewrite	ALTER TABLE t ALTER a TYPE bigint
change_type_rewrite	ALTER TABLE t ALTER b TYPE varchar(5)
change_type_rewrite	ALTER TABLE t ALTER c TYPE varchar(10)
change_type_rewrite	ALTER TABLE t ALTER n TYPE numeric(12,4)
change_type_rewrite	ALTER TABLE t ALTER j TYPE jsonb
drop_column	ALTER TABLE t DROP b
rename_column	ALTER TABLE t RENAME b TO bb
rename_table	ALTER TABLE t RENAME TO tt
drop_table	DROP TABLE p CASCADE
truncate	TRUNCATE t
add_check_valid	ALTER TABLE t ADD CHECK (u > 0)
add_fk_valid	ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p
add_unique	ALTER TABLE t ADD UNIQUE (a)
add_pk	ALTER TABLE pt1 ADD PRIMARY KEY (id)
drop_pk	ALTER TABLE t DROP CONSTRAINT t_pkey
pk_using_index_nullable	ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY USING INDEX t_c
add_exclusion	ALTER TABLE t ADD EXCLUDE (a WITH =)
domain_add_constraint	ALTER DOMAIN positive ADD CHECK (VALUE < 100)
create_index_blocking	CREATE INDEX ON t (b)
create_index_blocking	CREATE UNIQUE INDEX ON t (u)
partitioned_index	CREATE INDEX ON pt (k)
drop_index_blocking	DROP INDEX t_a
reindex_blocking	REINDEX TABLE t
reindex_blocking	REINDEX INDEX t_a
cluster	CLUSTER t USING t_a
vacuum_full	VACUUM FULL t
table_rewrite	ALTER TABLE t SET UNLOGGED
matview_refresh	REFRESH MATERIALIZED VIEW mv
attach_unproven	ALTER TABLE pt ATTACH PARTITION pnew FOR VALUES FROM (10000) TO (20000)
attach_default_scan	CREATE TABLE pt3 PARTITION OF pt FOR VALUES FROM (30000) TO (40000)
detach_blocking	ALTER TABLE q DETACH PARTITION q1
CASES

my $state = q{SELECT md5(string_agg(c::text, '' ORDER BY c.oid)) FROM pg_class c WHERE relnamespace = 'public'::regnamespace};
my $before = $node->safe_psql($db, $state);
for my $case (@cases)
{
	my ($rule, $sql) = @$case;
	my ($rc, $out, $err) = sf_try($node, $db, "SET lock_timeout = '2s';\n$sql");
	my ($head) = $err =~ /^(.*ERROR:.*)$/m;
	like($head // '(not refused)', qr/ERROR:  2F003: guard: \w*$rule\w*: /, "$rule: $sql");
	like($err, qr/^HINT:  Safe on a table in use:\n  \S/m, 'with the recipe');
	my ($long) = grep { length($_) > 140 } grep { !/^psql:|ERROR:/ } split /\n/, $err;
	is($long, undef, 'in short lines');
}
cmp_ok(scalar(@cases), '>=', 40, 'forty of them');
is($node->safe_psql($db, $state), $before, 'nothing was done');
is($node->safe_psql($db, q{SELECT count(*) FROM sf_ddl_log WHERE outcome = 'refused' AND rules <> '{}' AND statement <> ''}), scalar(@cases), 'each is in the log');

# The same in the other modes, for one of them; and what is told is the worst.
my $sql = 'ALTER TABLE t ALTER b SET NOT NULL';
my ($rc, $out, $err) = sf_try($node, $db, $sql);
like($err, qr/guard: set_not_null_scan: .*\n.*DETAIL: .*\nBesides: missing_lock_timeout\./s, 'other findings are named');
($rc, $out, $err) = sf_try($node, $db, "BEGIN; SET LOCAL schemaflow.guard = warn; $sql; ROLLBACK");
is($rc, 0, 'warn') or diag($err);
like($err, qr/WARNING:  01000: guard: set_not_null_scan: .*HINT:  Safe on a table in use:/s, 'warns');
($rc, $out, $err) = sf_try($node, $db, "BEGIN; SELECT sf_allow('a fire'); $sql; ROLLBACK");
is($rc, 0, 'the glass') or diag($err);
like($err, qr/WARNING:  01000: guard: set_not_null_scan: /, 'warns, too');
($rc, $out, $err) = sf_try($node, $db, "BEGIN; SET LOCAL schemaflow.guard = off; $sql; ROLLBACK");
unlike($err, qr/guard/, 'off: silence');
$node->safe_psql($db, q{SELECT sf_guard_set('set_not_null_scan', 'warn')});
($rc, $out, $err) = sf_try($node, $db, "SET lock_timeout = '2s'; BEGIN; $sql; ROLLBACK");
is($rc, 0, 'a rule that only warns here') or diag($err);
$node->safe_psql($db, q{SELECT sf_guard_set('set_not_null_scan', NULL)});
($rc, $out, $err) = sf_try($node, $db, qq{DO 'BEGIN PERFORM set_config(''lock_timeout'', ''2s'', true); $sql; END'});
like($err, qr/2F003/, 'within a block it is refused, too');

# A procedure that commits in between: what one transaction has locked is not the next one's.
$node->safe_psql($db, q{CREATE PROCEDURE in_turn() LANGUAGE plpgsql AS $$
	BEGIN FOR i IN 1..20 LOOP EXECUTE format('ALTER TABLE t ADD COLUMN x%s int', i); COMMIT; END LOOP; END$$});
($rc, $out, $err) = sf_try($node, $db, "SET lock_timeout = '2s'; CALL in_turn(); CALL in_turn2()");
unlike($err, qr/WARNING|2F003/, 'a procedure of many transactions');
is($node->safe_psql($db, q{SELECT count(*) FROM sf_ddl_log WHERE statement = '(within CALL)' AND outcome = 'allowed'}), 20, 'each statement is in the log');
$node->stop;
done_testing();
