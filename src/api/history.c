/*
 * history.c - SQL entry points: where this database stands among its migrations, and what a script asks and marks.
 *
 * Protocol: what writes takes sf_history_lock() first (apply/history.h); the rest reads without locks.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "api/define.h"
#include "api/print.h"
#include "api/result.h"
#include "apply/journal.h"
#include "apply/version_schema.h"
#include "lib/text.h"

#define MESSAGE_WIDTH	36		/* of a listing that is 100 columns wide */

PG_FUNCTION_INFO_V1(sf_current);
PG_FUNCTION_INFO_V1(sf_heads);
PG_FUNCTION_INFO_V1(sf_history);
PG_FUNCTION_INFO_V1(sf_steps);
PG_FUNCTION_INFO_V1(sf_show);
PG_FUNCTION_INFO_V1(sf_stamp);
PG_FUNCTION_INFO_V1(sf_export);
PG_FUNCTION_INFO_V1(sf_import);
PG_FUNCTION_INFO_V1(sf_check_start);
PG_FUNCTION_INFO_V1(sf_check_end);
PG_FUNCTION_INFO_V1(sf_pending);
PG_FUNCTION_INFO_V1(sf_leftovers);
PG_FUNCTION_INFO_V1(sf_mark);

SfDirection
sf_direction_arg(FunctionCallInfo fcinfo, int n)
{
	char	   *direction = sf_text_arg(fcinfo, n, "direction");

	for (SfDirection d = SF_UP; d <= SF_DOWN; d++)
		if (strcmp(direction, sf_direction_name(d)) == 0)
			return d;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is not a direction", direction),
			 errhint("Write 'up' or 'down'.")));
	return SF_UP;				/* not reached */
}

/* The revision that the argument names. */
static SfRevision *
revision_arg(FunctionCallInfo fcinfo, int n)
{
	return sf_revision_named(sf_revisions(), sf_text_arg(fcinfo, n, "revision"));
}

/* What fits into a listing; the whole message is in sf_show(). */
static char *
shortened(const char *message)
{
	int			len = pg_mbcharcliplen(message, strlen(message), MESSAGE_WIDTH);
	char	   *line = pnstrdup(message, len);

	line[strcspn(line, "\r\n")] = '\0';
	if (strlen(line) == strlen(message))
		return line;
	return psprintf("%s...", pnstrdup(line, pg_mbcharcliplen(line, strlen(line), MESSAGE_WIDTH - 3)));
}

/* ---- listings ---- */

static Datum
list_revisions(FunctionCallInfo fcinfo, List *revisions)
{
	SfResult   *result = sf_result_begin(fcinfo);
	ListCell   *lc;

	foreach(lc, revisions)
	{
		SfRevision *r = lfirst(lc);
		char	   *values[] = {r->revision, shortened(r->message), sf_is_applied(r) ? r->done_at : NULL,
		sf_is_applied(r) ? r->done_by : NULL};

		sf_result_put(result, values);
	}
	return (Datum) 0;
}

Datum
sf_current(PG_FUNCTION_ARGS)
{
	return list_revisions(fcinfo, sf_revisions_current(sf_revisions()));
}

Datum
sf_heads(PG_FUNCTION_ARGS)
{
	return list_revisions(fcinfo, sf_revisions_heads(sf_revisions()));
}

/*
 * A line of the tree: a column for each line of descent that is open here; lanes holds the revision that each waits
 * for.
 */
static char *
tree_line(List **lanes, const SfRevision *r, char mark)
{
	StringInfoData out;
	List	   *next = NIL;
	bool		drawn = false;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, *lanes)
	{
		char	   *waits_for = lfirst(lc);
		bool		ours = strcmp(waits_for, r->revision) == 0;

		appendStringInfo(&out, "%s%c", out.len > 0 ? " " : "", ours && !drawn ? mark : '|');
		if (!ours)
			next = lappend(next, waits_for);
		else if (!drawn)
			for (int i = 0; i < r->nparent_names; i++)
				next = lappend(next, r->parent_names[i]);
		drawn = drawn || ours;
	}
	if (!drawn)
	{
		appendStringInfo(&out, "%s%c", out.len > 0 ? " " : "", mark);
		for (int i = 0; i < r->nparent_names; i++)
			next = lappend(next, r->parent_names[i]);
	}
	*lanes = next;
	return out.data;
}

