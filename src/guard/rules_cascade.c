/*
 * rules_cascade.c - what a statement drops that it does not name: by CASCADE, or as all that a role owns.
 *
 * The catalog of dependencies is walked as the server does when it drops, without a lock.
 */
#include "postgres.h"

#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"

#include "guard/guard.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"

#define MAX_NAMED	8

/*
 * $1, $2, $3: arrays of the catalogs, objects and columns that are dropped by name; $4: owners whose objects all go.
 * What an object depends on by itself (a view's rule on the view) goes with it as a whole.  Left out is what would go
 * without CASCADE, too, with something that goes: a table's own objects, partitions, an extension's members.
 *
 * Columns: kind and name of what goes; the table that it is or belongs to; 't' when it is a relation; what drops it
 * alone.  Relations that were made later come first: they may need the others.
 */
static const char gone_query[] =
"WITH RECURSIVE named AS (SELECT * FROM unnest($1::oid[], $2::oid[], $3::int[]) AS u(class, object, part) "
"UNION SELECT classid, objid, 0 FROM pg_catalog.pg_shdepend WHERE refclassid = 'pg_catalog.pg_authid'::regclass "
"AND refobjid = ANY ($4::oid[]) AND deptype = 'o' AND dbid = (SELECT oid FROM pg_catalog.pg_database "
"WHERE datname = current_database())), "
"gone AS (SELECT * FROM named UNION SELECT n.* FROM gone g, LATERAL ("
"SELECT d.classid, d.objid, d.objsubid FROM pg_catalog.pg_depend d WHERE d.refclassid = g.class "
"AND d.refobjid = g.object AND (g.part = 0 OR d.refobjsubid = g.part) "
"UNION ALL SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_catalog.pg_depend d WHERE d.classid = g.class "
"AND d.objid = g.object AND d.deptype = 'i') n), "
"others AS (SELECT class, object, part, CASE class WHEN 'pg_catalog.pg_class'::regclass THEN object "
"WHEN 'pg_catalog.pg_constraint'::regclass THEN (SELECT conrelid FROM pg_catalog.pg_constraint WHERE oid = object) "
"WHEN 'pg_catalog.pg_attrdef'::regclass THEN (SELECT adrelid FROM pg_catalog.pg_attrdef WHERE oid = object) "
"WHEN 'pg_catalog.pg_trigger'::regclass THEN "
"(SELECT tgrelid FROM pg_catalog.pg_trigger WHERE oid = object AND NOT tgisinternal) "
"WHEN 'pg_catalog.pg_policy'::regclass THEN (SELECT polrelid FROM pg_catalog.pg_policy WHERE oid = object) END "
"AS owner FROM gone WHERE ROW(class, object, part) NOT IN "
"(SELECT unnest($1::oid[]), unnest($2::oid[]), unnest($3::int[]))) "
"SELECT i.type, i.identity, coalesce(x.indrelid, o.owner), c.relkind IN ('r', 'p', 'm', 'v', 'f') AND o.part = 0 "
"AND class = 'pg_catalog.pg_class'::regclass, CASE WHEN o.part > 0 THEN "
"format('ALTER TABLE %s DROP COLUMN %I', o.owner::regclass, (SELECT attname FROM pg_catalog.pg_attribute "
"WHERE attrelid = o.owner AND attnum = o.part)) WHEN i.type = 'table constraint' THEN "
"format('ALTER TABLE %s DROP CONSTRAINT %I', o.owner::regclass, "
"(SELECT conname FROM pg_catalog.pg_constraint WHERE oid = o.object)) WHEN i.type = 'default value' THEN "
"format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', o.owner::regclass, "
"(SELECT attname FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_attrdef d ON attrelid = adrelid AND attnum = adnum "
"WHERE d.oid = o.object)) "
"ELSE format('DROP %s %s', upper(i.type), i.identity) END FROM others o "
"JOIN pg_catalog.pg_class c ON c.oid = o.owner "
"LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = o.owner, "
"LATERAL pg_catalog.pg_identify_object(o.class, o.object, o.part) i "
"WHERE c.relkind NOT IN ('S', 't', 'c') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN gone g "
"ON d.refclassid = g.class AND d.refobjid = g.object AND (g.part = 0 OR d.refobjsubid = g.part) "
"WHERE d.classid = o.class AND d.objid = o.object AND d.objsubid = o.part AND d.deptype <> 'n') "
"AND NOT (o.part > 0 AND EXISTS "
"(SELECT FROM gone g WHERE g.class = o.class AND g.object = o.object AND g.part = 0)) "
"ORDER BY 4 DESC, CASE WHEN o.part = 0 AND o.owner = o.object THEN 0 - o.object::bigint END, 1, 2";

