# Unsafe statements on tables in use are refused, with the recipe; nothing of them is done, and each is in the log.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../test/perl";
use SchemaflowGuard;
use SchemaflowTest;
use Test::More;

my $node = sf_node('main', conf => [ "shared_preload_libraries = 'schemaflow'" ]);
my $db = sf_database($node, 'app');

$node->psql($db, guard_sql('base') . 'SELECT count(*) FROM sf_guard_install()', on_error_stop => 0);

# What the rules of test/guard/rules.txt refuse by themselves.
my %refuses = map { $_ => 1 } split /\n/, $node->safe_psql($db, q{SELECT rule FROM sf_guard_rules WHERE level = 'enforce'});
my @cases = map { my $it = $_; map { [ $it->{rule}, $_ ] } @{ $it->{bad} } } grep { $refuses{ $_->{rule} } && !$_->{script} } guard_rules($node->pg_version->major);

my $state = q{SELECT md5(string_agg(c::text, '' ORDER BY c.oid)) FROM pg_class c WHERE relnamespace = 'public'::regnamespace};
my $before = $node->safe_psql($db, $state);
my $refused = 0;
for my $case (@cases)
{
	my ($rule, $sql) = @$case;
	my ($rc, $out, $err) = sf_try($node, $db, "SET lock_timeout = '2s';\n$sql");
	my ($head) = $err =~ /^(.*ERROR:.*)$/m;

	# A statement may break several rules: the first is told, the others are named.
	like($head // '(not refused)', qr/ERROR:  2F003: guard: \w+: /, "refused: $sql");
	like($err, qr/guard: $rule: |^Besides: .*\b$rule\b/m, "for $rule") or diag($err);
	like($err, qr/^HINT:  Safe on a table in use:\n  \S/m, 'with the recipe');
	like($err, qr/^To run it as it is: SELECT sf_allow\('why'\)/m, 'and the way round it');
	# psql's own part of the first line, with the SQLSTATE of this verbose one, is not ours.
	my @long = grep { length($_) > 100 } map { s/^psql:<stdin>:\d+: (ERROR|WARNING):  \w{5}: /$1:  /r } split /\n/, $err;
	is(join("\n", @long), '', 'in lines of at most 100 columns');
	$refused++ if $err =~ /2F003/;
}
cmp_ok($refused, '>=', 40, 'forty of them');
is($node->safe_psql($db, $state), $before, 'nothing was done');
is($node->safe_psql($db, q{SELECT count(*) FROM sf_ddl_log WHERE outcome = 'refused' AND rules <> '{}' AND statement <> ''}), scalar(@cases), 'each is in the log');

# The same in the other modes, for one of them; and what is told is the worst.
my $sql = 'ALTER TABLE full_t ALTER b SET NOT NULL';
my ($rc, $out, $err) = sf_try($node, $db, $sql);
like($err, qr/guard: set_not_null_scan: .*\n.*DETAIL: .*\nBesides: missing_lock_timeout\./s, 'other findings are named');
($rc, $out, $err) = sf_try($node, $db, "BEGIN; SET LOCAL schemaflow.guard = warn; $sql; ROLLBACK");
is($rc, 0, 'warn') or diag($err);
like($err, qr/WARNING:  01000: guard: set_not_null_scan: .*HINT:  Safe on a table in use:/s, 'warns');
unlike($err, qr/To run it/, 'and runs it');
($rc, $out, $err) = sf_try($node, $db, "SET lock_timeout = '2s'; BEGIN; DROP TRIGGER tg ON full_t; ROLLBACK");
like($err, qr/WARNING:  01000: guard: trigger_ddl: .*HINT:  SELECT sf_guard_set\('trigger_ddl', 'off', 'why'\)/s, 'advice without a recipe says how to do without it');
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

# The glass broken for a role: its members pass, with a warning and in the log; others, superusers too, do not.
$node->safe_psql($db, q{CREATE ROLE team; CREATE ROLE one LOGIN IN ROLE team; CREATE ROLE other LOGIN; ALTER TABLE free OWNER TO team;
	SELECT sf_allow('a flood', '1 hour', 'team')});
my $drop = "SET lock_timeout = '2s'; BEGIN; ALTER TABLE free DROP a; COMMIT";
($rc, $out, $err) = sf_try($node, $db, $drop);
like($err, qr/ERROR:  2F003: guard: drop_column: /, 'a superuser is not meant');
($rc, $out, $err) = sf_try($node, $db, "SET SESSION AUTHORIZATION one; $drop");
is($rc, 0, 'a member passes') or diag($err);
like($err, qr/WARNING:  01000: guard: drop_column: /, 'with a warning');
is($node->safe_psql($db, q{SELECT DISTINCT session_role, outcome, reason FROM sf_ddl_log WHERE command = 'ALTER TABLE' AND object LIKE 'public.free%' AND outcome = 'broken glass'}),
	'one|broken glass|a flood (role team)', 'in the log');
$node->safe_psql($db, q{SELECT sf_allow('', '0', 'team')});
($rc, $out, $err) = sf_try($node, $db, "SET SESSION AUTHORIZATION one; " . $drop =~ s/DROP a/DROP id/r);
like($err, qr/ERROR:  2F003: guard: drop_column: /, 'not any more');

# A procedure that commits in between: what one transaction has locked is not the next one's.
$node->safe_psql($db, q{CREATE PROCEDURE in_turn() LANGUAGE plpgsql AS $$
	BEGIN FOR i IN 1..20 LOOP EXECUTE format('ALTER TABLE full_t ADD COLUMN x%s int', i); COMMIT; END LOOP; END$$});
($rc, $out, $err) = sf_try($node, $db, "SET lock_timeout = '2s'; CALL in_turn(); CALL in_turn2()");
unlike($err, qr/WARNING|2F003/, 'a procedure of many transactions');
is($node->safe_psql($db, q{SELECT count(*) FROM sf_ddl_log WHERE statement = '(within CALL)' AND outcome = 'allowed'}), 20, 'each statement is in the log');
$node->stop;
done_testing();
