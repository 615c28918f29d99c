/*
 * added.c - ADD COLUMN by a call: to its text and back (added.h).
 */
#include "postgres.h"

#include "lib/text.h"
#include "parser/parser.h"
#include "risk/added.h"
#include "utils/builtins.h"

#define ADD_COLUMN	"sf_add_column"

char *
sf_added_text(const char *table, const char *definition)
{
	return psprintf("ALTER TABLE %s ADD COLUMN %s", table, definition);
}

AlterTableStmt *
sf_added_parse(const char *sql)
{
	List	   *statements = raw_parser(sql, RAW_PARSE_DEFAULT);
	AlterTableStmt *statement = (AlterTableStmt *) linitial_node(RawStmt, statements)->stmt;

	if (list_length(statements) != 1 || !IsA(statement, AlterTableStmt) || list_length(statement->cmds) != 1 ||
		linitial_node(AlterTableCmd, statement->cmds)->subtype != AT_AddColumn)
		return NULL;
	return statement;
}

char *
sf_added_call(const char *sql)
{
	AlterTableStmt *statement = sf_added_parse(sql);
	const AlterTableCmd *command = linitial_node(AlterTableCmd, statement->cmds);
	const char *table = quote_qualified_identifier(statement->relation->schemaname, statement->relation->relname);

	return psprintf("SELECT schemaflow." ADD_COLUMN "(%s, %s)", sf_literal(table),
					sf_literal(sql + castNode(ColumnDef, command->def)->location));
}

/* NULL: it is no literal. */
static const char *
argument(const FuncCall *call, int n)
{
	const Node *node = list_nth(call->args, n);

	return IsA(node, A_Const) && IsA(&((const A_Const *) node)->val, String) ?
		strVal(&((const A_Const *) node)->val) : NULL;
}

AlterTableStmt *
sf_added_statement(const Node *statement)
{
	const SelectStmt *select = (const SelectStmt *) statement;
	const FuncCall *call = IsA(statement, SelectStmt) && list_length(select->targetList) == 1 ?
		(const FuncCall *) linitial_node(ResTarget, select->targetList)->val : NULL;

	if (call == NULL || !IsA(call, FuncCall) || strcmp(strVal(llast(call->funcname)), ADD_COLUMN) != 0 ||
		list_length(call->args) != 2 || argument(call, 0) == NULL || argument(call, 1) == NULL)
		return NULL;
	return sf_added_parse(sf_added_text(argument(call, 0), argument(call, 1)));
}
