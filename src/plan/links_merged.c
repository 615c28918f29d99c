/*
 * links_merged.c - what a table has of a parent's and says of itself, too, goes and comes by itself.  See links.c.
 *
 * Such a copy merges with its original: it is there before that, and is still there when that has gone; and so are
 * those who need the copy, and what goes with it.
 */
#include "postgres.h"

#include "plan/build.h"

/* What stands between the two is made by the original's statement as well. */
void
sf_link_merged(SfItem *item, const SfFact *fact)
{
	for (const SfFact *original = sf_implied_by(fact); original; original = sf_implied_by(original))
		if (sf_item(original))
		{
			if (fact == item->new)
				sf_build_after(sf_item(original)->create, item->create, item);
			else
				sf_build_after(item->drop, sf_item(original)->drop, item);
		}
}

bool
sf_needs_what_outlasts(const SfFact *fact, const SfFact *original)
{
	bool		any = false;
	ListCell   *lc;

	foreach(lc, fact->needs)
	{
		const SfEdge *edge = lfirst(lc);
		const SfFact *copy = edge->to;
		bool		outlasts = false;

		if (edge->type == SF_EDGE_IMPLIED || edge->type == SF_EDGE_ORDER)
			continue;
		for (; copy && copy != original; copy = sf_implied_by(copy))
			outlasts = outlasts || sf_merges(copy);
		if (copy && !outlasts)
			return false;
		any = any || copy;
	}
	return any;
}

bool
sf_goes_with_merged(const SfItem *item)
{
	return item->drop && item->drop->old && item->drop->old != item->old && sf_merges(item->drop->old);
}

/* A column and those that inheriting tables declare, too: all old ones go before a new one has the name. */
void
sf_link_exchanged(const SfBuild *build)
{
	ListCell   *lc,
			   *lo;

	foreach(lc, build->plan->shadows)
		foreach(lo, build->plan->shadows)
		{
			const SfShadow *one = lfirst(lc),
					   *other = lfirst(lo);

			if (sf_shadow_whole(one) == sf_shadow_whole(other))
				sf_build_after(sf_item(one->new)->create, sf_item(other->new)->drop, sf_item(other->new));
		}
}
