/*
 * links_guards.c - what each action must come after: guards (policies) and what says whether they count.
 *
 * Nothing but late satellites (a grant, a new owner) needs the object to be guarded already, or no more.
 */
#include "postgres.h"

#include "plan/build.h"

/* Does its alteration do no more than say whether its guards count?  Only late satellites wait for that. */
bool
sf_turns_guards(const SfItem *item)
{
	const SfKind *kind = item->new ? item->new->kind : NULL;

	for (int i = 0; item->fate == SF_FATE_ALTER && i < kind->nattrs; i++)
		if (item->changed[i] && !(kind->attrs[i].flags & SF_ATTR_GUARDS))
			return false;
	return sf_item_alters(item, SF_ATTR_GUARDS);
}

/*
 * Guards count when all of them stand, and no more before the first goes: a run has a transaction between the two, and
 * without a policy nobody sees a row.
 */
void
sf_link_guards(SfItem *item)
{
	const SfKind *kind = item->new->kind;
	List	   *guards = list_concat_unique_ptr(list_copy(item->old->children), item->new->children);
	bool		on = false;
	ListCell   *lc;

	for (int i = 0; i < kind->nattrs; i++)
		on |= item->changed[i] && (kind->attrs[i].flags & SF_ATTR_GUARDS) && item->new->attr[i];
	foreach(lc, guards)
	{
		const SfFact *fact = lfirst(lc);
		SfItem	   *guard = fact->kind->guards ? sf_item(fact) : NULL;
		SfAction   *own[] = {
			guard ? guard->create : NULL, guard ? guard->alter : NULL,
			guard && guard->drop && guard->drop->old == guard->old ? guard->drop : NULL
		};

		for (int i = 0; i < lengthof(own); i++)
			sf_build_after(on ? item->alter : own[i], on ? own[i] : item->alter, item);
	}
}
