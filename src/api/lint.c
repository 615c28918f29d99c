/*
 * lint.c - SQL entry points of the guard's rules: their settings, and sf_lint() over a text.
 *
 * Comments of the text may take findings back: "-- schemaflow-ignore rule, rule: reason" before or beside the
 * statement; and what squawk accepts, "-- squawk-ignore" and "-- squawk-ignore-file", with squawk's names.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "api/define.h"
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
PG_FUNCTION_INFO_V1(sf_lint_json);
PG_FUNCTION_INFO_V1(sf_lint_sarif);

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

/* ---- what comments take back ---- */

/* A comment that takes findings back. */
typedef struct Ignore
{
	int			from;			/* where it counts: the statement that it stands before or in; -1: everywhere */
	int			until;
	bool		alone;			/* on its line, so that it speaks of what comes */
	List	   *rules;			/* of char *: ours; NIL: all */
} Ignore;

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

/* NULL: the comment is none of these. */
static Ignore *
read_ignore(const SfComment *comment)
{
	const char *body = comment->body + strspn(comment->body, " \t");
	bool		ours = strncmp(body, "schemaflow-ignore", 17) == 0;
	bool		file = strncmp(body, "squawk-ignore-file", 18) == 0;
	Ignore	   *ignore;
	const char *rest;
	List	   *names;
	ListCell   *lc;

	if (!ours && strncmp(body, "squawk-ignore", 13) != 0)
		return NULL;
	ignore = palloc0(sizeof(Ignore));
	names = names_in(body + (ours ? 17 : file ? 18 : 13), &rest);
	ignore->from = file ? -1 : comment->offset;
	ignore->until = comment->end;
	ignore->alone = comment->alone;
	/* Ours say why, else they do not count. */
	if (ours && (names == NIL || *rest != ':' || rest[1 + strspn(rest + 1, " \t")] == '\0'))
		return NULL;
	foreach(lc, names)
		ignore->rules = list_concat(ignore->rules, ours ? list_make1(lfirst(lc)) : sf_squawk_rules(lfirst(lc)));
	/* A name that stands for nothing of ours takes nothing back. */
	if (names && ignore->rules == NIL)
		return NULL;
	return ignore;
}

static List *
read_ignores(const SfText *text)
{
	List	   *ignores = NIL;
	ListCell   *lc;

	foreach(lc, text->comments)
	{
		Ignore	   *ignore = read_ignore(lfirst(lc));

		if (ignore)
			ignores = lappend(ignores, ignore);
	}
	return ignores;
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
is_ignored(List *ignores, const SfScriptFinding *one, const SfText *text)
{
	ListCell   *lc,
			   *ln;

	foreach(lc, ignores)
	{
		const Ignore *ignore = lfirst(lc);

		if (!counts_for(ignore, one, text))
			continue;
		if (ignore->rules == NIL)
			return true;
		foreach(ln, ignore->rules)
			if (strcmp(lfirst(ln), one->finding->rule->name) == 0)
				return true;
	}
	return false;
}

/* ---- rows ---- */

/* As sf_lint() has it. */
typedef struct Row
{
	int			line;
	int			column;
	const char *rule;
	const char *level;
	char	   *object;
	char	   *message;
	char	   *detail;
	char	   *recipe;
} Row;

static void
place(Row *row, const char *text, int offset)
{
	int			start = offset;

	row->line = 1;
	for (int i = 0; i < offset && text[i]; i++)
		row->line += text[i] == '\n';
	while (start > 0 && text[start - 1] != '\n')
		start--;
	row->column = 1 + pg_mbstrlen_with_len(text + start, offset - start);
}

/* The error of a text that cannot be read. */
static Row *
error_row(const char *text, const ErrorData *error)
{
	Row		   *row = palloc0(sizeof(Row));
	int			offset = 0;

	/* The parser counts characters. */
	for (int n = 1; n < error->cursorpos && text[offset]; n++)
		offset += pg_mblen(text + offset);
	place(row, text, offset);
	row->rule = "syntax_error";
	row->level = "enforce";
	row->message = error->message;
	row->detail = error->detail;
	row->recipe = error->hint;
	return row;
}

typedef struct Lint
{
	char	   *sql;
	List	   *rows;			/* the result, of Row */
} Lint;

/* Argument of sf_attempt(). */
static void
judge(void *arg)
{
	Lint	   *lint = arg;
	SfText	   *text = sf_text_read(NULL, lint->sql);
	List	   *ignores = read_ignores(text);
	ListCell   *lc;

	foreach(lc, sf_guard_script(text->code))
	{
		const SfScriptFinding *one = lfirst(lc);
		Row		   *row;

		if (is_ignored(ignores, one, text))
			continue;
		row = palloc0(sizeof(Row));
		place(row, lint->sql, one->finding->location);
		row->rule = one->finding->rule->name;
		row->level = sf_level_name(sf_rule_level(one->finding->rule));
		row->object = one->finding->object;
		row->message = one->finding->message;
		row->detail = one->finding->detail;
		row->recipe = one->finding->recipe ? sf_join(one->finding->recipe, "\n") : NULL;
		lint->rows = lappend(lint->rows, row);
	}
}

/* Of Row.  What cannot be parsed is a finding, too. */
static List *
lint(char *sql)
{
	Lint		lint = {sql, NIL};
	ErrorData  *error = sf_attempt(judge, &lint);

	if (error && !sf_not_understood(error))
		ReThrowError(error);
	return error ? list_make1(error_row(sql, error)) : lint.rows;
}

Datum
sf_lint(PG_FUNCTION_ARGS)
{
	SfResult   *result = sf_result_begin(fcinfo);
	ListCell   *lc;

	foreach(lc, lint(sf_text_arg(fcinfo, 0, "sql")))
	{
		const Row  *row = lfirst(lc);
		char	   *values[] = {psprintf("%d", row->line), psprintf("%d", row->column), unconstify(char *, row->rule),
		unconstify(char *, row->level), row->object, row->message, row->detail, row->recipe};

		sf_result_put(result, values);
	}
	return (Datum) 0;
}

/* ---- JSON ---- */

static void
put(StringInfo json, const char *name, const char *value)
{
	if (json->len > 0 && strchr("{[,", json->data[json->len - 1]) == NULL)
		appendStringInfoChar(json, ',');
	escape_json(json, name);
	appendStringInfoChar(json, ':');
	if (value)
		escape_json(json, value);
	else
		appendStringInfoString(json, "null");
}

static Datum
as_jsonb(const StringInfoData *json)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json->data));
}

