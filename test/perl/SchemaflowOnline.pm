# SchemaflowOnline - one change of tables that count as big, there and back.
#
#	use SchemaflowOnline;
#	my $db = online($node, 'index', 'CREATE TABLE ...; INSERT ...', 'CREATE TABLE ...', steps => [ ... ], at_gate => sub { ... });
#
# Makes a database with the first SQL, in which 100 rows are many; plans the way to the model; compares the steps, if given
# ("class phase: sql", those that match "of"); sees that nothing big is read or written under a lock that stops others;
# goes up, through the gate, down, and compares what is there with what should be.  Options: steps, of, at_gate (called with
# the database when up to the gate), strong (directions in which steps may do so), stay (do not go down).
package SchemaflowOnline;

use strict;
use warnings;
use Exporter 'import';
use SchemaflowTest;
use Test::More;

our @EXPORT = qw(online online_database online_steps online_facts);

my $facts = q{SELECT md5(string_agg(concat_ws('|', kind, name, attribute, value), '' ORDER BY kind, name, attribute))
	FROM sf_facts() WHERE attribute IS DISTINCT FROM 'position'};

sub online_facts { return $_[0]->safe_psql($_[1], $facts) }

# The database, planned.
sub online_database
{
	my ($node, $name, $from, $to) = @_;
	my $db = sf_database($node, $name);

	$node->safe_psql($db, qq{ALTER DATABASE "$db" SET schemaflow.online_rows = 100});
	$node->safe_psql($db, "$from; ANALYZE");
	$node->safe_psql($db, "SELECT count(*) FROM sf_define(\$sf\$$to\$sf\$, true)");
	$node->safe_psql($db, "SELECT count(*) FROM sf_plan_migration('$name', true)");
	return $db;
}

sub online_steps
{
	my ($node, $db, $of, $direction) = @_;

	$direction //= 'up';
	return $node->safe_psql($db, qq{SELECT class || ' ' || phase || ': ' || regexp_replace(sql, '\\s+', ' ', 'g')
		FROM sf_steps('head', '$direction') WHERE sql ~ \$sf\$$of\$sf\$ ORDER BY n}) =~ s/'[0-9a-f]{12}'/'VERSION'/gr =~
		s/(schemaflow_archive\.\S+ RENAME TO \w+_)[0-9a-f]{8}$/$1TAG/gmr;
}

sub call
{
	my ($node, $db, $call, $name) = @_;
	my ($rc, undef, $err) = sf_try($node, $db, "CALL $call");

	is($rc, 0, $name) or diag($err);
	return $err;
}

sub online
{
	my ($node, $name, $from, $to, %opt) = @_;
	my $db = online_database($node, $name, $from, $to);
	my $start = online_facts($node, $db);

	is(online_steps($node, $db, $opt{of} // '.'), join("\n", @{ $opt{steps} }), "$name: steps") if $opt{steps};
	for my $direction ('up', 'down')
	{
		my $held = $node->safe_psql($db, qq{SELECT string_agg(sql, E'\\n' ORDER BY n) FROM sf_steps('head', '$direction')
			WHERE (scans OR rewrites) AND lock IN ('SHARE', 'SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE')
				AND needs_rows_estimate >= 100});
		is($held, '', "$name: nothing is read or written while others wait, $direction") unless grep { $_ eq $direction } @{ $opt{strong} // [] };
	}
	call($node, $db, 'sf_test()', "$name: in a scratch");
	my $err = call($node, $db, q(sf_upgrade(allow => '{data_loss}')), "$name: up");
	$opt{at_gate}->($db) if $opt{at_gate};
	call($node, $db, q(sf_contract(allow => '{data_loss}')), "$name: through the gate") if $err =~ /ready: both/;
	is($node->safe_psql($db, 'SELECT count(*) FROM sf_diff()'), 0, "$name: the schema is that of the model");
	is($node->safe_psql($db, q{SELECT count(*) FROM pg_constraint WHERE NOT convalidated})
		. $node->safe_psql($db, q{SELECT count(*) FROM pg_index WHERE NOT indisvalid}), '00', "$name: nothing is left unproved");
	return $db if $opt{stay};
	$err = call($node, $db, q(sf_downgrade(allow => '{data_loss}')), "$name: down");
	call($node, $db, q(sf_contract(allow => '{data_loss}')), "$name: through its gate") if $err =~ /ready: both/;
	is(online_facts($node, $db), $start, "$name: to the start");
	return $db;
}

1;
