/*
 * layout.c - the tables and columns that are there, as a version of the application names them (layout.h).
 *
 * Statements are parsed, not run.  A statement about what is not there is passed over: it belongs to something that the
 * steps make themselves, or that has been done already in this transaction.
 */
#include "postgres.h"

#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"

#include "apply/layout.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "phases/steps.h"
#include "risk/added.h"

/* ---- what is there ---- */

static const char tables_query[] =
"SELECT c.oid, n.nspname, c.relname, coalesce(a.attnum, 0), a.attname, a.attinhcount > 0 AND NOT a.attislocal "
"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
"LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
"WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND c.relpersistence <> 't' "
"AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'schemaflow') "
"AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid "
"AND d.objsubid = 0 AND d.deptype = 'e') ORDER BY n.nspname, c.relname, a.attnum";

List *
sf_layout_read(void)
{
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query(tables_query, 0, NULL);
	List	   *tables = NIL;
	SfLayoutTable *table = NULL;

	sf_pins_leave(pins);
	for (int r = 0; r < rows->nrows; r++)
	{
		Oid			relid = atooid(sf_cell(rows, r, 0));
		SfLayoutColumn *column;

		if (table == NULL || table->relid != relid)
		{
			table = palloc0(sizeof(SfLayoutTable));
			table->relid = relid;
			table->schema = sf_cell(rows, r, 1);
			table->name = sf_cell(rows, r, 2);
			tables = lappend(tables, table);
		}
		if (sf_cell(rows, r, 4) == NULL)
			continue;
		column = palloc0(sizeof(SfLayoutColumn));
		column->attno = atoi(sf_cell(rows, r, 3));
		column->name = sf_cell(rows, r, 4);
		column->inherited = sf_cell(rows, r, 5)[0] == 't';
		table->columns = lappend(table->columns, column);
	}
	return tables;
}

/* ---- finding ---- */

static SfLayoutTable *
table_by_name(List *tables, const char *schema, const char *name)
{
	ListCell   *lc;

	foreach(lc, tables)
	{
		SfLayoutTable *table = lfirst(lc);

		if (!table->hidden && strcmp(table->name, name) == 0 && (schema == NULL || strcmp(table->schema, schema) == 0))
			return table;
	}
	return NULL;
}

static SfLayoutColumn *
column_by_name(const SfLayoutTable *table, const char *name)
{
	ListCell   *lc;

	foreach(lc, table->columns)
	{
		SfLayoutColumn *column = lfirst(lc);

		if (!column->hidden && strcmp(column->name, name) == 0)
			return column;
	}
	return NULL;
}

/* The table of a statement, and those that inherit from it unless it says ONLY. */
static List *
tables_of(List *tables, const RangeVar *name)
{
	SfLayoutTable *table = table_by_name(tables, name->schemaname, name->relname);
	List	   *relids;
	List	   *result = NIL;
	ListCell   *lc;

	if (table == NULL)
		return NIL;
	relids = name->inh ? find_all_inheritors(table->relid, NoLock, NULL) : list_make1_oid(table->relid);
	foreach(lc, tables)
		if (list_member_oid(relids, ((SfLayoutTable *) lfirst(lc))->relid))
			result = lappend(result, lfirst(lc));
	/* The one that was named is the first. */
	return lcons(table, list_delete_ptr(result, table));
}

/* ---- one statement, there or back ---- */

static void
rename_column(List *tables, const RangeVar *table, const char *from, const char *to)
{
	ListCell   *lc;

	foreach(lc, tables_of(tables, table))
	{
		SfLayoutColumn *column = column_by_name(lfirst(lc), from);

		if (column)
			column->name = pstrdup(to);
	}
}

static void
hide_column(List *tables, const RangeVar *table, const char *name)
{
	List	   *of = tables_of(tables, table);
	ListCell   *lc;

	foreach(lc, of)
	{
		SfLayoutColumn *column = column_by_name(lfirst(lc), name);

		if (column && (lc == list_head(of) || column->inherited))
			column->hidden = true;
	}
}