Datum
sf_lint_json(PG_FUNCTION_ARGS)
{
	StringInfoData json;
	ListCell   *lc;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	foreach(lc, lint(sf_text_arg(fcinfo, 0, "sql")))
	{
		const Row  *row = lfirst(lc);

		appendStringInfo(&json, "%s{\"line\":%d,\"column\":%d", json.len > 1 ? "," : "", row->line, row->column);
		put(&json, "rule", row->rule);	/* not a kind */
		put(&json, "level", row->level);
		put(&json, "object", row->object);
		put(&json, "message", row->message);
		put(&json, "detail", row->detail);
		put(&json, "recipe", row->recipe);
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, ']');
	PG_RETURN_DATUM(as_jsonb(&json));
}

static void
put_sarif_rules(StringInfo json)
{
	appendStringInfoString(json, "\"rules\":[");
	for (int i = 0; i < sf_nrules; i++)
	{
		appendStringInfoString(json, i ? ",{" : "{");
		put(json, "id", sf_rules[i].name);
		appendStringInfoString(json, ",\"shortDescription\":{");
		put(json, "text", sf_rules[i].summary);
		appendStringInfoString(json, "}}");
	}
	appendStringInfoChar(json, ']');
}

static void
put_sarif_result(StringInfo json, const Row *row, const char *file)
{
	appendStringInfoChar(json, '{');
	put(json, "ruleId", row->rule);
	put(json, "level", strcmp(row->level, "enforce") == 0 ? "error" : "warning");
	appendStringInfoString(json, ",\"message\":{");
	put(json, "text", psprintf("%s%s%s%s%s", row->message, row->detail ? "\n" : "", row->detail ? row->detail : "",
							   row->recipe ? "\n" : "", row->recipe ? row->recipe : ""));
	appendStringInfoString(json, "},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{");
	put(json, "uri", file);
	appendStringInfo(json, "},\"region\":{\"startLine\":%d,\"startColumn\":%d}}}]}", row->line, row->column);
}

Datum
sf_lint_sarif(PG_FUNCTION_ARGS)
{
	char	   *file = sf_text_arg(fcinfo, 1, "file");
	StringInfoData json;
	bool		any = false;
	ListCell   *lc;

	initStringInfo(&json);
	appendStringInfoString(&json,
						   "{\"version\":\"2.1.0\",\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
						   "\"runs\":[{\"tool\":{\"driver\":{\"name\":\"schemaflow\",");
	put_sarif_rules(&json);
	appendStringInfoString(&json, "}},\"results\":[");
	foreach(lc, lint(sf_text_arg(fcinfo, 0, "sql")))
	{
		if (any)
			appendStringInfoChar(&json, ',');
		put_sarif_result(&json, lfirst(lc), file);
		any = true;
	}
	appendStringInfoString(&json, "]}]}");
	PG_RETURN_DATUM(as_jsonb(&json));
}
