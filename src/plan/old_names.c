/*
 * old_names.c - the model as it would read had nothing been renamed.  See old_names.h.
 */
#include "postgres.h"

#include "diff/diff.h"
#include "facts/elaborate.h"
#include "kinds/kind.h"
#include "model/unit.h"
#include "plan/old_names.h"

static int
innermost_first(const ListCell *a, const ListCell *b)
{
	const SfHint *x = lfirst(a);
	const SfHint *y = lfirst(b);
	int			dots_x = 0,
				dots_y = 0;

	for (const char *p = x->new_key; *p; p++)
		dots_x += *p == '.';
	for (const char *p = y->new_key; *p; p++)
		dots_y += *p == '.';
	return dots_x != dots_y ? dots_y - dots_x : strcmp(x->new_key, y->new_key);
}

/* The fact under its old name, while what it is inside of still has the new one. */
static SfFact *
back_in_place(const SfFact *new, const SfFact *old)
{
	SfFact	   *fact = palloc(sizeof(SfFact));
	bool		inside = new->parent && new->parent->parent;

	*fact = *new;
	fact->name = palloc(new->nname * sizeof(char *));
	for (int i = 0; i < new->nname; i++)
		fact->name[i] = inside && i < new->nname - 1 ? new->name[i] : old->name[i];
	return fact;
}

static List *
inverse_renames(SfFactBase *live, SfFactBase *model, List *hints)
{
	SfEmit		out = {0};
	ListCell   *lc;

	hints = list_copy(hints);
	list_sort(hints, innermost_first);
	foreach(lc, hints)
	{
		SfHint	   *hint = lfirst(lc);
		SfFact	   *old = sf_base_find(live, hint->old_key);
		SfFact	   *new = sf_base_find(model, hint->new_key);

		if (old && new && new->kind->rename && old->nname == new->nname)
			new->kind->rename(&out, new, back_in_place(new, old));
	}
	return out.statements;
}

void
sf_plan_old_names(SfFactBase *live, SfFactBase *model, List *hints)
{
	List	   *renames = inverse_renames(live, model, hints);
	SfFactBase *again;
	SfFactBase *under_old_names;
	ListCell   *lc;

	if (renames == NIL)
		return;
	again = sf_elaborate(sf_units_load(), renames, &under_old_names);
	foreach(lc, again->facts)
	{
		SfFact	   *fact = lfirst(lc);
		SfFact	   *recorded = sf_base_find(model, fact->key);

		if (recorded)
			recorded->alias = fact->twin;
	}
}
