/*
 * wires.h - the dual-write triggers that a migration has made and not yet dropped: are they as it made them?
 *
 * The guard refuses to touch them (guard/), but whoever must can get around it.  While one is missing, rows are written
 * that say nothing to the other version.  So it is looked at again and again, and put back; prove.h finds the rows.
 */
#ifndef SF_WIRES_H
#define SF_WIRES_H

#include "apply/history.h"

typedef struct SfWire
{
	Oid			relid;
	const char *name;
	SfStep	   *create;
	SfStep	   *enable;			/* makes it fire always */
	int			dropped;		/* in which transaction; 0: in none */
} SfWire;

/* Of SfWire: those that have to be there before the transaction is run.  In a transaction. */
extern List *sf_wires(const SfMigration *migration, SfDirection direction, int transaction);

/* The triggers of a table in a word, which changes when somebody drops, makes, or alters one. */
extern char *sf_wires_state(Oid relid);

/* Are all triggers of an earlier state untouched in a later one, which may have more? */
extern bool sf_wires_still(const char *before, const char *now);

/* Put back what is not as it was made, in a transaction of its own; outside of transactions. Returns what was done. */
extern bool sf_wires_mend(const SfMigration *migration, SfDirection direction, int transaction,
						  const SfFactBase *before);

#endif
