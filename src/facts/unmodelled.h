/*
 * unmodelled.h - objects that no kind models are named, never skipped in silence.
 */
#ifndef SF_UNMODELLED_H
#define SF_UNMODELLED_H

#include "facts/factbase.h"

/*
 * Names, as pg_identify_object() gives them, of those of the objects (lists of OIDs, catalog and object) that are the
 * user's.  In the base's memory.
 */
extern List *sf_unmodelled(SfFactBase *base, List *classes, List *objects, List *excluded);

#endif
