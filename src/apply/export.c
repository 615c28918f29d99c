/*
 * export.c - a migration as the text of a file, and back (history.h).
 *
 * The file is JSON with one thing a line, so that version control shows what changed.  Its revision is checked against
 * its content; a file that was edited is refused.  Nothing is stored here.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "apply/history.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"

#define FILE_FORMAT	1

/* ---- out ---- */

static void
put_key(StringInfo out, const char *indent, const char *key)
{
	appendStringInfo(out, "%s%s\"%s\": ", out->data[out->len - 1] == '{' ? "\n" : ",\n", indent, key);
}

static void
put_text(StringInfo out, const char *indent, const char *key, const char *value)
{
	put_key(out, indent, key);
	if (value)
		escape_json(out, value);
	else
		appendStringInfoString(out, "null");
}

static void
put_raw(StringInfo out, const char *indent, const char *key, const char *value)
{
	put_key(out, indent, key);
	appendStringInfoString(out, value);
}

/* An array of texts, one a line. */
static void
put_texts(StringInfo out, const char *indent, const char *key, List *values)
{
	const char *separator = "";
	ListCell   *lc;

	put_key(out, indent, key);
	appendStringInfoChar(out, '[');
	foreach(lc, values)
	{
		appendStringInfo(out, "%s\n%s  ", separator, indent);
		escape_json(out, lfirst(lc));
		separator = ",";
	}
	appendStringInfoString(out, values ? psprintf("\n%s]", indent) : "]");
}

static void
put_steps(StringInfo out, const char *key, List *steps)
{
	const char *in = "      ";
	ListCell   *lc;

	put_key(out, "  ", key);
	appendStringInfoChar(out, '[');
	foreach(lc, steps)
	{
		const SfStep *step = lfirst(lc);
		char		class[2] = {step->class, '\0'};

		appendStringInfo(out, "%s\n    {", lc == list_head(steps) ? "" : ",");
		put_raw(out, in, "n", psprintf("%d", step->n));
		put_text(out, in, "phase", step->phase);
		put_text(out, in, "class", class);
		put_raw(out, in, "transaction", psprintf("%d", step->transaction));
		put_text(out, in, "sql", step->portable);
		put_text(out, in, "object", step->object);
		put_text(out, in, "lock", step->lock);
		put_text(out, in, "lock_table", step->lock_table);
		put_raw(out, in, "rewrites", step->rewrites ? "true" : "false");
		put_raw(out, in, "scans", step->scans ? "true" : "false");
		put_raw(out, in, "loses_data", step->loses_data ? "true" : "false");
		put_raw(out, in, "needs_rows_estimate",
				step->needs_rows_estimate < 0 ? "null" : psprintf(INT64_FORMAT, step->needs_rows_estimate));
		put_text(out, in, "why", step->why);
		if (step->archive)
			put_text(out, in, "archive", step->archive);
		appendStringInfoString(out, "\n    }");
	}
	appendStringInfoString(out, steps ? "\n  ]" : "]");
}

static List *
lines_of(const char *text)
{
	char	   *rest = pstrdup(text);
	List	   *lines = NIL;

	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		lines = lappend(lines, line);
	return lines;
}

char *
sf_migration_export(const SfMigration *m)
{
	StringInfoData out;
	List	   *parents = NIL;

	for (int i = 0; i < m->nparents; i++)
		parents = lappend(parents, m->parents[i]);
	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	put_raw(&out, "  ", "schemaflow", psprintf("%d", FILE_FORMAT));
	put_text(&out, "  ", "revision", m->revision);
	put_texts(&out, "  ", "parents", parents);
	put_text(&out, "  ", "message", m->message);
	put_text(&out, "  ", "summary", m->summary);
	put_text(&out, "  ", "owner", m->owner); /* not a kind */
	put_text(&out, "  ", "search_path", m->search_path);
	put_raw(&out, "  ", "format", psprintf("%d", m->format));
	put_raw(&out, "  ", "major", psprintf("%d", m->major));
	put_text(&out, "  ", "from_hash", m->from_hash);
	put_text(&out, "  ", "to_hash", m->to_hash);
	put_steps(&out, "up", m->steps[SF_UP]);
	put_steps(&out, "down", m->steps[SF_DOWN]);
	put_texts(&out, "  ", "state", lines_of(m->state));
	appendStringInfoString(&out, "\n}\n");
	return out.data;
}

/* ---- in ---- */

static void
refuse(const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("the text is not an exported migration"),
			 errdetail("%s", why),
			 errhint("Give the whole text that SELECT sf_export(revision) printed.")));
}

/* A cell that must be there. */
static char *
need(const SfRows *rows, int r, int c)
{
	char	   *value = sf_cell(rows, r, c);

	if (value == NULL)
		refuse(psprintf("It has no \"%s\".", rows->colnames[c]));
	return value;
}

/* A syntax error is in the step, not in the query that called us. */
static void
in_step(void *sql)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(sql);
	}
}

static List *
parse_step(const SfStep *step)
{
	ErrorContextCallback callback = {error_context_stack, in_step, step->sql};
	List	   *statements;

	error_context_stack = &callback;
	statements = raw_parser(step->sql, RAW_PARSE_DEFAULT);
	error_context_stack = callback.previous;
	return statements;
}

