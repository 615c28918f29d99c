/*
 * expr.c - what an expression or a change of type does to the rows, by the server's own rules.
 *
 * The live catalogs are asked.  Nothing is executed: an expression is folded only when all its functions are the
 * server's own.  An expression that cannot be understood here (it names what the plan will make) gets the cautious
 * answer; the error is caught in a subtransaction.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "facts/transforms.h"
#include "kinds/kind.h"
#include "lib/attempt.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "parser/parse_type.h"
#include "parser/parser.h"
#include "risk/risk.h"
#include "utils/timestamp.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* The column whose type changes, for expressions that name it. */
typedef struct SfColumn
{
	const char *name;
	Node	   *value;			/* what it is, where that is known; else NULL */
	Oid			type;
	int32		typmod;
	Oid			collation;
} SfColumn;

typedef struct SfParse
{
	Node	   *raw;
	SfColumn   *column;			/* or NULL */
	ParseExprKind expr_kind;
	Oid			target;			/* coerce to it; InvalidOid: leave */
	int32		target_typmod;
	Node	   *result;			/* NULL: not understood */
} SfParse;

static Node *
column_var(const SfColumn *column)
{
	if (column->value)
		return copyObject(column->value);
	return (Node *) makeVar(1, 1, column->type, column->typmod, column->collation, 0);
}

/* Hook: the one column there is. */
static Node *
resolve_column(ParseState *pstate, ColumnRef *reference, Node *var)
{
	SfColumn   *column = pstate->p_ref_hook_state;
	Node	   *last = llast(reference->fields);

	if (var == NULL && column && IsA(last, String) && strcmp(strVal(last), column->name) == 0)
		return column_var(column);
	return var;
}

static void
parse_it(void *arg)
{
	SfParse    *parse = arg;
	ParseState *pstate = make_parsestate(NULL);
	Node	   *expression;

	pstate->p_post_columnref_hook = resolve_column;
	pstate->p_ref_hook_state = parse->column;
	if (parse->raw)
		expression = transformExpr(pstate, copyObject(parse->raw), parse->expr_kind);
	else
		expression = column_var(parse->column);
	if (OidIsValid(parse->target))
		expression = coerce_to_target_type(pstate, expression, exprType(expression), parse->target,
										   parse->target_typmod, COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
	free_parsestate(pstate);
	parse->result = expression;
}

/* False when the server does not understand it. */
static bool
try_parse(SfParse *parse)
{
	ErrorData  *error = sf_attempt(parse_it, parse);

	if (error && !sf_not_understood(error))
		ReThrowError(error);
	return error == NULL && parse->result != NULL;
}

static bool
is_users_function(Oid function, void *arg)
{
	return function >= FirstNormalObjectId;
}

bool
sf_calls_users_function(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, is_users_function, arg))
		return true;
	return expression_tree_walker(node, sf_calls_users_function, arg);
}

/* A constant, however cast: its type may be one that the plan makes. */
static bool
is_constant(const Node *expression)
{
	while (IsA(expression, TypeCast))
		expression = ((const TypeCast *) expression)->arg;
	return IsA(expression, A_Const);
}

bool
sf_default_volatile(Node *expression)
{
	SfParse		parse = {.raw = expression, .expr_kind = EXPR_KIND_COLUMN_DEFAULT};

	if (is_constant(expression))
		return false;
	return !try_parse(&parse) || contain_volatile_functions(parse.result);
}

/* ---- types ---- */

static bool
find_type(const TypeName *name, Oid *type, int32 *typmod)
{
	Type		tuple;

	if (name == NULL)
		return false;
	tuple = LookupTypeName(NULL, name, typmod, true);
	if (tuple == NULL)
		return false;
	*type = typeTypeId(tuple);
	ReleaseSysCache(tuple);
	return true;
}

TypeName *
sf_type_name(const char *text)
{
	return text ? linitial_node(TypeName, raw_parser(text, RAW_PARSE_TYPE_NAME)) : NULL;
}

/*
 * Facts know the domains that the plan makes, the catalogs those of extensions; a name without schema is the session's.
 * NULL: no fact.
 */
static const SfFact *
find_domain(const SfFactBase *base, const TypeName *type)
{
	char	   *names[2];

	if (base == NULL || list_length(type->names) != 2 || type->arrayBounds != NIL)
		return NULL;
	names[0] = strVal(linitial(type->names));
	names[1] = strVal(lsecond(type->names));
	return sf_base_find_named(base, "domain", 2, names);
}

