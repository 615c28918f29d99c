/*
 * order.c - the phases in their order, and the one that a transaction belongs to: the latest of its steps'.  A run
 * "through" a phase stops before a transaction of a later one (apply/perform.c), so that is what people are shown.
 */
#include "postgres.h"

#include "phases/steps.h"

static const char *const phases[] = {"expand", "backfill", "validate", "contract"};

/* -1: none. */
static int
find(const char *phase)
{
	for (int i = 0; i < lengthof(phases); i++)
		if (strcmp(phases[i], phase) == 0)
			return i;
	return -1;
}

bool
sf_is_phase(const char *phase)
{
	return find(phase) >= 0;
}

int
sf_phase_number(const char *phase)
{
	if (!sf_is_phase(phase))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a phase", phase),
				 errhint("Phases are expand, backfill, validate, contract.")));
	return find(phase);
}

const char *
sf_phase_of(const List *steps, const ListCell *first)
{
	int			latest = 0;

	for (const ListCell *lc = first; lc != NULL; lc = lnext(steps, lc))
	{
		const SfStep *step = lfirst(lc);

		if (step->transaction != ((SfStep *) lfirst(first))->transaction)
			break;
		latest = Max(latest, sf_phase_number(step->phase));
	}
	return phases[latest];
}
