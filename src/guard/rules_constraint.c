/*
 * rules_constraint.c - rules about constraints.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "parser/parse_type.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "guard/guard.h"
#include "guard/words.h"
#include "lib/spi.h"
#include "lib/text.h"

static const Constraint *
new_constraint(const SfCase *it)
{
	return castNode(Constraint, it->cmd->def);
}

/* The name that it has, or will get. */
static char *
name_of(const SfCase *it, const char *column, const char *label)
{
	const Constraint *constraint = new_constraint(it);

	return constraint->conname ? constraint->conname : makeObjectName(it->table->relation, column, label);
}

static List *
strings(List *nodes)
{
	List	   *texts = NIL;
	ListCell   *lc;

	foreach(lc, nodes)
		texts = lappend(texts, strVal(lfirst(lc)));
	return texts;
}

bool
sf_check_check(SfCase *it)
{
	const char *name = sf_ident(name_of(it, NULL, "check"));

	sf_recipe(it, "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s) NOT VALID;", it->table->name, name,
			  sf_expression_text(it, new_constraint(it)->raw_expr));
	sf_recipe(it, "ALTER TABLE %s VALIDATE CONSTRAINT %s;  -- in another transaction", it->table->name, name);
	sf_work(it, it->table, AccessExclusiveLock, false);
	it->finding->model = true;
	return sf_say(it, "check %s is proved: the table is read under the lock", name);
}

/* Partition by partition; the parent takes over what they have, and reads nothing. */
static void
recipe_partitions_foreign_key(SfCase *it, const char *name, const Constraint *fk)
{
	SfSubject  *whole = it->table;
	ListCell   *lc;

	foreach(lc, sf_leaves(whole->oid))
	{
		it->table = sf_subject_oid(it->it, lfirst_oid(lc));
		if (it->table)
			sf_recipe_foreign_key(it, name, strings(fk->fk_attrs), fk, true);
	}
	it->table = whole;
	sf_recipe_foreign_key(it, name, strings(fk->fk_attrs), fk, false);
}

/* Has the partition such a key already, so that the parent's takes it over? */
static bool
has_foreign_key(Oid leaf, Oid other, const Constraint *fk)
{
	const char *args[] = {psprintf("%u", leaf), psprintf("%u", other)};
	List	   *literals = NIL;
	ListCell   *lc;

	foreach(lc, fk->fk_attrs)
		literals = lappend(literals, sf_literal(strVal(lfirst(lc))));
	return sf_query_text(psprintf("SELECT 1 FROM pg_catalog.pg_constraint c "
								  "WHERE c.conrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
								  "AND c.confrelid OPERATOR(pg_catalog.=) $2::pg_catalog.oid "
								  "AND c.contype OPERATOR(pg_catalog.=) 'f' AND c.convalidated "
								  "AND ARRAY(SELECT a.attname FROM pg_catalog.unnest(c.conkey) WITH ORDINALITY k(n, i) "
								  "JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.conrelid "
								  "AND a.attnum OPERATOR(pg_catalog.=) k.n ORDER BY k.i) "
								  "OPERATOR(pg_catalog.=) ARRAY[%s]::pg_catalog.name[] LIMIT 1",
								  sf_join(literals, ", ")),
						 lengthof(args), args) != NULL;
}

/* One that the script has added and proved: whether it has the same columns is not judged. */
static bool
has_foreign_key_by_script(const SfCase *it, Oid leaf, const SfSubject *other)
{
	char	   *names[2] = {get_namespace_name(get_rel_namespace(leaf)), get_rel_name(leaf)};
	ListCell   *lc;

	foreach(lc, it->it->checks)
	{
		const SfAddedCheck *check = lfirst(lc);

		if (check->valid && sf_streq(check->references, other->name) &&
			strcmp(check->table, sf_qualified(2, names)) == 0)
			return true;
	}
	return false;
}

static bool
is_taken_over(const SfCase *it, const Constraint *fk)
{
	const SfSubject *other = sf_subject_of(it->it, fk->pktable);
	ListCell   *lc;

	if (!it->table->partitioned || other == NULL)
		return false;
	foreach(lc, sf_leaves(it->table->oid))
		if (!has_foreign_key(lfirst_oid(lc), other->oid, fk) && !has_foreign_key_by_script(it, lfirst_oid(lc), other))
			return false;
	return true;
}

