/*
 * add_column.c - ADD COLUMN of a domain with constraints, without a look at the rows (phases/recipes_column.c).
 *
 * The server writes all rows for it, to try each.  But all have one value, NULL or that of the default: it is tried
 * once.  The server itself adds the column, of what the domain is made of, where it keeps that value in the catalogs
 * alone; then the column, new and seen by nobody, becomes one of the domain.  All in one call, under the lock that ADD
 * COLUMN takes, so that no half of it can be called wrongly.
 *
 * What the server refuses when it rewrites a table is refused here, as it sees a column that needs no rewrite.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/heap.h"
#include "catalog/indexing.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/tablecmds.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_type.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "tcop/dest.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "facts/transforms.h"
#include "lib/text.h"
#include "risk/added.h"
#include "risk/risk.h"
#include "server/owner.h"

PG_FUNCTION_INFO_V1(sf_add_column);

/* What the call says. */
typedef struct Added
{
	Oid			table;
	char	   *text;			/* as ALTER TABLE */
	AlterTableStmt *statement;
	ColumnDef  *column;			/* of the statement */
	Oid			domain;
	bool		collated;		/* by a collation of the column's own */
	Node	   *by_default;		/* the column's own, as it was parsed; NULL: none */
} Added;

/* ---- what is to be added ---- */

static void
refuse(const Added *added, char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("column \"%s\" cannot be added without a look at the rows", added->column->colname),
			 errdetail_internal("%s", detail),
			 errhint("%s, in a quiet hour.", added->text)));
}

/* The one command of the one statement that the text is. */
static void
read_definition(Added *added)
{
	const AlterTableCmd *command;

	added->statement = sf_added_parse(added->text);
	command = added->statement ? linitial_node(AlterTableCmd, added->statement->cmds) : NULL;
	if (command == NULL || command->missing_ok)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("what is to be added is not the definition of one column"),
				 errdetail_internal("%s", added->text),
				 errhint("Call schemaflow.sf_add_column(table, 'name domain DEFAULT ... NOT NULL').")));
	added->column = castNode(ColumnDef, command->def);
}

/* What is said of the column beside its type. */
static void
check_constraints(Added *added)
{
	ListCell   *lc;

	foreach(lc, added->column->constraints)
	{
		const Constraint *constraint = lfirst_node(Constraint, lc);

		if (constraint->contype == CONSTR_DEFAULT && added->by_default == NULL)
			added->by_default = constraint->raw_expr;
		else if (constraint->contype != CONSTR_NOTNULL && constraint->contype != CONSTR_NULL)
			refuse(added, pstrdup("More is said of it than a default, and whether it may be NULL."));
	}
}

/* The server gives rows the default of the domain where the column has none. */
static Node *
default_of_domain(Oid domain)
{
	HeapTuple	row = SearchSysCache1(TYPEOID, ObjectIdGetDatum(domain));
	bool		isnull;
	Datum		expression = SysCacheGetAttr(TYPEOID, row, Anum_pg_type_typdefaultbin, &isnull);
	Node	   *node = NULL;

	if (!isnull)
		node = sf_transform_parse(TextDatumGetCString(DirectFunctionCall2(pg_get_expr, expression,
																		 ObjectIdGetDatum(InvalidOid))));
	ReleaseSysCache(row);
	return node;
}

/* What gives the rows that are there their one value. */
static Node *
value_of_rows(Added *added)
{
	Node	   *value = added->by_default;
	Constraint *constraint;

	if (value == NULL && (value = default_of_domain(added->domain)) != NULL)
	{
		constraint = makeNode(Constraint);
		constraint->contype = CONSTR_DEFAULT;
		constraint->raw_expr = copyObject(value);
		constraint->location = -1;
		added->column->constraints = lappend(added->column->constraints, constraint);
	}
	return value;
}

