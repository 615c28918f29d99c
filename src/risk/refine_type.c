/*
 * refine_type.c - what depends on the case for types: the tables that have values of them.  See refine.c.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_type.h"
#include "kinds/kind.h"
#include "miscadmin.h"
#include "risk/refine.h"
#include "utils/lsyscache.h"

/* Every table with a column of the domain. */
void
sf_refine_domain(SfRisk *risk, const SfRiskCase *it)
{
	char	   *names[2] = {it->operation->schema, it->operation->relation};
	const SfFact *domain;
	ListCell   *lc;

	risk->locks = NIL;
	if (names[0] == NULL)		/* the catalogs know a relation's schema only */
	{
		Oid			type = TypenameGetTypid(names[1]);

		if (OidIsValid(type))
		{
			ObjectAddress address = {TypeRelationId, type, 0};

			names[0] = get_namespace_name(get_object_namespace(&address));
		}
	}
	if (it->context->before == NULL || names[0] == NULL)
		return;
	domain = sf_base_find_named(it->context->before, "domain", 2, names);
	if (domain)
		foreach(lc, domain->needed_by)
		{
			const SfFact *column = ((SfEdge *) lfirst(lc))->from;
			const SfFact *table = sf_is_kind(column, "column") ? sf_risk_table_of(column) : NULL;

			if (table)
				sf_risk_add_lock(risk, table->name[0], table->name[1], it->entry->partner);
		}
	if (risk->locks == NIL)
		risk->effects &= ~SF_RISK_SCANS;
}

/* Has a table values of the type, be it within others? */
static bool
is_stored(const SfFact *type)
{
	static const char *const within[] = {"domain", "range type", "composite type"};
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, type->needed_by)
	{
		const SfFact *from = ((SfEdge *) lfirst(lc))->from;

		if (sf_is_kind(from, "table") || (sf_is_kind(from, "column") && !sf_is_kind(from->parent, "view")))
			return true;
		if (sf_is_kind(from, "attribute"))
			from = from->parent;
		for (int i = 0; i < lengthof(within); i++)
			if (from != type && sf_is_kind(from, within[i]) && is_stored(from))
				return true;
	}
	return false;
}

/* The values of a typed table's column go the way of a column's. */
static void
attribute_type(SfRisk *risk, const SfRiskCase *it, const SfFact *type)
{
	const AlterTableCmd *cmd = (const AlterTableCmd *) it->operation->node;
	char	   *names[3] = {type->name[0], type->name[1], cmd->name};
	const SfFact *attribute = sf_base_find_named(it->context->before, "attribute", 3, names);
	SfTypeChange change;

	if (attribute == NULL)
		return;
	change = sf_type_change(sf_attr(attribute, "type"), ((ColumnDef *) cmd->def)->typeName, cmd->name, NULL,
							it->context->time_zone);
	if (change.known && !change.rewrites)
		risk->effects &= ~(SF_RISK_REWRITES | SF_RISK_SCANS);
	if (change.loses)
	{
		risk->effects |= SF_RISK_LOSES;
		risk->why = "values that do not fit the new type are rounded or cut";
	}
}

/* Typed tables change with their type; columns of the type keep what they hold, and show what the type has. */
void
sf_refine_attribute(SfRisk *risk, const SfRiskCase *it)
{
	const SfOperation *op = it->operation;
	char	   *names[2] = {op->schema, op->relation};
	const SfFact *type = it->context->before && op->schema ?
		sf_base_find_named(it->context->before, "composite type", 2, names) : NULL;
	ListCell   *lc;

	if (type == NULL)
		return;
	foreach(lc, type->needed_by)
	{
		const SfFact *table = ((SfEdge *) lfirst(lc))->from;

		if (sf_is_kind(table, "table"))
			sf_risk_add_lock(risk, table->name[0], table->name[1], it->entry->partner);
	}
	if (risk->locks == NIL)
		risk->effects &= ~(SF_RISK_REWRITES | SF_RISK_SCANS);
	else if (op->verb == SF_RISK_ALTER)
		attribute_type(risk, it, type);
	if ((risk->effects & SF_RISK_LOSES) && !is_stored(type))
	{
		risk->effects &= ~SF_RISK_LOSES;
		risk->why = NULL;
	}
}
