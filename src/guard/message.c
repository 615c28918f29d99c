/*
 * message.c - a finding in words for people, as psql shows an error: in lines of at most WIDTH columns.
 *
 * The first line is the fact ("nothing proves that column a holds no NULL"), which a check has said before a colon;
 * what follows from it opens the detail, and so does all of it where the line would be too long.  A recipe's lines are
 * broken between words, outside of quotes, so that they can be copied and run.
 */
#include "postgres.h"

#include "guard/guard.h"
#include "lib/text.h"

#define WIDTH	100

/* psql writes "DETAIL:  " before the first line. */
#define DETAIL_WIDTH	(WIDTH - 9)

/* What stands before it: "WARNING:  guard: ". */
#define MESSAGE_WIDTH	(WIDTH - 17)

/* The message up to the colon. */
static char *
fact_of(const SfFinding *finding)
{
	const char *rest = strstr(finding->message, ": ");

	return rest ? pnstrdup(finding->message, rest - finding->message) : finding->message;
}

/* The rule, the fact and what it is about; NULL: too long for a line. */
static char *
in_a_line(const SfFinding *finding)
{
	char	   *fact = fact_of(finding);
	bool		named = finding->object == NULL || strstr(fact, finding->object) != NULL;
	char	   *line = psprintf("%s: %s%s%s%s", finding->rule->name, fact, named ? "" : " (",
								named ? "" : finding->object, named ? "" : ")");

	return strlen(line) <= MESSAGE_WIDTH ? line : NULL;
}

char *
sf_finding_message(const SfFinding *finding)
{
	char	   *line = in_a_line(finding);

	if (line)
		return line;
	return finding->object ? psprintf("%s: %s", finding->rule->name, finding->object) :
		pstrdup(finding->rule->name);
}

/* ---- detail: words ---- */

static char *
wrapped(const char *text)
{
	char	   *copy = pstrdup(text);
	char	   *line = copy,
			   *space = NULL;

	for (char *c = copy; *c; c++)
	{
		if (*c == '\n')
		{
			line = c + 1;
			space = NULL;
		}
		else if (*c == ' ')
			space = c;
		if (space && c - line >= DETAIL_WIDTH)
		{
			*space = '\n';
			line = space + 1;
			space = NULL;
		}
	}
	return copy;
}

/* The names of the others, for the detail; NULL: none. */
static char *
besides(List *findings, const SfFinding *one)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, findings)
		if (lfirst(lc) != one)
			names = lappend(names, unconstify(char *, ((SfFinding *) lfirst(lc))->rule->name));
	return names ? psprintf("Besides: %s.", sf_join(names, ", ")) : NULL;
}

char *
sf_finding_detail(const SfFinding *finding, List *findings)
{
	const char *rest = in_a_line(finding) ? strstr(finding->message, ": ") : finding->message;
	char	   *others = besides(findings, finding);
	List	   *parts = NIL;

	if (rest)
	{
		rest += rest == finding->message ? 0 : 2;
		parts = lappend(parts, psprintf("%c%s.", pg_toupper((unsigned char) rest[0]), rest + 1));
	}
	if (finding->detail)
		parts = lappend(parts, finding->detail);
	if (others)
		parts = lappend(parts, others);
	return parts ? wrapped(sf_join(parts, "\n")) : NULL;
}

/* ---- hint: statements ---- */

/* Up to the next space outside of quotes; *quote is the one that is open. */
static int
word_length(const char *text, char *quote)
{
	int			length = 0;

	for (; text[length] && (*quote || text[length] != ' '); length++)
		if (*quote)
			*quote = text[length] == *quote ? '\0' : *quote;
		else if (text[length] == '\'' || text[length] == '"')
			*quote = text[length];
	return length;
}

static int
put_break(StringInfo out, int indent, const char *prefix)
{
	appendStringInfo(out, "\n%*s%s", indent, "", prefix);
	return indent + (int) strlen(prefix);
}

/* A line of a recipe that is too long: each statement on a line of its own, broken where it is still too long. */
static void
put_broken(StringInfo out, const char *line)
{
	int			indent = strspn(line, " "),
				column = 0;
	bool		comment = false,
				ended = false;	/* the last word ended a statement */

	for (const char *word = line + indent; *word;)
	{
		char		quote = '\0';
		int			length = comment ? (int) strcspn(word, " ") : word_length(word, &quote);
		bool		opens = !comment && strncmp(word, "--", 2) == 0;

		if (column == 0)
		{
			appendStringInfoSpaces(out, indent);
			column = indent;
		}
		else if (opens ? column + 2 + strlen(word) > WIDTH : ended && !comment)
			column = put_break(out, indent, opens ? "  " : "");
		else if (column + 1 + length > WIDTH)
			column = put_break(out, indent, comment ? "-- " : "  ");
		else
		{
			appendStringInfoString(out, opens ? "  " : " ");
			column += opens ? 2 : 1;
		}
		appendBinaryStringInfo(out, word, length);
		column += length;
		comment = comment || opens;
		ended = length > 0 && word[length - 1] == ';';
		word += length;
		word += strspn(word, " ");
	}
}

static char *
broken(const char *hint)
{
	StringInfoData out;

	initStringInfo(&out);
	for (;;)
	{
		char	   *line = pnstrdup(hint, strcspn(hint, "\n"));

		if (strlen(line) > WIDTH)
			put_broken(&out, line);
		else
			appendStringInfoString(&out, line);
		hint += strlen(line);
		if (*hint == '\0')
			return out.data;
		appendStringInfoChar(&out, *hint++);
	}
}

char *
sf_finding_hint(const SfFinding *finding, bool refused)
{
	StringInfoData hint;
	ListCell   *lc;

	initStringInfo(&hint);
	if (finding->recipe)
		appendStringInfoString(&hint, "Safe on a table in use:");
	foreach(lc, finding->recipe)
		appendStringInfo(&hint, "\n  %s", (char *) lfirst(lc));
	if (finding->model)
		appendStringInfo(&hint, "%sChange the model, then SELECT sf_plan_migration('...') plans it so.",
						 hint.len ? "\n" : "");
	if (refused)
		appendStringInfo(&hint, "%sTo run it as it is: SELECT sf_allow('why'), which is logged.", hint.len ? "\n" : "");
	else if (hint.len == 0)
		appendStringInfo(&hint, "SELECT sf_guard_set('%s', 'off', 'why') if it is nothing to this database.",
						 finding->rule->name);
	return broken(hint.data);
}