/* As it is, or as what the domain is made of: the latter stands in the statement. */
static void
read_type(Added *added)
{
	int32		typmod;
	Oid			base;
	Node	   *value;

	added->domain = typenameTypeId(NULL, added->column->typeName);
	if (get_typtype(added->domain) != TYPTYPE_DOMAIN)
		refuse(added, psprintf("%s is no domain.", format_type_be(added->domain)));
	if (!sf_may_use_type(added->domain, GetUserId()))
		aclcheck_error_type(ACLCHECK_NO_PRIV, added->domain);
	added->collated = added->column->collClause != NULL;
	value = value_of_rows(added);
	if (value && sf_default_volatile(value))
		refuse(added, pstrdup("Its default gives each row a value of its own."));
	typmod = -1;
	base = getBaseTypeAndTypmod(added->domain, &typmod);
	added->column->typeName = makeTypeNameFromOid(base, typmod);
}

/* ---- where ---- */

/* As when the server writes the rows anew: values of the table's type are kept elsewhere, and would not be. */
static void
check_table(const Added *added, Relation rel)
{
	if (RelationGetRelid(rel) != added->table &&
		get_attnum(RelationGetRelid(rel), added->column->colname) != InvalidAttrNumber)
		refuse(added, psprintf("\"%s\" has it already.", RelationGetRelationName(rel)));
	if (RELKIND_HAS_STORAGE(rel->rd_rel->relkind))
		find_composite_type_dependencies(rel->rd_rel->reltype, rel, NULL);
}

/* Locked, with all that inherit from it. */
static List *
find_tables(Oid table)
{
	char		kind = get_rel_relkind(table);

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is no table", get_rel_name(table) ? get_rel_name(table) : psprintf("%u", table)),
				 errhint("Name a table, or a partitioned one.")));
	/* Before the lock: nobody else may stop those who use it. */
	sf_must_own_table(table);
	LockRelationOid(table, AccessExclusiveLock);
	return find_all_inheritors(table, AccessExclusiveLock, NULL);
}

/* ---- the change ---- */

/* Whoever listens to commands sees the one that it stands for. */
static void
alter_table(const Added *added)
{
	PlannedStmt *command = makeNode(PlannedStmt);

	command->commandType = CMD_UTILITY;
	command->utilityStmt = copyObject((Node *) added->statement);
	ProcessUtility(command, added->text, false, PROCESS_UTILITY_QUERY, NULL, NULL, None_Receiver, NULL);
	CommandCounterIncrement();
}

/* An empty file has no row that the value could be wrong for. */
static bool
has_rows(Relation rel)
{
	return RELKIND_HAS_STORAGE(rel->rd_rel->relkind) && RelationGetNumberOfBlocks(rel) > 0;
}

static HeapTuple
find_column(Oid table, AttrNumber attnum)
{
	HeapTuple	row = SearchSysCache2(ATTNUM, ObjectIdGetDatum(table), Int16GetDatum(attnum));

	/* Cannot happen: it is locked. */
	if (!HeapTupleIsValid(row))
		elog(ERROR, "column %d of relation %u is gone", attnum, table);
	return row;
}

/* The column as ADD COLUMN has it when it is of the domain, but for where the rows' value is. */
static void
set_type(const Added *added, Relation rel, AttrNumber attnum, Oid collation)
{
	Relation	columns = table_open(AttributeRelationId, RowExclusiveLock);
	HeapTuple	row = find_column(RelationGetRelid(rel), attnum),
				changed;
	Form_pg_attribute column = TupleDescAttr(RelationGetDescr(rel), attnum - 1);
	Datum		values[Natts_pg_attribute] = {0};
	bool		nulls[Natts_pg_attribute] = {0},
				replaces[Natts_pg_attribute] = {0};
	bool		isnull;
	Datum		value = getmissingattr(RelationGetDescr(rel), attnum, &isnull);

	values[Anum_pg_attribute_atttypid - 1] = ObjectIdGetDatum(added->domain);
	values[Anum_pg_attribute_atttypmod - 1] = Int32GetDatum(-1);
	values[Anum_pg_attribute_attcollation - 1] = ObjectIdGetDatum(collation);
	replaces[Anum_pg_attribute_atttypid - 1] = replaces[Anum_pg_attribute_atttypmod - 1] =
		replaces[Anum_pg_attribute_attcollation - 1] = true;
	if (!isnull)
	{
		values[Anum_pg_attribute_attmissingval - 1] =
			PointerGetDatum(construct_array(&value, 1, added->domain, column->attlen, column->attbyval,
											column->attalign));
		replaces[Anum_pg_attribute_attmissingval - 1] = true;
	}
	changed = heap_modify_tuple(row, RelationGetDescr(columns), values, nulls, replaces);
	CatalogTupleUpdate(columns, &changed->t_self, changed);
	ReleaseSysCache(row);
	table_close(columns, RowExclusiveLock);
}

