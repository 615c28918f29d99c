/*
 * steps.c - a plan's actions as steps, in units that are cut into transactions (cut.h).
 *
 * A *bracket* (bracket.c) is one unit, whatever it locks.  What waits for the gate is put off to the end.
 *
 * Locks and sizes are asked under the pins; no lock on a user's table is waited for.  Memory: current context.
 */
#include "postgres.h"

#include "guc.h"
#include "kinds/kind.h"
#include "lib/pins.h"
#include "miscadmin.h"
#include "phases/archive.h"
#include "phases/bracket.h"
#include "phases/cut.h"
#include "phases/dual.h"
#include "phases/recipes_fill.h"
#include "phases/recipes_fit.h"
#include "phases/recipes_late.h"
#include "phases/recipes_parts.h"
#include "phases/recipes_retype.h"
#include "phases/recipes_versions.h"
#include "phases/shadow.h"
#include "phases/steps.h"
#include "risk/risk.h"
#include "utils/guc.h"
#include "utils/hsearch.h"

/* A lock from here on stops readers or writers. */
#define STRONG	ShareLock

typedef struct SfStepsState
{
	SfPlan	   *plan;
	List	   *actions;		/* of SfAction, in order: brackets are drawn together */
	HTAB	   *made;			/* facts that the plan has made by now */
	SfRiskContext context;
	List	   *units;
	List	   *ready;			/* of SfClosing: before the gate */
	List	   *closing;		/* of SfClosing: behind it */
	List	   *needing;		/* of SfNeed */
} SfStepsState;

/* What is left for the end. */
typedef struct SfClosing
{
	const SfAction *action;
	const SfStatement *statement;
	bool		joined;			/* in one transaction with the one before */
} SfClosing;

/* ---- one step ---- */

/* The relation as it was before the plan; NULL when the plan makes it. */
static const SfFact *
standing(SfStepsState *state, const SfRiskLock *lock)
{
	const SfFact *fact = sf_risk_find_relation(state->plan->to, lock->schema, lock->name);

	if (fact && hash_search(state->made, &fact, HASH_FIND, NULL))
		return NULL;
	if (fact && fact->twin)
		return fact->twin;
	return sf_risk_find_relation(state->plan->from, lock->schema, lock->name);
}

/* A table that the plan has made, and given many rows; NULL: it is none. */
static const SfFact *
refilled(SfStepsState *state, const SfRiskLock *lock)
{
	const SfFact *fact = sf_risk_find_relation(state->plan->to, lock->schema, lock->name);

	return fact && hash_search(state->made, &fact, HASH_FIND, NULL) && sf_plan_refills(state->plan, fact) ? fact : NULL;
}

