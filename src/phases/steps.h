/*
 * steps.h - a plan's actions as steps: what is really run, one statement each, in transactions.
 */
#ifndef SF_STEPS_H
#define SF_STEPS_H

#include "plan/plan.h"

/*
 * Placeholders in a step's text for what is not known when it is planned: the version of the application that the
 * migration leads to, the migration's search_path.
 */
#define SF_THE_VERSION		"'@version@'"
#define SF_THE_SEARCH_PATH	"'@search_path@'"

/* Names of what a migration makes for its own time begin so. */
#define SF_OUR_NAMES		"~schemaflow"

typedef struct SfStep
{
	int			n;				/* 1-based within the direction */
	const char *phase;			/* expand, backfill, validate, contract */
	char		class;			/* 'T' in a transaction, 'N' at top level, 'B' batch, 'G' gate */
	int			transaction;	/* number of its transaction, 1-based; an N step has one of its own */
	char	   *sql;			/* one statement, without semicolon; as it runs here */
	char	   *portable;		/* the same with placeholders, as it is stored and hashed */
	char	   *object;			/* label of the fact it is about: "column public.users.phone" */
	const char *lock;			/* strongest lock on an existing table: "ACCESS EXCLUSIVE"; NULL: none */
	char	   *lock_table;		/* the table: public.users; or NULL */
	bool		rewrites;		/* rewrites the table */
	bool		scans;			/* reads the whole table */
	bool		loses_data;
	int64		needs_rows_estimate;	/* rows that it has to read or write; -1: none */
	char	   *why;			/* a note for the reader, or NULL */
	char	   *archive;		/* relation of the archive that it fills (up) or gives back (down); or NULL */
	char	   *unfilled;		/* a new column that rows which are there have no value for; not stored */
} SfStep;

/* The steps of a plan in order: unsafe actions replaced by their online form, then cut into transactions. */
extern List *sf_steps_make(SfPlan *plan);

/* Of SfStep: those of "last" behind the others, as parts of that phase, or of their own (NULL). */
extern List *sf_steps_join(List *steps, List *last, const char *phase);

/* In their order (order.c). */
extern bool sf_is_phase(const char *phase);
extern int	sf_phase_number(const char *phase);

/* Of the transaction that begins there: the latest of its steps'. */
extern const char *sf_phase_of(const List *steps, const ListCell *first);

#endif
