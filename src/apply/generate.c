/*
 * generate.c - a plain column becomes a stored generated one, without a look at its rows (phases/recipes_generated.c).
 *
 * The server has no such statement: it makes a generated column by writing all rows under the strongest lock.  But the
 * catalogs that ADD COLUMN leaves are made by calls that anybody may make, and the values may be there already.  That
 * they are is not believed: a check must say it, of which the server knows that it holds for all rows, whoever wrote
 * them.  So it cannot be called wrongly, by hand either.
 *
 * What the server refuses for generated columns is refused here, as nobody else will look again.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/heap.h"
#include "catalog/indexing.h"
#include "catalog/objectaccess.h"
#include "catalog/partition.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/tablecmds.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "compat.h"
#include "facts/transforms.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "phases/generated.h"
#include "server/owner.h"

PG_FUNCTION_INFO_V1(sf_generate);

/* ---- what cannot be generated ---- */

/*
 * What else of the catalogs speaks against it.  Queries for a name, of table ($1), column ($2), and all tables in which
 * it becomes generated at once ($3).
 */
static const struct
{
	const char *query;
	const char *why;			/* with the name */
	int			until_major;	/* the last that minds; 0: all do */
}			refusals[] =
{
	{"SELECT relname FROM pg_inherits JOIN pg_class p ON p.oid = inhparent JOIN pg_attribute a ON a.attrelid = p.oid "
		"JOIN pg_attribute c ON c.attrelid = inhrelid AND c.attnum = $2::int2 AND a.attname = c.attname "
		"WHERE inhrelid = $1::oid AND inhparent <> ALL ($3::oid[]) AND NOT a.attisdropped LIMIT 1",
	"It is inherited from \"%s\"."},
	{"SELECT conname FROM pg_constraint WHERE conrelid = $1::oid AND contype = 'f' AND $2::int2 = ANY (conkey) "
		"AND (confupdtype IN ('c', 'n', 'd') OR confdeltype IN ('n', 'd')) LIMIT 1",
	"Foreign key \"%s\" has an action that writes it."},
	{"SELECT attname FROM pg_attrdef f JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum JOIN pg_depend d "
		"ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND refclassid = 'pg_class'::regclass "
		"AND refobjid = adrelid AND refobjsubid = $2::int4 "
		"WHERE adrelid = $1::oid AND adnum <> $2::int2 AND attgenerated <> '' LIMIT 1",
	"Generated column \"%s\" reads it."},
	{"SELECT tgname FROM pg_trigger t JOIN pg_depend d ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid "
		"AND refclassid = 'pg_class'::regclass AND refobjid = tgrelid AND refobjsubid = $2::int4 "
		"WHERE tgrelid = $1::oid AND tgqual IS NOT NULL AND tgtype & 2 <> 0 LIMIT 1",
	"The condition of trigger \"%s\" reads it before it is computed."},
	{"SELECT pubname FROM pg_publication_rel JOIN pg_publication p ON p.oid = prpubid "
		"WHERE prrelid = $1::oid AND $2::int2 = ANY (prattrs::int2[]) LIMIT 1",
	"The list of columns of publication \"%s\" has it.", 17},
};

static void
refuse(Relation rel, Form_pg_attribute column, char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
			 errmsg("column \"%s\" of table \"%s\" cannot become a generated column", NameStr(column->attname),
					RelationGetRelationName(rel)),
			 errdetail_internal("%s", detail),
			 errhint("Take that away, or keep the column plain.")));
}

static void
check_table(Relation rel)
{
	sf_must_own_table(RelationGetRelid(rel));
	if ((rel->rd_rel->relkind != RELKIND_RELATION && rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE) ||
		OidIsValid(rel->rd_rel->reloftype) || IsSystemRelation(rel))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" cannot have a column that becomes a generated one", RelationGetRelationName(rel)),
				 errdetail("It is no table, or a foreign one, or one of a type, or of the system."),
				 errhint("ALTER TABLE ... ADD COLUMN ... GENERATED ALWAYS AS (...) STORED makes one, where the server "
						 "can.")));
	CheckTableNotInUse(rel, "sf_generate()");
}

static void
check_column(Relation rel, Form_pg_attribute column, char *all)
{
	const char *args[] = {psprintf("%u", RelationGetRelid(rel)), psprintf("%d", column->attnum), all};
	bool		in_expression;

	if (column->attgenerated != '\0')
		refuse(rel, column, "It is one already.");
	if (column->attidentity != '\0' || column->atthasdef)
		refuse(rel, column, "It has a default, or is an identity column.");
	if (has_partition_attrs(rel, bms_make_singleton(column->attnum - FirstLowInvalidHeapAttributeNumber),
							&in_expression))
		refuse(rel, column, "It is part of the partition key.");
	for (int i = 0; i < lengthof(refusals); i++)
	{
		char	   *name = refusals[i].until_major && refusals[i].until_major < SF_MAJOR ? NULL :
			sf_query_text(refusals[i].query, lengthof(args), args);

		if (name)
			refuse(rel, column, sf_replaced(pstrdup(refusals[i].why), "%s", name));
	}
}

/* ---- the proof ---- */

