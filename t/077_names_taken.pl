# Names that something gives up only behind the gate, and others take: what goes by them then, goes by the right ones.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowOnline;
use SchemaflowTest;
use Test::More;

my $node = sf_node('names');
my $rows = 'SELECT n, n FROM generate_series(1, 1000) n';

# The gate is all that there is to do first: it is what the migration waits at.  (What is computed is not archived.)
online($node, 'gate first',
	'CREATE TABLE t (id int PRIMARY KEY, a int GENERATED ALWAYS AS (id) STORED); INSERT INTO t SELECT generate_series(1, 1000)',
	'CREATE TABLE t (id int PRIMARY KEY)',
	at_gate => sub {
		my ($db) = @_;
		is($node->safe_psql($db, 'SELECT status FROM sf_status'), 'ready', 'gate first: ready');
		is($node->safe_psql($db, 'SELECT state FROM sf_history()'), 'partly up, 0 of 2', 'gate first: half done');
	});

# A table takes the name of one that goes, and loses a column that the new version does not know: nobody touches the other.
online($node, 'table',
	"CREATE TABLE old (id int PRIMARY KEY, w int NOT NULL); CREATE TABLE fresh (id int PRIMARY KEY, w int NOT NULL, k int);
	INSERT INTO old $rows; INSERT INTO fresh $rows",
	"CREATE TABLE old ( -- \@renamed from=fresh\nid int PRIMARY KEY, k int NOT NULL DEFAULT 0, z int CHECK (z > 0));
	CREATE INDEX ki ON old (k); CREATE VIEW v AS SELECT k FROM old; GRANT SELECT ON old TO PUBLIC",
	of => 'DROP NOT NULL|TABLE public.*RENAME TO|ADD COLUMN|INDEX',
	steps => [
		'T contract: ALTER TABLE public.fresh RENAME TO old',
		'T contract: ALTER TABLE public.old ADD COLUMN z integer',
		'N contract: CREATE INDEX CONCURRENTLY ki ON public.old USING btree (k)',
	],
	strong => ['down'],
	at_gate => sub {
		my ($db) = @_;
		is($node->safe_psql($db, q{SELECT count(*) FROM pg_attribute WHERE attname = 'w' AND attnotnull}), 2, 'table: both are as they were');
	});

# A column takes the name of one that goes; an expression that reads it reads the new one's values.
my $db = online($node, 'column',
	"CREATE TABLE t (id int PRIMARY KEY, a int, b int); INSERT INTO t SELECT n, n, -n FROM generate_series(1, 1000) n",
	"CREATE TABLE t (id int PRIMARY KEY,\na int, -- \@renamed from=b\nc int NOT NULL -- \@up a * 2\n)",
	stay => 1);
is($node->safe_psql($db, 'SELECT count(*) FROM t WHERE a = -id AND c = -2 * id'), 1000, 'column: with the values of the new one');

# So does what fills the NULLs of a column that stands.
$db = online($node, 'nulls',
	"CREATE TABLE t (id int PRIMARY KEY, a int, b int, c int); INSERT INTO t SELECT n, n, -n FROM generate_series(1, 1000) n",
	"CREATE TABLE t (id int PRIMARY KEY,\na int, -- \@renamed from=b\nc int NOT NULL -- \@up a * 2\n)",
	stay => 1);
is($node->safe_psql($db, 'SELECT count(*) FROM t WHERE a = -id AND c = -2 * id'), 1000, 'nulls: the same');

# A type changes together with the name.
$db = online($node, 'type',
	"CREATE TABLE t (id int PRIMARY KEY, a int, b int NOT NULL); CREATE INDEX i ON t (b);
	INSERT INTO t SELECT n, n, -n FROM generate_series(1, 1000) n",
	"CREATE TABLE t (id int PRIMARY KEY,\na bigint NOT NULL -- \@renamed from=b\n); CREATE INDEX i ON t (a)",
	stay => 1);
is($node->safe_psql($db, 'SELECT count(*) FROM t WHERE a = -id'), 1000, 'type: the values of the right one');

# Names of what belongs to a table that goes.
online($node, 'parts',
	"CREATE TABLE old (id int PRIMARY KEY, w int); CREATE INDEX i ON old (w); CREATE TABLE t (id int PRIMARY KEY, w int);
	CREATE INDEX j ON t (w); INSERT INTO old $rows; INSERT INTO t $rows",
	'CREATE TABLE t (id int PRIMARY KEY, w int, z int); CREATE INDEX i ON t (w); CREATE VIEW old AS SELECT id FROM t; CREATE INDEX k ON t (z)');

$node->stop;
done_testing();