/* How many of the facts are relations, or have an index. */
static int
relations_in(List *facts)
{
	int			n = 0;
	ListCell   *lc,
			   *ln;

	foreach(lc, facts)
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

#define MOST_LOCKED	3			/* how many more locked tables are named */

/* Other tables that cannot be written, or read, meanwhile: those at the ends of foreign keys, mostly. */
static char *
others_locked(List *locks, const SfRiskLock *strongest)
{
	List	   *said = NIL;
	ListCell   *lc;

	foreach(lc, locks)
	{
		const SfRiskLock *lock = lfirst(lc);
		char	   *names[2] = {lock->schema, lock->name};

		if (lock == strongest || lock->mode < ShareLock || lock->index)
			continue;
		said = lappend(said, psprintf("%s%s on %s", said ? "" : "also ", sf_risk_lock_name(lock->mode),
									  lock->schema ? sf_qualified(2, names) : sf_ident(lock->name)));
	}
	return said ? sf_join_some(said, MOST_LOCKED) : NULL;
}

/* Note the strongest lock on what stands; remember the tables in use for the cut. */
static void
add_locks(SfStepsState *state, SfUnit *unit, SfStep *step, const SfAction *action, const SfRisk *risk)
{
	const SfRiskLock *strongest = NULL;
	List	   *standing_locks = NIL;
	char	   *others;
	bool		own_stands = risk->locks == NIL;
	const SfFact *own = NULL,
			   *filled = NULL;
	ListCell   *lc;

	foreach(lc, risk->locks)
	{
		SfRiskLock *lock = lfirst(lc);
		/* An index is not named by its table; what is renamed may have a name of no side for a while. */
		const SfFact *table = lock->index || action->verb == SF_VERB_RENAME ? action->table : standing(state, lock);
		char	   *names[2] = {lock->schema, lock->name};

		if (table == NULL && foreach_current_index(lc) == 0)
			filled = refilled(state, lock);
		if (table == NULL)
			continue;
		if (foreach_current_index(lc) == 0)
		{
			own_stands = true;
			own = table;
		}
		standing_locks = lappend(standing_locks, lock);
		if (strongest == NULL || lock->mode > strongest->mode)
		{
			strongest = lock;
			step->lock = sf_risk_lock_name(lock->mode);
			step->lock_table = lock->schema ? sf_qualified(2, names) : pstrdup(sf_ident(lock->name));
		}
		if (lock->mode >= STRONG && !list_member_ptr(unit->tables, table))
		{
			unit->tables = lappend(unit->tables, unconstify(SfFact *, table));
			unit->locks += 1 + relations_in(table->children);
		}
	}
	if ((others = others_locked(standing_locks, strongest)) != NULL)
		step->why = step->why ? psprintf("%s; %s", others, step->why) : others;
	/* What the plan has made is empty, unless it brought back rows: while those are read, nothing else is locked. */
	step->rewrites = (own_stands || filled) && (risk->effects & SF_RISK_REWRITES) != 0;
	step->scans = (own_stands || filled) && (risk->effects & SF_RISK_SCANS) != 0;
	if ((own || filled) && (step->rewrites || step->scans))
		step->needs_rows_estimate = rows_of(own ? own : filled);
	unit->alone = unit->alone || (filled && (step->rewrites || step->scans));
	if (own && action->new)
	{
		SfNeed	   *need = palloc(sizeof(SfNeed));

		*need = (SfNeed) {step, action, own, (risk->effects & SF_RISK_NEEDS_EMPTY) != 0};
		if (need->empty && rows_of(own) > 0)
			step->unfilled = sf_name(action->new);
		state->needing = lappend(state->needing, need);
	}
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

/* Foreign keys that are made ahead of the action that is about them. */
static void
note_made(SfStepsState *state, const SfRisk *risk)
{
	ListCell   *lc;

	foreach(lc, state->context.later)
		if (sf_risk_makes(risk, lfirst(lc)))
			state->context.later = foreach_delete_current(state->context.later, lc);
}

static void
add_step(SfStepsState *state, SfUnit *unit, const SfAction *action, const SfStatement *statement)
{
	SfStep	   *step = palloc0(sizeof(SfStep));
	const SfFact *fact = statement->about ? statement->about : action->new ? action->new : action->old;
	SfRisk	   *risk;

	state->context.old = action->old;
	state->context.new = action->new;
	state->context.proven = statement->proven;
	risk = sf_risk_assess(statement->sql, &state->context);
	note_made(state, risk);
	/* What brings contents back drops nothing but where they were meanwhile. */
	if (action->part == SF_PART_CONTENTS)
	{
		risk->effects &= ~(SF_RISK_LOSES | SF_RISK_NARROWS);
		risk->why = NULL;
	}
	if (action->saves && (risk->effects & SF_RISK_LOSES))
	{
		risk->effects &= ~SF_RISK_LOSES;
		risk->why = NULL;
	}
	step->sql = step->portable = statement->sql;
	step->object = sf_fact_label(fact);
	step->needs_rows_estimate = -1;
	step->class = risk->effects & SF_RISK_TOP_LEVEL ? 'N' : 'T';
	step->archive = statement->archive ? pstrdup(statement->archive) : NULL;
	step->loses_data = (risk->effects & SF_RISK_LOSES) != 0 && !statement->keeps && !statement->archive;
	step->why = statement->why ? pstrdup(statement->why) : risk->why && !statement->keeps ? pstrdup(risk->why) : NULL;
	add_locks(state, unit, step, action, risk);
	if (statement->on)
	{
		step->lock = statement->lock;
		step->lock_table = sf_name(statement->on);
		step->scans = statement->reads;
		step->needs_rows_estimate = statement->reads ? rows_of(statement->on) : -1;
	}
	if (statement->batched || ((risk->effects & SF_RISK_FILLS) && unit->steps == NIL && !statement->archive &&
							   step->needs_rows_estimate >= sf_guc_online_rows()))
		step->class = 'B';
	if (has_verb(risk, SF_RISK_VALIDATE))
	{
		step->phase = "validate";
		unit->validates = true;
	}
	else
		step->phase = step->class == 'B' ? "backfill" : statement->validates ? "validate" :
			!statement->ready && (statement->contracts || statement->closing ||
								  (!statement->keeps && sf_recipe_narrows(risk, action))) ? "contract" : "expand";
	/* A lock that stops others is not held while much is read. */
	if ((step->rewrites || step->scans) && step->class == 'T' && unit->tables &&
		step->needs_rows_estimate >= sf_guc_online_rows())
		unit->alone = true;
	unit->new_later = unit->new_later || (risk->effects & SF_RISK_NEW_LATER) != 0;
	unit->alone = unit->alone || step->class != 'T';
	unit->steps = lappend(unit->steps, step);
}

static SfUnit *
new_unit(SfStepsState *state)
{
	SfUnit	   *unit = palloc0(sizeof(SfUnit));

	state->units = lappend(state->units, unit);
	return unit;
}

/* Steps in a transaction of their own. */
static void
add_alone(SfStepsState *state, List *steps)
{
	SfUnit	   *unit = new_unit(state);

	unit->steps = steps;
	unit->alone = true;
}

static void
mark_made(SfStepsState *state, const SfAction *action)
{
	if (action->verb == SF_VERB_CREATE)
	{
		hash_search(state->made, &action->new, HASH_ENTER, NULL);
		state->context.later = list_delete_ptr(state->context.later, action->new);
	}
}

static List *
put_off(List *closings, const SfAction *action, const SfStatement *statement, bool joined)
{
	SfClosing  *closing = palloc(sizeof(SfClosing));

	closing->action = action;
	closing->statement = statement;
	closing->joined = joined;
	return lappend(closings, closing);
}

static void
add_put_off(SfStepsState *state, List *closings)
{
	SfUnit	   *unit = NULL;
	ListCell   *lc;

	foreach(lc, closings)
	{
		SfClosing  *closing = lfirst(lc);

		if (unit == NULL || !closing->joined)
			unit = new_unit(state);
		add_step(state, unit, closing->action, closing->statement);
		unit->alone = unit->alone || closing->statement->alone;
		unit->locks++;
	}
}

/* The gate, and what only waits for it. */
static void
close_up(SfStepsState *state)
{
	SfStep	   *gate = palloc0(sizeof(SfStep));

	add_put_off(state, state->ready);
	if (state->closing == NIL && !state->plan->two_versions)
		return;
	/* They are made as the steps before them are marked. */
	if (state->plan->two_versions)
		add_alone(state, sf_version_steps(state->plan));
	gate->phase = "contract";
	gate->class = 'G';
	gate->sql = gate->portable = sf_dual_gate();
	gate->object = "gate";
	gate->needs_rows_estimate = -1;
	gate->why = "waits until the other version of the application is gone; CALL sf_contract() opens it";
	add_alone(state, list_make1(gate));
	add_put_off(state, state->closing);
}

/* A statement finds its unit: a new one, that of its bracket, or one at the end. */
static void
place(SfStepsState *state, SfUnit **unit, const SfAction *action, const SfStatement *statement, bool first, bool joined)
{
	if (statement->ready)
	{
		state->ready = put_off(state->ready, action, statement, joined);
		return;
	}
	if (statement->closing)
	{
		state->closing = put_off(state->closing, action, statement, joined);
		return;
	}
	if (*unit == NULL || !joined)
		*unit = new_unit(state);
	add_step(state, *unit, action, statement);
	(*unit)->alone = (*unit)->alone || statement->alone;
	/* The objects that it makes, a table's TOAST among them. */
	(*unit)->locks++;
	if (action->verb == SF_VERB_CREATE && first)
		(*unit)->locks += relations_in(list_make1(action->new)) + relations_in(action->folded) +
			(action->folded ? 2 : 0);
}

/* An action's statements of a stage, each by itself, or as its recipe joins them. */
static void
place_stage(SfStepsState *state, const SfAction *action, List *statements, SfStage stage)
{
	SfUnit	   *unit = NULL;
	ListCell   *lc;

	foreach(lc, statements)
		if (((SfStatement *) lfirst(lc))->stage == stage)
			place(state, &unit, action, lfirst(lc), foreach_current_index(lc) == 0,
				  ((SfStatement *) lfirst(lc))->joined);
}

/* Those of all actions of a bracket, in one transaction. */
static void
place_inside(SfStepsState *state, List *actions, List *statements)
{
	SfUnit	   *unit = NULL;
	bool		begun = false;
	ListCell   *la,
			   *ls,
			   *lc;

	forboth(la, actions, ls, statements)
	{
		foreach(lc, lfirst(ls))
		{
			if (((SfStatement *) lfirst(lc))->stage != SF_INSIDE)
				continue;
			place(state, &unit, lfirst(la), lfirst(lc), foreach_current_index(lc) == 0, begun);
			begun = true;
		}
		mark_made(state, lfirst(la));
	}
}

static void
put_all_off(List *statements)
{
	ListCell   *lc;

	foreach(lc, statements)
		((SfStatement *) lfirst(lc))->closing = true;
}

/* What one recipe has for all of them (of SfPlaced): an exchange of columns, or what is done to a table's rows. */
static void
make_together(SfStepsState *state, List *actions, List *placed)
{
	SfUnit	   *unit = NULL;
	ListCell   *lc;

	foreach(lc, placed)
	{
		SfPlaced   *one = lfirst(lc);

		place(state, &unit, one->action, &one->statement, false, one->statement.joined);
	}
	foreach(lc, actions)
		mark_made(state, lfirst(lc));
}

/* Columns of a table that get their values together: how many actions that are; 0: less than two do. */
static int
make_filled(SfStepsState *state, int first, const int *until)
{
	List	   *fillings = sf_fillings(state->plan, state->actions, first, until),
			   *placed;
	int			n = list_length(fillings);
	ListCell   *lc;

	if (n < 2)
		return 0;
	placed = sf_fill_statements(state->plan, fillings);
	foreach(lc, ((SfAction *) list_nth(state->actions, first))->late ? placed : NIL)
		((SfPlaced *) lfirst(lc))->statement.closing = true;
	make_together(state, list_copy_head(list_copy_tail(state->actions, first), n), placed);
	return n;
}

/* Actions: a bracket, or one that is none. */
static void
make_plain(SfStepsState *state, List *actions, bool late)
{
	bool		alone = list_length(actions) == 1;
	List	   *statements = NIL;	/* of List, one an action */
	ListCell   *la,
			   *ls;

	foreach(la, actions)
	{
		statements = lappend(statements, sf_recipe_statements(state->plan, lfirst(la), alone ? NIL : actions));
		if (late)
			put_all_off(llast(statements));
	}
	if (alone)
	{
		place_stage(state, linitial(actions), linitial(statements), SF_BEFORE);
		place_stage(state, linitial(actions), linitial(statements), SF_INSIDE);
		mark_made(state, linitial(actions));
		return;
	}
	forboth(la, actions, ls, statements)
		place_stage(state, lfirst(la), lfirst(ls), SF_BEFORE);
	place_inside(state, actions, statements);
	forboth(la, actions, ls, statements)
		place_stage(state, lfirst(la), lfirst(ls), SF_AFTER);
}

/* What would stop the migration in the middle of it is asked for before it begins: units, to be put first. */
static List *
make_checks(SfStepsState *state, List *steps)
{
	List	   *units = state->units;
	List	   *checks;
	ListCell   *lc;

	state->units = NIL;
	foreach(lc, sf_checks_before(state->plan, state->actions, state->needing, steps))
	{
		const SfPlaced *check = lfirst(lc);
		SfUnit	   *unit = new_unit(state);

		add_step(state, unit, check->action, &check->statement);
		unit->alone = check->statement.alone;
	}
	checks = state->units;
	state->units = units;
	return checks;
}

/* Statements -> units: each its own, those of a bracket together. */
static void
make_units(SfStepsState *state)
{
	int		   *until = sf_brackets(state->plan, state->actions);

	sf_find_late(state->plan, state->actions, until);
	for (int first = 0, last; first < list_length(state->actions); first = last + 1)
	{
		List	   *actions;
		CHECK_FOR_INTERRUPTS();
		last = first + make_filled(state, first, until) - 1;
		if (last >= first)
			continue;
		last = sf_bracket_end(until, first);
		actions = list_copy_tail(list_copy_head(state->actions, last + 1), first);
		if (sf_shadow_within(state->plan, actions))
			make_together(state, actions, sf_shadow_statements(state->plan, actions));
		else
			make_plain(state, actions, ((SfAction *) linitial(actions))->late);
	}
}

List *
sf_steps_make(SfPlan *plan)
{
	SfStepsState state = {.plan = plan};
	const char *zone = GetConfigOption("TimeZone", false, false);
	HASHCTL		control;
	List	   *checks;
	int			level;
	ListCell   *lc;

	state.context.before = plan->from;
	state.context.after = plan->to;
	state.context.time_zone = zone ? pstrdup(zone) : NULL;
	control.keysize = sizeof(SfFact *);
	control.entrysize = sizeof(SfFact *);
	control.hcxt = CurrentMemoryContext;
	state.made = hash_create("facts made by the plan", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	state.actions = sf_draw_together(plan);
	foreach(lc, state.actions)
		if (((SfAction *) lfirst(lc))->verb == SF_VERB_CREATE && ((SfAction *) lfirst(lc))->kind->binds)
			state.context.later = lappend(state.context.later, ((SfAction *) lfirst(lc))->new);
	level = sf_pins_enter();
	make_units(&state);
	close_up(&state);
	foreach(lc, sf_archive_ends(plan))
		add_alone(&state, list_make1(lfirst(lc)));
	state.units = sf_join_retypes(state.units);
	checks = make_checks(&state, sf_cut(state.units));
	sf_pins_leave(level);
	return sf_cut(list_concat(checks, state.units));
}

List *
sf_steps_join(List *steps, List *last, const char *phase)
{
	int			transactions = steps ? ((SfStep *) llast(steps))->transaction : 0;
	ListCell   *lc;

	foreach(lc, last)
	{
		SfStep	   *step = lfirst(lc);

		if (phase)
			step->phase = phase;
		step->transaction += transactions;
		steps = lappend(steps, step);
		step->n = list_length(steps);
	}
	return steps;
}