bool
sf_domain_constrained(const SfFactBase *base, const TypeName *type)
{
	const SfFact *domain = find_domain(base, type);
	ListCell   *lc;
	Oid			oid;
	int32		typmod;

	if (domain)
	{
		if (sf_attr(domain, "not_null"))
			return true;
		foreach(lc, domain->children)
			if (strcmp(((SfFact *) lfirst(lc))->kind->name, "domain constraint") == 0)
				return true;
		return sf_domain_constrained(base, sf_type_name(sf_attr(domain, "type")));
	}
	return find_type(type, &oid, &typmod) && get_typtype(oid) == TYPTYPE_DOMAIN && DomainHasConstraints(oid);
}

bool
sf_domain_gives(const SfFactBase *base, const TypeName *type, bool *each_its_own)
{
	const SfFact *domain = find_domain(base, type);
	const char *text;
	Node	   *value;
	Oid			oid;
	int32		typmod;

	if (domain)
	{
		text = sf_attr(domain, "default");
		*each_its_own = text && sf_default_volatile(sf_transform_parse(text));
		return text != NULL;
	}
	value = find_type(type, &oid, &typmod) && get_typtype(oid) == TYPTYPE_DOMAIN ? get_typdefault(oid) : NULL;
	*each_its_own = contain_volatile_functions(value);
	return value != NULL;
}

/* ---- NULL as a value of a domain ---- */

/* Argument of sf_attempt(). */
typedef struct SfNullTest
{
	const SfFact *domain;
	const SfFact *constraint;
	bool		passes;
} SfNullTest;

/* Hook: VALUE is NULL. */
static Node *
resolve_value(ParseState *pstate, ColumnRef *reference)
{
	const SfFact *domain = ((SfNullTest *) pstate->p_ref_hook_state)->domain;
	Oid			type;
	int32		typmod;
	Node	   *first = linitial(reference->fields);

	if (list_length(reference->fields) != 1 || !IsA(first, String) || strcmp(strVal(first), "value") != 0)
		return NULL;
	if (!find_type(sf_type_name(sf_attr(domain, "type")), &type, &typmod))
		return NULL;
	return (Node *) makeNullConst(type, typmod, get_typcollation(type));
}

static bool
is_lax(Oid function, void *arg)
{
	return is_users_function(function, arg) && !func_strict(function);
}

/* Is one of the arguments NULL as it stands? */
static bool
has_null_argument(const Node *call)
{
	ListCell   *lc;

	foreach(lc, IsA(call, FuncExpr) ? ((const FuncExpr *) call)->args :
			IsA(call, OpExpr) ? ((const OpExpr *) call)->args : NIL)
	{
		const Node *node = lfirst(lc);

		while (IsA(node, RelabelType))
			node = (const Node *) ((const RelabelType *) node)->arg;
		if (IsA(node, Const) && ((const Const *) node)->constisnull)
			return true;
	}
	return false;
}

/* Would folding call a function of a user's?  A strict one it does not call for a NULL. */
static bool
calls_for_null(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, is_users_function, arg) &&
		(check_functions_in_node(node, is_lax, arg) || !has_null_argument(node)))
		return true;
	return expression_tree_walker(node, calls_for_null, arg);
}

static void
test_null(void *arg)
{
	SfNullTest *test = arg;
	ParseState *pstate = make_parsestate(NULL);
	char	   *sql = psprintf("ALTER DOMAIN d ADD %s", sf_attr(test->constraint, "definition"));
	const AlterDomainStmt *alter =
		castNode(AlterDomainStmt, linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT))->stmt);
	Node	   *node;

	pstate->p_pre_columnref_hook = resolve_value;
	pstate->p_ref_hook_state = test;
	node = transformExpr(pstate, castNode(Constraint, alter->def)->raw_expr, EXPR_KIND_DOMAIN_CHECK);
	node = coerce_to_boolean(pstate, node, "CHECK");
	assign_expr_collations(pstate, node);
	free_parsestate(pstate);
	if (!calls_for_null(node, NULL))
		node = eval_const_expressions(NULL, node);
	test->passes = IsA(node, Const) && (((Const *) node)->constisnull || DatumGetBool(((Const *) node)->constvalue));
}

bool
sf_domain_takes_null(const SfFact *domain)
{
	const SfFact *base;
	ListCell   *lc;

	if (sf_attr(domain, "not_null"))
		return false;
	foreach(lc, domain->children)
	{
		SfNullTest	test = {domain, lfirst(lc)};
		ErrorData  *error;

		if (!sf_is_kind(test.constraint, "domain constraint"))
			continue;
		error = sf_attempt(test_null, &test);
		if (error && !sf_not_understood(error))
			ReThrowError(error);
		if (error || !test.passes)
			return false;
	}
	base = sf_type_of_kind(domain, domain->kind->name);
	if (base)
		return sf_domain_takes_null(base);
	/* One of an extension, perhaps. */
	return !sf_domain_constrained(NULL, sf_type_name(sf_attr(domain, "type")));
}

