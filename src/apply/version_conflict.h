/*
 * version_conflict.h - private to the versions' schemas: what the steps of a migration cannot touch under a view.
 */
#ifndef SF_VERSION_CONFLICT_H
#define SF_VERSION_CONFLICT_H

#include "postgres.h"

#include "nodes/pg_list.h"

/*
 * Of ObjectAddress: columns, tables and others that the steps (of SfStep) drop, or whose type they change: the server
 * refuses while a view needs them.
 */
extern List *sf_version_conflicts(List *steps);

/* Might there be any, whatever there is by then? */
extern bool sf_version_may_conflict(List *steps);

#endif