static void
add_number(StringInfo list, Oid number)
{
	appendStringInfo(list, "%s%u", list->len > 0 ? "," : "", number);
}

/* NULL: the statement names nothing that is here. */
static SfRows *
find_gone(Node *statement)
{
	StringInfoData text[4];
	const char *args[4];
	ListCell   *lc;
	SfRows	   *rows;
	int			pins;

	for (int i = 0; i < lengthof(text); i++)
		initStringInfo(&text[i]);
	foreach(lc, sf_named_objects(statement))
	{
		const ObjectAddress *object = lfirst(lc);

		/* The table of ALTER TABLE stays. */
		if (IsA(statement, AlterTableStmt) && object->classId == RelationRelationId && object->objectSubId == 0)
			continue;
		add_number(&text[0], object->classId);
		add_number(&text[1], object->objectId);
		add_number(&text[2], object->objectSubId);
	}
	if (IsA(statement, DropOwnedStmt))
		foreach(lc, ((DropOwnedStmt *) statement)->roles)
			add_number(&text[3], get_rolespec_oid(lfirst(lc), true));
	if (text[0].len == 0 && text[3].len == 0)
		return NULL;
	for (int i = 0; i < lengthof(text); i++)
		args[i] = psprintf("{%s}", text[i].data);
	pins = sf_pins_enter();
	rows = sf_query(gone_query, lengthof(args), args);
	sf_pins_leave(pins);
	return rows;
}

static bool
says_cascade(const Node *statement)
{
	ListCell   *lc;

	if (IsA(statement, DropOwnedStmt))
		return true;
	if (IsA(statement, DropStmt))
		return ((const DropStmt *) statement)->behavior == DROP_CASCADE;
	if (IsA(statement, AlterTableStmt))
		foreach(lc, ((const AlterTableStmt *) statement)->cmds)
			if (lfirst_node(AlterTableCmd, lc)->behavior == DROP_CASCADE &&
				(lfirst_node(AlterTableCmd, lc)->subtype == AT_DropColumn ||
				 lfirst_node(AlterTableCmd, lc)->subtype == AT_DropConstraint))
				return true;
	return false;
}

bool
sf_check_cascade(SfCase *it)
{
	SfRows	   *gone = says_cascade(it->statement) ? find_gone(it->statement) : NULL;
	List	   *names = NIL;
	int64		rows = 0;
	bool		matters = false;	/* views alone are soon made again */
	int			n = 0;

	for (int r = 0; gone && r < gone->nrows; r++)
	{
		SfSubject  *table = sf_subject_oid(it->it, atooid(sf_cell(gone, r, 2)));
		bool		whole = *sf_cell(gone, r, 3) == 't';

		if (table == NULL || !table->stands || (table->relkind != RELKIND_VIEW && !sf_has_rows(table)))
			continue;
		matters = matters || table->relkind != RELKIND_VIEW;
		if (whole && (table->relkind == RELKIND_RELATION || table->partitioned))
			rows += Max(table->rows, 0);
		if (++n > MAX_NAMED)
			continue;
		sf_recipe(it, "%s;", sf_cell(gone, r, 4));
		names = lappend(names, psprintf("%s %s", sf_cell(gone, r, 0), sf_cell(gone, r, 1)));
	}
	if (!matters)
	{
		it->finding->recipe = NIL;
		return false;
	}
	sf_recipe(it, "-- each as its own rule says; then the statement without CASCADE");
	if (n > MAX_NAMED)
		names = lappend(names, psprintf("%d more", n - MAX_NAMED));
	it->finding->detail = psprintf("%s. %sEach table of them is locked against reading.", sf_join(names, ", "),
								   rows > 0 ? psprintf("About " INT64_FORMAT " rows are lost with them. ", rows) : "");
	return sf_say(it, "what it does not name goes as well");
}
