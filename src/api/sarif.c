/*
 * sarif.c - sf_lint()'s rows for CI: sf_lint_json(), and SARIF 2.1.0, which code hosts show beside the lines.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "api/define.h"
#include "api/lint.h"

PG_FUNCTION_INFO_V1(sf_lint_json);
PG_FUNCTION_INFO_V1(sf_lint_sarif);

/* A comma, unless it is the first in its list or object. */
static void
separate(StringInfo json)
{
	if (json->len > 0 && strchr("{[,:", json->data[json->len - 1]) == NULL)
		appendStringInfoChar(json, ',');
}

static void
put(StringInfo json, const char *name, const char *value)
{
	separate(json);
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
	foreach(lc, sf_lint_rows(sf_text_arg(fcinfo, 0, "sql")))
	{
		const SfLintRow *row = lfirst(lc);

		separate(&json);
		appendStringInfo(&json, "{\"line\":%d,\"column\":%d", row->line, row->column);
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

/* ---- SARIF ---- */

/* What SARIF calls our levels. */
static const char *
level_of(SfLevel level)
{
	static const char *const levels[] = {[SF_LEVEL_OFF] = "none", [SF_LEVEL_WARN] = "warning",
										 [SF_LEVEL_ENFORCE] = "error"};

	return levels[level];
}

static void
put_rule(StringInfo json, const char *name, const char *summary, SfLevel level)
{
	separate(json);
	appendStringInfoChar(json, '{');
	put(json, "id", name);
	appendStringInfoString(json, ",\"shortDescription\":{");
	put(json, "text", summary);
	appendStringInfoString(json, "},\"defaultConfiguration\":{");
	put(json, "level", level_of(level));
	appendStringInfoString(json, "}}");
}

/* The guard's rules, then those about the text; ruleIndex counts them so. */
static void
put_rules(StringInfo json)
{
	appendStringInfoString(json, ",\"rules\":[");
	for (int i = 0; i < sf_nrules; i++)
		put_rule(json, sf_rules[i].name, sf_rules[i].summary, sf_rules[i].level);
	for (int i = 0; i < sf_ntext_rules; i++)
		put_rule(json, sf_text_rules[i].name, sf_text_rules[i].summary, sf_text_rules[i].level);
	appendStringInfoChar(json, ']');
}

static int
index_of(const char *name)
{
	const SfRule *rule = sf_rule_find(name);
	int			i = 0;

	if (rule)
		return rule - sf_rules;
	while (strcmp(sf_text_rules[i].name, name) != 0)
		i++;
	return sf_nrules + i;
}

/* A path as a URI; what is one already stays. */
static char *
uri_of(const char *file)
{
	StringInfoData uri;

	initStringInfo(&uri);
	if (strstr(file, "://"))
		appendStringInfoString(&uri, file);
	else
		for (; *file; file++)
			if (isalnum((unsigned char) *file) || strchr("-._~/", *file))
				appendStringInfoChar(&uri, *file);
			else
				appendStringInfo(&uri, "%%%02X", (unsigned char) *file);
	return uri.data;
}

static void
put_result(StringInfo json, const SfLintRow *row, const char *uri)
{
	SfLevel		level = SF_LEVEL_WARN;

	(void) sf_level_parse(row->level, &level);
	separate(json);
	appendStringInfoChar(json, '{');
	put(json, "ruleId", row->rule);
	appendStringInfo(json, ",\"ruleIndex\":%d", index_of(row->rule));
	put(json, "level", level_of(level));
	appendStringInfoString(json, ",\"message\":{");
	put(json, "text", psprintf("%s%s%s%s%s", row->message, row->detail ? "\n" : "", row->detail ? row->detail : "",
							   row->recipe ? "\n" : "", row->recipe ? row->recipe : ""));
	appendStringInfoString(json, "},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{");
	put(json, "uri", uri);
	appendStringInfo(json, "},\"region\":{\"startLine\":%d,\"startColumn\":%d}}}]}", row->line, row->column);
}

Datum
sf_lint_sarif(PG_FUNCTION_ARGS)
{
	char	   *uri = uri_of(sf_text_arg(fcinfo, 1, "file"));
	StringInfoData json;
	ListCell   *lc;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"version\":\"2.1.0\","
						   "\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"runs\":[{"
						   "\"columnKind\":\"unicodeCodePoints\",\"tool\":{\"driver\":{\"name\":\"schemaflow\"");
	put(&json, "semanticVersion", SF_VERSION);
	put_rules(&json);
	appendStringInfoString(&json, "}},\"results\":[");
	foreach(lc, sf_lint_rows(sf_text_arg(fcinfo, 0, "sql")))
		put_result(&json, lfirst(lc), uri);
	appendStringInfoString(&json, "]}]}");
	PG_RETURN_DATUM(as_jsonb(&json));
}
