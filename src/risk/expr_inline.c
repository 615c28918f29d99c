/*
 * expr_inline.c - what a default comes to where the server puts the bodies of SQL functions in their place.
 *
 * ADD COLUMN looks at a default as the planner leaves it: a function that is volatile by its word only, and comes to a
 * constant, gives all rows one value.  The planner calls functions whose word is IMMUTABLE; so it is asked only where
 * all that is called are functions of the server's own, or SQL functions of another word that call nothing else.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/functions.h"
#include "lib/attempt.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "risk/risk.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

/* Argument of sf_attempt(). */
typedef struct SfInlining
{
	Node	   *raw;
	bool		constant;		/* the result: not volatile as the planner leaves it */
} SfInlining;

static bool
has_polymorphic_argument(Form_pg_proc form)
{
	for (int i = 0; i < form->pronargs; i++)
		if (IsPolymorphicType(form->proargtypes.values[i]))
			return true;
	return false;
}

/* Of Query: what a body in SQL says. */
static List *
queries_of(HeapTuple tuple)
{
	bool		null;
	Datum		body = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosqlbody, &null);
	char	   *source;
	List	   *raw;

	if (!null)
	{
		Node	   *node = stringToNode(TextDatumGetCString(body));

		return IsA(node, List) ? linitial_node(List, castNode(List, node)) : list_make1(node);
	}
	body = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &null);
	source = TextDatumGetCString(body);
	raw = pg_parse_query(source);
	if (list_length(raw) != 1)
		return NIL;
	return pg_analyze_and_rewrite_withcb(linitial_node(RawStmt, raw), source, (ParserSetupHook) sql_fn_parser_setup,
										 prepare_sql_fn_parse_info(tuple, NULL, InvalidOid), NULL);
}

/* A user's that the planner may call, or whose body is not known to call none such. */
static bool
is_opaque(Oid function, void *arg)
{
	HeapTuple	tuple;
	Form_pg_proc form;
	bool		opaque;

	if (function < FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return true;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	opaque = form->prolang != SQLlanguageId || form->provolatile == PROVOLATILE_IMMUTABLE ||
		has_polymorphic_argument(form);
	if (!opaque)
	{
		List	   *queries = queries_of(tuple);

		opaque = list_length(queries) != 1 ||
			query_tree_walker(linitial_node(Query, queries), sf_calls_users_function, NULL, 0);
	}
	ReleaseSysCache(tuple);
	return opaque;
}

static bool
calls_opaque(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	return check_functions_in_node(node, is_opaque, arg) || expression_tree_walker(node, calls_opaque, arg);
}

static void
inline_it(void *arg)
{
	SfInlining *inlining = arg;
	ParseState *pstate = make_parsestate(NULL);
	Node	   *expression = transformExpr(pstate, copyObject(inlining->raw), EXPR_KIND_COLUMN_DEFAULT);

	free_parsestate(pstate);
	inlining->constant = !calls_opaque(expression, NULL) &&
		!contain_volatile_functions((Node *) expression_planner((Expr *) expression));
}

bool
sf_default_inlined(Node *expression)
{
	SfInlining	inlining = {.raw = expression};
	ErrorData  *error = sf_attempt(inline_it, &inlining);

	if (error && !sf_not_understood(error))
		ReThrowError(error);
	return error == NULL && inlining.constant;
}
