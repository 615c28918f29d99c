/*
 * plan.c - sf_plan_migration(): compare, plan both ways, store, print.
 *
 * Protocol: everything is read and planned without locks; sf_history_lock() is taken only to store, and where the
 * history stands is looked up again under it.  Two sessions that plan at once store one after the other, the later
 * plan in place of the earlier one.
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "api/bookkeeping.h"
#include "api/define.h"
#include "api/hints.h"
#include "api/print.h"
#include "api/result.h"
#include "apply/history.h"
#include "apply/runner.h"
#include "apply/state.h"
#include "apply/way.h"
#include "compat.h"
#include "diff/diff.h"
#include "facts/live.h"
#include "facts/secrets.h"
#include "facts/stored.h"
#include "facts/transforms.h"
#include "guc.h"
#include "kinds/kind.h"
#include "lib/text.h"
#include "model/unit.h"
#include "phases/archive.h"
#include "phases/recipes_versions.h"
#include "phases/shadow.h"
#include "plan/extensions.h"
#include "plan/old_names.h"

/* Dropping fewer objects than this is no accident, whatever share of the schema they are. */
#define SHRINK_MIN	10

/* Kinds of this weight and more are about other facts: comments, owners, privileges. */
#define SF_WEIGHT_SATELLITES	900

PG_FUNCTION_INFO_V1(sf_plan_migration);

/* ---- what has to be right before anything is planned ---- */

/* The roles that a fact names, of C strings; PUBLIC and the like are none. */
static List *
roles_of(const SfFact *fact)
{
	List	   *roles = NIL;

	for (int i = 0; i < fact->kind->nattrs; i++)
	{
		int			flags = fact->kind->attrs[i].flags;
		List	   *several;

		if (fact->attr[i] == NULL)
			continue;
		if (flags & SF_ATTR_ROLE)
			roles = lappend(roles, fact->attr[i]);
		else if (flags & SF_ATTR_ROLES)
		{
			if (!SplitIdentifierString(pstrdup(fact->attr[i]), ',', &several))
				elog(ERROR, "cannot happen: roles of %s", sf_fact_label(fact));
			roles = list_concat(roles, several);
		}
	}
	for (int i = fact->nname - fact->kind->role_names; i < fact->nname; i++)
		roles = lappend(roles, fact->name[i]);
	return roles;
}

/* Roles that the model names must exist: the steps would fail half-way. */
static void
check_cluster(const SfFactBase *model)
{
	ListCell   *lc,
			   *lr;

	foreach(lc, model->facts)
	{
		SfFact	   *fact = lfirst(lc);

		if (fact->unmanaged)
			continue;
		foreach(lr, roles_of(fact))
		{
			char	   *role = lfirst(lr);

			if (role[0] == '\0' || strcmp(role, "public") == 0 || OidIsValid(get_role_oid(role, true)))
				continue;
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("role \"%s\" does not exist", role),
					 errdetail("The model names it: %s.", sf_fact_label(fact)),
					 errhint("CREATE ROLE %s, or record a model without it.", sf_ident(role))));
		}
		for (int i = 0; i < fact->kind->nattrs; i++)
		{
			const char *tablespace = fact->attr[i];

			if ((fact->kind->attrs[i].flags & SF_ATTR_TABLESPACE) && tablespace &&
				!OidIsValid(get_tablespace_oid(tablespace, true)))
				ereport(ERROR,
						(errcode(ERRCODE_UNDEFINED_OBJECT),
						 errmsg("tablespace \"%s\" does not exist", tablespace),
						 errdetail("The model names it: %s.", sf_fact_label(fact)),
						 errhint("CREATE TABLESPACE %s LOCATION ..., or record a model without it.",
								 sf_ident(tablespace))));
		}
	}
}

/* A model of nothing, which nobody may have written. */
static bool
declares_nothing(void)
{
	ListCell   *lc;

	foreach(lc, sf_units_load())
		if (((SfUnit *) lfirst(lc))->declarations != NIL)
			return false;
	return true;
}

/*
 * A model that lacks most of the live schema is more likely a mistake than a wish; one of nothing even where one object
 * with contents would go.  Objects that the planner renames are there on both sides.  Where a quarter stays and as much
 * comes as half of what was there, the model is that schema's and much of it was rewritten: that the plan says itself.
 */
