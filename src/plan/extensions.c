/*
 * extensions.c - what the server does to extensions, and what it does not: seen when planning, before anything runs.
 */
#include "postgres.h"

#include "lib/spi.h"
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
			 errdetail("It is made for the one that it was created in: the server does not relocate it."),
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
			 errdetail("No scripts of this server's lead there (pg_extension_update_paths)."),
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

	if (!has_update(action->new, from, to))
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
