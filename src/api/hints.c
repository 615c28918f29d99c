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
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"

/* Is "whole" the qualified name of something that "part" is in? */
static bool
is_in(const char *part, const char *whole)
{
	Size		n = strlen(whole);

	return strncmp(part, whole, n) == 0 && part[n] == '.';
}

/* The old name with its whole's old name: the innermost whole that was renamed counts. */
static char *
under_old_name(const SfRows *rows, const char *old)
{
	int			best = -1;

	for (int i = 0; i < rows->nrows; i++)
		if (is_in(old, sf_cell(rows, i, 1)) && (best < 0 || strlen(sf_cell(rows, i, 1)) > strlen(sf_cell(rows,
																										 best, 1))))
			best = i;
	if (best < 0)
		return pstrdup(old);
	return psprintf("%s%s", sf_cell(rows, best, 2), old + strlen(sf_cell(rows, best, 1)));
}

List *
sf_hints_load(SfFactBase *live, SfFactBase *model, List **back)
{
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query("SELECT kind, new, old FROM schemaflow.rename_hint WHERE " SF_ORIGIN_IS_OURS
								" ORDER BY kind, new, old", lengthof(args), args);
	List	   *hints = NIL;

	sf_pins_leave(pins);
	*back = NIL;
	for (int i = 0; i < rows->nrows; i++)
	{
		char	   *new_key = psprintf("%s:%s", sf_cell(rows, i, 0), sf_cell(rows, i, 1));
		char	   *old_key = psprintf("%s:%s", sf_cell(rows, i, 0), under_old_name(rows, sf_cell(rows, i, 2)));
		SfHint	   *hint;

		CHECK_FOR_INTERRUPTS();
		if (!sf_base_find(live, old_key) || !sf_base_find(model, new_key) || sf_base_find(model, old_key))
			continue;
		hint = palloc(sizeof(SfHint));
		hint->old_key = old_key;
		hint->new_key = new_key;
		hints = lappend(hints, hint);
		hint = palloc(sizeof(SfHint));
		hint->old_key = new_key;
		hint->new_key = old_key;
		*back = lappend(*back, hint);
	}
	return hints;
}
