/*
 * plan.h - deltas -> ordered actions.
 */
#ifndef SF_PLAN_H
#define SF_PLAN_H

#include "facts/factbase.h"
#include "kinds/kind.h"

typedef enum SfVerb
{
	SF_VERB_CREATE,
	SF_VERB_DROP,
	SF_VERB_ALTER,
	SF_VERB_RENAME
} SfVerb;

/* How much of a fact an action is about: cycles are broken by making a stub first (SfKind.stub, complete). */
typedef enum SfPart
{
	SF_PART_ALL,
	SF_PART_STUB,				/* create: a stub; alter: what stands becomes one */
	SF_PART_REST,				/* alter: the stub becomes the fact */
	SF_PART_CONTENTS			/* alter: the rows that the old one had come back */
} SfPart;

/* Does contents' going come before an action? */
typedef enum SfLoss
{
	SF_LOSS_UNKNOWN,
	SF_LOSS_NO,
	SF_LOSS_YES
} SfLoss;

/* One thing to do to one fact: a node of the plan's graph, rendered as one or more statements. */
typedef struct SfAction
{
	SfVerb		verb;
	SfPart		part;
	const SfKind *kind;
	SfFact	   *old;			/* fact on the starting side (drop, alter, rename) */
	SfFact	   *new;			/* fact on the wanted side (create, alter, rename); NULL: it steps aside */
	bool	   *changed;		/* alter: per attribute */
	List	   *folded;			/* create: SfFact list created in the same statement */
	List	   *statements;		/* rendered: char * */
	bool		rebuild;		/* part of a drop and create of the same fact: replaced, or taken down and put back */
	bool		saves;			/* all that a dropped fact holds is put aside and comes back, or lives on */
	SfFact	   *table;			/* a table that existed before and stays, and that this works on; or NULL */
	int			position;		/* in the plan, 0-based */
	List	   *after;			/* of SfAfter */
	List	   *wishes;			/* of SfAfter: would better come before, where that closes no cycle */
	SfLoss		loss;			/* for the sort: must something be lost before? */
	int			probe;			/* for the sort: when it was last looked through */
	int			waits;			/* for the sort: how many of "after" have not come yet */
	List	   *releases;		/* for the sort: those that wait for this one */
	int			state;			/* for the sort */
	bool		late;			/* for the steps: it waits for the gate (phases/recipes_late.h) */
} SfAction;

struct SfItem;

/* "action" must come before. */
typedef struct SfAfter
{
	SfAction   *action;
	struct SfItem *because;		/* the fact that asks for it */
} SfAfter;

/* Contents that a migration puts aside on its way up, and brings back on its way down (phases/archive.h). */
typedef struct SfKept
{
	SfFact	   *fact;			/* whose: on the side that the migration starts from */
	char	   *name;			/* of the relation that has them meanwhile: users_phone_1f2e3d4c */
	char	   *relation;		/* the same as SQL, with its schema */
	List	   *key;			/* of SfFact: for a column, those that say which row a value belongs to */
	bool		retyped;		/* the column stays, with another type */
	bool		by_place;		/* there is no key: a row is known by where it stands */
	bool		tree;			/* rows of several tables, and which one is said: partitions, children */
	bool		mirrored;		/* a column's values are there already, and stay what they are in the table */
	bool		big;			/* a table that takes long to copy: nothing in use is locked for that */
} SfKept;

/*
 * A type that another of its name takes the place of (an enum that loses a value), together with the columns of it:
 * until then it goes by a name of ours.
 */
typedef struct SfShadowType
{
	SfFact	   *new;			/* the type on the wanted side */
	char	   *name;			/* until it has the old one's place */
} SfShadowType;

/*
 * A column that another one takes the place of, which has been filled beside it: made anew in the plan, with all that
 * needs it, though by itself it could be altered (phases/shadow.h).
 */
typedef struct SfShadow
{
	SfFact	   *old;			/* the column on the starting side */
	SfFact	   *new;			/* and on the wanted one */
	char	   *name;			/* of the new one, until it has the old one's place */
	char	   *up;				/* its value, over the row as it was */
	char	   *down;			/* the old one's value, from the new one under that name; of a computed one NULL */
	bool		computed;		/* both are generated columns: nobody writes either */
	bool		above;			/* and it is computed from others' shadows, behind them */
	bool		loses;			/* not every old value comes back */
	List	   *types;			/* of SfShadowType: those that the new column's type is, or is made of */
	struct SfShadow *whole;		/* of a column that an inheriting table declares, too: its parent's; else NULL */
} SfShadow;

/* The one that all inheriting tables' shadows of a column belong to. */
static inline SfShadow *
sf_shadow_whole(const SfShadow *shadow)
{
	return shadow->whole ? shadow->whole : unconstify(SfShadow *, shadow);
}

/* A column that could not be replaced that way, and why. */
typedef struct SfRefusal
{
	const SfFact *new;
	char	   *why;
} SfRefusal;

typedef struct SfPlan
{
	SfFactBase *from;
	SfFactBase *to;
	const char *role;			/* who will run it; NULL: not known */
	List	   *actions;		/* of SfAction, in order; statements are rendered */
	List	   *fills;			/* of SfFill */
	List	   *back;			/* of SfFill: the same for the other way */
	List	   *kept;			/* of SfKept: of either side */
	List	   *begun;			/* of SfKept: copied ahead, of columns that stay after all */
	List	   *shadows;		/* of SfShadow */
	List	   *refusals;		/* of SfRefusal */
	List	   *spares;			/* of SfFact: columns that go, and whose values others have */
	List	   *computed;		/* of SfFact: plain columns that go, and whose values others give */
	bool		two_versions;	/* the old version of the application works until the gate, the new one by its schema */
	List	   *heirs;			/* of SfHeir */
	List	   *successors;		/* of SfHeir: indexes and keys that come under the name of another of their table */
	List	   *questions;		/* of char *: what looks like an unhinted rename and the call that says so */
	List	   *not_modelled;	/* of char *: objects of either side that no kind models */
} SfPlan;

typedef struct SfPlanOptions
{
	const char *role;			/* who will run the plan; NULL: not known */
	List	   *hints;			/* of SfHint (diff/diff.h): renames that the user told us of */
	List	   *fills;			/* of SfFill: how columns get their values */
	List	   *back;			/* of SfFill: the same for the other way */
	List	   *kept;			/* of SfKept: what is put aside, or brought back */
	List	   *shadows;		/* of SfShadow: columns that are replaced by others */
} SfPlanOptions;

/*
 * The plan that turns "from" into "to".  Facts whose unmanaged flag is set are left alone.  Memory: current
 * context; the facts' twin and note fields are used.  Errors: a cycle that no kind can break (names the facts).
 */
extern SfPlan *sf_plan_make(SfFactBase *from, SfFactBase *to, const SfPlanOptions *options);

/* Are the fact's contents put aside, or brought back? */
extern bool sf_plan_keeps(const SfPlan *plan, const SfFact *fact);

/* Does the table, or a part of it, get many rows back as it is made? */
extern bool sf_plan_refills(const SfPlan *plan, const SfFact *table);
/* The same of a binding's table, while what it refers to is in use: it is made when the rows are there. */
extern bool sf_plan_binds_behind(const SfPlan *plan, const SfFact *binding);

#endif
