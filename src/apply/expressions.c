/*
 * expressions.c - the assignments of a dual-write trigger, compiled and kept for the session (expressions.h).
 *
 * Compiling for each statement would cost more than the whole trigger (phases.md C5), so the result is kept, by trigger
 * and role (the right to run a function is checked when an expression is made ready).  The server tells what makes it
 * stale: a change of the relation or of its triggers by the relation cache; for functions, types, operators and
 * casts any change of their catalogs does (the planner folds immutable functions without a trace, so what is used
 * is not known).
 *
 * Memory: each result has a context of its own below CacheMemoryContext.  A stale one leaves the table at once, and is
 * freed at the end of the transaction: a call further up the stack may be using it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "apply/expressions.h"
#include "facts/transforms.h"
#include "lib/pins.h"

#define FIXED_ARGS		2		/* version, search_path */
#define ARGS_EACH		3		/* direction, column, expression */
#define COMPUTED		"computed"	/* for a direction */

typedef struct SfDualWriteKey
{
	Oid			trigger;
	Oid			role;
} SfDualWriteKey;

typedef struct SfDualWriteEntry
{
	SfDualWriteKey key;
	Oid			relid;
	SfDualWrite *dual;			/* NULL: stale, or never made */
	MemoryContext memory;
} SfDualWriteEntry;

/* What an expression may be made of, besides the row. */
static const int caches[] = {PROCOID, TYPEOID, OPEROID, CASTSOURCETARGET};

static HTAB *entries = NULL;
static MemoryContext stale = NULL;	/* parent of what is freed at the end of the transaction */

/* ---- compiling ---- */

typedef struct SfCompiling
{
	const SfDualWrite *dual;
	const SfAssignment *assignment;
} SfCompiling;

static void
say_which(void *arg)
{
	const SfCompiling *at = arg;

	errcontext("expression \"%s\" for column \"%s\", version %s", at->assignment->expression,
			   at->assignment->column, at->dual->version);
}

/* An expression over the row as a value of the column's type. */
static Node *
analyse(Relation rel, const char *expression, Form_pg_attribute column)
{
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *row = addRangeTableEntryForRelation(pstate, rel, NoLock, NULL, false, true);
	Node	   *node;
	Oid			type;

	addNSItemToQuery(pstate, row, false, true, true);
	node = transformExpr(pstate, sf_transform_parse(expression), EXPR_KIND_ALTER_COL_TRANSFORM);
	type = exprType(node);
	node = coerce_to_target_type(pstate, node, type, column->atttypid, column->atttypmod, COERCION_ASSIGNMENT,
								 COERCE_IMPLICIT_CAST, -1);
	if (node == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s but its expression is of type %s", NameStr(column->attname),
						format_type_be(column->atttypid), format_type_be(type)),
				 errhint("Cast it: (%s)::%s.", expression,
						 format_type_with_typemod(column->atttypid, column->atttypmod))));
	assign_expr_collations(pstate, node);
	free_parsestate(pstate);
	return node;
}

/* The columns that it reads; an expression over the whole row would read what it writes. */
static Bitmapset *
columns_of(Relation rel, Node *node)
{
	Bitmapset  *attnos = NULL,
			   *columns = NULL;
	int			i = -1;

	pull_varattnos(node, 1, &attnos);
	while ((i = bms_next_member(attnos, i)) >= 0)
	{
		AttrNumber	attno = i + FirstLowInvalidHeapAttributeNumber;

		if (attno <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("an expression of a dual write cannot use the whole row or a system column"),
					 errhint("Name the columns that it reads.")));
		if (TupleDescAttr(RelationGetDescr(rel), attno - 1)->attgenerated)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("an expression of a dual write cannot use generated column \"%s\"",
							NameStr(TupleDescAttr(RelationGetDescr(rel), attno - 1)->attname)),
					 errdetail("Generated columns are computed after it."),
					 errhint("Write what the column is generated from.")));
		columns = bms_add_member(columns, attno);
	}
	return columns;
}

static void
find_equal(SfAssignment *a, Form_pg_attribute column)
{
	TypeCacheEntry *type = lookup_type_cache(column->atttypid, TYPECACHE_EQ_OPR_FINFO);

	a->has_equal = OidIsValid(type->eq_opr);
	if (a->has_equal)
		fmgr_info_copy(&a->equal, &type->eq_opr_finfo, CurrentMemoryContext);
	a->collation = column->attcollation;
}

static void
compile(const SfDualWrite *dual, SfAssignment *a, Relation rel)
{
	SfCompiling at = {dual, a};
	ErrorContextCallback callback = {error_context_stack, say_which, &at};
	Form_pg_attribute column;
	Node	   *node;

	error_context_stack = &callback;
	a->target = get_attnum(RelationGetRelid(rel), a->column);
	if (a->target <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" does not exist", a->column, RelationGetRelationName(rel)),
				 errdetail("The trigger for version %s writes it.", dual->version),
				 errhint("CALL sf_abort() takes the migration back.")));
	column = TupleDescAttr(RelationGetDescr(rel), a->target - 1);
	node = analyse(rel, a->expression, column);
	a->uses = columns_of(rel, node);
	a->is_volatile = contain_volatile_functions(node);
	a->is_immutable = !contain_mutable_functions(node);
	a->state = ExecInitExpr(expression_planner((Expr *) node), NULL);
	find_equal(a, column);
	error_context_stack = callback.previous;
}

bool
sf_dual_write_only_computes(const Trigger *trigger)
{
	for (int i = FIXED_ARGS; i < trigger->tgnargs; i += ARGS_EACH)
		if (strcmp(trigger->tgargs[i], COMPUTED) != 0)
			return false;
	return true;
}

