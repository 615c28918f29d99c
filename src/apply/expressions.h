/*
 * expressions.h - the assignments of a dual-write trigger, compiled and kept for the session.
 */
#ifndef SF_EXPRESSIONS_H
#define SF_EXPRESSIONS_H

#include "postgres.h"

#include "nodes/bitmapset.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"

/* One column := expression over the other columns of the row. */
typedef struct SfAssignment
{
	bool		beside;			/* up, from one old column, whose place the new one will take */
	bool		up;				/* old columns give a new one, or the other way round */
	bool		fill;			/* neither: whoever leaves it NULL */
	bool		computed;		/* a fill that whoever writes it does not keep from its value */
	AttrNumber	target;
	char	   *column;
	char	   *expression;		/* as written, for errors */
	Bitmapset  *uses;			/* columns that it reads */
	ExprState  *state;
	bool		is_immutable;
	bool		is_volatile;
	bool		has_equal;		/* the target's type knows what is equal */
	FmgrInfo	equal;
	Oid			collation;
} SfAssignment;

typedef struct SfDualWrite
{
	const char *version;		/* of the application that knows the new columns */
	int			n;
	SfAssignment *assignments;
	ExprContext *context;
	int			depth;			/* calls under way: expressions may write the table */
} SfDualWrite;

/*
 * What the arguments of a trigger say: (version, search_path, { "up" | "down" | "fill" | "computed", column,
 * expression }...).
 * Compiled once in a session and for a role, and again when the table, the trigger or a function of an expression
 * has changed.  The result lives to the end of the transaction at least.  Raises when an expression is not valid
 * on the table.
 */
extern SfDualWrite *sf_dual_write_of(Relation rel, const Trigger *trigger);
/* Does it do no more than compute columns, by its arguments? */
extern bool sf_dual_write_only_computes(const Trigger *trigger);
/* sf_dual_write_of() with a place for this trigger alone (fn_extra; NULL at first): found again without a look-up. */
extern SfDualWrite *sf_dual_write_at(void **place, Relation rel, const Trigger *trigger);

/* The value of an assignment for the row.  It lives until the next call for the trigger's next row. */
extern Datum sf_assignment_value(const SfDualWrite *dual, const SfAssignment *assignment, TupleTableSlot *row,
								 bool *isnull);

#endif
