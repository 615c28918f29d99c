# What a rule advises instead of a statement runs as it stands, where the statement is refused; no step of it holds a
# strong lock on a table while it reads or writes all of it; and it leads to the same schema.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowDump;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main', conf => [ "session_preload_libraries = 'schemaflow'" ]);
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
my $strong = qr/^(SHARE|SHARE ROW EXCLUSIVE|EXCLUSIVE|ACCESS EXCLUSIVE)$/;

# sf_trace() does not write tables of more than schemaflow.online_rows rows.
$node->safe_psql(sf_database($node, 'base'), <<'SQL');
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent SELECT generate_series(1, 1000);
CREATE SCHEMA s;
CREATE DOMAIN s.positive AS int CHECK (VALUE > 0);
CREATE TABLE s."Users" (id int NOT NULL, a int, b text, c varchar(20) DEFAULT 'c' NOT NULL, d int, e varchar(5),
	CONSTRAINT d_positive CHECK (d > 0), CONSTRAINT e_short CHECK (e IS NOT NULL));
INSERT INTO s."Users" SELECT n, n, 'b' || n, 'c' || n, n, 'e' FROM generate_series(1, 1000) n;
CREATE INDEX users_d ON s."Users" (d);
CREATE TABLE parted (id int NOT NULL, k int NOT NULL) PARTITION BY RANGE (k);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
INSERT INTO parted SELECT n, n % 10 FROM generate_series(1, 1000) n;
CREATE TABLE near (id int NOT NULL, k int);
INSERT INTO near SELECT n, 15 FROM generate_series(1, 1000) n;
ALTER TABLE near ALTER k SET NOT NULL;
CREATE TABLE listed (k int) PARTITION BY LIST (k);
CREATE TABLE listed_rest PARTITION OF listed DEFAULT;
INSERT INTO listed SELECT 7 FROM generate_series(1, 1000);
CREATE TABLE listed_1 (k int);
CREATE DOMAIN s.plain AS int;
CREATE TABLE domained (p s.plain);
INSERT INTO domained SELECT generate_series(1, 1000);
CREATE MATERIALIZED VIEW mv AS SELECT id FROM parent;
CREATE UNIQUE INDEX ON mv (id);
ANALYZE;
SELECT sf_guard_install();
SQL

# The rule, the statement; differs: patterns of entries that pg_dump says otherwise after the recipe.
my @cases = (
	[ 'add_column_volatile_default', 'ALTER TABLE s."Users" ADD "X" uuid NOT NULL DEFAULT gen_random_uuid()' ],
	[ 'add_serial_column', 'ALTER TABLE s."Users" ADD x bigserial' ],
	[ 'add_identity_column', 'ALTER TABLE s."Users" ADD x int GENERATED ALWAYS AS IDENTITY' ],
	[ 'add_stored_generated', 'ALTER TABLE s."Users" ADD x text GENERATED ALWAYS AS (upper(b) || d) STORED',
	  differs => [ qr/^Users; Type: TABLE/, qr/Users_x_fill/ ] ],
	[ 'add_column_constrained_domain', 'ALTER TABLE s."Users" ADD x s.positive', differs => [ qr/^Users; Type: TABLE/ ] ],
	[ 'add_column_with_references', 'ALTER TABLE s."Users" ADD x int DEFAULT 1 REFERENCES parent ON DELETE CASCADE',
	  differs => [ qr/^Users_x_idx; Type: INDEX/ ] ],
	[ 'add_column_unique', 'ALTER TABLE s."Users" ADD x int UNIQUE' ],
	[ 'add_column_check', q{ALTER TABLE s."Users" ADD x text CHECK (x <> ')')} ],
	[ 'set_not_null_scan', 'ALTER TABLE s."Users" ALTER b SET NOT NULL' ],
	[ 'change_type_rewrite', 'ALTER TABLE s."Users" ALTER a TYPE bigint' ],
	[ 'change_type_rewrite', 'ALTER TABLE s."Users" ALTER c TYPE varchar(10) USING lower(c)' ],
	[ 'change_type_scan', 'ALTER TABLE s."Users" ALTER e TYPE text' ],
	[ 'change_type_scan', 'ALTER TABLE s."Users" ALTER d TYPE oid', differs => [ qr/users_d/, qr/^Users; Type: TABLE/ ] ],
	[ 'add_check_valid', 'ALTER TABLE s."Users" ADD CONSTRAINT k CHECK (a > 0 AND s."Users".d > 0)' ],
	[ 'add_fk_valid', 'ALTER TABLE s."Users" ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES parent MATCH FULL ON UPDATE CASCADE '
	  . 'DEFERRABLE INITIALLY DEFERRED' ],
	[ 'add_fk_valid', 'ALTER TABLE parted ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES parent' ],
	[ 'add_unique', 'ALTER TABLE s."Users" ADD UNIQUE (a, b)' ],
	[ 'add_pk', 'ALTER TABLE s."Users" ADD PRIMARY KEY (a)' ],
	[ 'alter_constraint_def', 'ALTER TABLE s."Users" DROP CONSTRAINT d_positive, ADD CONSTRAINT d_positive CHECK (d >= 0)' ],
	[ 'domain_add_constraint', 'ALTER DOMAIN s.plain ADD CONSTRAINT k CHECK (VALUE > 0)', differs => [ qr/^plain/ ] ],
	[ 'create_index_blocking', 'CREATE INDEX ON s."Users" USING btree (lower(b) COLLATE "C" text_pattern_ops DESC NULLS LAST, a) '
	  . 'INCLUDE (c) WITH (fillfactor = 80) WHERE a > 0' ],
	[ 'create_index_blocking', 'CREATE UNIQUE INDEX "I" ON s."Users" (a)' ],
	[ 'partitioned_index', 'CREATE INDEX i ON parted (k)', differs => [ qr/parted_1_/ ] ],
	[ 'drop_index_blocking', 'DROP INDEX s.users_d' ],
	[ 'reindex_blocking', 'REINDEX INDEX s.users_d' ],
	[ 'matview_refresh', 'REFRESH MATERIALIZED VIEW mv' ],
	[ 'attach_unproven', 'ALTER TABLE parted ATTACH PARTITION near FOR VALUES FROM (10) TO (20)' ],
	[ 'attach_default_scan', 'ALTER TABLE listed ATTACH PARTITION listed_1 FOR VALUES IN (1)' ],
	[ 'create_partition_of', 'CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20)' ],
	[ 'detach_blocking', 'ALTER TABLE parted DETACH PARTITION parted_1', differs => [ qr/^parted_1; Type: TABLE/ ] ],
	[ 'drop_column', 'ALTER TABLE s."Users" DROP c' ],
	[ 'drop_table', 'DROP TABLE parted' ],
	[ 'unbatched_update', 'DELETE FROM s."Users"' ]);

