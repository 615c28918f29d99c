/*
 * recipes_shadow_view.c - a materialized view that reads a column, filled ahead for its shadow.
 *
 * Its query names the shadow; when that has the column's name, the query says so by itself.  Behind the gate it is
 * refreshed under the name that it has until then, so that it is no older in the end than one that was made there; what
 * the exchange does is to give it the name.  One that reads others of the bracket's, or views, is made with these.
 */
#include "postgres.h"

#include "phases/recipes_shadow.h"
#include "phases/shadow_text.h"
#include "plan/emit.h"

SfFact *
sf_shadow_view_of(const SfShadowBracket *bracket, const SfFact *fact)
{
	const SfShadowPart *part = fact && sf_is_kind(fact, "materialized view") ? sf_shadow_part_of(bracket, fact) : NULL;

	return part ? part->ahead : NULL;
}

bool
sf_shadow_reads_view(const SfShadowBracket *bracket, const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, fact->needs)
		if (sf_shadow_view_of(bracket, sf_relation_of(((SfEdge *) lfirst(lc))->to)))
			return true;
	return false;
}

/* The tables that it reads and that have shadows: of SfRenamedTable. */
static List *
tables_of(const SfShadowBracket *bracket, const SfFact *view)
{
	List	   *seen = NIL,
			   *tables = NIL;
	ListCell   *lc;

	foreach(lc, view->needs)
	{
		const SfFact *relation = sf_relation_of(((SfEdge *) lfirst(lc))->to);
		SfRenamedTable *table;

		if (relation->nname != 2 || list_member_ptr(seen, relation))
			continue;
		seen = lappend(seen, unconstify(SfFact *, relation));
		table = palloc(sizeof(SfRenamedTable));
		table->schema = relation->name[0];
		table->name = relation->name[1];
		table->renames = sf_shadow_renames(bracket->shadows, relation);
		if (table->renames)
			tables = lappend(tables, table);
	}
	return tables;
}

/* Does it read a table by a name that comes at the exchange only? */
static bool
reads_renamed(const SfFact *view)
{
	ListCell   *lc;

	foreach(lc, view->needs)
		if (sf_shadow_named_before(sf_relation_of(((SfEdge *) lfirst(lc))->to)))
			return true;
	return false;
}

bool
sf_shadow_view_ahead(const SfShadowBracket *bracket, SfShadowPart *part)
{
	char	  **query = &part->ahead->attr[sf_kind_attr(part->ahead->kind, "definition")];
	SfEmit		make = {0},
				name = {0};

	if (sf_shadow_reads_view(bracket, part->fact) || reads_renamed(part->fact) ||
		(*query = sf_query_renamed(*query, tables_of(bracket, part->fact), sf_shadow_types(bracket->shadows))) == NULL)
		return false;
	sf_plan_emit_init(&make, bracket->plan);
	part->ahead->kind->create(&make, part->ahead, NIL);
	part->needed = sf_add_statements(NIL, make.statements, 0, true);
	((SfStatement *) linitial(part->needed))->alone = true;
	if (sf_attr(part->fact, "unpopulated") == NULL)
	{
		part->again = sf_add_statement(NIL, psprintf("REFRESH MATERIALIZED VIEW %s", sf_name(part->ahead)), false,
									   false);
		((SfStatement *) linitial(part->again))->why = "as it is when the columns are exchanged";
		part->again = sf_add_statement(part->again, psprintf("ANALYZE %s", sf_name(part->ahead)), false, false);
	}
	sf_plan_emit_init(&name, bracket->plan);
	part->fact->kind->rename(&name, part->ahead, part->fact);
	part->given = sf_add_statements(NIL, name.statements, 0, true);
	return true;
}
