/*
 * version_schema.h - a version of the application as a schema: a view for each table, as that version knows it.
 *
 * The views are ordinary ones, so the server updates through them, and a version that uses its schema does not notice
 * what is renamed, exchanged or dropped underneath.  Which schemas are ours is said by schemaflow.version_schema.
 */
#ifndef SF_VERSION_SCHEMA_H
#define SF_VERSION_SCHEMA_H

#include "apply/versions.h"

/*
 * The schema of the version for the tables of the schema "covers": made if it is not there, what is missing in it made,
 * privileges and comments as the tables have them now.  name: what to call it, or NULL.  Raises when the version is
 * not one of those at work, or the user may not speak for it.  Returns its name.
 */
extern char *sf_version_schema_make(const SfVersions *versions, const char *version, const char *covers,
									const char *name);

/*
 * Around a transaction of a migration.  Before its steps: views that are in their way go.  Behind its mark: schemas of
 * versions that have ended go; what stood aside is made again as the steps that are still to come have it.  m: also the
 * way back of one (undo.h).
 */
extern void sf_versions_aside(List *steps);
extern void sf_versions_settle(const SfMigration *m, SfDirection direction, int done);

#endif