/*
 * One statement, and none that ends the transaction or changes what the script has set up: the mark must commit with
 * the effect, and the step must run as the owner.
 */
static void
check_step(const SfStep *step)
{
	List	   *statements = parse_step(step);
	Node	   *statement = list_length(statements) == 1 ? linitial_node(RawStmt, statements)->stmt : NULL;

	if (statement == NULL)
		refuse(psprintf("Step %d is not one statement.", step->n));
	if (IsA(statement, TransactionStmt) || IsA(statement, VariableSetStmt) || IsA(statement, DiscardStmt))
		refuse(psprintf("Step %d changes the transaction or the session: %s.", step->n, step->sql));
	if (strchr("TNBG", step->class) == NULL || !sf_is_phase(step->phase))
		refuse(psprintf("Step %d is of a class or phase that this version does not know.", step->n));
}

static List *
read_steps(const char *text, const char *direction)
{
	const char *args[] = {text, direction};
	SfRows	   *rows = sf_query("SELECT n, phase, class, transaction, sql, object, rewrites, scans, loses_data, lock, "
								"lock_table, needs_rows_estimate, why, archive "
								"FROM json_to_recordset($1::json -> $2) AS s(n integer, phase text, class text, "
								"transaction integer, sql text, object text, lock text, lock_table text, "
								"rewrites boolean, scans boolean, loses_data boolean, "
								"needs_rows_estimate bigint, why text, archive text)", 2, args);
	List	   *steps = NIL;

	for (int i = 0; i < rows->nrows; i++)
	{
		SfStep	   *step = palloc0(sizeof(SfStep));

		step->n = pg_strtoint32(need(rows, i, 0));
		step->phase = need(rows, i, 1);
		step->class = need(rows, i, 2)[0];
		step->transaction = pg_strtoint32(need(rows, i, 3));
		step->sql = step->portable = need(rows, i, 4);
		step->object = need(rows, i, 5);
		step->rewrites = need(rows, i, 6)[0] == 't';
		step->scans = need(rows, i, 7)[0] == 't';
		step->loses_data = need(rows, i, 8)[0] == 't';
		step->lock = sf_cell(rows, i, 9);
		step->lock_table = sf_cell(rows, i, 10);
		step->needs_rows_estimate = sf_cell(rows, i, 11) ? pg_strtoint64(sf_cell(rows, i, 11)) : -1;
		step->why = sf_cell(rows, i, 12);
		step->archive = sf_cell(rows, i, 13);
		check_step(step);
		steps = lappend(steps, step);
	}
	return steps;
}

/* Hex digits of full length and nothing else: they go into texts as they are. */
static void
check_revision(const char *revision)
{
	if (strlen(revision) != SF_REVISION_LEN || strspn(revision, "0123456789abcdef") != SF_REVISION_LEN)
		refuse(psprintf("\"%s\" is not a revision.", revision));
}

SfMigration *
sf_migration_import(const char *text)
{
	const char *args[] = {text};
	int			pins = sf_pins_enter();
	SfRows	   *rows;
	SfMigration *m = palloc0(sizeof(SfMigration));
	char	   *content;

	if (text[strspn(text, " \t\r\n")] != '{')
		refuse("It is not JSON.");
	/* json, not jsonb: the texts must come back as they are */
	rows = sf_query("SELECT m.schemaflow, m.revision, m.message, m.summary, m.owner, m.search_path, m.format, m.major, "
					"m.from_hash, m.to_hash, "
					"ARRAY(SELECT json_array_elements_text($1::json -> 'parents')) AS parents, "
					"array_to_string(ARRAY(SELECT json_array_elements_text($1::json -> 'state')), E'\\n') AS state "
					"FROM json_to_record($1::json) AS m(schemaflow integer, revision text, message text, summary text, "
					"owner text, search_path text, format integer, major integer, from_hash text, to_hash text)",
						1, args);
	if (pg_strtoint32(need(rows, 0, 0)) != FILE_FORMAT)
		refuse(psprintf("It has file format %s; this version reads %d.", need(rows, 0, 0), FILE_FORMAT));
	m->revision = need(rows, 0, 1);
	m->message = need(rows, 0, 2);
	m->summary = need(rows, 0, 3);
	m->owner = need(rows, 0, 4);
	m->search_path = need(rows, 0, 5);
	m->format = pg_strtoint32(need(rows, 0, 6));
	m->major = pg_strtoint32(need(rows, 0, 7));
	m->from_hash = need(rows, 0, 8);
	m->to_hash = need(rows, 0, 9);
	m->nparents = sf_text_array_in(need(rows, 0, 10), &m->parents);
	m->state = need(rows, 0, 11);
	m->imported = true;
	m->steps[SF_UP] = read_steps(text, "up");
	m->steps[SF_DOWN] = read_steps(text, "down");
	sf_pins_leave(pins);
	check_revision(m->revision);
	for (int i = 0; i < m->nparents; i++)
		check_revision(m->parents[i]);
	content = sf_migration_revision(m);
	if (strcmp(content, m->revision) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the file of revision \"%s\" was edited", m->revision),
				 errdetail("Its content gives revision \"%s\".", content),
				 errhint("Migrations are immutable: change the model and plan another one, "
						 "SELECT sf_plan_migration('...').")));
	sf_migration_resolve(m);
	return m;
}
