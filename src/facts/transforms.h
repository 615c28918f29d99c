/*
 * transforms.h - how a column's contents change: what the model says beside its DDL.
 */
#ifndef SF_TRANSFORMS_H
#define SF_TRANSFORMS_H

#include "facts/factbase.h"
#include "model/parse.h"

typedef struct SfTransform
{
	char	   *column;			/* as SQL: public.users.phone */
	char	   *up;				/* the new value from the row as it was before; or NULL */
	char	   *down;			/* the old value from the new row; or NULL */
} SfTransform;

/* The text as one expression, not analysed; raises when it is none.  check: NULL is fine. */
extern Node *sf_transform_parse(const char *expression);
extern void sf_transform_check(const char *expression);

/* Those in the comments of a unit's text ("-- @up expr", "-- @down expr" above or beside a column): of SfTransform. */
extern List *sf_model_transforms(const SfUnit *unit, const SfFactBase *base);

/* Put them in the place of what the unit had; '' is what sf_transform() gave. */
extern void sf_transforms_store(const char *unit, List *transforms);

/* All of them: of SfTransform.  What sf_transform() gave comes first. */
extern List *sf_transforms_load(void);

#endif
