/*
 * versions.c - which versions of the application may be at work now (versions.h).
 */
#include "postgres.h"

#include "apply/versions.h"

SfVersions *
sf_versions_read(void)
{
	SfVersions *versions = palloc0(sizeof(SfVersions));

	versions->revisions = sf_revisions();
	versions->half = sf_revision_partly(versions->revisions);
	if (versions->half)
	{
		versions->migration = sf_migration_load(versions->half->revision);
		versions->direction = versions->half->direction;
	}
	return versions;
}

static List *
steps_where(List *steps, int done, bool behind)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, steps)
		if ((((SfStep *) lfirst(lc))->transaction > done) == behind)
			result = lappend(result, lfirst(lc));
	return result;
}

List *
sf_steps_behind(List *steps, int done)
{
	return steps_where(steps, done, true);
}

List *
sf_steps_through(List *steps, int done)
{
	return steps_where(steps, done, false);
}

bool
sf_version_gate_passed(const SfVersions *versions)
{
	ListCell   *lc;

	if (versions->half == NULL || versions->half->undoing)
		return false;
	foreach(lc, sf_steps_through(versions->migration->steps[versions->direction], versions->half->done))
		if (((SfStep *) lfirst(lc))->class == 'G')
			return true;
	return false;
}

static bool
is_current(const SfVersions *versions, const char *version)
{
	List	   *current = sf_revisions_current(versions->revisions);
	ListCell   *lc;

	foreach(lc, current)
		if (strcmp(((SfRevision *) lfirst(lc))->revision, version) == 0)
			return true;
	return current == NIL && strcmp(version, SF_VERSION_BASE) == 0;
}

/* Half undone: it leads back to where it came from, and the other version ends at once. */
static SfVersionState
state_in_the_middle(const SfVersions *versions, const char *version)
{
	SfDirection leads = versions->direction;
	SfDirection comes = leads == SF_UP ? SF_DOWN : SF_UP;

	if (strcmp(version, sf_migration_version(versions->migration, leads)) == 0)
		return SF_VERSION_NEXT;
	if (strcmp(version, sf_migration_version(versions->migration, comes)) != 0)
		return SF_VERSION_AHEAD;
	return versions->half->undoing || sf_version_gate_passed(versions) ? SF_VERSION_OVER : SF_VERSION_LAST;
}

SfVersionState
sf_version_state(const SfVersions *versions, const char *version)
{
	SfVersionState state = SF_VERSION_AHEAD;
	SfRevision *r;

	if (versions->half)
		state = state_in_the_middle(versions, version);
	else if (is_current(versions, version))
		state = SF_VERSION_CURRENT;
	if (state != SF_VERSION_AHEAD)
		return state;
	/* What was once applied has been a version. */
	r = sf_revision_find(versions->revisions, version);
	return strcmp(version, SF_VERSION_BASE) == 0 || (r && r->done_at) ? SF_VERSION_OVER : SF_VERSION_AHEAD;
}
