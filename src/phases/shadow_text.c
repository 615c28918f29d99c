/*
 * shadow_text.c - a text as it reads when columns have other names.  See shadow_text.h.
 *
 * The server has no way from a parse tree back to text, so words are replaced in the text.  Where columns stand in
 * expressions the parser says; in a list of columns it is where an element begins.  The result is proved: the names are
 * changed in the parse tree as well, and the new text must parse into just that tree.
 */
#include "postgres.h"

#include <ctype.h>

#include "compat.h"
#include "lib/text.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parse_target.h"
#include "parser/parser.h"
#include "parser/scansup.h"
#include "phases/shadow_text.h"

const char *
sf_renamed(const char *name, List *renames)
{
	ListCell   *lc;

	foreach(lc, renames)
		if (name && strcmp(((SfRenamed *) lfirst(lc))->from, name) == 0)
			return ((SfRenamed *) lfirst(lc))->to;
	return NULL;
}

/* ---- in the tree ---- */

/* The name of a type or table in the text, and what is to stand there. */
typedef struct NamePlace
{
	int			place;
	const char *to;
} NamePlace;

typedef struct TreeState
{
	const char *text;			/* the statement's */
	List	   *renames;		/* of columns */
	List	   *types;
	List	   *places;			/* of int: of columns in expressions, in the statement's text */
	List	   *names;			/* of NamePlace */
	bool		unclear;		/* something that may mean one of them without its plain name */
} TreeState;

int
sf_last_name_at(const char *text, int location, bool qualified)
{
	const char *p = text + location;

	if (qualified)
	{
		p = sf_behind_word(p);
		p += strspn(p, " \t\r\n.");
	}
	return p - text;
}

const char *
sf_rename_type(TypeName *type, const char *text, List *types, int *place)
{
	int			n = list_length(type->names);
	ListCell   *lc;

	foreach(lc, type->location >= 0 && n <= 2 ? types : NIL)
	{
		const SfRenamedName *renamed = lfirst(lc);

		if (n == 0 || strcmp(strVal(llast(type->names)), renamed->from) != 0 ||
			(n == 2 && strcmp(strVal(linitial(type->names)), renamed->schema) != 0))
			continue;
		*place = sf_last_name_at(text, type->location, n == 2);
		llast(type->names) = makeString(pstrdup(renamed->to));
		return renamed->to;
	}
	return NULL;
}

static void
rename_type(TreeState *state, TypeName *type)
{
	NamePlace  *found = palloc(sizeof(NamePlace));

	found->to = sf_rename_type(type, state->text, state->types, &found->place);
	if (found->to)
		state->names = lappend(state->names, found);
}

static void
rename_table(TreeState *state, RangeVar *table, List *tables)
{
	ListCell   *lc;

	foreach(lc, table ? tables : NIL)
	{
		const SfRenamedName *renamed = lfirst(lc);
		NamePlace  *found;

		if (strcmp(table->relname, renamed->from) != 0 ||
			(table->schemaname && strcmp(table->schemaname, renamed->schema) != 0))
			continue;
		found = palloc(sizeof(NamePlace));
		found->place = sf_last_name_at(state->text, table->location, table->schemaname != NULL);
		found->to = renamed->to;
		table->relname = pstrdup(renamed->to);
		state->names = lappend(state->names, found);
	}
}

/* "t.v" and "t.*" would go on meaning what they did. */
static bool
rename_references(Node *node, void *arg)
{
	TreeState  *state = arg;

	if (node == NULL)
		return false;
	if (IsA(node, SubLink))
		state->unclear = true;
	if (IsA(node, TypeName))
		rename_type(state, (TypeName *) node);
	if (IsA(node, ColumnRef))
	{
		ColumnRef  *reference = (ColumnRef *) node;
		Node	   *last = llast(reference->fields);
		const char *name = IsA(last, String) ? sf_renamed(strVal(last), state->renames) : NULL;

		if (!IsA(last, String) || (name && list_length(reference->fields) > 1))
			state->unclear = true;
		else if (name)
		{
			llast(reference->fields) = makeString(pstrdup(name));
			state->places = lappend_int(state->places, reference->location);
		}
		return false;
	}
	return raw_expression_tree_walker(node, rename_references, arg);
}

