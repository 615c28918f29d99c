/*
 * rules_other.c - rules about tables as wholes, partitions, types, functions, and what stands around a statement.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/tablecmds.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_type.h"
#include "parser/parse_utilcmd.h"
#include "partitioning/partbounds.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"

#include "guard/guard.h"
#include "guard/words.h"
#include "lib/spi.h"
#include "lib/text.h"

/* ---- tables as wholes ---- */

bool
sf_check_rename_table(SfCase *it)
{
	sf_recipe(it, "SELECT sf_allow('a view has the old name');");
	if (IsA(it->op->node, RenameStmt))
	{
		const RenameStmt *rename = castNode(RenameStmt, it->op->node);
		char	   *names[2] = {it->table->schema, rename->newname};

		sf_recipe(it, "BEGIN; ALTER TABLE %s RENAME TO %s; CREATE VIEW %s AS SELECT * FROM %s; COMMIT;",
				  it->table->name, sf_ident(rename->newname), it->table->name, sf_qualified(2, names));
		sf_recipe(it, "DROP VIEW %s;  -- when the old version of the application is gone", it->table->name);
	}
	else
	{
		char	   *names[2] = {castNode(AlterObjectSchemaStmt, it->op->node)->newschema, it->table->relation};

		sf_recipe(it, "BEGIN; ALTER TABLE %s SET SCHEMA %s; CREATE VIEW %s AS SELECT * FROM %s; COMMIT;",
				  it->table->name, sf_ident(names[0]), it->table->name, sf_qualified(2, names));
	}
	it->finding->detail = pstrdup("The lock is short; what breaks is every statement with the old name.");
	it->finding->model = true;
	return sf_say(it, "those who use the name %s fail at once", it->table->name);
}

bool
sf_check_rename_schema(SfCase *it)
{
	const RenameStmt *rename;

	if (!IsA(it->statement, RenameStmt))
		return false;
	rename = (const RenameStmt *) it->statement;
	if (rename->renameType != OBJECT_SCHEMA)
		return false;
	if (!it->it->script)
	{
		const char *args[] = {rename->subname};

		if (sf_query_text("SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
						  "ON n.oid OPERATOR(pg_catalog.=) c.relnamespace "
						  "WHERE n.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.name LIMIT 1", 1, args) == NULL)
			return false;
	}
	sf_recipe(it, "CREATE SCHEMA %s;  -- with views of what is in %s, until nobody uses the old name",
			  sf_ident(rename->newname), sf_ident(rename->subname));
	return sf_say(it, "those who use the name %s fail at once", sf_ident(rename->subname));
}

/* The tables that its foreign keys reference, and that reference it. */
static SfRows *
partners_of(Oid table)
{
	const char *args[] = {psprintf("%u", table)};

	return sf_query(
		"SELECT pg_catalog.quote_ident(c.conname), pg_catalog.format('%I.%I', n.nspname, r.relname), "
					"pg_catalog.format('%I.%I', fn.nspname, f.relname), "
					"c.conrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid FROM pg_catalog.pg_constraint c "
					"JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) c.conrelid "
					"JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace "
					"JOIN pg_catalog.pg_class f ON f.oid OPERATOR(pg_catalog.=) c.confrelid "
					"JOIN pg_catalog.pg_namespace fn ON fn.oid OPERATOR(pg_catalog.=) f.relnamespace "
					"WHERE c.contype OPERATOR(pg_catalog.=) 'f' AND c.conparentid OPERATOR(pg_catalog.=) 0 "
		"AND (c.conrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid OR c.confrelid OPERATOR(pg_catalog.=) "
		"$1::pg_catalog.oid) "
		"AND c.conrelid OPERATOR(pg_catalog.<>) c.confrelid ORDER BY 1",
		1, args);
}

