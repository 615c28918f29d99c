/*
 * hints.c - comments that tell what the text alone cannot: "-- @renamed from=old", "-- @up expr", "-- @down expr".
 *
 * A comment that follows code on its line belongs to what that code declares; one that stands alone on its line belongs
 * to what comes next.  Inside the parentheses of a statement "what" is a column, an attribute, a named constraint or
 * an enum's value, else the object of the statement.  A hint that stands at nothing is an error: a rename that is
 * silently not one drops a column.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_collation.h"
#include "lib/stringinfo.h"
#include "utils/formatting.h"
#include "utils/varlena.h"

#include "compat.h"
#include "model/comments.h"
#include "model/parse.h"

typedef struct Element
{
	int			offset;
	char	   *name;
} Element;

static const char *const words[] = {"renamed", "up", "down"};

static void attach_comment(const SfText *text, const SfComment *comment, List *hints, List *declarations,
						   const int *offsets, const int *ends);
static List *elements_of(const SfDeclaration *declaration, int offset);
static void read_label(const SfText *text, SfCommentHint *hint);
static List *read_hints(const SfText *text, const SfComment *comment);
static SfCommentHint *read_hint(const SfText *text, const char *line, int number);
pg_noreturn static void bad_hint(const SfText *text, int line, const char *detail);

void
sf_hints_attach(const SfText *text, List *declarations, const int *offsets, const int *ends)
{
	ListCell   *lc;

	foreach(lc, text->comments)
	{
		const SfComment *comment = lfirst(lc);
		List	   *hints = strchr(comment->body, '@') == NULL ? NIL : read_hints(text, comment);

		if (hints != NIL)
			attach_comment(text, comment, hints, declarations, offsets, ends);
	}
}

static void
attach_comment(const SfText *text, const SfComment *comment, List *hints, List *declarations,
			   const int *offsets, const int *ends)
{
	int			n = list_length(declarations),
				at = -1,
				low = 0,
				high = n - 1;
	bool		inside;
	SfDeclaration *declaration;
	char	   *element = NULL;
	ListCell   *lc;

	/* the last declaration that begins before the comment */
	while (low <= high)
	{
		int			middle = (low + high) / 2;

		if (offsets[middle] < comment->offset)
		{
			at = middle;
			low = middle + 1;
		}
		else
			high = middle - 1;
	}
	inside = at >= 0 && comment->offset < ends[at];
	if (!inside && comment->alone)
		at++;
	if (at < 0 || at >= n)
		bad_hint(text, sf_text_line(text, comment->offset), "No declaration follows it.");
	declaration = list_nth(declarations, at);

	/* ALTER TABLE makes no object of its own: what it adds is meant */
	if ((inside && comment->depth > 0) || IsA(declaration->statement->stmt, AlterTableStmt))
	{
		Element    *found = NULL;

		foreach(lc, elements_of(declaration, offsets[at]))
		{
			Element    *e = lfirst(lc);

			if (comment->alone ? e->offset > comment->offset && (found == NULL || e->offset < found->offset)
				: e->offset < comment->offset && (found == NULL || e->offset > found->offset))
				found = e;
		}
		/* beside the opening line of the statement there is no element yet: the statement's object is meant */
		if (found == NULL && comment->alone)
			bad_hint(text, sf_text_line(text, comment->offset),
					 "No column, named constraint or enum value follows it.");
		if (found != NULL)
			element = found->name;
	}
	foreach(lc, hints)
	{
		SfCommentHint *hint = lfirst(lc);

		hint->element = element;
		if (element && IsA(declaration->statement->stmt, CreateEnumStmt))
			read_label(text, hint);
		else if (hint->names == NIL && hint->written && hint->written[0] == '\'')
			bad_hint(text, hint->line, "Only a value of an enum is written in single quotes.");
		declaration->hints = lappend(declaration->hints, hint);
	}
}

/* A label is written as it is, unless it stands in quotes of either sort. */
static void
read_label(const SfText *text, SfCommentHint *hint)
{
	const char *from = hint->written;
	char	   *label,
			   *to;
	char		quote;

	if (from == NULL)
		bad_hint(text, hint->line, "A value of an enum is only renamed.");
	to = label = pstrdup(from);
	quote = *from == '\'' || *from == '"' ? *from++ : '\0';
	for (; *from != '\0'; from++)
	{
		if (quote && *from == quote && *++from != quote)
			break;
		*to++ = *from;
	}
	*to = '\0';
	hint->names = list_make1(label);
}

/* The labels of an enum: the parser does not say where they stand. */
static List *
labels_of(const SfDeclaration *declaration, int offset)
{
	const CreateEnumStmt *stmt = castNode(CreateEnumStmt, declaration->statement->stmt);
	List	   *places = sf_literal_places(declaration->text),
			   *elements = NIL;
	ListCell   *lp,
			   *lv;

	forboth(lp, places, lv, stmt->vals)
	{
		Element    *element = palloc(sizeof(Element));

		element->name = strVal(lfirst(lv));
		element->offset = offset + lfirst_int(lp);
		elements = lappend(elements, element);
	}
	return elements;
}

