/*
 * extensions.c - what the server does to extensions, and what it does not: seen when planning, before anything runs.
 */
#include "postgres.h"

#include "lib/spi.h"
#include "miscadmin.h"
#include "plan/extensions.h"

bool
sf_extension_moves(const SfFact *extension)
{
	const char *name = sf_last(extension);

	return sf_streq("true", sf_query_text("SELECT extrelocatable::pg_catalog.text FROM pg_catalog.pg_extension "
										  "WHERE extname OPERATOR(pg_catalog.=) $1", 1, &name));
}

/* Do the scripts that this server has lead from the one version to the other? */
static bool
has_update(const SfFact *extension, const char *from, const char *to)
{
	const char *args[] = {sf_last(extension), from, to};

	return sf_query_text("SELECT path FROM pg_catalog.pg_extension_update_paths($1) "
						 "WHERE source OPERATOR(pg_catalog.=) $2 AND target OPERATOR(pg_catalog.=) $3",
						 3, args) != NULL;
}

/* Does the server do what the attribute's change says to the extension that stands? */
static bool
is_done_in_place(const SfFact *old, const SfFact *new, int attr)
{
	if (old->kind->attrs[attr].flags & SF_ATTR_MEMBERS)
		return sf_extension_moves(old);
	return has_update(new, old->attr[attr], new->attr[attr]);
}

/* Would rows go with it?  Columns of its types, or tables over them, however far away. */
static bool
has_rows_behind(const SfFact *fact, List **seen)
{
	ListCell   *lc;

	check_stack_depth();
	if (list_member_ptr(*seen, fact))
		return false;
	*seen = lappend(*seen, unconstify(SfFact *, fact));
	foreach(lc, fact->needed_by)
	{
		const SfFact *user = ((SfEdge *) lfirst(lc))->from;

		/* What else a table has (indexes, checks, defaults) is made anew. */
		if (user->kind->contents || has_rows_behind(user, seen) ||
			(user->parent && !user->parent->kind->contents && has_rows_behind(user->parent, seen)))
			return true;
	}
	return false;
}

/* Relations that its scripts made may have rows. */
static bool
has_relations(const SfFact *extension)
{
	const char *name = sf_last(extension);

	return sf_query_text("SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_depend d "
						 "ON d.objid = c.oid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND "
						 "d.deptype = 'e' JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND "
						 "d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass "
						 "WHERE e.extname OPERATOR(pg_catalog.=) $1 AND c.relkind IN ('r', 'p', 'S', 'm') LIMIT 1",
						 1, &name) != NULL;
}

bool
sf_extension_comes_anew(const SfFact *old, const SfFact *new, int attr)
{
	List	   *seen = NIL;

	return (old->kind->attrs[attr].flags & (SF_ATTR_MEMBERS | SF_ATTR_SCRIPTS)) && !is_done_in_place(old, new, attr) &&
		!has_relations(old) && !has_rows_behind(old, &seen);
}

typedef void (*Check) (const SfAction *action, int attr, void *arg);

/* Calls back for each attribute with the flag that the plan changes. */
static void
each_changed(const SfPlan *plan, int flag, Check check, void *arg)
{
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		const SfAction *action = lfirst(lc);

		for (int i = 0; action->changed && i < action->kind->nattrs; i++)
			if (action->changed[i] && (action->kind->attrs[i].flags & flag))
				check(action, i, arg);
	}
}

static void
check_move(const SfAction *action, int attr, void *arg)
{
	if (sf_extension_moves(action->old))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s cannot move into another %s", sf_fact_label(action->new), action->kind->attrs[attr].name),
			 errdetail("The server does not relocate it, and made anew it would take along what is stored in its types "
					   "or tables."),
			 errhint("Have the model say CREATE EXTENSION %s SCHEMA %s, or drop it in one migration and create it in "
					 "the next.", sf_name(action->new),
					 sf_ident(action->old->attr[attr] ? action->old->attr[attr] : "pg_catalog"))));
}

static void
check_update(const SfAction *action, int attr, void *arg)
{
	const char *from = action->old->attr[attr];
	const char *to = action->new->attr[attr];

	if (has_update(action->new, from, to))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s cannot be updated from version %s to %s", sf_fact_label(action->new), from, to),
			 errdetail("No scripts of this server's lead there (pg_extension_update_paths), and made anew it would "
					   "take along what is stored in its types or tables."),
			 errhint("Have the model say CREATE EXTENSION %s VERSION %s, or drop it in one migration and create it in "
					 "the next.", sf_name(action->new), sf_literal(from))));
}

void
sf_plan_check_extensions(const SfPlan *plan)
{
	each_changed(plan, SF_ATTR_MEMBERS, check_move, NULL);
	each_changed(plan, SF_ATTR_SCRIPTS, check_update, NULL);
}

static void
note_update(const SfAction *action, int attr, void *arg)
{
	List	  **notes = arg;
	const char *from = action->new->attr[attr];
	const char *to = action->old->attr[attr];

	if (!has_update(action->new, from, to) && !sf_extension_comes_anew(action->new, action->old, attr))
		*notes = lappend(*notes, psprintf("%s cannot be updated from version %s to %s: no scripts lead there.",
										  sf_fact_label(action->new), from, to));
}

List *
sf_plan_no_way_back(const SfPlan *plan)
{
	List	   *notes = NIL;

	each_changed(plan, SF_ATTR_SCRIPTS, note_update, &notes);
	return notes;
}
