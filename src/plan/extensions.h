/*
 * extensions.h - what the server does to extensions, and what it does not.
 */
#ifndef SF_EXTENSIONS_H
#define SF_EXTENSIONS_H

#include "plan/plan.h"

/* Does the server move the members of the live schema's extension?  It refuses for some. */
extern bool sf_extension_moves(const SfFact *extension);

/*
 * Is it made anew for the attribute's change, as the server has no other way?  Only where that loses nothing: no column
 * has a type of its, and it has no tables of its own.
 */
extern bool sf_extension_comes_anew(const SfFact *old, const SfFact *new, int attr);

/* Raises when the plan moves an extension of the live schema that the server does not move, or updates one to a version
 * to which its scripts do not lead. */
extern void sf_plan_check_extensions(const SfPlan *plan);

/* Paragraphs (List of char *) about updates in the plan that no scripts undo. */
extern List *sf_plan_no_way_back(const SfPlan *plan);

#endif
