/*
 * recipes_archive.h - private to phases/: recipes that keep what they destroy, and their common parts.
 */
#ifndef SF_RECIPES_ARCHIVE_H
#define SF_RECIPES_ARCHIVE_H

#include "kinds/kind.h"
#include "phases/archive.h"
#include "phases/recipes.h"

/* A type that may be dropped or change while values of it are in the archive: there they are text. */
extern bool sf_is_users_type(const SfFact *column);

/*
 * Tables that go by the statement that drops this one, without it: its partitions, theirs behind them.  rows: those
 * that have rows of their own; else those that have not.
 */
extern List *sf_dropped_parts(const SfPlan *plan, const SfFact *table, bool rows);

/* The type in which a key's column is archived: its own, or one that holds the values of both that it has. */
extern char *sf_kept_key_type(const SfFact *column);

/* May a dropped column's values be kept?  Notes which rows they are of, and by what these are known. */
extern bool sf_keeps_column(SfKept *kept, int64 rows);
/* The tables that have the column: its own, and those that it is passed on to. */
extern List *sf_kept_tables(const SfFact *column);

/* Notes by what an archive knows its rows, as the statement among the steps that makes it says; false: none does. */
extern bool sf_kept_has_key(SfKept *kept, List *steps);

/* What an archived value is as one of the column. */
extern char *sf_kept_value(const SfFact *column);
extern char *sf_kept_drop(const SfKept *kept);
extern SfEmit sf_kept_emit(const SfPlan *plan);

/* Of char *: what a column's values are known by, in its table or in the archive. */
extern List *sf_kept_key_names(const SfKept *kept, bool archived);
/* The table, the archive and the key, as arguments of the functions that keep them in step. */
extern char *sf_kept_arguments(const SfKept *kept);
/* Is a row without a value in the archive NULL again by itself? */
extern bool sf_kept_nulls_come_back(const SfKept *kept);
/* The archive of a column, from then on following its rows; and what copies the values there. */
extern List *sf_kept_begin(const SfPlan *plan, const SfKept *kept);
extern char *sf_kept_copy(const SfKept *kept);
/* Gives the rows ("t") their values back from a source ("a") of the archive's columns; condition: or NULL. */
extern char *sf_kept_give_back(const SfKept *kept, const char *source, char *condition);
/* The column as values can be written into it; returns how many of the action's statements that stands for. */
extern int	sf_kept_create(SfEmit *out, const SfPlan *plan, const SfAction *action, bool not_null);
/* The last one locks the column's table so. */
extern SfStatement *sf_kept_locks(List *statements, const SfKept *kept, int mode);

/* Where in the plan the fact is made or dropped by an action of its own; -1: nowhere. */
extern int	sf_plan_position(const SfPlan *plan, SfVerb verb, const SfFact *fact);
/* Is it there when the action is run? */
extern bool sf_is_made_by(const SfPlan *plan, const SfAction *action, const SfFact *fact);
/* Does the plan drop the fact by a statement of its own? */
extern bool sf_plan_drops(const SfPlan *plan, const SfFact *fact);

/* One more statement, in one transaction with those before it; keeping: what it destroys is kept. */
extern List *sf_statement_add(List *statements, char *sql);
extern List *sf_statement_add_keeping(List *statements, char *sql);
extern List *sf_statement_add_all(List *statements, List *texts);
/* The one that takes the contents away, or brings them back; verb: "archived in". */
extern List *sf_statement_add_move(List *statements, char *sql, const SfKept *kept, const char *verb);
/* All of them come when nobody needs the old schema any more. */
extern List *sf_statements_contract(List *statements);

/* The recipes: of SfStatement. */
extern List *sf_archive_table(const SfPlan *plan, const SfAction *action, const SfKept *kept);
/* The same of a whole, whose rows are in its parts: kept is those of them (of SfKept) that the plan keeps. */
extern List *sf_archive_parts(const SfPlan *plan, const SfAction *action, List *kept);
extern List *sf_restore_table(const SfPlan *plan, const SfAction *action, const SfKept *kept);
extern List *sf_archive_column(const SfPlan *plan, const SfAction *action, const SfKept *kept);
extern List *sf_restore_column(const SfPlan *plan, const SfAction *action, const SfKept *kept);
/* The column had become a generated one; that it is no longer is said by the action. */
extern List *sf_restore_computed(const SfPlan *plan, const SfAction *action, const SfKept *kept);

/*
 * recipes_archive_batches.c: of a table with many rows, they are copied while it is in use.  What comes ahead of the
 * drop; what makes sure of it, with the drop; and all that makes the column again, where its action stands alone.  NIL:
 * the table is small, or the column cannot be without its values for a while.
 */
extern List *sf_archive_ahead(const SfPlan *plan, const SfAction *action, const SfKept *kept);
extern List *sf_archive_completed(const SfKept *kept);
extern List *sf_restore_in_use(const SfPlan *plan, const SfAction *action, const SfKept *kept);

/* Archive a column's values as they are, by the key, and have them follow; and the other way, where condition holds. */
extern List *sf_archive_copy(const SfPlan *plan, const SfKept *kept);
extern List *sf_archive_bring_back(const SfPlan *plan, const SfAction *action, const SfKept *kept, char *condition);

/*
 * A column gets another type, and what its values become does not say what they were.  Given the action's statements,
 * return them with those that keep the old values, and that bring them back.
 */
extern bool sf_archives_values(const SfPlan *plan, const SfAction *action);
extern List *sf_archive_values(const SfPlan *plan, const SfAction *action, const SfKept *kept, List *statements);
extern List *sf_restore_values(const SfPlan *plan, const SfAction *action, const SfKept *kept, List *statements);

#endif
