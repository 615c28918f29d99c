/*
 * rules_script.c - rules about scripts as wholes: their transactions, what happens when they stop half way, names.
 *
 * They look at the statements to come (SfExamination.statements), so each finding stands where the script has to be
 * changed.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "mb/pg_wchar.h"

#include "guard/guard.h"
#include "guard/words.h"
#include "lib/text.h"

/* ---- transactions ---- */

static bool
begins(const Node *statement)
{
	const TransactionStmt *transaction = (const TransactionStmt *) statement;

	return IsA(statement, TransactionStmt) &&
		(transaction->kind == TRANS_STMT_BEGIN || transaction->kind == TRANS_STMT_START);
}

static bool
ends(const Node *statement)
{
	const TransactionStmt *transaction = (const TransactionStmt *) statement;

	return IsA(statement, TransactionStmt) &&
		(transaction->kind == TRANS_STMT_COMMIT || transaction->kind == TRANS_STMT_ROLLBACK ||
		 transaction->kind == TRANS_STMT_PREPARE);
}

bool
sf_check_nesting(SfCase *it)
{
	if (begins(it->statement) && it->it->in_transaction)
	{
		sf_recipe(it, "SAVEPOINT a;  -- and RELEASE a; or end the first transaction before");
		it->finding->detail = pstrdup("The server warns and goes on; the next COMMIT ends both.");
		return sf_say(it, "a transaction begins within a transaction");
	}
	if (ends(it->statement) && !it->it->in_transaction)
	{
		it->finding->detail = pstrdup("What stands before it was committed statement by statement.");
		return sf_say(it, "a transaction ends that has not begun");
	}
	return false;
}

bool
sf_check_uncommitted(SfCase *it)
{
	ListCell   *lc;

	if (!begins(it->statement))
		return false;
	for_each_from(lc, it->it->statements, it->it->next)
		if (ends(lfirst_node(RawStmt, lc)->stmt))
			return false;
	sf_recipe(it, "COMMIT;  -- at the end");
	it->finding->detail = pstrdup("At the end of the script the session rolls it back.");
	return sf_say(it, "the transaction that begins here does not end");
}

/* ---- a script that stopped half way is run again ---- */

/* Says that it may be there already, or be gone. */
static bool
is_lenient(const SfCase *it)
{
	const Node *statement = it->statement;

	if (IsA(statement, CreateStmt))
		return ((const CreateStmt *) statement)->if_not_exists;
	if (IsA(statement, CreateSeqStmt))
		return ((const CreateSeqStmt *) statement)->if_not_exists;
	if (IsA(statement, CreateSchemaStmt))
		return ((const CreateSchemaStmt *) statement)->if_not_exists;
	if (IsA(statement, DropStmt))
		return ((const DropStmt *) statement)->missing_ok;
	/* IF NOT EXISTS is content with an INVALID index: that one is dropped first. */
	if (IsA(statement, IndexStmt))
		return ((const IndexStmt *) statement)->if_not_exists || ((const IndexStmt *) statement)->concurrent;
	if (it->cmd && (it->cmd->subtype == AT_AddColumn || it->cmd->subtype == AT_DropColumn ||
					it->cmd->subtype == AT_DropConstraint))
		return it->cmd->missing_ok;
	return it->cmd == NULL || it->cmd->subtype != AT_AddConstraint;
}

bool
sf_check_repeatable(SfCase *it)
{
	/* By itself, or in a transaction, it is done or not. */
	if (it->it->in_transaction || list_length(it->it->statements) == 1 || is_lenient(it))
		return false;
	sf_recipe(it, "BEGIN;  -- ... COMMIT around them; or IF [NOT] EXISTS");
	it->finding->detail = pstrdup("When a later statement fails, this one is done, and fails the next time.");
	return sf_say(it, "the script cannot be run again when it stops behind this statement");
}