bool
sf_check_drop_table(SfCase *it)
{
	SfRows	   *partners = partners_of(it->table->oid);
	List	   *others = NIL;
	char	   *names[2];

	for (int r = 0; r < partners->nrows; r++)
	{
		sf_recipe(it, "ALTER TABLE %s DROP CONSTRAINT %s;  -- with a short lock_timeout", sf_cell(partners, r, 1),
				  sf_cell(partners, r, 0));
		others = lappend(others, sf_cell(partners, r, *sf_cell(partners, r, 3) == 't' ? 2 : 1));
	}
	names[0] = it->table->schema;
	names[1] = psprintf("%s_unused", it->table->relation);
	sf_recipe(it, "SELECT sf_allow('nobody uses it');");
	sf_recipe(it, "ALTER TABLE %s RENAME TO %s;  -- wait: whoever still uses it shows up", it->table->name,
			  sf_ident(names[1]));
	sf_recipe(it, "DROP TABLE %s;", sf_qualified(2, names));
	it->finding->detail = others ? psprintf("About " INT64_FORMAT " rows are lost. Locked against reading as well: %s.",
											Max(it->table->rows, 0), sf_join(others, ", ")) :
		psprintf("About " INT64_FORMAT " rows are lost.", Max(it->table->rows, 0));
	it->finding->model = true;
	return sf_say(it, "those who use the table fail");
}

bool
sf_check_truncate(SfCase *it)
{
	const TruncateStmt *truncate = castNode(TruncateStmt, it->statement);
	ListCell   *lc;

	foreach(lc, truncate->relations)
	{
		SfSubject  *table = sf_subject_of(it->it, lfirst_node(RangeVar, lc));

		if (table == NULL || !table->stands || !sf_has_rows(table))
			continue;
		sf_recipe_batches(it, table, "DELETE FROM %s WHERE", table->name);
		it->finding->object = table->name;
		it->finding->detail =
			psprintf("About " INT64_FORMAT " rows are lost%s. The lock is ACCESS EXCLUSIVE.", Max(table->rows, 0),
					 truncate->behavior == DROP_CASCADE ? ", and those of all tables that reference it" : "");
		return sf_say(it, truncate->behavior == DROP_CASCADE
							  ? "TRUNCATE ... CASCADE empties tables that it does not name"
							  : "all rows are lost");
	}
	return false;
}

/* ---- partitions ---- */

/* The command, when it is that one. */
static PartitionCmd *
partition_command(const SfCase *it, AlterTableType type)
{
	return it->cmd && it->cmd->subtype == type ? castNode(PartitionCmd, it->cmd->def) : NULL;
}

/* A check that the script has added and proved: whether it says enough is not judged. */
static bool
is_checked_by_script(const SfExamination *it, const SfSubject *part)
{
	ListCell   *lc;

	foreach(lc, it->checks)
	{
		const SfAddedCheck *check = lfirst(lc);

		if (check->valid && check->references == NULL && strcmp(check->table, part->name) == 0)
			return true;
	}
	return false;
}

bool
sf_check_attach(SfCase *it)
{
	const PartitionCmd *attach = partition_command(it, AT_AttachPartition);
	SfSubject  *part = attach ? sf_subject_of(it->it, attach->name) : NULL;
	SfBounds	bounds;
	const char *proof;

	if (part == NULL || it->table == NULL || !part->stands || !sf_has_rows(part) || is_checked_by_script(it->it, part))
		return false;
	if (sf_bounds(it->table->oid, part->oid, attach->bound, false, &bounds))
	{
		if (bounds.proved)
			return false;
		proof = sf_ident(psprintf("%s_bounds", part->relation));
		sf_recipe(it, "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s) NOT VALID;", part->name, proof, bounds.check);
		sf_recipe(it, "ALTER TABLE %s VALIDATE CONSTRAINT %s;", part->name, proof);
		sf_recipe(it, "ALTER TABLE %s ATTACH PARTITION %s %s;  -- reads nothing", it->table->name, part->name,
				  bounds.values);
		sf_recipe(it, "ALTER TABLE %s DROP CONSTRAINT %s;", part->name, proof);
	}
	it->finding->object = part->name;
	sf_work(it, part, AccessExclusiveLock, false);
	it->finding->model = true;
	return sf_say(it, "nothing proves that %s is within the bounds: it is read under the lock",
				  part->name);
}

