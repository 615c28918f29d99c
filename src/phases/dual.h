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
	bool		computed;		/* whatever is written: it is going to be a generated column */
	const char *column;
	const char *expression;
	bool		beside;			/* the new one is what becomes of one old one, and takes its place */
	int			level;			/* reads what triggers of the levels below give */
} SfDual;

/* Tables that need a trigger of their own to keep the column: its own, and those that inherit it. */
extern List *sf_dual_tables(const SfFact *column);

/* Of char *: the trigger for a column's table, and what makes it fire always.  duals: of SfDual, of one level. */
extern List *sf_dual_create(const SfFact *table, const SfFact *column, List *duals);
/* That the expressions fit is found out, before a row is written.  dual: the first one, as for the next. */
extern char *sf_dual_fits(const SfFact *table, const SfFact *column, const SfDual *dual);
extern char *sf_dual_drop(const SfFact *table, const SfFact *column, const SfDual *dual);

/* The gate: an error as long as the other version of the application is at work. */
extern char *sf_dual_gate(void);

#endif
