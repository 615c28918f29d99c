/*
 * recipes_index.c - indexes come and go while others write.
 */
#include "postgres.h"

#include "phases/partitions.h"
#include "phases/recipes_parts.h"
#include "plan/emit.h"

List *
sf_recipe_create_index(const SfPlan *plan, const SfAction *action)
{
	List	   *plain = sf_render_create(plan, action, 0);

	if (!sf_begins_with(action, 0, plain))
		return NIL;
	if (sf_is_partitioned(action->table))
		return sf_is_big(action->table) ? sf_index_by_leaves(plan, action) : NIL;
	return sf_add_statements(sf_add_statements(NIL, sf_render_create(plan, action, SF_EMIT_CONCURRENTLY), 0, false),
				   action->statements, list_length(plain), false);
}

List *
sf_recipe_drop_index(const SfPlan *plan, const SfAction *action)
{
	SfEmit		out;

	if (sf_is_partitioned(action->table))
		return NIL;
	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING | SF_EMIT_CONCURRENTLY;
	action->kind->drop(&out, action->old);
	return sf_add_statements(NIL, out.statements, 0, false);
}
