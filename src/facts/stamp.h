/*
 * stamp.h - has somebody run DDL meanwhile?
 *
 * A stamp is a hash, per catalog, over (ctid, xmin) of the rows that the newest snapshot sees.  Two equal stamps mean
 * that no DDL was committed in between.  In-place updates (statistics of VACUUM and ANALYZE) leave it alone.
 */
#ifndef SF_STAMP_H
#define SF_STAMP_H

#include "compat.h"

typedef struct SfStamp SfStamp;

extern SfStamp *sf_stamp_take(void);
extern bool sf_stamp_equal(const SfStamp *a, const SfStamp *b);

/* Raise: the schema changes under the reading; names what changed between the two. */
pg_noreturn extern void sf_stamp_report(const SfStamp *before, const SfStamp *after);

#endif
