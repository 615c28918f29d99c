/*
 * revisions.c - all migrations as a graph, where this database stands in it, and the short names of revisions
 * (history.h).
 *
 * Memory: current context.  No locks: who writes holds sf_history_lock() before calling sf_revisions().
 */
#include "postgres.h"

#include "common/string.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "apply/history.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"

#define MAX_CANDIDATES	10

/* ---- the graph ---- */

static SfRevision *
from_row(const SfRows *rows, int i)
{
	SfRevision *r = palloc0(sizeof(SfRevision));
	int			c = 0;

	r->revision = sf_cell(rows, i, c++);
	r->nparent_names = sf_text_array_in(sf_cell(rows, i, c++), &r->parent_names);
	r->message = sf_cell(rows, i, c++);
	r->owner = sf_cell(rows, i, c++);
	r->imported = sf_cell(rows, i, c++)[0] == 't';
	r->superseded = sf_cell(rows, i, c++)[0] == 't';
	r->planned_at = sf_cell(rows, i, c++);
	r->planned_by = sf_cell(rows, i, c++);
	r->transactions[SF_UP] = pg_strtoint32(sf_cell(rows, i, c++));
	r->transactions[SF_DOWN] = pg_strtoint32(sf_cell(rows, i, c++));
	if (sf_cell(rows, i, c) != NULL)
	{
		r->direction = strcmp(sf_cell(rows, i, c), "up") == 0 ? SF_UP : SF_DOWN;
		r->done = pg_strtoint32(sf_cell(rows, i, c + 1));
		r->of = pg_strtoint32(sf_cell(rows, i, c + 2));
		r->done_at = sf_cell(rows, i, c + 3);
		r->done_by = sf_cell(rows, i, c + 4);
		r->undoing = sf_cell(rows, i, c + 5)[0] == 't';
	}
	return r;
}

/* Append a revision behind its parents. */
static List *
visit(List *sorted, SfRevision *r)
{
	ListCell   *lc;

	check_stack_depth();
	if (r->visited)
		return sorted;
	r->visited = true;
	foreach(lc, r->parents)
		sorted = visit(sorted, lfirst(lc));
	return lappend(sorted, r);
}

List *
sf_revisions(void)
{
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query("SELECT m.revision, m.parents, m.message, m.owner, m.imported, "
								"m.superseded_at IS NOT NULL, date_trunc('second', m.planned_at), m.planned_by, "
								"coalesce(s.up, 0), coalesce(s.down, 0), "
								"j.direction, j.transaction, j.transactions, "
								"date_trunc('second', j.done_at), j.done_by, j.how = '" SF_HOW_ABORT "' "
								"FROM (SELECT * FROM schemaflow.migration WHERE " SF_ORIGIN_IS_OURS ") m "
								"LEFT JOIN (SELECT revision, "
								"max(transaction) FILTER (WHERE direction = 'up') AS up, "
								"max(transaction) FILTER (WHERE direction = 'down') AS down "
								"FROM schemaflow.step WHERE " SF_ORIGIN_IS_OURS
								" GROUP BY revision) s USING (revision) "
								"LEFT JOIN (SELECT DISTINCT ON (revision) * "
								"FROM schemaflow.journal WHERE " SF_ORIGIN_IS_OURS
								" ORDER BY revision, entry DESC) j USING (revision) "
								"ORDER BY m.planned_at, m.revision", lengthof(args), args);
	List	   *all = NIL,
			   *sorted = NIL;
	ListCell   *lc;

	sf_pins_leave(pins);
	for (int i = 0; i < rows->nrows; i++)
		all = lappend(all, from_row(rows, i));
	foreach(lc, all)
	{
		SfRevision *r = lfirst(lc);

		for (int i = 0; i < r->nparent_names; i++)
		{
			SfRevision *parent = sf_revision_find(all, r->parent_names[i]);

			if (parent == NULL)
				continue;
			r->parents = lappend(r->parents, parent);
			parent->children = lappend(parent->children, r);
		}
	}
	foreach(lc, all)
		sorted = visit(sorted, lfirst(lc));
	return sorted;
}

SfRevision *
sf_revision_find(List *revisions, const char *revision)
{
	ListCell   *lc;

	foreach(lc, revisions)
	{
		if (strcmp(((SfRevision *) lfirst(lc))->revision, revision) == 0)
			return lfirst(lc);
	}
	return NULL;
}

SfRevision *
sf_revision_partly(List *revisions)
{
	ListCell   *lc;

	foreach(lc, revisions)
		if (sf_is_partly(lfirst(lc)))
			return lfirst(lc);
	return NULL;
}

int
sf_done_of(const SfRevision *r, SfDirection direction)
{
	if (sf_is_partly(r) && r->direction == direction)
		return r->done;
	return sf_is_applied(r) == (direction == SF_UP) ? r->transactions[direction] : 0;
}

bool
sf_is_partly(const SfRevision *r)
{
	return r->done_at != NULL && r->done < r->of;
}

bool
sf_is_half_undone(const SfRevision *r)
{
	return sf_is_partly(r) && r->undoing;
}

bool
sf_is_applied(const SfRevision *r)
{
	/* What was never whole is not while it is undone, and what goes back up never was away. */
	if (sf_is_half_undone(r))
		return r->direction == SF_UP;
	return r->done_at != NULL && (r->direction == SF_UP ? r->done == r->of : r->done < r->of);
}

