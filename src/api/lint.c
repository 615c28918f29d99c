/*
 * lint.c - SQL entry points of the guard's rules: their settings, and sf_lint() over a text.
 *
 * Comments of the text may take findings back: "-- schemaflow-ignore rule, rule: reason" before or beside the
 * statement; and what squawk accepts, "-- squawk-ignore" and "-- squawk-ignore-file", with squawk's names.  A comment
 * that does not do so, though it is meant to, is a finding itself.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "api/define.h"
#include "api/lint.h"
#include "api/result.h"
#include "api/squawk.h"
#include "guard/guard.h"
#include "lib/attempt.h"
#include "lib/origin.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "model/comments.h"
#include "server/owner.h"

PG_FUNCTION_INFO_V1(sf_guard_set);
PG_FUNCTION_INFO_V1(sf_guard_rule_list);
PG_FUNCTION_INFO_V1(sf_lint);

/* ---- settings ---- */

Datum
sf_guard_set(PG_FUNCTION_ARGS)
{
	char	   *name = sf_text_arg(fcinfo, 0, "rule");	/* not a kind */
	char	   *level = PG_ARGISNULL(1) ? NULL : sf_text_arg(fcinfo, 1, "level");
	char	   *note = PG_ARGISNULL(2) ? NULL : sf_text_arg(fcinfo, 2, "note");
	const char *args[] = {sf_origin_system(), sf_origin_database(), name, level, note,
	GetUserNameFromId(GetUserId(), false)};
	SfLevel		parsed;
	SfOwnerState owner;

	if (sf_rule_find(name) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no rule \"%s\"", name),
				 errhint("SELECT rule, about FROM sf_guard_rules lists them.")));
	if (level && !sf_level_parse(level, &parsed))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a level of a rule", level),
				 errhint("Levels are off, warn, enforce; NULL is the rule's own.")));
	sf_owner_enter(&owner);
	(void)sf_execute(
		"DELETE FROM schemaflow.guard_rule WHERE " SF_ORIGIN_IS_OURS " AND rule OPERATOR(pg_catalog.=) $3", 3, args);
	if (level)
		(void)sf_execute(
			"INSERT INTO schemaflow.guard_rule (system_identifier, database_oid, rule, level, note, set_at, set_by) "
			"VALUES ($1::bigint, $2::oid, $3, $4, $5, clock_timestamp(), $6)",
			lengthof(args), args);
	sf_owner_leave(&owner);
	sf_rule_levels_forget();
	PG_RETURN_VOID();
}

Datum
sf_guard_rule_list(PG_FUNCTION_ARGS)
{
	SfResult   *result = sf_result_begin(fcinfo);

	for (int i = 0; i < sf_nrules; i++)
	{
		const SfRule *rule = &sf_rules[i];
		char	   *values[] = {unconstify(char *, rule->name), unconstify(char *, sf_level_name(sf_rule_level(rule))),
		unconstify(char *, sf_level_name(rule->level)), unconstify(char *, rule->summary)};

		sf_result_put(result, values);
	}
	return (Datum) 0;
}

/* ---- findings about the text itself ---- */

const SfTextRule sf_text_rules[] = {
	[SF_SYNTAX_ERROR] = {"syntax_error", SF_LEVEL_ENFORCE, "the text is not SQL"},
	[SF_PSQL_COMMAND] = {"psql_command", SF_LEVEL_WARN, "a command of psql's is left out"},
	[SF_IGNORE_COMMENT] = {"ignore_comment", SF_LEVEL_WARN, "a comment takes back less than it means to"},
};
const int	sf_ntext_rules = lengthof(sf_text_rules);

static void
place(SfLintRow *row, const char *text, int offset)
{
	int			start = offset;

	row->line = 1;
	for (int i = 0; i < offset && text[i]; i++)
		row->line += text[i] == '\n';
	while (start > 0 && text[start - 1] != '\n')
		start--;
	row->column = 1 + pg_mbstrlen_with_len(text + start, offset - start);
	row->offset = offset;
}

static SfLintRow *
text_row(const char *text, int which, int offset, char *message)
{
	SfLintRow  *row = palloc0(sizeof(SfLintRow));

	place(row, text, offset);
	row->rule = sf_text_rules[which].name;
	row->level = sf_level_name(sf_text_rules[which].level);
	row->message = message;
	return row;
}

/* ---- what comments take back ---- */

/* A comment that takes findings back. */
typedef struct Ignore
{
	int			from;			/* where it counts: the statement that it stands before or in; -1: everywhere */
	int			until;
	bool		alone;			/* on its line, so that it speaks of what comes */
	bool		all;			/* whatever the rule */
	List	   *rules;			/* of char *: ours */
} Ignore;

typedef struct Lint
{
	char	   *sql;
	SfText	   *text;
	List	   *ignores;		/* of Ignore */
	List	   *rows;			/* the result, of SfLintRow */
} Lint;

static void
complain(Lint *lint, const SfComment *comment, char *message)
{
	lint->rows = lappend(lint->rows, text_row(lint->sql, SF_IGNORE_COMMENT, comment->offset, message));
}

/* Names up to a colon, another comment ("-- a -- why") or the end, in a list with commas or blanks. */
static List *
names_in(const char *text, const char **rest)
{
	List	   *names = NIL;

	for (;;)
	{
		size_t		length;

		text += strspn(text, " \t,");
		length = strcspn(text, " \t,:\r\n");
		if (length == 0 || strncmp(text, "--", 2) == 0)
			break;
		names = lappend(names, pnstrdup(text, length));
		text += length;
	}
	*rest = text;
	return names;
}

