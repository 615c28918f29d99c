/*
 * print.c - migrations as people read them (print.h).
 *
 * What is printed is SQL with comments.  It is for reading: sf_script() prints what is to be run.  Lines that are too
 * long are broken at blanks outside of quotes, so that the SQL stays what it is.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "api/print.h"
#include "lib/text.h"

#define INDENT	"  "

/* ---- SQL broken into lines ---- */

/* The end of the quoted thing that begins at p: '...', "...", $tag$...$tag$, -- ...; p itself when none does. */
static const char *
skip_quoted(const char *p)
{
	const char *end;
	int			tag;

	if (*p == '\'' || *p == '"')
	{
		end = strchr(p + 1, *p);
		return end ? end + 1 : p + strlen(p);
	}
	if (p[0] == '-' && p[1] == '-')
		return p + strcspn(p, "\n");
	if (*p != '$')
		return p;
	tag = 1 + strcspn(p + 1, "$ \t\n'\"()");
	if (p[tag] != '$' || (p[1] >= '0' && p[1] <= '9'))
		return p;
	end = strstr(p + tag + 1, pnstrdup(p, tag + 1));
	return end ? end + tag + 1 : p + strlen(p);
}

/* Append one statement; its own line ends stay. */
static List *
put_sql(List *lines, const char *sql)
{
	const char *indent = INDENT;
	const char *start = sql,	/* of the line that is being filled */
			   *blank = NULL;	/* the last place in it where it may be broken */

	for (const char *p = sql; *p;)
	{
		const char *next = skip_quoted(p);

		if (next == p)
		{
			if (*p == '\n')
			{
				lines = lappend(lines, psprintf("%s%s", indent, pnstrdup(start, p - start)));
				start = p + 1;
				blank = NULL;
				indent = INDENT;
			}
			else if (*p == ' ' && p > start)
				blank = p;
			next = p + 1;
		}
		else
			for (const char *q = p; q < next; q++)
				if (*q == '\n')
				{
					lines = lappend(lines, psprintf("%s%s", start == sql ? indent : "", pnstrdup(start, q - start)));
					start = q + 1;
					blank = NULL;
					indent = "";	/* inside a quoted text: as it is */
				}
		p = next;
		if (blank && (int) strlen(indent) + (p - start) >= SF_PRINT_WIDTH)
		{
			lines = lappend(lines, psprintf("%s%s", indent, pnstrdup(start, blank - start)));
			start = blank + 1;
			blank = NULL;
			indent = INDENT INDENT INDENT;
		}
	}
	return lappend(lines, psprintf("%s%s;", indent, start));
}

/* ---- comments broken into lines ---- */

/* first: what the first line begins with, others the rest. */
static List *
put_wrapped(List *lines, const char *first, const char *others, const char *text)
{
	const char *head = first;

	for (;;)
	{
		int			room = SF_PRINT_WIDTH - strlen(head);
		int			len = strcspn(text, "\n");

		if (len > room)
		{
			int			blank = room;

			while (blank > 0 && text[blank] != ' ')
				blank--;
			len = blank > 0 ? blank : (int) strcspn(text, " \n");
		}
		lines = lappend(lines, psprintf("%s%s", head, pnstrdup(text, len)));
		text += len;
		if (*text == '\0')
			return lines;
		text++;
		head = others;
	}
}

List *
sf_print_notes(List *lines, const char *heading, List *paragraphs)
{
	ListCell   *lc;

	if (paragraphs == NIL)
		return lines;
	lines = lappend(lines, "");
	lines = put_wrapped(lines, "-- ", "-- ", heading);
	foreach(lc, paragraphs)
		lines = put_wrapped(lines, "--   ", "--     ", lfirst(lc));
	return lines;
}

/* ---- a migration ---- */

static const char *
plural(int64 n, const char *noun)
{
	return psprintf(INT64_FORMAT " %s%s", n, noun, n == 1 ? "" : "s");
}

static char *
about_rows(const SfStep *step)
{
	return step->needs_rows_estimate < 0 ? "" : psprintf(" (about %s)", plural(step->needs_rows_estimate, "row"));
}

/* What a step costs, NULL when it costs nothing. */
static char *
cost_of(const SfStep *step)
{
	List	   *notes = NIL;

	if (step->loses_data)
		notes = lappend(notes, "LOSES DATA");
	if (step->lock)
		notes = lappend(notes, step->lock_table ? psprintf("%s on %s", step->lock, step->lock_table) :
						pstrdup(step->lock));
	if (step->rewrites)
		notes = lappend(notes, psprintf("rewrites it%s", about_rows(step)));
	else if (step->scans)
		notes = lappend(notes, psprintf("reads all of it%s", about_rows(step)));
	if (step->why)
		notes = lappend(notes, step->why);
	return notes ? sf_join(notes, "; ") : NULL;
}