bool
sf_check_foreign_key(SfCase *it)
{
	const Constraint *fk = new_constraint(it);
	const char *name = name_of(it, sf_join(strings(fk->fk_attrs), "_"), "fkey");

	if (is_taken_over(it, fk))
		return false;
	if (it->table->partitioned && SF_MAJOR < 18)
		recipe_partitions_foreign_key(it, name, fk);
	else
		sf_recipe_foreign_key(it, name, strings(fk->fk_attrs), fk, true);
	sf_work(it, it->table, ShareRowExclusiveLock, false);
	it->finding->model = true;
	return sf_say(it, "the foreign key to %s is proved: the table is read while nobody can write to either",
				  sf_range_text(fk->pktable));
}

bool
sf_check_foreign_key_partitioned(SfCase *it)
{
	const Constraint *fk = new_constraint(it);

	if (!it->table->partitioned || SF_MAJOR >= 18)
		return false;
	recipe_partitions_foreign_key(it, name_of(it, sf_join(strings(fk->fk_attrs), "_"), "fkey"), fk);
	it->finding->model = true;
	return sf_say(it, "the table is partitioned: before 18 its foreign key cannot be NOT VALID");
}

/* NOT VALID reads nothing, but both tables are locked, one after the other. */
bool
sf_check_lock_order(SfCase *it)
{
	const Constraint *fk = new_constraint(it);
	const SfSubject *other = sf_subject_of(it->it, fk->pktable);
	bool		first;

	if (it->it->lock_timeout > 0 || other == NULL || !other->stands || !sf_has_rows(other) ||
		(it->table->partitioned && SF_MAJOR < 18) || strcmp(other->name, it->table->name) == 0)
		return false;
	first = strcmp(it->table->name, other->name) < 0;
	sf_recipe(it, "SET lock_timeout = '2s'; BEGIN; LOCK TABLE %s, %s IN SHARE ROW EXCLUSIVE MODE;",
			  first ? it->table->name : other->name, first ? other->name : it->table->name);
	sf_recipe_foreign_key(it, name_of(it, sf_join(strings(fk->fk_attrs), "_"), "fkey"), strings(fk->fk_attrs), fk,
						  true);
	lsecond(it->finding->recipe) = psprintf("%s\n  %s COMMIT;", (char *) linitial(it->finding->recipe),
											(char *) lsecond(it->finding->recipe));
	it->finding->recipe = list_delete_first(it->finding->recipe);
	it->finding->detail = pstrdup("Both locks are SHARE ROW EXCLUSIVE, and short once they are there.");
	return sf_say(it, "%s is locked as well: who takes both locks the other way round waits for ever",
				  other->name);
}

/* Does an index begin with the columns, in any order? */
static bool
has_index_on(Oid table, List *columns)
{
	const char *args[] = {psprintf("%u", table), psprintf("%d", list_length(columns))};
	List	   *literals = NIL;
	ListCell   *lc;

	foreach(lc, columns)
		literals = lappend(literals, sf_literal(lfirst(lc)));
	return sf_query_text(
			   psprintf(
				   "SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
				   "AND i.indisvalid AND i.indpred IS NULL "
				   "AND (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a "
				   "WHERE a.attrelid OPERATOR(pg_catalog.=) i.indrelid "
				   "AND a.attname OPERATOR(pg_catalog.=) ANY (ARRAY[%s]::pg_catalog.name[]) "
				   "AND a.attnum OPERATOR(pg_catalog.=) ANY ((i.indkey::pg_catalog.int2[])[0:$2::pg_catalog.int4 "
				   "OPERATOR(pg_catalog.-) 1])) "
				   "OPERATOR(pg_catalog.=) $2::pg_catalog.int8 LIMIT 1",
				   sf_join(literals, ", ")),
			   lengthof(args), args) != NULL;
}

bool
sf_check_foreign_key_index(SfCase *it)
{
	List	   *columns = strings(new_constraint(it)->fk_attrs);

	if (!OidIsValid(it->table->oid) || has_index_on(it->table->oid, columns))
		return false;
	sf_recipe(it, "CREATE INDEX CONCURRENTLY ON %s (%s);", it->table->name,
			  sf_names_text(new_constraint(it)->fk_attrs));
	return sf_say(it, "no index begins with %s: each DELETE and UPDATE of a referenced row reads the whole table",
				  sf_names_text(new_constraint(it)->fk_attrs));
}

