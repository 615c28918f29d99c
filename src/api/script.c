/*
 * script.c - sf_script(): a migration as a script for psql.
 *
 * The script carries all it needs: the migration itself (sf_import), the check of the start, the steps in their
 * transactions, each of which ends with its mark, so that the journal is true however far it came.  Each transaction is
 * asked for first (sf_pending): a script that was stopped is run again and goes on.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "api/define.h"
#include "api/print.h"
#include "apply/version_conflict.h"
#include "apply/versions.h"
#include "apply/way.h"
#include "guc.h"
#include "kinds/kind.h"
#include "lib/text.h"

PG_FUNCTION_INFO_V1(sf_script);

/* text in dollar quotes that it does not contain. */
static char *
dollar_quoted(const char *text)
{
	char	   *tag = pstrdup("$sf$");

	for (int i = 1; strstr(text, tag) != NULL; i++)
		tag = psprintf("$sf%d$", i);
	return psprintf("%s%s%s", tag, text, tag);
}

/* A comment of one line, whatever the text. */
static char *
one_line(const char *text)
{
	char	   *line = pstrdup(text);

	for (char *p = line; *p; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	return line;
}

/* "('revision', 1, 'down')": up is the default. */
static char *
call(const char *function, const SfMigration *m, int transaction, SfDirection direction)
{
	return psprintf(":sf.%s('%s'%s%s)", function, m->revision, transaction < 0 ? "" : psprintf(", %d", transaction),
					direction == SF_UP ? "" : ", 'down'");
}

/*
 * The file with a step a line: in a script it stands beside the steps as they are run.  Line ends and the blanks behind
 * them are layout; those in texts are escaped.
 */
static char *
compact(char *file)
{
	char	   *to = file;

	for (const char *from = file; *from;)
	{
		int			blanks = *from == '\n' ? (int) strspn(from + 1, " ") : 0;

		if (blanks >= 6 || (blanks == 4 && from[5] == '}'))
			from += 1 + blanks;
		else
			*to++ = *from++;
	}
	*to = '\0';
	return file;
}

static void
put_head(StringInfo out, List *way, List *migrations, SfDirection direction)
{
	ListCell   *lc;

	appendStringInfoString(out, "-- schemaflow: run by psql, as a member of the owner; run again after a failure, "
								"it goes on.\n");
	if (way)
		appendStringInfo(out, "-- Where it was planned, the server runs the same by %s.\n",
						 sf_call_to_run(llast(way), direction));
	foreach(lc, migrations)
	{
		const SfMigration *m = lfirst(lc);

		appendStringInfo(out, "-- revision %s %s: %s\n", m->revision, sf_direction_name(direction),
						 one_line(m->message));
	}
	appendStringInfoString(out,
						   "SET statement_timeout = 0; \\set ON_ERROR_STOP on\n"
						   "SET idle_in_transaction_session_timeout = 0;\n"
						   "SET default_transaction_isolation = 'read committed';\n"
						   "SET default_transaction_read_only = off;\n"
						   "SET default_tablespace = '';\n"
						   "SET default_table_access_method = heap;\n"
						   "SET standard_conforming_strings = on;\n"
						   "SET check_function_bodies = off;\n"
						   "SET row_security = off;\n"
						   "SELECT coalesce((SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e\n"
						   "  JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = "
						   "'schemaflow'),\n"
						   "  'extension_schemaflow_is_missing_here') AS sf \\gset\n");
}

/* The role that a step says to be granted by; NULL: none. */
static const char *
grantor_of(const SfStep *step)
{
	const Node *statement;

	if (strstr(step->sql, " GRANTED BY ") == NULL)
		return NULL;
	statement = linitial_node(RawStmt, raw_parser(step->sql, RAW_PARSE_DEFAULT))->stmt;
	return IsA(statement, GrantStmt) && ((const GrantStmt *) statement)->grantor ?
		get_rolespec_name(((const GrantStmt *) statement)->grantor) : NULL;
}

/* Where a token stands for a secret, the server puts that in; who grants has to be that role for psql. */
static void
put_step(StringInfo out, const SfMigration *m, SfDirection direction, const SfStep *step)
{
	const char *grantor;

	if (sf_mentions_secret(step->sql))
		appendStringInfo(out, "-- %s\nSELECT %s AS sf_done \\gset\n", one_line(step->sql),
						 call("sf_run_step", m, step->n, direction));
	else if ((grantor = grantor_of(step)) != NULL)
		appendStringInfo(out, "SET LOCAL ROLE %s;\n%s;\nSET LOCAL ROLE %s;\n", sf_ident(grantor), step->sql,
						 sf_ident(m->owner));
	else
		appendStringInfo(out, "%s;\n", step->sql);
}

/* Steps of one transaction, from lc on; returns the cell behind them. */
static ListCell *
put_transaction(StringInfo out, const SfMigration *m, SfDirection direction, ListCell *lc)
{
	const SfStep *first = lfirst(lc);
	bool		outside = first->class == 'N';
	List	   *steps = m->steps[direction];
	char	   *mark = psprintf("SELECT %s AS sf_marked \\gset\n", call("sf_mark", m, first->transaction, direction));

	appendStringInfo(out, "\n-- %d: %s\n", first->transaction, sf_phase_of(steps, lc));
	if (outside)
		appendStringInfo(out, "SET lock_timeout = 0;\nSELECT %s \\gexec\n",
						 call("sf_leftovers", m, first->transaction, direction));
	appendStringInfo(out, "SELECT %s AS sf_run \\gset\n\\if :sf_run\n",
					 call("sf_pending", m, first->transaction, direction));
	/* Batches, and what is proved before a gate, are many transactions: the server runs them. */
	if (first->class == 'B' || first->class == 'G')
	{
		appendStringInfo(out, "-- %s\nCALL %s;\n\\endif\n", one_line(first->sql),
						 call("sf_run_transaction", m, first->transaction, direction));
		return lnext(steps, lc);
	}
	if (!outside)
	{
		appendStringInfo(out, "BEGIN;\nSET LOCAL lock_timeout = %d;\n", sf_guc_lock_timeout());
		if (sf_version_may_conflict(sf_steps_behind(sf_steps_through(steps, first->transaction),
													first->transaction - 1)))
			appendStringInfo(out, "SELECT %s AS sf_aside \\gset\n", call("sf_aside", m, first->transaction, direction));
	}
	for (; lc != NULL && ((SfStep *) lfirst(lc))->transaction == first->transaction; lc = lnext(steps, lc))
	{
		CHECK_FOR_INTERRUPTS();
		put_step(out, m, direction, lfirst(lc));
	}
	/* What ran outside of a transaction may be there from an earlier run without its mark. */
	if (outside)
		appendStringInfo(out, "\\endif\n%s", mark);
	else
		appendStringInfo(out, "%sCOMMIT;\n\\endif\n", mark);
	return lc;
}

static void
put_migration(StringInfo out, const SfMigration *m, SfDirection direction)
{
	appendStringInfo(out,
					 "\n-- ==== revision %s, %s\n"
					 "SET client_min_messages = notice;\n"
					 "SET ROLE %s;\n"
					 "SELECT pg_catalog.set_config('search_path', %s, false) AS sf_path \\gset\n"
					 "SELECT :sf.sf_import(%s) AS sf_revision \\gset\n"
					 "SELECT %s AS sf_start \\gset\n"
					 "SET client_min_messages = warning;\n",
					 m->revision, sf_direction_name(direction), sf_ident(m->owner), sf_literal(m->search_path),
					 dollar_quoted(compact(sf_migration_export(m))), call("sf_check_start", m, -1, direction));
	if (m->steps[direction] == NIL)
		appendStringInfo(out, "SELECT %s AS sf_run \\gset\n\\if :sf_run\nSELECT %s AS sf_marked \\gset\n\\endif\n",
						 call("sf_pending", m, 0, direction), call("sf_mark", m, 0, direction));
	for (ListCell *lc = list_head(m->steps[direction]); lc != NULL;)
		lc = put_transaction(out, m, direction, lc);
}

/* Not applied ancestors first; if the revision itself is applied, only it: the script is for another database. */
static List *
way_up(List *way, SfRevision *r, bool ancestor)
{
	ListCell   *lc;

	check_stack_depth();
	if (list_member_ptr(way, r) || (ancestor && sf_is_applied(r)))
		return way;
	if (!sf_is_applied(r))
		foreach(lc, r->parents)
			way = way_up(way, lfirst(lc), true);
	return lappend(way, r);
}

/* Applied descendants first, as far as there are any. */
static List *
way_down(List *way, SfRevision *r)
{
	ListCell   *lc;

	check_stack_depth();
	if (list_member_ptr(way, r))
		return way;
	foreach(lc, r->children)
		if (sf_is_applied(lfirst(lc)))
			way = way_down(way, lfirst(lc));
	return lappend(way, r);
}

static List *
way_to(List *revisions, const char *name, SfDirection direction)
{
	SfRevision *r = sf_revision_resolve(revisions, name);
	List	   *way = NIL;
	ListCell   *lc;

	if (r != NULL)
		return direction == SF_UP ? way_up(NIL, r, false) : way_down(NIL, r);
	if (direction == SF_UP)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is base: nothing leads up to it", name),
				 errhint("CALL sf_downgrade('base') goes back to it, or SELECT sf_script('base', 'down').")));
	foreach(lc, sf_revisions_current(revisions))
		way = way_down(way, lfirst(lc));
	for (int i = list_length(revisions) - 1; i >= 0; i--)
		if (sf_is_applied(list_nth(revisions, i)))
			way = way_down(way, list_nth(revisions, i));
	return way;
}

Datum
sf_script(PG_FUNCTION_ARGS)
{
	char	   *name = sf_text_arg(fcinfo, 0, "revision");
	SfDirection direction = sf_direction_arg(fcinfo, 1);
	List	   *way = way_to(sf_revisions(), name, direction);
	List	   *migrations = NIL;
	StringInfoData out;
	ListCell   *lc;

	foreach(lc, way)
		migrations = lappend(migrations, sf_migration_load(((SfRevision *) lfirst(lc))->revision));
	initStringInfo(&out);
	put_head(&out, way, migrations, direction);
	foreach(lc, migrations)
		put_migration(&out, lfirst(lc), direction);
	if (migrations)
		appendStringInfo(&out, "\nSELECT %s AS sf_checked \\gset\nRESET ROLE;\n",
						 call("sf_check_end", llast(migrations), -1, direction));
	PG_RETURN_TEXT_P(cstring_to_text(out.data));
}
