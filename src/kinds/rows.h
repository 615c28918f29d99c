/*
 * rows.h - the rows of a table that is made anew.  Private to kinds/.
 */
#ifndef SF_ROWS_H
#define SF_ROWS_H

#include "kinds/kind.h"

/* SfKind.save and SfKind.refill of tables. */
extern bool sf_save_rows(SfEmit *out, const SfFact *old, const SfFact *new);
extern void sf_refill_rows(SfEmit *out, const SfFact *old, const SfFact *new);

#endif
