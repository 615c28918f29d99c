# A big table's column gets another type while both versions of an application are at work: a column beside it, filled
# in batches, takes its place. What depends on the column, who writes meanwhile, ways back, what is refused.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = sf_node('shadow', conf => ['wal_level = logical']);
my $n = 0;

# A database with these tables, filled, and a model that is the tables with other types: %to says which words change.
sub database
{
	my ($ddl, $rows, @change) = @_;
	my $db = sf_database($node, 'app' . ++$n);
	$node->safe_psql($db, "ALTER DATABASE $db SET schemaflow.online_rows = 100");
	$node->safe_psql($db, "$ddl; $rows; ANALYZE");
	plan_change($db, changed($ddl, @change));
	return $db;
}

sub changed
{
	my ($ddl, @change) = @_;
	while (my ($from, $to) = splice @change, 0, 2)
	{
		$ddl =~ s/\Q$from\E/$to/ or die "\"$from\" is not in the tables";
	}
	return $ddl;
}

sub plan_change
{
	my ($db, $model) = @_;
	$node->safe_psql($db, "SELECT count(*) FROM sf_define(\$model\$$model\$model\$)");
	$node->safe_psql($db, q{SELECT count(*) FROM sf_plan_migration('types')});
	return;
}

sub run_ok
{
	my ($db, $call, $name) = @_;
	my ($rc, $out, $err) = sf_try($node, $db, $call);
	is($rc, 0, $name) or diag($err);
	return $err;
}

sub up
{
	my ($db) = @_;
	run_ok($db, 'CALL sf_upgrade()', 'up to the gate');
	is($node->safe_psql($db, 'SELECT status FROM sf_status'), 'ready', 'ready');
	return;
}

# The schema as pg_dump has it, but for the order of columns: the new one is the last.
sub dump_of
{
	my ($db, @options) = @_;
	my ($out, $err) = ('', '');
	($out, $err) = run_command([ 'pg_dump', '-s', '-N', 'schemaflow', '-N', 'schemaflow_archive', @options,
			'-d', $node->connstr($db) ]);
	$out =~ s/^(CREATE TABLE \S+ \(\n)(.*?)(\n\))/my ($a, $b, $c) = ($1, $2, $3); $a . join("\n", sort map { s{,$}{}r } split m{\n}, $b) . $c/gmse;
	$out =~ s/^(--.*|\\(?:un)?restrict.*)?\n//gm;
	return $out;
}

sub built
{
	my ($ddl) = @_;
	my $db = sf_database($node, 'built' . ++$n);
	$node->safe_psql($db, $ddl);
	return dump_of($db);
}

sub files
{
	my ($db) = @_;
	return $node->safe_psql($db, q{SELECT string_agg(relname || pg_relation_filenode(oid), ' ' ORDER BY relname) FROM pg_class
		WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace});
}

sub is_clean
{
	my ($db, $what) = @_;
	is($node->safe_psql($db, q{SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~schemaflow%'),
		(SELECT count(*) FROM pg_attribute WHERE attname LIKE '~schemaflow%' AND NOT attisdropped),
		(SELECT count(*) FROM pg_class WHERE relname LIKE '~schemaflow%'),
		(SELECT count(*) FROM pg_constraint WHERE conname LIKE '~schemaflow%' OR conname LIKE '%proof%'),
		(SELECT count(*) FROM pg_statistic_ext WHERE stxname LIKE '~schemaflow%')}), '0|0|0|0|0', "$what: nothing of ours is left");
	return;
}

# ---- one column, and who writes meanwhile ----

my $items = 'CREATE TABLE items (id int PRIMARY KEY, v int NOT NULL DEFAULT 7, note text)';
my $rows = 'INSERT INTO items SELECT n, n FROM generate_series(1, 1000) n';
my $db = database($items, $rows, 'v int' => 'v bigint');
is($node->safe_psql($db, q{SELECT string_agg(DISTINCT class, '' ORDER BY class), bool_or(rewrites), bool_or(loses_data) FROM sf_steps()}),
	'BGT|f|f', 'nothing is rewritten, nothing lost');
is($node->safe_psql($db, q{SELECT bool_or(scans AND lock = 'ACCESS EXCLUSIVE') FROM sf_steps()}), 'f', 'nor read under a lock');
my $before = files($db);
up($db);
my $version = $node->safe_psql($db, 'SELECT revision FROM sf_history()');
$node->safe_psql($db, q{INSERT INTO items VALUES (2001, 5), (2002, DEFAULT); UPDATE items SET v = v + 1 WHERE id = 1;
	INSERT INTO items (id, "~schemaflow_v") VALUES (2003, 6); UPDATE items SET "~schemaflow_v" = 60 WHERE id = 2});
$node->safe_psql($db, qq{SET schemaflow.version = '$version'; INSERT INTO items (id, v) VALUES (2004, 8);
	INSERT INTO items (id) VALUES (2005); INSERT INTO items (id, "~schemaflow_v") VALUES (2006, 9); UPDATE items SET v = 10 WHERE id = 3});
is($node->safe_psql($db, q{SELECT string_agg(id || ' ' || v || ' ' || "~schemaflow_v", ', ' ORDER BY id) FROM items WHERE id < 4 OR id > 2000}),
	'1 2 2, 2 60 60, 3 10 10, 2001 5 5, 2002 7 7, 2003 6 6, 2004 8 8, 2005 7 7, 2006 9 9', 'each sees what the other wrote');
my ($rc, $out, $err) = sf_try($node, $db, 'INSERT INTO items (id, "~schemaflow_v") VALUES (2007, 3000000000)');
like($err, qr/22003: integer out of range\nCONTEXT:  expression ""~schemaflow_v"" for column "v"/s,
	'a value that the old version cannot have is refused');
is($node->safe_psql($db, 'SELECT count(*) FROM items WHERE v IS DISTINCT FROM "~schemaflow_v"'), 0, 'all rows are filled');
run_ok($db, 'CALL sf_contract()', 'contract');
is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, 'the schema is that of the model');
is(files($db), $before, 'no table was rewritten');
is(dump_of($db), built(changed($items, 'v int' => 'v bigint')), 'and is what an independent database has');
is($node->safe_psql($db, 'SELECT count(*), sum(v) FROM items'), '1006|500608', 'with all values');
is_clean($db, 'contracted');
$node->safe_psql($db, 'INSERT INTO items (id, v) VALUES (3000, 3000000000)');

# ---- down ----

($rc, $out, $err) = sf_try($node, $db, q{CALL sf_downgrade('base')});
like($err, qr/22003: integer out of range/, 'the way down meets what does not fit');
is($node->safe_psql($db, 'SELECT v FROM items WHERE id = 3000'), '3000000000', 'which is still there');
$node->safe_psql($db, 'DELETE FROM items WHERE id = 3000');
run_ok($db, q{CALL sf_downgrade('base')}, 'down to the gate');
run_ok($db, 'CALL sf_contract()', 'and through it');
is(dump_of($db), built($items), 'the schema that it began with');
is($node->safe_psql($db, 'SELECT count(*), sum(v) FROM items'), '1006|500608', 'and its values');
is_clean($db, 'down');

$node->stop;
done_testing();
