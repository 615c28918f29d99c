/*
 * dual_write.c - the trigger that keeps old and new columns in step (phases.md D3).
 *
 * One BEFORE ROW trigger a table, ENABLE ALWAYS, named so that it comes after all others.  Its arguments are all it
 * knows (expressions.h), so that it works in a dump and in a copy, without our tables.
 *
 * Which way a row goes is decided for each new column by itself.  What an UPDATE has changed says it: only the new
 * column: down; only what it comes from: up.  When that leaves it open, the session's word does (setting
 * schemaflow.version).  A column that only is not to be NULL any more gets its value where somebody leaves it so;
 * one that is going to be generated has it whatever somebody writes.
 * Expressions run with the rights of who writes, as defaults and checks do.
 */
#include "postgres.h"

#include "access/relation.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/datum.h"

#include "apply/dual_write.h"
#include "apply/expressions.h"
#include "apply/row_values.h"
#include "apply/sessions.h"

PG_FUNCTION_INFO_V1(sf_dual_write);
PG_FUNCTION_INFO_V1(sf_dual_check);

typedef enum Side
{
	SIDE_UNKNOWN,
	SIDE_OLD,
	SIDE_NEW
} Side;

typedef enum Way
{
	WAY_NONE,					/* both are right already */
	WAY_UP,
	WAY_DOWN
} Way;

/* Which version of the application does the session say it is? */
static Side
session_side(const char *new_version)
{
	const char *version = sf_session_version();

	if (*version == '\0')
		return SIDE_UNKNOWN;
	return strcmp(version, new_version) == 0 ? SIDE_NEW : SIDE_OLD;
}

/* Is it stored alike? What is out of line is not fetched when both are the same pointer. */
static bool
is_same(Form_pg_attribute column, Datum a, bool a_null, Datum b, bool b_null)
{
	if (a_null || b_null)
		return a_null == b_null;
	if (column->attlen == -1 && VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(a)) &&
		VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(b)))
		return memcmp(DatumGetPointer(a), DatumGetPointer(b), VARSIZE_EXTERNAL(DatumGetPointer(a))) == 0;
	return datum_image_eq(a, b, column->attbyval, column->attlen);
}

/* Through the slots, which take a row apart once. */
static bool
has_changed(const TriggerData *data, AttrNumber attno)
{
	bool		old_null,
				new_null;
	Datum		old = slot_getattr(data->tg_trigslot, attno, &old_null);
	Datum		new = slot_getattr(data->tg_newslot, attno, &new_null);

	return !is_same(TupleDescAttr(RelationGetDescr(data->tg_relation), attno - 1), old, old_null, new, new_null);
}

static bool
any_changed(const TriggerData *data, const Bitmapset *attnos)
{
	int			attno = -1;

	while ((attno = bms_next_member(attnos, attno)) >= 0)
		if (has_changed(data, attno))
			return true;
	return false;
}

/* Does the column have the value that the others give? */
static bool
agrees(const SfDualWrite *dual, const SfAssignment *a, TupleTableSlot *row)
{
	bool		is_null,
				wanted_null;
	Datum		is = slot_getattr(row, a->target, &is_null);
	Datum		wanted = sf_assignment_value(dual, a, row, &wanted_null);

	if (is_null || wanted_null)
		return is_null == wanted_null;
	if (a->has_equal)
		return DatumGetBool(FunctionCall2Coll(unconstify(FmgrInfo *, &a->equal), a->collation, is, wanted));
	return is_same(TupleDescAttr(row->tts_tupleDescriptor, a->target - 1), is, false, wanted, false);
}

/* Have the old columns the values that the new one gives? */
static bool
comes_back(const SfDualWrite *dual, const SfAssignment *up, TupleTableSlot *row)
{
	bool		any = false;

	for (int i = 0; i < dual->n; i++)
	{
		const SfAssignment *a = &dual->assignments[i];

		if (a->up || a->fill || !bms_is_member(up->target, a->uses))
			continue;
		if (!agrees(dual, a, row))
			return false;
		any = true;
	}
	return any;
}

