/*
 * words.c - parts of statements as text (words.h).
 *
 * An expression is analysed in a subtransaction, for it may name what is not there; nothing of it is run.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parse_type.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "guard/words.h"
#include "lib/attempt.h"
#include "lib/pins.h"
#include "lib/text.h"

const Constraint *
sf_column_has(const ColumnDef *column, ConstrType type)
{
	ListCell   *lc;

	foreach(lc, column->constraints)
		if (lfirst_node(Constraint, lc)->contype == type)
			return lfirst(lc);
	return NULL;
}

char *
sf_type_text(const TypeName *type)
{
	int32		typmod;
	Type		tuple = LookupTypeName(NULL, type, &typmod, true);
	char	   *text;
	bool		own;

	if (tuple == NULL)
		return TypeNameToString(type);
	own = ((Form_pg_type) GETSTRUCT(tuple))->typnamespace != PG_CATALOG_NAMESPACE;
	text = format_type_extended(typeTypeId(tuple), typmod,
								FORMAT_TYPE_TYPEMOD_GIVEN | (own ? FORMAT_TYPE_FORCE_QUALIFY : 0));
	ReleaseSysCache(tuple);
	return text;
}

char *
sf_range_text(const RangeVar *name)
{
	char	   *names[2] = {name->schemaname, name->relname};

	return name->schemaname ? sf_qualified(2, names) : pstrdup(sf_ident(name->relname));
}

char *
sf_names_text(List *strings)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, strings)
		names = lappend(names, unconstify(char *, sf_ident(strVal(lfirst(lc)))));
	return sf_join(names, ", ");
}

typedef struct Expression
{
	const SfCase *it;
	Node	   *raw;
	char	   *text;			/* the result */
} Expression;

/* Argument of sf_attempt(). */
static void
analyse(void *arg)
{
	Expression *expression = arg;
	const SfCase *it = expression->it;
	ParseState *pstate = make_parsestate(NULL);
	List	   *context = NIL;
	Relation	relation = NULL;
	Node	   *node;
	int			level;

	if (it->table && OidIsValid(it->table->oid) && ConditionalLockRelationOid(it->table->oid, AccessShareLock))
		relation = try_relation_open(it->table->oid, NoLock);
	if (relation)
	{
		ParseNamespaceItem *row = addRangeTableEntryForRelation(pstate, relation, AccessShareLock, NULL, false, true);

		addNSItemToQuery(pstate, row, true, true, true);
		context = deparse_context_for(RelationGetRelationName(relation), RelationGetRelid(relation));
	}
	node = transformExpr(pstate, copyObject(expression->raw),
						 relation ? EXPR_KIND_CHECK_CONSTRAINT : EXPR_KIND_COLUMN_DEFAULT);
	/* With all names qualified: it may stand in a function that others run. */
	level = sf_pins_enter();
	expression->text = deparse_expression(node, context, false, false);
	sf_pins_leave(level);
	if (relation)
		relation_close(relation, AccessShareLock);
	free_parsestate(pstate);
}

char *
sf_expression_text(const SfCase *it, Node *raw)
{
	Expression	expression = {it, raw, NULL};
	ErrorData  *error = sf_attempt(analyse, &expression);

	if (error && !sf_not_understood(error))
		ReThrowError(error);
	return error ? pstrdup("...") : expression.text;
}

/* Skips a quoted string or name; text stands on its first quote. */
static const char *
behind_quoted(const char *text)
{
	const char *end = strchr(text + 1, *text);

	return end ? end + 1 : text + strlen(text);
}

