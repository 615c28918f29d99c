/*
 * live.h - the live database's facts, and which of them are ours to change.
 */
#ifndef SF_LIVE_H
#define SF_LIVE_H

#include "facts/factbase.h"

/* The facts of the current database, without schemaflow's own objects. */
extern SfFactBase *sf_live_facts(void);

/* The same without edges: for those who only compare. */
extern SfFactBase *sf_live_facts_apart(void);

/*
 * Set the unmanaged flag on both sides by schemaflow.manage: 'all' manages everything; 'model' the schemas that
 * the model names or has named and public, objects of the database itself (extensions...) only where the model has
 * them, and facts that an empty database has (baseline) only where the model says something else.  sf_ignore()
 * patterns are unmanaged always.
 */
extern void sf_scope(SfFactBase *live, SfFactBase *model);

#endif
