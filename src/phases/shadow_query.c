/*
 * shadow_query.c - a query as it reads when columns of its tables have other names.  See shadow_text.h.
 *
 * The server prints a view's query with the name of the table, or its alias, before each column.  Where each such name
 * means one thing in all of the text, no scopes have to be told apart; where not, the text is given up.  As in
 * shadow_text.c the result has to parse into just the tree in which the names were changed.
 */
#include "postgres.h"

#include "compat.h"
#include "lib/text.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "phases/shadow_text.h"

/* What stands in a FROM somewhere. */
typedef struct Range
{
	const char *name;			/* by which columns are told to be its */
	const SfRenamedTable *table;	/* NULL: nothing of it has another name */
} Range;

/* A column's or a type's name in the text. */
typedef struct Edit
{
	int			offset;
	const char *to;
	const char *as;				/* the result is to be called as it was; NULL: nobody sees it */
} Edit;

typedef struct QueryState
{
	const char *text;
	List	   *tables;			/* of SfRenamedTable */
	List	   *types;			/* of SfRenamedName */
	List	   *ranges;			/* of Range */
	List	   *edits;			/* of Edit */
	bool		unclear;
} QueryState;

static const char *
new_name(const SfRenamedTable *table, const char *name)
{
	return table ? sf_renamed(name, table->renames) : NULL;
}

/* Has any of the tables another name for such a column? */
static bool
is_renamed_somewhere(const QueryState *state, const char *name)
{
	ListCell   *lc;

	foreach(lc, state->tables)
		if (new_name(lfirst(lc), name))
			return true;
	return false;
}

/* ---- what the names before columns mean ---- */

static Range *
range_of(const QueryState *state, const char *name)
{
	ListCell   *lc;

	foreach(lc, state->ranges)
		if (strcmp(((Range *) lfirst(lc))->name, name) == 0)
			return lfirst(lc);
	return NULL;
}

static void
add_range(QueryState *state, const char *name, const SfRenamedTable *table)
{
	Range	   *range = range_of(state, name);

	if (range)
	{
		state->unclear = state->unclear || range->table != table;
		return;
	}
	range = palloc(sizeof(Range));
	range->name = name;
	range->table = table;
	state->ranges = lappend(state->ranges, range);
}

static const SfRenamedTable *
table_of(const QueryState *state, const RangeVar *var)
{
	ListCell   *lc;

	foreach(lc, state->tables)
	{
		const SfRenamedTable *table = lfirst(lc);

		if (var->schemaname && strcmp(var->schemaname, table->schema) == 0 && strcmp(var->relname, table->name) == 0)
			return table;
	}
	return NULL;
}

static bool
find_ranges(Node *node, void *arg)
{
	QueryState *state = arg;
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (IsA(node, RangeVar))
	{
		const RangeVar *var = (RangeVar *) node;
		const SfRenamedTable *table = table_of(state, var);

		/* It has its columns' names by their places. */
		state->unclear = state->unclear || (table && var->alias && var->alias->colnames);
		add_range(state, var->alias ? var->alias->aliasname : var->relname, table);
		return false;
	}
	if (IsA(node, Alias))
		add_range(state, ((Alias *) node)->aliasname, NULL);
	if (IsA(node, JoinExpr))
		foreach(lc, ((JoinExpr *) node)->usingClause)
			state->unclear = state->unclear || is_renamed_somewhere(state, strVal(lfirst(lc)));
	return raw_expression_tree_walker(node, find_ranges, arg);
}

/* ---- the columns ---- */

static Edit *
rename_column(QueryState *state, ColumnRef *reference)
{
	Node	   *last = llast(reference->fields);
	bool		alone = list_length(reference->fields) == 1;
	Range	   *range = IsA(linitial(reference->fields), String) ?
		range_of(state, strVal(linitial(reference->fields))) : NULL;
	const char *name;
	Edit	   *edit;

	/* From 16 on columns of the only table there is stand alone. */
	if (alone && list_length(state->ranges) == 1 && range == NULL)
		range = linitial(state->ranges);
	else if (alone || !IsA(last, String))
	{
		/* The whole row, or a column of who knows which. */
		state->unclear = state->unclear || (range && range->table) ||
			(IsA(last, String) && is_renamed_somewhere(state, strVal(last)));
		return NULL;
	}
	name = list_length(reference->fields) <= 2 && range ? new_name(range->table, strVal(last)) : NULL;
	if (name == NULL)
	{
		state->unclear = state->unclear || range == NULL;
		return NULL;
	}
	edit = palloc0(sizeof(Edit));
	edit->offset = sf_last_name_at(state->text, reference->location, !alone);
	edit->to = name;
	llast(reference->fields) = makeString(pstrdup(name));
	state->edits = lappend(state->edits, edit);
	return edit;
}

static void
rename_type(QueryState *state, TypeName *type)
{
	Edit	   *edit = palloc0(sizeof(Edit));

	edit->to = sf_rename_type(type, state->text, state->types, &edit->offset);
	if (edit->to)
		state->edits = lappend(state->edits, edit);
}

static bool
rename_columns(Node *node, void *arg)
{
	QueryState *state = arg;

	if (node == NULL)
		return false;
	if (IsA(node, TypeName))
		rename_type(state, (TypeName *) node);
	if (IsA(node, ResTarget) && ((ResTarget *) node)->val && IsA(((ResTarget *) node)->val, ColumnRef))
	{
		ResTarget  *target = (ResTarget *) node;
		const Node *last = llast(((ColumnRef *) target->val)->fields);
		char	   *was = IsA(last, String) ? pstrdup(strVal(last)) : NULL;
		Edit	   *edit = rename_column(state, (ColumnRef *) target->val);

		if (edit && target->name == NULL)
			edit->as = target->name = was;
		return false;
	}
	if (IsA(node, ColumnRef))
	{
		(void) rename_column(state, (ColumnRef *) node);
		return false;
	}
	return raw_expression_tree_walker(node, rename_columns, arg);
}

/* ---- the text ---- */

static int
by_offset(const ListCell *a, const ListCell *b)
{
	return ((Edit *) lfirst(a))->offset - ((Edit *) lfirst(b))->offset;
}

static char *
edited(const char *text, List *edits)
{
	StringInfoData out;
	int			from = 0;
	ListCell   *lc;

	initStringInfo(&out);
	list_sort(edits, by_offset);
	foreach(lc, edits)
	{
		const Edit *edit = lfirst(lc);

		if (edit->offset < from)
			return NULL;
		appendBinaryStringInfo(&out, text + from, edit->offset - from);
		appendStringInfoString(&out, sf_ident(edit->to));
		if (edit->as)
			appendStringInfo(&out, " AS %s", sf_ident(edit->as));
		from = sf_behind_word(text + edit->offset) - text;
	}
	appendStringInfoString(&out, text + from);
	return out.data;
}

char *
sf_query_renamed(const char *query, List *tables, List *types)
{
	QueryState	state = {query, tables, types};
	Node	   *wanted = sf_text_parse(query),
			   *got;
	char	   *candidate;

	if (wanted == NULL)
		return NULL;
	(void) find_ranges(wanted, &state);
	(void) rename_columns(wanted, &state);
	candidate = state.unclear ? NULL : edited(query, state.edits);
	got = candidate ? sf_text_parse(candidate) : NULL;
	return equal(got, wanted) ? candidate : NULL;
}