sub statements
{
	my ($recipe) = @_;

	$recipe =~ s/^-- now the statement; then:$/THE STATEMENT;/m;
	$recipe =~ s/^--.*\n?//mg;
	# Lines of one statement, or of one transaction, begin with blanks.
	return split /\n(?=\S)/, $recipe =~ s/\s+\z//r;
}

# -> what holds a strong lock while it works through a relation
sub traced
{
	my ($db, $sql) = @_;
	my @bad;

	return () if $sql =~ /CONCURRENTLY|sf_allow/;
	# What follows runs in one transaction.
	$sql =~ s/\b(BEGIN|COMMIT);//g;
	for (split /\n/, $node->safe_psql($db, "SELECT relation, lock, work FROM sf_trace(\$sql\$$sql\$sql\$) WHERE work LIKE '%rewrite%' OR rows_read > 0"))
	{
		my ($relation, $lock, $work) = split /\|/;

		push @bad, "$relation: $work under $lock" if $lock =~ $strong;
	}
	return @bad;
}

my $n = 0;
for my $case (@cases)
{
	my ($rule, $sql, %opt) = @$case;
	my ($by_statement, $by_recipe) = map { $_ . ++$n } qw(statement recipe);
	my ($rc, $out, $err);

	subtest "$rule: $sql" => sub {
		$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE base") foreach $by_statement, $by_recipe;
		my ($level, $recipe) = split /\|/, $node->safe_psql($by_recipe,
			"SELECT level, recipe FROM sf_lint(\$sql\$SET lock_timeout = 1000; $sql\$sql\$) WHERE rule = '$rule'"), 2;

		ok($recipe, 'there is a recipe') or return;
		unlike($recipe, qr/\.\.\./, 'it is complete');
		if ($level eq 'enforce' && $sql !~ /^DELETE/)
		{
			($rc, $out, $err) = sf_try($node, $by_recipe, $sql);
			like($err, qr/$rule/, 'the statement is refused');
		}
		# Each as a session of its own would, with the guard looking on.
		my @done = ("SET client_min_messages = error; SET lock_timeout = '2s'");
		for my $one (statements($recipe))
		{
			$one = $sql if $one eq 'THE STATEMENT;';
			is(join(', ', traced($by_recipe, $one)), '', "no strong lock while it works: $one");
			push @done, $one if $one =~ /^SELECT sf_allow/;
			($rc, $out, $err) = sf_try($node, $by_recipe, join(";\n", @done, $one =~ /^SELECT sf_allow/ ? () : $one));
			is($rc, 0, "runs: $one") or diag($err);
		}
		$node->safe_psql($by_statement, "SET schemaflow.guard = off; $sql");
		my ($entries, @different) = SchemaflowDump::compare($by_statement, $by_recipe);
		for my $pattern (@{ $opt{differs} // [] })
		{
			ok((grep { $_ =~ $pattern } @different) > 0, "another schema, as it says: $pattern");
			@different = grep { $_ !~ $pattern } @different;
		}
		is(join("\n\n", @different), '', 'the same schema in the end');
	};
	$node->safe_psql('postgres', "DROP DATABASE $_") foreach $by_statement, $by_recipe;
}

done_testing();