static void
check_shrink(const SfPlan *plan, const char *message)
{
	int			live = 0,
				dropped = 0,
				wanted = 0;
	bool		filled = false;
	ListCell   *lc;

	foreach(lc, plan->from->facts)
	{
		SfFact	   *fact = lfirst(lc);

		if (!fact->unmanaged && sf_object_of(fact) == fact)
			live++;
	}
	foreach(lc, plan->to->facts)
	{
		SfFact	   *fact = lfirst(lc);

		if (!fact->unmanaged && !fact->baseline && sf_object_of(fact) == fact)
			wanted++;
	}
	foreach(lc, plan->actions)
	{
		SfAction   *action = lfirst(lc);

		if (action->verb == SF_VERB_DROP && !action->rebuild && sf_object_of(action->old) == action->old)
		{
			dropped++;
			filled |= action->old->kind->contents;
		}
	}
	if ((dropped < SHRINK_MIN || dropped * 2 <= live || (wanted * 2 >= live && (live - dropped) * 4 >= live)) &&
		!(filled && declares_nothing()))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the plan would drop %d of %d objects", dropped, live),
			 errdetail_plural("The recorded model has %d object.", "The recorded model has %d objects.", wanted,
							  wanted),
			 errhint("If that is meant: SELECT sf_plan_migration(%s, allow_shrink => true). Else record the whole "
					 "model, or take the live schema into it: SELECT * FROM sf_adopt().", sf_literal(message))));
}

/* Planning on top of what is half done, or beside what others planned, would give plans that do not fit together. */
static void
check_history(List *revisions)
{
	ListCell   *lc;

	foreach(lc, revisions)
	{
		SfRevision *r = lfirst(lc);

		if (sf_is_partly(r))
			sf_refuse_half_done(r);
		if (r->imported && !r->superseded && !sf_is_applied(r))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("this database is not up to date: revision \"%s\" is not applied", r->revision),
					 errdetail("It was imported: %s.", r->message),
					 errhint("Run it first: %s, or %s.", sf_call_to_run(r, SF_UP), sf_script_of(r, SF_UP))));
	}
}

/* One that waits for its first lock is not half done yet: nothing of it is marked. */
static void
check_no_run(const SfRevision *superseded)
{
	int			pid = sf_runner_pid();

	if (pid != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("another run is at work in this database"),
				 errdetail("It is process %d; the plan would take the place of revision \"%s\" (%s).", pid,
						   superseded->revision, superseded->message),
				 errhint("Plan when it has ended: SELECT * FROM sf_progress shows it, SELECT sf_pause() stops it.")));
}

/* ---- the migration ---- */

/* Names of a summary; the steps have them all. */
#define SUMMARY_MAX	6

/* Comments, privileges, a column's sequence: worth a word only where there is nothing else. */
static bool
goes_without_saying(const SfFact *fact)
{
	if (fact->kind->weight >= SF_WEIGHT_SATELLITES)
		return true;
	for (; fact; fact = fact->parent)
		if (sf_moves_with_owner(fact->kind) && fact->kind->match(fact))
			return true;
	return false;
}

/* Made anew because it, or what is written within its statement, differs: not only taken down and put back. */
static bool
is_changed(const SfFact *new)
{
	const SfFact *old = new->twin;
	ListCell   *lc;

	if (old == NULL || sf_diff_attributes(old, new) != NULL)
		return true;
	foreach(lc, new->children)
		if (((SfFact *) lfirst(lc))->kind->folds && is_changed(lfirst(lc)))
			return true;
	foreach(lc, old->children)
		if (((SfFact *) lfirst(lc))->kind->folds && ((SfFact *) lfirst(lc))->twin == NULL)
			return true;
	return false;
}

/* The verb that a reader would use; -1: nothing to tell. */
static int
told_verb(const SfAction *action)
{
	/* What steps aside, to be renamed or until it goes, has another action that says what becomes of it. */
	if (action->verb != SF_VERB_DROP && action->new == NULL)
		return -1;
	if (!action->rebuild)
		return action->verb;
	return action->verb == SF_VERB_CREATE && is_changed(action->new) ? SF_VERB_ALTER : -1;
}

/* A part that goes with its whole, which comes back without it: no action says so. */
static bool
is_left_behind(const SfPlan *plan, const SfFact *fact)
{
	const SfFact *whole = fact->twin ? NULL : sf_whole_of(fact);
	ListCell   *lc;

	if (whole == NULL || whole->twin == NULL || fact->unmanaged)
		return false;
	foreach(lc, plan->actions)
		if (((SfAction *) lfirst(lc))->old == fact)
			return false;
	return true;
}

/* What the actions of a verb are about. */
static List *
labels_of(const SfPlan *plan, SfVerb verb, bool minor)
{
	List	   *labels = NIL;
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		SfAction   *action = lfirst(lc);
		SfFact	   *fact = action->new ? action->new : action->old;

		if (told_verb(action) != (int) verb || goes_without_saying(fact) != minor)
			continue;
		labels = lappend(labels, verb == SF_VERB_RENAME
									 ? psprintf("%s to %s", sf_fact_label(action->old), sf_fact_name(action->new))
									 : sf_fact_label(fact));
	}
	foreach(lc, verb == SF_VERB_DROP ? plan->from->facts : NIL)
		if (is_left_behind(plan, lfirst(lc)) && goes_without_saying(lfirst(lc)) == minor)
			labels = lappend(labels, sf_fact_label(lfirst(lc)));
	return labels;
}

