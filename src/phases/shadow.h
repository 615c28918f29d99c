/*
 * shadow.h - a change of a column's type without a rewrite under a lock: by another column that takes its place.
 *
 * The shadow is added beside the column, a trigger keeps both in step, rows are filled in batches, and indexes and
 * constraints that name the column are made for the shadow, under names that nobody else has.  Behind the gate one
 * transaction drops the old column with what belongs to it, and gives the names over; it reads no table.  In the plan
 * the column is made anew with all that needs it, so the order of everything is the planner's.
 */
#ifndef SF_SHADOW_H
#define SF_SHADOW_H

#include "plan/plan.h"
#include "phases/recipes.h"

/*
 * The plan again, with the columns replaced that can be; the plan itself if there is none.  options: those that it was
 * made with.  Columns that should be and cannot are among its refusals.
 */
extern SfPlan *sf_shadow_plan(SfPlan *plan, const SfPlanOptions *options);

/* The shadow that takes its column's place by this action (its create); NULL: it is none. */
extern SfShadow *sf_shadow_exchanged(const SfPlan *plan, const SfAction *action);

/* The same for the drop of the old column. */
extern SfShadow *sf_shadow_ends(const SfPlan *plan, const SfAction *action);

/* Is a column exchanged by one of the actions? */
extern bool sf_shadow_within(const SfPlan *plan, List *actions);

/* Of SfPlaced, of a bracket's actions: what is made ahead, then the exchange, then what only waits for it. */
extern List *sf_shadow_statements(const SfPlan *plan, List *actions);

/*
 * Of SfFact: the live columns that were to take others' places by these steps (of SfStep), and have not: the old ones
 * have all that was written.
 */
extern List *sf_shadow_spares(const SfFactBase *live, const SfFactBase *start, List *steps);

/* The table whose spare column, or what belongs to it, the action drops; NULL: it does not. */
extern SfFact *sf_shadow_spare_table(const SfPlan *plan, const SfAction *action);

/* Notes what is to be said of columns at the action's statements: why one is not replaced, that a spare one is one. */
extern void sf_shadow_note(const SfPlan *plan, const SfAction *action, List *statements);

#endif
