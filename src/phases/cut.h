/*
 * cut.h - private to phases/: units of steps, cut into transactions.
 *
 * Consecutive units share a transaction unless it would take too many locks, would use an enum value that it has added,
 * or would lock tables in use that have nothing to do with each other.  A proof (VALIDATE) never shares one with
 * anything else.
 */
#ifndef SF_CUT_H
#define SF_CUT_H

#include "nodes/pg_list.h"

/* Steps that must not be parted. */
typedef struct SfUnit
{
	List	   *steps;			/* of SfStep */
	List	   *tables;			/* of SfFact: tables in use that it locks strongly, on the starting side */
	int			locks;
	bool		validates;
	bool		new_later;		/* makes what only later transactions can use */
	bool		alone;			/* cannot share a transaction */
} SfUnit;

/* Of SfStep, from SfUnit: transactions and steps get their numbers. */
extern List *sf_cut(List *units);

#endif
