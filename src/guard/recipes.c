/*
 * recipes.c - parts of recipes that are more than a statement: batches, triggers, indexes, bounds (words.h).
 *
 * Every statement of a recipe runs as it stands, by itself and outside of a transaction block.  Expressions are looked
 * up as the server would, names are qualified.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/defrem.h"
#include "commands/tablecmds.h"
#include "nodes/makefuncs.h"
#include "parser/parse_utilcmd.h"
#include "partitioning/partbounds.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "guard/guard.h"
#include "guard/words.h"
#include "lib/spi.h"
#include "lib/text.h"

/* Pages of a batch: 8 MB, for which a transaction takes some ten milliseconds. */
#define BATCH_PAGES		1000

/*
 * Rows that a batch moves go to pages behind it, or behind all: the condition of the statement has to leave them out.
 * What is inserted meanwhile is right by itself (a default, a trigger).
 */
void
sf_recipe_batches(SfCase *it, const SfSubject *table, const char *fmt,...)
{
	StringInfoData statement;
	const char *size = sf_literal(table->name);

	initStringInfo(&statement);
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, fmt);
		needed = appendStringInfoVA(&statement, fmt, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&statement, needed);
	}
	size = table->partitioned ?
		psprintf("(SELECT max(pg_relation_size(relid)) FROM pg_partition_tree(%s))", size) :
		psprintf("pg_relation_size(%s)", size);
	sf_recipe(it, "DO $do$ BEGIN FOR page IN 0 .. %s / %d BY %d LOOP\n"
			  "  %s ctid >= format('(%%s,0)', page)::tid\n"
			  "    AND ctid < format('(%%s,0)', page + %d)::tid;\n"
			  "  COMMIT; END LOOP; END $do$;", size, BLCKSZ, BATCH_PAGES, statement.data, BATCH_PAGES);
}

/* The table's name without its schema is the row's within the expression. */
void
sf_recipe_fill_trigger(SfCase *it, const char *column, const char *expression)
{
	const SfSubject *table = it->table;
	char	   *name = psprintf("%s_%s_fill", table->relation, column);
	char	   *names[2] = {table->schema, name};

	sf_recipe(it, "CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $fill$ BEGIN\n"
			  "  new.%s := (SELECT %s FROM (SELECT new.*) AS %s);\n"
			  "  RETURN new; END $fill$;", sf_qualified(2, names), sf_ident(column), expression,
			  sf_ident(table->relation));
	sf_recipe(it, "CREATE TRIGGER %s BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION %s();", sf_ident(name),
			  table->name, sf_qualified(2, names));
	sf_recipe_batches(it, table, "UPDATE %s SET %s = %s\n    WHERE %s IS NULL AND (%s) IS NOT NULL AND", table->name,
					  sf_ident(column), expression, sf_ident(column), expression);
}

void
sf_recipe_drop_fill_trigger(SfCase *it, const char *column, const char *before)
{
	const SfSubject *table = it->table;
	char	   *name = psprintf("%s_%s_fill", table->relation, column);
	char	   *names[2] = {table->schema, name};

	sf_recipe(it, "%s DROP TRIGGER %s ON %s; DROP FUNCTION %s();", before, sf_ident(name), table->name,
			  sf_qualified(2, names));
}

/* ---- indexes ---- */

static char *
element_text(const SfCase *it, const IndexElem *element)
{
	StringInfoData text;

	initStringInfo(&text);
	if (element->name)
		appendStringInfoString(&text, sf_ident(element->name));
	else
		appendStringInfo(&text, "(%s)", sf_expression_text(it, element->expr));
	if (element->collation)
		appendStringInfo(&text, " COLLATE %s", NameListToQuotedString(element->collation));
	if (element->opclass)
		appendStringInfo(&text, " %s", NameListToQuotedString(element->opclass));
	if (element->opclassopts)
		appendStringInfo(&text, " (%s)", sf_options_text(element->opclassopts));
	if (element->ordering == SORTBY_DESC)
		appendStringInfoString(&text, " DESC");
	if (element->nulls_ordering != SORTBY_NULLS_DEFAULT)
		appendStringInfoString(&text, element->nulls_ordering == SORTBY_NULLS_FIRST ? " NULLS FIRST" : " NULLS LAST");
	return text.data;
}

