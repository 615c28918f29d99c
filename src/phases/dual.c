/*
 * dual.c - statements that keep old and new columns of a table in step (dual.h).
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "miscadmin.h"
#include "kinds/kind.h"
#include "phases/dual.h"
#include "phases/steps.h"

static List *
add_heirs(List *tables, const SfFact *column)
{
	ListCell   *lc;

	check_stack_depth();
	tables = list_append_unique_ptr(tables, column->parent);
	/* The server makes the triggers of partitions. */
	if (sf_attr(column->parent, "partition_key"))
		return tables;
	foreach(lc, sf_copies_of(column))
		tables = add_heirs(tables, lfirst(lc));
	return tables;
}

List *
sf_dual_tables(const SfFact *column)
{
	return add_heirs(NIL, column);
}

/*
 * Behind all others in the order in which they fire, that of their names.  First the one that brings old columns to
 * what the new version says (an exchange): what fills further columns reads them.  These come by their levels.
 */
static char *
trigger_name(const SfFact *column, const SfDual *dual)
{
	const char *order = dual->beside ? "-" : dual->level ? psprintf("~%d_", dual->level) : "_";

	return makeObjectName(psprintf(SF_OUR_NAMES "%s%s", order, sf_last(column)), NULL, NULL);
}

/* As the trigger knows it. */
static const char *
word_of(const SfDual *dual)
{
	if (dual->computed)
		return "computed";
	return dual->fill ? "fill" : dual->beside ? "beside" : dual->up ? "up" : "down";
}

List *
sf_dual_create(const SfFact *table, const SfFact *column, List *duals)
{
	const char *name = sf_ident(trigger_name(column, linitial(duals)));
	StringInfoData arguments;
	ListCell   *lc;

	initStringInfo(&arguments);
	foreach(lc, duals)
	{
		const SfDual *dual = lfirst(lc);

		appendStringInfo(&arguments, ", '%s', %s, %s", word_of(dual), sf_literal(dual->column),
						 sf_literal(dual->expression));
	}
	return list_make2(psprintf("CREATE TRIGGER %s BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION "
							   "schemaflow.sf_dual_write(" SF_THE_VERSION ", " SF_THE_SEARCH_PATH "%s)",
							   name, sf_name(table), arguments.data),
					  psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", sf_name(table), name));
}

char *
sf_dual_fits(const SfFact *table, const SfFact *column, const SfDual *dual)
{
	return psprintf("SELECT schemaflow.sf_dual_check(%s, %s)", sf_literal(sf_name(table)),
					sf_literal(trigger_name(column, dual)));
}

char *
sf_dual_drop(const SfFact *table, const SfFact *column, const SfDual *dual)
{
	return psprintf("DROP TRIGGER %s ON %s", sf_ident(trigger_name(column, dual)), sf_name(table));
}

char *
sf_dual_gate(void)
{
	return "SELECT schemaflow.sf_gate(" SF_THE_VERSION ")";
}
