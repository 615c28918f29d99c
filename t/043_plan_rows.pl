# Tables that cannot be altered are made anew and keep their rows.
use strict;
use warnings;
use SchemaflowPlan;
use SchemaflowTest;
use Test::More;

my $node = sf_plan_node();
my $fill = 'INSERT INTO p VALUES (1, 10), (2, 20), (3, 30)';
my $rows = 'SELECT a, b FROM p ORDER BY a';

migrates($node, 'another strategy, other partitions', '',
	"CREATE TABLE p (a int PRIMARY KEY, b int) PARTITION BY RANGE (a); CREATE INDEX i ON p (b); CREATE VIEW v AS SELECT a FROM p;
	 CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (2); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (2) TO (9); $fill",
	"CREATE TABLE p (a int PRIMARY KEY, b int) PARTITION BY HASH (a); CREATE INDEX i ON p (b); CREATE VIEW v AS SELECT a FROM p;
	 CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE h1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
	rows => $rows, up => [qr/INSERT INTO public\.p .*CREATE INDEX i/s]);
migrates($node, 'bounds of several partitions: rows move between them', '',
	"CREATE TABLE p (a int PRIMARY KEY, b int) PARTITION BY HASH (a); CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 1, REMAINDER 0); $fill",
	'CREATE TABLE p (a int PRIMARY KEY, b int) PARTITION BY HASH (a); CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	 CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1)', rows => $rows);
migrates($node, 'bounds of one partition: it is detached and attached', 'CREATE TABLE p (a int, b int) PARTITION BY RANGE (a)',
	"CREATE TABLE p0 PARTITION OF p FOR VALUES FROM (0) TO (10); $fill", 'CREATE TABLE p0 PARTITION OF p FOR VALUES FROM (0) TO (20)',
	rows => $rows, not_up => [qr/INSERT/]);
# A partition that goes leaves its rows to those that come in its place.
for my $split ([ 'range', 'RANGE (a)', [ 'FROM (0) TO (9)', 'FROM (9) TO (20)' ], [ 'FROM (0) TO (2)', 'FROM (2) TO (9)', 'FROM (9) TO (20)' ] ],
	[ 'range of two columns', 'RANGE (a, b)', ['FROM (0, MINVALUE) TO (9, 5)'], [ 'FROM (0, MINVALUE) TO (2, 0)', 'FROM (2, 0) TO (9, 5)' ] ],
	[ 'list', 'LIST (a)', [ 'IN (1, 2)', 'IN (3)' ], [ 'IN (1)', 'IN (2)', 'IN (3)' ] ],
	[ 'hash', 'HASH (a)', ['WITH (MODULUS 1, REMAINDER 0)'], [ 'WITH (MODULUS 2, REMAINDER 0)', 'WITH (MODULUS 2, REMAINDER 1)' ] ],
	[ 'default', 'LIST (a)', [ 'IN (1)', 'IN (2, 3)' ], [ 'IN (1)', 'DEFAULT' ] ])
{
	my ($what, $by, @sides) = @$split;
	my @ddl = map {
		my $bounds = $_;
		"CREATE TABLE p (a int, b int) PARTITION BY $by; " . join('', map { my $for = $_ eq 'DEFAULT' ? $_ : "FOR VALUES $_";
			(my $name = "p_$_") =~ s/\W+/_/g; "CREATE TABLE \"$name\" PARTITION OF p $for;" } @$bounds) } @sides;
	migrates($node, "a partition is divided by $what, and made one again", '', "$ddl[0] $fill", $ddl[1], rows => $rows, not_up => [qr/LOSES DATA/]);
	migrates($node, "partitions by $what become one, and are divided again", '', "$ddl[1] $fill", $ddl[0], rows => $rows, not_up => [qr/LOSES DATA/]);
}
migrates($node, 'a window moves on: what goes is not that of what comes', '',
	'CREATE TABLE p (a int, b int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
	 CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20); INSERT INTO p VALUES (11, 1)',
	'CREATE TABLE p (a int, b int) PARTITION BY RANGE (a); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
	 CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30)', rows => $rows, not_up => [qr/INSERT/]);
