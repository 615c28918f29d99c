/*
 * recipes_retype.c - columns of one table that get other types, by one statement (recipes_retype.h).
 *
 * What stands side by side is joined, with the defaults that are dropped before and set behind, and what is said of
 * storage behind: of one ALTER TABLE the server does the drops first, then the types, then the rest.  All USING read
 * the row as it was; so one that reads a column which has got its type before begins a statement of its own.  What is
 * archived, and what loses data, stays by itself: it is asked for, and brought back, column by column.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "lib/text.h"
#include "nodes/nodeFuncs.h"
#include "parser/parser.h"
#include "phases/cut.h"
#include "phases/recipes_retype.h"
#include "phases/steps.h"

const SfFact *
sf_retyped_table(const SfPlan *plan, const SfAction *action)
{
	if (action->verb != SF_VERB_ALTER || action->part != SF_PART_ALL || action->table == NULL || action->rebuild ||
		action->statements == NIL || !sf_is_kind(action->new, "column") ||
		!(sf_changed(action->old, action->new, "type") || sf_changed(action->old, action->new, "collation")) ||
		action->loss == SF_LOSS_YES ||
		sf_plan_keeps(plan, action->old) || sf_plan_keeps(plan, action->new))
		return NULL;
	return action->new->parent;
}

/* In which of its passes the server does it, for one column. */
typedef enum SfAlterPass
{
	PASS_DROP,
	PASS_TYPE,
	PASS_REST
} SfAlterPass;

typedef struct SfPiece
{
	SfStep	   *step;
	SfUnit	   *unit;
	const RangeVar *table;		/* NULL: no such statement */
	char	   *head;			/* ALTER TABLE name */
	const AlterTableCmd *command;
	SfAlterPass		pass;
} SfPiece;

static bool
has_pass(const AlterTableCmd *command, SfAlterPass *pass)
{
	switch (command->subtype)
	{
		case AT_AlterColumnType:
			*pass = PASS_TYPE;
			return true;
		case AT_ColumnDefault:
			*pass = command->def ? PASS_REST : PASS_DROP;
			return true;
		case AT_SetStorage:
		case AT_SetCompression:
			*pass = PASS_REST;
			return true;
		default:
			return false;
	}
}

static void
look_at(SfPiece *part, SfStep *step, SfUnit *unit)
{
	const AlterTableStmt *alter;
	char	   *names[2];

	*part = (SfPiece) {.step = step, .unit = unit};
	if (step->class != 'T' || step->archive || step->loses_data || strncmp(step->sql, "ALTER TABLE ", 12) != 0)
		return;
	alter = (const AlterTableStmt *) linitial_node(RawStmt, raw_parser(step->sql, RAW_PARSE_DEFAULT))->stmt;
	if (!IsA(alter, AlterTableStmt) || list_length(alter->cmds) != 1 || alter->relation->schemaname == NULL)
		return;
	names[0] = alter->relation->schemaname;
	names[1] = alter->relation->relname;
	part->head = psprintf("ALTER TABLE %s ", sf_qualified(2, names));
	part->command = linitial_node(AlterTableCmd, alter->cmds);
	/* Not one with ONLY. */
	if (has_pass(part->command, &part->pass) && strncmp(step->sql, part->head, strlen(part->head)) == 0)
		part->table = alter->relation;
}

static bool
reads(Node *node, void *columns)
{
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (IsA(node, ColumnRef))
		foreach(lc, ((ColumnRef *) node)->fields)
			if (IsA(lfirst(lc), A_Star) || list_member((List *) columns, lfirst(lc)))
				return true;
	return raw_expression_tree_walker(node, reads, columns);
}

bool
sf_reads_any(Node *expression, List *columns)
{
	return reads(expression, columns);
}

static Node *
using_of(const SfPiece *part)
{
	return part->pass == PASS_TYPE ? ((ColumnDef *) part->command->def)->raw_default : NULL;
}

/* May the part be done by the statement of those from "first" on?  retyped: what a USING may not read. */
static bool
goes_on(const SfPiece *first, const SfPiece *part, List *retyped)
{
	if (part->table == NULL || strcmp(part->head, first->head) != 0 || reads(using_of(part), retyped))
		return false;
	for (const SfPiece *other = first; other < part; other++)
		if (strcmp(other->command->name, part->command->name) == 0 &&
			(other->pass > part->pass || (other->pass == PASS_TYPE && part->pass == PASS_TYPE)))
			return false;
	return true;
}

static bool
is_retyped(const SfPiece *first, const SfPiece *end, const SfPiece *part)
{
	for (; first < end; first++)
		if (first->pass == PASS_TYPE && strcmp(first->command->name, part->command->name) == 0)
			return true;
	return false;
}

