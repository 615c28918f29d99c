/*
 * recipes_parts.h - private to the recipes: each by topic, and what they share.
 *
 * A recipe gives the statements to take instead of the action's, or NIL: there is no online form, or none is needed.
 */
#ifndef SF_RECIPES_PARTS_H
#define SF_RECIPES_PARTS_H

#include "kinds/kind.h"
#include "phases/recipes.h"
#include "risk/risk.h"

typedef List *(*SfRecipe) (const SfPlan *plan, const SfAction *action);

/* Texts from the first on, each a statement. */
extern List *sf_add_statements(List *statements, List *texts, int first, bool validates);

/* The statements of kind->create alone. */
extern List *sf_render_create(const SfPlan *plan, const SfAction *action, int flags);

/* Do the action's statements from "first" on begin with these? */
extern bool sf_begins_with(const SfAction *action, int first, List *texts);

/* Has it so many rows that what touches them all is done online (schemaflow.online_rows)? */
extern bool sf_is_big(const SfFact *table);
/* Would so many rows make it one?  (-1, not known, does where that setting is 0.) */
extern bool sf_are_many(int64 rows);

/* What the statement does to tables; proven: what it would look for has been proved.  And its effects alone. */
extern SfRisk *sf_recipe_assess(const SfPlan *plan, const SfAction *action, const char *sql, bool proven);
extern int	sf_recipe_risk(const SfPlan *plan, const SfAction *action, const char *sql, bool proven);

/* Does such a statement of the action end something that those who use the old schema need? */
extern bool sf_recipe_narrows(const SfRisk *risk, const SfAction *action);

/* recipes_replace.c: of an action in a bracket, where the short transaction can be prepared; else NIL. */
extern List *sf_replace_statements(const SfPlan *plan, const SfAction *action, List *bracket);

/* recipes_partition.c */
extern List *sf_recipe_attach(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_inherit(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_create_partition(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_detach(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_drop_table(const SfPlan *plan, const SfAction *action);
/* Lets go, while the whole is used, of a partition that is put aside; NULL: it cannot be so, or is not worth it. */
extern char *sf_detach_for_good(const SfFact *partition);
/*
 * Is a table that is made as a partition to get rows beside the whole: that stands, or has triggers?  Then the texts
 * that make it, without being one, and the statements that attach it.
 */
extern bool sf_partition_apart(const SfPlan *plan, const SfAction *action, List **create, List **attachment);

/* recipes_index.c */
extern List *sf_recipe_create_index(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_drop_index(const SfPlan *plan, const SfAction *action);

/* recipes_constraint.c */
extern List *sf_recipe_create_then_validate(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_create_foreign_key(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_create_domain_constraint(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_create_key(const SfPlan *plan, const SfAction *action);

/* Build the index of a key under the name, while others write (sf_key_adopts()).  NULL: it cannot be so. */
extern char *sf_key_index(const SfFact *key, const char *name);

/*
 * recipes_leave.c: may the new version of the application leave out a column that the old one needs still?  And what
 * makes it so, before the gate, and ends it behind.
 */
extern bool sf_can_be_left_out(const SfPlan *plan, const SfFact *column);
extern List *sf_leave_out(const SfPlan *plan, const SfFact *column);
/* Is it a foreign key to a big table that stays?  The drops of those of a table that goes, each by itself. */
extern bool sf_holds_big(const SfFact *foreign_key);
extern List *sf_untie(const SfPlan *plan, const SfFact *table);

/* recipes_column.c */
extern List *sf_recipe_create_written_column(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_retype_column(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_keep_in_copies(const SfPlan *plan, const SfAction *action);
/* Is the column's value what the server alone gives, for all rows at once? */
extern bool sf_no_online_value(const SfFact *column);
/* The statement, or the call that does as much without a look at the rows, where it adds the column of a domain. */
extern char *sf_column_added(const SfFact *column, char *sql);
/* Why may rows not have no value in it while it is filled?  NULL: they may. */
extern const char *sf_why_not_empty(const SfFact *column);
/* What a domain that is the fact's type is made of in the end; else its type. */
extern const char *sf_base_type(const SfFact *fact);

/* recipes_generated.c: why can a generated column not be filled while it is plain?  NULL: it can. */
extern const char *sf_why_not_filled(const SfFact *column);

/* recipes_shadow_refuse.c: is it a copy of columns that are not all copies of one? */
extern bool sf_has_other_root(const SfFact *copy);

/* recipes_fill.c */
extern List *sf_recipe_fill(const SfPlan *plan, const SfAction *action);

#endif