/* The parent that gets a partition by this statement, and is there. */
static SfSubject *
growing_parent(const SfCase *it, const PartitionBoundSpec **bound)
{
	const PartitionCmd *attach = partition_command(it, AT_AttachPartition);

	*bound = NULL;
	if (attach)
	{
		*bound = attach->bound;
		return it->table;
	}
	if (!IsA(it->statement, CreateStmt) || ((CreateStmt *) it->statement)->partbound == NULL)
		return NULL;
	*bound = ((CreateStmt *) it->statement)->partbound;
	return sf_subject_of(it->it, linitial_node(RangeVar, ((CreateStmt *) it->statement)->inhRelations));
}

static Oid
default_partition(Oid parent)
{
	return get_default_partition_oid(parent);
}

bool
sf_check_attach_default(SfCase *it)
{
	const PartitionBoundSpec *bound;
	SfSubject  *parent = growing_parent(it, &bound);
	SfSubject  *rest = parent && parent->partitioned ? sf_subject_oid(it->it, default_partition(parent->oid)) : NULL;
	SfBounds	bounds;
	const char *proof;

	if (rest == NULL || !rest->stands || !sf_has_rows(rest) || is_checked_by_script(it->it, rest))
		return false;
	if (sf_bounds(parent->oid, rest->oid, bound, true, &bounds))
	{
		if (bounds.proved)
			return false;
		proof = sf_ident(psprintf("%s_outside", rest->relation));
		sf_recipe(it, "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s) NOT VALID;", rest->name, proof, bounds.check);
		sf_recipe(it, "ALTER TABLE %s VALIDATE CONSTRAINT %s;", rest->name, proof);
		sf_recipe(it, "-- now the statement; then:");
		sf_recipe(it, "ALTER TABLE %s DROP CONSTRAINT %s;", rest->name, proof);
	}
	it->finding->object = rest->name;
	sf_work(it, rest, AccessExclusiveLock, false);
	it->finding->model = true;
	return sf_say(it, "default partition %s is read: nothing proves that it holds no row of the new one",
				  rest->name);
}

bool
sf_check_partition_of(SfCase *it)
{
	const CreateStmt *create = castNode(CreateStmt, it->statement);
	const PartitionBoundSpec *bound;
	SfSubject  *parent = growing_parent(it, &bound);
	SfBounds	bounds;
	char	   *name;

	if (parent == NULL || !parent->stands || !sf_has_rows(parent))
		return false;
	name = sf_range_text(create->relation);
	if (sf_bounds(parent->oid, parent->oid, bound, false, &bounds))
	{
		sf_recipe(it, "CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS);", name, parent->name);
		sf_recipe(it, "ALTER TABLE %s ATTACH PARTITION %s %s;  -- SHARE UPDATE EXCLUSIVE on the parent", parent->name,
				  name,
				  bounds.values);
	}
	it->finding->object = parent->name;
	it->finding->detail = pstrdup("The lock is ACCESS EXCLUSIVE, and short once it is there.");
	it->finding->model = true;
	return sf_say(it, "the new partition locks all of %s against reading", parent->name);
}

bool
sf_check_detach(SfCase *it)
{
	const PartitionCmd *detach = partition_command(it, AT_DetachPartition);

	if (detach == NULL || detach->concurrent || it->table == NULL || !it->table->stands || !sf_has_rows(it->table))
		return false;
	if (OidIsValid(it->table->oid) && OidIsValid(default_partition(it->table->oid)))
	{
		sf_recipe(it, "SET lock_timeout = '2s';  -- before it, and try again: with a default partition there is no "
					  "CONCURRENTLY");
		if (it->it->lock_timeout > 0)
			return false;
	}
	else
		sf_recipe(it, "ALTER TABLE %s DETACH PARTITION %s CONCURRENTLY;  -- outside of a transaction", it->table->name,
				  sf_range_text(detach->name));
	it->finding->detail = pstrdup("The lock is ACCESS EXCLUSIVE, on the partition and its default sibling as well.");
	it->finding->model = true;
	return sf_say(it, "all of %s is locked against reading", it->table->name);
}