static SfDualWrite *
compile_all(Relation rel, const Trigger *trigger)
{
	SfDualWrite *dual = palloc0(sizeof(SfDualWrite));
	int			level = NewGUCNestLevel();

	if (trigger->tgnargs < FIXED_ARGS || (trigger->tgnargs - FIXED_ARGS) % ARGS_EACH != 0)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" has the wrong arguments", trigger->tgname),
				 errdetail("They are: version, search_path, then direction, column and expression for each column."),
				 errhint("Triggers with sf_dual_write() are made by migrations.")));
	sf_set_here("search_path", trigger->tgargs[1]);
	dual->version = pstrdup(trigger->tgargs[0]);
	dual->n = (trigger->tgnargs - FIXED_ARGS) / ARGS_EACH;
	dual->assignments = palloc0(dual->n * sizeof(SfAssignment));
	for (int i = 0; i < dual->n; i++)
	{
		char	  **args = trigger->tgargs + FIXED_ARGS + i * ARGS_EACH;
		SfAssignment *a = &dual->assignments[i];

		a->beside = strcmp(args[0], "beside") == 0;
		a->up = a->beside || strcmp(args[0], "up") == 0;
		a->computed = strcmp(args[0], COMPUTED) == 0;
		a->fill = a->computed || strcmp(args[0], "fill") == 0;
		a->column = pstrdup(args[1]);
		a->expression = pstrdup(args[2]);
		compile(dual, a, rel);
	}
	dual->context = CreateStandaloneExprContext();
	AtEOXact_GUC(true, level);
	return dual;
}

/* ---- what is kept ---- */

static void
forget(SfDualWriteEntry *entry)
{
	if (entry->dual == NULL)
		return;
	MemoryContextSetParent(entry->memory, stale);
	entry->dual = NULL;
	entry->memory = NULL;
}

/* A message of the relation cache: no catalog access in here. */
static void
relation_changed(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS scan;
	SfDualWriteEntry *entry;

	hash_seq_init(&scan, entries);
	while ((entry = hash_seq_search(&scan)) != NULL)
		if (relid == InvalidOid || entry->relid == relid)
			forget(entry);
}

static void
catalog_changed(Datum arg, int cacheid, uint32 hash)
{
	relation_changed(arg, InvalidOid);
}

static void
transaction_ended(XactEvent event, void *arg)
{
	HASH_SEQ_STATUS scan;
	SfDualWriteEntry *entry;

	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	MemoryContextDeleteChildren(stale);
	hash_seq_init(&scan, entries);
	while ((entry = hash_seq_search(&scan)) != NULL)
		if (entry->dual)
			entry->dual->depth = 0; /* an error leaves it as it was */
}

static void
start(void)
{
	HASHCTL		control = {.keysize = sizeof(SfDualWriteKey),.entrysize = sizeof(SfDualWriteEntry)};

	control.hcxt = CacheMemoryContext;
	stale = AllocSetContextCreate(CacheMemoryContext, "schemaflow stale dual writes", ALLOCSET_SMALL_SIZES);
	entries = hash_create("schemaflow dual writes", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	for (int i = 0; i < lengthof(caches); i++)
		CacheRegisterSyscacheCallback(caches[i], catalog_changed, (Datum) 0);
	RegisterXactCallback(transaction_ended, NULL);
}

static SfDualWriteEntry *
make_entry(Relation rel, const Trigger *trigger, const SfDualWriteKey *key)
{
	SfDualWriteEntry *entry;
	SfDualWrite *dual;
	MemoryContext memory,
				old;
	bool		found;

	/* Until it is whole it goes with the caller's memory, if there is an error. */
	memory = AllocSetContextCreate(CurrentMemoryContext, "schemaflow dual write", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(memory);
	dual = compile_all(rel, trigger);
	MemoryContextSwitchTo(old);

	entry = hash_search(entries, key, HASH_ENTER, &found);
	if (found)
		forget(entry);			/* an expression that was folded has written the table */
	entry->relid = RelationGetRelid(rel);
	entry->dual = dual;
	entry->memory = memory;
	MemoryContextSetParent(memory, CacheMemoryContext);
	return entry;
}

/* Entries stay where they are for the session, so that a pointer to one is good as long as it says. */
SfDualWrite *
sf_dual_write_at(void **place, Relation rel, const Trigger *trigger)
{
	SfDualWriteKey key = {trigger->tgoid, GetUserId()};
	SfDualWriteEntry *entry = *place;

	if (entry && entry->dual && entry->key.role == key.role && entry->key.trigger == key.trigger)
		return entry->dual;
	if (entries == NULL)
		start();
	entry = hash_search(entries, &key, HASH_FIND, NULL);
	if (entry == NULL || entry->dual == NULL)
		entry = make_entry(rel, trigger, &key);
	*place = entry;
	return entry->dual;
}

SfDualWrite *
sf_dual_write_of(Relation rel, const Trigger *trigger)
{
	void	   *nowhere = NULL;

	return sf_dual_write_at(&nowhere, rel, trigger);
}

Datum
sf_assignment_value(const SfDualWrite *dual, const SfAssignment *a, TupleTableSlot *row, bool *isnull)
{
	SfCompiling at = {dual, a};
	ErrorContextCallback callback = {error_context_stack, say_which, &at};
	Datum		value;

	error_context_stack = &callback;
	dual->context->ecxt_scantuple = row;
	value = ExecEvalExprSwitchContext(a->state, dual->context, isnull);
	error_context_stack = callback.previous;
	return value;
}
