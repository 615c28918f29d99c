/*
 * sort.h - facts in the order of their keys.
 */
#ifndef SF_SORT_H
#define SF_SORT_H

#include "schemaflow.h"

/* Sorts a list of SfFact in place, by strcmp() of their keys. */
extern void sf_facts_sort(List *facts);

#endif
