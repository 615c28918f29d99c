/*
 * shadow_text.c - a text as it reads when columns have other names.  See shadow_text.h.
 *
 * The server has no way from a parse tree back to text, so the words are replaced in the text, by where a column's name
 * can stand.  That is a guess, and it is proved: the names are changed in the parse tree as well, and the new text must
 * parse into just that tree.
 */
#include "postgres.h"

#include <ctype.h>

#include "compat.h"
#include "lib/text.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "parser/scansup.h"
#include "phases/shadow_text.h"

static const char *
new_name(const char *name, List *renames)
{
	ListCell   *lc;

	foreach(lc, renames)
		if (name && strcmp(((SfRenamed *) lfirst(lc))->from, name) == 0)
			return ((SfRenamed *) lfirst(lc))->to;
	return NULL;
}

/* ---- in the tree ---- */

typedef struct TreeState
{
	List	   *renames;
	bool		unclear;		/* something that may mean one of them without its plain name */
} TreeState;

/* "t.v" and "t.*" would go on meaning what they did. */
static bool
rename_references(Node *node, void *arg)
{
	TreeState  *state = arg;

	if (node == NULL)
		return false;
	if (IsA(node, SubLink))
		state->unclear = true;
	if (IsA(node, ColumnRef))
	{
		ColumnRef  *reference = (ColumnRef *) node;
		Node	   *last = llast(reference->fields);
		const char *name = IsA(last, String) ? new_name(strVal(last), state->renames) : NULL;

		if (!IsA(last, String) || (name && list_length(reference->fields) > 1))
			state->unclear = true;
		else if (name)
			llast(reference->fields) = makeString(pstrdup(name));
		return false;
	}
	return raw_expression_tree_walker(node, rename_references, arg);
}

static void
rename_word(char **word, List *renames)
{
	const char *name = new_name(*word, renames);

	if (name)
		*word = pstrdup(name);
}

static void
rename_words(List *words, List *renames)
{
	ListCell   *lc;

	foreach(lc, words)
		rename_word(&strVal(lfirst(lc)), renames);
}

static void
rename_index(IndexStmt *index, TreeState *state)
{
	List	   *elements = list_concat_copy(index->indexParams, index->indexIncludingParams);
	ListCell   *lc;

	foreach(lc, elements)
	{
		IndexElem  *element = lfirst(lc);

		rename_word(&element->name, state->renames);
		(void) rename_references(element->expr, state);
	}
	(void) rename_references(index->whereClause, state);
}

static void
rename_constraint(Constraint *constraint, TreeState *state, List *referenced)
{
	rename_words(constraint->keys, state->renames);
	rename_words(constraint->including, state->renames);
	rename_words(constraint->fk_attrs, state->renames);
	rename_words(constraint->fk_del_set_cols, state->renames);
	rename_words(constraint->pk_attrs, referenced);
	(void) rename_references(constraint->raw_expr, state);
}

static void
rename_statistics(CreateStatsStmt *statistics, TreeState *state)
{
	ListCell   *lc;

	foreach(lc, statistics->exprs)
	{
		StatsElem  *element = lfirst(lc);

		rename_word(&element->name, state->renames);
		(void) rename_references(element->expr, state);
	}
}

/* Only in the forms of statement that we ask for. */
static void
rename_statement(Node *statement, TreeState *state, List *referenced)
{
	AlterTableCmd *command;

	switch (nodeTag(statement))
	{
		case T_IndexStmt:
			rename_index((IndexStmt *) statement, state);
			break;
		case T_CreateStatsStmt:
			rename_statistics((CreateStatsStmt *) statement, state);
			break;
		case T_AlterTableStmt:
			command = linitial(((AlterTableStmt *) statement)->cmds);
			rename_constraint(castNode(Constraint, command->def), state, referenced);
			break;
		default:
			(void) rename_references(statement, state);
	}
}

/* ---- in the text ---- */

static bool
is_word_start(char c)
{
	return isalpha((unsigned char) c) || c == '_' || IS_HIGHBIT_SET(c);
}

static bool
is_word_part(char c)
{
	return is_word_start(c) || isdigit((unsigned char) c) || c == '$';
}

