/*
 * recipes_fill.h - private to phases/: columns of a table get values in batches, and NOT NULL by a proof.
 */
#ifndef SF_RECIPES_FILL_H
#define SF_RECIPES_FILL_H

#include "phases/dual.h"
#include "phases/recipes.h"

/* That a column has no NULL. */
typedef struct SfProof
{
	const SfAction *action;		/* that it is told of */
	const SfFact *column;
	char	   *set;			/* the statement that says it; NULL: nothing is to be proved */
	char	   *unproved;		/* the same where it is a constraint (18 on): not validated */
} SfProof;

/* What an action does to the rows of a table that stands. */
typedef struct SfFilling
{
	const SfAction *action;
	SfDual		dual;			/* the trigger's part, where there is a fill */
	bool		stays;			/* the trigger, until the gate; else it goes when the column is full */
	List	   *before;			/* of SfStatement: what comes ahead of it */
	List	   *restore;		/* of SfStatement: behind it, values that come back from the archive */
	char	   *fill;			/* the UPDATE in batches; NULL: none */
	List	   *behind;			/* of SfStatement: at once behind that */
	SfProof		proof;
	List	   *after;			/* of SfStatement: when all is full and proved */
} SfFilling;

/* recipes_fill_column.c: NULL when the action is none. */
extern SfFilling *sf_filling(const SfPlan *plan, const SfAction *action);
/* That a new column has no NULL, where it is made without a word of that. */
extern SfProof sf_not_null_proof(const SfPlan *plan, const SfAction *action);

/*
 * The table whose rows the action fills or reads, where it may do so together with others: it reads none of their new
 * columns.  Or NULL.
 */
extern const SfFact *sf_filled_table(const SfPlan *plan, const SfAction *action);

/* Of SfFilling: those that go together, from the action "first" on.  until: as sf_brackets() gives it. */
extern List *sf_fillings(const SfPlan *plan, List *actions, int first, const int *until);

/* Of SfPlaced: what fills them. */
extern List *sf_fill_statements(const SfPlan *plan, List *fillings);

/* A column as its own writer makes it, but for a part of it that it has in the end, filled by the dual's expression. */
extern SfFilling *sf_filling_without(const SfPlan *plan, const SfAction *action, const SfFact *part, SfDual dual);

/* recipes_generated.c: a new generated column that is filled as a plain one; or NULL.  plain: what its writer has. */
extern SfFilling *sf_fill_generated(const SfPlan *plan, const SfAction *action, List *plain);
/* Has a row in the column what it is going to be generated as?  An expression over the row. */
extern char *sf_is_computed(const SfFilling *filling);
/*
 * Behind what is placed (of SfPlaced): from here on nobody writes another value to these (of SfFilling); they are
 * proved, and made generated.
 */
extern List *sf_claim_computed(List *placed, const SfPlan *plan, List *fillings);
extern List *sf_generate_all(List *placed, const SfPlan *plan, List *fillings);

/* A name that no constraint of the table has, before or after: for one column, or several (NULL). */
extern char *sf_free_constraint(const SfPlan *plan, const SfFact *table, const char *column, const char *label);

/*
 * recipes_prove.c: SET NOT NULL reads the table under the strongest lock unless something proves it while others
 * write.  All that is needed for these (of SfProof): a table is read once, from 18 on once a column.  Of SfPlaced.
 */
extern List *sf_prove_not_null(List *placed, const SfPlan *plan, List *proofs);

#endif