/* As the server has the condition of a check. */
static Node *
analyse(Relation rel, const char *condition)
{
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *row = addRangeTableEntryForRelation(pstate, rel, AccessShareLock, NULL, false, true);
	Node	   *node;

	addNSItemToQuery(pstate, row, true, true, true);
	node = transformExpr(pstate, sf_transform_parse(condition), EXPR_KIND_CHECK_CONSTRAINT);
	node = coerce_to_boolean(pstate, node, "CHECK");
	assign_expr_collations(pstate, node);
	free_parsestate(pstate);
	return node;
}

/* Does a check that is valid say it, perhaps among other things? */
static bool
is_proved(Relation rel, Node *condition)
{
	const TupleConstr *constraints = RelationGetDescr(rel)->constr;

	for (int i = 0; constraints && i < constraints->num_check; i++)
		if (constraints->check[i].ccvalid &&
			list_member(make_ands_implicit(stringToNode(constraints->check[i].ccbin)), condition))
			return true;
	return false;
}

static void
check_proved(Relation rel, Form_pg_attribute column, const char *expression)
{
	char	   *condition = sf_generated_condition(NameStr(column->attname),
												   format_type_with_typemod(column->atttypid, column->atttypmod),
												   expression);

	if (condition == NULL)
		refuse(rel, column, "There is no check that says what an array of a type with a length has.");
	if (!is_proved(rel, analyse(rel, condition)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("nothing proves that column \"%s\" of table \"%s\" has the values of its expression",
						NameStr(column->attname), RelationGetRelationName(rel)),
				 errdetail("Needed is a valid constraint CHECK (%s).", condition),
				 errhint("ALTER TABLE ... ADD CONSTRAINT ... CHECK (...) NOT VALID, then VALIDATE CONSTRAINT. It can "
						 "be dropped afterwards.")));
}

/* ---- the change ---- */

/* The column first: what is said of an expression depends on it. */
static void
mark_generated(Relation rel, AttrNumber attnum)
{
	Relation	columns = table_open(AttributeRelationId, RowExclusiveLock);
	HeapTuple	row = SearchSysCacheCopy2(ATTNUM, ObjectIdGetDatum(RelationGetRelid(rel)), Int16GetDatum(attnum));

	/* Cannot happen: it is locked. */
	if (!HeapTupleIsValid(row))
		elog(ERROR, "column %d of relation %u is gone", attnum, RelationGetRelid(rel));
	((Form_pg_attribute) GETSTRUCT(row))->attgenerated = ATTRIBUTE_GENERATED_STORED;
	CatalogTupleUpdate(columns, &row->t_self, row);
	heap_freetuple(row);
	table_close(columns, RowExclusiveLock);
	CommandCounterIncrement();
}

/* As ADD COLUMN does it: the server checks the expression, and notes what it depends on. */
static void
add_expression(Relation rel, AttrNumber attnum, const char *expression)
{
	RawColumnDefault *raw = palloc0(sizeof(RawColumnDefault));

	raw->attnum = attnum;
	raw->raw_default = sf_transform_parse(expression);
	raw->generated = ATTRIBUTE_GENERATED_STORED;
	AddRelationNewConstraints(rel, list_make1(raw), NIL, false, true, false, expression);
	CommandCounterIncrement();
}

/* '{16384,16385}' */
static char *
array_of(List *tables)
{
	List	   *texts = NIL;
	ListCell   *lc;

	foreach(lc, tables)
		texts = lappend(texts, psprintf("%u", lfirst_oid(lc)));
	return psprintf("{%s}", sf_join(texts, ","));
}

static void
generate(Relation rel, const char *name, const char *expression, char *all)
{
	AttrNumber	attnum = get_attnum(RelationGetRelid(rel), name);

	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" does not exist", name, RelationGetRelationName(rel)),
				 errhint("Name a column of the table; a system column cannot be generated.")));
	check_column(rel, TupleDescAttr(RelationGetDescr(rel), attnum - 1), all);
	check_proved(rel, TupleDescAttr(RelationGetDescr(rel), attnum - 1), expression);
	mark_generated(rel, attnum);
	add_expression(rel, attnum, expression);
	InvokeObjectPostAlterHook(RelationRelationId, RelationGetRelid(rel), attnum);
}

/*
 * Arguments: the table; the column; the expression, every name in it with its schema (facts are read so).  In all that
 * inherit the column it becomes generated, too: each has its own proof.
 */
Datum
sf_generate(PG_FUNCTION_ARGS)
{
	const char *name = NameStr(*PG_GETARG_NAME(1));
	const char *expression = text_to_cstring(PG_GETARG_TEXT_PP(2));
	Oid			table = PG_GETARG_OID(0);
	List	   *tables;
	char	   *all;
	int			pins;
	ListCell   *lc;

	/* Before the lock: nobody else may stop those who use it. */
	if (get_rel_name(table))
		sf_must_own_table(table);
	relation_close(relation_open(table, AccessExclusiveLock), NoLock);
	tables = find_all_inheritors(table, AccessExclusiveLock, NULL);
	all = array_of(tables);
	pins = sf_pins_enter();
	foreach(lc, tables)
	{
		Relation	rel = relation_open(lfirst_oid(lc), NoLock);

		check_table(rel);
		generate(rel, name, expression, all);
		relation_close(rel, NoLock);
	}
	sf_pins_leave(pins);
	PG_RETURN_VOID();
}