static List *
put_step(List *lines, const SfStep *step)
{
	char	   *cost = cost_of(step);
	char	   *last;

	lines = put_sql(lines, step->sql);
	if (cost == NULL)
		return lines;
	last = llast(lines);
	if (strlen(last) + strlen(cost) + 5 <= SF_PRINT_WIDTH && strchr(step->sql, '\n') == NULL)
	{
		llast(lines) = psprintf("%s  -- %s", last, cost);
		return lines;
	}
	return put_wrapped(lines, INDENT INDENT "-- ", INDENT INDENT "--   ", cost);
}

/* "-- text -----------..." over the whole width. */
static char *
ruler(const char *text)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "-- %s ", text);
	while (out.len < SF_PRINT_WIDTH)
		appendStringInfoChar(&out, '-');
	return out.data;
}

static List *
put_steps(List *lines, List *steps)
{
	const SfStep *last = NULL;
	ListCell   *lc;

	if (steps == NIL)
		return lappend(lines, "-- nothing to run");
	foreach(lc, steps)
	{
		const SfStep *step = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (last == NULL || last->transaction != step->transaction)
		{
			if (last)
				lines = lappend(lines, "");
			lines = lappend(lines, psprintf("-- %d %s%s", step->transaction, sf_phase_of(steps, lc),
											step->class == 'N' ? ", outside of a transaction" :
											step->class == 'B' ? ", in batches" : ""));
		}
		lines = put_step(lines, step);
		last = step;
	}
	return lines;
}

/* "4 steps in 3 transactions, 1 outside; rewrites public.t; loses data: column public.t.c" */
static char *
overview(const SfMigration *m, SfDirection direction)
{
	List	   *steps = m->steps[direction],
			   *rewritten = NIL,
			   *lost = NIL,
			   *archived = NIL,
			   *parts = NIL;
	int			outside = 0,
				transactions = sf_transactions(m, direction);
	ListCell   *lc;

	foreach(lc, steps)
	{
		const SfStep *step = lfirst(lc);

		outside += step->class == 'N';
		if (step->rewrites && step->lock_table && !sf_list_has(rewritten, step->lock_table))
			rewritten = lappend(rewritten, step->lock_table);
		if (step->loses_data)
			lost = lappend(lost, step->object);
		if (step->archive)
			archived = lappend(archived, step->object);
	}
	parts = lappend(parts, psprintf("%s in %s%s", plural(list_length(steps), "step"),
									plural(transactions - outside, "transaction"),
									outside ? psprintf(" and %d outside", outside) : ""));
	if (rewritten)
		parts = lappend(parts, psprintf("rewrites %s", sf_join(rewritten, ", ")));
	if (archived)
		parts = lappend(parts, psprintf("%s %s", direction == SF_UP ? "archives" : "brings back",
										sf_join(archived, ", ")));
	parts = lappend(parts, lost ? psprintf("LOSES DATA: %s", sf_join(lost, ", ")) : "loses no data");
	return sf_join(parts, "; ");
}

static List *
put_field(List *lines, const char *name, const char *value)
{
	return put_wrapped(lines, psprintf("--   %-8s", name), "--           ", value);
}

List *
sf_print_migration(const SfMigration *m, const char *state)
{
	List	   *lines = NIL,
			   *parents = NIL;
	char	   *from;

	for (int i = 0; i < m->nparents; i++)
		parents = lappend(parents, m->parents[i]);
	from = parents ? sf_join(parents, ", ") : "base";
	lines = put_wrapped(lines, psprintf("-- Migration %s: ", m->revision), "-- ", m->message);
	lines = put_field(lines, "parent", from);
	lines = put_field(lines, "owner", m->owner);	/* not a kind */
	lines = put_field(lines, "state", state);
	lines = put_field(lines, "does", m->summary);
	for (SfDirection d = SF_UP; d <= SF_DOWN; d++)
		lines = put_field(lines, sf_direction_name(d), overview(m, d));
	lines = lappend(lines, "");
	lines = lappend(lines, ruler("up"));
	lines = put_steps(lines, m->steps[SF_UP]);
	lines = lappend(lines, "");
	lines = lappend(lines, ruler(psprintf("down, back to %s", from)));
	return put_steps(lines, m->steps[SF_DOWN]);
}