Datum
sf_history(PG_FUNCTION_ARGS)
{
	bool		all = !PG_ARGISNULL(0) && PG_GETARG_BOOL(0);
	SfResult   *result = sf_result_begin(fcinfo);
	List	   *revisions = sf_revisions(),
			   *current = sf_revisions_current(revisions),
			   *lanes = NIL;

	for (int i = list_length(revisions) - 1; i >= 0; i--)
	{
		SfRevision *r = list_nth(revisions, i);
		char		mark = list_member_ptr(current, r) ? '*' : sf_is_partly(r) ? '~' : sf_is_applied(r) ? 'o' :
			r->superseded ? 'x' : '.';
		char	   *values[] = {NULL, r->revision, shortened(r->message), sf_revision_state(r),
		sf_is_applied(r) || sf_is_partly(r) ? r->done_at : r->planned_at};

		if (r->superseded && !all && !sf_is_applied(r) && !sf_is_partly(r))
			continue;
		values[0] = tree_line(&lanes, r, mark);
		sf_result_put(result, values);
	}
	return (Datum) 0;
}

Datum
sf_steps(PG_FUNCTION_ARGS)
{
	SfMigration *m = sf_migration_load(revision_arg(fcinfo, 0)->revision);
	SfDirection direction = sf_direction_arg(fcinfo, 1);
	SfResult   *result = sf_result_begin(fcinfo);
	ListCell   *lc;

	foreach(lc, m->steps[direction])
	{
		SfStep	   *s = lfirst(lc);
		char		class[2] = {s->class, '\0'};
		char	   *values[] = {psprintf("%d", s->n), pstrdup(s->phase), class, psprintf("%d", s->transaction), s->sql,
			s->object, s->lock ? pstrdup(s->lock) : NULL, s->lock_table, s->rewrites ? "t" : "f", s->scans ? "t" : "f",
			s->loses_data ? "t" : "f",
		s->needs_rows_estimate < 0 ? NULL : psprintf(INT64_FORMAT, s->needs_rows_estimate), s->why, s->archive};

		sf_result_put(result, values);
	}
	return (Datum) 0;
}

Datum
sf_show(PG_FUNCTION_ARGS)
{
	SfRevision *r = revision_arg(fcinfo, 0);

	return sf_result_lines(fcinfo, sf_print_migration(sf_migration_load(r->revision), sf_revision_state(r)));
}

/* ---- what changes the history ---- */

Datum
sf_stamp(PG_FUNCTION_ARGS)
{
	char	   *name = sf_text_arg(fcinfo, 0, "revision");
	List	   *revisions;

	sf_history_lock();
	revisions = sf_revisions();
	sf_journal_stamp(revisions, sf_revision_resolve(revisions, name), !PG_ARGISNULL(1) && PG_GETARG_BOOL(1));
	PG_RETURN_VOID();
}

Datum
sf_export(PG_FUNCTION_ARGS)
{
	SfMigration *m = sf_migration_load(revision_arg(fcinfo, 0)->revision);

	PG_RETURN_TEXT_P(cstring_to_text(sf_migration_export(m)));
}

Datum
sf_import(PG_FUNCTION_ARGS)
{
	SfMigration *m = sf_migration_import(sf_text_arg(fcinfo, 0, "file"));

	sf_migration_check_owner(m->revision, m->owner);
	sf_history_lock();
	sf_migration_store(m, false);
	PG_RETURN_TEXT_P(cstring_to_text(m->revision));
}

/* ---- what a script asks and marks ---- */

Datum
sf_check_start(PG_FUNCTION_ARGS)
{
	static const char *const words[] = {"ready", "partly done", "done"};
	SfStart		start = sf_journal_check_start(sf_text_arg(fcinfo, 0, "revision"), sf_direction_arg(fcinfo, 1));

	PG_RETURN_TEXT_P(cstring_to_text(words[start]));
}

Datum
sf_check_end(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sf_journal_check_end(sf_text_arg(fcinfo, 0, "revision"), sf_direction_arg(fcinfo, 1)) == 0);
}

int
sf_transaction_arg(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", "n")));
	return PG_GETARG_INT32(n);
}

Datum
sf_pending(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sf_journal_pending(sf_text_arg(fcinfo, 0, "revision"), sf_transaction_arg(fcinfo, 1),
									  sf_direction_arg(fcinfo, 2)));
}

Datum
sf_leftovers(PG_FUNCTION_ARGS)
{
	char	   *revision = sf_text_arg(fcinfo, 0, "revision");

	return sf_result_lines(fcinfo, sf_journal_leftovers(revision, sf_transaction_arg(fcinfo, 1),
														sf_direction_arg(fcinfo, 2)));
}

Datum
sf_mark(PG_FUNCTION_ARGS)
{
	SfRevision *r = sf_revision_resolve(sf_revisions(), sf_text_arg(fcinfo, 0, "revision"));
	int			n = sf_transaction_arg(fcinfo, 1);
	SfDirection direction = sf_direction_arg(fcinfo, 2);
	char	   *state = sf_journal_mark(sf_text_arg(fcinfo, 0, "revision"), n, direction);

	if (r)
		sf_versions_settle(sf_migration_load(r->revision), direction, n);
	PG_RETURN_TEXT_P(cstring_to_text(state));
}
