/*
 * comments.c - find comments, psql lines and COPY data in a unit's text (comments.h).
 *
 * Protocol: pure functions of the text, no catalog access.  Everything is allocated in the current memory context.
 * Server encodings are supersets of ASCII in which no byte of a multibyte character looks like ASCII, so bytes are
 * compared.
 */
#include "postgres.h"

#include <ctype.h>

#include "miscadmin.h"

#include "model/comments.h"

typedef struct Lexer
{
	SfText	   *out;
	const char *text;
	int			pos;
	int			depth;			/* open parentheses */
	int			start;			/* where the current statement began */
	int			maxends;
} Lexer;

#define is_ident_byte(c)	(isalnum((unsigned char) (c)) || (c) == '_' || (c) == '$' || IS_HIGHBIT_SET(c))
#define is_newline(c)		((c) == '\n' || (c) == '\r')

static void find_lines(SfText *out);
static void lex_comment(Lexer *lex);
static void lex_quoted(Lexer *lex);
static bool lex_dollar(Lexer *lex);
static void lex_psql(Lexer *lex);
static void lex_end(Lexer *lex);
static bool starts_copy_data(const SfText *out, int start, int end);
static void blank(SfText *out, int from, int to);

SfText *
sf_text_read(const char *unit, const char *text)
{
	SfText	   *out = palloc0(sizeof(SfText));
	Lexer		lex = {.out = out, .text = text};

	out->unit = unit;
	out->text = text;
	out->len = strlen(text);
	out->code = pstrdup(text);
	find_lines(out);
	lex.maxends = 64;
	out->ends = palloc(sizeof(int) * lex.maxends);

	while (lex.pos < out->len)
	{
		char		c = text[lex.pos];

		if ((c == '-' && text[lex.pos + 1] == '-') || (c == '/' && text[lex.pos + 1] == '*'))
			lex_comment(&lex);
		else if (c == '\'' || c == '"')
			lex_quoted(&lex);
		else if (c == '$' && (lex.pos == 0 || !is_ident_byte(text[lex.pos - 1])) && lex_dollar(&lex))
			continue;
		else if (c == '\\')
			lex_psql(&lex);
		else if (c == ';' && lex.depth == 0)
			lex_end(&lex);
		else
		{
			if (c == '(')
				lex.depth++;
			else if (c == ')' && lex.depth > 0)
				lex.depth--;
			lex.pos++;
		}
		CHECK_FOR_INTERRUPTS();
	}
	return out;
}

int
sf_text_line(const SfText *text, int offset)
{
	int			low = 0,
				high = text->nlines - 1;

	while (low < high)
	{
		int			middle = (low + high + 1) / 2;

		if (text->lines[middle] <= offset)
			low = middle;
		else
			high = middle - 1;
	}
	return low + 1;
}

int
sf_text_statement(const SfText *text, int offset)
{
	int			n = 1,
				from = 0;

	for (int i = 0; i < text->nends && text->ends[i] < offset; i++)
	{
		/* empty statements do not count, as for the parser */
		while (from < text->ends[i] && isspace((unsigned char) text->code[from]))
			from++;
		if (from < text->ends[i])
			n++;
		from = text->ends[i] + 1;
	}
	return n;
}

static void
find_lines(SfText *out)
{
	int			max = 64;

	out->lines = palloc(sizeof(int) * max);
	out->lines[out->nlines++] = 0;
	for (const char *p = strchr(out->text, '\n'); p != NULL; p = strchr(p + 1, '\n'))
	{
		if (out->nlines == max)
		{
			max *= 2;
			out->lines = repalloc_huge(out->lines, sizeof(int) * max);
		}
		out->lines[out->nlines++] = p + 1 - out->text;
	}
}

/* A comment of either sort; block comments nest. An unclosed one is left in place for the parser to complain. */
static void
lex_comment(Lexer *lex)
{
	SfText	   *out = lex->out;
	SfComment  *comment;
	int			start = lex->pos,
				line = out->lines[sf_text_line(out, start) - 1],
				level = 0,
				p = start;

	if (lex->text[p] == '-')
	{
		while (p < out->len && !is_newline(lex->text[p]))
			p++;
	}
	else
	{
		do
		{
			if (lex->text[p] == '/' && lex->text[p + 1] == '*')
				level++, p += 2;
			else if (lex->text[p] == '*' && lex->text[p + 1] == '/')
				level--, p += 2;
			else
				p++;
		} while (level > 0 && p < out->len);
	}
	lex->pos = p;
	if (level > 0)
		return;

	comment = palloc0(sizeof(SfComment));
	comment->offset = start;
	comment->end = p;
	comment->depth = lex->depth;
	comment->alone = true;
	for (int i = line; i < start; i++)
		if (!isspace((unsigned char) out->code[i]))
			comment->alone = false;
	if (lex->text[start] == '-')
		comment->body = pnstrdup(lex->text + start + 2, p - start - 2);
	else
		comment->body = pnstrdup(lex->text + start + 2, p - start - 4);
	out->comments = lappend(out->comments, comment);
	if (strstr(comment->body, "PostgreSQL database dump") != NULL && strstr(comment->body, "complete") == NULL)
		out->dump = true;
	blank(out, start, p);
}

