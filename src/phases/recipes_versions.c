/*
 * recipes_versions.c - plans that keep what the old version of the application uses until it is gone
 * (recipes_versions.h).
 *
 * Renames are taken out of a plan by planning twice: first to the model as it reads without them, so that everything
 * before the gate goes by the old names, then from there to the model.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"

#include "diff/diff.h"
#include "guc.h"
#include "kinds/kind.h"
#include "lib/pins.h"
#include "lib/text.h"
#include "phases/recipes_versions.h"
#include "phases/shadow.h"

static bool
is_table(const SfFact *fact)
{
	return strcmp(fact->kind->name, "table") == 0 || strcmp(fact->kind->name, "foreign table") == 0;
}

bool
sf_versions_kept(const SfFactBase *from)
{
	ListCell   *lc;

	if (sf_guc_versions() == SF_VERSIONS_ON)
		foreach(lc, from->facts)
			if (is_table(lfirst(lc)) && !((SfFact *) lfirst(lc))->unmanaged)
				return true;
	return false;
}

int
sf_versions_enter(bool kept)
{
	int			level = NewGUCNestLevel();

	if (kept)
		sf_set_here("schemaflow.online_rows", "0");
	return level;
}

void
sf_versions_leave(int level)
{
	AtEOXact_GUC(true, level);
}

bool
sf_version_uses(const SfFact *fact)
{
	static const char *const kinds[] = {"view", "materialized view", "foreign table", "function", "procedure",
	"aggregate"};

	for (int i = 0; i < lengthof(kinds); i++)
		if (strcmp(fact->kind->name, kinds[i]) == 0)
			return true;
	return false;
}

/* ---- the schemas ---- */

List *
sf_version_steps(const SfPlan *plan)
{
	List	   *schemas = NIL,
			   *steps = NIL;
	ListCell   *lc;

	foreach(lc, plan->to->facts)
	{
		SfFact	   *fact = lfirst(lc);

		if (is_table(fact) && !fact->unmanaged && !list_member(schemas, makeString(fact->name[0])))
			schemas = lappend(schemas, makeString(fact->name[0]));
	}
	foreach(lc, schemas)
	{
		SfStep	   *step = palloc0(sizeof(SfStep));

		step->phase = "validate";
		step->class = 'T';
		step->sql = step->portable = psprintf("SELECT schemaflow.sf_version_make(" SF_THE_VERSION ", %s)",
											  sf_literal(strVal(lfirst(lc))));
		step->object = psprintf("version of %s", sf_ident(strVal(lfirst(lc))));
		step->needs_rows_estimate = -1;
		step->why = "a schema with a view for each table, as the new version knows it";
		steps = lappend(steps, step);
	}
	return steps;
}

/* ---- names ---- */

/* The fact as it was called before; NULL: not known.  Comments and the like are known by what they are about. */
static SfFact *
counterpart(const SfFactBase *under_old_names, const SfFact *fact)
{
	const SfFact *parent;
	ListCell   *lc;

	if (fact->alias)
		return fact->alias;
	if (fact->parent == NULL)
		return sf_base_find(under_old_names, fact->key);
	parent = counterpart(under_old_names, fact->parent);
	foreach(lc, parent ? parent->children : NIL)
	{
		SfFact	   *child = lfirst(lc);
		bool		same = child->kind == fact->kind && child->nname == fact->nname;

		for (int i = sf_diff_own_names(fact); same && i < fact->nname; i++)
			same = strcmp(child->name[i], fact->name[i]) == 0;
		if (same)
			return child;
	}
	return NULL;
}

/*
 * What is managed of the model is so there, and nothing else.  Returns a fact that is managed and was called nobody
 * knows how: the detour would lose it.
 */
static const SfFact *
copy_scope(SfFactBase *under_old_names, const SfFactBase *model)
{
	ListCell   *lc;

	foreach(lc, under_old_names->facts)
		((SfFact *) lfirst(lc))->unmanaged = true;
	foreach(lc, model->facts)
	{
		const SfFact *fact = lfirst(lc);
		SfFact	   *old = fact->unmanaged ? NULL : counterpart(under_old_names, fact);

		CHECK_FOR_INTERRUPTS();
		if (old)
			old->unmanaged = false;
		else if (!fact->unmanaged)
			return fact;
	}
	return NULL;
}

static bool
renames_columns(const SfFactBase *under_old_names, const SfFact *table)
{
	ListCell   *lc;

	foreach(lc, table->children)
	{
		const SfFact *column = lfirst(lc);
		const SfFact *old = strcmp(column->kind->name, "column") == 0 ? counterpart(under_old_names, column) : NULL;

		if (old && strcmp(sf_last(old), sf_last(column)) != 0)
			return true;
	}
	return false;
}