char *
sf_parenthesis_text(const SfCase *it, int location)
{
	const char *text = it->it->text;
	const char *start;
	int			depth = 0;

	if (text == NULL || location < it->it->offset || location - it->it->offset > (int) strlen(text))
		return pstrdup("...");
	text = start = strchr(text + location - it->it->offset, '(');
	while (text && *text)
	{
		if (*text == '\'' || *text == '"')
		{
			text = behind_quoted(text);
			continue;
		}
		if (strncmp(text, "--", 2) == 0)
		{
			text += strcspn(text, "\n");
			continue;
		}
		depth += (*text == '(') - (*text == ')');
		if (depth == 0)
			return pnstrdup(start + 1, text - start - 1);
		text++;
	}
	return pstrdup("...");
}

/* ---- parts of recipes ---- */

void
sf_recipe_not_null(SfCase *it, const char *column)
{
	const char *proof = sf_ident(psprintf("%s_not_null", column));
	const char *table = it->table->name;

	sf_recipe(it, "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID;", table, proof, sf_ident(column));
	sf_recipe(it, "ALTER TABLE %s VALIDATE CONSTRAINT %s;", table, proof);
	sf_recipe(it, "ALTER TABLE %s ALTER COLUMN %s SET NOT NULL;", table, sf_ident(column));
	sf_recipe(it, "ALTER TABLE %s DROP CONSTRAINT %s;", table, proof);
}

/* " ON DELETE CASCADE", or nothing for what is so by itself. */
static const char *
action_text(const char *event, char action)
{
	static const struct
	{
		char		action;
		const char *words;
	}			actions[] = {{FKCONSTR_ACTION_RESTRICT, "RESTRICT"}, {FKCONSTR_ACTION_CASCADE, "CASCADE"},
	{FKCONSTR_ACTION_SETNULL, "SET NULL"}, {FKCONSTR_ACTION_SETDEFAULT, "SET DEFAULT"}};

	for (int i = 0; i < lengthof(actions); i++)
		if (actions[i].action == action)
			return psprintf(" ON %s %s", event, actions[i].words);
	return "";
}

void
sf_recipe_foreign_key(SfCase *it, const char *name, List *columns, const Constraint *fk, bool prove)
{
	const char *constraint = sf_ident(fk->conname ? fk->conname : name);
	const SfSubject *other = sf_subject_of(it->it, fk->pktable);
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, columns)
		names = lappend(names, unconstify(char *, sf_ident(lfirst(lc))));
	sf_recipe(it, "ALTER TABLE %s ADD CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s%s%s%s%s%s%s%s%s;", it->table->name,
			  constraint, sf_join(names, ", "), other ? other->name : sf_range_text(fk->pktable),
			  fk->pk_attrs ? " (" : "",
			  fk->pk_attrs ? sf_names_text(fk->pk_attrs) : "", fk->pk_attrs ? ")" : "",
			  fk->fk_matchtype == FKCONSTR_MATCH_FULL ? " MATCH FULL" : "", action_text("UPDATE", fk->fk_upd_action),
			  action_text("DELETE", fk->fk_del_action),
			  fk->deferrable ? (fk->initdeferred ? " DEFERRABLE INITIALLY DEFERRED" : " DEFERRABLE") : "",
			  prove ? " NOT VALID" : "");
	if (prove)
		sf_recipe(it, "ALTER TABLE %s VALIDATE CONSTRAINT %s;", it->table->name, constraint);
}

void
sf_recipe_key(SfCase *it, const char *name, List *columns, bool primary)
{
	const char *constraint = sf_ident(name ? name : psprintf("%s_pkey", it->table->relation));
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, columns)
	{
		names = lappend(names, unconstify(char *, sf_ident(lfirst(lc))));
		if (primary && !sf_is_proved_not_null(it, lfirst(lc)))
			sf_recipe_not_null(it, lfirst(lc));
	}
	sf_recipe(it, "CREATE UNIQUE INDEX CONCURRENTLY %s ON %s (%s);", constraint, it->table->name, sf_join(names, ", "));
	sf_recipe(it, "ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s;", it->table->name, constraint,
			  primary ? "PRIMARY KEY" : "UNIQUE", constraint);
}