/* "creates table public.tasks; alters column public.users.name": what is rebuilt on the way is no change. */
static char *
summary_of(const SfPlan *plan)
{
	static const char *const words[] = {"creates", "drops", "alters", "renames"};	/* by SfVerb */
	List	   *parts = NIL;

	for (int minor = 0; minor <= 1 && parts == NIL; minor++)
		for (SfVerb verb = SF_VERB_CREATE; verb <= SF_VERB_RENAME; verb++)
		{
			List	   *labels = labels_of(plan, verb, minor);
			int			n = list_length(labels);

			if (n > 0)
				parts = lappend(parts, psprintf("%s %s", words[verb],
												sf_join_some(labels, n > SUMMARY_MAX ? SUMMARY_MAX - 1 : n)));
		}
	return parts ? sf_join(parts, "; ") : pstrdup("rebuilds what depends on it");
}

static void
parents_from(SfMigration *m, List *current)
{
	ListCell   *lc;

	m->nparents = 0;
	m->parents = palloc(Max(list_length(current), 1) * sizeof(char *));
	foreach(lc, current)
		m->parents[m->nparents++] = ((SfRevision *) lfirst(lc))->revision;
}

/* Store it in place of what was planned and never applied. */
static SfRevision *
store(SfMigration *m)
{
	List	   *revisions;
	ListCell   *lc;

	sf_history_lock();
	revisions = sf_revisions();
	check_history(revisions);
	parents_from(m, sf_revisions_current(revisions));
	m->revision = sf_migration_revision(m);
	sf_migration_resolve(m);
	foreach(lc, revisions)
	{
		SfRevision *r = lfirst(lc);

		if (r->superseded || sf_is_applied(r) || strcmp(r->revision, m->revision) == 0)
			continue;
		check_no_run(r);
		sf_migration_supersede(r->revision);
		ereport(NOTICE,
				(errmsg("revision \"%s\" (%s) is superseded: it was not applied", r->revision, r->message)));
	}
	sf_migration_store(m, true);
	return sf_revision_find(sf_revisions(), m->revision);
}

static List *
how_to_run(const SfRevision *r, const SfMigration *m)
{
	bool		loses = false,
				gate = false;
	List	   *calls;
	ListCell   *lc;

	foreach(lc, m->steps[SF_UP])
	{
		loses = loses || ((SfStep *) lfirst(lc))->loses_data;
		gate = gate || ((SfStep *) lfirst(lc))->class == 'G';
	}
	calls = list_make1(loses ? "CALL sf_upgrade(allow => '{data_loss}')" : "CALL sf_upgrade()");
	if (gate)
		calls = lappend(calls, psprintf("CALL sf_contract(%s)  -- when the old version is gone",
										loses ? "allow => '{data_loss}'" : ""));
	return lappend(calls, psprintf("psql -XAtc \"%s\" | psql -Xq", sf_script_of(r, SF_UP)));
}

/* What would stop it as soon as it is run, with the call to make before. */
static List *
rows_without_value(const SfMigration *m)
{
	List	   *notes = NIL;
	ListCell   *lc;

	foreach(lc, m->steps[SF_UP])
	{
		const char *column = ((SfStep *) lfirst(lc))->unfilled;

		if (column)
			notes = lappend(notes, psprintf("%s: give it a DEFAULT, or say what fills it, and plan again:\n"
											"SELECT sf_transform(%s, up => '...');", column, sf_literal(column)));
	}
	return notes;
}

static List *
nothing_to_do(const SfPlan *plan)
{
	List	   *lines = list_make1("nothing to do: the live schema equals the model");

	return sf_print_notes(lines, "Not modelled, left as it is:", plan->not_modelled);
}

/*
 * Whose the migration is: it holds the units' text, and text runs with the rights of who recorded it.  Of several
 * authors' text it is the caller's, who must be a member of them all; a superuser's rights are not for others'
 * text.
 */
