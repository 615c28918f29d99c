/*
 * rules_column.c - rules about columns.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "commands/tablecmds.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_type.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/ruleutils.h"

#include "compat.h"
#include "guard/guard.h"
#include "guard/words.h"
#include "lib/spi.h"
#include "lib/text.h"

/* ---- ADD COLUMN ---- */

static ColumnDef *
new_column(const SfCase *it)
{
	return castNode(ColumnDef, it->cmd->def);
}

/* Does each row get a value of its own, by the domain's default? */
static bool
gets_by_domain(const ColumnDef *column)
{
	bool		each_its_own;

	return sf_column_has(column, CONSTR_DEFAULT) == NULL && sf_domain_gives(NULL, column->typeName, &each_its_own) &&
		each_its_own;
}

/* Without the value that the domain gives, for rows that are there. */
static void
recipe_bare_domain(SfCase *it)
{
	const ColumnDef *column = new_column(it);
	const char *name = sf_ident(column->colname);
	const char *definition = psprintf("%s %s DEFAULT NULL", name, sf_type_text(column->typeName));

	if (sf_domain_constrained(NULL, column->typeName))
		sf_recipe(it, "SELECT schemaflow.sf_add_column(%s, %s);", sf_literal(it->table->name), sf_literal(definition));
	else
		sf_recipe(it, "ALTER TABLE %s ADD COLUMN %s;", it->table->name, definition);
	sf_recipe(it, "ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT;  -- new rows get the domain's", it->table->name, name);
}

/* Fill the new column behind the others' backs, and make it NOT NULL when it is to be. */
static void
recipe_filled(SfCase *it, const char *set, const char *value)
{
	const ColumnDef *column = new_column(it);
	const char *name = sf_ident(column->colname);
	const char *table = it->table->name;

	if (gets_by_domain(column))
		recipe_bare_domain(it);
	else
		sf_recipe(it, "ALTER TABLE %s ADD COLUMN %s %s;", table, name, sf_type_text(column->typeName));
	if (set)
		sf_recipe(it, "ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s;", table, name, set);
	if (value)
		sf_recipe_batches(it, it->table, "UPDATE %s SET %s = %s\n    WHERE %s IS NULL AND", table, name, value, name);
	else
		sf_recipe(it, "-- the new version of the application writes it, the old rows are filled in batches; then:");
	if (sf_column_has(column, CONSTR_NOTNULL) || sf_column_has(column, CONSTR_PRIMARY))
		sf_recipe_not_null(it, column->colname);
	sf_work(it, it->table, AccessExclusiveLock, true);
	it->finding->model = true;
}

bool
sf_check_volatile_default(SfCase *it)
{
	const ColumnDef *column = new_column(it);
	const Constraint *value = sf_column_has(column, CONSTR_DEFAULT);
	char	   *text;

	if (value ? !sf_default_volatile(value->raw_expr) : !gets_by_domain(column))
		return false;
	text = value ? sf_expression_text(it, value->raw_expr) :
		deparse_expression(get_typdefault(LookupTypeNameOid(NULL, column->typeName, false)), NIL, false, false);
	recipe_filled(it, value ? text : NULL, text);
	return sf_say(it, "each row gets its own value of column %s: the table is rewritten",
				  sf_ident(column->colname));
}

/* A value of the moment, as the words of the default show. */
static bool
is_of_the_moment(Node *node, void *context)
{
	static const char *const functions[] = {"now", "transaction_timestamp", "statement_timestamp"};

	if (node == NULL)
		return false;
	if (IsA(node, SQLValueFunction))
		return true;
	if (IsA(node, FuncCall))
		for (int i = 0; i < lengthof(functions); i++)
			if (strcmp(strVal(llast(((FuncCall *) node)->funcname)), functions[i]) == 0)
				return true;
	return raw_expression_tree_walker(node, is_of_the_moment, context);
}

bool
sf_check_stable_default(SfCase *it)
{
	const ColumnDef *column = new_column(it);
	const Constraint *value = sf_column_has(column, CONSTR_DEFAULT);

	return value && is_of_the_moment(value->raw_expr, NULL) && !sf_default_volatile(value->raw_expr) &&
		sf_say(it, "all rows get the same moment in column %s",
			   sf_ident(column->colname));
}

/* The server's own words for a column with a sequence. */
static const char *
serial_type(const TypeName *type)
{
	static const struct
	{
		const char *word;
		const char *type;
	} words[] = {{"serial", "integer"}, {"serial4", "integer"},      {"bigserial", "bigint"},
				 {"serial8", "bigint"}, {"smallserial", "smallint"}, {"serial2", "smallint"}};

	if (list_length(type->names) == 1)
		for (int i = 0; i < lengthof(words); i++)
			if (strcmp(strVal(linitial(type->names)), words[i].word) == 0)
				return words[i].type;
	return NULL;
}

