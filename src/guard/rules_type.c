/*
 * rules_type.c - rules about the change of a column's type.
 *
 * Whether a change rewrites is the server's own rule (sf_type_change), under this session's TimeZone.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "commands/defrem.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "guard/guard.h"
#include "guard/words.h"
#include "lib/spi.h"
#include "lib/text.h"

/* The column's type as it is, and what the change does. */
static bool
find_change(const SfCase *it, char **type, SfTypeChange *change)
{
	const ColumnDef *definition = castNode(ColumnDef, it->cmd->def);
	AttrNumber	attno = OidIsValid(it->table->oid) ? get_attnum(it->table->oid, it->op->part) : InvalidAttrNumber;
	Oid			oid;
	int32		typmod;
	Oid			collation,
				new_collation;

	*type = NULL;
	memset(change, 0, sizeof(*change));
	if (attno == InvalidAttrNumber)
	{
		change->rewrites = true;
		return it->it->script;
	}
	get_atttypetypmodcoll(it->table->oid, attno, &oid, &typmod, &collation);
	*type = format_type_extended(oid, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
	*change = sf_type_change(*type, definition->typeName, it->op->part, definition->raw_default,
							 GetConfigOption("TimeZone", false, false));
	new_collation = definition->collClause ? get_collation_oid(definition->collClause->collname, true) :
		get_typcollation(LookupTypeNameOid(NULL, definition->typeName, true));
	if (OidIsValid(collation) && OidIsValid(new_collation) && collation != new_collation)
		change->sorts = true;
	return true;
}

/* What else is to be made for the column that takes the place of another: default, NOT NULL, indexes. */
static void
recipe_belongings(SfCase *it, const char *column, const char *shadow)
{
	const char *args[] = {psprintf("%u", it->table->oid), column};
	SfRows	   *rows;
	char	   *value;

	if (!OidIsValid(it->table->oid))
		return;
	value = sf_query_text("SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d "
						  "JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) d.adrelid "
						  "AND a.attnum OPERATOR(pg_catalog.=) d.adnum "
						  "WHERE d.adrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
						  "AND a.attname OPERATOR(pg_catalog.=) $2::pg_catalog.name "
						  "AND a.attgenerated OPERATOR(pg_catalog.=) ''", lengthof(args), args);
	if (value)
		sf_recipe(it, "ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s;", it->table->name, sf_ident(shadow), value);
	if (sf_is_proved_not_null(it, column))
		sf_recipe_not_null(it, shadow);
	rows = sf_query("SELECT pg_catalog.pg_get_indexdef(d.objid), pg_catalog.pg_get_constraintdef(k.oid), k.conname "
					"FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a "
					"ON a.attrelid OPERATOR(pg_catalog.=) d.refobjid AND a.attnum OPERATOR(pg_catalog.=) d.refobjsubid "
					"LEFT JOIN pg_catalog.pg_constraint k "
					"ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_constraint'::pg_catalog.regclass "
					"AND k.oid OPERATOR(pg_catalog.=) d.objid "
					"WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass "
					"AND d.refobjid OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
					"AND a.attname OPERATOR(pg_catalog.=) $2::pg_catalog.name "
					"AND (k.contype OPERATOR(pg_catalog.<>) 'n' "
					"OR d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid "
					"OPERATOR(pg_catalog.=) ANY (SELECT i.indexrelid FROM pg_catalog.pg_index i "
					"WHERE i.indrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid)) "
					"ORDER BY k.conname, 1", lengthof(args), args);
	for (int r = 0; r < rows->nrows; r++)
		if (sf_cell(rows, r, 1))
			sf_recipe(it, "-- with %s for %s: ADD CONSTRAINT %s %s", sf_ident(shadow), sf_ident(column),
					  sf_ident(sf_cell(rows, r, 2)), sf_cell(rows, r, 1));
		else
			sf_recipe(it, "-- CONCURRENTLY, with %s for %s: %s", sf_ident(shadow), sf_ident(column),
					  sf_cell(rows, r, 0));
}

/* From 18 on NOT NULL is a constraint with a name, which the new column's takes over; else NULL. */
static char *
not_null_name(const SfCase *it)
{
	const char *args[] = {psprintf("%u", it->table->oid), it->op->part};

	return sf_query_text("SELECT k.conname FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_attribute a "
						 "ON a.attrelid OPERATOR(pg_catalog.=) k.conrelid "
						 "AND a.attnum OPERATOR(pg_catalog.=) k.conkey[1] "
						 "WHERE k.conrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
						 "AND k.contype OPERATOR(pg_catalog.=) 'n' "
						 "AND a.attname OPERATOR(pg_catalog.=) $2::pg_catalog.name LIMIT 1", lengthof(args), args);
}

/* A column of the new type beside the old one, kept in step, filled, and then put in its place. */
static void
recipe_shadow(SfCase *it)
{
	const ColumnDef *definition = castNode(ColumnDef, it->cmd->def);
	const char *name = sf_ident(it->op->part);
	char	   *shadow = psprintf("%s_new", it->op->part);
	const char *table = it->table->name;
	const char *type = sf_type_text(definition->typeName);
	char	   *not_null = not_null_name(it);

	sf_recipe(it, "ALTER TABLE %s ADD COLUMN %s %s%s%s;", table, sf_ident(shadow), type,
			  definition->collClause ? " COLLATE " : "",
			  definition->collClause ? NameListToQuotedString(definition->collClause->collname) : "");
	sf_recipe_fill_trigger(it, shadow, definition->raw_default ? sf_expression_text(it, definition->raw_default) :
						   psprintf("%s::%s", name, type));
	recipe_belongings(it, it->op->part, shadow);
	sf_recipe(it, "SELECT sf_allow('the new column takes the old one''s place');");
	sf_recipe_drop_fill_trigger(it, shadow, "BEGIN;");
	sf_recipe(it, "  ALTER TABLE %s DROP COLUMN %s; ALTER TABLE %s RENAME COLUMN %s TO %s;%s COMMIT;", table, name,
			  table, sf_ident(shadow), name,
			  not_null ? psprintf(" ALTER TABLE %s RENAME CONSTRAINT %s TO %s;", table,
								  sf_ident(makeObjectName(it->table->relation, shadow, "not_null")),
								  sf_ident(not_null)) : "");
	it->finding->model = true;
}

/* As people write it. */
static const char *
without_schema(const char *type)
{
	return strncmp(type, "pg_catalog.", 11) == 0 ? type + 11 : type;
}

bool
sf_check_type_rewrite(SfCase *it)
{
	SfTypeChange change;
	char	   *type;

	if (!find_change(it, &type, &change) || !change.rewrites)
		return false;
	recipe_shadow(it);
	sf_work(it, it->table, AccessExclusiveLock, true);
	return sf_say(it, "column %s changes from %s to %s: the table is rewritten, its indexes are built anew",
				  sf_ident(it->op->part), type ? without_schema(type) : "its type",
				  sf_type_text(castNode(ColumnDef, it->cmd->def)->typeName));
}

/* Has the script dropped it before? */
static bool
is_dropped(const SfCase *it, const char *constraint)
{
	char	   *name = psprintf("%s %s", it->table->name, constraint);
	ListCell   *lc;

	foreach(lc, it->it->dropped)
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	return false;
}

static bool
is_indexed(const SfCase *it, const char *column)
{
	const char *args[] = {psprintf("%u", it->table->oid), column};

	return sf_query_text("SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_depend d "
						 "ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass "
						 "AND d.objid OPERATOR(pg_catalog.=) i.indexrelid "
						 "AND d.refobjid OPERATOR(pg_catalog.=) i.indrelid "
						 "JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid "
						 "AND a.attnum OPERATOR(pg_catalog.=) d.refobjsubid "
						 "WHERE i.indrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
						 "AND a.attname OPERATOR(pg_catalog.=) $2::pg_catalog.name LIMIT 1", lengthof(args),
						 args) != NULL;
}

/* Checks are looked at again after any change of type; indexes when they compare otherwise. */
bool
sf_check_type_scan(SfCase *it)
{
	const char *args[] = {psprintf("%u", it->table->oid), it->op->part};
	SfTypeChange change;
	char	   *type;
	SfRows	   *checks;
	List	   *standing = NIL;
	ListCell   *lc;

	if (!find_change(it, &type, &change) || change.rewrites || type == NULL)
		return false;
	checks =
		sf_query("SELECT pg_catalog.quote_ident(c.conname), pg_catalog.pg_get_constraintdef(c.oid) "
				 "FROM pg_catalog.pg_constraint c, pg_catalog.pg_attribute a "
				 "WHERE c.conrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND c.contype OPERATOR(pg_catalog.=) 'c' "
				 "AND c.convalidated AND a.attrelid OPERATOR(pg_catalog.=) c.conrelid "
				 "AND a.attname OPERATOR(pg_catalog.=) $2::pg_catalog.name "
				 "AND a.attnum OPERATOR(pg_catalog.=) ANY (c.conkey) ORDER BY c.conname",
				 lengthof(args), args);
	for (int r = 0; r < checks->nrows; r++)
		if (!is_dropped(it, sf_cell(checks, r, 0)))
			standing = lappend_int(standing, r);
	if (change.sorts && is_indexed(it, it->op->part))
	{
		recipe_shadow(it);
		sf_work(it, it->table, AccessExclusiveLock, false);
		return sf_say(it, "indexes on column %s compare otherwise: they are built anew under the lock",
					  sf_ident(it->op->part));
	}
	if (standing == NIL)
		return false;
	foreach(lc, standing)
		sf_recipe(it, "ALTER TABLE %s DROP CONSTRAINT %s;", it->table->name, sf_cell(checks, lfirst_int(lc), 0));
	sf_recipe(it, "ALTER TABLE %s ALTER COLUMN %s TYPE %s;", it->table->name, sf_ident(it->op->part),
			  sf_type_text(castNode(ColumnDef, it->cmd->def)->typeName));
	foreach(lc, standing)
	{
		const char *name = sf_cell(checks, lfirst_int(lc), 0);

		sf_recipe(it, "ALTER TABLE %s ADD CONSTRAINT %s %s NOT VALID;", it->table->name, name,
				  sf_cell(checks, lfirst_int(lc), 1));
		sf_recipe(it, "ALTER TABLE %s VALIDATE CONSTRAINT %s;", it->table->name, name);
	}
	sf_work(it, it->table, AccessExclusiveLock, false);
	return sf_say(it, "check %s is proved again: the table is read under the lock",
				  sf_cell(checks, linitial_int(standing), 0));
}

/* Would the server give the rows that are there new values? */
static bool
gives_values(const AlterTableCmd *cmd)
{
	const ColumnDef *column = (const ColumnDef *) cmd->def;

	if (cmd->subtype == AT_AlterColumnType)
		return true;
	return cmd->subtype == AT_AddColumn &&
		(sf_column_gets_value(column) || sf_domain_constrained(NULL, column->typeName));
}

/* The server refuses while rows of the table's type are stored elsewhere, with rows in either table or without. */
bool
sf_check_row_type(SfCase *it)
{
	const char *args[] = {psprintf("%u", it->table->oid)};
	bool		any = false;
	char	   *user = NULL;
	ListCell   *lc;

	foreach(lc, OidIsValid(it->table->oid) ? castNode(AlterTableStmt, it->statement)->cmds : NIL)
		any = any || gives_values(lfirst_node(AlterTableCmd, lc));
	if (any)
		user = sf_query_text(
				  "SELECT pg_catalog.format('%I.%I.%I', n.nspname, u.relname, a.attname) "
				  "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) c.reltype "
				  "JOIN pg_catalog.pg_attribute a ON a.atttypid OPERATOR(pg_catalog.=) ANY (ARRAY[t.oid, t.typarray]) "
				  "JOIN pg_catalog.pg_class u ON u.oid OPERATOR(pg_catalog.=) a.attrelid "
				  "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) u.relnamespace "
				  "WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND NOT a.attisdropped "
				  "AND u.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m}') ORDER BY 1 LIMIT 1",
				  lengthof(args), args);
	if (user == NULL)
		return false;
	sf_recipe(it, "-- first make %s another type, jsonb with to_jsonb() for one; then change this one", user);
	it->finding->detail = psprintf("%s has the table's row type.", user);
	return sf_say(it, "its rows are stored in column %s: the server refuses", user);
}