/* ---- changes of type ---- */

/*
 * Must each value be computed anew?  What needs no work: the value as it is, other words for it, domains without
 * constraints, and timestamps when the zone has no offset.
 */
static bool
computes(Node *node, bool utc)
{
	for (;;)
	{
		if (IsA(node, Var))
			return false;
		if (IsA(node, RelabelType))
			node = (Node *) ((RelabelType *) node)->arg;
		else if (IsA(node, CoerceToDomain))
		{
			if (DomainHasConstraints(((CoerceToDomain *) node)->resulttype))
				return true;
			node = (Node *) ((CoerceToDomain *) node)->arg;
		}
		else if (IsA(node, FuncExpr) && utc &&
				 (((FuncExpr *) node)->funcid == F_TIMESTAMPTZ_TIMESTAMP ||
				  ((FuncExpr *) node)->funcid == F_TIMESTAMP_TIMESTAMPTZ))
			node = linitial(((FuncExpr *) node)->args);
		else
			return true;
	}
}

/* Casts that round or cut without an error. */
static const struct
{
	Oid			from;
	Oid			to;
}			lossy_casts[] =
{
	{NUMERICOID, INT2OID}, {NUMERICOID, INT4OID}, {NUMERICOID, INT8OID}, {NUMERICOID, FLOAT4OID},
	{NUMERICOID, FLOAT8OID},
	{FLOAT8OID, INT2OID}, {FLOAT8OID, INT4OID}, {FLOAT8OID, INT8OID}, {FLOAT8OID, FLOAT4OID}, {FLOAT8OID, NUMERICOID},
	{FLOAT4OID, INT2OID}, {FLOAT4OID, INT4OID}, {FLOAT4OID, INT8OID}, {FLOAT4OID, NUMERICOID},
	{INT8OID, FLOAT4OID}, {INT8OID, FLOAT8OID}, {INT4OID, FLOAT4OID},
	{TIMESTAMPOID, DATEOID}, {TIMESTAMPOID, TIMEOID}, {TIMESTAMPTZOID, DATEOID}, {TIMESTAMPTZOID, TIMEOID},
	{TIMESTAMPTZOID, TIMETZOID}, {TIMETZOID, TIMEOID}, {INTERVALOID, TIMEOID}, {INETOID, CIDROID},
	{TEXTOID, NAMEOID}, {VARCHAROID, NAMEOID}, {BPCHAROID, NAMEOID},
	{TEXTOID, CHAROID}, {VARCHAROID, CHAROID}, {BPCHAROID, CHAROID}, {NAMEOID, CHAROID}, {NUMERICOID, CASHOID},
	/* By an expression only. */
	{INT4OID, BOOLOID}, {XID8OID, XIDOID},
	{JSONBOID, INT2OID}, {JSONBOID, INT4OID}, {JSONBOID, INT8OID}, {JSONBOID, FLOAT4OID}, {JSONBOID, FLOAT8OID},
	{LSEGOID, POINTOID}, {BOXOID, POINTOID}, {BOXOID, LSEGOID}, {BOXOID, CIRCLEOID}, {POLYGONOID, POINTOID},
	{POLYGONOID, BOXOID}, {POLYGONOID, CIRCLEOID}, {CIRCLEOID, POINTOID}, {CIRCLEOID, BOXOID}, {CIRCLEOID, POLYGONOID},
};

/* How a smaller modifier of the same type works: silently (true) or by an error, except in explicit casts. */
static const struct
{
	Oid			type;
	bool		silent;
}			sized_types[] =
{
	{VARCHAROID, false}, {BPCHAROID, false}, {BITOID, false}, {VARBITOID, false}, {NUMERICOID, true},
	{TIMEOID, true}, {TIMETZOID, true}, {TIMESTAMPOID, true}, {TIMESTAMPTZOID, true}, {INTERVALOID, true},
};

/* How many digits a value can have before and behind the point; false: that is not limited, or no matter of digits. */
static bool
digits_of(Oid type, int32 typmod, int *before, int *behind)
{
	*before = *behind = 0;
	switch (type)
	{
		case INT2OID:
			*before = 5;
			return true;
		case INT4OID:
			*before = 10;
			return true;
		case INT8OID:
			*before = 19;
			return true;
		case NUMERICOID:
			/* Eleven bits, with a sign. */
			*behind = (((typmod - VARHDRSZ) & 0x7ff) ^ 0x400) - 0x400;
			*before = (((typmod - VARHDRSZ) >> 16) & 0xffff) - *behind;
			return typmod >= 0;
		case DATEOID:
			return true;
		case TIMEOID:
		case TIMETZOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			*behind = typmod < 0 ? MAX_TIMESTAMP_PRECISION : typmod;
			return true;
		default:
			return false;
	}
}