/* identity: how the server gives numbers, NULL: it is to stay a default. */
static void
recipe_numbered(SfCase *it, const char *type, const Constraint *identity)
{
	const char *name = sf_ident(new_column(it)->colname);
	const char *table = it->table->name;
	char	   *names[2] = {it->table->schema, psprintf("%s_%s_%s", it->table->relation, new_column(it)->colname,
														identity ? "fill" : "seq")};
	char	   *sequence = sf_qualified(2, names);

	sf_recipe(it, "ALTER TABLE %s ADD COLUMN %s %s;", table, name, type);
	sf_recipe(it, "CREATE SEQUENCE %s AS %s OWNED BY %s.%s;", sequence, type, table, name);
	sf_recipe(it, "ALTER TABLE %s ALTER COLUMN %s SET DEFAULT nextval(%s);", table, name, sf_literal(sequence));
	sf_recipe_batches(it, it->table, "UPDATE %s SET %s = nextval(%s)\n    WHERE %s IS NULL AND", table, name,
					  sf_literal(sequence), name);
	sf_recipe_not_null(it, new_column(it)->colname);
	if (identity)
		sf_recipe(it, "BEGIN; ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT; "
				  "ALTER TABLE %s ALTER COLUMN %s ADD GENERATED %s AS IDENTITY; "
				  "SELECT setval(pg_get_serial_sequence(%s, %s), last_value) FROM %s; DROP SEQUENCE %s; COMMIT;",
				  table, name, table, name,
				  identity->generated_when == ATTRIBUTE_IDENTITY_ALWAYS ? "ALWAYS" : "BY DEFAULT",
				  sf_literal(table), sf_literal(new_column(it)->colname), sequence, sequence);
	sf_work(it, it->table, AccessExclusiveLock, true);
}

bool
sf_check_serial(SfCase *it)
{
	const char *type = serial_type(new_column(it)->typeName);

	if (type == NULL)
		return false;
	recipe_numbered(it, type, NULL);
	return sf_say(it, "column %s is serial: the table is rewritten, each row gets a number",
				  sf_ident(new_column(it)->colname));
}

bool
sf_check_identity(SfCase *it)
{
	const ColumnDef *column = new_column(it);
	const Constraint *identity = sf_column_has(column, CONSTR_IDENTITY);

	if (identity == NULL)
		return false;
	recipe_numbered(it, sf_type_text(column->typeName), identity);
	return sf_say(it, "column %s is an identity column: the table is rewritten, each row gets a number",
				  sf_ident(column->colname));
}

bool
sf_check_generated(SfCase *it)
{
	const ColumnDef *column = new_column(it);
	const Constraint *generated = sf_column_has(column, CONSTR_GENERATED);

	if (generated == NULL || sf_is_virtual(generated))
		return false;
	sf_recipe(it, "ALTER TABLE %s ADD COLUMN %s %s;  -- a plain column, which a trigger fills", it->table->name,
			  sf_ident(column->colname), sf_type_text(column->typeName));
	sf_recipe_fill_trigger(it, column->colname, sf_expression_text(it, generated->raw_expr));
	sf_work(it, it->table, AccessExclusiveLock, true);
	return sf_say(it, "column %s is computed for each row: the table is rewritten", sf_ident(column->colname));
}

bool
sf_column_gets_value(const ColumnDef *column)
{
	return sf_column_has(column, CONSTR_DEFAULT) || sf_column_has(column, CONSTR_IDENTITY) ||
		sf_column_has(column, CONSTR_GENERATED) || serial_type(column->typeName);
}

bool
sf_check_required(SfCase *it)
{
	const ColumnDef *column = new_column(it);

	if (sf_column_gets_value(column) || (!column->is_not_null && !sf_column_has(column, CONSTR_NOTNULL) &&
							  !sf_column_has(column, CONSTR_PRIMARY)))
		return false;
	recipe_filled(it, NULL, NULL);
	it->finding->detail = psprintf("The rows of %s have no value for it. "
								   "The old version of the application does not write it.", it->table->name);
	return sf_say(it, "column %s is required: it has no default, so the statement fails", sf_ident(column->colname));
}

