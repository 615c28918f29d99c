/*
 * partitions.h - private to phases/: partitioned tables get indexes, keys and foreign keys leaf by leaf.
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
/* The index of a partitioned table, and behind it its copies on the partitions: of SfFact. */
extern List *sf_index_family(SfFact *index);
/* Has one of them a name of its own, which its own action gives it? */
extern bool sf_named_afterwards(List *family);

/*
 * Texts that make the family as those beside them are called and defined (of SfFact, one for each); *renames: texts
 * that give them the names that they are to have.  NIL: it cannot be so.
 */
extern List *sf_index_beside_by_leaves(const SfPlan *plan, List *family, List *beside, List **renames);
extern List *sf_key_by_leaves(const SfPlan *plan, const SfAction *action);
/* Of a key's family those on leaves, of which the server makes the others; NIL: it has to make all of them. */
extern List *sf_keys_of_leaves(List *family);
extern List *sf_foreign_key_by_leaves(const SfPlan *plan, const SfAction *action);

#endif
