/*
 * recipes_parts.h - private to the recipes: each by topic, and what they share.
 *
 * A recipe gives the statements to take instead of the action's, or NIL: there is no online form, or none is needed.
 */
#ifndef SF_RECIPES_PARTS_H
#define SF_RECIPES_PARTS_H

#include "kinds/kind.h"
#include "phases/recipes.h"

typedef List *(*SfRecipe) (const SfPlan *plan, const SfAction *action);

/* Texts from the first on, each a statement. */
extern List *sf_add_statements(List *statements, List *texts, int first, bool validates);

/* The statements of kind->create alone. */
extern List *sf_render_create(const SfPlan *plan, const SfAction *action, int flags);

/* Do the action's statements from "first" on begin with these? */
extern bool sf_begins_with(const SfAction *action, int first, List *texts);

/* Has it so many rows that what touches them all is done online (schemaflow.online_rows)? */
extern bool sf_is_big(const SfFact *table);

/* recipes_replace.c: of an action in a bracket, where the short transaction can be prepared; else NIL. */
extern List *sf_replace_statements(const SfPlan *plan, const SfAction *action, List *bracket);

/* recipes_index.c */
extern List *sf_recipe_create_index(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_drop_index(const SfPlan *plan, const SfAction *action);

/* recipes_constraint.c */
extern List *sf_recipe_create_then_validate(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_create_foreign_key(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_create_domain_constraint(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_create_key(const SfPlan *plan, const SfAction *action);

/* Build the index of a key under the name, while others write; let the key take it over.  NULL: it cannot be so. */
extern char *sf_key_index(const SfFact *key, const char *name);
extern char *sf_key_adopts(const SfFact *key, const char *name);

/* recipes_column.c */
extern List *sf_recipe_create_filled_column(const SfPlan *plan, const SfAction *action);
extern List *sf_recipe_set_not_null(const SfPlan *plan, const SfAction *action);
/* All that the column needs to be NOT NULL: "set" says it, "unproved" does where it is a constraint (18 on). */
extern List *sf_prove_not_null(List *statements, const SfPlan *plan, const SfFact *column, char *set, char *unproved);

#endif
