/*
 * names.h - who takes which name.
 */
#ifndef SF_NAMES_H
#define SF_NAMES_H

#include "facts/factbase.h"

/* The names that a fact takes, each with its name space (SfKind.takes): of char *. */
extern List *sf_names_taken(const SfFact *fact);

/* Those, and what nobody may be called when the fact is made. */
extern List *sf_names_needed(const SfFact *fact);

extern bool sf_takes_any(const SfFact *fact, List *names);
/* Cannot both exist at once, for their names? */
extern bool sf_take_same_name(const SfFact *a, const SfFact *b);

#endif
