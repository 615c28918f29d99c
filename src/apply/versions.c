/*
 * versions.c - which versions of the application may be at work now (versions.h).
 */
#include "postgres.h"

#include "apply/versions.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"

/* Of String: migrations that have a gate on their way up. */
static List *
gated(void)
{
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query("SELECT DISTINCT revision FROM schemaflow.step WHERE " SF_ORIGIN_IS_OURS
								" AND direction = 'up' AND class = 'G'", lengthof(args), args);
	List	   *result = NIL;

	sf_pins_leave(pins);
	for (int r = 0; r < rows->nrows; r++)
		result = lappend(result, makeString(sf_cell(rows, r, 0)));
	return result;
}

SfVersions *
sf_versions_read(void)
{
	SfVersions *versions = palloc0(sizeof(SfVersions));

	versions->revisions = sf_revisions();
	versions->gated = gated();
	versions->half = sf_revision_partly(versions->revisions);
	if (versions->half)
	{
		versions->migration = sf_migration_load(versions->half->revision);
		versions->direction = versions->half->direction;
	}
	return versions;
}

void
sf_versions_begin(SfVersions *versions, const char *version)
{
	SfRevision *r = sf_revision_find(versions->revisions, version);
	SfDirection direction = SF_UP;
	ListCell   *lc;

	if (versions->half)
		return;
	if (r == NULL || sf_is_applied(r))
	{
		direction = SF_DOWN;
		r = NULL;
		foreach(lc, sf_revisions_current(versions->revisions))
		{
			SfRevision *current = lfirst(lc);

			if (strcmp(version, current->nparent_names > 0 ? current->parent_names[0] : SF_VERSION_BASE) == 0)
				r = current;
		}
	}
	if (r == NULL)
		return;
	r->direction = direction;
	r->done = 0;
	r->of = r->transactions[direction];
	r->done_at = "now";
	r->undoing = false;
	versions->half = r;
	versions->migration = sf_migration_load(r->revision);
	versions->direction = direction;
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

/*
 * Is the schema still such that the version can use it: applied, and no migration since then has had a gate?  A gate is
 * where a version ends; a migration without one takes nothing from it.
 */
static bool
is_served(const SfVersions *versions, const char *version)
{
	SfRevision *r = sf_revision_find(versions->revisions, version);
	bool		base = strcmp(version, SF_VERSION_BASE) == 0;
	ListCell   *lc;

	if (!base && (r == NULL || (!sf_is_applied(r) && r != versions->half)))
		return false;
	foreach(lc, versions->revisions)
	{
		SfRevision *later = lfirst(lc);

		if (later == r || later == versions->half || !sf_is_applied(later) ||
			!list_member(versions->gated, makeString(later->revision)))
			continue;
		if (base || sf_is_ancestor(r, later))
			return false;
	}
	return true;
}

/* Half undone: it leads back to where it came from, and the other version ends at once. */
static SfVersionState
state_in_the_middle(const SfVersions *versions, const char *version)
{
	SfDirection leads = versions->direction;
	bool		made = strcmp(version, sf_migration_version(versions->migration, SF_UP)) == 0;

	if (made ? leads == SF_UP : leads == SF_DOWN && is_served(versions, version))
		return SF_VERSION_NEXT;
	if (!made && !is_served(versions, version))
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
	else if (is_served(versions, version))
		state = SF_VERSION_CURRENT;
	if (state != SF_VERSION_AHEAD)
		return state;
	/* What was once applied has been a version. */
	r = sf_revision_find(versions->revisions, version);
	return strcmp(version, SF_VERSION_BASE) == 0 || (r && r->done_at) ? SF_VERSION_OVER : SF_VERSION_AHEAD;
}
