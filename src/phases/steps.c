/*
 * steps.c - a plan's actions as steps, cut into transactions.
 *
 * Consecutive statements share a transaction unless it would take too many locks, would use an enum value that it has
 * added, or would lock tables in use that have nothing to do with each other.  A proof (VALIDATE) never shares one with
 * anything else.  A *bracket* runs from the drop of something to its create (replaced, or taken down and put back): it is
 * one transaction, whatever it locks.
 *
 * Locks and sizes are asked under the pins; no lock on a user's table is waited for.  Memory: current context.
 */
#include "postgres.h"

#include "access/twophase.h"
#include "common/hashfn.h"
#include "guc.h"
#include "kinds/kind.h"
#include "lib/pins.h"
#include "miscadmin.h"
#include "phases/recipes.h"
#include "phases/steps.h"
#include "risk/risk.h"
#include "storage/lock.h"
#include "utils/guc.h"

/* A lock from here on stops readers or writers. */
#define STRONG	ShareLock

/* What we know of a fact: where its bracket ends; whether the plan has made it by now. */
typedef struct SfMark
{
	const SfFact *fact;
	int			first;			/* positions of the actions that rebuild it */
	int			last;
	bool		made;
	char		status;
} SfMark;

#define SH_PREFIX sf_marks
#define SH_ELEMENT_TYPE SfMark
#define SH_KEY_TYPE const SfFact *
#define SH_KEY fact
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) &(k), sizeof(k))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Steps that must not be parted. */
typedef struct SfUnit
{
	List	   *steps;			/* of SfStep */
	List	   *tables;			/* of SfFact: tables in use that it locks strongly, on the starting side */
	int			locks;
	bool		validates;
	bool		new_later;		/* makes what only later transactions can use */
	bool		top_level;
} SfUnit;

typedef struct SfStepsState
{
	SfPlan	   *plan;
	sf_marks_hash *marks;
	SfRiskContext context;
	List	   *units;
} SfStepsState;

/* One fact for both sides of a pair. */
static const SfFact *
pair_of(const SfFact *old, const SfFact *new)
{
	return new ? new : old->twin ? old->twin : old;
}

static SfMark *
mark_of(SfStepsState *state, const SfFact *fact)
{
	bool		found;
	SfMark	   *mark = sf_marks_insert(state->marks, fact, &found);

	if (!found)
	{
		mark->first = mark->last = -1;
		mark->made = false;
	}
	return mark;
}

static void
mark_position(SfStepsState *state, const SfFact *fact, int position)
{
	SfMark	   *mark = mark_of(state, fact);

	if (mark->first < 0)
		mark->first = position;
	mark->last = position;
}

/* The end of a type whose place another has taken: nobody uses it any more, it may go at any time. */
static bool
drops_swapped(const SfAction *action)
{
	return action->verb == SF_VERB_DROP && action->rebuild && action->kind->swaps;
}

/*
 * For each action the position up to which nothing may commit.  What is put back inside its parent's CREATE is marked as
 * well.
 */
static int *
find_brackets(SfStepsState *state)
{
	int			n = list_length(state->plan->actions);
	int		   *until = palloc(Max(n, 1) * sizeof(int));
	ListCell   *lc,
			   *lf;

	foreach(lc, state->plan->actions)
	{
		SfAction   *action = lfirst(lc);
		int			position = foreach_current_index(lc);

		until[position] = position;
		if (action->rebuild && !drops_swapped(action))
			mark_position(state, pair_of(action->old, action->new), position);
		/* What moves over to a type that was put in the place of its old self. */
		if (action->verb == SF_VERB_ALTER)
			foreach(lf, action->new->needs)
			{
				SfFact	   *need = ((SfEdge *) lfirst(lf))->to;

				if (need->kind->swaps && mark_of(state, need)->first >= 0)
					mark_of(state, need)->last = position;
			}
		if (action->verb == SF_VERB_CREATE)
			foreach(lf, action->folded)
			{
				SfMark	   *mark = mark_of(state, lfirst(lf));

				if (mark->first >= 0)
					mark->last = position;
			}
	}
	foreach(lc, state->plan->actions)
	{
		SfAction   *action = lfirst(lc);

		if (action->rebuild && !drops_swapped(action))
		{
			SfMark	   *mark = mark_of(state, pair_of(action->old, action->new));

			until[mark->first] = Max(until[mark->first], mark->last);
		}
	}
	/* Brackets that overlap are one. */
	for (int i = 0; i < n; i++)
		if (i > 0 && until[i - 1] > i - 1)
			until[i] = Max(until[i], until[i - 1]);
	return until;
}

