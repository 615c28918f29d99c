/*
 * script.c - the rules over a text that is not run.
 *
 * The script's own doings are followed as far as its statements show them: what it makes, the transactions that it
 * opens, the timeouts that it sets.  A statement whose judgement fails (it names what is not there) has no findings;
 * the failure is caught in a subtransaction.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "parser/parser.h"
#include "utils/guc.h"

#include "guard/guard.h"
#include "lib/attempt.h"
#include "lib/text.h"

typedef struct Script
{
	SfExamination it;
	int			lock_timeout_after; /* what SET LOCAL ends at */
	int			statement_timeout_after;
} Script;

/* The statement's own relation that it makes. */
static const RangeVar *
makes(const Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_CreateStmt:
			return ((const CreateStmt *) statement)->relation;
		case T_CreateForeignTableStmt:
			return ((const CreateForeignTableStmt *) statement)->base.relation;
		case T_CreateTableAsStmt:
			return ((const CreateTableAsStmt *) statement)->into->rel;
		case T_ViewStmt:
			return ((const ViewStmt *) statement)->view;
		case T_SelectStmt:
			return ((const SelectStmt *)statement)->intoClause ? ((const SelectStmt *)statement)->intoClause->rel
															   : NULL;
		default:
			return NULL;
	}
}

static void
follow_transaction(Script *script, const TransactionStmt *statement)
{
	switch (statement->kind)
	{
		case TRANS_STMT_BEGIN:
		case TRANS_STMT_START:
			script->it.in_transaction = true;
			script->it.locked = NIL;
			script->lock_timeout_after = script->it.lock_timeout;
			script->statement_timeout_after = script->it.statement_timeout;
			break;
		case TRANS_STMT_COMMIT:
		case TRANS_STMT_ROLLBACK:
		case TRANS_STMT_PREPARE:
			script->it.in_transaction = false;
			script->it.locked = NIL;
			script->it.lock_timeout = script->lock_timeout_after;
			script->it.statement_timeout = script->statement_timeout_after;
			break;
		default:
			break;
	}
}

static void
follow_setting(Script *script, const VariableSetStmt *statement)
{
	bool		lock = statement->name && pg_strcasecmp(statement->name, "lock_timeout") == 0;
	int			ms = 0;

	if (!lock && (statement->name == NULL || pg_strcasecmp(statement->name, "statement_timeout") != 0))
		return;
	if (statement->kind == VAR_SET_VALUE && list_length(statement->args) == 1 &&
		IsA(linitial(statement->args), A_Const))
	{
		const A_Const *value = linitial(statement->args);

		if (IsA(&value->val, Integer))
			ms = intVal(&value->val);
		else if (IsA(&value->val, String))
			(void) parse_int(strVal(&value->val), &ms, GUC_UNIT_MS, NULL);
	}
	if (lock)
		script->it.lock_timeout = ms;
	else
		script->it.statement_timeout = ms;
	if (statement->is_local)
		return;
	if (lock)
		script->lock_timeout_after = ms;
	else
		script->statement_timeout_after = ms;
}

/* "c IS NOT NULL" of one column; NULL: something else. */
static char *
column_not_null(const Node *expression)
{
	const NullTest *test = (const NullTest *) expression;

	if (expression == NULL || !IsA(expression, NullTest) || test->nulltesttype != IS_NOT_NULL ||
		!IsA(test->arg, ColumnRef) || !IsA(llast(((ColumnRef *)test->arg)->fields), String))
		return NULL;
	return strVal(llast(((ColumnRef *) test->arg)->fields));
}

static void
add_check(Script *script, const SfSubject *table, const char *name, const char *not_null, const RangeVar *references,
		  bool valid)
{
	SfAddedCheck *check = palloc0(sizeof(SfAddedCheck));

	check->table = table->name;
	check->name = unconstify(char *, name);
	check->not_null = unconstify(char *, not_null);
	check->references = references ? sf_subject_of(&script->it, references)->name : NULL;
	check->valid = valid;
	script->it.checks = lappend(script->it.checks, check);
}