/* ---- types, functions, views ---- */

bool
sf_check_enum_value(SfCase *it)
{
	const AlterEnumStmt *alter = castNode(AlterEnumStmt, it->statement);
	Oid			type = LookupTypeNameOid(NULL, makeTypeNameFromNameList(alter->typeName), true);
	const char *args[] = {psprintf("%u", type)};
	char	   *last;

	if (alter->newValNeighbor)
		return false;
	last = sf_query_text("SELECT enumlabel FROM pg_catalog.pg_enum "
						 "WHERE enumtypid OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
						 "ORDER BY enumsortorder DESC LIMIT 1", 1, args);
	if (last)
		sf_recipe(it, "ALTER TYPE %s ADD VALUE %s AFTER %s;  -- or BEFORE", NameListToQuotedString(alter->typeName),
				  sf_literal(alter->newVal), sf_literal(last));
	return sf_say(it, "value %s sorts behind all others: it can be used by later transactions only",
				  sf_literal(alter->newVal));
}

bool
sf_check_enum_rename(SfCase *it)
{
	const AlterEnumStmt *alter = castNode(AlterEnumStmt, it->statement);
	Oid			type;
	const char *args[1];

	if (alter->oldVal == NULL)
		return false;
	type = LookupTypeNameOid(NULL, makeTypeNameFromNameList(alter->typeName), true);
	args[0] = psprintf("%u", type);
	if (!it->it->script &&
		sf_query_text("SELECT 1 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid "
					  "OPERATOR(pg_catalog.=) a.attrelid "
					  "JOIN pg_catalog.pg_type t ON a.atttypid OPERATOR(pg_catalog.=) ANY (ARRAY[t.oid, t.typarray]) "
					  "WHERE t.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND NOT a.attisdropped "
					  "AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}') LIMIT 1",
					  1, args) == NULL)
		return false;
	sf_recipe(it, "ALTER TYPE %s ADD VALUE %s AFTER %s;  -- accept both, change the rows in batches, keep the old one",
			  NameListToQuotedString(alter->typeName), sf_literal(alter->newVal), sf_literal(alter->oldVal));
	return sf_say(it, "those who use value %s fail at once", sf_literal(alter->oldVal));
}

bool
sf_check_view(SfCase *it)
{
	const RangeVar *name = NULL;
	SfSubject  *view;

	if (IsA(it->statement, ViewStmt) && ((ViewStmt *) it->statement)->replace)
		name = ((ViewStmt *) it->statement)->view;
	else if (IsA(it->statement, DropStmt) && ((DropStmt *) it->statement)->removeType == OBJECT_VIEW)
		name = makeRangeVarFromNameList(linitial_node(List, ((DropStmt *) it->statement)->objects));
	view = sf_subject_of(it->it, name);
	if (view == NULL || !OidIsValid(view->oid) || !view->stands || it->it->lock_timeout > 0)
		return false;
	sf_recipe(it, "SET lock_timeout = '2s';  -- before it, and try again when it fails");
	it->finding->object = view->name;
	it->finding->detail = pstrdup("The lock is ACCESS EXCLUSIVE on the view, and short once it is there.");
	return sf_say(it, "all who read view %s wait behind it", view->name);
}