/* How many from there on can be one statement: all that it is about get another type, and two at least; else 0. */
static int
run_length(const SfPiece *first, const SfPiece *end)
{
	const SfPiece *last = first;
	List	   *retyped;
	int			types = 0;

	if (first->table == NULL)
		return 0;
	/* A row as a whole goes by the table's name. */
	retyped = list_make1(makeString(first->table->relname));
	for (; last < end && goes_on(first, last, types ? retyped : NIL); last++)
		if (last->pass == PASS_TYPE)
		{
			types++;
			retyped = lappend(retyped, makeString(last->command->name));
		}
	while (last > first && !is_retyped(first, last, last - 1))
		last--;
	return types > 1 && is_retyped(first, last, first) ? last - first : 0;
}

/* ---- several steps become one ---- */

#define SEPARATOR	"; "

/* Of char *: what is said of a step. */
static List *
notes_of(const SfStep *step)
{
	List	   *notes = NIL;
	char	   *rest = step->why ? pstrdup(step->why) : NULL;

	while (rest)
	{
		char	   *end = strstr(rest, SEPARATOR);

		if (end)
			*end = '\0';
		notes = lappend(notes, rest);
		rest = end ? end + strlen(SEPARATOR) : NULL;
	}
	return notes;
}

/* Each note once, with the columns that it is about where it is not about all that get another type. */
static char *
join_notes(const SfPiece *parts, int n)
{
	List	   *said = NIL,
			   *texts = NIL;
	int			types = 0;
	ListCell   *lc;

	for (const SfPiece *part = parts; part < parts + n; part++)
	{
		types += part->pass == PASS_TYPE;
		foreach(lc, part->pass == PASS_TYPE ? notes_of(part->step) : NIL)
			if (!sf_list_has(said, lfirst(lc)))
				said = lappend(said, lfirst(lc));
	}
	foreach(lc, said)
	{
		char	   *note = lfirst(lc);
		List	   *names = NIL;

		for (const SfPiece *part = parts; part < parts + n; part++)
			if (part->pass == PASS_TYPE && sf_list_has(notes_of(part->step), note))
				names = lappend(names, unconstify(char *, sf_ident(part->command->name)));
		texts = lappend(texts, list_length(names) == types ? note : psprintf("%s (%s)", note, sf_join(names, ", ")));
	}
	return texts ? sf_join(texts, SEPARATOR) : NULL;
}

/* What the second does is done by the first. */
static void
join_steps(SfStep *into, const SfPiece *part)
{
	const SfStep *step = part->step;

	into->sql = into->portable = psprintf("%s, %s", into->sql, step->sql + strlen(part->head));
	if (part->pass == PASS_TYPE)
		into->object = psprintf("%s, %s", into->object, step->object);
	if (sf_phase_number(step->phase) > sf_phase_number(into->phase))
		into->phase = step->phase;
	if (into->lock == NULL)
	{
		into->lock = step->lock;
		into->lock_table = step->lock_table;
	}
	into->rewrites = into->rewrites || step->rewrites;
	into->scans = into->scans || step->scans;
	into->needs_rows_estimate = Max(into->needs_rows_estimate, step->needs_rows_estimate);
}

static void
join_units(SfUnit *into, SfUnit *unit)
{
	into->steps = list_concat(into->steps, unit->steps);
	into->tables = list_concat_unique_ptr(into->tables, unit->tables);
	into->locks += unit->locks;
	into->validates = into->validates || unit->validates;
	into->new_later = into->new_later || unit->new_later;
	into->alone = into->alone || unit->alone;
	unit->steps = NIL;
}

static void
join_run(SfPiece *parts, int n, SfPiece *end)
{
	SfUnit	   *unit = parts->unit;
	char	   *notes = join_notes(parts, n);

	for (SfPiece *part = parts + 1; part < parts + n; part++)
	{
		SfUnit	   *other = part->unit;

		if (other != unit)
		{
			join_units(unit, other);
			for (SfPiece *of = part; of < end && of->unit == other; of++)
				of->unit = unit;
		}
		join_steps(parts->step, part);
		unit->steps = list_delete_ptr(unit->steps, part->step);
	}
	parts->step->why = notes;
}

List *
sf_join_retypes(List *units)
{
	int			n = 0;
	SfPiece	   *parts;
	ListCell   *lc,
			   *ls;

	foreach(lc, units)
		n += list_length(((SfUnit *) lfirst(lc))->steps);
	parts = palloc(Max(n, 1) * sizeof(SfPiece));
	n = 0;
	foreach(lc, units)
		foreach(ls, ((SfUnit *) lfirst(lc))->steps)
			look_at(&parts[n++], lfirst(ls), lfirst(lc));
	for (int first = 0, length; first < n; first += Max(length, 1))
	{
		length = run_length(parts + first, parts + n);
		if (length > 0)
			join_run(parts + first, length, parts + n);
	}
	pfree(parts);
	return units;
}