/* What the column needs is the domain, not what that is made of. */
static void
forget_base(Oid table, AttrNumber attnum, Oid base)
{
	Relation	needs = table_open(DependRelationId, RowExclusiveLock);
	ScanKeyData keys[3];
	SysScanDesc scan;
	HeapTuple	row;

	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(RelationRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
	ScanKeyInit(&keys[2], Anum_pg_depend_objsubid, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(attnum));
	scan = systable_beginscan(needs, DependDependerIndexId, true, NULL, lengthof(keys), keys);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		const FormData_pg_depend *need = (Form_pg_depend) GETSTRUCT(row);

		if (need->refclassid == TypeRelationId && need->refobjid == base)
			CatalogTupleDelete(needs, &row->t_self);
	}
	systable_endscan(scan);
	table_close(needs, RowExclusiveLock);
}

static void
note_need(Oid table, AttrNumber attnum, Oid class, Oid object)
{
	ObjectAddress column,
				needed;

	ObjectAddressSubSet(column, RelationRelationId, table, attnum);
	ObjectAddressSet(needed, class, object);
	recordDependencyOn(&column, &needed, DEPENDENCY_NORMAL);
}

/* It is coerced to the domain: so the server does it again. */
static void
set_default(const Added *added, Relation rel, AttrNumber attnum)
{
	RawColumnDefault *raw = palloc0(sizeof(RawColumnDefault));

	RemoveAttrDefault(RelationGetRelid(rel), attnum, DROP_RESTRICT, false, true);
	CommandCounterIncrement();
	if (added->by_default == NULL)
		return;
	raw->attnum = attnum;
	raw->raw_default = copyObject(added->by_default);
	AddRelationNewConstraints(rel, list_make1(raw), NIL, false, true, false, added->text);
	CommandCounterIncrement();
}

static void
make_domain(const Added *added, Relation rel)
{
	Oid			table = RelationGetRelid(rel);
	AttrNumber	attnum = get_attnum(table, added->column->colname);
	Form_pg_attribute column = TupleDescAttr(RelationGetDescr(rel), attnum - 1);
	Oid			base = column->atttypid,
				was = column->attcollation,
				collation = added->collated ? was : get_typcollation(added->domain);
	bool		isnull;
	Datum		value = getmissingattr(RelationGetDescr(rel), attnum, &isnull);

	if (has_rows(rel))
		domain_check(value, isnull, added->domain, NULL, NULL);
	set_type(added, rel, attnum, collation);
	forget_base(table, attnum, base);
	note_need(table, attnum, TypeRelationId, added->domain);
	if (OidIsValid(collation) && collation != was && collation != DEFAULT_COLLATION_OID)
		note_need(table, attnum, CollationRelationId, collation);
	CommandCounterIncrement();
	set_default(added, rel, attnum);
	InvokeObjectPostAlterHook(RelationRelationId, table, attnum);
}

/* Arguments: the table; what stands behind ADD COLUMN. */
Datum
sf_add_column(PG_FUNCTION_ARGS)
{
	Added		added = {PG_GETARG_OID(0)};
	List	   *tables = find_tables(added.table);
	char	   *name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(added.table)),
												  get_rel_name(added.table));
	ListCell   *lc;

	added.text = sf_added_text(name, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	read_definition(&added);
	check_constraints(&added);
	read_type(&added);
	foreach(lc, tables)
	{
		Relation	rel = relation_open(lfirst_oid(lc), NoLock);

		check_table(&added, rel);
		relation_close(rel, NoLock);
	}
	alter_table(&added);
	foreach(lc, tables)
	{
		Relation	rel = relation_open(lfirst_oid(lc), NoLock);

		make_domain(&added, rel);
		relation_close(rel, NoLock);
	}
	PG_RETURN_VOID();
}
