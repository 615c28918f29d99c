/*
 * recipes_versions.h - plans that keep what the old version of the application uses until it is gone.
 *
 * With schemaflow.versions = on the new version works through its schema (apply/version_schema.h) from the gate on, and
 * the old one as it always did; behind the gate names change, and what only the old one used goes.
 */
#ifndef SF_RECIPES_VERSIONS_H
#define SF_RECIPES_VERSIONS_H

#include "phases/steps.h"

/* Is the plan to be one of these?  Where there are no tables yet nobody uses any. */
extern bool sf_versions_kept(const SfFactBase *from);

/*
 * While steps are made, every table is one in use, whatever its size: what is done to it in one go is done before the
 * old version is gone.  Returns the level for sf_versions_leave().
 */
extern int	sf_versions_enter(bool kept);
extern void sf_versions_leave(int level);

/*
 * What stands between what is there and the model when all is done but names: the model as it reads under the old ones
 * (plan/old_names.h).  NULL: no names change, or they cannot wait; then it says why.  Facts' twin and note fields are
 * used.
 */
extern SfFactBase *sf_versions_between(const SfPlan *plan, SfFactBase *under_old_names, const SfPlanOptions *options);

/*
 * The steps of a migration with two versions.  Up, names change at the very end; down, first: who goes back to the
 * version that used the tables finds them.  between may be NULL.
 */
extern List *sf_versions_steps_up(SfFactBase *from, SfFactBase *between, SfFactBase *to, const SfPlanOptions *options);
extern List *sf_versions_steps_down(SfFactBase *from, SfFactBase *between, SfFactBase *to,
									const SfPlanOptions *options);

/* Does an application use such a thing by its name, besides tables and columns? */
extern bool sf_version_uses(const SfFact *fact);

/* Of SfStep: they make the schemas of the new version. */
extern List *sf_version_steps(const SfPlan *plan);

#endif
