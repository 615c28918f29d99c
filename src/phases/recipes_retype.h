/*
 * recipes_retype.h - private to phases/: columns of one table that get other types, by one statement.
 *
 * The server writes a table anew, and builds its indexes, once a statement.
 */
#ifndef SF_RECIPES_RETYPE_H
#define SF_RECIPES_RETYPE_H

#include "nodes/nodes.h"
#include "plan/plan.h"

/* The table whose column the action gives another type, with nothing of its own around it; else NULL. */
extern const SfFact *sf_retyped_table(const SfPlan *plan, const SfAction *action);

/* Does an expression name one of the columns (of String), or whole rows? */
extern bool sf_reads_any(Node *expression, List *columns);

/* Of SfUnit (cut.h): with the steps that stand side by side joined. */
extern List *sf_join_retypes(List *units);

#endif
