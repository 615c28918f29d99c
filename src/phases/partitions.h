/*
 * partitions.h - private to phases/: partitioned tables get indexes and foreign keys leaf by leaf.
 *
 * The server cannot build an index of a partitioned table concurrently, nor (before 18) make its foreign key unproved:
 * the statement for the whole would lock all partitions until the last one is read.  Done for each leaf, and joined at
 * the end, no partition is locked for longer than it takes to note something.
 */
#ifndef SF_PARTITIONS_H
#define SF_PARTITIONS_H

#include "phases/recipes.h"

/* Of SfStatement; NIL: the plain form has to do. */
extern List *sf_index_by_leaves(const SfPlan *plan, const SfAction *action);
/*
 * Texts that make the index beside another of its name, under names of their own; *renames: that give it and its copies
 * the names that they are to have.  NIL: it cannot be so.
 */
extern List *sf_index_beside_by_leaves(const SfPlan *plan, SfFact *index, char *name, List **renames);
extern List *sf_foreign_key_by_leaves(const SfPlan *plan, const SfAction *action);

#endif