/* The foreign keys of a new table, its columns' as well. */
static List *
foreign_keys_of(const CreateStmt *create)
{
	List	   *keys = NIL;
	ListCell   *lc,
			   *lk;

	foreach(lc, create->tableElts)
	{
		Node	   *element = lfirst(lc);

		if (IsA(element, Constraint) && ((Constraint *) element)->contype == CONSTR_FOREIGN)
			keys = lappend(keys, element);
		if (IsA(element, ColumnDef))
			foreach(lk, ((ColumnDef *) element)->constraints)
				if (lfirst_node(Constraint, lk)->contype == CONSTR_FOREIGN)
					keys = lappend(keys, lfirst(lk));
	}
	return keys;
}

bool
sf_check_table_foreign_key(SfCase *it)
{
	ListCell   *lc;

	foreach(lc, foreign_keys_of(castNode(CreateStmt, it->statement)))
	{
		SfSubject  *other = sf_subject_of(it->it, lfirst_node(Constraint, lc)->pktable);

		if (other == NULL || !other->stands || !sf_has_rows(other) || it->it->lock_timeout > 0)
			continue;
		it->finding->object = other->name;
		it->finding->detail = pstrdup("The lock is SHARE ROW EXCLUSIVE, and short once it is there.");
		sf_recipe(it, "SET lock_timeout = '2s';  -- before it, and try again when it fails");
		return sf_say(it, "writes to %s stop: the new table waits for its lock", other->name);
	}
	return false;
}

bool
sf_check_unique(SfCase *it)
{
	List	   *columns = strings(new_constraint(it)->keys);

	sf_recipe_key(it, name_of(it, sf_join(columns, "_"), "key"), columns, false);
	sf_work(it, it->table, AccessExclusiveLock, false);
	it->finding->model = true;
	return sf_say(it, "its index is built under the lock");
}

bool
sf_check_primary_key(SfCase *it)
{
	sf_recipe_key(it, name_of(it, NULL, "pkey"), strings(new_constraint(it)->keys), true);
	sf_work(it, it->table, AccessExclusiveLock, false);
	it->finding->model = true;
	return sf_say(it, "the index of the primary key is built under the lock");
}

bool
sf_check_adopt_nullable(SfCase *it)
{
	const Constraint *key = new_constraint(it);
	Oid index =
		OidIsValid(it->table->oid) ? get_relname_relid(key->indexname, get_rel_namespace(it->table->oid)) : InvalidOid;
	HeapTuple	tuple = OidIsValid(index) ? SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index)) : NULL;
	bool		any = false;

	if (!HeapTupleIsValid(tuple))
		return false;
	for (int i = 0; i < ((Form_pg_index) GETSTRUCT(tuple))->indnkeyatts; i++)
	{
		AttrNumber	attno = ((Form_pg_index) GETSTRUCT(tuple))->indkey.values[i];
		char	   *column = attno > 0 ? get_attname(it->table->oid, attno, true) : NULL;

		if (column == NULL || sf_is_proved_not_null(it, column))
			continue;
		sf_recipe_not_null(it, column);
		any = true;
	}
	ReleaseSysCache(tuple);
	if (!any)
		return false;
	sf_recipe(it, "ALTER TABLE %s ADD PRIMARY KEY USING INDEX %s;", it->table->name, sf_ident(key->indexname));
	sf_work(it, it->table, AccessExclusiveLock, false);
	it->finding->model = true;
	return sf_say(it, "a column of index %s may be NULL: the table is read for it under the lock",
				  sf_ident(key->indexname));
}

bool
sf_check_exclusion(SfCase *it)
{
	sf_recipe(it, "-- There is no online way.  Either in a quiet hour with SET schemaflow.guard = off (superuser), or");
	sf_recipe(it, "-- a new table with the constraint, kept in step by a trigger, filled in batches and renamed, or");
	sf_recipe(it, "-- a trigger that takes pg_advisory_xact_lock() on the key and looks for overlaps.");
	sf_work(it, it->table, AccessExclusiveLock, false);
	return sf_say(it, "its index is built and checked under the lock");
}

/* ---- what is only named ---- */

