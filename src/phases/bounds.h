/*
 * bounds.h - private to phases/: what the rows of a partition have in common, as an expression.
 *
 * A valid check of it proves to the server that the rows of a table fit, so that it does not read them.  It is
 * written from the facts: the server's own text of it is there only when the table is a partition, and asking for it
 * locks that.
 */
#ifndef SF_BOUNDS_H
#define SF_BOUNDS_H

#include "plan/plan.h"

/*
 * Of a partition of "whole" with that bound, its parents' own bounds included.  NULL: it cannot be said, as by a hash,
 * or by several columns.
 */
extern char *sf_bound_expression(const SfFact *whole, const char *bound);

/* Of the partition alone: what the default partition must not have is the opposite. */
extern char *sf_bound_own_expression(const SfFact *whole, const char *bound);

/* The column that those expressions are about; NULL: the key is no plain column. */
extern const SfFact *sf_bound_column(const SfFact *whole);

#endif