/*
 * The user's expressions for the columns as they are called before.  Where a table's columns get other names, nobody
 * knows by which of them an expression goes: *unclear is such a column.
 */
static List *
fills_before(const SfFactBase *under_old_names, const SfFactBase *model, List *fills, const SfFact **unclear)
{
	List	   *result = NIL;
	ListCell   *lc,
			   *lf;

	*unclear = NULL;
	foreach(lc, model->facts)
	{
		const SfFact *fact = lfirst(lc);

		if (fact->unmanaged || fact->parent == NULL || !is_table(fact->parent))
			continue;
		foreach(lf, fills)
		{
			SfFill	   *fill;

			if (strcmp(((SfFill *) lfirst(lf))->column, sf_name(fact)) != 0)
				continue;
			if (renames_columns(under_old_names, fact->parent))
				*unclear = fact;
			fill = palloc(sizeof(SfFill));
			*fill = *(SfFill *) lfirst(lf);
			fill->column = sf_name(counterpart(under_old_names, fact));
			result = lappend(result, fill);
		}
	}
	return result;
}

static bool
only_renames(const SfPlan *plan)
{
	ListCell   *lc;

	foreach(lc, plan->actions)
		if (((SfAction *) lfirst(lc))->verb != SF_VERB_RENAME)
			return false;
	return true;
}

/* Why names cannot wait; NULL: they can. */
static char *
obstacle(const SfPlan *plan, SfFactBase *under_old_names, const SfPlanOptions *options)
{
	SfPlanOptions renames = {options->role, options->hints};
	const SfFact *fact;

	if (under_old_names == NULL)
		return pstrdup("A name is given to something else in the same migration.");
	if ((fact = copy_scope(under_old_names, plan->to)) != NULL)
		return psprintf("What %s was called before is not known.", sf_fact_label(fact));
	(void) fills_before(under_old_names, plan->to, options->fills, &fact);
	if (fact)
		return psprintf("The expression for %s, whose table's columns get other names, may go by either.",
						sf_fact_label(fact));
	if (!only_renames(sf_plan_make(under_old_names, plan->to, &renames)))
		return pstrdup("More than names would change behind the gate.");
	return NULL;
}

static bool
any_renames(const SfPlan *plan)
{
	ListCell   *lc;

	foreach(lc, plan->actions)
		if (((SfAction *) lfirst(lc))->verb == SF_VERB_RENAME)
			return true;
	return false;
}

SfFactBase *
sf_versions_between(const SfPlan *plan, SfFactBase *under_old_names, const SfPlanOptions *options)
{
	char	   *why;

	if (!any_renames(plan))
		return NULL;
	why = obstacle(plan, under_old_names, options);
	if (why)
		ereport(NOTICE,
				(errmsg("names change before the old version of the application is gone"),
				 errdetail_internal("%s", why)));
	return why ? NULL : under_old_names;
}

static List *
main_steps(SfFactBase *from, SfFactBase *to, const SfPlanOptions *options)
{
	SfPlan	   *plan = sf_shadow_plan(sf_plan_make(from, to, options), options);

	plan->two_versions = true;
	return sf_steps_make(plan);
}

/* Only names. */
static List *
rename_steps(SfFactBase *from, SfFactBase *to, const SfPlanOptions *options)
{
	SfPlanOptions renames = {options->role, options->hints};

	return sf_steps_make(sf_plan_make(from, to, &renames));
}

List *
sf_versions_steps_up(SfFactBase *from, SfFactBase *between, SfFactBase *to, const SfPlanOptions *options)
{
	SfPlanOptions rest = *options;
	const SfFact *unclear;
	List	   *steps;

	if (between == NULL)
		return main_steps(from, to, options);
	rest.hints = NIL;
	rest.fills = fills_before(between, to, options->fills, &unclear);
	steps = main_steps(from, between, &rest);
	return sf_steps_join(steps, rename_steps(between, to, options), "contract");
}

/* Who uses names that end uses the schema of his version; the other one may use the tables. */
List *
sf_versions_steps_down(SfFactBase *from, SfFactBase *between, SfFactBase *to, const SfPlanOptions *options)
{
	SfPlanOptions rest = *options;
	List	   *steps;

	if (between == NULL)
		return main_steps(from, to, options);
	rest.hints = NIL;
	steps = rename_steps(from, between, options);
	return sf_steps_join(steps, main_steps(between, to, &rest), NULL);
}