/* As a trigger would have left the row, whichever version wrote it?  When not: may the new version have meant it? */
SfHold
sf_dual_write_holds(const SfDualWrite *dual, const SfAssignment *a, TupleTableSlot *row)
{
	bool		down = false;
	bool		wanted_null;

	if (!a->up || a->is_volatile || agrees(dual, a, row))
		return SF_HOLDS;
	if (slot_attisnull(row, a->target))
		return SF_HOLDS_NOT;
	(void) sf_assignment_value(dual, a, row, &wanted_null);
	if (!a->is_immutable && !wanted_null)
		return SF_HOLDS;
	for (int i = 0; i < dual->n; i++)
		down = down || (!dual->assignments[i].up && bms_is_member(a->target, dual->assignments[i].uses));
	if (!down)
		return SF_HOLDS_OWN;
	return comes_back(dual, a, row) ? SF_HOLDS : SF_HOLDS_NOT;
}

/* Is there a value among those that it comes from? */
static bool
has_source(const SfAssignment *a, TupleTableSlot *row)
{
	int			attno = -1;

	while ((attno = bms_next_member(a->uses, attno)) >= 0)
		if (!slot_attisnull(row, attno))
			return true;
	return false;
}

static Way
way_of_insert(const SfDualWrite *dual, const SfAssignment *a, TupleTableSlot *row, Side side)
{
	/*
	 * A column that will take the old one's place is one column to the new version as well, which may write it by the
	 * old one's name: it has nothing to say by leaving it out.
	 */
	if (a->beside && slot_attisnull(row, a->target) && has_source(a, row))
		return WAY_UP;
	if (side != SIDE_UNKNOWN)
		return side == SIDE_NEW ? WAY_DOWN : WAY_UP;
	/* Who does not know the new column leaves it out; what the old one has then may be its default. */
	if (slot_attisnull(row, a->target))
		return WAY_UP;
	return agrees(dual, a, row) ? WAY_NONE : WAY_DOWN;
}

static Way
way_of_update(const SfDualWrite *dual, const SfAssignment *a, const TriggerData *data, Side side)
{
	bool		new_changed = has_changed(data, a->target);
	bool		old_changed = any_changed(data, a->uses);

	if (old_changed && !new_changed)
		return WAY_UP;
	/* Filled by a script's UPDATE: the old ones are not to be written, perhaps with less in them. */
	if (new_changed && !old_changed)
		return agrees(dual, a, data->tg_newslot) ? WAY_NONE : WAY_DOWN;
	/* A row that the backfill has not come to moves out of its reach now. */
	if (!new_changed)
		return !slot_attisnull(data->tg_newslot, a->target) || comes_back(dual, a, data->tg_newslot) ? WAY_NONE :
			WAY_UP;
	if (agrees(dual, a, data->tg_newslot))
		return WAY_NONE;
	switch (side)
	{
		case SIDE_OLD:
			return WAY_UP;
		case SIDE_NEW:
			return WAY_DOWN;
		case SIDE_UNKNOWN:
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("the new value of column \"%s\" contradicts the columns that it comes from", a->column),
			 errdetail("Version %s keeps them in step: %s. The statement changes both, to values that do not agree.",
					   dual->version, a->expression),
			 errhint("SET schemaflow.version = '%s' if the new column counts, or change one of them only.",
					 dual->version)));
}

static void
give(const SfDualWrite *dual, const SfAssignment *a, TupleTableSlot *row, SfRowValue *value)
{
	value->attno = a->target;
	value->value = sf_assignment_value(dual, a, row, &value->isnull);
}

/* Is it one that only is not to be NULL, and is?  Or one that is going to be generated, and may have another value? */
static bool
needs_fill(const SfAssignment *a, const TriggerData *data, TupleTableSlot *row)
{
	if (slot_attisnull(row, a->target))
		return true;
	return a->computed && (TRIGGER_FIRED_BY_INSERT(data->tg_event) || has_changed(data, a->target) ||
							any_changed(data, a->uses));
}

/* Evaluate what the ways ask for.  Returns how many columns change; values live until the next row. */
static int
assign(const SfDualWrite *dual, const TriggerData *data, TupleTableSlot *row, SfRowValue *values)
{
	bool		insert = TRIGGER_FIRED_BY_INSERT(data->tg_event);
	Side		side = session_side(dual->version);
	Bitmapset  *down = NULL;
	int			n = 0;

	for (int i = 0; i < dual->n; i++)
	{
		const SfAssignment *a = &dual->assignments[i];
		Way			way;

		if (!a->up)
			continue;
		way = insert ? way_of_insert(dual, a, row, side) : way_of_update(dual, a, data, side);
		if (way == WAY_DOWN)
			down = bms_add_member(down, a->target);
		else if (way == WAY_UP)
			give(dual, a, row, &values[n++]);
	}
	for (int i = 0; i < dual->n; i++)
	{
		const SfAssignment *a = &dual->assignments[i];

		if (a->fill ? !needs_fill(a, data, row) : a->up || !bms_overlap(a->uses, down))
			continue;
		give(dual, a, row, &values[n++]);
	}
	return n;
}

