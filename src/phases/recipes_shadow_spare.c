/*
 * recipes_shadow_spare.c - columns that do not take the place of others after all: what is said of them, how they go.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "phases/dual.h"
#include "phases/shadow.h"
#include "phases/steps.h"

/* The statement, where it gives something of that sort another name; else NULL. */
static const RenameStmt *
as_rename(const char *sql, ObjectType what)
{
	const RenameStmt *rename = (RenameStmt *) linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT))->stmt;

	return IsA(rename, RenameStmt) && rename->renameType == what && rename->relation->schemaname ? rename : NULL;
}

/*
 * The column that the statement gives another name, where that is what it does.  tables: of RenameStmt, those before
 * it, the last one first.
 */
static SfFact *
renamed_column(const SfFactBase *base, List *tables, const char *sql)
{
	const RenameStmt *rename = as_rename(sql, OBJECT_COLUMN);
	char	   *names[3];
	SfFact	   *column;
	ListCell   *lc;

	if (rename == NULL)
		return NULL;
	names[0] = rename->relation->schemaname;
	names[1] = rename->relation->relname;
	names[2] = rename->subname;
	column = sf_base_find_named(base, "column", lengthof(names), names);
	/* The table has not got its name yet. */
	foreach(lc, column ? NIL : tables)
	{
		const RenameStmt *table = lfirst(lc);

		if (strcmp(table->relation->schemaname, names[0]) == 0 && strcmp(table->newname, names[1]) == 0)
			names[1] = table->relation->relname;
	}
	return column ? column : sf_base_find_named(base, "column", lengthof(names), names);
}

List *
sf_shadow_spares(const SfFactBase *live, const SfFactBase *start, List *steps)
{
	List	   *spares = NIL,
			   *tables = NIL;
	ListCell   *lc;

	foreach(lc, steps)
	{
		const char *sql = ((SfStep *) lfirst(lc))->sql;
		SfFact	   *column = renamed_column(live, tables, sql);
		const RenameStmt *table = as_rename(sql, OBJECT_TABLE);

		tables = table ? lcons(unconstify(RenameStmt *, table), tables) : tables;
		if (column && sf_base_find(start, column->key) == NULL)
			spares = lappend(spares, column);
	}
	return spares;
}

SfFact *
sf_shadow_spare_table(const SfPlan *plan, const SfAction *action)
{
	ListCell   *lc;

	foreach(lc, action->verb == SF_VERB_DROP && action->old->twin == NULL ? plan->spares : NIL)
		if (list_member_ptr(sf_dual_tables(lfirst(lc)), action->old->parent))
			return ((SfFact *) lfirst(lc))->parent;
	return NULL;
}

/* Or a copy of one, where a table inherits it. */
static bool
is_spare(const SfPlan *plan, const SfFact *column)
{
	for (; column; column = sf_implied_by(column))
		if (list_member_ptr(plan->spares, column))
			return true;
	return false;
}

static SfRefusal *
refusal_of(const SfPlan *plan, const SfAction *action)
{
	ListCell   *lc;

	foreach(lc, action->verb == SF_VERB_ALTER || action->verb == SF_VERB_CREATE ? plan->refusals : NIL)
		if (((SfRefusal *) lfirst(lc))->new == action->new)
			return lfirst(lc);
	return NULL;
}

void
sf_shadow_note(const SfPlan *plan, const SfAction *action, List *statements)
{
	const SfRefusal *refusal = refusal_of(plan, action);
	SfStatement *first = statements ? linitial(statements) : NULL;
	ListCell   *lc;

	if (first && refusal)
		first->why = psprintf("not by a column beside it: %s", refusal->why);
	if (first && action->verb == SF_VERB_DROP && is_spare(plan, action->old))
	{
		first->keeps = first->contracts = true;
		first->why = "it was to take another's place, which has all that was written";
	}
	foreach(lc, action->verb == SF_VERB_DROP && list_member_ptr(plan->computed, action->old) ? statements : NIL)
	{
		SfStatement *statement = lfirst(lc);

		statement->keeps = statement->contracts = true;
		statement->why = "its values were computed from the rest of the row";
	}
}