/* Behind the quoted part that begins at p. */
static const char *
behind_quoted(const char *p)
{
	char		quote = *p++;

	while (*p && (*p != quote || p[1] == quote))
		p += *p == quote ? 2 : 1;
	return *p ? p + 1 : p;
}

static char *
word_at(const char *start, const char *end, bool fold)
{
	if (*start == '"')
		return sf_replaced(pnstrdup(start + 1, end - start - 2), "\"\"", "\"");
	return fold ? downcase_identifier(start, end - start, false, false) : pnstrdup(start, end - start);
}

/* Not a column's: behind a dot or "::" it is another name's part, or a type's; before a parenthesis a function's. */
static bool
may_be_column(char before, const char *behind)
{
	behind += strspn(behind, " \t\r\n");
	return before != '.' && before != ':' && *behind != '(' && *behind != '.';
}

/* fold: words without quotes may be in any case; in texts of the server's those in upper case are its own. */
static char *
replace_words(const char *text, List *renames, List *referenced, bool fold)
{
	StringInfoData out;
	char		before = ' ';

	initStringInfo(&out);
	for (const char *p = text, *start = p; *p; start = p)
	{
		const char *name = NULL;

		if (*p == '\'' || *p == '"')
			p = behind_quoted(p);
		else if (is_word_start(*p))
			while (is_word_part(*p))
				p++;
		else
			p++;
		if (*start == '"' || is_word_start(*start))
			name = may_be_column(before, p) ? new_name(word_at(start, p, fold), renames) : NULL;
		if (p - start == 10 && strncmp(start, "REFERENCES", 10) == 0)
			renames = referenced;
		if (name)
			appendStringInfoString(&out, sf_ident(name));
		else
			appendBinaryStringInfo(&out, start, p - start);
		if (!isspace((unsigned char) *start))
			before = *start;
	}
	return out.data;
}

/* ---- both ---- */

static Node *
parse(const char *head, const char *text, const char *tail)
{
	return linitial_node(RawStmt, raw_parser(psprintf("%s%s%s", head, text, tail), RAW_PARSE_DEFAULT))->stmt;
}

/* NULL when it is not one statement.  The parser holds nothing that an error would leave behind. */
static Node *
try_parse(const char *head, const char *text, const char *tail)
{
	MemoryContext context = CurrentMemoryContext;
	Node	   *volatile node = NULL;

	PG_TRY();
	{
		node = parse(head, text, tail);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		FlushErrorState();
	}
	PG_END_TRY();
	return node;
}

char *
sf_text_renamed(const char *head, const char *text, const char *tail, List *renames, List *referenced)
{
	TreeState	state = {renames};
	Node	   *wanted = parse(head, text, tail);

	rename_statement(wanted, &state, referenced);
	for (int fold = 0; fold <= 1 && !state.unclear; fold++)
	{
		char	   *candidate = replace_words(text, renames, referenced, fold);

		if (equal(try_parse(head, candidate, tail), wanted))
			return candidate;
	}
	return NULL;
}

char *
sf_expression_renamed(const char *expression, List *renames)
{
	/* The end on a line of its own, so that it cannot be part of a comment. */
	return sf_text_renamed("SELECT (", expression, "\n)", renames, NIL);
}

static List *
strings(List *words)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, words)
		names = lappend(names, strVal(lfirst(lc)));
	return names;
}

static List *
element_columns(List *elements)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, elements)
		if (((IndexElem *) lfirst(lc))->name)
			names = lappend(names, ((IndexElem *) lfirst(lc))->name);
	return names;
}

List *
sf_text_columns(const char *head, const char *text, const char *tail)
{
	Node	   *statement = parse(head, text, tail);

	if (IsA(statement, IndexStmt))
		return list_concat(element_columns(((IndexStmt *) statement)->indexParams),
						   element_columns(((IndexStmt *) statement)->indexIncludingParams));
	if (IsA(statement, AlterTableStmt))
	{
		const AlterTableCmd *command = linitial(((AlterTableStmt *) statement)->cmds);
		const Constraint *key = castNode(Constraint, command->def);

		return list_concat(strings(key->keys), strings(key->including));
	}
	return NIL;
}