migrates($node, 'a table that becomes partitioned, with those who look at its rows', 'CREATE FUNCTION boo() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE; END$$',
	"CREATE TABLE p (a int PRIMARY KEY, b int); CREATE TABLE c (a int REFERENCES p); $fill; INSERT INTO c VALUES (1);
	 CREATE TRIGGER t BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION boo(); CREATE MATERIALIZED VIEW m AS SELECT a, b FROM p",
	'CREATE TABLE p (a int PRIMARY KEY, b int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT; CREATE TABLE c (a int REFERENCES p);
	 CREATE TRIGGER t BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION boo(); CREATE MATERIALIZED VIEW m AS SELECT a, b FROM p',
	rows => 'SELECT p.a, m.b, c.a FROM p JOIN m USING (a) LEFT JOIN c USING (a) ORDER BY 1');
migrates($node, 'the type of a partition key', '', (map { my ($type, $fill) = @$_;
		"CREATE TABLE p (a $type NOT NULL, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1, 2);
		 CREATE TABLE p2 PARTITION OF p DEFAULT; $fill" } (['int', $fill], ['bigint', ''])),
	rows => $rows);
migrates($node, 'an enum in a partition key loses a value', '', (map { my ($more, $fill) = @$_;
		"CREATE TYPE e AS ENUM ('x', 'y'$more); CREATE TABLE p (b int, a e) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('x');
		 CREATE TABLE p2 PARTITION OF p DEFAULT; $fill" } ([", 'z'", "INSERT INTO p (a, b) VALUES ('x', 1), ('y', 2)"], ['', ''])),
	rows => 'SELECT a::text, b FROM p ORDER BY b', not_up => [qr/p1__rows/]);
migrates($node, 'the key of a partition that has partitions, while the root loses its key', '',
	"CREATE TABLE p (a int, b int, PRIMARY KEY (a, b)) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9) PARTITION BY LIST (a);
	 CREATE TABLE p11 PARTITION OF p1 DEFAULT; $fill",
	'CREATE TABLE p (a int, b int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9) PARTITION BY LIST (b);
	 CREATE TABLE p11 PARTITION OF p1 DEFAULT',
	rows => $rows);
migrates($node, 'sequences go on, a partition leaves with its rows', '',
	"CREATE TABLE p (a serial, b int) PARTITION BY RANGE (b); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
	 CREATE TABLE q PARTITION OF p FOR VALUES FROM (100) TO (200); INSERT INTO p (b) VALUES (10), (20), (30), (100)",
	'CREATE TABLE p (a serial, b int) PARTITION BY LIST (b); CREATE TABLE p1 PARTITION OF p DEFAULT;
	 CREATE SEQUENCE s; CREATE TABLE q (a int NOT NULL DEFAULT nextval(\'p_a_seq\'), b int)',
	rows => "SELECT a, b, last_value FROM p, p_a_seq WHERE a < 4 UNION SELECT a, b, last_value FROM q, p_a_seq ORDER BY a");
migrates($node, 'an identity column goes on behind its rows', 'CREATE TABLE r (b int)',
	'CREATE TABLE p (a int GENERATED ALWAYS AS IDENTITY, b int); INSERT INTO p OVERRIDING SYSTEM VALUE VALUES (1, 1), (7, 2)',
	'CREATE TABLE p (a int GENERATED ALWAYS AS IDENTITY) INHERITS (r)', rows => $rows, up => [qr/setval/]);
migrates($node, 'a typed table becomes one of its own, and a column more', 'CREATE TYPE ty AS (a int, b int)',
	"CREATE TABLE p OF ty (PRIMARY KEY (a)); $fill", 'CREATE TABLE p (a int PRIMARY KEY, b int, c int)', rows => $rows, not_up => [qr/INSERT/]);
migrates($node, 'a column that two parents pass on', '', (map { my ($type, $fill) = @$_;
		"CREATE TABLE r (a $type, x int); CREATE TABLE s (a $type); CREATE TABLE p (b int) INHERITS (r, s); $fill" }
		(['int', 'INSERT INTO p VALUES (1, NULL, 10)'], ['bigint', ''])),
	rows => $rows);
migrates($node, 'columns that are the parent\'s alone from now on', 'CREATE TABLE r (a int)',
	"CREATE TABLE p (a int, b int); $fill", 'CREATE TABLE p (b int) INHERITS (r)', rows => $rows, not_down => [qr/INSERT/]);
migrates($node, 'a parent that is made anew, and its child with it', '', (map { my ($type, $own, $fill) = @$_;
	"CREATE TABLE p (a $type CHECK (a > 0), b text); CREATE TABLE k ($own d int) INHERITS (p); CREATE TABLE kk (e int) INHERITS (k);
	 CREATE INDEX ON kk (b); $fill" } ([ 'int', 'b text,', "INSERT INTO p VALUES (1, 'p');
	 INSERT INTO k (a, b, d) VALUES (2, 'k', 3); INSERT INTO kk (a, b, d, e) VALUES (4, 'kk', 5, 6)" ], [ 'bigint', '', '' ])),
	rows => 'SELECT tableoid::regclass, a, b FROM p ORDER BY a', up => [qr/DROP TABLE public\.kk;.*FROM ONLY public\.k;.*DROP TABLE public\.k;/s]);
migrates($node, 'logged and unlogged, in a circle of foreign keys', '', (map {
		"CREATE $_ TABLE r (a int PRIMARY KEY, b int, o int REFERENCES r); CREATE $_ TABLE s (a int PRIMARY KEY, b int REFERENCES r);
		 ALTER TABLE r ADD CONSTRAINT rs FOREIGN KEY (b) REFERENCES s" } ('', 'UNLOGGED')),
	not_up => [qr/CONSTRAINT r_o_fkey/]);
migrates($node, 'an unlogged table with a logged sequence', '', (map {
		"CREATE $_ TABLE t (a int); CREATE SEQUENCE s OWNED BY t.a" } ('', 'UNLOGGED')), up => [qr/SEQUENCE public\.s SET LOGGED/]);
migrates($node, 'logged and unlogged between two that stay', 'CREATE TABLE r (a int PRIMARY KEY)', (map {
		"CREATE $_ TABLE s (a int PRIMARY KEY REFERENCES r); CREATE UNLOGGED TABLE u (a int REFERENCES s)" } ('UNLOGGED', '')),
	not_up => [qr/FOREIGN KEY/], not_down => [qr/FOREIGN KEY/]);
migrates($node, 'a foreign key finds the rows that are attached, and is gone when they leave', '',
	'CREATE TABLE c (id int NOT NULL, p int DEFAULT 1 NOT NULL, PRIMARY KEY (id, p)); CREATE TABLE m (c int, p int DEFAULT 1);
	 INSERT INTO c VALUES (1); INSERT INTO m VALUES (1)',
	'CREATE TABLE w (id int NOT NULL, p int DEFAULT 1 NOT NULL, PRIMARY KEY (id, p)) PARTITION BY LIST (p);
	 CREATE TABLE c (id int NOT NULL, p int DEFAULT 1 NOT NULL, PRIMARY KEY (id, p)); ALTER TABLE w ATTACH PARTITION c FOR VALUES IN (1);
	 CREATE TABLE m (c int, p int DEFAULT 1, CONSTRAINT a FOREIGN KEY (c, p) REFERENCES w)',
	rows => 'SELECT * FROM c; SELECT * FROM m');
migrates($node, 'a column keeps its storage under a new type', '',
	'CREATE TABLE t (a text COMPRESSION pglz, b varchar(9)); ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER b SET STORAGE MAIN',
	'CREATE TABLE t (a varchar(9) COMPRESSION pglz, b text); ALTER TABLE t ALTER a SET STORAGE EXTERNAL');
migrates($node, 'and is told of it once', '',
	'CREATE TABLE t (a text, b text); ALTER TABLE t ALTER b SET STORAGE MAIN',
	'CREATE TABLE t (a text COLLATE "C", b varchar); ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL',
	not_up => [qr/COLUMN (\w) SET STORAGE.*COLUMN \1 SET STORAGE/s], not_down => [qr/COLUMN (\w) SET STORAGE.*COLUMN \1 SET STORAGE/s]);
migrates($node, 'and so does one that inherits it', '',
	map { my ($type, $char, $collation) = @$_; "CREATE TABLE t (a $type, b $char, c $type, d $type, e text $collation); CREATE TABLE k (x int) INHERITS (t);
		CREATE TABLE l () INHERITS (k); ALTER TABLE t ALTER c SET STORAGE MAIN; ALTER TABLE k ALTER a SET STORAGE EXTERNAL,
		ALTER b SET STORAGE EXTERNAL, ALTER b SET COMPRESSION pglz, ALTER c SET STORAGE EXTENDED, ALTER e SET STORAGE EXTERNAL;
		ALTER TABLE l ALTER a SET STORAGE MAIN, ALTER d SET STORAGE EXTERNAL" } (['text', 'varchar(9)', ''], ['varchar', 'text', 'COLLATE "C"']));

# ---- serial and identity: the numbers go on where they stood

my $serial = 'CREATE TABLE t (a serial, b int)';
my $used = 'INSERT INTO t (b) SELECT 1 FROM generate_series(1, 5); DELETE FROM t WHERE a > 2';
my $position = 'SELECT a, last_value, is_called FROM t, t_a_seq ORDER BY a';

migrates($node, 'a serial column becomes an identity one', '', "$serial; $used", 'CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY, b int)',
	rows => $position, up => [qr/setval.*FROM public\.t_a_seq__old;\nDROP SEQUENCE public\.t_a_seq__old;/s],
	down => [qr/setval.*FROM public\.t_a_seq__old;\nALTER TABLE public\.t ALTER COLUMN a DROP IDENTITY;/s]);
migrates($node, 'of another type', '', "$serial; $used", 'CREATE TABLE t (a bigint GENERATED ALWAYS AS IDENTITY, b int)', rows => $position);
migrates($node, 'beside another one', 'CREATE SCHEMA s', "CREATE TABLE s.t (a serial); $serial; $used",
	'CREATE TABLE s.t (a int GENERATED ALWAYS AS IDENTITY); CREATE TABLE t (a int GENERATED BY DEFAULT AS IDENTITY, b int)', rows => $position);
migrates($node, 'whose sequence has a name of its own and was not used', '',
	'CREATE SEQUENCE n AS int START 3; CREATE TABLE t (a int NOT NULL DEFAULT nextval(\'n\')); ALTER SEQUENCE n OWNED BY t.a',
	'CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME n START 3))', rows => 'SELECT last_value, is_called FROM n');
migrates($node, 'with limits that leave out the position', '', "$serial; $used", 'CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY (MAXVALUE 3), b int)',
	rows => 'SELECT least(last_value, 3), is_called FROM t_a_seq', up => [qr/LEAST\(GREATEST\(last_value, 1\), 3\)/]);
migrates($node, 'with limits that have nothing in common with the old ones', '', "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY (MAXVALUE 9), b int)",
	'CREATE SEQUENCE t_a_seq AS int MINVALUE 10 START 10; CREATE TABLE t (a int NOT NULL DEFAULT nextval(\'t_a_seq\'), b int); ALTER SEQUENCE t_a_seq OWNED BY t.a',
	not_up => [qr/setval/], not_down => [qr/setval/]);
migrates($node, 'a sequence that stays is not taken over', 'CREATE SEQUENCE n', "CREATE TABLE t (a int NOT NULL DEFAULT nextval('n')); INSERT INTO t VALUES (4)",
	'CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY)', rows => 'SELECT a FROM t', up => [qr/max\(a\)/], not_up => [qr/__old/]);
migrates($node, 'in a table that is made anew', '', "CREATE TABLE p (a serial, b int) PARTITION BY LIST (b); CREATE TABLE p1 PARTITION OF p DEFAULT; INSERT INTO p (b) VALUES (1), (2)",
	'CREATE TABLE p (a int NOT NULL GENERATED ALWAYS AS IDENTITY, b int)', rows => $rows, up => [qr/max\(a\)/], not_up => [qr/a_seq__old/]);
migrates($node, 'counting down, or from values that it never comes to', '',
	'CREATE TABLE t (a int NOT NULL, b int NOT NULL, c int NOT NULL); INSERT INTO t VALUES (-7, -1, 4), (-9, 0, 12)', 'CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY (INCREMENT -2),
	b int GENERATED ALWAYS AS IDENTITY, c int GENERATED ALWAYS AS IDENTITY (MAXVALUE 9))', rows => 'SELECT * FROM t ORDER BY a',
	up => [qr/min\(a\)/, qr/max\(b\)/, qr/max\(c\).* c BETWEEN 1 AND 9/]);

# What a new type does to the values is said where they change: cut, refused or kept.
my %fate = ('LOSES DATA' => [qw(h i)], 'fails when a value' => [qw(a c d l)], '' => [qw(e f j k)]);
my $typed = sf_database($node, 'typed');
$node->safe_psql($typed, $_) foreach q{CREATE TYPE mood AS ENUM ('sad', 'ok', 'odd'); CREATE TYPE hue AS ENUM ('red', 'blue');
	CREATE TABLE t (a mood, c text, d int, e bigint, f date, h numeric(10,2), i float8, j hue, k int, l numeric(10,2))},
	q{SELECT sf_define($$CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE shade AS ENUM ('red'); CREATE TYPE hue AS ENUM ('blue', 'green', 'red');
	CREATE TABLE t (a mood, c shade, d numeric(10,2), e numeric(30,2), f timestamp(0), h numeric(9,-2), i numeric(10,2), j hue, k numeric(12,2),
		l numeric(8,2))$$)};
$node->safe_psql($typed, q{SELECT * FROM sf_plan_migration('typed')});
my %said;
foreach (split /\n/, $node->safe_psql($typed, q{SELECT concat_ws('|', sql, CASE WHEN loses_data THEN 'LOSES DATA; ' ELSE '' END || why) FROM sf_steps()}))
{
	my ($sql, $why) = split /\|/;
	my @columns = $sql =~ /ALTER COLUMN (\w+) TYPE/g;

	$said{$_} = '' foreach @columns;
	foreach my $note (split /; /, $why // '')
	{
		$said{$_} .= $note foreach $note =~ /\(([\w, ]+)\)$/ ? split /, /, $1 : @columns;
	}
}
foreach my $fate (sort keys %fate)
{
	like($said{$_} // 'is not altered', $fate ? qr/$fate/ : qr/^(?!.*(?:LOSES|fails|not altered))/s, "$_: " . ($fate || 'kept')) foreach @{ $fate{$fate} };
}

# Text becomes bytes as it is encoded, and bytes the text that they encode: also what has backslashes, and rows of later.
my $bytes = sf_database($node, 'bytes');
my $as_text = q{SELECT id, convert_from(t, 'UTF8'), convert_from(j, 'UTF8'), b, c FROM t ORDER BY id};
$node->safe_psql($bytes, $_) foreach q{CREATE DOMAIN raw AS bytea; CREATE TABLE t (id int PRIMARY KEY, t text, j jsonb, b bytea, c raw)},
	q{INSERT INTO t VALUES (1, 'a\b\101', '{"k": "x\ny\\\\"}', 'c\\\\d', '{"k": 1}')},
	q{SELECT sf_define($$CREATE DOMAIN raw AS bytea; CREATE TABLE t (id int PRIMARY KEY, t raw, j bytea, b varchar(9), c jsonb)$$)},
	q{SELECT sf_plan_migration('bytes')}, q{CALL sf_upgrade(allow => '{data_loss}')};
is($node->safe_psql($bytes, $as_text), q(1|a\b\101|{"k": "x\ny\\\\"}|c\d|{"k": 1}), 'bytes are text encoded');
$node->safe_psql($bytes, $_) foreach q{INSERT INTO t VALUES (2, 'e\\\\', '["\\\\""]', 'f\g', '[]')}, q{CALL sf_downgrade('base', allow => '{data_loss}')};
is($node->safe_psql($bytes, q{SELECT id, t, j, convert_from(b, 'UTF8'), convert_from(c, 'UTF8') FROM t ORDER BY id}),
	join("\n", q(1|a\b\101|{"k": "x\ny\\\\"}|c\d|{"k": 1}), q(2|e\|["\""]|f\g|[])), '... and back');
# One that knows better may have made a cast.
migrates($node, 'bytes by a cast', 'CREATE FUNCTION hex(text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$SELECT decode($1, \'hex\')$$;
	CREATE CAST (text AS bytea) WITH FUNCTION hex(text)', 'CREATE TABLE t (a text)', 'CREATE TABLE t (a bytea)', up => [qr/USING a::bytea/]);

# Rows get values while nothing says which row is which to those who subscribe.
migrates($node, 'published tables without a key', '',
	q{CREATE TABLE t (id int, x int); CREATE TABLE w (id int, x int) PARTITION BY LIST (id); CREATE TABLE w1 PARTITION OF w DEFAULT;
	  CREATE TABLE k (id int PRIMARY KEY, x int, y int); CREATE TABLE n (id int PRIMARY KEY, x int);
	  CREATE PUBLICATION p FOR TABLE t, w, n, k WHERE (x IS NULL);
	  INSERT INTO t VALUES (1); INSERT INTO w VALUES (1), (2); INSERT INTO k VALUES (1); INSERT INTO n VALUES (1)},
	q{CREATE TABLE t (id int, x int NOT NULL DEFAULT 1); CREATE TABLE w (id int, x int NOT NULL DEFAULT 1) PARTITION BY LIST (id);
	  CREATE TABLE w1 PARTITION OF w DEFAULT; CREATE TABLE k (id int PRIMARY KEY, x int, y int NOT NULL DEFAULT 5);
	  CREATE TABLE n (id int PRIMARY KEY, x int NOT NULL DEFAULT 1); CREATE PUBLICATION p FOR TABLE t, w, n, k WHERE (x IS NULL)},
	up => [map { qr/TABLE public.$_ REPLICA IDENTITY FULL;\nUPDATE.*;\nALTER TABLE public.$_ REPLICA IDENTITY DEFAULT/ } qw(t w1 k)],
	not_up => [qr/public.[nw] REPLICA/], rows => 'SELECT id FROM t UNION ALL SELECT id FROM w UNION ALL SELECT id FROM n ORDER BY 1');
migrates($node, 'a published table that is a part no longer', 'CREATE SCHEMA s; CREATE PUBLICATION p FOR TABLES IN SCHEMA s',
	q{CREATE TABLE s.whole (id int NOT NULL, k int NOT NULL, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
	  CREATE TABLE s.part PARTITION OF s.whole DEFAULT; INSERT INTO s.part VALUES (1, 1)},
	q{CREATE TABLE s.whole (id int NOT NULL, k int NOT NULL, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
	  CREATE TABLE s.part (id int, k int, x int)}, rows => 'SELECT id, k FROM s.part');

done_testing();
