/*
 * dual.h - private to phases/: statements that keep old and new columns of a table in step (apply/dual_write.c).
 *
 * They hold placeholders (steps.h).
 */
#ifndef SF_DUAL_H
#define SF_DUAL_H

#include "plan/plan.h"

/* The new column gets the value of the expression, or an old one does; or a column does where it has none (fill). */
typedef struct SfDual
{
	bool		up;
	bool		fill;
	const char *column;
	const char *expression;
	bool		beside;			/* the new one is what becomes of one old one, and takes its place */
} SfDual;

/* Tables that need a trigger of their own to keep the column: its own, and those that inherit it. */
extern List *sf_dual_tables(const SfFact *column);

/* Of char *: the trigger for a column's table, and what makes it fire always. */
extern List *sf_dual_create(const SfFact *table, const SfFact *column, List *duals);
/* That the expressions of an exchange fit is found out, before a row is written. */
extern char *sf_dual_fits(const SfFact *table, const SfFact *column);
/* exchange: of columns that take the place of others. */
extern char *sf_dual_drop(const SfFact *table, const SfFact *column, bool exchange);

/* The gate: an error as long as the other version of the application is at work. */
extern char *sf_dual_gate(void);

#endif
