# Columns of one table that get other types are one statement, so that the server writes the table anew once.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use Test::More;

my $node = sf_node('retyped');

# There and back: the steps of either way that match, the rows in between.
sub retyped
{
	my ($name, $from, $to, $of, $up, $down, $query, $rows) = @_;
	my $db = sf_database($node, $name);
	my $look = sub { $node->safe_psql($db, $query) };

	$node->safe_psql($db, "$from; ANALYZE; SELECT count(*) FROM sf_define(\$sf\$$to\$sf\$, true); SELECT count(*) FROM sf_plan_migration('x', true)");
	my $before = $look->();
	for (['up', $up, 'sf_upgrade', $rows], ['down', $down, 'sf_downgrade', $before])
	{
		my ($direction, $steps, $call, $there) = @$_;

		is($node->safe_psql($db, qq{SELECT regexp_replace(sql, '\\s+', ' ', 'g') FROM sf_steps('head', '$direction')
				WHERE sql ~ \$sf\$$of\$sf\$ ORDER BY n}), join("\n", @$steps), "$name: steps $direction");
		my ($rc, undef, $err) = sf_try($node, $db, "CALL $call()");
		is($rc, 0, "$name: $direction") or diag($err);
		is($look->(), $there, "$name: the rows, $direction");
	}
	return $db;
}

my $db = retyped('together', q{
	CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 3, b text NOT NULL DEFAULT '1', c text, d numeric);
	ALTER TABLE t ALTER c SET STORAGE EXTERNAL; CREATE INDEX ON t (a, b); ALTER TABLE t CLUSTER ON t_pkey, REPLICA IDENTITY USING INDEX t_pkey;
	INSERT INTO t SELECT i, i, i, i, i FROM generate_series(1, 3) i}, q{
	CREATE TABLE t (id bigint PRIMARY KEY, a bigint DEFAULT 3,
		-- @up b::int
		-- @down b::text
		b int NOT NULL DEFAULT 1, c varchar, d numeric(10,2));
	ALTER TABLE t ALTER c SET STORAGE EXTERNAL; CREATE INDEX ON t (a, b); ALTER TABLE t CLUSTER ON t_pkey, REPLICA IDENTITY USING INDEX t_pkey},
	'ALTER TABLE',
	['ALTER TABLE public.t ALTER COLUMN id TYPE bigint, ALTER COLUMN a TYPE bigint, ALTER COLUMN c TYPE character varying, ' .
		'ALTER COLUMN c SET STORAGE EXTERNAL, ALTER COLUMN b DROP DEFAULT, ALTER COLUMN b TYPE integer USING b::int, ALTER COLUMN b SET DEFAULT 1',
		'ALTER TABLE public.t ALTER COLUMN d TYPE numeric(10,2)'],
	['ALTER TABLE public.t ALTER COLUMN id TYPE integer, ALTER COLUMN a TYPE integer, ALTER COLUMN c TYPE text, ' .
		q{ALTER COLUMN c SET STORAGE EXTERNAL, ALTER COLUMN b DROP DEFAULT, ALTER COLUMN b TYPE text USING b::text, ALTER COLUMN b SET DEFAULT '1'::text, } .
		'ALTER COLUMN d TYPE numeric'],
	q{SELECT string_agg(t::text, ' ') FROM t}, '(1,1,1,1,1.00) (2,2,2,2,2.00) (3,3,3,3,3.00)');
is($node->safe_psql($db, q{SELECT object || ': ' || concat_ws(', ', lock, lock_table, phase, rewrites, needs_rows_estimate > 0, why)
	FROM sf_steps('head', 'down') WHERE sql ~ 'ALTER'}), 'column public.t.id, column public.t.a, column public.t.c, column public.t.b, column public.t.d: ' .
	'ACCESS EXCLUSIVE, public.t, contract, t, t, fails when a value does not fit the new type (id, a)', 'what is said of each is said, and of which');

# What USING reads is the row as it was: one that reads a column which has its type by then is not joined.
retyped('using', q{
	CREATE TABLE t (a text, b text, c text); INSERT INTO t VALUES (1, 2, 3)}, q{
	CREATE TABLE t (
		-- @up (b || c)::int
		-- @down (a - 22)::text
		a int,
		-- @up a + b::int
		-- @down (b - 23)::text
		b int,
		-- @up c::int + 1
		-- @down (c - 1)::text
		c int)}, 'ALTER',
	['ALTER TABLE public.t ALTER COLUMN a TYPE integer USING (b || c)::int',
		'ALTER TABLE public.t ALTER COLUMN b TYPE integer USING a + b::int, ALTER COLUMN c TYPE integer USING c::int + 1'],
	['ALTER TABLE public.t ALTER COLUMN a TYPE text USING (a - 22)::text, ALTER COLUMN b TYPE text USING (b - 23)::text, ' .
		'ALTER COLUMN c TYPE text USING (c - 1)::text'],
	'SELECT t FROM t', '(23,25,4)');

done_testing();
