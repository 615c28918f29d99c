/*
 * recipes.h - private to phases/: an action's statements, in the form that does least harm to tables in use.
 */
#ifndef SF_RECIPES_H
#define SF_RECIPES_H

#include "plan/plan.h"

/* Of an action in a bracket (bracket.h): with it, or before or behind it in transactions of their own. */
typedef enum SfStage
{
	SF_INSIDE,
	SF_BEFORE,
	SF_AFTER
} SfStage;

typedef struct SfStatement
{
	char	   *sql;
	SfStage		stage;
	bool		proven;			/* what it would look for has been proved by a statement before it */
	bool		validates;		/* belongs to the proof: comes after it */
	bool		joined;			/* in one transaction with the statement before it */
	bool		contracts;		/* belongs to the end of what old users need, whatever it does by itself */
	bool		keeps;			/* what it destroys is in the archive, or was brought back from there */
	const char *archive;		/* of the one that takes the contents away or brings them back: where; or NULL */
	const SfFact *about;		/* whose contents, where they are not those of the action's own fact; or NULL */
	const char *why;			/* a note for the reader, or NULL */
	const SfFact *on;			/* of one that is no DDL: the table that it locks, and how (SfStep.lock); or NULL */
	const char *lock;
	bool		reads;			/* all of that table */
	bool		batched;		/* in batches, however many rows there are (apply/backfill.h) */
	bool		ready;			/* when all is there that the new version of the application needs, before the gate */
	bool		closing;		/* behind all else, when the other version of the application is gone */
	bool		alone;			/* in a transaction of its own */
} SfStatement;

/* A statement, and the action that it is told of: where one recipe is for several actions. */
typedef struct SfPlaced
{
	const SfAction *action;
	SfStatement statement;
} SfPlaced;

/* The statements (of SfStatement) behind those that are placed (of SfPlaced). */
extern List *sf_place(List *placed, const SfAction *action, List *statements);

extern List *sf_add_statement(List *statements, char *sql, bool proven, bool validates);

/* The first child of the kind; NULL: none. */
extern const SfFact *sf_child_of(const SfFact *fact, const char *kind);

/* Statements of an action: of SfStatement, in order.  bracket: of SfAction, those of the bracket that it stands in. */
extern List *sf_recipe_statements(const SfPlan *plan, const SfAction *action, List *bracket);

/*
 * Partitions, and children, come and go with time, not with versions, while their whole stays: others may wait for
 * their places.
 */
extern bool sf_recipe_goes_with_time(const SfFact *table);

/* Takes it away what the other version of the application needs, so that it waits for the gate? */
extern bool sf_recipe_is_late(const SfPlan *plan, const SfAction *action);

#endif