/* ---- one step ---- */

/* The relation as it was before the plan; NULL when the plan makes it. */
static const SfFact *
standing(SfStepsState *state, const SfRiskLock *lock)
{
	const SfFact *fact = sf_risk_find_relation(state->plan->to, lock->schema, lock->name);

	if (fact && mark_of(state, fact)->made)
		return NULL;
	if (fact && fact->twin)
		return fact->twin;
	return sf_risk_find_relation(state->plan->from, lock->schema, lock->name);
}

/* How many relations have to be locked with this one: its indexes. */
static int
relations_below(const SfFact *fact, List *folded)
{
	int			n = 0;
	ListCell   *lc,
			   *ln;

	foreach(lc, folded)
	{
		const SfFact *part = lfirst(lc);

		foreach(ln, part->kind->takes ? part->kind->takes(part) : NIL)
			n += strncmp(lfirst(ln), "relation:", 9) == 0;
	}
	return n;
}

static int64
rows_of(const SfFact *fact)
{
	int64		rows = sf_risk_rows(fact->name[0], fact->name[1]);

	/* A down plan starts from names that the live database may not have yet. */
	if (rows < 0 && fact->twin)
		rows = sf_risk_rows(fact->twin->name[0], fact->twin->name[1]);
	return rows;
}

/* Note the strongest lock on what stands; remember the tables in use for the cut. */
static void
add_locks(SfStepsState *state, SfUnit *unit, SfStep *step, const SfAction *action, const SfRisk *risk)
{
	LOCKMODE	strongest = NoLock;
	bool		own_stands = risk->locks == NIL;
	const SfFact *own = NULL;
	ListCell   *lc;

	foreach(lc, risk->locks)
	{
		SfRiskLock *lock = lfirst(lc);
		const SfFact *table = lock->index ? action->table : standing(state, lock);
		char	   *names[2] = {lock->schema, lock->name};

		if (table == NULL)
			continue;
		if (foreach_current_index(lc) == 0)
		{
			own_stands = true;
			own = table;
		}
		if (lock->mode > strongest)
		{
			strongest = lock->mode;
			step->lock = sf_risk_lock_name(lock->mode);
			step->lock_table = lock->schema ? sf_qualified(2, names) : pstrdup(sf_ident(lock->name));
		}
		if (lock->mode >= STRONG && !list_member_ptr(unit->tables, table))
		{
			unit->tables = lappend(unit->tables, unconstify(SfFact *, table));
			unit->locks += 1 + relations_below(table, table->children);
		}
	}
	/* What the plan has made is empty. */
	step->rewrites = own_stands && (risk->effects & SF_RISK_REWRITES) != 0;
	step->scans = own_stands && (risk->effects & SF_RISK_SCANS) != 0;
	if (own && (step->rewrites || step->scans))
		step->needs_rows_estimate = rows_of(own);
}

/* Does the step end something that those who use the old schema need? */
static bool
narrows(const SfAction *action, const SfRisk *risk)
{
	ListCell   *lc;

	/* What is taken down is put back. */
	if (action->rebuild)
		return (risk->effects & SF_RISK_LOSES) != 0;
	if (risk->effects & (SF_RISK_NARROWS | SF_RISK_LOSES))
		return true;
	foreach(lc, risk->operations)
		if (((SfOperation *) lfirst(lc))->entry)
			return false;
	return action->verb == SF_VERB_DROP;
}

static bool
has_verb(const SfRisk *risk, SfRiskVerb verb)
{
	ListCell   *lc;

	foreach(lc, risk->operations)
		if (((SfOperation *) lfirst(lc))->verb == verb && ((SfOperation *) lfirst(lc))->kind)
			return true;
	return false;
}

static void
add_step(SfStepsState *state, SfUnit *unit, const SfAction *action, const SfStatement *statement)
{
	SfStep	   *step = palloc0(sizeof(SfStep));
	const SfFact *fact = action->new ? action->new : action->old;
	SfRisk	   *risk;

	state->context.old = action->old;
	state->context.new = action->new;
	state->context.proven = statement->proven;
	risk = sf_risk_assess(statement->sql, &state->context);
	step->sql = statement->sql;
	step->object = sf_fact_label(fact);
	step->needs_rows_estimate = -1;
	step->class = risk->effects & SF_RISK_TOP_LEVEL ? 'N' : 'T';
	step->loses_data = (risk->effects & SF_RISK_LOSES) != 0;
	step->why = risk->why ? pstrdup(risk->why) : NULL;
	if (has_verb(risk, SF_RISK_VALIDATE))
	{
		step->phase = "validate";
		unit->validates = true;
	}
	else
		step->phase = statement->validates ? "validate" : narrows(action, risk) ? "contract" : "expand";
	add_locks(state, unit, step, action, risk);
	unit->new_later = unit->new_later || (risk->effects & SF_RISK_NEW_LATER) != 0;
	unit->top_level = unit->top_level || step->class == 'N';
	unit->steps = lappend(unit->steps, step);
}