/* Its definition for the call that adds it; NULL: it says more than that takes. */
static char *
definition_for_call(SfCase *it)
{
	const ColumnDef *column = new_column(it);
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	appendStringInfo(&text, "%s %s", sf_ident(column->colname), sf_type_text(column->typeName));
	foreach(lc, column->constraints)
	{
		const Constraint *constraint = lfirst_node(Constraint, lc);

		if (constraint->contype == CONSTR_NOTNULL)
			appendStringInfoString(&text, " NOT NULL");
		else if (constraint->contype == CONSTR_DEFAULT && !sf_default_volatile(constraint->raw_expr))
			appendStringInfo(&text, " DEFAULT %s", sf_expression_text(it, constraint->raw_expr));
		else
			return NULL;
	}
	return column->collClause || column->compression ? NULL : text.data;
}

/* A column of what the domain is made of, with a check. */
static void
recipe_of_base(SfCase *it)
{
	const ColumnDef *column = new_column(it);
	const char *name = sf_ident(column->colname);
	const char *check = sf_ident(psprintf("%s_%s_check", it->table->relation, column->colname));
	int32		typmod = -1;
	Oid			type = LookupTypeNameOid(NULL, column->typeName, true);

	sf_recipe(it, "ALTER TABLE %s ADD COLUMN %s %s;  -- what the domain is made of", it->table->name, name,
			  OidIsValid(type) ? format_type_be_qualified(getBaseTypeAndTypmod(type, &typmod)) : "...");
	/* The cast raises what the domain would. */
	sf_recipe(it, "ALTER TABLE %s ADD CONSTRAINT %s CHECK ((%s::%s IS NULL) = (%s IS NULL)) NOT VALID;",
			  it->table->name,
			  check, name, sf_type_text(column->typeName), name);
	sf_recipe(it, "ALTER TABLE %s VALIDATE CONSTRAINT %s;", it->table->name, check);
}

bool
sf_check_domain_column(SfCase *it)
{
	const ColumnDef *column = new_column(it);
	char	   *definition;

	if (serial_type(column->typeName) || !sf_domain_constrained(NULL, column->typeName) || gets_by_domain(column))
		return false;
	definition = definition_for_call(it);
	if (definition)
		sf_recipe(it, "SELECT schemaflow.sf_add_column(%s, %s);", sf_literal(it->table->name), sf_literal(definition));
	else
		recipe_of_base(it);
	sf_work(it, it->table, AccessExclusiveLock, true);
	return sf_say(it, "column %s is of a checked domain: the table is rewritten, also without a default",
				  sf_ident(column->colname));
}

bool
sf_check_column_references(SfCase *it)
{
	const ColumnDef *column = new_column(it);
	const Constraint *fk = sf_column_has(column, CONSTR_FOREIGN);
	const Constraint *value = sf_column_has(column, CONSTR_DEFAULT);

	if (fk == NULL || !sf_column_gets_value(column))
		return false;
	sf_recipe(it, "ALTER TABLE %s ADD COLUMN %s %s%s%s;", it->table->name, sf_ident(column->colname),
			  sf_type_text(column->typeName), value ? " DEFAULT " : "",
			  value ? sf_expression_text(it, value->raw_expr) : "");
	sf_recipe(it, "CREATE INDEX CONCURRENTLY ON %s (%s);", it->table->name, sf_ident(column->colname));
	sf_recipe_foreign_key(it, psprintf("%s_%s_fkey", it->table->relation, column->colname),
						  list_make1(column->colname), fk, true);
	sf_work(it, it->table, AccessExclusiveLock, false);
	it->finding->model = true;
	return sf_say(it, "the default of column %s is looked up in %s: both are locked and read meanwhile",
				  sf_ident(column->colname), sf_range_text(fk->pktable));
}

bool
sf_check_column_unique(SfCase *it)
{
	const ColumnDef *column = new_column(it);
	bool		primary = sf_column_has(column, CONSTR_PRIMARY) != NULL;

	if (!primary && !sf_column_has(column, CONSTR_UNIQUE))
		return false;
	sf_recipe(it, "ALTER TABLE %s ADD COLUMN %s %s;", it->table->name, sf_ident(column->colname),
			  sf_type_text(column->typeName));
	sf_recipe_key(it, primary ? NULL : psprintf("%s_%s_key", it->table->relation, column->colname),
				  list_make1(column->colname), primary);
	sf_work(it, it->table, AccessExclusiveLock, false);
	it->finding->model = true;
	return sf_say(it, "the index of column %s is built under the lock", sf_ident(column->colname));
}

