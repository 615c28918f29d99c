/*
 * hints.c - the recorded renames as hints of the planner (hints.h).
 *
 * Stored hints name a part under the new name of its whole ('public.people.fone' when users became people, too); the
 * planner wants keys as they are on either side, so the names of wholes are mapped back.  Hints that were carried out
 * long ago name nothing any more and are left out.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "api/hints.h"
#include "diff/diff.h"
#include "facts/live.h"
#include "kinds/kind.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"

/* A row of schemaflow.rename_hint, against a pair of bases. */
typedef struct Recorded
{
	char	   *unit;
	char	   *kind;
	char	   *new;
	char	   *old;
	char	   *object;			/* NULL: not bound */
	bool		ambiguous;		/* the model has something under the old name, too */
	SfFact	   *subject;		/* the live fact that it renames, if it is still to be carried out */
} Recorded;

static List *
load(void)
{
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query("SELECT unit, kind, new, old, object FROM schemaflow.rename_hint WHERE "
								SF_ORIGIN_IS_OURS " ORDER BY pg_catalog.length(new), kind, new, old",
								lengthof(args), args);
	List	   *all = NIL;

	sf_pins_leave(pins);
	for (int i = 0; i < rows->nrows; i++)
	{
		Recorded   *hint = palloc0(sizeof(Recorded));

		hint->unit = sf_cell(rows, i, 0);
		hint->kind = sf_cell(rows, i, 1);
		hint->new = sf_cell(rows, i, 2);
		hint->old = sf_cell(rows, i, 3);
		hint->object = sf_cell(rows, i, 4);
		all = lappend(all, hint);
	}
	return all;
}

static char *
key_of(const Recorded *hint, const char *name)
{
	return psprintf("%s:%s", hint->kind, name);
}

/* Is "whole" the qualified name of something that "part" is in? */
static bool
is_in(const char *part, const char *whole)
{
	Size		n = strlen(whole);

	return strncmp(part, whole, n) == 0 && part[n] == '.';
}

/* The live fact with the hint's old name: its whole has its own old name, if that is still to be renamed. */
static SfFact *
find_old(const Recorded *hint, List *all, const SfFactBase *live)
{
	const Recorded *whole = NULL;
	const char *name = hint->old;
	ListCell   *lc;

	/* in order of length: the innermost counts */
	foreach(lc, all)
	{
		const Recorded *other = lfirst(lc);

		if (other->subject && is_in(hint->old, other->new))
			whole = other;
	}
	if (whole)
		name = psprintf("%s%s", sf_name(whole->subject), hint->old + strlen(whole->new));
	return sf_base_find(live, key_of(hint, name));
}

static char *
place_of(const SfFact *fact)
{
	if (fact == NULL)
		return "";
	return psprintf("%u/%u/%d", fact->addr.classId, fact->addr.objectId, fact->addr.objectSubId);
}

static void
find_ambiguous(List *all, const SfFactBase *model)
{
	ListCell   *lc;

	foreach(lc, all)
	{
		Recorded   *hint = lfirst(lc);

		hint->ambiguous = sf_base_find(model, key_of(hint, hint->new)) && sf_base_find(model, key_of(hint, hint->old));
	}
}

/* What is still to be carried out; wholes before their parts. */
static void
find_subjects(List *all, const SfFactBase *live, const SfFactBase *model, bool bind)
{
	ListCell   *lc;

	find_ambiguous(all, model);
	foreach(lc, all)
	{
		Recorded   *hint = lfirst(lc);
		SfFact	   *old = find_old(hint, all, live);

		CHECK_FOR_INTERRUPTS();
		if (bind && hint->ambiguous && hint->object == NULL)
			hint->object = place_of(old);
		if (old && sf_base_find(model, key_of(hint, hint->new)) &&
			(!hint->ambiguous || (hint->object && strcmp(hint->object, place_of(old)) == 0)))
			hint->subject = old;
	}
}

static List *
add_hint(List *hints, char *old_key, char *new_key)
{
	SfHint	   *hint = palloc(sizeof(SfHint));

	hint->old_key = old_key;
	hint->new_key = new_key;
	return lappend(hints, hint);
}

/* Does a hint that somebody gave name one of both already? */
static bool
is_hinted(List *hints, const SfHint *hint)
{
	ListCell   *lc;

	foreach(lc, hints)
	{
		const SfHint *other = lfirst(lc);

		if (strcmp(other->old_key, hint->old_key) == 0 || strcmp(other->new_key, hint->new_key) == 0)
			return true;
	}
	return false;
}

List *
sf_hints_load(SfFactBase *live, SfFactBase *model, List **back)
{
	List	   *all = load();
	List	   *hints = NIL;
	ListCell   *lc;

	*back = NIL;
	find_subjects(all, live, model, false);
	foreach(lc, all)
	{
		const Recorded *hint = lfirst(lc);

		if (hint->subject == NULL)
			continue;
		hints = add_hint(hints, hint->subject->key, key_of(hint, hint->new));
		*back = add_hint(*back, key_of(hint, hint->new), hint->subject->key);
	}
	foreach(lc, sf_diff_same_places(live, model, hints))
	{
		const SfHint *hint = lfirst(lc);

		if (is_hinted(hints, hint))
			continue;
		hints = add_hint(hints, hint->old_key, hint->new_key);
		*back = add_hint(*back, hint->new_key, hint->old_key);
	}
	return hints;
}

void
sf_hints_bind(const SfFactBase *model)
{
	List	   *all = load();
	List	   *loose = NIL;
	SfOwnerState owner;
	ListCell   *lc;

	find_ambiguous(all, model);
	foreach(lc, all)
	{
		const Recorded *hint = lfirst(lc);

		if (hint->ambiguous && hint->object == NULL)
			loose = lappend(loose, lfirst(lc));
	}
	if (loose == NIL)
		return;
	find_subjects(all, sf_live_facts(), model, true);
	sf_owner_enter(&owner);
	foreach(lc, loose)
	{
		const Recorded *hint = lfirst(lc);
		const char *args[] = {sf_origin_system(), sf_origin_database(), hint->unit, hint->kind,
							  hint->new,		  hint->object};

		sf_execute("UPDATE schemaflow.rename_hint SET object = $6 WHERE " SF_ORIGIN_IS_OURS
				   " AND unit OPERATOR(pg_catalog.=) $3 AND kind OPERATOR(pg_catalog.=) $4"
				   " AND new OPERATOR(pg_catalog.=) $5", lengthof(args), args);
	}
	sf_owner_leave(&owner);
}