static char *
elements_text(const SfCase *it, List *elements)
{
	List	   *texts = NIL;
	ListCell   *lc;

	foreach(lc, elements)
		texts = lappend(texts, element_text(it, lfirst_node(IndexElem, lc)));
	return sf_join(texts, ", ");
}

char *
sf_options_text(List *options)
{
	List	   *texts = NIL;
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		texts = lappend(texts, option->arg ?
						psprintf("%s = %s", sf_ident(option->defname), sf_literal(defGetString(option))) :
						pstrdup(sf_ident(option->defname)));
	}
	return sf_join(texts, ", ");
}

char *
sf_index_text(const SfCase *it, const IndexStmt *index)
{
	StringInfoData text;

	initStringInfo(&text);
	if (index->accessMethod && strcmp(index->accessMethod, "btree") != 0)
		appendStringInfo(&text, "USING %s ", sf_ident(index->accessMethod));
	appendStringInfo(&text, "(%s)", elements_text(it, index->indexParams));
	if (index->indexIncludingParams)
		appendStringInfo(&text, " INCLUDE (%s)", elements_text(it, index->indexIncludingParams));
	if (index->nulls_not_distinct)
		appendStringInfoString(&text, " NULLS NOT DISTINCT");
	if (index->options)
		appendStringInfo(&text, " WITH (%s)", sf_options_text(index->options));
	if (index->tableSpace)
		appendStringInfo(&text, " TABLESPACE %s", sf_ident(index->tableSpace));
	if (index->whereClause)
		appendStringInfo(&text, " WHERE %s", sf_expression_text(it, index->whereClause));
	return text.data;
}

/* ---- partitions ---- */

/* Of Oid: the tables with rows below a partitioned one, itself when it is none. */
List *
sf_leaves(Oid table)
{
	List	   *leaves = NIL;
	ListCell   *lc;

	foreach(lc, find_all_inheritors(table, NoLock, NULL))
		if (RELKIND_HAS_STORAGE(get_rel_relkind(lfirst_oid(lc))))
			leaves = lappend_oid(leaves, lfirst_oid(lc));
	return leaves;
}

/* NULL: somebody has it for himself, or it is gone. */
static Relation
open_unless_locked(Oid oid)
{
	Relation	relation;

	if (!OidIsValid(oid) || !ConditionalLockRelationOid(oid, AccessShareLock))
		return NULL;
	relation = try_relation_open(oid, NoLock);
	if (relation == NULL)
		UnlockRelationOid(oid, AccessShareLock);
	return relation;
}

/* What all rows of the piece must satisfy, as its own expression. */
static List *
bounds_of(Relation whole, Relation piece, PartitionBoundSpec *known, bool outside)
{
	List	   *bounds = get_qual_from_partbound(whole, known);

	if (outside)
		bounds = get_proposed_default_constraint(bounds);
	return map_partition_varattnos(bounds, 1, piece, whole);
}

bool
sf_bounds(Oid parent, Oid part, const PartitionBoundSpec *bound, bool outside, SfBounds *bounds)
{
	Relation	whole = bound && !bound->is_default ? open_unless_locked(parent) : NULL;
	Relation	piece = whole ? open_unless_locked(part) : NULL;
	bool		known = piece && whole->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;

	memset(bounds, 0, sizeof(*bounds));
	if (known)
	{
		ParseState *pstate = make_parsestate(NULL);
		PartitionBoundSpec *spec = transformPartitionBound(pstate, whole,
														   copyObject(unconstify(PartitionBoundSpec *, bound)));
		List	   *check = bounds_of(whole, piece, spec, outside);

		bounds->proved = PartConstraintImpliedByRelConstraint(piece, check);
		bounds->check = deparse_expression((Node *) make_ands_explicit(check),
										   deparse_context_for(RelationGetRelationName(piece), part), false, false);
		bounds->values = deparse_expression((Node *) spec, NIL, false, false);
		free_parsestate(pstate);
	}
	if (piece)
		relation_close(piece, AccessShareLock);
	if (whole)
		relation_close(whole, AccessShareLock);
	return known;
}