/* What a modifier does to the values. */
static void
judge_modifier(SfTypeChange *change, Oid from, int32 from_typmod, Oid to, int32 to_typmod, bool silent)
{
	int			before,
				behind,
				new_before,
				new_behind;

	if (silent && digits_of(from, from_typmod, &before, &behind) && digits_of(to, to_typmod, &new_before, &new_behind))
	{
		change->loses = change->loses || new_behind < behind;
		change->may_fail = change->may_fail || new_before < before;
	}
	/* A longer fixed length pads. */
	else if (to == BPCHAROID && from == to && from_typmod >= 0 && from_typmod <= to_typmod)
		return;
	else if (silent)
		change->loses = true;
	else
		change->may_fail = true;
}

static void
judge_values(SfTypeChange *change, Oid from, int32 from_typmod, Oid to, int32 to_typmod, bool explicit_cast)
{
	Oid			function;
	CoercionPathType path = find_coercion_pathway(to, from, COERCION_IMPLICIT, &function);

	for (int i = 0; i < lengthof(lossy_casts); i++)
		if (lossy_casts[i].from == from && lossy_casts[i].to == to)
			change->loses = true;
	if (path == COERCION_PATH_NONE && from != to)
		/* Bytes are shown as text without failing, but read as text by an expression only where they are one. */
		change->may_fail = (to != TEXTOID && to != VARCHAROID) || (from == BYTEAOID && explicit_cast);
	/* A modifier that leaves every old value as it is needs no work, which computes() has found out. */
	for (int i = 0; i < lengthof(sized_types) && change->rewrites && to_typmod >= 0; i++)
		if (sized_types[i].type == to && (from != to || from_typmod != to_typmod))
			judge_modifier(change, from, from_typmod, to, to_typmod, sized_types[i].silent || explicit_cast);
}

SfTypeChange
sf_type_change(const char *old_type, TypeName *new_type, const char *column, Node *using, const char *time_zone)
{
	SfTypeChange change = {.rewrites = true};
	SfColumn	was = {.name = column};
	SfParse		parse = {.raw = using, .column = &was, .expr_kind = EXPR_KIND_ALTER_COL_TRANSFORM};
	bool		utc = time_zone && (pg_strcasecmp(time_zone, "UTC") == 0 || pg_strcasecmp(time_zone, "GMT") == 0 ||
									pg_strcasecmp(time_zone, "Etc/UTC") == 0);

	if (!find_type(sf_type_name(old_type), &was.type, &was.typmod) ||
		!find_type(new_type, &parse.target, &parse.target_typmod))
		return change;
	change.known = true;
	was.collation = get_typcollation(was.type);
	if (try_parse(&parse))
		/* Folding lets the server drop a change of length that changes nothing. */
		change.rewrites = computes(sf_calls_users_function(parse.result, NULL) ? parse.result :
								   eval_const_expressions(NULL, parse.result), utc);
	change.sorts = GetDefaultOpClass(was.type, BTREE_AM_OID) != GetDefaultOpClass(parse.target, BTREE_AM_OID);
	judge_values(&change, getBaseType(was.type), was.typmod, getBaseType(parse.target), parse.target_typmod,
				 using != NULL);
	return change;
}

/* Is there no function in it that nobody but its users knows, or that gives another value at another time? */
static bool
can_fold(Node *expression)
{
	return !sf_calls_users_function(expression, NULL) && !contain_mutable_functions(expression);
}

static void
fold_it(void *arg)
{
	SfParse    *parse = arg;

	parse_it(parse);
	if (parse->result && can_fold(parse->result))
		(void) eval_const_expressions(NULL, parse->result);
}

bool
sf_default_converts(const char *expression, const char *column, const char *old_type, const char *using,
					const char *new_type)
{
	SfColumn	was = {.name = column};
	SfParse		value = {.raw = sf_transform_parse(expression), .expr_kind = EXPR_KIND_COLUMN_DEFAULT},
				parse = {.raw = sf_transform_parse(using), .column = &was, .expr_kind = EXPR_KIND_ALTER_COL_TRANSFORM};
	ErrorData  *error;

	if (!find_type(sf_type_name(old_type), &value.target, &value.target_typmod) ||
		!find_type(sf_type_name(new_type), &parse.target, &parse.target_typmod) || !try_parse(&value) ||
		!can_fold(value.result))
		return true;
	was.value = value.result;
	error = sf_attempt(fold_it, &parse);
	if (error && !sf_not_understood(error) && ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
		ReThrowError(error);
	return error == NULL || ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION;
}