static SfUnit *
new_unit(SfStepsState *state)
{
	SfUnit	   *unit = palloc0(sizeof(SfUnit));

	state->units = lappend(state->units, unit);
	return unit;
}

static void
mark_made(SfStepsState *state, const SfAction *action)
{
	if (action->verb == SF_VERB_CREATE)
		mark_of(state, action->new)->made = true;
}

/* Statements -> units: each its own, those of a bracket together. */
static void
make_units(SfStepsState *state)
{
	int		   *until = find_brackets(state);
	SfUnit	   *bracket = NULL;
	ListCell   *lc,
			   *ls;

	foreach(lc, state->plan->actions)
	{
		const SfAction *action = lfirst(lc);
		int			position = foreach_current_index(lc);
		bool		atomic = until[position] > position || bracket != NULL;

		CHECK_FOR_INTERRUPTS();
		if (atomic && bracket == NULL)
			bracket = new_unit(state);
		foreach(ls, sf_recipe_statements(state->plan, action, atomic))
		{
			SfUnit	   *unit = bracket ? bracket : new_unit(state);

			add_step(state, unit, action, lfirst(ls));
			/* The objects that it makes, a table's TOAST among them. */
			unit->locks += action->verb == SF_VERB_CREATE && foreach_current_index(ls) == 0 ?
				1 + relations_below(action->new, list_make1(action->new)) + relations_below(action->new, action->folded) +
				(action->folded ? 2 : 0) : 1;
		}
		mark_made(state, action);
		if (until[position] == position)
			bracket = NULL;
	}
}

/* ---- transactions ---- */

static bool
is_subset(List *tables, List *of)
{
	ListCell   *lc;

	foreach(lc, tables)
		if (!list_member_ptr(of, lfirst(lc)))
			return false;
	return true;
}

static int
max_locks(void)
{
	int			setting = sf_guc_max_locks();

	if (setting > 0)
		return setting;
	return (int) Min((int64) max_locks_per_xact * (MaxConnections + max_prepared_xacts) / 4, INT_MAX);
}

/* May the unit go on in the transaction that holds what "open" has gathered? */
static bool
joins(const SfUnit *open, const SfUnit *unit)
{
	if (open->top_level || unit->top_level)
		return false;
	if (open->validates != unit->validates || (open->new_later && !unit->new_later))
		return false;
	if (open->locks + unit->locks > max_locks())
		return false;
	if (unit->validates)
		return false;
	return is_subset(unit->tables, open->tables) || is_subset(open->tables, unit->tables);
}

/* Number the transactions, and the steps. */
static List *
cut(SfStepsState *state)
{
	List	   *steps = NIL;
	SfUnit	   *open = NULL;
	int			transaction = 0;
	ListCell   *lc,
			   *ls;

	foreach(lc, state->units)
	{
		SfUnit	   *unit = lfirst(lc);

		if (unit->steps == NIL)
			continue;
		if (open == NULL || !joins(open, unit))
		{
			transaction++;
			open = palloc0(sizeof(SfUnit));
			open->validates = unit->validates;
			open->top_level = unit->top_level;
		}
		open->tables = list_concat_unique_ptr(open->tables, unit->tables);
		open->locks += unit->locks;
		open->new_later = open->new_later || unit->new_later;
		foreach(ls, unit->steps)
		{
			SfStep	   *step = lfirst(ls);

			step->transaction = transaction;
			steps = lappend(steps, step);
			step->n = list_length(steps);
		}
	}
	return steps;
}

List *
sf_steps_make(SfPlan *plan)
{
	SfStepsState state = {.plan = plan};
	const char *zone = GetConfigOption("TimeZone", false, false);
	int			level;

	state.context.before = plan->from;
	state.context.after = plan->to;
	state.context.time_zone = zone ? pstrdup(zone) : NULL;
	state.marks = sf_marks_create(CurrentMemoryContext, 256, NULL);
	level = sf_pins_enter();
	make_units(&state);
	sf_pins_leave(level);
	return cut(&state);
}
