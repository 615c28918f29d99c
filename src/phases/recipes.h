/*
 * recipes.h - private to phases/: an action's statements, in the form that does least harm to tables in use.
 */
#ifndef SF_RECIPES_H
#define SF_RECIPES_H

#include "plan/plan.h"

typedef struct SfStatement
{
	char	   *sql;
	bool		proven;			/* what it would look for has been proved by a statement before it */
	bool		validates;		/* belongs to the proof: comes after it */
} SfStatement;

/*
 * Statements of an action: of SfStatement, in order.  atomic: it stands in a bracket, between the drop and the create
 * of something; then nothing may commit and the plan's own statements are taken.
 */
extern List *sf_recipe_statements(const SfPlan *plan, const SfAction *action, bool atomic);

#endif