static bool
is_rule(const char *name)
{
	return sf_rule_find(name) != NULL;
}

static void
read_ignore(Lint *lint, const SfComment *comment)
{
	const char *body = comment->body + strspn(comment->body, " \t");
	bool		ours = strncmp(body, "schemaflow-ignore", 17) == 0;
	bool		file = strncmp(body, "squawk-ignore-file", 18) == 0;
	Ignore	   *ignore;
	const char *rest;
	List	   *names;
	ListCell   *lc;

	if (!ours && strncmp(body, "squawk-ignore", 13) != 0)
		return;
	names = names_in(body + (ours ? 17 : file ? 18 : 13), &rest);
	/* Ours say what and why, else they do not count. */
	if (ours && (names == NIL || *rest != ':' || rest[1 + strspn(rest + 1, " \t")] == '\0'))
	{
		complain(lint, comment, pstrdup("it takes nothing back: write -- schemaflow-ignore rule, rule: reason"));
		return;
	}
	ignore = palloc0(sizeof(Ignore));
	ignore->from = file ? -1 : comment->offset;
	ignore->until = comment->end;
	ignore->alone = comment->alone;
	ignore->all = names == NIL;
	foreach(lc, names)
	{
		char	   *name = lfirst(lc);

		if (ours && is_rule(name))
			ignore->rules = lappend(ignore->rules, name);
		else if (ours || !sf_squawk_rules(name, &ignore->rules))
			complain(lint, comment, psprintf("%s has no rule \"%s\"", ours ? "schemaflow" : "squawk", name));
	}
	lint->ignores = lappend(lint->ignores, ignore);
}

/* Does it stand in the statement, behind it on its last line, or before it with nothing but white space between? */
static bool
counts_for(const Ignore *ignore, const SfScriptFinding *one, const SfText *text)
{
	if (ignore->from < 0)
		return true;
	if (ignore->from >= one->offset)
		return ignore->from <= one->end || sf_text_line(text, ignore->from) == sf_text_line(text, one->end);
	for (int i = ignore->until; ignore->alone && i < one->offset; i++)
		if (!strchr(" \t\r\n", text->code[i]))
			return false;
	return ignore->alone;
}

static bool
is_ignored(const Lint *lint, const SfScriptFinding *one)
{
	ListCell   *lc,
			   *ln;

	foreach(lc, lint->ignores)
	{
		const Ignore *ignore = lfirst(lc);

		if (!counts_for(ignore, one, lint->text))
			continue;
		if (ignore->all)
			return true;
		foreach(ln, ignore->rules)
			if (strcmp(lfirst(ln), one->finding->rule->name) == 0)
				return true;
	}
	return false;
}

/* ---- rows ---- */

/* The error of a text that cannot be read. */
static SfLintRow *
error_row(const char *text, const ErrorData *error)
{
	SfLintRow  *row;
	int			offset = 0;

	/* The parser counts characters. */
	for (int n = 1; n < error->cursorpos && text[offset]; n++)
		offset += pg_mblen(text + offset);
	row = text_row(text, SF_SYNTAX_ERROR, offset, error->message);
	row->detail = error->detail;
	row->recipe = error->hint;
	return row;
}

static void
add_finding(Lint *lint, const SfScriptFinding *one)
{
	SfLintRow  *row = palloc0(sizeof(SfLintRow));

	place(row, lint->sql, one->finding->location);
	row->rule = one->finding->rule->name;
	row->level = sf_level_name(sf_rule_level(one->finding->rule));
	row->object = one->finding->object;
	row->message = one->finding->message;
	row->detail = one->finding->detail;
	row->recipe = one->finding->recipe ? sf_join(one->finding->recipe, "\n") : NULL;
	lint->rows = lappend(lint->rows, row);
}

/* Argument of sf_attempt(). */
static void
judge(void *arg)
{
	Lint	   *lint = arg;
	ListCell   *lc;

	foreach(lc, sf_guard_script(lint->text->code))
		if (!is_ignored(lint, lfirst(lc)))
			add_finding(lint, lfirst(lc));
}

static int
compare_places(const ListCell *a, const ListCell *b)
{
	return ((SfLintRow *) lfirst(a))->offset - ((SfLintRow *) lfirst(b))->offset;
}

List *
sf_lint_rows(char *sql)
{
	Lint		lint = {.sql = sql,.text = sf_text_read(NULL, sql)};
	ErrorData  *error;
	ListCell   *lc;

	foreach(lc, lint.text->comments)
		read_ignore(&lint, lfirst(lc));
	foreach(lc, lint.text->psql)
	{
		const SfComment *command = lfirst(lc);

		lint.rows = lappend(lint.rows,
							text_row(sql, SF_PSQL_COMMAND, command->offset,
									 psprintf("%s is psql's: it is left out, with its line", command->body)));
	}
	error = sf_attempt(judge, &lint);
	if (error && !sf_not_understood(error))
		ReThrowError(error);
	if (error)
		return list_make1(error_row(sql, error));
	list_sort(lint.rows, compare_places);
	return lint.rows;
}

Datum
sf_lint(PG_FUNCTION_ARGS)
{
	SfResult   *result = sf_result_begin(fcinfo);
	ListCell   *lc;

	foreach(lc, sf_lint_rows(sf_text_arg(fcinfo, 0, "sql")))
	{
		const SfLintRow *row = lfirst(lc);
		char	   *values[] = {psprintf("%d", row->line), psprintf("%d", row->column), unconstify(char *, row->rule),
		unconstify(char *, row->level), row->object, row->message, row->detail, row->recipe};

		sf_result_put(result, values);
	}
	return (Datum) 0;
}