static void
hide_table(List *tables, const char *schema, const char *name)
{
	SfLayoutTable *table = table_by_name(tables, schema, name);

	if (table)
		table->hidden = true;
}

static void
rename_statement(List *tables, const RenameStmt *statement, bool back)
{
	const char *from = back ? statement->newname : statement->subname;
	RangeVar   *name = statement->relation;
	SfLayoutTable *table;

	if (name == NULL)
		return;
	switch (statement->renameType)
	{
		case OBJECT_COLUMN:
			rename_column(tables, name, from, back ? statement->subname : statement->newname);
			break;
		case OBJECT_TABLE:
		case OBJECT_FOREIGN_TABLE:
			table = table_by_name(tables, name->schemaname, back ? statement->newname : name->relname);
			if (table)
				table->name = pstrdup(back ? name->relname : statement->newname);
			break;
		default:
			break;
	}
}

static void
alter_statement(List *tables, const AlterTableStmt *statement, bool back)
{
	ListCell   *lc;

	foreach(lc, statement->cmds)
	{
		const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (cmd->subtype == AT_DropColumn && !back)
			hide_column(tables, statement->relation, cmd->name);
		else if (cmd->subtype == AT_AddColumn && back)
			hide_column(tables, statement->relation, castNode(ColumnDef, cmd->def)->colname);
	}
}

static void
drop_statement(List *tables, const DropStmt *statement)
{
	ListCell   *lc;

	if (statement->removeType != OBJECT_TABLE && statement->removeType != OBJECT_FOREIGN_TABLE)
		return;
	foreach(lc, statement->objects)
	{
		List	   *name = lfirst(lc);

		hide_table(tables, list_length(name) > 1 ? strVal(list_nth(name, list_length(name) - 2)) : NULL,
				   strVal(llast(name)));
	}
}

static void
move_statement(List *tables, const AlterObjectSchemaStmt *statement, bool back)
{
	const RangeVar *name = statement->relation;
	SfLayoutTable *table;

	if (name == NULL || (statement->objectType != OBJECT_TABLE && statement->objectType != OBJECT_FOREIGN_TABLE))
		return;
	table = table_by_name(tables, back ? statement->newschema : name->schemaname, name->relname);
	if (table && (!back || name->schemaname))
		table->schema = pstrdup(back ? name->schemaname : statement->newschema);
}

static void
follow(List *tables, const char *sql, bool back)
{
	Node	   *statement = linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT))->stmt;
	const AlterTableStmt *added = sf_added_statement(statement);
	const RangeVar *made;

	if (added)
		alter_statement(tables, added, back);
	switch (nodeTag(statement))
	{
		case T_RenameStmt:
			rename_statement(tables, castNode(RenameStmt, statement), back);
			break;
		case T_AlterTableStmt:
			alter_statement(tables, castNode(AlterTableStmt, statement), back);
			break;
		case T_AlterObjectSchemaStmt:
			move_statement(tables, castNode(AlterObjectSchemaStmt, statement), back);
			break;
		case T_DropStmt:
			if (!back)
				drop_statement(tables, castNode(DropStmt, statement));
			break;
		case T_CreateStmt:
		case T_CreateForeignTableStmt:
			made = ((CreateStmt *) statement)->relation;	/* a foreign table's begins with it */
			if (back)
				hide_table(tables, made->schemaname, made->relname);
			break;
		default:
			break;
	}
}

void
sf_layout_foresee(List *tables, List *steps)
{
	ListCell   *lc;

	foreach(lc, steps)
	{
		CHECK_FOR_INTERRUPTS();
		follow(tables, ((SfStep *) lfirst(lc))->sql, false);
	}
}

void
sf_layout_recall(List *tables, List *steps)
{
	for (int i = list_length(steps) - 1; i >= 0; i--)
	{
		CHECK_FOR_INTERRUPTS();
		follow(tables, ((SfStep *) list_nth(steps, i))->sql, true);
	}
}