char *
sf_revision_state(const SfRevision *r)
{
	if (sf_is_partly(r))
		return psprintf("%s, %d of %d", r->undoing ? "half undone" :
						r->direction == SF_UP ? "partly up" : "partly down", r->done, r->of);
	return pstrdup(sf_is_applied(r) ? "applied" : r->superseded ? "superseded" : "planned");
}

bool
sf_is_ancestor(SfRevision *ancestor, SfRevision *of)
{
	ListCell   *lc;

	check_stack_depth();
	if (ancestor == of)
		return true;
	foreach(lc, of->parents)
	{
		if (sf_is_ancestor(ancestor, lfirst(lc)))
			return true;
	}
	return false;
}

List *
sf_revisions_current(List *revisions)
{
	List	   *result = NIL;
	ListCell   *lc,
			   *cc;

	foreach(lc, revisions)
	{
		SfRevision *r = lfirst(lc);
		bool		top = sf_is_applied(r);

		foreach(cc, r->children)
			top = top && !sf_is_applied(lfirst(cc));
		if (top)
			result = lappend(result, r);
	}
	return result;
}

List *
sf_revisions_heads(List *revisions)
{
	List	   *result = NIL;
	ListCell   *lc,
			   *cc;

	foreach(lc, revisions)
	{
		SfRevision *r = lfirst(lc);
		bool		head = !r->superseded;

		foreach(cc, r->children)
			head = head && ((SfRevision *) lfirst(cc))->superseded;
		if (head)
			result = lappend(result, r);
	}
	return result;
}

/* ---- names ---- */

static char *
candidates(List *revisions)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, revisions)
	{
		SfRevision *r = lfirst(lc);

		names = lappend(names, psprintf("%s (%s)", r->revision, r->message));
	}
	return sf_join_some(names, MAX_CANDIDATES);
}

/* The only one of a list; NULL when it is empty and may be. */
static SfRevision *
only(List *revisions, const char *name, bool may_be_none)
{
	if (revisions == NIL && !may_be_none)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no revision \"%s\"", name),
				 errdetail("No migration has been planned or imported in this database."),
				 errhint("Plan one: SELECT sf_plan_migration('what it is for').")));
	if (list_length(revisions) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_PARAMETER),
				 errmsg("\"%s\" is ambiguous: there are %d of them", name, list_length(revisions)),
				 errdetail("They are %s.", candidates(revisions)),
				 errhint("Name one by its revision.")));
	return revisions ? linitial(revisions) : NULL;
}

static SfRevision *
by_prefix(List *revisions, const char *prefix)
{
	List	   *found = NIL;
	ListCell   *lc;

	foreach(lc, revisions)
	{
		SfRevision *r = lfirst(lc);

		if (strncmp(r->revision, prefix, strlen(prefix)) == 0)
			found = lappend(found, r);
	}
	if (found == NIL)
	{
		List	   *heads = sf_revisions_heads(revisions);

		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no revision \"%s\"", prefix),
				 heads ? errdetail("The newest %s %s.", list_length(heads) > 1 ? "are" : "is", candidates(heads)) : 0,
				 errhint("Write a revision or the beginning of one (SELECT * FROM sf_history()), "
						 "or head, base, current, -1, +1, head-1.")));
	}
	return only(found, prefix, false);
}

/* One step towards base (NULL is base) or away from it. */
static SfRevision *
step_from(List *revisions, SfRevision *r, bool towards_base, const char *name)
{
	List	   *next = NIL;
	ListCell   *lc;

	if (towards_base && r != NULL)
	{
		next = r->parents;
		if (r->nparent_names == 0)
			return NULL;		/* base */
	}
	else if (!towards_base)
		foreach(lc, r ? r->children : revisions)
		{
			SfRevision *child = lfirst(lc);

			if (!child->superseded && (r != NULL || child->nparent_names == 0))
				next = lappend(next, child);
		}
	if (next == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no revision \"%s\"", name),
				 errdetail("There is nothing %s %s.", towards_base ? "before" : "after", r ? r->revision : "base"),
				 errhint("SELECT * FROM sf_history() lists the revisions.")));
	return only(next, name, false);
}

SfRevision *
sf_revision_resolve(List *revisions, const char *name)
{
	const char *sign = strpbrk(name, "+-");
	char	   *word = sign ? pnstrdup(name, sign - name) : pstrdup(name);
	SfRevision *r;
	int			n = 0;

	if (sign)
	{
		char	   *end;

		n = strtoint(sign + 1, &end, 10);
		if (end == sign + 1 || *end != '\0' || n < 0 || sign[1] == '+' || sign[1] == '-')
			by_prefix(revisions, name); /* no such revision, or one with a strange name */
	}
	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the revision must not be empty"),
				 errhint("Write a revision or the beginning of one (SELECT * FROM sf_history()), or head, base, -1, "
						 "+1.")));
	if (strcmp(word, "") == 0 || strcmp(word, "current") == 0)
		r = only(sf_revisions_current(revisions), "current", true);
	else if (strcmp(word, "head") == 0)
		r = only(sf_revisions_heads(revisions), "head", false);
	else if (strcmp(word, "base") == 0)
		r = NULL;
	else
		r = by_prefix(revisions, word);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		r = step_from(revisions, r, *sign == '-', name);
	}
	return r;
}

SfRevision *
sf_revision_named(List *revisions, const char *name)
{
	SfRevision *r = sf_revision_resolve(revisions, name);

	if (r == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is base, where there is no migration", name),
				 errhint("Name a revision: SELECT * FROM sf_history() lists them.")));
	return r;
}