bool
sf_check_column_check(SfCase *it)
{
	const ColumnDef *column = new_column(it);
	const Constraint *check = sf_column_has(column, CONSTR_CHECK);
	const char *name;

	if (check == NULL)
		return false;
	name = sf_ident(check->conname ? check->conname : psprintf("%s_%s_check", it->table->relation, column->colname));
	sf_recipe(it, "ALTER TABLE %s ADD COLUMN %s %s;", it->table->name, sf_ident(column->colname),
			  sf_type_text(column->typeName));
	sf_recipe(it, "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s) NOT VALID;", it->table->name, name,
			  sf_parenthesis_text(it, check->location));
	sf_recipe(it, "ALTER TABLE %s VALIDATE CONSTRAINT %s;", it->table->name, name);
	sf_work(it, it->table, AccessExclusiveLock, false);
	it->finding->model = true;
	return sf_say(it, "column %s has a check: it is proved by reading the table under the lock",
				  sf_ident(column->colname));
}

/* ---- ALTER COLUMN ---- */

static bool
is_proved_by_script(const SfCase *it, const char *column)
{
	ListCell   *lc;

	foreach(lc, it->it->checks)
	{
		const SfAddedCheck *check = lfirst(lc);

		if (check->valid && sf_streq(check->not_null, column) && strcmp(check->table, it->table->name) == 0)
			return true;
	}
	return false;
}

/* Never waits: what is locked is not proved. */
bool
sf_is_proved_not_null(const SfCase *it, const char *column)
{
	const SfSubject *table = it->table;
	AttrNumber	attno = OidIsValid(table->oid) ? get_attnum(table->oid, column) : InvalidAttrNumber;
	bool		proved = false;
	Relation	relation;

	if (is_proved_by_script(it, column))
		return true;
	if (attno == InvalidAttrNumber || !ConditionalLockRelationOid(table->oid, AccessShareLock))
		return false;
	relation = try_relation_open(table->oid, NoLock);
	if (relation)
	{
		Form_pg_attribute a = TupleDescAttr(RelationGetDescr(relation), attno - 1);

		if (a->attnotnull)
			proved = true;
		else
		{
			NullTest   *test = makeNode(NullTest);

			test->arg = (Expr *) makeVar(1, attno, a->atttypid, a->atttypmod, a->attcollation, 0);
			test->nulltesttype = IS_NOT_NULL;
			test->argisrow = false;
			test->location = -1;
			proved = PartConstraintImpliedByRelConstraint(relation, list_make1(test));
		}
		relation_close(relation, NoLock);
	}
	UnlockRelationOid(table->oid, AccessShareLock);
	return proved;
}

bool
sf_check_not_null(SfCase *it)
{
	if (sf_is_proved_not_null(it, it->op->part))
		return false;
	sf_recipe_not_null(it, it->op->part);
	sf_work(it, it->table, AccessExclusiveLock, false);
	it->finding->model = true;
	return sf_say(it, "nothing proves that column %s holds no NULL: the table is read under the lock",
				  sf_ident(it->op->part));
}

bool
sf_check_drop_not_null(SfCase *it)
{
	it->finding->detail = pstrdup("Do it when all readers expect NULLs.");
	return sf_say(it, "readers of column %s may meet NULLs from now on", sf_ident(it->op->part));
}

/* ---- what breaks those who use it ---- */

bool
sf_check_drop_column(SfCase *it)
{
	sf_recipe(it, "ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL;  -- so that those who no longer know it can write",
			  it->table->name, sf_ident(it->op->part));
	sf_recipe(it, "-- when no version of the application uses it any more, and with the values kept elsewhere:");
	sf_recipe(it, "SELECT sf_allow('nobody uses it'); ALTER TABLE %s DROP COLUMN %s;", it->table->name,
			  sf_ident(it->op->part));
	it->finding->detail =
		psprintf("Its values in about " INT64_FORMAT " rows are lost. Prepared statements and SELECT * fail.",
				 Max(it->table->rows, 0));
	it->finding->model = true;
	return sf_say(it, "those who use column %s fail", sf_ident(it->op->part));
}

bool
sf_check_rename_column(SfCase *it)
{
	const RenameStmt *rename = castNode(RenameStmt, it->op->node);
	char	   *names[2] = {it->table->schema, psprintf("%s_%s", it->table->relation, rename->newname)};

	sf_recipe(it,
			  "CREATE VIEW %s AS SELECT *, %s AS %s FROM %s;  -- for the new version; rename when the old one is gone",
			  sf_qualified(2, names), sf_ident(rename->subname), sf_ident(rename->newname), it->table->name);
	it->finding->detail = pstrdup("The lock is short; what breaks is every statement with the old name.");
	it->finding->model = true;
	return sf_say(it, "those who use the name %s fail at once", sf_ident(rename->subname));
}