static void
follow_check(Script *script, const SfSubject *table, const AlterTableCmd *cmd)
{
	const Constraint *constraint = cmd->subtype == AT_AddConstraint ? castNode(Constraint, cmd->def) : NULL;
	ListCell   *lc;

	if (constraint && constraint->contype == CONSTR_CHECK)
		add_check(script, table, constraint->conname, column_not_null(constraint->raw_expr), NULL,
				  !constraint->skip_validation);
	if (constraint && constraint->contype == CONSTR_FOREIGN)
		add_check(script, table, constraint->conname, NULL, constraint->pktable, !constraint->skip_validation);
	if (cmd->subtype == AT_SetNotNull)
		add_check(script, table, NULL, cmd->name, NULL, true);
	if (cmd->subtype == AT_DropConstraint)
		script->it.dropped = lappend(script->it.dropped, psprintf("%s %s", table->name, sf_ident(cmd->name)));
	foreach(lc, script->it.checks)
	{
		SfAddedCheck *check = lfirst(lc);

		if (strcmp(check->table, table->name) != 0 || !sf_streq(check->name, cmd->name))
			continue;
		if (cmd->subtype == AT_ValidateConstraint)
			check->valid = true;
		else if (cmd->subtype == AT_DropConstraint)
			check->valid = false;
	}
}

static void
follow_alter(Script *script, const AlterTableStmt *statement)
{
	const SfSubject *table = sf_subject_of(&script->it, statement->relation);
	ListCell   *lc;

	foreach(lc, table ? statement->cmds : NIL)
		follow_check(script, table, lfirst_node(AlterTableCmd, lc));
}

static void
follow(Script *script, const Node *statement)
{
	const RangeVar *made = makes(statement);

	if (IsA(statement, TransactionStmt))
		follow_transaction(script, (const TransactionStmt *) statement);
	else if (IsA(statement, VariableSetStmt))
		follow_setting(script, (const VariableSetStmt *) statement);
	else if (IsA(statement, AlterTableStmt))
		follow_alter(script, (const AlterTableStmt *) statement);
	else if (made)
	{
		SfSubject  *subject = sf_subject_of(&script->it, made);

		/* One that is there already is not made by IF NOT EXISTS. */
		if (!OidIsValid(subject->oid))
			script->it.made = lappend(script->it.made, subject->name);
	}
}

typedef struct Examined
{
	Script	   *script;
	Node	   *statement;
	List	   *findings;		/* the result */
} Examined;

/* Argument of sf_attempt(). */
static void
examine(void *arg)
{
	Examined   *it = arg;

	it->findings = sf_guard_examine(it->statement, &it->script->it);
}

/* What the rules say; nothing, when a rule meets an error. */
static List *
judge(Script *script, Node *statement)
{
	Examined	examined = {script, statement, NIL};
	ErrorData  *error = sf_attempt(examine, &examined);

	if (error && (error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
				  ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_INTERNAL_ERROR))
		ReThrowError(error);
	return error ? NIL : examined.findings;
}

List *
sf_guard_script(const char *text)
{
	Script	   *script = palloc0(sizeof(Script));
	List	   *result = NIL;
	ListCell   *lc,
			   *lf;

	script->it.script = true;
	script->it.statements = raw_parser(text, RAW_PARSE_DEFAULT);
	foreach(lc, script->it.statements)
	{
		RawStmt    *raw = lfirst_node(RawStmt, lc);
		int			offset = raw->stmt_location;
		int			end = raw->stmt_len ? offset + raw->stmt_len : (int) strlen(text);

		CHECK_FOR_INTERRUPTS();
		while (offset < end && strchr(" \t\r\n\f", text[offset]))
			offset++;
		script->it.text = pnstrdup(text + offset, end - offset);
		script->it.offset = offset;
		script->it.next = foreach_current_index(lc) + 1;
		foreach(lf, judge(script, raw->stmt))
		{
			SfScriptFinding *one = palloc(sizeof(SfScriptFinding));

			one->finding = lfirst(lf);
			one->offset = offset;
			one->end = end;
			if (one->finding->location < 0)
				one->finding->location = offset;
			if (one->finding->works && one->finding->object)
				script->it.worked = lappend(script->it.worked, one->finding->object);
			result = lappend(result, one);
		}
		follow(script, raw->stmt);
	}
	return result;
}