static const char *
migration_owner(void)
{
	const char *only = NULL;
	bool		several = false;
	ListCell   *lc;

	foreach(lc, sf_units_load())
	{
		const SfUnit *unit = lfirst(lc);
		Oid			owner = get_role_oid(unit->owner, false);

		if (!has_privs_of_role(GetUserId(), owner))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("must be a member of role \"%s\" to plan what it recorded", unit->owner),
					 errdetail("Unit \"%s\" is its text, and text runs with the rights of its owner.", unit->name),
					 errhint("GRANT %s TO %s, or have a member plan.", sf_ident(unit->owner),
							 sf_ident(GetUserNameFromId(GetUserId(), false)))));
		several = several || (only && strcmp(only, unit->owner) != 0);
		only = unit->owner;
	}
	if (only && !several)
		return only;
	if (several && superuser())
		ereport(
			ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("the units of the model have different owners"),
			 errdetail("Their text must not run with a superuser's rights."),
			 errhint(
				 "SET ROLE to a role that is a member of all owners, then plan. SELECT unit, owner FROM sf_model.")));
	return GetUserNameFromId(GetUserId(), false);
}

/* Eight hex digits for names in the archive: another migration of this history has others. */
static char *
archive_tag(const SfMigration *m)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	appendStringInfo(&text, "%s %s", m->from_hash, m->to_hash);
	foreach(lc, sf_revisions_current(sf_revisions()))
		appendStringInfo(&text, " %s", ((SfRevision *) lfirst(lc))->revision);
	return psprintf("%08x", hash_bytes((unsigned char *) text.data, text.len));
}

/* What the transforms say for one direction: of SfFill. */
static List *
fills(List *transforms, bool up)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, transforms)
	{
		const SfTransform *transform = lfirst(lc);
		SfFill	   *fill = palloc(sizeof(SfFill));

		fill->column = transform->column;
		fill->expression = up ? transform->up : transform->down;
		if (fill->expression)
			result = lappend(result, fill);
	}
	return result;
}

Datum
sf_plan_migration(PG_FUNCTION_ARGS)
{
	char	   *message = sf_text_arg(fcinfo, 0, "message");
	bool		allow_shrink = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	SfMigration *m = palloc0(sizeof(SfMigration));
	SfPlanOptions options = {migration_owner()};
	SfFactBase *live,
			   *model,
			   *under_old_names,
			   *between;
	SfRevision *r;
	SfPlan	   *plan;
	bool		kept;
	int			level;
	List	   *back,
			   *lines,
			   *no_way_back,
			   *transforms = sf_transforms_load();

	check_history(sf_revisions());
	model = sf_recorded_model();
	live = sf_live_facts();
	sf_scope(live, model);
	check_cluster(model);
	options.hints = sf_hints_load(live, model, &back);
	options.fills = fills(transforms, true);
	options.back = fills(transforms, false);
	under_old_names = sf_plan_old_names(live, model, options.hints);

	plan = sf_plan_make(live, model, &options);
	if (plan->actions == NIL)
		return sf_result_lines(fcinfo, nothing_to_do(plan));
	sf_plan_check_extensions(plan);
	no_way_back = sf_plan_no_way_back(plan);
	if (!allow_shrink)
		check_shrink(plan, message);
	m->message = message;
	m->owner = unconstify(char *, options.role);
	m->search_path = pstrdup(GetConfigOptionResetString("search_path"));
	m->format = SF_FACT_FORMAT;
	m->major = SF_MAJOR;
	m->summary = summary_of(plan);
	m->from_hash = sf_base_hash(live);
	m->to_hash = sf_base_hash(model);
	kept = sf_versions_kept(live);
	level = sf_versions_enter(kept);
	plan = sf_shadow_plan(plan, &options);
	plan->kept = options.kept = sf_archive_choose(plan, archive_tag(m));
	between = kept ? sf_versions_between(plan, under_old_names, &options) : NULL;
	m->steps[SF_UP] = kept ? sf_versions_steps_up(live, between, model, &options) : sf_steps_make(plan);
	options.hints = back;
	options.fills = fills(transforms, false);
	options.back = fills(transforms, true);
	m->steps[SF_DOWN] = kept ? sf_versions_steps_down(model, between, live, &options) :
		sf_steps_make(sf_shadow_plan(sf_plan_make(model, live, &options), &options));
	sf_versions_leave(level);
	m->state = sf_state_text(live, model, sf_guc_manage() == SF_MANAGE_ALL);

	r = store(m);
	lines = sf_print_migration(m, sf_revision_state(r));
	sf_secrets_keep(live->secrets);
	lines = sf_print_notes(lines, "Renamed? This plan drops and creates:", plan->questions);
	lines = sf_print_notes(lines, "Not modelled, left as it is:", plan->not_modelled);
	lines = sf_print_notes(lines, "Dropped, and another tool's own by its name. To keep it, and plan again:",
						   sf_bookkeeping_dropped(plan));
	lines = sf_print_notes(lines, "Fails as it stands, on rows that have no value for a new NOT NULL column:",
						   rows_without_value(m));
	lines = sf_print_notes(lines, "No way back:", no_way_back);
	lines = sf_print_notes(lines, "To run it, by the server or by psql:", how_to_run(r, m));
	return sf_result_lines(fcinfo, lines);
}
