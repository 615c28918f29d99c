/*
 * shadow_text.h - private to phases/: a text as it reads when columns have other names.
 */
#ifndef SF_SHADOW_TEXT_H
#define SF_SHADOW_TEXT_H

#include "plan/plan.h"

/* A column's name in a text, and what is to stand there instead. */
typedef struct SfRenamed
{
	const char *from;
	const char *to;
} SfRenamed;

/*
 * "text", a part of the statement that head, text and tail make, with other names of columns (renames, of SfRenamed).
 * referenced: likewise, those of the table that a foreign key references.  NULL: it cannot be said, for the text names
 * a column in a way that is not understood.
 */
extern char *sf_text_renamed(const char *head, const char *text, const char *tail, List *renames, List *referenced);

/* The same for an expression over the row. */
extern char *sf_expression_renamed(const char *expression, List *renames);

/* Of char *: the columns that an index or a key has, those of expressions apart.  The text is a part as above. */
extern List *sf_text_columns(const char *head, const char *text, const char *tail);

#endif