/* The constraint that the statement names, as the catalogs have it; '\0': none. */
static char
type_of_named(const SfCase *it, Oid *constraint)
{
	HeapTuple	tuple;
	char		type;

	*constraint = OidIsValid(it->table->oid) && it->cmd && it->cmd->name ?
		get_relation_constraint_oid(it->table->oid, it->cmd->name, true) : InvalidOid;
	tuple = OidIsValid(*constraint) ? SearchSysCache1(CONSTROID, ObjectIdGetDatum(*constraint)) : NULL;
	if (!HeapTupleIsValid(tuple))
		return '\0';
	type = ((Form_pg_constraint) GETSTRUCT(tuple))->contype;
	ReleaseSysCache(tuple);
	return type;
}

bool
sf_check_drop_constraint(SfCase *it)
{
	Oid			constraint;

	if (type_of_named(it, &constraint) != CONSTRAINT_PRIMARY)
		return false;
	sf_recipe(it, "-- first CREATE UNIQUE INDEX CONCURRENTLY for the new key, its columns NOT NULL; then in one");
	sf_recipe(it, "-- statement ALTER TABLE %s DROP CONSTRAINT %s, ADD PRIMARY KEY USING INDEX", it->table->name,
			  sf_ident(it->cmd->name));
	it->finding->detail = pstrdup("Logical replication knows rows by it; ON CONFLICT and foreign keys need it.");
	it->finding->model = true;
	return sf_say(it, "without primary key %s the table has no key", sf_ident(it->cmd->name));
}

bool
sf_check_drop_foreign_key(SfCase *it)
{
	Oid			constraint;
	HeapTuple	tuple;
	char	   *other;

	if (type_of_named(it, &constraint) != CONSTRAINT_FOREIGN || it->it->lock_timeout > 0)
		return false;
	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	other = get_rel_name(((Form_pg_constraint) GETSTRUCT(tuple))->confrelid);
	ReleaseSysCache(tuple);
	sf_recipe(it, "SET lock_timeout = '2s';  -- before it, and try again when it fails");
	it->finding->detail = pstrdup("Both locks are ACCESS EXCLUSIVE, and short once they are there.");
	return sf_say(it, "%s is locked as well: foreign key %s is its, too", sf_ident(other), sf_ident(it->cmd->name));
}

static bool
is_locked(const SfExamination *it, const SfSubject *table)
{
	ListCell   *lc;

	foreach(lc, it->locked)
		if (strcmp(lfirst(lc), table->name) == 0)
			return true;
	return false;
}

bool
sf_check_validate(SfCase *it)
{
	if (!it->it->in_transaction || !is_locked(it->it, it->table))
		return false;
	sf_recipe(it, "COMMIT;  -- first");
	sf_recipe(it, "ALTER TABLE %s VALIDATE CONSTRAINT %s;", it->table->name, sf_ident(it->cmd->name));
	sf_work(it, it->table, AccessExclusiveLock, false);
	return sf_say(it, "the table is locked already: all of it is read now");
}

static void
recipe_other_name(SfCase *it, const Constraint *constraint, const char *name)
{
	if (constraint->contype == CONSTR_CHECK)
	{
		sf_recipe(it, "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s) NOT VALID;", it->table->name, sf_ident(name),
				  sf_expression_text(it, constraint->raw_expr));
		sf_recipe(it, "ALTER TABLE %s VALIDATE CONSTRAINT %s;", it->table->name, sf_ident(name));
	}
	else
	{
		Constraint *renamed = copyObject(unconstify(Constraint *, constraint));

		renamed->conname = pstrdup(name);
		sf_recipe_foreign_key(it, NULL, strings(constraint->fk_attrs), renamed, true);
	}
}

/* The new constraint of that name that an ALTER TABLE of the case's table makes; NULL: it makes none. */
static const Constraint *
replacement_in(const SfCase *it, const Node *statement)
{
	const AlterTableStmt *alter = (const AlterTableStmt *) statement;
	const SfSubject *table;
	ListCell   *lc;

	if (!IsA(statement, AlterTableStmt))
		return NULL;
	foreach(lc, alter->cmds)
	{
		const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);
		const Constraint *constraint = cmd->subtype == AT_AddConstraint ? castNode(Constraint, cmd->def) : NULL;

		if (constraint == NULL || !sf_streq(constraint->conname, it->cmd->name) ||
			(constraint->contype != CONSTR_CHECK && constraint->contype != CONSTR_FOREIGN))
			continue;
		table = sf_subject_of(it->it, alter->relation);
		return table && strcmp(table->name, it->table->name) == 0 ? constraint : NULL;
	}
	return NULL;
}

