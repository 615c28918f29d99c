/*
 * unit.h - the recorded units: the tables schemaflow.unit and schemaflow.declaration as texts.
 *
 * Rows of another origin (lib/origin.h) are not seen.  Who changes the model calls sf_units_lock() first and holds it
 * to the end of the transaction; readers take no lock.
 */
#ifndef SF_UNIT_H
#define SF_UNIT_H

#include "model/parse.h"

/* One who records at a time; readers are not held up. */
extern void sf_units_lock(void);

/* All units in the order in which they run, with their declarations' texts (not the whole texts). */
extern List *sf_units_load(void);

extern SfUnit *sf_unit_find(List *units, const char *name);

/* Insert or replace the unit's own row; its declarations are stored with their facts (facts/stored.h). */
extern void sf_unit_save(const SfUnit *unit);
extern void sf_unit_delete(const char *name);

#endif