/* Is there a function of that name whose result is stored somewhere? */
bool
sf_check_function(SfCase *it)
{
	const CreateFunctionStmt *create = castNode(CreateFunctionStmt, it->statement);
	const char *args[] = {strVal(llast(create->funcname)),
	list_length(create->funcname) > 1 ? strVal(linitial(create->funcname)) : NULL};
	char	   *user;

	if (!create->replace || create->is_procedure)
		return false;
	user = sf_query_text(
		"SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) FROM pg_catalog.pg_proc p "
		"JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace "
		"JOIN pg_catalog.pg_depend d ON d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass "
		"AND d.refobjid OPERATOR(pg_catalog.=) p.oid LEFT JOIN pg_catalog.pg_constraint k "
		"ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_constraint'::pg_catalog.regclass "
		"AND k.oid OPERATOR(pg_catalog.=) d.objid LEFT JOIN pg_catalog.pg_class c "
		"ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid "
		"OPERATOR(pg_catalog.=) d.objid "
		"LEFT JOIN pg_catalog.pg_attrdef a ON d.classid OPERATOR(pg_catalog.=) "
		"'pg_catalog.pg_attrdef'::pg_catalog.regclass "
		"AND a.oid OPERATOR(pg_catalog.=) d.objid LEFT JOIN pg_catalog.pg_attribute g "
		"ON g.attrelid OPERATOR(pg_catalog.=) a.adrelid AND g.attnum OPERATOR(pg_catalog.=) a.adnum "
		"WHERE p.proname OPERATOR(pg_catalog.=) $1::pg_catalog.name "
		"AND ($2 IS NULL OR n.nspname OPERATOR(pg_catalog.=) $2::pg_catalog.name) "
		"AND (c.relkind OPERATOR(pg_catalog.=) 'i' OR k.contype OPERATOR(pg_catalog.=) 'c' "
		"OR g.attgenerated OPERATOR(pg_catalog.=) 's') ORDER BY 1 LIMIT 1",
		lengthof(args), args);
	if (user == NULL)
		return false;
	sf_recipe(it, "-- a function of another name, and the index or column made anew with it; or REINDEX ... "
				  "CONCURRENTLY afterwards");
	it->finding->detail = psprintf("It is used by %s.", user);
	return sf_say(it, "what the old body gave stays stored");
}

bool
sf_check_row_security(SfCase *it)
{
	const char *args[] = {psprintf("%u", it->table->oid)};

	if (OidIsValid(it->table->oid) &&
		sf_query_text(
			"SELECT 1 FROM pg_catalog.pg_policy WHERE polrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid LIMIT 1", 1,
			args))
		return false;
	sf_recipe(it, "-- first: CREATE POLICY, for those who are to see rows of %s", it->table->name);
	return sf_say(it, "the table has no policy: all its rows are hidden from those who do not own it");
}

static bool
is_published(Oid table)
{
	const char *args[] = {psprintf("%u", table)};

	return sf_query_text("SELECT 1 FROM pg_catalog.pg_publication WHERE puballtables UNION ALL "
						 "SELECT 1 FROM pg_catalog.pg_publication_rel "
						 "WHERE prrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid UNION ALL "
						 "SELECT 1 FROM pg_catalog.pg_publication_namespace JOIN pg_catalog.pg_class c "
						 "ON c.relnamespace OPERATOR(pg_catalog.=) pnnspid "
						 "WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid LIMIT 1", lengthof(args), args) != NULL;
}

bool
sf_check_replica_identity(SfCase *it)
{
	char		type = castNode(ReplicaIdentityStmt, it->cmd->def)->identity_type;

	if ((type != REPLICA_IDENTITY_NOTHING && type != REPLICA_IDENTITY_FULL) || !is_published(it->table->oid))
		return false;
	sf_recipe(it, "-- REPLICA IDENTITY USING INDEX, a unique one on columns that are NOT NULL; or DEFAULT, the key");
	if (type == REPLICA_IDENTITY_NOTHING)
		return sf_say(it, "the table is published: UPDATE and DELETE fail without a replica identity");
	return sf_say(it, "subscribers find rows by all columns: they read the table for each UPDATE and DELETE");
}

bool
sf_check_extension(SfCase *it)
{
	return sf_say(it, "the update of extension %s may run any DDL: try it on a copy, and by itself",
				  sf_ident(castNode(AlterExtensionStmt, it->statement)->extname));
}