static void
check_call(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("sf_dual_write() must be called by a BEFORE INSERT OR UPDATE trigger for each row"),
				 errhint("Migrations make it; it is not for calling.")));
}

Datum
sf_dual_write(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	SfDualWrite *dual;
	TupleTableSlot *row;
	HeapTuple	tuple;
	SfRowValue *values;
	int			n;

	check_call(fcinfo);
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
	{
		tuple = data->tg_newtuple;
		row = data->tg_newslot;
	}
	else
	{
		tuple = data->tg_trigtuple;
		row = data->tg_trigslot;
	}
	dual = sf_dual_write_at(&fcinfo->flinfo->fn_extra, data->tg_relation, data->tg_trigger);
	if (dual->depth++ == 0)
		ResetExprContext(dual->context);
	values = palloc(dual->n * sizeof(SfRowValue));
	n = assign(dual, data, row, values);
	if (n > 0)
		tuple = sf_row_change(row, tuple, n, values);
	dual->depth--;
	return PointerGetDatum(tuple);
}

/* The column's default, where it is a constant; NULL: none is known. */
static const Const *
constant_default(Relation rel, AttrNumber attno)
{
	Node	   *value = TupleDescAttr(RelationGetDescr(rel), attno - 1)->attgenerated ? NULL :
		build_column_default(rel, attno);

	if (value)
		value = (Node *) expression_planner((Expr *) value);
	return value && IsA(value, Const) ? (const Const *) value : NULL;
}

static void
say_by_default(void *arg)
{
	errcontext("the defaults of what it comes from, as the old version of the application inserts them");
}

/* Gives the row what is inserted by default; false: not all of that is known. */
static bool
give_defaults(Relation rel, const Bitmapset *attnos, TupleTableSlot *row)
{
	int			attno = -1;

	while ((attno = bms_next_member(attnos, attno)) >= 0)
	{
		const Const *value = constant_default(rel, attno);

		if (value == NULL)
			return false;
		row->tts_values[attno - 1] = value->constvalue;
		row->tts_isnull[attno - 1] = value->constisnull;
	}
	return attnos != NULL;
}

/* What the old version inserts without saying so has to have a value in the new columns, too. */
static void
try_defaults(Relation rel, const SfDualWrite *dual)
{
	ErrorContextCallback callback = {error_context_stack, say_by_default, NULL};
	TupleTableSlot *row = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsVirtual);
	bool		isnull;

	error_context_stack = &callback;
	for (int i = 0; i < dual->n; i++)
	{
		const SfAssignment *a = &dual->assignments[i];

		ExecClearTuple(row);
		memset(row->tts_isnull, true, RelationGetDescr(rel)->natts * sizeof(bool));
		if (!a->up || a->is_volatile || !give_defaults(rel, a->uses, row))
			continue;
		ExecStoreVirtualTuple(row);
		(void) sf_assignment_value(dual, a, row, &isnull);
	}
	error_context_stack = callback.previous;
	ExecDropSingleTupleTableSlot(row);
}

/*
 * Compiles what the trigger will run, and runs it for what is inserted by default: an expression that does not fit
 * would else be met by who writes the first row.
 */
Datum
sf_dual_check(PG_FUNCTION_ARGS)
{
	Relation	rel = relation_open(PG_GETARG_OID(0), AccessShareLock);
	const char *name = NameStr(*PG_GETARG_NAME(1));
	const Trigger *trigger = NULL;

	for (int i = 0; rel->trigdesc && i < rel->trigdesc->numtriggers; i++)
		if (strcmp(rel->trigdesc->triggers[i].tgname, name) == 0)
			trigger = &rel->trigdesc->triggers[i];
	if (trigger == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("trigger \"%s\" for table \"%s\" does not exist", name, RelationGetRelationName(rel)),
				 errhint("Name a trigger of schemaflow.sf_dual_write(); migrations make it.")));
	try_defaults(rel, sf_dual_write_of(rel, trigger));
	relation_close(rel, AccessShareLock);
	PG_RETURN_VOID();
}
