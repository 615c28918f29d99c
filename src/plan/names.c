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

bool
sf_take_same_name(const SfFact *a, const SfFact *b)
{
	List	   *names = sf_names_taken(b);
	ListCell   *la,
			   *lb;

	foreach(la, sf_names_taken(a))
		foreach(lb, names)
			if (strcmp(lfirst(la), lfirst(lb)) == 0)
				return true;
	return false;
}
