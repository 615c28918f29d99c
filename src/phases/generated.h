/*
 * generated.h - what proves the values of a column that is going to be generated.
 */
#ifndef SF_GENERATED_H
#define SF_GENERATED_H

#include "facts/factbase.h"

/*
 * The condition of a check, by which a row has in the column what the expression gives, to the byte.  type: as
 * format_type() has it.  NULL: there is none, since a cast would cut what an assignment refuses.
 */
extern char *sf_generated_condition(const char *column, const char *type, const char *expression);

/* recipes_generated.c: columns (of SfFact) that the steps (of SfStep) would have made generated, and that are plain. */
extern List *sf_generated_spares(const SfFactBase *live, const SfFactBase *start, List *steps);

#endif