bool
sf_check_many_alters(SfCase *it)
{
	bool		again = false;
	ListCell   *lc;

	foreach(lc, it->table ? it->it->worked : NIL)
		again = again || strcmp(lfirst(lc), it->table->name) == 0;
	if (!again)
		return false;
	foreach(lc, it->findings)
		if (((SfFinding *) lfirst(lc))->works)
			return sf_say(it, "an earlier ALTER TABLE has worked through the table already: one can do both at once");
	return false;
}

/* ---- words ---- */

bool
sf_check_duplicate_assignment(SfCase *it)
{
	ListCell   *a,
			   *b;

	foreach(a, castNode(UpdateStmt, it->statement)->targetList)
	{
		const ResTarget *one = lfirst_node(ResTarget, a);

		foreach(b, ((UpdateStmt *) it->statement)->targetList)
		{
			const ResTarget *other = lfirst_node(ResTarget, b);

			if (other == one)
				break;
			if (one->indirection == NIL && other->indirection == NIL && sf_streq(one->name, other->name))
			{
				it->finding->location = one->location;
				return sf_say(it, "column %s is assigned twice: the server refuses", sf_ident(one->name));
			}
		}
	}
	return false;
}

/* The relation that a statement makes or changes. */
static const RangeVar *
relation_of(const Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_CreateStmt:
			return ((const CreateStmt *) statement)->relation;
		case T_AlterTableStmt:
			return ((const AlterTableStmt *) statement)->relation;
		case T_IndexStmt:
			return ((const IndexStmt *) statement)->relation;
		case T_ViewStmt:
			return ((const ViewStmt *) statement)->view;
		case T_RenameStmt:
			return ((const RenameStmt *) statement)->relation;
		default:
			return NULL;
	}
}

bool
sf_check_qualified(SfCase *it)
{
	const RangeVar *relation = relation_of(it->statement);

	if (relation == NULL || relation->schemaname || relation->relpersistence == RELPERSISTENCE_TEMP)
		return false;
	it->finding->location = relation->location;
	return sf_say(it, "%s has no schema: search_path decides which one is meant", sf_ident(relation->relname));
}

/* Names of what a statement makes. */
static List *
new_names(const SfCase *it)
{
	List	   *names = NIL;
	ListCell   *lc;

	if (IsA(it->statement, CreateStmt))
	{
		names = lappend(names, ((CreateStmt *) it->statement)->relation->relname);
		foreach(lc, ((CreateStmt *) it->statement)->tableElts)
			if (IsA(lfirst(lc), ColumnDef))
				names = lappend(names, ((ColumnDef *) lfirst(lc))->colname);
	}
	if (IsA(it->statement, IndexStmt) && ((IndexStmt *) it->statement)->idxname)
		names = lappend(names, ((IndexStmt *) it->statement)->idxname);
	if (IsA(it->statement, RenameStmt))
		names = lappend(names, ((RenameStmt *) it->statement)->newname);
	return names;
}

/* The parser has cut it already, so it goes on in the text. */
static bool
is_cut(const char *name, const char *text)
{
	size_t		length = strlen(name);

	/* It does not cut a character in two. */
	if (length + MAX_MULTIBYTE_CHAR_LEN < NAMEDATALEN)
		return false;
	for (; text && *text; text++)
		if (pg_strncasecmp(text, name, length) == 0 &&
			(isalnum((unsigned char) text[length]) || IS_HIGHBIT_SET(text[length]) || strchr("_$", text[length])) &&
			text[length] != '\0')
			return true;
	return false;
}

bool
sf_check_name_length(SfCase *it)
{
	ListCell   *lc;

	foreach(lc, new_names(it))
		if (lfirst(lc) && is_cut(lfirst(lc), it->it->text))
			return sf_say(it, "name %s has more than %d bytes: the rest is cut", sf_ident(lfirst(lc)),
						  NAMEDATALEN - 1);
	return false;
}
