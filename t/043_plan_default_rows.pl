# A new partition beside the default one: rows of that which are its own move to it, unless others would miss them there.
use strict;
use warnings;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main');
my $n = 0;

# Brings "whole" with its rows to the model with the partitions; the database, and what the upgrade said.
sub bring
{
	my ($before, $rows, $after) = @_;
	my $db = sf_database($node, 'app' . ++$n);

	$node->safe_psql($db, "$before; $rows; ANALYZE; SELECT sf_adopt()");
	$node->safe_psql($db, "SELECT sf_define(\$model\$$after\$model\$)");
	$node->safe_psql($db, "SELECT sf_plan_migration('more partitions')");
	return ($db, sf_try($node, $db, 'CALL sf_upgrade()'));
}

sub parts { return $node->safe_psql($_[0], 'SELECT tableoid::regclass, count(*) FROM p GROUP BY 1 ORDER BY 1') }

my $old = "CREATE TABLE p (id int, k text, g int GENERATED ALWAYS AS (id * 2) STORED, i int GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
	CREATE INDEX p_g ON p (g); CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('a');";
# The default partition has its columns in another order.
my $default = 'CREATE TABLE pd (k text NOT NULL, i int NOT NULL, id int NOT NULL, g int GENERATED ALWAYS AS (id * 2) STORED); ALTER TABLE p ATTACH PARTITION pd DEFAULT;';
my $more = "CREATE TABLE p2 PARTITION OF p FOR VALUES IN ('b', 'it''s'); CREATE TABLE p3 PARTITION OF p FOR VALUES IN ('c');";
my $rows = q{INSERT INTO p SELECT n, (ARRAY['a', 'b', 'it''s', 'c', 'd'])[n % 5 + 1] FROM generate_series(1, 1000) n};
my $sums = 'SELECT count(*), sum(id), sum(i), sum(g) FROM p';

my ($db, $rc, $out, $err) = bring("$old $default", $rows, "$old $default $more");
is($rc, 0, 'they move') or diag $err;
is(parts($db), "p1|200\npd|200\np2|400\np3|200", 'where they belong');
is($node->safe_psql($db, $sums), '1000|500500|500500|1001000', 'as they were');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), '0', 'the schema is the model');
like($node->safe_psql($db, 'SELECT sf_show()'), qr/loses no data.*rows of the default partition that are this one's move to it/s, 'the plan says so');

# By psql, ranges, by a partition of a partition.
$db = sf_database($node, 'ranges');
my $ranges = 'CREATE TABLE p (a int, b date) PARTITION BY LIST (a); CREATE TABLE pa PARTITION OF p FOR VALUES IN (1) PARTITION BY RANGE (b);
	CREATE TABLE pad PARTITION OF pa DEFAULT;';
$node->safe_psql($db, "$ranges INSERT INTO p SELECT 1, date '2026-01-01' + n FROM generate_series(0, 99) n; ANALYZE; SELECT sf_adopt()");
$node->safe_psql($db, "SELECT sf_define(\$\$$ranges CREATE TABLE pa1 PARTITION OF pa FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')\$\$)");
$node->safe_psql($db, "SELECT sf_plan_migration('january')");
($rc, $out, $err) = $node->psql($db, $node->safe_psql($db, 'SELECT sf_script()'), on_error_stop => 1);
is($rc, 0, 'by a script') or diag $err;
is(parts($db), "pad|69\npa1|31", 'a month');

# An empty one stands in nobody's way.
($db, $rc, $out, $err) = bring("$old $default", 'SELECT', "$old $default $more");
is($rc, 0, 'no rows');
like($node->safe_psql($db, 'SELECT sf_show()'), qr/CREATE TABLE public\.p2 PARTITION OF/, 'made as a partition');

# Rows that break a check which nobody has proved.
my $unproved = 'ALTER TABLE p ADD CONSTRAINT few CHECK (id < 900) NOT VALID;';
($db, $rc, $out, $err) = bring("$old $default", "$rows; $unproved", "$old $default $unproved $more");
is($rc, 0, 'with an unproved check') or diag $err;
is(parts($db), "p1|200\npd|200\np2|400\np3|200", 'they move all the same');
is($node->safe_psql($db, q{SELECT count(*) FROM pg_constraint WHERE conname = 'few' AND NOT convalidated AND (conislocal = (conrelid = 'p'::regclass))}), '5',
	'and it is unproved in all parts');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), '0', 'the schema is the model');

# A new partition of a table that gets such a check: the same in all, as if the check had come behind it.
($db, $rc, $out, $err) = bring($old, 'SELECT', "$old $more $unproved");
is($rc, 0, 'a new unproved check') or diag $err;
is($node->safe_psql($db, q{SELECT count(*) FROM pg_constraint WHERE conname = 'few' AND NOT convalidated}), '4', 'is unproved in new partitions, too');

# Rows that others refer to, or triggers look after, stay; the server refuses the partition, and nothing is lost.
my $ref = 'CREATE TABLE r (id int, k text, FOREIGN KEY (id, k) REFERENCES p ON DELETE CASCADE);';
($db, $rc, $out, $err) = bring("$old $default $ref", "$rows; INSERT INTO r SELECT id, k FROM p", "$old $default $ref $more");
like($err, qr/updated partition constraint for default partition "pd" would be violated by some row.*undone/s, 'rows that others refer to');
is($node->safe_psql($db, "$sums; SELECT count(*) FROM r"), "1000|500500|500500|1001000\n1000", 'stay');
my $trigger = q{CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''deleted''; END'; CREATE TRIGGER t BEFORE DELETE ON p FOR EACH ROW EXECUTE FUNCTION f();};
($db, $rc, $out, $err) = bring("$old $default $trigger", $rows, "$old $default $trigger $more");
like($err, qr/updated partition constraint for default partition "pd" would be violated by some row.*undone/s, 'rows that a trigger looks after');
is($node->safe_psql($db, $sums), '1000|500500|500500|1001000', 'stay');

$node->stop;
done_testing();