/* ---- what stands around the statement ---- */

static LOCKMODE
strongest(const SfCase *it)
{
	return it->op && it->op->entry ? it->op->entry->lock : NoLock;
}

bool
sf_check_lock_timeout(SfCase *it)
{
	if (it->it->said_timeout || it->it->lock_timeout > 0 || strongest(it) < ShareLock || it->table == NULL ||
		!it->table->stands || !sf_has_rows(it->table))
		return false;
	it->it->said_timeout = true;
	sf_recipe(it, "SET lock_timeout = '2s';  -- before it, and try again when it fails");
	it->finding->detail =
		psprintf("The lock is %s. Behind one idle reader the statement waits, and everybody else behind it.",
				 sf_risk_lock_name(strongest(it)));
	return sf_say(it, "no lock_timeout is set: the statement waits for its lock without end");
}

/* What the other rules have found to work under a lock. */
bool
sf_check_statement_timeout(SfCase *it)
{
	ListCell   *lc;

	foreach(lc, it->it->statement_timeout > 0 ? NIL : it->findings)
	{
		const SfFinding *finding = lfirst(lc);

		if (!finding->works)
			continue;
		it->finding->object = finding->object;
		sf_recipe(it, "SET statement_timeout = '5s';  -- before it: what takes longer is undone");
		return sf_say(it, "no statement_timeout is set: the lock is held for as long as it takes");
	}
	return false;
}

bool
sf_check_after_lock(SfCase *it)
{
	if (!it->it->in_transaction || it->it->locked == NIL ||
		(strongest(it) == NoLock && !IsA(it->statement, UpdateStmt)))
		return false;
	if (it->table && strcmp(it->table->name, linitial(it->it->locked)) == 0 && strongest(it) >= ShareLock)
		return false;			/* more of the same table: as short as one */
	sf_recipe(it, "COMMIT;  -- between them");
	it->finding->object = linitial(it->it->locked);
	return sf_say(it, "the lock of an earlier statement on %s is held while this one runs",
				  (char *)linitial(it->it->locked));
}

bool
sf_check_two_tables(SfCase *it)
{
	ListCell   *lc;

	if (!it->it->in_transaction || strongest(it) < ShareLock || it->table == NULL || !it->table->stands ||
		!sf_has_rows(it->table))
		return false;
	foreach(lc, it->it->locked)
		if (strcmp(lfirst(lc), it->table->name) != 0)
		{
			sf_recipe(
				it,
				"BEGIN; LOCK TABLE %s, %s IN ACCESS EXCLUSIVE MODE;  -- in one order everywhere; or two transactions",
				(char *)lfirst(lc), it->table->name);
			return sf_say(it, "%s is locked already: with the application's order of locks this may be a deadlock",
						  (char *)lfirst(lc));
		}
	return false;
}

bool
sf_check_unbatched(SfCase *it)
{
	bool		update = IsA(it->statement, UpdateStmt) && ((UpdateStmt *) it->statement)->whereClause == NULL;
	bool		delete = IsA(it->statement, DeleteStmt) && ((DeleteStmt *) it->statement)->whereClause == NULL;

	if (!update && !delete)
		return false;
	/* A batch moves the rows that it updates to where another one meets them: only the caller knows which are done. */
	if (delete)
		sf_recipe_batches(it, it->table, "DELETE FROM %s WHERE", it->table->name);
	else
		sf_recipe(it, "-- in batches of its key, each in a transaction of its own: ... WHERE id >= 1 AND id < 10000");
	it->finding->detail = psprintf("About " INT64_FORMAT " rows are locked and written at once; "
								   "the table grows to twice its size.", Max(it->table->rows, 0));
	it->finding->model = update;
	return sf_say(it, "one statement writes all rows");
}

bool
sf_check_opaque(SfCase *it)
{
	return sf_say(it, "what the block runs is not seen: SELECT * FROM sf_trace(...) runs it and rolls it back");
}
