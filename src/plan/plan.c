/*
 * plan.c - deltas -> ordered actions, rendered.  See plan.h.
 */
#include "postgres.h"

#include "diff/diff.h"
#include "plan/build.h"
#include "plan/cast.h"
#include "plan/emit.h"

void
sf_plan_emit_init(SfEmit *out, const SfPlan *plan)
{
	memset(out, 0, sizeof(*out));
	out->role = plan->role;
	out->from = plan->from;
	out->to = plan->to;
	out->fills = plan->fills;
	out->conversion = sf_conversion;
	out->heirs = plan->heirs;
}

bool
sf_plan_is_free_name(const SfPlan *plan, const char *name)
{
	return sf_is_free_name(plan->from, plan->to, name);
}

char *
sf_plan_free_name(const SfPlan *plan, const char *old, const char *label)
{
	return sf_free_name(plan->from, plan->to, old, label);
}

/* The fact under the name that it has while it is put aside. */
static SfFact *
stashed(const SfEmit *out, const SfFact *fact)
{
	SfFact	   *copy = sf_fact_copy(fact);

	sf_own_name(copy) = sf_free_name(out->from, out->to, sf_own_name(fact), "old");
	return copy;
}

SfFact *
sf_in_place(const SfFact *old)
{
	SfFact	   *copy = sf_fact_copy(old);
	int			shared = sf_diff_own_names(old);

	for (int i = 0; old->parent && old->parent->twin && i < shared; i++)
		copy->name[i] = old->parent->twin->name[i];
	return copy;
}

static void
render_rename(SfEmit *out, SfAction *action)
{
	const SfItem *item = sf_item(action->old);
	SfFact	   *old = action->old;

	if (item->rename)
		old = sf_in_place(old);
	if (action == item->stash)
	{
		action->kind->rename(out, old, stashed(out, old));
		if (action->kind->give_up)
			action->kind->give_up(out, old);
	}
	else
		action->kind->rename(out, item->stash ? stashed(out, old) : old, action->new);
}

/* What is put back is in the state that it was in. */
static void
keep_state(SfFact *fact)
{
	for (int i = 0; fact->twin && i < fact->kind->nattrs; i++)
		if (fact->kind->attrs[i].flags & SF_ATTR_STATE)
			fact->attr[i] = fact->twin->attr[i];
}

static void
render_create(SfEmit *out, SfAction *action)
{
	ListCell   *lc;

	keep_state(action->new);
	if (action->part == SF_PART_STUB)
		action->kind->stub(out, action->new);
	else
		action->kind->create(out, action->new, action->folded);
	if (action->kind->after)
		action->kind->after(out, action->new);
	sf_emit_birth(out, action->new);
	foreach(lc, action->folded)
	{
		const SfFact *fact = lfirst(lc);

		sf_emit_birth(out, fact);
		if (fact->kind->after)
			fact->kind->after(out, fact);
	}
}

static void
render_alter(SfEmit *out, SfAction *action)
{
	const SfKind *kind = action->kind;

	for (int i = 0; i < kind->nattrs; i++)
	{
		bool		said = false;

		/* One function may serve several attributes. */
		for (int j = 0; j < i; j++)
			said = said || (action->changed[j] && kind->attrs[j].alter == kind->attrs[i].alter);
		if (action->changed[i] && kind->attrs[i].alter && !said)
			kind->attrs[i].alter(out, action->old, action->new, action->changed);
	}
}

void
sf_action_render(SfBuild *build, SfAction *action)
{
	SfEmit		out;

	sf_plan_emit_init(&out, build->plan);
	if (action->table)
		out.flags |= SF_EMIT_EXISTING;
	switch (action->verb)
	{
		case SF_VERB_CREATE:
			action->saves = sf_predecessor(&out, action->new) != NULL;
			render_create(&out, action);
			break;
		case SF_VERB_DROP:
			{
				SfItem	   *item = sf_item(action->old);

				if (item->new && sf_item_refills(item))
					action->saves = action->kind->save(&out, item->old, item->new);
				action->kind->drop(&out, item->stash ? stashed(&out, sf_in_place(action->old)) : action->old);
				break;
			}
		case SF_VERB_ALTER:
			/* What takes its partners along stays as it is until then. */
			if (action->part == SF_PART_STUB && action->kind->takes_partners)
				break;
			if (action->part == SF_PART_STUB)
				action->kind->stub(&out, action->old);
			else if (action->part == SF_PART_REST || (action->part == SF_PART_ALL && sf_item(action->new)->hollow))
				action->kind->complete(&out, action->new);
			else if (action->part == SF_PART_CONTENTS)
				action->kind->refill(&out, action->old, action->new);
			else
				render_alter(&out, action);
			break;
		case SF_VERB_RENAME:
			render_rename(&out, action);
			break;
	}
	action->statements = out.statements;
}

bool
sf_plan_keeps(const SfPlan *plan, const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, plan->kept)
		if (((SfKept *) lfirst(lc))->fact == fact)
			return true;
	return false;
}

SfPlan *
sf_plan_make(SfFactBase *from, SfFactBase *to, const SfPlanOptions *options)
{
	SfBuild		build = {0};
	ListCell   *lc;

	build.plan = palloc0(sizeof(SfPlan));
	build.plan->from = from;
	build.plan->to = to;
	build.plan->role = options ? options->role : NULL;
	build.plan->fills = options ? options->fills : NIL;
	build.plan->back = options ? options->back : NIL;
	build.plan->kept = options ? options->kept : NIL;
	build.plan->shadows = options ? options->shadows : NIL;
	build.options = options;
	build.plan->not_modelled = list_concat_copy(from->not_modelled, to->not_modelled);
	sf_diff_pair(from, to, options ? options->hints : NIL);
	sf_build_items(&build);
	build.plan->questions = sf_diff_questions(from, to);
	sf_build_sort(&build);
	foreach(lc, build.plan->actions)
		sf_action_render(&build, lfirst(lc));
	return build.plan;
}