static void
rename_word(char **word, List *renames)
{
	const char *name = sf_renamed(*word, renames);

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
rename_constraint(Constraint *constraint, TreeState *state, const SfRenames *renames)
{
	rename_words(constraint->keys, state->renames);
	rename_words(constraint->including, state->renames);
	rename_words(constraint->fk_attrs, state->renames);
	rename_words(constraint->fk_del_set_cols, state->renames);
	rename_words(constraint->pk_attrs, renames->referenced);
	rename_table(state, constraint->pktable, renames->tables);
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
rename_statement(Node *statement, TreeState *state, const SfRenames *renames)
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
			rename_constraint(castNode(Constraint, command->def), state, renames);
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

/* Of a text of the server's: where it needs no quotes, a name is in lower case. */
static char *
word_at(const char *start, const char *end)
{
	if (*start == '"')
		return sf_replaced(pnstrdup(start + 1, end - start - 2), "\"\"", "\"");
	return pnstrdup(start, end - start);
}

/* The reader's place in a text. */
typedef struct WordState
{
	List	   *renames;
	int			depth;			/* of parentheses */
	char		before;			/* the last character that is no space */
} WordState;

/* May the word be an element of a list of columns?  Not if it is a function's name. */
static bool
is_element(const WordState *at, const char *behind)
{
	behind += strspn(behind, " \t\r\n");
	return *behind != '(' && *behind != '.' && at->depth <= 1 && strchr(at->depth ? "(," : " ,", at->before);
}

/* What is to stand for the word at that place; NULL: it stays. */
static const char *
replacement(const WordState *at, const char *start, const char *end, const TreeState *tree, int place)
{
	ListCell   *lc;

	foreach(lc, tree->names)
		if (((NamePlace *) lfirst(lc))->place == place)
			return ((NamePlace *) lfirst(lc))->to;
	if (list_member_int(tree->places, place))
		foreach(lc, at->renames)
		{
			const SfRenamed *renamed = lfirst(lc);
			char	   *word = word_at(start, end);

			if (strcmp(*start == '"' ? word : downcase_identifier(word, strlen(word), false, false),
					   renamed->from) == 0)
				return renamed->to;
		}
	return is_element(at, end) ? sf_renamed(word_at(start, end), at->renames) : NULL;
}

const char *
sf_behind_word(const char *p)
{
	if (*p == '\'' || *p == '"')
		return behind_quoted(p);
	if (!is_word_start(*p))
		return p + 1;
	while (is_word_part(*p))
		p++;
	return p;
}

/* offset: of the text in its statement. */
static char *
replace_words(const char *text, int offset, const TreeState *tree, List *referenced)
{
	WordState	at = {tree->renames, 0, ' '};
	StringInfoData out;

	initStringInfo(&out);
	for (const char *start = text, *end; *start; start = end)
	{
		const char *name = NULL;

		end = sf_behind_word(start);
		if (*start == '"' || is_word_start(*start))
			name = replacement(&at, start, end, tree, offset + (int) (start - text));
		if (end - start == 10 && strncmp(start, "REFERENCES", 10) == 0)
			at.renames = referenced;
		if (name)
			appendStringInfoString(&out, sf_ident(name));
		else
			appendBinaryStringInfo(&out, start, end - start);
		at.depth += *start == '(' ? 1 : *start == ')' ? -1 : 0;
		if (!isspace((unsigned char) *start))
			at.before = *start;
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

Node *
sf_text_parse(const char *statement)
{
	return try_parse("", statement, "");
}

char *
sf_text_renamed(const char *head, const char *text, const char *tail, const SfRenames *renames)
{
	TreeState	state = {psprintf("%s%s%s", head, text, tail), renames->columns, renames->types};
	Node	   *wanted = parse(head, text, tail);
	char	   *candidate;

	rename_statement(wanted, &state, renames);
	if (state.unclear)
		return NULL;
	candidate = replace_words(text, strlen(head), &state, renames->referenced);
	return equal(try_parse(head, candidate, tail), wanted) ? candidate : NULL;
}

char *
sf_expression_renamed(const char *expression, const SfRenames *renames)
{
	/* The end on a line of its own, so that it cannot be part of a comment. */
	return sf_text_renamed("SELECT (", expression, "\n)", renames);
}

char *
sf_type_renamed(const char *type, List *types)
{
	SfRenames	renames = {.types = types};

	if (types == NIL)
		return pstrdup(type);
	return sf_text_renamed("SELECT NULL::", type, "", &renames);
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

/* That of an expression, too, may be called as a column in it is. */
static List *
element_columns(List *elements)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, elements)
	{
		const IndexElem *element = lfirst(lc);
		char	   *name = element->name ? element->name : FigureIndexColname(element->expr);

		names = name ? lappend(names, name) : names;
	}
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
