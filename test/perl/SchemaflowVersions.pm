# SchemaflowVersions - short forms for tests that work with one database throughout.
#
#	use SchemaflowVersions;
#	my $db = versions_database($node);	# "app", which the others mean from then on
#	value('SELECT ...');				# as text
#	my $revision = planned('CREATE TABLE ...', 'message');
#	shape('public.t');					# "a integer, b text": a relation's columns, as a session sees them
package SchemaflowVersions;

use strict;
use warnings;
use Exporter 'import';
use SchemaflowTest;

our @EXPORT = qw(versions_database value planned shape);

my ($node, $db);

sub versions_database
{
	($node) = @_;
	$db = sf_database($node, 'app');
	return $db;
}

sub value
{
	my ($sql) = @_;
	return $node->safe_psql($db, $sql);
}

sub planned
{
	my ($ddl, $message) = @_;
	value("SELECT count(*) FROM sf_define(\$d\$$ddl\$d\$)");
	value("SELECT count(*) FROM sf_plan_migration('$message')");
	return value(q{SELECT revision FROM sf_history() WHERE state = 'planned'});
}

sub shape
{
	my ($relation) = @_;
	return value("SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum)
		FROM pg_attribute WHERE attrelid = '$relation'::regclass AND attnum > 0 AND NOT attisdropped");
}

1;
