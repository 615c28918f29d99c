/*
 * words.h - private to guard/: parts of statements as text, and parts of recipes that several rules have.
 */
#ifndef SF_WORDS_H
#define SF_WORDS_H

#include "guard/guard.h"

/* The type with its schema where it is needed; as it was written when there is no such type. */
extern char *sf_type_text(const TypeName *type);
extern char *sf_range_text(const RangeVar *name);

/* An expression over the case's table as the server writes it; "..." when it is not understood here. */
extern char *sf_expression_text(const SfCase *it, Node *raw);

/* Names of columns, of String nodes or of char *, as SQL: "a, b". */
extern char *sf_names_text(List *strings);

/* Is it proved that the case's table holds no NULL in the column? */
extern bool sf_is_proved_not_null(const SfCase *it, const char *column);

/* Make the column NOT NULL without reading under a lock. */
extern void sf_recipe_not_null(SfCase *it, const char *column);

/* A foreign key, unproved and then proved. name NULL: by the constraint's own. columns: of char *. */
extern void sf_recipe_foreign_key(SfCase *it, const char *name, List *columns, const Constraint *fk);

/* A key over an index that is built while others write.  name NULL: the usual one. */
extern void sf_recipe_key(SfCase *it, const char *name, List *columns, bool primary);

#endif
