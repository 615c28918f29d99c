/*
 * names.c - who takes which name.  See names.h.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "plan/names.h"

/* What can be renamed takes at least its own name. */
List *
sf_names_taken(const SfFact *fact)
{
	if (fact->kind->takes)
		return fact->kind->takes(fact);
	return fact->kind->rename ? list_make1(sf_fact_key(fact->kind->name, fact->nname, fact->name)) : NIL;
}

List *
sf_names_needed(const SfFact *fact)
{
	List	   *names = sf_names_taken(fact);

	return fact->kind->avoids ? list_concat(names, fact->kind->avoids(fact)) : names;
}

bool
sf_takes_any(const SfFact *fact, List *names)
{
	ListCell   *lc,
			   *ln;

	foreach(lc, sf_names_taken(fact))
		foreach(ln, names)
			if (strcmp(lfirst(lc), lfirst(ln)) == 0)
				return true;
	return false;
}

bool
sf_take_same_name(const SfFact *a, const SfFact *b)
{
	return sf_takes_any(a, sf_names_taken(b));
}