/* Columns, attributes, named constraints and labels of a statement, with their places in the unit's text. */
static List *
elements_of(const SfDeclaration *declaration, int offset)
{
	const Node *stmt = declaration->statement->stmt;
	List	   *nodes = NIL,
			   *elements = NIL;
	ListCell   *lc;

	if (IsA(stmt, CreateEnumStmt))
		return labels_of(declaration, offset);
	if (IsA(stmt, CreateStmt))
		nodes = ((const CreateStmt *) stmt)->tableElts;
	else if (IsA(stmt, CreateForeignTableStmt))
		nodes = ((const CreateForeignTableStmt *) stmt)->base.tableElts;
	else if (IsA(stmt, CompositeTypeStmt))
		nodes = ((const CompositeTypeStmt *) stmt)->coldeflist;
	else if (IsA(stmt, AlterTableStmt))
		foreach(lc, ((const AlterTableStmt *) stmt)->cmds)
			nodes = lappend(nodes, lfirst_node(AlterTableCmd, lc)->def);

	foreach(lc, nodes)
	{
		Node	   *node = lfirst(lc);
		Element    *element;

		if (node == NULL || !(IsA(node, ColumnDef) || (IsA(node, Constraint) && ((Constraint *) node)->conname)))
			continue;
		element = palloc(sizeof(Element));
		element->name = IsA(node, ColumnDef) ? ((ColumnDef *) node)->colname : ((Constraint *) node)->conname;
		element->offset = IsA(node, ColumnDef) ? ((ColumnDef *) node)->location : ((Constraint *) node)->location;
		elements = lappend(elements, element);
	}
	return elements;
}

/* One hint a line; a block comment may have several, with or without a star before them. */
static List *
read_hints(const SfText *text, const SfComment *comment)
{
	List	   *hints = NIL;
	int			number = sf_text_line(text, comment->offset);
	char	   *body = pstrdup(comment->body),
			   *rest = body,
			   *line;

	while ((line = strsep(&rest, "\n")) != NULL)
	{
		SfCommentHint	   *hint;
		int			len;

		while (isspace((unsigned char) *line) || *line == '*')
			line++;
		len = strlen(line);
		while (len > 0 && isspace((unsigned char) line[len - 1]))
			line[--len] = '\0';
		if (*line == '@' && (hint = read_hint(text, line + 1, number)) != NULL)
			hints = lappend(hints, hint);
		number++;
	}
	return hints;
}

/* A word that is nearly one of ours: nothing would come of it, without a word. */
static void
notice_misspelt(const SfText *text, const char *line, int number)
{
	int			len = 0;
	char	   *word;

	while (isalnum((unsigned char) line[len]) || line[len] == '_')
		len++;
	if (len == 0 || len >= NAMEDATALEN)
		return;
	word = str_tolower(line, len, C_COLLATION_OID);
	for (int i = 0; i < lengthof(words); i++)
	{
		int			ours = strlen(words[i]),
					most = Max(ours / 3, 1);

		if (word[0] == words[i][0] &&
			varstr_levenshtein_less_equal(word, len, words[i], ours, 1, 1, 1, most, true) <= most)
			ereport(NOTICE,
					(errmsg("\"@%s\" in unit \"%s\", line %d, is no hint", pnstrdup(line, len), text->unit, number),
					 errhint("If \"-- @%s %s\" is meant, write it so.", words[i],
							 i == 0 ? "from=old_name" : "expression")));
	}
}

/* NULL when the word is none of ours: comments of other tools use the same sign. */
static SfCommentHint *
read_hint(const SfText *text, const char *line, int number)
{
	SfCommentHint	   *hint = NULL;
	const char *p;

	for (int i = 0; i < lengthof(words); i++)
	{
		size_t		len = strlen(words[i]);

		if (strncmp(line, words[i], len) == 0 && (line[len] == '\0' || isspace((unsigned char) line[len])))
		{
			hint = palloc0(sizeof(SfCommentHint));
			hint->word = words[i];
			hint->line = number;
			line += len;
			break;
		}
	}
	if (hint == NULL)
	{
		notice_misspelt(text, line, number);
		return NULL;
	}
	while (isspace((unsigned char) *line))
		line++;
	if (strcmp(hint->word, "renamed") != 0)
	{
		if (*line == '\0')
			bad_hint(text, number, "An expression is missing.");
		hint->value = pstrdup(line);
		return hint;
	}

	/* from=old, from="Old Name", from=schema.old, from='an old label'; words behind it are the user's */
	p = line;
	if (strncmp(p, "from", 4) == 0)
	{
		char	   *name;
		char		quote = '\0';

		for (p += 4; isspace((unsigned char) *p); p++);
		if (*p == '=')
		{
			for (p++; isspace((unsigned char) *p); p++);
			name = pstrdup(p);
			for (char *q = name; *q != '\0'; q++)
			{
				if (quote ? *q == quote : *q == '"' || (*q == '\'' && q == name))
					quote = quote ? '\0' : *q;
				else if (!quote && *q == '\'' && name[0] == '\'' && q[-1] == '\'')
					quote = *q;	/* doubled: it goes on */
				else if (!quote && isspace((unsigned char) *q))
				{
					*q = '\0';
					break;
				}
			}
			hint->written = pstrdup(name);
			if (*name == '\'' ||
				(*name != '\0' && SplitIdentifierString(name, '.', &hint->names) && hint->names != NIL))
				return hint;
		}
	}
	bad_hint(text, number, "The form is: -- @renamed from=old_name");
}

static void
bad_hint(const SfText *text, int line, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("hint in unit \"%s\", line %d, cannot be used", text->unit, line),
			 errdetail_internal("%s", detail),
			 errhint("Put it above or beside the column, constraint or statement that it is about.")));
}
