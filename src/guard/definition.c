/*
 * definition.c - objects as text, for the log.
 *
 * One query for each class of objects, planned once in a session; a table has a line for each column and constraint,
 * so that sf_blame() finds one of them.  Under the pins of an owner switch, which the caller has made: every name is
 * qualified.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "nodes/nodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/ruleutils.h"

#include "compat.h"
#include "guard/sentry.h"
#include "lib/spi.h"
#include "lib/text.h"

/* ---- tables and columns: the commonest, so without a query ---- */

static Node *
default_of(const TupleConstr *constraints, AttrNumber column)
{
	for (int i = 0; constraints && i < constraints->num_defval; i++)
		if (constraints->defval[i].adnum == column)
			return stringToNode(constraints->defval[i].adbin);
	return NULL;
}

/* "email text DEFAULT ''::text NOT NULL" */
static void
put_column(StringInfo out, Relation table, int n)
{
	Form_pg_attribute column = TupleDescAttr(RelationGetDescr(table), n);
	Node	   *expression = column->atthasdef ? default_of(RelationGetDescr(table)->constr, n + 1) : NULL;

	appendStringInfo(out, "%s %s", sf_ident(NameStr(column->attname)),
					 format_type_with_typemod(column->atttypid, column->atttypmod));
	if (OidIsValid(column->attcollation) && column->attcollation != get_typcollation(column->atttypid))
		appendStringInfo(out, " COLLATE %s", generate_collation_name(column->attcollation));
	if (column->attidentity)
		appendStringInfo(out, " GENERATED %s AS IDENTITY",
						 column->attidentity == ATTRIBUTE_IDENTITY_ALWAYS ? "ALWAYS" : "BY DEFAULT");
	if (expression)
	{
		List	   *context = deparse_context_for(RelationGetRelationName(table), RelationGetRelid(table));
		char	   *text = deparse_expression(expression, context, false, false);

		appendStringInfo(out, column->attgenerated ? " GENERATED ALWAYS AS (%s)" : " DEFAULT %s", text);
	}
	if (column->attnotnull)
		appendStringInfoString(out, " NOT NULL");
}

static void
put_constraints(StringInfo out, Oid table)
{
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
	scan = systable_beginscan(constraints, ConstraintRelidTypidNameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);

		if (form->contype == CONSTRAINT_TRIGGER || form->contype == 'n')	/* from 18 on: NOT NULL,
			with its column */
			continue;
		appendStringInfo(out, "\nCONSTRAINT %s %s", sf_ident(NameStr(form->conname)),
						 TextDatumGetCString(OidFunctionCall1(F_PG_GET_CONSTRAINTDEF_OID,
															  ObjectIdGetDatum(form->oid))));
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
}

/* part: the column, or 0 for the whole. */
static char *
table_definition(Oid oid, int part)
{
	Relation	table = RelationIdGetRelation(oid);
	StringInfoData out;

	if (!RelationIsValid(table))
		return NULL;
	initStringInfo(&out);
	for (int i = 0; i < RelationGetNumberOfAttributes(table); i++)
	{
		if (TupleDescAttr(RelationGetDescr(table), i)->attisdropped || (part != 0 && part != i + 1))
			continue;
		if (out.len > 0)
			appendStringInfoChar(&out, '\n');
		put_column(&out, table, i);
	}
	RelationClose(table);
	if (part == 0)
		put_constraints(&out, oid);
	return out.data;
}

/* ---- the others ---- */

typedef struct Definer
{
	Oid			class;
	const char *relkinds;		/* of pg_class: for these; NULL: not of pg_class */
	const char *sql;			/* $1: its OID */
} Definer;

/* The queries of views, rules and functions are read with locks on what they name: see before.c. */
static const Definer definers[] = {
	{RelationRelationId, "vm", "SELECT pg_get_viewdef($1::oid)"},
	{RelationRelationId, "iI", "SELECT pg_get_indexdef($1::oid)"},
	{RelationRelationId, "S",
		"SELECT format('AS %s INCREMENT %s MINVALUE %s MAXVALUE %s START %s CACHE %s', seqtypid::regtype, "
		"seqincrement, seqmin,"
		" seqmax, seqstart, seqcache) || CASE WHEN seqcycle THEN ' CYCLE' ELSE '' END"
		" FROM pg_sequence WHERE seqrelid = $1::oid"},
	{ProcedureRelationId, NULL,
		"SELECT pg_get_functiondef(oid) FROM pg_proc WHERE oid = $1::oid AND prokind <> 'a'"},
	{TypeRelationId, NULL,
		"SELECT CASE typtype WHEN 'e' THEN 'ENUM (' || (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER "
		"BY enumsortorder)"
		" FROM pg_enum WHERE enumtypid = t.oid) || ')'"
		" WHEN 'd' THEN concat_ws(' ', format_type(typbasetype, typtypmod), 'DEFAULT ' || typdefault,"
		" CASE WHEN typnotnull THEN 'NOT NULL' END, (SELECT string_agg('CONSTRAINT ' || quote_ident(conname) || ' '"
		" || pg_get_constraintdef(oid), ' ' ORDER BY conname) FROM pg_constraint WHERE contypid = t.oid AND "
		"contype = 'c')) END"
		" FROM pg_type t WHERE oid = $1::oid"},
	{ConstraintRelationId, NULL,
		"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE oid = $1::oid"},
	{TriggerRelationId, NULL, "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE oid = $1::oid"},
	{RewriteRelationId, NULL, "SELECT pg_get_ruledef(oid) FROM pg_rewrite WHERE oid = $1::oid"},
	{PolicyRelationId, NULL,
		"SELECT concat_ws(' ', CASE WHEN polpermissive THEN 'AS PERMISSIVE' ELSE 'AS RESTRICTIVE' END, 'FOR', "
		"CASE polcmd WHEN 'r'"
		" THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, 'TO',"
		" (SELECT string_agg(CASE r WHEN 0 THEN 'public' ELSE r::regrole::text END, ', ') FROM unnest(polroles) r),"
		" 'USING (' || pg_get_expr(polqual, polrelid) || ')', 'WITH CHECK (' || pg_get_expr(polwithcheck, "
		"polrelid) || ')')"
		" FROM pg_policy WHERE oid = $1::oid"},
	{StatisticExtRelationId, NULL, "SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext WHERE oid = $1::oid"},
	{AttrDefaultRelationId, NULL,
		"SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE oid = $1::oid"}
};

static SfKeptPlan kept[lengthof(definers)];

static bool
fits(const Definer *definer, const ObjectAddress *object, char relkind)
{
	return definer->class == object->classId &&
		(definer->relkinds == NULL || (relkind != '\0' && strchr(definer->relkinds, relkind) != NULL));
}

char *
sf_definition(const ObjectAddress *object)
{
	const char *args[] = {psprintf("%u", object->objectId)};
	char		relkind = object->classId == RelationRelationId ? get_rel_relkind(object->objectId) : '\0';

	if (relkind != '\0' && strchr("rpftc", relkind))
		return table_definition(object->objectId, object->objectSubId);
	for (int i = 0; i < lengthof(definers) && object->objectSubId == 0; i++)
		if (fits(&definers[i], object, relkind))
		{
			SfRows	   *rows = sf_query_kept(&kept[i], definers[i].sql, lengthof(args), args);

			return rows->nrows > 0 ? sf_cell(rows, 0, 0) : NULL;
		}
	return NULL;
}
