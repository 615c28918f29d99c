/*
 * elaborate.h - declarations -> facts: the text is run by the server in a scratch and read back.
 */
#ifndef SF_ELABORATE_H
#define SF_ELABORATE_H

#include "facts/factbase.h"
#include "model/parse.h"

/*
 * Facts of an empty database in which the declarations of all units were run, in order, each unit as its owner.  Facts
 * carry unit and declaration; those that an empty database has anyway carry baseline.  Raises the first error of a
 * declaration that could not be run, with unit, declaration and line.
 *
 * inverse_renames (SQL texts, may be NIL) are run after the reading, and the facts read again: *under_old_names.  The
 * server maps every text by that.  Facts that are the same object in both bases are each other's twin.
 */
extern SfFactBase *sf_elaborate(List *units, List *inverse_renames, SfFactBase **under_old_names);

/* Same identity, parent and content? What makes no difference (SF_IGNORE) does not count. */
extern bool sf_same_fact(const SfFact *a, const SfFact *b);

#endif
