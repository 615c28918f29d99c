/*
 * facts.h - catalog -> facts.
 */
#ifndef SF_FACTS_H
#define SF_FACTS_H

#include "facts/factbase.h"

/*
 * Read the current database's facts under pins, consistently (raw catalogs hashed before and after; read again when
 * they differ; an error naming the concurrent DDL after three tries).  Sees the transaction's own uncommitted changes.
 * Never locks users' tables.  System schemas, the schemas in "excluded" (C strings) and members of extensions are
 * left out.
 */
extern SfFactBase *sf_facts_read(List *excluded);

/* Schemas of ours, which are part of no schema that is compared: a dump may bring the archive along.  A new list. */
extern List *sf_own_schemas(void);

/* As sf_facts_read(), without edges, and without the names of what is not modelled: for those who only compare. */
extern SfFactBase *sf_facts_read_apart(List *excluded);

/* Only what extensions' scripts may have said (SfReader.given); in a worker that has made some just now. */
extern SfFactBase *sf_facts_read_given(void);

#endif
