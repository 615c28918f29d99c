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

/* What stands in the parenthesis behind a place of the statement, as it was written; "..." when that is not known. */
extern char *sf_parenthesis_text(const SfCase *it, int location);

/* Names of columns, of String nodes or of char *, as SQL: "a, b". */
extern char *sf_names_text(List *strings);

/* Is it proved that the case's table holds no NULL in the column? */
extern bool sf_is_proved_not_null(const SfCase *it, const char *column);

/* Make the column NOT NULL without reading under a lock. */
extern void sf_recipe_not_null(SfCase *it, const char *column);

/* A foreign key, unproved and then proved, or (prove false) at once.  name: of one without; columns: of char *. */
extern void sf_recipe_foreign_key(SfCase *it, const char *name, List *columns, const Constraint *fk, bool prove);

/* A key over an index that is built while others write.  name NULL: the usual one. */
extern void sf_recipe_key(SfCase *it, const char *name, List *columns, bool primary);

/* ---- recipes.c ---- */

/*
 * A statement ("UPDATE t SET a = b WHERE a IS NULL AND") over all pages of the table, in transactions of their own.
 * What it has done must not fulfil its condition again.
 */
extern void sf_recipe_batches(SfCase *it, const SfSubject *table, const char *fmt,...) pg_attribute_printf(3, 4);

/* A trigger that computes the column from the row, and batches that do so for the rows that are there. */
extern void sf_recipe_fill_trigger(SfCase *it, const char *column, const char *expression);
/* The statement that drops it again; before: words in front of it. */
extern void sf_recipe_drop_fill_trigger(SfCase *it, const char *column, const char *before);

/* What comes behind the table's name in CREATE INDEX. */
extern char *sf_index_text(const SfCase *it, const IndexStmt *index);

/* "fillfactor = '70'" */
extern char *sf_options_text(List *options);

/* Of Oid: the tables with files below a partitioned one; the table itself when it is none. */
extern List *sf_leaves(Oid table);

/* The bounds of a partition to be. */
typedef struct SfBounds
{
	char	   *check;			/* what the bounds say of a row, as an expression */
	char	   *values;			/* "FOR VALUES IN (1)" */
	bool		proved;			/* valid constraints of the relation imply the check */
} SfBounds;

/* For a relation that is to be within them, or outside (the default partition).  False: they cannot be seen now. */
extern bool sf_bounds(Oid parent, Oid part, const PartitionBoundSpec *bound, bool outside, SfBounds *bounds);

#endif