/*
 * DROP CONSTRAINT x and ADD CONSTRAINT x: in one statement there is no gap, but the proof is under the lock; in two
 * that are not in one transaction nobody checks in between.
 */
bool
sf_check_redefinition(SfCase *it)
{
	const Constraint *new = replacement_in(it, it->statement);
	bool		at_once = new != NULL;
	char	   *name = psprintf("%s_new", it->cmd->name);
	ListCell   *lc;

	if (at_once && new->skip_validation)
		return false;
	for_each_from(lc, it->it->in_transaction ? NIL : it->it->statements, it->it->next)
		new = new ? new : replacement_in(it, lfirst_node(RawStmt, lc)->stmt);
	if (new == NULL)
		return false;
	recipe_other_name(it, new, name);
	sf_recipe(it, "BEGIN; ALTER TABLE %s DROP CONSTRAINT %s; ALTER TABLE %s RENAME CONSTRAINT %s TO %s; COMMIT;",
			  it->table->name, sf_ident(it->cmd->name), it->table->name, sf_ident(name), sf_ident(it->cmd->name));
	it->finding->model = true;
	if (!at_once)
		return sf_say(it, "constraint %s is dropped before its successor is there: nobody checks in between",
					  sf_ident(it->cmd->name));
	sf_work(it, it->table, AccessExclusiveLock, false);
	return sf_say(it, "constraint %s is replaced under one lock, which its proof holds", sf_ident(it->cmd->name));
}

/* ---- domains ---- */

/* Tables with columns of the domain, or of domains over it; the biggest one first. */
static List *
users_of_domain(const SfCase *it)
{
	Oid domain = LookupTypeNameOid(NULL, makeTypeNameFromNameList(((AlterDomainStmt *)it->statement)->typeName), true);
	const char *args[] = {psprintf("%u", domain)};
	List	   *users = NIL;
	SfRows	   *rows;

	if (!OidIsValid(domain))
		return NIL;
	rows = sf_query(
		"WITH RECURSIVE d AS (SELECT $1::pg_catalog.oid AS oid UNION SELECT t.oid FROM pg_catalog.pg_type t "
		"JOIN d ON t.typbasetype OPERATOR(pg_catalog.=) d.oid AND t.typtype OPERATOR(pg_catalog.=) 'd') "
		"SELECT DISTINCT a.attrelid FROM d JOIN pg_catalog.pg_attribute a ON a.atttypid OPERATOR(pg_catalog.=) d.oid "
		"JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid "
		"WHERE NOT a.attisdropped AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,m}')",
		1, args);
	for (int r = 0; r < rows->nrows; r++)
	{
		SfSubject  *user = sf_subject_oid(it->it, (Oid) strtoul(sf_cell(rows, r, 0), NULL, 10));

		if (user && user->stands && sf_has_rows(user))
			users = users && user->bytes > ((SfSubject *)linitial(users))->bytes ? lcons(user, users)
																				 : lappend(users, user);
	}
	return users;
}

bool
sf_check_domain(SfCase *it)
{
	const AlterDomainStmt *alter = castNode(AlterDomainStmt, it->statement);
	List	   *users = users_of_domain(it);
	const char *name = NameListToQuotedString(alter->typeName);

	if (users == NIL)
		return false;
	if (alter->subtype == 'C')
	{
		const Constraint *check = castNode(Constraint, alter->def);

		sf_recipe(it, "ALTER DOMAIN %s ADD%s%s CHECK (%s) NOT VALID;  -- nothing is read", name,
				  check->conname ? " CONSTRAINT " : "", check->conname ? sf_ident(check->conname) : "",
				  sf_parenthesis_text(it, check->location));
	}
	sf_recipe(it, "-- %sfor each table: a CHECK on the column, NOT VALID, then VALIDATE; leave the domain as it is",
			  alter->subtype == 'C' ? "or, " : "");
	it->finding->object = ((SfSubject *) linitial(users))->name;
	sf_work(it, linitial(users), ShareLock, false);
	return sf_say(it, "%d table%s with domain %s %s read: nobody can write to %s meanwhile", list_length(users),
				  list_length(users) == 1 ? "" : "s", name, list_length(users) == 1 ? "is" : "are",
				  list_length(users) == 1 ? "it" : "them");
}
