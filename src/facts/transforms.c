/*
 * transforms.c - how a column's contents change.  See transforms.h.
 *
 * An expression runs as part of a migration, with the rights of its owner: whoever may record a model may give one.
 */
#include "postgres.h"

#include "nodes/parsenodes.h"
#include "parser/parser.h"

#include "facts/stored.h"
#include "facts/transforms.h"
#include "kinds/kind.h"
#include "lib/origin.h"
#include "lib/spi.h"
#include "server/owner.h"

/* NULL when it is none: it will stand in statements of ours, in parentheses. */
static Node *
one_expression(const char *text)
{
	/* On a line of its own the parenthesis cannot hide in a comment. */
	List	   *parsed = raw_parser(psprintf("SELECT (%s\n)", text), RAW_PARSE_DEFAULT);
	const SelectStmt *select = list_length(parsed) == 1 ? (SelectStmt *) linitial_node(RawStmt, parsed)->stmt : NULL;

	if (select && IsA(select, SelectStmt) && list_length(select->targetList) == 1 &&
		linitial_node(ResTarget, select->targetList)->name == NULL && select->op == SETOP_NONE &&
		select->fromClause == NIL && select->whereClause == NULL && select->groupClause == NIL &&
		select->havingClause == NULL && select->windowClause == NIL && select->sortClause == NIL &&
		select->limitOffset == NULL && select->limitCount == NULL && select->lockingClause == NIL &&
		select->intoClause == NULL)
		return linitial_node(ResTarget, select->targetList)->val;
	return NULL;
}

Node *
sf_transform_parse(const char *expression)
{
	Node	   *node = one_expression(expression);

	if (node == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("\"%s\" is not an expression", expression),
				 errhint("Give one expression over the columns of the row: up => 'lower(email)'.")));
	return node;
}

void
sf_transform_check(const char *expression)
{
	if (expression)
		(void) sf_transform_parse(expression);
}

static SfTransform *
transform_of(List **transforms, const SfFact *fact)
{
	char	   *name = sf_fact_name(fact);
	SfTransform *transform;
	ListCell   *lc;

	foreach(lc, *transforms)
		if (strcmp(((SfTransform *) lfirst(lc))->column, name) == 0)
			return lfirst(lc);
	transform = palloc0(sizeof(SfTransform));
	transform->column = name;
	*transforms = lappend(*transforms, transform);
	return transform;
}

List *
sf_model_transforms(const SfUnit *unit, const SfFactBase *base)
{
	List	   *transforms = NIL;
	ListCell   *ld,
			   *lh;

	foreach(ld, unit->declarations)
	{
		const SfDeclaration *declaration = lfirst(ld);

		foreach(lh, declaration->hints)
		{
			const SfCommentHint *hint = lfirst(lh);
			const SfFact *fact;

			if (hint->value == NULL)
				continue;
			fact = hint->element ? sf_declared_fact(base, declaration, hint->element) : NULL;
			if (fact == NULL)
				ereport(ERROR,
						(errcode(ERRCODE_SYNTAX_ERROR),
						 errmsg("hint in unit \"%s\", line %d, cannot be used", unit->name, hint->line),
						 errdetail("@up and @down say how a column's contents change; it stands at no column."),
						 errhint("Put it above or beside the column that it is about.")));
			sf_transform_check(hint->value);
			if (strcmp(hint->word, "up") == 0)
				transform_of(&transforms, fact)->up = hint->value;
			else
				transform_of(&transforms, fact)->down = hint->value;
		}
	}
	return transforms;
}

void
sf_transforms_store(const char *unit, List *transforms)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), unit, NULL, NULL, NULL};
	SfOwnerState owner;
	ListCell   *lc;

	sf_owner_enter(&owner);
	if (*unit != '\0')
		sf_execute("DELETE FROM schemaflow.transform WHERE " SF_ORIGIN_IS_OURS " AND unit OPERATOR(pg_catalog.=) $3",
				   3, args);
	foreach(lc, transforms)
	{
		const SfTransform *transform = lfirst(lc);

		args[3] = transform->column;
		args[4] = transform->up;
		args[5] = transform->down;
		sf_execute("INSERT INTO schemaflow.transform (system_identifier, database_oid, unit, \"column\", up, down) "
				   "VALUES ($1::pg_catalog.int8, $2::pg_catalog.oid, $3, $4, $5, $6) "
				   "ON CONFLICT (system_identifier, database_oid, \"column\", unit) "
				   "DO UPDATE SET up = excluded.up, down = excluded.down", lengthof(args), args);
	}
	sf_owner_leave(&owner);
}

List *
sf_transforms_load(void)
{
	const char *const args[] = {sf_origin_system(), sf_origin_database()};
	SfRows	   *rows = sf_query("SELECT \"column\", up, down FROM schemaflow.transform WHERE " SF_ORIGIN_IS_OURS
								" ORDER BY unit, \"column\"", lengthof(args), args);
	List	   *transforms = NIL;

	for (int r = 0; r < rows->nrows; r++)
	{
		SfTransform *transform = palloc(sizeof(SfTransform));

		transform->column = sf_cell(rows, r, 0);
		transform->up = sf_cell(rows, r, 1);
		transform->down = sf_cell(rows, r, 2);
		transforms = lappend(transforms, transform);
	}
	return transforms;
}