/* A string or a quoted identifier; backslashes escape only in E''. */
static void
lex_quoted(Lexer *lex)
{
	const char *text = lex->text;
	char		quote = text[lex->pos];
	int			p = lex->pos;
	bool		escapes;

	escapes = quote == '\'' && p > 0 && (text[p - 1] == 'e' || text[p - 1] == 'E') &&
		(p == 1 || !is_ident_byte(text[p - 2]));
	for (p++; p < lex->out->len; p++)
	{
		if (escapes && text[p] == '\\' && text[p + 1] != '\0')
			p++;
		else if (text[p] == quote)
		{
			p++;
			break;				/* a doubled quote opens again at once, to the same effect */
		}
	}
	/* E'a''b\'c': the part behind a doubled quote still has escapes */
	while (escapes && p < lex->out->len && text[p] == quote)
	{
		for (p++; p < lex->out->len && text[p] != quote; p++)
			if (text[p] == '\\' && text[p + 1] != '\0')
				p++;
		p++;
	}
	lex->pos = Min(p, lex->out->len);
}

/* $tag$...$tag$; false when it is a parameter or an operator. */
static bool
lex_dollar(Lexer *lex)
{
	const char *text = lex->text,
			   *body,
			   *end;
	int			p = lex->pos + 1;
	char	   *tag;

	if (isdigit((unsigned char) text[p]))
	{
		lex->pos = p;
		return true;
	}
	while (is_ident_byte(text[p]) && text[p] != '$')
		p++;
	if (text[p] != '$')
	{
		lex->pos = p;
		return true;
	}
	tag = pnstrdup(text + lex->pos, p + 1 - lex->pos);
	body = text + p + 1;
	end = strstr(body, tag);
	lex->pos = end == NULL ? lex->out->len : end + strlen(tag) - text;
	pfree(tag);
	return true;
}

/* Commands that send the statement before them, as a semicolon does. */
static bool
sends(const char *name)
{
	static const char *const senders[] = {"\\g", "\\gx", "\\gset", "\\gexec", "\\gdesc", "\\watch", "\\crosstabview"};

	for (int i = 0; i < lengthof(senders); i++)
		if (strcmp(senders[i], name) == 0)
			return true;
	return false;
}

/* A script may have them: what is to be said of them is the caller's. */
static void
note_psql(SfText *out, int start, int end, char *name)
{
	SfComment  *command = palloc0(sizeof(SfComment));

	command->offset = start;
	command->end = end;
	command->body = name;
	out->psql = lappend(out->psql, command);
}

/* psql's own commands: the pair that guards a dump is skipped, all others are named. */
static void
lex_psql(Lexer *lex)
{
	SfText	   *out = lex->out;
	int			p = lex->pos,
				word;
	char	   *name;

	if (out->unit == NULL && lex->text[p + 1] == ';')
	{
		blank(out, p, p + 1);	/* psql sends what follows along with it */
		lex->pos = p + 1;
		return;
	}
	while (p < out->len && !isspace((unsigned char) lex->text[p]))
		p++;
	word = p;
	while (p < out->len && !is_newline(lex->text[p]))
		p++;
	name = pnstrdup(lex->text + lex->pos, word - lex->pos);
	if (out->unit == NULL)
		note_psql(out, lex->pos, p, name);
	else if (strcmp(name, "\\restrict") != 0 && strcmp(name, "\\unrestrict") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("psql command \"%s\" cannot be part of a model", name),
				 errdetail("It stands in line %d of unit \"%s\".", sf_text_line(out, lex->pos), out->unit),
				 errhint("Leave it out; a model is plain SQL, as pg_dump --schema-only without --create writes it.")));
	blank(out, lex->pos, p);
	if (out->unit == NULL && sends(name))
		out->code[lex->pos] = ';';
	lex->pos = p;
}

/* A semicolon outside parentheses; the data lines of a COPY follow it. */
static void
lex_end(Lexer *lex)
{
	SfText	   *out = lex->out;
	int			end = lex->pos,
				data;

	if (out->nends == lex->maxends)
	{
		lex->maxends *= 2;
		out->ends = repalloc_huge(out->ends, sizeof(int) * lex->maxends);
	}
	out->ends[out->nends++] = end;
	lex->pos = end + 1;
	if (starts_copy_data(out, lex->start, end))
	{
		const char *p = strchr(lex->text + end, '\n');

		data = end + 1;
		while (p != NULL)
		{
			const char *line = p + 1;
			bool		last = line[0] == '\\' && line[1] == '.' && (line[2] == '\0' || is_newline(line[2]));

			p = strchr(line, '\n');
			lex->pos = p == NULL ? out->len : p - lex->text;
			if (last)
				break;
			CHECK_FOR_INTERRUPTS();
		}
		blank(out, data, lex->pos);
	}
	lex->start = lex->pos;
}

/* COPY ... FROM stdin?  By words: enough, since nothing else than COPY begins so. */
static bool
starts_copy_data(const SfText *out, int start, int end)
{
	const char *code = out->code,
			   *previous = NULL;
	int			previous_len = 0,
				p = start;
	bool		first = true;

	while (p < end)
	{
		int			from;

		while (p < end && !is_ident_byte(code[p]))
			p++;
		from = p;
		while (p < end && is_ident_byte(code[p]))
			p++;
		if (from == p)
			break;
		if (first && !(p - from == 4 && pg_strncasecmp(code + from, "copy", 4) == 0))
			return false;
		first = false;
		if (p - from == 5 && pg_strncasecmp(code + from, "stdin", 5) == 0 &&
			previous_len == 4 && pg_strncasecmp(previous, "from", 4) == 0)
			return true;
		previous = code + from;
		previous_len = p - from;
	}
	return false;
}

/* Line ends stay, so that lines keep their numbers. */
static void
blank(SfText *out, int from, int to)
{
	for (int i = from; i < to; i++)
		if (!is_newline(out->code[i]))
			out->code[i] = ' ';
}
